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

from dfota.at import parse_location
from dfota.modem import BG96, DownloadRequest, HttpError, Speed, with_settings
from dfota.modem.download import HEADERS_MAX_BYTES, AsyncioNetwork, download
from dfota.modem.filesystem import FileSystem
from dfota.modem.network import TlsFiles

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


@pytest.fixture
def files(tmp_path: Path) -> FileSystem:
    return FileSystem(tmp_path / "efs", total_bytes=1_000_000, reserved_bytes=0)


def fetch(
    files: FileSystem,
    server: Server | None,
    *,
    settings: tuple[str, ...] = PATIENT,
    url: str = "",
    tls: TlsFiles | None = None,
    ip_type: int = 0,
    max_bytes: int = 100_000,
    speed: Speed | None = None,
) -> HttpError:
    async def run() -> HttpError:
        if server is None:
            return await download(request(0), speed or Speed(None))
        async with server:
            return await download(request(server.port), speed or Speed(None))

    def request(port: int) -> DownloadRequest:
        scheme = "https" if server is not None and server.context else "http"
        return DownloadRequest(
            location=parse_location(url or f"{scheme}://127.0.0.1:{port}/dir/update.zip?x=1"),
            ip_type=ip_type,
            tls=tls or TlsFiles(),
            max_bytes=max_bytes,
            begin_file=lambda: files.begin("EUFS:/fota/update.zip", replaces=True),
            profile=with_settings(BG96, settings),
            on_progress=lambda done, total: progress.append((done, total)),
        )

    progress: list[tuple[int, int | None]] = []
    result = asyncio.run(run())
    stored = files._root / "fota" / "update.zip"
    assert stored.exists() == (result is HttpError.OK)
    assert [path.name for path in stored.parent.iterdir() if path != stored] == []
    if result is HttpError.OK:
        assert progress[-1][0] == stored.stat().st_size
    return result


def stored(files: FileSystem) -> bytes:
    return files.read("EUFS:/fota/update.zip")


# -- what works ---------------------------------------------------------------------------


def test_a_download_and_its_request(files):
    server = Server(ok(), behind="stay")
    assert fetch(files, server) is HttpError.OK
    assert stored(files) == BODY
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
def test_other_ways_to_send_a_body(files, answer):
    assert fetch(files, Server(answer)) is HttpError.OK
    assert stored(files) == BODY


def test_a_new_download_replaces_the_old_file(files):
    assert fetch(files, Server(ok(b"old"))) is HttpError.OK
    assert fetch(files, Server(ok(b"new"))) is HttpError.OK
    assert stored(files) == b"new"


def test_ip_version_six_by_choice(files):
    server = Server(ok(), host="::1")
    try:
        probe = socket.socket(socket.AF_INET6)
        probe.bind(("::1", 0))
        probe.close()
    except OSError:
        pytest.skip("there is no IPv6 on this machine")

    async def run(ip_type: int) -> HttpError:
        async with server:
            request = DownloadRequest(
                parse_location(f"http://[::1]:{server.port}/x"),
                ip_type,
                TlsFiles(),
                100_000,
                lambda: files.begin("EUFS:/fota/update.zip", replaces=True),
                with_settings(BG96, PATIENT),
                lambda _done, _total: None,
            )
            return await download(request, Speed(None))

    assert asyncio.run(run(1)) is HttpError.OK
    assert asyncio.run(run(2)) is HttpError.OK
    assert asyncio.run(run(0)) is HttpError.CONNECTION_FAILED
    assert b"Host: [::1]:" in server.requests[0]


def test_a_slow_radio_paces_the_download(files, monkeypatch):
    pauses: list[float] = []
    real_sleep = asyncio.sleep

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await real_sleep(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert fetch(files, Server(ok()), speed=Speed(1.0)) is HttpError.OK
    assert sum(pauses) == pytest.approx(len(ok()) * 8 / 375_000)
    pauses.clear()
    assert fetch(files, Server(ok()), speed=Speed(10.0)) is HttpError.OK
    assert sum(pauses) == pytest.approx(len(ok()) * 8 / 3_750_000)


# -- 702 ------------------------------------------------------------------------------------


def test_702_when_nobody_listens(files):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
        assert fetch(files, None, url=url) is HttpError.CONNECTION_FAILED


def test_702_after_as_many_attempts_as_the_module_makes(files, monkeypatch):
    attempts: list[str] = []

    async def refuse(*args: object, **_: object) -> None:
        attempts.append(str(args[0]))
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncio, "open_connection", refuse)
    assert fetch(files, None, url="http://host/x", settings=()) is HttpError.CONNECTION_FAILED
    assert attempts == ["host"] * 6


def test_702_when_the_name_does_not_exist(files):
    url = "http://no-such-host.invalid/x"
    assert fetch(files, None, url=url, settings=IMPATIENT) is HttpError.CONNECTION_FAILED


def test_702_when_the_tls_handshake_gets_no_answer(files, tls_pair):
    async def run() -> HttpError:
        over = asyncio.Event()

        async def silent(_reader, writer) -> None:
            await over.wait()
            writer.transport.abort()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        request = DownloadRequest(
            parse_location(f"https://127.0.0.1:{port}/x"),
            0,
            TlsFiles(),
            1000,
            lambda: files.begin("x"),
            with_settings(BG96, IMPATIENT),
            lambda _done, _total: None,
        )
        try:
            return await download(request, Speed(None))
        finally:
            over.set()
            server.close()
            await server.wait_closed()

    assert asyncio.run(run()) is HttpError.CONNECTION_FAILED


# -- 703, 706 -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 304, 307, 400, 401, 403, 405, 416, 500, 503])
def test_703_for_every_other_status_redirects_too(files, status):
    head = f"HTTP/1.1 {status} X\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    server = Server(head.encode())
    assert fetch(files, server) is HttpError.REQUEST_FAILED
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_706_when_the_server_has_no_such_file(files, status):
    head = f"HTTP/1.1 {status} X\r\nContent-Length: 3\r\n\r\nno!"
    assert fetch(files, Server(head.encode())) is HttpError.FILE_NOT_FOUND


# -- 704 ------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200", ok()[:-1]])
def test_704_when_the_server_stalls(files, answer):
    server = Server(answer, behind="stay")
    assert fetch(files, server, settings=IMPATIENT) is HttpError.TIMEOUT


def test_704_when_the_whole_download_takes_too_long(files):
    server = Server(ok()[:-1], behind="stay")
    settings = ("connect_attempts=1", "download_timeout_s=0.1")
    assert fetch(files, server, settings=settings) is HttpError.TIMEOUT


# -- 707, 708 -------------------------------------------------------------------------------


def test_707_when_writing_fails(files, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "fsync", fail)
    assert fetch(files, Server(ok())) is HttpError.WRITE_FAILED


def test_707_when_the_file_cannot_be_made(files):
    (files._root / "fota").rmdir()
    (files._root / "fota").write_text("in the way")

    async def run() -> HttpError:
        async with Server(ok()) as server:
            request = DownloadRequest(
                parse_location(f"http://127.0.0.1:{server.port}/x"),
                0,
                TlsFiles(),
                100_000,
                lambda: files.begin("EUFS:/fota/update.zip", replaces=True),
                with_settings(BG96, PATIENT),
                lambda _done, _total: None,
            )
            return await download(request, Speed(None))

    assert asyncio.run(run()) is HttpError.WRITE_FAILED


@pytest.mark.parametrize("answer", [ok(), b"HTTP/1.1 200 OK\r\n\r\n" + BODY])
def test_708_at_one_byte_over_the_room(files, answer):
    size = len(BODY)
    assert fetch(files, Server(answer), max_bytes=size - 1) is HttpError.FILE_TOO_LARGE
    assert fetch(files, Server(answer), max_bytes=size) is HttpError.OK


def test_708_is_told_before_the_body_comes(files):
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", behind="stay")
    assert fetch(files, server) is HttpError.FILE_TOO_LARGE


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
def test_701_for_every_malformed_answer(files, answer):
    assert fetch(files, Server(answer)) is HttpError.UNKNOWN


def test_701_when_the_connection_is_reset_in_the_body(files):
    assert fetch(files, Server(ok()[:-1], behind="reset")) is HttpError.UNKNOWN


def test_aborting_leaves_nothing_and_reports_nothing(files):
    async def run() -> list[HttpError]:
        ends: list[HttpError] = []
        begun = asyncio.Event()
        network = AsyncioNetwork(Speed(None))
        async with Server(ok()[:-1], behind="stay") as server:
            request = DownloadRequest(
                parse_location(f"http://127.0.0.1:{server.port}/x"),
                0,
                TlsFiles(),
                100_000,
                lambda: files.begin("EUFS:/fota/update.zip"),
                with_settings(BG96, PATIENT),
                lambda _done, _total: begun.set(),
            )
            running = network.begin(request, ends.append)
            await asyncio.wait_for(begun.wait(), 5)
            running.abort()
            await network.close()
        return ends

    assert asyncio.run(run()) == []
    assert list((files._root / "fota").iterdir()) == []


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


def test_without_a_ca_file_every_server_is_taken(files, tls_pair):
    assert fetch(files, Server(ok(), context=server_context(tls_pair))) is HttpError.OK


def test_with_the_right_ca_file(files, authorities, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    assert fetch(files, server, tls=TlsFiles(authorities[0].path.read_bytes())) is HttpError.OK


def test_702_with_another_ca_file(files, authorities, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    result = fetch(files, server, tls=TlsFiles(authorities[1].path.read_bytes()))
    assert result is HttpError.CONNECTION_FAILED
    assert server.requests == []


def test_702_when_the_ca_file_is_no_certificate(files, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    result = fetch(files, server, tls=TlsFiles(b"nonsense"))
    assert result is HttpError.CONNECTION_FAILED


def test_702_when_the_server_speaks_only_tls_1_3(files, tls_pair):
    context = server_context(tls_pair, minimum_version=ssl.TLSVersion.TLSv1_3)
    assert fetch(files, Server(ok(), context=context)) is HttpError.CONNECTION_FAILED


def test_702_when_the_server_has_none_of_the_suites(files, tls_pair):
    context = server_context(tls_pair)
    context.set_ciphers("ECDHE-RSA-CHACHA20-POLY1305")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert fetch(files, Server(ok(), context=context)) is HttpError.CONNECTION_FAILED


def test_a_server_that_is_not_trusted_is_not_tried_again(files, authorities, tls_pair, monkeypatch):
    attempts: list[object] = []
    real = asyncio.open_connection

    async def count(*args: object, **options: object) -> object:
        attempts.append(args)
        return await real(*args, **options)

    monkeypatch.setattr(asyncio, "open_connection", count)
    server = Server(ok(), context=server_context(tls_pair))
    result = fetch(files, server, tls=TlsFiles(authorities[1].path.read_bytes()), settings=())
    assert result is HttpError.CONNECTION_FAILED
    assert len(attempts) == 1


def test_702_when_the_server_speaks_no_tls(files):
    async def run() -> HttpError:
        async with Server(b"") as server:
            request = DownloadRequest(
                parse_location(f"https://127.0.0.1:{server.port}/x"),
                0,
                TlsFiles(),
                1000,
                lambda: files.begin("x"),
                with_settings(BG96, IMPATIENT),
                lambda _done, _total: None,
            )
            return await download(request, Speed(None))

    assert asyncio.run(run()) is HttpError.CONNECTION_FAILED


def test_dates_and_names_are_not_judged_unless_set(files, authorities):
    ours = authorities[0]
    tls = TlsFiles(ours.path.read_bytes())
    for name, days, setting in (
        ("expired", -1, "tls_check_dates=true"),
        ("elsewhere", 1, "tls_check_name=true"),
    ):
        pair = ours.issue(name, days=days)
        assert fetch(files, Server(ok(), context=server_context(pair)), tls=tls) is HttpError.OK
        files.delete("EUFS:/fota/update.zip")
        strict = fetch(
            files,
            Server(ok(), context=server_context(pair)),
            tls=tls,
            settings=(*PATIENT, setting),
        )
        assert strict is HttpError.CONNECTION_FAILED


def test_the_right_name_passes_where_names_are_judged(files, authorities, tls_pair):
    server = Server(ok(), context=server_context(tls_pair))
    settings = (*PATIENT, "tls_check_name=true", "tls_check_dates=true")
    assert (
        fetch(files, server, tls=TlsFiles(authorities[0].path.read_bytes()), settings=settings) == 0
    )


@pytest.mark.parametrize("sends", [False, True])
def test_the_servers_name_is_sent_only_where_set(files, tls_pair, sends):
    names: list[str | None] = []
    context = server_context(tls_pair)
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    async def run() -> HttpError:
        async with Server(ok(), context=context) as server:
            request = DownloadRequest(
                parse_location(f"https://localhost:{server.port}/x"),
                0,
                TlsFiles(),
                100_000,
                lambda: files.begin("x"),
                with_settings(BG96, (*PATIENT, f"tls_server_name={str(sends).lower()}")),
                lambda _done, _total: None,
            )
            return await download(request, Speed(None))

    assert asyncio.run(run()) is HttpError.OK
    assert names == ["localhost" if sends else None]


def client_context(authorities, tls_pair) -> ssl.SSLContext:
    context = server_context(tls_pair, verify_mode=ssl.CERT_REQUIRED)
    context.load_verify_locations(authorities[0].path)
    return context


def test_a_client_certificate_is_shown(files, authorities, tls_pair):
    cert, key = authorities[0].issue("module")
    server = Server(ok(), context=client_context(authorities, tls_pair))
    tls = TlsFiles(authorities[0].path.read_bytes(), cert.read_bytes(), key.read_bytes())
    assert fetch(files, server, tls=tls) is HttpError.OK


def test_702_for_a_client_certificate_without_its_key(files, authorities, tls_pair):
    cert, _ = authorities[0].issue("module")
    server = Server(ok(), context=client_context(authorities, tls_pair))
    result = fetch(files, server, tls=TlsFiles(authorities[0].path.read_bytes(), cert.read_bytes()))
    assert result is HttpError.CONNECTION_FAILED


def test_702_when_the_server_wants_a_client_certificate_and_there_is_none(
    files, authorities, tls_pair
):
    server = Server(ok(), context=client_context(authorities, tls_pair))
    result = fetch(files, server, tls=TlsFiles(authorities[0].path.read_bytes()))
    assert result is HttpError.CONNECTION_FAILED
