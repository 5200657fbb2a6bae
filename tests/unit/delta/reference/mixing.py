# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The mixing coder of profile max; it knows neither map nor header.

Every function decodes. *wanted* is for the encoder of the tests: what it shall say.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .instructions.words import ALL
from .mixing_parts import (
    Counter,
    Mixer,
    Refinement,
    Slot,
    Slots,
    bounded,
    mingle,
    stretch,
    towards_zero,
)
from .models import Coder
from .prediction import Unit

LITERAL_CONTEXTS = 16
LITERAL_INPUTS = 40
FLAG_CONTEXTS = 14
FLAG_INPUTS = 16
RING_SIZE = 1 << 20
MATCH_LEAST = (7, 4)
NOWHERE = -1
TRAINED = (0, 1, 2, 3, 4, 5, 6, 7, 8, 15)
TELLING = (3, 4, 5, 2, 6, 7, 15)
BUCKET = bytes([0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, *[11] * 4, *[12] * 4]) + bytes(
    [*[13] * 4, *[14] * 4]
)


@dataclass(slots=True)
class Target:
    """What is known of a byte that will be spelled.

    Attributes:
        kind: 0 in a gap, 1 for a miss.
        selector: chooses weights; below 64.
        aim: what the byte may be, or what it is not.
        excluded: a byte that it is not, or -1.
    """

    kind: int
    selector: int
    aim: int
    excluded: int = -1


@dataclass(slots=True)
class Place:
    """A byte of a unit.

    Attributes:
        index: its place in the unit.
        predicted: what it is expected to be.
        whole: the hash of the unit's bytes in old.
        misses: which bytes of the unit before it were misses, the last one in bit 0.
    """

    unit: Unit
    index: int
    predicted: int
    whole: int
    misses: int

    @property
    def raw(self) -> int:
        return self.unit.raw[self.index]

    @property
    def following(self) -> int:
        """The byte of old behind it in the unit; 256 behind the last one."""
        raw = self.unit.raw
        return raw[self.index + 1] if self.index + 1 < len(raw) else 256

    @property
    def differs(self) -> int:
        return int(self.raw != self.unit.predicted[self.index])

    @property
    def inside(self) -> int:
        return self.index | (self.misses & 15) << 3 | self.differs << 7


@dataclass(slots=True)
class Match:
    """A place where the last bytes occurred before; positions count through old, then new."""

    at: int = 0
    length: int = 0  # equal bytes before it; 0 after a miss
    misses: int = 0  # the last eight outcomes, newest in bit 0
    is_live: bool = False
    expected: int = -1

    def context(self) -> int:
        length = BUCKET[self.length] if self.length < 32 else 15
        return length << 4 | self.misses & 7 | (8 if self.misses > 7 else 0)

    def follow(self, byte: int) -> None:
        if not self.is_live:
            return
        if byte == self.expected:
            self.length = min(self.length + 1, 65535)
            self.misses = self.misses << 1 & 255
        else:
            self.length = 0
            self.misses = (self.misses << 1 | 1) & 255
            self.is_live = self.misses.bit_count() < 3
        self.at += 1


def run_bucket(run: int) -> int:
    if run < 8:
        return run
    log = run.bit_length() - 1
    return 2 + 2 * log + (run >> (log - 1) & 1)


class MixingCoder:
    """Units of copies and bytes of gaps, in order of new."""

    def __init__(
        self, coder: Coder, old: bytes, *, slot_bits: int, index_bits: int, train: int
    ) -> None:
        self.coder = coder
        self._old = old
        self._new = bytearray()  # or, while training, bytes of old
        self._index_bits = index_bits
        self._slots = Slots(slot_bits)
        self._index: list[dict[int, int]] = [{}, {}]
        self._matches = [Match(), Match()]
        self._hashes = [0] * LITERAL_CONTEXTS
        self._gap_from = NOWHERE
        self._gap_next = NOWHERE
        self._literal_mixer = Mixer([1750, 0] * (LITERAL_INPUTS // 2))
        self._literal_final = [Refinement(), Refinement()]
        self._refined: dict[tuple[int, int, int], Counter] = {}
        self._match_counts: dict[tuple[int, int], Counter] = {}
        self._flag_mixer = Mixer([500] * FLAG_CONTEXTS + [0] * (FLAG_INPUTS - FLAG_CONTEXTS))
        self._flag_final = Refinement()
        self._flags: dict[tuple[int, int], Counter] = defaultdict(lambda: Counter(0x02000000))
        self._block_at = 0
        self._block_length = 0
        self._history = 0  # the last 32 flags, newest in bit 0; 1 = miss
        self._run = 0  # hits since the last miss
        self._last_miss = [0, 0, 0]  # positions in new
        self._kind_history: dict[tuple[int, int, int], int] = defaultdict(int)
        self._before_raw = [0, 0, 0, 0]  # bytes of old before this one
        self._last_delta: dict[int, int] = defaultdict(int)  # actual - predicted, by kind
        self._any_delta = 0
        self._read_through(train)

    def _read_through(self, train: int) -> None:
        """Index every position of old by the bytes before it, and learn from the last ones."""
        for at, byte in enumerate(self._old):
            behind = at + 1
            for which, least in enumerate(MATCH_LEAST):
                if behind >= least:
                    place = self._index_place(self._old[behind - least : behind])
                    self._index[which][place] = behind
            if at >= len(self._old) - train:
                self._train(byte)
        self._new.clear()

    # -- bytes before ----------------------------------------------------------------------

    def _back(self, distance: int) -> int:
        """A byte of new before this one; 0 before its begin."""
        return self._new[-distance] if distance <= len(self._new) else 0

    def _old_byte(self, at: int) -> int:
        return self._old[at] if 0 <= at < len(self._old) else -1

    def skip(self, data: bytes) -> None:
        """Bytes of new that were made without this coder."""
        self._new += data
        for match in self._matches:
            match.is_live = False
        self._gap_from += len(data) if self._gap_from != NOWHERE else 0
        self._gap_next += len(data) if self._gap_next != NOWHERE else 0

    # -- matches ---------------------------------------------------------------------------

    def _index_place(self, recent: bytes) -> int:
        h = len(recent)
        for byte in recent:
            h = (h + byte + 1) * 0x2C9277B5 & ALL
            h ^= h >> 17
        return (h * 0x9E3779B1 & ALL) >> (32 - self._index_bits)

    def _any_byte(self, at: int) -> int:
        """The byte at a position of old, or of new behind it; -1 where it is out of reach."""
        if at < len(self._old):
            return self._old[at]
        at -= len(self._old)
        if at >= len(self._new) or len(self._new) - at > RING_SIZE:
            return -1
        return self._new[at]

    def _find_match(self, which: int, candidate: int) -> None:
        """Take the candidate if enough bytes before it are the last ones."""
        match = self._matches[which]
        position = len(self._new)
        reach = min(candidate, 32, position)
        there, at = self._old, candidate
        if candidate > len(self._old):
            there, at = self._new, candidate - len(self._old)
            reach = min(reach, at)
            if position - at + reach > RING_SIZE:
                return
        length = 0
        while length < reach and there[at - 1 - length] == self._new[-1 - length]:
            length += 1
        if length >= MATCH_LEAST[which] and (not match.is_live or length > match.length):
            match.at = candidate
            match.length = length
            match.misses = 0
            match.is_live = True

    def _prepare_matches(self) -> None:
        position = len(self._new)
        for which, match in enumerate(self._matches):
            match.expected = -1
            if position >= 8 and (not match.is_live or match.length < 16):
                place = self._index_place(self._new[-MATCH_LEAST[which] :])
                candidate = self._index[which].get(place, 0)
                if candidate:
                    self._find_match(which, candidate)
                self._index[which][place] = len(self._old) + position
            if match.is_live:
                match.expected = self._any_byte(match.at)

    # -- spelled bytes ---------------------------------------------------------------------

    def _hash_before(self) -> None:
        """What all spelled bytes see of the bytes before."""
        c1, c2, c3, c4, c5, c6 = (self._back(distance) for distance in range(1, 7))
        phase = len(self._new) & 3
        last4 = c1 | c2 << 8 | c3 << 16 | c4 << 24
        h = self._hashes
        h[0] = mingle(0, phase)
        h[1] = mingle(1, c1)
        h[2] = mingle(2, c1 | c2 << 8 | (phase & 1) << 16)
        h[3] = mingle(3, last4 & 0xFFFFFF)
        h[4] = mingle(4, last4)
        h[5] = mingle(mingle(5, last4), c5 | c6 << 8)
        h[6] = mingle(6, c1 | c4 << 8 | self._back(8) << 16 | phase << 24)
        h[7] = mingle(7, c1 | c3 << 8 | c5 << 16 | (phase & 1) << 24)
        h[8] = mingle(8, c2 | c4 << 8 | phase << 16)
        h[15] = mingle(30, c2 | c4 << 8 | c6 << 16 | (phase & 1) << 24)

    def _train(self, byte: int) -> None:
        """Learn a byte of old as if it had been spelled."""
        self._hash_before()
        for nibble, half in ((0, byte >> 4), (16 | byte >> 4, byte & 15)):
            for context in TRAINED:
                slot = self._slots.find(mingle(self._hashes[context], nibble + 1))
                inner = 1
                for shift in range(3, -1, -1):
                    bit = half >> shift & 1
                    slot.nodes[inner - 1].learn(bit)
                    inner = inner << 1 | bit
        self._new.append(byte)

    def _refined_counter(self, kind: int, context: int, cell: int) -> Counter:
        key = (kind, context, cell)
        if key not in self._refined:
            self._refined[key] = Counter((1024 * (cell >> 4) + 512) << 16 | 12)
        return self._refined[key]

    def _match_counter(self, which: int, context: int, expected: int) -> Counter:
        key = (which, context << 1 | expected)
        if key not in self._match_counts:
            sure = 65536 // (3 + 2 * (context >> 4))
            self._match_counts[key] = Counter((65535 - sure if expected else sure) << 16 | 3)
        return self._match_counts[key]

    def _spell(self, target: Target, wanted: int) -> int:
        """A byte by its bits."""
        aim, excluded = target.aim, target.excluded
        self._prepare_matches()
        first, second = self._matches
        c1 = self._back(1)
        h = self._hashes
        h[9] = mingle(9, first.expected + 1 | first.context() >> 4 << 9 | c1 << 16)
        h[10] = mingle(10, first.expected + 1 | second.expected + 1 << 9 | (aim & 255) << 18)
        node = 1
        slots: list[Slot] = []
        for number in range(8):
            if number in {0, 4}:
                nibble = node if number else 0
                slots = [self._slots.find(mingle(hashed, nibble + 1)) for hashed in h]
            if number == 7 and excluded >= 0 and node == excluded >> 1 | 128:
                node = node << 1 | 1 - (excluded & 1)
                break
            bit = wanted >> (7 - number) & 1
            node = node << 1 | self._spell_bit(target, number, node, slots, bit)
        byte = node & 255
        for match in self._matches:
            match.follow(byte)
        self._new.append(byte)
        return byte

    def _spell_bit(
        self, target: Target, number: int, node: int, slots: list[Slot], wanted: int
    ) -> int:
        kind = target.kind
        begun = number & 3  # bits of this half that are known
        inner = node & (1 << begun) - 1 | 1 << begun
        nodes = [slot.nodes[inner - 1] for slot in slots]
        inputs = []
        taught: list[tuple[Counter, int]] = []  # counters that learn from the bit, in order
        for context, state in enumerate(nodes):
            if state.seen == 0:
                inputs += [0, 0]
                continue
            counter = self._refined_counter(kind, context, state.one >> 6 << 4 | state.seen)
            taught.append((counter, 255))
            direct = stretch(state.one * 16 + 8)
            inputs += [counter.logit(), towards_zero(direct * state.seen, 16)]
        for which, match in enumerate(self._matches):
            if match.expected < 0 or (match.expected | 256) >> (8 - number) != node:
                inputs += [0, 0]
                continue
            expected = match.expected >> (7 - number) & 1
            counter = self._match_counter(which, match.context(), expected)
            taught.append((counter, 255))
            sure = 32 * min(match.length, 15)
            inputs += [counter.logit(), sure if expected else -sure]
        inputs += [256, 0, 0, 0]
        known = sum((nodes[context].seen != 0) << i for i, context in enumerate(TELLING))
        mixer = self._literal_mixer
        mixer.selected = [target.selector * 8 + number, kind << 8 | node, kind << 7 | known]
        one = mixer.mix(inputs)
        logit = stretch(bounded(one))
        rows = (kind << 8 | node, mingle(self._back(1), node | target.aim << 8) & 1023)
        refined = [
            final.refine(row, logit) for final, row in zip(self._literal_final, rows, strict=True)
        ]
        one = bounded((2 * one + sum(refined) + 2) // 4)
        bit = self.coder.bit(one, wanted)
        mixer.learn(inputs, bit, 6)
        for final in self._literal_final:
            final.learn(bit, 255)
        for counter, limit in taught:
            counter.learn(bit, limit)
        for state in nodes:
            state.learn(bit)
        return bit

    # -- gaps ------------------------------------------------------------------------------

    def gap(self, length: int, start: int, next_start: int | None) -> None:
        """A gap begins: the block before would go on at *start*, the next begins at *next_start*."""
        self._gap_from = start
        self._gap_next = NOWHERE
        if next_start is not None and next_start >= length:
            self._gap_next = next_start - length
        for match in self._matches:
            match.is_live = False

    def literal(self, wanted: int = 0) -> int:
        """One byte of a gap."""
        first = self._old_byte(self._gap_from)
        second = self._old_byte(self._gap_next)
        c1 = self._back(1)
        self._hash_before()
        h = self._hashes
        h[11] = mingle(11, first + 1 | c1 << 9)
        h[12] = mingle(12, second + 1 | c1 << 9)
        h[13] = mingle(13, first + 1 | second + 1 << 9)
        h[14] = mingle(14, c1 | self._back(2) << 8 | first + 1 << 16)
        levels = [(1 + (match.length > 15)) if match.is_live else 0 for match in self._matches]
        selector = (levels[0] * 3 + levels[1]) * 2 + (first >= 0 and first == second)
        byte = self._spell(Target(0, selector, first + 1), wanted)
        self._gap_from += self._gap_from != NOWHERE
        self._gap_next += self._gap_next != NOWHERE
        return byte

    # -- copies ----------------------------------------------------------------------------

    def block(self, at: int, length: int) -> None:
        """A block begins."""
        self._block_at = at
        self._block_length = length
        self._run = min(self._run, 4)
        self._before_raw = [0, 0, 0, 0]

    def unit(self, unit: Unit, wanted: bytes = b"") -> bytes:
        """The bytes of a unit in new."""
        history_key = (unit.trust, unit.kind, unit.moved)
        misses = 0  # of this unit, newest in bit 0
        whole = 0
        for byte in unit.raw:
            whole = mingle(whole, byte)
        data = b""
        for i in range(len(unit.raw)):
            like_predicted = data == unit.predicted[:i]
            like_raw = unit.moved and data == unit.raw[:i]
            predicted = unit.raw[i] if like_raw and not like_predicted else unit.predicted[i]
            place = Place(unit, i, predicted, whole, misses)
            byte = self._byte(place, wanted[i] if wanted else None)
            misses = misses << 1 | (byte != predicted)
            data += bytes([byte])
            self._history = (self._history << 1 | (byte != predicted)) & ALL
            self._before_raw = [unit.raw[i], *self._before_raw[:3]]
        self._kind_history[history_key] = (
            self._kind_history[history_key] << 1 | (misses != 0)
        ) & 0xFF
        return data

    def _byte(self, place: Place, wanted: int | None) -> int:
        """Whether a byte is as predicted, and else which it is."""
        unit, predicted, inside = place.unit, place.predicted, place.inside
        miss = self._flag(place, int(wanted not in {None, predicted}))
        if not miss:
            self._new.append(predicted)
            self._run += 1
            for match in self._matches:
                match.is_live = False
            return predicted
        is_reference = int(unit.kind != 0)
        c1, c2 = self._back(1), self._back(2)
        position = len(self._new)
        guess = predicted + self._last_delta[unit.kind] & 255
        any_guess = predicted + self._any_delta & 255
        self._hash_before()
        h = self._hashes
        h[0] = mingle(20, inside | unit.kind << 8)
        h[5] = mingle(21, predicted | place.raw << 8 | inside << 16)
        h[6] = mingle(mingle(22, place.whole), inside)
        h[8] = mingle(23, guess | (position & 3) << 8 | is_reference << 10)
        h[11] = mingle(24, any_guess | predicted << 8)
        h[12] = mingle(25, predicted | c1 << 8)
        h[13] = mingle(26, predicted | place.following << 8 | (position & 3) << 20)
        h[14] = mingle(mingle(27, predicted | c1 << 8 | c2 << 16), place.following)
        selector = 18 + is_reference * 8 + (place.misses != 0) * 4 + unit.moved * 2
        selector += place.differs
        byte = self._spell(Target(1, selector, predicted + 257, predicted), wanted or 0)
        self._last_delta[unit.kind] = self._any_delta = byte - predicted & 255
        self._last_miss = [position, *self._last_miss[:2]]
        self._run = 0
        return byte

    def _flag(self, place: Place, wanted: int) -> int:
        """Whether a byte of a copy is another one than predicted."""
        unit, i, predicted, whole = place.unit, place.index, place.predicted, place.whole
        misses, inside, differs = place.misses, place.inside, place.differs
        kind, trust, moved, length = unit.kind, unit.trust, unit.moved, len(unit.raw)
        position = len(self._new)
        begin = position - self._block_at
        end = self._block_length - begin
        c1, c2 = self._back(1), self._back(2)
        form = kind + 18 * unit.isa
        is_reference = int(kind != 0)
        what = form | trust << 8 | moved << 11
        run = run_bucket(self._run)
        short_run = min(run, 7)
        m0, m1, m2 = self._last_miss
        distances = [min(d & ALL, 40) for d in (position - m0, m0 - m1, m1 - m2)]
        before = self._before_raw
        hashes = [
            mingle(what, inside | short_run << 8),
            mingle(1, self._history & 0xFFF | differs << 12 | i << 13 | is_reference << 16),
            mingle(2, run | inside << 6 | is_reference << 16),
            mingle(3, predicted | c1 << 8 | moved << 16 | (position & 3) << 17),
            mingle(mingle(4, whole), inside | length << 8),
            mingle(mingle(5, predicted | place.following << 8), c1 | c2 << 8),
            mingle(mingle(6, what), self._kind_history[trust, kind, moved] | inside << 8),
            mingle(7, _log2(begin + 1) | _log2(end) << 5 | min(run, 11) << 10 | is_reference << 16),
            mingle(8, distances[0] | distances[1] << 8 | distances[2] << 16 | differs << 24),
            mingle(9, before[0] | place.raw << 8 | before[1] << 16 | inside << 24),
            mingle(mingle(10, whole), inside | before[3] << 8 | before[2] << 16),
            mingle(11, self._history & 0xFFFFFF | differs << 24 | i << 25),
            mingle(12, unit.raw[-1] | inside << 8 | length << 16 | (run > 3) << 20 | form << 21),
            mingle(mingle(13, self._back(4) | predicted << 8 | c1 << 16), self._history & 0xFF),
        ]
        counters = [self._flags[j, hashed >> 16] for j, hashed in enumerate(hashes)]
        inputs = [*(counter.logit() for counter in counters), 256, 0]
        early = min(i, 3)
        by_form = 4 + ((trust * 2 + moved) * 4 + early) * 2 + (misses != 0) if kind else early
        mixer = self._flag_mixer
        mixer.selected = [by_form, run * 4 + differs * 2 + (end < 8), kind]
        one = mixer.mix(inputs)
        row = mingle(14, inside | kind << 8 | short_run << 16) & 1023
        refined = self._flag_final.refine(row, stretch(bounded(one)))
        one = bounded((one + refined + 1) // 2)
        miss = self.coder.bit(one, wanted)
        mixer.learn(inputs, miss, 4)
        self._flag_final.learn(miss, 1023)
        for j, counter in enumerate(counters):
            counter.learn(miss, 1023 if j in {0, 2, 7} else 255)
        return miss


def _log2(value: int) -> int:
    return max(value.bit_length() - 1, 0)
