/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Segments, copy map and corrections put together: where a reference of old leads in new.
 * It reads nothing but what it is shown, and it codes nothing.
 */
#include "dfota_predict.h"

#include <string.h>

static uint32_t get32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static void put32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
    bytes[2] = (uint8_t)(value >> 16);
    bytes[3] = (uint8_t)(value >> 24);
}

/* -- where targets go ---------------------------------------------------------------- */

static int holds(const dfota_segment *segment, uint32_t target)
{
    return target - segment->old_base - segment->begin < segment->end - segment->begin;
}

/* The segment that old address `target` means for the segment under way, or NULL. */
static const dfota_segment *segment_of(const dfota_predictor *predictor, uint32_t target)
{
    const dfota_segment *const here = predictor->segment;
    const dfota_segment *const all_end = predictor->segments + predictor->segment_count;
    const dfota_segment *other;

    if (holds(here, target)) {
        return here;
    }
    /* The segments of one space are neighbours. */
    for (other = here; other > predictor->segments && other[-1].space == here->space;) {
        other--;
        if (holds(other, target)) {
            return other;
        }
    }
    for (other = here + 1; other < all_end && other->space == here->space; other++) {
        if (holds(other, target)) {
            return other;
        }
    }
    return NULL;
}

/* The last block that begins at or before old offset `from`, or NULL. */
static const dfota_block *block_before(const dfota_predictor *predictor, uint32_t from)
{
    uint32_t low = 0;
    uint32_t high = predictor->block_count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (predictor->blocks[middle].from <= from) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    return low > 0 ? &predictor->blocks[low - 1u] : NULL;
}

uint32_t dfota_predict_target(const dfota_predictor *predictor, uint32_t target, unsigned *trust)
{
    const dfota_segment *segment = segment_of(predictor, target);
    const dfota_block *block;
    uint32_t offset;

    if (segment == NULL) {
        *trust = DFOTA_TRUST_OUTSIDE;
        return target;
    }
    offset = target - segment->old_base;
    block = block_before(predictor, offset);
    if (block == NULL) {
        if (predictor->block_count == 0) {
            *trust = DFOTA_TRUST_GAP;
            return offset + segment->new_base;
        }
        block = &predictor->blocks[0];
    }
    *trust = offset - block->from < (block->length & ~DFOTA_BLOCK_PLAIN) ? DFOTA_TRUST_MAPPED
                                                                          : DFOTA_TRUST_GAP;
    return offset - block->from + block->at + segment->new_base;
}

/* -- corrections --------------------------------------------------------------------- */

static dfota_correction *correction_for(const dfota_predictor *predictor, uint32_t key)
{
    return &predictor->corrections[(key * 0x9e3779b1u) >> (32u - predictor->correction_bits)];
}

/* Keys are never 0, so that a zeroed table is an empty one. */
static uint32_t exact_key(unsigned space, uint32_t target)
{
    const uint32_t key = target + space * 0x3c6ef373u;
    return key == 0 ? 1u : key;
}

/* Addresses that share these upper bits are taken to move alike, until one did not. */
static const uint8_t near_shift[] = {8, 12};
#define NEAR_LEVELS 2u

static uint32_t near_key(unsigned level, unsigned space, uint32_t target)
{
    const uint32_t tag = 0xa5000000u ^ (uint32_t)level << 29;
    const uint32_t key = ((target >> near_shift[level]) ^ tag) + space * 0x3c6ef373u;

    return key == 0 ? 1u : key;
}

static uint32_t corrected(const dfota_predictor *predictor, unsigned space, uint32_t target,
                          uint32_t mapped, unsigned *trust)
{
    const dfota_correction *known;
    unsigned level;

    if (predictor->correction_bits == 0) {
        return mapped;
    }
    known = correction_for(predictor, exact_key(space, target));
    if (known->key == exact_key(space, target)) {
        *trust = DFOTA_TRUST_LEARNED;
        return mapped + known->shift;
    }
    for (level = 0; *trust != DFOTA_TRUST_MAPPED && level < NEAR_LEVELS; level++) {
        known = correction_for(predictor, near_key(level, space, target));
        if (known->key == near_key(level, space, target)) {
            *trust = DFOTA_TRUST_NEAR;
            return mapped + known->shift;
        }
    }
    return mapped;
}

static void correct_one(dfota_predictor *predictor, uint32_t key, uint32_t shift)
{
    dfota_correction *known = correction_for(predictor, key);
    known->key = key;
    known->shift = shift;
}

static void correct(dfota_predictor *predictor, unsigned space, uint32_t target, uint32_t shift)
{
    unsigned level;

    if (predictor->correction_bits > 0) {
        for (level = NEAR_LEVELS; level > 0; level--) {
            correct_one(predictor, near_key(level - 1u, space, target), shift);
        }
        correct_one(predictor, exact_key(space, target), shift);
    }
}

/* -- units ---------------------------------------------------------------------------- */

/* Find the segment of the next byte, and how far it reaches. */
static void enter_segment(dfota_predictor *predictor)
{
    const uint32_t from = predictor->old_offset;
    uint32_t low = 0;
    uint32_t high = predictor->segment_count;
    const dfota_segment *segment;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2u;
        if (predictor->segments[middle].end <= from) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    predictor->segment = NULL;
    predictor->segment_end = 0xffffffffu;
    if (low < predictor->segment_count) {
        segment = &predictor->segments[low];
        if (segment->begin <= from) {
            predictor->segment = segment;
            predictor->segment_end = segment->end;
            dfota_scan_begin(&predictor->scan, segment->isa, from + segment->old_base);
        } else {
            predictor->segment_end = segment->begin;
        }
    }
}

void dfota_predict_begin(dfota_predictor *predictor, uint32_t at, uint32_t from, uint32_t length,
                         int plain)
{
    predictor->old_offset = from;
    predictor->new_offset = at;
    predictor->left = length;
    predictor->plain = plain;
    predictor->segment = NULL;
    predictor->segment_end = from;
    predictor->reference.kind = 0;
}

/*
 * A relative word as 32 bits. The unwind tables of Arm count in 31 (EHABI, prel31): where the
 * word in old, `like`, has bit 31 clear and bit 30 set, it is a negative one of those.
 */
static uint32_t widened(uint32_t word, uint32_t like)
{
    return like >> 30 == 1u ? ((word & 0x7fffffffu) ^ 0x40000000u) - 0x40000000u : word;
}

/* A reference to `target` was found: what it looks like in new. */
static void predict(dfota_predictor *predictor, uint32_t target, dfota_unit *unit)
{
    const dfota_segment *segment = predictor->segment;
    const uint32_t here = predictor->new_offset + segment->new_base;
    unsigned trust;

    predictor->reference.target = target;
    predictor->mapped = dfota_predict_target(predictor, target, &trust);
    predictor->moved = corrected(predictor, segment->space, target, predictor->mapped, &trust);
    if (unit->kind == DFOTA_KIND_POINTER) {
        put32(unit->predicted, predictor->moved);
    } else if (unit->kind == DFOTA_KIND_RELATIVE) {
        const uint32_t like = get32(unit->raw);
        const uint32_t away = predictor->moved - here;
        put32(unit->predicted, like >> 30 == 1u ? away & 0x7fffffffu : away);
    } else {
        (void)dfota_reference_place(segment->isa, &predictor->reference, here, predictor->moved,
                                    unit->predicted);
    }
    unit->trust = (uint8_t)trust;
    unit->moved = memcmp(unit->predicted, unit->raw, unit->length) != 0;
}

/* Whether the aligned word at `bytes`, at old address `at`, refers into its own space. */
static int is_word_reference(const dfota_predictor *predictor, const uint8_t *bytes, uint32_t at,
                             uint32_t *target)
{
    const dfota_segment *segment = predictor->segment;
    const uint32_t word = get32(bytes);

    *target = (segment->flags & DFOTA_SEGMENT_POINTERS) ? word : widened(word, word) + at;
    return word != 0 && segment_of(predictor, *target) != NULL;
}

static void find_reference(dfota_predictor *predictor, const uint8_t *window, uint32_t visible,
                           dfota_unit *unit)
{
    const dfota_segment *segment = predictor->segment;
    const uint32_t here = predictor->old_offset + segment->old_base;
    const int has_words = (segment->flags & (DFOTA_SEGMENT_POINTERS | DFOTA_SEGMENT_RELATIVE)) != 0;
    const uint32_t aligned = (0u - here) & 3u; /* bytes up to the next aligned word */
    uint32_t target = 0;

    predictor->reference.kind = 0;
    predictor->reference.length = 1;
    if (segment->isa != DFOTA_ISA_NONE) {
        dfota_scan_next(&predictor->scan, window, visible, here, &predictor->reference);
    } else {
        predictor->reference.length =
            (uint8_t)(visible < DFOTA_UNIT_MAX ? visible : DFOTA_UNIT_MAX);
    }
    unit->kind = predictor->reference.kind;
    unit->length = predictor->reference.length;
    if (unit->kind == 0 && has_words) {
        if (aligned == 0 && visible >= 4u && is_word_reference(predictor, window, here, &target)) {
            unit->kind = (segment->flags & DFOTA_SEGMENT_POINTERS) ? DFOTA_KIND_POINTER
                                                                   : DFOTA_KIND_RELATIVE;
            unit->length = 4;
        } else if (aligned == 0) {
            unit->length = unit->length < 4u ? unit->length : 4u;
        } else if (unit->length > aligned && visible >= aligned + 4u &&
                   is_word_reference(predictor, window + aligned, here + aligned, &target)) {
            unit->length = (uint8_t)aligned; /* no word may hide inside a unit of plain bytes */
        } else if (unit->length > aligned + 4u) {
            unit->length = (uint8_t)(aligned + 4u);
        }
    } else if (unit->kind != 0) {
        target = predictor->reference.target;
    }
    memcpy(unit->raw, window, unit->length);
    memcpy(unit->predicted, window, unit->length);
    if (unit->kind != 0) {
        predict(predictor, target, unit);
    }
}

void dfota_predict_next(dfota_predictor *predictor, const uint8_t *window, uint32_t visible,
                        dfota_unit *unit)
{
    uint32_t room;

    if (predictor->old_offset >= predictor->segment_end) {
        enter_segment(predictor);
    }
    room = predictor->segment_end - predictor->old_offset;
    room = room < predictor->left ? room : predictor->left;
    visible = visible < room ? visible : room;
    visible = visible < DFOTA_SCAN_WINDOW ? visible : DFOTA_SCAN_WINDOW;
    unit->kind = 0;
    unit->trust = DFOTA_TRUST_PLAIN;
    unit->moved = 0;
    unit->isa = DFOTA_ISA_NONE;
    if (predictor->plain || predictor->segment == NULL) {
        unit->length = (uint8_t)(visible < DFOTA_UNIT_MAX ? visible : DFOTA_UNIT_MAX);
        memcpy(unit->raw, window, unit->length);
        memcpy(unit->predicted, window, unit->length);
        predictor->reference.kind = 0;
        return;
    }
    unit->isa = predictor->segment->isa;
    find_reference(predictor, window, visible, unit);
}

void dfota_predict_learn(dfota_predictor *predictor, const dfota_unit *unit, const uint8_t *actual)
{
    const dfota_segment *segment = predictor->segment;
    uint32_t found = 0;
    int known = 0;

    if (unit->kind != 0 && memcmp(actual, unit->predicted, unit->length) != 0) {
        const uint32_t here = predictor->new_offset + segment->new_base;
        if (unit->kind == DFOTA_KIND_POINTER) {
            found = get32(actual);
            known = 1;
        } else if (unit->kind == DFOTA_KIND_RELATIVE) {
            found = widened(get32(actual), get32(unit->raw)) + here;
            known = 1;
        } else {
            known = dfota_reference_read(segment->isa, &predictor->reference, actual, here,
                                         predictor->moved, &found);
        }
        if (known) {
            correct(predictor, segment->space, predictor->reference.target,
                    found - predictor->mapped);
        }
    }
    predictor->old_offset += unit->length;
    predictor->new_offset += unit->length;
    predictor->left -= unit->length;
}
