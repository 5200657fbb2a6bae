/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where the parts of old are linked to: what headers claim, and what changed pointers vote for.
 * Claims are only claims; dfota_plan_layout.c keeps what pays.
 */
#include "dfota_plan_parts.h"

#include <stdlib.h>
#include <string.h>

/* Most changed words that vote, and most blocks that each may mean. */
#define VOTER_MAX 30000u
#define MEANT_MAX 6u
/* Fewer votes than this for one address are chance. */
#define VOTES_MIN 6
/* So many zero bits at the end of a base are worth as much as all its votes again. */
#define ROUND_WEIGHT 200
/* Between what headers claim, less than this is not looked at. */
#define UNCLAIMED_MIN 0x4000u

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

/* -- votes ---------------------------------------------------------------------------------- */

/* A word of old that changed by `shift`. */
typedef struct voter {
    uint32_t shift;
    uint32_t word;
} voter;

/* From `base` on, `change` more (or fewer) voters agree. */
typedef struct vote {
    uint64_t base;
    int change;
} vote;

static int by_shift(const void *left, const void *right)
{
    const voter *const a = (const voter *)left;
    const voter *const b = (const voter *)right;

    if (a->shift != b->shift) {
        return a->shift < b->shift ? -1 : 1;
    }
    return a->word < b->word ? -1 : a->word > b->word;
}

static int by_move(const void *left, const void *right)
{
    const dfota_block *const a = (const dfota_block *)left;
    const dfota_block *const b = (const dfota_block *)right;
    const uint32_t move_a = a->at - a->from;
    const uint32_t move_b = b->at - b->from;

    if (move_a != move_b) {
        return move_a < move_b ? -1 : 1;
    }
    if (a->length != b->length) {
        return a->length > b->length ? -1 : 1;
    }
    return a->from < b->from ? -1 : a->from > b->from;
}

static int by_base(const void *left, const void *right)
{
    const vote *const a = (const vote *)left;
    const vote *const b = (const vote *)right;

    if (a->base != b->base) {
        return a->base < b->base ? -1 : 1;
    }
    return b->change - a->change;
}

/* The changed aligned words within [begin, end) of old. */
static uint32_t find_voters(const dfota_pair *pair, const dfota_blocks *blocks, uint32_t begin,
                            uint32_t end, voter *voters)
{
    uint32_t stride = 1;
    uint32_t count = 0;
    uint32_t seen = 0;
    uint32_t i;

    for (i = 0; i < blocks->count; i++) {
        const dfota_block *const block = &blocks->items[i];
        uint32_t from = (block->from > begin ? block->from : begin) + 3u;
        const uint32_t stop = block->from + block->length < end ? block->from + block->length : end;
        for (from -= from % 4u; from < stop && stop - from >= 4u; from += 4u) {
            const uint32_t was = get32(pair->old_image + from);
            const uint32_t is = get32(pair->new_image + block->at + (from - block->from));
            if (was == is || seen++ % stride != 0) {
                continue;
            }
            if (count == VOTER_MAX) { /* every second one is enough, from here on and so far */
                uint32_t kept;
                for (kept = 0; kept < VOTER_MAX / 2u; kept++) {
                    voters[kept] = voters[2u * kept];
                }
                count = kept;
                stride *= 2u;
            }
            voters[count].shift = is - was;
            voters[count].word = was;
            count++;
        }
    }
    return count;
}

/* The roundest number in [low, high], a multiple of 4; 0 if there is none. */
static uint64_t roundest(uint64_t low, uint64_t high)
{
    uint64_t round = 0;
    unsigned bit;

    for (bit = 2; bit < 33u; bit++) {
        const uint64_t up = (low + ((1ull << bit) - 1u)) >> bit << bit;
        if (up > high) {
            break;
        }
        round = up;
    }
    return round;
}

static int zeros_of(uint64_t number)
{
    int zeros = 0;

    while (zeros < 20 && !(number >> zeros & 1u)) {
        zeros++;
    }
    return zeros;
}

/* The base that most voters agree with, if `offset` is added to what they say; how many agree. */
static int count_votes(const voter *voters, uint32_t voter_count, const dfota_block *moves,
                       uint32_t move_count, uint32_t offset, vote *votes, uint32_t *base)
{
    uint32_t vote_count = 0;
    int64_t sum = 0;
    int64_t best = 0;
    int most = 0;
    uint32_t i;

    for (i = 0; i < voter_count; i++) {
        const uint32_t shift = voters[i].shift - offset;
        uint32_t j = 0;
        uint32_t high = move_count;
        uint32_t meant;
        while (j < high) {
            const uint32_t middle = j + (high - j) / 2u;
            if (moves[middle].at - moves[middle].from < shift) {
                j = middle + 1u;
            } else {
                high = middle;
            }
        }
        for (meant = 0; meant < MEANT_MAX && j < move_count &&
                        moves[j].at - moves[j].from == shift && shift != 0;
             meant++, j++) {
            /* base = word - from; kept positive by 2^32 */
            const uint64_t top = 0x100000000ull + voters[i].word - moves[j].from;
            votes[vote_count].base = top - (moves[j].length - 1u);
            votes[vote_count++].change = 1;
            votes[vote_count].base = top + 1u;
            votes[vote_count++].change = -1;
        }
    }
    qsort(votes, vote_count, sizeof *votes, by_base);
    for (i = 0; i < vote_count; i++) {
        sum += votes[i].change;
        if (sum * (ROUND_WEIGHT + 20) > best && i + 1u < vote_count) {
            const uint64_t round = roundest(votes[i].base, votes[i + 1u].base - 1u);
            const int64_t score = sum * (ROUND_WEIGHT + zeros_of(round));
            if (round != 0 && score > best) {
                best = score;
                most = (int)sum;
                *base = (uint32_t)round;
            }
        }
    }
    return most;
}

/* The base of [begin, end) of old by votes; how many of them. */
static int vote_for_base(const dfota_pair *pair, const dfota_blocks *blocks, uint32_t begin,
                         uint32_t end, uint32_t *base)
{
    voter *voters = (voter *)malloc(VOTER_MAX * sizeof *voters);
    vote *votes = (vote *)malloc((size_t)VOTER_MAX * MEANT_MAX * 2u * sizeof *votes);
    dfota_block *moves = (dfota_block *)malloc((blocks->count + 1u) * sizeof *moves);
    int most = 0;

    if (voters != NULL && votes != NULL && moves != NULL && blocks->count > 0) {
        const uint32_t count = find_voters(pair, blocks, begin, end, voters);
        qsort(voters, count, sizeof *voters, by_shift);
        memcpy(moves, blocks->items, blocks->count * sizeof *moves);
        qsort(moves, blocks->count, sizeof *moves, by_move);
        most = count_votes(voters, count, moves, blocks->count, 0, votes, base);
    }
    free(voters);
    free(votes);
    free(moves);
    return most;
}

/* What no header claims: the base that votes tell, if they do. */
static int add_unclaimed(const dfota_pair *pair, const dfota_blocks *blocks, uint32_t begin,
                         uint32_t end, uint32_t space, int always, dfota_segments *regions)
{
    dfota_segment region;
    int votes;

    memset(&region, 0, sizeof region);
    region.begin = begin;
    region.end = end;
    region.space = (uint16_t)space;
    votes = vote_for_base(pair, blocks, begin, end, &region.old_base);
    if (votes < VOTES_MIN) {
        region.old_base = 0;
        if (!always) {
            return 0;
        }
    }
    region.new_base = region.old_base;
    return dfota_segments_add(regions, &region);
}

int dfota_regions(const dfota_pair *pair, const dfota_blocks *blocks, const dfota_segments *claims,
                  dfota_segments *regions)
{
    const int alone =
        claims->count > 0 && claims->items[0].space == claims->items[claims->count - 1u].space;
    uint32_t space = 0;
    uint32_t end = 0;
    uint32_t i;

    for (i = 0; i <= claims->count; i++) {
        const uint32_t begin = i < claims->count ? claims->items[i].begin : pair->old_size;
        const int inside =
            i > 0 && i < claims->count && claims->items[i].space == claims->items[i - 1u].space;
        if (begin > end && (claims->count == 0 || (!inside && begin - end >= UNCLAIMED_MIN))) {
            /* Beside the only file: perhaps the rest of it. */
            space += i > 0 && !alone ? 1u : 0u;
            if (add_unclaimed(pair, blocks, end, begin, space, claims->count == 0, regions) != 0) {
                return 1;
            }
        }
        space += i > 0 && i < claims->count && !inside ? 1u : 0u;
        if (i < claims->count) {
            dfota_segment region = claims->items[i];
            region.space = (uint16_t)space;
            if (dfota_segments_add(regions, &region) != 0) {
                return 1;
            }
            end = region.end;
        }
    }
    return 0;
}
