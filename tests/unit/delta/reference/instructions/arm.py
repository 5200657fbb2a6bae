# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of A32 code; it knows no image and no map."""

from __future__ import annotations

from .form import Reference, up_to_aligned
from .pool import MOVT, MOVW, POOL, POOL_RELATIVE, Halves, Pool, read_half
from .words import ALL, fits, signed, u32

B, BL, BLX, LDR, LDRH, VLDR, ADR = 1, 2, 3, 4, 5, 6, 7
UP = 0x00800000


def rotated(value: int, by: int) -> int:
    return (value >> by | value << (32 - by)) & ALL if by else value


def rotation_of(value: int) -> int | None:
    """How far eight bits must be turned right to become *value*, the least turn first."""
    for turn in range(0, 32, 2):
        if rotated(value, (32 - turn) & 31) <= 0xFF:
            return turn
    return None


def decode(word: int, at: int) -> tuple[int, int]:
    """Kind and target of what counts from the program counter; kind 0: nothing of that."""
    pc = at + 8
    never = word >> 28 == 15
    group = word >> 25 & 7
    if group == 5:
        offset = signed(word, 24) * 4
        if never:
            return BLX, pc + offset + (word >> 23 & 2) & ALL
        return (BL if word & 0x01000000 else B), pc + offset & ALL
    if group == 2 and word & 0x0F2F0000 == 0x050F0000:
        kind, offset = LDR, word & 0xFFF
    elif group == 0 and word & 0x0F6F0090 == 0x014F0090 and word & 0x60 and not never:
        kind, offset = LDRH, word >> 4 & 0xF0 | word & 15
    elif group == 6 and word & 0x0F2F0E00 == 0x0D0F0A00 and not never:
        kind, offset = VLDR, (word & 0xFF) * 4
    elif group == 1 and word & 0x0FFF0000 in {0x028F0000, 0x024F0000} and not never:
        kind, offset = ADR, rotated(word & 0xFF, word >> 7 & 0x1E)
    else:
        return 0, 0
    return kind, pc + (offset if word & UP else -offset) & ALL


def is_half(word: int, *, high: bool) -> bool:
    return word & 0x0FF00000 == (0x03400000 if high else 0x03000000) and word >> 28 != 15


def half_of(word: int) -> int:
    return word >> 4 & 0xF000 | word & 0xFFF


class Sweep:
    """A linear sweep over one stretch of A32 code."""

    def __init__(self) -> None:
        self.pool = Pool()
        self.halves = Halves()

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        if at & 3 or len(window) < 4:
            return Reference(up_to_aligned(at, len(window)))
        pool_word = self.pool.take(window, at)
        if pool_word is not None:
            return pool_word
        word = u32(window)
        high = is_half(word, high=True)
        if high or is_half(word, high=False):
            reg = word >> 12 & 15
            return self.halves.join(reg, high, half_of(word), _half_ahead(window, reg, not high))
        kind, target = decode(word, at)
        if kind == LDR and word & 0x00500000 == 0x00100000:
            self.pool.mark(at, target, _pc_added(window, at, word >> 12 & 15))
        return Reference(4, kind, target)


def _half_ahead(window: bytes, reg: int, high: bool) -> int | None:
    """The half that the next instruction moves that moves one to the same register."""
    for at in range(4, min(len(window) - 3, 48), 4):
        word = u32(window, at)
        if word & 0x0FB00000 == 0x03000000 and word >> 12 & 15 == reg:
            return half_of(word) if is_half(word, high=high) else None
    return None


def _pc_added(window: bytes, at: int, reg: int) -> int:
    """The program counter where it is added to a register that was just loaded; else 0."""
    for ahead in range(4, len(window) - 3, 4):
        word = u32(window, ahead)
        if word & 0x0FFF0FFF in {0x008F0000 | reg, 0x079F0000 | reg}:
            return at + ahead + 8 & ALL
        if word & 0x0F7FF000 == 0x051F0000 | reg << 12:
            return 0
    return 0


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    word = u32(raw)
    offset = target - (at + 8) & ALL
    size = -offset & ALL if offset >> 31 else offset
    sign = word & UP if size == 0 else UP if size == offset else 0
    kind = reference.kind
    if at & 3:
        return None
    if kind in {B, BL}:
        if not fits(offset, 26) or offset & 3:
            return None
        word = word & 0xFF000000 | offset >> 2 & 0x00FFFFFF
    elif kind == BLX:
        if not fits(offset, 26) or offset & 1:
            return None
        word = 0xFA000000 | offset >> 2 & 0x00FFFFFF | (offset & 2) << 23
    elif kind == LDR:
        if size > 4095:
            return None
        word = word & 0xFF7FF000 | sign | size
    elif kind == LDRH:
        if size > 255:
            return None
        word = word & 0xFF7FF0F0 | sign | (size & 0xF0) << 4 | size & 15
    elif kind == VLDR:
        if size > 1020 or size & 3:
            return None
        word = word & 0xFF7FFF00 | sign | size >> 2
    elif kind == ADR:
        delta = size
        turn = rotation_of(delta)
        if turn is None:  # as far away as that, both ways may lead there
            delta = -size & ALL
            sign ^= UP
            turn = rotation_of(delta)
            if turn is None:
                return None
        word = word & 0xFF3FF000 | (UP if sign else 0x00400000)
        word |= turn << 7 | rotated(delta, (32 - turn) & 31)
    elif kind in {MOVW, MOVT}:
        half = target >> 16 if kind == MOVT else target & 0xFFFF
        word = word & 0xFFF0F000 | (half & 0xF000) << 4 | half & 0xFFF
    elif kind in {POOL, POOL_RELATIVE}:
        word = target - (at - reference.anchor if kind == POOL_RELATIVE else 0) & ALL
    return word.to_bytes(4, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    kind = reference.kind
    word = u32(data)
    if kind in {POOL, POOL_RELATIVE}:
        return word + (at - reference.anchor if kind == POOL_RELATIVE else 0) & ALL
    if kind in {MOVW, MOVT}:
        if not is_half(word, high=kind == MOVT):
            return None
        return read_half(reference, half_of(word), near)
    found, target = decode(word, at)
    return target if found == kind else None
