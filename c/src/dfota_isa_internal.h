/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the files dfota_isa*.c share: little pieces of integer arithmetic, and the three doors
 * of each instruction set. Not for users of the library.
 */
#ifndef DFOTA_ISA_INTERNAL_H
#define DFOTA_ISA_INTERNAL_H

#include "dfota_isa.h"

#define DFOTA_HAS_ISA(isa) (((DFOTA_ISAS) >> (isa)) & 1u)

/*
 * What counts from a register of unknown value gets an address up here, where no segment is:
 * the map says nothing of it, but what was learned of its neighbours does.
 */
#define ISA_NOWHERE 0x70000000u

/* Each set: find a reference, move it, read it. As in dfota_isa.h; `length` and `kind` are 0 at first. */
#define DFOTA_ISA_DOORS(name)                                                                          \
    void dfota_##name##_scan(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,         \
                             dfota_reference *reference);                                              \
    int dfota_##name##_place(const dfota_reference *reference, uint32_t at, uint32_t target,           \
                             uint8_t *bytes);                                                          \
    int dfota_##name##_read(const dfota_reference *reference, const uint8_t *bytes, uint32_t at,       \
                            uint32_t near_to, uint32_t *target)

DFOTA_ISA_DOORS(thumb);
DFOTA_ISA_DOORS(arm);
DFOTA_ISA_DOORS(aarch64);
DFOTA_ISA_DOORS(riscv);
DFOTA_ISA_DOORS(xtensa);
DFOTA_ISA_DOORS(hexagon);
DFOTA_ISA_DOORS(x86);
DFOTA_ISA_DOORS(tc32);
DFOTA_ISA_DOORS(arc);
DFOTA_ISA_DOORS(nds32);
DFOTA_ISA_DOORS(videocore);

static inline uint32_t isa_u16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t isa_u24(const uint8_t *p)
{
    return isa_u16(p) | (uint32_t)p[2] << 16;
}

static inline uint32_t isa_u32(const uint8_t *p)
{
    return isa_u16(p) | isa_u16(p + 2) << 16;
}

static inline void isa_put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value & 0xffu);
    p[1] = (uint8_t)((value >> 8) & 0xffu);
}

static inline void isa_put24(uint8_t *p, uint32_t value)
{
    isa_put16(p, value);
    p[2] = (uint8_t)((value >> 16) & 0xffu);
}

static inline void isa_put32(uint8_t *p, uint32_t value)
{
    isa_put16(p, value);
    isa_put16(p + 2, value >> 16);
}

/* The lowest `bits` (1..31) of value as a signed number, modulo 2^32. */
static inline uint32_t isa_signed(uint32_t value, unsigned bits)
{
    const uint32_t sign = (uint32_t)1 << (bits - 1);
    return ((value & ((sign << 1) - 1)) ^ sign) - sign;
}

/* Whether a signed difference fits into `bits` (1..31). */
static inline int isa_fits(uint32_t delta, unsigned bits)
{
    return isa_signed(delta, bits) == delta;
}

/* The number nearest to `near_to` that has these lowest `bits` (1..31). */
static inline uint32_t isa_nearest_low(uint32_t near_to, uint32_t low, unsigned bits)
{
    return near_to + isa_signed(low - near_to, bits);
}

/*
 * Of the `size` (a power of two) numbers from `first` on the one whose place in its row is that
 * of `near_to`: what moves far moves by whole rows more often than not.
 */
static inline uint32_t isa_in_row(uint32_t near_to, uint32_t first, uint32_t size)
{
    return first + ((near_to - first) & (size - 1));
}

static inline void isa_found(dfota_reference *reference, unsigned kind, uint32_t target)
{
    reference->kind = (uint8_t)kind;
    reference->target = target;
}

#endif
