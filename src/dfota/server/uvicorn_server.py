# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""uvicorn, listening behind our TLS gate and stopping at once; it configures no logging.

uvicorn's own shutdown waits for clients to finish; a module that downloads slowly would hold
the server for minutes. What a closed server means here is: every connection ends now.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

from dfota.server.tls_gate import HandshakeFailure, TlsGate

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_TICK_S = 0.1  # uvicorn refreshes its Date field once in ten ticks
_GRACE_S = 2.0  # for the tasks of aborted connections to notice


class StoppableServer(uvicorn.Server):
    """One uvicorn server on one socket, HTTP or HTTPS."""

    def __init__(
        self,
        app: ASGIApp,
        context: ssl.SSLContext | None,
        on_handshake_failure: Callable[[HandshakeFailure], None],
    ) -> None:
        config = uvicorn.Config(
            app,
            http="h11",  # one parser everywhere, whatever else is installed
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        super().__init__(config)
        self._context = context
        self._on_handshake_failure = on_handshake_failure
        self._gates: set[TlsGate] = set()
        self._stopped = asyncio.Event()

    def stop(self) -> None:
        """End :meth:`serve_until_stopped`; call it in the loop."""
        self.should_exit = True
        self._stopped.set()

    async def serve_until_stopped(self, listener: socket.socket, ready: threading.Event) -> None:
        """Serve on *listener*; *ready* is set when connections are accepted."""
        self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup([listener])
        ready.set()
        try:
            await self.main_loop()
        finally:
            await self.shutdown()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, with the TLS gate before the HTTP protocol where there is TLS."""
        loop = asyncio.get_running_loop()
        factory = self._make_protocol if self._context is None else self._make_gate
        self.servers = [await loop.create_server(factory, sock=sock) for sock in sockets or []]
        self.started = True

    async def main_loop(self) -> None:
        """Tick until stopped."""
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % 864_000
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), _TICK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every connection now."""
        for server in self.servers:
            server.close()
        for gate in list(self._gates):
            gate.abort()
        for connection in list(self.server_state.connections):
            # uvicorn's protocols share no typed base, but each has its transport.
            transport = getattr(connection, "transport", None)
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        tasks = list(self.server_state.tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_GRACE_S)
            for task in late:
                task.cancel()
        # Aborted transports close their sockets in the next turn of the loop.
        await asyncio.sleep(0)

    def _make_protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]  # uvicorn's own way
            config=self.config,
            server_state=self.server_state,
            app_state={},
            _loop=asyncio.get_running_loop(),
        )

    def _make_gate(self) -> asyncio.Protocol:
        if self._context is None:
            raise TypeError("a gate needs a TLS context")
        return TlsGate(self._context, self._make_protocol, self._gates, self._on_handshake_failure)
