# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What is around the module and was found out elsewhere: plain facts for checks, no I/O here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What the package server said when this computer asked it, without following anything.

    Attributes:
        url: what was asked.
        failure: why there was no answer, as a short reason; empty where there was one.
        status: HTTP status, 0 without an answer.
        content_length: of the package, ``None`` where it was not told.
        is_chunked: whether the body comes in chunks, which modules may not read.
        location: where a redirect leads, empty where there is none.
        digest: SHA-256 of the body, hexadecimal, where the body was read.
        tls_version: e.g. ``TLSv1.2``; empty without TLS.
        cipher_suite: OpenSSL's name of what was agreed on.
        key_kind: of the server's certificate, ``RSA`` or ``EC``.
        key_bits: of the same key.
        speaks_tls12_rsa: whether it also agrees on TLS 1.2 with a suite of the module's.
        certificate: of the server, DER; empty without TLS.
        ca_failure: why its chain does not lead to the CA that was given; empty where it does,
            or where none was given. Dates and names count as little as they do for a module.
        not_after: when its certificate expires.
    """

    url: str
    failure: str = ""
    status: int = 0
    content_length: int | None = None
    is_chunked: bool = False
    location: str = ""
    digest: str = ""
    tls_version: str = ""
    cipher_suite: str = ""
    key_kind: str = ""
    key_bits: int = 0
    speaks_tls12_rsa: bool = False
    certificate: bytes = b""
    ca_failure: str = ""
    not_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class PortHolder:
    """A program that has the port open or watches it.

    Attributes:
        pid: its process, 0 where it is not known.
        name: its name, e.g. ``ModemManager``.
        remedy: how to make it let go, one command.
    """

    pid: int
    name: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """All of it; ``None`` or empty where it was not looked for.

    Attributes:
        server: the package server, where a URL is given.
        holders: who else has the port.
        now: the computer's date and time, with its zone.
        ca: the CA file (PEM) that the module has or will get.
    """

    server: ServerFacts | None = None
    holders: tuple[PortHolder, ...] = ()
    now: datetime | None = None
    ca: bytes | None = None
