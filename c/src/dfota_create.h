/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Make a dfota patch, on a host: it uses the heap, and it must never be linked into a device.
 */
#ifndef DFOTA_CREATE_H
#define DFOTA_CREATE_H

#include "dfota_patch.h"
#include "dfota_plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A patch in the making; on the heap. */
typedef struct dfota_creator dfota_creator;

/** The images, which stay the caller's and must live as long as the creator, and what is wanted. */
typedef struct dfota_create_input {
    const uint8_t *old_image;
    const uint8_t *new_image;
    uint32_t old_size;
    uint32_t new_size;
    uint32_t profile;     /* dfota_profile */
    uint32_t effort;      /* 0: as fast as may be; 1: as small as may be */
    uint32_t memory_size; /* most bytes that the decoder has for dfota_patch_start(); 0: as usual */
    uint32_t sector_size; /* in place: bytes that are erased at once; else 0 */
    uint32_t spare_size;  /* in place: bytes that the old image can be moved up */
    uint32_t isas;        /* instruction sets that the decoder knows, one bit each */
} dfota_create_input;

/** Called with (ctx, done, total) now and then; nonzero to stop. */
typedef int (*dfota_create_progress)(void *ctx, uint32_t done, uint32_t total);

/**
 * Prepare the making of a patch.
 *
 * Before:  `input` describes two images of at most DFOTA_PATCH_IMAGE_MAX bytes.
 * After:   nothing is computed yet.
 * Returns: the creator, to be freed by dfota_create_free(); NULL without memory or where a
 *          size is over the limit.
 * Power:   nothing outside the heap is changed.
 * Cost:    constant time.
 */
dfota_creator *dfota_create_begin(const dfota_create_input *input);

/**
 * Decide what new is made of.
 *
 * Before:  dfota_create_begin() gave `creator`. `progress` may be NULL.
 * After:   on DFOTA_OK dfota_create_step() may be called.
 * Returns: DFOTA_OK; DFOTA_ERR_MEMORY, _CANCELLED (`progress` said so).
 * Power:   nothing outside the heap is changed.
 * Cost:    nearly all of the work; see dfota_plan.h.
 */
dfota_result dfota_create_plan(dfota_creator *creator, dfota_create_progress progress, void *ctx);

/**
 * Use a plan of the caller's instead, which is copied.
 *
 * Before:  dfota_create_begin() gave `creator`; segments and blocks are as dfota_plan.h wants.
 * After:   on DFOTA_OK dfota_create_step() may be called.
 * Returns: DFOTA_OK; DFOTA_ERR_MEMORY, _RANGE.
 * Power:   nothing outside the heap is changed.
 * Cost:    O(segments + blocks).
 */
dfota_result dfota_create_use(dfota_creator *creator, const dfota_plan *plan);

/**
 * Use the plan of another creator, of the same images: to code it for another profile.
 *
 * Before:  dfota_create_begin() gave `creator`; dfota_create_plan() succeeded on `planned`.
 * After:   as dfota_create_use().
 * Returns: DFOTA_OK; DFOTA_ERR_MEMORY, _STATE.
 * Power:   nothing outside the heap is changed.
 * Cost:    O(segments + blocks).
 */
dfota_result dfota_create_like(dfota_creator *creator, const dfota_creator *planned);

/**
 * Do a slice of the coding.
 *
 * Before:  dfota_create_plan() or dfota_create_use() succeeded on `creator`.
 * After:   on DFOTA_OK `*done` tells how far the work is, out of twice new_size. The patch
 *          is complete when dfota_create_patch() gives it.
 * Returns: DFOTA_OK; DFOTA_ERR_MEMORY, _STATE.
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
