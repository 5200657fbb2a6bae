/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * References of RISC-V code, 32 and 64 bits, with compressed instructions.
 *
 * State of a sweep: words[0..31] has what AUIPC or LUI put into each register, words[32] which
 * are known, words[33] which came from AUIPC; bytes[0] whether 64-bit instructions were seen.
 */
#include "dfota_isa_internal.h"

#if DFOTA_HAS_ISA(4)

enum {
    V_JAL = 1, V_BRANCH = 2, V_CJ = 3, V_CJAL = 4, V_CBZ = 5, V_AUIPC = 6, V_PC_LOAD = 7,
    V_PC_STORE = 8, V_LUI = 9, V_LOAD = 10, V_STORE = 11, V_PC_CALL = 12, V_GP_LOAD = 13, V_GP_STORE = 14
};

/* What a call may change: ra, t0-t6, a0-a7. */
#define CALL_CHANGES 0xf003fce2u

static unsigned decode16(uint32_t half, uint32_t at, uint32_t *target)
{
    uint32_t offset;
    switch (half & 0xe003) {
    case 0xa001:
    case 0x2001:
        offset = (half >> 1 & 0x800) | (half >> 7 & 0x10) | (half >> 1 & 0x300) | (half << 2 & 0x400) |
                 (half >> 1 & 0x40) | (half << 1 & 0x80) | (half >> 2 & 0xe) | (half << 3 & 0x20);
        *target = at + isa_signed(offset, 12);
        return half & 0x8000 ? V_CJ : V_CJAL;
    case 0xc001:
    case 0xe001:
        offset = (half >> 4 & 0x100) | (half >> 7 & 0x18) | (half << 1 & 0xc0) | (half >> 2 & 6) |
                 (half << 3 & 0x20);
        *target = at + isa_signed(offset, 9);
        return V_CBZ;
    default:
        return 0;
    }
}

static unsigned decode32(uint32_t word, uint32_t at, uint32_t *target)
{
    uint32_t offset;
    switch (word & 0x7f) {
    case 0x6f:
        offset = (word >> 11 & 0x100000) | (word & 0xff000) | (word >> 9 & 0x800) | (word >> 20 & 0x7fe);
        *target = at + isa_signed(offset, 21);
        return V_JAL;
    case 0x63:
        if ((word & 0x6000) == 0x2000) {
            return 0;
        }
        offset = (word >> 19 & 0x1000) | (word << 4 & 0x800) | (word >> 20 & 0x7e0) | (word >> 7 & 0x1e);
        *target = at + isa_signed(offset, 13);
        return V_BRANCH;
    case 0x17:
        return V_AUIPC;
    case 0x37:
        return V_LUI;
    default:
        return 0;
    }
}

/* Instructions that add a signed 12-bit constant to a register: 1 load-like, 2 store-like, 3 jump. */
static unsigned consumer(uint32_t word)
{
    switch (word & 0x7f) {
    case 0x13:
    case 0x1b:
        return (word & 0x7000) == 0 ? 1 : 0;
    case 0x03:
    case 0x07:
        return 1;
    case 0x23:
    case 0x27:
        return 2;
    case 0x67:
        return (word & 0x7000) == 0 ? 3 : 0;
    default:
        return 0;
    }
}

static uint32_t low_of(uint32_t word, int is_store)
{
    return isa_signed(is_store ? (word >> 20 & 0xfe0) | (word >> 7 & 31) : word >> 20, 12);
}

/* The register that a compressed instruction writes; 0: none. */
static unsigned written16(uint32_t half)
{
    switch (half & 3) {
    case 0:
        return half & 0x8000 ? 0 : (half >> 2 & 7) + 8;
    case 1:
        if ((half & 0xe000) == 0x8000) {
            return (half >> 7 & 7) + 8;
        }
        return half & 0x8000 ? 0 : half >> 7 & 31;
    default:
        return (half & 0xe000) < 0xa000 ? half >> 7 & 31 : 0;
    }
}

static void forget(dfota_scan *scan, unsigned reg)
{
    scan->words[32] &= ~((uint32_t)1 << reg);
}

/* The first constant that is added to the register further on; 0 if none is in sight. */
static uint32_t low_ahead(const uint8_t *bytes, size_t left, uint32_t reg, uint8_t *seen)
{
    size_t i = 4;
    while (i + 4 <= left) {
        const uint32_t word = isa_u32(bytes + i);
        if ((word & 3) == 3) {
            const unsigned kind = consumer(word);
            if (kind != 0 && (word >> 15 & 31) == reg) {
                *seen = 1;
                return low_of(word, kind == 2);
            }
            if ((word >> 7 & 31) == reg && (word & 0x7f) != 0x23 && (word & 0x7f) != 0x63 && (word & 0x7f) != 0x27) {
                break;
            }
            i += 4;
        } else {
            if (written16(word & 0xffff) == reg) {
                break;
            }
            i += 2;
        }
    }
    return 0;
}

void dfota_riscv_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                      dfota_reference *reference)
{
    uint32_t word;
    unsigned kind;
    unsigned reg;
    if ((at & 1) || left < 2) {
        reference->length = 1;
        return;
    }
    word = isa_u16(bytes);
    reference->length = 2;
    if ((word & 3) != 3) {
        kind = decode16(word, at, &reference->target);
        reg = written16(word);
        if (kind == V_CJAL) {
            if (scan->bytes[0]) {
                kind = 0; /* C.ADDIW */
            } else {
                scan->words[32] &= ~CALL_CHANGES;
                reg = 0;
            }
        }
        reference->kind = (uint8_t)kind;
        if ((word & 0xe003) == 0xe002) {
            scan->bytes[0] = 1; /* C.SDSP (or C.FSWSP, rare) */
        }
        if ((word & 0xf07f) == 0x9002) {
            scan->words[32] &= ~CALL_CHANGES; /* C.JALR */
        } else if (word == 0x8082) {
            scan->words[32] = 0;
        } else {
            forget(scan, reg);
        }
        return;
    }
    if (left < 4 || (word & 0x1f) == 0x1f) {
        return;
    }
    word = isa_u32(bytes);
    reference->length = 4;
    reg = word >> 7 & 31;
    kind = decode32(word, at, &reference->target);
    if (kind == V_AUIPC || kind == V_LUI) {
        const uint32_t value = (word & 0xfffff000u) + (kind == V_AUIPC ? at : 0);
        if (reg == 0) {
            return;
        }
        scan->words[reg] = value;
        scan->words[32] |= (uint32_t)1 << reg;
        scan->words[33] &= ~((uint32_t)1 << reg);
        scan->words[33] |= (uint32_t)(kind == V_AUIPC) << reg;
        isa_found(reference, kind, value + low_ahead(bytes, left, reg, &reference->extra));
        return;
    }
    if (kind != 0) {
        reference->kind = (uint8_t)kind;
        if (kind == V_JAL && reg != 0) {
            scan->words[32] &= ~CALL_CHANGES;
        }
        return;
    }
    kind = consumer(word);
    if (kind != 0) {
        const unsigned base = word >> 15 & 31;
        if ((word & 0x707f) == 0x3003 || (word & 0x707f) == 0x3023 || (word & 0x7f) == 0x1b) {
            scan->bytes[0] = 1;
        }
        if (scan->words[32] >> base & 1) {
            const uint32_t value = scan->words[base];
            reference->target = value + low_of(word, kind == 2);
            if (scan->words[33] >> base & 1) {
                reference->kind = (uint8_t)(kind == 3 ? V_PC_CALL : kind == 2 ? V_PC_STORE : V_PC_LOAD);
                reference->anchor = (at - value) & 0xfff;
            } else {
                reference->kind = (uint8_t)(kind == 2 ? V_STORE : V_LOAD);
            }
        } else if (base == 3 && kind != 3) {
            isa_found(reference, kind == 2 ? V_GP_STORE : V_GP_LOAD, ISA_NOWHERE + low_of(word, kind == 2));
        }
        if (kind == 3) {
            scan->words[32] &= reg == 0 ? 0 : ~CALL_CHANGES;
        } else if (kind == 1) {
            forget(scan, reg);
        }
    } else if ((word & 0x7f) != 0x63) {
        forget(scan, reg);
    }
}

int dfota_riscv_place(const dfota_reference *reference, uint32_t at, uint32_t target, uint8_t *bytes)
{
    const uint32_t offset = target - at;
    uint32_t word = reference->length == 4 ? isa_u32(bytes) : isa_u16(bytes);
    if (at & 1) {
        return 0; /* data that was moved, no code */
    }
    switch (reference->kind) {
    case V_JAL:
        if (!isa_fits(offset, 21) || (offset & 1)) {
            return 0;
        }
        word = (word & 0xfff) | (offset << 11 & 0x80000000u) | (offset & 0xff000) | (offset << 9 & 0x100000) |
               (offset << 20 & 0x7fe00000u);
        break;
    case V_BRANCH:
        if (!isa_fits(offset, 13) || (offset & 1)) {
            return 0;
        }
        word = (word & 0x01fff07fu) | (offset << 19 & 0x80000000u) | (offset >> 4 & 0x80) |
               (offset << 20 & 0x7e000000u) | (offset << 7 & 0xf00);
        break;
    case V_CJ:
    case V_CJAL:
        if (!isa_fits(offset, 12) || (offset & 1)) {
            return 0;
        }
        word = (word & 0xe003) | (offset << 1 & 0x1000) | (offset << 7 & 0x800) | (offset << 1 & 0x600) |
               (offset >> 2 & 0x100) | (offset << 1 & 0x80) | (offset >> 1 & 0x40) | (offset << 2 & 0x38) |
               (offset >> 3 & 4);
        break;
    case V_CBZ:
        if (!isa_fits(offset, 9) || (offset & 1)) {
            return 0;
        }
        word = (word & 0xe383) | (offset << 4 & 0x1000) | (offset << 7 & 0xc00) | (offset >> 1 & 0x60) |
               (offset << 2 & 0x18) | (offset >> 3 & 4);
        break;
    case V_AUIPC:
        word = (word & 0xfff) | ((offset + 0x800) & 0xfffff000u);
        break;
    case V_LUI:
        word = (word & 0xfff) | ((target + 0x800) & 0xfffff000u);
        break;
    case V_PC_LOAD:
    case V_PC_CALL:
        word = (word & 0xfffff) | (offset + reference->anchor) << 20;
        break;
    case V_LOAD:
        word = (word & 0xfffff) | target << 20;
        break;
    case V_GP_LOAD:
        target -= ISA_NOWHERE;
        if (!isa_fits(target, 12)) {
            return 0;
        }
        word = (word & 0xfffff) | target << 20;
        break;
    case V_GP_STORE:
        target -= ISA_NOWHERE;
        if (!isa_fits(target, 12)) {
            return 0;
        }
        word = (word & 0x01fff07fu) | (target << 20 & 0xfe000000u) | (target << 7 & 0xf80);
        break;
    case V_PC_STORE:
        target = offset + reference->anchor;
        /* fall through */
    case V_STORE:
        word = (word & 0x01fff07fu) | (target << 20 & 0xfe000000u) | (target << 7 & 0xf80);
        break;
    default:
        return 0;
    }
    isa_put16(bytes, word);
    if (reference->length == 4) {
        isa_put16(bytes + 2, word >> 16);
    }
    return 1;
}

int dfota_riscv_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,
                     uint32_t near_to, uint32_t *target)
{
    uint32_t word = isa_u16(bytes);
    unsigned kind = reference->kind;
    if (reference->length == 2) {
        return (word & 3) != 3 && decode16(word, at, target) == kind;
    }
    word = isa_u32(bytes);
    switch (kind) {
    case V_AUIPC:
    case V_LUI:
        *target = isa_in_row(near_to, (word & 0xfffff000u) + (kind == V_AUIPC ? at : 0) - 0x800, 0x1000);
        return (word & 0x7f) == (kind == V_AUIPC ? 0x17u : 0x37u);
    case V_GP_LOAD:
    case V_GP_STORE:
        *target = ISA_NOWHERE + low_of(word, kind == V_GP_STORE);
        return consumer(word) == (kind == V_GP_STORE ? 2u : 1u) && (word >> 15 & 31) == 3;
    case V_PC_LOAD:
    case V_PC_STORE:
    case V_PC_CALL:
    case V_LOAD:
    case V_STORE: {
        const unsigned form = consumer(word);
        const uint32_t from = kind == V_LOAD || kind == V_STORE ? 0 : at - reference->anchor;
        if (form != (kind == V_PC_CALL ? 3u : kind == V_PC_STORE || kind == V_STORE ? 2u : 1u) &&
            !(kind == V_LOAD && form == 3)) {
            return 0;
        }
        *target = isa_nearest_low(near_to, from + low_of(word, form == 2), 12);
        return 1;
    }
    default:
        return decode32(word, at, target) == kind;
    }
}

#endif
