# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""RFC 2217: the protocol without a socket, then pyserial's client on a real one."""

from __future__ import annotations

import socket
import time

import pytest
import serial
from hypothesis import given
from hypothesis import strategies as st

from dfota.modem import (
    BG96,
    HostLines,
    ModuleLines,
    ModuleOptions,
    PortPlace,
    RunningModule,
    with_settings,
)
from dfota.modem.endpoints.com_port import HELD_MAX_BYTES, ComPortSession
from dfota.modem.endpoints.telnet import (
    SUBNEGOTIATION_MAX_BYTES,
    Data,
    Subnegotiation,
    TelnetServer,
    escaped,
    subnegotiation,
)

# pyserial's own client calls Thread.setDaemon and setName.
pytestmark = pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")

IAC, WILL, WONT, DO, DONT, SB, SE = 255, 251, 252, 253, 254, 250, 240
COM_PORT = 44
RUNS = ModuleLines(dsr=True, cts=True)


class Client:
    """The other end of a session."""

    def __init__(self, modem=RUNS):
        self.sent = bytearray()
        self.data = bytearray()
        self.lines: list[HostLines] = []
        self.session = ComPortSession(
            "dfota uart1",
            send=self.sent.extend,
            on_data=self.data.extend,
            on_lines=self.lines.append,
        )
        self.session.begin(modem)

    def say(self, data: bytes) -> bytes:
        self.sent.clear()
        self.session.feed(data)
        return bytes(self.sent)

    def ask(self, command: int, data: bytes = b"") -> bytes:
        """One request; the content of the one answer."""
        answer = self.say(subnegotiation(COM_PORT, bytes((command,)) + data))
        if not answer:
            return b""
        assert answer.startswith(bytes((IAC, SB, COM_PORT, 100 + command)))
        assert answer.endswith(bytes((IAC, SE)))
        return answer[4:-2].replace(b"\xff\xff", b"\xff")


@pytest.fixture
def client():
    client = Client()
    client.say(bytes((IAC, WILL, COM_PORT)))
    return client


def test_what_we_ask_for_and_what_is_confirmed_goes_in_no_circle():
    client = Client()
    greeting = bytes(client.sent)
    assert bytes((IAC, DO, COM_PORT)) in greeting
    confirmed = client.say(
        b"".join(
            bytes((IAC, {WILL: DO, DO: WILL}[greeting[at + 1]], greeting[at + 2]))
            for at in range(0, len(greeting), 3)
        )
    )
    # Nothing but the first notice of the modem's lines.
    assert confirmed == subnegotiation(COM_PORT, b"\x6b\x30")
    assert client.say(bytes((IAC, WILL, COM_PORT))) == b""


def test_a_client_that_agrees_only_by_doing_gets_the_lines_too():
    client = Client()
    answer = client.say(subnegotiation(COM_PORT, b"\x01" + bytes(4)))
    assert answer.startswith(subnegotiation(COM_PORT, b"\x6b\x30"))


@pytest.mark.parametrize("option", range(256))
def test_every_option_that_is_asked_for_is_answered(option):
    answer = Client().say(bytes((IAC, DO, option)))
    expected = {0: b"", 3: b""}.get(  # those we had asked for ourselves
        option, bytes((IAC, WILL if option in (1, 44) else WONT, option))
    )
    assert answer == expected
    refused = Client().say(bytes((IAC, WILL, option)))
    assert option in (0, 3, 44) or refused == bytes((IAC, DONT, option))


@pytest.mark.parametrize("baud", [300, 9600, 115200, 921600, 4_000_000])
def test_the_speed_is_set_and_acknowledged(client, baud):
    assert client.ask(1, baud.to_bytes(4, "big")) == baud.to_bytes(4, "big")
    assert client.lines[-1].baud == baud
    assert client.ask(1, bytes(4)) == baud.to_bytes(4, "big"), "0 asks"


def test_an_impossible_speed_leaves_the_one_that_was(client):
    client.ask(1, (9600).to_bytes(4, "big"))
    assert client.ask(1, b"\xff\xff\xff\xff") == (9600).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("command", "good", "bad", "default"),
    [(2, 7, 9, 8), (3, 3, 6, 1), (4, 2, 4, 1)],
)
def test_the_frame_format_is_remembered(client, command, good, bad, default):
    assert client.ask(command, b"\0") == bytes((default,))
    assert client.ask(command, bytes((good,))) == bytes((good,))
    assert client.ask(command, bytes((bad,))) == bytes((good,))


@pytest.mark.parametrize("value", range(20))
def test_every_control_request_is_answered(client, value):
    asked = {0: 1, 4: 6, 7: 8, 10: 11, 13: 14}
    assert client.ask(5, bytes((value,))) == bytes((asked.get(value, value),))


def test_dtr_rts_and_break_reach_the_module(client):
    client.ask(5, b"\x09")
    assert client.lines[-1].dtr is False
    assert client.ask(5, b"\x07") == b"\x09"
    client.ask(5, b"\x0c")
    assert client.lines[-1].rts is False
    client.ask(5, b"\x05")
    assert client.lines[-1].is_breaking
    client.ask(5, b"\x06")
    client.say(bytes((IAC, 243)))
    assert [lines.is_breaking for lines in client.lines[-2:]] == [True, False]


def test_changes_of_the_modem_lines_are_notified_as_the_mask_says(client):
    client.sent.clear()
    client.session.show(ModuleLines(dsr=True, cts=True, ri=True))
    assert client.sent == subnegotiation(COM_PORT, b"\x6b\x70")
    client.sent.clear()
    client.session.show(RUNS)
    assert client.sent == subnegotiation(COM_PORT, b"\x6b\x34"), "the trailing edge of RI"
    client.sent.clear()
    client.session.show(ModuleLines())
    assert client.sent == subnegotiation(COM_PORT, b"\x6b\x03")
    assert client.ask(11, b"\x80") == b"\x80"
    client.sent.clear()
    client.session.show(RUNS)
    assert client.sent == b""
    client.session.show(ModuleLines(dsr=True, cts=True, dcd=True))
    assert client.sent == subnegotiation(COM_PORT, b"\x6b\x80")


def test_states_masks_purge_and_signature_are_answered(client):
    assert client.ask(6) == b"\x60"
    assert client.ask(7) == b"\x30"
    assert client.ask(10, b"\x0f") == b"\x0f"
    assert [client.ask(12, bytes((what,))) for what in (1, 2, 3)] == [b"\1", b"\2", b"\3"]
    assert client.ask(0) == b"dfota uart1"
    assert client.ask(0, b"my client") == b""


def test_a_client_can_suspend_us_and_purge_what_waited(client):
    client.ask(8)
    client.sent.clear()
    client.session.write(b"one")
    assert client.sent == b""
    assert client.say(subnegotiation(COM_PORT, b"\x09")) == b"one"
    client.ask(8)
    client.session.write(b"two")
    client.ask(12, b"\1")
    assert client.say(subnegotiation(COM_PORT, b"\x09")) == b""
    client.ask(8)
    for _ in range(3):
        client.session.write(bytes(HELD_MAX_BYTES // 2))
    assert len(client.say(subnegotiation(COM_PORT, b"\x09"))) == HELD_MAX_BYTES


@given(st.binary(max_size=300), st.lists(st.integers(1, 40), max_size=8))
def test_every_byte_goes_through_both_ways(data, cuts):
    client = Client()
    client.say(bytes((IAC, WILL, 0)))
    wire = escaped(data)
    for cut in cuts:
        client.session.feed(wire[:cut])
        wire = wire[cut:]
    client.session.feed(wire)
    assert client.data == data
    client.sent.clear()
    client.session.write(data)
    assert client.sent == escaped(data)


def test_a_person_with_a_telnet_program_is_understood():
    client = Client()
    client.say(b"AT\r\0AT\r\nx\0y")
    assert client.data == b"AT\rAT\r\nx\0y"


@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([bytes((IAC, SB)), b"\xff"]))))
def test_hostile_bytes_are_answered_in_bounds(pieces):
    client = Client()
    size = 0
    for piece in pieces:
        client.sent.clear()
        client.session.feed(piece)
        size += len(piece)
        assert len(client.sent) <= 4 * (len(piece) + 8)
    assert len(client.data) <= size


def test_a_subnegotiation_without_end_takes_no_memory():
    telnet = TelnetServer()
    assert list(telnet.feed(bytes((IAC, SB, COM_PORT)) + b"x" * 100_000)) == []
    assert len(telnet._option) <= SUBNEGOTIATION_MAX_BYTES + 1
    events = list(telnet.feed(bytes((IAC, SE)) + b"data" + subnegotiation(COM_PORT, b"\x07")))
    assert events == [Data(b"data"), Subnegotiation(COM_PORT, b"\x07")]


# -- pyserial ------------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path, lab):
    with RunningModule(
        ModuleOptions(
            state=tmp_path / "module",
            firmware=lab.old,
            profile=with_settings(BG96, ["urc_port=uart1"]),
            ports=(
                PortPlace.parse("usbat=pty"),
                PortPlace.parse("usbmodem=tcp:127.0.0.1:0"),
                PortPlace.parse("uart1=rfc2217:127.0.0.1:0"),
            ),
        )
    ) as module:
        module.wait_running(20)
        yield module


def ask(line, command, end=b"OK\r\n"):
    line.write(command + b"\r")
    answer = line.read_until(end)
    assert answer.endswith(end), answer
    return answer


def test_pyserial_opens_at_once_sets_the_speed_and_sees_the_lines(module):
    assert list(module.ports) == ["usbat", "usbmodem", "uart1"]
    before = time.monotonic()
    with serial.serial_for_url(module.ports["uart1"], baudrate=115200, timeout=10) as line:
        assert time.monotonic() - before < 2.5
        assert ask(line, b"AT") == b"AT\r\r\nOK\r\n"
        assert (line.dsr, line.cts, line.cd, line.ri) == (True, True, False, False)
        ask(line, b"AT&C0")
        ask(line, b"AT")  # the lines are notified behind the OK, and before the next answer
        assert line.cd
        ask(line, b"AT+IPR=9600")
        line.baudrate = 9600
        assert ask(line, b"AT") == b"AT\r\r\nOK\r\n"
        line.rts = False
        line.send_break(0.01)
        ask(line, b'AT+QFUPL="f",3', b"CONNECT\r\n")
        line.write(b"\xff\x00\r")
        assert b"+QFUPL: 3,f200" in line.read_until(b"OK\r\n")
        assert ask(line, b'AT+QFDWL="f"').startswith(b'AT+QFDWL="f"\r\r\nCONNECT\r\n\xff\x00\r')


def test_the_second_client_takes_the_line(module):
    with serial.serial_for_url(module.ports["uart1"], baudrate=115200, timeout=10) as first:
        ask(first, b"AT")
        with serial.serial_for_url(module.ports["uart1"], baudrate=115200, timeout=10) as second:
            ask(second, b"AT")
            with pytest.raises(serial.SerialException):
                first.read(1)


def test_what_is_no_client_at_all_does_no_harm(module):
    host, port = module.ports["uart1"].removeprefix("rfc2217://").rsplit(":", 1)
    for rubbish in (b"", b"\xff", b"\xff\xfa" + b"\x2c" * 5000, bytes(range(256)) * 50):
        with socket.create_connection((host, int(port)), 10) as line:
            line.sendall(rubbish)
    with serial.serial_for_url(module.ports["uart1"], baudrate=115200, timeout=10) as line:
        ask(line, b"AT")
