/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The entry of the application: self-test, banner, then the loop over console and tasks. */
#include "apps.h"
#include "memory.h"
#include "partition.h"

apps_entry_function apps_entry;

PARTITION_HEADER("apps", APPS_ADDRESS, apps_entry);

const struct boot_services *boot;
const struct modem_api *modem;
struct line line;

void print(const char *pattern, ...)
{
    char text[1024];
    va_list values;
    size_t size;

    va_start(values, pattern);
    size = format_list(text, sizeof(text), pattern, values);
    va_end(values);
    boot->console_write(text, size);
}

void print_bytes(const uint8_t *data, size_t size)
{
    char text[65];

    for (size_t at = 0; at < size; at += 32) {
        size_t part = size - at < 32u ? size - at : 32u;

        boot->console_write(text, hex_encode(data + at, part, text, sizeof(text)));
    }
}

static unsigned run_tests(const char *owner, const struct self_test *tests, size_t count)
{
    unsigned failed = 0;

    for (size_t i = 0; i < count; i++) {
        bool passes = tests[i].passes();

        print("SELFTEST: %s: %s: %s\r\n", owner, tests[i].name, passes ? "passed" : "FAILED");
        failed += passes ? 0u : 1u;
    }
    return failed;
}

void apps_entry(const struct boot_services *services, const struct modem_api *api)
{
    unsigned failed;

    memory_begin();
    boot = services;
    modem = api;
    failed = run_tests("apps", APPS_TESTS, APPS_TEST_COUNT);
    failed += run_tests("modem", modem->tests, modem->test_count);
    if (failed > 0u) {
        print("SELFTEST: %u failed\r\n", failed);
        boot->power_off(72);
    }
    print("SELFTEST: all %u passed\r\n", (unsigned)(APPS_TEST_COUNT + modem->test_count));
    print("\r\nAPP RDY %s\r\n", REVISION);

    line_begin(&line);
    scheduler_begin(boot->uptime_ms());
    for (;;) {
        int letter = boot->console_read();

        if (letter >= 0) {
            if (line_feed(&line, (char)letter)) {
                commands_run(line.text);
            }
        } else if (!scheduler_step(TASKS, TASK_COUNT, boot->uptime_ms())) {
            boot->wait();
        }
    }
}
