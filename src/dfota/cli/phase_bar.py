# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One bar on a terminal for what is going on now; it never claims more than it was told.

Rule 1. A bar is full only when somebody said so: neither time nor an estimate moves it.
Rule 2. An estimate is called one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dfota.cli.console import Console
from dfota.cli.durations import say_duration

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class PhaseBar:
    """Shows at most one bar at a time, on a terminal only."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._key: object = None
        self._left_until: float | None = None
        self._began_at = 0.0
        self._expected_s: float | None = None
        self._limit_s: float | None = None

    @property
    def key(self) -> object:
        """What the bar is of; ``None`` where there is none."""
        return self._key

    def begin(
        self,
        key: object,
        label: str,
        *,
        total: float | None,
        expected_s: float | None = None,
        limit_s: float | None = None,
    ) -> None:
        """Show the bar of *key*, in place of another one; nothing where it is shown already.

        Args:
            key: what it is of.
            label: its name on the screen.
            total: the position that means finished; ``None`` where it is not known.
            expected_s: how long it takes by an estimate.
            limit_s: when it will be given up.
        """
        if self._key == key:
            return
        self.end()
        self._key = key
        self._began_at = time.monotonic()
        self._expected_s, self._limit_s, self._left_until = expected_s, limit_s, None
        if self._console.is_interactive:
            self._bars = _make_bars(self)
            self._task = self._bars.add_task(label, total=total)
            self._bars.start()

    def advance(
        self, position: float, *, total: float | None = None, left_s: float | None = None
    ) -> None:
        """Set the position, the *total* where it was not known before, and what is left."""
        self._left_until = None if left_s is None else time.monotonic() + left_s
        if self._bars is not None and self._task is not None:
            if total is not None:
                self._bars.update(self._task, total=total)
            self._bars.update(self._task, completed=position)

    def end(self) -> None:
        """Take the bar from the screen's live part; what it showed stays above."""
        bars, self._bars = self._bars, None
        self._task = self._key = self._left_until = None
        if bars is not None:
            bars.stop()

    def describe(self) -> str:
        """What is known of the time, at this moment."""
        if self._left_until is not None:
            left_s = self._left_until - time.monotonic()
            return f"about {say_duration(left_s)} left" if left_s > 0 else ""
        return describe_estimate(self._expected_s, self._limit_s, time.monotonic() - self._began_at)


def describe_estimate(
    expected_s: float | None, limit_s: float | None, elapsed_s: float = 0.0
) -> str:
    """An estimate in words; empty where there is none."""
    if expected_s is None:
        return ""
    said = say_duration(expected_s)
    if elapsed_s <= expected_s:
        return f"about {said}, estimated"
    if limit_s is None:
        return f"longer than the estimated {said}"
    return f"longer than the estimated {said}; given up after {say_duration(limit_s)} of silence"


def _make_bars(bar: PhaseBar) -> Progress:
    from rich.console import Console as RichConsole  # noqa: PLC0415 - keeps --help fast
    from rich.progress import (  # noqa: PLC0415 - keeps --help fast
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.text import Text  # noqa: PLC0415 - keeps --help fast

    class TimeNote(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(bar.describe())

    return Progress(
        TextColumn("{task.description:<12}", markup=False),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeNote(),
        console=RichConsole(stderr=True),
    )
