# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that a module tells about itself, as named facts; it judges and changes nothing.

The table ``FACTS`` says what is asked and how the answer is read. What a firmware does not know
is ``None``, never an error: modules differ in what they tell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dfota.at import Command, Form, Value
from dfota.at.catalog.clock import CCLK
from dfota.at.catalog.files import QFLDS, QFLST
from dfota.at.catalog.fota import FOTA_APN, FOTA_CID
from dfota.at.catalog.general import QAPPVER, QURCCFG_URCPORT
from dfota.at.catalog.network import CEREG, CGREG, COPS, CREG, CSQ, QCSQ, QNWINFO
from dfota.at.catalog.packet import CGDCONT, CGPADDR, QIACT, QICSGP
from dfota.at.catalog.power import CBC, CEDRXS, CFUN, CPSMS, QSCLK, QTEMP
from dfota.at.catalog.sim import CIMI, CPIN, QCCID
from dfota.errors import CheckFailedError
from dfota.host.dialogue import Answer, Procedure, ask
from dfota.host.identity import get_attention, identify, read_short_revision
from dfota.host.kinds import kind_of
from dfota.host.pem import CA_FILE, CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE
from dfota.host.preflight.module import read_clock
from dfota.host.preflight.scene import plain

ROWS_MAX = 64
"""More lines in one answer are nonsense."""

STATES = {
    "0": "not registered, not searching",
    "1": "registered, home network",
    "2": "searching",
    "3": "denied",
    "4": "unknown",
    "5": "registered, roaming",
}
"""``<stat>`` of AT+CREG? and its kin (3GPP TS 27.007, 7.2)."""

_CHARGING = {0: "not charging", 1: "charging", 2: "charged"}
_LEVELS = ((-80, "excellent"), (-90, "good"), (-100, "fair"), (-130, "poor"))
_CERTIFICATES = (CA_FILE, CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE)
_QUOTED = re.compile(r'"([^"]*)"|([^,]+)|(?<=,)(?=,|$)')

Lines = tuple[str, ...]
Reader = Callable[[Lines], Any]


def fields_of(line: str) -> list[str]:
    """The parameters of an information response: ``+X: 1,"a b",,2`` gives four."""
    _, _, rest = line.partition(":")
    return [match[1] if match[1] is not None else (match[2] or "").strip()
            for match in _QUOTED.finditer(rest.strip())]  # fmt: skip


def _first(lines: Lines) -> list[str]:
    return fields_of(lines[0]) if lines else []


def _word(index: int = 0) -> Reader:
    def read(lines: Lines) -> str | None:
        values = _first(lines)
        return plain(values[index]) if len(values) > index and values[index] else None

    return read


def _number(index: int = 0) -> Reader:
    def read(lines: Lines) -> int | None:
        values = _first(lines)
        return _integer(values[index]) if len(values) > index else None

    return read


def _integer(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]{1,12}", text.strip()) else None


def _plain_line(lines: Lines) -> str | None:
    return plain(lines[0]) if lines else None


def _state(lines: Lines) -> str | None:
    values = _first(lines)
    return STATES.get(values[1], plain(values[1])) if len(values) > 1 else None


def _rssi(lines: Lines) -> int | None:
    value = _number(0)(lines)
    return -113 + 2 * value if value is not None and 0 <= value <= 31 else None


def _radio(lines: Lines) -> dict[str, Any] | None:
    """AT+QCSQ of the LTE technologies (BG96 AT manual, 6.7): dBm, dBm, dB, dB."""
    values = _first(lines)
    numbers = [_integer(value) for value in values[1:5]]
    if len(numbers) < 4 or None in numbers:
        return None
    rssi, rsrp, sinr, rsrq = (number or 0 for number in numbers)
    words = next((word for level, word in _LEVELS if rsrp >= level), "none")
    return {
        "rssi_dbm": rssi, "rsrp_dbm": rsrp, "sinr_db": sinr / 5 - 20, "rsrq_db": rsrq,
        "quality": words,
    }  # fmt: skip


def _on(index: int = 0) -> Reader:
    def read(lines: Lines) -> bool | None:
        value = _number(index)(lines)
        return None if value is None else value != 0

    return read


def _battery(lines: Lines) -> dict[str, Any] | None:
    values = [_integer(value) for value in _first(lines)]
    if len(values) < 3 or values[2] is None:
        return None
    return {"state": _CHARGING.get(values[0] or 0, "unknown"), "percent": values[1]}


def _temperatures(lines: Lines) -> list[int] | None:
    found = [value for value in map(_integer, _first(lines)) if value is not None]
    return found or None


def _time(lines: Lines) -> str | None:
    shown = read_clock(lines)
    return None if shown is None else shown.isoformat(sep=" ")


def _contexts(lines: Lines) -> list[dict[str, Any]]:
    found = []
    for values in map(fields_of, lines):
        cid = _integer(values[0]) if values else None
        if cid is not None and len(values) > 2:
            found.append({"cid": cid, "type": plain(values[1]), "apn": plain(values[2])})
    return found


def _addresses(index: int) -> Reader:
    def read(lines: Lines) -> list[dict[str, Any]]:
        rows = [values for values in map(fields_of, lines) if len(values) > index]
        return [{"cid": _integer(values[0]), "address": plain(values[index])} for values in rows]

    return read


def _access_point(index: int) -> Reader:
    # The login behind the name is nobody's business.
    def read(lines: Lines) -> str | None:
        values = _first(lines)
        return plain(values[index]) if len(values) > index else None

    return read


def _listed(lines: Lines) -> list[dict[str, Any]]:
    found = []
    for values in map(fields_of, lines):
        size = _integer(values[1]) if len(values) > 1 else None
        if size is not None:
            found.append({"name": plain(values[0].removeprefix("UFS:")), "bytes": size})
    return found


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to ask: where it stands in the report, the command, how its answer is read."""

    group: str
    name: str
    command: Command
    form: Form
    read: Reader
    values: Mapping[str, Value] | None = None


_READ, _RUN, _WRITE = Form.READ, Form.EXECUTE, Form.WRITE

FACTS: tuple[Fact, ...] = (
    Fact("identity", "application", QAPPVER, _RUN, _word()),
    Fact("sim", "state", CPIN, _READ, _word()),
    Fact("sim", "iccid", QCCID, _RUN, _word()),
    Fact("sim", "imsi", CIMI, _RUN, _plain_line),
    Fact("network", "operator", COPS, _READ, _word(2)),
    Fact("network", "technology", QNWINFO, _RUN, _word()),
    Fact("network", "operator_code", QNWINFO, _RUN, _word(1)),
    Fact("network", "band", QNWINFO, _RUN, _word(2)),
    Fact("network", "channel", QNWINFO, _RUN, _number(3)),
    Fact("network", "signal_dbm", CSQ, _RUN, _rssi),
    Fact("network", "radio", QCSQ, _RUN, _radio),
    Fact("network", "lte", CEREG, _READ, _state),
    Fact("network", "packet", CGREG, _READ, _state),
    Fact("network", "circuit", CREG, _READ, _state),
    Fact("access", "fota_apn", FOTA_APN, _READ, _access_point(2)),
    Fact("access", "fota_context", FOTA_CID, _READ, _number(1)),
    Fact("access", "contexts", CGDCONT, _READ, _contexts),
    Fact("access", "context_1_apn", QICSGP, _WRITE, _access_point(1), {"contextID": 1}),
    Fact("access", "active", QIACT, _READ, _addresses(3)),
    Fact("access", "addresses", CGPADDR, _RUN, _addresses(1)),
    Fact("power", "supply_mv", CBC, _RUN, _number(2)),
    Fact("power", "battery", CBC, _RUN, _battery),
    Fact("power", "temperatures_c", QTEMP, _RUN, _temperatures),
    Fact("power", "may_sleep", QSCLK, _READ, _on()),
    Fact("power", "power_saving", CPSMS, _READ, _on()),
    Fact("power", "edrx", CEDRXS, _READ, bool),
    Fact("storage", "free_bytes", QFLDS, _WRITE, _number(0), {"name_pattern": "UFS"}),
    Fact("storage", "total_bytes", QFLDS, _WRITE, _number(1), {"name_pattern": "UFS"}),
    Fact("storage", "files", QFLST, _WRITE, _listed, {"name_pattern": "*"}),
    Fact("module", "functionality", CFUN, _READ, _number()),
    Fact("module", "clock", CCLK, _READ, _time),
    Fact("module", "urc_port", QURCCFG_URCPORT, _READ, _word(1)),
)
"""What is asked, in the order in which it is shown; a command is sent once for all its facts."""


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """What a module told: group → name → value; ``None`` for what it did not tell."""

    groups: Mapping[str, Mapping[str, Any]]

    def to_facts(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {group: dict(facts) for group, facts in self.groups.items()}


def describe() -> Procedure[ModuleReport]:
    """Ask a module for everything in ``FACTS``.

    Raises:
        NoReplyError: the module does not answer.
        CheckFailedError: it is in the middle of an upgrade, or tells no identity.
        PortError: the port went away.
    """
    heard = yield from get_attention()
    if heard is not None:
        raise CheckFailedError(
            "running-upgrade",
            "the module is in the middle of an upgrade and tells nothing else",
            "Follow it with: dfota upgrade PORT --resume",
        )
    identity = yield from identify()
    short = yield from read_short_revision()
    kind = kind_of(identity.model)
    groups: dict[str, dict[str, Any]] = {
        "identity": {
            "manufacturer": plain(identity.manufacturer),
            "model": plain(identity.model),
            "revision": plain(identity.revision),
            "revision_ati": plain(short.text) if short is not None else None,
            "imei": identity.imei or None,
            "kind": kind.name if kind is not None else None,
        }
    }
    answers: dict[tuple[str, Form], Lines | None] = {}
    for fact in FACTS:
        key = (fact.command.name, fact.form)
        if key not in answers:
            answers[key] = _said((yield from ask(fact.command, fact.form, **(fact.values or {}))))
        lines = answers[key]
        value = None if lines is None else fact.read(lines)
        groups.setdefault(fact.group, {})[fact.name] = value
    _sort_files(groups["storage"])
    return ModuleReport(groups)


def _said(answer: Answer | None) -> Lines | None:
    return tuple(answer.lines[:ROWS_MAX]) if answer is not None and answer.ok else None


def _sort_files(storage: dict[str, Any]) -> None:
    """Certificates apart from the rest, which may be what earlier upgrades have left."""
    files = storage.pop("files")
    known = None if files is None else [f for f in files if f["name"] in _CERTIFICATES]
    storage["certificates"] = known
    storage["other_files"] = None if files is None else [f for f in files if f not in (known or [])]
