# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The host's end of a port as asyncio streams, for programs without a serial library; no AT.

The address is what a host opens: a pseudo-terminal or ``socket://host:port``. It works in
every asyncio loop, whoever runs the module.
"""

from __future__ import annotations

import asyncio
import os

from dfota.errors import EndpointError

_SOCKET = "socket://"


async def open_port(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open the port at *address*; closing the writer gives it back.

    Raises:
        EndpointError: it cannot be opened, or is of another kind.
    """
    try:
        if address.startswith(_SOCKET):
            host, _, port = address.removeprefix(_SOCKET).rpartition(":")
            return await asyncio.open_connection(host.strip("[]"), int(port))
        if "://" in address:
            raise EndpointError(address, "only pseudo-terminals and socket:// can be opened here")
        return await _open_terminal(address)
    except (OSError, ValueError) as error:
        raise EndpointError(address, getattr(error, "strerror", None) or str(error)) from error


async def _open_terminal(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    reading = os.fdopen(descriptor, "rb", buffering=0)
    writing = os.fdopen(os.dup(descriptor), "wb", buffering=0)
    reader = asyncio.StreamReader(loop=loop)
    incoming = asyncio.StreamReaderProtocol(reader, loop=loop)
    try:
        inward, _ = await loop.connect_read_pipe(lambda: incoming, reading)
        outward, flow = await loop.connect_write_pipe(lambda: _Outgoing(inward, loop), writing)
    except BaseException:
        reading.close()
        writing.close()
        raise
    return reader, asyncio.StreamWriter(outward, flow, reader, loop)


class _Outgoing(asyncio.StreamReaderProtocol):
    """The writing half; with its end the reading half ends too."""

    def __init__(self, inward: asyncio.ReadTransport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(asyncio.StreamReader(loop=loop), loop=loop)
        self._inward = inward

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the reading half as well."""
        self._inward.close()
        super().connection_lost(exc)
