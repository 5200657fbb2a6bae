/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Messages of the Constrained Application Protocol (RFC 7252), to and from bytes. */
#include "modem.h"

#define HEADER 4u
#define PAYLOAD_MARKER 0xff
#define URI_PATH 11

/* Deltas and lengths of options: 0-12 stand in the nibble, larger ones in one or two bytes. */
static uint8_t nibble_of(unsigned value)
{
#if RELEASE >= 19
    return (uint8_t)(value < 13u ? value : value < 269u ? 13u : 14u);
#else
    return (uint8_t)(value < 13u ? value : 13u);
#endif
}

static size_t put_extension(uint8_t *out, unsigned value)
{
    if (value < 13u) {
        return 0;
    }
#if RELEASE >= 19
    /* 01.018 cut values from 269 up to one byte: long query options arrived damaged. */
    if (value >= 269u) {
        put16(out, (uint16_t)(value - 269u));
        return 2;
    }
#endif
    out[0] = (uint8_t)(value - 13u);
    return 1;
}

static bool take_extension(const uint8_t *data, size_t size, size_t *at, unsigned *value)
{
    if (*value == 13u) {
        if (*at + 1u > size) {
            return false;
        }
        *value = data[(*at)++] + 13u;
    } else if (*value == 14u) {
        if (*at + 2u > size) {
            return false;
        }
        *value = get16(data + *at) + 269u;
        *at += 2;
    } else if (*value == 15u) {
        return false;
    }
    return true;
}

size_t coap_encode(const struct coap_message *message, uint8_t *out, size_t room)
{
    size_t at = HEADER + message->token_size;
    unsigned before = 0;

    if (message->token_size > 8u || at > room) {
        return 0;
    }
    out[0] = (uint8_t)(0x40 | message->type << 4 | message->token_size);
    out[1] = message->code;
    put16(out + 2, message->identifier);
    memcpy(out + HEADER, message->token, message->token_size);
    for (size_t i = 0; i < message->option_count; i++) {
        const struct coap_option *option = &message->options[i];
        unsigned delta = option->number - before;

        if (option->number < before || at + 5u + option->size > room) {
            return 0;
        }
        out[at++] = (uint8_t)(nibble_of(delta) << 4 | nibble_of(option->size));
        at += put_extension(out + at, delta);
        at += put_extension(out + at, option->size);
        memcpy(out + at, option->value, option->size);
        at += option->size;
        before = option->number;
    }
    if (message->payload_size > 0u) {
        if (at + 1u + message->payload_size > room) {
            return 0;
        }
        out[at++] = PAYLOAD_MARKER;
        memcpy(out + at, message->payload, message->payload_size);
        at += message->payload_size;
    }
    return at;
}

bool coap_decode(const uint8_t *data, size_t size, struct coap_message *message)
{
    size_t at = HEADER;
    unsigned number = 0;

    memset(message, 0, sizeof(*message));
    if (size < HEADER || data[0] >> 6 != 1 || (data[0] & 15u) > 8u) {
        return false;
    }
    message->type = data[0] >> 4 & 3u;
    message->token_size = data[0] & 15u;
    message->code = data[1];
    message->identifier = get16(data + 2);
    if (at + message->token_size > size) {
        return false;
    }
    memcpy(message->token, data + at, message->token_size);
    at += message->token_size;
    while (at < size && data[at] != PAYLOAD_MARKER) {
        unsigned delta = data[at] >> 4;
        unsigned length = data[at] & 15u;
        struct coap_option *option;

        at++;
        if (!take_extension(data, size, &at, &delta) || !take_extension(data, size, &at, &length) ||
            at + length > size || message->option_count == COAP_OPTIONS_MAX) {
            return false;
        }
        number += delta;
        option = &message->options[message->option_count++];
        option->number = (uint16_t)number;
        option->size = (uint16_t)length;
        option->value = data + at;
        at += length;
    }
    if (at < size) {
        at++;
        if (at == size) {
            return false; /* a marker without a payload is a format error */
        }
        message->payload = data + at;
        message->payload_size = size - at;
    }
    return true;
}

bool coap_add_path(struct coap_message *message, const char *path)
{
    while (*path == '/') {
        size_t size = 0;

        path++;
        while (path[size] != '\0' && path[size] != '/') {
            size++;
        }
        if (message->option_count == COAP_OPTIONS_MAX || size > 255u) {
            return false;
        }
        message->options[message->option_count++] =
            (struct coap_option){URI_PATH, (uint16_t)size, (const uint8_t *)path};
        path += size;
    }
    return *path == '\0';
}

struct code_name {
    uint8_t code;
    const char *name;
};

static const struct code_name CODE_NAMES[] = {
    {0x00, "Empty"},           {0x01, "GET"},
    {0x02, "POST"},            {0x03, "PUT"},
    {0x04, "DELETE"},
#if RELEASE >= 19
    {0x05, "FETCH"},           {0x06, "PATCH"},
    {0x07, "iPATCH"},
#endif
    {0x41, "Created"},         {0x42, "Deleted"},
    {0x43, "Valid"},           {0x44, "Changed"},
    {0x45, "Content"},         {0x5f, "Continue"},
    {0x80, "Bad Request"},     {0x81, "Unauthorized"},
    {0x82, "Bad Option"},      {0x83, "Forbidden"},
    {0x84, "Not Found"},       {0x85, "Method Not Allowed"},
    {0x86, "Not Acceptable"},  {0x8c, "Precondition Failed"},
    {0x8d, "Request Entity Too Large"},
    {0x8f, "Unsupported Content-Format"},
#if RELEASE >= 19
    {0x9d, "Too Many Requests"},
#endif
    {0xa0, "Internal Server Error"},
    {0xa1, "Not Implemented"}, {0xa2, "Bad Gateway"},
    {0xa3, "Service Unavailable"},
    {0xa4, "Gateway Timeout"}, {0xa5, "Proxying Not Supported"},
};

const char *coap_code_name(uint8_t code)
{
    for (size_t i = 0; i < COUNT(CODE_NAMES); i++) {
        if (CODE_NAMES[i].code == code) {
            return CODE_NAMES[i].name;
        }
    }
    return "Unassigned";
}
