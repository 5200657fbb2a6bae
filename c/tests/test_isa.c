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

int main(void)
{
    unsigned isa;
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
