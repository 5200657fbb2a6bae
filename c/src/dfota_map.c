/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The head of a patch's body. Each function computes what it would have to say of its input,
 * lets the coder say it (or say something else), and makes its output of what was said.
 */
#include "dfota_map.h"

#include <string.h>

#define ADDRESS_BITS 32u

void dfota_map_begin(dfota_map *map, uint32_t old_size, uint32_t new_size)
{
    dfota_bit *bits = &map->is_gap[0][0];
    const size_t offset = (size_t)((const uint8_t *)bits - (const uint8_t *)map);

    memset(map, 0, sizeof *map);
    map->old_size = old_size;
    map->new_size = new_size;
    map->place = DFOTA_PLACE_COUNT;
    dfota_bits_reset(bits, (sizeof *map - offset) / sizeof *bits);
}

static uint32_t code_even(dfota_code_bit code, void *coder, unsigned count, uint32_t value)
{
    uint32_t result = 0;
    unsigned i;

    for (i = count; i > 0; i--) {
        result = result << 1 | code(coder, 0x8000u, (value >> (i - 1u)) & 1u);
    }
    return result;
}

/* -- segments --------------------------------------------------------------------------- */

/* An address: how many zeros it ends with, then the bits before those. */
static uint32_t code_address(dfota_map *map, dfota_code_bit code, void *coder, uint32_t address)
{
    unsigned zeros = 0;

    while (zeros < ADDRESS_BITS - 1u && !(address >> zeros & 1u)) {
        zeros++;
    }
    zeros = dfota_code_tree(code, coder, map->zeros_tree, 5, zeros);
    return code_even(code, coder, ADDRESS_BITS - zeros, address >> zeros) << zeros;
}

/* A number from 0 on. */
static uint32_t code_extent(dfota_map *map, dfota_code_bit code, void *coder, uint32_t value)
{
    return dfota_code_number(code, coder, &map->extent, 0, value + 1u) - 1u;
}

int dfota_map_segment(dfota_map *map, dfota_code_bit code, void *coder,
                      const dfota_segment *before, dfota_segment *segment)
{
    static const dfota_segment none = {0, 0, 0, 0, 0, 0, 0};
    const dfota_segment *last = before != NULL ? before : &none;
    const uint32_t room = map->old_size - last->end;
    uint32_t gap;
    uint32_t length;

    gap = code_extent(map, code, coder, segment->begin - last->end);
    if (gap >= room) {
        return 1;
    }
    if (dfota_code_plain(code, coder, &map->is_like_before[0], segment->end == map->old_size)) {
        length = room - gap;
    } else {
        length = code_extent(map, code, coder, segment->end - segment->begin);
        if (length == 0 || length > room - gap) {
            return 1;
        }
    }
    segment->begin = last->end + gap;
    segment->end = segment->begin + length;
    segment->isa = (uint8_t)dfota_code_tree(code, coder, map->isa_tree, 4, segment->isa);
    segment->flags = (uint8_t)dfota_code_tree(code, coder, map->flags_tree, 2, segment->flags);
    if (segment->isa >= DFOTA_ISA_COUNT || segment->flags == 3u) {
        return 1;
    }
    if (dfota_code_plain(code, coder, &map->is_like_before[1], segment->space == last->space)) {
        segment->space = last->space;
    } else {
        segment->space = (uint16_t)(last->space + 1u +
                                    code_extent(map, code, coder,
                                                (uint16_t)(segment->space - last->space - 1)));
    }
    if (dfota_code_plain(code, coder, &map->is_like_before[2],
                         segment->old_base == last->old_base)) {
        segment->old_base = last->old_base;
    } else {
        /* The address of its first byte is rounder than the base. */
        segment->old_base =
            code_address(map, code, coder, segment->old_base + segment->begin) - segment->begin;
    }
    if (dfota_code_plain(code, coder, &map->is_like_before[3],
                         segment->new_base - segment->old_base ==
                             last->new_base - last->old_base)) {
        segment->new_base = segment->old_base + (last->new_base - last->old_base);
    } else {
        segment->new_base =
            segment->old_base + code_address(map, code, coder, segment->new_base - segment->old_base);
    }
    return 0;
}

/* -- the copy map ----------------------------------------------------------------------- */

/* Put `displacement` first; `index` is where it stood, DFOTA_RECENT_COUNT if nowhere. */
static void use_recent(dfota_map *map, unsigned index, uint32_t displacement)
{
    unsigned i = index < DFOTA_RECENT_COUNT ? index : DFOTA_RECENT_COUNT - 1u;

    for (; i > 0; i--) {
        map->recent[i] = map->recent[i - 1u];
    }
    map->recent[0] = displacement;
}

static unsigned recent_index(const dfota_map *map, uint32_t displacement)
{
    unsigned index = 0;

    while (index < DFOTA_RECENT_COUNT && map->recent[index] != displacement) {
        index++;
    }
    return index;
}

/* Which place fits; `gap` bytes of new and `step` (modulo 2^32) bytes of old are passed over. */
static unsigned place_of(uint32_t gap, uint32_t step, unsigned index)
{
    if (step == gap) {
        return DFOTA_PLACE_SAME;
    }
    if (step == 0) {
        return DFOTA_PLACE_NEXT;
    }
    if (index < DFOTA_RECENT_COUNT) {
        return DFOTA_PLACE_RECENT;
    }
    return step < 0x80000000u ? DFOTA_PLACE_FORWARD : DFOTA_PLACE_BACKWARD;
}

static uint32_t code_gap(dfota_map *map, dfota_code_bit code, void *coder, uint32_t gap)
{
    if (!dfota_code_plain(code, coder, &map->is_gap[map->place][map->plain], gap != 0)) {
        return 0;
    }
    return dfota_code_number(code, coder, &map->gap[map->place == DFOTA_PLACE_SAME],
                             map->at & 3u, gap);
}

/* The old offset at which the block begins. */
static uint32_t code_from(dfota_map *map, dfota_code_bit code, void *coder, uint32_t gap,
                          uint32_t from)
{
    const uint32_t step = from - map->from;
    const unsigned gap_class = gap == 0 ? 0u : gap <= 8u ? 1u : 2u;
    const uint32_t at = map->at + gap;
    unsigned index = recent_index(map, from - at);
    unsigned place = place_of(gap, step, index);

    place = dfota_code_tree(code, coder, map->place_tree[gap_class][map->place], 3, place);
    map->place = (uint8_t)(place < DFOTA_PLACE_COUNT ? place : DFOTA_PLACE_COUNT);
    switch (place) {
    case DFOTA_PLACE_SAME:
        from = map->from + gap;
        break;
    case DFOTA_PLACE_NEXT:
        from = map->from;
        break;
    case DFOTA_PLACE_FORWARD:
        from = map->from + dfota_code_number(code, coder, &map->step[gap != 0], map->from & 3u, step);
        break;
    case DFOTA_PLACE_BACKWARD:
        from = map->from - dfota_code_number(code, coder, &map->step[2], map->from & 3u, 0u - step);
        break;
    case DFOTA_PLACE_RECENT:
        from = at + map->recent[dfota_code_tree(code, coder, map->recent_tree, 3, index & 7u)];
        break;
    default:
        from = 0xffffffffu;
        break;
    }
    index = recent_index(map, from - at);
    use_recent(map, index, from - at);
    return from;
}

/* The shape of the block `back` blocks ago, 0 being the last one. */
static const dfota_map_block_shape *shape_before(const dfota_map *map, uint32_t back)
{
    return &map->shapes[(map->known - 1u - back) % DFOTA_MAP_MEMORY];
}

static int is_same_shape(const dfota_map_block_shape *one, const dfota_map_block_shape *other)
{
    return one->gap == other->gap && one->displacement == other->displacement &&
           one->length == other->length;
}

/*
 * What followed when the last two blocks (*order 1), or else the last one (*order 0), were last
 * of the same shape; NULL if they never were. Images that are cut into records repeat themselves.
 */
static const dfota_map_block_shape *expected_shape(const dfota_map *map, unsigned *order)
{
    const uint32_t reach = map->known < DFOTA_MAP_MEMORY ? map->known : DFOTA_MAP_MEMORY;
    const dfota_map_block_shape *expected = NULL;
    uint32_t back;

    *order = 0;
    for (back = 1; back < reach; back++) {
        if (!is_same_shape(shape_before(map, 0), shape_before(map, back))) {
            continue;
        }
        if (back + 1u < reach && is_same_shape(shape_before(map, 1), shape_before(map, back + 1u))) {
            *order = 1;
            return shape_before(map, back - 1u);
        }
        if (expected == NULL) {
            expected = shape_before(map, back - 1u);
        }
    }
    return expected;
}

static void remember(dfota_map *map, const dfota_block *block)
{
    dfota_map_block_shape *shape = &map->shapes[map->known % DFOTA_MAP_MEMORY];

    shape->gap = block->at - map->at;
    shape->displacement = block->from - block->at;
    shape->length = block->length;
    map->known++;
}

/* Whether the next block is as expected; then `block` becomes that. */
static int code_expected(dfota_map *map, dfota_code_bit code, void *coder, dfota_block *block)
{
    unsigned order;
    const dfota_map_block_shape *const expected = expected_shape(map, &order);
    unsigned index;
    uint32_t at;

    if (expected == NULL) {
        return 0;
    }
    at = map->at + expected->gap;
    map->was_expected = (uint8_t)dfota_code_plain(
        code, coder, &map->is_expected[order][map->was_expected],
        block->at == at && block->from == at + expected->displacement &&
            block->length == expected->length);
    if (!map->was_expected) {
        return 0;
    }
    block->at = at;
    block->from = at + expected->displacement;
    block->length = expected->length;
    index = recent_index(map, expected->displacement);
    map->place = (uint8_t)place_of(expected->gap, block->from - map->from, index);
    map->plain = (block->length & DFOTA_BLOCK_PLAIN) != 0;
    use_recent(map, index, expected->displacement);
    return 1;
}

/* The next block, part by part. */
static int code_block(dfota_map *map, dfota_code_bit code, void *coder, int is_last,
                      dfota_block *block)
{
    const uint32_t room = map->new_size - map->at;
    const uint32_t gap = code_gap(map, code, coder, block->at - map->at);
    const unsigned plain = (block->length & DFOTA_BLOCK_PLAIN) != 0;
    uint32_t length = block->length & ~DFOTA_BLOCK_PLAIN;

    if (gap >= room) {
        return 1;
    }
    block->from = code_from(map, code, coder, gap, block->from);
    if (is_last && dfota_code_plain(code, coder, &map->reaches_end, length == room - gap)) {
        length = room - gap;
    } else {
        length = dfota_code_number(code, coder,
                                   &map->length[map->place == DFOTA_PLACE_SAME   ? 0
                                                : map->place == DFOTA_PLACE_NEXT ? 1
                                                                                 : 2],
                                   (map->at + gap) & 3u, length);
    }
    if (length == 0 || length > room - gap) {
        return 1;
    }
    map->plain = (uint8_t)dfota_code_plain(code, coder, &map->is_plain[map->plain], plain);
    block->at = map->at + gap;
    block->length = length | (map->plain ? DFOTA_BLOCK_PLAIN : 0u);
    return 0;
}

int dfota_map_block(dfota_map *map, dfota_code_bit code, void *coder, int is_last,
                    dfota_block *block)
{
    uint32_t length;

    if (!code_expected(map, code, coder, block) &&
        code_block(map, code, coder, is_last, block) != 0) {
        return 1;
    }
    length = block->length & ~DFOTA_BLOCK_PLAIN;
    if (block->at - map->at >= map->new_size - map->at ||
        length > map->new_size - block->at || block->from >= map->old_size ||
        length > map->old_size - block->from) {
        return 1;
    }
    remember(map, block);
    map->at = block->at + length;
    map->from = block->from + length;
    return 0;
}
