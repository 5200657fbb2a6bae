/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the applier and the creator must agree on, bit by bit: the adaptive model of patch
 * format 1. No I/O, no state of its own. Every change here is a new format version.
 */
#ifndef DFOTA_MODEL_H
#define DFOTA_MODEL_H

#include <stddef.h>
#include <stdint.h>

/** Format version that this code reads and writes. */
#define DFOTA_PATCH_VERSION 1u

/** Largest image, in bytes, old or new: 1 GiB. */
#define DFOTA_PATCH_IMAGE_MAX 0x40000000u

/** Longest header: magic 4, version 1, two sizes of 5, two digests of 32, check 4. */
#define DFOTA_PATCH_HEADER_MAX 83u

/** Displacements that a copy can name by index. */
#define DFOTA_RECENT_COUNT 4u

/** After so many equal bytes in a row the length of the rest of the run is coded at once. */
#define DFOTA_RUN_LIMIT 32u

/** The range coder keeps its range at or above this. */
#define DFOTA_RANGE_MIN 0x01000000u

/** Where a copy comes from; 0 to 3 name a recent displacement. */
enum { DFOTA_KIND_EXPLICIT = 4, DFOTA_KIND_FILL = 5, DFOTA_KIND_COUNT = 6 };

/** One adaptive bit: probability of 0 in the upper 12 bits, times seen (up to 15) below. */
typedef uint16_t dfota_bit;

/** An unsigned number: its bit length as a tree, its three leading bits as trees. */
typedef struct dfota_number_model {
    dfota_bit length[32];
    dfota_bit lead[32][8];
} dfota_number_model;

/** Everything that adapts; all members are dfota_bit, so that it can be reset as one array. */
typedef struct dfota_model {
    dfota_number_model literal_length;
    dfota_number_model copy_length;
    dfota_number_model shift;
    dfota_number_model run_length;
    dfota_bit kind[3][8];
    dfota_bit backward;
    dfota_bit run_to_end;
    dfota_bit miss[4][264];
    dfota_bit again[3][2];
    dfota_bit residual[3][256];
    dfota_bit literal_high[256][16];
    dfota_bit literal_low[16][16][16];
} dfota_model;

/** Where the difference coder stands inside one copy. */
typedef struct dfota_history {
    uint8_t misses;   /* last eight bytes, newest in bit 0; 1 = the byte differed */
    uint8_t run;      /* equal bytes since the last miss, at most DFOTA_RUN_LIMIT */
    uint8_t burst;    /* misses in a row before this byte, at most 2 */
    uint8_t repeated; /* whether the last residual was a repetition */
} dfota_history;

static inline void dfota_model_reset(dfota_model *model)
{
    dfota_bit *bits = (dfota_bit *)(void *)model;
    size_t i;
    for (i = 0; i < sizeof *model / sizeof *bits; i++) {
        bits[i] = 0x8000u;
    }
}

/** Move the probability of `bit` towards the value that was seen. */
static inline void dfota_bit_learn(dfota_bit *bit, unsigned value)
{
    /* 65536 / (times seen + 2), rounded: the running mean of the last 17 at most. */
    static const uint16_t rate[16] = {32768, 21845, 16384, 13107, 10923, 9362, 8192, 7282,
                                      6554,  5958,  5461,  5041,  4681,  4369, 4096, 3855};
    const uint32_t seen = *bit & 15u;
    uint32_t zero = (uint32_t)*bit >> 4;
    if (value) {
        zero -= (zero * rate[seen]) >> 16;
    } else {
        zero += ((4096u - zero) * rate[seen]) >> 16;
    }
    *bit = (dfota_bit)((zero << 4) | (seen < 15u ? seen + 1u : 15u));
}

static inline void dfota_history_begin(dfota_history *history)
{
    history->misses = 0;
    history->run = 0;
    history->burst = 0;
    history->repeated = 0;
}

/** Which of the 264 hit-or-miss contexts applies; the row is the new offset modulo 4. */
static inline unsigned dfota_history_context(const dfota_history *history)
{
    return history->run < 8u ? history->misses : 256u + (history->run - 8u) / 4u;
}

static inline void dfota_history_hit(dfota_history *history)
{
    history->misses = (uint8_t)(history->misses << 1);
    history->burst = 0;
    if (history->run < DFOTA_RUN_LIMIT) {
        history->run++;
    }
}

static inline void dfota_history_miss(dfota_history *history)
{
    history->misses = (uint8_t)((history->misses << 1) | 1);
    history->run = 0;
    if (history->burst < 2u) {
        history->burst++;
    }
}

/** Which of the three kind trees applies after a literal run of this length. */
static inline unsigned dfota_kind_context(uint32_t literal_length)
{
    return literal_length == 0 ? 0u : literal_length <= 8u ? 1u : 2u;
}

/** Put `displacement` first; `index` is where it stood, DFOTA_RECENT_COUNT if nowhere. */
static inline void dfota_recent_use(int32_t recent[DFOTA_RECENT_COUNT], unsigned index,
                                    int32_t displacement)
{
    unsigned i = index < DFOTA_RECENT_COUNT ? index : DFOTA_RECENT_COUNT - 1u;
    for (; i > 0; i--) {
        recent[i] = recent[i - 1u];
    }
    recent[0] = displacement;
}

#endif
