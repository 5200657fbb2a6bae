# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Bars and estimates are honest: no percent that nobody said, and an estimate is called one."""

from __future__ import annotations

import dataclasses
import typing

import pytest

from dfota.cli import phase_bar
from dfota.cli.console import Console
from dfota.cli.durations import say_duration
from dfota.cli.events_document import event_name, host_events
from dfota.cli.phase_bar import PhaseBar
from dfota.cli.upgrade_display import UpgradeDisplay
from dfota.host import CheckResult, CheckStatus, Phase, PhaseEntered, Progressed


class Terminal(Console):
    @property
    def is_interactive(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(phase_bar.time, "monotonic", lambda: now[0])
    return now


def shown(display: UpgradeDisplay) -> tuple[float | None, float]:
    bars = display._bar._bars
    assert bars is not None
    (task,) = bars.tasks
    return task.total, task.completed


def test_a_silent_phase_has_an_estimate_and_no_percent(clock) -> None:
    with UpgradeDisplay(Terminal()) as display:
        display.show(PhaseEntered(Phase.DOWNLOADING, 600.0, 130.0))
        assert display._bar.describe() == "about 2 min, estimated"
        clock[0] += 120
        assert shown(display) == (None, 0)
        assert display._bar.describe() == "about 2 min, estimated"
        clock[0] += 20
        assert shown(display) == (None, 0)
        said = display._bar.describe()
        assert said == "longer than the estimated 2 min; given up after 10 min of silence"


def test_without_an_estimate_nothing_is_claimed(clock) -> None:
    with UpgradeDisplay(Terminal()) as display:
        display.show(PhaseEntered(Phase.DOWNLOADING, 600.0, None))
        assert (shown(display), display._bar.describe()) == ((None, 0), "")


def test_what_the_server_sent_moves_the_bar_but_never_fills_it(clock) -> None:
    with UpgradeDisplay(Terminal()) as display:
        display.downloaded(10, 1000)  # of something else: the module is not downloading
        display.show(PhaseEntered(Phase.DOWNLOADING, 600.0, 130.0))
        display.downloaded(100, 1000)
        clock[0] += 30
        display.downloaded(400, 1000)
        assert shown(display) == (100, 40)
        assert display._bar.describe() == "about 1 min left"
        display.downloaded(1000, 1000)
        assert shown(display) == (100, 99)


def test_progress_counts_down_at_its_pace(clock) -> None:
    with UpgradeDisplay(Terminal()) as display:
        display.show(PhaseEntered(Phase.UPDATING))
        display.show(Progressed(Phase.UPDATING, 10))
        assert display._bar.describe() == ""
        display.show(Progressed(Phase.UPDATING, 20, 40.0))
        assert display._bar.describe() == "about 40 s left"
        clock[0] += 30
        assert display._bar.describe() == "about 10 s left"
        clock[0] += 30  # it takes longer than its pace said: nothing is claimed any more
        assert display._bar.describe() == ""


def test_without_a_terminal_the_estimate_is_a_line(capsys) -> None:
    with UpgradeDisplay(Console()) as display:
        display.show(PhaseEntered(Phase.DOWNLOADING, 600.0, 130.0))
    assert capsys.readouterr().err == "downloading (about 2 min, estimated)\n"


def test_a_bar_ends_with_its_phase() -> None:
    bar = PhaseBar(Terminal())
    bar.begin("a", "a", total=10)
    bar.begin("b", "b", total=None)
    assert bar.key == "b"
    bar.end()
    bar.end()
    assert bar.key is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (4.4, "4 s"), (38, "40 s"), (59, "1 min"), (89, "1 min"), (91, "2 min"),
     (3540, "59 min"), (3600, "1 h"), (4700, "1 h 20 min"), (86_400, "24 h")],
)  # fmt: skip
def test_durations_have_no_false_precision(seconds: float, said: str) -> None:
    assert say_duration(seconds) == said


SILENT = {"downloaded", "revision-read", "upgrade-started"}
"""What the line before, or the last line, tells as well."""


def test_every_event_is_shown_or_silent_on_purpose(capsys) -> None:
    shown = set()
    for event_class in host_events():
        hints = typing.get_type_hints(event_class)
        values = {
            field.name: _example(hints[field.name]) for field in dataclasses.fields(event_class)
        }
        for status in CheckStatus if event_class is CheckResult else [None]:
            given = values | ({"status": status} if status else {})
            with UpgradeDisplay(Terminal()) as display:
                display.show(event_class(**given))
                has_bar = display._bar.key is not None
            if capsys.readouterr().err or has_bar:
                shown.add(event_name(event_class))
    assert {event_name(event_class) for event_class in host_events()} - shown == SILENT


def _example(hint: object) -> object:
    if hint is Phase:
        return Phase.UPDATING
    return {str: "text", int: 7, float: 7.0, bool: True}.get(hint)  # type: ignore[call-overload]
