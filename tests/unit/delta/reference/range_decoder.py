# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The range decoder: bytes of the body become bits; it knows nothing of what they mean."""

from __future__ import annotations

from .refusal import Refused

RANGE_MIN = 1 << 24
TAIL = 3
"""Zero bytes at the end of the body that are not stored."""


class RangeDecoder:
    """Bits from the bytes of *patch* from *at* on."""

    def __init__(self, patch: bytes, at: int) -> None:
        self._patch = patch
        self._at = at
        self._tail = 0
        self._range = 0xFFFFFFFF
        self._code = 0
        for _ in range(4):
            self._code = self._code << 8 | self._byte()
        if self._code == 0xFFFFFFFF:
            raise Refused("CODE")

    def _byte(self) -> int:
        if self._at < len(self._patch):
            self._at += 1
            return self._patch[self._at - 1]
        if self._tail == TAIL:
            raise Refused("TRUNCATED")
        self._tail += 1
        return 0

    def bit(self, one: int, wanted: int = 0) -> int:
        """The next bit, whose probability of being 1 is *one* / 65536.

        *wanted* is for the encoder of the tests, which has the same method: what it shall say.
        """
        if one < 0x8000:
            rare, split = 1, (self._range >> 16) * one
        else:
            rare, split = 0, (self._range >> 16) * (0x10000 - one)
        if self._code < split:
            self._range = split
            bit = rare
        else:
            self._code -= split
            self._range -= split
            bit = 1 - rare
        while self._range < RANGE_MIN:
            self._range <<= 8
            self._code = self._code << 8 | self._byte()
        return bit

    def end(self) -> None:
        """New is complete: the patch must end here, as every encoder ends it."""
        if self._at < len(self._patch) or self._tail != TAIL:
            raise Refused("TRAILING")
        if self._code >= RANGE_MIN:
            raise Refused("CODE")
