/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Short messages: the 7-bit alphabet (3GPP TS 23.038) and the PDUs around it (TS 23.040). */
#include "apps.h"

#define ESCAPE 27u

/* The default alphabet in Latin-1; 0 where a letter is not of Latin-1. */
static const uint8_t ALPHABET[128] = {
    '@', 0xa3, '$', 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, '\n', 0xd8, 0xf8, '\r', 0xc5, 0xe5,
    0, '_', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc6, 0xe6, 0xdf, 0xc9,
    ' ', '!', '"', '#', 0xa4, '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    0xa1, 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 0xc4, 0xd6, 0xd1, 0xdc, 0xa7,
    0xbf, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 0xe4, 0xf6, 0xf1, 0xfc, 0xe0,
};

struct extension {
    uint8_t septet;
    char letter;
};

static const struct extension EXTENSIONS[] = {
    {0x0a, '\f'}, {0x14, '^'}, {0x28, '{'}, {0x29, '}'}, {0x2f, '\\'},
    {0x3c, '['},  {0x3d, '~'}, {0x3e, ']'}, {0x40, '|'},
};

struct packer {
    uint8_t *out;
    size_t room;
    size_t count;
};

static bool put_septet(struct packer *packer, unsigned septet)
{
    size_t bit = packer->count * 7u;
    size_t at = bit >> 3;
    unsigned shift = bit & 7u;

    if (at + 2u > packer->room) {
        return false;
    }
    if (shift == 0u) {
        packer->out[at] = 0;
    }
    packer->out[at] |= (uint8_t)(septet << shift);
    if (shift > 1u) {
        packer->out[at + 1u] = (uint8_t)(septet >> (8u - shift));
    }
    packer->count++;
    return true;
}

static bool put_letter(struct packer *packer, uint8_t letter)
{
    for (unsigned i = 0; i < COUNT(ALPHABET); i++) {
        if (ALPHABET[i] == letter && letter != 0u) {
            return put_septet(packer, i);
        }
    }
    for (unsigned i = 0; i < COUNT(EXTENSIONS); i++) {
        if ((uint8_t)EXTENSIONS[i].letter == letter) {
            return put_septet(packer, ESCAPE) && put_septet(packer, EXTENSIONS[i].septet);
        }
    }
    return put_septet(packer, '?');
}

size_t gsm7_pack(const char *text, uint8_t *out, size_t room, size_t *septets)
{
    struct packer packer = {out, room, 0};

    for (; *text != '\0'; text++) {
        if (!put_letter(&packer, (uint8_t)*text)) {
            return 0;
        }
    }
    *septets = packer.count;
    return (packer.count * 7u + 7u) / 8u;
}

static unsigned septet_at(const uint8_t *data, size_t number)
{
    size_t bit = number * 7u;
    unsigned shift = bit & 7u;
    unsigned value = data[bit >> 3] >> shift;

    if (shift > 1u) {
        value |= (unsigned)data[(bit >> 3) + 1u] << (8u - shift);
    }
    return value & 127u;
}

size_t gsm7_unpack(const uint8_t *data, size_t septets, char *out, size_t room)
{
    size_t size = 0;

    for (size_t i = 0; i < septets && size + 1u < room; i++) {
        unsigned septet = septet_at(data, i);
        uint8_t letter = ALPHABET[septet];

        if (septet == ESCAPE && i + 1u < septets) {
            septet = septet_at(data, ++i);
            letter = ALPHABET[septet];
            for (unsigned k = 0; k < COUNT(EXTENSIONS); k++) {
                if (EXTENSIONS[k].septet == septet) {
                    letter = (uint8_t)EXTENSIONS[k].letter;
                }
            }
        }
        out[size++] = letter != 0u ? (char)letter : '?';
    }
    out[size] = '\0';
    return size;
}

/* Digits, two in a byte, the lower half first; an odd one is filled with 1111. */
static size_t put_number(const char *number, uint8_t *out)
{
    size_t digits = 0;
    bool international = *number == '+';

    number += international ? 1 : 0;
    out[1] = international ? 0x91 : 0x81;
    for (; is_digit(*number) && digits < 20u; number++, digits++) {
        uint8_t digit = (uint8_t)(*number - '0');

        if ((digits & 1u) == 0u) {
            out[2u + digits / 2u] = 0xf0 | digit;
        } else {
            out[2u + digits / 2u] = (uint8_t)((out[2u + digits / 2u] & 15) | digit << 4);
        }
    }
    out[0] = (uint8_t)digits;
    return *number == '\0' && digits > 0u ? 2u + (digits + 1u) / 2u : 0u;
}

size_t sms_submit(const char *number, const char *text, uint8_t *pdu, size_t room)
{
    size_t at = 0;
    size_t packed, septets, size;

    if (room < 32u) {
        return 0;
    }
    pdu[at++] = 0x00; /* service centre: the stored one */
    pdu[at++] = 0x11; /* SUBMIT with relative validity */
    pdu[at++] = 0x00;
    size = put_number(number, pdu + at);
    if (size == 0u) {
        return 0;
    }
    at += size;
    pdu[at++] = 0x00;
    pdu[at++] = 0x00; /* default alphabet */
    pdu[at++] = 0xaa; /* four days */
    packed = gsm7_pack(text, pdu + at + 1u, room - at - 1u, &septets);
    if (septets > 160u || (packed == 0u && *text != '\0')) {
        return 0;
    }
    pdu[at++] = (uint8_t)septets;
    return at + packed;
}

bool sms_deliver(const uint8_t *pdu, size_t size, char *sender, size_t sender_room, char *text, size_t text_room)
{
    size_t at, digits, octets, length = 0;

    if (size < 2u) {
        return false;
    }
    at = 1u + pdu[0];
    if (at + 3u > size || (pdu[at] & 3u) != 0u) {
        return false;
    }
    digits = pdu[at + 1u];
    octets = (digits + 1u) / 2u;
    if (digits > 20u || at + 3u + octets + 10u > size) {
        return false;
    }
    if (pdu[at + 2u] == 0x91 && length + 1u < sender_room) {
        sender[length++] = '+';
    }
    for (size_t i = 0; i < digits && length + 1u < sender_room; i++) {
        uint8_t pair = pdu[at + 3u + i / 2u];

        sender[length++] = (char)('0' + ((i & 1u) != 0u ? pair >> 4 : pair & 15));
    }
    sender[length] = '\0';
    at += 3u + octets;
    if (pdu[at + 1u] != 0x00) {
        return false; /* only the default alphabet is read here */
    }
    at += 9; /* protocol, coding, time stamp */
    if (at >= size || at + 1u + (pdu[at] * 7u + 7u) / 8u > size) {
        return false;
    }
    gsm7_unpack(pdu + at + 1u, pdu[at], text, text_room);
    return true;
}
