# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Where everything lies in a flash, and where partitions go; arithmetic only, no flash.

```
sector  0, 1          partition table, copies 0 and 1
        2, 3          journal

BACKUP    active area | plan (1) | backup area, as large as the active one | checkpoints
SCRUB     plan (1) | checkpoints | active area | scrub partition        (forward)
          plan (1) | checkpoints | scrub partition | active area        (reverse)
IN_PLACE  checkpoints | active area
```
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from dfota.errors import GeometryError, UpdateFailedError
from dfota.flash import (
    FORWARD,
    MAP_SECTORS,
    TABLE_COPIES,
    FlashKind,
    Geometry,
    LayoutKind,
    TableEntry,
)
from dfota.package import Partition, Release

JOURNAL_SECTORS = 2
PLAN_SECTORS = 1
FLASH_MAX_BYTES = 1 << 32
_FIXED_SECTORS = TABLE_COPIES + JOURNAL_SECTORS + PLAN_SECTORS

HEADROOM = 1.5
"""The active area against the sum of the slots that a new module is made with."""
SPARE_SECTORS = 4
"""And this many sectors more, so that also a small module can take a new partition."""

CHECKPOINT_MAX_BYTES = 1_310_720
"""A checkpoint of the largest patch of profile ``balanced``, and some room."""
CHECKPOINT_SHARE = 32
"""At most this part of a flash is set aside for one checkpoint."""
IN_PLACE_CHECKPOINT_BYTES = 40_960
"""A checkpoint of the largest patch of profile ``embedded``, and some room."""


@dataclass(frozen=True, slots=True)
class Area:
    """*size* bytes from *offset*, both multiples of a sector."""

    offset: int
    size: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.size


@dataclass(frozen=True, slots=True)
class Layout:
    """The areas of one flash; they follow from its geometry and what its table says.

    An area that a layout does not have is empty.
    """

    geometry: Geometry
    kind: LayoutKind
    direction: int
    reserve: int
    journal: Area
    active: Area
    plan: Area
    backup: Area
    checkpoints: Area

    @classmethod
    def of(
        cls,
        geometry: Geometry,
        kind: LayoutKind = LayoutKind.BACKUP,
        *,
        direction: int = FORWARD,
        reserve: int = 0,
    ) -> Layout:
        """Divide a flash.

        Args:
            geometry: what the flash has.
            kind: which areas there are.
            direction: where the scrub partition lies.
            reserve: sectors of the scrub partition, or of each checkpoint of an update in place.

        Raises:
            GeometryError: it has too few sectors for any firmware.
        """
        sector = geometry.sector_size
        journal = Area(TABLE_COPIES * sector, JOURNAL_SECTORS * sector)
        if kind is LayoutKind.BACKUP:
            checkpoints = 2 * checkpoint_sectors(geometry)
            count = (geometry.sector_count - _FIXED_SECTORS - checkpoints) // 2
            active = Area(journal.end, count * sector)
            plan = Area(active.end, PLAN_SECTORS * sector)
            backup = Area(plan.end, count * sector)
            kept = Area(backup.end, checkpoints * sector)
        elif kind is LayoutKind.SCRUB:
            checkpoints = 2 * checkpoint_sectors(geometry)
            count = geometry.sector_count - _FIXED_SECTORS - checkpoints - reserve
            plan = Area(journal.end, PLAN_SECTORS * sector)
            kept = Area(plan.end, checkpoints * sector)
            first, second = count * sector, reserve * sector
            if direction == FORWARD:
                active = Area(kept.end, first)
                backup = Area(active.end, second)
            else:
                backup = Area(kept.end, second)
                active = Area(backup.end, first)
        else:
            count = geometry.sector_count - TABLE_COPIES - JOURNAL_SECTORS - 2 * reserve
            kept = Area(journal.end, 2 * reserve * sector)
            active = Area(kept.end, count * sector)
            plan = backup = Area(active.end, 0)
        if count < 1 or (kind is not LayoutKind.BACKUP and reserve < 1):
            raise GeometryError(f"{geometry.sector_count} sectors are too few for a firmware")
        return cls(geometry, kind, direction, reserve, journal, active, plan, backup, kept)


def checkpoint_sectors(geometry: Geometry) -> int:
    """Sectors set aside for each of the two checkpoints of UPDATING."""
    most = geometry.sectors(CHECKPOINT_MAX_BYTES)
    return max(1, min(most, geometry.sector_count // CHECKPOINT_SHARE))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A partition that a new firmware has, and the bytes of its image."""

    name: str
    size: int


def required_geometry(
    *releases: Release,
    page_size: int = 2048,
    sector_size: int = 131072,
    kind: FlashKind = FlashKind.NAND,
    layout: LayoutKind = LayoutKind.BACKUP,
    reserve: int | None = None,
    spare_count: int | None = None,
) -> Geometry:
    """Return a flash that holds any of *releases*, can be updated, and leaves room to grow.

    Args:
        releases: what the module shall be able to run.
        page_size: bytes that are programmed at once.
        sector_size: bytes that are erased at once.
        kind: NAND or NOR.
        layout: with a backup area, with a scrub partition, or in place.
        reserve: what factory() will be given; by default what it would choose.
        spare_count: what factory() will be given, for a flash with bad-block management.

    Raises:
        GeometryError: page and sector size do not fit together, or the flash would be too
            large.
    """
    probe = Geometry(page_size, sector_size, 1, kind)
    slots = max(
        (sum(_slot_sectors(probe, part) for part in release.partitions) for release in releases),
        default=1,
    )
    active = int(slots * HEADROOM) + SPARE_SECTORS
    if reserve is None:
        reserve = max((default_reserve(probe, layout, release) for release in releases), default=1)
    count = 1
    while True:
        with suppress(GeometryError):
            geometry = Geometry(page_size, sector_size, count, kind)
            areas = Layout.of(geometry, layout, reserve=reserve)
            if areas.active.size >= active * sector_size:
                break
        if count * sector_size > FLASH_MAX_BYTES:
            raise GeometryError(f"{slots} sectors of {sector_size} bytes are too many")
        count += max(1, active // 64)
    if spare_count is None:
        return geometry
    return Geometry(page_size, sector_size, count + MAP_SECTORS + spare_count, kind)


def default_reserve(geometry: Geometry, layout: LayoutKind, release: Release) -> int:
    """The scrub partition: one sector more than the largest slot; or room for a checkpoint."""
    if layout is LayoutKind.SCRUB:
        return 1 + max((_slot_sectors(geometry, part) for part in release.partitions), default=0)
    return geometry.sectors(IN_PLACE_CHECKPOINT_BYTES) if layout is LayoutKind.IN_PLACE else 0


def factory_layout(layout: Layout, partitions: Iterable[Partition]) -> Mapping[str, Area]:
    """Place the partitions of a new module one behind the other.

    Raises:
        GeometryError: they do not fit into the active area.
    """
    slots: dict[str, Area] = {}
    offset = layout.active.offset
    for partition in partitions:
        size = _slot_sectors(layout.geometry, partition) * layout.geometry.sector_size
        slots[partition.name] = Area(offset, size)
        offset += size
    if offset > layout.active.end:
        raise GeometryError(
            f"the partitions need {offset - layout.active.offset} bytes, "
            f"the active area has {layout.active.size}"
        )
    return slots


def plan_layout(
    layout: Layout, old: Sequence[TableEntry], new: Sequence[Wanted]
) -> Mapping[str, Area]:
    """Give every partition of a new firmware a slot, moving as few as possible.

    1. A partition whose image still fits its slot keeps it.
    2. The others, largest first, go into the first gap that is large enough.
    3. If that fails, all are placed anew, one behind the other in their old order and with
       their old slot sizes; if that fails too, with the smallest slots.

    The answer follows from the arguments alone, so that planning twice gives one plan.

    Raises:
        UpdateFailedError: together they are larger than the active area.
    """
    sector = layout.geometry.sector_size
    before = {entry.name: entry for entry in old}
    needed = {want.name: layout.geometry.sectors(want.size) * sector for want in new}
    slots: dict[str, Area] = {}
    homeless: list[str] = []
    for want in new:
        entry = before.get(want.name)
        if entry is not None and want.size <= entry.slot_size:
            slots[want.name] = Area(entry.offset, entry.slot_size)
        else:
            homeless.append(want.name)
    for name in sorted(homeless, key=lambda name: (-needed[name], name)):
        gap = next((gap for gap in _gaps(layout, slots) if gap.size >= needed[name]), None)
        if gap is None:
            return _repack(layout, before, needed)
        slots[name] = Area(gap.offset, needed[name])
    return slots


def _gaps(layout: Layout, slots: Mapping[str, Area]) -> Iterable[Area]:
    offset = layout.active.offset
    for slot in sorted(slots.values(), key=lambda slot: slot.offset):
        yield Area(offset, slot.offset - offset)
        offset = slot.end
    yield Area(offset, layout.active.end - offset)


def _repack(
    layout: Layout, before: Mapping[str, TableEntry], needed: Mapping[str, int]
) -> Mapping[str, Area]:
    order = sorted(
        needed, key=lambda name: (before[name].offset if name in before else 1 << 32, name)
    )
    kept = {
        name: max(size, before[name].slot_size) if name in before else size
        for name, size in needed.items()
    }
    sizes = kept if sum(kept.values()) <= layout.active.size else needed
    slots: dict[str, Area] = {}
    offset = layout.active.offset
    for name in order:
        slots[name] = Area(offset, sizes[name])
        offset += sizes[name]
        if offset > layout.active.end:
            raise UpdateFailedError(
                name,
                f"the new firmware needs {sum(needed.values())} bytes of flash, "
                f"the active area has {layout.active.size}",
            )
    return slots


def _slot_sectors(geometry: Geometry, partition: Partition) -> int:
    return geometry.sectors(max(len(partition.data), partition.slot_size or 0))
