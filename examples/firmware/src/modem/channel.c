/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The channel code: rate 1/2, constraint length 7 (171, 133), with a soft Viterbi decoder. */
#include "modem.h"

#define STATES 64u
#define TAIL_BITS 6u
#define BITS_MAX 2048u

static const uint8_t OUTPUTS[128] = {
#include "viterbi.inc"
};

static uint32_t metrics[2][STATES];
static uint8_t decisions[BITS_MAX][STATES / 8u];

static unsigned bit_at(const uint8_t *data, size_t size, size_t number)
{
    return number < size * 8u ? data[number >> 3] >> (7u - (number & 7u)) & 1u : 0u;
}

size_t channel_encode(const uint8_t *data, size_t size, uint8_t *symbols, size_t room)
{
    size_t bits = size * 8u + TAIL_BITS;
    unsigned reg = 0;

    if (bits > BITS_MAX || bits * 2u > room) {
        return 0;
    }
    for (size_t n = 0; n < bits; n++) {
        reg = reg >> 1 | bit_at(data, size, n) << 6;
        symbols[2u * n] = (OUTPUTS[reg] & 2u) != 0u ? 255 : 0;
        symbols[2u * n + 1u] = (OUTPUTS[reg] & 1u) != 0u ? 255 : 0;
    }
    return bits * 2u;
}

uint32_t channel_decode(const uint8_t *symbols, size_t size, uint8_t *data)
{
    size_t bits = size * 8u + TAIL_BITS;
    unsigned state = 0;
    uint32_t result;

    if (bits > BITS_MAX) {
        return UINT32_MAX;
    }
    memset(metrics[0], 0x3f, sizeof(metrics[0]));
    metrics[0][0] = 0;
    for (size_t n = 0; n < bits; n++) {
        const uint32_t *old = metrics[n & 1u];
        uint32_t *next = metrics[~n & 1u];
        uint32_t cost[4];

        for (unsigned pair = 0; pair < 4; pair++) {
            cost[pair] = ((pair & 2u) != 0u ? 255u - symbols[2u * n] : symbols[2u * n]) +
                         ((pair & 1u) != 0u ? 255u - symbols[2u * n + 1u] : symbols[2u * n + 1u]);
        }
        memset(decisions[n], 0, sizeof(decisions[n]));
        for (unsigned s = 0; s < STATES; s++) {
            /* Register: newest bit on top. State s came from a register whose lowest bit is lost. */
            unsigned low = s << 1;
            uint32_t zero = old[low & 63u] + cost[OUTPUTS[low]];
            uint32_t one = old[(low | 1u) & 63u] + cost[OUTPUTS[low | 1u]];

            if (one < zero) {
                decisions[n][s >> 3] |= (uint8_t)(1u << (s & 7u));
                next[s] = one;
            } else {
                next[s] = zero;
            }
        }
    }
    result = metrics[bits & 1u][0];
    memset(data, 0, size);
    for (size_t n = bits; n-- > 0u;) {
        unsigned lost = decisions[n][state >> 3] >> (state & 7u) & 1u;

        if (n < size * 8u) {
            data[n >> 3] |= (uint8_t)((state >> 5 & 1u) << (7u - (n & 7u)));
        }
        state = (state << 1 | lost) & 63u;
    }
    return result;
}
