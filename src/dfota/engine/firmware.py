# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Facts about the firmware in flash, read and verified; nothing here changes flash."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from dfota.engine.steps import DIGEST_BYTES_PER_S, PAGE_READ_S
from dfota.flash import Flash, PartitionTable, TableEntry
from dfota.package import release_digest
from dfota.values import Digest, FirmwareVersion

PackageBytes = bytes | bytearray | memoryview | mmap.mmap
"""The bytes of an ``update.zip``."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """The firmware that runs, every partition of it verified."""

    model: str
    hardware: str
    revision: FirmwareVersion
    security_counter: int
    partitions: tuple[TableEntry, ...]
    release_digest: Digest

    @classmethod
    def of(cls, table: PartitionTable) -> Firmware:
        """The facts of *table*; whether flash agrees is the caller's matter."""
        return cls(
            table.model,
            table.hardware,
            table.revision,
            table.security_counter,
            table.entries,
            table_digest(table.entries),
        )


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """An update whose commit point is passed: *copied* of *total* sectors are restored.

    For an update in place: images; how many there are, and the new revision, only its package
    knows (0, None).
    """

    update_id: int
    remote: bool
    new_revision: FirmwareVersion | None
    copied: int
    total: int


@dataclass(frozen=True, slots=True)
class InterruptedUpdate:
    """An UPDATING that a power cut ended and that can go on, for the firmware that runs.

    Attributes:
        package_digest: the first bytes of SHA-256 of its package.
        image: how many images are complete.
    """

    package_digest: bytes
    image: int

    def is_of(self, package: PackageBytes) -> bool:
        """Whether *package* is the one that was being applied."""
        return hashlib.sha256(package).digest().startswith(self.package_digest)


@dataclass(frozen=True, slots=True)
class Running:
    """A firmware is whole and runs.

    Attributes:
        unreported: the update that has just led to it, if the host was not told yet.
        interrupted: an UPDATING that update(..., resume_updating=True) goes on with.
    """

    firmware: Firmware
    unreported: PendingUpdate | None
    interrupted: InterruptedUpdate | None = None


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Forced upgrade mode: an update has to go on before any firmware can run.

    Attributes:
        update: how far it is.
        needs_package: resume() must be given the package: new is written over old.
    """

    update: PendingUpdate
    needs_package: bool = False


Boot = Running | Unfinished
"""What the boot code finds."""


def table_digest(entries: tuple[TableEntry, ...]) -> Digest:
    """The release digest of what a table promises."""
    return release_digest((entry.name, entry.size, entry.digest.value) for entry in entries)


def read_in_pieces(flash: Flash, offset: int, size: int) -> Iterator[bytes]:
    """Yield *size* bytes from *offset*, at most a sector at a time."""
    step = flash.geometry.sector_size
    for first in range(0, size, step):
        yield flash.read(offset + first, min(step, size - first))


@runtime_checkable
class DigestingFlash(Protocol):
    """A flash that may know digests without being read: a simulated one with a shared image."""

    def digest(self, offset: int, size: int) -> bytes | None:
        """SHA-256 of what ``read`` would return, or ``None``: read, and see."""


def digest_in_flash(flash: Flash, offset: int, size: int) -> Digest:
    """Hash *size* bytes from *offset*."""
    known = flash.digest(offset, size) if isinstance(flash, DigestingFlash) else None
    if known is not None:
        return Digest(known)
    digest = hashlib.sha256()
    for piece in read_in_pieces(flash, offset, size):
        digest.update(piece)
    return Digest(digest.digest())


def digest_cost_s(flash: Flash, size: int) -> float:
    """Seconds that reading and hashing *size* bytes take on hardware."""
    return flash.geometry.pages(size) * PAGE_READ_S + size / DIGEST_BYTES_PER_S
