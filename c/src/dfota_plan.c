/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The order of planning: match, learn what old is made of, and match again with that. It compares
 * no bytes itself.
 */
#include "dfota_plan_parts.h"

#include <stdlib.h>
#include <string.h>

int dfota_pair_progress(dfota_pair *pair, uint32_t steps)
{
    pair->done = pair->total - pair->done < steps ? pair->total : pair->done + steps;
    if (!pair->cancelled && pair->options->progress != NULL &&
        pair->options->progress(pair->options->ctx, pair->done, pair->total) != 0) {
        pair->cancelled = 1;
    }
    return pair->cancelled;
}

int dfota_segments_add(dfota_segments *segments, const dfota_segment *segment)
{
    if (segments->count == segments->room) {
        const uint32_t room = segments->room ? segments->room * 2u : 64u;
        dfota_segment *grown =
            (dfota_segment *)realloc(segments->items, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            return 1;
        }
        segments->items = grown;
        segments->room = room;
    }
    segments->items[segments->count++] = *segment;
    return 0;
}

int dfota_blocks_add(dfota_blocks *blocks, uint32_t at, uint32_t from, uint32_t length)
{
    if (blocks->count == blocks->room) {
        const uint32_t room = blocks->room ? blocks->room * 2u : 1024u;
        dfota_block *grown = (dfota_block *)realloc(blocks->items, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            return 1;
        }
        blocks->items = grown;
        blocks->room = room;
    }
    blocks->items[blocks->count].at = at;
    blocks->items[blocks->count].from = from;
    blocks->items[blocks->count].length = length;
    blocks->count++;
    return 0;
}

typedef struct planning {
    dfota_pair pair;
    dfota_suffixes suffixes;
    dfota_candidates found;
    dfota_blocks blocks;
    dfota_segments segments;
    uint8_t *old_seen;
    uint8_t *new_seen;
} planning;

static void finish(planning *all)
{
    dfota_suffixes_free(&all->suffixes);
    free(all->found.items);
    free(all->blocks.items);
    free(all->segments.items);
    free(all->old_seen);
    free(all->new_seen);
    free(all->pair.literal_costs);
}

static void see_raw(planning *all)
{
    all->pair.old_seen = all->pair.old_image;
    all->pair.new_seen = all->pair.new_image;
}

/* Match what prediction makes of the images, with what is known so far. */
static int look_again(planning *all)
{
    if (dfota_see(&all->pair, &all->blocks, &all->segments, all->old_seen, all->new_seen) != 0) {
        return 1;
    }
    all->pair.old_seen = all->old_seen;
    all->pair.new_seen = all->new_seen;
    return dfota_cover(&all->pair, NULL, &all->found, NULL, 0, &all->blocks);
}

static int plan_all(planning *all)
{
    dfota_pair *const pair = &all->pair;

    pair->literal_costs = (uint16_t *)malloc(0x10000u * sizeof(uint16_t));
    if (pair->literal_costs == NULL) {
        return 1;
    }
    dfota_literal_costs(pair);
    see_raw(all);
    if (dfota_suffixes_begin(&all->suffixes, pair->old_image, pair->old_size) != 0 ||
        dfota_pair_progress(pair, pair->old_size) != 0 ||
        dfota_cover(pair, &all->suffixes, NULL, &all->found, 0, &all->blocks) != 0) {
        return 1;
    }
    dfota_suffixes_free(&all->suffixes);
    if (dfota_layout(pair, &all->blocks, 1, &all->segments) != 0) {
        return 1;
    }
    if (all->segments.count > 0) {
        all->old_seen = (uint8_t *)malloc(pair->old_size + 1u);
        all->new_seen = (uint8_t *)malloc(pair->new_size + 1u);
        if (all->old_seen == NULL || all->new_seen == NULL || look_again(all) != 0 ||
            dfota_layout(pair, &all->blocks, 0, &all->segments) != 0 ||
            dfota_mark_plain(pair, &all->blocks, &all->segments) != 0) {
            return 1;
        }
    }
    return 0;
}

int dfota_plan_make(dfota_plan *plan, const uint8_t *old_image, uint32_t old_size,
                    const uint8_t *new_image, uint32_t new_size, const dfota_plan_options *options)
{
    planning all;
    int result;

    memset(plan, 0, sizeof *plan);
    memset(&all, 0, sizeof all);
    all.pair.old_image = old_image;
    all.pair.new_image = new_image;
    all.pair.old_size = old_size;
    all.pair.new_size = new_size;
    all.pair.options = options;
    all.pair.total = old_size + 2u * new_size;
    result = plan_all(&all);
    if (result == 0) {
        plan->blocks = all.blocks.items;
        plan->block_count = all.blocks.count;
        plan->segments = all.segments.items;
        plan->segment_count = all.segments.count;
        all.blocks.items = NULL;
        all.segments.items = NULL;
    }
    finish(&all);
    return result;
}

void dfota_plan_free(dfota_plan *plan)
{
    free(plan->segments);
    free(plan->blocks);
    memset(plan, 0, sizeof *plan);
}
