# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A served directory and a client that sends exactly what it is told to."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dfota.server import Download, HandshakeFailure, PackageServer, TlsFiles, auto_tls

_TIMEOUT_S = 10
_PACKAGE = bytes(range(256)) * 400


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Reports:
    """What the server told, and a way to wait for it."""

    downloads: list[Download] = field(default_factory=list)
    failures: list[HandshakeFailure] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def progress(self, download: Download) -> None:
        with self.changed:
            self.downloads.append(download)
            self.changed.notify_all()

    def failed(self, failure: HandshakeFailure) -> None:
        with self.changed:
            self.failures.append(failure)
            self.changed.notify_all()

    def wait_for(self, predicate):
        with self.changed:
            assert self.changed.wait_for(predicate, _TIMEOUT_S)

    def finished(self, path: str) -> Download:
        def last() -> Download | None:
            return next((d for d in self.downloads if d.finished and d.path == path), None)

        self.wait_for(lambda: last() is not None)
        return last()


def _fetch(
    server: PackageServer, path: str, method: str = "GET", context=None, **headers
) -> Answer:
    """One request with the standard client."""
    if context is None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_TIMEOUT_S)
    else:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, timeout=_TIMEOUT_S, context=context
        )
    try:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=fields)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def _send_raw(port: int, request: bytes) -> bytes:
    """Send bytes as they are and read until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as client:
        client.sendall(request)
        return b"".join(iter(lambda: client.recv(65536), b""))


def _get_raw(port: int, target: bytes, method: bytes = b"GET") -> Answer:
    """One request whose target no client library would let through."""
    answer = _send_raw(
        port, method + b" " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, _, fields = head.partition(b"\r\n")
    headers = http.client.HTTPMessage()
    for line in fields.decode().split("\r\n"):
        name, _, value = line.partition(": ")
        headers[name] = value
    return Answer(int(status_line.split()[1]), headers, body)


@pytest.fixture(scope="session")
def tree(tmp_path_factory) -> Path:
    """A directory with packages, things that must stay hidden, and secrets beside it."""
    outer = tmp_path_factory.mktemp("outer")
    (outer / "secret.key").write_bytes(b"secret")
    (outer / ".dfota-tls").mkdir()
    served = outer / "served"
    (served / "bg96" / "beta").mkdir(parents=True)
    (served / "update.zip").write_bytes(_PACKAGE)
    (served / "bg96" / "beta" / "a-b.bin").write_bytes(b"nested")
    (served / "with blank & <b>.zip").write_bytes(b"odd name")
    (served / "empty.zip").write_bytes(b"")
    (served / ".hidden").write_bytes(b"hidden")
    (served / ".git").mkdir()
    (served / ".git" / "config").write_bytes(b"hidden")
    (served / "out.zip").symlink_to(outer / "secret.key")
    (served / "outdir").symlink_to(outer)
    (served / "in.zip").symlink_to(served / "update.zip")
    (served / "to-hidden.zip").symlink_to(served / ".hidden")
    (served / ".alias.zip").symlink_to(served / "update.zip")
    (served / "two\nlines.zip").write_bytes(b"a name that would forge a line of the log")
    (served / "loop").symlink_to(served / "loop")
    (served / "dangling.zip").symlink_to(served / "nowhere")
    return served


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory) -> TlsFiles:
    """A CA and a certificate for the loopback."""
    return auto_tls(tmp_path_factory.mktemp("tls"), ["localhost", "127.0.0.1"])


@pytest.fixture(scope="session")
def server(tree):
    """One server for every test that only reads."""
    with PackageServer(tree) as running:
        yield running


@pytest.fixture
def reports() -> Reports:
    return Reports()


def _client_context(tls_files: TlsFiles) -> ssl.SSLContext:
    """A client that trusts the server's CA only."""
    return ssl.create_default_context(cafile=tls_files.ca_path)


@pytest.fixture(scope="session")
def package_bytes() -> bytes:
    return _PACKAGE


@pytest.fixture(scope="session")
def fetch():
    return _fetch


@pytest.fixture(scope="session")
def send_raw():
    return _send_raw


@pytest.fixture(scope="session")
def get_raw():
    return _get_raw


@pytest.fixture(scope="session")
def client_context():
    return _client_context
