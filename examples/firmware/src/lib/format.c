/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** A small printf into a buffer; it never writes past the room it is given. */
#include "lib.h"
#include "release.h"

struct output {
    char *text;
    size_t room;
    size_t size;
};

struct field {
    unsigned width;
    int precision;
    bool zero;
    bool left;
};

static void put(struct output *out, char letter)
{
    if (out->size + 1u < out->room) {
        out->text[out->size] = letter;
    }
    out->size++;
}

static void pad(struct output *out, char letter, size_t count)
{
    while (count-- > 0u) {
        put(out, letter);
    }
}

static void put_text(struct output *out, const struct field *field, const char *text, size_t size)
{
    size_t missing = field->width > size ? field->width - size : 0u;

#if RELEASE >= 19
    if (!field->left) {
        pad(out, ' ', missing);
    }
#else
    pad(out, ' ', missing);
#endif
    for (size_t i = 0; i < size; i++) {
        put(out, text[i]);
    }
#if RELEASE >= 19
    /* Up to 01.018 the flag `-` was read and forgotten: tables came out ragged. */
    if (field->left) {
        pad(out, ' ', missing);
    }
#endif
}

static void put_number(struct output *out, const struct field *field, uint64_t value, bool negative,
                       unsigned base, bool capital)
{
    char digits[24];
    size_t at = sizeof(digits);

    do {
        unsigned digit = (unsigned)(value % base);

        digits[--at] = (char)(digit < 10u ? '0' + digit : (capital ? 'A' : 'a') + digit - 10u);
        value /= base;
    } while (value != 0u);
    if (field->zero && !field->left) {
        size_t size = sizeof(digits) - at + (negative ? 1u : 0u);

        if (negative) {
            put(out, '-');
        }
        pad(out, '0', field->width > size ? field->width - size : 0u);
        for (; at < sizeof(digits); at++) {
            put(out, digits[at]);
        }
        return;
    }
    if (negative) {
        digits[--at] = '-';
    }
    put_text(out, field, digits + at, sizeof(digits) - at);
}

static void put_thousandths(struct output *out, const struct field *field, int32_t value)
{
    char text[16];
    uint32_t size = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    size_t length = format(text, sizeof(text), "%s%u.%03u", value < 0 ? "-" : "", size / 1000u, size % 1000u);

    put_text(out, field, text, length);
}

size_t format_list(char *text, size_t room, const char *pattern, va_list values)
{
    struct output out = {text, room, 0};

    for (; *pattern != '\0'; pattern++) {
        struct field field = {0, -1, false, false};
        unsigned longs = 0;

        if (*pattern != '%') {
            put(&out, *pattern);
            continue;
        }
        for (pattern++; *pattern == '-' || *pattern == '0'; pattern++) {
            field.left |= *pattern == '-';
            field.zero |= *pattern == '0';
        }
        if (*pattern == '*') {
            field.width = va_arg(values, unsigned);
            pattern++;
        }
        for (; is_digit(*pattern); pattern++) {
            field.width = field.width * 10u + (unsigned)(*pattern - '0');
        }
        if (*pattern == '.') {
            field.precision = 0;
            pattern++;
            if (*pattern == '*') {
                field.precision = va_arg(values, int);
                pattern++;
            }
            for (; is_digit(*pattern); pattern++) {
                field.precision = field.precision * 10 + (*pattern - '0');
            }
        }
        for (; *pattern == 'l'; pattern++) {
            longs++;
        }
        switch (*pattern) {
        case 'c': {
            char letter = (char)va_arg(values, int);

            put_text(&out, &field, &letter, 1);
            break;
        }
        case 'd':
        case 'i': {
            int64_t value = longs > 1u ? va_arg(values, long long) : va_arg(values, int);

            put_number(&out, &field, value < 0 ? 0u - (uint64_t)value : (uint64_t)value, value < 0, 10, false);
            break;
        }
        case 'q':
            put_thousandths(&out, &field, va_arg(values, int));
            break;
        case 's': {
            const char *string = va_arg(values, const char *);

            string = string == NULL ? "(none)" : string;
            put_text(&out, &field, string,
                     field.precision < 0 ? strlen(string) : text_size(string, (size_t)field.precision));
            break;
        }
        case 'u':
        case 'x':
        case 'X': {
            uint64_t value = longs > 1u ? va_arg(values, unsigned long long) : va_arg(values, unsigned);

            put_number(&out, &field, value, false, *pattern == 'u' ? 10 : 16, *pattern == 'X');
            break;
        }
        case '%':
            put(&out, '%');
            break;
        default:
            put(&out, '%');
            pattern--;
            break;
        }
    }
    if (room > 0u) {
        text[out.size < room ? out.size : room - 1u] = '\0';
    }
    return out.size < room ? out.size : (room > 0u ? room - 1u : 0u);
}

size_t format(char *out, size_t room, const char *pattern, ...)
{
    va_list values;
    size_t size;

    va_start(values, pattern);
    size = format_list(out, room, pattern, values);
    va_end(values);
    return size;
}
