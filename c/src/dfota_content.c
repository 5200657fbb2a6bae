/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The content of a patch's body: what is neither predicted nor modelled (runs of one byte,
 * incompressible stretches) is dealt with here, all else by the coders.
 */
#include "dfota_content.h"

#include <string.h>

void dfota_content_begin(dfota_content *content, dfota_is_noise is_noise)
{
    memset(content, 0, sizeof *content);
    content->is_noise = is_noise;
    content->coding = is_noise != NULL;
    dfota_bits_reset(&content->is_stored, 1);
    dfota_bits_reset(content->fill.length, sizeof content->fill / sizeof(dfota_bit));
#if DFOTA_PATCH_WITH_MIXING
    dfota_bits_reset(&content->ends, 1);
    dfota_bits_reset(content->run_length.length, sizeof content->run_length / sizeof(dfota_bit));
#endif
}

void dfota_content_block(dfota_content *content, const dfota_block *block)
{
#if DFOTA_PATCH_WITH_MIXING
    if (content->mixing != NULL) {
        dfota_mixing_block(content->mixing, block);
    }
#else
    (void)content;
    (void)block;
#endif
}

void dfota_content_gap_begin(dfota_content *content, uint32_t length, uint32_t from,
                             uint32_t next_from)
{
#if DFOTA_PATCH_WITH_MIXING
    if (content->mixing != NULL) {
        dfota_mixing_gap(content->mixing, length, from,
                         next_from == DFOTA_CONTENT_NOWHERE || next_from < length
                             ? DFOTA_MIXING_NOWHERE
                             : next_from - length);
    }
#else
    (void)length;
    (void)from;
    (void)next_from;
#endif
    content->chunk_left = 0;
    content->fill_left = 0;
    content->stored = 0;
    content->equal = 0;
}

static void skip(dfota_content *content, const uint8_t *bytes, uint32_t size)
{
#if DFOTA_PATCH_WITH_MIXING
    if (content->mixing != NULL) {
        dfota_mixing_skip(content->mixing, bytes, size);
        return;
    }
#endif
    dfota_adaptive_skip(content->adaptive, bytes, size);
}

static uint32_t fill(dfota_content *content, uint8_t *bytes, uint32_t room)
{
    const uint32_t take = content->fill_left < room ? content->fill_left : room;

    if (!content->coding) {
        memset(bytes, content->last, take);
    }
    skip(content, bytes, take);
    content->fill_left -= take;
    content->chunk_left -= take < content->chunk_left ? take : content->chunk_left;
    return take;
}

static uint32_t stored(dfota_content *content, dfota_code_bit code, void *coder, uint8_t *bytes,
                       uint32_t room)
{
    const uint32_t take = content->chunk_left < room ? content->chunk_left : room;
    uint32_t i;

    for (i = 0; i < take; i++) {
        const unsigned value = content->coding ? bytes[i] : 0u;
        unsigned byte = 0;
        unsigned k;
        for (k = 8; k > 0; k--) {
            byte = byte << 1 | code(coder, 0x8000u, (value >> (k - 1u)) & 1u);
        }
        if (!content->coding) {
            bytes[i] = (uint8_t)byte;
        }
    }
    skip(content, bytes, take);
    content->chunk_left -= take;
    content->equal = 0;
    return take;
}

static int literal(dfota_content *content, dfota_code_bit code, void *coder, uint8_t *byte)
{
#if DFOTA_PATCH_WITH_MIXING
    if (content->mixing != NULL) {
        return dfota_mixing_literal(content->mixing, code, coder, byte);
    }
#endif
    *byte = dfota_adaptive_literal(content->adaptive, code, coder, *byte);
    return 0;
}

uint32_t dfota_content_gap(dfota_content *content, dfota_code_bit code, void *coder,
                           uint32_t left, uint8_t *bytes, uint32_t room)
{
    uint8_t byte;

    room = room < left ? room : left;
    if (content->fill_left > 0) {
        return fill(content, bytes, room);
    }
    if (content->equal == DFOTA_FILL_AFTER) {
        uint32_t more = 0;
        while (content->coding && more < left && bytes[more] == content->last) {
            more++;
        }
        content->equal = 0;
        more = dfota_code_number(code, coder, &content->fill, 0, more + 1u) - 1u;
        if (more > left) {
            return 0;
        }
        if (more > 0) {
            content->fill_left = more;
            return fill(content, bytes, room);
        }
    }
    if (content->chunk_left == 0) {
        content->chunk_left = left < DFOTA_CHUNK_SIZE ? left : DFOTA_CHUNK_SIZE;
        content->stored = 0;
        if (content->chunk_left >= DFOTA_CHUNK_MIN) {
            content->stored = (uint8_t)dfota_code_plain(
                code, coder, &content->is_stored,
                content->coding ? content->is_noise(bytes, content->chunk_left) : 0u);
        }
    }
    if (content->stored) {
        return stored(content, code, coder, bytes, room);
    }
    byte = content->coding ? *bytes : 0u;
    if (literal(content, code, coder, &byte) != 0) {
        return 0;
    }
    if (!content->coding) {
        *bytes = byte;
    }
    content->equal = (uint8_t)(content->equal > 0 && byte == content->last ? content->equal + 1 : 1);
    content->last = byte;
    content->chunk_left--;
    return 1;
}

#if DFOTA_PATCH_WITH_MIXING
static void code_run(dfota_content *content, dfota_code_bit code, void *coder, uint32_t ahead)
{
    if (dfota_code_plain(code, coder, &content->ends, ahead == DFOTA_ADAPTIVE_ENDLESS)) {
        content->endless = 1;
        return;
    }
    ahead = ahead > 0x3fffffffu ? 0x3fffffffu : ahead;
    content->sure = dfota_code_number(code, coder, &content->run_length, 0, ahead + 1u);
    content->sure -= content->sure ? 1u : 0u;
    content->sure_wrong = 1;
}

/* The mixing coder spends a little on each unit: what is certain is kept from it. */
static int mixed_unit(dfota_content *content, dfota_code_bit code, void *coder,
                      const dfota_unit *unit, uint32_t ahead, uint8_t *actual)
{
    int failed = 0;

    if (content->run == DFOTA_CONTENT_RUN_LIMIT && content->sure == 0 && !content->sure_wrong &&
        !content->endless) {
        code_run(content, code, coder, ahead);
    }
    if (content->sure > 0 || content->endless) {
        content->sure -= content->sure ? 1u : 0u;
        memcpy(actual, unit->predicted, unit->length);
        dfota_mixing_skip(content->mixing, actual, unit->length);
    } else {
        content->sure_wrong = 0;
        failed = dfota_mixing_unit(content->mixing, code, coder, unit, actual);
    }
    if (memcmp(actual, unit->predicted, unit->length) != 0) {
        content->run = 0;
    } else if (content->run < DFOTA_CONTENT_RUN_LIMIT) {
        content->run++;
    }
    return failed;
}
#endif

int dfota_content_unit(dfota_content *content, dfota_code_bit code, void *coder,
                       const dfota_unit *unit, uint32_t ahead, uint8_t *actual)
{
    if (!content->coding) {
        memset(actual, 0, unit->length);
    }
#if DFOTA_PATCH_WITH_MIXING
    if (content->mixing != NULL) {
        return mixed_unit(content, code, coder, unit, ahead, actual);
    }
#endif
    dfota_adaptive_unit(content->adaptive, code, coder, unit, ahead, actual);
    return 0;
}
