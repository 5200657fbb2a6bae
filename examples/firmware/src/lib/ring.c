/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0 */
/** A byte queue between an interrupt and a loop; head and tail count for ever and wrap. */
#include "lib.h"

void ring_begin(struct ring *ring, uint8_t *bytes, uint32_t room)
{
    ring->bytes = bytes;
    ring->room = room;
    ring->head = 0;
    ring->tail = 0;
}

bool ring_full(const struct ring *ring)
{
    return ring->head - ring->tail == ring->room;
}

bool ring_put(struct ring *ring, uint8_t byte)
{
    if (ring_full(ring)) {
        return false;
    }
    ring->bytes[ring->head & (ring->room - 1u)] = byte;
    ring->head++;
    return true;
}

int ring_get(struct ring *ring)
{
    int byte;

    if (ring->head == ring->tail) {
        return -1;
    }
    byte = ring->bytes[ring->tail & (ring->room - 1u)];
    ring->tail++;
    return byte;
}
