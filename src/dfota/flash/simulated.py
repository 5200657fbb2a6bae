# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A NAND or NOR flash over any buffer, stricter than silicon; it opens no file itself.

What it refuses with FlashMisuseError, because a real chip would corrupt data:

1. anything outside the flash; an erase that is not one whole aligned sector; on NAND a prog
   that is not one whole aligned page, on NOR one that is not whole words of one page;
2. a prog of a page (on NOR: of a word) that was programmed, or that a torn or failed operation
   touched, since its sector was last erased completely, also when it still reads 0xff;
3. on NAND a prog below a page of the same sector that is already programmed.

**Layout of the buffer.** ``data | one mark per sector | one mark per page | wrong bits per
page (u8) | erases per sector (u32) | trailer``. They are what a real chip keeps in its cells
and its spare area; they live in the buffer so that a mapped file carries them over a
``kill -9``.

**Order of the memory writes**, so that a process killed between any two of them, or in
the middle of one, leaves a state that a power cut could have left:

* prog: 1. page mark = spoiled (one byte; prog_many: of all pages of a sector); 2. the data;
  3. on NOR page mark = programmed. Killed before 1: nothing happened. After 1: the page is
  spoiled and holds none, some or all of its bytes: BEFORE, torn, AFTER.
* erase: 1. the count of erases; 2. sector mark = spoiled (one byte); 3. data = 0xff; 4. page
  marks and wrong bits; 5. sector mark = good (one byte). Killed from 2 to 5: the whole sector
  is spoiled and holds a mixture; no page of it can be programmed. After 5: erased.

So a page whose data were touched is always marked first, and no page ever looks
programmable while it holds anything but 0xff. (Order between pages of a file is not kept
when the whole computer loses power; for that, the mark is checked against the data.)
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache

from dfota.errors import FlashError, FlashMisuseError, FlashUnreadableError, GeometryError
from dfota.flash.faults import ECC_BITS, ENDURANCE, Fault, FaultKind, FaultSource
from dfota.flash.geometry import WORD_SIZE, FlashKind, Geometry
from dfota.flash.power import Cut, CutMode, Operation, OperationKind, PowerLost
from dfota.flash.shared import OverlayMemory

_GOOD = 0xFF
_SPOILED = 0x00
_PROGRAMMED = 0xA5
"""A page of NOR, some words of which may still be blank."""
_BAD = 0xB0
_FACTORY_BAD = 0xB1
_STUCK = 0x5C
_UNREADABLE = 0xFF
"""Wrong bits of a page: more than anybody counts."""
_SILENT = 0xFE
"""Wrong bits of a page: nobody noticed them."""

_TRAILER = struct.Struct("<8sIIIII4x")
_MAGIC = b"DFOTASF2"
_COUNT_SIZE = 4

Memory = bytearray | memoryview | mmap.mmap | OverlayMemory
"""What a flash can live in."""


@lru_cache(32)
def _erased(size: int) -> bytes:
    """Erased cells; the same ones for all flashes."""
    return bytes([0xFF]) * size


class SimulatedFlash:
    """A strict flash that loses its power, and fails, on request.

    A buffer of zeros becomes an erased flash; a buffer that was a flash goes on as it was.

    Attributes:
        operations: how many prog and erase operations were begun; may be set to count anew.
        last_operation: the newest of them, for reports.
        faults: asked at every operation what goes wrong in it; None: nothing.
        endurance: how often a sector can be erased.
        corrected_bits: how many wrong bits ECC has corrected since this object was made.

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
        self._is_nor = geometry.kind is FlashKind.NOR
        self._sector_marks = geometry.size
        self._page_marks = self._sector_marks + geometry.sector_count
        self._wrong_bits = self._page_marks + geometry.page_count
        self._counts = self._wrong_bits + geometry.page_count
        self._cut: Cut | None = None
        self._planned: dict[int, Fault] = {}
        self._dead = False
        self._weak: dict[int, int] = {}
        self._erased_sector = _erased(geometry.sector_size)
        self._good_pages = _erased(geometry.pages_per_sector)
        self.operations = 0
        self.last_operation: Operation | None = None
        self.faults: FaultSource | None = None
        self.endurance = ENDURANCE
        self.corrected_bits = 0
        self._open()

    @staticmethod
    def size_of(geometry: Geometry) -> int:
        """Bytes of memory that a flash of this geometry needs, marks and trailer included."""
        beside = (1 + _COUNT_SIZE) * geometry.sector_count + 2 * geometry.page_count
        return geometry.size + beside + _TRAILER.size

    @staticmethod
    def geometry_of(memory: Memory | bytes) -> Geometry:
        """Return the geometry of the flash that *memory* holds.

        Raises:
            GeometryError: it holds none.
        """
        if len(memory) < _TRAILER.size:
            raise GeometryError("the memory holds no flash")
        trailer = bytes(memory[len(memory) - _TRAILER.size :])
        magic, page_size, sector_size, sector_count, kind, crc32 = _TRAILER.unpack(trailer)
        if magic != _MAGIC or crc32 != zlib.crc32(trailer[:24]) or kind not in tuple(FlashKind):
            raise GeometryError("the memory holds no flash of this version")
        return Geometry(page_size, sector_size, sector_count, FlashKind(kind))

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
            FlashUnreadableError: ECC cannot correct a page of it.
            PowerLost: the supply is gone.
        """
        self._require_power()
        if size < 0 or offset < 0 or offset + size > self._geometry.size:
            raise FlashMisuseError(offset, f"a read of {size} bytes leaves the flash")
        if self._weak:
            for page, bits in self._weak_pages(offset, size):
                if bits == _SILENT:
                    continue
                if bits > ECC_BITS:
                    raise FlashUnreadableError(page * self._geometry.page_size)
                self.corrected_bits += bits
        return bytes(self._memory[offset : offset + size])

    def prog(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program the one page at *offset*; on NOR any words of one page.

        Raises:
            FlashMisuseError: see the rules at the top of this file.
            FlashError: the chip reports a failure.
            PowerLost: the supply is gone, or goes in this operation.
        """
        self._require_power()
        self._check_extent(offset, len(data))
        sector = offset // self._geometry.sector_size
        mark = self._memory[self._sector_marks + sector]
        if mark not in (_BAD, _FACTORY_BAD):
            self._check_programmable(offset, len(data), mark)
        operation, fault = self._begin(OperationKind.PROG, offset, len(data))
        self._mark_page(offset, _SPOILED)
        landed = bytes(data)
        failed = mark in (_BAD, _FACTORY_BAD) or fault in (FaultKind.FAIL, FaultKind.BAD)
        if operation.cut is CutMode.HEAD or (failed and operation.cut is None):
            landed = landed[: len(landed) // 2]
        elif operation.cut is CutMode.TAIL:
            offset, landed = offset + 1, landed[1:]
        elif operation.cut is CutMode.BEFORE:
            landed = b""
        if mark != _GOOD or self._weak:
            # What is not blank keeps the bits that it has.
            before = self._memory[offset : offset + len(landed)]
            landed = bytes(old & new for old, new in zip(before, landed, strict=True))
        self._memory[offset : offset + len(landed)] = landed
        if self._is_nor and operation.cut in (None, CutMode.AFTER) and not failed:
            self._mark_page(operation.offset, _PROGRAMMED)
        self._end(operation, fault, failed=failed)

    def prog_many(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program whole pages from *offset* on; each is an operation, as with prog().

        Raises:
            FlashMisuseError: see the rules at the top of this file.
            FlashError: the chip reports a failure in one of them; those before are done.
            PowerLost: the supply is gone, or goes in one of them; those before are done.
        """
        page_size, sector_size = self._geometry.page_size, self._geometry.sector_size
        if offset % page_size or len(data) % page_size:
            raise FlashMisuseError(offset, "prog_many takes whole pages")
        with memoryview(data) as view:
            first = 0
            while first < len(view):
                end = min(len(view), first + sector_size - (offset + first) % sector_size)
                if not self._prog_at_once(offset + first, view[first:end]):
                    for at in range(first, end, page_size):
                        self.prog(offset + at, view[at : at + page_size])
                first = end

    def erase(self, offset: int) -> None:
        """Erase the one sector at *offset*.

        Raises:
            FlashMisuseError: see the rules at the top of this file.
            FlashError: the chip reports a failure.
            PowerLost: the supply is gone, or goes in this operation.
        """
        self._require_power()
        size = self._geometry.sector_size
        if offset % size or not 0 <= offset < self._geometry.size:
            raise FlashMisuseError(offset, "an erase starts at a sector of the flash")
        operation, fault = self._begin(OperationKind.ERASE, offset, size)
        sector = operation.sector
        self._count_erase(sector)
        mark = self._memory[self._sector_marks + sector]
        if mark not in (_BAD, _FACTORY_BAD) and self.erases(sector) > self.endurance:
            fault = FaultKind.BAD
        failed = mark in (_BAD, _FACTORY_BAD) or fault in (FaultKind.FAIL, FaultKind.BAD)
        if mark in (_GOOD, _SPOILED):
            self._memory[self._sector_marks + sector] = _SPOILED
        first, end = offset, offset + size
        if mark not in (_GOOD, _SPOILED) or operation.cut is CutMode.BEFORE:
            end = first
        elif operation.cut is CutMode.HEAD or (failed and operation.cut is None):
            end = offset + size // 2
        elif operation.cut is CutMode.TAIL:
            first = offset + 1
        self._memory[first:end] = self._erased_sector[: end - first]
        if operation.cut in (None, CutMode.AFTER) and not failed:
            self._forget_pages(offset)
            if mark in (_GOOD, _SPOILED):
                self._memory[self._sector_marks + sector] = _GOOD
        self._end(operation, fault, failed=failed)

    def is_factory_bad(self, sector: int) -> bool:
        """Whether its maker marked *sector* as bad."""
        return self._memory[self._sector_marks + sector] == _FACTORY_BAD

    def corrections(self, offset: int, size: int) -> int:
        """The most wrong bits in one page from *offset* on that ECC corrects, as chips report."""
        self._require_power()
        bits = (bits for _, bits in self._weak_pages(offset, size) if bits != _SILENT)
        return max(bits, default=0)

    def digest(self, offset: int, size: int) -> bytes | None:
        """SHA-256 of what ``read`` would return, if that is known without reading.

        It is where the memory is an image that many flashes share and this one has not
        changed a byte of it there; ``None`` means: read.

        Raises:
            PowerLost: the supply is gone.
        """
        self._require_power()
        if not isinstance(self._memory, OverlayMemory) or self._weak_pages(offset, size):
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
        self._planned.clear()
        if operation is not None:
            self._planned[operation] = Fault(operation, FaultKind.FAIL)

    def inject(self, *faults: Fault) -> None:
        """Arm faults, one for an operation; those that were armed stay."""
        self._planned.update((fault.operation, fault) for fault in faults)

    def damage(self, offset: int, kind: FaultKind) -> None:
        """Let *kind* happen to the page or sector at *offset* now, between two operations."""
        sector = offset // self._geometry.sector_size
        if kind is FaultKind.FACTORY_BAD:
            self._memory[self._sector_marks + sector] = _FACTORY_BAD
        elif kind in (FaultKind.BAD, FaultKind.FAIL):
            self._memory[self._sector_marks + sector] = _BAD
        elif kind is FaultKind.STUCK:
            self._memory[self._sector_marks + sector] = _STUCK
        elif kind is FaultKind.WORN:
            self._set_erases(sector, max(self.endurance, self.erases(sector)))
        else:
            page = offset // self._geometry.page_size
            if kind is FaultKind.SILENT:
                self._memory[offset] ^= 1
                bits = _SILENT
            else:
                bits = self._weak.get(page, 0) + 1 if kind is FaultKind.FLIP else _UNREADABLE
                if kind is FaultKind.UNREADABLE:
                    # Whoever takes what comes nevertheless takes something wrong.
                    first = page * self._geometry.page_size
                    self._memory[first : first + 8] = bytes(
                        byte ^ 0x5A for byte in self._memory[first : first + 8]
                    )
            self._weak[page] = self._memory[self._wrong_bits + page] = min(bits, _UNREADABLE)

    def erases(self, sector: int) -> int:
        """How often *sector* was erased."""
        at = self._counts + _COUNT_SIZE * sector
        return int.from_bytes(self._memory[at : at + _COUNT_SIZE], "little")

    def image(self) -> bytes:
        """All that the chip holds, marks and counts included."""
        return bytes(self._memory[0 : len(self._memory)])

    def check_image(self, image: bytes) -> None:
        """Refuse what ``restore`` would.

        Raises:
            GeometryError: it is of another flash.
        """
        if len(image) != len(self._memory) or self.geometry_of(image) != self._geometry:
            raise GeometryError("the image is that of another flash")

    def restore(self, image: bytes) -> None:
        """Become what ``image`` once gave; armed cuts and faults are forgotten.

        Raises:
            GeometryError: it is of another flash.
        """
        self.check_image(image)
        self._memory[0 : len(image)] = image
        self._cut = None
        self._planned.clear()
        self._weak = {}
        self._open()

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
        bits = bytes(self._memory[self._wrong_bits : self._counts])
        if any(bits):
            self._weak = {page: count for page, count in enumerate(bits) if count}

    def _format(self, start: int) -> None:
        """Erase everything; the magic comes last, so that a killed format is begun again."""
        for sector in range(self._geometry.sector_count):
            first = sector * self._geometry.sector_size
            self._memory[first : first + self._geometry.sector_size] = self._erased_sector
        count = self._wrong_bits - self._sector_marks
        self._memory[self._sector_marks : self._wrong_bits] = bytes([_GOOD]) * count
        self._memory[self._wrong_bits : start] = bytes(start - self._wrong_bits)
        facts = self._geometry
        head = _TRAILER.pack(
            _MAGIC, facts.page_size, facts.sector_size, facts.sector_count, facts.kind, 0
        )
        trailer = head[:24] + zlib.crc32(head[:24]).to_bytes(4, "little") + bytes(4)
        self._memory[start + 8 : start + len(trailer)] = trailer[8:]
        self._memory[start : start + 8] = trailer[:8]

    def _require_power(self) -> None:
        if self._dead:
            raise PowerLost

    def _check_extent(self, offset: int, size: int) -> None:
        page_size = self._geometry.page_size
        if self._is_nor:
            if offset % WORD_SIZE or not 0 <= offset < self._geometry.size:
                raise FlashMisuseError(offset, "a prog starts at a word of the flash")
            if not size or size % WORD_SIZE or offset % page_size + size > page_size:
                raise FlashMisuseError(offset, f"a prog has whole words of one page, not {size}")
            return
        if offset % page_size or not 0 <= offset < self._geometry.size:
            raise FlashMisuseError(offset, "a prog starts at a page of the flash")
        if size != page_size:
            raise FlashMisuseError(offset, f"a prog has exactly {page_size} bytes, not {size}")

    def _check_programmable(self, offset: int, size: int, mark: int) -> None:
        page_size = self._geometry.page_size
        page = offset // page_size
        sector = offset // self._geometry.sector_size
        if mark == _SPOILED:
            raise FlashMisuseError(offset, "an erase of this sector did not end; erase it again")
        last = self._page_marks + (sector + 1) * self._geometry.pages_per_sector
        marks = bytes(self._memory[self._page_marks + page : last])
        if marks[0] == _SPOILED or (marks[0] != _GOOD and not self._is_nor):
            raise FlashMisuseError(offset, "this page was programmed and not erased since")
        if not self._is_nor and _SPOILED in marks:
            raise FlashMisuseError(offset, "pages of one sector are programmed in rising order")
        if mark == _STUCK or self._weak.get(page) == _SILENT:
            return
        if bytes(self._memory[offset : offset + size]) != self._erased_sector[:size]:
            what = "these words were programmed" if self._is_nor else "this page is torn"
            raise FlashMisuseError(offset, f"{what}; erase the sector")

    def _prog_at_once(self, offset: int, data: memoryview) -> bool:
        """Program pages of one sector if nothing can happen in between; else False."""
        self._require_power()
        page_size, sector_size = self._geometry.page_size, self._geometry.sector_size
        size, count = len(data), len(data) // page_size
        if not 0 <= offset < self._geometry.size:
            return False
        numbers = range(self.operations, self.operations + count)
        sector, page = offset // sector_size, offset // page_size
        marks = self._page_marks + page
        end = self._page_marks + (sector + 1) * self._geometry.pages_per_sector
        if (
            self.faults is not None
            or (self._cut is not None and self._cut.operation in numbers)
            or not self._planned.keys().isdisjoint(numbers)
            or self._memory[self._sector_marks + sector] != _GOOD
            or bytes(self._memory[marks:end]) != self._good_pages[: end - marks]
            or bytes(self._memory[offset : offset + size]) != self._erased_sector[:size]
        ):
            return False
        self._memory[marks : marks + count] = bytes([_SPOILED]) * count
        self._memory[offset : offset + size] = data
        if self._is_nor:
            self._memory[marks : marks + count] = bytes([_PROGRAMMED]) * count
        self.operations += count
        self.last_operation = Operation(
            self.operations - 1,
            OperationKind.PROG,
            offset + size - page_size,
            page_size,
            sector,
        )
        return True

    def _mark_page(self, offset: int, mark: int) -> None:
        self._memory[self._page_marks + offset // self._geometry.page_size] = mark

    def _forget_pages(self, offset: int) -> None:
        """What an erase that ended knows of its pages: nothing."""
        pages = len(self._good_pages)
        first = offset // self._geometry.page_size
        self._memory[self._page_marks + first : self._page_marks + first + pages] = self._good_pages
        if self._weak:
            for page in range(first, first + pages):
                if self._weak.pop(page, 0):
                    self._memory[self._wrong_bits + page] = 0

    def _count_erase(self, sector: int) -> None:
        self._set_erases(sector, min(self.erases(sector) + 1, 0xFFFFFFFF))

    def _set_erases(self, sector: int, count: int) -> None:
        at = self._counts + _COUNT_SIZE * sector
        self._memory[at : at + _COUNT_SIZE] = count.to_bytes(_COUNT_SIZE, "little")

    def _weak_pages(self, offset: int, size: int) -> Iterable[tuple[int, int]]:
        first = offset // self._geometry.page_size
        last = (offset + size - 1) // self._geometry.page_size
        return [(page, bits) for page, bits in self._weak.items() if first <= page <= last]

    def _begin(
        self, kind: OperationKind, offset: int, size: int
    ) -> tuple[Operation, FaultKind | None]:
        """Count an operation; return it and what goes wrong in it.

        What concerns the sector from now on happens at once; what happens to the page
        afterwards is for _end().
        """
        number = self.operations
        cut = self._cut.mode if self._cut is not None and self._cut.operation == number else None
        sector = offset // self._geometry.sector_size
        operation = Operation(number, kind, offset, size, sector, cut)
        self.operations += 1
        self.last_operation = operation
        planned = self._planned.pop(number, None)
        if planned is not None and planned.offset is not None:
            if cut is None:
                self.damage(planned.offset, planned.kind)
            return operation, None
        fault = planned.kind if planned is not None else None
        if fault is None and self.faults is not None:
            fault = self.faults(operation)
        if fault in (FaultKind.STUCK, FaultKind.WORN):
            if self._memory[self._sector_marks + sector] == _GOOD or fault is FaultKind.WORN:
                self.damage(offset, fault)
            fault = None
        return operation, fault

    def _end(self, operation: Operation, fault: FaultKind | None, *, failed: bool) -> None:
        if fault is FaultKind.BAD:
            self.damage(operation.offset, fault)
        if operation.cut is not None:
            self._cut = None
            self._dead = True
            raise PowerLost
        if failed:
            raise FlashError(f"the chip reports a failed {operation}")
        if fault is not None:
            self.damage(operation.offset, fault)
