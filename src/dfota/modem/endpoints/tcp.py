# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A port as a raw TCP listener; no Telnet, no RFC 2217, no encryption.

A connection is DTR: it is on while a host has the line.
"""

from __future__ import annotations

from dfota.modem.endpoints.endpoint import UNATTENDED, Listener
from dfota.modem.endpoints.line_listener import LineListener
from dfota.modem.lines import HostLines, ModuleLines


class TcpEndpoint:
    """A listener on *host*:*port*; port 0 takes a free one."""

    def __init__(self, host: str, port: int) -> None:
        self._listener: Listener | None = None
        self._line = LineListener(
            "socket",
            host,
            port,
            on_connected=lambda: self._tell(HostLines()),
            on_data=self._receive,
            on_left=lambda: self._tell(UNATTENDED),
        )

    @property
    def address(self) -> str:
        """``socket://host:port``."""
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
        """Send to the host that has the line."""
        self._line.write(data)

    def show(self, lines: ModuleLines) -> None:
        """A raw connection has no lines."""

    async def close(self) -> None:
        """Stop listening and close the line."""
        await self._line.close()

    def _receive(self, data: bytes) -> None:
        if self._listener is not None:
            self._listener.receive(data)

    def _tell(self, lines: HostLines) -> None:
        if self._listener is not None:
            self._listener.change_lines(lines)
