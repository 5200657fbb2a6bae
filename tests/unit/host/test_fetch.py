# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Fetching: one server, so many bytes, so much time, and no certificate that is not trusted."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dfota.errors import FetchError, TlsFilesError
from dfota.host import HttpFetcher
from dfota.testing import make_certificates

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            return

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    scheme, name = ("https", "localhost") if context else ("http", "127.0.0.1")
    try:
        yield f"{scheme}://{name}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def body(data: bytes, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def test_what_is_there_is_fetched_up_to_the_limit_and_not_beyond() -> None:
    with serving(body(b"12345")) as url:
        assert HttpFetcher()(f"{url}/a", 5).data == b"12345"
        with pytest.raises(FetchError, match="more than 4 bytes"):
            HttpFetcher()(f"{url}/a", 4)


def test_an_answer_that_ends_early_is_no_answer() -> None:
    with serving(body(b"123", Content_Length="9")) as url, pytest.raises(FetchError):
        HttpFetcher()(f"{url}/a", 100)


def test_an_error_of_the_server_is_told_by_its_number() -> None:
    with serving(body(b"", 503)) as url, pytest.raises(FetchError, match="answers 503"):
        HttpFetcher()(url, 100)


def test_no_redirect_leads_to_another_server() -> None:
    with serving(body(b"secret")) as other:
        for target in (f"{other}/x", "file:///etc/passwd", "ftp://127.0.0.1/x"):
            answer = body(b"", 302, Location=target)
            with serving(answer) as url, pytest.raises(FetchError):
                HttpFetcher()(url, 100)


def test_a_redirect_on_the_same_server_is_followed_a_few_times_only() -> None:
    def once(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/a":
            body(b"", 302, Location="/b/")(handler)
        else:
            body(b"there")(handler)

    with serving(once) as url:
        assert HttpFetcher()(f"{url}/a", 100).url == f"{url}/b/"
    count = 0

    def endless(handler: BaseHTTPRequestHandler) -> None:
        nonlocal count
        count += 1
        body(b"", 302, Location=f"/{count}")(handler)

    with serving(endless) as url, pytest.raises(FetchError):
        HttpFetcher()(url, 100)
    assert count < 10


def test_a_server_that_dribbles_is_given_up_in_time() -> None:
    now = iter(range(0, 10**6, 30))
    with serving(body(b"x" * 1000)) as url, pytest.raises(FetchError, match="too long"):
        HttpFetcher(clock=lambda: float(next(now)) * 10)(url, 100)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x/y", "http://", "//x", "x", "http://a b/", "http://x/\n",
     "http://[::1", "http://x:99999999/", "\x1b[31mhttp://x"],
)  # fmt: skip
def test_only_plain_web_addresses_are_fetched(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        HttpFetcher()(url, 100)
    assert str(caught.value).isprintable()


def test_an_untrusted_certificate_is_refused_and_the_given_ca_is_enough(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.cert_path, made.key_path)
    with serving(body(b"ok"), context) as url:
        with pytest.raises(FetchError, match="not trusted"):
            HttpFetcher()(url, 100)
        assert HttpFetcher(ca=made.ca_path)(url, 100).data == b"ok"
    with pytest.raises(TlsFilesError):
        HttpFetcher(ca=tmp_path / "none.pem")


# The thread that is given up closes its socket when the server does, behind the test.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("in_head", [True, False])
def test_a_byte_now_and_then_does_not_hold_us(monkeypatch, in_head: bool) -> None:
    monkeypatch.setattr("dfota.host.fetch.WHOLE_TIMEOUT_S", 0.3)
    done = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        if not in_head:
            handler.send_response(200)
            handler.end_headers()
        while not done.wait(0.05):
            try:
                handler.wfile.write(b"a")
                handler.wfile.flush()
            except OSError:
                return

    with serving(drip) as url:
        with pytest.raises(FetchError, match="too long"):
            HttpFetcher()(f"{url}/a", 1000)
        done.set()


@pytest.mark.parametrize(
    "url", ["http://user:s3cret@127.0.0.1:1/a", "http://user:s3cret@h:1x/a", "ftp://u:s3cret@h/a"]
)
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        HttpFetcher()(url, 1000)
    assert "s3cret" not in str(caught.value)
