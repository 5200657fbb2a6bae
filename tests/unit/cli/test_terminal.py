# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota at`` for scripts, and its screen, with a virtual module behind the port."""

from __future__ import annotations

import asyncio
import io
import json
import queue
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from dfota.cli import terminal, terminal_prompt
from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.cli.terminal_history import HistoryFile
from dfota.cli.terminal_lines import Conversation, Shown
from dfota.cli.terminal_port import TerminalPort
from dfota.errors import PortError


@pytest.fixture
def wired(port, monkeypatch: pytest.MonkeyPatch):
    """``dfota at`` at the module, on the module's clock."""
    monkeypatch.setattr(terminal, "SerialxTransport", lambda _port, *, baudrate: port)
    while port.read(30):
        pass  # it has booted
    virtual = partial(TerminalPort, clock=lambda: port.now, pause=lambda _seconds: None)
    monkeypatch.setattr(terminal, "TerminalPort", virtual)
    return port


def at(*words: object, code: ExitCode = ExitCode.OK) -> None:
    assert run(["at", "port", *map(str, words)]) == code


# -- a few lines of a script --------------------------------------------------------------------


def test_answers_are_printed_as_they_are(wired, capsys) -> None:
    at("-c", "ATI", "-c", "AT+CSQ")
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == ["Quectel", "BG96"]
    assert out[-2:] == ["+CSQ: 26,99", "OK"]


def test_a_failed_command_ends_it_with_its_meaning_and_code_7(wired, capsys) -> None:
    at("-c", 'AT+QFDEL="x"', "-c", "ATI", code=ExitCode.REFUSED)
    out, err = capsys.readouterr()
    assert out == "+CME ERROR: 405\n"
    assert "+CME ERROR: 405 (File not found)" in err
    at("-k", "-c", 'AT+QFDEL="x"', "-c", "ATI", code=ExitCode.REFUSED)
    assert "BG96" in capsys.readouterr().out


def test_lines_come_from_a_pipe_and_leave_as_json(wired, capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("AT+CSQ\n\n# a comment\nAT+CGMM\n"))
    at("--json")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["line"] for event in events] == ["AT+CSQ", "AT+CGMM"]
    assert events[1]["information"] == ["BG96"]
    assert events[1]["result"] == "OK"
    assert events[1]["ok"]


def test_the_line_behind_a_prompt_is_the_text(wired, capsys) -> None:
    at("-c", "AT+CMGF=1", "-c", 'AT+CMGS="+4917012345"', "-c", "Hello")
    assert "+CMGS: " in capsys.readouterr().out
    at("-c", 'AT+CMGS="+4917012345"', code=ExitCode.USAGE)
    assert "asks for text" in capsys.readouterr().err
    at("-c", "AT")  # the module is not left at its prompt


def test_files_go_up_and_down(wired, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.bin").write_bytes(bytes(range(256)) * 9)
    at("-c", ":put a.bin", "-c", ":get a.bin b.bin", "-c", 'AT+QFLST="a.bin"')
    assert Path("b.bin").read_bytes() == Path("a.bin").read_bytes()
    assert '+QFLST: "a.bin",2304' in capsys.readouterr().out
    at("-c", 'AT+QFUPL="c.bin",2304', "-c", ":send a.bin", "-c", ":get c.bin d.bin")
    assert Path("d.bin").read_bytes() == Path("a.bin").read_bytes()
    at("-c", ":get a.bin", code=ExitCode.OUTPUT)  # it is there already
    at("-c", ":get ../../x", code=ExitCode.REFUSED)
    at("-c", ":put nowhere", code=ExitCode.INPUT)
    at("-c", ":send a.bin", code=ExitCode.USAGE)
    at("-c", ":nonsense", code=ExitCode.USAGE)


def test_waiting_prints_what_the_module_says_by_itself(wired, capsys) -> None:
    at("-c", "AT+CFUN=1,1", "--wait", 60)
    out = capsys.readouterr().out
    assert out.splitlines()[0] == "OK"
    assert "* APP RDY" in out
    at("-c", "AT+CFUN=1,1", "--wait", 60, "--json")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"event": "urc", "text": "RDY", "meaning": ""} in events


def test_silence_is_told(wired, capsys) -> None:
    wired.spoil = lambda _data: b""
    at("--timeout", 3, "-c", "AT", code=ExitCode.PORT)
    assert "no answer to AT within 3" in capsys.readouterr().err


def test_a_port_that_goes_away_is_opened_again(wired, capsys, monkeypatch) -> None:
    read, opened = wired.read, [0]

    def unplugged(timeout_s: float) -> bytes:
        raise PortError("port", "device disconnected")

    def reopen(_port: str, *, baudrate: int):
        opened[0] += 1
        if opened[0] == 2:
            raise PortError("port", "no such file")
        if opened[0] > 2:
            wired.read = read
        return wired

    monkeypatch.setattr(terminal, "SerialxTransport", reopen)
    wired.read = unplugged
    at("-c", "AT+CSQ", code=ExitCode.PORT)
    assert "it went away behind AT+CSQ" in capsys.readouterr().err
    opened[0] = 0
    wired.read = unplugged
    monkeypatch.setattr(terminal, "PUMP_S", 1.0)
    at("-k", "-c", "AT+CSQ", "--wait", 5, code=ExitCode.PORT)
    assert "the port is back" in capsys.readouterr().err


def test_the_transcript_has_every_byte(wired, tmp_path: Path) -> None:
    at("-c", "AT+CGMM", "--transcript", tmp_path / "t.txt")
    text = (tmp_path / "t.txt").read_text()
    assert "> AT+CGMM\\r" in text
    assert "\\r\\nBG96\\r\\n\\r\\nOK\\r\\n" in text


# -- the screen ---------------------------------------------------------------------------------


ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[A-Za-z])")


class Terminal:
    """A person at the screen: types, and sees what a terminal would be sent."""

    def __init__(self, wired, folder: Path) -> None:
        self.history = HistoryFile(folder / "at_history")
        self.screen_bytes = io.StringIO()
        self._wired = wired

    def run(self, *steps: tuple[str, str]) -> str:
        """Type each step when the screen shows the words before it; gives what was shown."""
        lines: queue.SimpleQueue[Shown] = queue.SimpleQueue()
        conversation = Conversation()
        guard = threading.Lock()  # the virtual module is not made for two threads
        read = self._wired.read

        def patient(timeout_s: float) -> bytes:
            with guard:
                data = read(timeout_s)
            if not data:
                time.sleep(0.001)
            return data

        self._wired.read = patient
        output = Vt100_Output(
            self.screen_bytes, lambda: Size(rows=40, columns=100), term="xterm", enable_cpr=False
        )
        with (
            create_pipe_input() as keys,
            create_app_session(input=keys, output=output),
            TerminalPort(
                lambda: self._wired,
                conversation,
                lines.put,
                name="port",
                clock=time.monotonic,
            ) as port,
        ):
            screen = terminal_prompt.Screen(port, self.history)

            async def play() -> None:
                running = asyncio.create_task(screen.run(lines))
                for awaited, typed in steps:
                    await self._see(awaited, running)
                    keys.send_text(typed)
                await asyncio.wait_for(running, 10)

            asyncio.run(play())
        return self.screen_bytes.getvalue()

    async def _see(self, words: str, running: asyncio.Task[None]) -> None:
        for _ in range(1000):
            # What is drawn in two steps has escape sequences in between.
            drawn = self.screen_bytes.getvalue()
            if words in drawn or words in ESCAPES.sub("", drawn):
                return
            assert not running.done(), running
            await asyncio.sleep(0.01)
        pytest.fail(f"the screen never showed {words!r}:\n{self.screen_bytes.getvalue()!r}")


@pytest.fixture
def person(wired, tmp_path: Path) -> Terminal:
    return Terminal(wired, tmp_path)


def test_a_person_asks_and_sees_the_answer(person: Terminal) -> None:
    seen = person.run(
        ("Ctrl-D leaves", "AT+CSQ\r"),
        ("(-61 dBm)", 'AT+QFDEL="x"\r'),
        ("(File not found)", ":quit\r"),
    )
    assert "+CSQ: 26,99" in seen
    assert person.history.load() == ["AT+CSQ", 'AT+QFDEL="x"']


def test_tab_completes_and_f1_explains(person: Terminal) -> None:
    seen = person.run(
        ("Ctrl-D leaves", "AT+CFU\t"),
        ("AT+CFUN", "=\x1bOP"),
        ("Set the functionality", "1\r"),
        ("OK", "\x04"),
    )
    assert "write    AT+CFUN=<fun>" in seen
    assert person.history.load() == ["AT+CFUN=1"]


def test_text_is_asked_for_and_a_pin_is_not_kept(person: Terminal) -> None:
    seen = person.run(
        ("Ctrl-D leaves", "AT+CMGF=1\r"),
        ("OK", 'AT+CMGS="+4917012345"\r'),
        ("text>", "Hello there\x1a"),
        ("+CMGS: ", "AT+CPIN=1234\r"),
        ("three wrong tries lock the card", "\x04"),
    )
    assert "text, then Ctrl-Z" in seen
    kept = person.history.load()
    assert kept == ["AT+CMGF=1", 'AT+CMGS="+4917012345"']


def test_what_the_module_says_never_plays_with_the_terminal(person: Terminal, wired) -> None:
    spoil = wired.spoil
    wired.spoil = lambda data: spoil(data).replace(b"BG96", b"\x1b]0;owned\x07\x1b[2J")
    seen = person.run(("Ctrl-D leaves", "AT+CGMM\r"), ("\\x1b[2J", "\x04"))
    assert "\x1b]0;owned" not in seen
    assert "\\x1b]0;owned\\x07" in seen


def test_ctrl_c_stops_waiting_and_ctrl_d_leaves(person: Terminal, wired) -> None:
    lost: Callable[[bytes], bytes] = lambda _data: b""  # noqa: E731
    wired.spoil = lost
    seen = person.run(
        ("Ctrl-D leaves", "AT+COPS=?\r"),
        ("…", "\x03"),
        ("stopped waiting", "\x03"),
        ("Ctrl-D leaves", "\x04"),
    )
    assert "stopped waiting" in seen


def test_the_screen_survives_a_port_that_goes_away(person: Terminal, wired) -> None:
    read, calls = wired.read, [0]

    def flaky(timeout_s: float) -> bytes:
        calls[0] += 1
        if calls[0] == 20:
            raise PortError("port", "device disconnected")
        return read(timeout_s)

    wired.read = flaky
    person.run(("the port is back", "AT+CSQ\r"), ("+CSQ: 26,99", "\x04"))


def test_the_command_opens_the_screen_for_a_person_only(wired, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for stream in ("stdin", "stdout"):
        monkeypatch.setattr(f"sys.{stream}.isatty", lambda: True, raising=False)
    shown = io.StringIO()
    size = Size(rows=40, columns=100)
    output = Vt100_Output(shown, lambda: size, term="xterm", enable_cpr=False)
    with create_pipe_input() as keys, create_app_session(input=keys, output=output):
        keys.send_text("\x04")
        at()
    assert "Ctrl-D leaves" in shown.getvalue()
