/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of ARCompact and ARCv2 code. Words of 32 bits are two little-endian halves, the
 * upper one first.
 *
 * State of a sweep: bytes[0] whether a long immediate comes next.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(9)

enum {
    R_B = 1, R_BL = 3, R_BR = 5, R_BR_S = 6, R_B_S = 7, R_BL_S = 8, R_LD_S = 9,
    R_LONG = 10
};

static uint32_t middle32(const uint8_t *p)
{
    return isa_u16(p) << 16 | isa_u16(p + 2);
}

static void put_middle32(uint8_t *p, uint32_t value)
{
    isa_put16(p, value >> 16);
    isa_put16(p + 2, value);
}

static unsigned decode16(uint32_t half, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at & ~3u;
    switch (half >> 11) {
    case 0x1a:
        *target = pc + (half & 0xff) * 4;
        return R_LD_S;
    case 0x1d:
        *target = pc + isa_signed(half, 7) * 2;
        return R_BR_S;
    case 0x1e:
        *target = pc + isa_signed(half, (half & 0x600) == 0x600 ? 6 : 9) * 2;
        return R_B_S;
    case 0x1f:
        *target = pc + isa_signed(half, 11) * 4;
        return R_BL_S;
    default:
        return 0;
    }
}

static unsigned decode32(uint32_t word, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at & ~3u;
    const uint32_t close = (word >> 16 & 0x7fe) | (word << 5 & 0x1ff800) | (word & 15) << 21;
    if (word >> 27 == 0) {
        if (word & 0x10000) {
            *target = pc + isa_signed(close, 25);
            return R_B;
        }
        return 0; /* conditional: never leaves its function, and small numbers look like it */
    }
    if (word >> 27 != 1) {
        return 0;
    }
    if (word & 0x10000) {
        *target = pc + isa_signed((word >> 16 & 0xfe) | (word >> 7 & 0x100), 9);
        return R_BR;
    }
    if (word & 0x20000) {
        *target = pc + isa_signed(close & ~2u, 25);
        return R_BL;
    }
    return 0;
}

/* Whether a long immediate follows. */
static int is_long16(uint32_t half)
{
    return half >> 11 == 0x0e && (half & 0xe3) == 0xc3;
}

static int is_long32(uint32_t word)
{
    const int base = (word & 0x07007000u) == 0x06007000u;
    switch (word >> 27) {
    case 2:
        return base;
    case 3:
        return base || (word & 0xfc1) == 0xf80;
    case 4:
    case 5:
        switch (word >> 22 & 3) {
        case 0:
            return base || (word & 0xfc0) == 0xf80;
        case 3:
            return base || (!(word & 0x20) && (word & 0xfc0) == 0xf80);
        default:
            return base;
        }
    default:
        return 0;
    }
}

void dfota_arc_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                    dfota_reference *reference)
{
    uint32_t word;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    reference->length = 2;
    if (left >= 4 && scan->bytes[0]) {
        scan->bytes[0] = 0;
        reference->length = 4;
        isa_found(reference, R_LONG, middle32(bytes));
        return;
    }
    word = isa_u16(bytes);
    if (word >> 11 >= 0x0c) {
        reference->kind = (uint8_t)decode16(word, at, &reference->target);
        scan->bytes[0] = (uint8_t)is_long16(word);
        return;
    }
    if (left < 4) {
        return;
    }
    word = middle32(bytes);
    reference->length = 4;
    reference->kind = (uint8_t)decode32(word, at, &reference->target);
    scan->bytes[0] = (uint8_t)is_long32(word);
}

int dfota_arc_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = reference->length == 4 ? middle32(bytes) : isa_u16(bytes);
    const uint32_t offset = target - (at & ~3u);
    const uint32_t close = (offset << 16 & 0x07fe0000u) | (offset >> 5 & 0xffc0);
    unsigned bits = 0;
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case R_B:
        bits = 25;
        word = (word & 0xf8010030u) | close | (offset >> 21 & 15);
        break;
    case R_BL:
        bits = 25;
        word = (word & 0xf8030030u) | (close & ~0x20000u) | (offset >> 21 & 15);
        break;
    case R_BR:
        bits = 9;
        word = (word & 0xff017fffu) | (offset << 16 & 0x00fe0000u) | (offset << 7 & 0x8000);
        break;
    case R_BR_S:
        bits = 8;
        word = (word & 0xff80) | (offset >> 1 & 0x7f);
        break;
    case R_B_S:
        bits = (word & 0x600) == 0x600 ? 7 : 10;
        word = bits == 7 ? (word & 0xffc0) | (offset >> 1 & 0x3f) : (word & 0xfe00) | (offset >> 1 & 0x1ff);
        break;
    case R_BL_S:
        bits = 13;
        word = (word & 0xf800) | (offset >> 2 & 0x7ff);
        break;
    case R_LD_S:
        if (offset > 1020 || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff00) | offset >> 2;
        break;
    case R_LONG:
        word = target;
        break;
    default:
        return 0;
    }
    if (bits != 0) {
        const int words = reference->kind == R_BL || reference->kind == R_BL_S;
        if (!isa_fits(offset, bits) || (offset & (words ? 3 : 1))) {
            return 0;
        }
    }
    if (reference->length == 4) {
        put_middle32(bytes, word);
    } else {
        isa_put16(bytes, word);
    }
    return 1;
}

int dfota_arc_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                   uint32_t near_to, uint32_t *target)
{
    (void)near_to;
    if (reference->length == 2) {
        return decode16(isa_u16(bytes), at, target) == reference->kind;
    }
    if (reference->kind == R_LONG) {
        *target = middle32(bytes);
        return 1;
    }
    return decode32(middle32(bytes), at, target) == reference->kind;
}

#endif
