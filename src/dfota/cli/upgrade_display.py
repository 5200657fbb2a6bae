# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the events of an upgrade into bars, notes or JSON lines; it decides nothing.

Rule 1. A terminal or a reader that went away ends no upgrade: nothing more is shown, and the
exit code and the state file tell the rest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

from dfota.cli.console import Console, ReaderLeftError
from dfota.cli.phase_bar import PhaseBar, describe_estimate
from dfota.host import (
    CertificatePlaced,
    CheckResult,
    CheckStatus,
    FolderRefused,
    HostEvent,
    Identified,
    KindChosen,
    ModulePoweredDown,
    ModuleRestarted,
    PackageLeft,
    PackageRemoved,
    Phase,
    PhaseEntered,
    PortLost,
    PortReturned,
    Progressed,
    SettingChanged,
    SettingLeft,
    SettingRestored,
    UpgradeContinued,
    UpgradeFound,
    UpgradeResumed,
    Uploaded,
)

_LEFT = {
    Phase.PREPARING: "Nothing was started: the module runs its old firmware.",
    Phase.UPLOADING: "Nothing was started: the module runs its old firmware. It waits up to 30 s "
    "for the rest of the file; the next run replaces it.",
    Phase.REBOOTING: "The module has reported success and is restarting; ask it with AT+QGMR.",
    Phase.CHECKING: "The module has reported success; ask it with AT+QGMR.",
}
_GOES_ON = "The module goes on by itself: leave it powered. "
_SERVER_ENDED = (
    "The package server has ended with this command: if the module has not the whole package "
    "yet, its download fails and it keeps its old firmware. "
)
_FOLLOW = "Follow it to its end, nothing is started twice: {}"
_HOSTED_MAX_PERCENT = 99
"""The module has the last bytes when it says so, not when we have sent them."""


def left_words(phase: Phase, *, is_hosting: bool, follow: str) -> str:
    """In which state the module is left when the host stops in *phase*."""
    if phase in _LEFT:
        return _LEFT[phase]
    server = _SERVER_ENDED if is_hosting and phase in {Phase.STARTING, Phase.DOWNLOADING} else ""
    return _GOES_ON + server + _FOLLOW.format(follow)


class UpgradeDisplay:
    """Turns events into one bar per phase, notes, or a stream of JSON lines.

    Args:
        console: where they go.
        follow: the command that follows an upgrade after Ctrl-C.
        is_hosting: whether the package server ends with this command.
    """

    def __init__(
        self,
        console: Console,
        *,
        follow: str = "dfota upgrade PORT --resume",
        is_hosting: bool = False,
    ) -> None:
        self._console = console
        self._follow = follow
        self._is_hosting = is_hosting
        self._phase = Phase.PREPARING
        self._bar = PhaseBar(console)
        # The server tells of its downloads from its own thread.
        self._lock = threading.RLock()
        self._served_percent = -1
        self._served_from: tuple[float, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the bar that is shown."""
        with self._showing():
            self._bar.end()

    def serving(self, url: str) -> None:
        """Say where the package is hosted for the module."""
        with self._showing():
            self._console.event({"event": "serving", "url": url})
            self._console.note(f"hosting the package at {url}")

    def downloaded(self, done: int, total: int) -> None:
        """Show the server's side of the download, where it is known; from any thread."""
        with self._showing():
            if self._phase is not Phase.DOWNLOADING or not total:
                return
            percent = min(100 * done // total, _HOSTED_MAX_PERCENT)
            if percent == self._served_percent:
                return
            self._served_percent = percent
            if self._bar.key is Phase.DOWNLOADING:
                self._bar.advance(percent, total=100, left_s=self._left_s(done, total))
            self._console.event({"event": "served", "done": done, "total": total})

    def interrupted(self) -> None:
        """Say in which state Ctrl-C leaves the module."""
        with self._showing():
            self._bar.end()
            left = left_words(self._phase, is_hosting=self._is_hosting, follow=self._follow)
            self._console.event({"event": "interrupted", "phase": self._phase.value, "left": left})
            self._console.warn(f"stopped in the phase {self._phase.value}. {left}")

    def show(self, event: HostEvent) -> None:
        """Show one event."""
        with self._showing():
            self._console.event(event.to_facts())
            self._show(event)

    @contextmanager
    def _showing(self) -> Iterator[None]:
        with self._lock, suppress(OSError, ReaderLeftError):
            yield

    def _left_s(self, done: int, total: int) -> float | None:
        """How long the rest takes at the pace so far; ``None`` while there is none."""
        now = time.monotonic()
        if self._served_from is None or done < self._served_from[1]:
            self._served_from = (now, done)
        since, sent = self._served_from
        return (now - since) * (total - done) / (done - sent) if done > sent else None

    def _show(self, event: HostEvent) -> None:
        match event:
            case PhaseEntered():
                self._enter(event)
            case Progressed(phase, percent, left_s):
                # After a power cut the same phase begins again, without being entered again.
                self._bar.begin(phase, phase.value, total=100)
                self._bar.advance(percent, left_s=left_s)
            case Uploaded(name, done, total):
                self._bar.begin(name, f"upload {name}"[:40], total=total)
                self._bar.advance(done)
            case Identified(manufacturer, model, revision, imei):
                self._note(f"{manufacturer} {model}, IMEI {imei or 'not told'}")
                self._note(f"runs {revision}")
            case CheckResult(check, CheckStatus.WARNED, found, remedy):
                self._bar.end()
                self._console.warn(f"{check}: {found}. {remedy}")
            case CheckResult(check, CheckStatus.PASSED, found):
                self._note(f"  {check}: {found}")
            case CertificatePlaced(name, _, was_there):
                self._note(f"  {name}: {'was there' if was_there else 'placed'}, verified")
            case KindChosen(kind, reason):
                self._note(f"treated as {kind}: {reason}")
            case SettingChanged(_, before, after):
                self._note(f"  set {after} (before: {before})")
            case SettingRestored(_, line):
                self._note(f"  put back {line}")
            case SettingLeft(_, line, reason):
                self._bar.end()
                self._console.warn(f"not put back, {reason}; send it yourself: {line}")
            case PackageRemoved(name):
                self._note(f"  removed {name} from the module")
            case PackageLeft(name, reason):
                self._bar.end()
                self._console.warn(f"{name} is still in the module and takes its room: {reason}")
            case FolderRefused(line, result):
                self._note(f"  {line}: {result}; trying the next folder")
            case UpgradeResumed(phase):
                self._phase = phase
                self._note(f"Going on with the upgrade, last known phase: {phase.value}.")
            case ModulePoweredDown(phase):
                self._bar.end()
                self._console.warn(
                    f"the module has shut down in the phase {phase.value}: switch it on"
                )
            case UpgradeFound():
                self._note("The module is in the middle of an upgrade: following it.")
            case UpgradeContinued():
                self._note("The power was cut; the module goes on with the upgrade.")
            case ModuleRestarted(phase):
                self._bar.end()
                self._console.warn(f"the module restarted in the phase {phase.value}")
            case PortLost():
                self._note("The port went away; waiting for it.")
            case PortReturned():
                self._console.note("The port is back.")
            case _:
                pass

    def _note(self, text: str) -> None:
        self._bar.end()
        self._console.note(text)

    def _enter(self, event: PhaseEntered) -> None:
        phase, expected_s, limit_s = event.phase, event.expected_s, event.limit_s
        self._phase = phase
        self._served_percent, self._served_from = -1, None
        if phase in {Phase.UPDATING, Phase.RESTORING}:
            self._bar.begin(phase, phase.value, total=100)
        elif phase in {Phase.DOWNLOADING, Phase.INSTALLING, Phase.REBOOTING}:
            self._bar.begin(phase, phase.value, total=None, expected_s=expected_s, limit_s=limit_s)
        else:
            self._bar.end()
        if not self._console.is_interactive and phase is not Phase.PREPARING:
            estimate = describe_estimate(expected_s, limit_s)
            self._console.note(f"{phase.value} ({estimate})" if estimate else phase.value)
