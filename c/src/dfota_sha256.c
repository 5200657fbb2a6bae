/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 after FIPS 180-4, small rather than fast; the message schedule is kept in 16 words.
 */
#include "dfota_sha256.h"

#include <string.h>

static const uint32_t ROUND[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u,
    0xab1c5ed5u, 0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu,
    0x9bdc06a7u, 0xc19bf174u, 0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu,
    0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau, 0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u,
    0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u, 0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu,
    0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u, 0xa2bfe8a1u, 0xa81a664bu,
    0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u, 0x19a4c116u,
    0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u,
    0xc67178f2u};

static uint32_t rotate(uint32_t word, unsigned count)
{
    return (word >> count) | (word << (32u - count));
}

static void absorb(uint32_t state[8], const uint8_t *block)
{
    uint32_t schedule[16];
    uint32_t v[8];
    unsigned i;

    for (i = 0; i < 16u; i++) {
        schedule[i] = ((uint32_t)block[4u * i] << 24) | ((uint32_t)block[4u * i + 1u] << 16) |
                      ((uint32_t)block[4u * i + 2u] << 8) | (uint32_t)block[4u * i + 3u];
    }
    memcpy(v, state, sizeof v);
    for (i = 0; i < 64u; i++) {
        uint32_t word = schedule[i & 15u];
        uint32_t t1;
        uint32_t t2;
        if (i >= 16u) {
            const uint32_t w15 = schedule[(i + 1u) & 15u];
            const uint32_t w2 = schedule[(i + 14u) & 15u];
            word += (rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >> 3)) + schedule[(i + 9u) & 15u] +
                    (rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >> 10));
            schedule[i & 15u] = word;
        }
        t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25)) +
             ((v[4] & v[5]) ^ (~v[4] & v[6])) + ROUND[i] + word;
        t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22)) +
             ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(&v[1], &v[0], 7u * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (i = 0; i < 8u; i++) {
        state[i] += v[i];
    }
}

void dfota_sha256_begin(dfota_sha256 *sha)
{
    static const uint32_t initial[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                                        0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};
    memcpy(sha->words, initial, sizeof initial);
    sha->size = 0;
}

void dfota_sha256_feed(dfota_sha256 *sha, const uint8_t *data, size_t size)
{
    size_t used = (size_t)(sha->size & 63u);

    sha->size += size;
    while (size > 0) {
        size_t take = 64u - used;
        if (used == 0 && size >= 64u) {
            absorb(sha->words, data);
            take = 64u;
        } else {
            if (take > size) {
                take = size;
            }
            memcpy(sha->block + used, data, take);
            used += take;
            if (used == 64u) {
                absorb(sha->words, sha->block);
                used = 0;
            }
        }
        data += take;
        size -= take;
    }
}

void dfota_sha256_end(dfota_sha256 *sha, uint8_t digest[DFOTA_SHA256_SIZE])
{
    const uint64_t bits = sha->size * 8u;
    size_t used = (size_t)(sha->size & 63u);
    unsigned i;

    sha->block[used++] = 0x80u;
    if (used > 56u) {
        memset(sha->block + used, 0, 64u - used);
        absorb(sha->words, sha->block);
        used = 0;
    }
    memset(sha->block + used, 0, 56u - used);
    for (i = 0; i < 8u; i++) {
        sha->block[56u + i] = (uint8_t)(bits >> (56u - 8u * i));
    }
    absorb(sha->words, sha->block);
    for (i = 0; i < 32u; i++) {
        digest[i] = (uint8_t)(sha->words[i / 4u] >> (24u - 8u * (i & 3u)));
    }
}
