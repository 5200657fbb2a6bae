# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The live view, driven by Textual's pilot: what it shows in 80x24, and what its keys do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from queue import Queue

import pytest
from textual.widgets import ProgressBar, RichLog, Static

from dfota.cli.modem_watch import WatchApp
from dfota.errors import ControlRefusedError

STATE = {
    "power": "running",
    "revision": "BG96MAR02A07M1G_01.018.01.018",
    "phase": "",
    "percent": 0,
    "time": {"virtual_s": 12.5, "is_paused": False, "speed": "1"},
    "flash": {
        "operations": 5,
        "sector_count": 100,
        "areas": {
            "journal": {"first": 2, "count": 2},
            "active": {"first": 4, "count": 50},
            "backup": {"first": 55, "count": 40},
        },
    },
}


class FakeChannel:
    """A module that says what the test wants."""

    def __init__(self) -> None:
        self.done: list[tuple[str, dict]] = []
        self.queue: Queue[dict | None] = Queue()
        self.closed = threading.Event()

    def facts(self, path: str) -> dict:
        return dict(STATE) if path == "state" else {"sim": "ready", "rssi": 26}

    def perform(self, verb: str, parameters: dict | None = None) -> dict:
        self.done.append((verb, parameters or {}))
        if verb == "power-on":
            raise ControlRefusedError(409, "x", "it will not")
        return {}

    def events(self, on_connection=lambda close: None) -> Iterator[dict]:
        on_connection(lambda: (self.closed.set(), self.queue.put(None)))
        while (event := self.queue.get()) is not None:
            yield event


@pytest.fixture
def channel():
    channel = FakeChannel()
    yield channel
    channel.queue.put(None)


def shown(app: WatchApp) -> str:
    return "\n".join(
        "".join(part.text for part in strip) for strip in app.screen._compositor.render_strips()
    )


async def until(pilot, condition):
    async with asyncio.timeout(20):
        while not condition():
            await pilot.pause(0.01)


async def drive(channel, script, size=(80, 24)):
    app = WatchApp(channel)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: "running" in shown(app))
        await script(app, pilot)
    assert channel.closed.is_set(), "the stream is left behind"


def test_traffic_phases_flash_and_world_are_shown(channel):
    async def script(app, pilot):
        for event in (
            {"kind": "bytes", "at_s": 13.0, "port": "usbat", "direction": ">", "text": r"AT\r"},
            {
                "kind": "bytes",
                "at_s": 13.1,
                "port": "uart1",
                "direction": "<",
                "text": r"\r\nOK\r\n",
            },
            {"kind": "phase", "at_s": 14.0, "phase": "updating", "percent": 40},
            {"kind": "flash", "at_s": 14.0, "operations": 77, "sector": 10, "text": "prog of 1"},
            {"kind": "world", "at_s": 14.0, "name": "rssi", "value": 3},
            {"kind": "cut", "at_s": 15.0, "text": "power lost in updating"},
            {"kind": "log", "at_s": 15.0, "text": "[not markup]"},
        ):
            channel.queue.put(event)
        await until(pilot, lambda: "not markup" in shown(app))
        text = shown(app)
        for expected in (
            r"usbat → AT\r", "uart1 ← OK", "77 operations", "rssi 3",
            "power lost in updating", "_01.018.01.018", "15.0 s",
        ):  # fmt: skip
            assert expected in text, text
        assert app.query_one("#bar-updating", ProgressBar).progress == 40
        assert app.query_one("#bar-download", ProgressBar).progress == 100
        assert "J" in str(app.query_one("#map", Static).render())

    asyncio.run(drive(channel, script))


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (200, 60)])
def test_nothing_breaks_at_any_size(channel, size):
    async def script(app, pilot):
        channel.queue.put({"kind": "bytes", "at_s": 1, "port": "usbat", "direction": "<",
                           "text": "x" * 500})  # fmt: skip
        await until(pilot, lambda: app.query_one("#traffic", RichLog).lines)

    asyncio.run(drive(channel, script, size))


def test_the_keys_are_verbs(channel):
    async def script(app, pilot):
        await pilot.press("c", "p", "s")
        await until(pilot, lambda: len(channel.done) == 3)
        assert sorted(channel.done) == [
            ("pause", {}), ("power-cut", {}), ("step", {"seconds": 1.0}),
        ]  # fmt: skip
        channel.queue.put({"kind": "time", "at_s": 13.0, "is_paused": True, "speed": "1"})
        await until(pilot, lambda: "PAUSED" in shown(app))
        await pilot.press("p", "o")
        await until(pilot, lambda: "it will not" in shown(app))
        assert ("resume", {}) in channel.done
        await pilot.press("q")

    asyncio.run(drive(channel, script))


def test_a_module_that_leaves_is_told(channel):
    async def script(app, pilot):
        channel.queue.put(None)
        await until(pilot, lambda: "the module has left" in shown(app))

    asyncio.run(drive(channel, script))


def test_help_loads_no_textual():
    code = (
        "import sys; from dfota.cli.main import run; run(['modem', '--help']);"
        "assert 'textual' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
