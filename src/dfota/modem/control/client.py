# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A client of the control channel: one request a connection, blocking; it prints nothing."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from dfota.errors import ControlRefusedError, EndpointError
from dfota.modem.control.place import ControlPlace

ANSWER_MAX_BYTES = 384 * 1024 * 1024
LINE_MAX_BYTES = 1024 * 1024
CONNECT_TIMEOUT_S = 10.0


class ControlClient:
    """Talks to the module at *place*; *token* is wanted by TCP."""

    def __init__(self, place: ControlPlace, token: str = "", *, timeout_s: float = 120.0) -> None:
        self._place = place
        self._token = token
        self._timeout_s = timeout_s

    def perform(self, verb: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do *verb*; its answer.

        Raises:
            EndpointError: nobody is there, or he left.
            ControlRefusedError: he refuses.
        """
        body = json.dumps(parameters or {}).encode()
        return self._facts(self.request("POST", verb, body))

    def facts(self, path: str) -> dict[str, Any]:
        """Read *path*, such as ``state``.

        Raises:
            EndpointError: nobody is there, or he left.
            ControlRefusedError: he refuses.
        """
        return self._facts(self.request("GET", path))

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """One request; the body of the answer.

        Raises:
            EndpointError: nobody is there, or he left.
            ControlRefusedError: he refuses.
        """
        connection = self._connection(self._timeout_s)
        try:
            response = self._begin(connection, method, path, body)
            data = response.read(ANSWER_MAX_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise self._gone(error) from error
        finally:
            connection.close()
        return data

    def events(
        self, on_connection: Callable[[Callable[[], None]], None] = lambda _close: None
    ) -> Iterator[dict[str, Any]]:
        """Everything that happens, as it happens, until the module leaves.

        Args:
            on_connection: gets a function that ends the stream, from any thread.

        Raises:
            EndpointError: nobody is there.
            ControlRefusedError: he refuses.
        """
        connection = self._connection(None)
        try:
            response = self._begin(connection, "GET", "events", b"")
            sock = connection.sock
            on_connection(lambda: _shut(sock))
            while line := response.readline(LINE_MAX_BYTES):
                if line.strip():
                    yield json.loads(line)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._gone(error) from error
        finally:
            connection.close()

    # -- inside ------------------------------------------------------------------------

    def _connection(self, timeout_s: float | None) -> http.client.HTTPConnection:
        if self._place.path is not None:
            return _UnixConnection(str(self._place.path), timeout_s)
        return http.client.HTTPConnection(self._place.host, self._place.port, timeout=timeout_s)

    def _begin(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes
    ) -> http.client.HTTPResponse:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        connection.request(method, f"/v1/{quote(path)}", body, headers)
        response = connection.getresponse()
        if response.status >= 400:
            raise _refusal(response.status, response.read(65536))
        return response

    def _gone(self, error: Exception) -> EndpointError:
        reason = getattr(error, "strerror", None) or str(error) or "the connection broke"
        return EndpointError(
            str(self._place),
            reason,
            remedy=f"Is the module running? Start it with --control {self._place}.",
        )

    def _facts(self, data: bytes) -> dict[str, Any]:
        try:
            facts = json.loads(data)
        except ValueError as error:
            raise self._gone(error) from error
        return facts if isinstance(facts, dict) else {"answer": facts}


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float | None) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket of a file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _refusal(status: int, data: bytes) -> ControlRefusedError:
    try:
        facts = json.loads(data)
        detail, remedy = str(facts["detail"]), str(facts.get("remedy", ""))
        reason = str(facts.get("code", ""))
    except (ValueError, KeyError, TypeError):
        detail, remedy, reason = f"HTTP {status}", "", ""
    return ControlRefusedError(status, reason, detail, remedy)


def _shut(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is shut already
        sock.shutdown(socket.SHUT_RDWR)
