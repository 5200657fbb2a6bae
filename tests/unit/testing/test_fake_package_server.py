# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import http.client
import socket
import ssl

import pytest

from dfota.errors import MisuseError
from dfota.testing import (
    Behaviour,
    FakePackageServer,
    FakeTls,
    make_certificates,
)

BODY = bytes(range(256)) * 64


@pytest.fixture
def fake():
    with FakePackageServer({"update.zip": BODY}) as server:
        yield server


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("tls"))


def ask(server, target: str = "/update.zip", context=None) -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    try:
        client = raw if context is None else context.wrap_socket(raw, server_hostname="localhost")
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: fake\r\n\r\n".encode())
    except BaseException:
        raw.close()
        raise
    return client


def answer(server, target: str = "/update.zip", context=None) -> bytes:
    with ask(server, target, context) as client:
        return b"".join(iter(lambda: client.recv(65536), b""))


def test_it_is_good_unless_told_else(fake):
    connection = http.client.HTTPConnection("127.0.0.1", fake.port, timeout=10)
    connection.request("GET", "/update.zip?x=1", headers={"User-Agent": "module"})
    got = connection.getresponse()

    assert (got.status, got.read()) == (200, BODY)
    connection.close()
    (request,) = fake.requests
    assert (request.method, request.target) == ("GET", "/update.zip?x=1")
    assert request.fields["user-agent"] == "module"
    assert fake.url_for("update.zip") == f"http://127.0.0.1:{fake.port}/update.zip"
    assert answer(fake, "/absent").startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("behaviour", "start", "part"),
    [
        (Behaviour(status=503), b"HTTP/1.1 503 ", b"503"),
        (Behaviour(status=799), b"HTTP/1.1 799 ", b"799"),
        (Behaviour(status=302, location="/b.zip"), b"HTTP/1.1 302 ", b"\r\nLocation: /b.zip\r\n"),
        (Behaviour(content_length=5), b"HTTP/1.1 200 ", b"\r\nContent-Length: 5\r\n"),
        (Behaviour(compressed=True), b"HTTP/1.1 200 ", b"\r\nContent-Encoding: gzip\r\n"),
        (Behaviour(chunked=True), b"HTTP/1.1 200 ", b"\r\n0\r\n\r\n"),
        (Behaviour(head=b"garbage\r\n\r\n"), b"garbage", BODY),
    ],
    ids=["status", "odd", "redirect", "length", "compressed", "chunked", "head"],
)
def test_it_misbehaves_as_told(fake, behaviour, start, part):
    fake.behave(behaviour)
    got = answer(fake)

    assert got.startswith(start)
    assert part in got


def test_it_can_omit_the_length(fake):
    fake.behave(Behaviour(omit_length=True))
    got = answer(fake)

    assert b"Content-Length" not in got
    assert got.endswith(BODY)


def test_an_early_end_sends_exactly_so_much(fake):
    fake.behave(Behaviour(close_after=1000))
    head, _, body = answer(fake).partition(b"\r\n\r\n")

    assert f"Content-Length: {len(BODY)}".encode() in head
    assert body == BODY[:1000]


def test_a_reset_is_a_reset(fake):
    fake.behave(Behaviour(reset_after=1000))
    with pytest.raises(ConnectionResetError), ask(fake) as client:
        while client.recv(65536):
            pass


def test_a_stall_lasts_until_it_is_released(fake):
    fake.behave(Behaviour(stall_after=1000))
    with ask(fake) as client:
        got = b""
        while not got.endswith(BODY[:1000]):
            got += client.recv(65536)
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10)
        fake.release()
        rest = b"".join(iter(lambda: client.recv(65536), b""))
    assert rest == BODY[1000:]


def test_closing_ends_what_is_stalled_or_silent(fake):
    fake.behave(Behaviour(silent=True), Behaviour(stall_after=0))
    with ask(fake) as silent:
        # Behaviours go by the order of the requests, so the second waits for the first.
        assert len(fake.wait_for_requests(1)) == 1
        with ask(fake) as stalled:
            # A request counts as soon as it is read: the answer's head may still be on its way.
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                piece = stalled.recv(65536)
                assert piece
                head += piece
            fake.close()
            assert silent.recv(100) == b""
            assert stalled.recv(100) == b""
    fake.close()


def test_behaviours_come_one_after_the_other_and_the_last_stays(fake):
    fake.behave(Behaviour(status=500), Behaviour(status=503), Behaviour())

    assert [answer(fake)[9:12] for _ in range(4)] == [b"500", b"503", b"200", b"200"]
    with pytest.raises(MisuseError):
        fake.behave()


def test_it_refuses_and_accepts_again_on_the_same_port(fake):
    fake.refuse()
    with pytest.raises(ConnectionRefusedError):
        ask(fake)

    fake.accept()
    assert answer(fake).endswith(BODY)


def test_https_tells_what_the_client_was_like(certificates):
    tls = FakeTls(
        cert_path=certificates.cert_path,
        key_path=certificates.key_path,
        client_ca_path=certificates.ca_path,
        maximum_version=ssl.TLSVersion.TLSv1_2,
    )
    with FakePackageServer({"update.zip": BODY}, tls=tls) as server:
        context = ssl.create_default_context(cafile=certificates.ca_path)
        context.verify_flags |= ssl.VERIFY_X509_STRICT  # the default from Python 3.13 on
        with pytest.raises((ssl.SSLError, ConnectionError)):
            answer(server, context=context)
        context.load_cert_chain(certificates.cert_path, certificates.key_path)
        assert answer(server, context=context).endswith(BODY)
        (request,) = server.requests

    assert server.failed_handshakes == ("PEER_DID_NOT_RETURN_A_CERTIFICATE",)
    assert (request.tls_version, request.server_name) == ("TLSv1.2", "localhost")
    assert request.has_client_certificate
    assert server.url_for("x").startswith("https://127.0.0.1:")


@pytest.mark.parametrize("kind", ["other CA", "expired", "other name", "too new", "elliptic"])
def test_tls_goes_wrong_in_each_way(kind, certificates, tmp_path):
    wrong = make_certificates(
        tmp_path,
        ["other.example"] if kind == "other name" else ["localhost"],
        expired=kind == "expired",
        elliptic=kind == "elliptic",
    )
    ca_path = certificates.ca_path if kind == "other CA" else wrong.ca_path
    context = ssl.create_default_context(cafile=ca_path)
    minimum = ssl.TLSVersion.TLSv1_2
    if kind == "too new":
        minimum = ssl.TLSVersion.TLSv1_3
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if kind == "elliptic":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE-RSA-AES256-GCM-SHA384")
    tls = FakeTls(cert_path=wrong.cert_path, key_path=wrong.key_path, minimum_version=minimum)
    with FakePackageServer({"update.zip": BODY}, tls=tls) as server:
        with pytest.raises(ssl.SSLError):
            answer(server, context=context)
        assert server.requests == ()


def test_a_client_that_leaves_in_the_handshake_does_not_hold_close(certificates):
    tls = FakeTls(cert_path=certificates.cert_path, key_path=certificates.key_path)
    with (
        FakePackageServer({}, tls=tls) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=10),
    ):
        server.close()
        assert not any(thread.is_alive() for thread in server._threads)
