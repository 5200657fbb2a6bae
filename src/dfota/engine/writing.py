# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Writing an area sector by sector, read back and tried again; what is written is no matter.

A chip that reports a failure, or does not hold what was programmed, is given the sector again
from its start. That is only good for what may be repeated: whoever uses this knows that
nothing in the area is needed any more.
"""

from __future__ import annotations

from dfota.errors import FlashError, FlashMisuseError
from dfota.flash import Flash

ATTEMPTS = 3
"""How often a sector is tried; more than one failure in a row means that it is bad."""


class SectorWriter:
    """Writes an area from the start of a sector on, in pieces of whole pages.

    Attributes:
        offset: where the next piece goes.
    """

    def __init__(self, flash: Flash, offset: int) -> None:
        self._flash = flash
        self._sector = bytearray()
        """What this sector holds so far."""
        self.offset = offset

    def write(self, data: bytes) -> None:
        """Erase where a sector begins, program *data*, padded to pages, and read it back.

        Raises:
            FlashError: the sector cannot be written; it is spoiled.
        """
        geometry = self._flash.geometry
        data = data.ljust(geometry.pages(len(data)) * geometry.page_size, b"\xff")
        while data:
            room = geometry.sector_size - self.offset % geometry.sector_size
            self._write_piece(data[:room])
            data = data[room:]

    def _write_piece(self, data: bytes) -> None:
        size = self._flash.geometry.sector_size
        begin = self.offset - self.offset % size
        if self.offset == begin:
            self._sector.clear()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if self.offset == begin or attempt > 1:
                    self._flash.erase(begin)
                if attempt > 1 and self._sector:
                    self._flash.prog_many(begin, self._sector)
                self._flash.prog_many(self.offset, data)
                if attempt == 1:
                    is_right = self._flash.read(self.offset, len(data)) == data
                else:
                    whole = bytes(self._sector) + data
                    is_right = self._flash.read(begin, len(whole)) == whole
                if is_right:
                    break
            except FlashMisuseError:
                raise
            except FlashError:
                if attempt == ATTEMPTS:
                    raise
        else:
            raise FlashError(f"the sector at {begin:#x} does not read back as it was written")
        self._sector += data
        self.offset += len(data)
