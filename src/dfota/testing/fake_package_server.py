# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A real HTTP(S) server on the loopback that misbehaves on demand; never serve real modules.

Rule 1. It waits for events, never for time: a stall lasts until it is released or closed.
Rule 2. One request per connection, so that each behaviour is seen alone.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from dfota.errors import MisuseError

_LOOPBACK = "127.0.0.1"
_HEAD_MAX_SIZE = 16 * 1024
_PIECE_SIZE = 4096
_JOIN_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How one request is answered; the default is a good answer.

    Attributes:
        status: of the answer; anything but 200 has a short text as its body.
        location: field of a redirection.
        silent: take the request and never answer.
        stall_after: send this many bytes of the body, then nothing until released.
        close_after: send this many bytes of the body, then end the connection in order.
        reset_after: the same, but end it with a TCP reset.
        content_length: what the field claims instead of the truth.
        omit_length: no such field; the end of the connection ends the body.
        chunked: send the body in chunks.
        compressed: claim ``Content-Encoding: gzip`` (the body stays as it is).
        etag: strong validator (without its quotes); with one, the rest of a file can be asked for.
        content_range: that field, instead of the truth.
        last_modified: date as the validator; the same.
        head: these bytes instead of status line and fields; write their ends too.
    """

    status: int = 200
    location: str | None = None
    silent: bool = False
    stall_after: int | None = None
    close_after: int | None = None
    reset_after: int | None = None
    content_length: int | None = None
    omit_length: bool = False
    chunked: bool = False
    compressed: bool = False
    etag: str | None = None
    last_modified: str | None = None
    content_range: str | None = None
    head: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeTls:
    """The TLS side of a fake server.

    Attributes:
        cert_path: certificate, PEM.
        key_path: its key, PEM.
        client_ca_path: demand a client certificate of this CA.
        minimum_version: of TLS.
        maximum_version: of TLS; TLS 1.3 only, for one, no BG96 can speak.
        ciphers: for TLS 1.2 and below, in OpenSSL's words.
    """

    cert_path: Path
    key_path: Path
    client_ca_path: Path | None = None
    minimum_version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    maximum_version: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
    ciphers: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeRequest:
    """What a client asked.

    Attributes:
        method: ``GET``, most likely.
        target: as it stood in the request line.
        fields: header fields, names in lower case.
        tls_version: ``TLSv1.2`` and so on; None over plain HTTP.
        server_name: of the TLS handshake; None where the client sent none.
        has_client_certificate: whether the client showed one.
    """

    method: str
    target: str
    fields: Mapping[str, str] = field(default_factory=dict)
    tls_version: str | None = None
    server_name: str | None = None
    has_client_certificate: bool = False


class FakePackageServer:
    """Serve *files* (name to content) on the loopback, good or bad; a context manager.

    Args:
        files: what can be downloaded; other names are 404.
        tls: serve HTTPS.
    """

    def __init__(self, files: Mapping[str, bytes], *, tls: FakeTls | None = None) -> None:
        self._files = {name.lstrip("/"): data for name, data in files.items()}
        self._tls = tls
        self._behaviours = [Behaviour()]
        self._changed = threading.Condition()
        self._requests: list[FakeRequest] = []
        self._failed_handshakes: list[str] = []
        self._released = threading.Event()
        self._is_closed = False
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._server_names: dict[int, str] = {}
        self._context = None if tls is None else self._make_context(tls)
        self._listener = _bind(0)
        self.port: int = self._listener.getsockname()[1]
        """The port on 127.0.0.1; it stays the same while the server lives."""
        self._listen()

    # -- what tests do with it ----------------------------------------------------------

    @property
    def requests(self) -> tuple[FakeRequest, ...]:
        """Every request so far, in order."""
        with self._changed:
            return tuple(self._requests)

    @property
    def failed_handshakes(self) -> tuple[str, ...]:
        """Why TLS handshakes failed, in OpenSSL's words."""
        with self._changed:
            return tuple(self._failed_handshakes)

    def url_for(self, name: str, *, host: str = _LOOPBACK) -> str:
        """The URL of *name*; the name is not checked, hostile ones are wanted here."""
        scheme = "http" if self._context is None else "https"
        return f"{scheme}://{host}:{self.port}/{name.lstrip('/')}"

    def behave(self, *behaviours: Behaviour) -> None:
        """Answer the next requests like this, one after the other; the last one stays.

        Raises:
            MisuseError: none was given.
        """
        if not behaviours:
            raise MisuseError("give at least one behaviour")
        with self._changed:
            self._behaviours = list(behaviours)

    def refuse(self) -> None:
        """Refuse connections from now on; the port stays ours, so nobody else answers."""
        self._stop_listening()
        self._listener = _bind(self.port)

    def accept(self) -> None:
        """Accept connections again after :meth:`refuse`."""
        self._listen()

    def release(self) -> None:
        """Let what is stalled or silent now go on: bodies to their end, silent ones end."""
        self._released.set()
        self._released = threading.Event()

    def wait_for_requests(self, count: int, timeout_s: float = 10.0) -> tuple[FakeRequest, ...]:
        """The requests, as soon as there are *count*; all there are if time runs out."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._requests) >= count, timeout_s)
            return tuple(self._requests)

    def close(self) -> None:
        """End everything at once; twice is fine."""
        with self._changed:
            self._is_closed = True
        self._released.set()
        self._stop_listening()
        with self._changed:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:  # it may grow until the accepting one has ended
            thread.join(_JOIN_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # -- connections ---------------------------------------------------------------------

    def _listen(self) -> None:
        self._listener.listen(16)
        self._spawn(self._accept_all, self._listener)

    def _stop_listening(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept()
        self._listener.close()

    def _spawn(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept_all(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:  # closed, or refusing
                return
            self._spawn(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(
                    plain, server_side=True, do_handshake_on_connect=False
                )
            with self._changed:
                self._connections.add(connection)
                if self._is_closed:
                    return
            if isinstance(connection, ssl.SSLSocket) and not self._shake_hands(connection):
                return
            request = self._receive(connection)
            if request is not None:
                self._answer(connection, request, self._note(request))
        except OSError:
            return  # the client left, or we are closing
        finally:
            with self._changed:
                self._connections.discard(connection)
            connection.close()

    def _shake_hands(self, connection: ssl.SSLSocket) -> bool:
        try:
            connection.do_handshake()
        except OSError as error:
            reason = str(getattr(error, "reason", None) or error)
            with self._changed:
                self._failed_handshakes.append(reason)
                self._changed.notify_all()
            return False
        return True

    def _receive(self, connection: socket.socket) -> FakeRequest | None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(4096)
            head += data
            if not data or len(head) > _HEAD_MAX_SIZE:
                return None
        request_line, *lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        words = [*request_line.split(" "), "", ""]
        pairs = (line.partition(":") for line in lines)
        fields = {name.strip().lower(): value.strip() for name, _, value in pairs}
        is_secure = isinstance(connection, ssl.SSLSocket)
        return FakeRequest(
            method=words[0],
            target=words[1],
            fields=fields,
            tls_version=connection.version() if isinstance(connection, ssl.SSLSocket) else None,
            server_name=self._server_names.pop(threading.get_ident(), None) if is_secure else None,
            has_client_certificate=isinstance(connection, ssl.SSLSocket)
            and connection.getpeercert(binary_form=True) is not None,
        )

    def _note(self, request: FakeRequest) -> Behaviour:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            return self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]

    def _make_context(self, tls: FakeTls) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = tls.minimum_version
        context.maximum_version = tls.maximum_version
        context.set_ciphers(tls.ciphers or "ALL:!aNULL:@SECLEVEL=0")
        context.load_cert_chain(tls.cert_path, tls.key_path)
        if tls.client_ca_path is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(tls.client_ca_path)

        def note_server_name(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> None:
            if name is not None:
                self._server_names[threading.get_ident()] = name

        context.sni_callback = note_server_name
        return context

    # -- answers --------------------------------------------------------------------------

    def _answer(self, connection: socket.socket, request: FakeRequest, how: Behaviour) -> None:
        released = self._released
        if how.silent:
            released.wait()
            return
        name = request.target.partition("?")[0].lstrip("/")
        status, body = how.status, self._files.get(name)
        if status == HTTPStatus.OK and body is None:
            status = HTTPStatus.NOT_FOUND
        if status != HTTPStatus.OK or body is None:
            body = f"{status}\n".encode()
        elif (start := _wanted_start(request, how)) is not None:
            if start >= len(body):
                status, body = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b""
            else:
                truth = f"bytes {start}-{len(body) - 1}/{len(body)}"
                how = replace(how, content_range=how.content_range or truth)
                status, body = HTTPStatus.PARTIAL_CONTENT, body[start:]
        connection.sendall(how.head if how.head is not None else _head(status, body, how))
        if request.method == "HEAD":
            return
        sent = 0
        if how.stall_after is not None:
            sent = how.stall_after
            _send(connection, body[:sent], chunked=how.chunked)
            released.wait()
            if self._is_closed:
                return
        limits = [limit for limit in (how.close_after, how.reset_after) if limit is not None]
        _send(connection, body[sent : min(limits, default=len(body))], chunked=how.chunked)
        if how.reset_after is not None:
            _arm_reset(connection)
        if how.chunked and not limits:
            connection.sendall(b"0\r\n\r\n")


def _head(status: int, body: bytes, how: Behaviour) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Odd"
    lines = [f"HTTP/1.1 {status} {phrase}", "Connection: close"]
    if how.location is not None:
        lines.append(f"Location: {how.location}")
    if how.etag is not None:
        lines.append(f'ETag: "{how.etag}"')
    if how.last_modified is not None:
        lines.append(f"Last-Modified: {how.last_modified}")
    if how.content_range is not None:
        lines.append(f"Content-Range: {how.content_range}")
    if how.compressed:
        lines.append("Content-Encoding: gzip")
    if how.chunked:
        lines.append("Transfer-Encoding: chunked")
    elif not how.omit_length:
        claimed = len(body) if how.content_length is None else how.content_length
        lines.append(f"Content-Length: {claimed}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _wanted_start(request: FakeRequest, how: Behaviour) -> int | None:
    """Where the part begins that is asked for, if there is a right to ask for one."""
    match = re.fullmatch(r"bytes=([0-9]{1,15})-", request.fields.get("range", ""))
    validators = {f'"{how.etag}"' if how.etag else None, how.last_modified} - {None}
    if match is None or not validators:
        return None
    condition = request.fields.get("if-range")
    return int(match[1]) if condition is None or condition in validators else None


def _send(connection: socket.socket, body: bytes, *, chunked: bool) -> None:
    for start in range(0, len(body), _PIECE_SIZE):
        piece = body[start : start + _PIECE_SIZE]
        connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)


def _arm_reset(connection: socket.socket) -> None:
    """Make the coming close a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _bind(port: int) -> socket.socket:
    """A bound socket that does not listen: whoever connects is refused."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((_LOOPBACK, port))
    return bound
