# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The fidelity page names tests that exist, and settings that exist; not what they prove."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from dfota.modem import Profile

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "reference" / "fidelity.md").read_text()
TEST_ID = re.compile(r"`([\w/]+\.py)::(\w+)(?:\[[^`]*\])?`")
UNKNOWN = "Known differences, and what nobody knows"


def rows(section: str) -> list[tuple[str, ...]]:
    """The cells of a section's table, its head and the line below it left out."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines[2:]]


SECTIONS = {part.partition("\n")[0]: rows(part) for part in PAGE.split("\n## ")[1:]}
BEHAVIOURS = [row for title, table in SECTIONS.items() if title != UNKNOWN for row in table]


@cache
def functions_of(path: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }


def missing(text: str) -> list[str]:
    """The tests that a cell names and that do not exist."""
    found = []
    for name, function in TEST_ID.findall(text):
        path = ROOT / name if "/" in name else ROOT / "tests" / "unit" / "modem" / name
        if not path.is_file() or function not in functions_of(path):
            found.append(f"{name}::{function}")
    return found


def test_the_page_has_a_table_in_every_section() -> None:
    assert UNKNOWN in SECTIONS
    assert all(SECTIONS.values()), [title for title, table in SECTIONS.items() if not table]
    assert len(BEHAVIOURS) > 150


def test_every_row_has_three_cells_that_are_filled() -> None:
    wrong = [row for table in SECTIONS.values() for row in table if len(row) != 3 or not all(row)]
    assert wrong == []


def test_no_behaviour_stands_there_twice() -> None:
    behaviours = [row[0] for row in BEHAVIOURS]
    assert len(behaviours) == len(set(behaviours))


@pytest.mark.parametrize("title", [title for title in SECTIONS if title != UNKNOWN])
def test_every_behaviour_names_tests_that_exist(title: str) -> None:
    for behaviour, _, tests in SECTIONS[title]:
        assert TEST_ID.search(tests), f"no test: {behaviour}"
        assert TEST_ID.sub("", tests).strip(", ") == "", f"no test id: {tests}"
        assert missing(tests) == []


def test_a_test_that_is_gone_is_noticed() -> None:
    assert missing("`test_upgrade.py::test_nobody_wrote`") == ["test_upgrade.py::test_nobody_wrote"]
    assert missing("`test_gone.py::test_x`") == ["test_gone.py::test_x"]
    assert (
        missing("`tests/architecture/test_fidelity.py::test_a_test_that_is_gone_is_noticed`") == []
    )


def test_every_setting_that_is_named_exists() -> None:
    known = {name for name in vars(Profile()) if not name.startswith("_")}
    doubts = " ".join(cell for row in SECTIONS[UNKNOWN] for cell in row)
    behaviours = " ".join(row[0] for row in BEHAVIOURS)
    named = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+)+)`", f"{doubts} {behaviours}"))
    assert len(named) > 30
    assert named <= known, sorted(named - known)
