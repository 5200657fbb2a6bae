# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rim for asyncio: drives the same dialogue as ``session``; it decides nothing either."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import serialx

from dfota.errors import PortError
from dfota.host.dialogue import Dialogue, Keeper, Procedure
from dfota.host.events import HostEvent
from dfota.host.port_lock import PortLock
from dfota.host.session import READ_MAX_S, REOPEN_DELAY_S
from dfota.host.session_state import SessionState, wait_s
from dfota.host.transcript import Transcript
from dfota.host.transport import (
    BAUDRATE,
    READ_SIZE,
    WRITE_TIMEOUT_S,
    guarded,
    identity_of,
    reason_of,
)

T = TypeVar("T")


class AsyncTransport(Protocol):
    """A byte stream in both directions that may break at any call."""

    async def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after *timeout_s*; empty if nothing has.

        Raises:
            PortError: the port went away.
        """

    async def write(self, data: bytes) -> None:
        """Send all of *data*.

        Raises:
            PortError: the port went away or takes no bytes.
        """

    async def aclose(self) -> None:
        """Give the port back; never raises, may be called twice."""


OpenAsyncTransport = Callable[[], Awaitable[AsyncTransport]]
"""Opens the port, and opens it again after it went away; raises ``PortError``."""


class SerialxAsyncTransport:
    """What ``SerialxTransport`` is, for asyncio; made by ``open``."""

    def __init__(
        self,
        port: str,
        reader: asyncio.StreamReader,
        writer: serialx.SerialStreamWriter[Any],
        lock: PortLock | None,
    ) -> None:
        self._port = port
        self._reader = reader
        self._writer = writer
        self._lock = lock
        self._identity = None if "://" in port else identity_of(port)
        self._reading: asyncio.Task[bytes] | None = None

    @classmethod
    async def open(cls, port: str, *, baudrate: int = BAUDRATE) -> Self:
        """Open *port*: a device, a pseudo-terminal, ``socket://`` or ``rfc2217://``.

        Raises:
            PortBusyError: another program has it.
            PortError: it cannot be opened.
        """
        with guarded(port) as lock:
            reader, writer = await serialx.open_serial_connection(port, baudrate, exclusive=True)
        return cls(port, reader, writer, lock)

    async def read(self, timeout_s: float) -> bytes:
        """See ``AsyncTransport``."""
        # A read that is not over is gone on with: one that is given up could lose bytes.
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._reader.read(READ_SIZE))
        await asyncio.wait({self._reading}, timeout=max(timeout_s, 0.0))
        if not self._reading.done():
            if self._identity is not None and identity_of(self._port) != self._identity:
                raise PortError(self._port, "the name leads to another device now")
            return b""
        reading, self._reading = self._reading, None
        try:
            data = reading.result()
        except (OSError, ValueError, serialx.SerialException) as error:
            raise PortError(self._port, reason_of(error)) from error
        if not data:
            raise PortError(self._port, "it was closed at the other end")
        return data

    async def write(self, data: bytes) -> None:
        """See ``AsyncTransport``."""
        try:
            self._writer.write(data)
            await asyncio.wait_for(self._writer.drain(), WRITE_TIMEOUT_S)
        except (OSError, ValueError, serialx.SerialException) as error:
            raise PortError(self._port, reason_of(error)) from error

    async def aclose(self) -> None:
        """See ``AsyncTransport``."""
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        with contextlib.suppress(OSError, ValueError, serialx.SerialException):
            self._writer.close()
            await self._writer.wait_closed()
        if self._lock is not None:
            self._lock.close()


class AsyncSession:
    """One open port and what has been heard there; an asynchronous context manager.

    Args:
        open_transport: opens the port; called again when the port went away.
        port: its name, for messages.
        on_event: is told every event at once, in the event loop.
        transcript: records every byte, where given.
        keep: keeps the record of an upgrade, where given; it must not take long.
        clock: seconds, monotonic; the event loop's where it is ``None``.
        pause: waits that many seconds.
    """

    def __init__(
        self,
        open_transport: OpenAsyncTransport,
        *,
        port: str = "",
        on_event: Callable[[HostEvent], None] | None = None,
        transcript: Transcript | None = None,
        keep: Keeper | None = None,
        clock: Callable[[], float] | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._open_transport = open_transport
        self._state = SessionState(port=port, on_event=on_event, transcript=transcript, keep=keep)
        self._given_clock = clock
        self._pause = pause
        self._transport: AsyncTransport | None = None

    async def __aenter__(self) -> Self:
        """Open the port.

        Raises:
            PortError: it cannot be opened.
        """
        self._transport = await self._open_transport()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Give the port back."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def run(self, procedure: Procedure[T]) -> T:
        """Run *procedure* to its end; when it is cancelled, the module stays as it is.

        Raises:
            HostError: what the procedure raises.
            PortError: the port went away where the procedure cannot do without it.
        """
        dialogue = self._state.begin(procedure)
        with self._state.running(dialogue):
            dialogue.start(self._clock())
            while not dialogue.finished:
                await self._turn(dialogue)
        return dialogue.result

    # -- the loop --------------------------------------------------------------------------

    async def _turn(self, dialogue: Dialogue[T]) -> None:
        """Send what is to be sent, tell what is to be told, then wait once."""
        self._state.tell(dialogue)
        if self._transport is None:
            await self._reopen(dialogue)
            return
        try:
            output = self._state.output(dialogue, self._clock())
            if output:
                await self._transport.write(output)
            data = await self._transport.read(wait_s(dialogue, self._clock(), READ_MAX_S))
        except PortError as error:
            await self.aclose()
            self._state.lost(dialogue, error, self._clock())
            return
        self._state.heard(dialogue, data, self._clock())

    async def _reopen(self, dialogue: Dialogue[T]) -> None:
        try:
            self._transport = await self._open_transport()
        except PortError:
            await self._pause(wait_s(dialogue, self._clock(), REOPEN_DELAY_S))
            dialogue.advance(self._clock())
            return
        self._state.returned(dialogue, self._clock())

    def _clock(self) -> float:
        if self._given_clock is not None:
            return self._given_clock()
        return asyncio.get_running_loop().time()
