# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module's download client: odd on purpose, and it must never be made cleverer.

Rule 1. One GET, no redirects, no decompression; only 2xx is success. Asking for the rest of
a package after a loss is a setting (``download_resume``), and off.
Rule 2. TLS 1.2 at most, with the few suites that such modules have.
Rule 3. Every failure is one of the guide's codes.
Rule 4. The package appears under its name only when it is complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING

from dfota.at import Location
from dfota.errors import FileSystemError
from dfota.modem.exchange import Exchange, Exchanges, FetchEnd, FetchRequest
from dfota.modem.filesystem import (
    CA_NAME,
    CLIENT_CERT_NAME,
    CLIENT_KEY_NAME,
    PACKAGE_NAME,
    FileSystem,
    IncomingFile,
)
from dfota.modem.job import FOTA_CID_ITEM
from dfota.modem.network import TlsRules
from dfota.modem.partial_package import PartialPackage
from dfota.modem.profiles import Profile

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.timeline import Timer

CIPHERS = (
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:"
    "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:AES128-SHA:AES256-SHA:@SECLEVEL=0"
)
"""The suites of the vendor's sample, in OpenSSL's names; such modules do not judge key sizes."""


RANGE_NOT_SATISFIABLE = 416

OWN_CONTEXT = 0
"""The context of ``fota_apn``, which no other command sees."""


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


_CODES = {
    FetchEnd.NO_BEARER: HttpError.CONNECTION_FAILED,
    FetchEnd.DNS_FAILED: HttpError.CONNECTION_FAILED,
    FetchEnd.CONNECTION_FAILED: HttpError.CONNECTION_FAILED,
    FetchEnd.CONNECTION_TIMED_OUT: HttpError.CONNECTION_FAILED,
    FetchEnd.TLS_FAILED: HttpError.CONNECTION_FAILED,
    FetchEnd.SILENT: HttpError.TIMEOUT,
    FetchEnd.CLOSED: HttpError.UNKNOWN,
    FetchEnd.RESET: HttpError.UNKNOWN,
    FetchEnd.MALFORMED: HttpError.UNKNOWN,
}

_LOST = (FetchEnd.CLOSED, FetchEnd.RESET, FetchEnd.SILENT)
"""What ends an answer in the middle; after it the rest can be asked for, if that is set."""

_TRIED_AGAIN = (
    FetchEnd.DNS_FAILED,
    FetchEnd.CONNECTION_FAILED,
    FetchEnd.CONNECTION_TIMED_OUT,
)
"""What may be better next time. With a server that we do not get on with it is no use."""


class Download:
    """One download of a package, with its attempts to connect.

    Args:
        module: whose.
        location: from where.
        on_progress: told after each piece: bytes so far, and all if known.
        on_end: told the code of ``HTTPEND``, once, unless it was aborted.
    """

    def __init__(
        self,
        module: VirtualModule,
        location: Location,
        *,
        on_progress: Callable[[int, int | None], None],
        on_end: Callable[[HttpError], None],
    ) -> None:
        self._module = module
        self._on_progress = on_progress
        self._on_end = on_end
        profile, files = module.profile, module.files
        partial = PartialPackage(module, location)
        if not profile.download_resume:
            partial.drop()
        self._partial = partial if profile.download_resume else None
        room = files.free_bytes + partial.size
        self._max_bytes = min(profile.max_package_bytes or room, room)
        self._resumes_left = profile.resume_attempts
        self._request = FetchRequest(
            location=location,
            message=b"",
            ip_type=module.nv.fota_apn.ip_type,
            tls=_tls_rules(files, profile) if location.scheme == "https" else None,
            connect_timeout_s=profile.connect_timeout_s,
            data_timeout_s=profile.data_timeout_s,
            context=OWN_CONTEXT if module.nv.fota_apn.apn else module.nv.number(FOTA_CID_ITEM),
        )
        self._attempts_left = max(1, profile.connect_attempts)
        self._exchange: Exchange | None = None
        self._file: IncomingFile | PartialPackage | None = None
        self._total: int | None = None
        self._timers: list[Timer] = []
        self._ends_at_s = 0.0

    def begin(self) -> None:
        """Connect for the first time."""
        self._attempt()

    def abort(self) -> None:
        """Stop without a result; nothing is left behind. Harmless when it has ended."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._exchange is not None:
            self._exchange.abort()
            self._exchange = None
        if self._file is not None:
            self._file.discard()
            self._file = None

    # -- for the exchange ------------------------------------------------------------------

    def answered(self, status: int, head: bytes, length: int | None) -> None:
        """The server answers: only 2xx, of a size that there is room for, is good."""
        if status == RANGE_NOT_SATISFIABLE and self._partial is not None:
            self._begin_anew(self._partial)
        elif status in {404, 410}:
            self._end(HttpError.FILE_NOT_FOUND)
        elif not 200 <= status < 300:
            self._end(HttpError.REQUEST_FAILED)
        elif self._partial is not None:
            self._begin_partial(self._partial, status, head, length)
        elif length is not None and length > self._max_bytes:
            self._end(HttpError.FILE_TOO_LARGE)
        else:
            self._total = length
            self._begin_file()

    def received(self, data: bytes) -> None:
        """The next bytes of the package."""
        file = self._file
        if file is None:
            return
        if file.size + len(data) > self._max_bytes:
            self._end(HttpError.FILE_TOO_LARGE)
            return
        try:
            file.write(data)
        except FileSystemError:
            self._end(HttpError.WRITE_FAILED)
            return
        if self._module.timeline.virtual_now >= self._ends_at_s:
            self._end(HttpError.TIMEOUT)
        else:
            self._on_progress(file.size, self._total)

    def ended(self, end: FetchEnd) -> None:
        """The exchange is over."""
        self._exchange = None
        if end is FetchEnd.COMPLETE:
            self._complete()
        elif end in _TRIED_AGAIN and self._attempts_left > 0:
            self._attempt_later()
        elif end in _LOST and self._can_go_on:
            self._resumes_left -= 1
            self._attempts_left = max(1, self._module.profile.connect_attempts)
            self._attempt_later()
        else:
            self._end(_CODES[end])

    # -- inside ----------------------------------------------------------------------------

    def _attempt(self) -> None:
        self._attempts_left -= 1
        fields = () if self._partial is None else self._partial.request_fields()
        message = request_message(self._request.location, self._module.profile, fields)
        request = replace(self._request, message=message)
        self._exchange = self._module.part(Exchanges).begin(request, self)

    def _attempt_later(self) -> None:
        pause_s = self._module.profile.connect_retry_s
        self._timers.append(self._module.timeline.pace(pause_s, self._attempt))

    @property
    def _can_go_on(self) -> bool:
        partial = self._partial
        return partial is not None and partial.can_go_on and self._resumes_left > 0

    def _limit_time(self) -> None:
        if self._ends_at_s:
            return
        timeline, limit_s = self._module.timeline, self._module.profile.download_timeout_s
        self._ends_at_s = timeline.virtual_now + limit_s
        self._timers.append(timeline.wait(limit_s, lambda: self._end(HttpError.TIMEOUT)))

    def _begin_partial(
        self, partial: PartialPackage, status: int, head: bytes, length: int | None
    ) -> None:
        """The whole package comes, or the rest of it."""
        try:
            fits = partial.begin(status, head)
        except FileSystemError:
            self._end(HttpError.WRITE_FAILED)
            return
        if not fits:
            partial.drop()
            self._end(HttpError.UNKNOWN)
            return
        self._total = None if length is None else partial.size + length
        if self._total is not None and self._total > self._max_bytes:
            partial.drop()
            self._end(HttpError.FILE_TOO_LARGE)
            return
        self._file = partial
        self._limit_time()

    def _begin_anew(self, partial: PartialPackage) -> None:
        """What is there is no part of what the server has: ask for all of it, once."""
        had_some = partial.can_go_on
        partial.drop()
        if not had_some:
            self._end(HttpError.REQUEST_FAILED)
            return
        if self._exchange is not None:
            self._exchange.abort()
        self._attempt_later()

    def _begin_file(self) -> None:
        self._limit_time()
        try:
            self._file = self._module.files.begin(PACKAGE_NAME, replaces=True, is_trusted=True)
        except FileSystemError:
            self._end(HttpError.WRITE_FAILED)

    def _complete(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.end()
        except FileSystemError:
            self._end(HttpError.WRITE_FAILED)
        else:
            self._end(HttpError.OK)

    def _end(self, code: HttpError) -> None:
        self.abort()
        self._on_end(code)


def request_message(location: Location, profile: Profile, fields: tuple[str, ...] = ()) -> bytes:
    """The request as it goes out: order and words of the HTTP manual, 1.3."""
    host = f"[{location.host}]" if ":" in location.host else location.host
    default_port = 443 if location.scheme == "https" else 80
    if location.port != default_port:
        host = f"{host}:{location.port}"
    lines = (
        f"GET {location.path} HTTP/1.1",
        f"Host: {host}",
        "Accept: */*",
        f"User-Agent: {profile.user_agent}",
        "Connection: Keep-Alive",
        *fields,
        "",
        "",
    )
    return "\r\n".join(lines).encode("ascii")


def _tls_rules(files: FileSystem, profile: Profile) -> TlsRules:
    """The certificates of ``/datatx`` as the guide names them."""

    def content_of(name: str) -> bytes | None:
        if not files.has(name):
            return None
        try:
            return files.read(name, is_trusted=True)
        except FileSystemError:
            return b""  # there, but of no use: no connection comes of it

    return TlsRules(
        versions=("TLSv1.2", "TLSv1.2"),
        ciphers=CIPHERS,
        ca=content_of(CA_NAME),
        client_cert=content_of(CLIENT_CERT_NAME),
        client_key=content_of(CLIENT_KEY_NAME),
        checks_dates=profile.tls_check_dates,
        checks_name=profile.tls_check_name,
        sends_name=profile.tls_server_name,
    )
