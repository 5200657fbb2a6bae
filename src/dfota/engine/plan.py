# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The plan of RESTORE: which staged image goes where, and the table that comes with it.

It is written before the STAGED record, whose digest names it, and only read afterwards.
Byte-exact format, little-endian (docs/spec/flash-layout.md)::

    header   magic 8s "DFOTAPL1" | version u16 | copies u16 | table_copy u8 | zeros 3s
             | table_size u32
    copies   backup offset u32 | active offset u32 | size u32                  (each)
    table    the new partition table, as it will stand in its sector
    end      SHA-256 of everything before                                       32s
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from dfota.engine.layout import Layout
from dfota.engine.writing import SectorWriter
from dfota.errors import FlashError, UpdateFailedError
from dfota.flash import Flash, Geometry, PartitionTable
from dfota.values import Digest

PLAN_MAGIC = b"DFOTAPL1"
PLAN_VERSION = 1
_HEADER = struct.Struct("<8sHHB3sI")
_COPY = struct.Struct("<III")


@dataclass(frozen=True, slots=True)
class Copy:
    """*size* bytes of a staged image go from the backup area to the active area."""

    backup: int
    active: int
    size: int


@dataclass(frozen=True, slots=True)
class SectorCopy:
    """One step of RESTORE: *page_count* pages of one sector."""

    backup: int
    active: int
    page_count: int


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """All of RESTORE: first the copies, sector by sector, then *table* into *table_copy*."""

    copies: tuple[Copy, ...]
    table: PartitionTable
    table_copy: int

    def encode(self) -> bytes:
        """Return the exact bytes of this plan."""
        table = self.table.encode()
        body = b"".join(
            [
                _HEADER.pack(
                    PLAN_MAGIC,
                    PLAN_VERSION,
                    len(self.copies),
                    self.table_copy,
                    bytes(3),
                    len(table),
                ),
                *(_COPY.pack(copy.backup, copy.active, copy.size) for copy in self.copies),
                table,
            ]
        )
        return body + hashlib.sha256(body).digest()

    @classmethod
    def decode(cls, data: bytes) -> tuple[RestorePlan, Digest]:
        """Read a plan from the beginning of *data*, and its digest.

        Raises:
            FlashError: torn, damaged, or of an unknown version.
        """
        if len(data) < _HEADER.size or not data.startswith(PLAN_MAGIC):
            raise FlashError("there is no restore plan here")
        _, version, count, table_copy, _, table_size = _HEADER.unpack_from(data)
        if version != PLAN_VERSION:
            raise FlashError(f"the restore plan has the unknown version {version}")
        start = _HEADER.size + count * _COPY.size
        end = start + table_size
        digest = hashlib.sha256(data[:end]).digest()
        if data[end : end + len(digest)] != digest:
            raise FlashError("the restore plan is torn or damaged")
        copies = tuple(
            Copy(*_COPY.unpack_from(data, _HEADER.size + index * _COPY.size))
            for index in range(count)
        )
        return cls(copies, PartitionTable.decode(data[start:end]), table_copy), Digest(digest)

    def sectors(self, geometry: Geometry) -> tuple[SectorCopy, ...]:
        """Every step of RESTORE in its order; the journal counts in these."""
        return tuple(self._sectors(geometry))

    def _sectors(self, geometry: Geometry) -> Iterator[SectorCopy]:
        for copy in self.copies:
            for first in range(0, copy.size, geometry.sector_size):
                size = min(geometry.sector_size, copy.size - first)
                yield SectorCopy(copy.backup + first, copy.active + first, geometry.pages(size))


def write_plan(flash: Flash, layout: Layout, plan: RestorePlan) -> Digest:
    """Write *plan* to its sector, read it back, and return its digest.

    Raises:
        UpdateFailedError: it does not fit.
        FlashError: the chip reports a failure, or the plan does not read back.
    """
    data = plan.encode()
    if len(data) > layout.plan.size:
        raise UpdateFailedError("plan", f"{len(data)} bytes do not fit into {layout.plan.size}")
    SectorWriter(flash, layout.plan.offset).write(data)
    return Digest(data[-32:])


def read_plan(flash: Flash, layout: Layout, expected: Digest) -> RestorePlan:
    """Return the plan that a STAGED record named by the digest *expected*.

    Raises:
        FlashError: it is damaged, or another one.
    """
    plan, digest = RestorePlan.decode(flash.read(layout.plan.offset, layout.plan.size))
    if digest != expected:
        raise FlashError("the restore plan is not the one that was committed")
    return plan
