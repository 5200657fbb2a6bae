/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Spectrum of received samples: a window and a fixed-point Fourier transform (Q15, radix 2). */
#include "modem.h"

#define SAMPLE_RATE_HZ 1920000u /* of one LTE carrier of 1.4 MHz */
#define STAGES 9u

static const int16_t SINE[1024] = {
#include "sine.inc"
};
static const int16_t WINDOW[SPECTRUM_SIZE] = {
#include "window.inc"
};
static const uint16_t REVERSE[SPECTRUM_SIZE] = {
#include "bit_reverse.inc"
};
static const int16_t DECIBELS[256] = {
#include "decibels.inc"
};

static int16_t product(int16_t left, int16_t right)
{
    return (int16_t)(((int32_t)left * right + 0x4000) >> 15);
}

void spectrum_tone(uint32_t frequency_hz, int16_t *samples)
{
    uint32_t step = (uint32_t)(((uint64_t)frequency_hz << 32) / SAMPLE_RATE_HZ);
    uint32_t phase = 0;

    for (unsigned n = 0; n < SPECTRUM_SIZE; n++, phase += step) {
        samples[n] = SINE[phase >> 22];
    }
}

void spectrum_window(int16_t *samples)
{
    for (unsigned n = 0; n < SPECTRUM_SIZE; n++) {
        samples[n] = product(samples[n], WINDOW[n]);
    }
}

/* Each stage halves, so that the result is the transform divided by its size and never overflows. */
void spectrum_transform(int16_t *real, int16_t *imaginary)
{
    for (unsigned n = 0; n < SPECTRUM_SIZE; n++) {
        unsigned other = REVERSE[n];

        if (other > n) {
            int16_t keep = real[n];

            real[n] = real[other];
            real[other] = keep;
            keep = imaginary[n];
            imaginary[n] = imaginary[other];
            imaginary[other] = keep;
        }
    }
    for (unsigned stage = 0; stage < STAGES; stage++) {
        unsigned half = 1u << stage;
        unsigned stride = 512u >> stage;

        for (unsigned k = 0; k < half; k++) {
            int16_t cosine = SINE[(k * stride + 256u) & 1023u];
            int16_t sine = (int16_t)-SINE[k * stride & 1023u];

            for (unsigned n = k; n < SPECTRUM_SIZE; n += 2u * half) {
                int32_t r = ((int32_t)real[n + half] * cosine - (int32_t)imaginary[n + half] * sine) >> 15;
                int32_t i = ((int32_t)real[n + half] * sine + (int32_t)imaginary[n + half] * cosine) >> 15;

                real[n + half] = (int16_t)((real[n] - r) >> 1);
                imaginary[n + half] = (int16_t)((imaginary[n] - i) >> 1);
                real[n] = (int16_t)((real[n] + r) >> 1);
                imaginary[n] = (int16_t)((imaginary[n] + i) >> 1);
            }
        }
    }
}

uint16_t spectrum_magnitude(int16_t real, int16_t imaginary)
{
    uint32_t square = (uint32_t)((int32_t)real * real) + (uint32_t)((int32_t)imaginary * imaginary);
    uint32_t root = 0;

    for (uint32_t bit = 1u << 30; bit != 0u; bit >>= 2) {
        if (square >= root + bit) {
            square -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint16_t)root;
}

int32_t decibels(uint32_t value)
{
    int32_t result = 0;

    if (value == 0u) {
        return -20000;
    }
    while (value >= 512u) {
        value >>= 1;
        result += 602;
    }
    while (value < 256u) {
        value <<= 1;
        result -= 602;
    }
    return result + DECIBELS[value - 256u] + 8 * 602;
}
