# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Each situation of a download and the code it ends with, from AT+QFOTADL to HTTPEND.

The servers are real ones that misbehave; what the world does to the road, it does in the
module's own time.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dfota.testing import Behaviour, Certificates, FakePackageServer, FakeTls, make_certificates

BODY = bytes(range(256)) * 64
NAME = "update.zip"
ONCE = ("connect_attempts=1",)
HASTY = ("connect_attempts=1", "wait_floor_s=0.2")
CA, CERT, KEY = (
    f"EUFS:/datatx/fota_{name}.pem" for name in ("cacert", "client_cert", "client_key")
)


def http_end(
    rig,
    url: str,
    *settings: str,
    commands: tuple[str, ...] = (),
    world: dict[str, str] | None = None,
) -> int:
    """The code of HTTPEND for a download from *url*; the package is there, or nothing is."""
    module = rig.prepare(settings)
    for name, value in (world or {}).items():
        module.world.change(name, value)

    def begin() -> None:
        for command in (*commands, f'+QFOTADL="{url}"'):
            module.receive("usbat", f"AT{command}\r".encode(), rig.now)

    asyncio.run(rig.drive(lambda: b'"HTTPEND",' in rig.printed, begin))
    assert rig.printed.count(b'"HTTPSTART"') == 1
    code = int(rig.printed.partition(b'"HTTPEND",')[2].split(b"\r")[0])
    assert (rig.folder / NAME).exists() == (code == 0)
    assert [name for name in rig.leftovers() if not name.endswith(".pem")] == []
    return code


@pytest.fixture
def server() -> Iterator[FakePackageServer]:
    with FakePackageServer({NAME: BODY}) as server:
        yield server


# -- what a server does ---------------------------------------------------------------------

LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 16384\r\n"

ANSWERS: dict[str, tuple[Behaviour, int]] = {
    "good": (Behaviour(), 0),
    "no length": (Behaviour(omit_length=True), 0),
    "chunked": (Behaviour(chunked=True), 0),
    "claims gzip": (Behaviour(compressed=True), 0),
    "another 2xx": (Behaviour(head=b"HTTP/1.1 203 X\r\nContent-Length: 16384\r\n\r\n"), 0),
    "one interim answer": (Behaviour(head=b"HTTP/1.1 100 Continue\r\n\r\n" + LONG + b"\r\n"), 0),
    **{
        f"status {status}": (Behaviour(status=status, location="http://127.0.0.1:1/"), 703)
        for status in (300, 301, 302, 303, 307, 308, 400, 401, 403, 407, 429, 500, 502, 503)
    },
    "status 404": (Behaviour(status=404), 706),
    "status 410": (Behaviour(status=410), 706),
    "early close": (Behaviour(close_after=5000), 701),
    "early close at once": (Behaviour(close_after=0), 701),
    "reset in the body": (Behaviour(reset_after=5000), 701),
    "longer than told": (Behaviour(content_length=16_383), 0),
    "shorter than told": (Behaviour(content_length=16_385), 701),
    "chunks that end early": (Behaviour(chunked=True, close_after=5000), 701),
    "too large, as told": (Behaviour(content_length=20_000_000), 708),
    "no status line": (Behaviour(head=b"hello\r\n\r\n"), 701),
    "status no number": (Behaviour(head=b"HTTP/1.1 abc OK\r\n\r\n"), 701),
    "header without colon": (Behaviour(head=b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"), 701),
    "two lengths": (Behaviour(head=LONG + b"Content-Length: 1\r\n\r\n"), 701),
    "length negative": (Behaviour(head=b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), 701),
    "length of 5000 digits": (
        Behaviour(head=b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"),
        701,
    ),
    "endless headers": (Behaviour(head=LONG + b"X: y\r\n" * 10_000), 701),
    "endless header": (Behaviour(head=LONG + b"X: " + b"y" * 60_000), 701),
    "flood of interim answers": (Behaviour(head=b"HTTP/1.1 102 X\r\n\r\n" * 1000), 701),
    "another protocol": (Behaviour(head=b"HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n"), 701),
}


@pytest.mark.parametrize(("how", "code"), ANSWERS.values(), ids=ANSWERS)
def test_the_code_of_an_answer(rig, server, how, code):
    server.behave(how)
    assert http_end(rig, server.url_for(NAME), *ONCE) == code
    assert len(server.requests) == 1
    if code == 0:
        wanted = BODY[:16_383] if how.content_length == 16_383 else BODY
        assert rig.files.read("EUFS:/fota/update.zip", is_trusted=True) == wanted


@pytest.mark.parametrize(
    "how", [Behaviour(silent=True), Behaviour(stall_after=0), Behaviour(stall_after=5000)]
)
def test_a_stall_is_704(rig, server, how):
    server.behave(how)
    before = rig.prepare(HASTY).timeline.virtual_now
    assert http_end(rig, server.url_for(NAME), *HASTY) == 704
    # The module has waited its minute, whatever the clock on the wall says.
    assert rig.module.timeline.virtual_now - before >= 60


def test_a_download_that_never_ends_is_704(rig, server):
    settings = ("cat_m1_downlink_kbit_s=1", "download_timeout_s=100")
    assert http_end(rig, server.url_for(NAME), *ONCE, *settings) == 704


def test_too_large_without_a_length_is_708(rig, server):
    server.behave(Behaviour(omit_length=True))
    assert http_end(rig, server.url_for(NAME), *ONCE, "max_package_bytes=16383") == 708
    assert http_end(rig, server.url_for(NAME), *ONCE, "max_package_bytes=16384") == 0


def test_a_file_system_that_fills_in_the_middle_is_707(rig, server):
    server.behave(Behaviour(stall_after=8000))
    module = rig.prepare(ONCE)

    def fill() -> None:
        room = rig.files.free_bytes
        file = rig.files.begin("other")
        file.write(bytes(room - 10))
        file.end()
        server.release()

    def begin() -> None:
        module.receive("usbat", f'AT+QFOTADL="{server.url_for(NAME)}"\r'.encode(), rig.now)

    async def run() -> None:
        await rig.drive(lambda: module.upgrade.percent > 0, begin, goes_on=True)
        fill()
        await rig.drive(lambda: b'"HTTPEND",' in rig.printed, lambda: None)

    asyncio.run(run())
    assert b'"HTTPEND",707' in rig.printed
    assert rig.leftovers() == ["other"]


def test_refused_is_702(rig, server):
    server.refuse()
    assert http_end(rig, server.url_for(NAME), *ONCE) == 702


# -- what the world does to the road ----------------------------------------------------------

ROADS: dict[str, tuple[str, dict[str, str], tuple[str, ...], int]] = {
    # host in the URL, world, commands before, code
    "a name": ("fota.example", {"hosts": "fota.example=127.0.0.1"}, (), 0),
    "a name in capitals": ("FOTA.Example", {"hosts": "fota.example=127.0.0.1"}, (), 0),
    "a name that does not exist": ("fota.example", {"hosts": "fota.example=none"}, (), 702),
    "no name server": (
        "fota.example",
        {"hosts": "fota.example=127.0.0.1", "dns": "false"},
        (),
        702,
    ),
    "no name server but an address": ("127.0.0.1", {"dns": "false"}, (), 0),
    "unreachable host": ("127.0.0.1", {"blocked": "127.0.0.1"}, (), 702),
    "unreachable name": (
        "fota.example",
        {"hosts": "fota.example=127.0.0.1", "blocked": "fota.example"},
        (),
        702,
    ),
    "another port is blocked": ("127.0.0.1", {"blocked": ":1,127.0.0.1:2"}, (), 0),
    "no packets": ("127.0.0.1", {"packets": "false"}, (), 702),
    "no volume left": ("127.0.0.1", {"data_cap_bytes": "1", "data_used_bytes": "1"}, (), 702),
    "always loss": ("127.0.0.1", {"loss_period_s": "1", "loss_burst_s": "1"}, (), 702),
    "detached": ("127.0.0.1", {}, ("+CGATT=0",), 702),
    "no coverage": ("127.0.0.1", {"coverage": "false"}, (), 702),
    "no SIM": ("127.0.0.1", {"sim": "none"}, (), 702),
    "wrong APN": ("127.0.0.1", {"apns": "iot"}, ('+QCFGEXT="fota_apn",0,"x"',), 702),
    "right APN": ("127.0.0.1", {"apns": "iot"}, ('+QCFGEXT="fota_apn",0,"iot"',), 0),
    "wrong password": (
        "127.0.0.1",
        {"apns": "iot:joe:secret"},
        ('+QCFGEXT="fota_apn",0,"iot","joe","no"',),
        702,
    ),
    "right password": (
        "127.0.0.1",
        {"apns": "iot:joe:secret"},
        ('+QCFGEXT="fota_apn",0,"iot","joe","secret"',),
        0,
    ),
    "only IPv6 wanted, IPv4 there": ("127.0.0.1", {}, ('+QCFGEXT="fota_apn",1,"a"',), 702),
    "only IPv6 there, IPv4 wanted": (
        "127.0.0.1",
        {"ip": "ipv6"},
        ('+QCFGEXT="fota_apn",0,"a"',),
        702,
    ),
}


@pytest.mark.parametrize(("host", "world", "commands", "code"), ROADS.values(), ids=ROADS)
def test_the_code_of_a_road(rig, server, host, world, commands, code):  # noqa: PLR0917
    url = server.url_for(NAME, host=host)
    assert http_end(rig, url, commands=commands, world=world) == code
    assert len(server.requests) == (code == 0)


def test_nobody_reachable_is_told_after_six_minutes_of_the_modules_time(rig, server):
    url = server.url_for(NAME)
    assert http_end(rig, url, world={"blocked": "127.0.0.1"}) == 702
    assert rig.module.timeline.virtual_now - rig.booted_at_s == pytest.approx(360, abs=15)


def test_a_volume_that_ends_in_the_middle_is_704(rig, server):
    # Slowly: a fast link may bring all of it in one piece, before the volume is looked at.
    url, slow = server.url_for(NAME), "cat_m1_downlink_kbit_s=8"
    assert http_end(rig, url, *ONCE, slow, world={"data_cap_bytes": "9000"}) == 704
    assert rig.module.world.data_used_bytes >= 9000


def test_bursts_of_loss_delay_a_download_and_long_ones_end_it(rig, server):
    url, slow = server.url_for(NAME), "cat_m1_downlink_kbit_s=8"
    assert http_end(rig, url, *ONCE, slow) == 0
    undisturbed_s = rig.module.timeline.virtual_now
    loss = {"loss_period_s": "10", "loss_burst_s": "5"}
    assert http_end(rig, url, *ONCE, slow, world=loss) == 0
    assert rig.module.timeline.virtual_now == pytest.approx(2 * undisturbed_s, rel=0.35)
    loss = {"loss_period_s": "100", "loss_burst_s": "95"}
    assert http_end(rig, url, *ONCE, slow, world=loss) == 704


def test_a_nat_forgets_a_connection_that_is_silent_for_too_long(rig, server):
    """The server was silent for two minutes of the module's time; nothing it says arrives."""
    for idle_s, code in (("300", 0), ("60", 704)):
        server.behave(Behaviour(stall_after=5000))
        module = rig.prepare((*HASTY, "data_timeout_s=200", "wait_floor_s=0.5"))
        module.world.change("nat_idle_s", idle_s)

        def begin(module=module) -> None:
            module.receive("usbat", f'AT+QFOTADL="{server.url_for(NAME)}"\r'.encode(), rig.now)

        async def run(module=module, begin=begin) -> None:
            await rig.drive(lambda: module.upgrade.percent > 0, begin, goes_on=True)
            module.timeline.pace(120, server.release)
            await rig.drive(lambda: b'"HTTPEND",' in rig.printed, lambda: None)

        asyncio.run(run())
        assert f'"HTTPEND",{code}\r'.encode() in rig.printed


# -- TLS --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ours(tmp_path_factory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("theirs"))


def tls_end(
    rig, tls: FakeTls, *settings: str, files: dict[str, Path] | None = None
) -> tuple[int, FakePackageServer]:
    for name in (CA, CERT, KEY):
        if rig.files.has(name):
            rig.files.delete(name, is_trusted=True)
    for name, path in (files or {}).items():
        file = rig.files.begin(name, replaces=True, is_trusted=True)
        file.write(path.read_bytes())
        file.end()
    with FakePackageServer({NAME: BODY}, tls=tls) as server:
        return http_end(rig, server.url_for(NAME), *ONCE, *settings), server


Case = Callable[[Certificates, Certificates], tuple[dict[str, object], dict[str, Path], int]]
"""From our and foreign certificates to: the server's options, the module's files, the code."""

TLS: dict[str, Case] = {
    "no CA file": lambda _our, _their: ({}, {}, 0),
    "the right CA": lambda our, _their: ({}, {CA: our.ca_path}, 0),
    "another CA": lambda _our, their: ({}, {CA: their.ca_path}, 702),
    "a CA file that is none": lambda our, _their: ({}, {CA: our.key_path}, 702),
    "TLS 1.3 only": lambda _our, _their: (
        {"minimum_version": ssl.TLSVersion.TLSv1_3},
        {},
        702,
    ),
    "no common suite": lambda _our, _their: (
        {"ciphers": "ECDHE-RSA-CHACHA20-POLY1305", "maximum_version": ssl.TLSVersion.TLSv1_2},
        {},
        702,
    ),
    "an old suite": lambda _our, _their: (
        {"ciphers": "AES128-SHA:@SECLEVEL=0", "maximum_version": ssl.TLSVersion.TLSv1_2},
        {},
        0,
    ),
    "both sides show certificates": lambda our, _their: (
        {"client_ca_path": our.ca_path},
        {CA: our.ca_path, CERT: our.cert_path, KEY: our.key_path},
        0,
    ),
    "a certificate without its key": lambda our, _their: (
        {"client_ca_path": our.ca_path},
        {CA: our.ca_path, CERT: our.cert_path},
        702,
    ),
    "a certificate with another key": lambda our, their: (
        {"client_ca_path": our.ca_path},
        {CA: our.ca_path, CERT: our.cert_path, KEY: their.key_path},
        702,
    ),
    "none where one is wanted": lambda our, _their: (
        {"client_ca_path": our.ca_path},
        {CA: our.ca_path},
        702,
    ),
}


@pytest.mark.parametrize("case", TLS.values(), ids=TLS)
def test_the_code_of_a_handshake(rig, ours, theirs, case):
    options, files, code = case(ours, theirs)
    tls = FakeTls(cert_path=ours.cert_path, key_path=ours.key_path, **options)
    end, server = tls_end(rig, tls, files=files)
    assert end == code
    assert len(server.requests) == (code == 0)


def test_an_expired_certificate_is_taken_unless_dates_are_checked(rig, tmp_path):
    old = make_certificates(tmp_path, expired=True)
    tls = FakeTls(cert_path=old.cert_path, key_path=old.key_path)
    assert tls_end(rig, tls, files={CA: old.ca_path})[0] == 0
    assert tls_end(rig, tls, "tls_check_dates=true", files={CA: old.ca_path})[0] == 702


def test_no_name_is_sent_unless_that_is_set(rig, ours):
    tls = FakeTls(cert_path=ours.cert_path, key_path=ours.key_path)
    for setting, name in (("false", None), ("true", "fota.example")):
        with FakePackageServer({NAME: BODY}, tls=tls) as server:
            url = server.url_for(NAME, host="fota.example")
            world = {"hosts": "fota.example=127.0.0.1"}
            assert http_end(rig, url, f"tls_server_name={setting}", world=world) == 0
        assert server.requests[0].server_name == name
        assert server.requests[0].tls_version == "TLSv1.2"


def test_keys_of_the_module_leave_no_file_behind(rig, ours, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    tls = FakeTls(cert_path=ours.cert_path, key_path=ours.key_path, client_ca_path=ours.ca_path)
    files = {CA: ours.ca_path, CERT: ours.cert_path, KEY: ours.key_path}
    before = sorted(tmp_path.iterdir())
    assert tls_end(rig, tls, files=files)[0] == 0
    assert sorted(tmp_path.iterdir()) == before
