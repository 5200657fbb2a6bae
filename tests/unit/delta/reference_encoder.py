# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Writes patches with the models of the reference decoder, good ones and bad ones.

It decides nothing: the plan (segments and copy map) is the caller's. A good plan gives the
very bytes that the C creator writes for it.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

RANGE_MIN = 1 << 24


class RangeEncoder:
    """The other side of ``reference.range_decoder.RangeDecoder``."""

    def __init__(self) -> None:
        self._low = 0
        self._range = 0xFFFFFFFF
        self._out = bytearray()

    def bit(self, one: int, wanted: int = 0) -> int:
        rare = int(one < 0x8000)
        split = (self._range >> 16) * (one if rare else 0x10000 - one)
        if wanted == rare:
            self._range = split
        else:
            self._low += split
            self._range -= split
        while self._range < RANGE_MIN:
            self._shift()
        return wanted

    def _shift(self) -> None:
        if self._low >> 32:
            at = len(self._out) - 1
            while self._out[at] == 0xFF:
                self._out[at] = 0
                at -= 1
            self._out[at] += 1
            self._low &= 0xFFFFFFFF
        self._out.append(self._low >> 24)
        self._low = self._low << 8 & 0xFFFFFFFF
        self._range <<= 8

    def finish(self) -> bytes:
        """All bytes; the last three, which are 0, are not among them."""
        self._low = (self._low + RANGE_MIN - 1) & ~(RANGE_MIN - 1)
        self._shift()
        return bytes(self._out)


@dataclass(slots=True)
class Plan:
    """What a patch is made of.

    Attributes:
        profile: max, balanced or embedded.
        segments: stretches of old with one load address each, in order of old.
        blocks: the copy map, in order of new.
        parameters: members of the header that are not as usual.
        place: sector size and spare size of an update in place.
        stored: whether all bytes of gaps that may be stored are.
    """

    profile: str
    segments: list[Any] = field(default_factory=list)
    blocks: list[Any] = field(default_factory=list)
    parameters: dict[str, int] = field(default_factory=dict)
    place: tuple[int, int] | None = None
    stored: bool = False


PROFILES = ("max", "balanced", "embedded")


def size_bytes(value: int) -> bytes:
    """A number as the header has it."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


class ReferenceEncoder:
    """Encodes with the models of *reference*, the package of the reference decoder."""

    def __init__(self, reference: ModuleType) -> None:
        self.reference = reference

    def header(self, old: bytes, new: bytes, plan: Plan) -> tuple[bytes, Any]:
        """The header, as bytes and as the decoder will see it."""
        header = self.reference.Header(
            profile=PROFILES.index(plan.profile), old_size=len(old), new_size=len(new)
        )
        header.set_defaults()
        flags = header.profile | (4 if plan.place else 0) | (8 if plan.parameters else 0)
        for name, value in plan.parameters.items():
            setattr(header, name, value)
        out = b"\xdfOTA\x02" + bytes([flags])
        for size in (len(old), len(new), len(plan.segments), len(plan.blocks)):
            out += size_bytes(size)
        for size in plan.place or ():
            out += size_bytes(size)
        if plan.parameters:
            out += bytes([header.correction_bits, header.slot_bits])
            if plan.profile == "max":
                out += bytes([header.index_bits]) + size_bytes(header.train)
            else:
                out += bytes([header.memory_bits])
        out += hashlib.sha256(old).digest()[:8] + hashlib.sha256(new).digest()[:16]
        return sealed(out), header

    def encode(self, old: bytes, new: bytes, plan: Plan) -> bytes:
        """The patch that turns *old* into *new* by this plan."""
        head, header = self.header(old, new, plan)
        coder = RangeEncoder()
        self.write_map(coder, header, plan)
        self._write_content(coder, header, old, new, plan)
        return head + coder.finish()

    def write_map(self, coder: RangeEncoder, header: Any, plan: Plan) -> None:
        models = self.reference.MapCoder(coder, header.old_size, header.new_size)
        for segment in plan.segments:
            models.segment(segment)
        for number, block in enumerate(plan.blocks, 1):
            models.block(number == len(plan.blocks), block)

    def _write_content(
        self, coder: RangeEncoder, header: Any, old: bytes, new: bytes, plan: Plan
    ) -> None:
        models = self.reference.begin_models(coder, header, old)
        is_max = plan.profile == "max"
        gaps = self.reference.Gaps(coder, models)
        copies = self.reference.Copies(coder, models)
        ahead = iter(self._right_units_ahead(old, new, header, plan))
        predictor = self.reference.Predictor(
            old, plan.segments, plan.blocks, header.correction_bits
        )
        at = 0
        for block in [*plan.blocks, None]:
            end = block.at if block else len(new)
            if end > at:
                if is_max:
                    models.gap(end - at, predictor.old_offset, block.start if block else None)
                gaps.gap(end - at, new[at:end], plan.stored)
                at = end
            if block is None:
                return
            if is_max:
                models.block(block.at, block.length)
            predictor.begin(block)
            while predictor.left:
                unit = predictor.next()
                actual = new[at : at + len(unit.raw)]
                copies.unit(unit, actual, next(ahead))
                predictor.learn(unit, actual)
                at += len(actual)

    def _right_units_ahead(self, old: bytes, new: bytes, header: Any, plan: Plan) -> list[int]:
        """For each unit how many right ones follow, itself included; -1: all the rest."""
        rights: list[bool] = []
        predictor = self.reference.Predictor(
            old, plan.segments, plan.blocks, header.correction_bits
        )
        for block in plan.blocks:
            predictor.begin(block)
            at = block.at
            while predictor.left:
                unit = predictor.next()
                actual = new[at : at + len(unit.raw)]
                rights.append(actual == unit.predicted)
                predictor.learn(unit, actual)
                at += len(actual)
        ahead = []
        following = -1
        for is_right in reversed(rights):
            following = 0 if not is_right else following if following < 0 else following + 1
            ahead.append(following)
        return ahead[::-1]

    def forge(
        self, old: bytes, new: bytes, plan: Plan, write: Callable[[RangeEncoder, Any], None]
    ) -> bytes:
        """A patch whose body is what *write* writes, up to where the models refuse it."""
        head, header = self.header(old, new, plan)
        coder = RangeEncoder()
        with contextlib.suppress(self.reference.Refused):
            write(coder, header)
        return head + coder.finish()


def sealed(header: bytes) -> bytes:
    """A header with its check."""
    return header + hashlib.sha256(header).digest()[:4]
