# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Literal pools and halves of constants, as sweeps over Arm-like code remember them."""

from __future__ import annotations

from .form import Reference
from .words import ALL, in_row, nearest_low, u32

POOL_RELATIVE = 11
MOVW = 13
MOVT = 14
POOL = 15


class Pool:
    """Words that a load was seen to fetch, up to 2 KiB ahead."""

    def __init__(self) -> None:
        self.marked: set[int] = set()  # numbers of words, modulo 512
        self.added: dict[int, tuple[int, int]] = {}  # number of a word, modulo 32

    def mark(self, at: int, word: int, pc: int) -> None:
        """The load at *at* fetches *word*; something adds *pc* to it, if that is not 0."""
        if word & 3 or (word - at) & ALL >= 2048:
            return
        self.marked.add(word >> 2 & 511)
        self.added.pop(word >> 2 & 31, None)
        if pc and (word - pc) & ALL < 2048:
            self.added[word >> 2 & 31] = (word >> 7 & 15, (word - pc) & ALL)

    def has(self, at: int) -> bool:
        return at & 3 == 0 and at >> 2 & 511 in self.marked

    def take(self, window: bytes, at: int) -> Reference | None:
        """The unit if it is such a word; a passed word is forgotten."""
        if not self.has(at):
            return None
        self.marked.discard(at >> 2 & 511)
        if len(window) < 4:
            return None
        page, distance = self.added.get(at >> 2 & 31, (None, 0))
        if page == at >> 7 & 15:
            target = (u32(window) + at - distance) & ALL
            return Reference(4, POOL_RELATIVE, target, anchor=distance)
        return Reference(4, POOL, u32(window))


class Halves:
    """For each register the half of a constant that it waits with."""

    def __init__(self) -> None:
        self.half = [0] * 16  # one for each register, low or high
        self.waits: set[tuple[int, bool]] = set()  # register, whether the high half

    def join(self, reg: int, high: bool, half: int, ahead: int | None) -> Reference:
        """A half was met; *ahead* is the other one if it was seen further on."""
        if (reg, not high) in self.waits:
            self.waits.discard((reg, not high))
            other = self.half[reg]
        elif ahead is not None:
            self.half[reg] = half
            self.waits.add((reg, high))
            other = ahead
        else:
            return Reference(4)
        target = half << 16 | other if high else other << 16 | half
        return Reference(4, MOVT if high else MOVW, target)


def read_half(reference: Reference, half: int, near: int) -> int:
    """The likeliest constant that this half belongs to, if *near* was expected."""
    if reference.kind == MOVW:
        return nearest_low(near, half, 16)
    return in_row(near, half << 16, 0x10000)
