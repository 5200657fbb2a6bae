# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes of a fuzzer read as choices; it always gives something, also when they are used up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


class Choices:
    """Reads from the front; the same bytes are the same choices."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left to choose."""
        return self._position >= len(self._data)

    def byte(self) -> int:
        """0 to 255."""
        if self.is_used_up:
            return 0
        self._position += 1
        return self._data[self._position - 1]

    def one_of(self, things: Sequence[_T]) -> _T:
        """One of *things*."""
        number = self.byte()
        if len(things) > 256:
            number = number << 8 | self.byte()
        return things[number % len(things)]

    def some_bytes(self, most: int = 255) -> bytes:
        """A length, and as many bytes as are left of it."""
        size = min(self.byte(), most)
        piece = self._data[self._position : self._position + size]
        self._position += len(piece)
        return piece

    def rest(self) -> bytes:
        """All that is left."""
        piece = self._data[self._position :]
        self._position = len(self._data)
        return piece
