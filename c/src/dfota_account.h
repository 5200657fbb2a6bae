/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where the bytes of new come from, and what each kind costs in the patch. For hosts: it uses
 * the heap, follows the applier from outside and decodes nothing itself.
 */
#ifndef DFOTA_ACCOUNT_H
#define DFOTA_ACCOUNT_H

#include "dfota_patch.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Costs are in this part of a bit. */
#define DFOTA_ACCOUNT_BIT 256u

/** A share of new: bytes of new by where they come from, and what they cost in the patch. */
typedef struct dfota_account_share {
    uint32_t copied;           /* as they are in old */
    uint32_t predicted;        /* references that moved, as predicted */
    uint32_t corrected;        /* units that were predicted wrongly */
    uint32_t literal;          /* bytes of gaps */
    uint64_t kept_cost;        /* of saying that `copied` and `predicted` came out right */
    uint64_t corrected_cost;
    uint64_t literal_cost;
} dfota_account_share;

/** A patch that is being looked at; on the heap. */
typedef struct dfota_account dfota_account;

/**
 * Read the header and the copy map of a patch.
 *
 * Before:  `patch` and `old_image` stay the caller's and live as long as the account.
 *          `old_image` is the header's old_size bytes: the caller has looked at that.
 *          `bin_count` is how many equal parts of new get a share each.
 * After:   header and map cost are known; dfota_account_step() may be called.
 * Returns: the account, to be freed by dfota_account_free(); NULL and `*result` else, which is
 *          DFOTA_ERR_MEMORY or what dfota_patch_open() and dfota_patch_start() answer. The
 *          patch is untrusted: no input reads or writes out of bounds.
 * Power:   nothing outside the heap is changed.
 * Cost:    as dfota_patch_start(), and memory_size bytes of heap.
 */
dfota_account *dfota_account_begin(const uint8_t *patch, size_t patch_size,
                                   const uint8_t *old_image, uint32_t bin_count,
                                   dfota_result *result);

/**
 * Decode about `budget` bytes of new and book them.
 *
 * Before:  dfota_account_begin() gave `account`.
 * After:   on DFOTA_OK `*done` bytes of new are booked; all are when it is new_size, and then
 *          the digest of new and the end of the patch were verified.
 * Returns: DFOTA_OK; else as dfota_patch_read().
 * Power:   nothing outside the heap is changed.
 * Cost:    as dfota_patch_read().
 */
dfota_result dfota_account_step(dfota_account *account, uint32_t budget, uint32_t *done);

/* The facts of the header. */
const dfota_patch_header *dfota_account_header(const dfota_account *account);

/* What segments and map cost. */
uint64_t dfota_account_map_cost(const dfota_account *account);

/*
 * One share for each segment, in order, and one more for old bytes in none. A gap belongs to
 * the segment of the block before it; the first one to that of the first block.
 */
const dfota_account_share *dfota_account_shares(const dfota_account *account);

/* One share for each of `bin_count` equal parts of new. */
const dfota_account_share *dfota_account_bins(const dfota_account *account);

/* Give everything back; NULL is nothing. */
void dfota_account_free(dfota_account *account);

#ifdef __cplusplus
}
#endif

#endif
