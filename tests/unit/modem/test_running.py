# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A module on real ports: pseudo-terminal and TCP, hosts that come and go, the whole road."""

from __future__ import annotations

import os
import re
import select
import socket
import termios
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dfota.errors import EndpointError, MisuseError, OutputError, StateDirectoryError
from dfota.modem import (
    BG96,
    CutPhase,
    Direction,
    ModuleOptions,
    PortPlace,
    Power,
    PowerCut,
    RunningModule,
    Speed,
    TranscriptEntry,
    Trust,
    VirtualModule,
    with_settings,
)
from dfota.modem.transcript import TranscriptFile

PATIENCE_S = 20.0
NEW_REVISION = "BG96MAR02A07M1G_01.019.01.019"


class Terminal:
    """The host's end of a pseudo-terminal."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.fd, data) :]

    def read_until(self, what: bytes) -> bytes:
        data = b""
        while what not in data:
            assert select.select([self.fd], [], [], PATIENCE_S)[0], data
            data += os.read(self.fd, 65536)
        return data

    def ask(self, line: bytes, what: bytes = b"OK\r\n") -> bytes:
        self.send(line)
        return self.read_until(what)

    def close(self) -> None:
        os.close(self.fd)


class Line(Terminal):
    """The host's end of a TCP connection."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("socket://").rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), PATIENCE_S)
        self.fd = self.socket.fileno()

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def run(tmp_path, lab):
    modules = []

    def start(**options) -> RunningModule:
        options = {
            "state": tmp_path / "module",
            "firmware": lab.old,
            "trust": Trust((lab.key.public_key,)),
            **options,
        }
        modules.append(RunningModule(ModuleOptions(**options)))
        return modules[-1]

    yield start
    for module in modules:
        module.close()


def test_a_pseudo_terminal_with_a_link_that_goes_at_the_end(run, tmp_path):
    link = tmp_path / "tty"
    module = run(pty_link=link)
    assert module.port == str(link)
    host = Terminal(module.port)
    assert b"AT\r\r\nOK\r\n" in host.ask(b"AT\r")
    host.close()
    module.close()
    assert not link.is_symlink()


def test_hosts_come_and_go_and_never_read_what_was_said_before(run):
    module = run()
    for _ in range(5):
        module.wait_running(PATIENCE_S)
        host = Terminal(module.port)
        assert host.ask(b"AT\r") == b"AT\r\r\nOK\r\n"
        host.send(b"AT+QGMR\r")
        host.close()
        module.cut_power()
        module.power_on()


def test_the_link_replaces_only_a_link_to_a_terminal(run, tmp_path):
    stale = tmp_path / "stale"
    stale.symlink_to("/dev/pts/999999")
    module = run(pty_link=stale)
    assert os.readlink(stale) != "/dev/pts/999999"
    module.close()
    for name, make in {
        "file": lambda path: path.write_text("precious"),
        "directory": lambda path: path.mkdir(),
        "link": lambda path: path.symlink_to("/etc/passwd"),
    }.items():
        path = tmp_path / name
        make(path)
        with pytest.raises(EndpointError, match="something else"):
            run(pty_link=path)
        assert path.is_symlink() or path.exists()
    assert (tmp_path / "file").read_text() == "precious"
    with pytest.raises(EndpointError):
        run(pty_link=tmp_path / "no" / "such" / "directory")


def test_a_link_that_became_somebody_elses_stays(run, tmp_path):
    link = tmp_path / "tty"
    module = run(pty_link=link)
    link.unlink()
    link.symlink_to("/dev/pts/999999")
    module.close()
    assert os.readlink(link) == "/dev/pts/999999"


def test_a_tcp_line_belongs_to_the_newest_host(run):
    module = run(tcp=("127.0.0.1", 0))
    assert module.port.startswith("socket://127.0.0.1:")
    module.wait_running(PATIENCE_S)
    first = Line(module.port)
    assert first.ask(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    second = Line(module.port)
    assert second.ask(b"AT\r") == b"\r\nOK\r\n"
    assert first.socket.recv(100) == b""
    first.close()
    assert second.ask(b"AT+CSQ\r") == b"\r\n+CSQ: 26,99\r\n\r\nOK\r\n"
    second.close()


def test_a_taken_tcp_port_is_an_endpoint_error(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(EndpointError):
            run(tcp=("127.0.0.1", taken.getsockname()[1]))
    with pytest.raises(EndpointError):
        run(tcp=("256.0.0.1", 1))


def test_both_ports_at_once_are_two_ports_of_the_module(run, tmp_path):
    module = run(pty_link=tmp_path / "tty", tcp=("127.0.0.1", 0))
    assert list(module.ports) == ["usbat", "uart1"]
    module.wait_running(PATIENCE_S)
    usb, uart = Terminal(module.ports["usbat"]), Line(module.ports["uart1"])
    uart.ask(b"ATE0\r")
    assert usb.ask(b"AT\r") == b"AT\r\r\nOK\r\n"
    uart.send(b"AT+CFUN=1,1\r")
    assert uart.read_until(b"OK\r\n") == b"\r\nOK\r\n"
    usb.read_until(b"SMS DONE\r\n")
    usb.close()
    uart.close()


@pytest.fixture
def web(package):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(package)))
            self.end_headers()
            self.wfile.write(package)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/update.zip"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_whole_road_with_a_power_cut(run, web):
    entries: list[TranscriptEntry] = []
    module = run(transcript=entries.append)
    module.wait_running(PATIENCE_S)
    module.arm_power_cut(PowerCut(CutPhase.RESTORE, 47))
    host = Terminal(module.port)
    host.ask(b"ATE0\r")
    host.send(f'AT+QFOTADL="{web}"\r'.encode())
    printed = host.read_until(b"SMS DONE\r\n").decode()
    report = module.wait_power_lost(PATIENCE_S)
    assert (report.phase, report.percent) == ("restore", 47)
    assert report == module.last_cut
    assert printed.startswith(
        '\r\nOK\r\n\r\n+QIND: "FOTA","HTTPSTART"\r\n\r\n+QIND: "FOTA","HTTPEND",0\r\n'
        '\r\n+QIND: "FOTA","START"\r\n\r\n+QIND: "FOTA","UPDATING", 1%\r\n'
    )
    assert "Last upgrade was not finished,continue upgrade" in printed
    assert module.wait_running(PATIENCE_S).revision.text == NEW_REVISION
    host.ask(b"ATE0\r")
    assert NEW_REVISION.encode() in host.ask(b"AT+QGMR\r")
    host.close()
    to_host = b"".join(entry.data for entry in entries if entry.direction is Direction.TO_HOST)
    assert printed.encode() in to_host


def test_a_refused_connection_is_702(run):
    module = run()
    module.wait_running(PATIENCE_S)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = Terminal(module.port)
        host.send(f'AT+QFOTADL="http://127.0.0.1:{taken.getsockname()[1]}/x"\r'.encode())
        assert host.read_until(b'"HTTPEND",702\r\n')
        host.close()


def test_an_upload_over_the_terminal(run, package):
    module = run()
    module.wait_running(PATIENCE_S)
    host = Terminal(module.port)
    host.ask(b"ATE0\r\n")
    host.ask(f'AT+QFUPL="EUFS:/fota/update.zip",{len(package)},5,0\r\n'.encode(), b"CONNECT\r\n")
    host.ask(package)
    host.send(b"AT+QFOTADL=1\r\n")
    host.read_until(b"SMS DONE\r\n")
    assert module.wait_running(PATIENCE_S).revision.text == NEW_REVISION
    host.close()


def test_a_download_of_megabytes_over_the_terminal(run):
    module = run()
    module.wait_running(PATIENCE_S)
    host = Terminal(module.port)
    host.ask(b"ATE0\r")
    data = bytes(range(256)) * 4096
    host.ask(f'AT+QFUPL="big",{len(data)}\r'.encode(), b"CONNECT\r\n")
    host.ask(data)
    answer = host.ask(b'AT+QFDWL="big"\r', b"+QFDWL: 1048576,0\r\n\r\nOK\r\n")
    assert answer == b"\r\nCONNECT\r\n" + data + b"\r\n+QFDWL: 1048576,0\r\n\r\nOK\r\n"
    host.close()


def test_power_by_hand(run):
    module = run()
    module.wait_running(PATIENCE_S)
    module.cut_power()
    assert module.power is Power.OFF
    assert module.wait_power_lost(PATIENCE_S).phase == "running"
    with pytest.raises(TimeoutError):
        module.wait_power_lost(0.01)
    with pytest.raises(TimeoutError):
        module.wait_running(0.01)
    module.power_on()
    assert module.wait_running(PATIENCE_S).model == "BG96"


def test_the_module_goes_on_where_the_last_process_left_it(run, package):
    # The supply never returns: the second process finds the flash as the cut left it.
    module = run(profile=with_settings(BG96, ["power_on_after_s=1e8"]), speed=Speed(1e6))
    module.wait_running(PATIENCE_S)
    module.arm_power_cut(PowerCut(CutPhase.RESTORE, 20))
    host = Terminal(module.port)
    host.ask(f'AT+QFUPL="EUFS:/fota/update.zip",{len(package)}\r'.encode(), b"CONNECT\r\n")
    host.ask(package)
    host.send(b"AT+QFOTADL=1\r")
    assert module.wait_power_lost(PATIENCE_S).percent == 20
    host.close()
    module.close()
    entries: list[TranscriptEntry] = []
    module = run(transcript=entries.append)
    assert module.wait_running(PATIENCE_S).revision.text == NEW_REVISION
    assert b"Last upgrade was not finished" in entries[0].data


def test_what_cannot_start_says_why_and_leaves_nothing_open(run, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").write_text("x")
    with pytest.raises(StateDirectoryError):
        run(state=tmp_path / "other")
    with pytest.raises(OutputError):
        run(transcript=tmp_path / "no" / "transcript")
    run()
    with pytest.raises(StateDirectoryError, match="another process"):
        run()


def test_a_closed_module_is_closed(run):
    module = run()
    module.close()
    module.close()
    with pytest.raises(MisuseError):
        module.cut_power()


def test_a_defect_reaches_whoever_waits(run, monkeypatch):
    module = run()
    module.wait_running(PATIENCE_S)
    monkeypatch.setattr(VirtualModule, "receive", lambda *_: 1 / 0)
    host = Terminal(module.port)
    host.send(b"AT\r")
    with pytest.raises(ZeroDivisionError):
        module.wait_power_lost(PATIENCE_S)
    host.close()


def test_a_transcript_file_has_every_write_on_a_line_of_its_own(run, tmp_path):
    path = tmp_path / "transcript"
    module = run(transcript=path)
    module.wait_running(PATIENCE_S)
    host = Terminal(module.port)
    host.ask(b"AT\r\n")
    host.close()
    module.close()
    lines = path.read_text().splitlines()
    assert re.fullmatch(r" {5}4\.9\d\d usbat < \\r\\nRDY\\r\\n", lines[0])
    assert any(line.endswith(r"usbat > AT\r\n") for line in lines)
    assert any(line.endswith(r"usbat < AT\r") for line in lines)
    assert lines[-1].endswith(r"usbat < \r\nOK\r\n")


def test_a_full_disk_under_the_transcript_does_not_stop_the_module():
    said = []
    record = TranscriptFile(Path("/dev/full"), said.append)
    for number in range(3):
        record(TranscriptEntry(number, "usbat", Direction.TO_HOST, b"RDY"))
    record.close()
    record.close()
    assert [error.path for error in said] == ["/dev/full"]


def test_the_usb_link_vanishes_at_a_restart_and_comes_back(run, tmp_path):
    link = tmp_path / "tty"
    module = run(
        profile=with_settings(BG96, ["reenumerates=true"]),
        ports=(
            PortPlace.parse(f"usbat=pty:{link}"),
            PortPlace.parse("usbmodem=tcp:127.0.0.1:0"),
            PortPlace.parse("uart1=tcp:127.0.0.1:0"),
        ),
        speed=Speed(20),
    )
    module.wait_running(PATIENCE_S)
    wait_for(link.is_symlink)
    before = os.readlink(link)
    addresses = module.ports
    usb, modem, uart = Terminal(str(link)), Line(addresses["usbmodem"]), Line(addresses["uart1"])
    uart.ask(b"AT\r")
    uart.send(b"AT+CFUN=1,1\r")
    assert modem.socket.recv(100) == b"", "the line is closed"
    wait_for(lambda: not link.is_symlink())
    with pytest.raises(OSError):
        Line(addresses["usbmodem"])
    wait_for(link.is_symlink)
    assert module.ports == addresses
    module.wait_running(PATIENCE_S)
    again = Line(addresses["usbmodem"])
    again.ask(b"AT\r")
    uart.ask(b"AT\r")
    for line in (usb, modem, uart, again):
        line.close()
    assert before.startswith("/dev/pts/")


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        select.select([], [], [], 0.005)


def test_ports_that_cannot_be_had_together_are_refused(run, tmp_path):
    for ports in (["usbat=pty", "usbat=tcp:127.0.0.1:0"], ["usbat=pty:a", "uart1=pty:a"]):
        with pytest.raises(MisuseError, match="twice"):
            run(ports=tuple(PortPlace.parse(text) for text in ports))
    with pytest.raises(MisuseError, match="alone"):
        run(ports=(PortPlace.parse("usbat=pty"),), pty_link=tmp_path / "tty")


@pytest.mark.parametrize(
    "text",
    ["usbat", "usb=pty", "usbat=pty:", "usbat=tcp", "usbat=tcp:x", "uart1=rfc2217:h:99999", "=pty"],
)
def test_a_place_that_is_none_is_refused(text):
    with pytest.raises(MisuseError):
        PortPlace.parse(text)


def test_a_pseudo_terminal_can_tell_the_speed_of_a_uart(run, tmp_path):
    module = run(
        profile=with_settings(BG96, ["pty_tells_speed=true"]),
        ports=(PortPlace.parse("uart1=pty"),),
    )
    module.wait_running(PATIENCE_S)
    host = Terminal(module.port)
    settings = termios.tcgetattr(host.fd)
    settings[4] = settings[5] = termios.B115200
    termios.tcsetattr(host.fd, termios.TCSANOW, settings)
    host.ask(b"AT\r")
    settings[4] = settings[5] = termios.B9600
    termios.tcsetattr(host.fd, termios.TCSANOW, settings)
    host.send(b"AT\r")
    assert not select.select([host.fd], [], [], 0.2)[0] or b"OK" not in os.read(host.fd, 100)
    host.close()
