# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A port as a raw TCP listener; no Telnet, no RFC 2217, no encryption.

One host has the line. A new one takes it over and the old one is closed: a host that
died without closing must not lock the module.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from dfota.errors import EndpointError

PENDING_MAX_BYTES = 16 * 1024 * 1024
"""What a slow host may leave unread; then it is closed."""

_READ_BYTES = 65536


class TcpEndpoint:
    """A listener on *host*:*port*; port 0 takes a free one."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._on_data: Callable[[bytes], None] = lambda _data: None

    @property
    def address(self) -> str:
        """``socket://host:port``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"socket://{host}:{self._port}"

    async def open(self, on_data: Callable[[bytes], None]) -> None:
        """Listen.

        Raises:
            EndpointError: the address cannot be had.
        """
        self._on_data = on_data
        try:
            self._server = await asyncio.start_server(self._serve, self._host, self._port)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise EndpointError(self.address, reason) from error
        self._port = self._server.sockets[0].getsockname()[1]

    def write(self, data: bytes) -> None:
        """Send to the host that has the line."""
        writer = self._writer
        if writer is None or writer.is_closing():
            return
        if writer.transport.get_write_buffer_size() + len(data) > PENDING_MAX_BYTES:
            writer.transport.abort()
            return
        writer.write(data)

    async def close(self) -> None:
        """Stop listening and close the line."""
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 1.0)
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._writer = writer
        try:
            while data := await reader.read(_READ_BYTES):
                if self._writer is writer:
                    self._on_data(data)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            if self._writer is writer:
                self._writer = None
            writer.transport.abort()
