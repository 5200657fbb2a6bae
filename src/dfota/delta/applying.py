# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Apply a patch, in memory or as a stream; it never guesses and never returns a wrong byte."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from dfota._native import Applier, Header, NativeError, Profile
from dfota.delta.creating import InPlace
from dfota.delta.failures import error_for
from dfota.delta.limits import IMAGE_SIZE_MAX
from dfota.errors import ImageTooLargeError, MisuseError, OldImageMismatchError
from dfota.values import Digest

Progress = Callable[[int, int], None]
"""Called with (done, total)."""

PIECE_SIZE = 1 << 20
"""Bytes of new between two chances to be interrupted."""


def apply(
    old: bytes,
    patch: bytes,
    *,
    image_size_max: int = IMAGE_SIZE_MAX,
    progress: Progress | None = None,
) -> bytes:
    """Turn *old* into the new image.

    Args:
        old: the very image that the patch was made from.
        patch: what ``generate`` returned.
        image_size_max: the largest new image that is made; few bytes can become many.
        progress: told how many bytes of new are done, of how many.

    Returns:
        The new image; its digest has been verified.

    Raises:
        PatchFormatError: *patch* is not a dfota patch.
        PatchVersionError: it has another format version.
        PatchCorruptError: it is damaged, truncated or hostile.
        OldImageMismatchError: *old* is another image.
        ImageTooLargeError: the new image would be over *image_size_max*; nothing was made.
    """
    # Views of anything but bytes would be counted in items.
    old, patch = bytes(old), bytes(patch)
    try:
        applier = Applier.in_memory(patch, old)
        header = applier.header
        if header.new_size > image_size_max:
            raise ImageTooLargeError(header.new_size, image_size_max)
        refuse_other_old(header, old)
        new = bytearray()
        while piece := applier.read(min(PIECE_SIZE, max(header.new_size - len(new), 1))):
            new += piece
            if progress is not None:
                progress(len(new), header.new_size)
    except NativeError as failure:
        raise error_for(failure) from None
    return bytes(new)


def refuse_other_old(header: Header, old: bytes) -> None:
    """Make sure that *old* is the image that the patch was made from.

    Raises:
        OldImageMismatchError: it is not.
    """
    actual = hashlib.sha256(old).digest()
    if len(old) != header.old_size or not actual.startswith(header.old_digest):
        raise OldImageMismatchError(header.old_digest, actual, header.old_size, len(old))


class PatchReader:
    """The new image as a stream, in the memory that the patch names: ``memory_size`` bytes.

    It does not check that old is the right image: ask ``is_from`` first. What a callback
    raises comes out of the constructor or of ``read`` unchanged.

    Args:
        read_patch: gives up to *n* next bytes of the patch, ``b""`` at its end.
        read_old: gives exactly *size* bytes of old at *offset*.

    Attributes:
        in_place: for which sectors and spare room it was made; None if not for one slot.
        has_checkpoints: whether ``save()`` works: profiles ``balanced`` and ``embedded``.

    Raises:
        PatchFormatError: the bytes are not a dfota patch.
        PatchVersionError: the patch has another format version.
        PatchCorruptError: its header is damaged.
        MisuseError: a callback gave more than it was asked for.
    """

    def __init__(
        self, read_patch: Callable[[int], bytes], read_old: Callable[[int, int], bytes]
    ) -> None:
        try:
            self._applier = Applier.with_callbacks(_whole(read_patch), _exact(read_old))
        except NativeError as failure:
            raise error_for(failure) from None
        header = self._applier.header
        self.old_size = header.old_size
        self.new_size = header.new_size
        self.memory_size = header.memory_size
        self.has_checkpoints = header.profile is not Profile.MAX
        self.in_place = (
            InPlace(header.sector_size, header.spare_size) if header.sector_size else None
        )
        self._old_digest = header.old_digest
        self._new_digest = header.new_digest

    def is_from(self, size: int, digest: Digest) -> bool:
        """Whether the patch was made from the image of this size and digest."""
        return size == self.old_size and digest.value.startswith(self._old_digest)

    def makes(self, size: int, digest: Digest) -> bool:
        """Whether the patch makes the image of this size and digest."""
        return size == self.new_size and digest.value.startswith(self._new_digest)

    def save(self) -> bytes:
        """A checkpoint: where the reader stands, between two calls of ``read``.

        It holds no check of its own; whoever keeps it adds one. Empty without
        ``has_checkpoints``: that reader begins anew and reads up to where it was.

        Raises:
            MisuseError: nothing was read yet, or a read failed.
        """
        try:
            return self._applier.save()
        except NativeError:
            raise MisuseError("a patch that is not being read has no checkpoint") from None

    def resume(self, checkpoint: bytes) -> None:
        """Go on from a checkpoint of the very same patch, before the first ``read``.

        The patch is read from its beginning up to where it stood; old must be what it was,
        as far as it is still needed.

        Raises:
            MisuseError: something was read already, or a callback misbehaved.
            PatchCorruptError: the checkpoint is not one of this patch.
        """
        try:
            self._applier.resume(checkpoint)
        except NativeError as failure:
            raise error_for(failure) from None

    def read(self, size: int) -> bytes:
        """The next *size* bytes of new; fewer where new ends, ``b""`` behind it.

        The call that returns the last byte has verified the digest of new and the end of
        the patch.

        Raises:
            MisuseError: *size* is negative, a callback gave another number of bytes than
                it was asked for, or another thread or a callback is reading already.
            PatchCorruptError: the patch is damaged; nothing of it may be used, also not
                what earlier calls returned.
        """
        if size < 0:
            raise MisuseError(f"cannot read {size} bytes")
        try:
            return self._applier.read(size)
        except NativeError as failure:
            raise error_for(failure) from None


def _whole(read_patch: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """A reader that gives fewer bytes than asked for only at the end, as C wants it."""

    def read(size: int) -> bytes:
        data = b""
        while len(data) < size and (more := read_patch(size - len(data))):
            data += more
        if len(data) > size:
            raise MisuseError(f"read_patch gave {len(data)} bytes, {size} were asked for")
        return data

    return read


def _exact(read_old: Callable[[int, int], bytes]) -> Callable[[int, int], bytes]:
    """A reader that gives as many bytes as it is asked for, or raises."""

    def read(offset: int, size: int) -> bytes:
        data = read_old(offset, size)
        if len(data) != size:
            raise MisuseError(f"read_old gave {len(data)} bytes, {size} were asked for")
        return data

    return read
