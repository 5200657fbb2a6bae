# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A wrong speed is noticed and the right one is named; who has spoken is not asked at others."""

from __future__ import annotations

from functools import partial

import pytest

from dfota.cli import port_options, ports, terminal
from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.cli.terminal_lines import Conversation
from dfota.errors import NoReplyError, WrongSpeedError
from dfota.host import PortFacts, Probed, Session, find_speed, get_attention

RIGHT = 9600


class Line:
    """The module listens at one speed; at all others it hears nothing and says noise."""

    def __init__(self, bench, baudrate: int) -> None:
        self.port = bench.port
        self.is_right = baudrate == RIGHT

    def read(self, timeout_s: float) -> bytes:
        data = self.port.read(timeout_s)
        return data if self.is_right else bytes(byte | 0x80 for byte in data)

    def write(self, data: bytes) -> None:
        if self.is_right:
            self.port.write(data)

    def close(self) -> None:
        self.port.close()


@pytest.fixture
def speeds(bench, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The speeds at which the port was opened."""
    opened: list[int] = []

    def transport(_port: str, *, baudrate: int) -> Line:
        opened.append(baudrate)
        bench.port.open()
        return Line(bench, baudrate)

    monkeypatch.setattr(port_options, "SerialxTransport", transport)
    virtual = partial(Session, clock=lambda: bench.module.now, pause=bench.port.pause)
    monkeypatch.setattr(port_options, "Session", virtual)
    monkeypatch.setattr(
        port_options,
        "find_speed",
        partial(find_speed, clock=lambda: bench.module.now, pause=bench.port.pause),
    )
    return opened


def options(baudrate: int = 115_200) -> port_options.PortOptions:
    return port_options.PortOptions("/dev/ttyUSB2", baudrate)


def test_a_wrong_speed_is_explained_with_the_right_one(bench, speeds) -> None:
    with (
        pytest.raises(WrongSpeedError) as caught,
        port_options.open_session(options()) as session,
    ):
        session.run(get_attention())
    assert (caught.value.baudrate, caught.value.found) == (115_200, RIGHT)
    assert caught.value.remedy == "Use --baudrate 9600."


def test_auto_finds_the_speed(bench, speeds, capsys) -> None:
    assert run(["info", "/dev/ttyUSB2", "--baudrate", "auto"]) == ExitCode.OK
    assert speeds[-1] == RIGHT
    assert bench.OLD in capsys.readouterr().out


def test_auto_finds_the_speed_of_the_terminal_and_of_a_port_in_the_list(
    bench, speeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (terminal, ports):
        monkeypatch.setattr(command, "SerialxTransport", port_options.SerialxTransport)
    monkeypatch.setattr(ports, "Session", port_options.Session)
    with terminal.open_port(options(port_options.AUTO), Conversation(), lambda _shown: None):
        assert speeds[-1] == RIGHT
    speeds.clear()
    probed = ports._probe(PortFacts("/dev/ttyUSB2", "/dev/ttyUSB2"), port_options.AUTO)
    assert isinstance(probed, Probed)
    assert probed.revision == bench.OLD
    assert speeds[-1] == RIGHT
    assert 0 not in speeds


def test_a_line_on_which_nothing_answers_is_told(bench, speeds, capsys) -> None:
    bench.module.deaf = True
    assert run(["info", "/dev/ttyUSB2", "--baudrate", "auto"]) == ExitCode.PORT
    assert "[host.wrong-speed]" in capsys.readouterr().err
    assert run(["info", "/dev/ttyUSB2"]) == ExitCode.PORT
    assert "[host.no-reply]" in capsys.readouterr().err


def test_a_module_that_has_spoken_is_asked_at_no_other_speed(bench, speeds) -> None:
    """It may be listening to data, and AT would become a part of it."""
    with (
        pytest.raises(NoReplyError),
        port_options.open_session(options(RIGHT)) as session,
    ):
        session.run(get_attention())
        bench.module.deaf = True
        session.run(get_attention())
    assert set(speeds) == {RIGHT}


def test_a_socket_has_no_speed(bench, speeds) -> None:
    bench.module.deaf = True
    with (
        pytest.raises(NoReplyError),
        port_options.open_session(port_options.PortOptions("socket://h:1", RIGHT)) as session,
    ):
        session.run(get_attention())
    assert speeds == [RIGHT]
