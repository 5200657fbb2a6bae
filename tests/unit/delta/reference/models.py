# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Adaptive bits, trees of them, and numbers; used wherever no coder votes.

Every function decodes. *wanted* is for the encoder of the tests: what it shall say.
"""

from __future__ import annotations

from typing import Protocol

RATE = [
    43691, 26214, 18725, 14564, 11916, 10082, 8738, 7710,
    6899, 6242, 5699, 5243, 4855, 4520, 4228, 3972,
]  # fmt: skip
"""65536 / (times seen + 1.5), rounded."""

EVEN = 0x8000


class Coder(Protocol):
    """A range decoder, or the encoder of the tests."""

    def bit(self, one: int, wanted: int = 0) -> int: ...


class Bit:
    """An adaptive bit: its probability of being 1 in 4096ths, and how often it was seen."""

    __slots__ = ("one", "seen")

    def __init__(self) -> None:
        self.one = 2048
        self.seen = 0

    def probability(self) -> int:
        """Of being 1, in 65536ths; never quite certain."""
        return min(max(self.one * 16, 32), 0xFFE0)

    def learn(self, bit: int) -> None:
        if bit:
            self.one += (4096 - self.one) * RATE[self.seen] >> 16
        else:
            self.one -= self.one * RATE[self.seen] >> 16
        self.seen = min(self.seen + 1, 15)


def bits(count: int) -> list[Bit]:
    return [Bit() for _ in range(count)]


class Number:
    """A number of at least 1: how many bits it has, its leading bits, its two lowest bits."""

    def __init__(self) -> None:
        self.length = bits(32)
        self.lead = [bits(4) for _ in range(32)]
        self.low = [bits(4) for _ in range(4)]


def plain(coder: Coder, model: Bit, wanted: int = 0) -> int:
    bit = coder.bit(model.probability(), wanted)
    model.learn(bit)
    return bit


def tree(coder: Coder, models: list[Bit], depth: int, wanted: int = 0) -> int:
    """*depth* bits, the most significant first."""
    node = 1
    for shift in range(depth - 1, -1, -1):
        node = node << 1 | plain(coder, models[node], wanted >> shift & 1)
    return node - (1 << depth)


def even(coder: Coder, count: int, wanted: int = 0) -> int:
    """*count* bits that are as often 0 as 1, the most significant first."""
    value = 0
    for shift in range(count - 1, -1, -1):
        value = value << 1 | coder.bit(EVEN, wanted >> shift & 1)
    return value


def number(coder: Coder, model: Number, phase: int, wanted: int = 1) -> int:
    """1 to 2^31 - 1, or 0, which no encoder writes."""
    length = min(wanted.bit_length() - 1, 30) if wanted > 0 else 31
    length = tree(coder, model.length, 5, length)
    if length > 30:
        return 0
    value = 1
    node = 1
    for left in range(length, 0, -1):
        bit = wanted >> (left - 1) & 1
        if length - left < 2:
            bit = plain(coder, model.lead[length][node], bit)
            node = node << 1 | bit
        elif left <= 2:
            node = 1 if left == 2 else 2 | value & 1
            bit = plain(coder, model.low[phase][node], bit)
        else:
            bit = coder.bit(EVEN, bit)
        value = value << 1 | bit
    return value
