/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** AES (FIPS 197) by table, counter mode and CMAC (RFC 4493); tables are not constant-time. */
#include "modem.h"

static const uint8_t BOX[256] = {
#include "aes_box.inc"
};
static const uint8_t INVERSE_BOX[256] = {
#include "aes_inverse_box.inc"
};
static const uint32_t ENCRYPT[256] = {
#include "aes_encrypt.inc"
};
static const uint32_t DECRYPT[256] = {
#include "aes_decrypt.inc"
};
static const uint32_t UNMIX[256] = {
#include "aes_unmix.inc"
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word >> bits | word << (32u - bits);
}

static uint32_t column(const uint32_t table[256], uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return table[a >> 24] ^ rotate(table[b >> 16 & 255u], 8) ^ rotate(table[c >> 8 & 255u], 16) ^
           rotate(table[d & 255u], 24);
}

static uint32_t substitute(const uint8_t box[256], uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    return (uint32_t)box[a >> 24] << 24 | (uint32_t)box[b >> 16 & 255u] << 16 | (uint32_t)box[c >> 8 & 255u] << 8 |
           box[d & 255u];
}

void aes_begin(struct aes *aes, const uint8_t *key, size_t size)
{
    unsigned words = (unsigned)size / 4u;
    unsigned total;
    uint32_t constant = 0x01000000;

    aes->rounds = words + 6u;
    total = 4u * (aes->rounds + 1u);
    for (unsigned i = 0; i < words; i++) {
        aes->encrypt[i] = get32(key + 4u * i);
    }
    for (unsigned i = words; i < total; i++) {
        uint32_t word = aes->encrypt[i - 1];

        if (i % words == 0u) {
            word = rotate(word, 24);
            word = substitute(BOX, word, word, word, word) ^ constant;
            constant = constant == 0x80000000u ? 0x1b000000u : constant << 1;
        } else if (words > 6u && i % words == 4u) {
            word = substitute(BOX, word, word, word, word);
        }
        aes->encrypt[i] = aes->encrypt[i - words] ^ word;
    }
    for (unsigned i = 0; i < total; i++) {
        uint32_t word = aes->encrypt[total - 4u - (i & ~3u) + (i & 3u)];

        aes->decrypt[i] = i < 4u || i >= total - 4u ? word : column(UNMIX, word, word, word, word);
    }
}

void aes_encrypt(const struct aes *aes, const uint8_t in[16], uint8_t out[16])
{
    const uint32_t *key = aes->encrypt;
    uint32_t a = get32(in) ^ key[0];
    uint32_t b = get32(in + 4) ^ key[1];
    uint32_t c = get32(in + 8) ^ key[2];
    uint32_t d = get32(in + 12) ^ key[3];

    for (unsigned round = 1; round < aes->rounds; round++) {
        uint32_t e, f, g;

        key += 4;
        e = column(ENCRYPT, a, b, c, d) ^ key[0];
        f = column(ENCRYPT, b, c, d, a) ^ key[1];
        g = column(ENCRYPT, c, d, a, b) ^ key[2];
        d = column(ENCRYPT, d, a, b, c) ^ key[3];
        a = e;
        b = f;
        c = g;
    }
    key += 4;
    put32(out, substitute(BOX, a, b, c, d) ^ key[0]);
    put32(out + 4, substitute(BOX, b, c, d, a) ^ key[1]);
    put32(out + 8, substitute(BOX, c, d, a, b) ^ key[2]);
    put32(out + 12, substitute(BOX, d, a, b, c) ^ key[3]);
}

void aes_decrypt(const struct aes *aes, const uint8_t in[16], uint8_t out[16])
{
    const uint32_t *key = aes->decrypt;
    uint32_t a = get32(in) ^ key[0];
    uint32_t b = get32(in + 4) ^ key[1];
    uint32_t c = get32(in + 8) ^ key[2];
    uint32_t d = get32(in + 12) ^ key[3];

    for (unsigned round = 1; round < aes->rounds; round++) {
        uint32_t e, f, g;

        key += 4;
        e = column(DECRYPT, a, d, c, b) ^ key[0];
        f = column(DECRYPT, b, a, d, c) ^ key[1];
        g = column(DECRYPT, c, b, a, d) ^ key[2];
        d = column(DECRYPT, d, c, b, a) ^ key[3];
        a = e;
        b = f;
        c = g;
    }
    key += 4;
    put32(out, substitute(INVERSE_BOX, a, d, c, b) ^ key[0]);
    put32(out + 4, substitute(INVERSE_BOX, b, a, d, c) ^ key[1]);
    put32(out + 8, substitute(INVERSE_BOX, c, b, a, d) ^ key[2]);
    put32(out + 12, substitute(INVERSE_BOX, d, c, b, a) ^ key[3]);
}

void aes_counter(const struct aes *aes, const uint8_t counter[16], uint8_t *data, size_t size)
{
    uint8_t block[16];
    uint8_t stream[16];

    memcpy(block, counter, sizeof(block));
    for (size_t done = 0; done < size; done++) {
        if ((done & 15u) == 0u) {
            aes_encrypt(aes, block, stream);
            for (unsigned i = 16; i-- > 0u && ++block[i] == 0u;) {
            }
        }
        data[done] ^= stream[done & 15u];
    }
}

static void double_block(uint8_t block[16])
{
    uint8_t carry = block[0] >> 7;

    for (unsigned i = 0; i < 15; i++) {
        block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    }
    block[15] = (uint8_t)(block[15] << 1 ^ (carry != 0u ? 0x87 : 0));
}

void aes_cmac(const struct aes *aes, const uint8_t *data, size_t size, uint8_t tag[16])
{
    uint8_t key[16] = {0};
    uint8_t block[16] = {0};
    size_t done = 0;

    aes_encrypt(aes, key, key);
    double_block(key);
    for (; size - done > 16u; done += 16) {
        for (unsigned i = 0; i < 16; i++) {
            block[i] ^= data[done + i];
        }
        aes_encrypt(aes, block, block);
    }
    if (size - done < 16u) {
        double_block(key);
        block[size - done] ^= 0x80;
    }
    for (unsigned i = 0; i < 16; i++) {
        block[i] ^= key[i];
        if (done + i < size) {
            block[i] ^= data[done + i];
        }
    }
    aes_encrypt(aes, block, tag);
}
