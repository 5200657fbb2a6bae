# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The memory of many flashes that began alike: one image, and what each has changed since.

Rule 1. The image is never written; a flash keeps a block of its own from the first change
of any byte of it, and keeps it until it is gone.
Rule 2. A digest that the image knows speaks for a flash only where that flash has no block
of its own, whatever its blocks hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import overload

from dfota.errors import MisuseError

BLOCK_BYTES = 4096
"""Two usual pages: small, because most of an updated sector is still erased."""

_DIGESTS_MAX = 256
"""Places whose digest is remembered; a firmware has a handful of partitions."""


class SharedImage:
    """What a flash holds when it leaves the factory, for any number of flashes.

    Args:
        data: all bytes of a flash's memory.
        block_size: how much a flash copies when it changes a byte.

    Attributes:
        data: see above.
        block_size: see above.
        erased: a block of erased cells.

    Raises:
        MisuseError: a block has no bytes.
    """

    __slots__ = ("_digests", "block_size", "data", "erased")

    def __init__(self, data: bytes, block_size: int = BLOCK_BYTES) -> None:
        if block_size < 1:
            raise MisuseError(f"a block has bytes, not {block_size}")
        self.data = data
        self.block_size = block_size
        self.erased = b"\xff" * block_size
        self._digests: dict[tuple[int, int], bytes] = {}

    def digest(self, offset: int, size: int) -> bytes:
        """SHA-256 of *size* bytes from *offset*, computed once."""
        key = offset, size
        found = self._digests.get(key)
        if found is None:
            if len(self._digests) >= _DIGESTS_MAX:
                self._digests.clear()
            with memoryview(self.data) as view:
                found = self._digests[key] = hashlib.sha256(view[offset : offset + size]).digest()
        return found


class OverlayMemory:
    """The memory of one flash: *image* below, and the blocks that were changed above.

    It is read and written like a ``bytearray`` of fixed size, by positions and by slices
    without a step.
    """

    __slots__ = ("_blocks", "_image")

    def __init__(self, image: SharedImage) -> None:
        self._image = image
        self._blocks: dict[int, bytes | bytearray] = {}

    def __len__(self) -> int:
        return len(self._image.data)

    @property
    def own_bytes(self) -> int:
        """How many bytes are not the image's any more."""
        return sum(len(block) for block in self._blocks.values())

    def shared_digest(self, offset: int, size: int) -> bytes | None:
        """SHA-256 of *size* bytes from *offset*, if all of them are still the image's."""
        if any(block in self._blocks for block in self._numbers(offset, offset + size)):
            return None
        return self._image.digest(offset, size)

    @overload
    def __getitem__(self, where: int) -> int: ...

    @overload
    def __getitem__(self, where: slice) -> bytes: ...

    def __getitem__(self, where: int | slice) -> int | bytes:
        size = self._image.block_size
        if isinstance(where, int):
            number, place = divmod(self._position(where), size)
            block = self._blocks.get(number)
            return self._image.data[where] if block is None else block[place]
        if not self._blocks and where.step is None:
            return self._image.data[where]
        start, stop = self._range(where)
        pieces: list[bytes | bytearray] = []
        for number in self._numbers(start, stop):
            first = max(start, number * size)
            end = min(stop, (number + 1) * size)
            block = self._blocks.get(number)
            if block is None:
                pieces.append(self._image.data[first:end])
            else:
                pieces.append(block[first - number * size : end - number * size])
        return bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)

    def __setitem__(self, where: int | slice, value: int | bytes | bytearray | memoryview) -> None:
        if isinstance(where, int):
            number, place = divmod(self._position(where), self._image.block_size)
            if not isinstance(value, int):
                raise TypeError("one position holds one number")
            self._own(number)[place] = value
            return
        start, stop = self._range(where)
        if isinstance(value, int) or len(value) != stop - start:
            raise ValueError("the memory of a flash keeps its size")
        size = self._image.block_size
        for number in self._numbers(start, stop):
            first = max(start, number * size)
            end = min(stop, (number + 1) * size)
            piece = value if end - first == len(value) else value[first - start : end - start]
            if end - first == self._block_length(number):
                # All erased blocks of all flashes are one and the same.
                erased = self._image.erased[: end - first]
                self._blocks[number] = erased if piece == erased else bytes(piece)
            else:
                offset = first - number * size
                self._own(number)[offset : offset + len(piece)] = piece

    def _own(self, number: int) -> bytearray:
        """The block *number*, changeable."""
        block = self._blocks.get(number)
        if isinstance(block, bytearray):
            return block
        if block is None:
            first = number * self._image.block_size
            block = self._image.data[first : first + self._image.block_size]
        own = self._blocks[number] = bytearray(block)
        return own

    def _block_length(self, number: int) -> int:
        size = self._image.block_size
        return min(size, len(self) - number * size)

    def _numbers(self, start: int, stop: int) -> Iterator[int]:
        size = self._image.block_size
        return iter(range(start // size, (stop - 1) // size + 1 if stop > start else start // size))

    def _position(self, where: int) -> int:
        if not 0 <= where < len(self):
            raise IndexError(f"{where} is outside of {len(self)} bytes")
        return where

    def _range(self, where: slice) -> tuple[int, int]:
        start, stop, step = where.indices(len(self))
        if step != 1:
            raise ValueError("the memory of a flash is read and written without a step")
        return start, max(start, stop)
