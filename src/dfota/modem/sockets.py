# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The network as real sockets in an event loop; it must not know HTTP, or wait for anybody."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import cast

from dfota.modem.network import (
    Closed,
    Connected,
    Dial,
    Failed,
    Link,
    LinkEvent,
    NetworkFailure,
    Received,
)
from dfota.modem.surroundings import IpSupport
from dfota.modem.tls_client import client_context

_FAMILIES = {
    IpSupport.IPV4: socket.AF_INET,
    IpSupport.IPV6: socket.AF_INET6,
    IpSupport.IPV4V6: socket.AF_UNSPEC,
}

_HANDSHAKE_S = 3600.0
"""The module's own patience ends long before."""

Tell = Callable[[int, LinkEvent], None]
"""Hands an event to the module, under the number of the link."""


class AsyncioNetwork:
    """Connections over real sockets, in the running event loop.

    Args:
        tell: gets every event, in the loop's thread; see ``VirtualModule.hear``.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._links: set[_SocketLink] = set()

    def dial(self, number: int, target: Dial) -> Link:
        """Begin to connect; see ``Network``."""
        link = _SocketLink(number, target, self._tell)
        self._links.add(link)
        link.task.add_done_callback(lambda _task: self._tidy(link))
        return link

    async def close(self) -> None:
        """Drop every connection and wait until nothing of them is left."""
        links = list(self._links)
        for link in links:
            link.abort()
        await asyncio.gather(*(link.task for link in links), return_exceptions=True)

    def _tidy(self, link: _SocketLink) -> None:
        self._links.discard(link)
        task = link.task
        if not task.cancelled() and (defect := task.exception()) is not None:
            task.get_loop().call_exception_handler({"message": "dialling", "exception": defect})


class _SocketLink(asyncio.Protocol):
    """One connection; its task lives as long as the connection does."""

    def __init__(self, number: int, target: Dial, tell: Tell) -> None:
        self._number = number
        self._target = target
        self._tell = tell
        self._transport: asyncio.Transport | None = None
        self._is_over = False
        self._is_paused = False
        loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[None] = loop.create_future()
        self.task = loop.create_task(self._live())

    # -- for the module --------------------------------------------------------------------

    def send(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is not None and not self._is_over:
            self._transport.write(data)

    def pause(self) -> None:
        """Read no more for now."""
        self._is_paused = True
        if self._transport is not None and not self._is_over:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        self._is_paused = False
        if self._transport is not None and not self._is_over:
            self._transport.resume_reading()

    def abort(self) -> None:
        """Drop the connection at once."""
        self._is_over = True
        if self._transport is not None:
            self._transport.abort()
        else:
            self.task.cancel()

    # -- for the event loop ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)
        if self._is_over:
            self._transport.abort()
        else:
            self._tell(self._number, Connected())

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if not self._is_over:
            self._tell(self._number, Received(bytes(data)))

    def eof_received(self) -> bool:
        """The other side sends no more."""
        self._say_last(Closed())
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """There is no connection any more."""
        self._say_last(Closed() if error is None else Failed(NetworkFailure.RESET))
        if not self._gone.done():
            self._gone.set_result(None)

    # -- inside ----------------------------------------------------------------------------

    async def _live(self) -> None:
        target = self._target
        try:
            context = None if target.tls is None else client_context(target.tls)
            name = None
            if target.tls is not None and context is not None:
                # An empty name means: no SNI. The name is needed where it is checked.
                named = target.tls.sends_name or context.check_hostname
                name = target.host if named else ""
            await asyncio.get_running_loop().create_connection(
                lambda: self,
                target.address,
                target.port,
                family=_FAMILIES[target.family],
                ssl=context,
                server_hostname=name,
                ssl_handshake_timeout=None if context is None else _HANDSHAKE_S,
            )
        except (OSError, ValueError) as error:  # of names that cannot be encoded, too
            self._say_last(Failed(_reason(error, is_tls=target.tls is not None)))
            return
        await self._gone

    def _say_last(self, event: LinkEvent) -> None:
        if not self._is_over:
            self._is_over = True
            self._tell(self._number, event)
            if self._transport is not None:
                self._transport.abort()


def _reason(error: Exception, *, is_tls: bool) -> NetworkFailure:
    match error:
        case socket.gaierror() | UnicodeError():
            return NetworkFailure.NAME
        case ssl.SSLError():
            return NetworkFailure.TLS
        case ConnectionRefusedError():
            return NetworkFailure.REFUSED
        case ConnectionResetError() | ValueError() if is_tls:
            # Reset in the handshake; a certificate without its key; text that is no PEM.
            return NetworkFailure.TLS
        case _:
            return NetworkFailure.UNREACHABLE
