# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The partition table: which firmware lies where; it must not decide where anything goes.

Two copies stand in two sectors; the whole one with the higher sequence number counts. A
new table goes to the other copy, so that a cut while it is written leaves the old one.
Byte-exact format, little-endian (docs/spec/flash-layout.md)::

    header   magic 8s "DFOTAPT1" | version u16 | partitions u16 | sequence u32
             | security_counter u32 | size u32 | model 64s | hardware 64s | revision 64s
    layout   kind u8 | direction u8 | moved u16 | reserve u32        (in version 2 only)
    entries  name 32s | offset u32 | slot_size u32 | size u32 | digest 32s      (each)
    end      SHA-256 of everything before                                       32s

Text is UTF-8, zero-padded, not empty; ``size`` is that of the whole table. Version 1 is
the layout with a backup area.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum

from dfota.errors import FlashError, FlashMisuseError, MisuseError
from dfota.flash.geometry import Flash
from dfota.values import Digest, FirmwareVersion

TABLE_MAGIC = b"DFOTAPT1"
TABLE_VERSION = 1
TABLE_VERSION_WITH_LAYOUT = 2
TABLE_COPIES = 2
"""Sectors 0 and 1 of every flash."""

_HEADER = struct.Struct("<8sHHIII64s64s64s")
_LAYOUT = struct.Struct("<BBHI")
_ENTRY = struct.Struct("<32sIII32s")
_DIGEST_BYTES = 32
_ATTEMPTS = 3

FORWARD = 1
"""Direction of a new module: the scrub partition lies behind the others."""
REVERSE = 0
"""Direction after a scrub: it lies before them."""


class LayoutKind(IntEnum):
    """How a flash is divided; where the areas lie is the engine's."""

    BACKUP = 0
    """A backup area as large as the active one."""
    SCRUB = 1
    """One scrub partition, larger than the largest of the others, is also the backup area."""
    IN_PLACE = 2
    """No room for a second image: new is written over old."""


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One partition: *size* bytes of image at *offset*, in a slot of *slot_size* bytes."""

    name: str
    offset: int
    slot_size: int
    size: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class PartitionTable:
    """A firmware as it lies in flash."""

    model: str
    hardware: str
    revision: FirmwareVersion
    security_counter: int
    sequence: int
    entries: tuple[TableEntry, ...]
    layout: LayoutKind = LayoutKind.BACKUP
    direction: int = FORWARD
    reserve: int = 0
    """Sectors of the scrub partition, or of each checkpoint of an update in place."""
    moved: int = 0
    """How many partitions a scrub that did not end has moved."""

    def entry(self, name: str) -> TableEntry | None:
        """The partition called *name*, if there is one."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def encode(self) -> bytes:
        """Return the exact bytes of this table.

        Raises:
            MisuseError: a text or number does not fit its field.
        """
        has_layout = self.layout is not LayoutKind.BACKUP
        size = table_size(len(self.entries), has_layout=has_layout)
        try:
            parts = [
                _HEADER.pack(
                    TABLE_MAGIC,
                    TABLE_VERSION_WITH_LAYOUT if has_layout else TABLE_VERSION,
                    len(self.entries),
                    self.sequence,
                    self.security_counter,
                    size,
                    _text(self.model, 64),
                    _text(self.hardware, 64),
                    _text(self.revision.text, 64),
                )
            ]
            if has_layout:
                parts.append(_LAYOUT.pack(self.layout, self.direction, self.moved, self.reserve))
            parts += [
                _ENTRY.pack(
                    _text(entry.name, 32),
                    entry.offset,
                    entry.slot_size,
                    entry.size,
                    entry.digest.value,
                )
                for entry in self.entries
            ]
        except struct.error as error:
            raise MisuseError(f"a number does not fit the partition table: {error}") from error
        body = b"".join(parts)
        return body + hashlib.sha256(body).digest()

    @classmethod
    def decode(cls, data: bytes) -> PartitionTable:
        """Read a table from the beginning of *data*; what follows it does not matter.

        Raises:
            FlashError: torn, damaged, or of an unknown version.
        """
        if len(data) < _HEADER.size or not data.startswith(TABLE_MAGIC):
            raise FlashError("there is no partition table here")
        _, version, count, sequence, counter, size, model, hardware, revision = _HEADER.unpack_from(
            data
        )
        if version not in (TABLE_VERSION, TABLE_VERSION_WITH_LAYOUT):
            raise FlashError(f"the partition table has the unknown version {version}")
        has_layout = version == TABLE_VERSION_WITH_LAYOUT
        if size != table_size(count, has_layout=has_layout) or size > len(data):
            raise FlashError("the partition table has a wrong size")
        body = data[: size - _DIGEST_BYTES]
        if hashlib.sha256(body).digest() != data[len(body) : size]:
            raise FlashError("the partition table is torn or damaged")
        kind, direction, moved, reserve = LayoutKind.BACKUP, FORWARD, 0, 0
        if has_layout:
            kind, direction, moved, reserve = _LAYOUT.unpack_from(data, _HEADER.size)
            if kind not in (LayoutKind.SCRUB, LayoutKind.IN_PLACE) or direction > 1:
                raise FlashError("the partition table names an unknown layout")
        first = _HEADER.size + (_LAYOUT.size if has_layout else 0)
        try:
            return cls(
                _plain(model),
                _plain(hardware),
                FirmwareVersion(_plain(revision)),
                counter,
                sequence,
                tuple(_entry(body, first + index * _ENTRY.size) for index in range(count)),
                LayoutKind(kind),
                direction,
                reserve,
                moved,
            )
        except (UnicodeDecodeError, MisuseError) as error:
            raise FlashError(f"the partition table has a damaged text: {error}") from error


def table_size(count: int, *, has_layout: bool = False) -> int:
    """Bytes of a table of *count* partitions."""
    return _HEADER.size + (_LAYOUT.size if has_layout else 0) + count * _ENTRY.size + _DIGEST_BYTES


def write_table(flash: Flash, copy: int, table: PartitionTable) -> None:
    """Put *table* into copy 0 or 1 and read it back; a chip that fails is asked again.

    Torn, it is no table and the other copy counts.

    Raises:
        MisuseError: it does not fit into a sector, or a field overflows.
        FlashError: the chip reports a failure, or the table does not read back.
    """
    geometry = flash.geometry
    data = table.encode()
    if len(data) > geometry.sector_size:
        raise MisuseError(f"a table of {len(data)} bytes does not fit into a sector")
    pages = data.ljust(geometry.pages(len(data)) * geometry.page_size, b"\xff")
    offset = copy * geometry.sector_size
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            flash.erase(offset)
            flash.prog_many(offset, pages)
            if flash.read(offset, len(pages)) == pages:
                return
        except FlashMisuseError:
            raise
        except FlashError:
            if attempt == _ATTEMPTS:
                raise
    raise FlashError("the partition table does not read back as it was written")


def replace_table(flash: Flash, table: PartitionTable) -> None:
    """Let *table* be the one that counts, in both copies, the one that counts now last.

    Power loss: the first copy that is whole commits; the other one makes it survive a page
    that cannot be read any more.

    Raises:
        MisuseError: it does not fit into a sector, or a field overflows.
        FlashError: the chip reports a failure.
    """
    found = find_table(flash)
    first = 1 - found[0] if found is not None else 0
    write_table(flash, first, table)
    write_table(flash, 1 - first, table)


def read_tables(flash: Flash) -> tuple[PartitionTable | None, ...]:
    """Return both copies; None for one that is not whole."""
    return tuple(_read_table(flash, copy) for copy in range(TABLE_COPIES))


def find_table(flash: Flash) -> tuple[int, PartitionTable] | None:
    """Return the copy that counts and its table; None if neither is whole."""
    whole = [(copy, table) for copy, table in enumerate(read_tables(flash)) if table is not None]
    return max(whole, key=lambda found: found[1].sequence, default=None)


def _read_table(flash: Flash, copy: int) -> PartitionTable | None:
    sector = flash.geometry.sector_size
    try:
        head = flash.read(copy * sector, _HEADER.size)
        if not head.startswith(TABLE_MAGIC):
            return None
        size = int(_HEADER.unpack_from(head)[5])
        return PartitionTable.decode(flash.read(copy * sector, min(size, sector)))
    except FlashError:
        return None


def _entry(body: bytes, at: int) -> TableEntry:
    name, offset, slot_size, size, digest = _ENTRY.unpack_from(body, at)
    return TableEntry(_plain(name), offset, slot_size, size, Digest(digest))


def _text(text: str, size: int) -> bytes:
    data = text.encode()
    if not 0 < len(data) <= size or b"\0" in data:
        raise MisuseError(f"a text of the partition table has 1 to {size} bytes, not {text!r}")
    return data.ljust(size, b"\0")


def _plain(field: bytes) -> str:
    return field.rstrip(b"\0").decode()
