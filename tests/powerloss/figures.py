# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Prints how many power cuts were survived, at the end of every test run; it cuts nothing.

A plugin of its own, because it must live in the process that prints, where ``pytest -n``
loads only the conftest of the folder ``tests``; that one registers it.
"""

from __future__ import annotations

from collections import Counter

import pytest

_FIGURES: dict[str, Counter] = {}
_MUTATIONS: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Gather the figures; runs in the process that prints, under xdist too."""
    if report.when != "call":
        return
    for name, value in report.user_properties:
        if name == "powerloss":
            sweep, outcome, count = value
            _FIGURES.setdefault(sweep, Counter())[outcome] += count
        elif name == "caught-by":
            _MUTATIONS.append(value)
        elif name == "powerloss-operations":
            _FIGURES.setdefault("single cuts", Counter())["operations"] = value


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the figures of every sweep that ran."""
    if not _FIGURES and not _MUTATIONS:
        return
    from dfota.flash import CutMode

    terminalreporter.section("power-loss sweep")
    for sweep, figures in sorted(_FIGURES.items(), reverse=True):
        old, new, lost = figures["old"], figures["new"], figures["lost"]
        cuts = old + new + lost
        head = f"{sweep}: "
        if figures["operations"]:
            head += f"{figures['operations']} operations x {len(CutMode)} modes = "
        terminalreporter.write_line(
            f"{head}{cuts} cuts, {cuts - lost} survived: {old} old, {new} new"
            + (f"; {lost} LOST" if lost else "")
            + ("; incomplete" if cuts < figures["operations"] * len(CutMode) else "")
        )
    if _MUTATIONS:
        caught = sum(name != "nothing" for name in _MUTATIONS)
        terminalreporter.write_line(f"deliberate breakages: {caught} of {len(_MUTATIONS)} caught")
