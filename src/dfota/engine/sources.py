# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Where the bytes of a new image come from: a patch, an image, or flash; nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dfota.delta import PatchReader
from dfota.engine.firmware import Firmware
from dfota.errors import DfotaError, FlashError, MisuseError, PatchCorruptError, UpdateFailedError
from dfota.flash import Flash, TableEntry
from dfota.package import Action, PartitionChange, VerifiedPackage, open_image

PIECE_SIZE = 1 << 16
"""Bytes that are read at once to get to where an image goes on."""

Reader = Callable[[int], bytes]
"""Gives up to so many next bytes; empty at the end."""


class Source:
    """The bytes of one new image, in order.

    Attributes:
        patch: where they come from a patch.
    """

    def __init__(self, read: Reader, open_patch: Callable[[], PatchReader] | None = None) -> None:
        self._read = read
        self._open_patch = open_patch
        self.patch: PatchReader | None = None
        self._save_size = 0

    @classmethod
    def of_patch(cls, open_patch: Callable[[], PatchReader]) -> Source:
        """Open a patch; it may have to be opened again.

        Raises:
            DeltaError: it is damaged.
        """
        patch = open_patch()
        source = cls(patch.read, open_patch)
        source.patch = patch
        return source

    @property
    def save_size(self) -> int:
        """Bytes that save() gives; it does not change while an image is made."""
        if not self._save_size:
            self._save_size = len(self.save())
        return self._save_size

    def read(self, size: int) -> bytes:
        """The next *size* bytes, fewer only at the end."""
        data = self._read(size)
        while len(data) < size and (more := self._read(size - len(data))):
            data += more
        return data

    def save(self) -> bytes:
        """The state of the patch for go_on(); empty where there is none."""
        return self.patch.save() if self.patch is not None else b""

    def go_on(self, position: int, payload: bytes) -> None:
        """Continue behind *position* bytes, from a saved state or by reading up to there.

        Raises:
            UpdateFailedError: the image does not get that far.
            DeltaError: the patch is damaged.
        """
        if payload and self._has_resumed(payload):
            return
        while position > 0:
            data = self.read(min(position, PIECE_SIZE))
            if not data:
                raise UpdateFailedError("image", "it is shorter than what was made of it")
            position -= len(data)

    def _has_resumed(self, payload: bytes) -> bool:
        if self.patch is None or self._open_patch is None:
            return False
        try:
            self.patch.resume(payload)
        except (PatchCorruptError, MisuseError):
            self.patch = self._open_patch()
            self._read = self.patch.read
            return False
        return True


def source_of(
    flash: Flash,
    firmware: Firmware,
    package: VerifiedPackage,
    entry: TableEntry,
    change: PartitionChange | None,
    *,
    read_old: Callable[[int, int], bytes] | None = None,
) -> Source:
    """Open what makes the new image of the partition *entry*.

    Args:
        flash: where old lies.
        firmware: the old firmware.
        package: where the patch or image is.
        entry: the new image.
        change: what the manifest says of it; None for one that only moves.
        read_old: reads old, where it does not lie as it did.

    Raises:
        UpdateFailedError: the patch is for, or makes, something else.
        DeltaError: it is damaged.
        PackageError: the image is.
    """
    old = next((e for e in firmware.partitions if e.name == entry.name), None)
    if change is not None and change.action is Action.IMAGE:
        return Source(open_image(package.payload(entry.name), entry.size).read)
    if old is None:
        raise UpdateFailedError(entry.name, "there is no old image")
    read_window = read_old or window(flash, old)
    if change is None:
        return Source(_serial(old.size, read_window))
    patch = package.payload(entry.name)

    def open_patch() -> PatchReader:
        return PatchReader(
            _serial(len(patch), lambda first, size: bytes(patch[first : first + size])), read_window
        )

    source = Source.of_patch(open_patch)
    reader = source.patch
    if reader is None or not reader.is_from(old.size, old.digest):
        raise UpdateFailedError(entry.name, "the patch is for another old image")
    if not reader.makes(entry.size, entry.digest):
        raise UpdateFailedError(entry.name, "the patch makes another image")
    return source


def window(flash: Flash, entry: TableEntry) -> Callable[[int, int], bytes]:
    """Read the old image *entry*, and nothing outside it."""

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


@contextmanager
def failing_as_update(partition: str) -> Iterator[None]:
    """Whatever a payload's decoder refuses is this partition's failure; flash's stay flash's."""
    try:
        yield
    except (FlashError, UpdateFailedError):
        raise
    except DfotaError as error:
        raise UpdateFailedError(partition, str(error)) from error
