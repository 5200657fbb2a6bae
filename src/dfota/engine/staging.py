# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""CHECK and UPDATING: from a package to a staged new firmware; the active area is only read.

Power loss: until the STAGED record nothing that boot() looks at has changed, because
this file writes only to the backup area and the plan, and neither is read unless the
newest record of the journal is STAGED or COPIED. So a cut anywhere in here means: the
old firmware runs, and the update was never begun.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dfota.delta import PatchReader
from dfota.engine.firmware import Firmware, digest_cost_s, read_in_pieces
from dfota.engine.journal import Journal, Record, RecordKind
from dfota.engine.layout import Layout, Wanted, plan_layout
from dfota.engine.plan import Copy, RestorePlan, write_plan
from dfota.engine.steps import (
    PAGE_PROG_S,
    PATCH_BYTES_PER_S,
    SECTOR_ERASE_S,
    SIGNATURE_S,
    Phase,
    Progress,
    Step,
)
from dfota.errors import (
    DfotaError,
    FlashError,
    UpdateFailedError,
)
from dfota.flash import Flash, PartitionTable, TableEntry, find_table
from dfota.package import (
    Action,
    PartitionChange,
    PublicKey,
    VerifiedPackage,
    changed_partitions,
    open_image,
    parse,
    release_digest,
)

Reader = Callable[[int], bytes]
"""Gives up to so many next bytes; empty at the end."""


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
    package: bytes | bytearray | memoryview | mmap.mmap,
    trusted: Sequence[PublicKey],
    *,
    remote: bool,
) -> Generator[Step, None, Update]:
    """Decide whether *package* may be applied; yields steps and returns the Update.

    The release digest is that of the bytes in flash, read now, and not of what the
    partition table promises.

    Raises:
        PackageError: as the package room raises it.
        UpdateFailedError: the new firmware does not fit into this flash.
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
    update = _plan_update(flash, layout, firmware, verified, remote=remote)
    yield from progress.advance(1, 0.0)
    return update


def stage_update(
    flash: Flash, layout: Layout, journal: Journal, firmware: Firmware, update: Update
) -> Iterator[Step]:
    """Build every changed or moved image in the backup area and commit with STAGED.

    Each image is verified while it is made and again as it reads back from flash; then
    the plan is written; the STAGED record is the last operation and vouches for both.

    Raises:
        UpdateFailedError: an image cannot be made or is not what the manifest promises.
        FlashError: the chip reports a failure.
    """
    geometry = flash.geometry
    pages = sum(geometry.pages(image.entry.size) for image in update.images)
    progress = Progress(Phase.UPDATING, pages + len(update.images) + 1)
    for image in update.images:
        name = image.entry.name
        with _failing_as_update(name):
            read = _reader(flash, firmware, update.package, image)
        yield from _stage_image(flash, image, read, progress)
        yield from _verify_image(flash, image, progress)
    digest = write_plan(flash, layout, update.plan)
    sequence = journal.next_sequence
    journal.append(Record(RecordKind.STAGED, sequence, sequence, 0, update.remote, digest))
    yield from progress.advance(1, 2 * SECTOR_ERASE_S + 2 * PAGE_PROG_S)


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
    )
    copies = tuple(Copy(image.backup, image.entry.offset, image.entry.size) for image in images)
    return Update(package, tuple(images), RestorePlan(copies, new_table, 1 - copy), remote)


def _reader(flash: Flash, firmware: Firmware, package: VerifiedPackage, image: Staged) -> Reader:
    old = next((e for e in firmware.partitions if e.name == image.entry.name), None)
    if image.change is not None and image.change.action is Action.IMAGE:
        return open_image(package.payload(image.entry.name), image.entry.size).read
    if old is None:
        raise UpdateFailedError(image.entry.name, "there is no old image")
    read_old = _window(flash, old)
    if image.change is None:
        return _serial(old.size, read_old)
    patch = package.payload(image.entry.name)
    reader = PatchReader(
        _serial(len(patch), lambda first, size: bytes(patch[first : first + size])), read_old
    )
    if not reader.is_from(old.size, old.digest):
        raise UpdateFailedError(image.entry.name, "the patch is for another old image")
    if not reader.makes(image.entry.size, image.entry.digest):
        raise UpdateFailedError(image.entry.name, "the patch makes another image")
    return reader.read


def _window(flash: Flash, entry: TableEntry) -> Callable[[int, int], bytes]:
    def read_old(offset: int, size: int) -> bytes:
        if offset < 0 or size < 0 or offset + size > entry.size:
            raise UpdateFailedError(entry.name, "the patch reads outside the old image")
        return flash.read(entry.offset + offset, size)

    return read_old


def _serial(total: int, read: Callable[[int, int], bytes]) -> Reader:
    position = 0

    def read_next(size: int) -> bytes:
        nonlocal position
        data = read(position, min(size, total - position))
        position += len(data)
        return data

    return read_next


def _stage_image(flash: Flash, image: Staged, read: Reader, progress: Progress) -> Iterator[Step]:
    geometry = flash.geometry
    name = image.entry.name
    for first in range(0, image.entry.size, geometry.page_size):
        wanted = min(geometry.page_size, image.entry.size - first)
        with _failing_as_update(name):
            page = _read_exactly(read, wanted)
        if len(page) != wanted:
            raise UpdateFailedError(name, f"the new image ends after {first + len(page)} bytes")
        cost_s = PAGE_PROG_S + wanted / PATCH_BYTES_PER_S
        if first % geometry.sector_size == 0:
            flash.erase(image.backup + first)
            cost_s += SECTOR_ERASE_S
        flash.prog(image.backup + first, page.ljust(geometry.page_size, b"\xff"))
        yield from progress.advance(1, cost_s)
    with _failing_as_update(name):
        surplus = read(1)
    if surplus:
        raise UpdateFailedError(name, f"the new image has more than {image.entry.size} bytes")


def _verify_image(flash: Flash, image: Staged, progress: Progress) -> Iterator[Step]:
    entry = image.entry
    digest = hashlib.sha256()
    for piece in read_in_pieces(flash, image.backup, entry.size):
        digest.update(piece)
    if digest.digest() != entry.digest.value:
        raise UpdateFailedError(entry.name, "the new image does not have the promised digest")
    yield from progress.advance(1, digest_cost_s(flash, entry.size))


def _read_exactly(read: Reader, size: int) -> bytes:
    data = read(size)
    while len(data) < size:
        more = read(size - len(data))
        if not more:
            break
        data += more
    return data


@contextmanager
def _failing_as_update(partition: str) -> Iterator[None]:
    """Whatever a payload's decoder refuses is this partition's failure; flash's stay flash's."""
    try:
        yield
    except (FlashError, UpdateFailedError):
        raise
    except DfotaError as error:
        raise UpdateFailedError(partition, str(error)) from error
