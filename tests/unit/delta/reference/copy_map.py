# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The head of the body: segments of old, and the copy map.

Every function decodes. *wanted* is for the encoder of the tests: what it shall say.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import instructions
from .instructions.words import ALL
from .models import Bit, Coder, Number, bits, even, number, plain, tree
from .refusal import Refused

POINTERS = 1
RELATIVE = 2
SAME, NEXT, FORWARD, BACKWARD, RECENT, NONE_BEFORE = 0, 1, 2, 3, 4, 5
RECENT_COUNT = 8
MEMORY = 64
"""Blocks that are remembered, to expect what followed the like of them."""


@dataclass(slots=True)
class Segment:
    """A stretch of old with one load address; see the specification."""

    begin: int = 0
    end: int = 0
    old_base: int = 0
    new_base: int = 0
    space: int = 0
    isa: int = 0
    flags: int = 0


Shape = tuple[int, int, int, bool]
"""Of a block: bytes of new before it, displacement, length, whether it is plain."""


@dataclass(slots=True)
class Block:
    """*length* bytes of new at *at* resemble old at *start*."""

    at: int
    start: int
    length: int
    is_plain: bool = False


class MapCoder:
    """What segments and map are coded with."""

    def __init__(self, coder: Coder, old_size: int, new_size: int) -> None:
        self.coder = coder
        self.old_size = old_size
        self.new_size = new_size
        self.at = 0  # new offset behind the block before
        self.start = 0  # old offset behind the block before
        self.recent = [0] * RECENT_COUNT
        self.place = NONE_BEFORE
        self.is_plain = 0
        self.was_expected = 0
        self.last = Segment()
        self.shapes: list[Shape] = []  # of the last blocks, the last one first
        self._is_gap = [bits(2) for _ in range(6)]
        self._place_tree = [[bits(8) for _ in range(6)] for _ in range(3)]
        self._recent_tree = bits(8)
        self._reaches_end = Bit()
        self._is_expected = [bits(2), bits(2)]
        self._is_plain = bits(2)
        self._is_like_before = bits(4)
        self._isa_tree = bits(16)
        self._flags_tree = bits(4)
        self._zeros_tree = bits(32)
        self._gap = [Number() for _ in range(2)]
        self._length = [Number() for _ in range(3)]
        self._step = [Number() for _ in range(3)]
        self._extent = Number()

    # -- segments --------------------------------------------------------------------------

    def _like_before(self, which: int, wanted: bool) -> bool:
        return plain(self.coder, self._is_like_before[which], int(wanted)) == 1

    def _count(self, wanted: int) -> int:
        """A number from 0 on; -1 where the coded number is 0."""
        return number(self.coder, self._extent, 0, wanted + 1) - 1

    def _address(self, wanted: int) -> int:
        """How many zeros it ends with, then the bits before those."""
        zeros = min((wanted & -wanted).bit_length() - 1, 31) if wanted else 31
        zeros = tree(self.coder, self._zeros_tree, 5, zeros)
        return even(self.coder, 32 - zeros, wanted >> zeros) << zeros

    def segment(self, wanted: Segment | None = None) -> Segment:
        """The next segment."""
        wanted = wanted or Segment()
        last = self.last
        room = self.old_size - last.end
        gap = self._count((wanted.begin - last.end) & ALL)
        if gap < 0 or gap >= room:
            raise Refused("RANGE")
        length = room - gap
        if not self._like_before(0, wanted.end == self.old_size):
            length = self._count((wanted.end - wanted.begin) & ALL)
            if length <= 0 or length > room - gap:
                raise Refused("RANGE")
        found = Segment(begin=last.end + gap, end=last.end + gap + length)
        found.isa = tree(self.coder, self._isa_tree, 4, wanted.isa)
        found.flags = tree(self.coder, self._flags_tree, 2, wanted.flags)
        if found.isa >= instructions.COUNT or found.flags == POINTERS | RELATIVE:
            raise Refused("RANGE")
        found.space = last.space
        if not self._like_before(1, wanted.space == last.space):
            found.space += 1 + self._count(wanted.space - last.space - 1 & 0xFFFF)
            found.space &= 0xFFFF
        found.old_base = last.old_base
        if not self._like_before(2, wanted.old_base == last.old_base):
            first = self._address(wanted.old_base + found.begin & ALL)
            found.old_base = first - found.begin & ALL
        shift = last.new_base - last.old_base
        if not self._like_before(3, (wanted.new_base - wanted.old_base - shift) & ALL == 0):
            shift = self._address(wanted.new_base - wanted.old_base & ALL)
        found.new_base = found.old_base + shift & ALL
        self.last = found
        return found

    # -- the copy map ----------------------------------------------------------------------

    def _gap_before(self, wanted: int) -> int:
        if not plain(self.coder, self._is_gap[self.place][self.is_plain], int(wanted != 0)):
            return 0
        return number(self.coder, self._gap[self.place == SAME], self.at & 3, wanted)

    def _recent_index(self, displacement: int) -> int:
        try:
            return self.recent.index(displacement)
        except ValueError:
            return RECENT_COUNT

    def _place_for(self, gap: int, step: int, index: int) -> int:
        """Which place an encoder chooses."""
        if step == gap:
            return SAME
        if step == 0:
            return NEXT
        if index < RECENT_COUNT:
            return RECENT
        return FORWARD if step < 1 << 31 else BACKWARD

    def _start(self, gap: int, wanted: int) -> int:
        """The old offset at which the block begins, modulo 2^32."""
        coder, at = self.coder, self.at + gap
        step = wanted - self.start & ALL
        phase = self.start & 3
        index = self._recent_index(wanted - at & ALL)
        gap_class = 0 if gap == 0 else 1 if gap <= 8 else 2
        models = self._place_tree[gap_class][self.place]
        place = tree(coder, models, 3, self._place_for(gap, step, index))
        self.place = min(place, NONE_BEFORE)
        if place == SAME:
            start = self.start + gap
        elif place == NEXT:
            start = self.start
        elif place == FORWARD:
            start = self.start + number(coder, self._step[gap != 0], phase, step)
        elif place == BACKWARD:
            start = self.start - number(coder, self._step[2], phase, -step & ALL)
        elif place == RECENT:
            start = at + self.recent[tree(coder, self._recent_tree, 3, index & 7)]
        else:
            start = ALL  # refused as soon as the block is complete
        start &= ALL
        self._use(start - at & ALL)
        return start

    def _use(self, displacement: int) -> None:
        """Put the displacement first; where it stood it is taken away, else the last one is."""
        index = min(self._recent_index(displacement), RECENT_COUNT - 1)
        del self.recent[index]
        self.recent.insert(0, displacement)

    def _expected(self) -> tuple[Shape | None, int]:
        """What followed the last two blocks (1), or else the last one (0), when last met."""
        found = None
        for back in range(1, len(self.shapes)):
            if self.shapes[back] != self.shapes[0]:
                continue
            if back + 1 < len(self.shapes) and self.shapes[back + 1] == self.shapes[1]:
                return self.shapes[back - 1], 1
            found = found or self.shapes[back - 1]
        return found, 0

    def _expected_block(self, wanted: Block | None) -> Block | None:
        """The next block, if it is the expected one."""
        shape, order = self._expected()
        if shape is None:
            return None
        gap, displacement, length, is_plain = shape
        at = self.at + gap
        block = Block(at, at + displacement & ALL, length, is_plain)
        model = self._is_expected[order][self.was_expected]
        self.was_expected = plain(self.coder, model, int(wanted == block))
        if not self.was_expected:
            return None
        index = self._recent_index(displacement)
        self.place = self._place_for(gap, block.start - self.start & ALL, index)
        self.is_plain = int(is_plain)
        self._use(displacement)
        return block

    def _block_by_parts(self, is_last: bool, wanted: Block) -> Block:
        coder = self.coder
        room = self.new_size - self.at
        gap = self._gap_before(wanted.at - self.at)
        if gap >= room:
            raise Refused("RANGE")
        start = self._start(gap, wanted.start)
        length = room - gap
        is_rest = is_last and plain(coder, self._reaches_end, int(wanted.length == length)) == 1
        if not is_rest:
            model = self._length[self.place if self.place in {SAME, NEXT} else 2]
            length = number(coder, model, (self.at + gap) & 3, wanted.length)
        if length == 0 or length > room - gap:
            raise Refused("RANGE")
        self.is_plain = plain(coder, self._is_plain[self.is_plain], int(wanted.is_plain))
        return Block(self.at + gap, start, length, self.is_plain == 1)

    def block(self, is_last: bool, wanted: Block | None = None) -> Block:
        """The next block, *is_last* of all."""
        block = self._expected_block(wanted)
        if block is None:
            block = self._block_by_parts(is_last, wanted or Block(self.at, self.start, 1))
        if (
            block.at >= self.new_size
            or block.length > self.new_size - block.at
            or block.start >= self.old_size
            or block.length > self.old_size - block.start
        ):
            raise Refused("RANGE")
        shape = (block.at - self.at, block.start - block.at & ALL, block.length, block.is_plain)
        self.shapes = [shape, *self.shapes[: MEMORY - 1]]
        self.at = block.at + block.length
        self.start = block.start + block.length
        return block
