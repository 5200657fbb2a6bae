/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Apply a dfota patch: pull the new image out of the old image and the patch, in pieces of
 * any size. It never allocates, never writes to flash and keeps nothing outside its struct
 * and the memory that it is given.
 */
#ifndef DFOTA_PATCH_H
#define DFOTA_PATCH_H

#include <stddef.h>
#include <stdint.h>

#include "dfota_content.h"
#include "dfota_predict.h"
#include "dfota_sha256.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Format version that this code reads and writes. */
#define DFOTA_PATCH_VERSION 2u

/** Largest image, in bytes, old or new: 1 GiB. */
#define DFOTA_PATCH_IMAGE_MAX 0x40000000u

/** Most segments, most blocks, and most blocks in profile `embedded`. */
#define DFOTA_PATCH_SEGMENT_MAX 4096u
#define DFOTA_PATCH_BLOCK_MAX 0x01000000u
#define DFOTA_PATCH_EMBEDDED_BLOCK_MAX 4096u

/** Most corrections, as bits. */
#define DFOTA_PATCH_CORRECTION_BITS_MAX 20u

/** Bytes of the digests in the header: the first of the SHA-256 of old and of new. */
#define DFOTA_PATCH_OLD_DIGEST_SIZE 8u
#define DFOTA_PATCH_NEW_DIGEST_SIZE 16u

/** Longest header, in bytes. */
#define DFOTA_PATCH_HEADER_MAX 72u

/** What a call can answer. Numbers never change. */
typedef enum dfota_result {
    DFOTA_OK = 0,
    DFOTA_ERR_STATE = 1,      /* not begun, or dead after an earlier error */
    DFOTA_ERR_IO = 2,         /* a callback failed */
    DFOTA_ERR_FORMAT = 3,     /* these bytes are not a dfota patch */
    DFOTA_ERR_VERSION = 4,    /* a dfota patch of another format version */
    DFOTA_ERR_LIMIT = 5,      /* the header names a size over its limit */
    DFOTA_ERR_HEADER = 6,     /* the header fails its check */
    DFOTA_ERR_TRUNCATED = 7,  /* the patch ends too early */
    DFOTA_ERR_RANGE = 8,      /* the patch points outside old or new */
    DFOTA_ERR_CODE = 9,       /* the coded stream ends as no creator ends it */
    DFOTA_ERR_TRAILING = 10,  /* bytes follow the end of the patch */
    DFOTA_ERR_DIGEST = 11,    /* new does not hash to what the header says */
    DFOTA_ERR_MEMORY = 12,    /* less memory than the patch needs */
    DFOTA_ERR_UNSUPPORTED = 13, /* a profile or an instruction set that was not compiled in */
    DFOTA_ERR_CANCELLED = 14  /* dfota_create only: stopped by its callback */
} dfota_result;

/** Who a patch is for. Numbers are part of the format. */
typedef enum dfota_profile {
    DFOTA_PROFILE_MAX = 0,      /* a host or a module: the mixing coder */
    DFOTA_PROFILE_BALANCED = 1, /* up to 1 MiB of memory */
    DFOTA_PROFILE_EMBEDDED = 2, /* up to 32 KiB of memory */
    DFOTA_PROFILE_COUNT = 3
} dfota_profile;

/** Bytes of the patch that are fetched at once; part of the struct. */
#ifndef DFOTA_PATCH_BUFFER_SIZE
#define DFOTA_PATCH_BUFFER_SIZE 128u
#endif

/** Bytes of old that are fetched at once; part of the struct. At least 2 * DFOTA_SCAN_WINDOW. */
#ifndef DFOTA_PATCH_WINDOW_SIZE
#define DFOTA_PATCH_WINDOW_SIZE 256u
#endif
#if DFOTA_PATCH_WINDOW_SIZE < 128
#error "DFOTA_PATCH_WINDOW_SIZE must be at least 2 * DFOTA_SCAN_WINDOW, 128."
#endif
#if DFOTA_PATCH_BUFFER_SIZE < 1 || DFOTA_PATCH_BUFFER_SIZE > 65535
#error "DFOTA_PATCH_BUFFER_SIZE must be from 1 to 65535."
#endif

/** 1 adds counts of where new comes from, which a device does not need. */
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

/** Move exactly `size` bytes to (or from) where a checkpoint is kept. Returns 0, else failure. */
typedef int (*dfota_move_checkpoint)(void *ctx, uint8_t *buf, size_t size);

/** What the header says; valid after dfota_patch_open() succeeded. */
typedef struct dfota_patch_header {
    uint32_t old_size;
    uint32_t new_size;
    uint32_t segment_count;
    uint32_t block_count;
    uint32_t memory_size; /* bytes that dfota_patch_start() needs, its struct not included */
    uint32_t sector_size; /* in place: bytes that are erased at once; else 0 */
    uint32_t spare_size;  /* in place: bytes of new that may be held back */
    uint32_t train;       /* profile `max`: bytes of old that the models learn first */
    uint8_t version;
    uint8_t profile; /* dfota_profile */
    uint8_t correction_bits;
    uint8_t slot_bits;
    uint8_t index_bits;  /* profile `max` */
    uint8_t memory_bits; /* the others */
    uint8_t size;        /* bytes of the header */
    uint8_t old_digest[DFOTA_PATCH_OLD_DIGEST_SIZE];
    uint8_t new_digest[DFOTA_PATCH_NEW_DIGEST_SIZE];
} dfota_patch_header;

#if DFOTA_PATCH_WITH_MEASURE
/** Where the bytes of new come from; the first four add up to new_size. */
typedef struct dfota_patch_counts {
    uint32_t copied;    /* as they are in old */
    uint32_t predicted; /* moved references, as predicted */
    uint32_t corrected; /* of units that were predicted wrongly */
    uint32_t literal;   /* of gaps */
} dfota_patch_counts;
#endif

/** A patch under way; the caller owns it, only `header` (and `counts`) are public. */
typedef struct dfota_patch {
    dfota_patch_header header;
#if DFOTA_PATCH_WITH_MEASURE
    dfota_patch_counts counts;
#endif
    dfota_read_patch read_patch;
    dfota_read_old read_old;
    void *ctx;
    uint8_t *memory;
    dfota_result failure;
    uint32_t consumed; /* bytes of the patch */
    uint32_t position;
    uint32_t range;
    uint32_t code;
    uint32_t gap_left;
    uint32_t next;         /* block under way or to come, in order of new */
    uint32_t window_at;    /* old offset of window[0] */
    uint16_t window_size;
    uint16_t buffer_used;
    uint16_t buffer_size;
    uint8_t tail; /* zero bytes behind the end of the patch that were used */
    uint8_t phase;
    uint8_t unit_used;
    uint8_t unit_size;
    uint8_t unit[DFOTA_UNIT_MAX];
    uint8_t buffer[DFOTA_PATCH_BUFFER_SIZE];
    uint8_t window[DFOTA_PATCH_WINDOW_SIZE];
    dfota_sha256 sha;
    dfota_predictor predictor;
    dfota_content content;
} dfota_patch;

/**
 * Read and check the header of a patch.
 *
 * Before:  `patch` points to writable memory; what it holds does not matter. `read_patch`
 *          stands at the first byte of the patch; it gets `ctx`.
 * After:   on DFOTA_OK `patch->header` is valid and dfota_patch_start() may be called. The
 *          caller compares old_size and old_digest with its old image, and new_size and
 *          memory_size with the room it has. On any error the patch is dead.
 * Returns: DFOTA_OK; DFOTA_ERR_IO, _FORMAT, _VERSION, _LIMIT, _HEADER, _TRUNCATED,
 *          _UNSUPPORTED. The patch is untrusted: no input reads or writes out of bounds.
 * Power:   nothing outside `*patch` is changed; after a cut begin again.
 * Cost:    no heap; at most 512 bytes of stack; reads at most
 *          DFOTA_PATCH_HEADER_MAX + DFOTA_PATCH_BUFFER_SIZE bytes of the patch.
 */
dfota_result dfota_patch_open(dfota_patch *patch, dfota_read_patch read_patch, void *ctx);

/**
 * Read the copy map and get ready to produce new.
 *
 * Before:  dfota_patch_open() succeeded on `patch`. `memory` points to `size` bytes, aligned
 *          as for uint64_t; they stay the patch's until it is done. `read_old` gets the same
 *          `ctx` as `read_patch`.
 * After:   on DFOTA_OK dfota_patch_read() may be called. On any error the patch is dead.
 * Returns: DFOTA_OK; DFOTA_ERR_MEMORY, _IO, _TRUNCATED, _RANGE, _UNSUPPORTED, _STATE. No
 *          input reads or writes out of bounds.
 * Power:   nothing outside `*patch` and `memory` is changed; after a cut begin again.
 * Cost:    no heap; at most 1 KiB of stack; O(blocks * log(blocks)). Profile `max` reads old.
 */
dfota_result dfota_patch_start(dfota_patch *patch, void *memory, size_t size,
                               dfota_read_old read_old);

/**
 * Produce the next bytes of new, in order.
 *
 * Before:  dfota_patch_start() or dfota_patch_resume() succeeded on `patch`; `out` points to
 *          `size` writable bytes; size 0 is allowed.
 * After:   on DFOTA_OK `out` holds `*produced` bytes: `size`, or fewer where new ends. The
 *          call that delivers the last byte (or the first call, if new is empty) has also
 *          verified the digest of new and that the patch ends there; later calls produce
 *          0 bytes. On any error `*produced` is 0, the bytes in `out` mean nothing, the
 *          patch is dead, and later calls return DFOTA_ERR_STATE.
 * Returns: DFOTA_OK; DFOTA_ERR_IO, _TRUNCATED, _RANGE, _CODE, _TRAILING, _DIGEST, _STATE.
 *          The patch is untrusted: no input reads or writes out of bounds, and old is
 *          only read inside header.old_size; but for profile `max`, only inside the block
 *          that is being copied.
 * Power:   nothing outside `*patch`, its memory and `out` is changed; after a cut begin again,
 *          or go on from a checkpoint.
 * Cost:    no heap; at most 1 KiB of stack; O(size), plus O(blocks) for each block begun in
 *          profile `embedded`. Each reference is looked up among the segments of its address
 *          space: with thousands of them a hostile patch takes seconds for each MiB of new.
 */
dfota_result dfota_patch_read(dfota_patch *patch, uint8_t *out, size_t size, size_t *produced);

/**
 * Write down where a patch stands, between two calls of dfota_patch_read().
 *
 * Before:  dfota_patch_start() or dfota_patch_resume() succeeded on `patch`, no error since;
 *          its profile is not `max`.
 * After:   `write` got, in pieces and in order, the bytes that docs/spec/patch-format.md
 *          describes; the patch can go on.
 * Returns: DFOTA_OK; DFOTA_ERR_IO (the patch is still good), _STATE, _UNSUPPORTED.
 * Power:   a checkpoint that was cut is incomplete, and it holds no check of its own: the
 *          caller adds one.
 * Cost:    no heap; at most 512 bytes of stack; O(memory).
 */
dfota_result dfota_patch_checkpoint(dfota_patch *patch, dfota_move_checkpoint write,
                                    void *write_ctx);

/**
 * Go on from a checkpoint.
 *
 * Before:  as for dfota_patch_start(): dfota_patch_open() succeeded on `patch`, the very patch
 *          of the checkpoint, from its first byte. `read` gives the checkpoint's bytes in order;
 *          the caller has made sure that they are what was written.
 * After:   as after dfota_patch_start(), at the point of the checkpoint. The patch was read
 *          up to there.
 * Returns: as dfota_patch_start(); DFOTA_ERR_RANGE also where the checkpoint is not of this
 *          patch.
 * Power:   as dfota_patch_start().
 * Cost:    as dfota_patch_start(), and O(memory + patch).
 */
dfota_result dfota_patch_resume(dfota_patch *patch, void *memory, size_t size,
                                dfota_read_old read_old, dfota_move_checkpoint read,
                                void *read_ctx);

/* Bytes that a patch with this header needs; 0 if a member is over its limit. */
uint32_t dfota_patch_memory_size(const dfota_patch_header *header);

/* The parameters of profile `header->profile` (set by the caller, with both sizes) that are not written. */
void dfota_patch_defaults(dfota_patch_header *header);

/**
 * Read the copy map and nothing else: to look into a patch without its old image.
 *
 * Before:  dfota_patch_open() succeeded on `patch`; `memory` as for dfota_patch_start().
 * After:   on DFOTA_OK dfota_patch_blocks() and dfota_patch_segments() tell the map. The
 *          patch cannot be started any more.
 * Returns: as dfota_patch_start().
 * Power:   nothing outside `*patch` and `memory` is changed.
 * Cost:    as dfota_patch_start(), but old is not read.
 */
dfota_result dfota_patch_map(dfota_patch *patch, void *memory, size_t size);

/* The copy map (sorted by old offset) and the segments, once started. */
const dfota_block *dfota_patch_blocks(const dfota_patch *patch);
const dfota_segment *dfota_patch_segments(const dfota_patch *patch);

#ifdef __cplusplus
}
#endif

#endif
