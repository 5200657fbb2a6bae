/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Tests of dfota_isa: encodings checked by hand or by an assembler, limits, and random bytes.
 */
#include "dfota_isa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            failures++; \
        } \
    } while (0)

static uint32_t random_state = 1;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

/* Every reference that random bytes hold: in place it changes nothing, and reads as what it is. */
static void random_bytes_stay_what_they_are(unsigned isa)
{
    unsigned round;
    for (round = 0; round < 4000; round++) {
        const size_t size = 1 + next_random() % 200;
        uint8_t *code = malloc(size);
        const uint32_t begin = next_random() & 0xfffffff0u;
        dfota_scan scan;
        size_t i;
        if (code == NULL) {
            abort();
        }
        for (i = 0; i < size; i++) {
            code[i] = (uint8_t)(next_random() >> 11);
        }
        dfota_scan_begin(&scan, isa, begin);
        i = 0;
        while (i < size) {
            dfota_reference reference;
            const uint32_t at = begin + (uint32_t)i;
            dfota_scan_next(&scan, code + i, size - i, at, &reference);
            CHECK(reference.length >= 1 && reference.length <= DFOTA_UNIT_MAX && reference.length <= size - i);
            CHECK(reference.kind < 16);
            if (reference.kind != 0) {
                uint8_t *unit = malloc(reference.length);
                uint32_t target = ~reference.target;
                if (unit == NULL) {
                    abort();
                }
                memcpy(unit, code + i, reference.length);
                CHECK(dfota_reference_read(isa, &reference, unit, at, reference.target, &target));
                CHECK(target == reference.target);
                CHECK(dfota_reference_place(isa, &reference, at, target, unit));
                if (memcmp(unit, code + i, reference.length) != 0) {
                    /* another way to write the same */
                    CHECK(dfota_reference_read(isa, &reference, unit, at, reference.target, &target));
                    CHECK(target == reference.target);
                }
                {
                    const uint32_t moved = at + next_random() % 0x10000u;
                    const uint32_t wanted = target + next_random() % 0x8000u - 0x4000u;
                    memcpy(unit, code + i, reference.length);
                    if (dfota_reference_place(isa, &reference, moved, wanted, unit)) {
                        CHECK(dfota_reference_read(isa, &reference, unit, moved, wanted, &target));
                        CHECK(target == wanted);
                    } else {
                        CHECK(memcmp(unit, code + i, reference.length) == 0);
                    }
                }
                {
                    size_t k;
                    for (k = 0; k < reference.length; k++) {
                        unit[k] = (uint8_t)(next_random() >> 9);
                    }
                    (void)dfota_reference_read(isa, &reference, unit, at, next_random(), &target);
                    (void)dfota_reference_place(isa, &reference, at, next_random(), unit);
                }
                free(unit);
            }
            i += reference.length;
        }
        free(code);
    }
}

/* -- known encodings ---------------------------------------------------------------- */

typedef struct known {
    unsigned isa;
    unsigned kind;
    uint32_t at;     /* of the first byte */
    uint32_t unit;   /* where the unit in question begins */
    uint32_t length; /* of the unit */
    uint32_t target;
    uint32_t size;
    uint8_t bytes[20];
} known;

static const known KNOWN[] = {
    /* Thumb, as an assembler writes it */
    {DFOTA_ISA_THUMB, 1, 0x1000, 0, 4, 0x2238, 4, {0x01, 0xf0, 0x1a, 0xf9}},             /* bl */
    {DFOTA_ISA_THUMB, 3, 0x8000, 0, 4, 0x6dd0, 4, {0xfe, 0xf7, 0xe6, 0xbe}},             /* b.w */
    {DFOTA_ISA_THUMB, 4, 0x1000, 0, 4, 0x346c, 4, {0x42, 0xf0, 0x34, 0x82}},             /* bne.w */
    {DFOTA_ISA_THUMB, 5, 0x1000, 0, 2, 0xff0, 2, {0xf6, 0xd1}},                          /* bne */
    {DFOTA_ISA_THUMB, 6, 0x1000, 0, 2, 0x1068, 2, {0x32, 0xe0}},                         /* b */
    {DFOTA_ISA_THUMB, 7, 0x1000, 0, 2, 0x102e, 2, {0xab, 0xb1}},                         /* cbz */
    {DFOTA_ISA_THUMB, 8, 0x1002, 0, 2, 0x1044, 2, {0x10, 0x4d}},                         /* ldr, pc rounded down */
    {DFOTA_ISA_THUMB, 9, 0x1000, 0, 4, 0xc1c, 4, {0x5f, 0xf8, 0xe8, 0x83}},              /* ldr.w [pc, #-1000] */
    {DFOTA_ISA_THUMB, 9, 0x1000, 0, 4, 0xfec, 4, {0xaf, 0xf2, 0x18, 0x03}},              /* adr.w -24 */
    {DFOTA_ISA_THUMB, 12, 0x1000, 0, 4, 0x102c, 4, {0xdf, 0xe9, 0x0a, 0x23}},            /* ldrd */
    {DFOTA_ISA_THUMB, 13, 0x1000, 0, 4, 0x2000beef, 8, {0x4b, 0xf6, 0xef, 0x67, 0xc2, 0xf2, 0x00, 0x07}},
    {DFOTA_ISA_THUMB, 14, 0x1000, 4, 4, 0x2000beef, 8, {0x4b, 0xf6, 0xef, 0x67, 0xc2, 0xf2, 0x00, 0x07}},
    {DFOTA_ISA_THUMB, 0, 0x1000, 0, 4, 0, 4, {0x4b, 0xf6, 0xef, 0x67}},                  /* movw alone */
    {DFOTA_ISA_THUMB, 15, 0x1000, 4, 4, 0x08001235, 8, {0x00, 0x4b, 0x70, 0x47, 0x35, 0x12, 0x00, 0x08}},
    /* ldr r3, [pc, #4]; add r3, pc; bx lr; nop; the word */
    {DFOTA_ISA_THUMB, 11, 0x1000, 8, 4, 0x1016, 12, {0x01, 0x4b, 0x7b, 0x44, 0x70, 0x47, 0x00, 0xbf, 0x10, 0x00, 0x00, 0x00}},
    /* A32 */
    {DFOTA_ISA_ARM, 2, 0x1000, 0, 4, 0x223c, 4, {0x8d, 0x04, 0x00, 0xeb}},
    {DFOTA_ISA_ARM, 1, 0x1000, 0, 4, 0xf08, 4, {0xc0, 0xff, 0xff, 0x1a}},
    {DFOTA_ISA_ARM, 3, 0x1000, 0, 4, 0x100e, 4, {0x01, 0x00, 0x00, 0xfb}},               /* blx, with H */
    {DFOTA_ISA_ARM, 4, 0x1000, 0, 4, 0xfc8, 4, {0x40, 0x50, 0x1f, 0xe5}},
    {DFOTA_ISA_ARM, 5, 0x1000, 0, 4, 0x10d0, 4, {0xb8, 0x3c, 0xdf, 0xe1}},
    {DFOTA_ISA_ARM, 6, 0x1000, 0, 4, 0xfc8, 4, {0x10, 0x3b, 0x1f, 0xed}},
    {DFOTA_ISA_ARM, 7, 0x1000, 0, 4, 0xc08, 4, {0x01, 0x3b, 0x4f, 0xe2}},
    {DFOTA_ISA_ARM, 14, 0x1000, 4, 4, 0x2000beef, 8, {0xef, 0x7e, 0x0b, 0xe3, 0x00, 0x70, 0x42, 0xe3}},
    {DFOTA_ISA_ARM, 11, 0x1000, 12, 4, 0x101c, 16,
     {0x04, 0x30, 0x9f, 0xe5, 0x03, 0x30, 0x8f, 0xe0, 0x00, 0x00, 0xa0, 0xe1, 0x10, 0x00, 0x00, 0x00}},
    /* A64 */
    {DFOTA_ISA_AARCH64, 2, 0x1000, 0, 4, 0x2234, 4, {0x8d, 0x04, 0x00, 0x94}},
    {DFOTA_ISA_AARCH64, 1, 0x8000, 0, 4, 0x6dcc, 4, {0x73, 0xfb, 0xff, 0x17}},
    {DFOTA_ISA_AARCH64, 3, 0x1000, 0, 4, 0xfc0, 4, {0x01, 0xfe, 0xff, 0x54}},
    {DFOTA_ISA_AARCH64, 4, 0x1000, 0, 4, 0x1080, 4, {0x03, 0x04, 0x00, 0xb4}},
    {DFOTA_ISA_AARCH64, 5, 0x1000, 0, 4, 0xfe0, 4, {0x03, 0xff, 0x2f, 0x37}},
    {DFOTA_ISA_AARCH64, 8, 0x1004, 0, 4, 0x13345, 8, {0x83, 0x00, 0x00, 0xd0, 0x63, 0x14, 0x0d, 0x91}},
    {DFOTA_ISA_AARCH64, 9, 0x1004, 4, 4, 0x13345, 8, {0x83, 0x00, 0x00, 0xd0, 0x63, 0x14, 0x0d, 0x91}},
    {DFOTA_ISA_AARCH64, 10, 0x1004, 4, 4, 0x13018, 8, {0x83, 0x00, 0x00, 0xd0, 0x64, 0x0c, 0x40, 0xf9}},
    {DFOTA_ISA_AARCH64, 10, 0x1004, 4, 4, 0x13007, 8, {0x83, 0x00, 0x00, 0xd0, 0x64, 0x1c, 0x00, 0x39}},
    {DFOTA_ISA_AARCH64, 10, 0x1004, 4, 4, 0x13020, 8, {0x83, 0x00, 0x00, 0xd0, 0x60, 0x08, 0xc0, 0x3d}},
    /* the addition overwrites the page: the load after it counts from something else */
    {DFOTA_ISA_AARCH64, 0, 0x1004, 8, 4, 0, 12, {0x83, 0x00, 0x00, 0xd0, 0x63, 0x14, 0x0d, 0x91, 0x64, 0x0c, 0x40, 0xf9}},
    /* RISC-V */
    {DFOTA_ISA_RISCV, 1, 0x1000, 0, 4, 0x2234, 4, {0xef, 0x10, 0x40, 0x23}},
    {DFOTA_ISA_RISCV, 2, 0x1000, 0, 4, 0xfc0, 4, {0xe3, 0x10, 0xb5, 0xfc}},
    {DFOTA_ISA_RISCV, 3, 0x1000, 0, 2, 0xf9c, 2, {0x71, 0xbf}},
    {DFOTA_ISA_RISCV, 4, 0x1000, 0, 2, 0x1064, 2, {0x95, 0x20}},
    {DFOTA_ISA_RISCV, 5, 0x1000, 0, 2, 0xfe0, 2, {0x65, 0xd1}},
    {DFOTA_ISA_RISCV, 6, 0x1004, 0, 4, 0x13014, 8, {0x17, 0x25, 0x01, 0x00, 0xe7, 0x00, 0x05, 0x01}},
    {DFOTA_ISA_RISCV, 12, 0x1004, 4, 4, 0x13014, 8, {0x17, 0x25, 0x01, 0x00, 0xe7, 0x00, 0x05, 0x01}},
    {DFOTA_ISA_RISCV, 9, 0x1000, 0, 4, 0x20000fec, 8, {0xb7, 0x15, 0x00, 0x20, 0x23, 0xa6, 0xc5, 0xfe}},
    {DFOTA_ISA_RISCV, 11, 0x1000, 4, 4, 0x20000fec, 8, {0xb7, 0x15, 0x00, 0x20, 0x23, 0xa6, 0xc5, 0xfe}},
    {DFOTA_ISA_RISCV, 13, 0x1000, 0, 4, 0x6ffffffc, 4, {0x03, 0xa5, 0xc1, 0xff}},        /* lw a0, -4(gp) */
    /* Xtensa */
    {DFOTA_ISA_XTENSA, 1, 0x1001, 0, 3, 0x1014, 3, {0x25, 0x01, 0x00}},                  /* call8 */
    {DFOTA_ISA_XTENSA, 2, 0x1001, 0, 3, 0x1006, 3, {0x46, 0x00, 0x00}},                  /* j */
    {DFOTA_ISA_XTENSA, 3, 0x1001, 0, 3, 0xffc, 3, {0x21, 0xfe, 0xff}},                   /* l32r */
    {DFOTA_ISA_XTENSA, 8, 0x1001, 0, 2, 0x1017, 2, {0x9c, 0x22}},                        /* beqz.n */
    {DFOTA_ISA_XTENSA_LITBASE, 10, 0x1001, 0, 3, 0x7003fff8, 3, {0x21, 0xfe, 0xff}},
    /* Hexagon */
    {DFOTA_ISA_HEXAGON, 7, 0x1000, 0, 4, 0x12346678, 8, {0x59, 0x51, 0x23, 0x01, 0x70, 0xc0, 0x00, 0x58}},
    {DFOTA_ISA_HEXAGON, 8, 0x1000, 4, 4, 0x12346678, 8, {0x59, 0x51, 0x23, 0x01, 0x70, 0xc0, 0x00, 0x58}},
    {DFOTA_ISA_HEXAGON, 9, 0x1000, 0, 4, 0xc0345c34, 8, {0x70, 0x51, 0x03, 0x0c, 0x81, 0xc6, 0x00, 0x78}},
    {DFOTA_ISA_HEXAGON, 10, 0x1000, 4, 4, 0xc0345c34, 8, {0x70, 0x51, 0x03, 0x0c, 0x81, 0xc6, 0x00, 0x78}},
    {DFOTA_ISA_HEXAGON, 10, 0x1000, 4, 4, 0xc0345c34, 8, {0x70, 0x51, 0x03, 0x0c, 0x80, 0xc6, 0x80, 0x49}}, /* load */
    {DFOTA_ISA_HEXAGON, 10, 0x1000, 4, 4, 0xc0345c34, 8, {0x70, 0x51, 0x03, 0x0c, 0x34, 0xc1, 0x80, 0x48}}, /* store */
    {DFOTA_ISA_HEXAGON, 10, 0x1000, 4, 4, 0xc0345c34, 8, {0x70, 0x51, 0x03, 0x0c, 0x82, 0xc6, 0x03, 0xb0}}, /* add */
    {DFOTA_ISA_HEXAGON, 10, 0x1000, 4, 4, 0xc0345c34, 8, {0x70, 0x51, 0x03, 0x0c, 0x80, 0xe6, 0x02, 0x73}}, /* combine */
    {DFOTA_ISA_HEXAGON, 10, 0x1000, 4, 4, 0xc0345c34, 8, {0x70, 0x51, 0x03, 0x0c, 0x34, 0xc0, 0x41, 0x3c}}, /* memw = */
    {DFOTA_ISA_HEXAGON, 2, 0x1000, 0, 4, 0x2000, 4, {0x00, 0xc8, 0x00, 0x5a}},
    {DFOTA_ISA_HEXAGON, 3, 0x1000, 0, 4, 0x1100, 4, {0x80, 0xc0, 0x00, 0x5c}},
    {DFOTA_ISA_HEXAGON, 5, 0x1000, 0, 4, 0x1040, 4, {0x20, 0xc1, 0x00, 0x10}},
    {DFOTA_ISA_HEXAGON, 6, 0x1000, 0, 4, 0x1020, 4, {0x21, 0xc2, 0x00, 0x69}},
    /* x86 */
    {DFOTA_ISA_X86, 1, 0x1000, 0, 5, 0x1000, 5, {0xe8, 0xfb, 0xff, 0xff, 0xff}},
    {DFOTA_ISA_X86, 3, 0x1000, 0, 6, 0x1106, 7, {0x0f, 0x84, 0x00, 0x01, 0x00, 0x00, 0x90}},
    /* TC32 */
    {DFOTA_ISA_TC32, 4, 0x100, 0, 4, 0x10e, 4, {0x00, 0x90, 0x05, 0x98}},
    {DFOTA_ISA_TC32, 15, 0x100, 4, 4, 0x00845e68, 8, {0x00, 0x08, 0x00, 0x07, 0x68, 0x5e, 0x84, 0x00}},
    /* ARC: bl, and a jump to a long immediate */
    {DFOTA_ISA_ARC, 3, 0x14d4, 0, 4, 0x1df68, 4, {0x96, 0x0a, 0x60, 0x0e}},
    {DFOTA_ISA_ARC, 10, 0x1000, 4, 4, 0x0080756c, 8, {0x20, 0x20, 0x80, 0x0f, 0x80, 0x00, 0x6c, 0x75}},
    /* NDS32: jal, sethi and ori, bne38, addi.gp */
    {DFOTA_ISA_NDS32, 1, 0x1000, 0, 4, 0xf84, 4, {0x49, 0xff, 0xff, 0xc2}},
    {DFOTA_ISA_NDS32, 7, 0x1000, 0, 4, 0xe01044f8, 8, {0x46, 0x1e, 0x01, 0x04, 0x58, 0x10, 0x84, 0xf8}},
    {DFOTA_ISA_NDS32, 8, 0x1000, 4, 4, 0xe01044f8, 8, {0x46, 0x1e, 0x01, 0x04, 0x58, 0x10, 0x84, 0xf8}},
    {DFOTA_ISA_NDS32, 6, 0x1000, 0, 2, 0x101c, 2, {0xc0, 0x0e}},
    {DFOTA_ISA_NDS32, 10, 0x1000, 0, 4, 0x7000627c, 4, {0x3e, 0x08, 0x62, 0x7c}},
    /* VideoCore: bl, lea */
    {DFOTA_ISA_VIDEOCORE, 1, 0x1000, 0, 4, 0x1c58, 4, {0x80, 0x90, 0x2c, 0x06}},
    {DFOTA_ISA_VIDEOCORE, 4, 0x1000, 0, 4, 0x1826, 4, {0xe0, 0xbf, 0x26, 0x08}},
};

static int is_built_in(unsigned isa)
{
    return (int)((DFOTA_ISAS >> isa) & 1u);
}

/* Sweep up to the unit of a known encoding. */
static void find_known(const known *wanted, dfota_reference *reference)
{
    dfota_scan scan;
    uint32_t i = 0;
    uint8_t *copy = malloc(wanted->size); /* so that nothing behind it can be read unnoticed */
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, wanted->bytes, wanted->size);
    dfota_scan_begin(&scan, wanted->isa, wanted->at);
    dfota_scan_next(&scan, copy, wanted->size, wanted->at, reference);
    while (i < wanted->unit) {
        i += reference->length;
        dfota_scan_next(&scan, copy + i, wanted->size - i, wanted->at + i, reference);
    }
    CHECK(i == wanted->unit);
    free(copy);
}

static void known_encodings_are_understood_and_written(void)
{
    size_t i;
    for (i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
        const known *wanted = &KNOWN[i];
        const uint32_t at = wanted->at + wanted->unit;
        dfota_reference reference;
        uint32_t target = 0;
        uint8_t unit[DFOTA_UNIT_MAX];
        const int before = failures;
        if (!is_built_in(wanted->isa)) {
            continue;
        }
        find_known(wanted, &reference);
        CHECK(reference.kind == wanted->kind);
        CHECK(reference.length == wanted->length);
        if (wanted->kind != 0 && failures == before) {
            CHECK(reference.target == wanted->target);
            memcpy(unit, wanted->bytes + wanted->unit, wanted->length);
            CHECK(dfota_reference_read(wanted->isa, &reference, unit, at, wanted->target, &target));
            CHECK(target == wanted->target);
            /* moved together with its target by whole pages, then back */
            CHECK(dfota_reference_place(wanted->isa, &reference, at + 0x3000, wanted->target, unit) ||
                  memcmp(unit, wanted->bytes + wanted->unit, wanted->length) == 0);
            CHECK(dfota_reference_place(wanted->isa, &reference, at, wanted->target, unit));
            CHECK(memcmp(unit, wanted->bytes + wanted->unit, wanted->length) == 0);
        }
        if (failures != before) {
            printf("  known encoding %u, set %u, kind %u: found kind %u, target %x\n", (unsigned)i, wanted->isa,
                   wanted->kind, (unsigned)reference.kind, (unsigned)reference.target);
        }
    }
}

/* The farthest that can be expressed, and one step further. */
static void limits_are_kept(void)
{
    static const struct {
        unsigned isa;
        unsigned kind;
        int32_t lowest; /* relative to `at` */
        int32_t highest;
        int32_t step;
    } limits[] = {
        {DFOTA_ISA_THUMB, 1, 4 - 0x1000000, 4 + 0xfffffe, 2},
        {DFOTA_ISA_THUMB, 3, 4 - 0x1000000, 4 + 0xfffffe, 2},
        {DFOTA_ISA_THUMB, 4, 4 - 0x100000, 4 + 0xffffe, 2},
        {DFOTA_ISA_THUMB, 5, 4 - 256, 4 + 254, 2},
        {DFOTA_ISA_THUMB, 6, 4 - 2048, 4 + 2046, 2},
        {DFOTA_ISA_THUMB, 7, 4, 4 + 126, 2},
        {DFOTA_ISA_THUMB, 8, 4, 4 + 1020, 4},
        {DFOTA_ISA_THUMB, 9, 4 - 4095, 4 + 4095, 1},
        {DFOTA_ISA_THUMB, 12, 4 - 1020, 4 + 1020, 4},
        {DFOTA_ISA_ARM, 2, 8 - 0x2000000, 8 + 0x1fffffc, 4},
        {DFOTA_ISA_ARM, 3, 8 - 0x2000000, 8 + 0x1fffffe, 2},
        {DFOTA_ISA_ARM, 4, 8 - 4095, 8 + 4095, 1},
        {DFOTA_ISA_ARM, 5, 8 - 255, 8 + 255, 1},
        {DFOTA_ISA_ARM, 6, 8 - 1020, 8 + 1020, 4},
        {DFOTA_ISA_AARCH64, 2, -0x8000000, 0x7fffffc, 4},
        {DFOTA_ISA_AARCH64, 3, -0x100000, 0xffffc, 4},
        {DFOTA_ISA_AARCH64, 5, -0x8000, 0x7ffc, 4},
        {DFOTA_ISA_RISCV, 1, -0x100000, 0xffffe, 2},
        {DFOTA_ISA_RISCV, 2, -0x1000, 0xffe, 2},
        {DFOTA_ISA_RISCV, 3, -0x800, 0x7fe, 2},
        {DFOTA_ISA_RISCV, 5, -0x100, 0xfe, 2},
        {DFOTA_ISA_XTENSA, 1, 4 - 0x80000, 4 + 0x7fffc, 4},
        {DFOTA_ISA_XTENSA, 2, 4 - 0x20000, 4 + 0x1ffff, 1},
        {DFOTA_ISA_XTENSA, 3, -0x40000, -4, 4},
        {DFOTA_ISA_XTENSA, 8, 4, 4 + 63, 1},
        {DFOTA_ISA_HEXAGON, 2, -0x800000, 0x7ffffc, 4},
        {DFOTA_ISA_HEXAGON, 3, -0x10000, 0xfffc, 4},
        {DFOTA_ISA_HEXAGON, 5, -0x400, 0x3fc, 4},
        {DFOTA_ISA_TC32, 4, 4 - 0x400000, 4 + 0x3ffffe, 2},
        {DFOTA_ISA_ARC, 3, -0x1000000, 0xfffffc, 4},
        {DFOTA_ISA_NDS32, 1, -0x1000000, 0xfffffe, 2},
        {DFOTA_ISA_VIDEOCORE, 1, -0x8000000, 0x7fffffe, 2},
    };
    size_t i;
    for (i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        size_t index = 0;
        unsigned end;
        dfota_reference reference;
        if (!is_built_in(limits[i].isa)) {
            continue;
        }
        while (index < sizeof KNOWN / sizeof KNOWN[0] &&
               (KNOWN[index].isa != limits[i].isa || KNOWN[index].kind != limits[i].kind)) {
            index++;
        }
        find_known(&KNOWN[index], &reference);
        for (end = 0; end < 2; end++) {
            const uint32_t at = 0x40000000u;
            const uint32_t last = at + (uint32_t)(end ? limits[i].highest : limits[i].lowest);
            const uint32_t beyond = last + (uint32_t)(end ? limits[i].step : -limits[i].step);
            const int before = failures;
            uint8_t unit[DFOTA_UNIT_MAX];
            uint8_t kept[DFOTA_UNIT_MAX];
            uint32_t target = 0;
            memcpy(unit, KNOWN[index].bytes + KNOWN[index].unit, reference.length);
            CHECK(dfota_reference_place(limits[i].isa, &reference, at, last, unit));
            CHECK(dfota_reference_read(limits[i].isa, &reference, unit, at, 0, &target));
            CHECK(target == last);
            memcpy(kept, unit, reference.length);
            CHECK(!dfota_reference_place(limits[i].isa, &reference, at, beyond, unit));
            CHECK(memcmp(kept, unit, reference.length) == 0);
            if (failures != before) {
                printf("  limit %u of set %u, kind %u\n", end, limits[i].isa, limits[i].kind);
            }
        }
    }
}

/* A half shows the other half where it was expected. */
static void halves_are_joined_with_what_was_expected(void)
{
    static const known movt = {DFOTA_ISA_THUMB, 14, 0x1000, 4, 4, 0x2000beef, 8,
                               {0x4b, 0xf6, 0xef, 0x67, 0xc2, 0xf2, 0x00, 0x07}};
    dfota_reference reference;
    uint32_t target = 0;
    find_known(&movt, &reference);
    CHECK(dfota_reference_read(DFOTA_ISA_THUMB, &reference, movt.bytes + 4, 0x1004, 0x20010004, &target));
    CHECK(target == 0x20000004);
    reference.kind = 13;
    CHECK(dfota_reference_read(DFOTA_ISA_THUMB, &reference, movt.bytes, 0x1000, 0x20010004, &target));
    CHECK(target == 0x2000beef);
}

/* Text is no code, and where no code can be nothing is placed. */
static void text_and_odd_addresses_are_left_alone(void)
{
    static const uint8_t text[] = "La la la, Honolulu Hello Mellow";
    static const known call = {DFOTA_ISA_THUMB, 1, 0x1000, 0, 4, 0x2238, 4, {0x01, 0xf0, 0x1a, 0xf9}};
    uint8_t unit[4];
    dfota_scan scan;
    dfota_reference reference;
    size_t i = 0;
    dfota_scan_begin(&scan, DFOTA_ISA_THUMB, 0);
    while (i + 8 < sizeof text) {
        dfota_scan_next(&scan, text + i, sizeof text - i, (uint32_t)i, &reference);
        CHECK(reference.kind == 0 || reference.kind >= 11);
        i += reference.length;
    }
    find_known(&call, &reference);
    memcpy(unit, call.bytes, 4);
    CHECK(!dfota_reference_place(DFOTA_ISA_THUMB, &reference, 0x1001, 0x2239, unit));
    CHECK(memcmp(unit, call.bytes, 4) == 0);
}

int main(void)
{
    unsigned isa;
    known_encodings_are_understood_and_written();
    limits_are_kept();
    if (is_built_in(DFOTA_ISA_THUMB)) {
        halves_are_joined_with_what_was_expected();
        text_and_odd_addresses_are_left_alone();
    }
    for (isa = 0; isa < DFOTA_ISA_COUNT + 2; isa++) {
        random_bytes_stay_what_they_are(isa);
    }
    if (failures != 0) {
        printf("test_isa: %d failed\n", failures);
        return 1;
    }
    printf("test_isa: passed\n");
    return 0;
}
