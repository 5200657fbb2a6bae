# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The reports of a rack: every state has its place, and what a module says breaks no XML."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from dfota.cli.rack_reports import RackPlaces, json_report, junit_report, left_of
from dfota.errors import InstallFailedError, OutcomeUnknownError
from dfota.host import Phase, RackEntry, RackState, Upgraded

BEGAN = datetime(2026, 12, 1, tzinfo=UTC)
FAILED = InstallFailedError(504, "failed", "Try again.")
ENTRIES = (
    RackEntry(name="a", state=RackState.UPGRADED, upgraded=Upgraded("x", "y", "read back", 0, ())),
    RackEntry(name="b", state=RackState.NOTHING_TO_DO),
    RackEntry(name="c", state=RackState.FAILED, error=FAILED, seconds=2.5),
    RackEntry(name="d", state=RackState.UNKNOWN, error=OutcomeUnknownError("updating", 900)),
    RackEntry(name="e", state=RackState.STOPPED, phase=Phase.UPDATING),
    RackEntry(name="f", state=RackState.SKIPPED),
    RackEntry(
        name="g", state=RackState.FAILED, error=ZeroDivisionError("\x00]]> <&\ud800\x1b[31m")
    ),
)
PLACES_OF = RackPlaces({entry.name: f"/dev/{entry.name}" for entry in ENTRIES})
PLACES = {
    "a": None, "b": "skipped", "c": "failure", "d": "error", "e": "error", "f": "skipped",
    "g": "failure",
}  # fmt: skip


@pytest.fixture
def suite() -> ET.Element:
    data = junit_report(ENTRIES, PLACES_OF, BEGAN, 7.25)
    found = ET.fromstring(data).find("testsuite")  # noqa: S314 - our own
    assert found is not None
    return found


def test_every_state_has_its_place_in_junit(suite: ET.Element) -> None:
    places = {
        case.get("name"): next((child.tag for child in case if child.tag != "system-out"), None)
        for case in suite
    }
    assert places == PLACES


def test_the_counts_are_those_of_the_cases(suite: ET.Element) -> None:
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(attribute) == str(len(suite.findall(f"testcase/{tag}"))), attribute
    assert suite.get("tests") == str(len(ENTRIES))
    assert (suite.get("time"), suite.get("timestamp")) == ("7.250", "2026-12-01T00:00:00+00:00")
    assert suite.findall("testcase")[2].get("time") == "2.500"


def test_a_failure_has_its_code_and_its_remedy(suite: ET.Element) -> None:
    failure = suite.find("testcase[@name='c']/failure")
    assert failure is not None
    assert failure.get("type") == "host.install"
    assert "Try again." in (failure.text or "")
    defect = suite.find("testcase[@name='g']/failure")
    assert defect is not None
    assert defect.get("type") == "dfota.defect"
    assert defect.get("message") == "?]]> <&??[31m"


def test_the_json_report_says_how_a_stopped_module_is_left() -> None:
    report = json_report(ENTRIES, PLACES_OF, BEGAN, 7.25)
    assert sum(report["counts"].values()) == len(ENTRIES)
    (stopped,) = [module for module in report["modules"] if module["state"] == "stopped"]
    assert "goes on by itself" in stopped["left"]
    assert "dfota upgrade /dev/e --resume" in stopped["left"]
    assert [module["left"] for module in report["modules"]].count("") == len(ENTRIES) - 1


def test_who_downloads_from_this_command_is_told_that_its_server_has_ended() -> None:
    entry = RackEntry(name="a", state=RackState.STOPPED, phase=Phase.DOWNLOADING)
    ports = {"a": "/dev/a"}
    assert "server has ended" in left_of(entry, RackPlaces(ports, frozenset({"a"})))
    assert "server has ended" not in left_of(entry, RackPlaces(ports))
