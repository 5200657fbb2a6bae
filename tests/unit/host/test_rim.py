# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rim: session, transcript, real pseudo-terminals and sockets."""

from __future__ import annotations

import os
import pty
import socket
import tty
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dfota.at import Form
from dfota.at.catalog.general import QGMR
from dfota.at.catalog.network import CSQ
from dfota.at.catalog.power import CFUN
from dfota.errors import CommandRefusedError, NoReplyError, OutputError, PortError
from dfota.host import SerialxTransport, Session, Transcript


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The module's end of a pseudo-terminal, and the name of the host's end."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    name = os.ttyname(theirs)
    os.close(theirs)
    yield ours, name
    os.close(ours)


def test_bytes_pass_a_pseudo_terminal_unchanged(terminal: tuple[int, str]) -> None:
    ours, name = terminal
    transport = SerialxTransport(name)
    every_byte = bytes(range(256))
    transport.write(every_byte)
    assert os.read(ours, 1000) == every_byte
    os.write(ours, every_byte)
    assert transport.read(5.0) == every_byte
    assert transport.read(0.0) == b""
    transport.close()
    transport.close()


def test_a_port_is_locked_against_a_second_updater(terminal: tuple[int, str]) -> None:
    _, name = terminal
    first = SerialxTransport(name)
    with pytest.raises(PortError, match="has it"):
        SerialxTransport(name)
    first.close()
    SerialxTransport(name).close()


@pytest.mark.parametrize(
    ("port", "words"),
    [
        ("/dev/there-is-no-such-port", "no such file"),
        ("socket://localhost", "host and port"),
        ("nonsense://x", "nonsense"),
    ],
)
def test_a_port_that_cannot_be_opened_is_told(port: str, words: str) -> None:
    with pytest.raises(PortError, match=f"(?i){words}") as caught:
        SerialxTransport(port)
    assert caught.value.port == port


def test_a_socket_that_is_closed_is_a_port_that_went_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        transport = SerialxTransport(f"socket://127.0.0.1:{server.getsockname()[1]}")
        peer, _ = server.accept()
        peer.sendall(b"RDY")
        assert transport.read(5.0) == b"RDY"
        peer.close()
        with pytest.raises(PortError):
            transport.read(5.0)
        transport.close()
        port = server.getsockname()[1]
    with pytest.raises(PortError, match="refused"):
        SerialxTransport(f"socket://127.0.0.1:{port}")


def test_a_terminal_whose_module_is_gone_is_a_port_that_went_away() -> None:
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    os.close(theirs)
    transport = SerialxTransport(name)
    os.close(ours)
    with pytest.raises(PortError):
        transport.read(5.0)
    with pytest.raises(PortError):
        transport.write(b"AT\r")
    transport.close()


def test_a_name_that_leads_to_another_device_is_a_port_that_went_away(
    terminal: tuple[int, str], tmp_path: Path
) -> None:
    _, name = terminal
    link = tmp_path / "port"
    link.symlink_to(name)
    transport = SerialxTransport(str(link))
    assert transport.read(0.0) == b""
    link.unlink()
    link.symlink_to("/dev/null")
    with pytest.raises(PortError, match="another device"):
        transport.read(0.0)
    link.unlink()
    with pytest.raises(PortError, match="another device"):
        transport.read(0.0)
    transport.close()


def test_a_session_asks_single_commands(any_bench) -> None:
    any_bench.module.answers["AT+CFUN=1,1"] = "+CME ERROR: 3"
    any_bench.module.answers["AT+CFUN?"] = None
    with any_bench.session() as session:
        assert any_bench.OLD in session.ask_ok(QGMR, Form.EXECUTE).lines
        assert "+CSQ: 26,99" in session.ask(CSQ, Form.EXECUTE).lines
        with pytest.raises(CommandRefusedError, match="CME ERROR: 3"):
            session.ask_ok(CFUN, Form.WRITE, fun=1, rst=1)
        with pytest.raises(NoReplyError, match=r"AT\+CFUN\?"):
            session.ask(CFUN, Form.READ)


def test_a_session_names_the_port_that_went_away(bench) -> None:
    with bench.session() as session:
        bench.port.vanish()
        with pytest.raises(PortError) as caught:
            session.ask(CSQ, Form.EXECUTE)
    assert caught.value.port == "fake"


def test_the_port_is_given_back(terminal: tuple[int, str]) -> None:
    _, name = terminal
    for _ in range(2):
        with Session(lambda: SerialxTransport(name), port=name):
            pass


def test_a_transcript_has_every_byte_both_ways(bench, tmp_path: Path) -> None:
    path = tmp_path / "transcript.txt"
    transcript = Transcript(path)
    with bench.session(transcript) as session:
        session.ask(CSQ, Form.EXECUTE)
    bench.module.now = 12.3456
    transcript.received(b"\\\xff\x00A\x7f", bench.module.now)
    transcript.note("port lost", bench.module.now)
    transcript.close()
    assert path.read_text().splitlines() == [
        r"     0.000 > AT+CSQ\r",
        r"     0.000 < AT+CSQ\r",
        r"     0.010 < \r\n+CSQ: 26,99\r\n\r\nOK\r\n",
        r"    12.346 < \\\xff\x00A\x7f",
        "    12.346 # port lost",
    ]


def test_a_transcript_says_when_it_began_and_goes_on_behind_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "transcript.txt"
    for minute in (1, 2):
        begun = datetime(2026, 12, 1, 1, minute, tzinfo=UTC)
        transcript = Transcript(path, date=lambda begun=begun: begun, append=minute == 2)
        transcript.sent(b"AT", 100.0)
        transcript.received(b"OK", 100.5)
        transcript.close()
    assert path.read_text().splitlines() == [
        "     0.000 # began 2026-12-01T01:01:00.000+00:00",
        "     0.000 > AT",
        "     0.500 < OK",
        "     0.000 # began 2026-12-01T01:02:00.000+00:00",
        "     0.000 > AT",
        "     0.500 < OK",
    ]


def test_a_transcript_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        Transcript(tmp_path)


def test_a_full_disk_ends_the_transcript_and_not_the_upgrade(bench) -> None:
    transcript = Transcript(Path("/dev/full"))
    with bench.session(transcript) as session:
        assert session.ask(CSQ, Form.EXECUTE).ok
    transcript.close()
    assert isinstance(transcript.failure, OutputError)
    assert "No space" in str(transcript.failure)
