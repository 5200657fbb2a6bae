/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The mixing coder of profile `max`: many models vote on each bit, integers only. The same
 * code codes and decodes. It knows nothing of files, headers or the range coder.
 */
#ifndef DFOTA_MIXING_H
#define DFOTA_MIXING_H

#include "dfota_predict.h"
#include "dfota_range.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What the header declares for this coder. */
typedef struct dfota_mixing_options {
    uint32_t old_size;
    uint32_t new_size;
    unsigned slot_bits;  /* 2^slot_bits slots of 32 bytes (10..18) */
    unsigned index_bits; /* 2^index_bits positions of 4 bytes in the match index (10..20) */
    uint32_t train;      /* bytes of old that the literal models learn before the start */
} dfota_mixing_options;

typedef struct dfota_mixing dfota_mixing;

/** Bytes of memory for these options (any alignment of 64 is enough); 0 if out of bounds. */
size_t dfota_mixing_size(const dfota_mixing_options *options);

/** Fetch exactly `size` bytes of old at `offset`; 0, else failure. */
typedef int (*dfota_mixing_read)(void *ctx, uint32_t offset, uint8_t *buf, size_t size);

/**
 * Prepare `memory` (of dfota_mixing_size() bytes): index old, learn from it. Same for coding
 * and decoding. NULL if reading old failed.
 */
dfota_mixing *dfota_mixing_begin(void *memory, const dfota_mixing_options *options,
                                 dfota_mixing_read read_old, void *ctx);

/** A block begins, or a gap: `from` continues (gap: the block before would go on there in old), `next_from`
 * is where the next block's bytes come from (old offset of its first byte, minus the gap's
 * length, i.e. aligned with the gap's first byte); DFOTA_MIXING_NOWHERE if there is none. */
#define DFOTA_MIXING_NOWHERE 0xffffffffu
void dfota_mixing_block(dfota_mixing *mixing, const dfota_block *block);
void dfota_mixing_gap(dfota_mixing *mixing, uint32_t length, uint32_t from, uint32_t next_from);

/** Code the bytes of one unit of a block: `actual` is input (coding) or output (decoding). */
int dfota_mixing_unit(dfota_mixing *mixing, dfota_code_bit code, void *coder, const dfota_unit *unit,
                      uint8_t *actual);

/** Code one byte of a gap. */
int dfota_mixing_literal(dfota_mixing *mixing, dfota_code_bit code, void *coder, uint8_t *actual);

/** The bytes of new that were made without this coder (stored, or repetitions of one byte). */
void dfota_mixing_skip(dfota_mixing *mixing, const uint8_t *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
