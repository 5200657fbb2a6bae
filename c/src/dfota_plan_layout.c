/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What old is made of: which instruction set, and whether pointers, found by trying each on what
 * changed between the images. It knows no header and no base address; dfota_plan_base.c does.
 */
#include "dfota_plan_parts.h"

#include <stdlib.h>
#include <string.h>

/* Old is judged in stretches of so many bytes. */
#define GRANULE 4096u
/* Around a byte that changed, so much is looked at. */
#define PIECE 256u
/* So many of them in a row are one. */
#define PIECE_MAX 1024u
/* Most bytes that are looked at per trial; of more, an even sample. */
#define SAMPLE_MAX 0x400000u
#define SAMPLE_QUICK 0x80000u
/* The same for finding instruction sets at all. */
#define SAMPLE_ISA 0x40000u
#define SAMPLE_ISA_QUICK 0x18000u
/* What a segment costs in the patch; and what it must be worth while much is still unknown. */
#define SEGMENT_COST (64 * DFOTA_COST_BIT)
#define SEGMENT_COST_COARSE (512 * DFOTA_COST_BIT)
/* A map made of equal bytes argues against prediction, with so much exaggeration. */
#define DOUBT 4
/* Where there is room for few segments only, they must be worth so many times as much ... */
#define SCARCE 8
/* ... and once more, so often, before some are left out. */
#define SCARCE_TRIES 5u
#define ISA_MAX DFOTA_PLAN_ISA_MAX
/* What lies between two alike segments and is shorter belongs to both. */
#define HOLE_MAX 0x400u
#define KIND_MAX ((ISA_MAX + 1u) * 3u)

/* A way to read a granule. */
typedef struct kind {
    uint8_t isa;
    uint8_t flags;
} kind;

typedef struct layout {
    dfota_pair *pair;
    dfota_blocks map;
    dfota_blocks pieces;
    int64_t scale; /* of all pieces, one in so many is looked at; in 1/64 */
    const dfota_segments *regions;
    uint32_t granules;
    int64_t segment_cost;
    kind kinds[KIND_MAX];
    int64_t *ups[KIND_MAX];   /* what each granule gains where it does, as walked */
    int64_t *downs[KIND_MAX]; /* and what it loses where not, negative */
    int64_t *gains[KIND_MAX]; /* of each granule: both, to scale, one of them doubted perhaps */
    uint32_t kind_count;
} layout;

typedef struct trial {
    int64_t *ups;
    int64_t *downs;
} trial;

static void try_unit(void *ctx, const dfota_predictor *predictor, const dfota_unit *unit,
                     const uint8_t *actual)
{
    trial *const of = (trial *)ctx;

    if (unit->moved) {
        const int gain = dfota_unit_cost(unit->raw, actual, unit->length) -
                         dfota_unit_cost(unit->predicted, actual, unit->length);
        (gain < 0 ? of->downs : of->ups)[predictor->old_offset / GRANULE] += gain;
    }
}

/* Read all regions as one kind, and see where that gains. */
static int try_kind(const layout *of, kind as, unsigned correction_bits, int64_t *ups,
                    int64_t *downs)
{
    dfota_segments segments;
    trial one;
    uint32_t i;
    int result;

    memset(&segments, 0, sizeof segments);
    for (i = 0; i < of->regions->count; i++) {
        dfota_segment segment = of->regions->items[i];
        segment.isa = as.isa;
        segment.flags = as.flags;
        if (dfota_segments_add(&segments, &segment) != 0) {
            free(segments.items);
            return 1;
        }
    }
    one.ups = ups;
    one.downs = downs;
    result = dfota_walk(of->pair, &of->map, &of->pieces, &segments, correction_bits, try_unit, &one);
    free(segments.items);
    return result;
}

/* The pieces of blocks in which something changed. */
static int find_pieces(const dfota_pair *pair, const dfota_blocks *blocks, dfota_blocks *pieces)
{
    uint32_t i;

    for (i = 0; i < blocks->count; i++) {
        const dfota_block *const block = &blocks->items[i];
        uint32_t at = 0;
        while (at < block->length) {
            const uint32_t room = block->length - at < PIECE ? block->length - at : PIECE;
            if (memcmp(pair->old_image + block->from + at, pair->new_image + block->at + at,
                       room) != 0) {
                dfota_block *const last =
                    pieces->count > 0 ? &pieces->items[pieces->count - 1u] : NULL;
                if (last != NULL && at > 0 && last->at + last->length == block->at + at &&
                    last->length < PIECE_MAX) {
                    last->length += room;
                } else if (dfota_blocks_add(pieces, block->at + at, block->from + at, room) != 0) {
                    return 1;
                }
            }
            at += room;
        }
    }
    return 0;
}

/* Leave an even sample of about `most` bytes; returns what part it is of all, inverted, in 1/64. */
static int64_t thin_out(dfota_blocks *pieces, uint32_t most)
{
    uint64_t total = 0;
    uint64_t left = 0;
    uint64_t credit = 0;
    uint32_t kept = 0;
    uint32_t i;

    for (i = 0; i < pieces->count; i++) {
        total += pieces->items[i].length;
    }
    if (total <= most) {
        return 64;
    }
    for (i = 0; i < pieces->count; i++) {
        credit += most;
        if (credit >= total) {
            credit -= total;
            left += pieces->items[i].length;
            pieces->items[kept++] = pieces->items[i];
        }
    }
    pieces->count = kept;
    return left > 0 ? (int64_t)(total * 64u / left) : 64;
}

static int copy_pieces(dfota_blocks *copy, const dfota_blocks *pieces)
{
    uint32_t i;

    for (i = 0; i < pieces->count; i++) {
        const dfota_block *const piece = &pieces->items[i];
        if (dfota_blocks_add(copy, piece->at, piece->from, piece->length) != 0) {
            return 1;
        }
    }
    return 0;
}

/* What the instruction sets promise, each tried by itself. */
typedef struct promises {
    const layout *of;
    int64_t worth[DFOTA_ISA_COUNT];
} promises;

/* Item `item`: what that instruction set gains where it gains more than a segment costs, roughly. */
static int find_promise(void *ctx, uint32_t item, int is_caller)
{
    promises *const all = (promises *)ctx;
    const layout *const of = all->of;
    const unsigned isa = item + 1u;
    int64_t *gains;
    kind as;
    uint32_t i;
    int result;

    if (((of->pair->options->isas & DFOTA_ISAS) >> isa & 1u) == 0) {
        return 0;
    }
    if (is_caller ? dfota_pair_progress(of->pair, 0) : dfota_pair_is_cancelled(of->pair)) {
        return 1;
    }
    as.isa = (uint8_t)isa;
    as.flags = 0;
    gains = (int64_t *)calloc(of->granules + 1u, sizeof *gains);
    if (gains == NULL) {
        return 1;
    }
    result = try_kind(of, as, 0, gains, gains);
    for (i = 0; i < of->granules; i++) {
        const int64_t gain = gains[i] * of->scale / 64;
        all->worth[isa] += gain > 8 * DFOTA_COST_BIT ? gain : 0;
    }
    free(gains);
    return result;
}

/* The instruction sets that gain most. */
static int find_isas(const layout *of, uint8_t *isas, uint32_t *count)
{
    layout quick = *of;
    promises found;
    int64_t best = 0;
    unsigned isa;
    int result;

    *count = 0;
    memset(&found, 0, sizeof found);
    found.of = &quick;
    memset(&quick.pieces, 0, sizeof quick.pieces);
    result = copy_pieces(&quick.pieces, &of->pieces);
    quick.scale = of->scale * thin_out(&quick.pieces, of->pair->options->effort > 0
                                                           ? SAMPLE_ISA
                                                           : SAMPLE_ISA_QUICK) / 64;
    result = result != 0 || dfota_share(find_promise, &found, DFOTA_ISA_COUNT - 1u) != 0;
    free(quick.pieces.items);
    for (isa = 1; isa < DFOTA_ISA_COUNT && result == 0; isa++) {
        best = found.worth[isa] > best ? found.worth[isa] : best;
    }
    while (*count < ISA_MAX && result == 0) {
        unsigned most = 0;
        for (isa = 1; isa < DFOTA_ISA_COUNT; isa++) {
            if (found.worth[isa] > SEGMENT_COST && found.worth[isa] > best / 16 &&
                (most == 0 || found.worth[isa] > found.worth[most])) {
                most = isa;
            }
        }
        if (most == 0) {
            break;
        }
        isas[(*count)++] = (uint8_t)most;
        found.worth[most] = 0;
    }
    return result;
}

/* Item `item`: try the next kind but one for none. */
static int try_item(void *ctx, uint32_t item, int is_caller)
{
    layout *const of = (layout *)ctx;
    const uint32_t k = item + 1u;

    if (is_caller ? dfota_pair_progress(of->pair, 0) : dfota_pair_is_cancelled(of->pair)) {
        return 1;
    }
    return try_kind(of, of->kinds[k], 12, of->ups[k], of->downs[k]);
}

static int try_all(layout *of, const uint8_t *isas, uint32_t isa_count)
{
    static const uint8_t flags[3] = {0, DFOTA_SEGMENT_POINTERS, DFOTA_SEGMENT_RELATIVE};
    uint32_t i;
    uint32_t j;

    for (i = 0; i <= isa_count; i++) {
        for (j = 0; j < 3u; j++) {
            const uint32_t k = of->kind_count;
            of->kinds[k].isa = i == 0 ? (uint8_t)DFOTA_ISA_NONE : isas[i - 1u];
            of->kinds[k].flags = flags[j];
            of->ups[k] = (int64_t *)calloc(of->granules + 1u, sizeof(int64_t));
            of->downs[k] = (int64_t *)calloc(of->granules + 1u, sizeof(int64_t));
            of->gains[k] = (int64_t *)calloc(of->granules + 1u, sizeof(int64_t));
            of->kind_count++;
            if (of->ups[k] == NULL || of->downs[k] == NULL || of->gains[k] == NULL) {
                return 1;
            }
        }
    }
    return dfota_share(try_item, of, of->kind_count - 1u);
}

/* What is gained, to scale; what is lost counts the less the more it is doubted. */
static void weigh(layout *of, int doubt)
{
    uint32_t k;
    uint32_t i;

    for (k = 0; k < of->kind_count; k++) {
        for (i = 0; i < of->granules; i++) {
            of->gains[k][i] = (of->ups[k][i] + of->downs[k][i] / doubt) * of->scale / 64;
        }
    }
}

/* An instruction set that gains little beside another one here is none: what it must gain more. */
static void find_handicaps(const layout *of, uint32_t first, uint32_t count, int64_t *handicaps)
{
    int64_t sums[KIND_MAX];
    int64_t best = 0;
    uint32_t k;
    uint32_t i;

    for (k = 0; k < of->kind_count; k++) {
        sums[k] = 0;
        for (i = 0; i < count; i++) {
            const int64_t gain = of->gains[k - k % 3u][first + i];
            sums[k] += gain > 0 ? gain : 0;
        }
        best = sums[k] > best ? sums[k] : best;
    }
    for (k = 0; k < of->kind_count; k++) {
        handicaps[k] = of->kinds[k].isa != DFOTA_ISA_NONE && sums[k] < best / 6
                           ? 1000000 * DFOTA_COST_BIT
                           : 0;
    }
}

/*
 * The cheapest kinds for the granules of one region: a kind's gains against what a change of
 * kind costs. `choice` is scratch of kind_count bytes per granule.
 */
static int choose(const layout *of, const dfota_segment *region, uint8_t *choice,
                  dfota_segments *segments, int64_t *gain)
{
    const uint32_t first = region->begin / GRANULE;
    const uint32_t count = (region->end - 1u) / GRANULE - first + 1u;
    int64_t values[KIND_MAX];
    int64_t handicaps[KIND_MAX];
    uint32_t i;
    uint32_t k;
    uint8_t best = 0;

    find_handicaps(of, first, count, handicaps);
    for (k = 0; k < of->kind_count; k++) {
        values[k] = -of->segment_cost;
    }
    for (i = 0; i < count; i++) {
        int64_t before;
        best = 0;
        for (k = 1; k < of->kind_count; k++) {
            best = values[k] > values[best] ? (uint8_t)k : best;
        }
        before = values[best];
        for (k = 0; k < of->kind_count; k++) {
            choice[i * KIND_MAX + k] = (uint8_t)k;
            if (before - of->segment_cost > values[k]) {
                values[k] = before - of->segment_cost;
                choice[i * KIND_MAX + k] = best;
            }
            values[k] += of->gains[k][first + i] - handicaps[k];
        }
    }
    best = 0;
    for (k = 1; k < of->kind_count; k++) {
        best = values[k] > values[best] ? (uint8_t)k : best;
    }
    *gain += values[best];
    for (i = count; i > 0; i--) { /* from behind: choice[i] = what granule i is */
        const uint8_t before = choice[(i - 1u) * KIND_MAX + best];
        choice[(i - 1u) * KIND_MAX] = best;
        best = before;
    }
    for (i = 0; i < count; i++) {
        dfota_segment segment = *region;
        const uint8_t is = choice[i * KIND_MAX];
        const uint32_t begin = (first + i) * GRANULE;
        if (i > 0 && choice[(i - 1u) * KIND_MAX] == is) {
            continue;
        }
        segment.begin = i == 0 ? region->begin : begin;
        segment.isa = of->kinds[is].isa;
        segment.flags = of->kinds[is].flags;
        if (i > 0) {
            segments->items[segments->count - 1u].end = segment.begin;
        }
        if (dfota_segments_add(segments, &segment) != 0) {
            return 1;
        }
    }
    return 0;
}

/* Choose for all regions; spaces where nothing is gained are left out. */
static int choose_all(const layout *of, dfota_segments *segments, int64_t *gained)
{
    uint8_t *choice = (uint8_t *)malloc((size_t)(of->granules + 2u) * KIND_MAX);
    uint32_t i = 0;
    int result = choice == NULL;

    while (i < of->regions->count && result == 0) {
        const uint32_t space = of->regions->items[i].space;
        const uint32_t kept = segments->count;
        int64_t gain = 0;
        for (; i < of->regions->count && of->regions->items[i].space == space && result == 0; i++) {
            result = choose(of, &of->regions->items[i], choice, segments, &gain);
        }
        if (gain <= 0) {
            segments->count = kept;
        } else {
            *gained += gain;
        }
    }
    free(choice);
    return result;
}

static void free_layout(layout *of)
{
    uint32_t i;

    for (i = 0; i < of->kind_count; i++) {
        free(of->ups[i]);
        free(of->downs[i]);
        free(of->gains[i]);
    }
    free(of->map.items);
    free(of->pieces.items);
}

/* Neighbours that are the same but for a small hole become one. */
static void join(dfota_segments *segments)
{
    uint32_t kept = 0;
    uint32_t i;

    for (i = 0; i < segments->count; i++) {
        const dfota_segment *const here = &segments->items[i];
        dfota_segment *const last = kept > 0 ? &segments->items[kept - 1u] : NULL;
        if (last != NULL && last->space == here->space && last->old_base == here->old_base &&
            last->new_base == here->new_base && last->isa == here->isa &&
            last->flags == here->flags && here->begin - last->end < HOLE_MAX) {
            last->end = here->end;
        } else {
            segments->items[kept++] = *here;
        }
    }
    segments->count = kept;
}

/* Answer in one way, after all kinds were tried. */
static int answer(layout *of, dfota_layout_how how, dfota_segments *segments, int64_t *gain)
{
    const uint32_t most = of->pair->options->segment_max;
    uint32_t tries;
    int result = 0;

    of->segment_cost = how == DFOTA_LAYOUT_FINE ? SEGMENT_COST : SEGMENT_COST_COARSE;
    weigh(of, how == DFOTA_LAYOUT_DOUBTFUL ? DOUBT : 1);
    for (tries = 0; tries <= SCARCE_TRIES && result == 0; tries++) {
        segments->count = 0;
        *gain = 0;
        result = choose_all(of, segments, gain);
        join(segments);
        if (most == 0 || segments->count <= most) {
            break;
        }
        of->segment_cost *= SCARCE;
    }
    if (most > 0 && segments->count > most) {
        segments->count = most;
    }
    return result;
}

/*
 * Judge every granule with the addresses of these regions; returns 0, and what is gained in the
 * first way that is asked for.
 */
static int lay_out(dfota_pair *pair, const dfota_blocks *blocks, const dfota_segments *regions,
                   dfota_segments *const answers[DFOTA_LAYOUT_COUNT], int64_t *gain)
{
    layout one;
    int is_first = 1;
    uint32_t i;
    int result;

    memset(&one, 0, sizeof one);
    one.pair = pair;
    one.regions = regions;
    one.granules = pair->old_size / GRANULE + 1u;
    result = dfota_map_sort(&one.map, blocks) != 0 || find_pieces(pair, blocks, &one.pieces) != 0;
    one.scale = thin_out(&one.pieces, pair->options->effort > 0 ? SAMPLE_MAX : SAMPLE_QUICK);
    if (result == 0 && pair->isa_count == 0) {
        result = find_isas(&one, pair->isas, &pair->isa_count);
    }
    result = result != 0 || try_all(&one, pair->isas, pair->isa_count) != 0;
    for (i = 0; i < DFOTA_LAYOUT_COUNT && result == 0; i++) {
        int64_t gained = 0;
        if (answers[i] != NULL) {
            result = answer(&one, (dfota_layout_how)i, answers[i], &gained);
            *gain = is_first ? gained : *gain;
            is_first = 0;
        }
    }
    free_layout(&one);
    return result;
}

int dfota_layout(dfota_pair *pair, const dfota_blocks *blocks,
                 dfota_segments *const answers[DFOTA_LAYOUT_COUNT])
{
    dfota_segments claims;
    dfota_segments regions;
    dfota_segments others[DFOTA_LAYOUT_COUNT];
    dfota_segments *other_answers[DFOTA_LAYOUT_COUNT];
    dfota_blocks map;
    int64_t gain = 0;
    int64_t other_gain = 0;
    uint32_t i;
    int result;

    memset(&claims, 0, sizeof claims);
    memset(&regions, 0, sizeof regions);
    memset(others, 0, sizeof others);
    for (i = 0; i < DFOTA_LAYOUT_COUNT; i++) {
        other_answers[i] = answers[i] != NULL ? &others[i] : NULL;
    }
    result = dfota_map_sort(&map, blocks) != 0 ||
             (!pair->claims_are_wrong && dfota_claims(pair, &map, &claims) != 0);
    free(map.items);
    if (result == 0) {
        result = dfota_regions(pair, blocks, &claims, &regions) != 0 ||
                 lay_out(pair, blocks, &regions, answers, &gain) != 0;
    }
    if (result == 0 && claims.count > 0 && !pair->claims_are_right) { /* perhaps votes alone know better */
        claims.count = 0;
        regions.count = 0;
        result = dfota_regions(pair, blocks, &claims, &regions) != 0 ||
                 lay_out(pair, blocks, &regions, other_answers, &other_gain) != 0;
        if (result == 0 && other_gain > gain) {
            for (i = 0; i < DFOTA_LAYOUT_COUNT; i++) {
                if (answers[i] != NULL) {
                    const dfota_segments kept = *answers[i];
                    *answers[i] = others[i];
                    others[i] = kept;
                }
            }
            pair->claims_are_wrong = 1;
        }
        pair->claims_are_right = !pair->claims_are_wrong;
    }
    free(claims.items);
    free(regions.items);
    for (i = 0; i < DFOTA_LAYOUT_COUNT; i++) {
        free(others[i].items);
    }
    return result;
}
