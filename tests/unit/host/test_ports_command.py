# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota ports`` tells what answers at a port, asks nobody it should not, and shows plain text."""

from __future__ import annotations

import json
from functools import partial

import pytest

from dfota.cli import ports as command
from dfota.cli import surroundings
from dfota.cli.main import run
from dfota.errors import PortError
from dfota.host import PortFacts, PortHolder, Session


@pytest.fixture
def wired(bench, monkeypatch: pytest.MonkeyPatch):
    def opened(port: str, *, baudrate: int):
        if port != "/dev/ttyUSB2":
            raise PortError(port, "no such file or directory")
        return bench.port.open()

    monkeypatch.setattr(command, "SerialxTransport", opened)
    virtual = partial(Session, clock=lambda: bench.module.now, pause=bench.port.pause)
    monkeypatch.setattr(command, "Session", virtual)
    return bench


def found(monkeypatch: pytest.MonkeyPatch, *ports: PortFacts) -> None:
    monkeypatch.setattr(command, "list_ports", lambda: list(ports))


AT_PORT = PortFacts("/dev/ttyUSB2", "/dev/ttyUSB2", "2c7c:0296", "BG96", "", "AT")


def test_the_module_behind_a_port_is_told(wired, monkeypatch, capsys) -> None:
    found(monkeypatch, AT_PORT)
    assert run(["ports", "--json"]) == 0
    (port,) = json.loads(capsys.readouterr().out)["ports"]
    assert port["answer"]["model"] == "BG96"
    assert port["answer"]["revision"] == wired.OLD
    assert wired.module.lines == ["AT", "ATI", "AT+QGMR"]


def test_a_port_that_is_held_or_has_another_role_is_not_asked(wired, monkeypatch, capsys) -> None:
    holder = PortHolder(812, "ModemManager", "sudo systemctl stop ModemManager")
    held = PortFacts("/dev/ttyUSB2", "/dev/ttyUSB2", role="AT", holders=(holder,))
    found(monkeypatch, held, PortFacts("/dev/ttyUSB1", "/dev/ttyUSB1", role="NMEA"))
    assert run(["ports"]) == 0
    out = capsys.readouterr().out
    assert "held by: ModemManager (process 812)" in out
    assert "free it: sudo systemctl stop ModemManager" in out
    assert wired.port.opened == 0


def test_nothing_is_opened_without_probing(wired, monkeypatch, capsys) -> None:
    found(monkeypatch, AT_PORT)
    assert run(["ports", "--no-probe"]) == 0
    assert "BG96 AT port 2c7c:0296" in capsys.readouterr().out
    assert wired.port.opened == 0


def test_silence_and_a_port_that_does_not_open_are_said(wired, monkeypatch, capsys) -> None:
    wired.module.deaf = True
    found(monkeypatch, AT_PORT, PortFacts("/dev/ttyUSB7", "/dev/ttyUSB7"))
    assert run(["ports"]) == 0
    out = capsys.readouterr().out
    assert "answers: nothing" in out
    assert "cannot be asked: port /dev/ttyUSB7: no such file" in out


def test_what_a_module_calls_itself_is_shown_as_plain_text(wired, monkeypatch, capsys) -> None:
    wired.module.answers["ATI"] = ("Evil\x1b[2J", "BG96", "OK")
    found(monkeypatch, AT_PORT)
    assert run(["ports"]) == 0
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("usb", "role", "told"),
    [("2c7c:0296", "AT", "usbat"), ("2c7c:0296", "modem", "usbmodem"), ("2c7c:6005", "", ""),
     ("0403:6001", "", "uart1"), ("", "", "")],
)  # fmt: skip
def test_usb_tells_which_port_of_the_module_it_is(monkeypatch, usb, role, told) -> None:
    port = PortFacts("/dev/serial/by-id/x", "/dev/ttyUSB2", usb, role=role)
    monkeypatch.setattr(surroundings, "list_ports", lambda **_: [port])
    assert surroundings.role_of("/dev/ttyUSB2") == told
    assert surroundings.role_of("/dev/serial/by-id/x") == told
    assert surroundings.role_of("/dev/ttyUSB3") == ""
