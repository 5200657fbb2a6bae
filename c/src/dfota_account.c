/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Books what the applier does, byte by byte: what it counted tells the kind, how far its range
 * coder came tells the price. The applier itself knows nothing of it.
 */
#include "dfota_account.h"

#include <stdlib.h>
#include <string.h>

#if !DFOTA_PATCH_WITH_MEASURE
#error "dfota_account.c needs DFOTA_PATCH_WITH_MEASURE=1 for every file of the applier"
#endif

struct dfota_account {
    dfota_patch patch;
    const uint8_t *code;
    size_t code_size;
    size_t code_used;
    const uint8_t *old_image;
    void *memory;
    dfota_account_share *shares;
    dfota_account_share *bins;
    uint32_t bin_count;
    uint32_t segment; /* of the last unit; segment_count: none */
    uint64_t map_cost;
};

static size_t read_patch(void *ctx, uint8_t *buf, size_t size)
{
    dfota_account *account = (dfota_account *)ctx;
    const size_t left = account->code_size - account->code_used;
    const size_t take = size < left ? size : left;

    memcpy(buf, account->code + account->code_used, take);
    account->code_used += take;
    return take;
}

static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    const dfota_account *account = (const dfota_account *)ctx;
    const uint32_t old_size = account->patch.header.old_size;

    if (offset > old_size || size > old_size - offset) {
        return 1;
    }
    memcpy(buf, account->old_image + offset, size);
    return 0;
}

/* The logarithm of `value` >= 1 to base 2, in parts of DFOTA_ACCOUNT_BIT. */
static uint64_t logarithm(uint32_t value)
{
    uint64_t mantissa;
    uint64_t sum = 31;
    uint32_t part;

    while (!(value & 0x80000000u)) {
        value <<= 1;
        sum--;
    }
    mantissa = value;
    sum *= DFOTA_ACCOUNT_BIT;
    for (part = DFOTA_ACCOUNT_BIT / 2u; part > 0; part /= 2u) {
        mantissa = mantissa * mantissa >> 31;
        if (mantissa >> 32) {
            mantissa >>= 1;
            sum += part;
        }
    }
    return sum;
}

/* What has been spent of the patch up to here. */
static uint64_t spent(const dfota_patch *patch)
{
    const uint64_t bytes = (uint64_t)patch->consumed + patch->tail;

    return bytes * 8u * DFOTA_ACCOUNT_BIT - logarithm(patch->range);
}

static uint32_t segment_at(const dfota_account *account, uint32_t offset)
{
    const dfota_segment *segments = dfota_patch_segments(&account->patch);
    const uint32_t count = account->patch.header.segment_count;
    uint32_t low = 0;
    uint32_t high = count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (segments[middle].end <= offset) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low < count && segments[low].begin <= offset ? low : count;
}

static uint32_t first_segment(const dfota_account *account)
{
    const dfota_block *blocks = dfota_patch_blocks(&account->patch);
    const dfota_block *first = NULL;
    uint32_t i;

    for (i = 0; i < account->patch.header.block_count; i++) {
        if (first == NULL || blocks[i].at < first->at) {
            first = &blocks[i];
        }
    }
    return first != NULL ? segment_at(account, first->from)
                         : account->patch.header.segment_count;
}

static dfota_result begin(dfota_account *account)
{
    dfota_patch *patch = &account->patch;
    dfota_result result = dfota_patch_open(patch, read_patch, account);

    if (result != DFOTA_OK) {
        return result;
    }
    account->memory = malloc(patch->header.memory_size);
    account->shares = calloc((size_t)patch->header.segment_count + 1u, sizeof *account->shares);
    account->bins = calloc((size_t)account->bin_count + 1u, sizeof *account->bins);
    if (account->memory == NULL || account->shares == NULL || account->bins == NULL) {
        return DFOTA_ERR_MEMORY;
    }
    result = dfota_patch_start(patch, account->memory, patch->header.memory_size, read_old);
    if (result == DFOTA_OK) {
        account->map_cost = spent(patch) - (uint64_t)patch->header.size * 8u * DFOTA_ACCOUNT_BIT;
        account->segment = first_segment(account);
    }
    return result;
}

dfota_account *dfota_account_begin(const uint8_t *patch, size_t patch_size,
                                   const uint8_t *old_image, uint32_t bin_count,
                                   dfota_result *result)
{
    dfota_account *account = (dfota_account *)calloc(1, sizeof *account);

    *result = DFOTA_ERR_MEMORY;
    if (account == NULL) {
        return NULL;
    }
    account->code = patch;
    account->code_size = patch_size;
    account->old_image = old_image;
    account->bin_count = bin_count;
    *result = begin(account);
    if (*result != DFOTA_OK) {
        dfota_account_free(account);
        return NULL;
    }
    return account;
}

/* What was counted since `before`, at this price. */
static void book(dfota_account_share *share, const dfota_patch_counts *before,
                 const dfota_patch_counts *now, uint64_t cost)
{
    const uint32_t kept = now->copied - before->copied + now->predicted - before->predicted;

    share->copied += now->copied - before->copied;
    share->predicted += now->predicted - before->predicted;
    share->corrected += now->corrected - before->corrected;
    share->literal += now->literal - before->literal;
    if (kept > 0) {
        share->kept_cost += cost;
    } else if (now->literal != before->literal) {
        share->literal_cost += cost;
    } else {
        share->corrected_cost += cost;
    }
}

/* Decode one byte; what belongs to it is booked where it begins. */
static dfota_result advance(dfota_account *account)
{
    dfota_patch *patch = &account->patch;
    const dfota_patch_counts before = patch->counts;
    const uint64_t price = spent(patch);
    const uint32_t at = patch->position;
    size_t produced;
    uint8_t byte;
    dfota_result result = dfota_patch_read(patch, &byte, 1, &produced);

    if (result != DFOTA_OK || memcmp(&before, &patch->counts, sizeof before) == 0) {
        return result;
    }
    if (patch->counts.literal == before.literal) {
        account->segment = segment_at(account, patch->predictor.old_offset - patch->unit_size);
    }
    book(&account->shares[account->segment], &before, &patch->counts, spent(patch) - price);
    if (account->bin_count > 0) {
        const uint64_t bin = (uint64_t)at * account->bin_count / patch->header.new_size;
        book(&account->bins[bin], &before, &patch->counts, spent(patch) - price);
    }
    return DFOTA_OK;
}

dfota_result dfota_account_step(dfota_account *account, uint32_t budget, uint32_t *done)
{
    dfota_patch *patch = &account->patch;
    dfota_result result = DFOTA_OK;

    if (patch->header.new_size == 0) {
        size_t produced;
        uint8_t byte;
        result = dfota_patch_read(patch, &byte, 1, &produced);
    }
    while (result == DFOTA_OK && budget > 0 && patch->position < patch->header.new_size) {
        result = advance(account);
        budget--;
    }
    *done = patch->position;
    return result;
}

const dfota_patch_header *dfota_account_header(const dfota_account *account)
{
    return &account->patch.header;
}

uint64_t dfota_account_map_cost(const dfota_account *account)
{
    return account->map_cost;
}

const dfota_account_share *dfota_account_shares(const dfota_account *account)
{
    return account->shares;
}

const dfota_account_share *dfota_account_bins(const dfota_account *account)
{
    return account->bins;
}

void dfota_account_free(dfota_account *account)
{
    if (account != NULL) {
        free(account->memory);
        free(account->shares);
        free(account->bins);
        free(account);
    }
}
