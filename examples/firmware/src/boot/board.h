/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The hardware of the board (Arm MPS2 with AN385, Cortex-M3) as far as this firmware uses it. */
#ifndef BOARD_H
#define BOARD_H

#include "services.h"

#define CORE_CLOCK_HZ 25000000u

void uart_begin(uint32_t baud);
void uart_write(const char *text, size_t size);
int uart_read(void);
void uart_interrupt(void);

void clock_begin(void);
void clock_interrupt(void);
uint32_t clock_ms(void);

void board_wait(void);
void board_power_off(int status);
void board_restart(void);

#endif
