# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The adaptive coder of profiles balanced and embedded; it knows neither map nor images.

Every function decodes. *wanted* is for the encoder of the tests: what it shall say.
"""

from __future__ import annotations

from collections import defaultdict

from .instructions.words import ALL
from .models import Bit, Coder, Number, bits, number, plain
from .prediction import KIND_POINTER, Unit

LOGIT_MAX = 4095
WEIGHT_ONE = 65536
WEIGHT_MAX = 64 * WEIGHT_ONE
WEIGHT_SHIFT = 15
KINDS = 12
TRUSTS = 6
VOTES = 8
RICH_BITS = 15
RUN_LIMIT = 1024
ENDLESS = -1
CONTEXT_LITERAL, CONTEXT_BYTE, CONTEXT_UNIT = 1, 17, 33

LOGARITHM = [
    0, 45, 90, 132, 174, 214, 254, 292, 330, 366, 402, 436, 470, 504, 536, 568, 599, 629, 659, 689,
    717, 745, 773, 800, 827, 853, 879, 904, 929, 953, 977, 1001, 1024,
]  # fmt: skip

SQUASH = [
    32768, 35600, 38390, 41099, 43691, 46138, 48418, 50517, 52429, 54152, 55691, 57055, 58254,
    59303, 60214, 61002, 61681, 62264, 62762, 63188, 63550, 63858, 64119, 64340, 64528, 64686,
    64820, 64933, 65028, 65108, 65176, 65233, 65281, 65321, 65355, 65384, 65408, 65429, 65446,
    65460, 65472, 65482, 65491, 65498, 65504, 65509, 65513, 65517, 65520, 65523, 65525, 65526,
    65528, 65529, 65530, 65531, 65532, 65533, 65533, 65534, 65534, 65534, 65535, 65535, 65535,
]  # fmt: skip

FINE_RATE = [(2 * 4096 + (2 * seen + 3) // 2) // (2 * seen + 3) for seen in range(128)]
"""4096 / (times seen + 1.5), rounded."""


def divided(value: int, by: int) -> int:
    """Rounded towards zero."""
    return value // by if value >= 0 else -(-value // by)


def logarithm(x: int) -> int:
    """1024 times the logarithm to base 2 of 1 to 65536."""
    whole = x.bit_length() - 1
    rest = (x << (16 - whole)) - 0x10000
    index, low = rest >> 11, rest & 0x7FF
    if index >= 32:
        return whole << 10
    return (
        (whole << 10) + LOGARITHM[index] + ((LOGARITHM[index + 1] - LOGARITHM[index]) * low >> 11)
    )


def stretch(one: int) -> int:
    """The logit of a probability in 65536ths: a logarithm to base 2 of odds, in 256ths."""
    return divided(logarithm(one) - logarithm(0x10000 - one), 4)


def squash(logit: int) -> int:
    """The probability, in 65536ths, of a logit."""
    size = abs(logit)
    index = size >> 6
    one = 65535
    if index < 64:
        one = SQUASH[index] + ((SQUASH[index + 1] - SQUASH[index]) * (size & 63) >> 6)
    return 0x10000 - one if logit < 0 else one


class FineBit:
    """An adaptive bit with 22 bits of probability, which learns more slowly in the end."""

    __slots__ = ("one", "seen")

    def __init__(self) -> None:
        self.one = 1 << 21
        self.seen = 0

    def probability(self) -> int:
        return max(self.one >> 6, 1)

    def learn(self, bit: int) -> None:
        if bit:
            self.one += (0x400000 - self.one >> 3) * FINE_RATE[self.seen] >> 9
        else:
            self.one -= (self.one >> 3) * FINE_RATE[self.seen] >> 9
        self.seen = min(self.seen + 1, 127)


def vote(coder: Coder, models: list[Bit | FineBit], weights: list[int], wanted: int) -> int:
    """A bit on which the models vote; each learns, and so do the weights of their votes."""
    logits = [stretch(model.probability()) for model in models]
    total = divided(sum(w * logit for w, logit in zip(weights, logits, strict=False)), WEIGHT_ONE)
    one = squash(min(max(total, -LOGIT_MAX), LOGIT_MAX))
    bit = coder.bit(one, wanted)
    error = (65536 if bit else 0) - one
    for i, logit in enumerate(logits):
        weight = weights[i] + divided(logit * error, 1 << WEIGHT_SHIFT)
        weights[i] = min(max(weight, -WEIGHT_MAX), WEIGHT_MAX)
    for model in models:
        model.learn(bit)
    return bit


class Slot:
    """An adaptive bit that is found by a hash."""

    __slots__ = ("bit", "check")

    def __init__(self) -> None:
        self.check = 0
        self.bit = Bit()


def mixed(context: int, value: int) -> int:
    """The hash of what a context saw."""
    h = (value + context * 0x632BE5AB) * 0x85EBCA6B & ALL
    h ^= h >> 15
    return h * 0xC2B2AE35 & ALL


def log2_of(value: int) -> int:
    return max(value.bit_length() - 1, 0)


def kind_of(unit: Unit) -> int:
    """Kinds that are told apart: 0, 1 to 8, all others of instructions, the two of words."""
    return unit.kind - KIND_POINTER + 10 if unit.kind >= KIND_POINTER else min(unit.kind, 9)


def word_of(data: bytes) -> int:
    return int.from_bytes(data[:4], "little")


def weights(count: int) -> list[list[int]]:
    return [[WEIGHT_ONE * 3 // 10] * VOTES for _ in range(count)]


class AdaptiveCoder:
    """Units of copies and bytes of gaps, in order of new."""

    def __init__(self, coder: Coder, slot_bits: int, memory_bits: int) -> None:
        self.coder = coder
        self.slot_bits = slot_bits
        self.is_rich = slot_bits >= RICH_BITS
        self.memory_bits = memory_bits
        self.history = 0  # the last eight bytes of new, the last one lowest
        self.position = 0
        self.steps = 0  # by how much the last four bytes of wrong units were wrong
        self.changes = 0  # the last two of these that were not 0
        self.run = 0  # right units in a row
        self.sure = 0  # units that are known to be right
        self.sure_wrong = False  # and then one that is known to be wrong
        self.endless = False
        self.hits = 0  # the last eight units, newest in bit 0; 1 = wrong
        self.since = 255  # bytes since the last wrong unit
        self.kinds = [0] * KINDS  # the last eight units of each kind
        self._wrong_kind = _fine(KINDS, TRUSTS * 2, 4)
        self._wrong_history = _fine(2, 64)
        self._wrong_run = _fine(12, TRUSTS * 2)
        self._wrong_place = _fine(4, 12, 4)
        self._is_raw = [bits(TRUSTS) for _ in range(KINDS)]
        self._is_known = [bits(2) for _ in range(KINDS)]
        self._ends = Bit()
        self._run_length = Number()
        self._unit_weights = weights(KINDS)
        self._byte_weights = weights(16)
        self._literal_weights = weights(1)[0]
        self._slots: dict[int, Slot] = defaultdict(Slot)
        self._replacements: dict[int, tuple[int, int]] = {}

    # -- memory ----------------------------------------------------------------------------

    def _slot(self, hashed: int) -> Bit:
        """The adaptive bit of a context: one of two slots, or the less used of these anew."""
        index = (hashed * 0x9E3779B1 & ALL) >> (32 - self.slot_bits)
        check = (hashed * 0x85EBCA6B & ALL) >> 16
        slot, other = self._slots[index], self._slots[index ^ 1]
        if slot.check == check:
            return slot.bit
        if other.check == check:
            return other.bit
        if other.bit.seen < slot.bit.seen:
            slot, other = other, slot
        other.bit.seen = max(other.bit.seen - 1, 0)
        slot.check = check
        slot.bit.one, slot.bit.seen = 2048, 0  # the same bit also where it votes already
        return slot.bit

    def _replacement_place(self, raw: int) -> int:
        return (raw * 0x9E3779B1 & ALL) >> (32 - self.memory_bits)

    def _replacement(self, raw: int) -> tuple[int, int]:
        return self._replacements.get(self._replacement_place(raw), (0, 0))

    def skip(self, data: bytes) -> None:
        """Bytes of new that are known."""
        for byte in data:
            self.history = (self.history << 8 | byte) & 0xFFFFFFFFFFFFFFFF
            self.position += 1

    def _byte(self, hashes: list[int], row: list[int], wanted: int) -> int:
        node = 1
        for shift in range(7, -1, -1):
            models = [self._slot(hashed + node * 0x2C1B3C6D & ALL) for hashed in hashes]
            node = node << 1 | vote(self.coder, models, row, wanted >> shift & 1)
        return node & 0xFF

    # -- gaps ------------------------------------------------------------------------------

    def literal(self, wanted: int = 0) -> int:
        """One byte of a gap."""
        h = self.history & ALL
        before = self.history >> 32
        place = self.position & 3
        seen = [h & 0xFF, h & 0xFFFF, h >> 24 | place << 8]
        if self.is_rich:
            seen += [
                h & 0xFFFFFF,
                h,
                h & 0xFFFF00 | place,
                h ^ (before & 0xFFFF) * 0x3D4D51CB & ALL,
            ]
        hashes = [mixed(CONTEXT_LITERAL + i, value) for i, value in enumerate(seen)]
        byte = self._byte(hashes, self._literal_weights, wanted)
        self.skip(bytes([byte]))
        return byte

    # -- units -----------------------------------------------------------------------------

    def unit(self, unit: Unit, wanted: bytes = b"", ahead: int = ENDLESS) -> bytes:
        """The bytes of a unit in new. *ahead* (for the encoder): how many right units follow."""
        raw = word_of(unit.raw)
        if self.wants_run():
            self._code_run(ahead)
        if self.sure or self.endless:
            self.sure = max(self.sure - 1, 0)
            wrong = 0
        elif self.sure_wrong:
            self.sure_wrong = False
            wrong = 1
        else:
            wrong = self._code_wrong(unit, raw, int(wanted != unit.predicted))
            kind = kind_of(unit)
            self.kinds[kind] = (self.kinds[kind] << 1 | wrong) & 0xFF
            self.hits = (self.hits << 1 | wrong) & 0xFF
        if wrong:
            self.run = 0
            self.since = 0
            return self._code_actual(unit, raw, wanted)
        self.run = min(self.run + 1, RUN_LIMIT)
        self.since = min(self.since + len(unit.raw), 255)
        self.skip(unit.predicted)
        return unit.predicted

    def wants_run(self) -> bool:
        """Whether the next unit begins with the length of the run."""
        return self.run >= RUN_LIMIT and not self.sure and not self.sure_wrong and not self.endless

    def _code_run(self, ahead: int) -> None:
        """After many right units: how many more, at once."""
        if plain(self.coder, self._ends, int(ahead == ENDLESS)):
            self.endless = True
            return
        count = number(self.coder, self._run_length, 0, min(ahead, 0x3FFFFFFF) + 1)
        self.sure = max(count - 1, 0)
        self.sure_wrong = True

    def _code_wrong(self, unit: Unit, raw: int, wanted: int) -> int:
        """Whether the unit is not what was predicted."""
        kind = kind_of(unit)
        trust = unit.trust * 2 + unit.moved
        since = self.since if self.since < 8 else 5 + log2_of(self.since + 1)
        known, actual = self._replacement(raw)
        is_known = int(known == raw and actual != raw)
        models: list[Bit | FineBit] = [
            self._slot(mixed(CONTEXT_UNIT + unit.kind, raw)),
            self._slot(mixed(CONTEXT_UNIT + 32, raw & 0xFFFF | unit.kind << 16 | is_known << 24)),
            self._wrong_kind[kind][trust][self.kinds[kind] & 3],
            self._wrong_history[int(kind != 0)][self.hits & 63],
            self._wrong_run[log2_of(self.run + 1)][trust],
            self._wrong_place[self.position & 3][min(since, 11)][min(len(unit.raw), 3)],
        ]
        return vote(self.coder, models, self._unit_weights[kind], wanted)

    def _code_actual(self, unit: Unit, raw: int, wanted: bytes) -> bytes:
        """A wrong unit: which bytes it has."""
        kind = kind_of(unit)
        if unit.moved:
            model = self._is_raw[kind][unit.trust]
            if plain(self.coder, model, int(wanted == unit.raw)):
                self.skip(unit.raw)
                return unit.raw
        is_short = len(unit.raw) <= 4
        known, actual = self._replacement(raw)
        if is_short and known == raw and actual not in {raw, word_of(unit.predicted)}:
            replacement = actual.to_bytes(4, "little")[: len(unit.raw)]
            model = self._is_known[kind][unit.moved]
            if plain(self.coder, model, int(wanted == replacement)):
                self.skip(replacement)
                return replacement
        data = self._code_bytes(unit, wanted)
        if is_short:
            self._replacements[self._replacement_place(raw)] = (raw, word_of(data))
        return data

    def _code_bytes(self, unit: Unit, wanted: bytes) -> bytes:
        """The bytes of a wrong unit, as differences."""
        length = len(unit.raw)
        changed = 0  # 0: nothing yet, 1: but the byte before was right, 2: it was wrong
        data = b""
        for i, old in enumerate(unit.predicted):
            ahead = unit.predicted[i + 1] if i + 1 < length else 0x100
            seen = [
                (i | unit.kind << 3 | length << 8) << 2 | changed,
                old << 2 | changed,
                self.steps & 0xFFFF,
                old | (self.steps & 0xFF) << 8,
                self.history & 0xFF | old << 8,
                old | ahead << 8 | changed << 24,
                self.steps,
                self.changes | i << 24,
            ]
            seen = seen if self.is_rich else seen[:4]
            hashes = [mixed(CONTEXT_BYTE + k, value) for k, value in enumerate(seen)]
            row = self._byte_weights[(i & 3) << 2 | changed]
            step = self._byte(hashes, row, (wanted[i] - old & 0xFF) if wanted else 0)
            self.steps = (self.steps << 8 | step) & ALL
            if step:
                self.changes = (self.changes << 8 | step) & 0xFFFF
            changed = 2 if step else 1 if changed else 0
            data += bytes([old + step & 0xFF])
            self.skip(data[-1:])
        return data


def _fine(*sizes: int) -> list:
    if len(sizes) == 1:
        return [FineBit() for _ in range(sizes[0])]
    return [_fine(*sizes[1:]) for _ in range(sizes[0])]
