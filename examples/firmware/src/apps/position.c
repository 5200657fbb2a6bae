/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Positions from NMEA 0183 sentences, in millionths of a degree; no floating point. */
#include "apps.h"

#define FIELDS_MAX 16u

static bool checksum_matches(const char *sentence)
{
    uint8_t sum = 0;
    uint8_t stated[1];
    char digits[3] = {0};

    for (; *sentence != '\0' && *sentence != '*'; sentence++) {
        sum ^= (uint8_t)*sentence;
    }
    if (*sentence != '*' || text_size(sentence, 4) < 3u) {
        return false;
    }
    memcpy(digits, sentence + 1, 2);
    return hex_decode(digits, stated, 1) == 1 && stated[0] == sum;
}

/* A decimal of up to `places` places as an integer, rounded down. */
static int32_t decimal(const char *text, unsigned places)
{
    bool negative = *text == '-';
    int32_t value = 0;

    for (text += negative ? 1 : 0; is_digit(*text); text++) {
        value = value * 10 + (*text - '0');
    }
    if (*text == '.') {
        text++;
    }
    for (; places > 0u; places--) {
        value *= 10;
        if (is_digit(*text)) {
            value += *text++ - '0';
        }
    }
    return negative ? -value : value;
}

/* "4807.038" is 48 degrees and 7.038 minutes. */
static int32_t degrees_micro(const char *text, char half)
{
    int32_t minutes = decimal(text, 4); /* ddmm.mmmm as dddmmmmmm */
    int32_t degrees = minutes / 1000000;
    int32_t rest = minutes % 1000000;
    int32_t micro = degrees * 1000000 + rest * 5 / 3;

    return half == 'S' || half == 'W' ? -micro : micro;
}

bool position_parse(const char *sentence, struct position *position)
{
    const char *fields[FIELDS_MAX];
    size_t count = 0;
    int32_t time;

    if (*sentence++ != '$' || !checksum_matches(sentence)) {
        return false;
    }
    fields[count++] = sentence;
    for (; *sentence != '*'; sentence++) {
        if (*sentence == ',' && count < FIELDS_MAX) {
            fields[count++] = sentence + 1;
        }
    }
#if RELEASE >= 19
    /* The first two letters name the constellation: GP, GL, GA, GN; 01.018 knew GP alone. */
    if (count < 10u || fields[0][0] != 'G' || strncmp(fields[0] + 2, "GGA", 3) != 0 || fields[6][0] == '0') {
        return false;
    }
#else
    if (count < 10u || strncmp(fields[0], "GPGGA", 5) != 0 || fields[6][0] == '0') {
        return false;
    }
#endif
    time = decimal(fields[1], 0);
    position->second_of_day = (uint32_t)(time / 10000 * 3600 + time / 100 % 100 * 60 + time % 100);
    position->latitude_micro = degrees_micro(fields[2], fields[3][0]);
    position->longitude_micro = degrees_micro(fields[4], fields[5][0]);
    position->satellites = (unsigned)decimal(fields[7], 0);
    position->altitude_milli = decimal(fields[9], 3);
    return true;
}

static uint32_t square_root(uint64_t square)
{
    uint64_t root = 0;

    for (uint64_t bit = 1ull << 62; bit != 0u; bit >>= 2) {
        if (square >= root + bit) {
            square -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)root;
}

/* Cosine in thousandths for whole degrees 0 to 90, by Bhaskara's formula. */
static int32_t cosine_milli(int32_t degrees)
{
    int32_t square = degrees * degrees;

    degrees = degrees < 0 ? -degrees : degrees;
    return 1000 * (32400 - 4 * square) / (32400 + square);
}

uint32_t position_distance(const struct position *from, const struct position *to)
{
    int64_t north = to->latitude_micro - (int64_t)from->latitude_micro;
    int64_t east = to->longitude_micro - (int64_t)from->longitude_micro;

    east = east * cosine_milli(from->latitude_micro / 1000000) / 1000;
    /* One millionth of a degree is 111.32 mm on the ground. */
    return square_root((uint64_t)(north * north + east * east) * 12392u / 1000000u);
}
