# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Bad-block management: a good flash made of a NAND chip and some spare sectors.

It lies between engine and chip and knows nothing of updates. The chip's first sectors hold
the map, then come the sectors that the engine sees, then the spares. Every prog and erase
is read back; a sector that fails, or does not hold what it should, is replaced by a spare one.
Byte-exact format of a map record, one page, little-endian (docs/spec/flash-layout.md)::

    magic 8s "DFOTABB1" | sequence u32 | sectors u16 | spares u16 | entries u16 | zero u16
    entries  sector u16 | replacement u16           (each; sector 0xffff: the other is bad)
    zeros … | crc32 u32 over all the page before it

Rules that bind whoever changes this file:

1. A replacement holds everything that its sector held before the record says so: a cut
   before the record leaves the operation torn, as on any flash.
2. Every record says everything and is written to two sectors, so that one page that cannot
   be read takes nothing back; and no record goes to a sector that holds the newest one.
3. No page is programmed that was not erased since this object was made.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from dfota.errors import FlashError, FlashMisuseError, GeometryError
from dfota.flash.geometry import Flash, FlashKind, Geometry

MAP_MAGIC = b"DFOTABB1"
MAP_SECTORS = 4
"""Two for the newest record, two for the next one."""
SECTORS_MAX = 0xFFFE
"""Numbers of sectors have 16 bits, and one number means "bad"."""

_HEADER = struct.Struct("<8sIHHHH")
_ENTRY = struct.Struct("<HH")
_CRC32 = struct.Struct("<I")
_NONE = 0xFFFF
_COPIES = 2


class Chip(Flash, Protocol):
    """A NAND chip, with what it tells of itself."""

    def is_factory_bad(self, sector: int) -> bool:
        """Whether its maker marked *sector* as bad."""

    def corrections(self, offset: int, size: int) -> int:
        """The most wrong bits in one page from *offset* on that ECC corrects."""


@dataclass(slots=True)
class _Map:
    """What a record says: *moved* sectors of the engine, and *bad* sectors of the chip."""

    count: int
    spares: int
    sequence: int = 0
    moved: dict[int, int] = field(default_factory=dict)
    bad: set[int] = field(default_factory=set)

    def encode(self, page_size: int) -> bytes:
        entries = [*self.moved.items(), *((_NONE, sector) for sector in sorted(self.bad))]
        if len(entries) > entries_max(page_size):
            raise FlashError("more sectors are bad than a page can list")
        head = _HEADER.pack(MAP_MAGIC, self.sequence, self.count, self.spares, len(entries), 0)
        body = b"".join([head, *(_ENTRY.pack(*entry) for entry in entries)])
        body = body.ljust(page_size - _CRC32.size, b"\0")
        return body + _CRC32.pack(zlib.crc32(body))

    @classmethod
    def decode(cls, page: bytes) -> _Map | None:
        if not page.startswith(MAP_MAGIC) or _CRC32.pack(zlib.crc32(page[:-4])) != page[-4:]:
            return None
        _, sequence, count, spares, entries, _ = _HEADER.unpack_from(page)
        if entries > entries_max(len(page)):
            return None
        found = cls(count, spares, sequence)
        for index in range(entries):
            sector, other = _ENTRY.unpack_from(page, _HEADER.size + index * _ENTRY.size)
            if sector == _NONE:
                found.bad.add(other)
            else:
                found.moved[sector] = other
        return found


def entries_max(page_size: int) -> int:
    """How many replacements and bad sectors one record can list."""
    return (page_size - _HEADER.size - _CRC32.size) // _ENTRY.size


class ManagedFlash:
    """A flash without bad sectors, as long as there are spare ones.

    Attributes:
        replaced: how many sectors were replaced since this object was made.

    Raises:
        GeometryError: the chip holds no map; format() makes one.
    """

    def __init__(self, chip: Chip, *, made: _Map | None = None) -> None:
        self._chip = chip
        physical = chip.geometry
        self._size = physical.sector_size
        self._homes: list[int] = []
        """Sectors of the map that hold the newest record."""
        self._open: dict[int, int] = {}
        """Sectors of the map that were erased here, and the next free page of each."""
        found = made or self._find()
        if found is None:
            raise GeometryError("the chip holds no map of its bad sectors")
        if found.count < 1 or MAP_SECTORS + found.count + found.spares > physical.sector_count:
            raise GeometryError("the map of bad sectors is of another chip")
        self._map = found
        self._geometry = Geometry(physical.page_size, self._size, found.count, physical.kind)
        self.replaced = 0

    @classmethod
    def format(cls, chip: Chip, spare_count: int) -> ManagedFlash:
        """Make the map of a chip whose content does not matter, and open it.

        Args:
            chip: a NAND chip; sectors that its maker marked as bad are replaced at once.
            spare_count: sectors set aside; a chip's data sheet says how many can go bad.

        Raises:
            GeometryError: the chip is too small, too large, or NOR.
            FlashError: the map cannot be written, or too many sectors are bad.
        """
        geometry = chip.geometry
        count = geometry.sector_count - MAP_SECTORS - spare_count
        if geometry.kind is not FlashKind.NAND:
            raise GeometryError("NOR flash has no bad sectors to manage")
        if count < 1 or spare_count < 0 or geometry.sector_count > SECTORS_MAX:
            raise GeometryError(
                f"{geometry.sector_count} sectors cannot be managed with {spare_count} spare ones"
            )
        if 2 * spare_count + MAP_SECTORS > entries_max(geometry.page_size):
            raise GeometryError(f"a page of {geometry.page_size} bytes cannot list all spares")
        made = _Map(count, spare_count)
        sectors = range(geometry.sector_count)
        made.bad = {sector for sector in sectors if chip.is_factory_bad(sector)}
        spares = iter(s for s in sectors[MAP_SECTORS + count :] if s not in made.bad)
        for sector in range(count):
            if sector + MAP_SECTORS in made.bad:
                spare = next(spares, None)
                if spare is None:
                    raise FlashError("the chip has more bad sectors than spare ones")
                made.moved[sector] = spare
        # Whatever was found in these sectors before is no map any more.
        for sector in range(MAP_SECTORS):
            with suppress(FlashError):
                chip.erase(sector * geometry.sector_size)
        formatted = cls(chip, made=made)
        formatted.save()
        return formatted

    @property
    def geometry(self) -> Geometry:
        """The sizes that the engine sees."""
        return self._geometry

    @property
    def bad_sectors(self) -> tuple[int, ...]:
        """Sectors of the chip that are not used any more."""
        return tuple(sorted(self._map.bad))

    @property
    def spares_left(self) -> int:
        """How many more sectors may go bad."""
        return sum(1 for _ in self._spares())

    # -- what the engine sees -----------------------------------------------------------

    def read(self, offset: int, size: int) -> bytes:
        """Return *size* bytes from *offset*.

        Raises:
            FlashMisuseError: outside the flash.
            FlashUnreadableError: ECC cannot correct a page of it.
        """
        if size < 0 or offset < 0 or offset + size > self._geometry.size:
            raise FlashMisuseError(offset, f"a read of {size} bytes leaves the flash")
        if not self._map.moved:
            return self._chip.read(offset + MAP_SECTORS * self._size, size)
        pieces = []
        while size > 0:
            take = min(size, self._size - offset % self._size)
            pieces.append(self._chip.read(self._place(offset), take))
            offset, size = offset + take, size - take
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def digest(self, offset: int, size: int) -> bytes | None:
        """SHA-256 of what read() would return, where the chip knows it without reading."""
        known = getattr(self._chip, "digest", None)
        if known is None or self._map.moved:
            return None
        found: bytes | None = known(offset + MAP_SECTORS * self._size, size)
        return found

    def prog(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program the one page at *offset*, on a spare sector if need be.

        Raises:
            FlashMisuseError: see SimulatedFlash.
            FlashError: no spare sector is left.
        """
        if offset % self._geometry.page_size or len(data) != self._geometry.page_size:
            raise FlashMisuseError(offset, "a prog is one whole page")
        self.prog_many(offset, data)

    def prog_many(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program whole pages from *offset* on, on spare sectors if need be.

        Raises:
            FlashMisuseError: see SimulatedFlash.
            FlashError: no spare sector is left.
        """
        if offset % self._geometry.page_size or len(data) % self._geometry.page_size:
            raise FlashMisuseError(offset, "prog_many takes whole pages")
        if offset < 0 or offset + len(data) > self._geometry.size:
            raise FlashMisuseError(offset, "a prog leaves the flash")
        whole = bytes(data)
        first = 0
        while first < len(whole):
            at = offset + first
            end = min(len(whole), first + self._size - at % self._size)
            piece = whole[first:end]
            if not self._holds_after_prog(self._place(at), piece):
                before = at - at % self._size
                kept = self._chip.read(self._place(before), at - before)
                self._replace(before // self._size, kept + piece)
            first = end

    def erase(self, offset: int) -> None:
        """Erase the one sector at *offset*, or put a spare one in its place.

        Raises:
            FlashMisuseError: not the start of a sector.
            FlashError: no spare sector is left.
        """
        if offset % self._size or not 0 <= offset < self._geometry.size:
            raise FlashMisuseError(offset, "an erase starts at a sector of the flash")
        if not self._is_blank_after_erase(self._place(offset)):
            self._replace(offset // self._size, b"")

    def save(self) -> None:
        """Write the map as it is.

        Raises:
            FlashError: no sector for it is left.
        """
        self._commit()

    def refresh(self) -> int:
        """Write sectors anew in which ECC had to correct bits; returns how many.

        Each is copied to a spare sector, its own is erased, and it is copied back. A cut at
        any moment leaves it readable. Nothing else may be under way.

        Raises:
            FlashError: no spare sector is left, or a sector cannot be read.
        """
        weak = [
            sector
            for sector in range(self._map.count)
            if self._chip.corrections(self._place(sector * self._size), self._size)
        ]
        for sector in weak:
            data = self._chip.read(self._place(sector * self._size), self._size)
            data = data[: self._geometry.pages(len(data.rstrip(b"\xff"))) * self.geometry.page_size]
            home = self._map.moved.get(sector, sector + MAP_SECTORS)
            self._move(sector, data)
            if self._is_blank_after_erase(home * self._size) and self._holds_after_prog(
                home * self._size, data
            ):
                self._commit(moved={sector: home})
            else:
                self._commit(bad={home})
        return len(weak)

    # -- inside ---------------------------------------------------------------------------

    def _place(self, offset: int) -> int:
        """Where the chip keeps what the engine sees at *offset*."""
        sector = offset // self._size
        return self._map.moved.get(sector, sector + MAP_SECTORS) * self._size + offset % self._size

    def _holds_after_prog(self, place: int, data: bytes) -> bool:
        try:
            self._chip.prog_many(place, data)
            return self._chip.read(place, len(data)) == data
        except FlashMisuseError:
            raise
        except FlashError:
            return False

    def _is_blank_after_erase(self, place: int) -> bool:
        try:
            self._chip.erase(place)
            data = self._chip.read(place, self._size)
        except FlashError:
            return False
        return data.count(0xFF) == len(data)

    def _replace(self, sector: int, data: bytes) -> None:
        """Let a spare sector that holds *data* take the place of one that has failed."""
        bad = self._map.moved.get(sector, sector + MAP_SECTORS)
        self._move(sector, data, bad={bad})
        self.replaced += 1

    def _move(self, sector: int, data: bytes, *, bad: set[int] | None = None) -> None:
        bad = set(bad or ())
        while True:
            spare = self._take_spare(bad)
            place = spare * self._size
            if self._is_blank_after_erase(place) and self._holds_after_prog(place, data):
                self._commit(moved={sector: spare}, bad=bad)
                return
            bad.add(spare)

    def _spares(self) -> Iterator[int]:
        used = set(self._map.moved.values()) | self._map.bad
        first = MAP_SECTORS + self._map.count
        return (s for s in range(first, first + self._map.spares) if s not in used)

    def _take_spare(self, bad: set[int] | None = None) -> int:
        for spare in self._spares():
            if not bad or spare not in bad:
                return spare
        raise FlashError("no spare sector is left for a bad one")

    def _find(self) -> _Map | None:
        newest: _Map | None = None
        for sector, page in self._map_pages():
            found = _Map.decode(page)
            if found is None:
                continue
            if newest is None or found.sequence > newest.sequence:
                newest, self._homes = found, [sector]
            elif found.sequence == newest.sequence and sector not in self._homes:
                self._homes.append(sector)
        return newest

    def _map_pages(self) -> Iterator[tuple[int, bytes]]:
        """Sectors and pages that may hold a record."""
        page_size = self._chip.geometry.page_size
        for sector in range(min(MAP_SECTORS, self._chip.geometry.sector_count)):
            start = sector * self._size
            whole: bytes | None = None
            with suppress(FlashError):
                whole = self._chip.read(start, self._size)
            for first in range(0, self._size, page_size):
                if whole is not None:
                    if whole.startswith(MAP_MAGIC, first):
                        yield sector, whole[first : first + page_size]
                    continue
                with suppress(FlashError):
                    yield sector, self._chip.read(start + first, page_size)

    def _commit(self, moved: dict[int, int] | None = None, bad: set[int] | None = None) -> None:
        """Write a record of the map with these changes; from then on they are true."""
        now = self._map
        following = _Map(
            now.count,
            now.spares,
            now.sequence + 1,
            {**now.moved, **(moved or {})},
            now.bad | (bad or set()),
        )
        following.moved = {s: p for s, p in following.moved.items() if p != s + MAP_SECTORS}
        written: list[int] = []
        for _ in range(_COPIES):
            home = self._write_record(following, written)
            if home is None:
                break
            written.append(home)
        if not written:
            raise FlashError("the map of bad sectors cannot be written any more")
        self._homes = written
        self._map = following

    def _write_record(self, record: _Map, written: list[int]) -> int | None:
        """Write one copy to a sector that holds no newer one; None if there is no such sector."""
        pages = self._geometry.pages_per_sector
        homes = self._homes if written else self._homes[1:]
        candidates = [s for s, free in self._open.items() if free < pages]
        candidates += [s for s in range(MAP_SECTORS) if s not in self._homes]
        # With a bad sector in the map: one of two copies gives way once there is a newer one.
        candidates += homes
        page_size = self._geometry.page_size
        for sector in dict.fromkeys(candidates):
            if sector in record.bad or sector in written:
                continue
            free = self._open.get(sector, pages)
            if free == pages:
                self._open.pop(sector, None)
                if not self._is_blank_after_erase(sector * self._size):
                    continue
                free = 0
            self._open[sector] = free + 1
            data = record.encode(page_size)
            if self._holds_after_prog(sector * self._size + free * page_size, data):
                return sector
            self._open[sector] = pages
        return None


def managed(chip: Flash) -> Flash:
    """The managed flash on *chip* if it has a map of bad sectors, else *chip* itself."""
    if chip.geometry.kind is FlashKind.NAND and hasattr(chip, "is_factory_bad"):
        with suppress(GeometryError):
            return ManagedFlash(chip)  # type: ignore[arg-type]
    return chip
