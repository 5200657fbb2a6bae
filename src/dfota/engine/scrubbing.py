# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A flash scrub: every partition is written anew on fresh sectors; its content never changes.

The scrub partition lies behind the others (forward) or before them (reverse), and is larger
than each. A scrub moves the partitions over it one at a time, and so turns the direction.

Power loss: a partition is copied to where nothing is, its digest is compared, and only then
the table says that it lies there. No journal is needed: the table tells how many have moved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from dfota.engine.steps import PAGE_PROG_S, PAGE_READ_S, SECTOR_ERASE_S, Phase, Progress, Step
from dfota.engine.writing import SectorWriter
from dfota.errors import FlashError, MisuseError
from dfota.flash import FORWARD, Flash, LayoutKind, PartitionTable, TableEntry, replace_table


def scrub(flash: Flash, table: PartitionTable) -> Iterator[Step]:
    """Move what has not moved yet; at the end the direction is the other one.

    Raises:
        MisuseError: this flash has no scrub partition.
        FlashError: the chip reports a failure, or a partition is damaged; those before it
            have moved, and a new start goes on.
    """
    if table.layout is not LayoutKind.SCRUB:
        raise MisuseError("this flash has no scrub partition")
    geometry = flash.geometry
    pages = sum(geometry.pages(entry.size) for entry in table.entries)
    progress = Progress(Phase.SCRUB, pages + len(table.entries))
    done = _in_order(table)[: table.moved]
    yield from progress.advance(sum(geometry.pages(entry.size) + 1 for entry in done), 0.0)
    while True:
        left = _in_order(table)[table.moved :]
        if not left:
            # A firmware without partitions has nothing to move.
            replace_table(flash, _turned(table))
            return
        entry = left[0]
        distance = table.reserve * geometry.sector_size
        moved = replace(
            entry,
            offset=entry.offset + (distance if table.direction == FORWARD else -distance),
        )
        yield from _copy(flash, entry, moved.offset, progress)
        table = replace(
            table,
            sequence=table.sequence + 1,
            entries=tuple(moved if one is entry else one for one in table.entries),
            moved=table.moved + 1,
        )
        is_last = len(left) == 1
        if is_last:
            table = replace(_turned(table), sequence=table.sequence)
        replace_table(flash, table)
        yield from progress.advance(1, 2 * (SECTOR_ERASE_S + PAGE_PROG_S))
        if is_last:
            return


def _in_order(table: PartitionTable) -> list[TableEntry]:
    """The partitions in the order in which they move: the nearest to the scrub partition first.

    Moving does not change their order in flash.
    """
    is_forward = table.direction == FORWARD
    return sorted(table.entries, key=lambda entry: entry.offset, reverse=is_forward)


def _turned(table: PartitionTable) -> PartitionTable:
    return replace(table, direction=1 - table.direction, moved=0, sequence=table.sequence + 1)


def _copy(flash: Flash, entry: TableEntry, target: int, progress: Progress) -> Iterator[Step]:
    geometry = flash.geometry
    writer = SectorWriter(flash, target)
    digest = hashlib.sha256()
    position = 0
    while position < entry.size:
        room = geometry.sector_size - position % geometry.sector_size
        size = min(progress.batch * geometry.page_size, room, entry.size - position)
        data = flash.read(entry.offset + position, size)
        # As it reads back, not as it was read.
        writer.write(data)
        digest.update(flash.read(target + position, size))
        count = geometry.pages(size)
        erase_s = SECTOR_ERASE_S if position % geometry.sector_size == 0 else 0.0
        yield from progress.advance(count, erase_s + count * (PAGE_READ_S + PAGE_PROG_S))
        position += size
    if digest.digest() != entry.digest.value:
        raise FlashError(f"partition {entry.name} is damaged; it was not moved")
