/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the files dfota_plan*.c share: suffixes, candidates, covers, layout. Nobody else
 * includes it.
 */
#ifndef DFOTA_PLAN_PARTS_H
#define DFOTA_PLAN_PARTS_H

#include "dfota_plan.h"

/** Costs are counted in 1/64 bit. */
#define DFOTA_COST_BIT 64

/** Bytes that a search compares at most, so that runs of one byte cost no square of their length. */
#define DFOTA_MATCH_MAX 4096u

typedef struct dfota_suffixes {
    const uint8_t *text;
    uint32_t size;
    uint32_t *order;      /* where the suffixes begin, in order of what they say */
    uint32_t *bucket_at;  /* of 0x10000: suffixes with these first two bytes, from here ... */
    uint32_t *bucket_end; /* ... up to here */
} dfota_suffixes;

/** Instruction sets that an image may mix. */
#define DFOTA_PLAN_ISA_MAX 5u

/** New at `at` resembles old at `from`. */
typedef struct dfota_candidate {
    uint32_t at;
    uint32_t from;
} dfota_candidate;

typedef struct dfota_candidates {
    dfota_candidate *items;
    uint32_t count;
    uint32_t room;
} dfota_candidates;

typedef struct dfota_blocks {
    dfota_block *items;
    uint32_t count;
    uint32_t room;
} dfota_blocks;

typedef struct dfota_segments {
    dfota_segment *items;
    uint32_t count;
    uint32_t room;
} dfota_segments;

/** The images, as they are and as they compare. */
typedef struct dfota_pair {
    const uint8_t *old_image;
    const uint8_t *new_image;
    const uint8_t *old_seen; /* what is compared: the images, or what prediction makes of them */
    const uint8_t *new_seen;
    uint32_t old_size;
    uint32_t new_size;
    uint16_t *literal_costs; /* of 0x10000: byte after byte */
    const dfota_plan_options *options;
    uint8_t isas[DFOTA_PLAN_ISA_MAX]; /* instruction sets that were found */
    uint32_t isa_count;
    int claims_are_wrong;    /* whether headers were found to lie ... */
    int claims_are_right;    /* ... or not */
    uint32_t done;           /* progress, of `total` */
    uint32_t total;
    int cancelled;
} dfota_pair;

/* Report `steps` more; nonzero to stop. From the calling thread only. */
int dfota_pair_progress(dfota_pair *pair, uint32_t steps);
/* Whether to stop; from any thread. */
int dfota_pair_is_cancelled(const dfota_pair *pair);

/* -- dfota_plan_share.c */
/* Item `item` of some that do not depend on each other; 0 on success. */
typedef int (*dfota_work)(void *ctx, uint32_t item, int is_caller);
/* Do all items, on two threads if there are; 0 if all were done. */
int dfota_share(dfota_work work, void *ctx, uint32_t count);

/* -- dfota_plan_suffix.c: all of these are 0 on success, and free what they began on failure */
int dfota_suffixes_sort(uint32_t *order, const uint8_t *text, uint32_t size);
/* Stops early, as a failure, if `pair` is not NULL and is cancelled. */
int dfota_suffixes_begin(dfota_suffixes *suffixes, const uint8_t *text, uint32_t size,
                         dfota_pair *pair);
void dfota_suffixes_free(dfota_suffixes *suffixes);
/* The longest match of `wanted`; of equal ones that nearest to `near`. At most DFOTA_MATCH_MAX. */
uint32_t dfota_suffixes_match(const dfota_suffixes *suffixes, const uint8_t *wanted, uint32_t most,
                              uint32_t near, uint32_t *from);

/* -- dfota_plan_cover.c */
void dfota_literal_costs(dfota_pair *pair);
/*
 * The cheapest copy map for the images as they compare. Candidates come from `known` (sorted
 * by `at`) and, unless NULL, from `suffixes` of old_seen; these are added to `found`, unless NULL.
 * `toll` is added to the cost of each block.
 */
int dfota_cover(dfota_pair *pair, const dfota_suffixes *suffixes, const dfota_candidates *known,
                dfota_candidates *found, int toll, dfota_blocks *blocks);

/* -- dfota_plan_see.c */
/* What is done with each unit of a walk; the predictor has not learned it yet. */
typedef void (*dfota_unit_use)(void *ctx, const dfota_predictor *predictor, const dfota_unit *unit,
                               const uint8_t *actual);
/* The copy map as predictors want it: sorted by `from`. */
int dfota_map_sort(dfota_blocks *map, const dfota_blocks *blocks);
/* Predict `pieces` by `map` and `segments`, in their order. */
int dfota_walk(const dfota_pair *pair, const dfota_blocks *map, const dfota_blocks *pieces,
               const dfota_segments *segments, unsigned correction_bits, dfota_unit_use use,
               void *ctx);
/* About how many 1/64 bits a unit costs that is coded as `seen` and turns out to be `actual`. */
int dfota_unit_cost(const uint8_t *seen, const uint8_t *actual, uint32_t length);
/* About how many 1/64 bits the whole patch costs; 0 if memory is short. */
uint64_t dfota_estimate(dfota_pair *pair, const dfota_blocks *blocks,
                        const dfota_segments *segments);
/* Fill old_seen and new_seen: images where references that lead to the same place look the same. */
int dfota_see(dfota_pair *pair, const dfota_blocks *blocks, const dfota_segments *segments,
              uint8_t *old_seen, uint8_t *new_seen);
/* Mark the blocks that are better off without prediction. */
int dfota_mark_plain(const dfota_pair *pair, dfota_blocks *blocks, const dfota_segments *segments);

/* -- dfota_plan_layout.c */
/** How much detail a layout has, and how far a map is trusted that was made without knowing it. */
typedef enum dfota_layout_how {
    DFOTA_LAYOUT_FINE = 0,
    DFOTA_LAYOUT_COARSE = 1,  /* no detail that may be the map's mistake */
    DFOTA_LAYOUT_DOUBTFUL = 2 /* the same, and what argues against prediction counts less */
} dfota_layout_how;
#define DFOTA_LAYOUT_COUNT 3u
/*
 * What old is made of, judged by the references that `blocks` (sorted by `at`) moved; in each of
 * these ways, where the answer is not NULL.
 */
int dfota_layout(dfota_pair *pair, const dfota_blocks *blocks,
                 dfota_segments *const answers[DFOTA_LAYOUT_COUNT]);

/* -- dfota_plan_headers.c */
/* Regions of old and where headers claim that they are linked to; `map` is sorted by `from`. */
int dfota_claims(const dfota_pair *pair, const dfota_blocks *map, dfota_segments *regions);

/* -- dfota_plan_base.c */
/*
 * Regions of old and the addresses they are linked to, as changed pointers tell: whole old where
 * `claims` is empty, else those and what lies between them. `blocks` are sorted by `at`.
 */
int dfota_regions(const dfota_pair *pair, const dfota_blocks *blocks, const dfota_segments *claims,
                  dfota_segments *regions);

/* Append one; 0 on success. */
int dfota_segments_add(dfota_segments *segments, const dfota_segment *segment);
int dfota_blocks_add(dfota_blocks *blocks, uint32_t at, uint32_t from, uint32_t length);

#endif
