# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of A64 code; it knows no image and no map."""

from __future__ import annotations

from .form import Reference, up_to_aligned
from .words import ALL, fits, in_row, nearest_low, signed, u32

B, BL, BCC, CBZ, TBZ, ADRP, ADD, LOAD = 1, 2, 3, 4, 5, 8, 9, 10
KEPT_BY_CALLS = range(19, 32)


def decode(word: int, at: int) -> tuple[int, int]:
    """Kind and target of what counts from the program counter (of ADRP no target)."""
    group = word >> 24 & 0x7F
    if 0x14 <= group <= 0x17:
        return (BL if word >> 31 else B), at + signed(word, 26) * 4 & ALL
    if group == 0x54 and not word >> 31 and not word & 0x10:
        return BCC, at + signed(word >> 5, 19) * 4 & ALL
    if group in {0x34, 0x35}:
        return CBZ, at + signed(word >> 5, 19) * 4 & ALL
    if group in {0x36, 0x37}:
        return TBZ, at + signed(word >> 5, 14) * 4 & ALL
    if group in {0x10, 0x30, 0x50, 0x70} and word >> 31:
        return ADRP, 0
    return 0, 0


def page_of(word: int, at: int) -> int:
    """The page that an ADRP at *at* means."""
    return (at & ~0xFFF) + ((word >> 3 & 0x1FFFFC | word >> 29 & 3) << 12) & ALL


def consumer(word: int) -> tuple[int, int]:
    """ADD with a 12-bit constant, or a load or store with an unsigned offset; and its scale."""
    if word & 0xFFC00000 == 0x91000000:
        return ADD, 0
    if word & 0x3B000000 == 0x39000000:
        size = word >> 30
        return LOAD, 4 if word & 0x04800000 == 0x04800000 and size == 0 else size
    return 0, 0


def writes(word: int) -> bool:
    """Whether the lowest five bits name a register that is written, or may be."""
    if word & 0x0A000000 == 0x08000000:  # loads and stores
        mask = 0x00400000 if word & 0x38000000 == 0x28000000 else 0x00C00000
        return word & mask != 0
    return word & 0x1C000000 != 0x14000000  # no branch


class Sweep:
    """A linear sweep over one stretch of A64 code."""

    def __init__(self) -> None:
        self.pages: dict[int, int] = {}  # of each register that ADRP wrote

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        if at & 3 or len(window) < 4:
            return Reference(up_to_aligned(at, len(window)))
        word = u32(window)
        reg = word & 31
        kind, target = decode(word, at)
        if kind == ADRP:
            self.pages[reg] = page_of(word, at)
            return self._pair(window, reg)
        if kind == BL:
            self._call()
        if kind:
            return Reference(4, kind, target)
        return self._consume(word)

    def _pair(self, window: bytes, reg: int) -> Reference:
        """An ADRP: its target is known if what uses it is in sight."""
        page = self.pages[reg]
        for at in range(4, len(window) - 3, 4):
            word = u32(window, at)
            kind, scale = consumer(word)
            if kind and word >> 5 & 31 == reg:
                target = page + ((word >> 10 & 0xFFF) << scale & 0xFFF) & ALL
                return Reference(4, ADRP, target)
            if word & 31 == reg and writes(word):
                break
        return Reference(4, ADRP, page + 0x800 & ALL)

    def _consume(self, word: int) -> Reference:
        reference = Reference(4)
        if not self.pages:
            return reference
        kind, scale = consumer(word)
        base = word >> 5 & 31
        offset = (word >> 10 & 0xFFF) << scale
        if kind and base in self.pages and offset < 0x1000:
            reference = Reference(4, kind, self.pages[base] + offset & ALL, extra=scale)
        if word & 0xFFFFFC1F == 0xD65F0000:  # RET
            self.pages.clear()
        elif word & 0xFFFFFC1F == 0xD63F0000:  # BLR
            self._call()
        elif writes(word):
            self.pages.pop(word & 31, None)
        return reference

    def _call(self) -> None:
        self.pages = {reg: page for reg, page in self.pages.items() if reg in KEPT_BY_CALLS}


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    word = u32(raw)
    offset = target - at & ALL
    kind = reference.kind
    if at & 3:
        return None
    if kind in {B, BL, BCC, CBZ, TBZ}:
        bits = {B: 28, BL: 28, BCC: 21, CBZ: 21, TBZ: 16}[kind]
        if not fits(offset, bits) or offset & 3:
            return None
        if bits == 28:
            word = word & 0xFC000000 | offset >> 2 & 0x03FFFFFF
        elif bits == 21:
            word = word & 0xFF00001F | offset << 3 & 0x00FFFFE0
        else:
            word = word & 0xFFF8001F | offset << 3 & 0x0007FFE0
    elif kind == ADRP:
        pages = signed((target >> 12) - (at >> 12), 20)
        word = word & 0x9F00001F | pages << 3 & 0x00FFFFE0 | (pages & 3) << 29
    else:
        target &= 0xFFF
        if target & ((1 << reference.extra) - 1):
            return None
        word = word & 0xFFC003FF | target >> reference.extra << 10
    return word.to_bytes(4, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    word = u32(data)
    kind = reference.kind
    if kind in {ADD, LOAD}:
        found, scale = consumer(word)
        if found != kind or scale != reference.extra:
            return None
        return nearest_low(near, (word >> 10 & 0xFFF) << scale, 12)
    found, target = decode(word, at)
    if found != kind:
        return None
    return in_row(near, page_of(word, at), 0x1000) if kind == ADRP else target
