/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What instructions refer to: finds the references in old code, and moves them to other
 * addresses. It knows instruction sets, and nothing of images, maps or coding.
 */
#ifndef DFOTA_ISA_H
#define DFOTA_ISA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Instruction sets; the numbers are part of the patch format. All are little-endian but for NDS32's instructions. */
typedef enum dfota_isa {
    DFOTA_ISA_NONE = 0,    /* data only */
    DFOTA_ISA_THUMB = 1,   /* Thumb and Thumb-2 */
    DFOTA_ISA_ARM = 2,     /* A32 */
    DFOTA_ISA_AARCH64 = 3, /* A64 */
    DFOTA_ISA_RISCV = 4,   /* RV32 and RV64 with C */
    DFOTA_ISA_XTENSA = 5,
    DFOTA_ISA_HEXAGON = 6,
    DFOTA_ISA_X86 = 7,     /* 16, 32 and 64 bits */
    DFOTA_ISA_TC32 = 8,    /* Telink */
    DFOTA_ISA_ARC = 9,     /* ARCompact and ARCv2 */
    DFOTA_ISA_NDS32 = 10,  /* Andes V3 */
    DFOTA_ISA_VIDEOCORE = 11,
    DFOTA_ISA_XTENSA_LITBASE = 12, /* Xtensa whose literals count from a register */
    DFOTA_ISA_COUNT = 13
} dfota_isa;

/** Which instruction sets are compiled in, one bit each. */
#ifndef DFOTA_ISAS
#define DFOTA_ISAS 0xffffu
#endif

/** Bytes that dfota_scan_next() wants to see from the unit on, where the copy has them. */
#define DFOTA_SCAN_WINDOW 64u

/** Longest unit. */
#define DFOTA_UNIT_MAX 8u

/** State of a linear sweep through one stretch of code; no pointers, at most 192 bytes. */
typedef struct dfota_scan {
    uint32_t begin;      /* old address at which the sweep began */
    uint32_t words[40];  /* owned by the instruction set (pages of registers, pool words, ...) */
    uint8_t isa;
    uint8_t bytes[7];
} dfota_scan;

/** One unit of old code: an instruction (or part of it), or bytes that are none. */
typedef struct dfota_reference {
    uint8_t length;   /* 1..DFOTA_UNIT_MAX bytes of this unit, never more than were visible */
    uint8_t kind;     /* 0: refers to nothing; else 1..15, which form (own numbers of each ISA) */
    uint8_t visible;  /* owned by the instruction set */
    uint8_t extra;    /* owned by the instruction set */
    uint32_t target;  /* what it refers to: an address in old, modulo 2^32 */
    uint32_t anchor;  /* how many bytes before this unit the address counts from, if a pair */
} dfota_reference;

/* Begin a sweep at old address `at`. Never looks at anything before it. */
void dfota_scan_begin(dfota_scan *scan, unsigned isa, uint32_t at);

/* The unit that begins at `bytes`, of which `left` >= 1 are visible, at old address `at`. */
void dfota_scan_next(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                     dfota_reference *reference);

/*
 * Rewrite `bytes` (the unit as it is in old, `reference->length` of them) so that at new
 * address `at` it refers to new address `target`. Returns 0 and leaves `bytes` alone where
 * that cannot be expressed.
 */
int dfota_reference_place(unsigned isa, const dfota_reference *reference, uint32_t at,
                          uint32_t target, uint8_t *bytes);

/*
 * The address that `bytes` (as long as the unit, found in new at address `at`) refer to. Of
 * several (a pair shows only one half) the likeliest if `near` was expected: where the unit
 * was placed, so that the halves of a pair teach one after the other. Returns 0 if it is no
 * instruction of this kind any more.
 */
int dfota_reference_read(unsigned isa, const dfota_reference *reference, const uint8_t *bytes,
                         uint32_t at, uint32_t near, uint32_t *target);

#ifdef __cplusplus
}
#endif

#endif
