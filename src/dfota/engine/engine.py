# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The engine of one module: what boots, how it is updated, how an update goes on.

It drives nothing by itself: update() and resume() are generators, and whoever runs them
decides about time, and may stop between any two steps (that is what a power cut does).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dfota.engine.firmware import (
    Boot,
    Firmware,
    PendingUpdate,
    Running,
    Unfinished,
    digest_in_flash,
)
from dfota.engine.journal import Journal, Record, RecordKind
from dfota.engine.layout import Layout
from dfota.engine.plan import RestorePlan, read_plan
from dfota.engine.restoring import restore
from dfota.engine.staging import check_update, stage_update
from dfota.engine.steps import Phase, Step
from dfota.errors import FirmwareDamagedError, FlashError, MisuseError
from dfota.flash import Flash, find_table
from dfota.package import PublicKey


class Engine:
    """Boot code and update engine over one flash.

    After a power cut, or any error from a generator, make a new Engine (or call boot()
    again): nothing is kept in RAM that a start would not read from flash.

    Raises:
        GeometryError: the flash has too few sectors.
    """

    def __init__(self, flash: Flash) -> None:
        self._flash = flash
        self._layout = Layout.of(flash.geometry)
        self._firmware: Firmware | None = None

    @property
    def firmware(self) -> Firmware:
        """The firmware that runs.

        Raises:
            MisuseError: boot() was not called, or found an unfinished update.
        """
        if self._firmware is None:
            raise MisuseError("no firmware runs; call boot(), and resume() if it says so")
        return self._firmware

    def boot(self) -> Boot:
        """Look at the flash as the boot code does; changes nothing.

        Raises:
            FirmwareDamagedError: nothing can run: no table, a partition with a wrong
                digest, or an update whose plan is damaged.
        """
        self._firmware = None
        state = Journal(self._flash, self._layout).newest
        if state is not None and state.is_unfinished:
            return Unfinished(_pending(state, self._read_plan(state), self._flash))
        found = find_table(self._flash)
        if found is None:
            raise FirmwareDamagedError("there is no partition table")
        _, table = found
        for entry in table.entries:
            if digest_in_flash(self._flash, entry.offset, entry.size) != entry.digest:
                raise FirmwareDamagedError(f"partition {entry.name} is damaged")
        self._firmware = Firmware.of(table)
        unreported = None
        if state is not None and state.kind is RecordKind.FINISHED:
            unreported = PendingUpdate(
                state.update_id, state.remote, table.revision, state.copied, state.copied
            )
        return Running(self._firmware, unreported)

    def update(
        self,
        package: bytes | bytearray | memoryview | mmap.mmap,
        *,
        trusted: Sequence[PublicKey],
        remote: bool,
    ) -> Iterator[Step]:
        """Check *package*, build the new firmware in the backup area, and restore it.

        Args:
            package: the bytes of an ``update.zip``.
            trusted: whose signature is accepted.
            remote: whether it was downloaded; kept for the report after a power cut.

        Yields:
            Every percent of CHECK, UPDATING and RESTORE, then one step of FINISHED.

        Raises:
            MisuseError: no firmware runs.
            PackageError: the package is damaged, not trusted, or for something else.
            UpdateFailedError: it cannot be applied; the old firmware runs on.
            FlashError: the chip reports a failure; boot() says what is left.
        """
        firmware = self.firmware
        update = yield from check_update(
            self._flash, self._layout, firmware, package, trusted, remote=remote
        )
        journal = Journal(self._flash, self._layout)
        yield from stage_update(self._flash, self._layout, journal, firmware, update)
        self._firmware = None
        yield from self.resume()

    def resume(self) -> Iterator[Step]:
        """Go on with RESTORE where the journal says, until the new firmware runs.

        Yields:
            Every percent of RESTORE, from 1 again, then one step of FINISHED.

        Raises:
            MisuseError: no update is unfinished.
            FlashError: the chip reports a failure; resume() may be tried again.
            FirmwareDamagedError: the plan is damaged, or the restored firmware is.
        """
        journal = Journal(self._flash, self._layout)
        state = journal.newest
        if state is None or not state.is_unfinished:
            raise MisuseError("no update is unfinished")
        plan = self._read_plan(state)
        for step in restore(self._flash, journal, state, plan):
            if step.phase is Phase.FINISHED:
                self.boot()
            yield step

    def mark_reported(self) -> None:
        """Record that the host knows the outcome and the package is gone.

        Raises:
            MisuseError: there is no finished, unreported update.
            FlashError: the chip reports a failure.
        """
        journal = Journal(self._flash, self._layout)
        state = journal.newest
        if state is None or state.kind is not RecordKind.FINISHED:
            raise MisuseError("there is no finished update to report")
        journal.append(replace(state, kind=RecordKind.REPORTED, sequence=journal.next_sequence))

    def read_partition(self, name: str) -> bytes:
        """Return the image of one partition of the running firmware.

        Raises:
            MisuseError: no firmware runs, or it has no such partition.
        """
        for entry in self.firmware.partitions:
            if entry.name == name:
                return self._flash.read(entry.offset, entry.size)
        raise MisuseError(f"the firmware has no partition {name}")

    def _read_plan(self, state: Record) -> RestorePlan:
        try:
            return read_plan(self._flash, self._layout, state.plan_digest)
        except FlashError as error:
            raise FirmwareDamagedError(f"an update cannot be finished: {error}") from error


def _pending(state: Record, plan: RestorePlan, flash: Flash) -> PendingUpdate:
    return PendingUpdate(
        state.update_id,
        state.remote,
        plan.table.revision,
        state.copied,
        len(plan.sectors(flash.geometry)),
    )
