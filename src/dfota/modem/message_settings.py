# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What one port has set about messages and calls, with the factory values; no command here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class MessageSettings:
    """Volatile; ``AT&F`` brings the factory values back (AT manual V2.3, table 16).

    Attributes:
        service: ``AT+CSMS``.
        text_mode: ``AT+CMGF``.
        memories: ``AT+CPMS``: to read from, to write to, to receive in.
        more: ``AT+CMMS``.
        indication: ``AT+CNMI``: mode, mt, bm, ds, bfr.
        shows_header: ``AT+CSDH``.
        first_octet: ``<fo>`` of ``AT+CSMP``.
        validity: ``<vp>`` of it: a number, or a time.
        protocol: ``<pid>`` of it.
        coding: ``<dcs>`` of it.
    """

    service: int = 0
    text_mode: bool = False
    memories: tuple[str, str, str] = ("ME", "ME", "ME")
    more: int = 0
    indication: tuple[int, int, int, int, int] = (2, 1, 0, 0, 0)
    shows_header: bool = False
    first_octet: int = 17
    validity: str = "167"
    protocol: int = 0
    coding: int = 0


@dataclass(slots=True)
class CallSettings:
    """Volatile; ``AT&F`` brings the factory values back; named after their commands."""

    cvhu: int = 0
    csta: int = 129
    cr: int = 0
    crc: int = 0
    ccwa: int = 0
    clip: int = 0
    clir: int = 0
    colp: int = 0
    cssn: tuple[int, int] = (0, 0)
    phonebook: str = "SM"
