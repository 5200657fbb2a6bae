/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Apply a dfota patch: pull the new image out of the old image and the patch, in pieces of
 * any size. It never allocates, never writes to flash and keeps nothing outside its struct.
 */
#ifndef DFOTA_PATCH_H
#define DFOTA_PATCH_H

#include <stddef.h>
#include <stdint.h>

#include "dfota_model.h"
#include "dfota_sha256.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a call can answer. Numbers never change. */
typedef enum dfota_result {
    DFOTA_OK = 0,
    DFOTA_ERR_STATE = 1,     /* not begun, or dead after an earlier error */
    DFOTA_ERR_IO = 2,        /* a callback failed */
    DFOTA_ERR_FORMAT = 3,    /* these bytes are not a dfota patch */
    DFOTA_ERR_VERSION = 4,   /* a dfota patch of another format version */
    DFOTA_ERR_LIMIT = 5,     /* the header names an image over DFOTA_PATCH_IMAGE_MAX */
    DFOTA_ERR_HEADER = 6,    /* the header fails its check */
    DFOTA_ERR_TRUNCATED = 7, /* the patch ends too early */
    DFOTA_ERR_RANGE = 8,     /* the patch points outside old or new */
    DFOTA_ERR_CODE = 9,      /* the coded stream holds a value that no creator writes */
    DFOTA_ERR_TRAILING = 10, /* bytes follow the end of the patch */
    DFOTA_ERR_DIGEST = 11,   /* new does not hash to what the header says */
    DFOTA_ERR_MEMORY = 12    /* dfota_create only: no memory */
} dfota_result;

/** Bytes of the patch that are fetched at once; part of the struct. */
#ifndef DFOTA_PATCH_BUFFER_SIZE
#define DFOTA_PATCH_BUFFER_SIZE 128u
#endif

/** 1 adds dfota_patch_measure(), which a device does not need. */
#ifndef DFOTA_PATCH_WITH_MEASURE
#define DFOTA_PATCH_WITH_MEASURE 0
#endif

/**
 * Fetch the next `size` bytes of the patch into `buf`.
 *
 * Returns how many were stored: fewer than `size` (also 0) means the patch ends there;
 * more than `size` means that reading failed.
 */
typedef size_t (*dfota_read_patch)(void *ctx, uint8_t *buf, size_t size);

/** Fetch exactly `size` bytes of old at `offset`; always inside old. Returns 0, else failure. */
typedef int (*dfota_read_old)(void *ctx, uint32_t offset, uint8_t *buf, size_t size);

/** What the header says; valid after dfota_patch_begin() succeeded. */
typedef struct dfota_patch_header {
    uint32_t old_size;
    uint32_t new_size;
    uint8_t old_digest[DFOTA_SHA256_SIZE];
    uint8_t new_digest[DFOTA_SHA256_SIZE];
    uint8_t version;
} dfota_patch_header;

/** A patch under way; the caller owns it, only `header` is public. */
typedef struct dfota_patch {
    dfota_patch_header header;
    dfota_read_patch read_patch;
    dfota_read_old read_old;
    void *ctx;
    dfota_result failure;
    uint32_t position;
    uint32_t range;
    uint32_t code;
    uint32_t literal_length;
    uint32_t literals_left;
    uint32_t copy_left;
    uint32_t old_offset;
    uint32_t sure_hits;
    int32_t recent[DFOTA_RECENT_COUNT];
    uint16_t buffer_used;
    uint16_t buffer_size;
    dfota_history history;
    uint8_t phase;
    uint8_t sure_miss;
    uint8_t last;
    uint8_t last_literal;
    uint8_t residuals[3];
    uint8_t buffer[DFOTA_PATCH_BUFFER_SIZE];
    dfota_sha256 sha;
    dfota_model model;
} dfota_patch;

/**
 * Read and check the header of a patch.
 *
 * Before:  `patch` points to writable memory; what it holds does not matter. `read_patch`
 *          stands at the first byte of the patch. Both callbacks get `ctx`.
 * After:   on DFOTA_OK `patch->header` is valid and dfota_patch_read() may be called. The
 *          caller compares old_size and old_digest with its old image, and new_size with
 *          the room it has. Not a byte of old was read. On any error the patch is dead.
 * Returns: DFOTA_OK; DFOTA_ERR_IO, _FORMAT, _VERSION, _LIMIT, _HEADER, _TRUNCATED.
 *          The patch is untrusted: no input reads or writes out of bounds.
 * Power:   nothing outside `*patch` is changed; after a cut begin again.
 * Cost:    no heap; at most 512 bytes of stack; reads at most
 *          DFOTA_PATCH_HEADER_MAX + DFOTA_PATCH_BUFFER_SIZE bytes of the patch.
 */
dfota_result dfota_patch_begin(dfota_patch *patch, dfota_read_patch read_patch,
                               dfota_read_old read_old, void *ctx);

/**
 * Produce the next bytes of new, in order.
 *
 * Before:  dfota_patch_begin() succeeded on `patch`; `out` points to `size` writable bytes;
 *          size 0 is allowed.
 * After:   on DFOTA_OK `out` holds `*produced` bytes: `size`, or fewer where new ends. The
 *          call that delivers the last byte (or the first call, if new is empty) has also
 *          verified the digest of new and that the patch ends there; later calls produce
 *          0 bytes. On any error `*produced` is 0, the bytes in `out` mean nothing, the
 *          patch is dead, and later calls return DFOTA_ERR_STATE.
 * Returns: DFOTA_OK; DFOTA_ERR_IO, _TRUNCATED, _RANGE, _CODE, _TRAILING, _DIGEST, _STATE.
 *          The patch is untrusted: no input reads or writes out of bounds, and old is
 *          only read inside header.old_size.
 * Power:   nothing outside `*patch` and `out` is changed; after a cut begin again.
 * Cost:    no heap; at most 512 bytes of stack; O(size). `out` is also the buffer for old:
 *          pieces of 256 bytes or more keep the calls of read_old few.
 */
dfota_result dfota_patch_read(dfota_patch *patch, uint8_t *out, size_t size, size_t *produced);

#if DFOTA_PATCH_WITH_MEASURE
/** Where the bytes of new come from. Their sum is new_size. */
typedef struct dfota_patch_counts {
    uint32_t copied;   /* as they are in old */
    uint32_t differing; /* at a place in old, with a correction */
    uint32_t filled;   /* repetitions of the byte before */
    uint32_t literal;  /* spelled out */
    uint32_t copies;   /* stretches taken from old */
} dfota_patch_counts;

/**
 * Read a whole patch without the old image and count where the bytes of new come from.
 *
 * Before:  dfota_patch_begin() succeeded on `patch`, no byte was read; read_old may be NULL.
 * After:   on DFOTA_OK `*counts` is valid and the patch ended where it should; the digest of
 *          new was not checked. In every case the patch is dead.
 * Returns: DFOTA_OK; DFOTA_ERR_IO, _TRUNCATED, _RANGE, _CODE, _TRAILING, _STATE.
 * Power:   nothing outside `*patch` and `*counts` is changed.
 * Cost:    no heap; at most 1 KiB of stack; O(size of new).
 */
dfota_result dfota_patch_measure(dfota_patch *patch, dfota_patch_counts *counts);
#endif

#ifdef __cplusplus
}
#endif

#endif
