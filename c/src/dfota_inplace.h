/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Update a device whose flash has room for one image only: new is written over old, and a
 * power cut at any moment is survived. It decides what is erased and programmed, and when;
 * it knows no chip, and it does not decide whether a patch may be trusted.
 */
#ifndef DFOTA_INPLACE_H
#define DFOTA_INPLACE_H

#include "dfota_patch.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a journal record, which takes whole pages. */
#define DFOTA_INPLACE_RECORD_SIZE 64u

/**
 * The device. Flash is addressed as the callbacks like; each returns 0, or else failure.
 * Sectors are erased to ff. A page is programmed at most once after each erase of its sector.
 */
typedef struct dfota_inplace_device {
    int (*read)(void *ctx, uint32_t address, uint8_t *buf, size_t size);
    int (*erase)(void *ctx, uint32_t address);                          /* one sector */
    int (*program)(void *ctx, uint32_t address, const uint8_t *buf, size_t size); /* one page */
    int (*read_patch)(void *ctx, uint32_t offset, uint8_t *buf, size_t size);
    void *ctx;
    uint32_t patch_size;
    uint32_t sector_size;     /* a multiple of page_size */
    uint32_t page_size;
    uint32_t slot_address;    /* old, then new, begin here */
    uint32_t slot_size;       /* a multiple of sector_size */
    uint32_t journal_address; /* outside the slot */
    uint32_t journal_size;    /* a multiple of sector_size: two sectors and two checkpoints */
    uint8_t *page;            /* page_size bytes of RAM */
    void *memory;             /* for dfota_patch_start() */
    size_t memory_size;
} dfota_inplace_device;

/** An update under way; the caller owns it. The first two members are public. */
typedef struct dfota_inplace {
    uint32_t slot_needed;    /* set when the header was read: least slot_size */
    uint32_t journal_needed; /* set before anything is erased: least journal_size */
    const dfota_inplace_device *device;
    dfota_result failure;
    uint32_t patch_used;
    uint32_t shift;      /* how far old is moved up */
    uint32_t interval;   /* sectors of new from checkpoint to checkpoint */
    uint32_t old_count;  /* sectors of old */
    uint32_t moved;      /* how many of them, from the last one on, were moved up */
    uint32_t gone;       /* bytes of the slot, from its begin, in which nothing of old is left */
    uint32_t sequence;   /* of the newest record */
    uint32_t turn;       /* how often the log changed its sector */
    uint32_t log;        /* where in the journal the next record goes */
    uint32_t newest;     /* where in the journal the newest record is */
    uint32_t half;       /* where in the journal the newest checkpoint begins */
    uint32_t payload;    /* where in the journal the next byte of a checkpoint is */
    uint32_t used;       /* bytes of the page that are filled */
    uint8_t identity[16];
    dfota_sha256 sha;
    dfota_patch patch;
} dfota_inplace;

/**
 * Turn the old image in the slot into the new one; or go on with that; or notice that it is done.
 *
 * Before:  `device` describes the device, the same in each call for one update; the patch
 *          was made with in-place options that fit it, and its origin was verified. `run`
 *          points to writable memory; what it holds does not matter.
 * After:   on DFOTA_OK the slot begins with the new image, read back and verified. What lies
 *          behind it in the slot means nothing.
 * Returns: DFOTA_OK;
 *          with slot and journal untouched: _LIMIT (geometry, slot or journal do not do; see
 *          slot_needed, journal_needed), _MEMORY, _UNSUPPORTED (not an in-place patch, or of
 *          profile `max`), _DIGEST (the slot holds neither old nor new, nor what was left of
 *          a cut update with this patch), _RANGE (the patch needs bytes of old that it
 *          overwrites) and whatever dfota_patch.h says of damaged patches: the whole patch is
 *          tried before the first sector is erased;
 *          with the update unfinished: _IO (a callback failed, or the flash does not hold what
 *          was programmed). Calling again goes on.
 * Power:   may be cut at any moment, also in the middle of a flash operation, also again and
 *          again: the next call with the same patch goes on from the journal. No page is
 *          programmed that was not erased since the last cut.
 * Cost:    no heap; at most 1 KiB of stack; old is hashed and the patch decoded twice (once to
 *          try it); each sector of old is moved once, each of new written once, and the
 *          journal gets a checkpoint for every `interval` sectors, which grows with the room
 *          that the slot has beyond what the patch needs.
 */
dfota_result dfota_inplace_update(dfota_inplace *run, const dfota_inplace_device *device);

#ifdef __cplusplus
}
#endif

#endif
