/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** What every partition may use: bytes, text, digests and queues. No state, no hardware. */
#ifndef LIB_H
#define LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t size);
/** Length of `text`, but never more than `room`. */
size_t text_size(const char *text, size_t room);
char upper(char letter);
bool is_digit(char letter);
bool same_text(const char *left, const char *right); /* letter case does not count */

/** Big-endian fields, as networks have them. */
void put16(uint8_t *to, uint16_t value);
void put32(uint8_t *to, uint32_t value);
uint16_t get16(const uint8_t *from);
uint32_t get32(const uint8_t *from);

size_t hex_encode(const uint8_t *data, size_t size, char *text, size_t room);
/** Bytes decoded, or -1 where `text` is not hexadecimal or does not fit. */
int hex_decode(const char *text, uint8_t *data, size_t room);
size_t base64_encode(const uint8_t *data, size_t size, char *text, size_t room);
int base64_decode(const char *text, uint8_t *data, size_t room);

/**
 * Format like printf: flags `-` and `0`, width, precision of %s, lengths `l` and `ll`, and
 * c d i s u x X %. Besides these, %q prints a signed number of thousandths as a decimal.
 */
size_t format(char *out, size_t room, const char *pattern, ...);
size_t format_list(char *out, size_t room, const char *pattern, va_list values);

/** Feed bytes to a CRC-32 (ISO-HDLC); begin with 0. */
uint32_t crc32(uint32_t crc, const void *data, size_t size);
uint16_t crc16_x25(const void *data, size_t size);

struct sha256 {
    uint32_t state[8];
    uint64_t size;
    uint8_t block[64];
};

void sha256_begin(struct sha256 *hash);
void sha256_feed(struct sha256 *hash, const void *data, size_t size);
void sha256_end(struct sha256 *hash, uint8_t digest[32]);
void sha256(const void *data, size_t size, uint8_t digest[32]);
void hmac_sha256(const uint8_t *key, size_t key_size, const void *data, size_t size, uint8_t tag[32]);

/** A queue of bytes for one producer and one consumer; `room` is a power of two. */
struct ring {
    uint8_t *bytes;
    uint32_t room;
    volatile uint32_t head;
    volatile uint32_t tail;
};

void ring_begin(struct ring *ring, uint8_t *bytes, uint32_t room);
bool ring_put(struct ring *ring, uint8_t byte);
int ring_get(struct ring *ring);
bool ring_full(const struct ring *ring);

#endif
