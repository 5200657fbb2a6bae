# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a copied stretch of old will look like in new: references move to where their targets went."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from . import instructions
from .copy_map import POINTERS, Block, Segment
from .instructions.words import ALL, u32

UNIT_MAX = 8
KIND_POINTER = 16
KIND_RELATIVE = 17
PLAIN, MAPPED, GAP, OUTSIDE, LEARNED, NEAR = 0, 1, 2, 3, 4, 5
NEAR_SHIFT = (8, 12)


@dataclass(slots=True)
class Unit:
    """The next bytes of a copy: as they are in old, and as they are expected in new."""

    raw: bytes
    predicted: bytes
    isa: int = 0
    kind: int = 0
    trust: int = PLAIN

    @property
    def moved(self) -> int:
        return int(self.raw != self.predicted)


def is_31_bit(word: int) -> bool:
    """Whether a relative word of old is a negative one of 31 bits (bit 31 is not its sign)."""
    return word >> 30 == 1


def widened(word: int, like: int) -> int:
    """A relative word as 32 bits, if it has as many as *like* has."""
    return ((word & 0x7FFFFFFF) ^ 0x40000000) - 0x40000000 if is_31_bit(like) else word


class Corrections:
    """Where targets really went, as far as that was not where the map says."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._table: dict[int, tuple[int, int]] = {}  # place: key, shift

    def _place(self, key: int) -> int:
        return (key * 0x9E3779B1 & ALL) >> (32 - self._bits)

    @staticmethod
    def _exact_key(space: int, target: int) -> int:
        return (target + space * 0x3C6EF373 & ALL) or 1

    @staticmethod
    def _near_key(level: int, space: int, target: int) -> int:
        tag = 0xA5000000 ^ level << 29
        return ((target >> NEAR_SHIFT[level] ^ tag) + space * 0x3C6EF373 & ALL) or 1

    def _known(self, key: int) -> int | None:
        found, shift = self._table.get(self._place(key), (0, 0))
        return shift if found == key else None

    def apply(self, space: int, target: int, mapped: int, trust: int) -> tuple[int, int]:
        """Where *target* is expected if the map says *mapped*; and the trust in that."""
        if self._bits == 0:
            return mapped, trust
        shift = self._known(self._exact_key(space, target))
        if shift is not None:
            return mapped + shift & ALL, LEARNED
        if trust != MAPPED:
            for level in range(len(NEAR_SHIFT)):
                shift = self._known(self._near_key(level, space, target))
                if shift is not None:
                    return mapped + shift & ALL, NEAR
        return mapped, trust

    def learn(self, space: int, target: int, shift: int) -> None:
        if self._bits == 0:
            return
        keys = [self._near_key(level, space, target) for level in reversed(range(len(NEAR_SHIFT)))]
        for key in [*keys, self._exact_key(space, target)]:
            self._table[self._place(key)] = (key, shift)


class Predictor:
    """The way through all copies of a patch, in order of new."""

    def __init__(
        self, old: bytes, segments: list[Segment], blocks: list[Block], correction_bits: int
    ) -> None:
        self._old = old
        self._segments = segments
        self._blocks = sorted(blocks, key=lambda block: (block.start, block.at))
        self._starts = [block.start for block in self._blocks]
        self._corrections = Corrections(correction_bits)
        self.old_offset = 0
        self._new_offset = 0
        self.left = 0
        self._is_plain = False
        self._number: int | None = None  # of the segment under way
        self._segment_end = 0
        self._sweep: instructions.Sweep | None = None
        self._reference = instructions.Reference(1)
        self._target = 0
        self._mapped = 0
        self._moved = 0

    def begin(self, block: Block) -> None:
        """A copy begins."""
        self.old_offset = block.start
        self._new_offset = block.at
        self.left = block.length
        self._is_plain = block.is_plain
        self._number = None
        self._segment_end = block.start

    # -- where targets go ------------------------------------------------------------------

    def _segment_of(self, target: int) -> Segment | None:
        """The segment that old address *target* means for the segment under way."""

        def holds(segment: Segment) -> bool:
            return (target - segment.old_base - segment.begin) & ALL < segment.end - segment.begin

        here = self._segments[self._number]
        if holds(here):
            return here
        before = range(self._number - 1, -1, -1)
        after = range(self._number + 1, len(self._segments))
        for way in (before, after):
            for number in way:
                if self._segments[number].space != here.space:
                    break
                if holds(self._segments[number]):
                    return self._segments[number]
        return None

    def _map(self, target: int) -> tuple[int, int]:
        """Where the copy map alone takes *target*; and the trust in that."""
        segment = self._segment_of(target)
        if segment is None:
            return target, OUTSIDE
        offset = target - segment.old_base & ALL
        if not self._blocks:
            return offset + segment.new_base & ALL, GAP
        block = self._blocks[max(bisect_right(self._starts, offset) - 1, 0)]
        trust = MAPPED if (offset - block.start) & ALL < block.length else GAP
        return offset - block.start + block.at + segment.new_base & ALL, trust

    # -- units -----------------------------------------------------------------------------

    def _enter_segment(self) -> None:
        """Find the segment of the next byte, and how far it reaches."""
        self._number = None
        self._segment_end = ALL
        for number, segment in enumerate(self._segments):
            if segment.end > self.old_offset:
                if segment.begin <= self.old_offset:
                    self._number = number
                    self._segment_end = segment.end
                    self._sweep = instructions.Sweep(segment.isa) if segment.isa else None
                else:
                    self._segment_end = segment.begin
                return

    def next(self) -> Unit:
        """The next unit of the copy."""
        if self.old_offset >= self._segment_end:
            self._enter_segment()
        visible = min(self._segment_end - self.old_offset, self.left, instructions.WINDOW)
        window = self._old[self.old_offset : self.old_offset + visible]
        if self._is_plain or self._number is None:
            raw = window[:UNIT_MAX]
            return Unit(raw, raw)
        return self._find(window)

    def _find(self, window: bytes) -> Unit:
        segment = self._segments[self._number]
        here = self.old_offset + segment.old_base & ALL
        if self._sweep is not None:
            self._reference = self._sweep.scan(window, here)
        else:
            self._reference = instructions.Reference(min(len(window), UNIT_MAX))
        length, kind = self._reference.length, self._reference.kind
        target = self._reference.target
        if kind == 0 and segment.flags:
            length, target = self._find_word(window, here, length)
            if target is not None:
                kind = KIND_POINTER if segment.flags & POINTERS else KIND_RELATIVE
        unit = Unit(window[:length], window[:length], segment.isa, kind)
        if kind:
            self._predict(unit, target)
        return unit

    def _find_word(self, window: bytes, here: int, length: int) -> tuple[int, int | None]:
        """Words that are references: how long the unit is, and its target if it is one."""
        aligned = -here & 3  # bytes up to the next aligned word
        if aligned == 0:
            target = self._word_target(window, here)
            return (4, target) if target is not None else (min(length, 4), None)
        if length > aligned and self._word_target(window[aligned:], here + aligned) is not None:
            return aligned, None  # no word may hide inside a unit of plain bytes
        return min(length, aligned + 4), None

    def _word_target(self, window: bytes, at: int) -> int | None:
        """What the word at the begin of *window* refers to, if that lies in its own space."""
        if len(window) < 4:
            return None
        word = u32(window)
        is_pointer = self._segments[self._number].flags & POINTERS
        target = word if is_pointer else widened(word, word) + at & ALL
        return target if word and self._segment_of(target) is not None else None

    def _predict(self, unit: Unit, target: int) -> None:
        segment = self._segments[self._number]
        here = self._new_offset + segment.new_base & ALL
        self._target = target
        self._mapped, trust = self._map(target)
        self._moved, unit.trust = self._corrections.apply(
            segment.space, target, self._mapped, trust
        )
        if unit.kind == KIND_POINTER:
            unit.predicted = self._moved.to_bytes(4, "little")
        elif unit.kind == KIND_RELATIVE:
            mask = 0x7FFFFFFF if is_31_bit(u32(unit.raw)) else ALL
            unit.predicted = (self._moved - here & mask).to_bytes(4, "little")
        else:
            placed = self._sweep.place(self._reference, here, self._moved, unit.raw)
            unit.predicted = unit.raw if placed is None else placed

    def learn(self, unit: Unit, actual: bytes) -> None:
        """What the unit's bytes are in new."""
        if unit.kind and actual != unit.predicted:
            segment = self._segments[self._number]
            here = self._new_offset + segment.new_base & ALL
            if unit.kind == KIND_POINTER:
                found = u32(actual)
            elif unit.kind == KIND_RELATIVE:
                found = widened(u32(actual), u32(unit.raw)) + here & ALL
            else:
                found = self._sweep.read(self._reference, actual, here, self._moved)
            if found is not None:
                self._corrections.learn(segment.space, self._target, found - self._mapped & ALL)
        self.old_offset += len(actual)
        self._new_offset += len(actual)
        self.left -= len(actual)
