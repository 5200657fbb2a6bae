/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of Hexagon code: packets of up to four words, whose offsets count from the packet.
 *
 * State of a sweep: words[0] is where the packet begins, words[1] the upper 26 bits that a
 * constant extender holds for the word after it, bytes[0] whether there was one, bytes[1] how
 * many words of the packet were passed.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(6)

enum {
    H_JUMP = 1, H_CALL = 2, H_COND = 3, H_ZERO = 4, H_COMPARE = 5, H_LOOP = 6,
    H_FAR_UPPER = 7, H_FAR_LOWER = 8, H_UPPER = 9, H_LOWER = 10
};

/* The bits of value that the mask picks, put together; and the other way around. */
static uint32_t gather(uint32_t value, uint32_t mask)
{
    uint32_t result = 0;
    unsigned shift = 0;
    while (mask != 0) {
        const uint32_t lowest = mask & (0u - mask);
        if (value & lowest) {
            result |= (uint32_t)1 << shift;
        }
        shift++;
        mask ^= lowest;
    }
    return result;
}

static uint32_t scatter(uint32_t value, uint32_t mask)
{
    uint32_t result = 0;
    while (mask != 0) {
        const uint32_t lowest = mask & (0u - mask);
        if (value & 1) {
            result |= lowest;
        }
        value >>= 1;
        mask ^= lowest;
    }
    return result;
}

/* Jumps of all kinds: where their offset is, and how many bits it has. */
static unsigned jump_form(uint32_t word, uint32_t *mask, unsigned *bits)
{
    switch (word >> 24) {
    case 0x58: case 0x59: case 0x5a: case 0x5b:
        *mask = 0x01ff3ffeu;
        *bits = 22;
        return word & 0x02000000u ? H_CALL : H_JUMP;
    case 0x5c: case 0x5d:
        *mask = 0x00df20feu;
        *bits = 15;
        return H_COND;
    case 0x61:
        *mask = 0x00202ffeu;
        *bits = 13;
        return H_ZERO;
    case 0x10: case 0x11: case 0x12: case 0x13: case 0x14: case 0x15: case 0x16: case 0x17:
    case 0x20: case 0x21: case 0x22: case 0x23: case 0x24: case 0x25: case 0x26: case 0x27:
        *mask = 0x003000feu;
        *bits = 9;
        return H_COMPARE;
    case 0x60: case 0x69:
        if ((word & 0x00c00000u) != 0 && (word & 0x00e00000u) < 0x00a00000u) {
            return 0;
        }
        *mask = 0x00001f18u;
        *bits = 7;
        return H_LOOP;
    default:
        return 0;
    }
}

/* Where a word after an extender holds the lowest six bits of its constant; 0: unknown. */
static uint32_t low_mask(uint32_t word)
{
    uint32_t mask;
    unsigned bits;
    if ((word & 0xc000) == 0) {
        return 0x03f00000u; /* a duplex: its upper half */
    }
    switch (jump_form(word, &mask, &bits)) {
    case 0:
        break;
    case H_LOOP:
        return 0x00000f18u;
    default:
        return 0x0000007eu;
    }
    switch (word >> 28) {
    case 3:
        return word & 0x02000000u && word & 0x08000000u ? 0x00001f80u : (word & 0x0c000000u) == 0x0c000000u ? 0x3fu
                                                                  : (word & 0x08000000u) != 0 ? 0x0000201fu : 0;
    case 4:
        if (word & 0x08000000u) {
            return word & 0x01000000u ? 0x000007e0u : 0x3fu;
        }
        return word & 0x01000000u ? 0x000007e0u : 0x000020f8u;
    case 7:
        return (word & 0xff800000u) == 0x7c800000u ? 0x001f2000u : 0x000007e0u;
    case 9:
        if (!(word & 0x08000000u)) {
            return 0x000007e0u;
        }
        return (word & 0x0f000000u) == 0x0f000000u ? 0x001f0100u : 0x00000f60u;
    case 10:
        if (!(word & 0x08000000u)) {
            return 0x3fu;
        }
        return (word & 0x0f000000u) == 0x0f000000u ? 0x00030078u : 0x3fu;
    case 11:
        return 0x000007e0u;
    case 13:
        return (word & 0x0f000000u) == 0x0e000000u ? 0x002020e8u : 0x006020e0u;
    default:
        return 0;
    }
}

static int is_extender(uint32_t word)
{
    return word >> 28 == 0 && (word & 0xc000) != 0;
}

static uint32_t upper_of(uint32_t word)
{
    return (word << 4 & 0xfff00000u) | (word << 6 & 0x000fffc0u);
}

/* What a word with six bits of its own and these upper ones refers to. */
static int joined(uint32_t word, uint32_t upper, uint32_t packet, uint32_t *target)
{
    uint32_t mask = low_mask(word);
    unsigned bits;
    *target = upper | gather(word, mask);
    if (mask == 0) {
        return -1;
    }
    if ((word & 0xc000) != 0 && jump_form(word, &mask, &bits) != 0) {
        *target += packet;
        return 1;
    }
    return 0;
}

void dfota_hexagon_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                        dfota_reference *reference)
{
    uint32_t word;
    uint32_t mask;
    uint32_t packet;
    unsigned bits;
    unsigned kind;
    if ((at & 3) || left < 4) {
        const size_t rest = 4 - (at & 3);
        reference->length = (uint8_t)(rest < left ? rest : left);
        return;
    }
    word = isa_u32(bytes);
    reference->length = 4;
    if (scan->bytes[1] == 0) {
        scan->words[0] = at;
    }
    packet = scan->words[0];
    reference->anchor = at - packet;
    scan->bytes[1] = (uint8_t)(scan->bytes[1] + 1);
    if ((word & 0xc000) == 0 || (word & 0xc000) == 0xc000 || scan->bytes[1] == 4) {
        scan->bytes[1] = 0;
    }
    if (is_extender(word)) {
        scan->bytes[0] = 1;
        scan->words[1] = upper_of(word);
        if (left >= 8) {
            const int far = joined(isa_u32(bytes + 4), scan->words[1], packet, &reference->target);
            reference->kind = (uint8_t)(far < 0 ? 0 : far ? H_FAR_UPPER : H_UPPER);
        }
        return;
    }
    if (scan->bytes[0]) {
        const int far = joined(word, scan->words[1], packet, &reference->target);
        reference->kind = (uint8_t)(far < 0 ? 0 : far ? H_FAR_LOWER : H_LOWER);
        scan->bytes[0] = 0;
        return;
    }
    if ((word & 0xc000) == 0) {
        return;
    }
    kind = jump_form(word, &mask, &bits);
    if (kind != 0 && kind != H_ZERO) { /* which hardly ever leave their block, and look like text */
        isa_found(reference, kind, packet + isa_signed(gather(word, mask), bits) * 4);
    }
}

int dfota_hexagon_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = isa_u32(bytes);
    const uint32_t offset = target - (at - reference->anchor);
    uint32_t mask = 0;
    unsigned bits = 0;
    if (at & 3) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case H_FAR_UPPER:
        target = offset;
        /* fall through */
    case H_UPPER:
        word = (word & 0xf000c000u) | (target >> 4 & 0x0fff0000u) | (target >> 6 & 0x3fff);
        break;
    case H_FAR_LOWER:
        target = offset;
        /* fall through */
    case H_LOWER:
        mask = low_mask(word);
        word = (word & ~mask) | scatter(target, mask);
        break;
    default:
        if (jump_form(word, &mask, &bits) != reference->kind || (offset & 3) || !isa_fits(offset, bits + 2)) {
            return 0;
        }
        word = (word & ~mask) | scatter(offset >> 2, mask);
        break;
    }
    isa_put32(bytes, word);
    return 1;
}

int dfota_hexagon_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                       uint32_t near_to, uint32_t *target)
{
    const uint32_t word = isa_u32(bytes);
    const uint32_t packet = at - reference->anchor;
    uint32_t mask;
    unsigned bits;
    int far;
    switch (reference->kind) {
    case H_FAR_UPPER:
    case H_UPPER:
        *target = isa_in_row(near_to, upper_of(word) + (reference->kind == H_FAR_UPPER ? packet : 0), 64);
        return is_extender(word);
    case H_FAR_LOWER:
    case H_LOWER:
        far = joined(word, 0, packet, target);
        *target = isa_nearest_low(near_to, *target, 6);
        return far == (reference->kind == H_FAR_LOWER);
    default:
        if ((word & 0xc000) == 0 || jump_form(word, &mask, &bits) != reference->kind) {
            return 0;
        }
        *target = packet + isa_signed(gather(word, mask), bits) * 4;
        return 1;
    }
}

#endif
