# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Arithmetic of the mixing coder: logits, counters, mixers, refinement, hashes, slots."""

from __future__ import annotations

from collections import defaultdict

from .instructions.words import ALL
from .models import RATE

LOGIT_MAX = 2815
SETS = 3

# 65536 / (1 + e^-x) for x = 0, 1/8, ... 11
SQUASH_ANCHOR = [
    32768, 34813, 36843, 38841, 40793, 42687, 44511, 46254, 47911, 49474, 50941, 52310, 53581,
    54754, 55834, 56822, 57724, 58544, 59287, 59959, 60565, 61109, 61598, 62036, 62428, 62778,
    63090, 63368, 63615, 63835, 64030, 64203, 64357, 64494, 64614, 64721, 64816, 64900, 64974,
    65039, 65097, 65149, 65194, 65234, 65269, 65300, 65328, 65352, 65374, 65393, 65410, 65425,
    65438, 65449, 65459, 65468, 65476, 65483, 65489, 65495, 65500, 65504, 65508, 65511, 65514,
    65517, 65519, 65521, 65523, 65524, 65526, 65527, 65528, 65529, 65530, 65530, 65531, 65532,
    65532, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65535, 65535, 65535,
]  # fmt: skip

NODE_RATE = [32768, *RATE[1:]]
"""As that of adaptive bits, but the first one."""

RECIPROCAL = [131072 // (2 * seen + 3) for seen in range(1024)]
"""65536 / (times seen + 1.5), rounded down."""


def _squash_table() -> list[int]:
    upper = []
    for i in range(LOGIT_MAX + 1):
        low, high = SQUASH_ANCHOR[i >> 5], SQUASH_ANCHOR[(i >> 5) + 1]
        upper.append((low * (32 - (i & 31)) + high * (i & 31) + 16) >> 5)
    return [65536 - one for one in reversed(upper[1:])] + upper


SQUASH = _squash_table()
"""The probability of each logit from -LOGIT_MAX on."""


def _stretch_table(step: int, half: int) -> list[int]:
    """For each probability the least logit whose probability is at least as much."""
    table = []
    logit = -LOGIT_MAX
    for i in range(4096):
        while SQUASH[logit + LOGIT_MAX] < i * step + half and logit < LOGIT_MAX:
            logit += 1
        table.append(logit)
    return table


STRETCH_LOW = _stretch_table(1, 0)
STRETCH_MIDDLE = _stretch_table(16, 8)


def clamped(logit: int) -> int:
    return min(max(logit, -LOGIT_MAX), LOGIT_MAX)


def squash(logit: int) -> int:
    """The probability, in 65536ths, of a logit in 256ths."""
    return SQUASH[clamped(logit) + LOGIT_MAX]


def stretch(one: int) -> int:
    """The logit of a probability, 0 to 65535."""
    if one < 4096:
        return STRETCH_LOW[one]
    if one > 65536 - 4096:
        return -STRETCH_LOW[65536 - one]
    return STRETCH_MIDDLE[one >> 4]


def bounded(one: int) -> int:
    return min(max(one, 1), 65535)


def towards_zero(value: int, by: int) -> int:
    return value // by if value >= 0 else -(-value // by)


def mingle(a: int, b: int) -> int:
    """The hash that all contexts are made with."""
    h = a * 0x2C1B3C6D + b * 0x297A2D39 + 0x9E3779B9 & ALL
    h ^= h >> 15
    h = h * 0x85EBCA6B & ALL
    return h ^ h >> 13


class Counter:
    """A probability in 22 bits, and how often it was seen."""

    __slots__ = ("one", "seen")

    def __init__(self, state: int) -> None:
        self.one = state >> 10
        self.seen = state & 1023

    def logit(self) -> int:
        return stretch(self.one >> 6)

    def learn(self, bit: int, limit: int) -> None:
        rate = RECIPROCAL[self.seen]
        if bit:
            self.one += (4194303 - self.one) * rate >> 16
        else:
            self.one -= self.one * rate >> 16
        if self.seen < limit:
            self.seen += 1


class Node:
    """The same in 16 bits, as slots have it."""

    __slots__ = ("one", "seen")

    def __init__(self) -> None:
        self.one = 2048
        self.seen = 0

    def learn(self, bit: int) -> None:
        rate = NODE_RATE[self.seen]
        if bit:
            self.one += (4095 - self.one) * rate + 32768 >> 16
        else:
            self.one -= self.one * rate + 32768 >> 16
        self.seen = min(self.seen + 1, 15)


class Slot:
    """Fifteen nodes: the bits of half a byte."""

    __slots__ = ("check", "nodes")

    def __init__(self) -> None:
        self.check = 0
        self.nodes = [Node() for _ in range(15)]

    def begin_anew(self, check: int) -> None:
        """In place: who holds this slot already sees it, too."""
        self.check = check
        for node in self.nodes:
            node.one, node.seen = 2048, 0


class Slots:
    """Slots that are found by a hash."""

    def __init__(self, bits: int) -> None:
        self._mask = (1 << bits) - 1
        self._slots: dict[int, Slot] = defaultdict(Slot)

    def find(self, hashed: int) -> Slot:
        check = hashed >> 16 | 1
        place = (hashed * 0x9E3779B1 & ALL) >> 6 & self._mask
        first, second = self._slots[place], self._slots[place ^ 1]
        for slot in (first, second):
            if slot.check == check:
                return slot
        slot = first if first.nodes[0].seen <= second.nodes[0].seen else second
        slot.begin_anew(check)
        return slot


class Mixer:
    """Logits, weighted and added; three sets of weights, each with its own selector."""

    def __init__(self, initial: list[int]) -> None:
        self._weights: list[dict[int, list[int]]] = [
            defaultdict(lambda: list(initial)) for _ in range(SETS)
        ]
        self.selected = [0] * SETS
        self._logits = [0] * SETS

    def mix(self, inputs: list[int]) -> int:
        """The probability of a 1."""
        for which, chosen in enumerate(self.selected):
            row = self._weights[which][chosen]
            dot = 0
            for at in range(0, len(inputs), 8):
                dot += sum(row[i] * inputs[i] for i in range(at, at + 8)) >> 5
            self._logits[which] = clamped(dot >> 8)
        return squash(towards_zero(sum(self._logits), SETS))

    def learn(self, inputs: list[int], bit: int, rate: int) -> None:
        for which, chosen in enumerate(self.selected):
            row = self._weights[which][chosen]
            error = (bit << 16) - squash(self._logits[which])
            step = error * rate + 8 >> 4
            for i, value in enumerate(inputs):
                weight = row[i] + (value * step + 32768 >> 16)
                row[i] = min(max(weight, -32768), 32767)


class Refinement:
    """Probabilities corrected by what came of them: rows of 33 counters over the logit."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Counter]] = defaultdict(
            lambda: [Counter(squash(176 * j - 2816) << 16 | 6) for j in range(33)]
        )
        self._counter = Counter(0)

    def refine(self, row: int, logit: int) -> int:
        """The refined probability; the nearer counter learns next."""
        counters = self._rows[row]
        low, part = divmod(logit + 2816, 176)
        self._counter = counters[low if part < 88 else low + 1]
        first = counters[low].one * (176 - part) // 176
        second = counters[low + 1].one * part // 176
        return first + second >> 6

    def learn(self, bit: int, limit: int) -> None:
        self._counter.learn(bit, limit)
