# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A port as an RFC 2217 listener: bytes and modem lines; the protocol itself is elsewhere.

The newest client has the line, as with raw TCP; the one before is closed.
"""

from __future__ import annotations

from dfota.modem.endpoints.com_port import ComPortSession
from dfota.modem.endpoints.endpoint import UNATTENDED, Listener
from dfota.modem.endpoints.line_listener import LineListener
from dfota.modem.lines import HostLines, ModuleLines


class Rfc2217Endpoint:
    """A listener on *host*:*port* (0 takes a free one) that calls itself *signature*."""

    def __init__(self, host: str, port: int, *, signature: str = "dfota") -> None:
        self._signature = signature
        self._listener: Listener | None = None
        self._session: ComPortSession | None = None
        self._modem = ModuleLines()
        self._line = LineListener(
            "rfc2217",
            host,
            port,
            on_connected=self._begin,
            on_data=self._receive,
            on_left=self._end,
        )

    @property
    def address(self) -> str:
        """``rfc2217://host:port``, as pyserial opens it."""
        return self._line.address

    async def open(self, listener: Listener) -> None:
        """Listen.

        Raises:
            EndpointError: the address cannot be had.
        """
        await self._line.open()
        self._listener = listener
        listener.change_lines(UNATTENDED)

    def write(self, data: bytes) -> None:
        """Send to the client that has the line."""
        if self._session is not None:
            self._session.write(data)

    def show(self, lines: ModuleLines) -> None:
        """Notify the client of the module's lines."""
        self._modem = lines
        if self._session is not None:
            self._session.show(lines)

    async def close(self) -> None:
        """Stop listening and close the line."""
        await self._line.close()

    # -- inside ------------------------------------------------------------------------

    def _begin(self) -> None:
        self._session = ComPortSession(
            self._signature,
            send=self._line.write,
            on_data=self._deliver,
            on_lines=self._tell,
        )
        self._tell(self._session.lines)
        self._session.begin(self._modem)

    def _receive(self, data: bytes) -> None:
        if self._session is not None:
            self._session.feed(data)

    def _end(self) -> None:
        self._session = None
        self._tell(UNATTENDED)

    def _deliver(self, data: bytes) -> None:
        if self._listener is not None:
            self._listener.receive(data)

    def _tell(self, lines: HostLines) -> None:
        if self._listener is not None:
            self._listener.change_lines(lines)
