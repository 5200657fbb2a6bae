# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A port for programs in the same event loop: asyncio streams, no descriptor, no socket.

One host has the line. A new one takes it over and the old one reads an end of file, as on a
TCP port. What the module says while nobody has the line is lost.
"""

from __future__ import annotations

import asyncio

from dfota.errors import EndpointError
from dfota.modem.endpoints.endpoint import UNATTENDED, Listener
from dfota.modem.lines import HostLines, ModuleLines

PENDING_MAX_BYTES = 16 * 1024 * 1024
"""What a host that does not read may leave unread; more is lost."""


class WithinEndpoint:
    """The port *name* of a module, for hosts in this process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._listener: Listener | None = None
        self._wire: _Wire | None = None

    @property
    def address(self) -> str:
        """A name for people; there is nothing that another process could open."""
        return f"within:{self._name}"

    def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Take the line.

        Raises:
            EndpointError: the port is not there now.
        """
        if self._listener is None:
            raise EndpointError(self.address, "the module does not have it now")
        if self._wire is not None:
            self._wire.close()
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        self._wire = _Wire(self, protocol)
        protocol.connection_made(self._wire)
        self._listener.change_lines(HostLines(dtr=True, rts=True))
        return reader, _Writer(self._wire, protocol, reader, loop)

    async def open(self, listener: Listener) -> None:
        """Be reachable; *listener* hears what hosts do."""
        self._listener = listener

    def write(self, data: bytes) -> None:
        """Send to the host that has the line."""
        if self._wire is not None:
            self._wire.deliver(data)

    def show(self, lines: ModuleLines) -> None:
        """Streams have no lines beside the data."""

    async def close(self) -> None:
        """Be gone; the host reads an end of file."""
        self._listener = None
        if self._wire is not None:
            self._wire.close()

    def take(self, data: bytes) -> None:
        """The host that has the line sent *data*."""
        if self._listener is not None:
            self._listener.receive(data)

    def forget(self, wire: _Wire) -> None:
        """The host hung up."""
        if self._wire is wire:
            self._wire = None
            if self._listener is not None:
                self._listener.change_lines(UNATTENDED)


class _Writer(asyncio.StreamWriter):
    """A writer that may be forgotten: it holds no descriptor that somebody must close."""

    def __del__(self) -> None:
        """Nothing is left behind, so there is nothing to warn of."""


class _Wire(asyncio.Transport):
    """What a stream writer writes to."""

    def __init__(self, endpoint: WithinEndpoint, protocol: asyncio.StreamReaderProtocol) -> None:
        super().__init__({"peername": endpoint.address})
        self._endpoint = endpoint
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._is_closing = False
        self._is_paused = False
        self._pending = bytearray()

    def deliver(self, data: bytes) -> None:
        """Give *data* to the host, or keep it while the host does not read."""
        if self._is_closing:
            return
        if not self._is_paused:
            self._protocol.data_received(data)
        elif len(self._pending) + len(data) <= PENDING_MAX_BYTES:
            self._pending += data

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send to the module."""
        if not self._is_closing and data:
            self._endpoint.take(bytes(data))

    def close(self) -> None:
        """Hang up; harmless twice."""
        if self._is_closing:
            return
        self._is_closing = True
        self._pending.clear()
        self._endpoint.forget(self)
        self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """Hang up."""
        self.close()

    def is_closing(self) -> bool:
        """Whether one side hung up."""
        return self._is_closing

    def can_write_eof(self) -> bool:
        """Never: a serial line has no end."""
        return False

    def get_write_buffer_size(self) -> int:
        """Nothing waits: the module has taken it."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing waits."""

    def is_reading(self) -> bool:
        """Whether the host takes what comes."""
        return not (self._is_paused or self._is_closing)

    def pause_reading(self) -> None:
        """The host has enough for now."""
        self._is_paused = True

    def resume_reading(self) -> None:
        """The host reads again."""
        self._is_paused = False
        if self._pending and not self._is_closing:
            data = bytes(self._pending)
            self._pending.clear()
            self._protocol.data_received(data)
