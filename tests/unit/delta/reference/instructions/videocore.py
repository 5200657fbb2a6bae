# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of VideoCore IV and VI code: one to five parcels of 16 bits."""

from __future__ import annotations

from .form import Reference
from .words import ALL, NOWHERE, fits, signed, u16, u32

BL, B, COMPARE, LEA, LEA_LONG, CONSTANT, GLOBAL, GLOBAL_LONG, GLOBAL_CONSTANT = range(1, 10)


def length_of(first: int) -> int:
    return 2 if first < 0x8000 else 4 if first < 0xE000 else 6


def decode(data: bytes, length: int, at: int) -> tuple[int, int]:
    """Kind and target; kind 0: it refers to nothing."""
    first = u16(data)
    if length == 4:
        return _decode32(first, u16(data, 2), at)
    if length == 2:
        return 0, 0
    second = u32(data, 2)
    group = first >> 8
    if group == 0xE5:
        return LEA_LONG, at + second & ALL
    if group in {0xE6, 0xE7} and second >> 27 == 24:
        return GLOBAL_LONG, NOWHERE + signed(second, 27) & ALL
    if first & 0xFFE0 == 0xEF00:
        return GLOBAL_CONSTANT, NOWHERE + second & ALL
    if 0xE8 <= group <= 0xEF:
        return CONSTANT, second
    return 0, 0


def _decode32(first: int, second: int, at: int) -> tuple[int, int]:
    if first >> 12 == 9 and first & 0x80:
        far = (first & 0xF00) << 15 | (first & 0x7F) << 16 | second
        return BL, at + signed(far, 27) * 2 & ALL
    if first >> 12 == 9:
        return B, at + signed((first & 0x7F) << 16 | second, 23) * 2 & ALL
    if first >> 12 == 8:
        return COMPARE, at + signed(second, 8 if second & 0x8000 else 10) * 2 & ALL
    if first & 0xFFE0 == 0xBFE0:
        return LEA, at + signed(second, 16) & ALL
    if first >> 8 == 0xA8 or first & 0xFFE0 == 0xB700:
        return GLOBAL, NOWHERE + signed(second, 16) & ALL
    return 0, 0


class Sweep:
    """A linear sweep over one stretch of VideoCore code."""

    def __init__(self) -> None:
        self.rest_follows = False  # of a vector instruction of ten bytes

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        left = len(window)
        if at & 1 or left < 2:
            return Reference(1)
        first = u16(window)
        length = length_of(first)
        if self.rest_follows:
            self.rest_follows = False
            return Reference(min(left, 4))
        if left < length:
            return Reference(left)
        if first >= 0xF800:
            self.rest_follows = True
            return Reference(length)
        return Reference(length, *decode(window, length, at))


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    kind = reference.kind
    first, second = u16(raw), u16(raw, 2)
    offset = target - at & ALL
    distance = target - NOWHERE & ALL
    if at & 1:
        return None
    if kind in {LEA_LONG, CONSTANT, GLOBAL_CONSTANT, GLOBAL_LONG}:
        value = {LEA_LONG: offset, CONSTANT: target}.get(kind, distance)
        if kind == GLOBAL_LONG:
            if not fits(distance, 27):
                return None
            value = 24 << 27 | distance & 0x07FFFFFF
        return raw[:2] + value.to_bytes(4, "little")
    if kind in {LEA, GLOBAL}:
        value = offset if kind == LEA else distance
        if not fits(value, 16):
            return None
        return raw[:2] + (value & 0xFFFF).to_bytes(2, "little")
    bits = {BL: 27, B: 23}.get(kind, 8 if second & 0x8000 else 10)
    if not fits(offset, bits + 1) or offset & 1:
        return None
    if kind == COMPARE:
        field = (1 << bits) - 1
        second = second & ~field | offset >> 1 & field
    else:
        first = first & 0xFF80 | offset >> 17 & 0x7F
        if kind == BL:
            first = first & 0xF0FF | offset >> 16 & 0xF00
        second = offset >> 1 & 0xFFFF
    return first.to_bytes(2, "little") + second.to_bytes(2, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    length = length_of(u16(data))
    if length != reference.length:
        return None
    found, target = decode(data, length, at)
    return target if found == reference.kind else None
