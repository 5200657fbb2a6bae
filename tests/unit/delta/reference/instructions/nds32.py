# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of Andes NDS32 code, whose instructions are big-endian."""

from __future__ import annotations

from .form import Reference
from .words import ALL, NOWHERE, fits, in_row, nearest_low, signed

JAL, J, BR1, BR2, BR3, SHORT, SETHI, LOW, MEMORY, GLOBAL = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
KEPT_BY_CALLS = range(6, 15)


def big16(data: bytes) -> int:
    return int.from_bytes(data[:2], "big")


def big32(data: bytes, at: int = 0) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def decode16(half: int, at: int) -> tuple[int, int]:
    """Kind and target of a short branch; kind 0: it is none."""
    is_branch = 0x18 <= half >> 11 <= 0x1B or half & 0xFE00 == 0xE800
    if not is_branch or half & 0xFF00 == 0xDD00:
        return 0, 0
    return SHORT, at + signed(half, 8) * 2 & ALL


def decode32(word: int, at: int) -> tuple[int, int]:
    """The same for a long jump or branch."""
    group = word >> 25
    if group == 0x24:
        return (JAL if word & 0x01000000 else J), at + signed(word, 24) * 2 & ALL
    if group == 0x26:
        return BR1, at + signed(word, 14) * 2 & ALL
    if group == 0x27 and word & 0x000E0000 and word & 0x000F0000 != 0x00080000:
        return BR2, at + signed(word, 16) * 2 & ALL
    if group == 0x2D:
        return BR3, at + signed(word, 8) * 2 & ALL
    return 0, 0


def consumer(word: int) -> tuple[int, int]:
    """What joins a constant with a register, and the scale of that constant."""
    group = word >> 25
    if group in {0x28, 0x2C}:
        return LOW, 0
    if group in {0x00, 0x08, 0x10}:
        return MEMORY, 0
    if group in {0x01, 0x09, 0x11}:
        return MEMORY, 1
    if group in {0x02, 0x0A}:
        return MEMORY, 2
    return 0, 0


def global_form(word: int) -> tuple[int, int]:
    """The bits of a constant that counts from gp, and its scale; 0 bits: none."""
    group = word >> 25
    if group in {0x17, 0x1F}:
        return 19, 0
    if group == 0x1E:
        scale = 2 if word & 0x000C0000 == 0x000C0000 else 1
        return 19 - scale, scale
    return 0, 0


def global_of(word: int, bits: int, scale: int) -> int:
    return NOWHERE + (signed(word, bits) << scale) & ALL


class Sweep:
    """A linear sweep over one stretch of NDS32 code."""

    def __init__(self) -> None:
        self.upper: dict[int, int] = {}  # what SETHI put into a register

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        if at & 1 or len(window) < 2:
            return Reference(1)
        half = big16(window)
        if half & 0x8000:
            if half & 0xFC00 in {0x8000, 0x8400}:  # MOV55, MOVI55
                self.upper.pop(half >> 5 & 31, None)
            return Reference(2, *decode16(half, at))
        if len(window) < 4:
            return Reference(2)
        word = big32(window)
        reg = word >> 20 & 31
        if word >> 25 == 0x23:
            self.upper[reg] = word << 12 & ALL
            return Reference(4, SETHI, _pair(window, reg, self.upper[reg]))
        kind, target = decode32(word, at)
        if kind:
            if kind == JAL:
                self.upper = {r: value for r, value in self.upper.items() if r in KEPT_BY_CALLS}
            return Reference(4, kind, target)
        return self._consume(word, reg)

    def _consume(self, word: int, reg: int) -> Reference:
        kind, scale = consumer(word)
        if kind == 0:
            self.upper.pop(reg, None)
            bits, scale = global_form(word)
            return Reference(4, GLOBAL, global_of(word, bits, scale)) if bits else Reference(4)
        reference = Reference(4)
        base = word >> 15 & 31
        low = (word & 0x7FFF) << scale
        if base in self.upper and low < 0x1000:
            reference = Reference(4, kind, self.upper[base] + low & ALL, extra=scale)
        if word >> 25 < 8 or word >> 25 >= 0x10:  # no store
            self.upper.pop(reg, None)
        return reference


def _pair(window: bytes, reg: int, value: int) -> int:
    """What a SETHI refers to, if what uses it is in sight."""
    at = 4
    while at + 4 <= len(window):
        word = big32(window, at)
        if word & 0x80000000:
            at += 2
            continue
        kind, scale = consumer(word)
        if kind and word >> 15 & 31 == reg:
            return value + ((word & 0x7FFF) << scale & 0xFFF) & ALL
        if word >> 25 == 0x23 and word >> 20 & 31 == reg:
            break
        at += 4
    return value + 0x800 & ALL


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    word = int.from_bytes(raw, "big")
    offset = target - at & ALL
    kind = reference.kind
    if at & 1:
        return None
    if kind == SETHI:
        word = word & 0xFFF00000 | target >> 12
    elif kind in {LOW, MEMORY}:
        low = target & 0xFFF
        if low & ((1 << reference.extra) - 1):
            return None
        word = word & 0xFFFF8000 | low >> reference.extra
    elif kind == GLOBAL:
        bits, scale = global_form(word)
        distance = target - NOWHERE & ALL
        if not fits(distance, bits + scale) or distance & ((1 << scale) - 1):
            return None
        field = (1 << bits) - 1
        word = word & ~field | distance >> scale & field
    else:
        bits = {JAL: 24, J: 24, BR1: 14, BR2: 16, BR3: 8, SHORT: 8}[kind]
        if not fits(offset, bits + 1) or offset & 1:
            return None
        field = (1 << bits) - 1
        word = word & ~field | offset >> 1 & field
    return word.to_bytes(reference.length, "big")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    kind = reference.kind
    if reference.length == 2:
        found, target = decode16(big16(data), at)
        return target if data[0] & 0x80 and found == kind else None
    word = big32(data)
    if kind == SETHI:
        return in_row(near, word << 12 & ALL, 0x1000) if word >> 25 == 0x23 else None
    if kind == GLOBAL:
        bits, scale = global_form(word)
        return global_of(word, bits, scale) if bits else None
    if kind in {LOW, MEMORY}:
        found, scale = consumer(word)
        if found != kind or scale != reference.extra:
            return None
        return nearest_low(near, (word & 0x7FFF) << scale, 12)
    found, target = decode32(word, at)
    return target if found == kind else None
