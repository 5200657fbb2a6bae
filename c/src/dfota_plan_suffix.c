/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The suffixes of an image in order, by induced sorting (Nong, Zhang, Chan 2009), and the
 * longest match found among them. It decides nothing about which matches are used.
 */
#include "dfota_plan_parts.h"

#include <stdlib.h>
#include <string.h>

#define EMPTY 0xffffffffu
/* How far ahead the induction asks for memory. */
#define AHEAD 24u
/* Neighbours in order that are looked at for an equally long match nearby. */
#define TIES 24u

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#else
#define PREFETCH(address) ((void)0)
#endif

/* -- sorting -------------------------------------------------------------------------- */

/* A text of bytes, or of the names of a level above. */
typedef struct text {
    const uint8_t *bytes;
    const uint32_t *words;
    uint32_t size;
    uint32_t letters;
    dfota_pair *pair; /* asked whether to stop, unless NULL */
} text;

/* How many suffixes are induced between two such questions, less one. */
#define STOP_MASK 0x3ffffu

static uint32_t letter(const text *of, uint32_t at)
{
    return of->bytes != NULL ? of->bytes[at] : of->words[at];
}

/* Where the bucket of each letter begins, or ends. Counted anew each time: it spares an array. */
static void find_buckets(const text *of, uint32_t *buckets, int ends)
{
    uint32_t sum = 0;
    uint32_t i;

    memset(buckets, 0, of->letters * sizeof *buckets);
    for (i = 0; i < of->size; i++) {
        buckets[letter(of, i)]++;
    }
    for (i = 0; i < of->letters; i++) {
        const uint32_t count = buckets[i];
        buckets[i] = ends ? sum + count : sum;
        sum += count;
    }
}

static int is_stopped(const text *of)
{
    return of->pair != NULL && dfota_pair_progress(of->pair, 0) != 0;
}

static void look_ahead(const text *of, uint32_t at)
{
    if (at != EMPTY && at > 0) {
        if (of->bytes != NULL) {
            PREFETCH(of->bytes + at - 1u);
        } else {
            PREFETCH(of->words + at - 1u);
        }
    }
}

/*
 * From the leftmost-smaller suffixes in their buckets, put all others in order: first those
 * larger than their successor, then those smaller. Leaves where each bucket's smaller ones begin.
 * Nonzero to stop.
 */
static int induce(const text *of, uint32_t *buckets, uint32_t *order)
{
    const uint32_t size = of->size;
    uint32_t i;

    find_buckets(of, buckets, 0);
    order[buckets[letter(of, size - 1u)]++] = size - 1u;
    for (i = 0; i < size; i++) {
        const uint32_t at = order[i];
        if ((i & STOP_MASK) == STOP_MASK && is_stopped(of)) {
            return 1;
        }
        if (i + AHEAD < size) {
            look_ahead(of, order[i + AHEAD]);
        }
        if (at != EMPTY && at > 0) {
            const uint32_t before = letter(of, at - 1u);
            if (before >= letter(of, at)) {
                order[buckets[before]++] = at - 1u;
            }
        }
    }
    find_buckets(of, buckets, 1);
    for (i = size; i > 0; i--) {
        const uint32_t at = order[i - 1u];
        if ((i & STOP_MASK) == STOP_MASK && is_stopped(of)) {
            return 1;
        }
        if (i > AHEAD) {
            look_ahead(of, order[i - 1u - AHEAD]);
        }
        if (at != EMPTY && at > 0) {
            const uint32_t before = letter(of, at - 1u);
            if (before <= letter(of, at) && buckets[before] <= i - 1u) {
                /* The suffix at the place of a smaller one has been put elsewhere already. */
                order[--buckets[before]] = at - 1u;
            }
        }
    }
    return 0;
}

/* Place the leftmost-smaller suffixes at the ends of their buckets, in any order. */
static uint32_t place_leftmost(const text *of, uint32_t *buckets, uint32_t *order)
{
    uint32_t count = 0;
    uint32_t at = of->size - 1u;
    int smaller = 0; /* whether the suffix at `at` is smaller than the one behind it */

    find_buckets(of, buckets, 1);
    while (at > 0) {
        const uint32_t here = letter(of, at);
        const uint32_t before = letter(of, at - 1u);
        if (before > here) {
            if (smaller) {
                order[--buckets[here]] = at;
                count++;
            }
            smaller = 0;
        } else if (before < here) {
            smaller = 1;
        }
        at--;
    }
    return count;
}

/* Their positions in order of the text; `positions` is filled from its end at `count`. */
static void list_leftmost(const text *of, uint32_t *positions, uint32_t count)
{
    uint32_t at = of->size - 1u;
    int smaller = 0;

    while (at > 0) {
        const uint32_t here = letter(of, at);
        const uint32_t before = letter(of, at - 1u);
        if (before > here) {
            if (smaller) {
                positions[--count] = at;
            }
            smaller = 0;
        } else if (before < here) {
            smaller = 1;
        }
        at--;
    }
}

static int same_letters(const text *of, uint32_t a, uint32_t b, uint32_t length)
{
    uint32_t i;

    if (of->bytes != NULL) {
        return memcmp(of->bytes + a, of->bytes + b, length) == 0;
    }
    for (i = 0; i < length; i++) {
        if (of->words[a + i] != of->words[b + i]) {
            return 0;
        }
    }
    return 1;
}

/*
 * order[0..count) holds the leftmost-smaller positions sorted up to the next such: put the names
 * of these stretches, in order of the text, into the last `count` words. Returns how many names.
 */
static uint32_t name_leftmost(const text *of, uint32_t *order, uint32_t count)
{
    uint32_t *const names = order + count; /* one for every second position of the text */
    const uint32_t half = of->size / 2u + 1u < of->size - count ? of->size / 2u + 1u
                                                                 : of->size - count;
    uint32_t name = 0;
    uint32_t last = EMPTY;
    uint32_t last_length = 0;
    uint32_t end;
    uint32_t i;
    uint32_t at = of->size - 1u;
    int smaller = 0;

    for (i = 0; i < half; i++) {
        names[i] = EMPTY;
    }
    end = 0; /* the last stretch meets the end of the text, so none equals it: length 0 */
    while (at > 0) {
        const uint32_t here = letter(of, at);
        const uint32_t before = letter(of, at - 1u);
        if (before > here) {
            if (smaller) {
                names[at / 2u] = end == 0 ? 0 : end - at + 1u;
                end = at;
            }
            smaller = 0;
        } else if (before < here) {
            smaller = 1;
        }
        at--;
    }
    for (i = 0; i < count; i++) {
        const uint32_t here = order[i];
        const uint32_t length = names[here / 2u];
        if (last == EMPTY || length == 0 || length != last_length ||
            !same_letters(of, last, here, length)) {
            name++;
        }
        names[here / 2u] = name - 1u;
        last = here;
        last_length = length;
    }
    end = of->size;
    for (i = half; i > 0; i--) {
        if (names[i - 1u] != EMPTY) {
            order[--end] = names[i - 1u];
        }
    }
    return name;
}

static int sort_text(const text *of, uint32_t *order)
{
    uint32_t *buckets = (uint32_t *)malloc(of->letters * sizeof *buckets);
    uint32_t *names;
    uint32_t count;
    uint32_t name_count;
    uint32_t found = 0;
    uint32_t i;
    int result;

    if (buckets == NULL) {
        return 1;
    }
    memset(order, 0xff, of->size * sizeof *order);
    count = place_leftmost(of, buckets, order);
    if (count > 1u) {
        if (induce(of, buckets, order) != 0) {
            free(buckets);
            return 1;
        }
        for (i = 0; i < of->size; i++) {
            const uint32_t at = order[i];
            if (at > 0 && letter(of, at - 1u) > letter(of, at) && i >= buckets[letter(of, at)]) {
                order[found++] = at;
            }
        }
        free(buckets);
        name_count = name_leftmost(of, order, count);
        names = order + of->size - count;
        if (name_count < count) {
            text above;
            above.bytes = NULL;
            above.words = names;
            above.size = count;
            above.letters = name_count;
            above.pair = of->pair;
            if (sort_text(&above, order) != 0) {
                return 1;
            }
        } else {
            for (i = 0; i < count; i++) {
                order[names[i]] = i;
            }
        }
        list_leftmost(of, names, count);
        for (i = 0; i < count; i++) {
            order[i] = names[order[i]];
        }
        memset(order + count, 0xff, (of->size - count) * sizeof *order);
        buckets = (uint32_t *)malloc(of->letters * sizeof *buckets);
        if (buckets == NULL) {
            return 1;
        }
        find_buckets(of, buckets, 1);
        for (i = count; i > 0; i--) {
            const uint32_t at = order[i - 1u];
            order[i - 1u] = EMPTY;
            order[--buckets[letter(of, at)]] = at;
        }
    }
    result = induce(of, buckets, order);
    free(buckets);
    return result;
}

static int sort_bytes(uint32_t *order, const uint8_t *bytes, uint32_t size, dfota_pair *pair)
{
    text whole;

    if (size == 0) {
        return 0;
    }
    whole.bytes = bytes;
    whole.words = NULL;
    whole.size = size;
    whole.letters = 256;
    whole.pair = pair;
    return sort_text(&whole, order);
}

int dfota_suffixes_sort(uint32_t *order, const uint8_t *bytes, uint32_t size)
{
    return sort_bytes(order, bytes, size, NULL);
}

/* -- matching ------------------------------------------------------------------------- */

int dfota_suffixes_begin(dfota_suffixes *suffixes, const uint8_t *bytes, uint32_t size,
                         dfota_pair *pair)
{
    uint32_t at = 0;
    uint32_t i;

    suffixes->text = bytes;
    suffixes->size = size;
    suffixes->order = (uint32_t *)malloc(((size_t)size + 1u) * sizeof(uint32_t));
    suffixes->bucket_at = (uint32_t *)calloc(0x10000u, sizeof(uint32_t));
    suffixes->bucket_end = (uint32_t *)calloc(0x10000u, sizeof(uint32_t));
    if (suffixes->order == NULL || suffixes->bucket_at == NULL || suffixes->bucket_end == NULL ||
        sort_bytes(suffixes->order, bytes, size, pair) != 0) {
        dfota_suffixes_free(suffixes);
        return 1;
    }
    for (i = 0; i + 1u < size; i++) {
        suffixes->bucket_end[((uint32_t)bytes[i] << 8) | bytes[i + 1u]]++;
    }
    for (i = 0; i < 0x10000u; i++) {
        /* The suffix of one byte stands before all longer ones that begin with it. */
        if (size > 0 && (i & 0xffu) == 0 && bytes[size - 1u] == i >> 8) {
            at++;
        }
        suffixes->bucket_at[i] = at;
        at += suffixes->bucket_end[i];
        suffixes->bucket_end[i] = at;
    }
    return 0;
}

void dfota_suffixes_free(dfota_suffixes *suffixes)
{
    free(suffixes->order);
    free(suffixes->bucket_at);
    free(suffixes->bucket_end);
    suffixes->order = NULL;
    suffixes->bucket_at = NULL;
    suffixes->bucket_end = NULL;
}

static uint32_t apart(uint32_t a, uint32_t b)
{
    return a < b ? b - a : a - b;
}

/* Among the neighbours in order of order[middle] that match `length` bytes, the nearest. */
static uint32_t nearest(const dfota_suffixes *suffixes, const uint8_t *wanted, uint32_t length,
                        uint32_t middle, uint32_t near)
{
    const uint32_t low = middle > TIES ? middle - TIES : 0;
    const uint32_t high = suffixes->size - middle > TIES ? middle + TIES : suffixes->size;
    uint32_t best = suffixes->order[middle];
    uint32_t i;

    for (i = middle; i > low; i--) {
        const uint32_t start = suffixes->order[i - 1u];
        if (suffixes->size - start < length ||
            memcmp(suffixes->text + start, wanted, length) != 0) {
            break;
        }
        best = apart(start, near) < apart(best, near) ? start : best;
    }
    for (i = middle + 1u; i < high; i++) {
        const uint32_t start = suffixes->order[i];
        if (suffixes->size - start < length ||
            memcmp(suffixes->text + start, wanted, length) != 0) {
            break;
        }
        best = apart(start, near) < apart(best, near) ? start : best;
    }
    return best;
}

uint32_t dfota_suffixes_match(const dfota_suffixes *suffixes, const uint8_t *wanted, uint32_t most,
                              uint32_t near, uint32_t *from)
{
    const uint8_t *const bytes = suffixes->text;
    uint32_t low_common = 2;
    uint32_t high_common = 2;
    uint32_t best = 0;
    uint32_t best_middle = 0;
    uint32_t low;
    uint32_t high;

    if (most < 2u || suffixes->size < 2u) {
        return 0;
    }
    most = most < DFOTA_MATCH_MAX ? most : DFOTA_MATCH_MAX;
    low = suffixes->bucket_at[((uint32_t)wanted[0] << 8) | wanted[1]];
    high = suffixes->bucket_end[((uint32_t)wanted[0] << 8) | wanted[1]];
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        const uint32_t start = suffixes->order[middle];
        const uint32_t there = suffixes->size - start;
        const uint32_t end = most < there ? most : there;
        uint32_t common = low_common < high_common ? low_common : high_common;
        while (common < end && bytes[start + common] == wanted[common]) {
            common++;
        }
        if (common > best) {
            best = common;
            best_middle = middle;
        }
        if (common == most) {
            break;
        }
        if (common == there || bytes[start + common] < wanted[common]) {
            low = middle + 1u;
            low_common = common;
        } else {
            high = middle;
            high_common = common;
        }
    }
    if (best > 0) {
        *from = nearest(suffixes, wanted, best, best_middle, near);
    }
    return best;
}
