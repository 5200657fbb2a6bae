# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses: where we listen and what others call us; nothing is ever sent."""

from __future__ import annotations

import ipaddress
import socket

from dfota.errors import BindError

# A small buffer keeps the progress figures honest: a module on a slow link would otherwise be
# "100 %" while the kernel still holds the whole package. 64 KiB are 5 Mbit/s at 100 ms.
_SEND_BUFFER_SIZE = 32 * 1024  # the kernel doubles it

_DOCUMENTATION_HOST = {  # RFC 5737, RFC 3849: routed by default, nobody's
    socket.AF_INET: "192.0.2.1",
    socket.AF_INET6: "2001:db8::1",
}


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on *host*:*port*; port 0 takes a free one.

    Raises:
        BindError: the address is in use, not ours, or not allowed.
    """
    if not 0 <= port <= 65535:
        raise BindError(host, port, "a port is a number up to 65535")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise BindError(host, port, "the host name is not known") from error
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_SIZE)
        listener.bind(address)
        listener.listen(128)
        listener.settimeout(0.0)
    except OSError as error:
        listener.close()
        raise BindError(host, port, (error.strerror or str(error)).lower()) from error
    return listener


def lan_address(host: str = "0.0.0.0") -> str | None:  # noqa: S104 - compared, not bound
    """The address of this machine that others on the network reach, or None.

    Args:
        host: the wildcard address that is listened on; it decides the family.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            # Connecting a datagram socket only asks the routing table.
            probe.connect((_DOCUMENTATION_HOST[family], 9))
            address = str(probe.getsockname()[0])
    except OSError:
        return None
    return None if is_wildcard(address) else address


def is_wildcard(host: str) -> bool:
    """Whether *host* means every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == ""


def in_url(host: str) -> str:
    """*host* as it stands in a URL."""
    return f"[{host}]" if ":" in host else host
