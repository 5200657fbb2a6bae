# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One HTTP exchange over a real socket, at the radio's pace; it knows no command and no code.

Rule 1. Every failure is a ``FetchEnd``; no exception leaves this file.
Rule 2. Redirects, cookies and compression are nobody's business here.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable

import h11

from dfota.modem.network import FetchEnd, FetchListener, FetchRequest
from dfota.modem.timeline import Speed
from dfota.modem.tls_client import client_context

HEADERS_MAX_BYTES = 16 * 1024
"""Longest status line with headers, and longest chunk header."""

READ_BYTES = 8 * 1024

INTERIM_RESPONSES_MAX = 8
"""How many 1xx responses are read over."""

_FAMILIES = {0: socket.AF_INET, 1: socket.AF_INET6, 2: socket.AF_UNSPEC}

Tell = Callable[[Callable[[], None]], None]
"""Calls a function in the module's time, and lets what it caused come out."""


class _EndedError(Exception):
    """The exchange ends with *end*."""

    def __init__(self, end: FetchEnd) -> None:
        super().__init__(end)
        self.end = end


class Exchange:
    """A running exchange; see ``Fetch``."""

    def __init__(
        self, request: FetchRequest, listener: FetchListener, speed: Speed, tell: Tell
    ) -> None:
        self._request = request
        self._listener = listener
        self._speed = speed
        self._tell = tell
        self._is_wanted = True
        self._may_go_on = asyncio.Event()
        self._may_go_on.set()
        profile = request.profile
        self._byte_s = 8 / (profile.downlink_kbit_s * 1000) if profile.downlink_kbit_s else 0.0
        self.task = asyncio.get_running_loop().create_task(self._run())

    def abort(self) -> None:
        """Stop; the listener hears nothing more."""
        self._is_wanted = False
        self.task.cancel()

    def pause(self) -> None:
        """Take no more of the body for now."""
        self._may_go_on.clear()

    def resume(self) -> None:
        """Go on after ``pause``."""
        self._may_go_on.set()

    def _say(self, news: Callable[[], None]) -> None:
        def if_wanted() -> None:
            if self._is_wanted:
                news()

        self._tell(if_wanted)

    async def _run(self) -> None:
        try:
            end = await self._exchange()
        except _EndedError as ended:
            end = ended.end
        except h11.ProtocolError:
            end = FetchEnd.MALFORMED
        except OSError:
            end = FetchEnd.CLOSED
        self._say(lambda: self._listener.ended(end))

    async def _exchange(self) -> FetchEnd:
        reader, writer = await self._connect()
        try:
            writer.write(self._request.message)
            connection = _after_request(self._request.message)
            for _ in range(INTERIM_RESPONSES_MAX + 1):
                event = await self._next(connection, reader)
                if isinstance(event, h11.Response):
                    break
                if not isinstance(event, h11.InformationalResponse):
                    raise _EndedError(FetchEnd.MALFORMED)
            else:
                raise _EndedError(FetchEnd.MALFORMED)
            head = _head(event)
            length = _length(event)
            self._say(lambda: self._listener.answered(event.status_code, head, length))
            await self._body(connection, reader)
        finally:
            writer.transport.abort()
        return FetchEnd.COMPLETE

    async def _body(self, connection: h11.Connection, reader: asyncio.StreamReader) -> None:
        while True:
            await self._may_go_on.wait()
            event = await self._next(connection, reader)
            if isinstance(event, h11.EndOfMessage):
                return
            if not isinstance(event, h11.Data):
                raise _EndedError(FetchEnd.CLOSED)
            data = bytes(event.data)
            self._say(lambda data=data: self._listener.received(data))  # type: ignore[misc]

    async def _next(self, connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Event:
        while True:
            try:
                event = connection.next_event()
            except h11.RemoteProtocolError as error:
                # h11 has one exception for an early end and for nonsense.
                left = FetchEnd.CLOSED if reader.at_eof() else FetchEnd.MALFORMED
                raise _EndedError(left) from error
            if event is h11.PAUSED:
                raise _EndedError(FetchEnd.MALFORMED)
            if event is not h11.NEED_DATA:
                return event  # type: ignore[return-value] # h11 types sentinels as classes
            data = await reader.read(READ_BYTES)
            connection.receive_data(data)
            pause_s = self._speed.pace_s(len(data) * self._byte_s)
            if pause_s > 0:
                await asyncio.sleep(pause_s)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        request, rules = self._request, self._request.tls
        context = self._context()
        patience_s = self._speed.wait_s(request.connect_timeout_s, request.profile.wait_floor_s)
        sock = await self._socket(patience_s)
        if context is None or rules is None:
            return await asyncio.open_connection(sock=sock)
        named = rules.sends_name or context.check_hostname
        handshake_s = self._speed.wait_s(rules.handshake_timeout_s, request.profile.wait_floor_s)
        try:
            return await asyncio.open_connection(
                sock=sock,
                ssl=context,
                # An empty name means: no SNI. The name is needed where it is checked.
                server_hostname=request.location.host if named else "",
                ssl_handshake_timeout=handshake_s,
            )
        except (OSError, ValueError) as error:
            sock.close()
            raise _EndedError(FetchEnd.TLS_FAILED) from error

    def _context(self) -> ssl.SSLContext | None:
        if self._request.tls is None:
            return None
        try:
            return client_context(self._request.tls)
        except (OSError, ValueError) as error:
            raise _EndedError(FetchEnd.TLS_FAILED) from error

    async def _socket(self, patience_s: float) -> socket.socket:
        location = self._request.location
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(patience_s):
                try:
                    found = await loop.getaddrinfo(
                        location.host,
                        location.port,
                        family=_FAMILIES[self._request.ip_type],
                        type=socket.SOCK_STREAM,
                    )
                except (OSError, UnicodeError) as error:
                    raise _EndedError(FetchEnd.DNS_FAILED) from error
                for family, kind, protocol, _, address in found:
                    sock = socket.socket(family, kind, protocol)
                    try:
                        sock.settimeout(0.0)
                        await loop.sock_connect(sock, address)
                    except OSError:
                        sock.close()
                    except BaseException:
                        sock.close()
                        raise
                    else:
                        return sock
        except TimeoutError as error:
            raise _EndedError(FetchEnd.CONNECTION_TIMED_OUT) from error
        raise _EndedError(FetchEnd.CONNECTION_FAILED)


def _after_request(message: bytes) -> h11.Connection:
    """A connection on which *message* went out; h11 only has to know its method."""
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADERS_MAX_BYTES)
    method = message.split(b" ", 1)[0]
    try:
        connection.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"-")]))
        connection.send(h11.EndOfMessage())
    except h11.LocalProtocolError as error:  # the host gave its own headers, and no method
        raise _EndedError(FetchEnd.MALFORMED) from error
    return connection


def _head(response: h11.Response) -> bytes:
    """The status line and the headers as the server wrote them, with the empty line."""
    version, reason = response.http_version, bytes(response.reason)
    head = bytearray(b"HTTP/%b %d %b\r\n" % (version, response.status_code, reason))
    for name, value in response.headers.raw_items():
        head += b"%b: %b\r\n" % (name, value)
    return bytes(head) + b"\r\n"


def _length(response: h11.Response) -> int | None:
    for name, value in response.headers:
        if name == b"content-length":
            return int(value)  # h11 has made sure that these are digits, and one header
    return None
