# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The record of what an update has completed; it must not know what the work was.

One record is one page, little-endian (docs/spec/flash-layout.md)::

    magic 8s "DFOTAJR1" | kind u8 | flags u8 | zero u16 | sequence u32 | update_id u32
    | copied u32 | plan digest 32s | zeros … | crc32 u32 over all the page before it

Every record carries the whole state, so the newest one (highest sequence number) says
everything and older ones may go. Rules that bind whoever changes this file:

1. The sector of the newest whole record is never erased.
2. The first append after a start goes to the beginning of the *other* sector, erased
   before. So no page is ever programmed that an earlier power cut may have touched, also
   when it still reads 0xff; and a sector torn in its erase is simply erased again.
3. A page whose CRC fails was torn: it counts as absent. It is never repaired.
4. The CRC covers the page to its last byte, so that half a page is no record.
5. A record is read back. If it is not there, it goes to another page, never to that one.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from dfota.engine.layout import JOURNAL_SECTORS, Layout
from dfota.engine.writing import ATTEMPTS
from dfota.errors import FlashError, FlashMisuseError
from dfota.flash import Flash
from dfota.values import Digest

RECORD_MAGIC = b"DFOTAJR1"
_RECORD = struct.Struct("<8sBBHIII32s")
_CRC32 = struct.Struct("<I")
_FLAG_REMOTE = 0x01


class RecordKind(IntEnum):
    """What a record says is complete."""

    STAGED = 1
    """The backup area holds the new firmware and the plan how to restore it."""
    COPIED = 2
    """So many sectors of the plan are copied."""
    FINISHED = 3
    """The new firmware and its table are in place; the host was not told yet."""
    REPORTED = 4
    """The host was told; nothing is left to do."""
    PATCHING = 5
    """New is written over old, with no way back; *copied* images are done."""


@dataclass(frozen=True, slots=True)
class Record:
    """The state of the newest update.

    *update_id* is the sequence number of its first record; *plan_digest* is that of the
    restore plan, or of the package where there is none.
    """

    kind: RecordKind
    sequence: int
    update_id: int
    copied: int
    remote: bool
    plan_digest: Digest

    @property
    def is_unfinished(self) -> bool:
        """Whether an update has to go on before any firmware runs."""
        return self.kind in (RecordKind.STAGED, RecordKind.COPIED, RecordKind.PATCHING)

    def encode(self, page_size: int) -> bytes:
        """Return the page that holds this record."""
        body = _RECORD.pack(
            RECORD_MAGIC,
            self.kind,
            _FLAG_REMOTE if self.remote else 0,
            0,
            self.sequence,
            self.update_id,
            self.copied,
            self.plan_digest.value,
        ).ljust(page_size - _CRC32.size, b"\0")
        return body + _CRC32.pack(zlib.crc32(body))

    @classmethod
    def decode(cls, page: bytes) -> Record | None:
        """Read the record of a page; None if it holds no whole record."""
        if not page.startswith(RECORD_MAGIC):
            return None
        body = page[: -_CRC32.size]
        if _CRC32.pack(zlib.crc32(body)) != page[-_CRC32.size :]:
            return None
        _, kind, flags, zero, sequence, update_id, copied, digest = _RECORD.unpack_from(body)
        if kind not in RecordKind.__members__.values() or flags > _FLAG_REMOTE or zero:
            return None
        return cls(RecordKind(kind), sequence, update_id, copied, bool(flags), Digest(digest))


class Journal:
    """The journal of one flash, as a start finds it.

    Attributes:
        newest: the state; None on a module that was never updated.
    """

    def __init__(self, flash: Flash, layout: Layout) -> None:
        self._flash = flash
        self._area = layout.journal
        self.newest: Record | None = None
        self._home = 1
        """The sector that holds the newest record."""
        self._open: int | None = None
        """The sector that this run erased itself and appends to."""
        self._free = 0
        """Its next free page."""
        pages_per_sector = flash.geometry.pages_per_sector
        for page, data in enumerate(self._pages()):
            record = Record.decode(data)
            if record and (self.newest is None or record.sequence > self.newest.sequence):
                self.newest = record
                self._home = page // pages_per_sector

    @property
    def next_sequence(self) -> int:
        """The sequence number of the record that append() would write."""
        return self.newest.sequence + 1 if self.newest else 1

    def append(self, record: Record) -> None:
        """Commit *record*: at most one erase, then one prog, which is the last operation.

        Power loss: before the prog is complete the state is what it was, because the
        sector that holds the newest record is not touched; after it, the new one counts.

        Raises:
            FlashError: the chip reports a failure, again and again; the state is what it was.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                if self._append(record):
                    return
            except FlashMisuseError:
                raise
            except FlashError:
                if attempt == ATTEMPTS:
                    raise
        raise FlashError("a record of the journal does not read back as it was written")

    def _append(self, record: Record) -> bool:
        geometry = self._flash.geometry
        if self._open is None or self._free == geometry.pages_per_sector:
            self._open = None
            self._flash.erase(self._offset_of(1 - self._home))
            self._open, self._free = 1 - self._home, 0
        offset = self._offset_of(self._open) + self._free * geometry.page_size
        self._free += 1
        page = record.encode(geometry.page_size)
        self._flash.prog(offset, page)
        if self._flash.read(offset, len(page)) != page:
            return False
        self._home = self._open
        self.newest = record
        return True

    def _offset_of(self, sector: int) -> int:
        return self._area.offset + sector * self._flash.geometry.sector_size

    def _pages(self) -> Iterator[bytes]:
        """All pages; one that cannot be read is empty."""
        size = self._flash.geometry.page_size
        for sector in range(JOURNAL_SECTORS):
            start = self._offset_of(sector)
            try:
                data = self._flash.read(start, self._flash.geometry.sector_size)
            except FlashError:
                offsets = range(start, start + self._flash.geometry.sector_size, size)
                yield from (self._page(offset) for offset in offsets)
                continue
            for first in range(0, len(data), size):
                yield data[first : first + size]

    def _page(self, offset: int) -> bytes:
        try:
            return self._flash.read(offset, self._flash.geometry.page_size)
        except FlashError:
            return b""
