# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rim: serial ports of the module on this computer; they carry bytes and read none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from dfota.modem.endpoints.pty import PtyEndpoint
from dfota.modem.endpoints.tcp import TcpEndpoint

__all__ = ["Endpoint", "PtyEndpoint", "TcpEndpoint"]


class Endpoint(Protocol):
    """A place where hosts can reach a port of the module."""

    @property
    def address(self) -> str:
        """What a host opens: a path or a ``socket://`` URL."""

    async def open(self, on_data: Callable[[bytes], None]) -> None:
        """Be reachable; *on_data* gets what hosts send.

        Raises:
            EndpointError: the place is taken or not allowed.
        """

    def write(self, data: bytes) -> None:
        """Send to whoever listens; lost when nobody does."""

    async def close(self) -> None:
        """Be gone, without a trace; harmless twice."""
