/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of A64 code. (ADR and literals are left alone: what they reach moves with them.)
 *
 * State of a sweep: words[0..30] has the page that ADRP put into each register, words[32] which
 * of them are known.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(3)

enum {
    K_B = 1, K_BL = 2, K_BCC = 3, K_CBZ = 4, K_TBZ = 5,
    K_ADRP = 8, K_ADD = 9, K_LOAD = 10
};

static unsigned decode(uint32_t word, uint32_t at, uint32_t *target)
{
    switch (word >> 24 & 0x7f) {
    case 0x14: case 0x15: case 0x16: case 0x17:
        *target = at + isa_signed(word, 26) * 4;
        return word >> 31 ? K_BL : K_B;
    case 0x54:
        if ((word >> 31) || (word & 0x10)) {
            return 0;
        }
        *target = at + isa_signed(word >> 5, 19) * 4;
        return K_BCC;
    case 0x34: case 0x35:
        *target = at + isa_signed(word >> 5, 19) * 4;
        return K_CBZ;
    case 0x36: case 0x37:
        *target = at + isa_signed(word >> 5, 14) * 4;
        return K_TBZ;
    case 0x10: case 0x30: case 0x50: case 0x70:
        return word >> 31 ? K_ADRP : 0;
    default:
        return 0;
    }
}

static uint32_t page_of(uint32_t word, uint32_t at)
{
    return (at & ~0xfffu) + (((word >> 3 & 0x1ffffc) | (word >> 29 & 3)) << 12);
}

/* ADD with a 12-bit constant, or a load or store with an unsigned offset, and its scale. */
static unsigned consumer(uint32_t word, unsigned *scale)
{
    *scale = 0;
    if ((word & 0xffc00000u) == 0x91000000u) {
        return K_ADD;
    }
    if ((word & 0x3b000000u) == 0x39000000u) {
        *scale = (word & 0x04800000u) == 0x04800000u ? (word >> 30 == 0 ? 4 : word >> 30) : word >> 30;
        return K_LOAD;
    }
    return 0;
}

/* Whether the lowest five bits name a register that the instruction writes (or nothing certain). */
static int writes(uint32_t word)
{
    if ((word & 0x0a000000u) == 0x08000000u) { /* loads and stores */
        return (word & 0x38000000u) == 0x28000000u ? (word & 0x00400000u) != 0 : (word & 0x00c00000u) != 0;
    }
    return (word & 0x1c000000u) != 0x14000000u; /* not branches */
}

void dfota_aarch64_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                        dfota_reference *reference)
{
    uint32_t word;
    unsigned kind;
    unsigned scale;
    unsigned reg;
    if ((at & 3) || left < 4) {
        const size_t rest = 4 - (at & 3);
        reference->length = (uint8_t)(rest < left ? rest : left);
        return;
    }
    word = isa_u32(bytes);
    reg = word & 31;
    reference->length = 4;
    kind = decode(word, at, &reference->target);
    if (kind == K_ADRP) {
        const uint32_t page = page_of(word, at);
        size_t i;
        scan->words[reg] = page;
        scan->words[32] |= (uint32_t)1 << reg;
        isa_found(reference, K_ADRP, page + 0x800);
        for (i = 4; i + 4 <= left; i += 4) {
            const uint32_t next = isa_u32(bytes + i);
            if ((next >> 5 & 31) == reg && consumer(next, &scale)) {
                reference->target = page + ((next >> 10 & 0xfff) << scale & 0xfff);
                reference->extra = 1;
                break;
            }
            if ((next & 31) == reg && writes(next)) {
                break;
            }
        }
        return;
    }
    if (kind != 0) {
        reference->kind = (uint8_t)kind;
        if (kind == K_BL) {
            scan->words[32] &= 0xfff80000u; /* what a call may change */
        }
        return;
    }
    if (scan->words[32] == 0) {
        return;
    }
    kind = consumer(word, &scale);
    if (kind != 0 && (scan->words[32] >> (word >> 5 & 31) & 1)) {
        const uint32_t offset = (word >> 10 & 0xfff) << scale;
        if (offset < 0x1000) {
            reference->extra = (uint8_t)scale;
            isa_found(reference, kind, scan->words[word >> 5 & 31] + offset);
        }
    }
    if ((word & 0xfffffc1fu) == 0xd65f0000u) {
        scan->words[32] = 0;
    } else if ((word & 0xfffffc1fu) == 0xd63f0000u) {
        scan->words[32] &= 0xfff80000u;
    } else if (writes(word)) {
        scan->words[32] &= ~((uint32_t)1 << reg);
    }
}

int dfota_aarch64_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = isa_u32(bytes);
    const uint32_t offset = target - at;
    const unsigned scale = reference->extra;
    uint32_t pages;
    if (at & 3) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case K_B:
    case K_BL:
        if (!isa_fits(offset, 28) || (offset & 3)) {
            return 0;
        }
        word = (word & 0xfc000000u) | (offset >> 2 & 0x03ffffffu);
        break;
    case K_BCC:
    case K_CBZ:
        if (!isa_fits(offset, 21) || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff00001fu) | (offset << 3 & 0x00ffffe0u);
        break;
    case K_TBZ:
        if (!isa_fits(offset, 16) || (offset & 3)) {
            return 0;
        }
        word = (word & 0xfff8001fu) | (offset << 3 & 0x0007ffe0u);
        break;
    case K_ADRP:
        pages = isa_signed((target >> 12) - (at >> 12), 20);
        word = (word & 0x9f00001fu) | (pages << 3 & 0x00ffffe0u) | (pages & 3) << 29;
        break;
    case K_ADD:
    case K_LOAD:
        target &= 0xfff;
        if (target & (((uint32_t)1 << scale) - 1)) {
            return 0;
        }
        word = (word & 0xffc003ffu) | target >> scale << 10;
        break;
    default:
        return 0;
    }
    isa_put32(bytes, word);
    return 1;
}

int dfota_aarch64_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                       uint32_t near_to, uint32_t *target)
{
    const uint32_t word = isa_u32(bytes);
    unsigned scale = 0;
    if (reference->kind == K_ADD || reference->kind == K_LOAD) {
        if (consumer(word, &scale) != reference->kind || scale != reference->extra) {
            return 0;
        }
        *target = isa_nearest_low(near_to, (word >> 10 & 0xfff) << scale, 12);
        return 1;
    }
    if (decode(word, at, target) != reference->kind) {
        return 0;
    }
    if (reference->kind == K_ADRP) {
        *target = isa_in_row(near_to, page_of(word, at), 0x1000);
    }
    return 1;
}

#endif
