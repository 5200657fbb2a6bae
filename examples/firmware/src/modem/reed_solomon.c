/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The outer code: Reed-Solomon (255, 223) over GF(256), 0x11D, roots from the power 0. */
#include "modem.h"

#define PARITY (REED_SOLOMON_SIZE - REED_SOLOMON_DATA)
#define ERRORS_MAX (PARITY / 2)

static const uint8_t POWER[510] = {
#include "field_power.inc"
};
static const uint8_t LOGARITHM[256] = {
#include "field_logarithm.inc"
};

static uint8_t multiply(uint8_t left, uint8_t right)
{
    return left == 0u || right == 0u ? 0u : POWER[LOGARITHM[left] + LOGARITHM[right]];
}

static uint8_t divide(uint8_t left, uint8_t right)
{
    return left == 0u ? 0u : POWER[LOGARITHM[left] + 255 - LOGARITHM[right]];
}

static void make_generator(uint8_t generator[PARITY + 1])
{
    memset(generator, 0, PARITY + 1);
    generator[0] = 1;
    for (unsigned root = 0; root < PARITY; root++) {
        for (unsigned i = root + 1u; i > 0u; i--) {
            generator[i] = (uint8_t)(generator[i] ^ multiply(generator[i - 1u], POWER[root]));
        }
    }
}

void reed_solomon_encode(uint8_t block[REED_SOLOMON_SIZE])
{
    uint8_t generator[PARITY + 1];
    uint8_t rest[PARITY] = {0};

    make_generator(generator);
    for (unsigned i = 0; i < REED_SOLOMON_DATA; i++) {
        uint8_t factor = block[i] ^ rest[0];

        memmove(rest, rest + 1, PARITY - 1);
        rest[PARITY - 1] = 0;
        for (unsigned j = 0; j < PARITY; j++) {
            rest[j] ^= multiply(generator[j + 1u], factor);
        }
    }
    memcpy(block + REED_SOLOMON_DATA, rest, PARITY);
}

static bool find_syndromes(const uint8_t *block, uint8_t syndromes[PARITY])
{
    uint8_t any = 0;

    for (unsigned root = 0; root < PARITY; root++) {
        uint8_t value = 0;

        for (unsigned i = 0; i < REED_SOLOMON_SIZE; i++) {
            value = block[i] ^ multiply(value, POWER[root]);
        }
        syndromes[root] = value;
        any |= value;
    }
    return any != 0u;
}

/* Berlekamp and Massey: the shortest recurrence that makes the syndromes. */
static unsigned find_locator(const uint8_t syndromes[PARITY], uint8_t locator[PARITY + 1])
{
    uint8_t previous[PARITY + 1] = {1};
    uint8_t copy[PARITY + 1];
    uint8_t last = 1;
    unsigned length = 0;
    unsigned shift = 1;

    memset(locator, 0, PARITY + 1);
    locator[0] = 1;
    for (unsigned n = 0; n < PARITY; n++) {
        uint8_t discrepancy = syndromes[n];
        uint8_t factor;

        for (unsigned i = 1; i <= length; i++) {
            discrepancy ^= multiply(locator[i], syndromes[n - i]);
        }
        if (discrepancy == 0u) {
            shift++;
            continue;
        }
        memcpy(copy, locator, sizeof(copy));
        factor = divide(discrepancy, last);
        for (unsigned i = 0; i + shift <= PARITY; i++) {
            locator[i + shift] ^= multiply(factor, previous[i]);
        }
        if (2u * length <= n) {
            length = n + 1u - length;
            memcpy(previous, copy, sizeof(previous));
            last = discrepancy;
            shift = 1;
        } else {
            shift++;
        }
    }
    return length;
}

static uint8_t evaluate(const uint8_t *polynomial, unsigned size, unsigned power)
{
    uint8_t value = 0;

    for (unsigned i = size; i-- > 0u;) {
        value = polynomial[i] ^ multiply(value, POWER[power]);
    }
    return value;
}

int reed_solomon_decode(uint8_t block[REED_SOLOMON_SIZE])
{
    uint8_t syndromes[PARITY];
    uint8_t locator[PARITY + 1];
    uint8_t evaluator[PARITY] = {0};
    uint8_t mended[REED_SOLOMON_SIZE];
    unsigned count;
    unsigned found = 0;

    if (!find_syndromes(block, syndromes)) {
        return 0;
    }
    count = find_locator(syndromes, locator);
    if (count > ERRORS_MAX) {
        return -1;
    }
    for (unsigned i = 0; i < PARITY; i++) {
        for (unsigned j = 0; j <= count && j <= i; j++) {
            evaluator[i] ^= multiply(locator[j], syndromes[i - j]);
        }
    }
    memcpy(mended, block, sizeof(mended));
    for (unsigned place = 0; place < REED_SOLOMON_SIZE; place++) {
        unsigned inverse = (255u - place) % 255u;
        uint8_t slope = 0;

        if (evaluate(locator, count + 1u, inverse) != 0u) {
            continue;
        }
        for (unsigned i = 1; i <= count; i += 2) {
            slope ^= multiply(locator[i], POWER[inverse * (i - 1u) % 255u]);
        }
        if (slope == 0u) {
            return -1;
        }
        found++;
        mended[REED_SOLOMON_SIZE - 1u - place] ^=
            multiply(POWER[place], divide(evaluate(evaluator, PARITY, inverse), slope));
    }
    if (found != count || find_syndromes(mended, syndromes)) {
        return -1;
    }
    memcpy(block, mended, sizeof(mended));
    return (int)count;
}
