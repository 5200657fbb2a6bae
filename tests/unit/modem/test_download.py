# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The download client against real servers on the loopback that misbehave in every way."""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import ipaddress
import os
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from dfota.modem import HttpError, Speed
from dfota.modem.exchange import HEADERS_MAX_BYTES
from dfota.modem.filesystem import CA_NAME, CLIENT_CERT_NAME, CLIENT_KEY_NAME, PACKAGE_NAME

BODY = bytes(range(256)) * 100
PATIENT = ("connect_attempts=1",)
IMPATIENT = ("connect_attempts=1", "wait_floor_s=0.2")


def ok(body: bytes = BODY, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Server:
    """Answers each request with *answer*, then does as *behind* says."""

    answer: bytes
    behind: str = "close"
    context: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    requests: list[bytes] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        self._over = asyncio.Event()
        self._server = await asyncio.start_server(self._serve, self.host, 0, ssl=self.context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        self._server.close()
        await asyncio.wait_for(self._server.wait_closed(), 5)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answer)
            await writer.drain()
            if self.behind == "stay":
                await self._over.wait()
            elif self.behind == "reset":
                raw = writer.get_extra_info("socket")
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                writer.transport.abort()
                return
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            writer.transport.abort()


def fetch(
    rig,
    server: Server | None,
    *,
    settings: tuple[str, ...] = PATIENT,
    url: str = "",
    tls: tuple[bytes, ...] = (),
    ip_type: int = 0,
    max_bytes: int = 100_000,
    speed: Speed | None = None,
    change: dict[str, str] | None = None,
) -> HttpError:
    """Download from *server* into the module of *rig*; the file is there, or nothing is."""
    module = rig.prepare((*settings, f"max_package_bytes={max_bytes}"), speed)
    module.nv.fota_apn.ip_type = ip_type
    for name, value in (change or {}).items():
        module.world.change(name, value)
    for name, content in zip((CA_NAME, CLIENT_CERT_NAME, CLIENT_KEY_NAME), tls, strict=False):
        put(rig, name, content)

    async def run() -> HttpError:
        if server is None:
            return await rig.fetch(url)
        async with server:
            scheme = "https" if server.context else "http"
            pattern = url or f"{scheme}://127.0.0.1:PORT/dir/update.zip?x=1"
            return await rig.fetch(pattern.replace("PORT", str(server.port)))

    result = asyncio.run(run())
    for name in (CA_NAME, CLIENT_CERT_NAME, CLIENT_KEY_NAME):
        if rig.files.has(name):
            rig.files.delete(name, is_trusted=True)
    package = rig.folder / "update.zip"
    assert package.exists() == (result is HttpError.OK)
    assert rig.leftovers() == []
    if result is HttpError.OK:
        assert rig.progress[-1][0] == package.stat().st_size
    return result


def certs(*contents: bytes) -> tuple[bytes, ...]:
    """CA, certificate and key as they lie in /datatx."""
    return contents


def put(rig, name: str, data: bytes) -> None:
    file = rig.files.begin(name, replaces=True, is_trusted=True)
    file.write(data)
    file.end()


def stored(rig) -> bytes:
    return rig.files.read("EUFS:/fota/update.zip")


# -- what works ---------------------------------------------------------------------------


def test_a_download_and_its_request(rig):
    server = Server(ok(), behind="stay")
    assert fetch(rig, server) is HttpError.OK
    assert stored(rig) == BODY
    assert server.requests == [
        b"GET /dir/update.zip?x=1 HTTP/1.1\r\n"
        b"Host: 127.0.0.1:" + str(server.port).encode() + b"\r\n"
        b"Accept: */*\r\n"
        b"User-Agent: QUECTEL_MODULE\r\n"
        b"Connection: Keep-Alive\r\n"
        b"\r\n"
    ]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.0 200 OK\r\nContent-Type: application/zip\r\n\r\n" + BODY,
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 25600\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"".join(b"100\r\n" + BODY[i : i + 256] + b"\r\n" for i in range(0, 25600, 256))
        + b"0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + ok(),
    ],
    ids=["until it closes", "http 1.0", "another 2xx", "chunked", "100 before"],
)
def test_other_ways_to_send_a_body(rig, answer):
    assert fetch(rig, Server(answer)) is HttpError.OK
    assert stored(rig) == BODY


def test_a_new_download_replaces_the_old_file(rig):
    assert fetch(rig, Server(ok(b"old"))) is HttpError.OK
    assert fetch(rig, Server(ok(b"new"))) is HttpError.OK
    assert stored(rig) == b"new"


def test_ip_version_six_by_choice(rig):
    server = Server(ok(), host="::1")
    try:
        probe = socket.socket(socket.AF_INET6)
        probe.bind(("::1", 0))
        probe.close()
    except OSError:
        pytest.skip("there is no IPv6 on this machine")

    def by(ip_type: int, offered: str = "ipv4v6") -> HttpError:
        url = "http://[::1]:PORT/x"
        return fetch(rig, server, url=url, ip_type=ip_type, change={"ip": offered})

    assert by(1) is HttpError.OK
    assert by(2) is HttpError.OK
    rig.files.delete(PACKAGE_NAME, is_trusted=True)
    assert by(0) is HttpError.CONNECTION_FAILED
    assert by(1, "ipv4") is HttpError.CONNECTION_FAILED
    assert by(2, "ipv4") is HttpError.CONNECTION_FAILED
    assert b"Host: [::1]:" in server.requests[0]


@pytest.mark.parametrize(
    ("rat", "kbit_s", "trip_s"), [("cat-m1", 375, 0.1), ("cat-nb1", 32, 1.6), ("egprs", 296, 0.6)]
)
def test_a_download_takes_the_time_of_its_radio_also_at_full_speed(rig, rat, kbit_s, trip_s):
    server = Server(ok())
    assert fetch(rig, server, settings=(*PATIENT, f"rat={rat}")) is HttpError.OK
    took_s = rig.module.timeline.virtual_now - rig.booted_at_s
    # A name, and a connection with its request: two round trips before the bytes come.
    expected_s = len(ok()) / (kbit_s * 125) + 2 * trip_s
    assert took_s == pytest.approx(expected_s, abs=0.2)


# -- 702 ------------------------------------------------------------------------------------


def test_702_when_nobody_listens(rig):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
        assert fetch(rig, None, url=url) is HttpError.CONNECTION_FAILED


def test_702_after_as_many_attempts_as_the_module_makes(rig):
    hosts = {"hosts": "gone.example=none"}
    settings = ("cat_m1_latency_ms=0",)
    assert fetch(rig, None, url="http://gone.example/x", settings=settings, change=hosts) == 702
    assert rig.module.timeline.virtual_now - rig.booted_at_s == pytest.approx(5 * 6.0, abs=0.5)


def test_702_when_the_name_does_not_exist(rig):
    url = "http://no-such-host.invalid/x"
    assert fetch(rig, None, url=url, settings=IMPATIENT) is HttpError.CONNECTION_FAILED


def test_702_when_the_tls_handshake_gets_no_answer(rig):
    server = Server(b"", behind="stay")
    url = "https://127.0.0.1:PORT/x"
    assert fetch(rig, server, url=url, settings=IMPATIENT) is HttpError.CONNECTION_FAILED
    assert server.requests == []


# -- 703, 706 -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 304, 307, 400, 401, 403, 405, 416, 500, 503])
def test_703_for_every_other_status_redirects_too(rig, status):
    head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    server = Server(head.encode())
    assert fetch(rig, server) is HttpError.REQUEST_FAILED
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_706_when_the_server_has_no_such_file(rig, status):
    head = f"HTTP/1.1 {status} X\r\nContent-Length: 3\r\n\r\nno!"
    assert fetch(rig, Server(head.encode())) is HttpError.FILE_NOT_FOUND


# -- 704 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", ok()[:-1]])
def test_704_when_the_server_stalls(rig, answer):
    server = Server(answer, behind="stay")
    # Long enough for a connection on a computer that is busy: that would be 702.
    settings = ("connect_attempts=1", "wait_floor_s=1")
    assert fetch(rig, server, settings=settings) is HttpError.TIMEOUT


def test_704_when_the_whole_download_takes_too_long(rig):
    server = Server(ok()[:-1], behind="stay")
    settings = ("connect_attempts=1", "download_timeout_s=0.1")
    assert fetch(rig, server, settings=settings) is HttpError.TIMEOUT


# -- 707, 708 -------------------------------------------------------------------------------


def test_707_when_writing_fails(rig, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", fail)
    assert fetch(rig, Server(ok())) is HttpError.WRITE_FAILED


def test_707_when_the_file_cannot_be_made(rig):
    rig.folder.rmdir()
    rig.folder.write_text("in the way")

    rig.prepare(PATIENT)

    async def run() -> HttpError:
        async with Server(ok()) as server:
            return await rig.fetch(f"http://127.0.0.1:{server.port}/x")

    assert asyncio.run(run()) is HttpError.WRITE_FAILED


@pytest.mark.parametrize("answer", [ok(), b"HTTP/1.1 200 OK\r\n\r\n" + BODY])
def test_708_at_one_byte_over_the_room(rig, answer):
    size = len(BODY)
    assert fetch(rig, Server(answer), max_bytes=size - 1) is HttpError.FILE_TOO_LARGE
    assert fetch(rig, Server(answer), max_bytes=size) is HttpError.OK


def test_708_is_told_before_the_body_comes(rig):
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", behind="stay")
    assert fetch(rig, server) is HttpError.FILE_TOO_LARGE


# -- 701 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        ok()[:-1],
        ok()[:30],
        b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * (HEADERS_MAX_BYTES + 1),
        b"HTTP/1.1 100 Continue\r\n\r\n" * 100 + ok(),
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ],
    ids=[
        "nothing",
        "no http",
        "another protocol",
        "early close",
        "close in the headers",
        "length no number",
        "two lengths",
        "chunk size no number",
        "close in a chunk",
        "endless header",
        "endless 100",
        "upgrade",
    ],
)
def test_701_for_every_malformed_answer(rig, answer):
    assert fetch(rig, Server(answer)) is HttpError.UNKNOWN


def test_701_when_the_connection_is_reset_in_the_body(rig):
    assert fetch(rig, Server(ok()[:-1], behind="reset")) is HttpError.UNKNOWN


def test_aborting_leaves_nothing_and_reports_nothing(rig):
    rig.prepare(PATIENT)
    ends: list[HttpError] = []

    async def run() -> None:
        async with Server(ok()[:-1], behind="stay") as server:
            download = rig.begin(f"http://127.0.0.1:{server.port}/x", ends.append)
            await rig.drive(lambda: bool(rig.progress), download.begin)
            download.abort()
            await rig.drive(lambda: rig.module.next_deadline() is None, lambda: None)

    asyncio.run(run())
    assert ends == []
    assert rig.leftovers() == []


# -- TLS ------------------------------------------------------------------------------------


@dataclass
class Authority:
    """A certificate authority, with files."""

    directory: Path
    name: str

    def __post_init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self._sign(self.name, self.key, self.name, is_ca=True)
        self.path = self._save(f"{self.name}.pem", self.cert)

    def issue(self, name: str, *, days: int = 1) -> tuple[Path, Path]:
        """Certificate and key for *name*; negative *days*: expired."""
        key = rsa.generate_private_key(65537, 2048)
        cert = self._sign(name, key, self.name, is_ca=False, days=days)
        key_path = self.directory / f"{self.name}-{name}.key"
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return self._save(f"{self.name}-{name}.pem", cert), key_path

    def _sign(self, name, key, issuer, *, is_ca: bool, days: int = 1) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=30))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if not is_ca:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(
                    [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
                    if name == "right"
                    else [x509.DNSName("elsewhere.example")]
                ),
                critical=False,
            )
        return builder.sign(self.key, hashes.SHA256())

    def _save(self, name: str, cert: x509.Certificate) -> Path:
        path = self.directory / name
        path.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        return path


@pytest.fixture(scope="session")
def authorities(tmp_path_factory) -> tuple[Authority, Authority]:
    directory = tmp_path_factory.mktemp("tls")
    return Authority(directory, "ours"), Authority(directory, "foreign")


@pytest.fixture(scope="session")
def tls_pair(authorities) -> tuple[Path, Path]:
    return authorities[0].issue("right")


def server_context(pair: tuple[Path, Path], **changes: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    for name, value in changes.items():
        setattr(context, name, value)
    return context


def test_without_a_ca_file_every_server_is_taken(rig, tls_pair):
    assert fetch(rig, Server(ok(), context=server_context(tls_pair))) is HttpError.OK


def test_with_the_right_ca_file(rig, authorities, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    assert fetch(rig, server, tls=certs(authorities[0].path.read_bytes())) is HttpError.OK


def test_702_with_another_ca_file(rig, authorities, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    result = fetch(rig, server, tls=certs(authorities[1].path.read_bytes()))
    assert result is HttpError.CONNECTION_FAILED
    assert server.requests == []


def test_702_when_the_ca_file_is_no_certificate(rig, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    result = fetch(rig, server, tls=certs(b"nonsense"))
    assert result is HttpError.CONNECTION_FAILED


def test_702_when_the_server_speaks_only_tls_1_3(rig, tls_pair):
    context = server_context(tls_pair, minimum_version=ssl.TLSVersion.TLSv1_3)
    assert fetch(rig, Server(ok(), context=context)) is HttpError.CONNECTION_FAILED


def test_702_when_the_server_has_none_of_the_suites(rig, tls_pair):
    context = server_context(tls_pair)
    context.set_ciphers("ECDHE-RSA-CHACHA20-POLY1305")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert fetch(rig, Server(ok(), context=context)) is HttpError.CONNECTION_FAILED


def test_a_server_that_is_not_trusted_is_not_tried_again(rig, authorities, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    result = fetch(rig, server, tls=certs(authorities[1].path.read_bytes()), settings=())
    assert result is HttpError.CONNECTION_FAILED
    assert rig.module.links._count == 1


def test_702_when_the_server_speaks_no_tls(rig):
    url = "https://127.0.0.1:PORT/x"
    assert fetch(rig, Server(b""), url=url, settings=IMPATIENT) is HttpError.CONNECTION_FAILED


def test_dates_and_names_are_not_judged_unless_set(rig, authorities):
    ours = authorities[0]
    tls = certs(ours.path.read_bytes())
    for name, days, setting in (
        ("expired", -1, "tls_check_dates=true"),
        ("elsewhere", 1, "tls_check_name=true"),
    ):
        pair = ours.issue(name, days=days)
        assert fetch(rig, Server(ok(), context=server_context(pair)), tls=tls) is HttpError.OK
        rig.files.delete("EUFS:/fota/update.zip")
        strict = fetch(
            rig,
            Server(ok(), context=server_context(pair)),
            tls=tls,
            settings=(*PATIENT, setting),
        )
        assert strict is HttpError.CONNECTION_FAILED


def test_the_right_name_passes_where_names_are_judged(rig, authorities, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    settings = (*PATIENT, "tls_check_name=true", "tls_check_dates=true")
    assert fetch(rig, server, tls=certs(authorities[0].path.read_bytes()), settings=settings) == 0


@pytest.mark.parametrize("sends", [False, True])
def test_the_servers_name_is_sent_only_where_set(rig, tls_pair, sends):
    names: list[str | None] = []
    context = server_context(tls_pair)
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    settings = (*PATIENT, f"tls_server_name={str(sends).lower()}")
    server = Server(ok(), context=context)
    assert fetch(rig, server, url="https://localhost:PORT/x", settings=settings) is HttpError.OK
    assert names == ["localhost" if sends else None]


def client_context(authorities, tls_pair) -> ssl.SSLContext:
    context = server_context(tls_pair, verify_mode=ssl.CERT_REQUIRED)
    context.load_verify_locations(authorities[0].path)
    return context


def test_a_client_certificate_is_shown(rig, authorities, tls_pair):
    cert, key = authorities[0].issue("module")
    server = Server(ok(), context=client_context(authorities, tls_pair))
    tls = certs(authorities[0].path.read_bytes(), cert.read_bytes(), key.read_bytes())
    assert fetch(rig, server, tls=tls) is HttpError.OK


def test_702_for_a_client_certificate_without_its_key(rig, authorities, tls_pair):
    cert, _ = authorities[0].issue("module")
    server = Server(ok(), context=client_context(authorities, tls_pair))
    result = fetch(rig, server, tls=certs(authorities[0].path.read_bytes(), cert.read_bytes()))
    assert result is HttpError.CONNECTION_FAILED


def test_702_when_the_server_wants_a_client_certificate_and_there_is_none(
    rig, authorities, tls_pair
):
    server = Server(ok(), context=client_context(authorities, tls_pair))
    result = fetch(rig, server, tls=certs(authorities[0].path.read_bytes()))
    assert result is HttpError.CONNECTION_FAILED
