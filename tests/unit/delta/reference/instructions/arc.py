# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of ARCompact and ARCv2 code, whose long words are two halves, the upper one first."""

from __future__ import annotations

from .form import Reference
from .words import ALL, fits, signed, u16

B, BL, BR, BR_S, B_S, BL_S, LD_S, LONG = 1, 3, 5, 6, 7, 8, 9, 10


def middle32(data: bytes) -> int:
    return u16(data) << 16 | u16(data, 2)


def decode16(half: int, at: int) -> tuple[int, int]:
    """Kind and target of a short instruction; kind 0: it refers to nothing."""
    pc = at & ~3
    group = half >> 11
    if group == 0x1A:
        return LD_S, pc + (half & 0xFF) * 4 & ALL
    if group == 0x1D:
        return BR_S, pc + signed(half, 7) * 2 & ALL
    if group == 0x1E:
        return B_S, pc + signed(half, 6 if half & 0x600 == 0x600 else 9) * 2 & ALL
    if group == 0x1F:
        return BL_S, pc + signed(half, 11) * 4 & ALL
    return 0, 0


def decode32(word: int, at: int) -> tuple[int, int]:
    """The same for a long instruction."""
    pc = at & ~3
    far = word >> 16 & 0x7FE | word << 5 & 0x1FF800 | (word & 15) << 21
    group = word >> 27
    if group == 0 and word & 0x10000:
        return B, pc + signed(far, 25) & ALL
    if group != 1:
        return 0, 0
    if word & 0x10000:
        return BR, pc + signed(word >> 16 & 0xFE | word >> 7 & 0x100, 9) & ALL
    if word & 0x20000:
        return BL, pc + signed(far & ~2, 25) & ALL
    return 0, 0


def is_long16(half: int) -> bool:
    """Whether a long immediate follows a short instruction."""
    return half >> 11 == 0x0E and half & 0xE3 == 0xC3


def is_long32(word: int) -> bool:
    """Whether a long immediate follows a long instruction."""
    base = word & 0x07007000 == 0x06007000
    group = word >> 27
    if group == 2:
        return base
    if group == 3:
        return base or word & 0xFC1 == 0xF80
    if group in {4, 5}:
        mode = word >> 22 & 3
        if mode == 0:
            return base or word & 0xFC0 == 0xF80
        if mode == 3:
            return base or (not word & 0x20 and word & 0xFC0 == 0xF80)
        return base
    return False


class Sweep:
    """A linear sweep over one stretch of ARC code."""

    def __init__(self) -> None:
        self.long_follows = False

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        if at & 1 or len(window) < 2:
            return Reference(1)
        if len(window) >= 4 and self.long_follows:
            self.long_follows = False
            return Reference(4, LONG, middle32(window))
        half = u16(window)
        if half >> 11 >= 0x0C:
            self.long_follows = is_long16(half)
            return Reference(2, *decode16(half, at))
        if len(window) < 4:
            return Reference(2)
        word = middle32(window)
        self.long_follows = is_long32(word)
        return Reference(4, *decode32(word, at))


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    word = middle32(raw) if reference.length == 4 else u16(raw)
    offset = target - (at & ~3) & ALL
    far = offset << 16 & 0x07FE0000 | offset >> 5 & 0xFFC0
    kind = reference.kind
    if at & 1:
        return None
    if kind == LD_S:
        if offset > 1020 or offset & 3:
            return None
        word = word & 0xFF00 | offset >> 2
    elif kind == LONG:
        word = target
    else:
        is_short = kind == B_S and word & 0x600 == 0x600
        bits = 7 if is_short else {B: 25, BL: 25, BR: 9, BR_S: 8, B_S: 10, BL_S: 13}[kind]
        if not fits(offset, bits) or offset & (3 if kind in {BL, BL_S} else 1):
            return None
        if kind == B:
            word = word & 0xF8010030 | far | offset >> 21 & 15
        elif kind == BL:
            word = word & 0xF8030030 | far & ~0x20000 | offset >> 21 & 15
        elif kind == BR:
            word = word & 0xFF017FFF | offset << 16 & 0x00FE0000 | offset << 7 & 0x8000
        elif kind == BR_S:
            word = word & 0xFF80 | offset >> 1 & 0x7F
        elif kind == B_S:
            field = 0x3F if is_short else 0x1FF
            word = word & ~field | offset >> 1 & field
        else:
            word = word & 0xF800 | offset >> 2 & 0x7FF
    if reference.length == 2:
        return word.to_bytes(2, "little")
    return (word >> 16).to_bytes(2, "little") + (word & 0xFFFF).to_bytes(2, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    if reference.kind == LONG:
        return middle32(data)
    if reference.length == 2:
        found, target = decode16(u16(data), at)
    else:
        found, target = decode32(middle32(data), at)
    return target if found == reference.kind else None
