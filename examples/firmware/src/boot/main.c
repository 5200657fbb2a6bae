/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** From reset to the application: check every partition, then call it; nothing is started unchecked. */
#include "board.h"
#include "lib.h"
#include "memory.h"
#include "partition.h"
#include "release.h"
#include "services.h"

extern uint8_t stack_top[];
void reset(void);

static void trap(void);

typedef void vector_function(void);

struct vectors {
    void *stack;
    vector_function *exceptions[15];
    vector_function *interrupts[32];
    uint32_t unused[16]; /* the header begins at BOOT_HEADER_OFFSET */
};

__attribute__((section(".vectors"), used)) const struct vectors VECTORS = {
    .stack = stack_top,
    .exceptions = {reset, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap, trap,
                   clock_interrupt},
    .interrupts = {uart_interrupt, [1 ... 31] = trap},
};
_Static_assert(sizeof(struct vectors) == BOOT_HEADER_OFFSET, "the header follows the vectors");

PARTITION_HEADER("boot", BOOT_ADDRESS, reset);

static void say(const char *pattern, ...)
{
    char line[160];
    va_list values;
    size_t size;

    va_start(values, pattern);
    size = format_list(line, sizeof(line), pattern, values);
    va_end(values);
    uart_write(line, size);
}

/* A fault of the processor: say where, then stop as a watchdog would. */
static void trap(void)
{
    uint32_t number;

    __asm volatile("mrs %0, ipsr" : "=r"(number));
    say("\r\nBOOT: exception %u, halted\r\n", number);
    board_power_off(70);
}

struct required_partition {
    const char *name;
    uint32_t address;
    uint32_t header_offset;
    bool has_code;
};

static const struct required_partition REQUIRED[] = {
    {"boot", BOOT_ADDRESS, BOOT_HEADER_OFFSET, true},
    {"modem", MODEM_ADDRESS, 0, true},
    {"apps", APPS_ADDRESS, 0, true},
    {"config", CONFIG_ADDRESS, 0, false},
#if RELEASE >= 19
    {"assets", ASSETS_ADDRESS, 0, false},
#endif
};

static const struct partition_header *header_of(const struct required_partition *required)
{
    return (const struct partition_header *)(uintptr_t)(required->address + required->header_offset);
}

static bool check_partitions(void)
{
    bool good = true;

    for (size_t i = 0; i < COUNT(REQUIRED); i++) {
        const struct required_partition *required = &REQUIRED[i];
        const struct partition_header *header = header_of(required);
        enum partition_fault fault = partition_check(required->address, required->header_offset, required->name);

        if (fault != PARTITION_GOOD) {
            say("BOOT: %s at 0x%08x: %s\r\n", required->name, required->address, partition_fault_text(fault));
            good = false;
            continue;
        }
        say("BOOT: %-8s 0x%08x %6u bytes crc32 %08x %s\r\n", required->name, required->address, header->size,
            header->crc32, header->revision);
        if (required->has_code && strcmp(header->revision, REVISION) != 0) {
            say("BOOT: %s is of another release\r\n", required->name);
            good = false;
        }
    }
    return good;
}

static const struct boot_services SERVICES = {
    .version = RELEASE,
    .console_write = uart_write,
    .console_read = uart_read,
    .uptime_ms = clock_ms,
    .wait = board_wait,
    .power_off = board_power_off,
    .restart = board_restart,
};

void reset(void)
{
    const struct partition_header *modem_header = (const struct partition_header *)MODEM_ADDRESS;
    const struct partition_header *apps_header = (const struct partition_header *)APPS_ADDRESS;
    const struct modem_api *modem;

    memory_begin();
    uart_begin(115200);
    clock_begin();
#if RELEASE >= 19
    say("\r\nBOOT: Example module, revision %s\r\n", REVISION);
#else
    say("\r\nBOOT: example module %s\r\n", REVISION);
#endif
    if (!check_partitions()) {
        say("BOOT: firmware damaged, halted\r\n");
        board_power_off(71);
    }
    modem = ((modem_entry_function *)(uintptr_t)modem_header->entry)(&SERVICES);
    ((apps_entry_function *)(uintptr_t)apps_header->entry)(&SERVICES, modem);
    board_power_off(0);
}
