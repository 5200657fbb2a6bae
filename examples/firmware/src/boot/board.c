/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Drivers of the boot partition: CMSDK UART, SysTick, and the ways to stop. */
#include "board.h"

#include "lib.h"

struct uart_registers {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t divider;
};

#define UART ((struct uart_registers *)0x40004000u)
#define UART_STATE_TX_FULL 1u
#define UART_STATE_RX_FULL 2u
#define UART_CONTROL_TX 1u
#define UART_CONTROL_RX 2u
#define UART_CONTROL_RX_INTERRUPT 8u
#define UART_INTERRUPT_RX 2u

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xe000e010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xe000e014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xe000e018u)
#define NVIC_ENABLE (*(volatile uint32_t *)0xe000e100u)
#define SCB_AIRCR (*(volatile uint32_t *)0xe000ed0cu)

static struct ring received;
static uint8_t received_bytes[256];
static volatile uint32_t milliseconds;

void uart_begin(uint32_t baud)
{
    ring_begin(&received, received_bytes, sizeof(received_bytes));
    UART->divider = CORE_CLOCK_HZ / baud;
    UART->control = UART_CONTROL_TX | UART_CONTROL_RX | UART_CONTROL_RX_INTERRUPT;
    NVIC_ENABLE = 1u;
}

void uart_write(const char *text, size_t size)
{
    for (; size > 0u; size--) {
        while ((UART->state & UART_STATE_TX_FULL) != 0u) {
        }
        UART->data = (uint8_t)*text++;
    }
}

/* A full queue leaves the byte in the UART and its interrupt off: the sender has to wait. */
void uart_interrupt(void)
{
    UART->interrupt = UART_INTERRUPT_RX;
    while ((UART->state & UART_STATE_RX_FULL) != 0u) {
        if (ring_full(&received)) {
            UART->control = UART_CONTROL_TX | UART_CONTROL_RX;
            return;
        }
        ring_put(&received, (uint8_t)UART->data);
    }
}

int uart_read(void)
{
    int byte = ring_get(&received);

    if ((UART->control & UART_CONTROL_RX_INTERRUPT) == 0u) {
        __asm volatile("cpsid i" ::: "memory");
        UART->control = UART_CONTROL_TX | UART_CONTROL_RX | UART_CONTROL_RX_INTERRUPT;
        uart_interrupt();
        __asm volatile("cpsie i" ::: "memory");
    }
    return byte;
}

void clock_begin(void)
{
    SYSTICK_RELOAD = CORE_CLOCK_HZ / 1000u - 1u;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7;
}

void clock_interrupt(void)
{
    milliseconds++;
}

uint32_t clock_ms(void)
{
    return milliseconds;
}

void board_wait(void)
{
    __asm volatile("wfi" ::: "memory");
}

/* Semihosting SYS_EXIT_EXTENDED: an emulator or debugger ends with `status`. */
void board_power_off(int status)
{
    uint32_t block[2] = {0x20026u, (uint32_t)status};
    register uint32_t operation __asm("r0") = 0x20u;
    register uint32_t *argument __asm("r1") = block;

    __asm volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
    for (;;) {
        board_wait();
    }
}

void board_restart(void)
{
    SCB_AIRCR = 0x05fa0004u;
    for (;;) {
    }
}
