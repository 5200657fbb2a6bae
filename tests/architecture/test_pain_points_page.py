# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The page of pain points lists all 25, each with an answer and with tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "acceptance" / "host"
PAGE = (ROOT / "docs" / "explanation" / "pain-points.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if re.match(r"\| \d+ \|", line)
]
TEST_ID = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_all_25_are_there_in_order_with_four_filled_cells() -> None:
    assert [int(row[0]) for row in ROWS] == list(range(1, 26))
    assert all(len(row) == 4 and all(row) for row in ROWS)


def test_every_pain_point_names_tests_that_exist_and_carry_its_number() -> None:
    known = {path.name: functions_of(path) for path in TESTS.glob("test_*.py")}
    for number, _, _, tests in ROWS:
        named = TEST_ID.findall(tests)
        assert TEST_ID.sub("", tests).strip(", ") == "", tests
        assert all(function in known[file] for file, function in named), tests
        assert any(name.startswith(f"test_pain_{int(number):02d}_") for _, name in named)


def test_no_test_of_a_pain_point_is_missing_on_the_page() -> None:
    named = {function for _, function in TEST_ID.findall(PAGE)}
    assert functions_of(TESTS / "test_pain_points.py") >= {n for n in named if "_pain_" in n}
    missing = {n for n in functions_of(TESTS / "test_pain_points.py") if n.startswith("test_pain_")}
    assert missing - named == set()
