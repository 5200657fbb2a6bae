/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The tables of functions through which partitions call one another. */
#ifndef SERVICES_H
#define SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct boot_services {
    uint32_t version;
    void (*console_write)(const char *text, size_t size);
    int (*console_read)(void); /* next byte, or -1 */
    uint32_t (*uptime_ms)(void);
    void (*wait)(void); /* sleep until something may have happened */
    void (*power_off)(int status);
    void (*restart)(void);
};

/* One known-answer test: a name and a function that says whether the answer was right. */
struct self_test {
    const char *name;
    bool (*passes)(void);
};

struct radio_report {
    int16_t rssi_dbm;
    int16_t rsrp_dbm;
    int16_t snr_decidb;
    uint16_t bit_errors; /* that the channel decoder mended in the last block */
};

struct modem_api {
    uint32_t version;
    const struct self_test *tests;
    size_t test_count;
    void (*measure)(uint32_t seed, struct radio_report *report);
    /* CoAP over UDP over IPv4 in a PPP frame, ready for the line. */
    size_t (*post)(const char *path, const uint8_t *payload, size_t size, uint8_t *frame, size_t room);
    size_t (*publish)(const char *topic, const uint8_t *payload, size_t size, uint8_t *packet, size_t room);
    size_t (*dns_query)(const char *name, uint8_t *message, size_t room);
    void (*authenticate)(const uint8_t challenge[16], uint8_t response[8], uint8_t cipher_key[16]);
    void (*encrypt)(const uint8_t key[16], const uint8_t counter[16], uint8_t *data, size_t size);
    size_t (*spectrum)(uint32_t frequency_hz, uint16_t *magnitudes, size_t count);
    const char *(*link_state)(void);
    bool (*link_event)(const char *event);
};

typedef const struct modem_api *modem_entry_function(const struct boot_services *services);
typedef void apps_entry_function(const struct boot_services *services, const struct modem_api *modem);

#endif
