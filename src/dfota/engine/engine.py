# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The engine of one module: what boots, how it is updated, how an update goes on.

It drives nothing by itself: update() and resume() are generators, and whoever runs them
decides about time, and may stop between any two steps (that is what a power cut does).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from dfota.engine.checkpoints import DIGEST_BYTES, Checkpoints, Stage
from dfota.engine.firmware import (
    Boot,
    Firmware,
    InterruptedUpdate,
    PackageBytes,
    PendingUpdate,
    Running,
    Unfinished,
    digest_in_flash,
)
from dfota.engine.journal import Journal, Record, RecordKind
from dfota.engine.layout import Layout
from dfota.engine.patching import Patching, plan_in_place
from dfota.engine.plan import RestorePlan, read_plan
from dfota.engine.restoring import restore
from dfota.engine.scrubbing import scrub
from dfota.engine.staging import Staging, check_update, verify_package
from dfota.engine.steps import Phase, Step
from dfota.errors import FirmwareDamagedError, FlashError, MisuseError, PackageMismatchError
from dfota.flash import (
    Flash,
    LayoutKind,
    ManagedFlash,
    PartitionTable,
    find_table,
    managed,
    read_tables,
    write_table,
)
from dfota.package import PublicKey, parse
from dfota.values import Digest


class Engine:
    """Boot code and update engine over one flash.

    After a power cut, or any error from a generator, make a new Engine (or call boot()
    again): nothing is kept in RAM that a start would not read from flash.

    Raises:
        GeometryError: the flash has too few sectors.
    """

    def __init__(self, flash: Flash) -> None:
        self._chip = flash
        self._open()
        self._firmware: Firmware | None = None

    def _open(self) -> None:
        """What a start reads: bad sectors, and where the areas lie."""
        self._flash = managed(self._chip)
        found = find_table(self._flash)
        table = found[1] if found is not None else None
        self._layout = Layout.of(
            self._flash.geometry,
            table.layout if table else LayoutKind.BACKUP,
            direction=table.direction if table else 1,
            reserve=table.reserve if table else 0,
        )

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
        self._open()
        state = Journal(self._flash, self._layout).newest
        if state is not None and state.kind is RecordKind.PATCHING:
            return Unfinished(
                PendingUpdate(state.update_id, state.remote, None, state.copied, 0),
                needs_package=True,
            )
        if state is not None and state.is_unfinished:
            return Unfinished(_pending(state, self._read_plan(state), self._flash))
        table = self._table()
        self._firmware = self._verified(table)
        unreported = None
        if state is not None and state.kind is RecordKind.FINISHED:
            unreported = PendingUpdate(
                state.update_id, state.remote, table.revision, state.copied, state.copied
            )
        return Running(self._firmware, unreported, self._interrupted())

    @property
    def layout(self) -> LayoutKind:
        """Whether there is a backup area, a scrub partition, or neither."""
        return self._layout.kind

    @property
    def areas(self) -> Layout:
        """Where everything lies."""
        return self._layout

    @property
    def scrub_direction(self) -> int | None:
        """1: the scrub partition lies behind the others, 0: before them; None: there is none."""
        return self._layout.direction if self._layout.kind is LayoutKind.SCRUB else None

    def scrub(self) -> Iterator[Step]:
        """Write every partition anew, over the scrub partition, and turn the direction.

        A scrub that a power cut ended goes on; the firmware runs at every moment.

        Yields:
            Every percent of SCRUB.

        Raises:
            MisuseError: no firmware runs, or there is no scrub partition.
            FlashError: the chip reports a failure, or a partition is damaged; what runs,
                runs on.
        """
        self.firmware  # noqa: B018 - only a firmware that runs is moved
        yield from scrub(self._flash, self._table())
        self.boot()

    def refresh(self) -> int:
        """Write sectors anew in which bits had to be corrected; returns how many.

        Only a flash with bad-block management can; for others it is nothing. No update may
        be under way.

        Raises:
            FlashError: no spare sector is left, or a sector cannot be read.
        """
        return self._flash.refresh() if isinstance(self._flash, ManagedFlash) else 0

    @property
    def bad_sectors(self) -> tuple[int, ...]:
        """Sectors of the chip that bad-block management has replaced."""
        return self._flash.bad_sectors if isinstance(self._flash, ManagedFlash) else ()

    def update(
        self,
        package: PackageBytes,
        *,
        trusted: Sequence[PublicKey],
        remote: bool,
        resume_updating: bool = False,
    ) -> Iterator[Step]:
        """Check *package*, build the new firmware, and put it in place.

        With a backup area or a scrub partition: UPDATING builds it there and RESTORE copies it.
        In place: UPDATING tries all patches and then writes over old; there is no RESTORE.

        Args:
            package: the bytes of an ``update.zip``.
            trusted: whose signature is accepted.
            remote: whether it was downloaded; kept for the report after a power cut.
            resume_updating: make checkpoints in UPDATING, and go on from one that an
                interrupted update() of the same package has left (``Running.interrupted``
                after boot() tells of it). The percentages go on from what was durable. An
                update in place always does so, in resume().

        Yields:
            Every percent of CHECK, UPDATING and RESTORE, then one step of FINISHED; before
            them SCRUB, if one was interrupted.

        Raises:
            MisuseError: no firmware runs.
            PackageError: the package is damaged, not trusted, or for something else.
            UpdateFailedError: it cannot be applied; the old firmware runs on.
            FlashError: the chip reports a failure; boot() says what is left.
        """
        firmware = self.firmware
        table = self._table()
        if table.moved:
            yield from self.scrub()
            firmware, table = self.firmware, self._table()
        digest = hashlib.sha256(package).digest()
        if self._layout.kind is LayoutKind.IN_PLACE:
            verified = yield from verify_package(self._flash, firmware, package, trusted)
            plan = plan_in_place(self._layout, firmware, verified, table)
            patching = Patching(self._flash, self._layout, firmware, plan, digest)
            journal = Journal(self._flash, self._layout)
            number = journal.next_sequence
            begin = Record(RecordKind.PATCHING, number, number, 0, remote, Digest(digest))
            yield from self._finishing(patching.steps(journal, begin))
            return
        update = yield from check_update(
            self._flash, self._layout, firmware, package, trusted, remote=remote
        )
        journal = Journal(self._flash, self._layout)
        staging = Staging(
            self._flash, self._layout, firmware, update, digest, resumes=resume_updating
        )
        yield from staging.steps(journal)
        self._firmware = None
        yield from self.resume()

    def resume(
        self, package: PackageBytes | None = None, *, trusted: Sequence[PublicKey] = ()
    ) -> Iterator[Step]:
        """Go on with RESTORE, or in place with UPDATING, until the new firmware runs.

        Args:
            package: the package of the update; needed if boot() said ``needs_package``.
            trusted: whose signature is accepted, for the package.

        Yields:
            Every percent of RESTORE, from 1 again, or of UPDATING, from what was durable;
            then one step of FINISHED.

        Raises:
            MisuseError: no update is unfinished, or a package is needed.
            PackageError: it is damaged, not trusted, or not that of this update.
            FlashError: the chip reports a failure; resume() may be tried again.
            FirmwareDamagedError: the plan is damaged, or the new firmware is.
        """
        journal = Journal(self._flash, self._layout)
        state = journal.newest
        if state is None or not state.is_unfinished:
            raise MisuseError("no update is unfinished")
        if state.kind is not RecordKind.PATCHING:
            plan = self._read_plan(state)
            yield from self._finishing(restore(self._flash, journal, state, plan))
            return
        if package is None:
            raise MisuseError("new is written over old; going on needs the package")
        digest = hashlib.sha256(package).digest()
        if digest != state.plan_digest.value:
            raise PackageMismatchError("package", state.plan_digest.hex, Digest(digest).hex)
        verified = parse(package).verify(trusted)
        table = self._table()
        firmware = Firmware.of(table)
        # Where the new table is in place already only the last record is missing.
        if firmware.revision == verified.manifest.new_revision and (
            firmware.release_digest == verified.manifest.new_release
        ):
            end = replace(state, kind=RecordKind.FINISHED, sequence=journal.next_sequence)
            journal.append(end)
            yield from self._finishing(iter((Step(Phase.FINISHED, 1, 1, 0.0),)))
            return
        plan_of_images = plan_in_place(self._layout, firmware, verified, table)
        patching = Patching(self._flash, self._layout, firmware, plan_of_images, digest)
        yield from self._finishing(patching.steps(journal, state))

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
        self._mirror_table()
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

    def _finishing(self, steps: Iterator[Step]) -> Iterator[Step]:
        """Boot the new firmware before whoever drives this hears that it is finished."""
        for step in steps:
            if step.phase is Phase.FINISHED:
                self.boot()
            yield step

    def _table(self) -> PartitionTable:
        found = find_table(self._flash)
        if found is None:
            raise FirmwareDamagedError("there is no partition table")
        return found[1]

    def _verified(self, table: PartitionTable) -> Firmware:
        for entry in table.entries:
            try:
                is_right = digest_in_flash(self._flash, entry.offset, entry.size) == entry.digest
            except FlashError as error:
                raise FirmwareDamagedError(f"partition {entry.name}: {error}") from error
            if not is_right:
                raise FirmwareDamagedError(f"partition {entry.name} is damaged")
        return Firmware.of(table)

    def _interrupted(self) -> InterruptedUpdate | None:
        found = Checkpoints(self._flash, self._layout.checkpoints).newest
        release = self.firmware.release_digest.value[:DIGEST_BYTES]
        if found is None or found.stage is not Stage.STAGING or found.release != release:
            return None
        return InterruptedUpdate(found.package, found.image)

    def _mirror_table(self) -> None:
        """Let both copies be the table that counts: one page that dies takes nothing back."""
        found = find_table(self._flash)
        if found is None:
            raise FlashError("the partition table is gone")
        copy, table = found
        if read_tables(self._flash)[1 - copy] != table:
            write_table(self._flash, 1 - copy, table)

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
