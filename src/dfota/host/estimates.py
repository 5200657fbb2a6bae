# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""How long things take, before they are begun: lower bounds of the radio, and honest guesses.

Rates are those of the BG96 specification V1.6 (downlink); what a module reaches in the field
is less, so a guess assumes a part of it, and less still where the signal is weak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

BITS_PER_BYTE_UART = 10  # 8N1
UPLOAD_SHARE = 0.95
"""Part of a serial line that an upload uses (docs/benchmarks/host.md)."""
START_S = 5.0
"""From AT+QFOTADL to the first byte: context, name, TCP, TLS; as clients in the field allow."""

_SHARE = 0.5
_WEAK_SHARE = 0.2
_WEAK_RSSI = 10
"""3GPP TS 27.007, 8.5: -93 dBm."""


@dataclass(frozen=True, slots=True)
class Technology:
    """A radio access technology.

    Attributes:
        name: for a person.
        bits_per_s: downlink at best.
    """

    name: str
    bits_per_s: int


TECHNOLOGIES: Mapping[str, Technology] = MappingProxyType(
    {
        "cat-m1": Technology("LTE Cat M1", 375_000),
        "cat-nb1": Technology("LTE Cat NB1", 32_000),
        "edge": Technology("EDGE", 296_000),
        "gprs": Technology("GPRS", 107_000),
        "hspa": Technology("HSPA", 7_200_000),
        "wcdma": Technology("WCDMA", 384_000),
        "lte": Technology("LTE", 10_000_000),
    }
)
"""Short name → technology; BG96 specification V1.6, EC25 specification for the last three."""

_SPELLINGS: tuple[tuple[str, str], ...] = (
    (r"CAT-?M1?|EMTC", "cat-m1"),
    (r"CAT-?NB|NB-?IOT|NBIOT", "cat-nb1"),
    (r"EDGE|EGPRS", "edge"),
    (r"GSM|GPRS", "gprs"),
    (r"HS[DU]?PA", "hspa"),
    (r"WCDMA|UMTS|TDSCDMA", "wcdma"),
    (r"LTE|FDD|TDD", "lte"),
)


def technology_of(act: str) -> Technology | None:
    """What ``<act>`` of AT+QNWINFO means; ``None`` where it is none that we know."""
    for pattern, name in _SPELLINGS:
        if re.search(pattern, act.upper()):
            return TECHNOLOGIES[name]
    return None


def download_bytes_per_s(technology: Technology, rssi: int | None = None) -> float:
    """What a download may be expected to reach.

    Args:
        technology: of the cell.
        rssi: as AT+CSQ tells it, 0 to 31; ``None`` or 99: not known.
    """
    is_weak = rssi is not None and rssi < _WEAK_RSSI
    return technology.bits_per_s / 8 * (_WEAK_SHARE if is_weak else _SHARE)


def download_s(size: int, bytes_per_s: float) -> float:
    """Seconds for *size* bytes over the air, the way to the first byte included."""
    return START_S + size / bytes_per_s


def upload_s(size: int, baudrate: int) -> float:
    """Seconds for *size* bytes through a serial port of *baudrate*."""
    return size * BITS_PER_BYTE_UART / (baudrate * UPLOAD_SHARE)


def in_words(seconds: float) -> str:
    """A duration that is only a guess, with no more digits than it deserves."""
    if seconds < 90:
        return f"about {max(round(seconds / 5) * 5, 5)} s"
    minutes = seconds / 60
    return f"about {minutes:.0f} min" if minutes < 90 else f"about {minutes / 60:.1f} h"
