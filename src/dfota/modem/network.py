# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the module asks of the network, and how it hears of the outcome; no socket here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Protocol

from dfota.at import Location
from dfota.modem.filesystem import IncomingFile
from dfota.modem.profiles import Profile


class HttpError(IntEnum):
    """``<http_err>`` of ``HTTPEND``: DFOTA guide, table 1."""

    OK = 0
    UNKNOWN = 701
    CONNECTION_FAILED = 702
    REQUEST_FAILED = 703
    TIMEOUT = 704
    FILE_NOT_FOUND = 706
    WRITE_FAILED = 707
    FILE_TOO_LARGE = 708


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The content of the certificate files in ``/datatx``; ``None`` where one is not there."""

    ca: bytes | None = None
    client_cert: bytes | None = None
    client_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """One download.

    Attributes:
        location: from where.
        ip_type: 0 IPv4, 1 IPv6, 2 both (``fota_apn``).
        tls: certificates.
        max_bytes: the largest body that is taken.
        begin_file: opens the place where the body goes.
        profile: patience and oddities.
        on_progress: told after each piece: bytes so far, and all if known.
    """

    location: Location
    ip_type: int
    tls: TlsFiles
    max_bytes: int
    begin_file: Callable[[], IncomingFile]
    profile: Profile
    on_progress: Callable[[int, int | None], None]


class FetchEnd(Enum):
    """How one HTTP exchange ended; each client has its own numbers for these."""

    COMPLETE = "complete"
    """The whole answer was there."""
    DNS_FAILED = "dns-failed"
    CONNECTION_FAILED = "connection-failed"
    """Refused or unreachable."""
    CONNECTION_TIMED_OUT = "connection-timed-out"
    TLS_FAILED = "tls-failed"
    """No agreement, no trust, or a certificate file that cannot be used."""
    CLOSED = "closed"
    """The server left before the end of its answer."""
    MALFORMED = "malformed"
    """What came is no HTTP answer."""


@dataclass(frozen=True, slots=True)
class TlsRules:
    """What a client of the module asks of a TLS server, and what it shows of itself.

    Attributes:
        versions: of ``SSLv3``, ``TLSv1``, ``TLSv1.1``, ``TLSv1.2``: the oldest, the newest.
        ciphers: in OpenSSL's names and notation.
        ca: the server must prove itself with this (PEM); ``None``: it need not.
        client_cert: shown when the server asks for one (PEM).
        client_key: belongs to it (PEM).
        checks_dates: a certificate outside its dates is refused (only with *ca*).
        checks_name: a certificate for another name is refused (only with *ca*).
        sends_name: whether the server is told its name (SNI).
        handshake_timeout_s: patience with the handshake.
    """

    versions: tuple[str, str]
    ciphers: str
    ca: bytes | None = None
    client_cert: bytes | None = None
    client_key: bytes | None = None
    checks_dates: bool = False
    checks_name: bool = False
    sends_name: bool = False
    handshake_timeout_s: float = 300.0


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One HTTP exchange, whoever wants it.

    Attributes:
        location: where the server is.
        message: the bytes of the request, headers and body, as they go out.
        ip_type: 0 IPv4, 1 IPv6, 2 both.
        tls: for ``https``.
        connect_timeout_s: patience with the connection, without the TLS handshake.
        profile: the radio, and the floor of patience.
    """

    location: Location
    message: bytes
    ip_type: int
    tls: TlsRules | None
    connect_timeout_s: float
    profile: Profile


class FetchListener(Protocol):
    """Hears what comes of an exchange, from the module's driver."""

    def answered(self, status: int, head: bytes, length: int | None) -> None:
        """The head of the answer is there: raw up to the empty line; *length* if it is told."""

    def received(self, data: bytes) -> None:
        """The next bytes of the body."""

    def ended(self, end: FetchEnd) -> None:
        """It is over; called once, unless it was aborted."""


class Download(Protocol):
    """A running download."""

    def abort(self) -> None:
        """Stop without a result; nothing is left behind. Harmless when it has ended."""


class Fetch(Protocol):
    """A running exchange."""

    def abort(self) -> None:
        """Stop; the listener hears nothing more. Harmless when it has ended."""

    def pause(self) -> None:
        """Take no more of the body for now (the server feels it after a while)."""

    def resume(self) -> None:
        """Go on after ``pause``."""


class Network(Protocol):
    """Where downloads come from."""

    def begin(self, request: DownloadRequest, on_end: Callable[[HttpError], None]) -> Download:
        """Start a download; *on_end* is called later, from the module's driver, once."""

    def fetch(self, request: FetchRequest, listener: FetchListener) -> Fetch:
        """Start an exchange; *listener* hears of it later, from the module's driver."""


class NoNetwork:
    """A network without any server: every connection fails."""

    def begin(self, request: DownloadRequest, on_end: Callable[[HttpError], None]) -> Download:
        """Report 702 at once."""
        on_end(HttpError.CONNECTION_FAILED)
        return _Nothing()

    def fetch(self, request: FetchRequest, listener: FetchListener) -> Fetch:
        """Fail at once."""
        listener.ended(FetchEnd.CONNECTION_FAILED)
        return _Nothing()


class _Nothing:
    def abort(self) -> None:
        """There is nothing to stop."""

    def pause(self) -> None:
        """There is nothing to stop."""

    def resume(self) -> None:
        """There is nothing to go on with."""
