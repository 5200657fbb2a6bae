# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Make a patch: the C creator in slices; the format is not known here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dfota._native import Creator
from dfota._native import Profile as _Profile
from dfota.delta.limits import IMAGE_SIZE_MAX
from dfota.errors import ImageTooLargeError, MisuseError

SLICE_SIZE = 1 << 16
"""Bytes of new between two chances to report progress and to be interrupted."""

Profile = Literal["max", "balanced", "embedded"]
"""Who a patch is for: a host or a module; up to 1 MiB of memory; up to 32 KiB."""

Progress = Callable[[int, int], None]
"""Called with (done, total); the unit means nothing."""

SIZE_MAX = 1 << 30
"""The most bytes of memory, of a sector and of spare that a patch can name."""

PLAN_SHARE = 3
"""Planning counts as so many times the size of new in the progress."""


@dataclass(frozen=True, slots=True)
class InPlace:
    """Old and new share one slot.

    Attributes:
        sector_size: bytes that are erased at once.
        spare_size: bytes that old can be moved up in its slot before new is written; only whole
            sectors are of use.
    """

    sector_size: int
    spare_size: int


def generate(
    old: bytes,
    new: bytes,
    *,
    profile: Profile = "max",
    in_place: InPlace | None = None,
    memory_size: int = 0,
    progress: Progress | None = None,
) -> bytes:
    """Make the patch that turns *old* into *new*; the same images give the same bytes.

    Args:
        old: the image that the device has.
        new: the image that it shall have.
        profile: who the patch is for. For ``max`` the patch is of profile ``balanced`` where that
            one is smaller: every applier of ``max`` reads it.
        in_place: for devices where new is written over old; not with profile ``max``.
        memory_size: the most memory that the device gives to the patch, for ``balanced`` and
            ``embedded``; 0 means what these profiles promise.
        progress: told how far the work is; an exception that it raises ends the work, and
            so does Ctrl-C.

    Returns:
        The patch.

    Raises:
        ImageTooLargeError: an image is over 1 GiB.
        MemoryError: the machine has too little memory.
        MisuseError: the options contradict each other, or a size is negative or over 1 GiB.
    """
    for image in (old, new):
        if len(image) > IMAGE_SIZE_MAX:
            raise ImageTooLargeError(len(image), IMAGE_SIZE_MAX)
    if in_place is not None and profile == "max":
        raise MisuseError(
            "profile max reads all of old: it cannot update in place",
            "Use profile embedded or balanced.",
        )
    _refuse_outside("memory_size", memory_size, least=0)
    if in_place is not None:
        _refuse_outside("sector_size", in_place.sector_size, least=1)
        _refuse_outside("spare_size", in_place.spare_size, least=0)
    old, new = bytes(old), bytes(new)
    report = progress or (lambda _done, _total: None)
    total = (PLAN_SHARE + 2) * len(new)
    report(0, total)
    creator = Creator(
        old,
        new,
        profile=_Profile[profile.upper()],
        effort=1 if profile == "max" else 0,
        memory_size=memory_size,
        sector_size=in_place.sector_size if in_place else 0,
        spare_size=in_place.spare_size if in_place else 0,
    )
    planned = PLAN_SHARE * len(new)
    highest = 0

    def report_plan(done: int, of: int) -> None:
        nonlocal highest
        highest = max(highest, planned * done // max(of, 1))
        report(min(highest, planned), total)

    creator.plan(report_plan)
    patch = _code(creator, lambda done: report(planned + done, total))
    if profile == "max":
        # What reads `max` reads `balanced` too, which is now and then the smaller one.
        other = Creator(old, new, profile=_Profile.BALANCED, effort=0)
        other.plan_like(creator)
        smaller = _code(other, lambda _done: report(total, total))
        patch = min(patch, smaller, key=len)
    report(total, total)
    return patch


def _refuse_outside(name: str, size: int, *, least: int) -> None:
    if not least <= size <= SIZE_MAX:
        raise MisuseError(
            f"{name} is {size}, outside its range of {least} to {SIZE_MAX} bytes",
            f"Give a {name} in this range.",
        )


def _code(creator: Creator, report: Callable[[int], None]) -> bytes:
    """Let a creator that has its plan finish; *report* is told how far it is."""
    while (patch := creator.patch()) is None:
        report(creator.step(SLICE_SIZE))
    return patch
