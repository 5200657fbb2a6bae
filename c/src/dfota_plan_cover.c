/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cheapest way to make new out of stretches of old: a sweep through new that keeps, for each
 * displacement worth considering, the cheapest path that is at that displacement now. It compares
 * bytes as it is told to see them, and knows nothing of instructions.
 */
#include "dfota_plan_parts.h"

#include <stdlib.h>
#include <string.h>

#define NONE 0xffffffffu

/* Displacements under consideration at once, besides the literal one. */
#define STATES 16u
/* How many bytes a displacement may be the worse choice before it is given up. */
#define PATIENCE 1536u
/* After so many bytes the same displacement is kept as a candidate again. */
#define KEPT_AGAIN 384u
/* How far back a displacement found here may begin, and how much worse it may look on the way. */
#define BACK_MAX 4096u
#define BACK_DROP (96 * DFOTA_COST_BIT)
#define RING 8192u
/* Shortest match that makes a candidate. */
#define MATCH_MIN 7u
/* So many equal bytes ahead, and no other displacement is considered any more. */
#define LEAP 2048u
#define LEAP_QUICK 192u
/* So many equal bytes ahead: no need to look for something else. */
#define RUN_ENOUGH 32u

/* Where new is cut into parts that are swept by themselves: into so many, if that large. */
#define PARTS 2u
#define PARTED_MIN 0x100000u
/* Candidates found so shortly before a part are known to it. */
#define PART_BEFORE 2048u

/* What things cost. */
#define COST_GAP (7 * DFOTA_COST_BIT)    /* literals after a block */
#define COST_BLOCK (11 * DFOTA_COST_BIT) /* a block that goes on as one expects */
#define COST_RECENT (6 * DFOTA_COST_BIT) /* at a displacement that was used before, besides */
#define COST_MOVE (6 * DFOTA_COST_BIT)   /* anywhere else, besides ... */
#define COST_STEP 80                     /* ... per bit of the distance */
#define COST_ILLEGAL (1000 * DFOTA_COST_BIT)

/* By how many of the last bytes were missed: 0, 1, 2 or more; the oldest miss is 8 bytes ago. */
static const int hit_costs[4] = {2, 16, 30, 40};
static const int miss_costs[4] = {9 * DFOTA_COST_BIT, 7 * DFOTA_COST_BIT, 6 * DFOTA_COST_BIT,
                                  5 * DFOTA_COST_BIT + DFOTA_COST_BIT / 2};
static const uint8_t ones[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 3};

/* A stretch of the path: from `at` on at this displacement, until the next node begins. */
typedef struct node {
    uint32_t at;
    uint32_t parent;
    uint32_t displacement; /* from - at, modulo 2^32 */
    uint32_t literal;
} node;

typedef struct state {
    int64_t cost;
    uint32_t displacement;
    uint32_t at;     /* where this stretch began */
    uint32_t parent; /* the node that it followed */
    uint32_t own;    /* its node, if it was needed already */
    uint32_t useful; /* last position where it was no worse than a fresh start */
    uint32_t start_of; /* after this node, if it is a block, a fresh start ... */
    int start;         /* ... costs so much */
    uint8_t literal;
    uint8_t misses;    /* of the last 8 bytes */
} state;

typedef struct sweep {
    dfota_pair *pair;
    uint32_t begin; /* the part of new that is swept */
    uint32_t end;
    int is_caller;
    state states[STATES + 1u]; /* the literal one first */
    uint32_t count;
    uint32_t best;
    node *nodes;
    uint32_t node_count;
    uint32_t node_room;
    uint32_t recent[4]; /* displacements of the best path */
    uint32_t recent_of; /* the node that they belong to */
    int64_t *ring_cost; /* the best path up to here, of the last RING positions */
    uint32_t *ring_node;
    int toll;
    int failed;
    uint16_t hit[256]; /* what a byte costs by the misses among the last 8 */
    uint16_t missed[256];
} sweep;

/* -- costs ------------------------------------------------------------------------------ */

/* log2(value) in 1/64, value >= 1. */
static int log2_64(uint32_t value)
{
    uint64_t mantissa;
    int result = 0;
    int i;

    while (value >> (result + 1)) {
        result++;
    }
    mantissa = ((uint64_t)value << 31) >> result; /* 1.0 is 2^31 */
    for (i = 0; i < 6; i++) {
        mantissa = (mantissa * mantissa) >> 31;
        result *= 2;
        if (mantissa >> 32) {
            mantissa >>= 1;
            result++;
        }
    }
    return result;
}

void dfota_literal_costs(dfota_pair *pair)
{
    uint32_t *counts = (uint32_t *)calloc(0x10000u, sizeof *counts);
    uint32_t i;

    for (i = 0; i < 0x10000u; i++) {
        pair->literal_costs[i] = 4u * DFOTA_COST_BIT;
    }
    if (counts == NULL) {
        return;
    }
    for (i = 1; i < pair->new_size; i++) {
        counts[((uint32_t)pair->new_image[i - 1u] << 8) | pair->new_image[i]] += 16u;
    }
    for (i = 1; i < pair->old_size; i++) {
        counts[((uint32_t)pair->old_image[i - 1u] << 8) | pair->old_image[i]] += 16u;
    }
    for (i = 0; i < 0x100u; i++) {
        uint32_t *const row = counts + i * 0x100u;
        uint32_t total = 256;
        uint32_t j;
        for (j = 0; j < 0x100u; j++) {
            total += row[j] >> 4;
        }
        for (j = 0; j < 0x100u; j++) {
            const int cost = log2_64(total) - log2_64((row[j] >> 4) + 1u);
            pair->literal_costs[i * 0x100u + j] = (uint16_t)(cost * 17 / 32 + 1);
        }
    }
    free(counts);
}

/* -- paths ------------------------------------------------------------------------------ */

static uint32_t node_of(sweep *path, state *of)
{
    node *made;

    if (of->own != NONE) {
        return of->own;
    }
    if (path->node_count == path->node_room) {
        const uint32_t room = path->node_room ? path->node_room * 2u : 4096u;
        node *grown = (node *)realloc(path->nodes, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            path->failed = 1;
            return NONE;
        }
        path->nodes = grown;
        path->node_room = room;
    }
    made = &path->nodes[path->node_count];
    made->at = of->at;
    made->parent = of->parent;
    made->displacement = of->displacement;
    made->literal = of->literal;
    of->own = path->node_count++;
    return of->own;
}

/* The last few displacements of the path that ends in `at_node`. */
static void recall(sweep *path, uint32_t at_node)
{
    uint32_t found = 0;
    uint32_t steps = 0;
    uint32_t i = at_node;

    if (path->recent_of == at_node) {
        return;
    }
    path->recent_of = at_node;
    while (i != NONE && found < 4u && steps < 8u) {
        if (!path->nodes[i].literal) {
            path->recent[found++] = path->nodes[i].displacement;
        }
        i = path->nodes[i].parent;
        steps++;
    }
    while (found < 4u) {
        path->recent[found++] = 0;
    }
}

static int log2_of(uint32_t value)
{
#if defined(__GNUC__)
    return 31 - __builtin_clz(value | 1u);
#else
    int result = 0;

    while (value >> 1 >> result) {
        result++;
    }
    return result;
#endif
}

/* What a block at `at` costs whose path so far is recalled, and whose last block ended at `end`. */
static int start_cost(const sweep *path, uint32_t at, uint32_t end, uint32_t displacement)
{
    const uint32_t step = at + displacement - (end + path->recent[0]);
    const int cost = COST_BLOCK + path->toll;

    if (displacement == path->recent[0] || step == 0) {
        return cost;
    }
    if (displacement == path->recent[1] || displacement == path->recent[2] ||
        displacement == path->recent[3]) {
        return cost + COST_RECENT;
    }
    return cost + COST_MOVE + COST_STEP * log2_of(step < 0x80000000u ? step : 0u - step);
}

/* In place: whether old at `from` is still there when new at `at` is written. */
static int is_there(const dfota_pair *pair, uint32_t at, uint32_t from)
{
    const uint32_t sector = pair->options->in_place_sector;

    return sector == 0 || (uint64_t)from + pair->options->in_place_spare >=
                              ((uint64_t)(at / sector) + 1u) * sector;
}

/* What new at `at` costs at a displacement. */
static int byte_cost(const sweep *path, uint32_t at, uint32_t displacement, uint8_t *misses)
{
    const dfota_pair *const pair = path->pair;
    const uint32_t from = at + displacement;
    int cost;

    if (from >= pair->old_size || !is_there(pair, at, from)) {
        return COST_ILLEGAL;
    }
    if (pair->old_seen[from] == pair->new_seen[at]) {
        cost = path->hit[*misses];
        *misses = (uint8_t)(*misses << 1);
        return cost;
    }
    cost = path->missed[*misses];
    *misses = (uint8_t)(*misses << 1 | 1);
    return cost;
}

static int literal_cost(const dfota_pair *pair, uint32_t at)
{
    const uint32_t before = at > 0 ? pair->new_image[at - 1u] : 0;
    return pair->literal_costs[before << 8 | pair->new_image[at]];
}

/* -- the sweep -------------------------------------------------------------------------- */

static void drop(sweep *path, uint32_t index)
{
    path->count--;
    path->states[index] = path->states[path->count];
    if (path->best == path->count) {
        path->best = index;
    }
}

/* One byte further, on every path. */
static void step(sweep *path, uint32_t at)
{
    state *const best = &path->states[path->best];
    const int64_t best_cost = best->cost;
    const uint32_t end = best->literal ? best->at : at;
    const int64_t no_block = best_cost + COST_BLOCK + path->toll;
    const uint32_t after = path->ring_node[at % RING];
    uint32_t best_node = NONE;
    uint32_t cheapest = 0;
    int is_stale = 0;
    uint32_t i;

    for (i = 0; i < path->count; i++) {
        state *const one = &path->states[i];
        if (i == path->best || one->cost < (one->literal ? best_cost + COST_GAP : no_block)) {
            one->useful = at; /* no fresh start is as cheap */
        } else {
            int64_t fresh = best_cost + COST_GAP;
            if (!one->literal) {
                if (best->literal || after != one->start_of) {
                    one->start = start_cost(path, at, end, one->displacement);
                    one->start_of = best->literal ? NONE : after;
                }
                fresh = best_cost + one->start;
            }
            if (fresh < one->cost) {
                if (best_node == NONE) {
                    best_node = node_of(path, best);
                }
                one->cost = fresh;
                one->at = at;
                one->parent = best_node;
                one->own = NONE;
                one->misses = 0;
            } else if (fresh > one->cost) {
                one->useful = at;
            }
            is_stale |= at - one->useful > PATIENCE;
        }
    }
    for (i = 0; i < path->count; i++) {
        state *const one = &path->states[i];
        one->cost += one->literal ? literal_cost(path->pair, at)
                                  : byte_cost(path, at, one->displacement, &one->misses);
        if (one->cost < path->states[cheapest].cost) {
            cheapest = i;
        }
    }
    path->best = cheapest;
    for (i = is_stale ? path->count : 1u; i > 1u; i--) {
        const state *const one = &path->states[i - 1u];
        if (i - 1u != path->best && at - one->useful > PATIENCE) {
            drop(path, i - 1u);
        }
    }
}

/* Remember the best path up to `at`. */
static void remember(sweep *path, uint32_t at)
{
    state *const best = &path->states[path->best];

    path->ring_cost[at % RING] = best->cost;
    path->ring_node[at % RING] = node_of(path, best);
    if (!path->failed) {
        recall(path, path->ring_node[at % RING]);
    }
}

static int is_considered(const sweep *path, uint32_t displacement)
{
    uint32_t i;

    for (i = 1; i < path->count; i++) {
        if (path->states[i].displacement == displacement) {
            return 1;
        }
    }
    return 0;
}

/* Where the last block of the best path up to `at` ended. */
static uint32_t end_of(const sweep *path, uint32_t at)
{
    const node *const last = &path->nodes[path->ring_node[at % RING]];

    return last->literal ? last->at : at;
}

/* Consider a displacement from `at` on, and where it pays from before that on. */
static void consider(sweep *path, uint32_t at, uint32_t displacement)
{
    int64_t behind = 0; /* what the bytes from `back` to `at` cost */
    int64_t lowest = path->states[path->best].cost;
    uint32_t begin = at;
    uint32_t back = at;
    uint32_t slot = path->count;
    uint8_t misses = 0;
    uint32_t i;
    state *made;

    while (back > path->begin && at - back < BACK_MAX) {
        const int cost = byte_cost(path, back - 1u, displacement, &misses);
        int64_t whole;
        back--;
        behind += cost;
        whole = path->ring_cost[back % RING] + behind;
        if (cost >= COST_ILLEGAL || whole > lowest + BACK_DROP) {
            break;
        }
        if (whole < lowest) {
            lowest = whole;
            begin = back;
        }
    }
    recall(path, path->ring_node[begin % RING]);
    lowest += start_cost(path, begin, end_of(path, begin), displacement);
    recall(path, path->ring_node[at % RING]);
    if (slot > STATES) {
        slot = path->best == 1u ? 2u : 1u;
        for (i = slot + 1u; i < path->count; i++) {
            if (i != path->best && path->states[i].cost > path->states[slot].cost) {
                slot = i;
            }
        }
    } else {
        path->count++;
    }
    made = &path->states[slot];
    made->cost = lowest;
    made->displacement = displacement;
    made->at = begin;
    made->parent = path->ring_node[begin % RING];
    made->own = NONE;
    made->useful = at;
    made->literal = 0;
    made->misses = 0;
    made->start_of = NONE;
    if (lowest < path->states[path->best].cost) {
        path->best = slot;
    }
}

/* How many bytes the displacement has right from `at` on, at most `most`. */
static uint32_t run_at(const sweep *path, uint32_t at, uint32_t displacement, uint32_t most)
{
    const dfota_pair *const pair = path->pair;
    const uint32_t from = at + displacement;
    uint32_t run = 0;

    if (from >= pair->old_size) {
        return 0;
    }
    most = most < pair->old_size - from ? most : pair->old_size - from;
    most = most < path->end - at ? most : path->end - at;
    while (run + 16u <= most &&
           memcmp(pair->old_seen + from + run, pair->new_seen + at + run, 16) == 0) {
        run += 16u;
    }
    while (run < most && pair->old_seen[from + run] == pair->new_seen[at + run]) {
        run++;
    }
    return run;
}

/* Keep it for a second look, unless the same was kept a moment ago. */
static int keep_candidate(dfota_candidates *found, uint32_t at, uint32_t from)
{
    uint32_t i;

    if (found == NULL) {
        return 0;
    }
    for (i = found->count; i > 0 && i + 4u > found->count; i--) {
        const dfota_candidate *const before = &found->items[i - 1u];
        if (before->from - before->at == from - at && at - before->at < KEPT_AGAIN) {
            return 0;
        }
    }
    if (found->count == found->room) {
        const uint32_t room = found->room ? found->room * 2u : 1024u;
        dfota_candidate *grown =
            (dfota_candidate *)realloc(found->items, (size_t)room * sizeof *grown);
        if (grown == NULL) {
            return 1;
        }
        found->items = grown;
        found->room = room;
    }
    found->items[found->count].at = at;
    found->items[found->count].from = from;
    found->count++;
    return 0;
}

/* Look for a displacement that may be better; where to look next. */
static uint32_t look(sweep *path, const dfota_suffixes *suffixes, dfota_candidates *found,
                     uint32_t at)
{
    const dfota_pair *const pair = path->pair;
    const uint32_t likely = path->recent[0];
    uint32_t run = 0;
    uint32_t from = 0;
    uint32_t length;

    if (!path->states[path->best].literal) {
        run = run_at(path, at, path->states[path->best].displacement, DFOTA_MATCH_MAX);
        if (run >= RUN_ENOUGH) {
            if (keep_candidate(found, at, at + path->states[path->best].displacement) != 0) {
                path->failed = 1;
            }
            return at + run;
        }
    }
    length = dfota_suffixes_match(suffixes, pair->new_seen + at, pair->new_size - at, at + likely,
                                  &from);
    if (length < MATCH_MIN || length <= run) {
        return at + (run > 0 && length == run ? run : 1u);
    }
    if (keep_candidate(found, at, from) != 0) {
        path->failed = 1;
    }
    if (!is_considered(path, from - at)) {
        consider(path, at, from - at);
    }
    return at + length;
}

/*
 * Where the best path is right for so long that nothing else matters, go to the last byte of
 * that; returns how far.
 */
static uint32_t leap(sweep *path, uint32_t at, uint32_t run)
{
    state *const best = &path->states[path->best];
    const uint32_t length = run - 1u;
    const uint32_t node_now = node_of(path, best);
    const uint32_t noted = length < BACK_MAX + 1u ? length : BACK_MAX + 1u;
    uint32_t i;

    if (path->failed) {
        return 0;
    }
    best->misses = 0;
    best->useful = at + length;
    for (i = length - noted + 1u; i <= length; i++) {
        path->ring_cost[(at + i) % RING] = best->cost + (int64_t)i * hit_costs[0];
        path->ring_node[(at + i) % RING] = node_now;
    }
    best->cost += (int64_t)length * hit_costs[0];
    path->states[1] = *best;
    path->best = 1;
    path->count = 2;
    path->states[0].cost = path->states[1].cost + COST_GAP;
    path->states[0].at = at + length;
    path->states[0].parent = node_now;
    path->states[0].own = NONE;
    return length;
}

/* -- the result ------------------------------------------------------------------------- */

static int add_block(dfota_blocks *blocks, uint32_t at, uint32_t from, uint32_t length)
{
    if (blocks->count > 0) {
        dfota_block *const last = &blocks->items[blocks->count - 1u];
        if (last->at + last->length == at && last->from + last->length == from) {
            last->length += length;
            return 0;
        }
    }
    return dfota_blocks_add(blocks, at, from, length);
}

/* Only what lies in old, and, in place, what is still there; as blocks. */
static int add_legal(const dfota_pair *pair, dfota_blocks *blocks, uint32_t at, uint32_t end,
                     uint32_t displacement)
{
    const uint32_t sector = pair->options->in_place_sector;

    while (at < end) {
        uint32_t stop = end;
        uint32_t from;
        uint32_t skip;
        if (sector > 0 && end - at > sector - at % sector) {
            stop = at - at % sector + sector;
        }
        from = at + displacement;
        skip = 0;
        while (skip < stop - at &&
               (from + skip >= pair->old_size || !is_there(pair, at + skip, from + skip))) {
            skip++;
        }
        at += skip;
        from += skip;
        if (at < stop) {
            uint32_t length = stop - at;
            length = length < pair->old_size - from ? length : pair->old_size - from;
            if (add_block(blocks, at, from, length) != 0) {
                return 1;
            }
        }
        at = stop;
    }
    return 0;
}

static int collect(sweep *path, dfota_blocks *blocks)
{
    const uint32_t end = path->end;
    uint32_t last = node_of(path, &path->states[path->best]);
    uint32_t next = NONE;
    uint32_t i;

    if (path->failed) {
        return 1;
    }
    while (last != NONE) { /* turn the path round */
        const uint32_t parent = path->nodes[last].parent;
        path->nodes[last].parent = next;
        next = last;
        last = parent;
    }
    for (i = next; i != NONE; i = path->nodes[i].parent) {
        const node *const here = &path->nodes[i];
        const uint32_t stop = here->parent == NONE ? end : path->nodes[here->parent].at;
        if (!here->literal && stop > here->at &&
            add_legal(path->pair, blocks, here->at, stop, here->displacement) != 0) {
            return 1;
        }
    }
    return 0;
}

static int begin(sweep *path, dfota_pair *pair, int toll, uint32_t from, uint32_t end)
{
    unsigned i;

    memset(path, 0, sizeof *path);
    path->pair = pair;
    path->begin = from;
    path->end = end;
    path->toll = toll;
    path->count = 1;
    path->recent_of = NONE;
    path->states[0].at = from;
    path->states[0].parent = NONE;
    path->states[0].own = NONE;
    path->states[0].literal = 1;
    for (i = 0; i < 256u; i++) {
        const unsigned missed = (unsigned)ones[i & 15u] + ones[i >> 4];
        path->hit[i] = (uint16_t)hit_costs[missed < 3u ? missed : 3u];
        path->missed[i] = (uint16_t)miss_costs[missed < 3u ? missed : 3u];
    }
    path->ring_cost = (int64_t *)malloc(RING * sizeof *path->ring_cost);
    path->ring_node = (uint32_t *)malloc(RING * sizeof *path->ring_node);
    return path->ring_cost == NULL || path->ring_node == NULL;
}

/* What a cover is made from, and the parts that it is made in. */
typedef struct cover {
    dfota_pair *pair;
    const dfota_suffixes *suffixes;
    const dfota_candidates *known;
    int toll;
    int is_finding;
    uint32_t count;
    dfota_candidates found[PARTS];
    dfota_blocks blocks[PARTS];
} cover;

/* The first of the known candidates at `at` or behind it. */
static uint32_t first_known(const dfota_candidates *known, uint32_t at)
{
    uint32_t low = 0;
    uint32_t high = known != NULL ? known->count : 0;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (known->items[middle].at < at) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Report progress, or ask only: whether to stop. */
static int is_stopped(const sweep *path, const cover *all, uint32_t steps)
{
    return path->is_caller
               ? dfota_pair_progress(path->pair, all->count > 1u ? steps * 2u : steps)
               : dfota_pair_is_cancelled(path->pair);
}

static int sweep_part(sweep *path, const cover *all, dfota_candidates *found)
{
    dfota_pair *const pair = path->pair;
    const dfota_candidates *const known = all->known;
    const uint32_t enough = pair->options->effort > 0 ? LEAP : LEAP_QUICK;
    uint32_t next_look = path->begin;
    uint32_t next_known = first_known(known, path->begin - (path->begin > PART_BEFORE
                                                                ? PART_BEFORE
                                                                : path->begin));
    uint32_t next_leap = path->begin;
    uint32_t steps = 0;
    uint32_t at;
    int is_off = 0;

    remember(path, path->begin);
    for (at = path->begin; at < path->end && !path->failed && !is_off; at++) {
        if (at >= next_leap && pair->options->in_place_sector == 0 &&
            !path->states[path->best].literal) {
            const uint32_t run =
                run_at(path, at, path->states[path->best].displacement, 0xffffffffu);
            next_leap = at + run + 1u;
            if (run > enough) {
                const uint32_t before = at;
                at += leap(path, at, run);
                next_look = next_look < at ? at : next_look;
                is_off = is_stopped(path, all, at - before);
            }
        }
        while (known != NULL && next_known < known->count && known->items[next_known].at <= at) {
            const dfota_candidate *const item = &known->items[next_known++];
            if (!is_considered(path, item->from - item->at)) {
                consider(path, at, item->from - item->at);
            }
        }
        if (all->suffixes != NULL && at == next_look) {
            next_look = look(path, all->suffixes, found, at);
        }
        step(path, at);
        remember(path, at + 1u);
        if ((++steps & 0xffffu) == 0) {
            is_off |= is_stopped(path, all, 0x10000u);
        }
    }
    return is_off;
}

/* Cover one part. */
static int cover_part(void *ctx, uint32_t item, int is_caller)
{
    cover *const all = (cover *)ctx;
    const uint64_t size = all->pair->new_size;
    sweep path;
    int result = 1;

    if (begin(&path, all->pair, all->toll, (uint32_t)(size * item / all->count),
              (uint32_t)(size * (item + 1u) / all->count)) == 0) {
        path.is_caller = is_caller;
        result = sweep_part(&path, all, all->is_finding ? &all->found[item] : NULL) != 0 ||
                 path.failed || collect(&path, &all->blocks[item]) != 0;
    }
    free(path.ring_cost);
    free(path.ring_node);
    free(path.nodes);
    return result;
}

/* What the parts found, one after the other. */
static int gather(const cover *all, dfota_candidates *found, dfota_blocks *blocks)
{
    uint32_t i;
    uint32_t j;

    blocks->count = 0;
    for (i = 0; i < all->count; i++) {
        for (j = 0; j < all->blocks[i].count; j++) {
            const dfota_block *const block = &all->blocks[i].items[j];
            if (add_block(blocks, block->at, block->from, block->length) != 0) {
                return 1;
            }
        }
        for (j = 0; j < all->found[i].count; j++) {
            if (keep_candidate(found, all->found[i].items[j].at, all->found[i].items[j].from) != 0) {
                return 1;
            }
        }
    }
    return 0;
}

int dfota_cover(dfota_pair *pair, const dfota_suffixes *suffixes, const dfota_candidates *known,
                dfota_candidates *found, int toll, dfota_blocks *blocks)
{
    cover all;
    uint32_t i;
    int result;

    memset(&all, 0, sizeof all);
    all.pair = pair;
    all.suffixes = suffixes;
    all.known = known;
    all.toll = toll;
    all.is_finding = found != NULL;
    all.count = pair->new_size < PARTED_MIN ? 1u : PARTS;
    result = dfota_share(cover_part, &all, all.count) != 0 || gather(&all, found, blocks) != 0;
    for (i = 0; i < PARTS; i++) {
        free(all.found[i].items);
        free(all.blocks[i].items);
    }
    return result;
}
