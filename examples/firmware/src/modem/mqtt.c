/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Packets of MQTT 3.1.1 that a publishing client sends, and where received ones end. */
#include "modem.h"

#define CONNECT 0x10
#define PUBLISH 0x30
#define CLEAN_SESSION 0x02

static size_t put_length(uint8_t *out, size_t length)
{
    size_t at = 0;

    do {
        out[at] = (uint8_t)(length & 127u);
        length >>= 7;
        out[at++] |= length > 0u ? 0x80 : 0;
    } while (length > 0u);
    return at;
}

static size_t put_string(uint8_t *out, const char *text)
{
    size_t size = strlen(text);

    put16(out, (uint16_t)size);
    memcpy(out + 2, text, size);
    return size + 2u;
}

size_t mqtt_connect(const char *client, uint16_t keep_alive_s, uint8_t *out, size_t room)
{
    size_t length = 10u + 2u + strlen(client);
    size_t at = 0;

    if (length + 5u > room || strlen(client) > 0xffffu) {
        return 0;
    }
    out[at++] = CONNECT;
    at += put_length(out + at, length);
    at += put_string(out + at, "MQTT");
    out[at++] = 4;
    out[at++] = CLEAN_SESSION;
    put16(out + at, keep_alive_s);
    at += 2;
    return at + put_string(out + at, client);
}

size_t mqtt_publish(const char *topic, const uint8_t *payload, size_t size, uint8_t *out, size_t room)
{
    size_t length = 2u + strlen(topic) + size;
    size_t at = 0;

    if (length + 5u > room || strlen(topic) > 0xffffu) {
        return 0;
    }
    out[at++] = PUBLISH;
    at += put_length(out + at, length);
    at += put_string(out + at, topic);
    memcpy(out + at, payload, size);
    return at + size;
}

int mqtt_packet_size(const uint8_t *data, size_t size)
{
    size_t length = 0;

    for (size_t at = 1; at < size; at++) {
        if (at > 4u) {
            return -1;
        }
        length |= (size_t)(data[at] & 127u) << (7u * (at - 1u));
        if ((data[at] & 0x80) == 0) {
            return at + 1u + length <= size ? (int)(at + 1u + length) : 0;
        }
    }
    return 0;
}
