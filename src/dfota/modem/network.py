# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The seam between module and network: what it dials and what it hears; no socket here.

Rule 1. Everything that the network has to say reaches the module as a ``LinkEvent`` through
``VirtualModule.hear``: a value, at an instant. Who records those calls can replay a run
without any server.
Rule 2. A link's number is used once in the life of a ``VirtualModule``; what is said about a
number that the module has given up is not heard.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from dfota.errors import MisuseError
from dfota.modem.surroundings import IpSupport


class NetworkFailure(Enum):
    """Why there is no connection, or none any more."""

    NAME = "name"
    """The name was not resolved."""
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    """There is no road to the host."""
    TLS = "tls"
    """The handshake failed, or a certificate file of the module cannot be used."""
    RESET = "reset"
    """The other side broke the connection."""


@dataclass(frozen=True, slots=True)
class TlsRules:
    """What a client of the module asks of a TLS server, and what it shows of itself.

    Attributes:
        versions: of ``SSLv3``, ``TLSv1``, ``TLSv1.1``, ``TLSv1.2``: the oldest, the newest.
        ciphers: in OpenSSL's names and notation.
        ca: the server must prove itself with this (PEM); ``None``: it need not.
        client_cert: shown when the server asks for one (PEM).
        client_key: belongs to it (PEM).
        checks_dates: a certificate outside its dates is refused (only with *ca*).
        checks_name: a certificate for another name is refused (only with *ca*).
        sends_name: whether the server is told its name (SNI).
        handshake_timeout_s: patience with the handshake.
    """

    versions: tuple[str, str]
    ciphers: str
    ca: bytes | None = None
    client_cert: bytes | None = None
    client_key: bytes | None = None
    checks_dates: bool = False
    checks_name: bool = False
    sends_name: bool = False
    handshake_timeout_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """One connection that the module wants.

    Attributes:
        host: as the module's user named it; what SNI says.
        address: what to connect to: an address that the laboratory put in the name's
            place, or the host itself.
        port: of the server.
        family: which addresses may be used.
        tls: ``None``: plain TCP.
    """

    host: str
    address: str
    port: int
    family: IpSupport = IpSupport.IPV4V6
    tls: TlsRules | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection stands, TLS included."""


@dataclass(frozen=True, slots=True)
class Received:
    """Bytes came (decrypted where TLS is spoken)."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The other side ended the connection in order."""


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no connection, or none any more."""

    reason: NetworkFailure


LinkEvent = Connected | Received | Closed | Failed
"""What the network says about a link; after ``Closed`` and ``Failed`` nothing more comes."""


class Link(Protocol):
    """The module's end of a connection; all of it is harmless after the end."""

    def send(self, data: bytes) -> None:
        """Send bytes; only once ``Connected`` was heard."""

    def pause(self) -> None:
        """Let nothing more come for now; what is under way may still come."""

    def resume(self) -> None:
        """Let it come again."""

    def abort(self) -> None:
        """Drop the connection at once; nothing is heard of it any more."""


class Network(Protocol):
    """Where connections come from."""

    def dial(self, number: int, target: Dial) -> Link:
        """Begin to connect; the outcome is told to ``VirtualModule.hear`` under *number*.

        It may be told before this returns.
        """


class NoNetwork:
    """A network without anybody: nobody ever answers (and a replay needs none)."""

    def dial(self, number: int, target: Dial) -> Link:
        """Nothing will be told."""
        return _DeadLink()


class _DeadLink:
    def send(self, data: bytes) -> None:
        """There is nobody."""

    def pause(self) -> None:
        """There is nobody."""

    def resume(self) -> None:
        """There is nobody."""

    def abort(self) -> None:
        """There is nobody."""


class Links:
    """The module's open links by number."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._count = 0
        self._ears: dict[int, Callable[[LinkEvent], None]] = {}
        self._links: dict[int, Link] = {}

    def dial(self, target: Dial, ear: Callable[[LinkEvent], None]) -> int:
        """Begin to connect; *ear* hears the events, possibly before this returns."""
        self._count += 1
        number = self._count
        self._ears[number] = ear
        link = self._network.dial(number, target)
        if number in self._ears:
            self._links[number] = link
        else:
            link.abort()
        return number

    def hear(self, number: int, event: LinkEvent) -> None:
        """Pass *event* on, if anybody still listens."""
        ear = self._ears.get(number)
        if ear is not None:
            ear(event)

    def send(self, number: int, data: bytes) -> None:
        """Send bytes; harmless when the link is gone."""
        if number in self._links:
            self._links[number].send(data)

    def hold(self, number: int, *, paused: bool) -> None:
        """Let nothing more come for now, or let it come again."""
        link = self._links.get(number)
        if link is not None:
            (link.pause if paused else link.resume)()

    def drop(self, number: int) -> None:
        """Abort a link; harmless when it is gone."""
        self._ears.pop(number, None)
        link = self._links.pop(number, None)
        if link is not None:
            link.abort()

    def halt(self) -> None:
        """Abort all of them."""
        for number in list(self._ears):
            self.drop(number)


def event_facts(event: LinkEvent) -> dict[str, str]:
    """*event* as words for a trace; see ``event_of``."""
    match event:
        case Connected():
            return {"event": "connected"}
        case Received(data):
            return {"event": "received", "data": base64.b64encode(data).decode()}
        case Closed():
            return {"event": "closed"}
        case Failed(reason):
            return {"event": "failed", "reason": reason.value}


def event_of(facts: Mapping[str, object]) -> LinkEvent:
    """Read what ``event_facts`` wrote.

    Raises:
        MisuseError: it is something else.
    """
    try:
        match facts.get("event"):
            case "connected":
                return Connected()
            case "received":
                return Received(base64.b64decode(str(facts["data"]), validate=True))
            case "closed":
                return Closed()
            case "failed":
                return Failed(NetworkFailure(facts["reason"]))
    except (KeyError, ValueError, binascii.Error):
        pass
    raise MisuseError(f"{str(facts)[:80]} is no network event")
