/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Start, clock, stack gauge and semihosting for the MPS2 boards of qemu. Nothing here is of dfota.
 */
#include "board.h"

#include <string.h>

extern uint8_t data_begin[];
extern uint8_t data_end[];
extern uint8_t data_load[];

/* -- start ------------------------------------------------------------------------------ */

void reset(void);
void fault(void);

void reset(void)
{
    memcpy(data_begin, data_load, (size_t)(data_end - data_begin));
    memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
    host_exit(main());
}

void fault(void)
{
    host_print("FAULT\n");
    host_exit(99);
}

typedef void (*handler)(void);

/* Stack pointer, reset, and every fault there is; interrupts stay off. */
__attribute__((section(".vectors"), used)) static const handler VECTORS[16] = {
    (handler)(void *)stack_top, reset, fault, fault, fault, fault, fault};

/* -- semihosting ------------------------------------------------------------------------ */

enum {
    SYS_OPEN = 0x01,
    SYS_CLOSE = 0x02,
    SYS_WRITE = 0x05,
    SYS_READ = 0x06,
    SYS_FLEN = 0x0c,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20
};

static int32_t call(uint32_t operation, const void *block)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = block;

    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

static int32_t open_file(const char *name, uint32_t mode)
{
    const uint32_t block[3] = {(uint32_t)name, mode, strlen(name)};
    return call(SYS_OPEN, block);
}

static void close_file(int32_t file)
{
    const uint32_t block[1] = {(uint32_t)file};
    (void)call(SYS_CLOSE, block);
}

int32_t host_load(const char *name, uint8_t *to, uint32_t room)
{
    const int32_t file = open_file(name, 1); /* rb */
    const uint32_t about[1] = {(uint32_t)file};
    uint32_t block[3] = {(uint32_t)file, (uint32_t)to, 0};
    int32_t size;

    if (file < 0) {
        return -1;
    }
    size = call(SYS_FLEN, about);
    block[2] = (uint32_t)size;
    if (size < 0 || (uint32_t)size > room || (size > 0 && call(SYS_READ, block) != 0)) {
        size = -1;
    }
    close_file(file);
    return size;
}

static int32_t write_file(const char *name, const void *from, uint32_t size)
{
    const int32_t file = open_file(name, 5); /* wb */
    const uint32_t block[3] = {(uint32_t)file, (uint32_t)from, size};
    int32_t left;

    if (file < 0) {
        return -1;
    }
    left = size > 0 ? call(SYS_WRITE, block) : 0;
    close_file(file);
    return left == 0 ? 0 : -1;
}

int32_t host_save(const char *name, const uint8_t *from, uint32_t size)
{
    return write_file(name, from, size);
}

void host_print(const char *text)
{
    (void)write_file(":tt", text, strlen(text));
}

void host_arguments(char *text, uint32_t room)
{
    uint32_t block[2] = {(uint32_t)text, room};

    if (call(SYS_GET_CMDLINE, block) != 0) {
        text[0] = '\0';
    }
}

void host_exit(int status)
{
    const uint32_t block[2] = {0x20026u, (uint32_t)status};

    (void)call(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

/* -- clock ------------------------------------------------------------------------------ */

/* CMSDK APB timer 0: control, value, reload; it counts down. */
#define TIMER ((volatile uint32_t *)0x40000000u)

void clock_begin(void)
{
    TIMER[0] = 0;
    TIMER[2] = 0xffffffffu;
    TIMER[1] = 0xffffffffu;
    TIMER[0] = 1;
}

uint32_t clock_ticks(void)
{
    return 0xffffffffu - TIMER[1];
}

/* -- stack ------------------------------------------------------------------------------ */

#define PAINT 0xc5u
/* What memset() may be using itself. */
#define OWN_STACK 32u

void stack_paint(void)
{
    uint32_t here;

    __asm volatile("mov %0, sp" : "=r"(here));
    memset(stack_limit, PAINT, here - OWN_STACK - (uint32_t)stack_limit);
}

uint32_t stack_used(void)
{
    const uint8_t *at = stack_limit;
    while (at < stack_top && *at == PAINT) {
        at++;
    }
    return (uint32_t)(stack_top - at);
}
