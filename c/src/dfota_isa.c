/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The way from an instruction set's number to its three functions. It knows no
 * instruction, but it knows text.
 */
#include "dfota_isa_internal.h"

#include <string.h>

/* Kinds from here on are found by more than the look of one instruction. */
#define CERTAIN_KINDS 11u

/* Whether eight bytes in a row are text: what looks like an instruction there is none. */
static int is_text(const uint8_t *bytes, size_t left)
{
    size_t i;
    for (i = 0; i < 8 && i < left; i++) {
        const uint8_t byte = bytes[i];
        if ((byte < 0x20 && byte != 0 && byte != '\n' && byte != '\r' && byte != '\t') || byte > 0x7e) {
            return 0;
        }
    }
    return i == 8;
}

void dfota_scan_begin(dfota_scan *scan, unsigned isa, uint32_t at)
{
    memset(scan, 0, sizeof *scan);
    scan->begin = at;
    scan->isa = (uint8_t)(isa < DFOTA_ISA_COUNT && DFOTA_HAS_ISA(isa) ? isa : DFOTA_ISA_NONE);
}

void dfota_scan_next(dfota_scan *scan, const uint8_t *bytes, size_t left, uint32_t at,
                     dfota_reference *reference)
{
    /* Without any instruction set there is nothing to look at. */
    (void)at;
    reference->length = 0;
    reference->kind = 0;
    reference->visible = 0;
    reference->extra = 0;
    reference->target = 0;
    reference->anchor = 0;
    if (left > DFOTA_SCAN_WINDOW) {
        left = DFOTA_SCAN_WINDOW;
    }
    switch (scan->isa) {
#define SCAN(number, name)                                         \
    case number:                                                   \
        dfota_##name##_scan(scan, bytes, left, at, reference);     \
        break
#if DFOTA_HAS_ISA(1)
        SCAN(DFOTA_ISA_THUMB, thumb);
#endif
#if DFOTA_HAS_ISA(2)
        SCAN(DFOTA_ISA_ARM, arm);
#endif
#if DFOTA_HAS_ISA(3)
        SCAN(DFOTA_ISA_AARCH64, aarch64);
#endif
#if DFOTA_HAS_ISA(4)
        SCAN(DFOTA_ISA_RISCV, riscv);
#endif
#if DFOTA_HAS_ISA(5)
        SCAN(DFOTA_ISA_XTENSA, xtensa);
#endif
#if DFOTA_HAS_ISA(12)
        SCAN(DFOTA_ISA_XTENSA_LITBASE, xtensa);
#endif
#if DFOTA_HAS_ISA(6)
        SCAN(DFOTA_ISA_HEXAGON, hexagon);
#endif
#if DFOTA_HAS_ISA(7)
        SCAN(DFOTA_ISA_X86, x86);
#endif
#if DFOTA_HAS_ISA(8)
        SCAN(DFOTA_ISA_TC32, tc32);
#endif
#if DFOTA_HAS_ISA(9)
        SCAN(DFOTA_ISA_ARC, arc);
#endif
#if DFOTA_HAS_ISA(10)
        SCAN(DFOTA_ISA_NDS32, nds32);
#endif
#if DFOTA_HAS_ISA(11)
        SCAN(DFOTA_ISA_VIDEOCORE, videocore);
#endif
#undef SCAN
    default:
        reference->length = (uint8_t)(left < DFOTA_UNIT_MAX ? left : DFOTA_UNIT_MAX);
        break;
    }
    if (reference->kind != 0 && reference->kind < CERTAIN_KINDS && is_text(bytes, left)) {
        reference->kind = 0;
    }
}

int dfota_reference_place(unsigned isa, const dfota_reference *reference, uint32_t at,
                          uint32_t target, uint8_t *bytes)
{
    /* Without any instruction set there is nothing to look at. */
    (void)reference;
    (void)at;
    (void)target;
    (void)bytes;
    switch (isa) {
#define PLACE(number, name) \
    case number:            \
        return dfota_##name##_place(reference, at, target, bytes)
#if DFOTA_HAS_ISA(1)
        PLACE(DFOTA_ISA_THUMB, thumb);
#endif
#if DFOTA_HAS_ISA(2)
        PLACE(DFOTA_ISA_ARM, arm);
#endif
#if DFOTA_HAS_ISA(3)
        PLACE(DFOTA_ISA_AARCH64, aarch64);
#endif
#if DFOTA_HAS_ISA(4)
        PLACE(DFOTA_ISA_RISCV, riscv);
#endif
#if DFOTA_HAS_ISA(5)
        PLACE(DFOTA_ISA_XTENSA, xtensa);
#endif
#if DFOTA_HAS_ISA(12)
        PLACE(DFOTA_ISA_XTENSA_LITBASE, xtensa);
#endif
#if DFOTA_HAS_ISA(6)
        PLACE(DFOTA_ISA_HEXAGON, hexagon);
#endif
#if DFOTA_HAS_ISA(7)
        PLACE(DFOTA_ISA_X86, x86);
#endif
#if DFOTA_HAS_ISA(8)
        PLACE(DFOTA_ISA_TC32, tc32);
#endif
#if DFOTA_HAS_ISA(9)
        PLACE(DFOTA_ISA_ARC, arc);
#endif
#if DFOTA_HAS_ISA(10)
        PLACE(DFOTA_ISA_NDS32, nds32);
#endif
#if DFOTA_HAS_ISA(11)
        PLACE(DFOTA_ISA_VIDEOCORE, videocore);
#endif
#undef PLACE
    default:
        return 0;
    }
}

int dfota_reference_read(unsigned isa, const dfota_reference *reference, const uint8_t *bytes,
                         uint32_t at, uint32_t near, uint32_t *target)
{
    /* Without any instruction set there is nothing to look at. */
    (void)reference;
    (void)bytes;
    (void)at;
    (void)near;
    (void)target;
    switch (isa) {
#define READ(number, name) \
    case number:           \
        return dfota_##name##_read(reference, bytes, at, near, target)
#if DFOTA_HAS_ISA(1)
        READ(DFOTA_ISA_THUMB, thumb);
#endif
#if DFOTA_HAS_ISA(2)
        READ(DFOTA_ISA_ARM, arm);
#endif
#if DFOTA_HAS_ISA(3)
        READ(DFOTA_ISA_AARCH64, aarch64);
#endif
#if DFOTA_HAS_ISA(4)
        READ(DFOTA_ISA_RISCV, riscv);
#endif
#if DFOTA_HAS_ISA(5)
        READ(DFOTA_ISA_XTENSA, xtensa);
#endif
#if DFOTA_HAS_ISA(12)
        READ(DFOTA_ISA_XTENSA_LITBASE, xtensa);
#endif
#if DFOTA_HAS_ISA(6)
        READ(DFOTA_ISA_HEXAGON, hexagon);
#endif
#if DFOTA_HAS_ISA(7)
        READ(DFOTA_ISA_X86, x86);
#endif
#if DFOTA_HAS_ISA(8)
        READ(DFOTA_ISA_TC32, tc32);
#endif
#if DFOTA_HAS_ISA(9)
        READ(DFOTA_ISA_ARC, arc);
#endif
#if DFOTA_HAS_ISA(10)
        READ(DFOTA_ISA_NDS32, nds32);
#endif
#if DFOTA_HAS_ISA(11)
        READ(DFOTA_ISA_VIDEOCORE, videocore);
#endif
#undef READ
    default:
        return 0;
    }
}
