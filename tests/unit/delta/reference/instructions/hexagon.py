# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""References of Hexagon code: packets of up to four words, whose offsets count from the packet."""

from __future__ import annotations

from .form import Reference, up_to_aligned
from .words import ALL, fits, in_row, nearest_low, signed, u32

JUMP, CALL, COND, ZERO, COMPARE, LOOP = 1, 2, 3, 4, 5, 6
FAR_UPPER, FAR_LOWER, UPPER, LOWER = 7, 8, 9, 10


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(32) if mask >> bit & 1]


def gather(value: int, mask: int) -> int:
    """The bits of *value* that the mask picks, put together."""
    return sum((value >> bit & 1) << i for i, bit in enumerate(_bits(mask)))


def scatter(value: int, mask: int) -> int:
    """The other way around."""
    return sum((value >> i & 1) << bit for i, bit in enumerate(_bits(mask)))


def jump_form(word: int) -> tuple[int, int, int]:
    """Kind of a jump, the mask of its offset, and how many bits that has."""
    top = word >> 24
    if 0x58 <= top <= 0x5B:
        return (CALL if word & 0x02000000 else JUMP), 0x01FF3FFE, 22
    if top in {0x5C, 0x5D}:
        return COND, 0x00DF20FE, 15
    if top == 0x61:
        return ZERO, 0x00202FFE, 13
    if 0x10 <= top <= 0x17 or 0x20 <= top <= 0x27:
        return COMPARE, 0x003000FE, 9
    if top in {0x60, 0x69} and (word & 0x00C00000 == 0 or word & 0x00E00000 >= 0x00A00000):
        return LOOP, 0x00001F18, 7
    return 0, 0, 0


def low_mask(word: int) -> int:
    """Where a word after an extender holds the lowest six bits of its constant; 0: unknown."""
    if word & 0xC000 == 0:
        return 0x03F00000  # a duplex: its upper half
    kind, _, _ = jump_form(word)
    if kind:
        return 0x00000F18 if kind == LOOP else 0x0000007E
    group = word >> 28
    eighth = word >> 27 & 1
    all_ones = word & 0x0F000000 == 0x0F000000
    if group == 3:
        if eighth and word & 0x02000000:
            return 0x00001F80
        if word & 0x0C000000 == 0x0C000000:
            return 0x3F
        return 0x0000201F if eighth else 0
    if group == 4:
        if word & 0x01000000:
            return 0x000007E0
        return 0x3F if eighth else 0x000020F8
    if group == 7:
        return 0x001F2000 if word & 0xFF800000 == 0x7C800000 else 0x000007E0
    if group == 9:
        return 0x000007E0 if not eighth else 0x001F0100 if all_ones else 0x00000F60
    if group == 10:
        return 0x00030078 if all_ones else 0x3F
    if group == 11:
        return 0x000007E0
    if group == 13:
        return 0x002020E8 if word & 0x0F000000 == 0x0E000000 else 0x006020E0
    return 0


def is_extender(word: int) -> bool:
    return word >> 28 == 0 and word & 0xC000 != 0


def upper_of(word: int) -> int:
    return word << 4 & 0xFFF00000 | word << 6 & 0x000FFFC0


def joined(word: int, upper: int, packet: int) -> tuple[bool | None, int]:
    """What a word with six bits of its own and these upper ones refers to; whether it jumps."""
    mask = low_mask(word)
    target = upper | gather(word, mask)
    if mask == 0:
        return None, target
    if word & 0xC000 and jump_form(word)[0]:
        return True, target + packet & ALL
    return False, target


class Sweep:
    """A linear sweep over one stretch of Hexagon code."""

    def __init__(self) -> None:
        self.packet = 0
        self.passed = 0  # words of the packet
        self.upper: int | None = None  # held by an extender for the next word

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*."""
        if at & 3 or len(window) < 4:
            return Reference(up_to_aligned(at, len(window)))
        word = u32(window)
        if self.passed == 0:
            self.packet = at
        reference = Reference(4, anchor=at - self.packet & ALL)
        self.passed += 1
        if word & 0xC000 in {0, 0xC000} or self.passed == 4:
            self.passed = 0
        if is_extender(word):
            self.upper = upper_of(word)
            if len(window) >= 8:
                far, reference.target = joined(u32(window, 4), self.upper, self.packet)
                reference.kind = {None: 0, True: FAR_UPPER, False: UPPER}[far]
            return reference
        if self.upper is not None:
            far, reference.target = joined(word, self.upper, self.packet)
            reference.kind = {None: 0, True: FAR_LOWER, False: LOWER}[far]
            self.upper = None
            return reference
        if word & 0xC000 == 0:
            return reference
        kind, mask, bits = jump_form(word)
        if kind not in {0, ZERO}:
            reference.kind = kind
            reference.target = self.packet + signed(gather(word, mask), bits) * 4 & ALL
        return reference


def place(reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
    """The unit *raw*, moved to *at* so that it refers to *target*; None: impossible."""
    word = u32(raw)
    offset = target - (at - reference.anchor) & ALL
    kind = reference.kind
    if at & 3:
        return None
    if kind in {UPPER, FAR_UPPER}:
        value = offset if kind == FAR_UPPER else target
        word = word & 0xF000C000 | value >> 4 & 0x0FFF0000 | value >> 6 & 0x3FFF
    elif kind in {LOWER, FAR_LOWER}:
        value = offset if kind == FAR_LOWER else target
        mask = low_mask(word)
        word = word & ~mask | scatter(value, mask)
    else:
        found, mask, bits = jump_form(word)
        if found != kind or offset & 3 or not fits(offset, bits + 2):
            return None
        word = word & ~mask | scatter(offset >> 2, mask)
    return word.to_bytes(4, "little")


def read(reference: Reference, data: bytes, at: int, near: int) -> int | None:
    """What *data* at *at* refers to; None where it is no such instruction any more."""
    word = u32(data)
    packet = at - reference.anchor & ALL
    kind = reference.kind
    if kind in {UPPER, FAR_UPPER}:
        if not is_extender(word):
            return None
        return in_row(near, upper_of(word) + (packet if kind == FAR_UPPER else 0) & ALL, 64)
    if kind in {LOWER, FAR_LOWER}:
        far, target = joined(word, 0, packet)
        if far is None or far != (kind == FAR_LOWER):
            return None
        return nearest_low(near, target, 6)
    found, mask, bits = jump_form(word)
    if word & 0xC000 == 0 or found != kind:
        return None
    return packet + signed(gather(word, mask), bits) * 4 & ALL
