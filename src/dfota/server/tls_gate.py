# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The TLS handshake of one connection, before the HTTP protocol sees it; no HTTP here.

asyncio does the handshake inside its server, where a failure leaves no trace. A module says
no more than ``702`` about it, so the server has to say why: this gate knows who knocked and
what went wrong. It also knows the half-open connections, so that closing can end them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

HANDSHAKE_TIMEOUT_S = 60.0
"""A module on a bad radio link needs tens of seconds for a handshake."""


@dataclass(frozen=True, slots=True)
class HandshakeFailure:
    """A client that did not get through the TLS handshake."""

    client: str
    reason: str


class TlsGate(asyncio.Protocol):
    """Shake hands on a new connection, then put the protocol of *make_protocol* in its place.

    Args:
        context: of the server.
        make_protocol: makes the HTTP protocol, once per connection.
        waiting: the gates whose handshake is not done; this one adds and removes itself.
        on_failure: told of a failed handshake.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        make_protocol: Callable[[], asyncio.Protocol],
        waiting: set[TlsGate],
        on_failure: Callable[[HandshakeFailure], None],
    ) -> None:
        self._context = context
        self._make_protocol = make_protocol
        self._waiting = waiting
        self._on_failure = on_failure
        self._early: list[bytes] = []
        self._is_lost = False
        self._raw: asyncio.Transport | None = None
        self._handshake: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        if self._handshake is not None or not isinstance(transport, asyncio.Transport):
            return
        # Nothing may be read before start_tls() has put itself in our place.
        transport.pause_reading()
        self._raw = transport
        self._waiting.add(self)
        self._handshake = asyncio.get_running_loop().create_task(self._pass(transport))

    def data_received(self, data: bytes) -> None:
        """Keep what the client sent right behind the handshake."""
        self._early.append(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Remember that it went away in between."""
        self._is_lost = True

    def abort(self) -> None:
        """End the connection at once, without a word."""
        if self._raw is not None:
            self._raw.abort()
        if self._handshake is not None:
            self._handshake.cancel()

    async def _pass(self, raw: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        host, port = raw.get_extra_info("peername")[:2]
        try:
            secured = await loop.start_tls(
                raw,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S,
            )
        except OSError as error:
            raw.abort()
            client = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            self._on_failure(HandshakeFailure(client, _reason(error)))
            return
        finally:
            self._waiting.discard(self)
        if secured is None or self._is_lost:
            return
        protocol = self._make_protocol()
        secured.set_protocol(protocol)
        protocol.connection_made(secured)
        for data in self._early:
            protocol.data_received(data)


_REASONS = {
    "HTTP_REQUEST": "it spoke plain HTTP to an HTTPS port",
    "WRONG_VERSION_NUMBER": "it did not speak TLS",
    "UNSUPPORTED_PROTOCOL": "it offered only TLS versions below 1.2",
    "NO_SHARED_CIPHER": "no cipher suite in common",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it sent no client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "it does not trust our CA (give it the CA file)",
    "SSLV3_ALERT_BAD_CERTIFICATE": "it refused our certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "it takes our certificate for expired (wrong clock?)",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "it refused our certificate (wrong name?)",
}


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate was refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError) and error.reason:
        return _REASONS.get(error.reason, error.reason.replace("_", " ").lower())
    if isinstance(error, ConnectionError) and "longer than" in str(error):
        return f"no handshake within {HANDSHAKE_TIMEOUT_S:.0f} s"
    return "it left in the middle"
