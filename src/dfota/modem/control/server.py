# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A small HTTP/1.1 server for one laboratory: bounded, one answer a connection, no module.

Rule 1. Nothing of a request is kept beyond its limit, and nobody may take his time.
Rule 2. Whoever is not allowed learns nothing, and reaches no route.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import h11

from dfota.errors import EndpointError, MisuseError
from dfota.modem.control.place import ControlPlace, is_loopback

HEADERS_MAX_BYTES = 16 * 1024
BODY_MAX_BYTES = 384 * 1024 * 1024
"""A snapshot is the largest."""
REQUEST_TIMEOUT_S = 60.0
CONNECTIONS_MAX = 32
_READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants.

    Attributes:
        method: ``GET``, ``POST`` …
        path: decoded, without the query.
        accept: of the header.
        body: all of it.
    """

    method: str
    path: str
    accept: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What he gets: a body, or pieces as they come."""

    status: int = 200
    media_type: str = "application/json"
    body: bytes = b""
    pieces: AsyncIterator[bytes] | None = None

    @classmethod
    def of(cls, facts: object, status: int = 200) -> Answer:
        """*facts* as JSON."""
        return cls(status, body=json.dumps(facts, ensure_ascii=False).encode() + b"\n")


def problem(status: int, code: str, detail: str, **more: Any) -> Answer:
    """An error as RFC 9457 has it."""
    facts = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    body = json.dumps({**facts, "detail": detail, "code": code, **more}, ensure_ascii=False)
    return Answer(status, "application/problem+json", body.encode() + b"\n")


Router = Callable[[Request], Awaitable[Answer]]


class _RefusedError(Exception):
    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class ControlServer:
    """Serves *router* at *place*.

    Args:
        place: where; port 0 takes a free one.
        router: answers what is allowed.
        token: what everybody must show who comes by TCP.
        is_open: may be at an address that other computers reach.

    Raises:
        MisuseError: other computers would reach it.
    """

    def __init__(
        self, place: ControlPlace, router: Router, *, token: str = "", is_open: bool = False
    ) -> None:
        if not place.is_loopback and not is_open:
            raise MisuseError(
                f"other computers could reach a control channel at {place}",
                "Use unix:PATH or 127.0.0.1:PORT; --control-anywhere lifts this.",
            )
        self._place = place
        self._router = router
        self._token = token
        self._is_open = is_open
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def place(self) -> ControlPlace:
        """Where it is, with the port that it got."""
        return self._place

    async def open(self) -> None:
        """Listen.

        Raises:
            EndpointError: the place cannot be had.
        """
        place = self._place
        try:
            if place.path is not None:
                _make_room(place.path)
                before = os.umask(0o177)  # nobody else may connect, from the first moment on
                try:
                    self._server = await asyncio.start_unix_server(self._serve, place.path)
                finally:
                    os.umask(before)
            else:
                self._server = await asyncio.start_server(self._serve, place.host, place.port)
                port = self._server.sockets[0].getsockname()[1]
                self._place = ControlPlace(host=place.host, port=port)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise EndpointError(str(place), reason) from error

    async def close(self) -> None:
        """Stop listening, end what is under way, remove the socket; harmless twice."""
        if self._server is None:
            return
        self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 1.0)
        self._server = None
        if self._place.path is not None:
            with contextlib.suppress(OSError):
                self._place.path.unlink()

    # -- one connection ----------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._tasks.add(task)
        try:
            connection = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADERS_MAX_BYTES)
            answer = await self._answer(connection, reader)
            await _send(connection, writer, answer)
        except (OSError, h11.ProtocolError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _answer(self, connection: h11.Connection, reader: asyncio.StreamReader) -> Answer:
        if len(self._tasks) > CONNECTIONS_MAX:
            return problem(503, "control.busy", "there are too many connections")
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                request = await self._request(connection, reader)
        except _RefusedError as refusal:
            return refusal.answer
        except TimeoutError:
            return problem(408, "control.timeout", "the request took too long")
        except h11.RemoteProtocolError as error:
            return problem(error.error_status_hint, "control.malformed", str(error))
        return await self._router(request)

    async def _request(self, connection: h11.Connection, reader: asyncio.StreamReader) -> Request:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(_READ_BYTES)
                connection.receive_data(data)
            elif isinstance(event, h11.Request):
                head = event
                self._check(head)
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > BODY_MAX_BYTES:
                    raise _RefusedError(problem(413, "control.too-large", "the body is too large"))
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                target = head.target.decode("ascii", "replace").partition("?")[0]
                accept = _header(head, b"accept")
                return Request(head.method.decode(), unquote(target), accept, bytes(body))
            else:
                raise ConnectionResetError  # closed before anything was asked

    def _check(self, head: h11.Request) -> None:
        """Refuse who is not allowed.

        Raises:
            _RefusedError: he is not.
        """
        if self._place.path is not None:
            return
        host = _header(head, b"host").rpartition(":")[0] or _header(head, b"host")
        if not self._is_open and not is_loopback(host):
            raise _RefusedError(problem(403, "control.host", "that Host is not this computer"))
        if _header(head, b"origin"):
            raise _RefusedError(problem(403, "control.origin", "pages of a browser may not"))
        shown = _header(head, b"authorization").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(), self._token.encode()):
            raise _RefusedError(problem(401, "control.token", "the token is missing or wrong"))


def _header(head: h11.Request, name: bytes) -> str:
    for key, value in head.headers:
        if key == name:
            return value.decode("latin-1")
    return ""


async def _send(connection: h11.Connection, writer: asyncio.StreamWriter, answer: Answer) -> None:
    headers = [("Content-Type", answer.media_type), ("Connection", "close")]
    headers.append(("Cache-Control", "no-store"))
    if answer.pieces is None:
        headers.append(("Content-Length", str(len(answer.body))))
    else:
        headers.append(("Transfer-Encoding", "chunked"))
    if answer.status == HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", "Bearer"))
    head = h11.Response(status_code=answer.status, headers=headers)
    if connection.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
        return
    writer.write(connection.send(head) or b"")
    if answer.pieces is None:
        writer.write(connection.send(h11.Data(data=answer.body)) or b"")
    else:
        async with contextlib.aclosing(answer.pieces) as pieces:  # type: ignore[type-var] # ours
            async for piece in pieces:
                writer.write(connection.send(h11.Data(data=piece)) or b"")
                await writer.drain()
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _make_room(path: Path) -> None:
    """Remove a socket that nobody answers at; never anything else.

    Raises:
        EndpointError: something else has that name, or somebody is there.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise EndpointError(str(path), "something else has that name")
    if _is_answered(path):
        raise EndpointError(str(path), "a module is controlled there already")
    path.unlink()


def _is_answered(path: Path) -> bool:
    import socket  # noqa: PLC0415 - only where a socket was left behind

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
