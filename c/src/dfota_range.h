/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * How the range coder of patch format 2 divides its interval; no I/O, no state of its own.
 */
#ifndef DFOTA_RANGE_H
#define DFOTA_RANGE_H

#include <stdint.h>

/** The coder keeps its range at or above this. */
#define DFOTA_RANGE_MIN 0x01000000u

/** Zero bytes at the end of every body that are not stored. */
#define DFOTA_RANGE_TAIL 3u

/**
 * Code one bit whose probability of being 1 is `one` / 65536 (1..65535).
 * An encoder writes `bit` and returns it; a decoder ignores `bit` and returns what it read.
 */
typedef unsigned (*dfota_code_bit)(void *coder, uint32_t one, unsigned bit);

/** Which value is the rarer one, if 1 has probability `one` / 65536. */
static inline unsigned dfota_range_rare(uint32_t one)
{
    return one < 0x8000u ? 1u : 0u;
}

/** What the rarer value gets of `range`; it lies at the bottom, the other gets all the rest. */
static inline uint32_t dfota_range_split(uint32_t range, uint32_t one)
{
    return (range >> 16) * (one < 0x8000u ? one : 0x10000u - one);
}

#endif
