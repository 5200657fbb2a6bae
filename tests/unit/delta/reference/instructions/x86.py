# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of x86 code, recognised by opcode and shape alone."""

from __future__ import annotations

from .form import Reference
from .words import ALL, u32

CALL, JUMP, JCC, RELATIVE, ABSOLUTE, DIRECT, CONSTANT = 1, 2, 3, 4, 5, 6, 7
UNIT_MAX = 8

# Opcodes with a ModRM byte that often come with a 32-bit displacement, by the bytes of
# constant behind that.
_WITHOUT = bytes.fromhex(
    "01 03 09 0b 21 23 29 2b 31 33 38 39 3a 3b 63 84 85 87 88 89 8a 8b 8d d1 d3 d8 d9 db dc dd ff"
)
_WITH_BYTE = bytes.fromhex("6b 80 83 c0 c1 c6")
_WITH_WORD = bytes.fromhex("69 81 c7")
_AFTER_0F_GROUPS = {1, 2, 4, 5, 6, 9, 0xB, 0xD, 0xE, 0xF}
_AFTER_0F_WITHOUT = {0x7E, 0x7F, 0xAF, 0xA3, 0xAB}


def constant_behind(opcode: int, modrm: int) -> int | None:
    """Bytes of constant behind the displacement; None: no such opcode."""
    if opcode in _WITHOUT:
        return 0
    if opcode in _WITH_BYTE:
        return 1
    if opcode in _WITH_WORD:
        return 4
    if opcode in {0xF6, 0xF7}:
        return 0 if modrm & 0x30 else 1 if opcode == 0xF6 else 4
    return None


def constant_behind_0f(opcode: int) -> int | None:
    """The same for the second byte of opcodes that begin with 0f."""
    if opcode >> 4 in _AFTER_0F_GROUPS:
        return 1 if opcode == 0xBA else 0
    if opcode in _AFTER_0F_WITHOUT:
        return 0
    return 1 if opcode in {0xC2, 0xC6} else None


def starts(byte: int) -> bool:
    """Whether an instruction of interest may begin with this byte."""
    return (
        byte & 0xF8 == 0xB8
        or byte == 0x68
        or byte & 0xFE == 0xE8
        or byte & 0xFC == 0xA0
        or byte == 0x0F
        or byte & 0xF0 == 0x40
        or constant_behind(byte, 0) is not None
    )


class Sweep:
    """A linear sweep over one stretch of x86 code."""

    def __init__(self) -> None:
        self.wide_seen = 0  # prefixes of 64-bit code, up to 3
        self.after_prefix = False

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        left = len(window)
        first = window[0]
        wide = self.wide_seen >= 3 or self.after_prefix
        self.after_prefix = False
        if left >= 5 and first & 0xFE == 0xE8 and window[4] in {0, 0xFF}:
            return Reference(5, JUMP if first & 1 else CALL, at + 5 + u32(window, 1) & ALL)
        after, field = None, 0
        if left >= 7 and first == 0x0F:
            if window[1] & 0xF0 == 0x80 and window[5] in {0, 0xFF}:
                return Reference(6, JCC, at + 6 + u32(window, 2) & ALL)
            if window[2] & 0xC7 == 5:
                after, field = constant_behind_0f(window[1]), 3
        elif left >= 6 and window[1] & 0xC7 == 5:
            after, field = constant_behind(first, window[1]), 2
        if after is not None:
            value = u32(window, field)
            if wide:
                return Reference(
                    field + 4, RELATIVE, at + field + 4 + after + value & ALL, extra=after
                )
            return Reference(field + 4, ABSOLUTE, value)
        if left >= 5 and not wide:
            direct = first & 0xFC == 0xA0
            value = u32(window, 1)
            if (direct or first == 0x68 or first & 0xF8 == 0xB8) and value >= 0x10000:
                return Reference(5, DIRECT if direct else CONSTANT, value)
        if first & 0xF0 == 0x40 and left >= 2:
            self._prefix(first, window[1])
            return Reference(1)
        length = 1
        while length < min(left, UNIT_MAX) and not starts(window[length]):
            length += 1
        return Reference(length)

    def _prefix(self, first: int, following: int) -> None:
        known_wide = self.wide_seen >= 3
        if first & 8 and following in {0x8B, 0x89, 0x8D, 0x85, 0x83}:
            self.after_prefix = True
            self.wide_seen = min(self.wide_seen + 1, 3)
        else:
            self.after_prefix = known_wide


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*."""
    if reference.kind <= RELATIVE:
        target -= at + reference.length + reference.extra
    return raw[:-4] + (target & ALL).to_bytes(4, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    kind = reference.kind
    target = u32(data, len(data) - 4)
    if kind <= RELATIVE:
        target = target + at + reference.length + reference.extra & ALL
    first = data[0]
    if kind == CALL:
        fine = first == 0xE8
    elif kind == JUMP:
        fine = first == 0xE9
    elif kind == JCC:
        fine = first == 0x0F and data[1] & 0xF0 == 0x80
    elif kind == DIRECT:
        fine = first & 0xFC == 0xA0
    elif kind == CONSTANT:
        fine = first == 0x68 or first & 0xF8 == 0xB8
    else:
        fine = data[len(data) - 5] & 0xC7 == 5
    return target if fine else None
