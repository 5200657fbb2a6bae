# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The checksum of the FILE commands; it finds slips of a cable, never an attacker."""

from __future__ import annotations


def xor16(data: bytes | bytearray | memoryview) -> int:
    """XOR of the big-endian 16-bit words of *data*; an odd last byte is the high half.

    The FILE manual's example: ``"1234567890"`` gives ``0x3938``.
    """
    view = memoryview(data).cast("B")
    return _xor8(view[0::2]) << 8 | _xor8(view[1::2])


def _xor8(data: memoryview) -> int:
    # Fold as big integers: halves XORed until one byte is left, without a loop per byte.
    size = len(data)
    if size == 0:
        return 0
    number = int.from_bytes(bytes(data), "big")
    while size > 1:
        half = (size + 1) // 2
        number = (number >> (8 * half)) ^ (number & ((1 << (8 * half)) - 1))
        size = half
    return number
