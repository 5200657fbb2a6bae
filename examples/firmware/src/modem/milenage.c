/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** Authentication to the network: the Milenage functions of 3GPP TS 35.206 on AES. */
#include "modem.h"

struct output_rule {
    uint8_t rotation; /* in bytes, to the left */
    uint8_t constant; /* in the last byte */
};

static const struct output_rule RULES[] = {{0, 1}, {4, 2}, {8, 4}};

static void exclusive_or(uint8_t *to, const uint8_t *from)
{
    for (unsigned i = 0; i < 16; i++) {
        to[i] ^= from[i];
    }
}

void milenage(const uint8_t key[16], const uint8_t operator_code[16], const uint8_t challenge[16],
              const uint8_t sequence[6], const uint8_t management[2], struct milenage_answer *answer)
{
    struct aes aes;
    uint8_t operator_key[16], temporary[16], in[16], block[16], outputs[3][16];

    aes_begin(&aes, key, 16);
    aes_encrypt(&aes, operator_code, operator_key);
    exclusive_or(operator_key, operator_code);

    memcpy(temporary, challenge, 16);
    exclusive_or(temporary, operator_key);
    aes_encrypt(&aes, temporary, temporary);

    memcpy(in, sequence, 6);
    memcpy(in + 6, management, 2);
    memcpy(in + 8, in, 8);
    exclusive_or(in, operator_key);
    for (unsigned i = 0; i < 16; i++) {
        block[i] = (uint8_t)(temporary[i] ^ in[(i + 8u) & 15u]);
    }
    aes_encrypt(&aes, block, block);
    exclusive_or(block, operator_key);
    memcpy(answer->mac, block, 8);

    exclusive_or(temporary, operator_key);
    for (unsigned n = 0; n < COUNT(RULES); n++) {
        for (unsigned i = 0; i < 16; i++) {
            block[i] = temporary[(i + RULES[n].rotation) & 15u];
        }
        block[15] ^= RULES[n].constant;
        aes_encrypt(&aes, block, outputs[n]);
        exclusive_or(outputs[n], operator_key);
    }
    memcpy(answer->response, outputs[0] + 8, 8);
    memcpy(answer->anonymity_key, outputs[0], 6);
    memcpy(answer->cipher_key, outputs[1], 16);
    memcpy(answer->integrity_key, outputs[2], 16);
}
