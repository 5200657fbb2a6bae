# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A server is asked as a module would ask it: what it says is told, and nothing is followed."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from dfota.host import probe_server
from dfota.host import server_probe as probing
from dfota.testing import make_certificates


def serve_once(answer: bytes) -> int:
    """A server of one connection that says *answer* and nothing else."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = listening.accept()
        with connection, listening:
            connection.recv(4096)
            connection.sendall(answer)

    threading.Thread(target=run, daemon=True).start()
    return listening.getsockname()[1]


def answered(answer: bytes):
    facts = probe_server(f"http://127.0.0.1:{serve_once(answer)}/a")
    assert facts is not None
    return facts


def test_a_plain_file_is_told_with_its_length() -> None:
    facts = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 700\r\n\r\n")
    assert (facts.failure, facts.status, facts.content_length) == ("", 200, 700)
    assert (facts.is_chunked, facts.tls_version) == (False, "")


def test_a_redirect_is_told_and_not_followed() -> None:
    facts = answered(b"HTTP/1.1 302 Found\r\nLocation: https://cdn/x\r\nContent-Length: 0\r\n\r\n")
    assert (facts.status, facts.location) == (302, "https://cdn/x")


def test_chunks_and_nonsense_lengths_are_told() -> None:
    assert answered(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n").is_chunked
    for length in (b"-1", b"1e9", b"9" * 400, "٣".encode()):
        facts = answered(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\n")
        assert facts.content_length is None


@pytest.mark.parametrize(
    "answer",
    [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x" * 70_000,
     b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 500 + b"\r\n", b"\x15\x03\x01\x00\x02\x02\x28"],
)  # fmt: skip
def test_what_is_no_http_is_a_failure_in_words(answer: bytes) -> None:
    facts = answered(answer)
    assert facts.failure
    assert "\n" not in facts.failure


def test_nobody_at_the_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    facts = probe_server(f"http://127.0.0.1:{port}/a")
    assert facts is not None
    assert "refused" in facts.failure


def test_a_name_that_nobody_knows_is_told() -> None:
    def unknown(_host: str, _port: int) -> socket.socket:
        raise socket.gaierror(-2, "Name or service not known")

    facts = probe_server("https://nowhere.invalid/a", connect=unknown)
    assert facts is not None
    assert "DNS" in facts.failure


def test_a_server_that_is_silent_or_drips_does_not_hold_us(monkeypatch) -> None:
    monkeypatch.setattr(probing, "STEP_TIMEOUT_S", 0.2)
    monkeypatch.setattr(probing, "WHOLE_TIMEOUT_S", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        facts = probe_server(f"http://127.0.0.1:{listening.getsockname()[1]}/a")
        assert facts is not None
        assert "no answer within" in facts.failure
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        facts = probe_server(f"http://127.0.0.1:{listening.getsockname()[1]}/a")
        stop.set()
        thread.join(5)
    assert facts is not None
    assert facts.failure


def test_another_scheme_is_not_asked() -> None:
    assert probe_server("ftp://h/a") is None


def tls_server(folder: Path, *, elliptic: bool = False, newest_only: bool = False):
    """A TLS server that answers HEAD; gives its port and its certificates."""
    made = make_certificates(folder, elliptic=elliptic)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert_path, made.key_path)
    if newest_only:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            try:
                plain, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    if connection.recv(4096):
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n")
            except OSError:
                continue

    threading.Thread(target=run, daemon=True).start()
    return listening, made


def probed(listening: socket.socket, ca: bytes | None = None):
    with listening:
        facts = probe_server(f"https://127.0.0.1:{listening.getsockname()[1]}/a", ca=ca)
    assert facts is not None
    return facts


def test_a_server_with_an_rsa_key_suits_a_module(tmp_path: Path) -> None:
    listening, made = tls_server(tmp_path)
    facts = probed(listening, made.ca_path.read_bytes())
    assert (facts.failure, facts.content_length, facts.key_kind) == ("", 7, "RSA")
    assert facts.speaks_tls12_rsa
    assert facts.ca_failure == ""
    assert facts.not_after is not None


def test_a_server_with_another_key_or_tls_1_3_only_does_not(tmp_path: Path) -> None:
    for number, given in enumerate(({"elliptic": True}, {"newest_only": True})):
        folder = tmp_path / str(number)
        folder.mkdir()
        listening, _ = tls_server(folder, **given)
        facts = probed(listening)
        assert facts.failure == ""
        assert not facts.speaks_tls12_rsa


def test_a_chain_that_does_not_lead_to_the_ca_is_told(tmp_path: Path) -> None:
    listening, _ = tls_server(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    facts = probed(listening, make_certificates(other).ca_path.read_bytes())
    assert "certificate" in facts.ca_failure


def test_a_ca_file_without_a_certificate_is_told(tmp_path: Path) -> None:
    listening, _ = tls_server(tmp_path)
    assert "no certificate" in probed(listening, b"\xffnonsense").ca_failure
