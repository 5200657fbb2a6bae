# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""CHECK and UPDATING: from a package to a staged new firmware; the active area is only read.

Power loss: until the STAGED record nothing that boot() looks at has changed, because
this file writes only to the backup area and the plan, and neither is read unless the
newest record of the journal is STAGED or COPIED. So a cut anywhere in here means: the
old firmware runs, and the update was never begun, or goes on from a checkpoint, which is
believed only as far as what it says was built has the digest that it says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

from dfota.engine.checkpoints import DIGEST_BYTES, Checkpoint, Checkpoints, Stage
from dfota.engine.firmware import (
    Firmware,
    PackageBytes,
    digest_cost_s,
    digest_in_flash,
    read_in_pieces,
)
from dfota.engine.journal import Journal, Record, RecordKind
from dfota.engine.layout import Layout, Wanted, plan_layout
from dfota.engine.plan import Copy, RestorePlan, write_plan
from dfota.engine.sources import Source, failing_as_update, source_of
from dfota.engine.steps import (
    PAGE_PROG_S,
    PATCH_BYTES_PER_S,
    SECTOR_ERASE_S,
    SIGNATURE_S,
    Phase,
    Progress,
    Step,
)
from dfota.engine.writing import SectorWriter
from dfota.errors import FlashError, UpdateFailedError
from dfota.flash import Flash, LayoutKind, PartitionTable, TableEntry, find_table
from dfota.package import (
    PartitionChange,
    PublicKey,
    VerifiedPackage,
    changed_partitions,
    parse,
    release_digest,
)

CHECKPOINTS_MAX = 20
"""At most so many checkpoints of one UPDATING, and one for each image."""
CHECKPOINT_COST = 4
"""So many pages of new are programmed for each page of a checkpoint, at least."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One image on its way: where it is built, where it will go, and what it must hash to."""

    entry: TableEntry
    backup: int
    change: PartitionChange | None
    """None for a partition that only moves."""


@dataclass(frozen=True, slots=True)
class Update:
    """A package that was found good for the running firmware, and what will be done."""

    package: VerifiedPackage
    images: tuple[Staged, ...]
    plan: RestorePlan
    remote: bool


def check_update(
    flash: Flash,
    layout: Layout,
    firmware: Firmware,
    package: PackageBytes,
    trusted: Sequence[PublicKey],
    *,
    remote: bool,
) -> Generator[Step, None, Update]:
    """Decide whether *package* may be applied; yields steps and returns the Update.

    Raises:
        PackageError: as the package room raises it.
        UpdateFailedError: the new firmware does not fit into this flash.
    """
    verified = yield from verify_package(flash, firmware, package, trusted)
    return _plan_update(flash, layout, firmware, verified, remote=remote)


def verify_package(
    flash: Flash, firmware: Firmware, package: PackageBytes, trusted: Sequence[PublicKey]
) -> Generator[Step, None, VerifiedPackage]:
    """All of CHECK that does not depend on the layout.

    The release digest is that of the bytes in flash, read now, and not of what the
    partition table promises.

    Raises:
        PackageError: as the package room raises it.
    """
    pieces = sum(flash.geometry.sectors(entry.size) for entry in firmware.partitions)
    progress = Progress(Phase.CHECK, pieces + 2)
    verified = parse(package).verify(trusted)
    yield from progress.advance(1, SIGNATURE_S + digest_cost_s(flash, len(package)))
    found = []
    for entry in firmware.partitions:
        digest = hashlib.sha256()
        for piece in read_in_pieces(flash, entry.offset, entry.size):
            digest.update(piece)
            yield from progress.advance(1, digest_cost_s(flash, len(piece)))
        found.append((entry.name, entry.size, digest.digest()))
    verified.check_fits(
        firmware.model,
        firmware.hardware,
        firmware.revision,
        release_digest(found),
        firmware.security_counter,
    )
    yield from progress.advance(1, 0.0)
    return verified


class Staging:
    """Builds every changed or moved image in the backup area and commits with STAGED.

    Each image is verified while it is made and again as it reads back from flash; then
    the plan is written; the STAGED record is the last operation and vouches for both.

    Args:
        flash: where.
        layout: its areas.
        firmware: what runs, and is only read.
        update: what check_update() returned.
        package_digest: SHA-256 of the package.
        resumes: go on from a checkpoint if there is one, and make checkpoints.
    """

    def __init__(
        self,
        flash: Flash,
        layout: Layout,
        firmware: Firmware,
        update: Update,
        package_digest: bytes,
        *,
        resumes: bool,
    ) -> None:
        self._flash = flash
        self._layout = layout
        self._firmware = firmware
        self._update = update
        self._package = package_digest[:DIGEST_BYTES]
        self._release = firmware.release_digest.value[:DIGEST_BYTES]
        self._checkpoints = Checkpoints(flash, layout.checkpoints) if resumes else None
        pages = sum(flash.geometry.pages(image.entry.size) for image in update.images)
        self._units = pages + len(update.images) + 1
        self._interval = -(-self._units // CHECKPOINTS_MAX)
        """Pages between two checkpoints, at least."""
        self._since = 0

    def steps(self, journal: Journal) -> Iterator[Step]:
        """Do it; yields the steps of UPDATING.

        Raises:
            UpdateFailedError: an image cannot be made or is not what the manifest promises.
            FlashError: the chip reports a failure.
        """
        first, position, payload = self._where_to_go_on()
        progress = Progress(Phase.UPDATING, self._units, self._units_before(first, position))
        try:
            for number, image in enumerate(self._update.images[first:], start=first):
                yield from self._stage(number, image, position, payload, progress)
                yield from _verify_image(self._flash, image, progress)
                position, payload = 0, b""
                self._note(Checkpoint(Stage.STAGING, number + 1, 0, self._package, self._release))
            digest = write_plan(self._flash, self._layout, self._update.plan)
        except UpdateFailedError:
            if self._checkpoints is not None:
                self._checkpoints.forget()
            raise
        sequence = journal.next_sequence
        remote = self._update.remote
        journal.append(Record(RecordKind.STAGED, sequence, sequence, 0, remote, digest))
        yield from progress.advance(1, 2 * SECTOR_ERASE_S + 2 * PAGE_PROG_S)

    def _units_before(self, image: int, position: int) -> int:
        pages = self._flash.geometry.pages
        done = self._update.images[:image]
        return sum(pages(one.entry.size) + 1 for one in done) + pages(position)

    def _where_to_go_on(self) -> tuple[int, int, bytes]:
        """Image, bytes of it that are there, and the state of its patch; all 0 at the beginning.

        Whatever the checkpoint says is hashed: another update may have been here since.
        """
        found = self._checkpoints.newest if self._checkpoints is not None else None
        if found is None or (found.stage, found.package, found.release) != (
            Stage.STAGING,
            self._package,
            self._release,
        ):
            return 0, 0, b""
        images = self._update.images
        if found.image > len(images) or found.position % self._flash.geometry.sector_size:
            return 0, 0, b""
        if found.position and (
            found.image == len(images) or found.position > images[found.image].entry.size
        ):
            return 0, 0, b""
        try:
            for image in images[: found.image]:
                entry = image.entry
                if digest_in_flash(self._flash, image.backup, entry.size) != entry.digest:
                    return 0, 0, b""
            if found.position:
                begun = images[found.image].backup
                digest = digest_in_flash(self._flash, begun, found.position)
                if digest.value[:DIGEST_BYTES] != found.written:
                    return 0, 0, b""
        except FlashError:
            return 0, 0, b""
        return found.image, found.position, found.payload

    def _stage(
        self, number: int, image: Staged, position: int, payload: bytes, progress: Progress
    ) -> Iterator[Step]:
        geometry = self._flash.geometry
        name, size = image.entry.name, image.entry.size
        with failing_as_update(name):
            source = source_of(
                self._flash, self._firmware, self._update.package, image.entry, image.change
            )
            source.go_on(position, payload)
        written = hashlib.sha256()
        for piece in read_in_pieces(self._flash, image.backup, position):
            written.update(piece)
        writer = SectorWriter(self._flash, image.backup + position)
        while position < size:
            room = geometry.sector_size - position % geometry.sector_size
            wanted = min(progress.batch * geometry.page_size, room, size - position)
            with failing_as_update(name):
                data = source.read(wanted)
            if len(data) != wanted:
                raise UpdateFailedError(
                    name, f"the new image ends after {position + len(data)} bytes"
                )
            count = geometry.pages(wanted)
            cost_s = count * PAGE_PROG_S + wanted / PATCH_BYTES_PER_S
            if position % geometry.sector_size == 0:
                cost_s += SECTOR_ERASE_S
            writer.write(data)
            written.update(data)
            position += wanted
            yield from progress.advance(count, cost_s)
            self._since += count
            if position % geometry.sector_size == 0 and position < size and self._is_due(source):
                digest = written.digest()[:DIGEST_BYTES]
                self._note(
                    Checkpoint(
                        Stage.STAGING,
                        number,
                        position,
                        self._package,
                        self._release,
                        written=digest,
                        payload=source.save(),
                    )
                )
        with failing_as_update(name):
            surplus = source.read(1)
        if surplus:
            raise UpdateFailedError(name, f"the new image has more than {size} bytes")

    def _is_due(self, source: Source) -> bool:
        """Whether enough was done that another checkpoint costs little beside it."""
        if self._checkpoints is None or self._since < self._interval:
            return False
        size = min(source.save_size, self._checkpoints.room)
        return self._since >= CHECKPOINT_COST * self._checkpoints.pages_of(size)

    def _note(self, checkpoint: Checkpoint) -> None:
        if self._checkpoints is not None and (checkpoint.position or self._since):
            self._checkpoints.save(checkpoint)
            self._since = 0


def _plan_update(
    flash: Flash, layout: Layout, firmware: Firmware, package: VerifiedPackage, *, remote: bool
) -> Update:
    manifest = package.manifest
    old = {entry.name: entry for entry in firmware.partitions}
    changes = {change.name: change for change in manifest.partitions}
    new = changed_partitions(
        manifest, {name: (entry.size, entry.digest) for name, entry in old.items()}
    )
    slots = plan_layout(layout, firmware.partitions, [Wanted(n, s) for n, (s, _) in new.items()])
    entries = []
    images = []
    backup = layout.backup.offset
    for name, (size, digest) in new.items():
        slot = slots[name]
        entry = TableEntry(name, slot.offset, slot.size, size, digest)
        entries.append(entry)
        if name in changes or slot.offset != old[name].offset:
            images.append(Staged(entry, backup, changes.get(name)))
            backup += flash.geometry.sectors(size) * flash.geometry.sector_size
    _refuse_too_large(layout, entries, backup)
    found = find_table(flash)
    if found is None:
        raise FlashError("the partition table is gone")
    copy, table = found
    new_table = PartitionTable(
        firmware.model,
        firmware.hardware,
        manifest.new_revision,
        manifest.security_counter,
        table.sequence + 1,
        tuple(entries),
        table.layout,
        table.direction,
        table.reserve,
    )
    copies = tuple(Copy(image.backup, image.entry.offset, image.entry.size) for image in images)
    return Update(package, tuple(images), RestorePlan(copies, new_table, 1 - copy), remote)


def _refuse_too_large(layout: Layout, entries: Sequence[TableEntry], end: int) -> None:
    """What the scrub partition cannot hold: all images at once, or one that it could not move.

    Raises:
        UpdateFailedError: it is too small for this update.
    """
    if end > layout.backup.end:
        raise UpdateFailedError(
            "backup",
            f"all changed images together need {end - layout.backup.offset} bytes, "
            f"there are {layout.backup.size}",
        )
    for entry in entries:
        if layout.kind is LayoutKind.SCRUB and entry.slot_size >= layout.backup.size:
            raise UpdateFailedError(entry.name, "it would be larger than the scrub partition")


def _verify_image(flash: Flash, image: Staged, progress: Progress) -> Iterator[Step]:
    entry = image.entry
    digest = hashlib.sha256()
    for piece in read_in_pieces(flash, image.backup, entry.size):
        digest.update(piece)
    if digest.digest() != entry.digest.value:
        raise UpdateFailedError(entry.name, "the new image does not have the promised digest")
    yield from progress.advance(1, digest_cost_s(flash, entry.size))
