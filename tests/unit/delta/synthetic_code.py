# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Small images of invented code for every instruction set, and their next release.

The code does nothing, but its calls, branches, pairs and pools refer to each other as those of
real programs do, so that there is something to predict. No third party's code is in it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from types import ModuleType
from typing import Any

ALL = 0xFFFFFFFF


def _little(*words: int) -> list[bytes]:
    return [word.to_bytes(4, "little") for word in words]


def _halves(*halves: int) -> list[bytes]:
    return [half.to_bytes(2, "little") for half in halves]


def _wide(*words: int) -> list[bytes]:
    """Two little-endian halves, the upper one first."""
    return [
        (word >> 16).to_bytes(2, "little") + (word & 0xFFFF).to_bytes(2, "little") for word in words
    ]


def _big(*words: int) -> list[bytes]:
    return [word.to_bytes(4, "big") for word in words]


@dataclass(frozen=True, slots=True)
class Set:
    """What the code of an instruction set is made of.

    Attributes:
        filler: instructions that refer to nothing.
        parts: instructions and pairs that refer to something, with empty fields.
        first: kinds that a pair begins with; ``second`` are those that go on with its target.
        second: see there.
        kept: kinds whose target is right as it is.
    """

    filler: list[bytes]
    parts: list[bytes]
    first: frozenset[int] = frozenset()
    second: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()


def _pairs(first: list[bytes], second: list[bytes]) -> list[bytes]:
    return [one + other for one in first for other in second]


_THUMB_FILLER = _halves(0xB510, 0x4604, 0x2105, 0xBD10, 0x3001, 0x6820, 0x4288)
_ARM_FILLER = _little(0xE1A00001, 0xE92D4010, 0xE8BD8010, 0xE2800001, 0xE5901004)

SETS = {
    1: Set(
        _THUMB_FILLER,
        [
            *_wide(0xF000D000, 0xF000D000, 0xF000C000, 0xF0009000, 0xF0008000, 0xF20F0100),
            *_wide(0xF85F2000, 0xED9F0A00),
            *_halves(0xD000, 0xE000, 0xB108, 0xA001, 0x4804, 0x4907),
            *_pairs(_wide(0xF2400100), _wide(0xF2C00100)),
            *_pairs(_halves(0x4A08), _halves(0x447A)),
        ],
        first=frozenset({13}),
        second=frozenset({14}),
        kept=frozenset({8}),
    ),
    2: Set(
        _ARM_FILLER,
        [
            *_little(0xEB000000, 0xEB000000, 0xEA000000, 0xFA000000, 0xE28F1004, 0xE59F0010),
            *_little(0xE15F00B8, 0xED9F0A04),
            *_pairs(_little(0xE3001000), _little(0xE3401000)),
            *_pairs(_little(0xE59F1018), _little(0xE08F1001)),
        ],
        first=frozenset({13}),
        second=frozenset({14}),
        kept=frozenset({4}),
    ),
    3: Set(
        _little(0xA9BF7BFD, 0x910003FD, 0xAA0103E2, 0xD65F03C0, 0x52800020),
        [
            *_little(0x94000000, 0x94000000, 0x14000000, 0x54000000, 0xB4000000, 0x36000001),
            *_pairs(_little(0x90000001), _little(0x91000021, 0xF9400022, 0x39000020)),
        ],
        first=frozenset({8}),
        second=frozenset({9, 10}),
    ),
    4: Set(
        _little(0x00A50533, 0x40B50533) + _halves(0x1141, 0x852E, 0x0001, 0x4505),
        [
            *_little(0x000000EF, 0x0000006F, 0x00B50063, 0x00B51063),
            *_halves(0xA001, 0x2001, 0xC101, 0xE101),
            *_pairs(_little(0x00000097), _little(0x000080E7)),
            *_pairs(_little(0x00000517), _little(0x00050513, 0x00052583, 0x00B52023)),
            *_pairs(_little(0x00000637), _little(0x00060613, 0x00062583, 0x00B62023)),
            *_little(0x0101A503, 0x00A1A823),
        ],
        first=frozenset({6, 9}),
        second=frozenset({7, 8, 10, 11, 12}),
        kept=frozenset({13, 14}),
    ),
    5: Set(
        [b"\x3d\xf0", b"\x0d\xf0", b"\x36\x41\x00", b"\x20\xa2\x20", b"\x1d\xf0"],
        [
            *(bytes([op, 0, 0]) for op in (0x05, 0x25, 0x65, 0x06, 0x21, 0x16, 0x26)),
            *(b"\x07\x10\x00", b"\x76\x80\x00", b"\x76\x00\x00", b"\x8c\x00"),
        ],
    ),
    6: Set(
        _little(0x7800C000, 0x70604000, 0x7F00C000, 0xF300C000),
        [
            *_little(0x5A004000, 0x5A00C000, 0x58004000, 0x5C00C000, 0x1000C000, 0x6000C000),
            *_pairs(_little(0x00004000), _little(0x7800C000, 0x5A00C000, 0x4900C000)),
        ],
        first=frozenset({7, 9}),
        second=frozenset({8, 10}),
    ),
    7: Set(
        [b"\x55", b"\xc3", b"\x90", b"\x31\xc0", b"\x48\x89\xe5", b"\x85\xc0"],
        [
            b"\xe8\0\0\0\0",
            b"\xe9\0\0\0\0",
            b"\x0f\x84\0\0\0\0",
            b"\x48\x8b\x05\0\0\0\0",
            b"\x48\x8d\x3d\0\0\0\0",
            b"\x83\x3d\0\0\0\0\x01",
        ],
    ),
    8: Set(
        _halves(0x6510, 0xEC08, 0xA105, 0x6D10, 0xB001),
        [
            *_wide(0x90009800, 0x90009800),
            *_halves(0x8000, 0xC000, 0xC100, 0x0803, 0x0906),
        ],
        kept=frozenset({1}),
    ),
    9: Set(
        _halves(0x78E0, 0x7FE0, 0x7108) + _wide(0x20400080),
        [
            *_wide(0x08020000, 0x08020000, 0x00010000, 0x08010000),
            *_halves(0xF800, 0xF000, 0xE800, 0xD004),
            *_pairs(_wide(0x200A0F80), _wide(0)),
        ],
    ),
    10: Set(
        [*_big(0x40000000, 0x8C010000, 0x50110004), b"\x92\x00", b"\x80\x21"],
        [
            *_big(0x49000000, 0x49000000, 0x48000000, 0x4C000000, 0x4E020000, 0x5A000000),
            b"\xc0\x00",
            *_pairs(_big(0x46100000), _big(0x58108000, 0x04208000)),
            *_big(0x2E000010, 0x3C0C0004),
        ],
        first=frozenset({7}),
        second=frozenset({8, 9}),
        kept=frozenset({10}),
    ),
    11: Set(
        _halves(0x0001, 0x4001, 0x6012, 0x7A0F),
        [
            *_wide(0x90800000, 0x90800000, 0x90000000, 0x80000000, 0xBFE00000),
            *(half + bytes(4) for half in _halves(0xE500, 0xE800, 0xEF00, 0xE600)),
            *_wide(0xA8000010),
        ],
        kept=frozenset({7, 8, 9}),
    ),
}
SETS[12] = Set(SETS[5].filler, SETS[5].parts, kept=frozenset({10}))

BASE = {1: 0x08000000, 2: 0x00100000, 7: 0x00100000, 10: 0x00500000}


def base_of(isa: int) -> int:
    """The load address of the images of this instruction set."""
    return BASE.get(isa, 0x40080000)


class Author:
    """Writes code of one instruction set with the sweeps of *reference*."""

    def __init__(self, reference: ModuleType, isa: int, seed: int) -> None:
        self._reference = reference
        self._isa = isa
        self._set = SETS[isa]
        self._random = random.Random(seed * 100 + isa)  # noqa: S311 - repeatable
        self.base = base_of(isa)

    def image(self, size: int) -> bytes:
        """About *size* bytes of code."""
        code = bytearray()
        while len(code) < size:
            if self._random.random() < 0.55:
                code += self._random.choice(self._set.filler)
            else:
                code += self._random.choice(self._set.parts)
        code += bytes(-len(code) % 4)
        last = self.base

        def aim(reference: Any, at: int) -> list[int]:
            nonlocal last
            if reference.kind in self._set.kept:
                return []
            if reference.kind in self._set.second:
                return [last]
            targets = [self._somewhere(len(code)) for _ in range(20)]
            near = [at + step & ~3 & ALL for step in (8, 16, -16, 40, -40)]
            return [*targets, *near]

        def aimed(reference: Any, target: int) -> None:
            nonlocal last
            if reference.kind in self._set.first:
                last = target

        self._rewrite(code, aim, aimed)
        return bytes(code)

    def _somewhere(self, size: int) -> int:
        return self.base + (self._random.randrange(size) & ~3)

    def _rewrite(self, code: bytearray, aim: Any, aimed: Any) -> None:
        """Give every reference of *code* the first of its aims that can be written."""
        sweep = self._reference.Sweep(self._isa)
        at = 0
        while at < len(code):
            window = bytes(code[at : at + 64])
            here = self.base + at & ALL
            found = sweep.scan(window, here)
            if found.kind:
                for target in aim(found, here):
                    placed = sweep.place(found, here, target, window[: found.length])
                    if placed is None:
                        continue
                    check = sweep.read(found, placed, here, target)
                    if check is not None:
                        code[at : at + found.length] = placed
                        aimed(found, target)
                        break
            at += found.length

    def next_release(
        self, old: bytes, cut: int, inserted: bytes, shift: int = 0
    ) -> tuple[bytes, int]:
        """*old* with something inserted at *cut*, at an address that is higher by *shift*.

        Some references lead elsewhere, as if what they mean had become another function.
        Returns the image, and how many references it has.
        """
        count = 0
        sweep = self._reference.Sweep(self._isa)
        new = bytearray()
        at = 0
        while at < len(old):
            if at == cut:
                new += inserted
            end = cut if at < cut else len(old)
            window = old[at : min(at + 64, end)]
            here = self.base + at & ALL
            found = sweep.scan(window, here)
            raw = window[: found.length]
            if found.kind:
                count += 1
                offset = found.target - self.base & ALL
                target = found.target
                if offset < len(old):
                    target += shift + (len(inserted) if offset >= cut else 0)
                if offset % 64 == 8:
                    target += 16
                there = self.base + shift + at + (len(inserted) if at >= cut else 0) & ALL
                raw = sweep.place(found, there, target & ALL, raw) or raw
            new += raw
            at += found.length
        return bytes(new), count
