/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The content of a patch's body: units of copies and bytes of gaps, both ways by the same
 * code, with either coder. It knows nothing of maps, files or the range coder.
 */
#ifndef DFOTA_CONTENT_H
#define DFOTA_CONTENT_H

#include "dfota_adaptive.h"

/** 1 compiles the mixing coder in: patches of profile `max` can be applied. */
#ifndef DFOTA_PATCH_WITH_MIXING
#define DFOTA_PATCH_WITH_MIXING 1
#endif

#if DFOTA_PATCH_WITH_MIXING
#include "dfota_mixing.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a gap that are stored together, or modelled together. */
#define DFOTA_CHUNK_SIZE 4096u
/** Shorter rests of a gap are always modelled. */
#define DFOTA_CHUNK_MIN 256u
/** After so many equal bytes in a gap, the number of further ones is coded at once. */
#define DFOTA_FILL_AFTER 8u

/** With the mixing coder: after so many units as predicted, the rest of the run is coded at once. */
#define DFOTA_CONTENT_RUN_LIMIT 4096u

/** Only coding asks: whether these bytes of a gap are better stored. */
typedef unsigned (*dfota_is_noise)(const uint8_t *bytes, uint32_t size);

/** Where the content stands; `adaptive` or `mixing` is the coder. */
typedef struct dfota_content {
    dfota_adaptive *adaptive;
#if DFOTA_PATCH_WITH_MIXING
    dfota_mixing *mixing;
    uint32_t run;  /* units in a row that were as predicted */
    uint32_t sure; /* units that are known to be; then comes one that is not */
    uint8_t sure_wrong;
    uint8_t endless; /* all units to come are as predicted */
    dfota_bit ends;
    dfota_number_model run_length;
#endif
    dfota_is_noise is_noise; /* NULL: decoding */
    uint32_t chunk_left; /* bytes up to the next decision whether to store */
    uint32_t fill_left;  /* repetitions of `last` to come */
    uint8_t coding;      /* whether bytes are input */
    uint8_t stored;
    uint8_t equal; /* how many of the gap's last bytes are `last` */
    uint8_t last;
    dfota_bit is_stored;
    dfota_number_model fill;
} dfota_content;

/* Begin to code, or with NULL to decode; the caller sets the coder. */
void dfota_content_begin(dfota_content *content, dfota_is_noise is_noise);

/** No block follows. */
#define DFOTA_CONTENT_NOWHERE 0xffffffffu

/*
 * A gap of `length` bytes begins: the block before would go on in old at `from`, the next one
 * begins in old at `next_from`.
 */
void dfota_content_gap_begin(dfota_content *content, uint32_t length, uint32_t from,
                             uint32_t next_from);

/* A block begins. */
void dfota_content_block(dfota_content *content, const dfota_block *block);

/*
 * Code some of the `left` bytes that the gap still has, at most `room`; coding looks at all
 * of `left`. Returns how many; 0 where what was decoded is longer than the gap, or where the
 * coder failed.
 */
uint32_t dfota_content_gap(dfota_content *content, dfota_code_bit code, void *coder,
                           uint32_t left, uint8_t *bytes, uint32_t room);

/* Code a unit of a copy; see dfota_adaptive_unit(). Returns 0, or nonzero if the coder failed. */
int dfota_content_unit(dfota_content *content, dfota_code_bit code, void *coder,
                       const dfota_unit *unit, uint32_t ahead, uint8_t *actual);

#ifdef __cplusplus
}
#endif

#endif
