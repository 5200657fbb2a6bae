# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A TCP listener for one line: who connects has it; bytes are not looked at here.

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


class LineListener:
    """A listener on *host*:*port*; port 0 takes a free one, and keeps it when opened again.

    Args:
        scheme: how its address begins.
        host: where.
        port: where.
        on_connected: a host has taken the line.
        on_data: it sent bytes.
        on_left: nobody has the line any more.
    """

    def __init__(
        self,
        scheme: str,
        host: str,
        port: int,
        *,
        on_connected: Callable[[], None],
        on_data: Callable[[bytes], None],
        on_left: Callable[[], None],
    ) -> None:
        self._scheme = scheme
        self._host = host
        self._port = port
        self._on_connected = on_connected
        self._on_data = on_data
        self._on_left = on_left
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def address(self) -> str:
        """``scheme://host:port``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{self._scheme}://{host}:{self._port}"

    async def open(self) -> None:
        """Listen.

        Raises:
            EndpointError: the address cannot be had.
        """
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
            self._on_left()
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 1.0)
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            self._writer.transport.abort()
        self._writer = writer
        self._on_connected()
        try:
            while data := await reader.read(_READ_BYTES):
                if self._writer is writer:
                    self._on_data(data)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            if self._writer is writer:
                self._writer = None
                self._on_left()
            writer.transport.abort()
