/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The head of a patch's body: codes segments and the copy map, both ways by the same code. It
 * knows nothing of content, files or the range coder.
 */
#ifndef DFOTA_MAP_H
#define DFOTA_MAP_H

#include "dfota_adaptive.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Displacements that a block can name by index. */
#define DFOTA_RECENT_COUNT 8u

/** How a block's place in old relates to the end of the block before. */
enum {
    DFOTA_PLACE_SAME = 0,     /* as many bytes of old are passed over as of new */
    DFOTA_PLACE_NEXT = 1,     /* it continues where the block before ended */
    DFOTA_PLACE_FORWARD = 2,  /* further on */
    DFOTA_PLACE_BACKWARD = 3, /* further back */
    DFOTA_PLACE_RECENT = 4,   /* at a recent displacement */
    DFOTA_PLACE_COUNT = 5
};

/** Blocks that are remembered, to expect what followed the like of them. */
#define DFOTA_MAP_MEMORY 64u

/** What is remembered of a block. */
typedef struct dfota_map_block_shape {
    uint32_t gap;          /* bytes of new before it */
    uint32_t displacement; /* from - at, modulo 2^32 */
    uint32_t length;       /* with DFOTA_BLOCK_PLAIN */
} dfota_map_block_shape;

/** What segments and map are coded with; needed while the head is coded only. */
typedef struct dfota_map {
    uint32_t old_size;
    uint32_t new_size;
    uint32_t at;   /* new offset behind the block before */
    uint32_t from; /* old offset behind the block before */
    uint32_t recent[DFOTA_RECENT_COUNT];
    uint8_t place; /* of the block before; DFOTA_PLACE_COUNT: none */
    uint8_t plain;
    uint8_t was_expected;
    uint32_t known; /* blocks so far */
    dfota_map_block_shape shapes[DFOTA_MAP_MEMORY]; /* of block k at k modulo DFOTA_MAP_MEMORY */
    dfota_bit is_gap[DFOTA_PLACE_COUNT + 1][2];
    dfota_bit has_gap;
    dfota_bit place_tree[3][DFOTA_PLACE_COUNT + 1][8];
    dfota_bit recent_tree[8];
    dfota_bit reaches_end;
    dfota_bit is_expected[2][2];
    dfota_bit is_plain[2];
    dfota_bit is_like_before[4];
    dfota_bit isa_tree[16];
    dfota_bit flags_tree[4];
    dfota_bit zeros_tree[32];
    dfota_number_model gap[2];
    dfota_number_model length[3];
    dfota_number_model step[3];
    dfota_number_model extent;
} dfota_map;

/* Begin the head of a patch for images of these sizes. */
void dfota_map_begin(dfota_map *map, uint32_t old_size, uint32_t new_size);

/*
 * Code the next segment (in order of `begin`), `before` is the last one or NULL. 0, or
 * nonzero where what was decoded is no segment.
 */
int dfota_map_segment(dfota_map *map, dfota_code_bit code, void *coder,
                      const dfota_segment *before, dfota_segment *segment);

/*
 * Code the next block (in order of `at`), `is_last` of all. 0, or nonzero where what was
 * decoded lies outside old or new.
 */
int dfota_map_block(dfota_map *map, dfota_code_bit code, void *coder, int is_last,
                    dfota_block *block);

#ifdef __cplusplus
}
#endif

#endif
