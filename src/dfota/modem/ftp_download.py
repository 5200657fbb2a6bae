# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The FTP download of those of the kin that have one: one file, in passive mode.

Rule 1. Login, TYPE I, SIZE, EPSV (else PASV), RETR; no other command is ever sent.
Rule 2. The data connection goes to the host of the URL, whatever the server names (RFC 2577).
Rule 3. The package appears under its name only when it is complete, and 226 has come.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from dfota.at import Location
from dfota.errors import FileSystemError
from dfota.modem.exchange import Exchange, Exchanges, FetchEnd, FetchRequest
from dfota.modem.filesystem import PACKAGE_NAME, IncomingFile
from dfota.modem.ftp_dialogue import FtpReply, FtpReplyDecoder
from dfota.modem.job import FOTA_CID_ITEM
from dfota.modem.stream import Stream

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.timeline import Timer


class FtpEnd(Enum):
    """How an FTP download ended; each family has its own numbers for these."""

    COMPLETE = "complete"
    DNS_FAILED = "dns-failed"
    NETWORK = "network"
    """Refused, unreachable, or no bearer."""
    CONTROL_CLOSED = "control-closed"
    DATA_CLOSED = "data-closed"
    """The data ended before they were as many as the server had said."""
    TIMEOUT = "timeout"
    REFUSED = "refused"
    """The server said no; its reply says why."""
    NOT_STORED = "not-stored"
    """The module cannot write the package."""
    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    """What came is no FTP."""


@dataclass(frozen=True, slots=True)
class FtpOutcome:
    """How a download ended, and the number of the reply that refused it."""

    end: FtpEnd
    reply: int = 0


_OF_CONNECTION = {
    FetchEnd.NO_BEARER: FtpEnd.NETWORK,
    FetchEnd.DNS_FAILED: FtpEnd.DNS_FAILED,
    FetchEnd.CONNECTION_FAILED: FtpEnd.NETWORK,
    FetchEnd.CONNECTION_TIMED_OUT: FtpEnd.TIMEOUT,
    FetchEnd.SILENT: FtpEnd.TIMEOUT,
}

_TRIED_AGAIN = (
    FetchEnd.DNS_FAILED,
    FetchEnd.CONNECTION_FAILED,
    FetchEnd.CONNECTION_TIMED_OUT,
)


class _Turn(Enum):
    """What the next reply answers."""

    GREETING = "greeting"
    USER = "USER"
    PASS = "PASS"  # noqa: S105 - the command
    TYPE = "TYPE"
    SIZE = "SIZE"
    EXTENDED_PASSIVE = "EPSV"
    PASSIVE = "PASV"
    RETRIEVE = "RETR"


class FtpDownload:
    """One download; the doors are those of ``download.Download``.

    Args:
        module: whose.
        location: from where; its path is below the folder of the login.
        on_progress: told after each piece: bytes so far, and all if known.
        on_end: told how it ended, once, unless it was aborted.
    """

    def __init__(
        self,
        module: VirtualModule,
        location: Location,
        *,
        on_progress: Callable[[int, int | None], None],
        on_end: Callable[[FtpOutcome], None],
    ) -> None:
        self._module = module
        self._location = location
        self._on_progress = on_progress
        self._on_end = on_end
        free, wanted = module.files.free_bytes, module.profile.max_package_bytes
        self._max_bytes = min(wanted or free, free)
        self._attempts_left = max(1, module.profile.connect_attempts)
        self._timers: list[Timer] = []
        self._control: Exchange | None = None
        self._data: Exchange | None = None
        self._file: IncomingFile | None = None
        self._total: int | None = None
        self._turn = _Turn.GREETING
        self._decoder = FtpReplyDecoder()
        self._is_data_over = False
        self._is_confirmed = False

    def begin(self) -> None:
        """Connect for the first time."""
        self._attempt()

    def abort(self) -> None:
        """Stop without a result; nothing is left behind. Harmless when it has ended."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        for exchange in (self._control, self._data):
            if exchange is not None:
                exchange.abort()
        self._control = self._data = None
        if self._file is not None:
            self._file.discard()
            self._file = None

    # -- control connection ----------------------------------------------------------------

    def _attempt(self) -> None:
        self._attempts_left -= 1
        self._turn, self._decoder = _Turn.GREETING, FtpReplyDecoder()
        self._control = self._open(
            self._location.port, _Ear(self._control_received, self._control_ended)
        )

    def _open(self, port: int, ear: _Ear) -> Exchange:
        module, profile = self._module, self._module.profile
        request = FetchRequest(
            location=replace(self._location, port=port),
            message=b"",
            ip_type=module.nv.fota_apn.ip_type,
            tls=None,
            connect_timeout_s=profile.connect_timeout_s,
            data_timeout_s=profile.data_timeout_s,
            context=module.nv.number(FOTA_CID_ITEM),
            on_connected=_nothing,
        )
        return module.part(Exchanges).begin(request, ear, kind=Stream)

    def _control_received(self, data: bytes) -> None:
        for reply in self._decoder.feed(data):
            if self._control is None:
                return
            if reply.number == 0:
                self._end(FtpOutcome(FtpEnd.MALFORMED))
            else:
                self._take(reply)

    def _control_ended(self, end: FetchEnd) -> None:
        is_new = self._turn is _Turn.GREETING
        if is_new and end in _TRIED_AGAIN and self._attempts_left > 0:
            pause_s = self._module.profile.connect_retry_s
            self._timers.append(self._module.timeline.pace(pause_s, self._attempt))
        else:
            self._end(FtpOutcome(_OF_CONNECTION.get(end, FtpEnd.CONTROL_CLOSED)))

    def _take(self, reply: FtpReply) -> None:
        """Answer a reply with the next command of the dialogue."""
        if reply.number == 421:
            self._end(FtpOutcome(FtpEnd.REFUSED, reply.number))
            return
        match self._turn, reply.number:
            case _Turn.GREETING, 120:
                pass  # "ready in some minutes"
            case _Turn.GREETING, 220:
                self._say(_Turn.USER, self._location.username or "anonymous")
            case _Turn.USER, 331:
                self._say(_Turn.PASS, self._location.password or "anonymous")
            case ((_Turn.USER | _Turn.PASS), (230 | 202)):
                self._say(_Turn.TYPE, "I")
            case _Turn.TYPE, 200:
                self._say(_Turn.SIZE, self._name)
            case _Turn.SIZE, _:
                self._total = reply.size
                if self._total is not None and self._total > self._max_bytes:
                    self._end(FtpOutcome(FtpEnd.TOO_LARGE))
                elif reply.number == 550:
                    self._end(FtpOutcome(FtpEnd.REFUSED, reply.number))
                else:
                    self._say(_Turn.EXTENDED_PASSIVE)
            case _Turn.EXTENDED_PASSIVE, number if number != 229:
                self._say(_Turn.PASSIVE)
            case ((_Turn.EXTENDED_PASSIVE | _Turn.PASSIVE), (227 | 229)):
                self._retrieve(reply.port)
            case _Turn.RETRIEVE, (125 | 150):
                pass
            case _Turn.RETRIEVE, (226 | 250):
                self._is_confirmed = True
                self._finish()
            case _ if reply.is_preliminary:
                pass
            case _:
                self._end(FtpOutcome(FtpEnd.REFUSED, reply.number))

    @property
    def _name(self) -> str:
        return self._location.path.removeprefix("/")

    def _say(self, turn: _Turn, argument: str = "") -> None:
        self._turn = turn
        line = f"{turn.value} {argument}".rstrip() + "\r\n"
        if self._control is not None:
            self._control.send(line.encode("ascii"))

    # -- data connection -------------------------------------------------------------------

    def _retrieve(self, port: int | None) -> None:
        if port is None:
            self._end(FtpOutcome(FtpEnd.MALFORMED))
            return
        try:
            self._file = self._module.files.begin(PACKAGE_NAME, replaces=True, is_trusted=True)
        except FileSystemError:
            self._end(FtpOutcome(FtpEnd.NOT_STORED))
            return
        self._data = self._open(port, _Ear(self._data_received, self._data_ended))
        limit_s = self._module.profile.download_timeout_s
        timer = self._module.timeline.wait(limit_s, lambda: self._end(FtpOutcome(FtpEnd.TIMEOUT)))
        self._timers.append(timer)
        self._say(_Turn.RETRIEVE, self._name)

    def _data_received(self, data: bytes) -> None:
        file = self._file
        if file is None:
            return
        if file.size + len(data) > self._max_bytes:
            self._end(FtpOutcome(FtpEnd.TOO_LARGE))
            return
        try:
            file.write(data)
        except FileSystemError:
            self._end(FtpOutcome(FtpEnd.NOT_STORED))
            return
        self._on_progress(file.size, self._total)

    def _data_ended(self, end: FetchEnd) -> None:
        self._data = None
        if end is not FetchEnd.COMPLETE:
            self._end(FtpOutcome(_OF_CONNECTION.get(end, FtpEnd.DATA_CLOSED)))
            return
        self._is_data_over = True
        self._finish()

    # -- how it ends -----------------------------------------------------------------------

    def _finish(self) -> None:
        """Both the data and the word of the server are there."""
        file = self._file
        if file is None or not (self._is_data_over and self._is_confirmed):
            return
        if self._total is not None and file.size != self._total:
            self._end(FtpOutcome(FtpEnd.DATA_CLOSED))
            return
        self._file = None
        try:
            file.end()
        except FileSystemError:
            self._end(FtpOutcome(FtpEnd.NOT_STORED))
        else:
            self._end(FtpOutcome(FtpEnd.COMPLETE))

    def _end(self, outcome: FtpOutcome) -> None:
        self.abort()
        self._on_end(outcome)


def _nothing() -> None:
    """The server speaks first."""


class _Ear:
    """Hears one of the two connections."""

    def __init__(
        self, received: Callable[[bytes], None], ended: Callable[[FetchEnd], None]
    ) -> None:
        self.received = received
        self.ended = ended

    def answered(self, status: int, head: bytes, length: int | None) -> None:
        """Never: this is no HTTP."""
