/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of VideoCore IV and VI code: 16-bit parcels, 1 to 5 of them. A sweep needs no
 * state but whether the rest of a long vector instruction is still to come.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(11)

enum {
    VC_BL = 1, VC_B = 2, VC_COMPARE = 3, VC_LEA = 4, VC_LEA_LONG = 5, VC_CONSTANT = 6,
    VC_GLOBAL = 7, VC_GLOBAL_LONG = 8, VC_GLOBAL_CONSTANT = 9
};

static unsigned decode(const uint8_t *bytes, unsigned length, uint32_t at, uint32_t *target)
{
    const uint32_t first = isa_u16(bytes);
    uint32_t second;
    if (length == 2) {
        return 0; /* its short branches stay within their function */
    }
    if (length == 4) {
        second = isa_u16(bytes + 2);
        if (first >> 12 == 9) {
            if (first & 0x80) {
                *target = at + isa_signed((first & 0xf00) << 15 | (first & 0x7f) << 16 | second, 27) * 2;
                return VC_BL;
            }
            *target = at + isa_signed((first & 0x7f) << 16 | second, 23) * 2;
            return VC_B;
        }
        if (first >> 12 == 8) {
            *target = at + (second & 0x8000 ? isa_signed(second, 8) : isa_signed(second, 10)) * 2;
            return VC_COMPARE;
        }
        if ((first & 0xffe0) == 0xbfe0) {
            *target = at + isa_signed(second, 16);
            return VC_LEA;
        }
        if (first >> 8 == 0xa8 || (first & 0xffe0) == 0xb700) { /* from r24: loads and stores, addition */
            *target = ISA_NOWHERE + isa_signed(second, 16);
            return VC_GLOBAL;
        }
        return 0;
    }
    second = isa_u32(bytes + 2);
    switch (first >> 8) {
    case 0xe5:
        *target = at + second;
        return VC_LEA_LONG;
    case 0xe6: case 0xe7:
        if (second >> 27 != 24) {
            return 0;
        }
        *target = ISA_NOWHERE + isa_signed(second, 27);
        return VC_GLOBAL_LONG;
    case 0xe8: case 0xe9: case 0xea: case 0xeb: case 0xec: case 0xed: case 0xee: case 0xef:
        if ((first & 0xffe0) == 0xef00) {
            *target = ISA_NOWHERE + second;
            return VC_GLOBAL_CONSTANT;
        }
        *target = second;
        return VC_CONSTANT;
    default:
        return 0;
    }
}

void dfota_videocore_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                          dfota_reference *reference)
{
    uint32_t first;
    unsigned length;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    first = isa_u16(bytes);
    length = first < 0x8000 ? 2 : first < 0xe000 ? 4 : 6;
    if (scan->bytes[0]) {
        scan->bytes[0] = 0; /* the second part of ten bytes */
        length = 4;
    } else if (left >= length) {
        if (first >= 0xf800) {
            scan->bytes[0] = 1;
        } else {
            reference->kind = (uint8_t)decode(bytes, length, at, &reference->target);
        }
    }
    reference->length = (uint8_t)(left < length ? left : length);
}

int dfota_videocore_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    const uint32_t offset = target - at;
    uint32_t word = isa_u16(bytes);
    uint32_t second = reference->length >= 4 ? isa_u16(bytes + 2) : 0;
    unsigned bits;
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case VC_BL:
        bits = 27;
        word = (word & 0xf080) | (offset >> 16 & 0xf00) | (offset >> 17 & 0x7f);
        second = offset >> 1 & 0xffff;
        break;
    case VC_B:
        bits = 23;
        word = (word & 0xff80) | (offset >> 17 & 0x7f);
        second = offset >> 1 & 0xffff;
        break;
    case VC_COMPARE:
        bits = second & 0x8000 ? 8 : 10;
        second = bits == 8 ? (second & 0xff00) | (offset >> 1 & 0xff) : (second & 0xfc00) | (offset >> 1 & 0x3ff);
        break;
    case VC_LEA:
        bits = 0;
        if (!isa_fits(offset, 16)) {
            return 0;
        }
        second = offset & 0xffff;
        break;
    case VC_GLOBAL:
        bits = 0;
        if (!isa_fits(target - ISA_NOWHERE, 16)) {
            return 0;
        }
        second = (target - ISA_NOWHERE) & 0xffff;
        break;
    case VC_GLOBAL_LONG:
        if (!isa_fits(target - ISA_NOWHERE, 27)) {
            return 0;
        }
        isa_put32(bytes + 2, (uint32_t)24 << 27 | ((target - ISA_NOWHERE) & 0x07ffffffu));
        return 1;
    case VC_LEA_LONG:
        isa_put32(bytes + 2, offset);
        return 1;
    case VC_CONSTANT:
        isa_put32(bytes + 2, target);
        return 1;
    case VC_GLOBAL_CONSTANT:
        isa_put32(bytes + 2, target - ISA_NOWHERE);
        return 1;
    default:
        return 0;
    }
    if (bits != 0 && (!isa_fits(offset, bits + 1) || (offset & 1))) {
        return 0;
    }
    isa_put16(bytes, word);
    if (reference->length >= 4) {
        isa_put16(bytes + 2, second);
    }
    return 1;
}

int dfota_videocore_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                         uint32_t near_to, uint32_t *target)
{
    const uint32_t first = isa_u16(bytes);
    const unsigned length = first < 0x8000 ? 2 : first < 0xe000 ? 4 : 6;
    (void)near_to;
    return length == reference->length && decode(bytes, length, at, target) == reference->kind;
}

#endif
