# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module's download client: odd on purpose, and it must never be made cleverer.

Rule 1. One GET, no redirects, no ranges, no decompression; only 2xx is success.
Rule 2. TLS 1.2 at most, with the few suites that such modules have.
Rule 3. Every failure is one of the guide's codes; no exception leaves this file.
Rule 4. The package appears under its name only when it is complete.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace

import h11

from dfota.errors import FileSystemError
from dfota.modem.fetching import Exchange
from dfota.modem.filesystem import IncomingFile
from dfota.modem.network import (
    Download,
    DownloadRequest,
    Fetch,
    FetchListener,
    FetchRequest,
    HttpError,
    TlsRules,
)
from dfota.modem.timeline import Speed
from dfota.modem.tls_client import client_context

HEADERS_MAX_BYTES = 16 * 1024
"""Longest status line with headers, and longest chunk header."""

READ_BYTES = 8 * 1024

INTERIM_RESPONSES_MAX = 8
"""How many 1xx responses are read over."""

CIPHERS = (
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:"
    "ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:AES128-SHA:AES256-SHA:@SECLEVEL=0"
)
"""The suites of the vendor's sample, in OpenSSL's names; such modules do not judge key sizes."""

_FAMILIES = {0: socket.AF_INET, 1: socket.AF_INET6, 2: socket.AF_UNSPEC}


class AsyncioNetwork:
    """Downloads over real sockets, in the running event loop.

    Args:
        speed: how much faster than hardware.
        tell: calls a function for us, in the module's time, whenever there is news for it.
    """

    def __init__(
        self, speed: Speed, tell: Callable[[Callable[[], None]], None] = lambda news: news()
    ) -> None:
        self._speed = speed
        self._tell = tell
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, request: DownloadRequest, on_end: Callable[[HttpError], None]) -> Download:
        """Start a download; see ``Network``."""

        def on_progress(done: int, total: int | None) -> None:
            self._tell(lambda: request.on_progress(done, total))

        async def run() -> None:
            code = await download(replace(request, on_progress=on_progress), self._speed)
            self._tell(lambda: on_end(code))

        task = asyncio.get_running_loop().create_task(run())
        self._keep(task)
        return _Running(task)

    def fetch(self, request: FetchRequest, listener: FetchListener) -> Fetch:
        """Start an exchange; see ``Network``."""
        exchange = Exchange(request, listener, self._speed, self._tell)
        self._keep(exchange.task)
        return exchange

    async def close(self) -> None:
        """Abort what runs and wait until it is gone."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (defect := task.exception()) is not None:
            task.get_loop().call_exception_handler({"message": "download", "exception": defect})


class _Running:
    def __init__(self, task: asyncio.Task[None]) -> None:
        self._task = task

    def abort(self) -> None:
        """Cancel the task; the partial file goes with it."""
        self._task.cancel()


class _FailedError(Exception):
    """The download ends with *error*."""

    def __init__(self, error: HttpError) -> None:
        super().__init__(error)
        self.error = error


async def download(request: DownloadRequest, speed: Speed) -> HttpError:
    """Carry out *request*; the code of ``HTTPEND``."""
    profile = request.profile
    try:
        reader, writer = await _connect(request, speed)
    except _FailedError as failure:
        return failure.error
    try:
        async with asyncio.timeout(speed.wait_s(profile.download_timeout_s, profile.wait_floor_s)):
            await _transfer(request, speed, reader, writer)
    except _FailedError as failure:
        return failure.error
    except TimeoutError:
        return HttpError.TIMEOUT
    except (OSError, h11.ProtocolError):
        return HttpError.UNKNOWN
    finally:
        writer.transport.abort()
    return HttpError.OK


async def _connect(
    request: DownloadRequest, speed: Speed
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    profile, location = request.profile, request.location
    try:
        context = _tls_context(request) if location.scheme == "https" else None
    except (OSError, ValueError) as error:
        # A file that is no certificate, a key that does not fit, or one that is missing.
        raise _FailedError(HttpError.CONNECTION_FAILED) from error
    server_name = None
    if context is not None:
        # An empty name means: no SNI. The name is needed where it is checked.
        named = profile.tls_server_name or context.check_hostname
        server_name = location.host if named else ""
    for attempt in range(max(1, profile.connect_attempts)):
        if attempt:
            await asyncio.sleep(speed.pace_s(profile.connect_retry_s))
        try:
            async with asyncio.timeout(
                speed.wait_s(profile.connect_timeout_s, profile.wait_floor_s)
            ):
                return await asyncio.open_connection(
                    location.host,
                    location.port,
                    family=_FAMILIES[request.ip_type],
                    ssl=context,
                    server_hostname=server_name,
                )
        except ssl.SSLError:
            break  # the server is there and we do not get on: trying again is no use
        except (OSError, UnicodeError):  # TimeoutError is an OSError; names may be unencodable
            continue
    raise _FailedError(HttpError.CONNECTION_FAILED)


def _tls_context(request: DownloadRequest) -> ssl.SSLContext:
    profile, files = request.profile, request.tls
    return client_context(
        TlsRules(
            versions=("TLSv1.2", "TLSv1.2"),
            ciphers=CIPHERS,
            ca=files.ca,
            client_cert=files.client_cert,
            client_key=files.client_key,
            checks_dates=profile.tls_check_dates,
            checks_name=profile.tls_check_name,
            sends_name=profile.tls_server_name,
        )
    )


async def _transfer(
    request: DownloadRequest,
    speed: Speed,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADERS_MAX_BYTES)
    writer.write(_request_bytes(connection, request))
    events = _Events(connection, reader, request, speed)
    response = await _response(events)
    if response.status_code in {404, 410}:
        raise _FailedError(HttpError.FILE_NOT_FOUND)
    if not 200 <= response.status_code < 300:
        raise _FailedError(HttpError.REQUEST_FAILED)
    total = _content_length(response)
    if total is not None and total > request.max_bytes:
        raise _FailedError(HttpError.FILE_TOO_LARGE)
    try:
        file = request.begin_file()
    except FileSystemError as error:
        raise _FailedError(HttpError.WRITE_FAILED) from error
    try:
        await _store(events, file, request, total)
    except FileSystemError as error:
        raise _FailedError(HttpError.WRITE_FAILED) from error
    finally:
        file.discard()


def _request_bytes(connection: h11.Connection, request: DownloadRequest) -> bytes:
    location = request.location
    host = f"[{location.host}]" if ":" in location.host else location.host
    default_port = 443 if location.scheme == "https" else 80
    if location.port != default_port:
        host = f"{host}:{location.port}"
    head = h11.Request(
        method="GET",
        target=location.path,
        headers=[
            ("Host", host),
            # The order and the words of the HTTP manual, 1.3.
            ("Accept", "*/*"),
            ("User-Agent", request.profile.user_agent),
            ("Connection", "Keep-Alive"),
        ],
    )
    return (connection.send(head) or b"") + (connection.send(h11.EndOfMessage()) or b"")


async def _response(events: _Events) -> h11.Response:
    for _ in range(INTERIM_RESPONSES_MAX):
        event = await events.next()
        if isinstance(event, h11.Response):
            return event
        if not isinstance(event, h11.InformationalResponse):
            break
    raise _FailedError(HttpError.UNKNOWN)


def _content_length(response: h11.Response) -> int | None:
    for name, value in response.headers:
        if name == b"content-length":
            return int(value)  # h11 has made sure that these are digits, and one header
    return None


async def _store(
    events: _Events, file: IncomingFile, request: DownloadRequest, total: int | None
) -> None:
    while True:
        event = await events.next()
        if isinstance(event, h11.EndOfMessage):
            file.end()
            return
        if not isinstance(event, h11.Data):
            raise _FailedError(HttpError.UNKNOWN)
        if file.size + len(event.data) > request.max_bytes:
            raise _FailedError(HttpError.FILE_TOO_LARGE)
        file.write(bytes(event.data))
        request.on_progress(file.size, total)


class _Events:
    """The server's answer as h11 events, as slowly as the radio gives them."""

    def __init__(
        self,
        connection: h11.Connection,
        reader: asyncio.StreamReader,
        request: DownloadRequest,
        speed: Speed,
    ) -> None:
        profile = request.profile
        self._connection = connection
        self._reader = reader
        self._speed = speed
        self._patience_s = speed.wait_s(profile.data_timeout_s, profile.wait_floor_s)
        self._byte_s = 8 / (profile.downlink_kbit_s * 1000) if profile.downlink_kbit_s else 0.0

    async def next(self) -> h11.Event:
        """The next event; raises TimeoutError when the server is silent for too long."""
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA:
                async with asyncio.timeout(self._patience_s):
                    data = await self._reader.read(READ_BYTES)
                self._connection.receive_data(data)
                await self._be_slow(len(data))
            elif event is h11.PAUSED:
                raise _FailedError(HttpError.UNKNOWN)
            else:
                return event  # type: ignore[return-value] # h11 types sentinels as classes

    async def _be_slow(self, size: int) -> None:
        pause_s = self._speed.pace_s(size * self._byte_s)
        if pause_s > 0:
            await asyncio.sleep(pause_s)
