/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Decide, on a host, which stretches of old make up new, and what old is made of: segments,
 * instruction sets, load addresses. It uses the heap and codes nothing.
 */
#ifndef DFOTA_PLAN_H
#define DFOTA_PLAN_H

#include "dfota_predict.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dfota_plan {
    dfota_segment *segments; /* sorted by begin */
    uint32_t segment_count;
    dfota_block *blocks;     /* sorted by at, never overlapping in new */
    uint32_t block_count;
} dfota_plan;

typedef struct dfota_plan_options {
    unsigned effort;         /* 0: one matching, as fast as bsdiff; 1: several, the best kept, two threads */
    uint32_t block_max;      /* most blocks that the decoder has room for; 0: no limit */
    uint32_t segment_max;    /* most segments; 0: no limit */
    uint32_t isas;           /* instruction sets that may be used, one bit each */
    uint32_t in_place_sector;/* 0, or: sector size; old bytes that were overwritten cannot be copied */
    uint32_t in_place_spare; /* how far old was moved up before new is written over it */
    /* Returns nonzero to stop; `done` of `total`. May be called from the calling thread only. */
    int (*progress)(void *ctx, uint32_t done, uint32_t total);
    void *ctx;
} dfota_plan_options;

/* 0 on success; the plan is freed by dfota_plan_free(). Deterministic: same images and options, same plan. */
int dfota_plan_make(dfota_plan *plan, const uint8_t *old_image, uint32_t old_size,
                    const uint8_t *new_image, uint32_t new_size, const dfota_plan_options *options);
void dfota_plan_free(dfota_plan *plan);

#ifdef __cplusplus
}
#endif

#endif
