# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of Thumb and Thumb-2 code; it knows no image and no map."""

from __future__ import annotations

from .form import Reference
from .pool import MOVT, MOVW, POOL, POOL_RELATIVE, Halves, Pool, read_half
from .words import ALL, fits, signed, u16, u32

BL, BLX, B_W, BCC_W, BCC, B, CBZ, LDR, WIDE, ADR, VLDR = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12


def is_wide(first: int) -> bool:
    return first >= 0xE800


def is_half_move(first: int, second: int, *, high: bool) -> bool:
    return first & 0xFBF0 == (0xF2C0 if high else 0xF240) and not second & 0x8000


def half_of(first: int, second: int) -> int:
    return (first & 15) << 12 | (first & 0x400) << 1 | (second & 0x7000) >> 4 | second & 0xFF


def decode(first: int, second: int, at: int) -> tuple[int, int]:
    """Kind and target of what counts from the program counter; kind 0: nothing of that."""
    pc = at + 4
    base = pc & ~3
    group = first >> 11
    if group == 0x09:
        return LDR, base + (first & 0xFF) * 4 & ALL
    if group == 0x14:
        return ADR, base + (first & 0xFF) * 4 & ALL
    if group in {0x16, 0x17}:
        if first & 0xF500 != 0xB100:
            return 0, 0
        return CBZ, pc + ((first & 0x200) >> 3 | (first & 0xF8) >> 2) & ALL
    if group in {0x1A, 0x1B}:
        if first & 0x0E00 == 0x0E00:
            return 0, 0
        return BCC, pc + signed(first, 8) * 2 & ALL
    if group == 0x1C:
        return B, pc + signed(first, 11) * 2 & ALL
    if group == 0x1D:
        is_vldr = first & 0xFF3F == 0xED1F and second & 0x0E00 == 0x0A00
        if not is_vldr and first & 0xFF7F != 0xE95F:
            return 0, 0
        offset = (second & 0xFF) * 4
        return VLDR, base + (offset if first & 0x80 else -offset) & ALL
    if group == 0x1E and second & 0x8000:
        return _decode_branch(first, second, pc)
    if group == 0x1E:
        if first & 0xFB5F != 0xF20F or first & 0xA0 in {0x80, 0x20}:
            return 0, 0
        offset = (first & 0x400) << 1 | (second & 0x7000) >> 4 | second & 0xFF
        return WIDE, base + (-offset if first & 0xA0 else offset) & ALL
    if group == 0x1F:
        if first & 0xFE1F != 0xF81F:
            return 0, 0
        offset = second & 0xFFF
        return WIDE, base + (offset if first & 0x80 else -offset) & ALL
    return 0, 0


def _decode_branch(first: int, second: int, pc: int) -> tuple[int, int]:
    if second & 0x5000 == 0 and first & 0x380 != 0x380:
        offset = (
            (first & 0x400) << 10
            | (second & 0x800) << 8
            | (second & 0x2000) << 5
            | (first & 0x3F) << 12
            | (second & 0x7FF) << 1
        )
        return BCC_W, pc + signed(offset, 21) & ALL
    bits = second ^ (0 if first & 0x400 else 0x2800)  # J1 and J2 count inverted
    offset = (
        (first & 0x400) << 14
        | (bits & 0x2000) << 10
        | (bits & 0x800) << 11
        | (first & 0x3FF) << 12
        | (second & 0x7FF) << 1
    )
    offset = signed(offset, 25)
    if second & 0x5000 == 0x4000:
        return (0, 0) if second & 1 else (BLX, (pc & ~3) + offset & ALL)
    kind = {0x5000: BL, 0x1000: B_W}.get(second & 0x5000, 0)
    return kind, pc + offset & ALL


class Sweep:
    """A linear sweep over one stretch of Thumb code."""

    def __init__(self) -> None:
        self.pool = Pool()
        self.halves = Halves()

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        if at & 1 or len(window) < 2:
            return Reference(1)
        word = self.pool.take(window, at)
        if word is not None:
            return word
        first, second = u16(window), 0
        length = 2
        if is_wide(first):
            if len(window) < 4 or self.pool.has(at + 2 & ALL):
                return Reference(2)
            second = u16(window, 2)
            length = 4
            high = is_half_move(first, second, high=True)
            if high or is_half_move(first, second, high=False):
                reg = second >> 8 & 15
                ahead = _half_ahead(window, reg, not high)
                return self.halves.join(reg, high, half_of(first, second), ahead)
        kind, target = decode(first, second, at)
        if kind == LDR:
            self.pool.mark(at, target, _pc_added(window, at, first >> 8 & 7))
        elif kind == WIDE and first & 0xFF7F == 0xF85F:
            self.pool.mark(at, target, _pc_added(window, at, second >> 12))
        return Reference(length, kind, target)


def _half_ahead(window: bytes, reg: int, high: bool) -> int | None:
    """The half that an instruction further on moves to the same register."""
    at = 4
    while at + 4 <= len(window) and at < 34:
        first = u16(window, at)
        if is_wide(first):
            second = u16(window, at + 2)
            if second >> 8 & 15 == reg:
                if is_half_move(first, second, high=high):
                    return half_of(first, second)
                if is_half_move(first, second, high=not high):
                    return None
            at += 2
        at += 2
    return None


def _pc_added(window: bytes, at: int, reg: int) -> int:
    """The program counter where it is added to a register that was just loaded; else 0."""
    add = 0x4478 | reg & 7 | (reg & 8) << 4
    for ahead in range(2, len(window) - 1, 2):
        first = u16(window, ahead)
        if first == add:
            return at + ahead + 4 & ALL
        if first >> 8 == 0x48 | reg:
            return 0
    return 0


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    first = u16(raw)
    second = u16(raw, 2) if reference.length == 4 else 0
    pc = at + 4
    offset = target - pc & ALL
    aligned = target - (pc & ~3) & ALL
    size = -aligned & ALL if aligned >> 31 else aligned
    kind = reference.kind
    if at & 1:
        return None
    if kind in {POOL, POOL_RELATIVE}:
        if kind == POOL_RELATIVE:
            target -= at - reference.anchor
        return (target & ALL).to_bytes(4, "little")
    if kind in {BL, BLX, B_W}:
        if kind == BLX:
            offset = aligned
            if offset & 2:
                return None
        if not fits(offset, 25) or offset & 1:
            return None
        first = first & 0xF800 | offset >> 14 & 0x400 | offset >> 12 & 0x3FF
        second = (
            second & 0xD000 | offset >> 10 & 0x2000 | offset >> 11 & 0x800 | offset >> 1 & 0x7FF
        )
        second ^= 0 if first & 0x400 else 0x2800
    elif kind == BCC_W:
        if not fits(offset, 21) or offset & 1:
            return None
        first = first & 0xFBC0 | offset >> 10 & 0x400 | offset >> 12 & 0x3F
        second = second & 0xD000 | offset >> 5 & 0x2000 | offset >> 8 & 0x800 | offset >> 1 & 0x7FF
    elif kind == BCC:
        if not fits(offset, 9) or offset & 1:
            return None
        first = first & 0xFF00 | offset >> 1 & 0xFF
    elif kind == B:
        if not fits(offset, 12) or offset & 1:
            return None
        first = first & 0xF800 | offset >> 1 & 0x7FF
    elif kind == CBZ:
        if offset > 126 or offset & 1:
            return None
        first = first & 0xFD07 | offset << 3 & 0x200 | offset << 2 & 0xF8
    elif kind in {LDR, ADR}:
        if aligned > 1020 or aligned & 3:
            return None
        first = first & 0xFF00 | aligned >> 2
    elif kind == WIDE:
        if size > 4095:
            return None
        if first & 0x800:  # LDR; an offset of zero keeps its sign
            if size:
                first = first & 0xFF7F | (0x80 if size == aligned else 0)
            second = second & 0xF000 | size
        else:  # ADR
            if size:
                first = first & 0xFF5F | (0 if size == aligned else 0xA0)
            first = first & 0xFBFF | size >> 1 & 0x400
            second = second & 0x8F00 | size << 4 & 0x7000 | size & 0xFF
    elif kind == VLDR:
        if size > 1020 or size & 3:
            return None
        if size:
            first = first & 0xFF7F | (0x80 if size == aligned else 0)
        second = second & 0xFF00 | size >> 2
    elif kind in {MOVW, MOVT}:
        half = target >> 16 if kind == MOVT else target & 0xFFFF
        first = first & 0xFBF0 | half >> 12 | half >> 1 & 0x400
        second = second & 0x8F00 | half << 4 & 0x7000 | half & 0xFF
    result = first.to_bytes(2, "little")
    return result + second.to_bytes(2, "little") if reference.length == 4 else result


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    kind = reference.kind
    if kind in {POOL, POOL_RELATIVE}:
        return u32(data) + (at - reference.anchor if kind == POOL_RELATIVE else 0) & ALL
    first, second = u16(data), 0
    if is_wide(first):
        if reference.length != 4:
            return None
        second = u16(data, 2)
    if kind in {MOVW, MOVT}:
        if not is_half_move(first, second, high=kind == MOVT):
            return None
        return read_half(reference, half_of(first, second), near)
    found, target = decode(first, second, at)
    return target if found == kind else None
