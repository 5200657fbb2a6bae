# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Updating in place: new is written over old, image by image, for flash without a backup area.

The order is that of ``dfota_inplace.c``, in steps: every patch is tried first and nothing is
written; then a PATCHING record commits; then old is moved up in its slot, its last sector
first, and new is written from the front. The creator of the patch has seen to it that nothing
of old is needed once it is overwritten; that is verified in the trial and again at run time.

Power loss:

1. From the PATCHING record on there is no way back: boot() asks for the package, and resume()
   goes on until new is whole. The records count the images that are done.
2. Inside an image checkpoints tell how many sectors of old have moved, or how many of new are
   written and the state of the patch. A checkpoint is made before the first sector is erased
   that the one before it needs.
3. A checkpoint counts only with the update's own number, and with the digest of what it
   says is there.
4. The old table stays until all images are done: it says what old was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dfota.engine.checkpoints import DIGEST_BYTES, Checkpoint, Checkpoints, Stage
from dfota.engine.firmware import Firmware, digest_cost_s, digest_in_flash, read_in_pieces
from dfota.engine.journal import Journal, Record, RecordKind
from dfota.engine.layout import Layout
from dfota.engine.sources import Source, failing_as_update, source_of
from dfota.engine.steps import (
    PAGE_PROG_S,
    PAGE_READ_S,
    PATCH_BYTES_PER_S,
    SECTOR_ERASE_S,
    Phase,
    Progress,
    Step,
)
from dfota.engine.writing import SectorWriter
from dfota.errors import FlashError, UpdateFailedError
from dfota.flash import Flash, PartitionTable, TableEntry, find_table, write_table
from dfota.package import Action, PartitionChange, VerifiedPackage, changed_partitions


@dataclass(frozen=True, slots=True)
class Patched:
    """One image that is written over what was there.

    Attributes:
        entry: the new image; its slot is where it goes.
        change: what the manifest says.
        old: the old image, if there is one.
    """

    entry: TableEntry
    change: PartitionChange
    old: TableEntry | None


@dataclass(frozen=True, slots=True)
class InPlaceUpdate:
    """What will be done, and *table*, which stands for it at the end."""

    package: VerifiedPackage
    images: tuple[Patched, ...]
    table: PartitionTable


def plan_in_place(
    layout: Layout, firmware: Firmware, package: VerifiedPackage, table: PartitionTable
) -> InPlaceUpdate:
    """Where every new image goes: over the old one, or into a gap.

    Raises:
        UpdateFailedError: an image is larger than its slot, or than every gap.
    """
    manifest = package.manifest
    old = {entry.name: entry for entry in firmware.partitions}
    changes = {change.name: change for change in manifest.partitions}
    new = changed_partitions(manifest, {e.name: (e.size, e.digest) for e in old.values()})
    sector = layout.geometry.sector_size
    entries: list[TableEntry] = []
    images: list[Patched] = []
    # A partition that is removed keeps its place until the update is whole.
    taken = list(old.values())
    for name, (size, digest) in new.items():
        before = old.get(name)
        if before is None:
            needed = layout.geometry.sectors(size) * sector
            offset = _gap(layout, taken, needed, name)
            entry = TableEntry(name, offset, needed, size, digest)
            taken.append(entry)
        else:
            entry = replace(before, size=size, digest=digest)
            if size > before.slot_size:
                raise UpdateFailedError(
                    name, f"the new image has {size} bytes, its slot {before.slot_size}"
                )
        entries.append(entry)
        if name in changes:
            images.append(Patched(entry, changes[name], before))
    following = replace(
        table,
        revision=manifest.new_revision,
        security_counter=manifest.security_counter,
        sequence=table.sequence + 1,
        entries=tuple(entries),
    )
    return InPlaceUpdate(package, tuple(images), following)


class Patching:
    """Writes the new firmware over the old one.

    Args:
        flash: where.
        layout: its areas.
        firmware: the old firmware, as its table says.
        update: what plan_in_place() returned.
        package_digest: SHA-256 of the package.
    """

    def __init__(
        self,
        flash: Flash,
        layout: Layout,
        firmware: Firmware,
        update: InPlaceUpdate,
        package_digest: bytes,
    ) -> None:
        self._flash = flash
        self._firmware = firmware
        self._update = update
        self._identity = (
            package_digest[:DIGEST_BYTES],
            firmware.release_digest.value[:DIGEST_BYTES],
        )
        self._checkpoints = Checkpoints(flash, layout.checkpoints)
        slots = [_Slot(flash, image) for image in update.images]
        self._slots = slots
        self._trial = sum(slot.new_pages for slot in slots)
        self._units = self._trial + sum(slot.units for slot in slots) + 1
        self._update_id = 0

    def steps(self, journal: Journal, state: Record) -> Iterator[Step]:
        """Try everything if nothing was written yet, then write; yields steps of UPDATING.

        Args:
            journal: where the records go.
            state: a PATCHING record: the newest, or the one to begin with.

        Raises:
            UpdateFailedError: a patch does not fit; nothing was written.
            FlashError: the chip reports a failure; a new start goes on.
        """
        slots = self._slots
        if journal.newest is None or journal.newest.kind is not RecordKind.PATCHING:
            progress = Progress(Phase.UPDATING, self._units)
            for slot in slots:
                yield from self._try(slot, progress)
            journal.append(state)
        self._update_id = state.update_id
        before = self._trial + sum(slot.units for slot in slots[: state.copied])
        found = self._where_to_go_on(state.copied)
        if found is not None:
            before += slots[state.copied].units_at(found)
        progress = Progress(Phase.UPDATING, self._units, before)
        for number, slot in enumerate(slots[state.copied :], start=state.copied):
            yield from self._write(number, slot, found, progress)
            found = None
            state = replace(state, sequence=journal.next_sequence, copied=number + 1)
            journal.append(state)
        yield from self._finish(journal, state, progress)

    def _finish(self, journal: Journal, state: Record, progress: Progress) -> Iterator[Step]:
        found = find_table(self._flash)
        if found is None:
            raise FlashError("the partition table is gone")
        copy, table = found
        if table.entries != self._update.table.entries or (
            table.revision != self._update.table.revision
        ):
            write_table(self._flash, 1 - copy, self._update.table)
        sequence = journal.next_sequence
        journal.append(replace(state, kind=RecordKind.FINISHED, sequence=sequence))
        yield from progress.advance(1, SECTOR_ERASE_S + 2 * PAGE_PROG_S)
        yield Step(Phase.FINISHED, 1, 1, 0.0)

    # -- the trial ------------------------------------------------------------------------

    def _try(self, slot: _Slot, progress: Progress) -> Iterator[Step]:
        """Make the whole image with old as it lies, and throw it away."""
        name = slot.entry.name
        with failing_as_update(name):
            source = self._open(slot)
        digest = hashlib.sha256()
        position = 0
        while position < slot.entry.size:
            with failing_as_update(name):
                data = source.read(slot.piece(position, progress.batch))
            if not data:
                raise UpdateFailedError(name, f"the new image ends after {position} bytes")
            if not position and source.patch is not None:
                self._refuse_large_checkpoint(slot, source)
            digest.update(data)
            position += len(data)
            yield from progress.advance(
                self._flash.geometry.pages(len(data)), len(data) / PATCH_BYTES_PER_S
            )
        with failing_as_update(name):
            surplus = source.read(1)
        if surplus or digest.digest() != slot.entry.digest.value:
            raise UpdateFailedError(name, "the new image is not the promised one")

    def _refuse_large_checkpoint(self, slot: _Slot, source: Source) -> None:
        """There must be room for it, unless the slot is so roomy that none is due."""
        is_due = slot.entry.size > slot.interval * slot.sector
        if is_due and source.save_size > self._checkpoints.room:
            raise UpdateFailedError(
                slot.entry.name,
                f"a checkpoint needs {source.save_size} bytes, there are {self._checkpoints.room}",
            )

    # -- writing --------------------------------------------------------------------------

    def _write(
        self, number: int, slot: _Slot, found: Checkpoint | None, progress: Progress
    ) -> Iterator[Step]:
        if slot.is_copied:
            yield from self._copy(number, slot, found, progress)
        else:
            if found is None or found.stage is Stage.MOVING:
                yield from self._move(number, slot, found.position if found else 0, progress)
                slot.moved = slot.old_count
                with failing_as_update(slot.entry.name):
                    self._open(slot)
                needed = slot.old_digest(slot.needed_of_old)[:DIGEST_BYTES]
                self._note(Stage.WRITING, number, 0, needed)
                found = None
            slot.moved = slot.old_count
            yield from self._write_new(number, slot, found, progress)
        entry = slot.entry
        if digest_in_flash(self._flash, entry.offset, entry.size) != entry.digest:
            raise FlashError(f"partition {entry.name} does not read back as it was written")
        yield from progress.advance(1, digest_cost_s(self._flash, entry.size))

    def _move(self, number: int, slot: _Slot, moved: int, progress: Progress) -> Iterator[Step]:
        """Copy old to the end of its slot, its last sector first.

        A source is overwritten *batch* moves later, so that so often a checkpoint is due.
        """
        batch = slot.shift // slot.sector
        slot.moved = moved if batch else slot.old_count
        while slot.moved < slot.old_count:
            stop = min(slot.moved + batch, slot.old_count)
            while slot.moved < stop:
                index = slot.old_count - 1 - slot.moved
                at = slot.entry.offset + index * slot.sector
                size = min(slot.old_size - index * slot.sector, slot.sector)
                SectorWriter(self._flash, at + slot.shift).write(self._flash.read(at, size))
                slot.moved += 1
                pages = self._flash.geometry.pages(size)
                cost_s = SECTOR_ERASE_S + pages * (PAGE_READ_S + PAGE_PROG_S)
                yield from progress.advance(pages, cost_s)
            if stop < slot.old_count:
                self._note(Stage.MOVING, number, stop)

    def _write_new(
        self, number: int, slot: _Slot, found: Checkpoint | None, progress: Progress
    ) -> Iterator[Step]:
        name = slot.entry.name
        position = found.position if found else 0
        with failing_as_update(name):
            source = self._open(slot)
            source.go_on(position, found.payload if found else b"")
        written = hashlib.sha256()
        for piece in read_in_pieces(self._flash, slot.entry.offset, position):
            written.update(piece)
        begin = position
        writer = SectorWriter(self._flash, slot.entry.offset + position)
        while position < slot.entry.size:
            if position > begin and position % (slot.interval * slot.sector) == 0:
                self._note(
                    Stage.WRITING,
                    number,
                    position,
                    written.digest()[:DIGEST_BYTES],
                    source.save(),
                )
            size = slot.piece(position, progress.batch)
            data = _read_checked(source, size, name)
            writer.write(data)
            written.update(data)
            pages = self._flash.geometry.pages(size)
            erase_s = SECTOR_ERASE_S if position % slot.sector == 0 else 0.0
            position += size
            yield from progress.advance(
                pages, erase_s + pages * PAGE_PROG_S + size / PATCH_BYTES_PER_S
            )

    def _copy(
        self, number: int, slot: _Slot, found: Checkpoint | None, progress: Progress
    ) -> Iterator[Step]:
        """Write a whole image; old does not matter, so checkpoints only save work."""
        name = slot.entry.name
        position = found.position if found else 0
        with failing_as_update(name):
            source = self._open(slot)
            source.go_on(position, b"")
        written = hashlib.sha256()
        for piece in read_in_pieces(self._flash, slot.entry.offset, position):
            written.update(piece)
        writer = SectorWriter(self._flash, slot.entry.offset + position)
        every = max(1, self._flash.geometry.sectors(slot.entry.size) // 16) * slot.sector
        while position < slot.entry.size:
            size = slot.piece(position, progress.batch)
            data = _read_checked(source, size, name)
            writer.write(data)
            written.update(data)
            position += size
            pages = self._flash.geometry.pages(size)
            yield from progress.advance(pages, pages * PAGE_PROG_S + size / PATCH_BYTES_PER_S)
            if position % every == 0 and position < slot.entry.size:
                self._note(Stage.COPYING, number, position, written.digest()[:DIGEST_BYTES])

    def _open(self, slot: _Slot) -> Source:
        """Begin to make an image, whose patch fits the slot."""
        source = source_of(
            self._flash,
            self._firmware,
            self._update.package,
            slot.entry,
            slot.change,
            read_old=slot.read_old,
        )
        slot.check_room(source)
        return source

    # -- checkpoints ----------------------------------------------------------------------

    def _note(
        self,
        stage: Stage,
        number: int,
        position: int,
        written: bytes = bytes(DIGEST_BYTES),
        payload: bytes = b"",
    ) -> None:
        package, release = self._identity
        self._checkpoints.save(
            Checkpoint(stage, number, position, package, release, self._update_id, written, payload)
        )

    def _where_to_go_on(self, number: int) -> Checkpoint | None:
        """The checkpoint of image *number*, if there is one and flash is as it says.

        Raises:
            FlashError: flash is not as it says, and beginning anew would be a mixture.
        """
        found = self._checkpoints.newest
        if (
            found is None
            or number >= len(self._slots)
            or (found.package, found.release) != self._identity
            or (found.update_id, found.image) != (self._update_id, number)
        ):
            return None
        slot = self._slots[number]
        if found.stage is Stage.MOVING:
            slot.moved = min(found.position, slot.old_count)
            is_there = slot.old is not None and slot.old_digest(0) == slot.old.digest.value
        elif found.stage is Stage.WRITING and not found.position:
            with failing_as_update(slot.entry.name):
                self._open(slot)
            slot.moved = slot.old_count
            is_there = slot.old_digest(slot.needed_of_old)[:DIGEST_BYTES] == found.written
        else:
            digest = digest_in_flash(self._flash, slot.entry.offset, found.position)
            is_there = digest.value[:DIGEST_BYTES] == found.written
        if is_there:
            return found
        if found.stage is Stage.COPYING:
            return None
        raise FlashError(f"what was done of {slot.entry.name} is damaged")


def _read_checked(source: Source, size: int, name: str) -> bytes:
    with failing_as_update(name):
        data = source.read(size)
    if len(data) != size:
        raise UpdateFailedError(name, "the new image is shorter than it was in the trial")
    return data


def _gap(layout: Layout, taken: list[TableEntry], size: int, name: str) -> int:
    """Where *size* bytes are free in the active area."""
    offset = layout.active.offset
    for entry in sorted(taken, key=lambda entry: entry.offset):
        if entry.offset - offset >= size:
            return offset
        offset = max(offset, entry.offset + entry.slot_size)
    if layout.active.end - offset < size:
        raise UpdateFailedError(name, "there is no room for a new partition")
    return offset


class _Slot:
    """The slot of one image: old in it, wherever it is, and how far new is."""

    def __init__(self, flash: Flash, image: Patched) -> None:
        geometry = flash.geometry
        self._flash = flash
        self.entry = image.entry
        self.change = image.change
        self.old = image.old
        self.sector = geometry.sector_size
        self.is_copied = image.change.action is Action.IMAGE
        self.old_size = image.old.size if image.old is not None else 0
        self.old_count = geometry.sectors(self.old_size)
        self.shift = image.entry.slot_size - self.old_count * self.sector
        """How far old is moved up: whatever room there is beyond the need saves checkpoints."""
        self.interval = 1
        """Sectors of new from checkpoint to checkpoint."""
        self.moved = 0
        """Sectors of old that have moved, from the last one on."""
        self.gone = 0
        """Bytes of the slot, from its begin, in which nothing of old is left."""
        self.new_pages = geometry.pages(image.entry.size)
        moves = geometry.pages(self.old_size) if self.shift and not self.is_copied else 0
        self._move_pages = moves
        self.units = moves + self.new_pages + 1
        self._geometry = geometry

    def check_room(self, source: Source) -> None:
        """Make sure that the patch was made for such a slot, and find the interval.

        Raises:
            UpdateFailedError: it was not.
        """
        patch = source.patch
        if patch is None:
            return
        name = self.entry.name
        if patch.in_place is None:
            raise UpdateFailedError(name, "the patch was not made for updates in place")
        if patch.in_place.sector_size % self.sector:
            raise UpdateFailedError(name, "the patch was made for other sectors")
        spare = self._geometry.sectors(patch.in_place.spare_size) * self.sector
        if self.shift < spare:
            raise UpdateFailedError(
                name, f"the patch needs {spare} bytes of spare room, there are {self.shift}"
            )
        self.interval = (self.shift - patch.in_place.spare_size) // self.sector + 1

    def piece(self, position: int, batch: int) -> int:
        """Bytes to make next: at most *batch* pages, and not beyond a sector.

        All sectors up to the next checkpoint are counted as gone: after a cut it begins there.
        """
        stretch = self.interval * self.sector
        self.gone = 0 if self.is_copied else (position // stretch + 1) * stretch
        room = self.sector - position % self.sector
        return min(batch * self._geometry.page_size, room, self.entry.size - position)

    def read_old(self, offset: int, size: int) -> bytes:
        """Old, wherever it is: the sectors that were moved lie higher."""
        name = self.entry.name
        if offset < 0 or size < 0 or offset + size > self.old_size:
            raise UpdateFailedError(name, "the patch reads outside the old image")
        if offset + self.shift < self.gone:
            raise UpdateFailedError(name, "the patch needs bytes of old that it overwrites")
        stay = (self.old_count - self.moved) * self.sector
        pieces = []
        while size > 0:
            take = min(size, stay - offset) if offset < stay else size
            place = self.entry.offset + offset + (0 if offset < stay else self.shift)
            pieces.append(self._flash.read(place, take))
            offset, size = offset + take, size - take
        return b"".join(pieces)

    @property
    def needed_of_old(self) -> int:
        """From where on old must be there when the first sector of new is written."""
        return min(max(0, self.interval * self.sector - self.shift), self.old_size)

    def old_digest(self, first: int) -> bytes:
        """SHA-256 of old from *first* on, wherever it is."""
        self.gone = 0
        digest = hashlib.sha256()
        for offset in range(first, self.old_size, self.sector):
            digest.update(self.read_old(offset, min(self.sector, self.old_size - offset)))
        return digest.digest()

    def units_at(self, checkpoint: Checkpoint) -> int:
        """Units of work that are done where a checkpoint stands."""
        pages = self._geometry.pages
        if checkpoint.stage is Stage.MOVING:
            left = (self.old_count - checkpoint.position) * self.sector
            return self._move_pages - pages(min(left, self.old_size)) if self.shift else 0
        return self._move_pages + pages(checkpoint.position)
