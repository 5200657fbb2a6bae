/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Make a dfota patch, on a host: it uses the heap, and it must never be linked into a device.
 */
#ifndef DFOTA_CREATE_H
#define DFOTA_CREATE_H

#include "dfota_patch.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A patch in the making; on the heap. */
typedef struct dfota_creator dfota_creator;

/** The images, which stay the caller's and must live as long as the creator. */
typedef struct dfota_create_input {
    const uint8_t *old_image;
    const uint8_t *new_image;
    const int32_t *suffixes; /* suffix array of old: old_size entries */
    uint32_t old_size;
    uint32_t new_size;
    uint8_t old_digest[DFOTA_SHA256_SIZE];
    uint8_t new_digest[DFOTA_SHA256_SIZE];
} dfota_create_input;

/**
 * Prepare the making of a patch.
 *
 * Before:  `input` describes two images of at most DFOTA_PATCH_IMAGE_MAX bytes; `suffixes`
 *          is the suffix array of old (shorter suffix first where one is a prefix).
 * After:   nothing is computed yet.
 * Returns: the creator, to be freed by dfota_create_free(); NULL without memory or where a
 *          size is over the limit.
 * Power:   nothing outside the heap is changed.
 * Cost:    520 KiB of heap, later 12 bytes for each stretch found and the patch itself;
 *          O(old_size).
 */
dfota_creator *dfota_create_begin(const dfota_create_input *input);

/**
 * Do a slice of the work.
 *
 * Before:  dfota_create_begin() gave `creator`.
 * After:   on DFOTA_OK `*done` tells how far the work is, out of twice new_size. The patch
 *          is complete when dfota_create_patch() gives it.
 * Returns: DFOTA_OK; DFOTA_ERR_MEMORY.
 * Power:   nothing outside the heap is changed; stop at will and free.
 * Cost:    about `budget` bytes of new are looked at; the result does not depend on it.
 */
dfota_result dfota_create_step(dfota_creator *creator, uint32_t budget, uint32_t *done);

/**
 * The complete patch.
 *
 * Before:  dfota_create_begin() gave `creator`.
 * After:   `*size` is the number of bytes of the patch.
 * Returns: the patch; it lives as long as the creator. NULL before completion.
 * Power:   changes nothing.
 * Cost:    constant time.
 */
const uint8_t *dfota_create_patch(const dfota_creator *creator, size_t *size);

/**
 * Give everything back.
 *
 * Before:  dfota_create_begin() gave `creator`, or it is NULL.
 * After:   `creator` and its patch are gone.
 * Returns: nothing.
 * Power:   nothing outside the heap is changed.
 * Cost:    constant time.
 */
void dfota_create_free(dfota_creator *creator);

#ifdef __cplusplus
}
#endif

#endif
