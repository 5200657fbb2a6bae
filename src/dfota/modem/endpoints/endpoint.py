# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What an endpoint is: a place where hosts reach a port of the module; no place here."""

from __future__ import annotations

from typing import Protocol

from dfota.modem.lines import HostLines, ModuleLines


class Listener(Protocol):
    """Who hears what hosts do at an endpoint."""

    def receive(self, data: bytes) -> None:
        """A host sent *data*."""

    def change_lines(self, lines: HostLines) -> None:
        """A host came or left, or moved DTR, RTS or its speed."""


class Endpoint(Protocol):
    """A place where hosts can reach a port of the module."""

    @property
    def address(self) -> str:
        """What a host opens: a path or a URL."""

    async def open(self, listener: Listener) -> None:
        """Be reachable; may be called again after ``close``, and takes the same place.

        Raises:
            EndpointError: the place is taken or not allowed.
        """

    def write(self, data: bytes) -> None:
        """Send to whoever listens; lost when nobody does."""

    def show(self, lines: ModuleLines) -> None:
        """Let the host see the module's lines, where the endpoint can."""

    async def close(self) -> None:
        """Be gone, without a trace; harmless twice."""


UNATTENDED = HostLines(dtr=False, rts=False)
"""The lines of a port that no host has open."""
