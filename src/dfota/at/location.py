# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which URLs ``AT+QFOTADL`` takes; nothing here resolves or opens one.

Module, host and package server share this one rule, so that a URL which the server
prints is a URL which the module accepts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dfota.errors import LocationError

LOCATION_MAX_BYTES = 255
"""DFOTA guide, 3.1.1: the longest URL."""

HTTP_PORT = 80
HTTPS_PORT = 443
FTP_PORT = 21

HTTP_SCHEMES = ("http", "https")
"""What a BG96 takes."""
FTP_SCHEMES = (*HTTP_SCHEMES, "ftp")
"""What those of its kin take that have FTP."""

CREDENTIAL_MAX_BYTES = 50
"""LTE Standard(A) DFOTA guide V1.5, 6.1: user name and password of FTP."""

_SCHEME = re.compile(r"([a-z]+)://", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_PORT = re.compile(r"[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Location:
    """A URL taken apart.

    Attributes:
        scheme: ``http``, ``https`` or ``ftp``.
        host: name or address as written; an IPv6 address without its brackets.
        port: 1 to 65535, the scheme's own where the text has none.
        path: from the slash to the end, query included; never empty.
        text: the URL as it was given.
        username: only with ``ftp``; empty where the text has none.
        password: only with ``ftp``; empty where the text has none.
    """

    scheme: str
    host: str
    port: int
    path: str
    text: str
    username: str = ""
    password: str = ""


def parse_location(
    text: str,
    *,
    default_https_port: int = HTTPS_PORT,
    schemes: Sequence[str] = HTTP_SCHEMES,
    max_bytes: int = LOCATION_MAX_BYTES,
) -> Location:
    """Take apart the URL *text*.

    The scheme is read without regard to case. The path must be there (``/`` at least):
    the guide's syntax has one, and a URL without names no file. User names (but with FTP),
    fragments, blanks, quotes and anything outside printable ASCII are refused.

    Args:
        text: the URL.
        default_https_port: port of ``https`` without a number. 443 is what servers use;
            the guide itself says 80 for both schemes.
        schemes: those that the module knows.
        max_bytes: the longest URL.

    Raises:
        LocationError: *text* breaks a rule; the error says which.
    """
    size = len(text.encode("utf-8", "surrogateescape"))
    if size > max_bytes:
        raise LocationError(text, f"it has {size} bytes, {max_bytes} are allowed")
    if any(not "!" <= character <= "~" for character in text):
        raise LocationError(text, "it has a character that is not printable ASCII, or a blank")
    if '"' in text:
        raise LocationError(text, "it has a double quote")
    scheme_match = _SCHEME.match(text)
    scheme = scheme_match[1].lower() if scheme_match else ""
    if scheme_match is None or scheme not in schemes:
        known = " or ".join(f"{name}://" for name in schemes)
        raise LocationError(text, f"it does not begin with {known}")
    authority, slash, rest = text[scheme_match.end() :].partition("/")
    if "#" in text:
        raise LocationError(text, "it has a fragment (#), which is never sent to a server")
    if not slash:
        raise LocationError(text, "there is no path behind the host")
    credentials, at_sign, server = authority.rpartition("@")
    if at_sign and scheme != "ftp":
        raise LocationError(text, "it has a user name or password")
    username, _, password = credentials.partition(":")
    if max(len(username), len(password)) > CREDENTIAL_MAX_BYTES:
        raise LocationError(text, f"a user name or password has over {CREDENTIAL_MAX_BYTES} bytes")
    host, port_text = _split_authority(server, text)
    ports = {"http": HTTP_PORT, "https": default_https_port, "ftp": FTP_PORT}
    port = ports[scheme]
    if port_text is not None:
        if not _PORT.fullmatch(port_text) or not 1 <= int(port_text) <= 65535:
            raise LocationError(text, "the port must be 1 to 65535")
        port = int(port_text)
    if scheme == "ftp" and not rest:
        raise LocationError(text, "there is no file behind the host")
    return Location(scheme, host, port, f"/{rest}", text, username, password)


def _split_authority(authority: str, text: str) -> tuple[str, str | None]:
    if authority.startswith("["):
        address, bracket, tail = authority[1:].partition("]")
        try:
            ipaddress.IPv6Address(address)
        except ValueError:
            raise LocationError(text, "the host in brackets is no IPv6 address") from None
        if not bracket or (tail and not tail.startswith(":")):
            raise LocationError(text, "the brackets of the IPv6 address do not fit")
        return address, tail[1:] if tail else None
    host, colon, port_text = authority.partition(":")
    if not host:
        raise LocationError(text, "there is no host")
    if not _NAME.fullmatch(host):
        raise LocationError(text, "the host is no name and no address")
    return host, port_text if colon else None
