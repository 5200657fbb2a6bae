# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Libraries of Python that talk to modems, each on the virtual module's pseudo-terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import gsmmodem
import pytest
import serial
import serial.threaded

PATIENCE_S = 30.0
OWN = "+61400000001"
REVISION = "BG96MAR02A07M1G_01.018.01.018"


@pytest.fixture
def module(module_factory):
    return module_factory(subscriber_number=OWN)


# -- pyserial --------------------------------------------------------------------------


@pytest.fixture
def line(module):
    with serial.Serial(module.port, 115200, timeout=PATIENCE_S) as port:
        yield port


def test_pyserial_reads_until_the_end_of_a_reply(line):
    line.write(b"ATE0\r")
    assert line.read_until(b"OK\r\n") == b"ATE0\r\r\nOK\r\n"
    line.write(b"AT+QGMR\r")
    assert line.read_until(b"OK\r\n") == f"\r\n{REVISION}\r\n\r\nOK\r\n".encode()
    assert line.in_waiting == 0


def test_pyserial_changes_its_speed_and_nothing_is_lost(line):
    line.write(b"ATE0;+IPR=9600\r")
    line.read_until(b"OK\r\n")
    line.baudrate = 9600
    line.write(b"AT+IPR?\r")
    assert line.read_until(b"OK\r\n") == b"\r\n+IPR: 9600\r\n\r\nOK\r\n"


def test_a_protocol_thread_of_pyserial_gets_each_line_once(line):
    done = threading.Event()
    lines: list[str] = []

    class Lines(serial.threaded.LineReader):
        TERMINATOR = b"\r\n"

        def handle_line(self, data):
            lines.append(data)
            if data == "OK":
                done.set()

        def connection_lost(self, exc):
            if exc is not None:
                raise exc

    thread = serial.threaded.ReaderThread(line, Lines)
    thread.start()
    _, protocol = thread.connect()
    protocol.write_line("ATE0")
    assert done.wait(PATIENCE_S)
    done.clear()
    protocol.write_line("AT+CSQ")
    assert done.wait(PATIENCE_S)
    thread.stop()
    assert [text for text in lines if text][-2:] == ["+CSQ: 26,99", "OK"]


def test_miniterm_shows_what_the_module_answers(module):
    """The terminal of pyserial, run as a person runs it; its own input is a terminal, too."""
    master, slave = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "serial.tools.miniterm", "--raw", module.port, "115200"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        timer = threading.Timer(PATIENCE_S, process.kill)
        timer.start()
        seen = b""
        try:
            while b"Quit" not in seen:
                seen += os.read(master, 4096)
            os.write(master, b"AT+QGMR\r")
            while b"OK" not in seen.partition(b"AT+QGMR")[2]:
                seen += os.read(master, 4096)
        finally:
            os.write(master, b"\x1d")
            process.wait()
            timer.cancel()
            os.close(master)
    assert REVISION.encode() in seen


# -- python-gsmmodem -------------------------------------------------------------------


@pytest.fixture
def modem(module):
    received: list[object] = []
    came = threading.Event()

    def take(message: object) -> None:
        received.append(message)
        came.set()

    modem = gsmmodem.modem.GsmModem(module.port, 115200, smsReceivedCallbackFunc=take)
    modem.received, modem.came = received, came
    modem.connect()
    yield modem
    modem.close()


def test_gsmmodem_finds_out_all_about_the_module(modem):
    assert len(modem.imei) == 15
    assert modem.manufacturer == "Quectel"
    assert modem.model == "BG96"
    assert modem.revision == "BG96MAR02A07M1G"
    assert modem.imsi == "460023210226023"
    assert modem.signalStrength == 26
    assert modem.networkName == "Telstra Mobile Telstra"
    assert modem.smsc == "+61418706700"
    # Its pattern wants a name in quotes before the number; Quectel's modules print none.
    assert modem.ownNumber is None
    assert modem.waitForNetworkCoverage(PATIENCE_S) == 26


@pytest.mark.parametrize("is_text", [True, False], ids=["text", "pdu"])
def test_gsmmodem_sends_messages_and_is_told_of_their_arrival(modem, is_text):
    modem.smsTextMode = is_text
    sent = modem.sendSms(OWN, "There and back")
    assert sent.reference == 1
    assert modem.came.wait(PATIENCE_S)
    message = modem.received[0]
    assert message.text == "There and back"
    assert message.number == OWN
    assert modem.listStoredSms() == []
