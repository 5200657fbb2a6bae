/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** SHA-256 (FIPS 180-4) and HMAC (RFC 2104). */
#include "lib.h"

static const uint32_t ROUND[64] = {
#include "sha256.inc"
};

static const uint32_t INITIAL[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint32_t rotate(uint32_t value, unsigned count)
{
    return value >> count | value << (32u - count);
}

static void compress(uint32_t state[8], const uint8_t block[64])
{
    uint32_t w[64];
    uint32_t v[8];

    for (unsigned i = 0; i < 16; i++) {
        w[i] = get32(block + 4u * i);
    }
    for (unsigned i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;

        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    memcpy(v, state, sizeof(v));
    for (unsigned i = 0; i < 64; i++) {
        uint32_t s1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t first = v[7] + s1 + choice + ROUND[i] + w[i];
        uint32_t s0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

        v[7] = v[6];
        v[6] = v[5];
        v[5] = v[4];
        v[4] = v[3] + first;
        v[3] = v[2];
        v[2] = v[1];
        v[1] = v[0];
        v[0] = first + s0 + majority;
    }
    for (unsigned i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

void sha256_begin(struct sha256 *hash)
{
    memcpy(hash->state, INITIAL, sizeof(INITIAL));
    hash->size = 0;
}

void sha256_feed(struct sha256 *hash, const void *data, size_t size)
{
    const uint8_t *in = data;

    while (size > 0u) {
        size_t used = (size_t)(hash->size & 63u);
        size_t part = 64u - used < size ? 64u - used : size;

        memcpy(hash->block + used, in, part);
        hash->size += part;
        in += part;
        size -= part;
        if (used + part == 64u) {
            compress(hash->state, hash->block);
        }
    }
}

void sha256_end(struct sha256 *hash, uint8_t digest[32])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = hash->size * 8u;
    size_t used = (size_t)(hash->size & 63u);
    uint8_t length[8];

    put32(length, (uint32_t)(bits >> 32));
    put32(length + 4, (uint32_t)bits);
    sha256_feed(hash, padding, used < 56u ? 56u - used : 120u - used);
    sha256_feed(hash, length, sizeof(length));
    for (unsigned i = 0; i < 8; i++) {
        put32(digest + 4u * i, hash->state[i]);
    }
}

void sha256(const void *data, size_t size, uint8_t digest[32])
{
    struct sha256 hash;

    sha256_begin(&hash);
    sha256_feed(&hash, data, size);
    sha256_end(&hash, digest);
}

void hmac_sha256(const uint8_t *key, size_t key_size, const void *data, size_t size, uint8_t tag[32])
{
    struct sha256 hash;
    uint8_t block[64] = {0};

    if (key_size > sizeof(block)) {
        sha256(key, key_size, block);
    } else {
        memcpy(block, key, key_size);
    }
    for (unsigned i = 0; i < sizeof(block); i++) {
        block[i] ^= 0x36;
    }
    sha256_begin(&hash);
    sha256_feed(&hash, block, sizeof(block));
    sha256_feed(&hash, data, size);
    sha256_end(&hash, tag);
    for (unsigned i = 0; i < sizeof(block); i++) {
        block[i] ^= 0x36 ^ 0x5c;
    }
    sha256_begin(&hash);
    sha256_feed(&hash, block, sizeof(block));
    sha256_feed(&hash, tag, 32);
    sha256_end(&hash, tag);
}
