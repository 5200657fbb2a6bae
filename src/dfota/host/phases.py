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
    FotaEnded,
    FotaHttpEnded,
    FotaHttpStarted,
    FotaRestoring,
    FotaStarted,
    FotaUpdating,
    Ready,
    Urc,
)
from dfota.host.events import Phase


class Sign(Enum):
    """What the module let us know, without its numbers."""

    HTTP_STARTED = "HTTPSTART"
    HTTP_ENDED = "HTTPEND,0"
    HTTP_FAILED = "HTTPEND,n"
    STARTED = "START"
    UPDATING = "UPDATING"
    RESTORING = "RESTORE"
    CONTINUED = "Last upgrade was not finished"
    ENDED = "END,0"
    FAILED = "END,n"
    BOOTED = "RDY or APP RDY"
    RETURNED = "the port is back"


def sign_of(urc: Urc) -> Sign | None:
    """The sign that *urc* gives, or ``None`` where it says nothing of an upgrade."""
    match urc:
        case FotaHttpStarted():
            return Sign.HTTP_STARTED
        case FotaHttpEnded(http_err):
            return Sign.HTTP_FAILED if http_err else Sign.HTTP_ENDED
        case FotaStarted():
            return Sign.STARTED
        case FotaUpdating():
            return Sign.UPDATING
        case FotaRestoring():
            return Sign.RESTORING
        case FotaContinued():
            return Sign.CONTINUED
        case FotaEnded(err):
            return Sign.FAILED if err else Sign.ENDED
        case Ready() | AppReady():
            return Sign.BOOTED
    return None


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
    Sign.HTTP_STARTED: Phase.DOWNLOADING,
    Sign.HTTP_ENDED: Phase.DOWNLOADED,
    Sign.HTTP_FAILED: End.DOWNLOAD_FAILED,
    Sign.STARTED: Phase.INSTALLING,
    Sign.UPDATING: Phase.UPDATING,
    Sign.RESTORING: Phase.RESTORING,
    Sign.CONTINUED: Phase.RESTORING,
    Sign.ENDED: Phase.REBOOTING,
    Sign.FAILED: End.INSTALL_FAILED,
}

# A boot or a port that comes back means something else in each phase.
_BY_PHASE: dict[tuple[Phase, Sign], Phase | End] = {
    (Phase.STARTING, Sign.BOOTED): Phase.RESTARTED,
    (Phase.DOWNLOADING, Sign.BOOTED): Phase.RESTARTED,
    # Modules of the Linux class restart here on purpose. They take no commands until START,
    # so they are not mistaken for one that has dropped the upgrade.
    (Phase.DOWNLOADED, Sign.BOOTED): Phase.RESTARTED,
    (Phase.INSTALLING, Sign.BOOTED): Phase.RESTARTED,
    (Phase.UPDATING, Sign.BOOTED): Phase.RESTARTED,
    (Phase.RESTORING, Sign.BOOTED): Phase.RESTARTED,
    (Phase.RESTARTED, Sign.BOOTED): Phase.RESTARTED,
    (Phase.REBOOTING, Sign.BOOTED): End.BOOTED,
    # The port alone may go (a cable, a hub): while the module would be silent anyway, that
    # says nothing. Where progress is printed, a restart is the likely reason.
    (Phase.STARTING, Sign.RETURNED): Phase.STARTING,
    (Phase.DOWNLOADING, Sign.RETURNED): Phase.DOWNLOADING,
    (Phase.DOWNLOADED, Sign.RETURNED): Phase.DOWNLOADED,
    (Phase.INSTALLING, Sign.RETURNED): Phase.INSTALLING,
    (Phase.UPDATING, Sign.RETURNED): Phase.RESTARTED,
    (Phase.RESTORING, Sign.RETURNED): Phase.RESTARTED,
    (Phase.RESTARTED, Sign.RETURNED): Phase.RESTARTED,
    (Phase.REBOOTING, Sign.RETURNED): End.BOOTED,
}

TRANSITIONS: Mapping[tuple[Phase, Sign], Phase | End] = MappingProxyType(
    {(phase, sign): target for phase in FOLLOWED for sign, target in _ANYWHERE.items()} | _BY_PHASE
)
"""(phase, sign) → what follows; total over ``FOLLOWED`` and ``Sign``."""


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
    """

    starting_s: float = 60.0
    downloading_s: float = 600.0
    slowest_download: int = 500
    installing_s: float = 300.0
    progress_s: float = 900.0
    restarted_s: float = 30.0
    rebooting_s: float = 180.0
    poll_s: float = 3.0

    def of(self, phase: Phase, package_size: int | None) -> float:
        """The limit of *phase*, for a package of *package_size* bytes if that is known."""
        match phase:
            case Phase.STARTING:
                return self.starting_s
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
