# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One table of a whole rack on a terminal, lines elsewhere; logs per module; it decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from dfota.cli.console import Console
from dfota.cli.durations import say_duration
from dfota.cli.rack_reports import say_error
from dfota.cli.upgrade_display import UpgradeDisplay
from dfota.errors import OutputError
from dfota.host import HostEvent, PhaseEntered, RackEntry, RackState, open_private

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_STYLES = {
    RackState.UPGRADED: "green",
    RackState.NOTHING_TO_DO: "green",
    RackState.FAILED: "red",
    RackState.UNKNOWN: "bold red",
    RackState.STOPPED: "yellow",
    RackState.RUNNING: "cyan",
}
_REFRESHES_PER_S = 4
_BAR_WIDTH = 20


class RackDisplay:
    """Shows what the rack tells; its threads call ``changed``, one at a time.

    Args:
        console: where words go.
        ports: name → port.
        logs: a folder for one log per module.
    """

    def __init__(self, console: Console, ports: Mapping[str, str], logs: Path | None) -> None:
        self._console = console
        self._ports = ports
        self._entries: Callable[[], tuple[RackEntry, ...]] = tuple
        self._logs = {} if logs is None else {name: _Log(logs / f"{name}.log") for name in ports}
        self._live: Live | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def watch(self, entries: Callable[[], tuple[RackEntry, ...]]) -> None:
        """Show *entries* from now on, live where a person looks."""
        self._entries = entries
        if not self._console.is_interactive:
            return
        from rich.console import Console as RichConsole  # noqa: PLC0415 - keeps --help fast
        from rich.live import Live  # noqa: PLC0415 - keeps --help fast

        self._live = Live(
            get_renderable=self._table,
            console=RichConsole(stderr=True),
            refresh_per_second=_REFRESHES_PER_S,
        )
        self._live.start()

    def close(self) -> None:
        """End the table; it stays on the screen as it was at last."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        for log in self._logs.values():
            log.close()

    def changed(self, entry: RackEntry, event: HostEvent | None) -> None:
        """Show that *entry* has changed."""
        if event is not None:
            self._console.event({"module": entry.name, **event.to_facts()})
        log = self._logs.get(entry.name)
        if log is not None:
            log.write(entry, event)
        if self._live is None and not self._console.as_json:
            line = _line(entry, event)
            if line:
                self._console.note(f"{entry.name:<16} {line}")

    @property
    def log_failures(self) -> tuple[OutputError, ...]:
        """The logs that the disk took no more of."""
        return tuple(log.failure for log in self._logs.values() if log.failure is not None)

    def _table(self) -> Table:
        from rich.table import Table  # noqa: PLC0415 - keeps --help fast
        from rich.text import Text  # noqa: PLC0415 - keeps --help fast

        table = Table(box=None, pad_edge=False)
        for title in ("module", "port", "state", "progress", "time", "revision"):
            table.add_column(title, no_wrap=title != "revision", overflow="ellipsis")
        for entry in self._entries():
            table.add_row(
                entry.name,
                Text(self._ports[entry.name]),
                Text(_state(entry), style=_STYLES.get(entry.state, "")),
                _progress(entry),
                say_duration(entry.seconds) if entry.seconds else "",
                Text(_revision(entry)),
            )
        return table


def _state(entry: RackEntry) -> str:
    if entry.state is RackState.RUNNING and entry.phase is not None:
        return str(entry.phase.value)
    return str(entry.state.value)


def _progress(entry: RackEntry) -> str:
    if entry.state is not RackState.RUNNING or entry.percent is None:
        return ""
    full = round(_BAR_WIDTH * entry.percent / 100)
    left = f" {say_duration(entry.left_s)} left" if entry.left_s else ""
    return f"{'━' * full:<{_BAR_WIDTH}} {entry.percent:3.0f} %{left}"


def _revision(entry: RackEntry) -> str:
    if entry.upgraded is not None:
        return entry.upgraded.revision_after
    if entry.error is not None:
        return str(entry.error)
    return entry.revision_before


def _line(entry: RackEntry, event: HostEvent | None) -> str:
    """What is worth a line where nobody sees a table; empty: nothing."""
    if isinstance(event, PhaseEntered):
        return str(event.phase.value)
    if event is not None or entry.state in {RackState.RUNNING, RackState.WAITING}:
        return ""
    if entry.error is not None:
        return f"{entry.state.value}: {say_error(entry.error)}"
    if entry.upgraded is not None:
        return f"{entry.state.value}: {entry.upgraded.revision_after}"
    return str(entry.state.value)


class _LogConsole(Console):
    """Writes what a person would read into a file, with the time of day."""

    def __init__(self, log: _Log) -> None:
        super().__init__()
        self._log = log

    @property
    def is_interactive(self) -> bool:
        return False

    def note(self, text: str) -> None:
        self._log.line(text)

    def warn(self, text: str) -> None:
        self._log.line(f"warning: {text}")


class _Log:
    """The log of one module; a disk that fills up stops no upgrade.

    Raises:
        OutputError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.failure: OutputError | None = None
        self._path = path
        try:
            self._stream: IO[bytes] = open_private(path, append=True)
        except OSError as error:
            raise OutputError(str(path), error.strerror or str(error)) from error
        self._display = UpgradeDisplay(_LogConsole(self))

    def write(self, entry: RackEntry, event: HostEvent | None) -> None:
        """Note what happened."""
        if event is not None:
            self._display.show(event)
        elif line := _line(entry, None):
            self.line(line)

    def line(self, text: str) -> None:
        """Write one line."""
        if self.failure is not None or self._stream.closed:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        try:
            self._stream.write(f"{now} {text}\n".encode(errors="replace"))
        except OSError as error:
            self.failure = OutputError(str(self._path), error.strerror or str(error))

    def close(self) -> None:
        self._stream.close()
