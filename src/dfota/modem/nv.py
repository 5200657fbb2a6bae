# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the module remembers without power, as a versioned JSON file; no behaviour here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from dfota.atomic import write_atomically
from dfota.errors import MisuseError, StateDirectoryError
from dfota.modem.facts_file import load_facts
from dfota.modem.profiles import URC_PORTS
from dfota.values import Imei

NV_FORMAT = 1
"""Version of the file; rises when a reader of the older one would go wrong."""

_TEXT_MAX_BYTES = 100
"""The longest text of a named setting is an access point name."""

_ITEM_MAX_BYTES = 255
"""The longest text that an item may declare."""


@dataclass(frozen=True, slots=True)
class NvNumber:
    """A number that a command keeps without power; made by ``nv_number``."""

    name: str
    default: int
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class NvText:
    """A text that a command keeps without power; made by ``nv_text``."""

    name: str
    default: str
    max_bytes: int


_ITEMS: dict[str, NvNumber | NvText] = {}


def nv_number(name: str, default: int, minimum: int, maximum: int) -> NvNumber:
    """Declare a number, once, at import; *name* is dotted, e.g. ``qcfg.nwscanmode``.

    Raises:
        MisuseError: the name is taken.
    """
    return _declared(NvNumber(name, default, minimum, maximum))


def nv_text(name: str, default: str, max_bytes: int) -> NvText:
    """Declare a text of printable ASCII without quotes, once, at import.

    Raises:
        MisuseError: the name is taken.
    """
    return _declared(NvText(name, default, max_bytes))


_Item = TypeVar("_Item", NvNumber, NvText)


def _declared(item: _Item) -> _Item:
    if item.name in _ITEMS:
        raise MisuseError(f"two things are kept as {item.name}")
    _ITEMS[item.name] = item
    return item


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
        values: what was set of the items that commands have declared; see ``number``.
    """

    imei: str
    urc_port: str
    fota_apn: FotaApn = field(default_factory=FotaApn)
    stored_settings: dict[str, int] | None = None
    ipr: int = 115200
    pending_install: str = ""
    values: dict[str, int | str] = field(default_factory=dict)

    def number(self, item: NvNumber) -> int:
        """What *item* is now."""
        value = self.values.get(item.name, item.default)
        return value if isinstance(value, int) else item.default

    def text(self, item: NvText) -> str:
        """What *item* is now."""
        value = self.values.get(item.name, item.default)
        return value if isinstance(value, str) else item.default

    def change(self, item: NvNumber | NvText, value: int | str) -> None:
        """Set *item*; ``VirtualModule.save_nv`` keeps it.

        Raises:
            MisuseError: the item does not allow the value.
        """
        try:
            allowed = _allowed(item, value)
        except TypeError as error:
            raise MisuseError(f"{item.name}: {error}") from None
        if allowed == item.default:
            self.values.pop(item.name, None)
        else:
            self.values[item.name] = allowed


def _allowed(item: NvNumber | NvText, value: object) -> int | str:
    if isinstance(item, NvNumber):
        number = _number(value, item.maximum)
        if number < item.minimum:
            raise TypeError(f"{number} is below {item.minimum}")
        return number
    return _text(value, min(item.max_bytes, _ITEM_MAX_BYTES))


def load_nv(path: Path) -> Nv:
    """Read the settings.

    Raises:
        StateDirectoryError: unreadable, damaged, or written by a newer dfota.
    """
    facts = load_facts(path, NV_FORMAT)
    try:
        return nv_of(facts)
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


def nv_of(facts: Mapping[str, Any]) -> Nv:
    """Build the settings; nothing in them is more than the AT commands could have set.

    Raises:
        KeyError: one is missing.
        TypeError: one is of another kind, or outside its range.
        MisuseError: the IMEI is none.
    """
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
        values={
            name: _allowed(_item(name), value)
            for name, value in _mapping(facts.get("values", {})).items()
        },
    )


def _item(name: str) -> NvNumber | NvText:
    if name not in _ITEMS:
        raise TypeError(f"nothing is kept as {_shown(name)} by this version of dfota")
    return _ITEMS[name]


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"{_shown(value)} is no object")
    return value


def _number(value: object, maximum: int) -> int:
    if type(value) is not int or not 0 <= value <= maximum:  # not isinstance: true is no number
        raise TypeError(f"{_shown(value)} is no number from 0 to {maximum}")
    return value


def _text(value: object, max_bytes: int = _TEXT_MAX_BYTES) -> str:
    if (
        not isinstance(value, str)
        or len(value) > max_bytes
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
