# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The live view of a module in a terminal; it shows events and asks verbs, and knows no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Protocol

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Footer, Label, ProgressBar, RichLog, Static

from dfota.errors import ControlRefusedError, DfotaError, EndpointError

_LINES_MAX = 2000
_MAP_WIDTH = 30
_ROWS_MAX = 8
_PHASES = ("download", "updating", "restore")
_PARTITIONS_MAX = 4
_AREA_MARKS = {"journal": "J", "plan": "P", "active": "A", "backup": "B", "checkpoints": "C"}


class Source(Protocol):
    """What the view needs of a control channel."""

    def facts(self, path: str) -> dict[str, Any]:
        """Read ``state`` or ``world``."""

    def perform(self, verb: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
        """Do a verb."""

    def events(
        self, on_connection: Callable[[Callable[[], None]], None] = ...
    ) -> Iterator[dict[str, Any]]:
        """Everything that happens."""


class Happened(Message):
    """An event of the module, or something that the view itself has to say."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        super().__init__()
        self.event = event


class Learned(Message):
    """A whole state of the module and its world."""

    def __init__(self, state: dict[str, Any], world: dict[str, Any]) -> None:
        super().__init__()
        self.state = state
        self.world = world


class WatchApp(App[None]):
    """AT traffic on the left, the module on the right, keys below."""

    TITLE = "dfota modem watch"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #top { height: 1; background: $primary; color: $text; }
    #traffic { width: 1fr; scrollbar-size-vertical: 1; background: $background; }
    #side { width: 33; padding: 0 1; background: $surface; }
    .bar { height: 1; }
    .bar Label { width: 10; }
    .bar ProgressBar { width: 22; }
    .bar Bar { width: 14; }
    .bar PercentageStatus { width: 6; }
    #map, #world, #flash { height: auto; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "verb('power-cut')", "Cut power"),
        Binding("o", "verb('power-on')", "Power on"),
        Binding("p", "pause", "Pause"),
        Binding("s", "step", "Step 1 s"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source
        self._state: dict[str, Any] = {}
        self._world: dict[str, Any] = {}
        self._touched: dict[int, int] = {}
        self._close: Callable[[], None] = lambda: None

    def compose(self) -> ComposeResult:
        """The widgets."""
        yield Static("", id="top")
        with Horizontal():
            yield RichLog(id="traffic", max_lines=_LINES_MAX, wrap=True, min_width=10)
            with Vertical(id="side"):
                for phase in _PHASES:
                    with Horizontal(classes="bar"):
                        yield Label(phase)
                        yield ProgressBar(100, show_eta=False, id=f"bar-{phase}")
                yield Static("", id="flash")
                yield Static("", id="map")
                yield Static("", id="world")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin to listen."""
        self.run_worker(self._listen, thread=True, exclusive=True)

    def on_unmount(self) -> None:
        """Stop listening."""
        self._close()

    # -- keys --------------------------------------------------------------------------

    def action_verb(self, verb: str, **given: Any) -> None:
        """Do a verb; a refusal is a line in the traffic."""
        self.run_worker(lambda: self._do(verb, given), thread=True)

    def action_pause(self) -> None:
        """Pause, or go on."""
        is_paused = self._state.get("time", {}).get("is_paused")
        self.action_verb("resume" if is_paused else "pause")

    def action_step(self) -> None:
        """One second."""
        self.action_verb("step", seconds=1.0)

    # -- events, in a thread -----------------------------------------------------------

    def _keep_close(self, close: Callable[[], None]) -> None:
        self._close = close

    def _do(self, verb: str, given: dict[str, Any]) -> None:
        try:
            self._source.perform(verb, given)
        except DfotaError as error:
            self._warn(f"{verb}: {error}")

    def _listen(self) -> None:
        try:
            self._read_facts()
            for event in self._source.events(self._keep_close):
                self.post_message(Happened(event))
                if event.get("kind") in {"power", "gap"}:
                    self._read_facts()
            self._warn("the module has left")
        except (EndpointError, ControlRefusedError) as error:
            self._warn(str(error))

    def _warn(self, text: str) -> None:
        self.post_message(Happened({"kind": "warning", "text": text}))

    def _read_facts(self) -> None:
        self.post_message(Learned(self._source.facts("state"), self._source.facts("world")))

    def on_happened(self, message: Happened) -> None:
        """Show it, in the thread of the screen."""
        self.show(message.event)

    def on_learned(self, message: Learned) -> None:
        """Show it, in the thread of the screen."""
        self.take(message.state, message.world)

    # -- what is shown -----------------------------------------------------------------

    def take(self, state: Mapping[str, Any], world: Mapping[str, Any]) -> None:
        """Show a whole state."""
        self._state, self._world = dict(state), dict(world)
        self._show_phase(state.get("phase", ""), state.get("percent", 0))
        self._refresh_all()

    def show(self, event: Mapping[str, Any]) -> None:
        """Show one event."""
        match event.get("kind"):
            case "bytes":
                arrow = {">": "→", "<": "←"}.get(str(event["direction"]), "?")
                style = "cyan" if arrow == "→" else "green"
                text = _line(str(event["text"])) if arrow == "←" else event["text"]
                self._say(f"{event['at_s']:8.2f} {event['port']} {arrow} {text}", style)
            case "power":
                self._state["power"] = event["power"]
            case "phase":
                self._state["phase"], self._state["percent"] = event["phase"], event["percent"]
                self._show_phase(event["phase"], event["percent"])
            case "flash":
                self._state.setdefault("flash", {})["operations"] = event["operations"]
                if event.get("sector") is not None:
                    self._touched[int(event["sector"])] = int(event["operations"])
                self._state["flash"]["text"] = event.get("text", "")
            case "world":
                self._world[str(event["name"])] = event["value"]
            case "time":
                self._state["time"] = {**self._state.get("time", {}), **event}
            case "cut":
                self._say(f"{event['at_s']:8.2f} {event['text']}", "bold red")
            case "warning":
                self._say(str(event["text"]), "red")
            case "log" | "scenario" | "port" | "gap":
                text = " ".join(f"{k}={v}" for k, v in event.items() if k not in ("at_s", "kind"))
                self._say(f"{event.get('at_s', 0):8.2f} {event['kind']}: {text}", "yellow")
        if "at_s" in event:
            self._state.setdefault("time", {})["virtual_s"] = event["at_s"]
        self._refresh_all()

    def _say(self, text: str, style: str) -> None:
        self.query_one("#traffic", RichLog).write(Text(text, style=style, overflow="fold"))

    def _show_phase(self, phase: str, percent: int) -> None:
        if phase in _PHASES:
            for earlier in _PHASES[: _PHASES.index(phase)]:
                self.query_one(f"#bar-{earlier}", ProgressBar).update(progress=100)
            self.query_one(f"#bar-{phase}", ProgressBar).update(progress=percent)
            for later in _PHASES[_PHASES.index(phase) + 1 :]:
                self.query_one(f"#bar-{later}", ProgressBar).update(progress=0)

    def _refresh_all(self) -> None:
        time = self._state.get("time", {})
        power = self._state.get("power", "?")
        paused = " PAUSED" if time.get("is_paused") else ""
        top = (
            f" {power}{paused}  {self._state.get('revision') or 'no firmware runs'}  "
            f"{time.get('virtual_s', 0):.1f} s"
        )
        self.query_one("#top", Static).update(Text(top, no_wrap=True))
        flash = self._state.get("flash", {})
        partitions = "\n".join(
            f"{entry['name']:<12}{entry['size']:>10,} {entry['digest'][:8]}"
            for entry in flash.get("partitions", ())[:_PARTITIONS_MAX]
        )
        newest = f"{flash.get('operations', 0):,} operations\n{flash.get('text', '')}"
        self.query_one("#flash", Static).update(Text(f"{partitions}\n{newest}".strip()))
        self.query_one("#map", Static).update(self._map(flash))
        shown = ("sim", "coverage", "rat", "rssi", "supply_mv", "packets")
        world = "\n".join(f"{name} {self._world[name]}" for name in shown if name in self._world)
        self.query_one("#world", Static).update(Text(world))

    def _map(self, flash: Mapping[str, Any]) -> Text:
        """Sectors as letters of their area; what was written lately is bright."""
        count, areas = int(flash.get("sector_count", 0)), flash.get("areas", {})
        if not count:
            return Text("")
        cells = min(count, _MAP_WIDTH * _ROWS_MAX)
        newest = max(self._touched.values(), default=0)
        text = Text()
        for cell in range(cells):
            first, last = cell * count // cells, max(1, (cell + 1) * count // cells) - 1
            mark = next(
                (
                    _AREA_MARKS.get(name, "?")
                    for name, area in areas.items()
                    if area["first"] <= first < area["first"] + area["count"]
                ),
                "·",
            )
            touched = max((self._touched.get(s, 0) for s in range(first, last + 1)), default=0)
            style = "dim"
            if touched:
                style = "bold black on yellow" if newest - touched < 64 else "bold yellow"
            text.append(mark, style)
            if cell % _MAP_WIDTH == _MAP_WIDTH - 1:
                text.append("\n")
        return text


def _line(text: str) -> str:
    """What the module wrote, without the line ends around it."""
    end = r"\r\n"
    while text.startswith(end):
        text = text.removeprefix(end)
    while text.endswith(end):
        text = text.removesuffix(end)
    return text.replace(end, " ⏎ ") or "⏎"
