# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the events of an upgrade into bars, notes or JSON lines; it decides nothing."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Self

from dfota.cli.console import Advance, Console
from dfota.host import (
    CheckResult,
    CheckStatus,
    HostEvent,
    Identified,
    ModuleRestarted,
    Phase,
    PhaseEntered,
    PortLost,
    PortReturned,
    Progressed,
    UpgradeContinued,
    UpgradeFound,
    Uploaded,
)

_LEFT = {
    Phase.PREPARING: "Nothing was started: the module runs its old firmware.",
    Phase.UPLOADING: "Nothing was started. The module waits up to 30 s for the rest of the "
    "file; the next run replaces it.",
    Phase.REBOOTING: "The module has reported success and is restarting; ask it with AT+QGMR.",
}
_GOES_ON = (
    "The module goes on by itself: leave it powered. Run the same command again to follow "
    "it to its end; nothing is started twice."
)


class UpgradeDisplay:
    """Turns events into one bar per phase, notes, or a stream of JSON lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._phase = Phase.PREPARING
        self._bar = ExitStack()
        self._bar_of: object = None
        self._advance: Advance = lambda _position: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the bar that is shown."""
        self._bar.close()
        self._bar_of = None

    def downloaded(self, done: int, total: int) -> None:
        """Show the server's side of the download, where it is known; from any thread."""
        if self._phase is Phase.DOWNLOADING and self._bar_of is Phase.DOWNLOADING and total:
            self._advance(100 * done / total)

    def interrupted(self) -> None:
        """Say in which state Ctrl-C leaves the module."""
        self.close()
        left = _LEFT.get(self._phase, _GOES_ON)
        self._console.event({"event": "interrupted", "phase": self._phase.value, "left": left})
        self._console.warn(f"stopped in the phase {self._phase.value}. {left}")

    def show(self, event: HostEvent) -> None:
        """Show one event."""
        self._console.event(event.to_facts())
        match event:
            case PhaseEntered(phase):
                self._enter(phase)
            case Progressed(phase, percent):
                # After a power cut the same phase begins again, without being entered again.
                self._show_bar(phase, phase.value, 100)
                self._advance(percent)
            case Uploaded(name, done, total):
                self._show_bar(name, f"upload {name}"[:40], total)
                self._advance(done)
            case Identified(manufacturer, model, revision, imei):
                self._console.note(f"{manufacturer} {model}, IMEI {imei or 'not told'}")
                self._console.note(f"runs {revision}")
            case CheckResult(check, CheckStatus.WARNED, found, remedy):
                self.close()
                self._console.warn(f"{check}: {found}. {remedy}")
            case CheckResult(check, CheckStatus.PASSED, found):
                self._console.note(f"  {check}: {found}")
            case UpgradeFound():
                self._console.note("The module is in the middle of an upgrade: following it.")
            case UpgradeContinued():
                self.close()
                self._console.note("The power was cut; the module goes on with the upgrade.")
            case ModuleRestarted(phase):
                self.close()
                self._console.warn(f"the module restarted in the phase {phase.value}")
            case PortLost():
                self.close()
                self._console.note("The port went away; waiting for it.")
            case PortReturned():
                self._console.note("The port is back.")
            case _:
                pass

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        if phase in {Phase.UPDATING, Phase.RESTORING}:
            self._show_bar(phase, phase.value, 100)
        elif phase in {Phase.DOWNLOADING, Phase.REBOOTING}:
            self._show_bar(phase, phase.value, None)
        else:
            self.close()
        if not self._console.is_interactive and phase is not Phase.PREPARING:
            self._console.note(phase.value)

    def _show_bar(self, key: object, label: str, total: float | None) -> None:
        if self._bar_of == key:
            return
        self.close()
        self._bar_of = key
        self._advance = self._bar.enter_context(self._console.progress(label, total))
