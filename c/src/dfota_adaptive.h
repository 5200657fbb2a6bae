/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The adaptive coder of profiles `balanced` and `embedded`: a few models vote on each bit,
 * integers only. The same code codes and decodes. It knows nothing of files, headers or maps.
 */
#ifndef DFOTA_ADAPTIVE_H
#define DFOTA_ADAPTIVE_H

#include "dfota_predict.h"
#include "dfota_range.h"

#ifdef __cplusplus
extern "C" {
#endif

/** One adaptive bit of 16 bits: probability of 1 in the upper 12, times seen (up to 15) below. */
typedef uint16_t dfota_bit;

/** One adaptive bit of 32 bits: probability of 1 in the upper 22, times seen below. */
typedef uint32_t dfota_fine_bit;

/** A number of at least 1: how many bits it has, its leading bits, its two lowest bits. */
typedef struct dfota_number_model {
    dfota_bit length[32];
    dfota_bit lead[32][4];
    dfota_bit low[4][4];
} dfota_number_model;

/** An adaptive bit that is found by a hash. */
typedef struct dfota_slot {
    uint16_t check;
    dfota_bit bit;
} dfota_slot;

/** What the header declares for this coder. */
typedef struct dfota_adaptive_options {
    uint8_t slot_bits;   /* 2^slot_bits adaptive bits of 4 bytes (8..22) */
    uint8_t memory_bits; /* 2^memory_bits remembered replacements of 8 bytes (2..16) */
} dfota_adaptive_options;

/** Bounds of the options. */
#define DFOTA_ADAPTIVE_SLOT_BITS_MIN 8u
#define DFOTA_ADAPTIVE_SLOT_BITS_MAX 22u
#define DFOTA_ADAPTIVE_MEMORY_BITS_MIN 2u
/** Largest weight of a vote, in units of 1/65536. */
#define DFOTA_ADAPTIVE_WEIGHT_MAX (64 * 65536)
#define DFOTA_ADAPTIVE_MEMORY_BITS_MAX 16u

/** From so many slots (as bits) on, more models vote on each literal. */
#define DFOTA_ADAPTIVE_RICH_BITS 15u

/** After so many right units in a row, the length of the rest of the run is coded at once. */
#define DFOTA_ADAPTIVE_RUN_LIMIT 1024u

/** Most votes on one bit. */
#define DFOTA_ADAPTIVE_VOTES 8u

/** Kinds of units that are told apart: 0, 1 to 8, all others of instructions, the two of words. */
#define DFOTA_ADAPTIVE_KINDS 12u

/** What was once put in the place of old bytes. */
typedef struct dfota_replacement {
    uint32_t raw;
    uint32_t actual;
} dfota_replacement;

/** The coder's state; no pointers. Slots and replacements follow it in memory. */
typedef struct dfota_adaptive {
    uint32_t history[2]; /* last eight bytes of new, the last one lowest */
    uint32_t position;   /* bytes of new so far */
    uint32_t steps;      /* by how much the last four bytes of wrong units were wrong */
    uint32_t changes;    /* the last two of these that were not 0 */
    uint32_t run;        /* right units in a row */
    uint32_t sure;       /* units that are known to be right; then comes a wrong one */
    uint8_t sure_wrong;
    uint8_t endless; /* all units to come are right */
    uint8_t hits;     /* last eight units, newest in bit 0; 1 = wrong */
    uint8_t since;    /* bytes since the last wrong unit, at most 255 */
    uint8_t kinds[DFOTA_ADAPTIVE_KINDS]; /* last two units of each kind; 1 = wrong */
    dfota_adaptive_options options;
    dfota_fine_bit wrong_kind[DFOTA_ADAPTIVE_KINDS][DFOTA_TRUST_COUNT * 2][4];
    dfota_fine_bit wrong_history[2][64];
    dfota_fine_bit wrong_run[12][DFOTA_TRUST_COUNT * 2];
    dfota_fine_bit wrong_place[4][12][4];
    dfota_bit is_raw[DFOTA_ADAPTIVE_KINDS][DFOTA_TRUST_COUNT];
    dfota_bit is_known[DFOTA_ADAPTIVE_KINDS][2];
    dfota_bit ends;
    int32_t unit_weights[DFOTA_ADAPTIVE_KINDS][DFOTA_ADAPTIVE_VOTES];
    int32_t byte_weights[16][DFOTA_ADAPTIVE_VOTES];
    int32_t literal_weights[DFOTA_ADAPTIVE_VOTES];
    dfota_number_model run_length;
} dfota_adaptive;

/* Code an adaptive bit. */
unsigned dfota_code_plain(dfota_code_bit code, void *coder, dfota_bit *model, unsigned bit);

/* Code `depth` bits, the most significant first; `tree` has 1 << depth entries. */
unsigned dfota_code_tree(dfota_code_bit code, void *coder, dfota_bit *tree, unsigned depth,
                         unsigned value);

/* Code a number of 1 to 2^31 - 1; `phase` (0..3) chooses the model of the two lowest bits. */
uint32_t dfota_code_number(dfota_code_bit code, void *coder, dfota_number_model *model,
                           unsigned phase, uint32_t value);

/* Set `count` adaptive bits to one half, never seen. */
void dfota_bits_reset(dfota_bit *bits, size_t count);

/** Bytes of memory for these options; 0 if they are out of bounds. */
size_t dfota_adaptive_size(const dfota_adaptive_options *options);

/** Prepare `memory` (of dfota_adaptive_size() bytes, aligned for uint32_t). */
dfota_adaptive *dfota_adaptive_begin(void *memory, const dfota_adaptive_options *options);

/** Whether the next unit needs `ahead` if coded: how many right units follow. */
static inline int dfota_adaptive_wants_run(const dfota_adaptive *adaptive)
{
    return adaptive->run >= DFOTA_ADAPTIVE_RUN_LIMIT && adaptive->sure == 0 &&
           !adaptive->sure_wrong && !adaptive->endless;
}

/** As `ahead`: no wrong unit follows. */
#define DFOTA_ADAPTIVE_ENDLESS 0xffffffffu

/**
 * Code the bytes of one unit of a copy: `actual` is input (coding) or output (decoding).
 * `ahead`: how many units from this one on are right; only coding looks at it.
 */
void dfota_adaptive_unit(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                         const dfota_unit *unit, uint32_t ahead, uint8_t *actual);

/** Code one byte of a gap. */
uint8_t dfota_adaptive_literal(dfota_adaptive *adaptive, dfota_code_bit code, void *coder,
                               uint8_t actual);

/** The bytes of new that were made without this coder. */
void dfota_adaptive_skip(dfota_adaptive *adaptive, const uint8_t *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
