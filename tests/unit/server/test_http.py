# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import email
import email.policy
import http.client
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota.server import PackageServer


def test_a_package_arrives_whole_with_its_length(server, fetch, package_bytes):
    answer = fetch(server, "/update.zip")

    assert answer.status == 200
    assert answer.body == package_bytes
    assert answer.headers["Content-Length"] == str(len(package_bytes))
    assert answer.headers["Content-Type"] == "application/zip"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"].startswith('"')
    assert answer.headers["Last-Modified"].endswith("GMT")


@pytest.mark.parametrize("accept", ["gzip", "br, gzip, deflate", "*"])
def test_nothing_is_compressed_or_chunked(server, fetch, accept):
    for path in ("/", "/update.zip", "/absent", "/bg96/beta/a-b.bin"):
        headers = fetch(server, path, Accept_Encoding=accept, TE="trailers, chunked").headers

        assert "Content-Encoding" not in headers
        assert "Transfer-Encoding" not in headers
        assert "Content-Length" in headers


def test_head_tells_the_same_and_sends_nothing(server, fetch):
    got, head = (fetch(server, "/update.zip", method) for method in ("GET", "HEAD"))

    assert (head.status, head.body) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges"):
        assert head.headers[name] == got.headers[name]


def test_an_empty_file_is_served(server, fetch):
    answer = fetch(server, "/empty.zip")

    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")


def test_a_query_does_not_change_what_is_served(server, fetch, package_bytes):
    assert fetch(server, "/update.zip?imei=1&x=../../etc").body == package_bytes


@pytest.mark.parametrize(
    "target",
    [
        b"/../secret.key",
        b"/%2e%2e/secret.key",
        b"/%2E%2E%2Fsecret.key",
        b"/..%2fsecret.key",
        b"/bg96/%2e%2e/%2e%2e/secret.key",
        b"//etc/passwd",
        b"///etc/passwd",
        b"/%2fetc/passwd",
        b"/out.zip",
        b"/outdir/secret.key",
        b"/.hidden",
        b"/.git/config",
        b"/update.zip%00.html",
        b"/update.zip/",
        b"/update.zip/.",
        b"/bg96",
        b"/bg96/",
        b"/..",
        b"/%",
        b"/%c0%ae%c0%ae/secret.key",
        b"http://127.0.0.1/../secret.key",
        b"http://127.0.0.1//etc/passwd",
        b"file:///etc/passwd",
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_hostile_targets_find_nothing_and_are_never_redirected(server, get_raw, target, method):
    answer = get_raw(server.port, target, method)

    assert answer.status == 404
    assert "Location" not in answer.headers
    assert "Content-Length" in answer.headers
    assert b"secret" not in answer.body
    assert b"root:" not in answer.body


@given(st.binary(max_size=40))
@settings(max_examples=60)
def test_no_request_makes_the_server_fail(server, send_raw, noise):
    answer = send_raw(
        server.port, b"GET /" + noise + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )

    assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.1 3"))


def test_garbage_is_answered_once_and_closed(server, send_raw):
    answer = send_raw(server.port, b"\x16\x03\x01\x00\xa5garbage\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_the_absolute_form_of_a_target_works(server, get_raw, package_bytes):
    assert get_raw(server.port, b"http://any.example:80/update.zip").body == package_bytes
    assert get_raw(server.port, b"HTTP://any.example").status == 200


def test_http_1_0_gets_a_plain_answer(server, send_raw, package_bytes):
    answer = send_raw(server.port, b"GET /update.zip HTTP/1.0\r\n\r\n")

    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(package_bytes) in head.lower()
    assert b"transfer-encoding" not in head.lower()
    assert body == package_bytes


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/", "/update.zip", "/absent"])
def test_other_methods_are_refused_with_those_allowed(server, fetch, method, path):
    answer = fetch(server, path, method)

    assert answer.status == 405
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == {"GET", "HEAD"}
    assert "Content-Length" in answer.headers


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=100-199", slice(100, 200)),
        ("bytes=102300-", slice(102300, 102400)),
        ("bytes=-7", slice(102393, 102400)),
        ("bytes=0-999999", slice(0, 102400)),
        ("bytes=5-9,999999-", slice(5, 10)),
        ("bytes=0-5,4-9", slice(0, 10)),
    ],
)
def test_one_range_is_a_part(server, fetch, package_bytes, field, part):
    answer = fetch(server, "/update.zip", Range=field)

    assert answer.status == 206
    assert answer.body == package_bytes[part]
    assert answer.headers["Content-Range"] == f"bytes {part.start}-{part.stop - 1}/102400"
    assert answer.headers["Content-Length"] == str(len(answer.body))


def test_several_ranges_are_several_parts(server, fetch, package_bytes):
    answer = fetch(server, "/update.zip", Range="bytes=0-9,100-119,-5")

    assert answer.status == 206
    assert "Content-Range" not in answer.headers
    assert answer.headers["Content-Length"] == str(len(answer.body))
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.body, policy=email.policy.HTTP)
    parts = message.get_payload()
    assert [part["Content-Range"] for part in parts] == [
        "bytes 0-9/102400",
        "bytes 100-119/102400",
        "bytes 102395-102399/102400",
    ]
    contents = [part.split(b"\r\n\r\n", 1)[1] for part in answer.body.split(b"\r\n--")[:3]]
    assert contents == [package_bytes[0:10], package_bytes[100:120], package_bytes[-5:]]


@pytest.mark.parametrize("field", ["items=0-5", "bytes=9-5", "bytes=x", "bytes=", "nonsense"])
def test_a_range_that_is_not_one_gets_the_whole(server, fetch, package_bytes, field):
    answer = fetch(server, "/update.zip", Range=field)

    assert (answer.status, answer.body) == (200, package_bytes)


@pytest.mark.parametrize("path", ["/update.zip", "/empty.zip"])
@pytest.mark.parametrize("field", ["bytes=102400-", "bytes=-0", "bytes=999999-999999,888888-"])
def test_a_range_behind_the_end_is_416(server, fetch, path, field):
    answer = fetch(server, path, Range=field)

    assert answer.status == 416
    size = 102400 if path == "/update.zip" else 0
    assert answer.headers["Content-Range"] == f"bytes */{size}"
    assert "Content-Length" in answer.headers


def test_a_range_of_head_is_a_part_without_body(server, fetch):
    answer = fetch(server, "/update.zip", "HEAD", Range="bytes=0-9")

    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (206, b"", "10")


def test_if_range_decides_between_part_and_whole(server, fetch, package_bytes):
    known = fetch(server, "/update.zip", "HEAD").headers

    for validator in (known["ETag"], known["Last-Modified"]):
        answer = fetch(server, "/update.zip", Range="bytes=0-9", If_Range=validator)
        assert (answer.status, answer.body) == (206, package_bytes[:10])
    for validator in ('"other"', "W/" + known["ETag"], "Sat, 01 Jan 2000 00:00:00 GMT"):
        answer = fetch(server, "/update.zip", Range="bytes=0-9", If_Range=validator)
        assert (answer.status, answer.body) == (200, package_bytes)


def test_conditions_are_kept(server, fetch):
    etag = fetch(server, "/update.zip", "HEAD").headers["ETag"]

    unchanged = fetch(server, "/update.zip", If_None_Match=etag)
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert unchanged.headers["ETag"] == etag
    assert "Transfer-Encoding" not in unchanged.headers
    assert fetch(server, "/update.zip", If_Match='"other"').status == 412


def test_a_resumed_download_of_a_replaced_package_starts_anew(tmp_path, fetch):
    package = tmp_path / "a.zip"
    package.write_bytes(b"old" * 100)
    with PackageServer(tmp_path) as server:
        etag = fetch(server, "/a.zip", "HEAD").headers["ETag"]
        package.write_bytes(b"newer" * 100)

        answer = fetch(server, "/a.zip", Range="bytes=10-", If_Range=etag)

    assert (answer.status, answer.body) == (200, b"newer" * 100)


def test_the_page_lists_packages_with_their_names_escaped(server, fetch):
    page = fetch(server, "/").body.decode()

    assert '<a href="/with%20blank%20%26%20%3Cb%3E.zip">with blank &amp; &lt;b&gt;.zip</a>' in page
    assert "update.zip</a> 102400 bytes" in page
    assert "hidden" not in page
    assert "secret" not in page


def test_one_connection_serves_many_requests(server, package_bytes):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        for _ in range(3):
            connection.request("GET", "/update.zip")
            assert connection.getresponse().read() == package_bytes
    finally:
        connection.close()


def test_a_file_that_may_not_be_read_is_forbidden(tmp_path, fetch, monkeypatch):
    (tmp_path / "a.zip").touch()
    really_open = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "a.zip":
            raise PermissionError(13, "Permission denied")
        return really_open(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    with PackageServer(tmp_path) as server:
        assert fetch(server, "/a.zip").status == 403


def test_a_pipe_in_the_directory_does_not_hang_a_request(tmp_path, fetch):
    os.mkfifo(tmp_path / "pipe.zip")
    with PackageServer(tmp_path) as server:
        assert server.files() == ()
        assert fetch(server, "/pipe.zip").status == 404


def test_a_client_that_leaves_in_the_middle_harms_nobody(server, fetch, package_bytes):
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client.sendall(b"GET /update.zip HTTP/1.1\r\nHost: x\r\n\r\n")
            client.recv(10)

    assert fetch(server, "/update.zip").body == package_bytes
