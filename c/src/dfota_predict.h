/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What a copied stretch of old will look like in new: every reference is moved to where its
 * target went. It knows segments, the copy map and corrections; it codes nothing.
 */
#ifndef DFOTA_PREDICT_H
#define DFOTA_PREDICT_H

#include "dfota_isa.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a segment holds besides code; part of the patch format. */
#define DFOTA_SEGMENT_POINTERS 1u /* aligned 32-bit words that are addresses of its space */
#define DFOTA_SEGMENT_RELATIVE 2u /* aligned 32-bit words that count from their own address */

/** A stretch of old with one load address; sorted by `begin`, never overlapping. */
typedef struct dfota_segment {
    uint32_t begin;    /* offset in old */
    uint32_t end;
    uint32_t old_base; /* address of an old offset: offset + old_base, modulo 2^32 */
    uint32_t new_base; /* address of a new offset that came from here: offset + new_base */
    uint16_t space;    /* addresses mean the same within one space, a run of neighbouring segments */
    uint8_t isa;
    uint8_t flags;
} dfota_segment;

/** `length` & ~DFOTA_BLOCK_PLAIN bytes of new at `at` resemble old at `from`. */
typedef struct dfota_block {
    uint32_t at;
    uint32_t from;
    uint32_t length;
} dfota_block;
#define DFOTA_BLOCK_PLAIN 0x80000000u /* in `length`: predict no references here */

/** How a prediction came about; contexts for the coders. */
enum {
    DFOTA_TRUST_PLAIN = 0,    /* no reference: the byte as it is in old */
    DFOTA_TRUST_MAPPED = 1,   /* its target lies in a block */
    DFOTA_TRUST_GAP = 2,      /* its target lies between blocks */
    DFOTA_TRUST_OUTSIDE = 3,  /* its target lies in no segment of the space */
    DFOTA_TRUST_LEARNED = 4,  /* this very target was corrected before */
    DFOTA_TRUST_NEAR = 5,     /* a target near it was corrected before */
    DFOTA_TRUST_COUNT = 6
};

typedef struct dfota_correction {
    uint32_t key;
    uint32_t shift;
} dfota_correction;

typedef struct dfota_predictor {
    const dfota_segment *segments;
    uint32_t segment_count;
    const dfota_block *blocks; /* the copy map, sorted by `from` (then by `at`) */
    uint32_t block_count;
    dfota_correction *corrections; /* 2^correction_bits of them, zeroed by the caller */
    unsigned correction_bits;
    /* the copy under way */
    const dfota_segment *segment; /* NULL: plain bytes up to `segment_end` */
    uint32_t segment_end;         /* old offset */
    uint32_t old_offset;
    uint32_t new_offset;
    uint32_t left;
    int plain;
    dfota_scan scan;
    dfota_reference reference;
    uint32_t mapped; /* where the reference would lead without any correction */
    uint32_t moved;  /* where it is taken to lead */
} dfota_predictor;

/** The next bytes of a copy. */
typedef struct dfota_unit {
    uint8_t length;                    /* 1..DFOTA_UNIT_MAX */
    uint8_t isa;
    uint8_t kind;                      /* 0 plain, 1..15 as the ISA says, 16 pointer, 17 relative */
    uint8_t trust;
    uint8_t moved;                     /* whether predicted differs from raw */
    uint8_t raw[DFOTA_UNIT_MAX];       /* as it is in old */
    uint8_t predicted[DFOTA_UNIT_MAX];
} dfota_unit;
#define DFOTA_KIND_POINTER 16u
#define DFOTA_KIND_RELATIVE 17u

/* Begin a copy of old to new (old [from, from+length) lies inside old). */
void dfota_predict_begin(dfota_predictor *predictor, uint32_t at, uint32_t from, uint32_t length, int plain);

/*
 * The next unit: `window` shows old from predictor->old_offset on, `visible` bytes of it:
 * min(DFOTA_SCAN_WINDOW, predictor->left) or more (more changes nothing).
 */
void dfota_predict_next(dfota_predictor *predictor, const uint8_t *window, uint32_t visible, dfota_unit *unit);

/* What the unit's bytes are in new; must follow every dfota_predict_next(). */
void dfota_predict_learn(dfota_predictor *predictor, const dfota_unit *unit, const uint8_t *actual);

/* Where old address `target`, as predictor->segment (not NULL) means it, goes by the map alone;
 * *trust: MAPPED, GAP or OUTSIDE. */
uint32_t dfota_predict_target(const dfota_predictor *predictor, uint32_t target, unsigned *trust);

#ifdef __cplusplus
}
#endif

#endif
