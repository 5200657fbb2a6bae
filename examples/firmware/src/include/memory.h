/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The first thing that the entry function of each partition of code does. */
#ifndef MEMORY_H
#define MEMORY_H

#include "lib.h"

extern const uint8_t data_load[];
extern uint8_t data_begin[];
extern uint8_t data_end[];
extern uint8_t bss_begin[];
extern uint8_t bss_end[];

/** Give this partition's variables their initial values. */
static inline void memory_begin(void)
{
    memcpy(data_begin, data_load, (size_t)(data_end - data_begin));
    memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
}

#endif
