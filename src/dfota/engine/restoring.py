# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""RESTORE: from a staged new firmware to a running one; it must never skip a step of the plan.

Power loss, the five rules of every step here:

1. The position is read from the journal, never kept in RAM over a cut.
2. A step changes only what can be changed again: a sector of the active area that has its
   image in the backup area, or the table copy that does not count.
3. Backup area and plan are only read, until the *next* update; the old table stays whole
   until the new one is.
4. A step ends with exactly one record, its last flash operation, which vouches for the rest.
5. A torn record counts as absent, so that its step is done again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dfota.engine.journal import Journal, Record, RecordKind
from dfota.engine.plan import RestorePlan, SectorCopy
from dfota.engine.steps import PAGE_PROG_S, PAGE_READ_S, SECTOR_ERASE_S, Phase, Progress, Step
from dfota.engine.writing import SectorWriter
from dfota.flash import Flash, write_table


def restore(flash: Flash, journal: Journal, state: Record, plan: RestorePlan) -> Iterator[Step]:
    """Copy what is not copied yet, write the new table, and commit with FINISHED.

    Steps count from 1 % again after a cut, as the module reports them.

    Raises:
        FlashError: the chip reports a failure; a new start goes on from the last record.
    """
    sectors = plan.sectors(flash.geometry)
    remaining = sectors[state.copied :]
    progress = Progress(Phase.RESTORE, sum(copy.page_count + 1 for copy in remaining) + 1)
    for index, copy in enumerate(remaining, start=state.copied):
        yield from _copy_sector(flash, copy, progress)
        state = _next(journal, state, RecordKind.COPIED, copied=index + 1)
        yield from progress.advance(1, PAGE_PROG_S)
    write_table(flash, plan.table_copy, plan.table)
    _next(journal, state, RecordKind.FINISHED, copied=state.copied)
    yield from progress.advance(1, SECTOR_ERASE_S + 2 * PAGE_PROG_S)
    yield Step(Phase.FINISHED, 1, 1, 0.0)


def _copy_sector(flash: Flash, copy: SectorCopy, progress: Progress) -> Iterator[Step]:
    """Copy one sector and read it back; whoever calls commits it.

    The source is only read, so that erase and prog may be repeated.
    """
    page_size = flash.geometry.page_size
    writer = SectorWriter(flash, copy.active)
    cost_s = SECTOR_ERASE_S
    for first in range(0, copy.page_count, progress.batch):
        count = min(progress.batch, copy.page_count - first)
        writer.write(flash.read(copy.backup + first * page_size, count * page_size))
        yield from progress.advance(count, cost_s + count * (PAGE_READ_S + PAGE_PROG_S))
        cost_s = 0.0


def _next(journal: Journal, state: Record, kind: RecordKind, *, copied: int) -> Record:
    record = replace(state, kind=kind, sequence=journal.next_sequence, copied=copied)
    journal.append(record)
    return record
