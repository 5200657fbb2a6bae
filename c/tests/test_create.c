/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Makes patches of small random images and applies them again; for the sanitizers' eyes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dfota_create.h"

enum { IMAGE_MAX = 3000 };

typedef struct source {
    const uint8_t *patch;
    size_t patch_size;
    size_t used;
    const uint8_t *old_image;
} source;

static const uint8_t *sorted_image;
static uint32_t sorted_size;

static int by_suffix(const void *a, const void *b)
{
    const uint32_t left = (uint32_t) * (const int32_t *)a;
    const uint32_t right = (uint32_t) * (const int32_t *)b;
    const uint32_t later = left > right ? left : right;
    const int order = memcmp(sorted_image + left, sorted_image + right, sorted_size - later);
    return order != 0 ? order : left > right ? -1 : 1;
}

static uint32_t random_number(void)
{
    static uint32_t state = 2463534242u;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static size_t read_patch(void *ctx, uint8_t *buf, size_t size)
{
    source *from = (source *)ctx;
    const size_t left = from->patch_size - from->used;
    const size_t take = size < left ? size : left;
    memcpy(buf, from->patch + from->used, take);
    from->used += take;
    return take;
}

static int read_old(void *ctx, uint32_t offset, uint8_t *buf, size_t size)
{
    memcpy(buf, ((const source *)ctx)->old_image + offset, size);
    return 0;
}

static void digest_of(const uint8_t *image, uint32_t size, uint8_t digest[32])
{
    dfota_sha256 sha;
    dfota_sha256_begin(&sha);
    dfota_sha256_feed(&sha, image, size);
    dfota_sha256_end(&sha, digest);
}

/* A next release: pieces of old with edits, runs and noise. */
static uint32_t evolve(const uint8_t *old, uint32_t old_size, uint8_t *new)
{
    uint32_t size = 0;
    unsigned pieces = random_number() % 8u;

    while (pieces-- > 0) {
        const uint32_t length = random_number() % 300u;
        const uint32_t from = old_size ? random_number() % old_size : 0;
        const uint32_t kind = random_number() % 4u;
        uint32_t i;
        for (i = 0; i < length && size < IMAGE_MAX; i++) {
            uint8_t byte = (uint8_t)random_number();
            if (kind == 1u) {
                byte = 0xffu;
            } else if (kind > 1u && from + i < old_size) {
                byte = (uint8_t)(old[from + i] + (random_number() % 20u == 0 ? 4u : 0u));
            }
            new[size++] = byte;
        }
    }
    return size;
}

static int round_trip(const uint8_t *old, uint32_t old_size, const uint8_t *new, uint32_t new_size)
{
    static int32_t suffixes[IMAGE_MAX];
    static uint8_t out[IMAGE_MAX + 1];
    static dfota_patch patch;
    dfota_create_input input;
    dfota_creator *creator;
    source from;
    uint32_t done = 0;
    size_t produced = 0;
    uint32_t i;
    int good;

    for (i = 0; i < old_size; i++) {
        suffixes[i] = (int32_t)i;
    }
    sorted_image = old;
    sorted_size = old_size;
    qsort(suffixes, old_size, sizeof suffixes[0], by_suffix);
    memset(&input, 0, sizeof input);
    input.old_image = old;
    input.new_image = new;
    input.suffixes = suffixes;
    input.old_size = old_size;
    input.new_size = new_size;
    digest_of(old, old_size, input.old_digest);
    digest_of(new, new_size, input.new_digest);
    creator = dfota_create_begin(&input);
    if (creator == NULL) {
        return 0;
    }
    from.patch = NULL;
    while (from.patch == NULL && dfota_create_step(creator, 100, &done) == DFOTA_OK) {
        from.patch = dfota_create_patch(creator, &from.patch_size);
    }
    from.used = 0;
    from.old_image = old;
    good = from.patch != NULL && done == 2u * new_size &&
           dfota_patch_begin(&patch, read_patch, read_old, &from) == DFOTA_OK &&
           dfota_patch_read(&patch, out, sizeof out, &produced) == DFOTA_OK &&
           produced == new_size && memcmp(out, new, new_size) == 0;
    dfota_create_free(creator);
    return good;
}

int main(void)
{
    int round;
    int failures = 0;

    dfota_create_free(NULL);
    for (round = 0; round < 300; round++) {
        /* Exactly as large as the images, so that a sanitizer sees a read behind them. */
        uint8_t room[IMAGE_MAX];
        const uint32_t old_size = evolve(room, 0, room);
        uint8_t *old = (uint8_t *)malloc(old_size ? old_size : 1u);
        uint8_t *new;
        uint32_t new_size;
        memcpy(old, room, old_size);
        new_size = evolve(old, old_size, room);
        new = (uint8_t *)malloc(new_size ? new_size : 1u);
        memcpy(new, room, new_size);
        if (!round_trip(old, old_size, new, new_size)) {
            printf("FAILED round %d: %u -> %u bytes\n", round, (unsigned)old_size,
                   (unsigned)new_size);
            failures++;
        }
        free(old);
        free(new);
    }
    printf("%d round trips, %d failures\n", round, failures);
    return failures != 0;
}
