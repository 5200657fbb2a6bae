# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the module remembers without power, as a versioned JSON file; no behaviour here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dfota.atomic import write_atomically
from dfota.errors import StateDirectoryError

NV_FORMAT = 1
"""Version of the file; rises when a reader of the older one would go wrong."""


@dataclass(slots=True)
class FotaApn:
    """``AT+QCFGEXT="fota_apn"``: the access point of the download."""

    ip_type: int = 0
    apn: str = ""
    username: str = ""
    password: str = ""


@dataclass(slots=True)
class Nv:
    """The non-volatile settings.

    Attributes:
        imei: 15 digits.
        urc_port: where URCs go.
        fota_apn: see there.
        stored_settings: what ``AT&W`` stored, or nothing.
        ipr: UART speed.
        pending_install: ``remote`` or ``local`` when a restart stands before START.
    """

    imei: str
    urc_port: str
    fota_apn: FotaApn = field(default_factory=FotaApn)
    stored_settings: dict[str, int] | None = None
    ipr: int = 115200
    pending_install: str = ""


def load_nv(path: Path) -> Nv:
    """Read the settings.

    Raises:
        StateDirectoryError: unreadable, damaged, or written by a newer dfota.
    """
    try:
        facts = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StateDirectoryError(str(path.parent), f"{path.name}: {error}") from error
    if not isinstance(facts, dict) or facts.get("format") != NV_FORMAT:
        raise StateDirectoryError(str(path.parent), f"{path.name} is not of format {NV_FORMAT}")
    try:
        return _nv_of(facts)
    except (KeyError, TypeError, ValueError) as error:
        raise StateDirectoryError(
            str(path.parent), f"{path.name} is damaged near {error}"
        ) from error


def save_nv(path: Path, nv: Nv) -> None:
    """Write the settings, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    facts = {"format": NV_FORMAT, **asdict(nv)}
    write_atomically(path, (json.dumps(facts, indent=2) + "\n").encode())


def _nv_of(facts: Mapping[str, Any]) -> Nv:
    apn = facts["fota_apn"]
    stored = facts["stored_settings"]
    return Nv(
        imei=_text(facts["imei"]),
        urc_port=_text(facts["urc_port"]),
        fota_apn=FotaApn(
            int(apn["ip_type"]), _text(apn["apn"]), _text(apn["username"]), _text(apn["password"])
        ),
        stored_settings=None
        if stored is None
        else {_text(key): int(value) for key, value in stored.items()},
        ipr=int(facts["ipr"]),
        pending_install=_text(facts["pending_install"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isascii():
        raise TypeError(f"{value!r}, which is no text")
    return value
