# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Make a patch: suffix array, then the C creator in slices; the format is not known here."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable
from typing import Any

from dfota._native import Creator
from dfota.delta.limits import IMAGE_SIZE_MAX
from dfota.errors import ImageTooLargeError

SLICE_SIZE = 1 << 16
"""Bytes of new between two chances to report progress and to be interrupted."""

Progress = Callable[[int, int], None]
"""Called with (done, total); the unit means nothing."""


def generate(old: bytes, new: bytes, *, progress: Progress | None = None) -> bytes:
    """Make the patch that turns *old* into *new*; the same images give the same bytes.

    Args:
        old: the image that the device has.
        new: the image that it shall have.
        progress: told how far the work is; an exception that it raises ends the work, and
            so does Ctrl-C.

    Returns:
        The patch.

    Raises:
        ImageTooLargeError: an image is over 1 GiB.
        MemoryError: the machine has too little memory; sorting needs four bytes for each
            byte of old.
    """
    for image in (old, new):
        if len(image) > IMAGE_SIZE_MAX:
            raise ImageTooLargeError(len(image), IMAGE_SIZE_MAX)
    old, new = bytes(old), bytes(new)
    report = progress or (lambda _done, _total: None)
    # Sorting costs about as much as half of the search.
    total = len(old) + 2 * len(new)
    report(0, total)
    creator = Creator(
        old,
        new,
        _suffix_array(old),
        old_digest=hashlib.sha256(old).digest(),
        new_digest=hashlib.sha256(new).digest(),
    )
    while (patch := creator.patch()) is None:
        report(len(old) + creator.step(SLICE_SIZE), total)
    return patch


def _suffix_array(image: bytes) -> Any:
    """Where each suffix of *image* starts, in their order, as 32-bit integers."""
    if not image:
        return array("i")
    # Imported here: numpy takes longer to load than most patches take to apply.
    import pydivsufsort  # noqa: PLC0415 - see above

    return pydivsufsort.divsufsort(image)
