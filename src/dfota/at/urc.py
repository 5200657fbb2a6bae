# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Unsolicited result codes: one class each, written by the module, read by the host.

Writing is byte-exact, in the spelling that the module's profile chooses. Reading is
lenient where public manuals and captures spell a line differently, and exact otherwise: a
line that is not wholly understood is no URC. The CR and LF around a line are not here.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class PercentStyle(Enum):
    """How progress is spelled; the guide itself uses all three."""

    SPACE_PERCENT = "space-percent"
    """``"UPDATING", 1%``: the guide's examples 4.1 and 4.2."""
    PERCENT = "percent"
    """``"RESTORE",1%``: the guide's blocks about resuming."""
    PLAIN = "plain"
    """``"UPDATING",1``: the guide's syntax blocks, and logs of related modules."""

    def format(self, percent: int) -> str:
        """The comma and what stands behind it."""
        match self:
            case PercentStyle.SPACE_PERCENT:
                return f", {percent}%"
            case PercentStyle.PERCENT:
                return f",{percent}%"
            case PercentStyle.PLAIN:
                return f",{percent}"


class Urc(ABC):
    """An unsolicited result code."""

    __slots__ = ()

    @abstractmethod
    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """The line, in the spelling *style* where it holds a percentage."""


# -- the firmware update: DFOTA guide, chapters 3 and 4 ---------------------------------


@dataclass(frozen=True, slots=True)
class FotaHttpStarted(Urc):
    """The module has begun to download the package."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``HTTPSTART``."""
        return '+QIND: "FOTA","HTTPSTART"'


@dataclass(frozen=True, slots=True)
class FotaHttpEnded(Urc):
    """The download ended; *http_err* is a key of ``HTTP_ERRORS``, 0 for success."""

    http_err: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``HTTPEND``."""
        return f'+QIND: "FOTA","HTTPEND",{self.http_err}'


@dataclass(frozen=True, slots=True)
class FotaFtpStarted(Urc):
    """A kin of the BG96 has begun to download the package by FTP."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``FTPSTART``."""
        return '+QIND: "FOTA","FTPSTART"'


@dataclass(frozen=True, slots=True)
class FotaFtpEnded(Urc):
    """The download by FTP ended; *ftp_err* means what the family of the module says."""

    ftp_err: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``FTPEND``."""
        return f'+QIND: "FOTA","FTPEND",{self.ftp_err}'


@dataclass(frozen=True, slots=True)
class FotaFileStarted(Urc):
    """A kin of the BG96 takes the package from the host now, on this very port."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``FILESTART``."""
        return '+QIND: "FOTA","FILESTART"'


@dataclass(frozen=True, slots=True)
class FotaFileEnded(Urc):
    """The package from the host is complete, or *file_err* is not 0."""

    file_err: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``FILEEND``."""
        return f'+QIND: "FOTA","FILEEND",{self.file_err}'


@dataclass(frozen=True, slots=True)
class FotaDownloading(Urc):
    """The package is on its way; a BG96 is silent about that."""

    percent: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``DOWNLOADING``."""
        return f'+QIND: "FOTA","DOWNLOADING"{style.format(self.percent)}'


@dataclass(frozen=True, slots=True)
class FotaStarted(Urc):
    """The module has begun to install the package."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``START``."""
        return '+QIND: "FOTA","START"'


@dataclass(frozen=True, slots=True)
class FotaUpdating(Urc):
    """The new firmware is being built in the backup partition."""

    percent: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``UPDATING``."""
        return f'+QIND: "FOTA","UPDATING"{style.format(self.percent)}'


@dataclass(frozen=True, slots=True)
class FotaRestoring(Urc):
    """The new firmware is being copied from the backup to the original partition."""

    percent: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``RESTORE``."""
        return f'+QIND: "FOTA","RESTORE"{style.format(self.percent)}'


@dataclass(frozen=True, slots=True)
class FotaEnded(Urc):
    """The installation ended; *err* is a key of ``FOTA_ERRORS``, 0 for success."""

    err: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``END``."""
        return f'+QIND: "FOTA","END",{self.err}'


@dataclass(frozen=True, slots=True)
class FotaContinued(Urc):
    """After a power cut in RESTORE the module has entered forced upgrade mode."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """The sentence of the guide's notes."""
        return '+QIND: "FOTA","Last upgrade was not finished,continue upgrade"'


# -- flash scrub: application note V1.1, 4.1 -----------------------------------------------


@dataclass(frozen=True, slots=True)
class ScrubStarted(Urc):
    """The code partitions are being moved to fresh blocks."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``START``."""
        return '+QSCRUB: "START"'


@dataclass(frozen=True, slots=True)
class ScrubEnded(Urc):
    """The scrub is over; *err* is 0, or below it where it failed."""

    err: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``END``."""
        return f'+QSCRUB: "END",{self.err}'


# -- boot, SIM and network: AT manual, table 21, and captures of boots -------------------


@dataclass(frozen=True, slots=True)
class Ready(Urc):
    """The module has started and takes commands."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``RDY``."""
        return "RDY"


@dataclass(frozen=True, slots=True)
class AppReady(Urc):
    """The application part of the firmware has started."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``APP RDY``."""
        return "APP RDY"


@dataclass(frozen=True, slots=True)
class PoweredDown(Urc):
    """The module has shut down; its supply may be cut."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``POWERED DOWN``."""
        return "POWERED DOWN"


@dataclass(frozen=True, slots=True)
class CfunReported(Urc):
    """The functionality level is *fun* (at boot)."""

    fun: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``+CFUN``."""
        return f"+CFUN: {self.fun}"


@dataclass(frozen=True, slots=True)
class CpinReported(Urc):
    """The SIM is in *state*, e.g. ``READY``, ``SIM PIN`` or ``NOT READY``."""

    state: str

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``+CPIN``."""
        return f"+CPIN: {self.state}"


@dataclass(frozen=True, slots=True)
class QusimReported(Urc):
    """The kind of the card: 0 SIM, 1 USIM."""

    kind: int

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``+QUSIM``."""
        return f"+QUSIM: {self.kind}"


@dataclass(frozen=True, slots=True)
class SmsDone(Urc):
    """Messages are initialised."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``SMS DONE``."""
        return "+QIND: SMS DONE"


@dataclass(frozen=True, slots=True)
class PhonebookDone(Urc):
    """The phone book is initialised."""

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``PB DONE``."""
        return "+QIND: PB DONE"


@dataclass(frozen=True, slots=True)
class RegistrationReported(Urc):
    """The registration changed.

    Attributes:
        command: ``+CREG``, ``+CGREG`` or ``+CEREG``.
        stat: 0 to 5, as in the read form.
        area: location or tracking area code, hexadecimal, or empty.
        cell: cell identity, hexadecimal, or empty.
        act: access technology, or ``None``.
    """

    command: str
    stat: int
    area: str = ""
    cell: str = ""
    act: int | None = None

    def encode(self, style: PercentStyle = PercentStyle.SPACE_PERCENT) -> str:
        """``+CREG`` and its kin, with the location where it is known."""
        line = f"{self.command}: {self.stat}"
        if self.area or self.cell:
            line += f',"{self.area}","{self.cell}"'
            if self.act is not None:
                line += f",{self.act}"
        return line


FOTA_URCS: tuple[type[Urc], ...] = (
    FotaHttpStarted,
    FotaHttpEnded,
    FotaFtpStarted,
    FotaFtpEnded,
    FotaFileStarted,
    FotaFileEnded,
    FotaDownloading,
    FotaStarted,
    FotaUpdating,
    FotaRestoring,
    FotaEnded,
    FotaContinued,
)
"""The classes of the firmware update."""

SCRUB_URCS: tuple[type[Urc], ...] = (ScrubStarted, ScrubEnded)
"""The classes of the flash scrub."""

_FIXED: dict[str, Urc] = {
    urc.encode(): urc
    for urc in (*(Ready(), AppReady(), PoweredDown(), SmsDone(), PhonebookDone(), ScrubStarted()),)
}
_SCRUB_ENDED = re.compile(r'\+QSCRUB:\s*"END",\s*(0|-[1-9][0-9]?)')
_FOTA = re.compile(r'\+QIND:\s*"FOTA"\s*,\s*"([^"]+)"\s*(?:,\s*([0-9]{1,5})\s*%?)?')
_NUMBERED = re.compile(r"(\+CFUN|\+QUSIM):\s*([0-9]{1,3})")
_CPIN = re.compile(r"\+CPIN:\s*([A-Z][A-Z0-9 -]*)")
_REGISTRATION = re.compile(
    r"(\+C(?:|G|E)REG):\s*([0-9]{1,2})"
    r'(?:,\s*"([0-9A-Fa-f]*)",\s*"([0-9A-Fa-f]*)"(?:,([0-9]{1,2}))?)?'
)
_FOTA_STARTS: dict[str, Urc] = {
    "HTTPSTART": FotaHttpStarted(),
    "HTTPSSTART": FotaHttpStarted(),
    "HTTPTART": FotaHttpStarted(),  # a slip of guide V1.0
    "FTPSTART": FotaFtpStarted(),
    "FILESTART": FotaFileStarted(),
    "START": FotaStarted(),
}
_FOTA_ENDS: dict[str, Callable[[int], Urc]] = {
    "HTTPEND": FotaHttpEnded,
    "HTTPSEND": FotaHttpEnded,
    "FTPEND": FotaFtpEnded,
    "FILEEND": FotaFileEnded,
    "END": FotaEnded,
}
_FOTA_PROGRESS: dict[str, Callable[[int], Urc]] = {
    "DOWNLOADING": FotaDownloading,
    "UPDATING": FotaUpdating,
    "RESTORE": FotaRestoring,
}
_CONTINUED = re.compile(r"last upgrade was not finished\b.*", re.IGNORECASE)


def decode_urc(line: str) -> Urc | None:
    """Read *line* (without CR and LF), or ``None`` where it is no URC that we know."""
    line = line.strip()
    if line in _FIXED:
        return _FIXED[line]
    if match := _SCRUB_ENDED.fullmatch(line):
        return ScrubEnded(int(match[1]))
    if match := _FOTA.fullmatch(line):
        return _decode_fota(match[1].strip(), None if match[2] is None else int(match[2]))
    if match := _NUMBERED.fullmatch(line):
        number = int(match[2])
        return CfunReported(number) if match[1] == "+CFUN" else QusimReported(number)
    if match := _CPIN.fullmatch(line):
        return CpinReported(match[1])
    if match := _REGISTRATION.fullmatch(line):
        act = None if match[5] is None else int(match[5])
        return RegistrationReported(match[1], int(match[2]), match[3] or "", match[4] or "", act)
    return None


def _decode_fota(stage: str, number: int | None) -> Urc | None:
    if number is None:
        if stage in _FOTA_STARTS:
            return _FOTA_STARTS[stage]
        return FotaContinued() if _CONTINUED.fullmatch(stage) else None
    if stage in _FOTA_ENDS:
        return _FOTA_ENDS[stage](number)
    if stage in _FOTA_PROGRESS and number <= 100:
        return _FOTA_PROGRESS[stage](number)
    return None
