/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the example needs of the board: files of the host, a clock, and where memory lies.
 * Nothing here is of dfota.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* From the linker script; only their addresses mean something. */
extern uint8_t store_begin[];
extern uint8_t stack_limit[];
extern uint8_t stack_top[];
extern uint8_t bss_begin[];
extern uint8_t bss_end[];

/* Files of the host, through semihosting; each returns -1 where it fails. */
int32_t host_load(const char *name, uint8_t *to, uint32_t room);
int32_t host_save(const char *name, const uint8_t *from, uint32_t size);
void host_print(const char *text);
void host_arguments(char *text, uint32_t room);
void host_exit(int status);

/* Ticks of 25 MHz since clock_begin(); with `-icount shift=0` each is 40 instructions. */
void clock_begin(void);
uint32_t clock_ticks(void);
#define INSTRUCTIONS_PER_TICK 40u

/* Fill the unused stack with a pattern; then tell how much of it was overwritten at the most. */
void stack_paint(void);
uint32_t stack_used(void);

int main(void);

#endif
