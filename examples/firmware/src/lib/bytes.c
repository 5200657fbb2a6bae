/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Moving, comparing and spelling bytes; there is no C library below this. */
#include "lib.h"

void *memcpy(void *to, const void *from, size_t size)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if ((((uintptr_t)out | (uintptr_t)in) & 3u) == 0u) {
        for (; size >= 4u; size -= 4u, out += 4, in += 4) {
            *(uint32_t *)out = *(const uint32_t *)in;
        }
    }
    while (size-- > 0u) {
        *out++ = *in++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *out = to;
    const uint8_t *in = from;

    if (out <= in || out >= in + size) {
        return memcpy(to, from, size);
    }
    while (size-- > 0u) {
        out[size] = in[size];
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    uint8_t *out = to;

    while (size-- > 0u) {
        *out++ = (uint8_t)value;
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *a = left;
    const uint8_t *b = right;

    for (; size > 0u; size--, a++, b++) {
        if (*a != *b) {
            return *a < *b ? -1 : 1;
        }
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t size = 0;

    while (text[size] != '\0') {
        size++;
    }
    return size;
}

size_t text_size(const char *text, size_t room)
{
    size_t size = 0;

    while (size < room && text[size] != '\0') {
        size++;
    }
    return size;
}

int strcmp(const char *left, const char *right)
{
    while (*left != '\0' && *left == *right) {
        left++;
        right++;
    }
    return (uint8_t)*left - (uint8_t)*right;
}

int strncmp(const char *left, const char *right, size_t size)
{
    for (; size > 0u; size--, left++, right++) {
        if (*left != *right || *left == '\0') {
            return (uint8_t)*left - (uint8_t)*right;
        }
    }
    return 0;
}

char upper(char letter)
{
    return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

bool same_text(const char *left, const char *right)
{
    while (*left != '\0' && upper(*left) == upper(*right)) {
        left++;
        right++;
    }
    return *left == '\0' && *right == '\0';
}

void put16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

void put32(uint8_t *to, uint32_t value)
{
    put16(to, (uint16_t)(value >> 16));
    put16(to + 2, (uint16_t)value);
}

uint16_t get16(const uint8_t *from)
{
    return (uint16_t)((from[0] << 8) | from[1]);
}

uint32_t get32(const uint8_t *from)
{
    return ((uint32_t)get16(from) << 16) | get16(from + 2);
}

static const char HEX_DIGITS[] = "0123456789ABCDEF";

size_t hex_encode(const uint8_t *data, size_t size, char *text, size_t room)
{
    size_t length = 0;

    for (size_t i = 0; i < size && length + 2u < room; i++) {
        text[length++] = HEX_DIGITS[data[i] >> 4];
        text[length++] = HEX_DIGITS[data[i] & 15];
    }
    if (room > 0u) {
        text[length] = '\0';
    }
    return length;
}

static int hex_value(char digit)
{
    digit = upper(digit);
    if (is_digit(digit)) {
        return digit - '0';
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

int hex_decode(const char *text, uint8_t *data, size_t room)
{
    size_t size = 0;

    for (; text[0] != '\0'; text += 2, size++) {
        int high = hex_value(text[0]);
        int low = high < 0 ? -1 : hex_value(text[1]);

        if (low < 0 || size == room) {
            return -1;
        }
        data[size] = (uint8_t)(high << 4 | low);
    }
    return (int)size;
}

static const char BASE64_DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encode(const uint8_t *data, size_t size, char *text, size_t room)
{
    size_t length = 0;

    for (size_t i = 0; i < size && length + 4u < room; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)data[i] << 16;

        group |= left > 1u ? (uint32_t)data[i + 1] << 8 : 0u;
        group |= left > 2u ? data[i + 2] : 0u;
        text[length++] = BASE64_DIGITS[group >> 18];
        text[length++] = BASE64_DIGITS[group >> 12 & 63u];
        text[length++] = left > 1u ? BASE64_DIGITS[group >> 6 & 63u] : '=';
        text[length++] = left > 2u ? BASE64_DIGITS[group & 63u] : '=';
    }
    if (room > 0u) {
        text[length] = '\0';
    }
    return length;
}

int base64_decode(const char *text, uint8_t *data, size_t room)
{
    size_t size = 0;
    uint32_t group = 0;
    unsigned bits = 0;

    for (; *text != '\0' && *text != '='; text++) {
        size_t digit = 0;

        while (digit < 64u && BASE64_DIGITS[digit] != *text) {
            digit++;
        }
        if (digit == 64u) {
            return -1;
        }
        group = group << 6 | digit;
        bits += 6;
        if (bits >= 8u) {
            bits -= 8;
            if (size == room) {
                return -1;
            }
            data[size++] = (uint8_t)(group >> bits);
        }
    }
    return (int)size;
}
