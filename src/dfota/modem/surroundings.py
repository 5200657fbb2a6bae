# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What stands in the world's tables: technologies, operators, access points; no behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import ip_address

from dfota.errors import MisuseError


class Technology(Enum):
    """A radio access technology (RAT), in the words of the laboratory."""

    CAT_M1 = "cat-m1"
    CAT_NB1 = "cat-nb1"
    EGPRS = "egprs"
    LTE = "lte"
    """Ordinary LTE, which a BG96 cannot use and its kin can."""

    @property
    def act(self) -> int:
        """``<AcT>`` of the registration commands (AT manual 6.1, 27.007 for LTE)."""
        return {"cat-m1": 8, "cat-nb1": 9, "egprs": 0, "lte": 7}[self.value]

    @property
    def is_lte(self) -> bool:
        """Whether ``+CEREG`` is the command that tells about it."""
        return self is not Technology.EGPRS


class Attitude(Enum):
    """How a network takes the SIM."""

    HOME = "home"
    ROAMING = "roaming"
    DENIED = "denied"


class IpSupport(Enum):
    """Which addresses a network hands out."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    IPV4V6 = "ipv4v6"


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a search."""

    number: str
    name: str
    is_forbidden: bool = False


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """An APN that the network knows; without user name it asks for none."""

    name: str
    username: str = ""
    password: str = ""

    def admits(self, username: str, password: str) -> bool:
        """Whether these credentials open it."""
        return not self.username or (username, password) == (self.username, self.password)


def parse_technologies(text: str) -> tuple[Technology, ...]:
    """Read the fact ``rat``, e.g. ``cat-m1,egprs``.

    Raises:
        MisuseError: a word is no technology.
    """
    try:
        return tuple(Technology(word) for word in _words(text))
    except ValueError:
        known = ", ".join(each.value for each in Technology)
        raise MisuseError(f"technologies are some of {known}, not {text!r}") from None


def parse_operators(text: str) -> tuple[Operator, ...]:
    """Read the fact ``operators``, e.g. ``50502 YES OPTUS forbidden``.

    Raises:
        MisuseError: a number or a name is missing.
    """
    operators: list[Operator] = []
    for entry in _words(text):
        number, _, name = entry.partition(" ")
        plain = name.removesuffix(" forbidden")
        if not (number.isdigit() and 5 <= len(number) <= 6) or not plain:
            raise MisuseError(f"an operator is five or six digits and a name, not {entry!r}")
        operators.append(Operator(number, plain, plain != name))
    return tuple(operators)


def parse_access_points(text: str) -> tuple[AccessPoint, ...]:
    """Read the fact ``apns``, e.g. ``internet,iot.example:user:password``.

    Raises:
        MisuseError: an entry has too many colons, or no name.
    """
    points: list[AccessPoint] = []
    for entry in _words(text):
        name, *credentials = entry.split(":")
        if not name or len(credentials) not in (0, 2):
            raise MisuseError(f"an access point is name or name:user:password, not {entry!r}")
        points.append(AccessPoint(name, *credentials))
    return tuple(points)


def parse_hosts(text: str) -> Mapping[str, str | None]:
    """Read the fact ``hosts``: name in small letters → address, ``None``: does not exist.

    Raises:
        MisuseError: an entry has no address.
    """
    hosts: dict[str, str | None] = {}
    for entry in _words(text):
        name, _, address = entry.partition("=")
        if address == "none":
            hosts[name.lower()] = None
            continue
        try:
            hosts[name.lower()] = str(ip_address(address))
        except ValueError:
            raise MisuseError(f"a host is name=address or name=none, not {entry!r}") from None
    return hosts


def parse_blocked(text: str) -> frozenset[tuple[str, int]]:
    """Read the fact ``blocked``: (host, port) pairs; no host: any, port 0: any.

    Raises:
        MisuseError: a port is no number from 1 to 65535.
    """
    blocked: set[tuple[str, int]] = set()
    for entry in _words(text):
        host, port = entry.lower(), 0
        if entry.startswith("["):
            host, _, rest = entry[1:].lower().partition("]")
            port_text = rest.removeprefix(":")
        else:
            # More than one colon: an IPv6 address without a port.
            host, _, port_text = host.partition(":") if host.count(":") <= 1 else (host, "", "")
        if port_text:
            port = int(port_text) if port_text.isdigit() and len(port_text) <= 5 else 0
            if not 1 <= port <= 65535:
                raise MisuseError(f"a port is 1 to 65535, not {port_text!r}")
        if not host and not port:
            raise MisuseError(f"what is blocked is host, host:port or :port, not {entry!r}")
        blocked.add((host, port))
    return frozenset(blocked)


def parse_own_address(text: str) -> str:
    """Read the facts ``ip_address`` and ``ipv6_address``: the address of context 1.

    Raises:
        MisuseError: it is none, or there is no room for those of the other contexts.
    """
    try:
        return str(ip_address(text) + 15)
    except ValueError:
        raise MisuseError(f"{text!r} cannot be the address of a module") from None


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]
