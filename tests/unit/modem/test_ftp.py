# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The FTP download of the kin, against a server that the test plays and against real sockets."""

from __future__ import annotations

import asyncio
import re
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.at import FTP_SCHEMES, parse_location
from dfota.modem import Closed, Connected, Failed, NetworkFailure, Received
from dfota.modem.ftp_dialogue import LINE_MAX_BYTES, FtpReply, FtpReplyDecoder
from dfota.modem.ftp_download import FtpDownload, FtpEnd, FtpOutcome

BODY = bytes(range(256)) * 40
URL = "ftp://test:secret@ftp.example.com:2121/a.bin"


def qind(stage: str, *numbers: int) -> str:
    return ",".join(('+QIND: "FOTA"', f'"{stage}"', *map(str, numbers)))


class Server:
    """Answers by a table; the data connection gives *body* and is closed."""

    def __init__(self, bench, body: bytes = BODY, **replies: str) -> None:
        self.bench = bench
        self.body = body
        self.replies = {
            "USER": "331 password please",
            "PASS": "230 welcome",
            "TYPE": "200 binary",
            "SIZE": f"213 {len(BODY)}",
            "EPSV": "229 entering (|||5000|)",
            "RETR": "150 here it comes",
            **replies,
        }
        self.greeting = self.replies.pop("greeting", "220 hello")
        self.last = self.replies.pop("last", "226 done")
        self.seen = 0
        self.answered = 0
        self.is_asked = False
        self.commands: list[str] = []

    @property
    def links(self) -> list:
        return self.bench.network.links

    def has_work(self) -> bool:
        is_new = len(self.links) > self.answered
        return is_new or (bool(self.links) and b"\n" in self.links[0].sent[self.seen :])

    def serve(self) -> list[str]:
        """Play until nothing is to be answered; what the module printed."""
        for _ in range(60):
            self.bench.run(until=self.has_work, is_patient=True)
            if not self.has_work():
                break
            if len(self.links) > self.answered:
                self.connect(self.answered)
            else:
                self.answer()
        return re.findall(r"\r\n(\+QIND[^\r\n]+)\r\n", self.bench.take().decode())

    def connect(self, number: int) -> None:
        self.answered += 1
        if number == 0:
            self.tell(Connected(), Received(f"{self.greeting}\r\n".encode()))
        self.give()

    def tell(self, *events, link: int = 0) -> None:
        self.bench.network.tell(*events, link=link)

    def answer(self) -> None:
        data = self.links[0].sent[self.seen :]
        end = data.index(b"\n") + 1
        self.seen += end
        line = data[:end].decode().strip()
        self.commands.append(line)
        reply = self.replies.get(line[:4], "502 what?")
        if reply:
            self.tell(Received(f"{reply}\r\n".encode()))
        self.is_asked |= line.startswith("RETR") and reply.startswith("1")
        self.give()

    def give(self) -> None:
        """The file, when it was asked for and there is a connection for it."""
        if self.is_asked and self.answered == 2:
            self.is_asked = False
            self.tell(Connected(), Received(self.body), Closed(), link=1)
            self.tell(Received(f"{self.last}\r\n".encode()))


@pytest.fixture(params=["ec2x", "std-a"])
def kind(request):
    return request.param


@pytest.fixture
def bench(make_bench, kind, lab):
    model = {"ec2x": "EC25", "std-a": "EC200A"}[kind]
    bench = make_bench(kind=kind, firmware=lab.release("R01", model=model)).boot().quiet()
    bench.kind = kind
    return bench


def start(bench) -> None:
    parameters = ",1,0,0" if bench.kind == "std-a" else ""
    assert bench.ask(f'AT+QFOTADL="{URL}"{parameters}') == "\r\nOK\r\n"


def test_the_dialogue_is_that_of_rfc_959_and_the_package_is_there(bench):
    start(bench)
    server = Server(bench)
    printed = server.serve()
    assert printed[:2] == [qind("FTPSTART"), qind("FTPEND", 0)]
    assert server.commands == [
        "USER test",
        "PASS secret",
        "TYPE I",
        "SIZE a.bin",
        "EPSV",
        "RETR a.bin",
    ]
    targets = bench.network.targets
    assert [(target.host, target.port) for target in targets] == [
        ("ftp.example.com", 2121),
        ("ftp.example.com", 5000),
    ]
    assert printed[2] == qind("START")  # the bytes are no package, and that is another matter
    assert all(link.is_aborted for link in bench.network.links)


def test_an_old_server_is_asked_for_pasv_and_its_address_is_not_believed(bench):
    start(bench)
    server = Server(bench, EPSV="500 no", SIZE="500 no", PASV="227 Entering (10,0,0,1,19,137)")
    assert server.serve()[1] == qind("FTPEND", 0)
    assert server.commands[-3:] == ["EPSV", "PASV", "RETR a.bin"]
    target = bench.network.targets[1]
    assert (target.host, target.port) == ("ftp.example.com", 19 * 256 + 137)


def test_a_url_without_a_name_is_anonymous(bench):
    bench.ask('AT+QFOTADL="ftp://h/b.bin"')
    server = Server(bench)
    server.serve()
    assert server.commands[:2] == ["USER anonymous", "PASS anonymous"]
    assert bench.network.targets[0].port == 21


def test_a_reply_of_several_lines_is_one_reply(bench):
    start(bench)
    server = Server(bench, greeting="220-hello\r\n220-you\r\n 230 trap\r\n220 there")
    assert server.serve()[1] == qind("FTPEND", 0)


@pytest.mark.parametrize(
    ("replies", "standard_a"),
    [
        ({"greeting": "421 too many"}, 614),
        ({"PASS": "530 no"}, 625),
        ({"USER": "530 no"}, 625),
        ({"SIZE": "550 no such file"}, 627),
        ({"SIZE": "213 99999999"}, 613),
        ({"RETR": "550 no such file"}, 627),
        ({"RETR": "425 cannot"}, 615),
        ({"RETR": "450 busy"}, 617),
        ({"last": "426 aborted"}, 616),
        ({"last": "451 oh"}, 618),
        ({"last": "452 full"}, 619),
        ({"TYPE": "504 no"}, 624),
        ({"EPSV": "500 no", "PASV": "500 no"}, 620),
        ({"EPSV": "229 nonsense"}, 601),
        ({"greeting": "HTTP/1.1 400 Bad Request"}, 601),
        ({"SIZE": f"213 {len(BODY) + 1}"}, 607),
        ({"PASS": ""}, 609),
    ],
)
def test_what_goes_wrong_has_the_number_of_the_family(bench, replies, standard_a):
    start(bench)
    printed = Server(bench, **replies).serve()
    code = {"ec2x": 601, "std-a": standard_a}[bench.kind]
    assert printed == [qind("FTPSTART"), qind("FTPEND", code)]
    assert not bench.state.files.has("EUFS:/fota/update.zip")
    assert bench.ask("AT") == "\r\nOK\r\n"


@pytest.mark.parametrize(
    ("reason", "code"), [(NetworkFailure.REFUSED, 605), (NetworkFailure.NAME, 604)]
)
def test_no_connection(make_bench, lab, reason, code):
    firmware = lab.release("R01", model="EC200A")
    bench = make_bench("connect_attempts=2", kind="std-a", firmware=firmware).boot().quiet()
    bench.ask(f'AT+QFOTADL="{URL}"')
    for _ in range(2):
        bench.run()
        assert bench.network.is_awaited
        bench.network.tell(Failed(reason))
    bench.run()
    assert bench.take().decode().endswith(f"{qind('FTPEND', code)}\r\n")
    assert len(bench.network.links) == 2


def test_a_control_connection_that_is_closed(bench):
    start(bench)
    server = Server(bench, TYPE="")
    server.bench.run()
    server.connect(0)
    bench.run(until=lambda: b"TYPE" in bench.network.links[0].sent or server.has_work())
    bench.network.tell(Closed(), link=0)
    code = {"ec2x": 601, "std-a": 606}[bench.kind]
    assert server.serve()[-1] == qind("FTPEND", code)


def test_losing_the_network_ends_the_download(bench):
    start(bench)
    bench.run()
    bench.take()
    bench.send(b"AT+CFUN=4\r")
    bench.run(is_patient=True)
    code = {"ec2x": 601, "std-a": 605}[bench.kind]
    assert qind("FTPEND", code) in bench.take().decode()
    assert all(link.is_aborted for link in bench.network.links)


def test_a_bg96_knows_no_ftp(make_bench):
    bench = make_bench().boot().quiet()
    assert bench.ask(f'AT+QFOTADL="{URL}"') == "\r\nERROR\r\n"


# -- the grammar ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("229 ok (|||1|)", 1),
        ("229 ok (!!!65535!)", 65535),
        ("229 ok (|||65536|)", None),
        ("229 ok (|||0|)", None),
        ("229 ok (||1|)", None),
        ("227 ok (1,2,3,4,0,21)", 21),
        ("227 ok 1,2,3,4,255,255", 65535),
        ("227 ok (1,2,3,4,256,0)", None),
        ("227 ok", None),
        ("200 (|||21|)", None),
    ],
)
def test_the_port_of_the_data_connection(text, port):
    (reply,) = FtpReplyDecoder().feed(f"{text}\r\n".encode())
    assert reply.port == port


def test_a_reply_may_be_so_long_and_no_longer():
    longest = b"220 " + b"x" * (LINE_MAX_BYTES - 4)
    assert [reply.number for reply in FtpReplyDecoder().feed(longest + b"\r\n")] == [220]
    assert [reply.number for reply in FtpReplyDecoder().feed(longest + b"xx")] == [0]
    endless = b"220-x\r\n" * 101
    assert [reply.number for reply in FtpReplyDecoder().feed(endless)][:1] == [0]


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_nothing_that_a_server_says_raises(pieces):
    whole, parts = FtpReplyDecoder(), FtpReplyDecoder()
    together = list(whole.feed(b"".join(pieces)))
    found = [reply for piece in pieces for reply in parts.feed(piece)]
    for reply in (*together, *found):
        assert isinstance(reply, FtpReply)
        assert reply.port is None or 0 < reply.port <= 65535
        assert reply.size is None or reply.size >= 0


# -- real sockets --------------------------------------------------------------------------


class RealServer:
    """A small FTP server of asyncio: one file, EPSV only."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.asked: list[str] = []

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self.server.close()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data: list[asyncio.StreamWriter] = []
        came = asyncio.Event()

        async def accept(_reader: asyncio.StreamReader, other: asyncio.StreamWriter) -> None:
            data.append(other)
            came.set()

        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        say("220 ready")
        while line := (await reader.readline()).decode().strip():
            self.asked.append(line)
            match line.split()[0]:
                case "USER":
                    say("331 go on")
                case "PASS":
                    say("230 in")
                case "SIZE":
                    say(f"213 {len(self.body)}")
                case "EPSV":
                    passive = await asyncio.start_server(accept, "127.0.0.1", 0)
                    say(f"229 (|||{passive.sockets[0].getsockname()[1]}|)")
                case "RETR":
                    say("150 coming")
                    await came.wait()
                    data[0].write(self.body)
                    await data[0].drain()
                    data[0].close()
                    passive.close()
                    say("226 done")
                case _:
                    say("200 yes")
        writer.close()


def test_a_file_comes_over_real_sockets(rig):
    body = bytes(range(251)) * 1000

    async def run() -> list[FtpOutcome]:
        async with RealServer(body) as server:
            rig.prepare(["connect_attempts=1"])
            ended: list[FtpOutcome] = []
            location = parse_location(
                f"ftp://u:p@127.0.0.1:{server.port}/f.bin", schemes=FTP_SCHEMES
            )
            download = FtpDownload(
                rig.module, location, on_progress=lambda *_: None, on_end=ended.append
            )
            await rig.drive(lambda: bool(ended), download.begin)
            assert rig.files.read("EUFS:/fota/update.zip", is_trusted=True) == body
            assert server.asked[-1] == "RETR f.bin"
            return ended

    assert asyncio.run(run()) == [FtpOutcome(FtpEnd.COMPLETE)]
