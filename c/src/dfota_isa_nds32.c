/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of Andes NDS32 code, whose instructions are big-endian, of 16 and 32 bits.
 *
 * State of a sweep: words[0..31] has what SETHI put into each register, words[32] which of
 * them are known.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(10)

enum {
    N_JAL = 1, N_J = 2, N_BR1 = 3, N_BR2 = 4, N_BR3 = 5, N_SHORT = 6, N_SETHI = 7, N_LOW = 8, N_MEMORY = 9,
    N_GLOBAL = 10
};

static uint32_t big16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t big32(const uint8_t *p)
{
    return big16(p) << 16 | big16(p + 2);
}

static unsigned decode16(uint32_t half, uint32_t at, uint32_t *target)
{
    const uint32_t group = half >> 11;
    if ((group < 0x18 || group > 0x1b) && (half & 0xfe00) != 0xe800) {
        return 0;
    }
    if ((half & 0xff00) == 0xdd00) { /* JR5 and its like */
        return 0;
    }
    *target = at + isa_signed(half, 8) * 2;
    return N_SHORT;
}

static unsigned decode32(uint32_t word, uint32_t at, uint32_t *target)
{
    switch (word >> 25) {
    case 0x24:
        *target = at + isa_signed(word, 24) * 2;
        return word & 0x01000000u ? N_JAL : N_J;
    case 0x26:
        *target = at + isa_signed(word, 14) * 2;
        return N_BR1;
    case 0x27:
        if ((word & 0x000e0000u) == 0 || (word & 0x000f0000u) == 0x00080000u) {
            return 0;
        }
        *target = at + isa_signed(word, 16) * 2;
        return N_BR2;
    case 0x2d:
        *target = at + isa_signed(word, 8) * 2;
        return N_BR3;
    default:
        return 0;
    }
}

/* Instructions that join a constant with a register: how their constant is scaled. */
static unsigned consumer(uint32_t word, unsigned *scale)
{
    *scale = 0;
    switch (word >> 25) {
    case 0x28: case 0x2c:
        return N_LOW;
    case 0x00: case 0x08: case 0x10:
        return N_MEMORY;
    case 0x01: case 0x09: case 0x11:
        *scale = 1;
        return N_MEMORY;
    case 0x02: case 0x0a:
        *scale = 2;
        return N_MEMORY;
    default:
        return 0;
    }
}

/* Loads, stores and additions that count from gp: the bits of their constant, and its scale; 0: none. */
static unsigned global_form(uint32_t word, unsigned *scale)
{
    *scale = 0;
    switch (word >> 25) {
    case 0x17: case 0x1f:
        return 19;
    case 0x1e:
        *scale = (word & 0x000c0000u) == 0x000c0000u ? 2 : 1;
        return 19 - *scale;
    default:
        return 0;
    }
}

static uint32_t global_of(uint32_t word, unsigned bits, unsigned scale)
{
    return ISA_NOWHERE + (isa_signed(word, bits) << scale);
}

static void forget(dfota_scan *scan, unsigned reg)
{
    scan->words[32] &= ~((uint32_t)1 << reg);
}

void dfota_nds32_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                      dfota_reference *reference)
{
    uint32_t word;
    unsigned kind;
    unsigned scale;
    unsigned reg;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    word = big16(bytes);
    reference->length = 2;
    if (word & 0x8000) {
        reference->kind = (uint8_t)decode16(word, at, &reference->target);
        if ((word & 0xfc00) == 0x8000 || (word & 0xfc00) == 0x8400) {
            forget(scan, word >> 5 & 31); /* MOV55, MOVI55 */
        }
        return;
    }
    if (left < 4) {
        return;
    }
    word = big32(bytes);
    reference->length = 4;
    reg = word >> 20 & 31;
    if (word >> 25 == 0x23) {
        const uint32_t value = word << 12;
        size_t i = 4;
        scan->words[reg] = value;
        scan->words[32] |= (uint32_t)1 << reg;
        isa_found(reference, N_SETHI, value + 0x800);
        while (i + 4 <= left) {
            const uint32_t next = big32(bytes + i);
            if (next & 0x80000000u) {
                i += 2;
                continue;
            }
            if ((next >> 15 & 31) == reg && consumer(next, &scale)) {
                reference->target = value + ((next & 0x7fff) << scale & 0xfff);
                break;
            }
            if (next >> 25 == 0x23 && (next >> 20 & 31) == reg) {
                break;
            }
            i += 4;
        }
        return;
    }
    kind = decode32(word, at, &reference->target);
    if (kind != 0) {
        reference->kind = (uint8_t)kind;
        if (kind == N_JAL) {
            scan->words[32] &= 0x00007fc0u; /* s0-s8 */
        }
        return;
    }
    kind = consumer(word, &scale);
    if (kind != 0) {
        const unsigned base = word >> 15 & 31;
        const uint32_t low = (word & 0x7fff) << scale;
        if ((scan->words[32] >> base & 1) && low < 0x1000) {
            reference->extra = (uint8_t)scale;
            isa_found(reference, kind, scan->words[base] + low);
        }
        if (word >> 25 < 8 || word >> 25 >= 0x10) {
            forget(scan, reg);
        }
    } else {
        const unsigned bits = global_form(word, &scale);
        if (bits != 0) {
            isa_found(reference, N_GLOBAL, global_of(word, bits, scale));
        }
        forget(scan, reg);
    }
}

int dfota_nds32_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = reference->length == 4 ? big32(bytes) : big16(bytes) << 16;
    const uint32_t offset = target - at;
    unsigned scale;
    unsigned bits;
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case N_JAL:
    case N_J:
        bits = 24;
        break;
    case N_BR1:
        bits = 14;
        break;
    case N_BR2:
        bits = 16;
        break;
    case N_BR3:
    case N_SHORT:
        bits = 8;
        break;
    case N_SETHI:
        bits = 0;
        word = (word & 0xfff00000u) | target >> 12;
        break;
    case N_LOW:
    case N_MEMORY:
        bits = 0;
        target &= 0xfff;
        if (target & (((uint32_t)1 << reference->extra) - 1)) {
            return 0;
        }
        word = (word & 0xffff8000u) | target >> reference->extra;
        break;
    case N_GLOBAL:
        bits = global_form(word, &scale);
        target -= ISA_NOWHERE;
        if (bits == 0 || !isa_fits(target, bits + scale) || (target & (((uint32_t)1 << scale) - 1))) {
            return 0;
        }
        word = (word & ~(((uint32_t)1 << bits) - 1)) | (target >> scale & (((uint32_t)1 << bits) - 1));
        bits = 0;
        break;
    default:
        return 0;
    }
    if (bits != 0) {
        const uint32_t mask = ((uint32_t)1 << bits) - 1;
        const unsigned shift = reference->length == 4 ? 0 : 16;
        if (!isa_fits(offset, bits + 1) || (offset & 1)) {
            return 0;
        }
        word = (word & ~(mask << shift)) | (offset >> 1 & mask) << shift;
    }
    bytes[0] = (uint8_t)(word >> 24);
    bytes[1] = (uint8_t)(word >> 16 & 0xff);
    if (reference->length == 4) {
        bytes[2] = (uint8_t)(word >> 8 & 0xff);
        bytes[3] = (uint8_t)(word & 0xff);
    }
    return 1;
}

int dfota_nds32_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                     uint32_t near_to, uint32_t *target)
{
    uint32_t word;
    unsigned scale;
    if (reference->length == 2) {
        return (bytes[0] & 0x80) && decode16(big16(bytes), at, target) == reference->kind;
    }
    word = big32(bytes);
    if (reference->kind == N_SETHI) {
        *target = isa_in_row(near_to, word << 12, 0x1000);
        return word >> 25 == 0x23;
    }
    if (reference->kind == N_GLOBAL) {
        const unsigned bits = global_form(word, &scale);
        *target = bits == 0 ? 0 : global_of(word, bits, scale);
        return bits != 0;
    }
    if (reference->kind == N_LOW || reference->kind == N_MEMORY) {
        if (consumer(word, &scale) != reference->kind || scale != reference->extra) {
            return 0;
        }
        *target = isa_nearest_low(near_to, (word & 0x7fff) << scale, 12);
        return 1;
    }
    return decode32(word, at, target) == reference->kind;
}

#endif
