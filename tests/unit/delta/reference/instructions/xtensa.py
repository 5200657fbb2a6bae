# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of little-endian Xtensa code, with literals of either kind."""

from __future__ import annotations

from .form import Reference
from .words import ALL, NOWHERE, fits, signed, u16, u24

CALL, J, L32R, BZ, BI, BR, LOOP, BZ_N, BF, BASED = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10


def decode(word: int, at: int, based: bool) -> tuple[int, int]:
    """Kind and target of an instruction of three bytes."""
    pc = at + 4
    op = word & 15
    if op == 1:
        offset = word >> 6 & 0x3FFFC
        if based:
            return BASED, NOWHERE + offset
        return L32R, (at + 3 & ~3) + 0xFFFC0000 + offset & ALL
    if op == 5:
        return CALL, (pc & ~3) + signed(word >> 6, 18) * 4 & ALL
    if op == 6:
        return _decode_branch(word, pc)
    if op == 7:
        return BR, pc + signed(word >> 16, 8) & ALL
    return 0, 0


def _decode_branch(word: int, pc: int) -> tuple[int, int]:
    form = word >> 4 & 15
    if form & 3 == 0:
        return J, pc + signed(word >> 6, 18) & ALL
    if form & 3 == 1:
        return BZ, pc + signed(word >> 12, 12) & ALL
    if form == 3:  # ENTRY
        return 0, 0
    if form == 7:
        r = word >> 12 & 15
        if 8 <= r <= 10:
            return LOOP, pc + (word >> 16) & ALL
        return (BF if r < 2 else 0), pc + signed(word >> 16, 8) & ALL
    return BI, pc + signed(word >> 16, 8) & ALL


def decode_narrow(half: int, at: int) -> tuple[int, int]:
    """BEQZ.N and BNEZ.N."""
    if half & 0x8F != 0x8C:
        return 0, 0
    return BZ_N, at + 4 + (half & 0x30 | half >> 12) & ALL


class Sweep:
    """A linear sweep over one stretch of Xtensa code; it remembers nothing."""

    based = False

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        size = 2 if 8 <= window[0] & 15 < 14 else 3
        if len(window) < size:
            return Reference(len(window))
        if size == 2:
            return Reference(2, *decode_narrow(u16(window), at))
        return Reference(3, *decode(u24(window), at, self.based))


class BasedSweep(Sweep):
    """The same where literals count from a register (LITBASE)."""

    based = True


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    word = int.from_bytes(raw, "little")
    offset = target - (at + 4) & ALL
    kind = reference.kind
    if kind == CALL:
        offset = target - (at + 4 & ~3) & ALL
        if not fits(offset, 20) or offset & 3:
            return None
        word = word & 0x3F | offset << 4 & 0xFFFFC0
    elif kind == J:
        if not fits(offset, 18):
            return None
        word = word & 0x3F | offset << 6 & 0xFFFFC0
    elif kind in {L32R, BASED}:
        offset = target - (NOWHERE if kind == BASED else (at + 3 & ~3) + 0xFFFC0000) & ALL
        if offset > 0x3FFFC or offset & 3:
            return None
        word = word & 0xFF | offset << 6
    elif kind == BZ:
        if not fits(offset, 12):
            return None
        word = word & 0xFFF | offset << 12 & 0xFFF000
    elif kind in {BI, BR, BF}:
        if not fits(offset, 8):
            return None
        word = word & 0xFFFF | offset << 16 & 0xFF0000
    elif kind == LOOP:
        if offset > 255:
            return None
        word = word & 0xFFFF | offset << 16
    elif kind == BZ_N:
        if offset > 63:
            return None
        word = word & 0x0FCF | offset & 0x30 | (offset & 15) << 12
    return word.to_bytes(reference.length, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    if reference.length == 2:
        found, target = decode_narrow(u16(data), at)
    else:
        found, target = decode(u24(data), at, reference.kind == BASED)
    return target if found == reference.kind else None
