/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** PPP in HDLC-like framing (RFC 1662): flags, transparency, frame check sequence. */
#include "modem.h"

#define FCS_SIZE 2u
#define ADDRESS 0xff
#define CONTROL 0x03

static bool must_escape(uint32_t map, uint8_t byte)
{
#if RELEASE >= 19
    /* Some terminal servers take DEL for themselves; escaping it is always allowed. */
    if (byte == 0x7f) {
        return true;
    }
#endif
    return byte == HDLC_FLAG || byte == HDLC_ESCAPE || (byte < 32u && (map >> byte & 1u) != 0u);
}

static bool put(uint32_t map, uint8_t byte, uint8_t *out, size_t *at, size_t room)
{
    if (*at + 3u > room) {
        return false;
    }
    if (must_escape(map, byte)) {
        out[(*at)++] = HDLC_ESCAPE;
        byte ^= 0x20;
    }
    out[(*at)++] = byte;
    return true;
}

static uint16_t fcs_step(uint16_t fcs, uint8_t byte)
{
    fcs ^= byte;
    for (unsigned bit = 0; bit < 8; bit++) {
        fcs = (uint16_t)(fcs >> 1 ^ ((fcs & 1u) != 0u ? 0x8408u : 0u));
    }
    return fcs;
}

size_t hdlc_encode(uint32_t map, uint16_t protocol, const uint8_t *data, size_t size, uint8_t *out, size_t room)
{
    uint8_t head[4] = {ADDRESS, CONTROL, (uint8_t)(protocol >> 8), (uint8_t)protocol};
    uint16_t fcs = 0xffff;
    size_t at = 0;

    if (room == 0u) {
        return 0;
    }
    out[at++] = HDLC_FLAG;
    for (size_t i = 0; i < sizeof(head) + size; i++) {
        uint8_t byte = i < sizeof(head) ? head[i] : data[i - sizeof(head)];

        fcs = fcs_step(fcs, byte);
        if (!put(map, byte, out, &at, room)) {
            return 0;
        }
    }
    fcs = (uint16_t)~fcs;
    if (!put(map, (uint8_t)fcs, out, &at, room) || !put(map, (uint8_t)(fcs >> 8), out, &at, room)) {
        return 0;
    }
    out[at++] = HDLC_FLAG;
    return at;
}

static size_t end_of_frame(struct hdlc_receiver *receiver)
{
    const uint8_t *frame = receiver->frame;
    size_t size = receiver->size;
    bool torn = receiver->escaped || receiver->overflowed;

    receiver->size = 0;
    receiver->escaped = false;
    receiver->overflowed = false;
    if (size == 0u && !torn) {
        return 0; /* two flags in a row */
    }
    if (torn || size < 4u + FCS_SIZE || frame[0] != ADDRESS || frame[1] != CONTROL ||
        crc16_x25(frame, size - FCS_SIZE) != (frame[size - 2] | frame[size - 1] << 8)) {
        receiver->bad++;
        return 0;
    }
    receiver->good++;
    memmove(receiver->frame, frame + 2, size - 2u - FCS_SIZE);
    return size - 2u - FCS_SIZE;
}

size_t hdlc_feed(struct hdlc_receiver *receiver, uint8_t byte)
{
    if (byte == HDLC_FLAG) {
        return end_of_frame(receiver);
    }
    if (byte == HDLC_ESCAPE) {
        receiver->escaped = true;
        return 0;
    }
    if (receiver->escaped) {
        receiver->escaped = false;
        byte ^= 0x20;
    }
    if (receiver->size == receiver->room) {
        receiver->overflowed = true;
        return 0;
    }
    receiver->frame[receiver->size++] = byte;
    return 0;
}
