/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of x86 code, recognised by opcode and shape, without following instruction
 * lengths: a wrong guess leads outside every segment, and costs nothing.
 *
 * State of a sweep: bytes[0] counts prefixes of 64-bit code (up to 3), bytes[1] whether the
 * byte before was one.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(7)

enum { I_CALL = 1, I_JUMP = 2, I_JCC = 3, I_RELATIVE = 4, I_ABSOLUTE = 5, I_DIRECT = 6, I_CONSTANT = 7 };

/* Opcodes with a ModRM byte that often come with a 32-bit displacement; how much constant follows it plus 1. */
static unsigned has_modrm(uint8_t opcode, uint8_t modrm)
{
    switch (opcode) {
    case 0x01: case 0x03: case 0x09: case 0x0b: case 0x21: case 0x23: case 0x29: case 0x2b: case 0x31: case 0x33:
    case 0x38: case 0x39: case 0x3a: case 0x3b: case 0x63: case 0x84: case 0x85: case 0x87: case 0x88: case 0x89:
    case 0x8a: case 0x8b: case 0x8d: case 0xd1: case 0xd3: case 0xd8: case 0xd9: case 0xdb: case 0xdc: case 0xdd:
    case 0xff:
        return 1;
    case 0x6b: case 0x80: case 0x83: case 0xc0: case 0xc1: case 0xc6:
        return 2;
    case 0x69: case 0x81: case 0xc7:
        return 5;
    case 0xf6:
        return modrm & 0x30 ? 1 : 2;
    case 0xf7:
        return modrm & 0x30 ? 1 : 5;
    default:
        return 0;
    }
}

/* The second byte of opcodes that begin with 0f. */
static unsigned has_modrm_0f(uint8_t opcode)
{
    switch (opcode >> 4) {
    case 1: case 2: case 4: case 5: case 6: case 9: case 0xb: case 0xd: case 0xe: case 0xf:
        return opcode == 0xba ? 2 : 1;
    default:
        return opcode == 0x7e || opcode == 0x7f || opcode == 0xaf || opcode == 0xa3 || opcode == 0xab ? 1
               : opcode == 0xc2 || opcode == 0xc6                                                     ? 2
                                                                                                      : 0;
    }
}

static int starts(uint8_t byte)
{
    return (byte & 0xf8) == 0xb8 || byte == 0x68 || (byte & 0xfe) == 0xe8 || (byte & 0xfc) == 0xa0 || byte == 0x0f ||
           (byte & 0xf0) == 0x40 || has_modrm(byte, 0) != 0;
}

/* Where in the unit the 32 bits are, by its kind. */
static size_t field_of(const dfota_reference *reference)
{
    return (size_t)reference->length - 4;
}

void dfota_x86_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                    dfota_reference *reference)
{
    const uint8_t first = bytes[0];
    const int was_prefix = scan->bytes[1];
    const int wide = scan->bytes[0] >= 3 || was_prefix;
    size_t i = 1;
    unsigned after = 0;
    scan->bytes[1] = 0;
    if (left >= 5 && (first & 0xfe) == 0xe8 && (bytes[4] == 0 || bytes[4] == 0xff)) {
        reference->length = 5;
        isa_found(reference, first & 1 ? I_JUMP : I_CALL, at + 5 + isa_u32(bytes + 1));
        return;
    }
    if (left >= 7 && first == 0x0f) {
        if ((bytes[1] & 0xf0) == 0x80 && (bytes[5] == 0 || bytes[5] == 0xff)) {
            reference->length = 6;
            isa_found(reference, I_JCC, at + 6 + isa_u32(bytes + 2));
            return;
        }
        if ((bytes[2] & 0xc7) == 5) {
            after = has_modrm_0f(bytes[1]);
            i = 3;
        }
    } else if (left >= 6 && (bytes[1] & 0xc7) == 5) {
        after = has_modrm(first, bytes[1]);
        i = 2;
    }
    if (after != 0) {
        reference->length = (uint8_t)(i + 4);
        if (wide) {
            reference->extra = (uint8_t)(after - 1);
            isa_found(reference, I_RELATIVE, at + reference->length + (after - 1) + isa_u32(bytes + i));
        } else {
            isa_found(reference, I_ABSOLUTE, isa_u32(bytes + i));
        }
        return;
    }
    if (left >= 5 && !wide) {
        const int direct = (first & 0xfc) == 0xa0;
        if (direct || first == 0x68 || (first & 0xf8) == 0xb8) {
            const uint32_t value = isa_u32(bytes + 1);
            if (value >= 0x10000u) {
                reference->length = 5;
                isa_found(reference, direct ? I_DIRECT : I_CONSTANT, value);
                return;
            }
        }
    }
    if ((first & 0xf0) == 0x40 && left >= 2) {
        const uint8_t next = bytes[1];
        scan->bytes[1] = (uint8_t)((first & 8) != 0 || scan->bytes[0] >= 3);
        if ((first & 8) && (next == 0x8b || next == 0x89 || next == 0x8d || next == 0x85 || next == 0x83)) {
            scan->bytes[0] = (uint8_t)(scan->bytes[0] < 3 ? scan->bytes[0] + 1 : 3);
        } else if (scan->bytes[0] < 3) {
            scan->bytes[1] = 0;
        }
        reference->length = 1;
        return;
    }
    for (i = 1; i < left && i < DFOTA_UNIT_MAX && !starts(bytes[i]); i++) {
    }
    reference->length = (uint8_t)i;
}

int dfota_x86_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    if (reference->kind <= I_RELATIVE) {
        target -= at + reference->length + reference->extra;
    }
    isa_put32(bytes + field_of(reference), target);
    return 1;
}

int dfota_x86_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                   uint32_t near_to, uint32_t *target)
{
    (void)near_to;
    *target = isa_u32(bytes + field_of(reference));
    if (reference->kind <= I_RELATIVE) {
        *target += at + reference->length + reference->extra;
    }
    switch (reference->kind) {
    case I_CALL:
        return bytes[0] == 0xe8;
    case I_JUMP:
        return bytes[0] == 0xe9;
    case I_JCC:
        return bytes[0] == 0x0f && (bytes[1] & 0xf0) == 0x80;
    case I_DIRECT:
        return (bytes[0] & 0xfc) == 0xa0;
    case I_CONSTANT:
        return bytes[0] == 0x68 || (bytes[0] & 0xf8) == 0xb8;
    default:
        return (bytes[field_of(reference) - 1] & 0xc7) == 5;
    }
}

#endif
