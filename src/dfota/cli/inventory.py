# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the file of a rack (TOML): which module is where and what it gets; it opens no port.

Rule 1. What is not known is refused with the nearest name that is: a mistyped key would
otherwise upgrade a module without its expectation.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dfota.cli.plan_options import IP_TYPES, PlanOptions
from dfota.cli.port_options import PortOptions
from dfota.errors import InventoryError
from dfota.host import CHECKS, KINDS, PORT_ROLES

INVENTORY_MAX_BYTES = 1_048_576
MODULES_MAX = 1024
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")

Reader = Callable[[object, Path], object]
"""Makes a value of what stands in the file; raises ``ValueError`` with what it should be."""


@dataclass(frozen=True, slots=True)
class InventoryModule:
    """One module of the file.

    Attributes:
        name: for tables, logs and reports.
        port_options: where it is.
        plan_options: what it gets.
    """

    name: str
    port_options: PortOptions
    plan_options: PlanOptions


@dataclass(frozen=True, slots=True)
class Inventory:
    """The whole file.

    Attributes:
        modules: in the order of the file.
        serve: the values of ``[serve]``; empty where there is none.
    """

    modules: tuple[InventoryModule, ...]
    serve: Mapping[str, Any]


def _text(value: object, _folder: Path) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text that is not empty")
    return value


def _name(value: object, _folder: Path) -> str:
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        raise ValueError("letters, digits, '-', '_' and '.', at most 64: it names files, too")
    return value


def _path(value: object, folder: Path) -> Path:
    return folder / Path(_text(value, folder)).expanduser()


def _paths(value: object, folder: Path) -> tuple[Path, ...]:
    if isinstance(value, list) and value:
        return tuple(_path(entry, folder) for entry in value)
    return (_path(value, folder),)


def _port(value: object, folder: Path) -> str:
    text = _text(value, folder)
    return text if "://" in text else str(folder / text)


def _speed(value: object, _folder: Path) -> int:
    if type(value) is not int or not 300 <= value <= 10_000_000:
        raise ValueError("a whole number of bits per second, at least 300")
    return value


def _seconds(value: object, _folder: Path) -> float:
    if type(value) not in (int, float) or not 1 <= float(str(value)) <= 1_000_000:
        raise ValueError("a number of seconds, at least 1")
    return float(str(value))


def _flag(value: object, _folder: Path) -> bool:
    if value is True or value is False:
        return value
    raise ValueError("true or false")


def _one_of(*choices: str) -> Reader:
    def read(value: object, _folder: Path) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return value

    return read


def _checks(value: object, _folder: Path) -> tuple[str, ...]:
    known = [check.name for check in CHECKS]
    if not isinstance(value, list) or not all(name in known for name in value):
        raise ValueError(f"a list of checks, which are {', '.join(known)}")
    return tuple(value)


PORT_KEYS: Mapping[str, tuple[str, Reader]] = {
    "port": ("port", _port),
    "baudrate": ("baudrate", _speed),
}
PLAN_KEYS: Mapping[str, tuple[str, Reader]] = {
    "package": ("package", _path),
    "url": ("url", _text),
    "expect": ("expect", _text),
    "key": ("key_files", _paths),
    "module": ("kind", _one_of(*KINDS)),
    "port-role": ("port_role", _one_of(*PORT_ROLES)),
    "apn": ("apn", _text),
    "apn-type": ("apn_type", _one_of(*IP_TYPES)),
    "apn-user": ("apn_user", _text),
    "apn-password": ("apn_password", _text),
    "ca": ("ca", _path),
    "client-cert": ("client_cert", _path),
    "client-key": ("client_key", _path),
    "download-timeout": ("download_timeout", _seconds),
    "skip": ("skip", _checks),
}
SERVE_KEYS: Mapping[str, tuple[str, Reader]] = {
    "address": ("address", _text),
    "tls": ("tls", _flag),
    "cert": ("cert", _path),
    "key": ("key", _path),
}
_DEFAULTS_KEYS = {"baudrate": PORT_KEYS["baudrate"], **PLAN_KEYS}
_MODULE_KEYS = {"name": ("name", _name), **PORT_KEYS, **PLAN_KEYS}


def read_inventory(path: Path) -> Inventory:
    """Read the inventory at *path*; paths in it are relative to its folder.

    Raises:
        InventoryError: it cannot be read, or is not what it should be.
    """
    facts = _load(path)
    reader = _TableReader(path)
    reader.expect_keys("the file", facts, ("defaults", "serve", "module"))
    defaults = reader.read("[defaults]", facts.get("defaults", {}), _DEFAULTS_KEYS)
    serve = reader.read("[serve]", facts.get("serve", {}), SERVE_KEYS)
    if "serve" in facts and "address" not in serve:
        raise InventoryError(str(path), "[serve]: address is missing")
    tables = facts.get("module", [])
    if not isinstance(tables, list) or not tables:
        raise InventoryError(str(path), "it has no [[module]]")
    if len(tables) > MODULES_MAX:
        raise InventoryError(str(path), f"it has more than {MODULES_MAX} modules")
    modules = tuple(
        _module(reader, number, table, defaults) for number, table in enumerate(tables, start=1)
    )
    _check_different(path, modules)
    return Inventory(modules, serve)


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(INVENTORY_MAX_BYTES + 1)
    except OSError as error:
        raise InventoryError(str(path), error.strerror or str(error)) from error
    if len(data) > INVENTORY_MAX_BYTES:
        raise InventoryError(str(path), f"it has more than {INVENTORY_MAX_BYTES} bytes")
    try:
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise InventoryError(str(path), f"it is no TOML: {error}") from error


def _module(
    reader: _TableReader, number: int, table: object, defaults: Mapping[str, Any]
) -> InventoryModule:
    given = reader.read(f"[[module]] {number}", table, _MODULE_KEYS)
    for key in ("name", "port"):
        if key not in given:
            raise InventoryError(str(reader.path), f"[[module]] {number}: {key} is missing")
    values = {**_without_rival(defaults, given), **given}
    plan = {field: values[field] for field, _ in PLAN_KEYS.values() if field in values}
    if not plan.get("apn_password") and plan.get("apn_user"):
        plan["apn_password"] = os.environ.get("DFOTA_APN_PASSWORD", "")
    port = replace(PortOptions(values["port"]), baudrate=values.get("baudrate", 115_200))
    return InventoryModule(values["name"], port, PlanOptions(**plan))


def _without_rival(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A module's own package says what to expect, not the expectation of the others."""
    if "package" in given or "expect" in given:
        return {key: value for key, value in defaults.items() if key != "expect"}
    return dict(defaults)


def _check_different(path: Path, modules: tuple[InventoryModule, ...]) -> None:
    names: dict[str, str] = {}
    ports: dict[str, str] = {}
    for module in modules:
        port = module.port_options.port
        for what, seen, value in (
            ("name", names, module.name.lower()),  # some file systems know no case
            ("port", ports, port if "://" in port else os.path.realpath(port)),
        ):
            if value in seen:
                raise InventoryError(
                    str(path), f"the modules {seen[value]} and {module.name} have one {what}"
                )
            seen[value] = module.name


class _TableReader:
    """Reads tables of one file, strictly."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._folder = path.resolve().parent

    def expect_keys(self, where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
        for key in table:
            if key in known:
                continue
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are: {', '.join(known)}"
            raise InventoryError(str(self.path), f"{where}: there is no key {key[:80]!r}; {hint}")

    def read(
        self, where: str, table: object, keys: Mapping[str, tuple[str, Reader]]
    ) -> dict[str, Any]:
        if not isinstance(table, dict):
            raise InventoryError(str(self.path), f"{where}: it is no table")
        self.expect_keys(where, table, tuple(keys))
        values: dict[str, Any] = {}
        for key, value in table.items():
            field, read = keys[key]
            try:
                values[field] = read(value, self._folder)
            except ValueError as error:
                raise InventoryError(str(self.path), f"{where}: {key} must be {error}") from error
        return values
