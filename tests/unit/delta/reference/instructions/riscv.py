# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of RISC-V code, 32 and 64 bits, with compressed instructions."""

from __future__ import annotations

from .form import Reference
from .words import ALL, NOWHERE, fits, in_row, nearest_low, signed, u16, u32

JAL, BRANCH, C_J, C_JAL, C_BZ, AUIPC, PC_LOAD, PC_STORE = 1, 2, 3, 4, 5, 6, 7, 8
LUI, LOAD, STORE, PC_CALL, GP_LOAD, GP_STORE = 9, 10, 11, 12, 13, 14
CHANGED_BY_CALLS = {1, 5, 6, 7, *range(10, 18), *range(28, 32)}
LOADLIKE, STORELIKE, JUMPLIKE = 1, 2, 3


def decode16(half: int, at: int) -> tuple[int, int]:
    """Kind and target of a compressed jump or branch."""
    form = half & 0xE003
    if form in {0xA001, 0x2001}:
        offset = (
            half >> 1 & 0x800
            | half >> 7 & 0x10
            | half >> 1 & 0x300
            | half << 2 & 0x400
            | half >> 1 & 0x40
            | half << 1 & 0x80
            | half >> 2 & 0xE
            | half << 3 & 0x20
        )
        return (C_J if half & 0x8000 else C_JAL), at + signed(offset, 12) & ALL
    if form in {0xC001, 0xE001}:
        offset = (
            half >> 4 & 0x100
            | half >> 7 & 0x18
            | half << 1 & 0xC0
            | half >> 2 & 6
            | half << 3 & 0x20
        )
        return C_BZ, at + signed(offset, 9) & ALL
    return 0, 0


def decode32(word: int, at: int) -> tuple[int, int]:
    """Kind and target of a jump or branch; AUIPC and LUI without a target."""
    form = word & 0x7F
    if form == 0x6F:
        offset = word >> 11 & 0x100000 | word & 0xFF000 | word >> 9 & 0x800 | word >> 20 & 0x7FE
        return JAL, at + signed(offset, 21) & ALL
    if form == 0x63 and word & 0x6000 != 0x2000:
        offset = word >> 19 & 0x1000 | word << 4 & 0x800 | word >> 20 & 0x7E0 | word >> 7 & 0x1E
        return BRANCH, at + signed(offset, 13) & ALL
    return {0x17: AUIPC, 0x37: LUI}.get(form, 0), 0


def consumer(word: int) -> int:
    """How an instruction adds a signed 12-bit constant to a register; 0: it does not."""
    form = word & 0x7F
    if form in {0x13, 0x1B}:
        return LOADLIKE if word & 0x7000 == 0 else 0
    if form in {0x03, 0x07}:
        return LOADLIKE
    if form in {0x23, 0x27}:
        return STORELIKE
    return JUMPLIKE if form == 0x67 and word & 0x7000 == 0 else 0


def low_of(word: int, is_store: bool) -> int:
    return signed(word >> 20 & 0xFE0 | word >> 7 & 31 if is_store else word >> 20, 12)


def written16(half: int) -> int:
    """The register that a compressed instruction writes; 0: none."""
    if half & 3 == 0:
        return 0 if half & 0x8000 else (half >> 2 & 7) + 8
    if half & 3 == 1:
        if half & 0xE000 == 0x8000:
            return (half >> 7 & 7) + 8
        return 0 if half & 0x8000 else half >> 7 & 31
    return half >> 7 & 31 if half & 0xE000 < 0xA000 else 0


def low_ahead(window: bytes, reg: int) -> int:
    """The first constant that is added to the register further on; 0 if none is in sight."""
    at = 4
    while at + 4 <= len(window):
        word = u32(window, at)
        if word & 3 == 3:
            kind = consumer(word)
            if kind and word >> 15 & 31 == reg:
                return low_of(word, kind == STORELIKE)
            if word >> 7 & 31 == reg and word & 0x7F not in {0x23, 0x27, 0x63}:
                return 0
            at += 4
        else:
            if written16(word & 0xFFFF) == reg:
                return 0
            at += 2
    return 0


class Sweep:
    """A linear sweep over one stretch of RISC-V code."""

    def __init__(self) -> None:
        self.upper: dict[int, tuple[int, bool]] = {}  # value of a register, whether by AUIPC
        self.is_64_bit = False

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        if at & 1 or len(window) < 2:
            return Reference(1)
        half = u16(window)
        if half & 3 != 3:
            return self._scan16(half, at)
        if len(window) < 4 or half & 0x1F == 0x1F:
            return Reference(2)
        word = u32(window)
        reg = word >> 7 & 31
        kind, target = decode32(word, at)
        if kind in {AUIPC, LUI}:
            if reg == 0:
                return Reference(4)
            value = (word & 0xFFFFF000) + (at if kind == AUIPC else 0) & ALL
            self.upper[reg] = (value, kind == AUIPC)
            return Reference(4, kind, value + low_ahead(window, reg) & ALL)
        if kind:
            if kind == JAL and reg != 0:
                self._call()
            return Reference(4, kind, target)
        return self._consume(word, at)

    def _scan16(self, half: int, at: int) -> Reference:
        kind, target = decode16(half, at)
        reg = written16(half)
        if kind == C_JAL:
            if self.is_64_bit:
                kind = 0  # C.ADDIW
            else:
                self._call()
                reg = 0
        if half & 0xE003 == 0xE002:
            self.is_64_bit = True  # C.SDSP
        if half & 0xF07F == 0x9002:  # C.JALR
            self._call()
        elif half == 0x8082:  # RET
            self.upper.clear()
        else:
            self.upper.pop(reg, None)
        return Reference(2, kind, target)

    def _consume(self, word: int, at: int) -> Reference:
        reference = Reference(4)
        reg = word >> 7 & 31
        base = word >> 15 & 31
        kind = consumer(word)
        if kind == 0:
            if word & 0x7F != 0x63:
                self.upper.pop(reg, None)
            return reference
        if word & 0x707F in {0x3003, 0x3023} or word & 0x7F == 0x1B:
            self.is_64_bit = True
        low = low_of(word, kind == STORELIKE)
        if base in self.upper:
            value, by_auipc = self.upper[base]
            reference.target = value + low & ALL
            if by_auipc:
                reference.kind = {LOADLIKE: PC_LOAD, STORELIKE: PC_STORE, JUMPLIKE: PC_CALL}[kind]
                reference.anchor = at - value & 0xFFF
            else:
                reference.kind = STORE if kind == STORELIKE else LOAD
        elif base == 3 and kind != JUMPLIKE:
            reference.kind = GP_STORE if kind == STORELIKE else GP_LOAD
            reference.target = NOWHERE + low & ALL
        if kind == JUMPLIKE and reg == 0:
            self.upper.clear()
        elif kind == JUMPLIKE:
            self._call()
        elif kind == LOADLIKE:
            self.upper.pop(reg, None)
        return reference

    def _call(self) -> None:
        for reg in CHANGED_BY_CALLS:
            self.upper.pop(reg, None)


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    offset = target - at & ALL
    word = int.from_bytes(raw, "little")
    kind = reference.kind
    if at & 1:
        return None
    if kind in {JAL, BRANCH, C_J, C_JAL, C_BZ}:
        bits = {JAL: 21, BRANCH: 13, C_J: 12, C_JAL: 12, C_BZ: 9}[kind]
        if not fits(offset, bits) or offset & 1:
            return None
    if kind == JAL:
        word = word & 0xFFF | offset << 11 & 0x80000000 | offset & 0xFF000
        word |= offset << 9 & 0x100000 | offset << 20 & 0x7FE00000
    elif kind == BRANCH:
        word = word & 0x01FFF07F | offset << 19 & 0x80000000 | offset >> 4 & 0x80
        word |= offset << 20 & 0x7E000000 | offset << 7 & 0xF00
    elif kind in {C_J, C_JAL}:
        word = word & 0xE003 | offset << 1 & 0x1000 | offset << 7 & 0x800 | offset << 1 & 0x600
        word |= offset >> 2 & 0x100 | offset << 1 & 0x80 | offset >> 1 & 0x40
        word |= offset << 2 & 0x38 | offset >> 3 & 4
    elif kind == C_BZ:
        word = word & 0xE383 | offset << 4 & 0x1000 | offset << 7 & 0xC00 | offset >> 1 & 0x60
        word |= offset << 2 & 0x18 | offset >> 3 & 4
    elif kind == AUIPC:
        word = word & 0xFFF | offset + 0x800 & 0xFFFFF000
    elif kind == LUI:
        word = word & 0xFFF | target + 0x800 & 0xFFFFF000
    else:
        value = target
        if kind in {PC_LOAD, PC_CALL, PC_STORE}:
            value = offset + reference.anchor
        elif kind in {GP_LOAD, GP_STORE}:
            value = target - NOWHERE & ALL
            if not fits(value, 12):
                return None
        if kind in {PC_STORE, STORE, GP_STORE}:
            word = word & 0x01FFF07F | value << 20 & 0xFE000000 | value << 7 & 0xF80
        else:
            word = word & 0xFFFFF | value << 20 & 0xFFF00000
    return word.to_bytes(reference.length, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    kind = reference.kind
    if reference.length == 2:
        half = u16(data)
        found, target = decode16(half, at)
        return target if half & 3 != 3 and found == kind else None
    word = u32(data)
    form = consumer(word)
    low = low_of(word, form == STORELIKE)
    if kind in {AUIPC, LUI}:
        if word & 0x7F != (0x17 if kind == AUIPC else 0x37):
            return None
        value = (word & 0xFFFFF000) + (at if kind == AUIPC else 0)
        return in_row(near, value - 0x800 & ALL, 0x1000)
    if kind in {GP_LOAD, GP_STORE}:
        if form != (STORELIKE if kind == GP_STORE else LOADLIKE) or word >> 15 & 31 != 3:
            return None
        return NOWHERE + low & ALL
    if kind in {PC_LOAD, PC_STORE, PC_CALL, LOAD, STORE}:
        wanted = {PC_CALL: {JUMPLIKE}, PC_STORE: {STORELIKE}, STORE: {STORELIKE}}
        if form not in wanted.get(kind, {LOADLIKE}) and not (kind == LOAD and form == JUMPLIKE):
            return None
        start = 0 if kind in {LOAD, STORE} else at - reference.anchor
        return nearest_low(near, start + low, 12)
    found, target = decode32(word, at)
    return target if found == kind else None
