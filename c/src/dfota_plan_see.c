/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Images as prediction sees them: what a copy map and segments would predict, what that costs,
 * and how images look once references to the same place look the same. It decides on no block.
 */
#include "dfota_plan_parts.h"

#include <stdlib.h>
#include <string.h>

/* Any place where nearly every form of reference can be put, and two targets it can have. */
#define HERE 0x4000u
#define BEHIND 0x4040u
#define BEFORE 0x3fc0u

/* -- walking ------------------------------------------------------------------------------ */

static int by_from(const void *left, const void *right)
{
    const dfota_block *const a = (const dfota_block *)left;
    const dfota_block *const b = (const dfota_block *)right;

    if (a->from != b->from) {
        return a->from < b->from ? -1 : 1;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

int dfota_map_sort(dfota_blocks *map, const dfota_blocks *blocks)
{
    map->items = (dfota_block *)malloc((blocks->count + 1u) * sizeof *map->items);
    if (map->items == NULL) {
        return 1;
    }
    if (blocks->count > 0) {
        memcpy(map->items, blocks->items, blocks->count * sizeof *map->items);
        qsort(map->items, blocks->count, sizeof *map->items, by_from);
    }
    map->count = blocks->count;
    map->room = blocks->count + 1u;
    return 0;
}

static void begin_predictor(dfota_predictor *predictor, const dfota_blocks *map,
                            const dfota_segments *segments)
{
    memset(predictor, 0, sizeof *predictor);
    predictor->segments = segments->items;
    predictor->segment_count = segments->count;
    predictor->blocks = map->items;
    predictor->block_count = map->count;
}

int dfota_walk(const dfota_pair *pair, const dfota_blocks *map, const dfota_blocks *pieces,
               const dfota_segments *segments, unsigned correction_bits, dfota_unit_use use,
               void *ctx)
{
    dfota_predictor predictor;
    uint32_t i;

    begin_predictor(&predictor, map, segments);
    if (correction_bits > 0) {
        predictor.correction_bits = correction_bits;
        predictor.corrections =
            (dfota_correction *)calloc((size_t)1 << correction_bits, sizeof(dfota_correction));
        if (predictor.corrections == NULL) {
            return 1;
        }
    }
    for (i = 0; i < pieces->count; i++) {
        const dfota_block *const piece = &pieces->items[i];
        const uint32_t length = piece->length & ~DFOTA_BLOCK_PLAIN;
        dfota_predict_begin(&predictor, piece->at, piece->from, length,
                            (piece->length & DFOTA_BLOCK_PLAIN) != 0);
        while (predictor.left > 0) {
            const uint8_t *const actual = pair->new_image + predictor.new_offset;
            dfota_unit unit;
            dfota_predict_next(&predictor, pair->old_image + predictor.old_offset, predictor.left,
                               &unit);
            use(ctx, &predictor, &unit, actual);
            dfota_predict_learn(&predictor, &unit, actual);
        }
    }
    free(predictor.corrections);
    return 0;
}

int dfota_unit_cost(const uint8_t *seen, const uint8_t *actual, uint32_t length)
{
    int cost = 0;
    uint32_t i;

    for (i = 0; i < length; i++) {
        if (seen[i] != actual[i]) {
            cost += cost == 0 ? 9 * DFOTA_COST_BIT : 5 * DFOTA_COST_BIT;
        }
    }
    return cost;
}

/* -- costs -------------------------------------------------------------------------------- */

typedef struct estimate {
    uint64_t cost;
    unsigned misses; /* of the last 8 units */
} estimate;

static void estimate_unit(void *ctx, const dfota_predictor *predictor, const dfota_unit *unit,
                          const uint8_t *actual)
{
    estimate *const so_far = (estimate *)ctx;
    const int cost = dfota_unit_cost(unit->predicted, actual, unit->length);

    (void)predictor;
    if (cost == 0) {
        so_far->cost += so_far->misses == 0 ? 2u : unit->length * 8u;
        so_far->misses = so_far->misses << 1 & 0xffu;
    } else {
        so_far->cost += (uint64_t)cost - (so_far->misses == 0 ? 0u : 2u * DFOTA_COST_BIT);
        so_far->misses = (so_far->misses << 1 | 1u) & 0xffu;
    }
}

uint64_t dfota_estimate(dfota_pair *pair, const dfota_blocks *blocks,
                        const dfota_segments *segments)
{
    dfota_blocks map;
    estimate whole;
    uint32_t end = 0;
    uint32_t displacement = 0;
    uint32_t i;

    memset(&whole, 0, sizeof whole);
    if (dfota_map_sort(&map, blocks) != 0) {
        return 0;
    }
    if (dfota_walk(pair, &map, blocks, segments, 14, estimate_unit, &whole) != 0) {
        whole.cost = 0;
    }
    free(map.items);
    whole.cost += (uint64_t)segments->count * 36u * DFOTA_COST_BIT;
    for (i = 0; i <= blocks->count; i++) {
        const uint32_t at = i < blocks->count ? blocks->items[i].at : pair->new_size;
        uint32_t j;
        for (j = end; j < at; j++) {
            const uint32_t before = j > 0 ? pair->new_image[j - 1u] : 0;
            whole.cost += pair->literal_costs[before << 8 | pair->new_image[j]];
        }
        if (i < blocks->count) {
            const uint32_t shift = blocks->items[i].from - at;
            whole.cost += (shift == displacement ? 13u : 24u) * DFOTA_COST_BIT;
            whole.cost += (at > end ? 7u : 0u) * DFOTA_COST_BIT;
            displacement = shift;
            end = at + (blocks->items[i].length & ~DFOTA_BLOCK_PLAIN);
        }
    }
    return whole.cost;
}

/* -- seeing ------------------------------------------------------------------------------- */

/* How a reference to `target` looks when its place does not matter. */
static void disguise(unsigned isa, const dfota_reference *reference, uint32_t target,
                     uint8_t *bytes)
{
    uint8_t masked[DFOTA_UNIT_MAX];
    uint8_t other[DFOTA_UNIT_MAX];
    uint32_t second = BEHIND + 8u;
    uint32_t i;

    memcpy(masked, bytes, reference->length);
    memcpy(other, bytes, reference->length);
    if (!dfota_reference_place(isa, reference, HERE, BEHIND, masked)) {
        second = BEFORE - 8u;
        if (!dfota_reference_place(isa, reference, HERE, BEFORE, masked)) {
            return;
        }
    }
    if (!dfota_reference_place(isa, reference, HERE, second, other)) {
        return;
    }
    for (i = 0; i < reference->length; i++) {
        if (masked[i] != other[i]) {
            masked[i] ^= (uint8_t)((target * 0x9e3779b1u) >> 24);
            break;
        }
    }
    memcpy(bytes, masked, reference->length);
}

/* See one stretch: `image` at `from`, whose references lead where the predictor says. */
static void see_stretch(dfota_predictor *predictor, const uint8_t *image, uint32_t from,
                        uint32_t length, int is_new, uint8_t *seen)
{
    dfota_predict_begin(predictor, from, from, length, 0);
    while (predictor->left > 0) {
        const uint32_t here = predictor->old_offset;
        dfota_unit unit;
        dfota_predict_next(predictor, image + here, predictor->left, &unit);
        if (unit.kind >= DFOTA_KIND_POINTER) {
            memcpy(seen + here, unit.predicted, unit.length);
        } else if (unit.kind != 0) {
            disguise(unit.isa, &predictor->reference,
                     is_new ? predictor->reference.target : predictor->mapped, seen + here);
        }
        dfota_predict_learn(predictor, &unit, unit.predicted);
    }
}

/* The segments of new: where the blocks put those of old. */
static int segments_of_new(const dfota_pair *pair, const dfota_blocks *blocks,
                           const dfota_segments *segments, dfota_segments *moved)
{
    uint32_t i;

    for (i = 0; i < blocks->count; i++) {
        uint32_t from = blocks->items[i].from;
        const uint32_t shift = blocks->items[i].at - from;
        const uint32_t end = from + (blocks->items[i].length & ~DFOTA_BLOCK_PLAIN);
        uint32_t j = 0;
        uint32_t high = segments->count;
        while (j < high) {
            const uint32_t middle = j + (high - j) / 2u;
            if (segments->items[middle].end <= from) {
                j = middle + 1u;
            } else {
                high = middle;
            }
        }
        for (; j < segments->count && segments->items[j].begin < end; j++) {
            const dfota_segment *const of = &segments->items[j];
            dfota_segment *last = moved->count > 0 ? &moved->items[moved->count - 1u] : NULL;
            dfota_segment piece = *of;
            piece.old_base = of->new_base;
            piece.begin = (of->begin > from ? of->begin : from) + shift;
            piece.end = (of->end < end ? of->end : end) + shift;
            piece.flags = 0;
            if (last != NULL && last->isa == piece.isa && last->old_base == piece.old_base &&
                last->space == piece.space) {
                last->end = piece.end; /* and the gap between them */
            } else if (dfota_segments_add(moved, &piece) != 0) {
                return 1;
            }
        }
    }
    (void)pair;
    return 0;
}

typedef struct seeing {
    const dfota_pair *pair;
    const dfota_blocks *map; /* of old; of new: none */
    const dfota_segments *segments[2]; /* of old, of new */
    uint8_t *seen[2];
} seeing;

/* Item 0: see old. Item 1: see new. */
static int see_image(void *ctx, uint32_t item, int is_caller)
{
    const seeing *const both = (const seeing *)ctx;
    const uint8_t *const image = item == 0 ? both->pair->old_image : both->pair->new_image;
    const dfota_segments *const segments = both->segments[item];
    const dfota_blocks none = {NULL, 0, 0};
    dfota_predictor predictor;
    uint32_t i;

    (void)is_caller;
    memcpy(both->seen[item], image, item == 0 ? both->pair->old_size : both->pair->new_size);
    begin_predictor(&predictor, item == 0 ? both->map : &none, segments);
    for (i = 0; i < segments->count; i++) {
        const dfota_segment *const of = &segments->items[i];
        see_stretch(&predictor, image, of->begin, of->end - of->begin, item == 1u,
                    both->seen[item]);
    }
    return 0;
}

int dfota_see(dfota_pair *pair, const dfota_blocks *blocks, const dfota_segments *segments,
              uint8_t *old_seen, uint8_t *new_seen)
{
    dfota_segments moved;
    dfota_blocks map;
    seeing both;
    int result;

    memset(&moved, 0, sizeof moved);
    if (dfota_map_sort(&map, blocks) != 0) {
        return 1;
    }
    if (segments_of_new(pair, blocks, segments, &moved) != 0) {
        free(map.items);
        return 1;
    }
    both.pair = pair;
    both.map = &map;
    both.segments[0] = segments;
    both.segments[1] = &moved;
    both.seen[0] = old_seen;
    both.seen[1] = new_seen;
    result = dfota_share(see_image, &both, 2);
    free(moved.items);
    free(map.items);
    return result;
}

/* -- blocks without prediction -------------------------------------------------------------- */

typedef struct comparison {
    int64_t *gains; /* of each block */
    uint32_t block;
    const dfota_blocks *blocks;
} comparison;

static void compare_unit(void *ctx, const dfota_predictor *predictor, const dfota_unit *unit,
                         const uint8_t *actual)
{
    comparison *const of = (comparison *)ctx;

    while (predictor->new_offset >= of->blocks->items[of->block].at +
                                        of->blocks->items[of->block].length) {
        of->block++;
    }
    if (unit->moved) {
        of->gains[of->block] += dfota_unit_cost(unit->raw, actual, unit->length) -
                                dfota_unit_cost(unit->predicted, actual, unit->length);
    }
}

int dfota_mark_plain(const dfota_pair *pair, dfota_blocks *blocks, const dfota_segments *segments)
{
    comparison all;
    dfota_blocks map;
    uint32_t i;
    int result = 1;

    if (segments->count == 0 || blocks->count == 0) {
        return 0;
    }
    memset(&all, 0, sizeof all);
    all.blocks = blocks;
    all.gains = (int64_t *)calloc(blocks->count, sizeof *all.gains);
    if (all.gains != NULL && dfota_map_sort(&map, blocks) == 0) {
        result = dfota_walk(pair, &map, blocks, segments, 14, compare_unit, &all);
        for (i = 0; i < blocks->count; i++) {
            if (all.gains[i] < -12 * DFOTA_COST_BIT) {
                blocks->items[i].length |= DFOTA_BLOCK_PLAIN;
            }
        }
        free(map.items);
    }
    free(all.gains);
    return result;
}
