/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The order of planning: match, learn what old is made of, and match again with that. It compares
 * no bytes itself.
 */
#include "dfota_plan_parts.h"

#include <stdlib.h>
#include <string.h>

/* A block that must save so much more than it costs is not given up for a smaller map. */
#define TOLL_MAX (1 << 22)
/* Images that are together smaller than this are always worth the effort. */
#define SMALL 0x180000u
/* How often the best plan is tried to be made better still. */
#define REFINEMENTS 2

int dfota_pair_progress(dfota_pair *pair, uint32_t steps)
{
    steps /= 64u; /* so that no sum overflows */
    pair->done = pair->total - pair->done < steps ? pair->total : pair->done + steps;
    if (!pair->cancelled && pair->options->progress != NULL &&
        pair->options->progress(pair->options->ctx, pair->done, pair->total) != 0) {
#if defined(__GNUC__)
        __atomic_store_n(&pair->cancelled, 1, __ATOMIC_RELAXED);
#else
        pair->cancelled = 1;
#endif
    }
    return pair->cancelled;
}

int dfota_pair_is_cancelled(const dfota_pair *pair)
{
#if defined(__GNUC__)
    return __atomic_load_n(&pair->cancelled, __ATOMIC_RELAXED);
#else
    return *(const volatile int *)&pair->cancelled;
#endif
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
    dfota_blocks best_blocks; /* the cheapest plan so far */
    dfota_segments best_segments;
    uint64_t best_cost;
    dfota_segments coarse; /* the coarse layout for the map that raw bytes show */
    uint8_t *old_seen;
    uint8_t *new_seen;
} planning;

static void finish(planning *all)
{
    dfota_suffixes_free(&all->suffixes);
    free(all->found.items);
    free(all->blocks.items);
    free(all->segments.items);
    free(all->best_blocks.items);
    free(all->best_segments.items);
    free(all->coarse.items);
    free(all->old_seen);
    free(all->new_seen);
    free(all->pair.literal_costs);
}

static int match_raw(planning *all)
{
    dfota_pair *const pair = &all->pair;

    pair->old_seen = pair->old_image;
    pair->new_seen = pair->new_image;
    return dfota_suffixes_begin(&all->suffixes, pair->old_image, pair->old_size, pair) != 0 ||
           dfota_pair_progress(pair, pair->old_size) != 0 ||
           dfota_cover(pair, &all->suffixes, NULL, &all->found, 0, &all->blocks) != 0;
}

/* See the images as prediction makes them, with what is known so far. */
static int see(planning *all)
{
    dfota_pair *const pair = &all->pair;

    if (all->old_seen == NULL) {
        all->old_seen = (uint8_t *)malloc((size_t)pair->old_size + 1u);
        all->new_seen = (uint8_t *)malloc((size_t)pair->new_size + 1u);
    }
    pair->old_seen = all->old_seen;
    pair->new_seen = all->new_seen;
    return all->old_seen == NULL || all->new_seen == NULL ||
           dfota_see(pair, &all->blocks, &all->segments, all->old_seen, all->new_seen) != 0;
}

/* Choose again among the known candidates. */
static int choose_again(planning *all, int toll)
{
    return dfota_cover(&all->pair, NULL, &all->found, NULL, toll, &all->blocks);
}

static int by_at(const void *left, const void *right)
{
    const dfota_candidate *const a = (const dfota_candidate *)left;
    const dfota_candidate *const b = (const dfota_candidate *)right;

    if (a->at != b->at) {
        return a->at < b->at ? -1 : 1;
    }
    return a->from < b->from ? -1 : a->from > b->from;
}

/* Match what is seen: more candidates, those that no raw bytes show. */
static int match_seen(planning *all)
{
    dfota_pair *const pair = &all->pair;
    dfota_candidates more;
    int result;

    memset(&more, 0, sizeof more);
    dfota_suffixes_free(&all->suffixes);
    result = dfota_suffixes_begin(&all->suffixes, pair->old_seen, pair->old_size, pair) != 0 ||
             dfota_pair_progress(pair, pair->old_size) != 0 ||
             dfota_cover(pair, &all->suffixes, &all->found, &more, 0, &all->blocks) != 0;
    dfota_suffixes_free(&all->suffixes);
    if (result == 0 && more.count > 0) {
        const size_t count = (size_t)all->found.count + more.count;
        dfota_candidate *grown =
            (dfota_candidate *)realloc(all->found.items, count * sizeof *grown);
        if (grown == NULL) {
            result = 1;
        } else {
            memcpy(grown + all->found.count, more.items, more.count * sizeof *grown);
            qsort(grown, count, sizeof *grown, by_at);
            all->found.items = grown;
            all->found.count = (uint32_t)count;
            all->found.room = (uint32_t)count;
        }
    }
    free(more.items);
    return result;
}

static int longer_first(const void *left, const void *right)
{
    const dfota_block *const a = (const dfota_block *)left;
    const dfota_block *const b = (const dfota_block *)right;

    if (a->length != b->length) {
        return a->length > b->length ? -1 : 1;
    }
    return a->at < b->at ? -1 : a->at > b->at;
}

static int earlier_first(const void *left, const void *right)
{
    const dfota_block *const a = (const dfota_block *)left;
    const dfota_block *const b = (const dfota_block *)right;

    return a->at < b->at ? -1 : a->at > b->at;
}

/* No more blocks than the decoder has room for: make them dearer until few enough pay. */
static int fit_blocks(planning *all)
{
    const uint32_t most = all->pair.options->block_max;
    int toll = 16 * DFOTA_COST_BIT;

    if (most == 0) {
        return 0;
    }
    while (all->blocks.count > most && toll < TOLL_MAX) {
        if (choose_again(all, toll) != 0) {
            return 1;
        }
        toll *= 2;
    }
    if (all->blocks.count > most) {
        qsort(all->blocks.items, all->blocks.count, sizeof *all->blocks.items, longer_first);
        all->blocks.count = most;
        qsort(all->blocks.items, all->blocks.count, sizeof *all->blocks.items, earlier_first);
    }
    return 0;
}

static int copy_blocks(dfota_blocks *copy, const dfota_blocks *blocks, uint32_t mask)
{
    uint32_t i;

    copy->count = 0;
    for (i = 0; i < blocks->count; i++) {
        const dfota_block *const block = &blocks->items[i];
        if (dfota_blocks_add(copy, block->at, block->from, block->length & mask) != 0) {
            return 1;
        }
    }
    return 0;
}

static int copy_segments(dfota_segments *copy, const dfota_segments *segments)
{
    uint32_t i;

    copy->count = 0;
    for (i = 0; i < segments->count; i++) {
        if (dfota_segments_add(copy, &segments->items[i]) != 0) {
            return 1;
        }
    }
    return 0;
}

/* The layout of the present map, in one way. */
static int lay_out(planning *all, dfota_layout_how how)
{
    dfota_segments *answers[DFOTA_LAYOUT_COUNT] = {NULL, NULL, NULL};

    answers[how] = &all->segments;
    return dfota_layout(&all->pair, &all->blocks, answers);
}

/* A plan that is complete but for its plain blocks, and what it costs with them. */
typedef struct draft {
    dfota_pair *pair;
    dfota_blocks *blocks;
    const dfota_segments *segments;
    uint64_t cost;
} draft;

/* Item `item` of an array of drafts. */
static int judge(void *ctx, uint32_t item, int is_caller)
{
    draft *const one = (draft *)ctx + item;

    if (is_caller ? dfota_pair_progress(one->pair, 0) : dfota_pair_is_cancelled(one->pair)) {
        return 1;
    }
    if (dfota_mark_plain(one->pair, one->blocks, one->segments) != 0) {
        return 1;
    }
    one->cost = dfota_estimate(one->pair, one->blocks, one->segments);
    return 0;
}

/* The present plan is the best one. */
static int keep(planning *all, uint64_t cost)
{
    all->best_cost = cost;
    return copy_blocks(&all->best_blocks, &all->blocks, 0xffffffffu) != 0 ||
           copy_segments(&all->best_segments, &all->segments) != 0;
}

/* Complete the plan for the present map, and keep it if it is the cheapest. Returns 0 on success. */
static int keep_if_best(planning *all, int *is_best)
{
    draft one;

    one.pair = &all->pair;
    one.blocks = &all->blocks;
    one.segments = &all->segments;
    if (fit_blocks(all) != 0 || lay_out(all, DFOTA_LAYOUT_FINE) != 0 || judge(&one, 0, 1) != 0) {
        return 1;
    }
    *is_best = one.cost < all->best_cost;
    return *is_best ? keep(all, one.cost) : 0;
}

/* See as the present layout says, and choose again. */
static int see_again(planning *all, int thorough)
{
    return see(all) != 0 || (thorough ? match_seen(all) : choose_again(all, 0)) != 0;
}

/* With the layout that the best map suggests, see and choose again. */
static int try_layout(planning *all, dfota_layout_how how, int *is_best)
{
    *is_best = 0;
    if (copy_blocks(&all->blocks, &all->best_blocks, ~DFOTA_BLOCK_PLAIN) != 0 ||
        copy_segments(&all->segments, &all->best_segments) != 0 ||
        (how != DFOTA_LAYOUT_FINE && lay_out(all, how) != 0)) {
        return 1;
    }
    if (all->segments.count == 0) {
        return 0;
    }
    return see_again(all, 0) != 0 || keep_if_best(all, is_best) != 0;
}

/*
 * The plan for the map that raw bytes show, and the one for the map that is chosen when they
 * are seen with a doubtful layout: the better one.
 */
static int plan_twice(planning *all, int thorough, int *is_second)
{
    dfota_segments *const answers[DFOTA_LAYOUT_COUNT] = {&all->best_segments, &all->coarse,
                                                         &all->segments};
    draft drafts[2];

    *is_second = 0;
    if (fit_blocks(all) != 0 || dfota_layout(&all->pair, &all->blocks, answers) != 0 ||
        copy_blocks(&all->best_blocks, &all->blocks, 0xffffffffu) != 0) {
        return 1;
    }
    drafts[0].pair = &all->pair;
    drafts[0].blocks = &all->best_blocks;
    drafts[0].segments = &all->best_segments;
    drafts[1].pair = &all->pair;
    drafts[1].blocks = &all->blocks;
    drafts[1].segments = &all->segments;
    if (all->segments.count == 0) {
        if (judge(drafts, 0, 1) != 0) {
            return 1;
        }
    } else {
        if (see_again(all, thorough) != 0 || fit_blocks(all) != 0 ||
            lay_out(all, DFOTA_LAYOUT_FINE) != 0 || dfota_share(judge, drafts, 2) != 0) {
            return 1;
        }
        *is_second = drafts[1].cost < drafts[0].cost;
    }
    all->best_cost = drafts[0].cost;
    return *is_second ? keep(all, drafts[1].cost) : 0;
}

static int plan_all(planning *all)
{
    dfota_pair *const pair = &all->pair;
    const int thorough =
        pair->options->effort > 0 || (uint64_t)pair->old_size + pair->new_size < SMALL;
    int is_best = 0;
    int i;

    pair->literal_costs = (uint16_t *)malloc(0x10000u * sizeof(uint16_t));
    if (pair->literal_costs == NULL) {
        return 1;
    }
    dfota_literal_costs(pair);
    if (match_raw(all) != 0) {
        return 1;
    }
    dfota_suffixes_free(&all->suffixes);
    if (plan_twice(all, thorough, &is_best) != 0) {
        return 1;
    }
    if (!is_best) { /* the map is still the one that raw bytes show */
        if (copy_blocks(&all->blocks, &all->best_blocks, ~DFOTA_BLOCK_PLAIN) != 0 ||
            copy_segments(&all->segments, &all->coarse) != 0 ||
            (all->segments.count > 0 &&
             (see_again(all, 0) != 0 || keep_if_best(all, &is_best) != 0))) {
            return 1;
        }
    } else if (thorough && try_layout(all, DFOTA_LAYOUT_COARSE, &is_best) != 0) {
        return 1;
    }
    is_best = 1;
    for (i = 0; thorough && is_best && i < REFINEMENTS; i++) {
        if (try_layout(all, DFOTA_LAYOUT_FINE, &is_best) != 0) {
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
    all.pair.total = options->effort > 0 ? 2u * (old_size / 64u) + 6u * (new_size / 64u)
                                         : old_size / 64u + 3u * (new_size / 64u);
    result = plan_all(&all);
    if (result == 0) {
        plan->blocks = all.best_blocks.items;
        plan->block_count = all.best_blocks.count;
        plan->segments = all.best_segments.items;
        plan->segment_count = all.best_segments.count;
        all.best_blocks.items = NULL;
        all.best_segments.items = NULL;
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
