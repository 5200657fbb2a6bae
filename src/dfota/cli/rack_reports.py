# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What came of a rack, as JSON and as JUnit XML; it writes no file and prints nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from dfota.cli.upgrade_display import left_words
from dfota.errors import DfotaError
from dfota.host import Phase, RackEntry, RackState

REPORT_FORMAT = "dfota-rack-1"
DEFECT = "dfota.defect"
"""The code of an error that is none of ours: a defect of dfota."""

# XML 1.0 has no place for most control characters, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_BEGUN = {RackState.SKIPPED, RackState.WAITING}


def error_code(error: Exception) -> str:
    """The stable code of *error*."""
    return error.code if isinstance(error, DfotaError) else DEFECT


def say_error(error: Exception) -> str:
    """*error* as one sentence with its remedy."""
    text = str(error) if isinstance(error, DfotaError) else f"{type(error).__name__}: {error}"
    remedy = error.remedy if isinstance(error, DfotaError) else "This is a defect: report it."
    return f"{text.rstrip('.')}. {remedy}".strip()


@dataclass(frozen=True, slots=True)
class RackPlaces:
    """Where the modules are, and which of them download from this very process.

    Attributes:
        ports: name → port.
        hosted: names of those whose package is hosted here.
    """

    ports: Mapping[str, str]
    hosted: frozenset[str] = frozenset()


def entry_facts(entry: RackEntry, places: RackPlaces) -> dict[str, Any]:
    """One module as plain values."""
    error = entry.error
    return {
        "name": entry.name,
        "port": places.ports[entry.name],
        "state": entry.state.value,
        "phase": entry.phase.value if entry.phase is not None else None,
        "imei": entry.imei,
        "revision_before": entry.revision_before,
        "revision_after": entry.upgraded.revision_after if entry.upgraded else "",
        "seconds": round(entry.seconds, 3),
        "attempts": entry.attempts,
        "upgraded": entry.upgraded.to_facts() if entry.upgraded else None,
        "error": None
        if error is None
        else {
            "error": error_code(error),
            "message": str(error),
            "remedy": error.remedy if isinstance(error, DfotaError) else "",
        },
        "left": left_of(entry, places),
    }


def left_of(entry: RackEntry, places: RackPlaces) -> str:
    """In which state the module was left, where the host stopped in the middle."""
    if entry.state is not RackState.STOPPED:
        return ""
    phase = entry.phase or Phase.PREPARING
    follow = f"dfota upgrade {places.ports[entry.name]} --resume"
    return left_words(phase, is_hosting=entry.name in places.hosted, follow=follow)


def json_report(
    entries: Sequence[RackEntry], places: RackPlaces, began_at: datetime, seconds: float
) -> dict[str, Any]:
    """The whole rack as plain values."""
    counts = {state.value: 0 for state in RackState if state is not RackState.RUNNING}
    for entry in entries:
        counts[entry.state.value] = counts.get(entry.state.value, 0) + 1
    return {
        "format": REPORT_FORMAT,
        "began_at": began_at.isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "counts": counts,
        "modules": [entry_facts(entry, places) for entry in entries],
    }


def junit_report(
    entries: Sequence[RackEntry], places: RackPlaces, began_at: datetime, seconds: float
) -> bytes:
    """The whole rack as JUnit XML: one test case for each module.

    A module that failed is a failure, one whose outcome is not known or that was stopped is an
    error, one that was not begun or had nothing to do is skipped.
    """
    states = [entry.state for entry in entries]
    suite = ET.Element(
        "testsuite",
        name="dfota upgrade",
        tests=str(len(entries)),
        failures=str(states.count(RackState.FAILED)),
        errors=str(states.count(RackState.UNKNOWN) + states.count(RackState.STOPPED)),
        skipped=str(sum(s in {*_NOT_BEGUN, RackState.NOTHING_TO_DO} for s in states)),
        time=f"{seconds:.3f}",
        timestamp=began_at.isoformat(timespec="seconds"),
    )
    for entry in entries:
        case = ET.SubElement(
            suite,
            "testcase",
            name=entry.name,
            classname=f"dfota.upgrade.{entry.name}",
            time=f"{entry.seconds:.3f}",
        )
        _add_result(case, entry, places)
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _add_result(case: ET.Element, entry: RackEntry, places: RackPlaces) -> None:
    lines = [f"port {places.ports[entry.name]}", f"state {entry.state.value}"]
    if entry.imei:
        lines.append(f"IMEI {entry.imei}")
    if entry.revision_before:
        lines.append(f"ran {entry.revision_before}")
    error = entry.error
    if error is not None:
        tag = "error" if entry.state is RackState.UNKNOWN else "failure"
        result = ET.SubElement(case, tag, type=error_code(error), message=_xml(str(error)))
        result.text = _xml(say_error(error))
    elif entry.state is RackState.STOPPED:
        left = left_of(entry, places)
        ET.SubElement(case, "error", type="stopped", message=_xml(left)).text = _xml(left)
    elif entry.state in _NOT_BEGUN:
        ET.SubElement(case, "skipped", message="not begun")
    elif entry.state is RackState.NOTHING_TO_DO:
        ET.SubElement(case, "skipped", message="nothing to do")
    if entry.upgraded is not None:
        lines += [f"runs {entry.upgraded.revision_after}", f"proof: {entry.upgraded.proof}"]
    ET.SubElement(case, "system-out").text = _xml("\n".join(lines))


def _xml(text: str) -> str:
    return _NOT_XML.sub("?", text)
