# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Making a module as it leaves the factory; an update must never come through here."""

from __future__ import annotations

from dfota.engine.layout import Layout, factory_layout
from dfota.errors import GeometryError
from dfota.flash import (
    TABLE_COPIES,
    Flash,
    PartitionTable,
    TableEntry,
    find_table,
    table_size,
    write_table,
)
from dfota.package import Release
from dfota.values import Digest


def factory(flash: Flash, release: Release) -> None:
    """Lay out and program a factory-new module; whatever the flash held is gone.

    Power loss: the partition table is erased first and written last, so that
    needs_factory() is true until everything is in place.

    Raises:
        GeometryError: the release does not fit this flash; nothing was changed.
        FlashError: the chip reports a failure.
    """
    geometry = flash.geometry
    layout = Layout.of(geometry)
    slots = factory_layout(layout, release.partitions)
    if table_size(len(slots)) > geometry.sector_size:
        raise GeometryError(f"a sector cannot hold the table of {len(slots)} partitions")
    for copy in range(TABLE_COPIES):
        flash.erase(copy * geometry.sector_size)
    for offset in range(layout.journal.offset, layout.journal.end, geometry.sector_size):
        flash.erase(offset)
    entries = []
    for partition in release.partitions:
        slot = slots[partition.name]
        _prog_image(flash, slot.offset, partition.data)
        entries.append(
            TableEntry(
                partition.name,
                slot.offset,
                slot.size,
                len(partition.data),
                Digest.of(partition.data),
            )
        )
    table = PartitionTable(
        release.model,
        release.hardware,
        release.revision,
        release.security_counter,
        1,
        tuple(entries),
    )
    write_table(flash, 0, table)


def needs_factory(flash: Flash) -> bool:
    """Whether no firmware was ever put here, or the putting was interrupted."""
    return find_table(flash) is None


def _prog_image(flash: Flash, offset: int, data: bytes) -> None:
    geometry = flash.geometry
    for first in range(0, len(data), geometry.page_size):
        if (offset + first) % geometry.sector_size == 0:
            flash.erase(offset + first)
        page = data[first : first + geometry.page_size]
        flash.prog(offset + first, page.ljust(geometry.page_size, b"\xff"))
