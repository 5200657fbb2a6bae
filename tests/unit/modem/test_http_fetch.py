# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A list of updates over real sockets and real TLS: AT+QSSLCFG and AT+QHTTP… as hosts use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dfota.host import SerialxTransport
from dfota.modem import ModuleOptions, RunningModule, Speed
from dfota.server import PackageServer, TlsFiles
from dfota.testing import make_certificates

LIST = b"01.018:01.019:a.bin\r\n" * 40
PATIENCE_S = 20.0


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """Certificates: of the server, and of somebody else."""
    ours = make_certificates(tmp_path / "ours")
    foreign = make_certificates(tmp_path / "foreign")
    return {"ca.pem": ours.ca_path.read_bytes(), "foreign.pem": foreign.ca_path.read_bytes()}


@pytest.fixture
def server(tmp_path: Path, files: dict[str, bytes]) -> Iterator[PackageServer]:
    ours = tmp_path / "ours"
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "list.txt").write_bytes(LIST)
    tls = TlsFiles(ours / "ca.pem", ours / "cert.pem", ours / "key.pem")
    with PackageServer(tmp_path / "tree", tls=tls) as running:
        yield running


class Terminal:
    """The host's end of the module's port."""

    def __init__(self, port: str) -> None:
        self.transport = SerialxTransport(port)
        self.unread = b""

    def ask(self, data: bytes, what: bytes = b"OK\r\n") -> bytes:
        self.transport.write(data)
        return self.read_until(what)

    def read_until(self, what: bytes) -> bytes:
        while what not in self.unread:
            piece = self.transport.read(PATIENCE_S)
            assert piece, self.unread
            self.unread += piece
        end = self.unread.index(what) + len(what)
        data, self.unread = self.unread[:end], self.unread[end:]
        return data


@pytest.fixture
def terminal(tmp_path: Path, lab, files: dict[str, bytes]) -> Iterator[Terminal]:
    options = ModuleOptions(state=tmp_path / "module", firmware=lab.old, speed=Speed(None))
    with RunningModule(options) as module:
        terminal = Terminal(module.port)
        terminal.ask(b"ATE0\r")
        while b"+CEREG: 0,1" not in terminal.ask(b"AT+CEREG?\r"):
            pass
        terminal.ask(b"AT+QIACT=1\r")
        for name, data in files.items():
            terminal.ask(b'AT+QFUPL="%s",%d\r' % (name.encode(), len(data)), b"CONNECT\r\n")
            terminal.ask(data)
        yield terminal
        terminal.transport.close()


@pytest.mark.parametrize(
    ("settings", "result"),
    [
        ((), b"+QHTTPGET: 0,200,%d" % len(LIST)),
        (('"seclevel",1,1', '"cacert",1,"ca.pem"'), b"+QHTTPGET: 0,200,%d" % len(LIST)),
        (('"seclevel",1,1', '"cacert",1,"foreign.pem"'), b"+QHTTPGET: 716"),
        (('"seclevel",1,1', '"cacert",1,"missing.pem"'), b"+QHTTPGET: 716"),
        (('"sslversion",1,3', '"ciphersuite",1,0XC02F'), b"+QHTTPGET: 0,200,%d" % len(LIST)),
        (('"sslversion",1,1',), b"+QHTTPGET: 716"),  # the server speaks TLS 1.2 and newer
    ],
    ids=["unchecked", "right CA", "wrong CA", "missing CA", "one suite", "TLS 1.0"],
)
def test_a_list_is_fetched_over_https(server, terminal, settings, result):
    for setting in settings:
        terminal.ask(f"AT+QSSLCFG={setting}\r".encode())
    url = f"https://127.0.0.1:{server.port}/list.txt".encode()
    terminal.ask(b"AT+QHTTPURL=%d\r" % len(url), b"CONNECT\r\n")
    terminal.ask(url)
    told = terminal.ask(b"AT+QHTTPGET=60\r", b"+QHTTPGET: ") + terminal.read_until(b"\r\n")
    assert told == b"\r\nOK\r\n\r\n" + result + b"\r\n"
    if b"0,200" in result:
        answer = terminal.ask(b"AT+QHTTPREAD=60\r", b"+QHTTPREAD: 0\r\n")
        assert answer == b"\r\nCONNECT\r\n" + LIST + b"\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n"
