/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Makes patches of small random images in every profile and applies them again, in pieces and
 * across checkpoints; for the sanitizers' eyes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dfota_create.h"

enum { IMAGE_MAX = 6000, CHECKPOINT_MAX = 1 << 20 };

typedef struct source {
    const uint8_t *patch;
    size_t patch_size;
    size_t used;
    const uint8_t *old_image;
    uint32_t old_size;
} source;

typedef struct saved {
    uint8_t *bytes;
    size_t size;
    size_t used;
} saved;

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
    const source *from = (const source *)ctx;
    if (offset > from->old_size || size > from->old_size - offset) {
        return 1;
    }
    memcpy(buf, from->old_image + offset, size);
    return 0;
}

static int save(void *ctx, uint8_t *buf, size_t size)
{
    saved *to = (saved *)ctx;
    if (size > CHECKPOINT_MAX - to->size) {
        return 1;
    }
    memcpy(to->bytes + to->size, buf, size);
    to->size += size;
    return 0;
}

static int load(void *ctx, uint8_t *buf, size_t size)
{
    saved *from = (saved *)ctx;
    if (size > from->size - from->used) {
        return 1;
    }
    memcpy(buf, from->bytes + from->used, size);
    from->used += size;
    return 0;
}

/* A next release: pieces of old with edits, runs and noise. */
static uint32_t evolve(const uint8_t *old, uint32_t old_size, uint8_t *new)
{
    uint32_t size = 0;
    unsigned pieces = random_number() % 8u;

    while (pieces-- > 0) {
        const uint32_t length = random_number() % 600u;
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

/* Any plan at all is a patch: so that every path of the coders is seen. */
static void make_plan(dfota_plan *plan, uint32_t old_size, uint32_t new_size)
{
    static dfota_segment segments[3];
    static dfota_block blocks[40];
    uint32_t at = 0;
    uint32_t begin = 0;

    memset(plan, 0, sizeof *plan);
    plan->segments = segments;
    plan->blocks = blocks;
    while (plan->segment_count < 3u && begin < old_size) {
        dfota_segment *segment = &segments[plan->segment_count++];
        segment->begin = begin + random_number() % (old_size - begin);
        segment->end = segment->begin + 1u + random_number() % (old_size - segment->begin);
        segment->old_base = random_number() % 3u ? 0x08000000u : random_number() & ~3u;
        segment->new_base = segment->old_base + (random_number() % 2u ? 0x400u : 0u);
        segment->space = (uint16_t)(plan->segment_count / 2u);
        segment->isa = (uint8_t)(random_number() % DFOTA_ISA_COUNT);
        segment->flags = (uint8_t)(random_number() % 3u);
        begin = segment->end;
    }
    while (plan->block_count < 40u && at < new_size && old_size > 0) {
        dfota_block *block = &blocks[plan->block_count];
        const uint32_t gap = random_number() % 3u ? random_number() % 100u : 0u;
        uint32_t room;
        if (gap >= new_size - at) {
            break;
        }
        block->at = at + gap;
        block->from = random_number() % old_size;
        room = new_size - block->at < old_size - block->from ? new_size - block->at
                                                             : old_size - block->from;
        block->length = 1u + random_number() % room;
        at = block->at + block->length;
        block->length |= random_number() % 4u ? 0u : DFOTA_BLOCK_PLAIN;
        plan->block_count++;
    }
}

static int pull(source *from, const uint8_t *new, uint32_t new_size, size_t piece, int checkpoints)
{
    static dfota_patch patch;
    static uint8_t out[IMAGE_MAX + 1];
    static uint8_t kept[CHECKPOINT_MAX];
    saved at = {kept, 0, 0};
    uint8_t *memory;
    size_t produced = 1;
    size_t total = 0;
    dfota_result result;

    memset(&patch, 0xa5, sizeof patch);
    from->used = 0;
    if (dfota_patch_open(&patch, read_patch, from) != DFOTA_OK) {
        return 0;
    }
    /* Exactly as large as the header says, so that a sanitizer sees a step behind it. */
    memory = (uint8_t *)malloc(patch.header.memory_size);
    memset(memory, 0xa5, patch.header.memory_size);
    result = dfota_patch_start(&patch, memory, patch.header.memory_size, read_old);
    while (result == DFOTA_OK && produced > 0 && total < sizeof out) {
        const size_t room = sizeof out - total;
        result = dfota_patch_read(&patch, out + total, piece < room ? piece : room, &produced);
        total += produced;
        if (checkpoints && result == DFOTA_OK && produced > 0 && total < new_size) {
            at.size = 0;
            at.used = 0;
            result = dfota_patch_checkpoint(&patch, save, &at);
            memset(&patch, 0x5a, sizeof patch);
            memset(memory, 0x5a, 16);
            from->used = 0;
            if (result == DFOTA_OK) {
                result = dfota_patch_open(&patch, read_patch, from);
            }
            if (result == DFOTA_OK) {
                result = dfota_patch_resume(&patch, memory, patch.header.memory_size, read_old,
                                            load, &at);
            }
            if (at.used != at.size) {
                result = DFOTA_ERR_STATE;
            }
        }
    }
    free(memory);
    return result == DFOTA_OK && total == new_size && memcmp(out, new, new_size) == 0;
}

static int round_trip(const uint8_t *old, uint32_t old_size, const uint8_t *new, uint32_t new_size,
                      uint32_t profile, int any_plan)
{
    dfota_create_input input;
    dfota_creator *creator;
    dfota_plan plan;
    source from;
    uint32_t done = 0;
    int good;

    memset(&input, 0, sizeof input);
    input.old_image = old;
    input.new_image = new;
    input.old_size = old_size;
    input.new_size = new_size;
    input.profile = profile;
    input.isas = 0xffffffffu;
    creator = dfota_create_begin(&input);
    if (creator == NULL) {
        return 0;
    }
    if (any_plan) {
        make_plan(&plan, old_size, new_size);
        good = dfota_create_use(creator, &plan) == DFOTA_OK;
    } else {
        good = dfota_create_plan(creator, NULL, NULL) == DFOTA_OK;
    }
    from.patch = NULL;
    while (good && from.patch == NULL && dfota_create_step(creator, 100, &done) == DFOTA_OK) {
        from.patch = dfota_create_patch(creator, &from.patch_size);
    }
    from.old_image = old;
    from.old_size = old_size;
    good = good && from.patch != NULL && done == 2u * new_size &&
           pull(&from, new, new_size, IMAGE_MAX + 1, 0) && pull(&from, new, new_size, 7, 0) &&
           (profile == DFOTA_PROFILE_MAX || pull(&from, new, new_size, 501, 1));
    dfota_create_free(creator);
    return good;
}

int main(void)
{
    int round;
    int failures = 0;

    dfota_create_free(NULL);
    for (round = 0; round < 200; round++) {
        /* Exactly as large as the images, so that a sanitizer sees a read behind them. */
        static uint8_t room[IMAGE_MAX];
        const uint32_t old_size = evolve(room, 0, room);
        uint8_t *old = (uint8_t *)malloc(old_size ? old_size : 1u);
        uint8_t *new;
        uint32_t new_size;
        const uint32_t profile =
            round % 10 == 0 ? (uint32_t)DFOTA_PROFILE_MAX : 1u + (uint32_t)round % 2u;
        memcpy(old, room, old_size);
        new_size = evolve(old, old_size, room);
        new = (uint8_t *)malloc(new_size ? new_size : 1u);
        memcpy(new, room, new_size);
        if (!round_trip(old, old_size, new, new_size, profile, round % 3 != 0)) {
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
