# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which phase follows which, as a table; and how long each may be silent. No I/O, no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from dfota.at import (
    AppReady,
    FotaContinued,
    FotaDownloading,
    FotaEnded,
    FotaFileEnded,
    FotaFileStarted,
    FotaFtpEnded,
    FotaFtpStarted,
    FotaHttpEnded,
    FotaHttpStarted,
    FotaRestoring,
    FotaStarted,
    FotaUpdating,
    PoweredDown,
    Ready,
    ScrubEnded,
    ScrubStarted,
    Urc,
)
from dfota.host.events import Phase
from dfota.host.kinds import ModuleKind


class Sign(Enum):
    """What the module let us know, without its numbers."""

    SCRUBBED = "+QSCRUB"
    FETCH_STARTED = "HTTPSTART, FTPSTART, FILESTART"
    FETCHING = "DOWNLOADING"
    FETCHED = "HTTPEND,0, FTPEND,0, FILEEND,0"
    FETCH_FAILED = "HTTPEND,n, FTPEND,n, FILEEND,n"
    STARTED = "START"
    UPDATING = "UPDATING"
    RESTORING = "RESTORE"
    CONTINUED = "Last upgrade was not finished"
    ENDED = "END,0"
    FAILED = "END,n"
    BOOTED = "RDY or APP RDY"
    POWERED_DOWN = "POWERED DOWN"
    RETURNED = "the port is back"


def sign_of(urc: Urc) -> Sign | None:
    """The sign that *urc* gives, or ``None`` where it says nothing of an upgrade."""
    match urc:
        case FotaHttpStarted() | FotaFtpStarted() | FotaFileStarted():
            return Sign.FETCH_STARTED
        case FotaHttpEnded(code) | FotaFtpEnded(code) | FotaFileEnded(code):
            return Sign.FETCH_FAILED if code else Sign.FETCHED
        case FotaEnded(err):
            return Sign.FAILED if err else Sign.ENDED
        case _:
            return _SIGNS.get(type(urc))


_SIGNS: dict[type[Urc], Sign] = {
    ScrubStarted: Sign.SCRUBBED,
    ScrubEnded: Sign.SCRUBBED,
    FotaDownloading: Sign.FETCHING,
    FotaStarted: Sign.STARTED,
    FotaUpdating: Sign.UPDATING,
    FotaRestoring: Sign.RESTORING,
    FotaContinued: Sign.CONTINUED,
    Ready: Sign.BOOTED,
    AppReady: Sign.BOOTED,
    PoweredDown: Sign.POWERED_DOWN,
}

FOLLOWED: tuple[Phase, ...] = (
    Phase.STARTING,
    Phase.DOWNLOADING,
    Phase.DOWNLOADED,
    Phase.INSTALLING,
    Phase.UPDATING,
    Phase.RESTORING,
    Phase.RESTARTED,
    Phase.REBOOTING,
)
"""The phases in which the module works and the host listens."""


class End(Enum):
    """How following ends."""

    DOWNLOAD_FAILED = "download failed"
    INSTALL_FAILED = "installation failed"
    BOOTED = "booted after success"


# A line may be lost (a USB port that is not open yet, a host that was restarted), so a sign
# of the upgrade leads to its phase from anywhere.
_ANYWHERE: dict[Sign, Phase | End] = {
    Sign.FETCH_STARTED: Phase.DOWNLOADING,
    Sign.FETCHING: Phase.DOWNLOADING,
    Sign.FETCHED: Phase.DOWNLOADED,
    Sign.FETCH_FAILED: End.DOWNLOAD_FAILED,
    Sign.STARTED: Phase.INSTALLING,
    Sign.UPDATING: Phase.UPDATING,
    Sign.RESTORING: Phase.RESTORING,
    Sign.CONTINUED: Phase.RESTORING,
    Sign.ENDED: Phase.REBOOTING,
    Sign.FAILED: End.INSTALL_FAILED,
}

# The port alone may go (a cable, a hub): while the module would be silent anyway, that says
# nothing. Where progress is printed, a restart is the likely reason. After END,0 it is not
# the restart itself that counts but the revision that answers then.
_RETURNED: dict[Phase, Phase | End] = {
    Phase.UPDATING: Phase.RESTARTED,
    Phase.RESTORING: Phase.RESTARTED,
}

_BY_PHASE: dict[tuple[Phase, Sign], Phase | End] = {
    **{(phase, Sign.BOOTED): Phase.RESTARTED for phase in FOLLOWED},
    (Phase.REBOOTING, Sign.BOOTED): End.BOOTED,
    **{(phase, Sign.RETURNED): _RETURNED.get(phase, phase) for phase in FOLLOWED},
    # It goes on when it is switched on again, if anybody does.
    **{(phase, Sign.POWERED_DOWN): phase for phase in FOLLOWED},
    # The flash is put in order first, where that is due (flash scrub note V1.1, 3).
    **{(phase, Sign.SCRUBBED): phase for phase in FOLLOWED},
}

TRANSITIONS: Mapping[tuple[Phase, Sign], Phase | End] = MappingProxyType(
    {(phase, sign): target for phase in FOLLOWED for sign, target in _ANYWHERE.items()} | _BY_PHASE
)
"""(phase, sign) → what follows; total over ``FOLLOWED`` and ``Sign``; the same for all kinds.

Modules that restart before START take no commands from there on, so they are not mistaken
for one that has dropped the upgrade.
"""


def signs_of(kind: ModuleKind, *, is_local: bool) -> tuple[Sign, ...]:
    """The signs of one undisturbed upgrade of *kind*, in order; repeated ones once."""
    signs: list[Sign] = []
    if not is_local or kind.is_pushed:
        signs.append(Sign.FETCH_STARTED)
        if kind.tells_download:
            signs.append(Sign.FETCHING)
        signs.append(Sign.FETCHED)
    if kind.restarts_before_start:
        signs.append(Sign.RETURNED)
    signs += [Sign.STARTED, Sign.UPDATING]
    if kind.has_restore:
        signs.append(Sign.RESTORING)
    signs += [Sign.ENDED, Sign.BOOTED]
    return tuple(signs)


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long the module may be silent in each phase, in seconds.

    Attributes:
        starting_s: from AT+QFOTADL to the first word.
        downloading_s: from HTTPSTART to HTTPEND; nothing is printed in between.
        slowest_download: bytes per second below which a download is given up, where the
            size of the package is known and this gives more time than ``downloading_s``.
        installing_s: until START, and from START to the first progress.
        progress_s: between two signs of progress.
        restarted_s: after an unexpected restart, until the revision is read.
        rebooting_s: from END,0 until the new firmware answers.
        poll_s: between two questions while the module restarts.
        whole_s: from the first word to the last, whatever is said in between.
    """

    starting_s: float = 60.0
    downloading_s: float = 600.0
    slowest_download: int = 500
    installing_s: float = 300.0
    progress_s: float = 900.0
    restarted_s: float = 30.0
    rebooting_s: float = 180.0
    poll_s: float = 3.0
    whole_s: float = 86_400.0

    def of(self, phase: Phase, package_size: int | None, *, restarts_first: bool = False) -> float:
        """The limit of *phase*, for a package of *package_size* bytes if that is known.

        *restarts_first* says that the module restarts before its first word.
        """
        match phase:
            case Phase.STARTING:
                return self.installing_s if restarts_first else self.starting_s
            case Phase.DOWNLOADING:
                by_size = (package_size or 0) / self.slowest_download
                return max(self.downloading_s, by_size)
            case Phase.DOWNLOADED | Phase.INSTALLING:
                return self.installing_s
            case Phase.RESTARTED:
                return self.restarted_s
            case Phase.REBOOTING:
                return self.rebooting_s
            case _:
                return self.progress_s


USUAL_START_S = 5.0
"""From AT+QFOTADL to HTTPSTART; one client gives up after that."""


def expected_s(
    phase: Phase,
    kind: ModuleKind,
    package_size: int | None,
    bytes_per_s: float | None,
    *,
    restarts_first: bool = False,
) -> float | None:
    """How long *phase* usually takes; ``None`` where nobody has told or measured it.

    Args:
        phase: of the upgrade.
        kind: of the module.
        package_size: bytes, where they are known.
        bytes_per_s: speed of the download, where it is known.
        restarts_first: whether the module restarts before its first word.
    """
    size = package_size or 0
    match phase:
        case Phase.STARTING:
            return kind.boot_s if restarts_first else USUAL_START_S
        case Phase.DOWNLOADING if size and bytes_per_s:
            return size / bytes_per_s
        case Phase.DOWNLOADED if kind.restarts_before_start:
            return kind.boot_s
        case Phase.UPDATING if size and kind.install_bytes_s:
            return max(size / kind.install_bytes_s, kind.boot_s)
        case Phase.REBOOTING:
            return kind.boot_s
        case _:
            return None
