# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of TC32 code, Telink's relative of Thumb; it knows no image and no map."""

from __future__ import annotations

from .form import Reference
from .pool import POOL, Pool
from .words import ALL, fits, signed, u16, u32

LDR, B, BCC, BL = 1, 2, 3, 4


def decode(first: int, second: int, at: int) -> tuple[int, int]:
    """Kind and target of what counts from the program counter; kind 0: nothing of that."""
    pc = at + 4
    group = first >> 11
    if group == 0x01:
        return LDR, (pc & ~3) + (first & 0xFF) * 4 & ALL
    if group == 0x10:
        return B, pc + signed(first, 11) * 2 & ALL
    if group == 0x12 and second >> 11 == 0x13:
        return BL, pc + signed(first, 11) * 4096 + (second & 0x7FF) * 2 & ALL
    if group in {0x18, 0x19} and first & 0x0E00 != 0x0E00:
        return BCC, pc + signed(first, 8) * 2 & ALL
    return 0, 0


class Sweep:
    """A linear sweep over one stretch of TC32 code."""

    def __init__(self) -> None:
        self.pool = Pool()

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        if at & 1 or len(window) < 2:
            return Reference(1)
        word = self.pool.take(window, at)
        if word is not None:
            return word
        kind, target = decode(u16(window), u16(window, 2) if len(window) >= 4 else 0, at)
        if kind == LDR:
            self.pool.mark(at, target, 0)
        return Reference(4 if kind == BL else 2, kind, target)


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    first = u16(raw)
    pc = at + 4
    offset = target - pc & ALL
    aligned = target - (pc & ~3) & ALL
    kind = reference.kind
    if at & 1:
        return None
    if kind == POOL:
        return target.to_bytes(4, "little")
    if kind == LDR:
        if aligned > 1020 or aligned & 3:
            return None
        return (first & 0xFF00 | aligned >> 2).to_bytes(2, "little")
    if not fits(offset, {B: 12, BCC: 9, BL: 23}[kind]) or offset & 1:
        return None
    if kind == B:
        return (first & 0xF800 | offset >> 1 & 0x7FF).to_bytes(2, "little")
    if kind == BCC:
        return (first & 0xFF00 | offset >> 1 & 0xFF).to_bytes(2, "little")
    first = first & 0xF800 | offset >> 12 & 0x7FF
    second = u16(raw, 2) & 0xF800 | offset >> 1 & 0x7FF
    return first.to_bytes(2, "little") + second.to_bytes(2, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    if reference.kind == POOL:
        return u32(data)
    found, target = decode(u16(data), u16(data, 2) if reference.length == 4 else 0, at)
    return target if found == reference.kind else None
