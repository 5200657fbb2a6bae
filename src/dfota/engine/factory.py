# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Making a module as it leaves the factory; an update must never come through here."""

from __future__ import annotations

from typing import cast

from dfota.engine.layout import Layout, default_reserve, factory_layout
from dfota.engine.writing import SectorWriter
from dfota.errors import GeometryError
from dfota.flash import (
    TABLE_COPIES,
    Chip,
    Flash,
    LayoutKind,
    ManagedFlash,
    PartitionTable,
    TableEntry,
    find_table,
    managed,
    table_size,
    write_table,
)
from dfota.package import Release
from dfota.values import Digest


def factory(
    flash: Flash,
    release: Release,
    *,
    layout: LayoutKind = LayoutKind.BACKUP,
    reserve: int | None = None,
    spare_count: int | None = None,
) -> None:
    """Lay out and program a factory-new module; whatever the flash held is gone.

    Power loss: the partition table is erased first and written last, so that
    needs_factory() is true until everything is in place.

    Args:
        flash: the chip.
        release: the firmware that it runs.
        layout: with a backup area, with a scrub partition, or in place; it stands in the
            partition table, and Engine finds it there.
        reserve: sectors of the scrub partition, or of each checkpoint of an update in place;
            by default one more than the largest slot, or room for profile ``embedded``.
        spare_count: manage bad sectors of a NAND chip, with so many spare ones.

    Raises:
        GeometryError: the release does not fit this flash; nothing was changed.
        FlashError: the chip reports a failure.
    """
    if spare_count is not None:
        flash = ManagedFlash.format(cast("Chip", flash), spare_count)
    geometry = flash.geometry
    if reserve is None:
        reserve = default_reserve(geometry, layout, release)
    areas = Layout.of(geometry, layout, reserve=reserve)
    slots = factory_layout(areas, release.partitions)
    if table_size(len(slots), has_layout=True) > geometry.sector_size:
        raise GeometryError(f"a sector cannot hold the table of {len(slots)} partitions")
    if layout is LayoutKind.SCRUB and any(
        slot.size >= areas.backup.size for slot in slots.values()
    ):
        raise GeometryError("the scrub partition must be larger than every other one")
    for copy in range(TABLE_COPIES):
        flash.erase(copy * geometry.sector_size)
    for offset in range(areas.journal.offset, areas.journal.end, geometry.sector_size):
        flash.erase(offset)
    entries = []
    for partition in release.partitions:
        slot = slots[partition.name]
        SectorWriter(flash, slot.offset).write(partition.data)
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
        layout,
        reserve=reserve if layout is not LayoutKind.BACKUP else 0,
    )
    for copy in range(TABLE_COPIES):
        write_table(flash, copy, table)


def needs_factory(flash: Flash) -> bool:
    """Whether no firmware was ever put here, or the putting was interrupted."""
    return find_table(managed(flash)) is None
