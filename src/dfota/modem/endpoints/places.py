# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Where a port of the module is to be had, as a person writes it; nothing is opened here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dfota.errors import MisuseError
from dfota.modem.endpoints.endpoint import Endpoint
from dfota.modem.endpoints.pty import PtyEndpoint
from dfota.modem.endpoints.rfc2217 import Rfc2217Endpoint
from dfota.modem.endpoints.tcp import TcpEndpoint
from dfota.modem.profiles import URC_PORTS

_FORM = (
    "a port is NAME=pty[:PATH], NAME=tcp:HOST:PORT or NAME=rfc2217:HOST:PORT, NAME one of "
    + ", ".join(URC_PORTS)
)


def parse_address(text: str, what: str) -> tuple[str, int]:
    """Read ``HOST:PORT``; an IPv6 address may stand in brackets.

    Raises:
        MisuseError: it is not of that form; *what* wanted it.
    """
    host, _, port = text.rpartition(":")
    is_number = port.isascii() and port.isdigit() and len(port) <= 5
    if not host or not is_number or int(port) > 65535:
        raise MisuseError(f"{what} wants HOST:PORT with a port of 0 to 65535, not {text!r}")
    return host.strip("[]"), int(port)


@dataclass(frozen=True, slots=True)
class PortPlace:
    """One port and where hosts find it.

    Attributes:
        name: ``usbat``, ``usbmodem`` or ``uart1``.
        pty: a pseudo-terminal; its link, or ``True`` for one without.
        tcp: listener for raw connections.
        rfc2217: listener for RFC 2217.
    """

    name: str
    pty: Path | bool = False
    tcp: tuple[str, int] | None = None
    rfc2217: tuple[str, int] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``NAME=KIND:ADDRESS``, such as ``uart1=rfc2217:127.0.0.1:4000``.

        Raises:
            MisuseError: it is not of that form.
        """
        name, sign, place = text.partition("=")
        kind, colon, address = place.partition(":")
        if not sign or name not in URC_PORTS:
            raise MisuseError(f"{_FORM}; not {text!r}")
        match kind:
            case "pty" if not colon or address:
                return cls(name, pty=Path(address) if colon else True)
            case "tcp":
                return cls(name, tcp=parse_address(address, f"{name}=tcp:"))
            case "rfc2217":
                return cls(name, rfc2217=parse_address(address, f"{name}=rfc2217:"))
        raise MisuseError(f"{_FORM}; not {text!r}")

    def endpoint(self, *, tells_speed: bool = False) -> Endpoint:
        """The endpoint of this place, not open yet."""
        if self.rfc2217 is not None:
            return Rfc2217Endpoint(*self.rfc2217, signature=f"dfota {self.name}")
        if self.tcp is not None:
            return TcpEndpoint(*self.tcp)
        link = self.pty if isinstance(self.pty, Path) else None
        return PtyEndpoint(link, tells_speed=tells_speed)


def require_distinct(places: tuple[PortPlace, ...]) -> None:
    """Refuse two places for one port, or one link for two.

    Raises:
        MisuseError: there are such.
    """
    names = [place.name for place in places]
    links = [str(place.pty) for place in places if isinstance(place.pty, Path)]
    for what, entries in (("port", names), ("link", links)):
        twice = {entry for entry in entries if entries.count(entry) > 1}
        if twice:
            raise MisuseError(f"the {what} {min(twice)} was given twice")
