/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The planner on made-up images: whatever they are, a plan holds its promises. It judges no size
 * but of the plainest cases.
 */
#include "dfota_plan_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 0x20000u

static uint32_t seed = 1;
static unsigned checked;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)(seed >> 8) * below) >> 24);
}

static void require(int held, const char *promise, int line)
{
    checked++;
    if (!held) {
        fprintf(stderr, "line %d: broken promise: %s\n", line, promise);
        exit(1);
    }
}
#define REQUIRE(held) require((held) != 0, #held, __LINE__)

static void check_blocks(const dfota_plan *plan, uint32_t old_size, uint32_t new_size,
                         const dfota_plan_options *options)
{
    uint32_t end = 0;
    uint32_t i;
    uint32_t j;

    REQUIRE(options->block_max == 0 || plan->block_count <= options->block_max);
    for (i = 0; i < plan->block_count; i++) {
        const dfota_block *const block = &plan->blocks[i];
        const uint32_t length = block->length & ~DFOTA_BLOCK_PLAIN;
        REQUIRE(length > 0);
        REQUIRE(block->at >= end);
        REQUIRE(block->at < new_size && length <= new_size - block->at);
        REQUIRE(block->from < old_size && length <= old_size - block->from);
        end = block->at + length;
        for (j = 0; options->in_place_sector > 0 && j < length; j++) {
            const uint32_t sector = (block->at + j) / options->in_place_sector;
            REQUIRE((uint64_t)block->from + j + options->in_place_spare >=
                    ((uint64_t)sector + 1u) * options->in_place_sector);
        }
    }
}

static void check_segments(const dfota_plan *plan, uint32_t old_size,
                           const dfota_plan_options *options)
{
    uint32_t end = 0;
    uint32_t i;

    REQUIRE(options->segment_max == 0 || plan->segment_count <= options->segment_max);
    for (i = 0; i < plan->segment_count; i++) {
        const dfota_segment *const segment = &plan->segments[i];
        REQUIRE(segment->begin >= end);
        REQUIRE(segment->end > segment->begin && segment->end <= old_size);
        REQUIRE(segment->isa < DFOTA_ISA_COUNT);
        REQUIRE(segment->isa == 0 || (options->isas >> segment->isa & 1u) != 0);
        REQUIRE(segment->flags < 3u);
        REQUIRE(i == 0 || segment->space >= plan->segments[i - 1u].space);
        end = segment->end;
    }
}

/* Copies of exactly their size, so that a sanitizer sees every byte read too far. */
static uint8_t *exact(const uint8_t *bytes, uint32_t size)
{
    uint8_t *copy = (uint8_t *)malloc(size > 0 ? size : 1u);

    if (copy == NULL) {
        exit(2);
    }
    memcpy(copy, bytes, size);
    return copy;
}

static dfota_plan_options everything(unsigned effort)
{
    dfota_plan_options options;

    memset(&options, 0, sizeof options);
    options.effort = effort;
    options.isas = 0xffffu;
    return options;
}

/* Plan twice; returns how many bytes are in no block. */
static uint32_t check(const uint8_t *old_image, uint32_t old_size, const uint8_t *new_image,
                      uint32_t new_size, const dfota_plan_options *options)
{
    uint8_t *const old_copy = exact(old_image, old_size);
    uint8_t *const new_copy = exact(new_image, new_size);
    dfota_plan plan;
    dfota_plan again;
    uint32_t gaps = new_size;
    uint32_t i;

    REQUIRE(dfota_plan_make(&plan, old_copy, old_size, new_copy, new_size, options) == 0);
    REQUIRE(dfota_plan_make(&again, old_copy, old_size, new_copy, new_size, options) == 0);
    check_blocks(&plan, old_size, new_size, options);
    check_segments(&plan, old_size, options);
    REQUIRE(plan.block_count == again.block_count);
    REQUIRE(plan.segment_count == again.segment_count);
    for (i = 0; i < plan.block_count; i++) {
        REQUIRE(memcmp(&plan.blocks[i], &again.blocks[i], sizeof plan.blocks[i]) == 0);
        gaps -= plan.blocks[i].length & ~DFOTA_BLOCK_PLAIN;
    }
    for (i = 0; i < plan.segment_count; i++) {
        REQUIRE(plan.segments[i].begin == again.segments[i].begin);
        REQUIRE(plan.segments[i].end == again.segments[i].end);
        REQUIRE(plan.segments[i].old_base == again.segments[i].old_base);
        REQUIRE(plan.segments[i].new_base == again.segments[i].new_base);
        REQUIRE(plan.segments[i].space == again.segments[i].space);
        REQUIRE(plan.segments[i].isa == again.segments[i].isa);
        REQUIRE(plan.segments[i].flags == again.segments[i].flags);
    }
    dfota_plan_free(&plan);
    dfota_plan_free(&again);
    free(old_copy);
    free(new_copy);
    return gaps;
}

static void fill(uint8_t *image, uint32_t size, uint32_t letters)
{
    uint32_t i;

    for (i = 0; i < size; i++) {
        image[i] = (uint8_t)chance(letters);
    }
}

/* Something like code: words, of which some recur, and some are addresses of the image itself. */
static void fill_like_code(uint8_t *image, uint32_t size, uint32_t base)
{
    uint32_t i;

    for (i = 0; i + 4u <= size; i += 4u) {
        uint32_t word = chance(64) * 0x01010141u;
        if (chance(4) == 0) {
            word = base + chance(size / 4u) * 4u;
        } else if (chance(3) == 0) {
            word = 0xf800f000u | chance(0x7ff) << 16;
        }
        image[i] = (uint8_t)word;
        image[i + 1u] = (uint8_t)(word >> 8);
        image[i + 2u] = (uint8_t)(word >> 16);
        image[i + 3u] = (uint8_t)(word >> 24);
    }
    for (; i < size; i++) {
        image[i] = 0;
    }
}

/* A new image of `size` bytes at most ROOM: pieces of old, changed here and there. Returns its size. */
static uint32_t edit(const uint8_t *old_image, uint32_t old_size, uint8_t *new_image)
{
    const uint32_t limit = old_size + old_size / 4u < ROOM ? old_size + old_size / 4u : ROOM;
    uint32_t from = 0;
    uint32_t size = 0;

    while (size < limit && from < old_size) {
        uint32_t length = 1u + chance(old_size / 4u + 1u);
        length = length < old_size - from ? length : old_size - from;
        length = length < limit - size ? length : limit - size;
        memcpy(new_image + size, old_image + from, length);
        if (chance(2) == 0) {
            new_image[size + chance(length)] ^= (uint8_t)(1u + chance(255));
        }
        size += length;
        from += length;
        switch (chance(5)) {
        case 0:
            from = chance(old_size); /* a piece moved */
            break;
        case 1:
            from += 4u * chance(16); /* a piece removed */
            break;
        case 2:
            for (length = 4u * chance(16); length > 0 && size < limit; length--) {
                new_image[size++] = (uint8_t)chance(256);
            }
            break;
        default:
            break;
        }
    }
    return size;
}

static void test_random_edits(uint8_t *old_image, uint8_t *new_image)
{
    unsigned round;

    for (round = 0; round < 60u; round++) {
        dfota_plan_options options = everything((round + round / 10u) & 1u);
        const uint32_t old_size = 1u + chance(round % 10u == 9u ? 0x8000u : 0x1000u);
        uint32_t new_size;
        if (round % 3u == 0) {
            fill(old_image, old_size, 2u + chance(250));
        } else {
            fill_like_code(old_image, old_size, 0x08000000u);
        }
        new_size = edit(old_image, old_size, new_image);
        (void)check(old_image, old_size, new_image, new_size, &options);
        options.block_max = 1u + chance(8);
        options.segment_max = 1u + chance(3);
        (void)check(old_image, old_size, new_image, new_size, &options);
        options.block_max = 0;
        options.in_place_sector = 1u << chance(13);
        options.in_place_spare = chance(0x2000);
        (void)check(old_image, old_size, new_image, new_size, &options);
    }
}

static void test_plain_cases(uint8_t *old_image, uint8_t *new_image)
{
    const dfota_plan_options quick = everything(0);
    unsigned effort;

    for (effort = 0; effort < 2u; effort++) {
        const dfota_plan_options options = everything(effort);
        fill(old_image, 0x8000u, 256);
        REQUIRE(check(old_image, 0, new_image, 0, &options) == 0);
        REQUIRE(check(old_image, 100, new_image, 0, &options) == 0);
        REQUIRE(check(old_image, 0, old_image, 100, &options) == 100);
        REQUIRE(check(old_image, 1, old_image, 1, &options) <= 1);
        REQUIRE(check(old_image, 0x8000u, old_image, 0x8000u, &options) == 0);
        memcpy(new_image, old_image + 0x4000u, 0x4000u); /* two halves change places */
        memcpy(new_image + 0x4000u, old_image, 0x4000u);
        REQUIRE(check(old_image, 0x8000u, new_image, 0x8000u, &options) == 0);
        fill(new_image, 0x8000u, 256); /* nothing in common */
        REQUIRE(check(old_image, 0x8000u, new_image, 0x8000u, &options) > 0x7f00u);
    }
    memset(old_image, 0xff, ROOM); /* padding, and repetition */
    memset(new_image, 0xff, ROOM);
    (void)check(old_image, ROOM, new_image, ROOM - 100u, &quick);
    memset(new_image, 0, ROOM);
    (void)check(old_image, ROOM, new_image, ROOM, &quick);
    fill(old_image, 64, 256);
    for (effort = 64; effort < ROOM; effort++) {
        old_image[effort] = old_image[effort % 64u];
        new_image[effort] = old_image[(effort + 7u) % 64u];
    }
    (void)check(old_image, ROOM, new_image, ROOM, &quick);
}

/* A program grows in the middle: its pointers are understood. */
static void test_pointers(uint8_t *old_image, uint8_t *new_image)
{
    const dfota_plan_options options = everything(1);
    dfota_plan plan;
    uint32_t i;
    unsigned moved = 0;

    fill_like_code(old_image, 0x8000u, 0x08004000u);
    memcpy(new_image, old_image, 0x3000u);
    fill(new_image + 0x3000u, 64, 256);
    memcpy(new_image + 0x3040u, old_image + 0x3000u, 0x5000u);
    for (i = 0; i < 0x8040u; i += 4u) {
        const uint32_t word = (uint32_t)new_image[i] | (uint32_t)new_image[i + 1u] << 8 |
                              (uint32_t)new_image[i + 2u] << 16 | (uint32_t)new_image[i + 3u] << 24;
        if (word >= 0x08007000u && word < 0x0800c000u) {
            new_image[i] = (uint8_t)(word + 0x40u);
            new_image[i + 1u] = (uint8_t)((word + 0x40u) >> 8);
            moved++;
        }
    }
    REQUIRE(moved > 100u);
    REQUIRE(dfota_plan_make(&plan, old_image, 0x8000u, new_image, 0x8040u, &options) == 0);
    REQUIRE(plan.segment_count > 0);
    REQUIRE(plan.segments[0].old_base == 0x08004000u);
    REQUIRE((plan.segments[0].flags & DFOTA_SEGMENT_POINTERS) != 0);
    REQUIRE(plan.block_count < 8u);
    dfota_plan_free(&plan);
}

/* Headers may claim anything. */
static void test_hostile_headers(uint8_t *old_image, uint8_t *new_image)
{
    unsigned round;

    for (round = 0; round < 200u; round++) {
        const dfota_plan_options options = everything(0);
        const uint32_t size = 64u + chance(0x800);
        uint32_t new_size;
        uint32_t at;
        fill_like_code(old_image, size, 0x1000u);
        at = chance(4) == 0 ? 4u * chance(size / 4u) : 0;
        if (chance(2) == 0 && size - at >= 8u) {
            memcpy(old_image + at, chance(2) ? "\177ELF\1\1\1" : "\177ELF\2\1\1", 7);
            if (size - at >= 64u && chance(3) != 0) {
                const uint32_t wide = old_image[at + 4u] == 2;
                old_image[at + (wide ? 32u : 28u)] = (uint8_t)(wide ? 64u : 52u);
                memset(old_image + at + (wide ? 33u : 29u), 0, 3);
                memset(old_image + at + (wide ? 54u : 42u), 0, 4);
                old_image[at + (wide ? 54u : 42u)] = wide ? 56 : 32;
                old_image[at + (wide ? 56u : 44u)] = (uint8_t)(1u + chance(4));
            }
        } else {
            old_image[at] = 0xe9;
            if (size - at >= 40u) {
                old_image[at + 1u] = (uint8_t)(1u + chance(3));
                old_image[at + 2u] = 2;
                memset(old_image + at + 24u, 0, 8);
                old_image[at + 27u] = 0x40;
                old_image[at + 28u] = (uint8_t)chance(256);
            }
        }
        new_size = edit(old_image, size, new_image);
        (void)check(old_image, size, new_image, new_size, &options);
    }
}

static int stop_at(void *ctx, uint32_t done, uint32_t total)
{
    unsigned *const left = (unsigned *)ctx;

    REQUIRE(done <= total);
    return (*left)-- == 0;
}

static int keep_going(void *ctx, uint32_t done, uint32_t total)
{
    uint32_t *const last = (uint32_t *)ctx;

    REQUIRE(done <= total);
    REQUIRE(done >= *last);
    *last = done;
    return 0;
}

static void test_cancelling(uint8_t *old_image, uint8_t *new_image)
{
    dfota_plan_options options = everything(1);
    uint32_t last = 0;
    uint32_t new_size;
    unsigned calls;
    dfota_plan plan;

    fill_like_code(old_image, 0x10000u, 0x1000u);
    new_size = edit(old_image, 0x10000u, new_image);
    options.progress = stop_at;
    for (calls = 0; calls < 3u; calls++) {
        unsigned left = calls;
        options.ctx = &left;
        if (dfota_plan_make(&plan, old_image, 0x10000u, new_image, new_size, &options) == 0) {
            REQUIRE(calls > 0);
        }
        dfota_plan_free(&plan);
    }
    options.progress = keep_going;
    options.ctx = &last;
    REQUIRE(dfota_plan_make(&plan, old_image, 0x10000u, new_image, new_size, &options) == 0);
    dfota_plan_free(&plan);
}

/* The order of suffixes is that of comparing them. */
static void test_suffixes(uint8_t *image)
{
    static uint32_t order[512];
    unsigned round;

    for (round = 0; round < 2000u; round++) {
        const uint32_t size = 1u + chance(round % 20u == 0 ? 512u : 40u);
        uint32_t i;
        fill(image, size, 1u + chance(round % 4u == 0 ? 256u : 3u));
        REQUIRE(dfota_suffixes_sort(order, image, size) == 0);
        for (i = 1; i < size; i++) {
            const uint32_t a = order[i - 1u];
            const uint32_t b = order[i];
            const uint32_t common = size - a < size - b ? size - a : size - b;
            const int sign = memcmp(image + a, image + b, common);
            REQUIRE(a != b && a < size && b < size);
            REQUIRE(sign < 0 || (sign == 0 && a > b));
        }
    }
}

int main(void)
{
    static uint8_t old_image[ROOM];
    static uint8_t new_image[ROOM];

    test_suffixes(old_image);
    test_plain_cases(old_image, new_image);
    test_random_edits(old_image, new_image);
    test_pointers(old_image, new_image);
    test_hostile_headers(old_image, new_image);
    test_cancelling(old_image, new_image);
    printf("plan: %u promises held\n", checked);
    return 0;
}
