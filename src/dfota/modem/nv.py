# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the module remembers without power, as a versioned JSON file; no behaviour here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dfota.atomic import write_atomically
from dfota.errors import MisuseError, StateDirectoryError
from dfota.modem.facts_file import load_facts
from dfota.modem.profiles import URC_PORTS
from dfota.values import Imei

NV_FORMAT = 1
"""Version of the file; rises when a reader of the older one would go wrong."""

_TEXT_MAX_BYTES = 100
"""The longest text is an access point name."""


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
    facts = load_facts(path, NV_FORMAT)
    try:
        return _nv_of(facts)
    except KeyError as error:
        raise StateDirectoryError(str(path.parent), f"{path.name}: no {error}") from error
    except (TypeError, MisuseError) as error:
        raise StateDirectoryError(str(path.parent), f"{path.name}: {error}") from error


def save_nv(path: Path, nv: Nv) -> None:
    """Write the settings, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    facts = {"format": NV_FORMAT, **asdict(nv)}
    write_atomically(path, (json.dumps(facts, indent=2) + "\n").encode())


def _nv_of(facts: Mapping[str, Any]) -> Nv:
    """Build the settings; nothing in them is more than the AT commands could have set."""
    apn = _mapping(facts["fota_apn"])
    stored = facts["stored_settings"]
    return Nv(
        imei=Imei(_text(facts["imei"])).digits,
        urc_port=_word(facts["urc_port"], URC_PORTS),
        fota_apn=FotaApn(
            _number(apn["ip_type"], 2),
            _text(apn["apn"]),
            _text(apn["username"]),
            _text(apn["password"]),
        ),
        stored_settings=None
        if stored is None
        else {_text(key): _number(value, 255) for key, value in _mapping(stored).items()},
        ipr=_number(facts["ipr"], 2**31 - 1),
        pending_install=_word(facts["pending_install"], ("", "remote", "local")),
    )


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{_shown(value)} is no object")
    return value


def _number(value: object, maximum: int) -> int:
    if type(value) is not int or not 0 <= value <= maximum:  # not isinstance: true is no number
        raise TypeError(f"{_shown(value)} is no number from 0 to {maximum}")
    return value


def _text(value: object) -> str:
    if (
        not isinstance(value, str)
        or len(value) > _TEXT_MAX_BYTES
        or not (value.isascii() and value.isprintable())
        or '"' in value
    ):
        raise TypeError(f"{_shown(value)} is no text that a command can set")
    return value


def _word(value: object, allowed: Sequence[str]) -> str:
    text = _text(value)
    if text not in allowed:
        raise TypeError(f"{_shown(value)} is none of {', '.join(map(repr, allowed))}")
    return text


def _shown(value: object) -> str:
    return ascii(value)[:40]
