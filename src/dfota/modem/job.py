# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What was asked for by ``AT+QFOTADL``, and how it outlives the restart before START."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from dfota.at import (
    FotaFileEnded,
    FotaFileStarted,
    FotaFtpEnded,
    FotaFtpStarted,
    FotaHttpEnded,
    FotaHttpStarted,
    Urc,
)
from dfota.modem.filesystem import PACKAGE_NAME
from dfota.modem.nv import nv_number, nv_text
from dfota.modem.progress import NO_LINES, Ladder

if TYPE_CHECKING:
    from dfota.modem.nv import Nv
    from dfota.modem.profiles import Profile

FOTA_CID_ITEM = nv_number("qcfg.fota/cid", 1, 1, 15)
FOTA_PATH_ITEM = nv_text("qcfg.fota/path", "UFS:", 32)
_PACKAGE = nv_text("fota.package", PACKAGE_NAME, 80)
_NO_WISH = 101
_LINES = nv_number("fota.updating-lines", _NO_WISH, 0, _NO_WISH)
_REMOTE = nv_number("fota.remote", 0, 0, 1)
_ATTEMPTS = nv_number("fota.attempts", 0, 0, 255)


class Source(Enum):
    """Where a package comes from."""

    LOCAL = "local"
    HTTP = "http"
    FTP = "ftp"
    HOST = "host"

    def started(self) -> Urc:
        """The URC that says so; ``LOCAL`` has none and is not asked."""
        match self:
            case Source.FTP:
                return FotaFtpStarted()
            case Source.HOST:
                return FotaFileStarted()
            case _:
                return FotaHttpStarted()

    def ended(self, code: int) -> Urc:
        """The URC at the end of the transfer."""
        match self:
            case Source.FTP:
                return FotaFtpEnded(code)
            case Source.HOST:
                return FotaFileEnded(code)
            case _:
                return FotaHttpEnded(code)


@dataclass(frozen=True, slots=True)
class Wish:
    """The optional parameters of ``AT+QFOTADL``, ``None`` where the profile decides.

    Attributes:
        restarts_first: whether a restart stands before START.
        downloading_lines: how many ``DOWNLOADING`` lines at most.
        updating_lines: how many ``UPDATING`` lines at most.
    """

    restarts_first: bool | None = None
    downloading_lines: int | None = None
    updating_lines: int | None = None


NO_WISH = Wish()


@dataclass(frozen=True, slots=True)
class Job:
    """One upgrade.

    Attributes:
        source: where the package comes from.
        wish: see there.
        package: its name in the file system.
    """

    source: Source
    wish: Wish = NO_WISH
    package: str = PACKAGE_NAME

    @property
    def is_remote(self) -> bool:
        """Whether the network brings it; kept for the report after a power cut."""
        return self.source in (Source.HTTP, Source.FTP)

    def restarts_first(self, profile: Profile) -> bool:
        """Whether a restart stands before START."""
        wanted = self.wish.restarts_first
        return profile.reboot_before_start if wanted is None else wanted

    def downloading(self, profile: Profile) -> Ladder:
        """The ``DOWNLOADING`` lines."""
        wanted = self.wish.downloading_lines
        count = profile.downloading_lines if wanted is None else wanted
        return Ladder(count, is_counted=True) if count else NO_LINES

    def updating(self, profile: Profile) -> Ladder:
        """The ``UPDATING`` lines (and those of ``RESTORE``)."""
        wanted = self.wish.updating_lines
        if wanted is not None:
            return Ladder(wanted, is_counted=True) if wanted else NO_LINES
        return Ladder(
            profile.updating_lines,
            has_zero=profile.updating_from_zero,
            has_last=profile.updating_to_hundred,
        )


def note(job: Job, nv: Nv) -> None:
    """Let the module know after a power cut what it was doing; whoever calls saves *nv*."""
    lines = job.wish.updating_lines
    nv.change(_PACKAGE, job.package)
    nv.change(_LINES, _NO_WISH if lines is None else lines)
    nv.change(_REMOTE, int(job.is_remote))


def noted(nv: Nv) -> Job:
    """The job that was noted last, or one with the package at its usual place."""
    lines = nv.number(_LINES)
    source = Source.HTTP if nv.number(_REMOTE) else Source.LOCAL
    wish = Wish(updating_lines=None if lines == _NO_WISH else lines)
    return Job(source, wish, nv.text(_PACKAGE))


def keep(job: Job, nv: Nv) -> None:
    """Let *job* begin after a restart; whoever calls saves *nv*."""
    note(job, nv)
    nv.pending_install = "remote" if job.is_remote else "local"
    nv.change(_ATTEMPTS, 0)


def kept(nv: Nv) -> Job | None:
    """The job that begins after this restart, if there is one."""
    return noted(nv) if nv.pending_install else None


def forget(nv: Nv) -> bool:
    """Nothing is kept or noted any more; whether anything was."""
    items = (_PACKAGE, _LINES, _REMOTE, _ATTEMPTS)
    was_there = bool(nv.pending_install) or any(item.name in nv.values for item in items)
    nv.pending_install = ""
    for item in items:
        nv.change(item, item.default)
    return was_there


def count_attempt(nv: Nv) -> int:
    """One more start of the kept job; how many there were with it."""
    count = min(nv.number(_ATTEMPTS) + 1, 255)
    nv.change(_ATTEMPTS, count)
    return count
