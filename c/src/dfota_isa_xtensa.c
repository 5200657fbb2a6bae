/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of little-endian Xtensa code. A sweep needs no state.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(5) || DFOTA_HAS_ISA(12)

enum {
    X_CALL = 1, X_J = 2, X_L32R = 3, X_BZ = 4, X_BI = 5, X_BR = 6, X_LOOP = 7, X_BZ_N = 8, X_BF = 9, X_BASED = 10
};

/* Instructions of three bytes. */
static unsigned decode(uint32_t word, uint32_t at, int based, uint32_t *target)
{
    const uint32_t pc = at + 4;
    switch (word & 15) {
    case 1:
        if (based) {
            *target = ISA_NOWHERE + (word >> 6 & 0x3fffc);
            return X_BASED;
        }
        *target = ((at + 3) & ~3u) + 0xfffc0000u + (word >> 6 & 0x3fffc);
        return X_L32R;
    case 5:
        *target = (pc & ~3u) + isa_signed(word >> 6, 18) * 4;
        return X_CALL;
    case 6:
        switch (word >> 4 & 3) {
        case 0:
            *target = pc + isa_signed(word >> 6, 18);
            return X_J;
        case 1:
            *target = pc + isa_signed(word >> 12, 12);
            return X_BZ;
        case 3:
            if ((word & 0xc0) == 0) { /* ENTRY */
                return 0;
            }
            if ((word & 0xc0) == 0x40) {
                const uint32_t r = word >> 12 & 15;
                if (r >= 8 && r <= 10) {
                    *target = pc + (word >> 16);
                    return X_LOOP;
                }
                *target = pc + isa_signed(word >> 16, 8);
                return r < 2 ? X_BF : 0;
            }
            break;
        default:
            break;
        }
        *target = pc + isa_signed(word >> 16, 8);
        return X_BI;
    case 7:
        *target = pc + isa_signed(word >> 16, 8);
        return X_BR;
    default:
        return 0;
    }
}

/* BEQZ.N and BNEZ.N. */
static unsigned decode_narrow(uint32_t half, uint32_t at, uint32_t *target)
{
    if ((half & 0x8f) != 0x8c) {
        return 0;
    }
    *target = at + 4 + ((half & 0x30) | half >> 12);
    return X_BZ_N;
}

void dfota_xtensa_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                       dfota_reference *reference)
{
    const unsigned op = bytes[0] & 15;
    const size_t size = op >= 8 && op < 14 ? 2 : 3;
    if (left < size) {
        reference->length = (uint8_t)left;
        return;
    }
    reference->length = (uint8_t)size;
    reference->kind = (uint8_t)(size == 2 ? decode_narrow(isa_u16(bytes), at, &reference->target)
                                          : decode(isa_u24(bytes), at, scan->isa == DFOTA_ISA_XTENSA_LITBASE,
                                                   &reference->target));
}

int dfota_xtensa_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    uint32_t word = reference->length == 3 ? isa_u24(bytes) : isa_u16(bytes);
    uint32_t offset = target - (at + 4);
    switch (reference->kind) {
    case X_CALL:
        offset = target - ((at + 4) & ~3u);
        if (!isa_fits(offset, 20) || (offset & 3)) {
            return 0;
        }
        word = (word & 0x3f) | (offset << 4 & 0xffffc0u);
        break;
    case X_J:
        if (!isa_fits(offset, 18)) {
            return 0;
        }
        word = (word & 0x3f) | (offset << 6 & 0xffffc0u);
        break;
    case X_L32R:
        offset = target - (((at + 3) & ~3u) + 0xfffc0000u);
        if (offset > 0x3fffc || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff) | offset << 6;
        break;
    case X_BASED:
        offset = target - ISA_NOWHERE;
        if (offset > 0x3fffc || (offset & 3)) {
            return 0;
        }
        word = (word & 0xff) | offset << 6;
        break;
    case X_BZ:
        if (!isa_fits(offset, 12)) {
            return 0;
        }
        word = (word & 0xfff) | (offset << 12 & 0xfff000u);
        break;
    case X_BI:
    case X_BR:
    case X_BF:
        if (!isa_fits(offset, 8)) {
            return 0;
        }
        word = (word & 0xffff) | (offset << 16 & 0xff0000u);
        break;
    case X_LOOP:
        if (offset > 255) {
            return 0;
        }
        word = (word & 0xffff) | offset << 16;
        break;
    case X_BZ_N:
        if (offset > 63) {
            return 0;
        }
        isa_put16(bytes, (word & 0x0fcf) | (offset & 0x30) | (offset & 15) << 12);
        return 1;
    default:
        return 0;
    }
    isa_put24(bytes, word);
    return 1;
}

int dfota_xtensa_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                      uint32_t near_to, uint32_t *target)
{
    (void)near_to;
    if (reference->length == 2) {
        return decode_narrow(isa_u16(bytes), at, target) == reference->kind;
    }
    return decode(isa_u24(bytes), at, reference->kind == X_BASED, target) == reference->kind;
}

#endif
