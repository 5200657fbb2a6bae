# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes of a flash, and what every flash must offer; no flash is implemented here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from dfota.errors import GeometryError

PAGE_MIN_BYTES = 128
"""Smallest page; a record of the journal must fit in half of one."""

FLASH_MAX_BYTES = 1 << 32
"""Offsets are stored in 32 bits."""

WORD_SIZE = 4
"""What NOR flash programs at least."""


class FlashKind(IntEnum):
    """How a flash is programmed; the numbers stand in its trailer."""

    NAND = 0
    """Whole pages, each once, in rising order inside a sector; sectors go bad; ECC."""
    NOR = 1
    """Words inside a page, in any order, each once; no ECC and no bad blocks from the factory."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a flash is divided: sectors are erased, pages are programmed.

    The defaults are the usual ones of the 1 Gbit NAND that a BG96 has. On NOR a page is the
    most that is programmed at once.

    Raises:
        GeometryError: the numbers do not fit together.
    """

    page_size: int = 2048
    sector_size: int = 131072
    sector_count: int = 1024
    kind: FlashKind = FlashKind.NAND

    def __post_init__(self) -> None:
        if self.page_size < PAGE_MIN_BYTES or self.page_size & (self.page_size - 1):
            raise GeometryError(
                f"a page is a power of two of at least {PAGE_MIN_BYTES} bytes, not {self.page_size}"
            )
        if self.sector_size < self.page_size or self.sector_size % self.page_size:
            raise GeometryError(
                f"a sector is a number of whole pages of {self.page_size} bytes, "
                f"not {self.sector_size} bytes"
            )
        if self.sector_count < 1:
            raise GeometryError(f"a flash has sectors, not {self.sector_count}")
        if self.size > FLASH_MAX_BYTES:
            raise GeometryError(f"{self.size} bytes are more than {FLASH_MAX_BYTES}")

    @property
    def size(self) -> int:
        """All bytes."""
        return self.sector_size * self.sector_count

    @property
    def pages_per_sector(self) -> int:
        """How many pages are erased together."""
        return self.sector_size // self.page_size

    @property
    def page_count(self) -> int:
        """All pages."""
        return self.size // self.page_size

    def sectors(self, size: int) -> int:
        """How many sectors hold *size* bytes."""
        return -(-size // self.sector_size)

    def pages(self, size: int) -> int:
        """How many pages hold *size* bytes."""
        return -(-size // self.page_size)


class Flash(Protocol):
    """A flash: read anything, program what is erased, erase a sector."""

    @property
    def geometry(self) -> Geometry:
        """Its sizes."""

    def read(self, offset: int, size: int) -> bytes:
        """Return *size* bytes from *offset*; an erased byte reads 0xff.

        Raises:
            FlashMisuseError: outside the flash.
            FlashUnreadableError: a page has more wrong bits than the chip can correct.
        """

    def prog(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program the one page at *offset*; on NOR any words of one page.

        Raises:
            FlashMisuseError: not a whole aligned page, or not erased since it was programmed.
            FlashError: the chip reports a failure; the page is spoiled until erased.
        """

    def prog_many(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program whole pages from *offset* on, one after the other, each an operation.

        Raises:
            FlashMisuseError: not whole aligned pages, or not erased since they were programmed.
            FlashError: the chip reports a failure; pages up to the failed one are programmed.
        """

    def erase(self, offset: int) -> None:
        """Erase the one sector at *offset*.

        Raises:
            FlashMisuseError: not the start of a sector.
            FlashError: the chip reports a failure; the sector is spoiled.
        """
