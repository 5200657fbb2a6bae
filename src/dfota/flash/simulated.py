# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A NAND-like flash over any buffer, stricter than silicon; it opens no file itself.

What it refuses with FlashMisuseError, because a real chip would corrupt data:

1. anything outside the flash; a prog that is not one whole aligned page; an erase that
   is not one whole aligned sector;
2. a prog of a page that was programmed, or that a torn or failed operation touched,
   since its sector was last erased completely, also when it still reads 0xff;
3. a prog below a page of the same sector that is already programmed (NAND pages of one
   block are programmed in rising order).

**Layout of the buffer.** ``data | one mark per sector | one mark per page | trailer``. A
mark is 0xff (good) or 0x00. The marks are what a real chip keeps in its cells and its
spare area; they live in the buffer so that a mapped file carries them over a
``kill -9``.

**Order of the memory writes**, so that a process killed between any two of them, or in
the middle of one, leaves a state that a power cut could have left:

* prog: 1. page mark = programmed (one byte); 2. the data.
  Killed before 1: nothing happened. After 1: the page is spoiled and holds none, some
  or all of its bytes: BEFORE, torn, AFTER.
* erase: 1. sector mark = spoiled (one byte); 2. data = 0xff; 3. page marks = erased;
  4. sector mark = good (one byte). Killed from 1 to 4: the whole sector is spoiled and
  holds a mixture; no page of it can be programmed. After 4: erased.

So a page whose data were touched is always marked first, and no page ever looks
programmable while it holds anything but 0xff. (Order between pages of a file is not kept
when the whole computer loses power; for that, the mark is checked against the data.)
"""

from __future__ import annotations

import mmap
import struct
import zlib
from functools import lru_cache

from dfota.errors import FlashError, FlashMisuseError, GeometryError
from dfota.flash.geometry import Geometry
from dfota.flash.power import Cut, CutMode, Operation, OperationKind, PowerLost
from dfota.flash.shared import OverlayMemory

_GOOD = 0xFF
_SPOILED = 0x00

_TRAILER = struct.Struct("<8sIIIII4x")
_MAGIC = b"DFOTASF1"
_BLANK = bytes(_TRAILER.size)

Memory = bytearray | memoryview | mmap.mmap | OverlayMemory
"""What a flash can live in."""


@lru_cache(32)
def _erased(size: int) -> bytes:
    """Erased cells; the same ones for all flashes."""
    return bytes([0xFF]) * size


class SimulatedFlash:
    """A strict flash that loses its power on request.

    A buffer of zeros becomes an erased flash; a buffer that was a flash goes on as it was.

    Attributes:
        operations: how many prog and erase operations were begun; may be set to count anew.
        last_operation: the newest of them, for reports.

    Raises:
        GeometryError: the buffer has another size, or holds something else.
    """

    def __init__(self, memory: Memory, geometry: Geometry) -> None:
        if len(memory) != self.size_of(geometry):
            raise GeometryError(
                f"a flash of {geometry.size} bytes needs {self.size_of(geometry)} bytes of "
                f"memory, not {len(memory)}"
            )
        self._memory = memory
        self._geometry = geometry
        self._sector_marks = geometry.size
        self._page_marks = self._sector_marks + geometry.sector_count
        self._cut: Cut | None = None
        self._failing: int | None = None
        self._dead = False
        self._erased_sector = _erased(geometry.sector_size)
        self._erased_page = _erased(geometry.page_size)
        self._good_pages = bytes([_GOOD]) * geometry.pages_per_sector
        self.operations = 0
        self.last_operation: Operation | None = None
        self._open()

    @staticmethod
    def size_of(geometry: Geometry) -> int:
        """Bytes of memory that a flash of this geometry needs, marks and trailer included."""
        return geometry.size + geometry.sector_count + geometry.page_count + _TRAILER.size

    @staticmethod
    def geometry_of(memory: Memory) -> Geometry:
        """Return the geometry of the flash that *memory* holds.

        Raises:
            GeometryError: it holds none.
        """
        if len(memory) < _TRAILER.size:
            raise GeometryError("the memory holds no flash")
        trailer = bytes(memory[len(memory) - _TRAILER.size :])
        magic, page_size, sector_size, sector_count, _, crc32 = _TRAILER.unpack(trailer)
        if magic != _MAGIC or crc32 != zlib.crc32(trailer[:24]):
            raise GeometryError("the memory holds no flash")
        return Geometry(page_size, sector_size, sector_count)

    @property
    def geometry(self) -> Geometry:
        """Its sizes."""
        return self._geometry

    @property
    def is_powered(self) -> bool:
        """Whether the supply is there."""
        return not self._dead

    # -- what the device sees ---------------------------------------------------------

    def read(self, offset: int, size: int) -> bytes:
        """Return *size* bytes from *offset*; a torn page reads as it was left.

        Raises:
            FlashMisuseError: outside the flash.
            PowerLost: the supply is gone.
        """
        self._require_power()
        if size < 0 or offset < 0 or offset + size > self._geometry.size:
            raise FlashMisuseError(offset, f"a read of {size} bytes leaves the flash")
        return bytes(self._memory[offset : offset + size])

    def prog(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program the one page at *offset*.

        Raises:
            FlashMisuseError: see the rules at the top of this file.
            FlashError: a failure armed with fail_at().
            PowerLost: the supply is gone, or goes in this operation.
        """
        self._require_power()
        page_size = self._geometry.page_size
        if offset % page_size or not 0 <= offset < self._geometry.size:
            raise FlashMisuseError(offset, "a prog starts at a page of the flash")
        if len(data) != page_size:
            raise FlashMisuseError(offset, f"a prog has exactly {page_size} bytes, not {len(data)}")
        self._check_programmable(offset)
        operation = self._begin(OperationKind.PROG, offset, page_size)
        self._memory[self._page_marks + offset // page_size] = _SPOILED
        landed = bytes(data)
        if operation.cut is CutMode.HEAD:
            landed = landed[: page_size // 2]
        elif operation.cut is CutMode.TAIL:
            offset, landed = offset + 1, landed[1:]
        elif operation.cut is CutMode.BEFORE:
            landed = b""
        self._memory[offset : offset + len(landed)] = landed
        self._end(operation)

    def erase(self, offset: int) -> None:
        """Erase the one sector at *offset*.

        Raises:
            FlashMisuseError: see the rules at the top of this file.
            FlashError: a failure armed with fail_at().
            PowerLost: the supply is gone, or goes in this operation.
        """
        self._require_power()
        size = self._geometry.sector_size
        if offset % size or not 0 <= offset < self._geometry.size:
            raise FlashMisuseError(offset, "an erase starts at a sector of the flash")
        operation = self._begin(OperationKind.ERASE, offset, size)
        self._memory[self._sector_marks + operation.sector] = _SPOILED
        first, end = offset, offset + size
        if operation.cut is CutMode.HEAD:
            end = offset + size // 2
        elif operation.cut is CutMode.TAIL:
            first = offset + 1
        elif operation.cut is CutMode.BEFORE:
            end = first
        self._memory[first:end] = self._erased_sector[: end - first]
        if operation.cut in (None, CutMode.AFTER):
            marks = self._page_marks + offset // self._geometry.page_size
            self._memory[marks : marks + len(self._good_pages)] = self._good_pages
            self._memory[self._sector_marks + operation.sector] = _GOOD
        self._end(operation)

    def digest(self, offset: int, size: int) -> bytes | None:
        """SHA-256 of what ``read`` would return, if that is known without reading.

        It is where the memory is an image that many flashes share and this one has not
        changed a byte of it there; ``None`` means: read.

        Raises:
            PowerLost: the supply is gone.
        """
        self._require_power()
        if not isinstance(self._memory, OverlayMemory):
            return None
        return self._memory.shared_digest(offset, size)

    # -- what the laboratory does ------------------------------------------------------

    def lose_power_at(self, cut: Cut | None) -> None:
        """Arm one power cut, replacing an armed one; None disarms."""
        self._cut = cut

    def lose_power(self) -> None:
        """Cut the power now, between two operations."""
        self._dead = True

    def power_on(self) -> None:
        """Bring the supply back; memory is as the cut left it."""
        self._dead = False

    def fail_at(self, operation: int | None) -> None:
        """Arm one chip failure: that operation spoils what it works on and reports it."""
        self._failing = operation

    def close(self) -> None:
        """Let the memory go; a mapped file is closed."""
        self._dead = True
        if isinstance(self._memory, mmap.mmap):
            self._memory.close()

    # -- inside ------------------------------------------------------------------------

    def _open(self) -> None:
        start = len(self._memory) - _TRAILER.size
        magic = bytes(self._memory[start : start + 8])
        if magic == bytes(8):
            self._format(start)
        elif self.geometry_of(self._memory) != self._geometry:
            raise GeometryError("the memory holds a flash of another geometry")

    def _format(self, start: int) -> None:
        """Erase everything; the magic comes last, so that a killed format is begun again."""
        for sector in range(self._geometry.sector_count):
            first = sector * self._geometry.sector_size
            self._memory[first : first + self._geometry.sector_size] = self._erased_sector
        count = start - self._sector_marks
        self._memory[self._sector_marks : start] = bytes([_GOOD]) * count
        facts = self._geometry
        head = _TRAILER.pack(_MAGIC, facts.page_size, facts.sector_size, facts.sector_count, 0, 0)
        trailer = head[:24] + zlib.crc32(head[:24]).to_bytes(4, "little") + bytes(4)
        self._memory[start + 8 : start + len(trailer)] = trailer[8:]
        self._memory[start : start + 8] = trailer[:8]

    def _require_power(self) -> None:
        if self._dead:
            raise PowerLost

    def _check_programmable(self, offset: int) -> None:
        page_size = self._geometry.page_size
        page = offset // page_size
        sector = offset // self._geometry.sector_size
        if self._memory[self._sector_marks + sector] != _GOOD:
            raise FlashMisuseError(offset, "an erase of this sector did not end; erase it again")
        last = self._page_marks + (sector + 1) * self._geometry.pages_per_sector
        marks = bytes(self._memory[self._page_marks + page : last])
        if marks[0] != _GOOD:
            raise FlashMisuseError(offset, "this page was programmed and not erased since")
        if _SPOILED in marks:
            raise FlashMisuseError(offset, "pages of one sector are programmed in rising order")
        if bytes(self._memory[offset : offset + page_size]) != self._erased_page:
            raise FlashMisuseError(offset, "this page is torn; erase its sector")

    def _begin(self, kind: OperationKind, offset: int, size: int) -> Operation:
        number = self.operations
        cut = self._cut.mode if self._cut is not None and self._cut.operation == number else None
        sector = offset // self._geometry.sector_size
        operation = Operation(number, kind, offset, size, sector, cut)
        self.operations += 1
        self.last_operation = operation
        if self._failing == number:
            self._failing = None
            marks, index = self._sector_marks, sector
            if kind is OperationKind.PROG:
                marks, index = self._page_marks, offset // self._geometry.page_size
            self._memory[marks + index] = _SPOILED
            raise FlashError(f"the chip reports a failed {operation}")
        return operation

    def _end(self, operation: Operation) -> None:
        if operation.cut is not None:
            self._cut = None
            self._dead = True
            raise PowerLost
