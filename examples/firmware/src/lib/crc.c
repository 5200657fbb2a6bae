/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** The two cyclic redundancy checks of the module, by table. */
#include "lib.h"

static const uint32_t CRC32_TABLE[4 * 256] = {
#include "crc32.inc"
};

static const uint16_t CRC16_TABLE[256] = {
#include "crc16.inc"
};

uint32_t crc32(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *in = data;

    crc = ~crc;
    for (; size >= 4u; size -= 4u, in += 4) {
        crc ^= (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
        crc = CRC32_TABLE[768u + (crc & 255u)] ^ CRC32_TABLE[512u + (crc >> 8 & 255u)] ^
              CRC32_TABLE[256u + (crc >> 16 & 255u)] ^ CRC32_TABLE[crc >> 24];
    }
    for (; size > 0u; size--) {
        crc = crc >> 8 ^ CRC32_TABLE[(crc ^ *in++) & 255u];
    }
    return ~crc;
}

uint16_t crc16_x25(const void *data, size_t size)
{
    const uint8_t *in = data;
    uint16_t crc = 0xffff;

    for (; size > 0u; size--) {
        crc = (uint16_t)(crc >> 8 ^ CRC16_TABLE[(crc ^ *in++) & 255u]);
    }
    return (uint16_t)~crc;
}
