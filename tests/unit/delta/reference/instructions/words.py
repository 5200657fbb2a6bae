# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Numbers modulo 2^32, as all addresses are; it knows neither images nor instructions."""

from __future__ import annotations

ALL = 0xFFFFFFFF
"""The mask of 32 bits."""

NOWHERE = 0x70000000
"""Where what counts from a register of unknown value is taken to lie."""


def u16(data: bytes, at: int = 0) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def u24(data: bytes, at: int = 0) -> int:
    return int.from_bytes(data[at : at + 3], "little")


def u32(data: bytes, at: int = 0) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def signed(value: int, bits: int) -> int:
    """The lowest *bits* as a signed number, modulo 2^32."""
    sign = 1 << (bits - 1)
    return (((value & (2 * sign - 1)) ^ sign) - sign) & ALL


def fits(delta: int, bits: int) -> bool:
    """Whether a difference modulo 2^32 is a signed number of so many bits."""
    return signed(delta, bits) == delta & ALL


def nearest_low(near: int, low: int, bits: int) -> int:
    """The number nearest to *near* whose lowest *bits* are those of *low*."""
    return (near + signed(low - near, bits)) & ALL


def in_row(near: int, first: int, size: int) -> int:
    """Of the *size* (a power of two) numbers from *first* on the one with *near*'s place."""
    return first + ((near - first) & (size - 1)) & ALL
