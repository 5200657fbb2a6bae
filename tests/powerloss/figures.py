# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how many power cuts and faults were survived, at the end of every test run; cuts nothing.

A plugin of its own, because it must live in the process that prints, where ``pytest -n``
loads only the conftest of the folder ``tests``; that one registers it.
"""

from __future__ import annotations

from collections import Counter

import pytest

_FIGURES: dict[tuple[str, str], Counter] = {}
_OPERATIONS: dict[str, int] = {}
_LOST: list[str] = []
_MUTATIONS: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather the figures; runs in the process that prints, under xdist too."""
    if report.when != "call":
        return
    if report.failed and "tests/powerloss" in report.nodeid:
        _LOST.append(report.nodeid)
    for name, value in report.user_properties:
        if name == "powerloss":
            sweep, scene, old, new, refuses, states = value
            figures = _FIGURES.setdefault((sweep, scene), Counter())
            figures.update(old=old, new=new, refuses=refuses, states=states)
        elif name == "caught-by":
            _MUTATIONS.append(value)
        elif name == "powerloss-operations":
            scene, count = value
            _OPERATIONS[scene] = count


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the figures of every sweep that ran."""
    if not _FIGURES and not _MUTATIONS:
        return
    write = terminalreporter.write_line
    terminalreporter.section("power-loss sweep")
    total = Counter()
    for (sweep, scene), figures in sorted(_FIGURES.items()):
        cases = figures["old"] + figures["new"] + figures["refuses"]
        total.update(figures)
        operations = f"{_OPERATIONS[scene]:4} operations" if scene in _OPERATIONS else " " * 15
        line = f"{sweep:24} {scene:18} {operations} {cases:8} cases: {figures['old']:6} old, "
        line += f"{figures['new']:7} new"
        if figures["refuses"]:
            line += f", {figures['refuses']} down for good"
        write(line)
    cases = total["old"] + total["new"] + total["refuses"]
    if cases:
        write(
            f"all: {cases} cases, none ran a mixture"
            if not _LOST
            else f"all: {cases} cases, and {len(_LOST)} tests FAILED"
        )
    if _MUTATIONS:
        caught = sum(name != "nothing" for name in _MUTATIONS)
        write(f"deliberate breakages: {caught} of {len(_MUTATIONS)} caught")
