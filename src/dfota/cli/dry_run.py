# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What ``--dry-run`` finds out about one module, and how it is told; nothing is changed in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dfota.cli.check_table import refuse_failed, show_checks
from dfota.cli.console import Console
from dfota.cli.port_options import PortOptions, open_session
from dfota.errors import HostError
from dfota.host import (
    Examined,
    HostEvent,
    Plan,
    PlannedLine,
    examine,
    rehearse,
    upgrade,
)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What was found out.

    Attributes:
        examined: all checks.
        lines: what would be sent; empty where a check has failed.
    """

    examined: Examined
    lines: tuple[PlannedLine, ...] = ()

    @property
    def failure(self) -> HostError | None:
        """What an upgrade would have ended with, before its start."""
        try:
            refuse_failed(self.examined)
        except HostError as error:
            return error
        return None


def rehearse_at(
    port_options: PortOptions,
    plan: Plan,
    *,
    on_event: Callable[[HostEvent], None] | None = None,
    is_stopped: Callable[[], bool] | None = None,
) -> Rehearsed:
    """Make all checks at a port, and find out what would be sent.

    Raises:
        HostError: the module does not answer, or is no module of the family.
        PortError: the port cannot be opened.
    """
    with open_session(port_options, on_event=on_event, is_stopped=is_stopped) as session:
        rehearsed = Rehearsed(session.run(examine(plan)))
        if rehearsed.failure is not None:
            return rehearsed
        lines = session.run(rehearse(upgrade(plan), plan.target))
        return Rehearsed(rehearsed.examined, lines)


def print_rehearsed(console: Console, rehearsed: Rehearsed, *, module: str = "") -> None:
    """Print all of it; with *module*, as one of several."""
    if console.as_json:
        of: dict[str, Any] = {"module": module} if module else {}
        console.event({**of, "event": "examined", **rehearsed.examined.to_facts()})
        if rehearsed.failure is None:
            lines = [line.to_facts() for line in rehearsed.lines]
            console.event({**of, "event": "planned", "lines": lines})
        return
    if module:
        console.result({}, text=f"{module}:")
    show_checks(console, rehearsed.examined)
    if rehearsed.failure is None:
        rows = [_planned_row(line) for line in rehearsed.lines if line.changes]
        text = "\n".join(["would send, between questions:", *rows, "nothing was changed"])
        console.result({}, text=text)


def _planned_row(line: PlannedLine) -> str:
    size = f"   + {line.data_size:,} bytes" if line.data_size else ""
    return f"  {line.to_facts()['line']}{size}"
