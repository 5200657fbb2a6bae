# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""AT+QHTTP… and AT+QSSLCFG: what hosts use to fetch a list of updates before DFOTA."""

from __future__ import annotations

import pytest

from dfota.at.codes import HTTP_COMMAND_ERRORS
from dfota.modem.network import Closed, Connected, Failed, NetworkFailure, Received
from dfota.modem.ssl_contexts import SslContexts

URL = "http://updates.example/list.txt"
BODY = b"BG96MAR02A07M1G_01.018:BG96MAR02A07M1G_01.019:a.bin\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(BODY)
OK = "\r\nOK\r\n"


@pytest.fixture
def bench(make_bench):
    """A registered module whose context is active."""
    return activated(make_bench().boot().quiet())


def activated(bench):
    bench.send(b'AT+QICSGP=1,1,"UNINET","","",1\r\n')
    bench.send(b"AT+QIACT=1\r\n")
    bench.wait(10)
    bench.take()
    return bench


def cme(number: int) -> str:
    return f"\r\n+CME ERROR: {number}\r\n"


def enter(bench, command: str, data: bytes) -> bytes:
    """A command with CONNECT, and what is entered then."""
    assert bench.send(f"{command}\r\n".encode()) == b"\r\nCONNECT\r\n"
    return bench.send(data)


def set_url(bench, url: str = URL) -> None:
    assert enter(bench, f"AT+QHTTPURL={len(url)}", url.encode()) == OK.encode()


def get(bench, command: str = "AT+QHTTPGET=80") -> None:
    """Send the request, up to where the server is awaited."""
    assert bench.ask(command) == OK
    bench.run(until=lambda: bench.network.is_awaited, limit_s=10)


def answer(bench, *events: object) -> bytes:
    """Play the server, let a second pass."""
    bench.network.tell(*events)
    bench.wait(2)
    return bench.take()


def read(bench, command: str = "AT+QHTTPREAD=80") -> bytes:
    bench.module.receive("usbat", command.encode() + b"\r\n", bench.now)
    bench.wait(2)
    return bench.take()


def request(bench) -> bytes:
    return bench.network.links[-1].sent


def test_the_example_of_the_manual(bench):
    bench.ask('AT+QHTTPCFG="contextid",1;+QHTTPCFG="responseheader",1')
    set_url(bench)
    get(bench)
    urc = answer(bench, Connected(), Received(HEAD + BODY))
    assert urc == b"\r\n+QHTTPGET: 0,200,%d\r\n" % len(BODY)
    assert request(bench) == (
        b"GET /list.txt HTTP/1.1\r\nHost: updates.example\r\nAccept: */*\r\n"
        b"User-Agent: QUECTEL_MODULE\r\nConnection: Keep-Alive\r\n\r\n"
    )
    assert read(bench) == (b"\r\nCONNECT\r\n" + HEAD + BODY + b"\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n")


def test_without_the_header_only_the_body_is_read(bench):
    set_url(bench)
    get(bench, "AT+QHTTPGET")
    answer(bench, Connected(), Received(HEAD + BODY))
    assert read(bench, "AT+QHTTPREAD") == (
        b"\r\nCONNECT\r\n" + BODY + b"\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n"
    )
    assert bench.ask("AT+QHTTPREAD") == cme(705)  # it was read


def test_a_length_that_the_server_does_not_tell_is_not_told(bench):
    set_url(bench)
    get(bench)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert answer(bench, Connected(), Received(head)) == b"\r\n+QHTTPGET: 0,200\r\n"
    bench.network.tell(Received(b"3\r\nabc\r\n0\r\n\r\n"))
    bench.wait(1)
    assert read(bench) == b"\r\nCONNECT\r\nabc\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n"


@pytest.mark.parametrize("status", [301, 404, 500])
def test_every_status_is_an_answer(bench, status):
    set_url(bench)
    get(bench)
    head = b"HTTP/1.1 %d X\r\nLocation: http://elsewhere/\r\nContent-Length: 2\r\n\r\nno" % status
    assert answer(bench, Connected(), Received(head)) == b"\r\n+QHTTPGET: 0,%d,2\r\n" % status
    assert read(bench) == b"\r\nCONNECT\r\nno\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n"
    assert len(bench.network.links) == 1  # nobody follows a redirect


@pytest.mark.parametrize(
    ("events", "number"),
    [
        ((Failed(NetworkFailure.NAME),), 714),
        ((Failed(NetworkFailure.REFUSED),), 716),
        ((Failed(NetworkFailure.UNREACHABLE),), 716),
        ((Failed(NetworkFailure.TLS),), 716),
        ((Connected(), Failed(NetworkFailure.RESET)), 717),
        ((Connected(), Closed()), 719),
        ((Connected(), Received(b"nonsense\r\n\r\n")), 723),
        ((Connected(),), None),
    ],
)
def test_how_a_request_fails(bench, events, number):
    set_url(bench)
    get(bench, "AT+QHTTPGET=30")
    urc = answer(bench, *events)
    if number is None:  # nobody answers: 702 when the response time is over
        assert urc == b""
        bench.wait(29)
        urc, number = bench.take(), 702
    assert urc == b"\r\n+QHTTPGET: %d\r\n" % number
    assert bench.ask("AT+QHTTPREAD") == cme(705)
    get(bench)  # it can be tried again


@pytest.mark.parametrize("command", ["AT+QHTTPGET", "AT+QHTTPPOST=1"])
def test_without_an_active_context_it_is_709(bench, command):
    set_url(bench)
    bench.send(b"AT+QIDEACT=1\r\n")
    bench.wait(50)
    bench.take()
    assert bench.ask(command) == cme(709)


def test_the_module_may_activate_the_context_itself(make_bench):
    bench = make_bench("http_needs_context=false").boot().quiet()
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY))
    assert read(bench).endswith(b"+QHTTPREAD: 0\r\n")
    bench.ask("AT+CFUN=4")
    bench.wait(20)
    bench.take()
    assert bench.ask("AT+QHTTPGET") == OK
    bench.wait(1)
    assert bench.take() == b"\r\n+QHTTPGET: 707\r\n"


def test_a_network_that_goes_away_is_709(bench):
    set_url(bench)
    get(bench)
    data = bench.send(b"AT+CFUN=4\r\n")
    bench.wait(20)
    assert (data + bench.take()).count(b"+QHTTPGET: 709") == 1


def test_the_url_is_entered_within_its_time(bench):
    assert bench.ask("AT+QHTTPURL?") == OK
    assert bench.send(b"AT+QHTTPURL=20,7\r\n") == b"\r\nCONNECT\r\n"
    bench.send(b"http://")
    bench.wait(6.9)
    assert bench.take() == b""
    bench.wait(0.2)
    assert bench.take() == cme(726).encode()
    assert bench.ask("AT+QHTTPGET") == cme(712)
    set_url(bench)
    assert bench.ask("AT+QHTTPURL?") == f"\r\n+QHTTPURL: {URL}\r\n\r\nOK\r\n"


@pytest.mark.parametrize(
    "url",
    [
        b"ftp://a/b",
        b"http:/a/b",
        b"http:///b",
        b"http://a:0/b",
        b"http://a b/c",
        b"\xff" * 9,
        b"http://u:p@a/b",
    ],
)
def test_711_for_what_is_no_url(bench, url):
    set_url(bench)
    assert enter(bench, f"AT+QHTTPURL={len(url)}", url) == cme(711).encode()
    assert bench.ask("AT+QHTTPURL?") == f"\r\n+QHTTPURL: {URL}\r\n\r\nOK\r\n"


def test_a_url_of_700_bytes_is_the_longest(bench):
    url = "http://a/" + "x" * 691
    set_url(bench, url)
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY))
    assert request(bench).startswith(f"GET /{'x' * 691} HTTP/1.1\r\n".encode())
    assert bench.ask("AT+QHTTPURL=701") == cme(730)


def test_a_url_needs_no_path(bench):
    set_url(bench, "http://www.example:8080")
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY))
    assert request(bench).startswith(b"GET / HTTP/1.1\r\nHost: www.example:8080\r\n")
    assert bench.network.targets[-1].port == 8080


@pytest.mark.parametrize(
    ("command", "number"),
    [
        ("AT+QHTTPURL=0", 730),
        ("AT+QHTTPURL=10,0", 730),
        ("AT+QHTTPURL=", 730),
        ("AT+QHTTPGET=0", 730),
        ("AT+QHTTPGET=65536", 730),
        ("AT+QHTTPGET=60,100", 730),  # there is no request header to enter
        ("AT+QHTTPREAD=0", 730),
        ('AT+QHTTPCFG="contextid",17', 730),
        ('AT+QHTTPCFG="sslctxid",6', 730),
        ('AT+QHTTPCFG="requestheader",2', 730),
        ("AT+QHTTPREAD", 705),
        ('AT+QHTTPREADFILE="a"', 705),
        ("AT+QHTTPGET", 712),
        ("AT+QHTTPPOST=5", 712),
        ('AT+QHTTPPOSTFILE="a"', 712),
    ],
)
def test_refusals(bench, command, number):
    assert bench.ask(command) == cme(number)
    words = bench.ask(f"AT+CMEE=2;{command[2:]}")
    assert words == f"\r\n+CME ERROR: {HTTP_COMMAND_ERRORS[number]}\r\n"


def test_a_second_request_is_busy_while_the_first_waits(bench):
    set_url(bench)
    get(bench)
    for command in ("AT+QHTTPGET", "AT+QHTTPURL=5", "AT+QHTTPREAD", "AT+QHTTPPOST=1"):
        assert bench.ask(command) == cme(703)
    assert answer(bench, Connected(), Received(HEAD + BODY)).startswith(b"\r\n+QHTTPGET: 0")
    get(bench)  # the unread answer is forgotten
    assert bench.network.links[0].is_aborted


def test_two_ports_cannot_be_in_data_mode_at_once(make_bench):
    bench = make_bench(port_names=("usbat", "uart1")).boot().quiet()
    bench.send(b"ATE0\r", "uart1")
    assert bench.send(b"AT+QHTTPURL=5\r\n", "uart1") == b"\r\nCONNECT\r\n"
    assert bench.ask("AT+QHTTPURL=5") == cme(704)
    assert bench.send(b"12345", "uart1") == cme(711).encode()
    set_url(bench)


def test_a_reading_whose_server_stalls_is_722(bench):
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY[:10]))
    assert bench.send(b"AT+QHTTPREAD=20\r\n") == b"\r\nCONNECT\r\n"
    bench.wait(1)
    assert bench.take() == BODY[:10]
    bench.wait(18)
    assert bench.take() == b""
    bench.wait(2)
    assert bench.take() == cme(722).encode()
    assert bench.ask("AT+QHTTPREAD") == cme(705)
    assert bench.network.links[-1].is_aborted


def test_a_reading_whose_server_leaves_is_717(bench):
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY[:10]), Closed())
    assert read(bench) == b"\r\nCONNECT\r\n" + BODY[:10] + cme(717).encode()


def test_what_comes_while_it_is_read_is_read(bench):
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD))
    assert bench.send(b"AT+QHTTPREAD=20\r\n") == b"\r\nCONNECT\r\n"
    got = b""
    for byte in BODY:
        bench.network.tell(Received(bytes((byte,))))
        bench.wait(1)
        got += bench.take()
    assert got == BODY + b"\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n"


def test_an_answer_that_nobody_reads_takes_a_bounded_room(bench):
    set_url(bench)
    get(bench)
    size = 1_000_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
    answer(bench, Connected(), Received(head))
    sent = 0
    while not bench.network.links[-1].is_paused:
        bench.network.tell(Received(bytes(8192)))
        bench.wait(1)
        sent += 8192
        assert sent < 200_000
    bench.send(b"AT+QHTTPREAD=80\r\n")
    bench.wait(30)
    assert not bench.network.links[-1].is_paused
    bench.network.tell(Received(bytes(size - sent)))
    bench.wait(300)
    data = bench.take()
    assert data.endswith(b"\r\nOK\r\n\r\n+QHTTPREAD: 0\r\n")


def test_three_plus_signs_end_a_reading(bench):
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD))
    bench.send(b"AT+QHTTPREAD=80\r\n")
    bench.wait(1.1)
    bench.send(b"+++")
    bench.wait(1.1)
    assert bench.take() == OK.encode()
    assert bench.ask("AT+QHTTPREAD") == cme(705)


def test_a_reboot_in_a_reading_leaves_nothing(bench):
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD))
    bench.send(b"AT+QHTTPREAD=80\r\n")
    bench.module.cut_power()
    bench.module.power_on()
    bench.wait(30)
    bench.take()
    bench.quiet()
    assert bench.ask("AT+QHTTPREAD") == cme(705)
    assert bench.ask("AT+QHTTPURL?") == OK
    assert bench.network.links[-1].is_aborted


# -- into a file ----------------------------------------------------------------------------


def test_an_answer_becomes_a_file(bench):
    bench.ask('AT+QHTTPCFG="responseheader",1')
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY[:10]))
    assert bench.ask('AT+QHTTPREADFILE="1.txt",80') == OK
    assert bench.ask("AT+QHTTPREAD") == cme(703)
    assert answer(bench, Received(BODY[10:])) == b"\r\n+QHTTPREADFILE: 0\r\n"
    assert bench.state.files.read("1.txt") == HEAD + BODY
    assert bench.ask('AT+QFLST="1.txt"').startswith('\r\n+QFLST: "1.txt",')


@pytest.mark.parametrize(
    ("name", "number"), [("a/b", 730), ("RAM:a", 730), ("x" * 81, 730), ("EUFS:/none/x", 730)]
)
def test_a_file_that_cannot_be(bench, name, number):
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY))
    assert bench.ask(f'AT+QHTTPREADFILE="{name}"') == cme(number)
    assert bench.ask('AT+QHTTPREADFILE="a"') == OK  # the answer is still there


def test_a_file_that_fills_the_drive_is_701_and_leaves_nothing(make_bench):
    bench = activated(make_bench("ufs_total_bytes=40", "ufs_reserved_bytes=0").boot().quiet())
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY))
    bench.ask('AT+QHTTPREADFILE="a"')
    bench.wait(1)
    assert bench.take() == b"\r\n+QHTTPREADFILE: 701\r\n"
    assert not bench.state.files.has("a")
    assert bench.state.files.used_bytes == 0


def test_a_power_cut_leaves_no_half_file(bench):
    set_url(bench)
    get(bench)
    answer(bench, Connected(), Received(HEAD + BODY[:10]))
    bench.ask('AT+QHTTPREADFILE="a"')
    bench.wait(1)
    bench.module.cut_power()
    assert bench.state.files.used_bytes == 0
    assert not bench.state.files.has("a")


# -- the host's own header, and posting -------------------------------------------------------


def connect(bench, command: str) -> bytes:
    """A command that connects first."""
    assert bench.ask(command) == ""
    bench.run(until=lambda: bench.network.is_awaited, limit_s=10)
    bench.network.tell(Connected())
    bench.wait(1)
    return bench.take()


def test_a_request_header_of_the_host(bench):
    bench.ask('AT+QHTTPCFG="requestheader",1')
    set_url(bench)
    own = b"GET /list.txt HTTP/1.1\r\nHost: updates.example\r\nX-Key: 1\r\n\r\n"
    assert connect(bench, f"AT+QHTTPGET=60,{len(own)},30") == b"\r\nCONNECT\r\n"
    assert bench.send(own) == OK.encode()
    bench.wait(1)
    assert request(bench) == own
    assert answer(bench, Received(HEAD + BODY)) == b"\r\n+QHTTPGET: 0,200,%d\r\n" % len(BODY)


def test_without_the_server_there_is_no_connect(bench):
    bench.ask('AT+QHTTPCFG="requestheader",1')
    set_url(bench)
    assert bench.ask("AT+QHTTPGET=60,10") == ""
    bench.run(until=lambda: bench.network.is_awaited, limit_s=10)
    assert bench.ask("AT") == ""  # typed ahead
    bench.network.tell(Failed(NetworkFailure.NAME))
    bench.wait(1)
    assert bench.take() == cme(714).encode() + OK.encode()


def test_a_server_that_is_silent_is_given_up_after_125_seconds(bench):
    bench.ask('AT+QHTTPCFG="requestheader",1')
    set_url(bench)
    assert bench.ask("AT+QHTTPGET=60,10") == ""
    bench.run(until=lambda: bench.network.is_awaited, limit_s=10)
    bench.wait(124)
    assert bench.take() == b""
    bench.wait(2)
    assert bench.take() == cme(716).encode()


def test_a_request_that_is_not_entered_is_given_up(bench):
    bench.ask('AT+QHTTPCFG="requestheader",1')
    set_url(bench)
    assert connect(bench, "AT+QHTTPGET=60,10,5") == b"\r\nCONNECT\r\n"
    bench.wait(5)
    assert bench.take() == cme(726).encode()
    assert bench.network.links[-1].is_aborted
    bench.wait(100)
    assert bench.take() == b""


def test_a_server_that_leaves_while_the_request_is_entered(bench):
    bench.ask('AT+QHTTPCFG="requestheader",1')
    set_url(bench)
    assert connect(bench, "AT+QHTTPGET=60,4,30") == b"\r\nCONNECT\r\n"
    assert answer(bench, Closed()) == b""
    assert bench.send(b"GET ") == OK.encode() + b"\r\n+QHTTPGET: 719\r\n"
    bench.wait(100)
    assert bench.take() == b""  # it is told once


def test_a_request_that_is_no_request_is_723(bench):
    bench.ask('AT+QHTTPCFG="requestheader",1')
    set_url(bench)
    connect(bench, "AT+QHTTPGET=60,4")
    assert bench.send(b"\0\0\r\n") == OK.encode()
    bench.wait(1)
    assert bench.take() == b"\r\n+QHTTPGET: 723\r\n"


def test_a_body_is_posted(bench):
    bench.ask('AT+QHTTPCFG="contenttype",1')
    set_url(bench)
    assert connect(bench, "AT+QHTTPPOST=5,80,80") == b"\r\nCONNECT\r\n"
    assert bench.send(b"hello") == OK.encode()
    bench.wait(1)
    assert request(bench) == (
        b"POST /list.txt HTTP/1.1\r\nHost: updates.example\r\nAccept: */*\r\n"
        b"User-Agent: QUECTEL_MODULE\r\nConnection: Keep-Alive\r\n"
        b"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    )
    assert answer(bench, Received(HEAD + BODY)) == b"\r\n+QHTTPPOST: 0,200,%d\r\n" % len(BODY)
    assert read(bench).endswith(b"\r\n+QHTTPREAD: 0\r\n")


def test_a_file_is_posted(bench):
    file = bench.state.files.begin("2.txt")
    file.write(b"Message=1")
    file.end()
    set_url(bench)
    get(bench, 'AT+QHTTPPOSTFILE="2.txt",80')
    urc = answer(bench, Connected(), Received(HEAD + BODY))
    assert urc == b"\r\n+QHTTPPOSTFILE: 0,200,%d\r\n" % len(BODY)
    assert request(bench).endswith(
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\nMessage=1"
    )


# -- settings ---------------------------------------------------------------------------------


def test_settings_of_the_client(bench):
    assert bench.ask("AT+QHTTPCFG?") == (
        '\r\n+QHTTPCFG: "contextid",1\r\n+QHTTPCFG: "requestheader",0\r\n'
        '+QHTTPCFG: "responseheader",0\r\n+QHTTPCFG: "sslctxid",1\r\n'
        '+QHTTPCFG: "contenttype",0\r\n\r\nOK\r\n'
    )
    assert bench.ask('AT+QHTTPCFG="sslctxid",3') == OK
    assert bench.ask('AT+QHTTPCFG="sslctxid"') == '\r\n+QHTTPCFG: "sslctxid",3\r\n\r\nOK\r\n'
    assert bench.ask("AT+QHTTPCFG=?").count("+QHTTPCFG: ") == 5
    assert bench.ask("AT+QHTTPGET=?") == "\r\n+QHTTPGET: (1-65535),(1-2048),(1-65535)\r\n\r\nOK\r\n"
    assert bench.ask("AT+QHTTPURL=?") == "\r\n+QHTTPURL: (1-700),(1-65535)\r\n\r\nOK\r\n"


@pytest.mark.parametrize(
    ("setting", "factory", "value", "shown"),
    [
        ("sslversion", "4", "1", "1"),
        ("ciphersuite", "0XFFFF", "0x0005", "0X0005"),
        ("ciphersuite", "0XFFFF", "0XC02F", "0XC02F"),
        ("cacert", '""', '"cacert.pem"', '"cacert.pem"'),
        ("clientcert", '""', '"UFS:client.pem"', '"UFS:client.pem"'),
        ("clientkey", '""', '"key.pem"', '"key.pem"'),
        ("seclevel", "0", "2", "2"),
        ("ignorelocaltime", "1", "0", "0"),
        ("negotiatetime", "300", "10", "10"),
    ],
)
def test_settings_of_an_ssl_context(bench, setting, factory, value, shown):
    for number in (0, 5):
        asked = f'AT+QSSLCFG="{setting}",{number}'
        assert bench.ask(asked) == f'\r\n+QSSLCFG: "{setting}",{number},{factory}\r\n\r\nOK\r\n'
        assert bench.ask(f"{asked},{value}") == OK
        assert bench.ask(asked) == f'\r\n+QSSLCFG: "{setting}",{number},{shown}\r\n\r\nOK\r\n'


@pytest.mark.parametrize(
    "command",
    [
        'AT+QSSLCFG="sslversion",6',
        'AT+QSSLCFG="sslversion",0,5',
        'AT+QSSLCFG="sslversion"',
        'AT+QSSLCFG="ciphersuite",0,0x1234',
        'AT+QSSLCFG="seclevel",0,3',
        'AT+QSSLCFG="negotiatetime",0,9',
        'AT+QSSLCFG="negotiatetime",0,301',
        'AT+QSSLCFG="nonsense",0',
        f'AT+QSSLCFG="cacert",0,"{"x" * 81}"',
        "AT+QSSLCFG?",
    ],
)
def test_ssl_settings_are_refused_with_plain_error(bench, command):
    assert bench.ask(command) == "\r\nERROR\r\n"


def test_the_test_form_of_the_manual(bench):
    lines = bench.ask("AT+QSSLCFG=?").split("\r\n")
    assert lines[1] == '+QSSLCFG: "sslversion",(0-5),(0-4)'
    assert lines[2] == (
        '+QSSLCFG: "ciphersuite",(0-5),(0X0035,0X002F,0X0005,0X0004,0X000A,0X003D,0XC011,'
        "0XC012,0XC013,0XC014,0XC027,0XC028,0XC02F,0XFFFF)"
    )
    assert lines[8] == '+QSSLCFG: "negotiatetime",(0-5),(10-300)'


def test_an_https_request_uses_its_context(bench):
    for name, data in (("ca.pem", b"CA"), ("c.pem", b"CERT"), ("k.pem", b"KEY")):
        file = bench.state.files.begin(name)
        file.write(data)
        file.end()
    for setting in (
        '"sslversion",2,3',
        '"ciphersuite",2,0XC02F',
        '"seclevel",2,2',
        '"cacert",2,"ca.pem"',
        '"clientcert",2,"UFS:c.pem"',
        '"clientkey",2,"k.pem"',
        '"ignorelocaltime",2,0',
        '"negotiatetime",2,30',
    ):
        assert bench.ask(f"AT+QSSLCFG={setting}") == OK
    bench.ask('AT+QHTTPCFG="sslctxid",2')
    set_url(bench, "https://updates.example/x")
    get(bench)
    target = bench.network.targets[-1]
    assert target.port == 443
    rules = target.tls
    assert rules is not None
    assert rules.versions == ("TLSv1.2", "TLSv1.2")
    assert rules.ciphers == "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    assert (rules.ca, rules.client_cert, rules.client_key) == (b"CA", b"CERT", b"KEY")
    assert rules.checks_dates
    assert rules.handshake_timeout_s == 30


@pytest.mark.parametrize(("level", "ca"), [(0, None), (1, b""), (2, b"")])
def test_a_missing_certificate_counts_from_level_one(bench, level, ca):
    bench.ask(f'AT+QSSLCFG="seclevel",1,{level};+QSSLCFG="cacert",1,"missing.pem"')
    context = bench.module.part(SslContexts)[1]
    rules = context.rules(bench.module.files, bench.module.profile)
    assert rules.ca == ca
    assert rules.client_cert is None
