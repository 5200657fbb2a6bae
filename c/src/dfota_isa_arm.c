/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of Thumb, A32 and TC32 code, which share literal pools and halves of constants.
 *
 * State of a sweep: words[0..15] has one bit for each of the next 512 words that a load was
 * seen to fetch (a literal pool); words[16..31] has 32 halves, each how far before a pool word
 * the program counter is that gets added to it; words[32..39] has the half of a constant that
 * each register waits with, bytes[0..1] which of them are low halves, bytes[2..3] which are
 * high ones.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(1) || DFOTA_HAS_ISA(2) || DFOTA_HAS_ISA(8)

enum { KIND_POOL_RELATIVE = 11, KIND_MOVW = 13, KIND_MOVT = 14, KIND_POOL = 15 };

/* -- literal pools ------------------------------------------------------------------ */

/* The load at `at` fetches `word`; something adds `pc` to it, if that is not 0. */
static void pool_mark(dfota_scan *scan, uint32_t at, uint32_t word, uint32_t pc)
{
    const unsigned shift = (word & 4) * 4;
    uint32_t *slot = &scan->words[16 + (word >> 3 & 15)];
    if ((word & 3) == 0 && word - at < 2048) {
        scan->words[word >> 7 & 15] |= (uint32_t)1 << (word >> 2 & 31);
        *slot &= ~((uint32_t)0xffff << shift);
        if (pc != 0 && word - pc < 2048) { /* with the upper bits of the word's address, to know it again */
            *slot |= ((word & 0x780) << 5 | (word - pc) >> 1 | 1u << 11) << shift;
        }
    }
}

static int pool_at(const dfota_scan *scan, uint32_t at)
{
    return (at & 3) == 0 && (scan->words[at >> 7 & 15] >> (at >> 2 & 31) & 1);
}

/* Whether the unit is a pool word; a passed word is forgotten. */
static int pool_take(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                     dfota_reference *reference)
{
    uint32_t slot;
    if (!pool_at(scan, at)) {
        return 0;
    }
    scan->words[at >> 7 & 15] &= ~((uint32_t)1 << (at >> 2 & 31));
    if (left < 4) {
        return 0;
    }
    reference->length = 4;
    isa_found(reference, KIND_POOL, isa_u32(bytes));
    slot = scan->words[16 + (at >> 3 & 15)] >> ((at & 4) * 4);
    if ((slot & 0x800) != 0 && (slot & 0xf000) == (at & 0x780) << 5) {
        reference->anchor = (slot & 0x7ff) * 2;
        isa_found(reference, KIND_POOL_RELATIVE, isa_u32(bytes) + (at - reference->anchor));
    }
    return 1;
}

#if DFOTA_HAS_ISA(1) || DFOTA_HAS_ISA(2)

/* -- halves of a constant: MOVW and MOVT -------------------------------------------- */

static void half_keep(dfota_scan *scan, unsigned reg, int high, uint32_t half)
{
    const unsigned shift = (reg & 1) * 16;
    uint32_t *word = &scan->words[32 + (reg >> 1)];
    *word = (*word & ~((uint32_t)0xffff << shift)) | half << shift;
    scan->bytes[(high ? 2 : 0) + (reg >> 3)] |= (uint8_t)(1u << (reg & 7));
}

/* The other half that the register waits with, once. */
static int half_take(dfota_scan *scan, unsigned reg, int high, uint32_t *half)
{
    uint8_t *mask = &scan->bytes[(high ? 2 : 0) + (reg >> 3)];
    const uint8_t bit = (uint8_t)(1u << (reg & 7));
    if (!(*mask & bit)) {
        return 0;
    }
    *mask = (uint8_t)(*mask & ~bit);
    *half = (scan->words[32 + (reg >> 1)] >> ((reg & 1) * 16)) & 0xffff;
    return 1;
}

/* A half was met: joined with the one before it (other < 0x10000 if seen ahead). */
static void half_join(dfota_scan *scan, unsigned reg, int high, uint32_t half, uint32_t ahead,
                      dfota_reference *reference)
{
    uint32_t other = 0;
    if (!half_take(scan, reg, !high, &other)) {
        if (ahead > 0xffffu) {
            return;
        }
        other = ahead;
        half_keep(scan, reg, high, half);
    }
    isa_found(reference, high ? KIND_MOVT : KIND_MOVW, high ? half << 16 | other : other << 16 | half);
}

static uint32_t half_read(const dfota_reference *reference, uint32_t half, uint32_t near_to)
{
    if (reference->kind == KIND_MOVW) {
        return isa_nearest_low(near_to, half, 16);
    }
    return isa_in_row(near_to, half << 16, 0x10000u);
}

#endif
#endif

/* -- Thumb -------------------------------------------------------------------------- */

#if DFOTA_HAS_ISA(1)

enum {
    T_BL = 1, T_BLX = 2, T_B_W = 3, T_BCC_W = 4, T_BCC = 5, T_B = 6, T_CBZ = 7,
    T_LDR = 8, T_WIDE = 9, T_ADR = 10, T_VLDR = 12
};

static int is_wide(uint32_t first)
{
    return first >= 0xe800;
}

static int is_half_move(uint32_t first, uint32_t second, int high)
{
    return (first & 0xfbf0) == (high ? 0xf2c0u : 0xf240u) && !(second & 0x8000);
}

static uint32_t half_of(uint32_t first, uint32_t second)
{
    return (first & 15) << 12 | (first & 0x400) << 1 | (second & 0x7000) >> 4 | (second & 0xff);
}

/* Everything that counts from the program counter; 0: nothing of that. */
static unsigned thumb_decode(uint32_t first, uint32_t second, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at + 4;
    uint32_t offset;
    switch (first >> 11) {
    case 0x09: /* LDR, T1 */
        *target = (pc & ~3u) + (first & 0xff) * 4;
        return T_LDR;
    case 0x14: /* ADR, T1 */
        *target = (pc & ~3u) + (first & 0xff) * 4;
        return T_ADR;
    case 0x16:
    case 0x17:
        if ((first & 0xf500) != 0xb100) {
            return 0;
        }
        *target = pc + ((first & 0x200) >> 3 | (first & 0xf8) >> 2);
        return T_CBZ;
    case 0x1a: /* B<c>, T1 */
    case 0x1b:
        if ((first & 0x0e00) == 0x0e00) {
            return 0;
        }
        *target = pc + isa_signed(first, 8) * 2;
        return T_BCC;
    case 0x1c: /* B, T2 */
        *target = pc + isa_signed(first, 11) * 2;
        return T_B;
    case 0x1d: /* VLDR, LDRD */
        if (((first & 0xff3f) != 0xed1f || (second & 0x0e00) != 0x0a00) && (first & 0xff7f) != 0xe95f) {
            return 0;
        }
        offset = (second & 0xff) * 4;
        *target = (pc & ~3u) + (first & 0x80 ? offset : 0u - offset);
        return T_VLDR;
    case 0x1e:
        if (second & 0x8000) {
            const uint32_t flip = first & 0x400 ? 0 : 0x2800u; /* J1 and J2 count inverted */
            if ((second & 0x5000) == 0 && (first & 0x380) != 0x380) {
                offset = (first & 0x400) << 10 | (second & 0x800) << 8 | (second & 0x2000) << 5 |
                         (first & 0x3f) << 12 | (second & 0x7ff) << 1;
                *target = pc + isa_signed(offset, 21);
                return T_BCC_W;
            }
            offset = (first & 0x400) << 14 | ((second ^ flip) & 0x2000) << 10 |
                     ((second ^ flip) & 0x800) << 11 | (first & 0x3ff) << 12 | (second & 0x7ff) << 1;
            offset = isa_signed(offset, 25);
            if ((second & 0x5000) == 0x4000) {
                if (second & 1) {
                    return 0;
                }
                *target = (pc & ~3u) + offset;
                return T_BLX;
            }
            *target = pc + offset;
            return (second & 0x5000) == 0x5000 ? T_BL : (second & 0x5000) == 0x1000 ? T_B_W : 0;
        }
        if ((first & 0xfb5f) != 0xf20f || (first & 0xa0) == 0x80 || (first & 0xa0) == 0x20) {
            return 0;
        }
        offset = (first & 0x400) << 1 | (second & 0x7000) >> 4 | (second & 0xff);
        *target = (pc & ~3u) + (first & 0xa0 ? 0u - offset : offset);
        return T_WIDE;
    case 0x1f:
        if ((first & 0xfe1f) != 0xf81f) {
            return 0;
        }
        offset = second & 0xfff;
        *target = (pc & ~3u) + (first & 0x80 ? offset : 0u - offset);
        return T_WIDE;
    default:
        return 0;
    }
}

/* The half that a later (at most 15 halfwords on) instruction moves to the same register; 0x10000: none. */
static uint32_t thumb_half_ahead(const uint8_t *bytes, size_t left, uint32_t reg, int high)
{
    size_t i = 4;
    while (i + 4 <= left && i < 34) {
        const uint32_t first = isa_u16(bytes + i);
        if (is_wide(first)) {
            const uint32_t second = isa_u16(bytes + i + 2);
            if (((second >> 8) & 15) == reg) {
                if (is_half_move(first, second, high)) {
                    return half_of(first, second);
                }
                if (is_half_move(first, second, !high)) {
                    break;
                }
            }
            i += 2;
        }
        i += 2;
    }
    return 0x10000u;
}

/* Where a register that was just loaded gets the program counter added: its value there; or 0. */
static uint32_t thumb_pc_added(const uint8_t *bytes, size_t left, uint32_t at, uint32_t reg)
{
    const uint32_t add = 0x4478 | (reg & 7) | (reg & 8) << 4;
    size_t i;
    for (i = 2; i + 2 <= left; i += 2) {
        const uint32_t first = isa_u16(bytes + i);
        if (first == add) {
            return at + (uint32_t)i + 4;
        }
        if (first >> 8 == (0x48 | reg)) {
            break;
        }
    }
    return 0;
}

void dfota_thumb_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                      dfota_reference *reference)
{
    uint32_t first;
    uint32_t second = 0;
    unsigned kind;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    if (pool_take(scan, bytes, left, at, reference)) {
        return;
    }
    first = isa_u16(bytes);
    reference->length = 2;
    if (is_wide(first)) {
        int high;
        if (left < 4 || pool_at(scan, at + 2)) {
            return;
        }
        second = isa_u16(bytes + 2);
        reference->length = 4;
        high = is_half_move(first, second, 1);
        if (high || is_half_move(first, second, 0)) {
            const unsigned reg = (second >> 8) & 15;
            half_join(scan, reg, high, half_of(first, second),
                      thumb_half_ahead(bytes, left, reg, !high), reference);
            return;
        }
    }
    kind = thumb_decode(first, second, at, &reference->target);
    reference->kind = (uint8_t)kind;
    if (kind == T_LDR) {
        pool_mark(scan, at, reference->target, thumb_pc_added(bytes, left, at, first >> 8 & 7));
    } else if (kind == T_WIDE && (first & 0xff7f) == 0xf85f) {
        pool_mark(scan, at, reference->target, thumb_pc_added(bytes, left, at, second >> 12));
    }
}

int dfota_thumb_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t first = isa_u16(bytes);
    uint32_t second = reference->length == 4 ? isa_u16(bytes + 2) : 0;
    const uint32_t pc = at + 4;
    uint32_t offset = target - pc;
    const uint32_t aligned = target - (pc & ~3u);
    const uint32_t size = aligned & 0x80000000u ? 0u - aligned : aligned;
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case T_BLX:
        offset = aligned;
        if (offset & 2) {
            return 0;
        }
        /* fall through */
    case T_BL:
    case T_B_W:
        if (!isa_fits(offset, 25) || (offset & 1)) {
            return 0;
        }
        first = (first & 0xf800) | (offset >> 14 & 0x400) | (offset >> 12 & 0x3ff);
        second = (second & 0xd000) | (offset >> 10 & 0x2000) | (offset >> 11 & 0x800) | (offset >> 1 & 0x7ff);
        second ^= first & 0x400 ? 0 : 0x2800u;
        break;
    case T_BCC_W:
        if (!isa_fits(offset, 21) || (offset & 1)) {
            return 0;
        }
        first = (first & 0xfbc0) | (offset >> 10 & 0x400) | (offset >> 12 & 0x3f);
        second = (second & 0xd000) | (offset >> 5 & 0x2000) | (offset >> 8 & 0x800) | (offset >> 1 & 0x7ff);
        break;
    case T_BCC:
        if (!isa_fits(offset, 9) || (offset & 1)) {
            return 0;
        }
        first = (first & 0xff00) | (offset >> 1 & 0xff);
        break;
    case T_B:
        if (!isa_fits(offset, 12) || (offset & 1)) {
            return 0;
        }
        first = (first & 0xf800) | (offset >> 1 & 0x7ff);
        break;
    case T_CBZ:
        if (offset > 126 || (offset & 1)) {
            return 0;
        }
        first = (first & 0xfd07) | (offset << 3 & 0x200) | (offset << 2 & 0xf8);
        break;
    case T_LDR:
    case T_ADR:
        if (aligned > 1020 || (aligned & 3)) {
            return 0;
        }
        first = (first & 0xff00) | aligned >> 2;
        break;
    case T_WIDE:
        if (size > 4095) {
            return 0;
        }
        /* an offset of zero keeps its sign, everywhere below as well */
        if (first & 0x800) { /* LDR */
            first = size == 0 ? first : (first & 0xff7f) | (size == aligned ? 0x80 : 0);
            second = (second & 0xf000) | size;
        } else { /* ADR */
            first = size == 0 ? first : (first & 0xff5f) | (size == aligned ? 0 : 0xa0);
            first = (first & 0xfbff) | (size >> 1 & 0x400);
            second = (second & 0x8f00) | (size << 4 & 0x7000) | (size & 0xff);
        }
        break;
    case T_VLDR:
        if (size > 1020 || (size & 3)) {
            return 0;
        }
        first = size == 0 ? first : (first & 0xff7f) | (size == aligned ? 0x80 : 0);
        second = (second & 0xff00) | size >> 2;
        break;
    case KIND_MOVW:
    case KIND_MOVT:
        target = reference->kind == KIND_MOVT ? target >> 16 : target & 0xffff;
        first = (first & 0xfbf0) | target >> 12 | (target >> 1 & 0x400);
        second = (second & 0x8f00) | (target << 4 & 0x7000) | (target & 0xff);
        break;
    case KIND_POOL_RELATIVE:
        target -= at - reference->anchor;
        /* fall through */
    case KIND_POOL:
        isa_put32(bytes, target);
        return 1;
    default:
        return 0;
    }
    isa_put16(bytes, first);
    if (reference->length == 4) {
        isa_put16(bytes + 2, second);
    }
    return 1;
}

int dfota_thumb_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                     uint32_t near_to, uint32_t *target)
{
    const uint32_t first = isa_u16(bytes);
    uint32_t second = 0;
    if (reference->kind == KIND_POOL || reference->kind == KIND_POOL_RELATIVE) {
        *target = isa_u32(bytes) + (reference->kind == KIND_POOL ? 0 : at - reference->anchor);
        return 1;
    }
    if (is_wide(first)) {
        if (reference->length != 4) {
            return 0;
        }
        second = isa_u16(bytes + 2);
    }
    if (reference->kind >= KIND_MOVW) {
        *target = half_read(reference, half_of(first, second), near_to);
        return is_half_move(first, second, reference->kind == KIND_MOVT);
    }
    return thumb_decode(first, second, at, target) == reference->kind;
}

#endif

/* -- A32 ---------------------------------------------------------------------------- */

#if DFOTA_HAS_ISA(2)

enum { A_B = 1, A_BL = 2, A_BLX = 3, A_LDR = 4, A_LDRH = 5, A_VLDR = 6, A_ADR = 7 };

static uint32_t rotated(uint32_t value, unsigned by)
{
    return by == 0 ? value : value >> by | value << (32 - by);
}

/* How far eight bits must be turned right to become this value, the least turn first. */
static int rotation_of(uint32_t value, unsigned *turn)
{
    for (*turn = 0; *turn < 32; *turn += 2) {
        if (rotated(value, (32 - *turn) & 31) <= 0xff) {
            return 1;
        }
    }
    return 0;
}

/* The form of an instruction that counts from the program counter, and its offset. */
static unsigned arm_decode(uint32_t word, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at + 8;
    uint32_t offset;
    unsigned kind;
    switch (word >> 25 & 7) {
    case 5:
        offset = isa_signed(word, 24) * 4;
        if (word >> 28 == 15) {
            *target = pc + offset + (word >> 23 & 2);
            return A_BLX;
        }
        *target = pc + offset;
        return word & 0x01000000u ? A_BL : A_B;
    case 2:
        if ((word & 0x0f2f0000u) != 0x050f0000u) {
            return 0;
        }
        kind = A_LDR;
        offset = word & 0xfff;
        break;
    case 0:
        if ((word & 0x0f6f0090u) != 0x014f0090u || (word & 0x60) == 0 || word >> 28 == 15) {
            return 0;
        }
        kind = A_LDRH;
        offset = (word >> 4 & 0xf0) | (word & 15);
        break;
    case 6:
        if ((word & 0x0f2f0e00u) != 0x0d0f0a00u || word >> 28 == 15) {
            return 0;
        }
        kind = A_VLDR;
        offset = (word & 0xff) * 4;
        break;
    case 1:
        if (((word & 0x0fff0000u) != 0x028f0000u && (word & 0x0fff0000u) != 0x024f0000u) || word >> 28 == 15) {
            return 0;
        }
        offset = rotated(word & 0xff, word >> 7 & 0x1e);
        *target = pc + (word & 0x00800000u ? offset : 0u - offset);
        return A_ADR;
    default:
        return 0;
    }
    *target = pc + (word & 0x00800000u ? offset : 0u - offset);
    return kind;
}

static int arm_is_half(uint32_t word, int high)
{
    return (word & 0x0ff00000u) == (high ? 0x03400000u : 0x03000000u) && word >> 28 != 15;
}

static uint32_t arm_half_of(uint32_t word)
{
    return (word >> 4 & 0xf000) | (word & 0xfff);
}

static uint32_t arm_half_ahead(const uint8_t *bytes, size_t left, uint32_t reg, int high)
{
    size_t i;
    for (i = 4; i + 4 <= left && i < 48; i += 4) {
        const uint32_t word = isa_u32(bytes + i);
        if ((word & 0x0fb00000u) == 0x03000000u && (word >> 12 & 15) == reg) {
            return arm_is_half(word, high) ? arm_half_of(word) : 0x10000u;
        }
    }
    return 0x10000u;
}

/* Where a register that was just loaded gets the program counter added: its value there; or 0. */
static uint32_t arm_pc_added(const uint8_t *bytes, size_t left, uint32_t at, uint32_t reg)
{
    size_t i;
    for (i = 4; i + 4 <= left; i += 4) {
        const uint32_t word = isa_u32(bytes + i);
        /* ADD rd, pc, rm; LDR rd, [pc, rm] */
        if (((word & 0x0fff0fffu) == (0x008f0000u | reg)) || ((word & 0x0fff0fffu) == (0x079f0000u | reg))) {
            return at + (uint32_t)i + 8;
        }
        if ((word & 0x0f7ff000u) == (0x051f0000u | reg << 12)) {
            break;
        }
    }
    return 0;
}

void dfota_arm_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                    dfota_reference *reference)
{
    uint32_t word;
    unsigned kind;
    int high;
    if ((at & 3) || left < 4) {
        const size_t rest = 4 - (at & 3);
        reference->length = (uint8_t)(rest < left ? rest : left);
        return;
    }
    if (pool_take(scan, bytes, left, at, reference)) {
        return;
    }
    word = isa_u32(bytes);
    reference->length = 4;
    high = arm_is_half(word, 1);
    if (high || arm_is_half(word, 0)) {
        const unsigned reg = word >> 12 & 15;
        half_join(scan, reg, high, arm_half_of(word), arm_half_ahead(bytes, left, reg, !high), reference);
        return;
    }
    kind = arm_decode(word, at, &reference->target);
    reference->kind = (uint8_t)kind;
    if (kind == A_LDR && (word & 0x00500000u) == 0x00100000u) {
        pool_mark(scan, at, reference->target, arm_pc_added(bytes, left, at, word >> 12 & 15));
    }
}

int dfota_arm_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = isa_u32(bytes);
    const uint32_t offset = target - (at + 8);
    const uint32_t size = offset & 0x80000000u ? 0u - offset : offset;
    uint32_t sign = size == 0 ? word & 0x00800000u : size == offset ? 0x00800000u : 0;
    uint32_t delta;
    unsigned turn;
    if (at & 3) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case A_B:
    case A_BL:
        if (!isa_fits(offset, 26) || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff000000u) | (offset >> 2 & 0x00ffffffu);
        break;
    case A_BLX:
        if (!isa_fits(offset, 26) || (offset & 1)) {
            return 0;
        }
        word = 0xfa000000u | (offset >> 2 & 0x00ffffffu) | (offset & 2) << 23;
        break;
    case A_LDR:
        if (size > 4095) {
            return 0;
        }
        word = (word & 0xff7ff000u) | sign | size;
        break;
    case A_LDRH:
        if (size > 255) {
            return 0;
        }
        word = (word & 0xff7ff0f0u) | sign | (size & 0xf0) << 4 | (size & 15);
        break;
    case A_VLDR:
        if (size > 1020 || (size & 3)) {
            return 0;
        }
        word = (word & 0xff7fff00u) | sign | size >> 2;
        break;
    case A_ADR:
        delta = size;
        if (!rotation_of(delta, &turn)) { /* as far away as that, both ways may lead there */
            delta = 0u - size;
            sign ^= 0x00800000u;
            if (!rotation_of(delta, &turn)) {
                return 0;
            }
        }
        word = (word & 0xff3ff000u) | (sign ? 0x00800000u : 0x00400000u) | turn << 7 |
               rotated(delta, (32 - turn) & 31);
        break;
    case KIND_MOVW:
    case KIND_MOVT:
        target = reference->kind == KIND_MOVT ? target >> 16 : target & 0xffff;
        word = (word & 0xfff0f000u) | (target & 0xf000) << 4 | (target & 0xfff);
        break;
    case KIND_POOL_RELATIVE:
        target -= at - reference->anchor;
        /* fall through */
    case KIND_POOL:
        word = target;
        break;
    default:
        return 0;
    }
    isa_put32(bytes, word);
    return 1;
}

int dfota_arm_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                   uint32_t near_to, uint32_t *target)
{
    const uint32_t word = isa_u32(bytes);
    if (reference->kind == KIND_POOL || reference->kind == KIND_POOL_RELATIVE) {
        *target = word + (reference->kind == KIND_POOL ? 0 : at - reference->anchor);
        return 1;
    }
    if (reference->kind >= KIND_MOVW) {
        *target = half_read(reference, arm_half_of(word), near_to);
        return arm_is_half(word, reference->kind == KIND_MOVT);
    }
    return arm_decode(word, at, target) == reference->kind;
}

#endif

/* -- TC32 --------------------------------------------------------------------------- */

#if DFOTA_HAS_ISA(8)

enum { C_LDR = 1, C_B = 2, C_BCC = 3, C_BL = 4 };

static unsigned tc32_decode(uint32_t first, uint32_t second, uint32_t at, uint32_t *target)
{
    const uint32_t pc = at + 4;
    switch (first >> 11) {
    case 0x01:
        *target = (pc & ~3u) + (first & 0xff) * 4;
        return C_LDR;
    case 0x10:
        *target = pc + isa_signed(first, 11) * 2;
        return C_B;
    case 0x12:
        if (second >> 11 != 0x13) {
            return 0;
        }
        *target = pc + isa_signed(first, 11) * 4096 + (second & 0x7ff) * 2;
        return C_BL;
    case 0x18:
    case 0x19:
        if ((first & 0x0e00) == 0x0e00) {
            return 0;
        }
        *target = pc + isa_signed(first, 8) * 2;
        return C_BCC;
    default:
        return 0;
    }
}

void dfota_tc32_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                     dfota_reference *reference)
{
    uint32_t first;
    unsigned kind;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    if (pool_take(scan, bytes, left, at, reference)) {
        return;
    }
    first = isa_u16(bytes);
    kind = tc32_decode(first, left < 4 ? 0 : isa_u16(bytes + 2), at, &reference->target);
    reference->length = kind == C_BL ? 4 : 2;
    reference->kind = (uint8_t)kind;
    if (kind == C_LDR) {
        pool_mark(scan, at, reference->target, 0);
    }
}

int dfota_tc32_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    const uint32_t first = isa_u16(bytes);
    const uint32_t pc = at + 4;
    const uint32_t offset = target - pc;
    const uint32_t aligned = target - (pc & ~3u);
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case C_LDR:
        if (aligned > 1020 || (aligned & 3)) {
            return 0;
        }
        isa_put16(bytes, (first & 0xff00) | aligned >> 2);
        return 1;
    case C_B:
        if (!isa_fits(offset, 12) || (offset & 1)) {
            return 0;
        }
        isa_put16(bytes, (first & 0xf800) | (offset >> 1 & 0x7ff));
        return 1;
    case C_BCC:
        if (!isa_fits(offset, 9) || (offset & 1)) {
            return 0;
        }
        isa_put16(bytes, (first & 0xff00) | (offset >> 1 & 0xff));
        return 1;
    case C_BL:
        if (!isa_fits(offset, 23) || (offset & 1)) {
            return 0;
        }
        isa_put16(bytes, (first & 0xf800) | (offset >> 12 & 0x7ff));
        isa_put16(bytes + 2, (isa_u16(bytes + 2) & 0xf800) | (offset >> 1 & 0x7ff));
        return 1;
    case KIND_POOL:
        isa_put32(bytes, target);
        return 1;
    default:
        return 0;
    }
}

int dfota_tc32_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                    uint32_t near_to, uint32_t *target)
{
    (void)near_to;
    if (reference->kind == KIND_POOL) {
        *target = isa_u32(bytes);
        return 1;
    }
    return tc32_decode(isa_u16(bytes), reference->length == 4 ? isa_u16(bytes + 2) : 0, at, target) ==
           reference->kind;
}

#endif
