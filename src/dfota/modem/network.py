# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the module asks of the network, and the guide's download codes; no socket here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
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
    """The certificate files in ``/datatx``; ``None`` where one is not there."""

    ca: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None


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


class Download(Protocol):
    """A running download."""

    def abort(self) -> None:
        """Stop without a result; nothing is left behind. Harmless when it has ended."""


class Network(Protocol):
    """Where downloads come from."""

    def begin(self, request: DownloadRequest, on_end: Callable[[HttpError], None]) -> Download:
        """Start a download; *on_end* is called later, from the module's driver, once."""


class NoNetwork:
    """A network without any server: every connection fails."""

    def begin(self, request: DownloadRequest, on_end: Callable[[HttpError], None]) -> Download:
        """Report 702 at once."""
        on_end(HttpError.CONNECTION_FAILED)
        return _Nothing()


class _Nothing:
    def abort(self) -> None:
        """There is nothing to stop."""
