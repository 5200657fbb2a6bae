# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a receiver hears that runs at another speed than the sender; bits only, no port.

A frame is a start bit (0), eight data bits, low first, and a stop bit (1). The receiver
waits for the fall of a start bit and looks at the middle of each of its own bits.
"""

from __future__ import annotations

TOLERANCE = 0.03
"""How far two speeds may be apart: a bit's middle is still met at the end of the frame."""

_FRAME_BITS = 10


def heard(data: bytes, sent_baud: int, listening_baud: int) -> bytes:
    """The bytes that arrive when *data*, sent without a gap, is read at another speed."""
    if abs(sent_baud - listening_baud) <= TOLERANCE * listening_baud:
        return data
    return _sampled(_levels(data), sent_baud / listening_baud)


def _levels(data: bytes) -> bytearray:
    """The line, one entry for each bit of the sender."""
    levels = bytearray()
    for byte in data:
        levels.append(0)
        levels += bytes(byte >> bit & 1 for bit in range(8))
        levels.append(1)
    return levels


def _sampled(levels: bytearray, bit: float) -> bytes:
    """Read *levels* with bits that are *bit* of the sender's long; a bad stop bit is noise."""
    result = bytearray()
    at = levels.find(0)
    while at >= 0:
        bits = [_level(levels, at + (0.5 + number) * bit) for number in range(_FRAME_BITS)]
        end = at + (_FRAME_BITS - 0.5) * bit
        if bits[0] == 0:  # else it was too short for a start bit
            result.append(sum(level << number for number, level in enumerate(bits[1:9])))
            if bits[9] == 0:  # a framing error: the line must rise before the next start
                end = levels.find(1, min(int(end), len(levels)))
                if end < 0:
                    break
        at = levels.find(0, max(at + 1, int(end)))
    return bytes(result)


def _level(levels: bytearray, at: float) -> int:
    index = int(at)
    return levels[index] if index < len(levels) else 1
