# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

import pytest

from dfota.at import parse_location
from dfota.errors import (
    BindError,
    FileUnreadableError,
    LocationError,
    MisuseError,
    ServerExtraError,
)
from dfota.server import PackageServer, is_wildcard, lan_address
from dfota.server.addresses import listen


def test_it_listens_when_start_returns_and_not_after_close(tree, fetch):
    server = PackageServer(tree)
    with pytest.raises(MisuseError):
        _ = server.port
    server.start()
    assert fetch(server, "/update.zip").status == 200

    server.close()
    server.close()

    with pytest.raises(ConnectionRefusedError):
        fetch(server, "/update.zip")
    with pytest.raises(MisuseError):
        server.start()


def test_close_is_prompt_while_a_client_downloads_slowly(tmp_path, reports):
    with (tmp_path / "big.zip").open("wb") as big:
        big.truncate(50_000_000)
    server = PackageServer(tmp_path, on_progress=reports.progress)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"GET /big.zip HTTP/1.1\r\nHost: x\r\n\r\n")
        reports.wait_for(lambda: reports.downloads and reports.downloads[-1].sent_bytes > 0)

        begun = time.monotonic()
        server.close()

        assert time.monotonic() - begun < 1.5
    last = reports.downloads[-1]
    assert (last.finished, last.is_complete) == (True, False)


def test_progress_grows_to_the_whole_and_ends_once(tree, reports, fetch, package_bytes):
    with PackageServer(tree, on_progress=reports.progress) as server:
        fetch(server, "/update.zip")
        end = reports.finished("/update.zip")

    sent = [download.sent_bytes for download in reports.downloads]
    assert sent == sorted(sent)
    assert len(set(sent)) > 10
    assert [download.finished for download in reports.downloads].count(True) == 1
    assert (end.status, end.method, end.sent_bytes, end.total_bytes) == (
        200,
        "GET",
        len(package_bytes),
        len(package_bytes),
    )
    assert end.is_complete
    assert end.client.startswith("127.0.0.1:")
    assert end.elapsed_s > 0
    assert end.bytes_per_s > 0
    assert abs(end.started_at - time.time()) < 60


def test_progress_of_a_slow_module_does_not_run_far_ahead(tmp_path, reports):
    with (tmp_path / "big.zip").open("wb") as big:
        big.truncate(20_000_000)
    received = 0
    with (
        PackageServer(tmp_path, on_progress=reports.progress) as server,
        socket.socket() as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(10)
        client.connect(("127.0.0.1", server.port))
        client.sendall(b"GET /big.zip HTTP/1.1\r\nHost: x\r\n\r\n")
        while received < 200_000:
            received += len(client.recv(4096))

        assert reports.downloads[-1].sent_bytes - received < 400_000


def test_the_kernel_takes_little_ahead_of_the_module():
    with listen("127.0.0.1", 0) as listener:
        size = listener.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
        assert 32 * 1024 <= size <= 64 * 1024  # Linux doubles it; 16 KiB would grow by itself


def test_two_downloads_of_one_client_have_two_numbers(tree, reports, fetch):
    with PackageServer(tree, on_progress=reports.progress) as server:
        fetch(server, "/update.zip")
        fetch(server, "/absent")
        fetch(server, "/in.zip", "HEAD")
        fetch(server, "/gone", "HEAD")
        first, absent, head = map(reports.finished, ("/update.zip", "/absent", "/in.zip"))
        gone = reports.finished("/gone")

    assert len({first.number, absent.number, head.number, gone.number}) == 4
    assert (gone.sent_bytes, gone.is_complete) == (0, True)
    assert absent.status == 404
    assert (head.status, head.sent_bytes, head.total_bytes, head.is_complete) == (200, 0, 0, True)


def test_a_reported_path_is_printable_ascii(tree, reports, send_raw):
    with PackageServer(tree, on_progress=reports.progress) as server:
        send_raw(server.port, b"GET /%1b%5b2J%0a?x HTTP/1.0\r\n\r\n")
        assert reports.finished("/%1b%5b2J%0a").status == 404


def test_a_watcher_that_fails_breaks_no_download(tree, fetch, package_bytes, caplog):
    def fail(_download):
        raise RuntimeError("watcher")

    with PackageServer(tree, on_progress=fail) as server:
        assert fetch(server, "/update.zip").body == package_bytes
    assert "watcher" in caplog.text


def test_an_address_in_use_is_a_bind_error(server, tree):
    with pytest.raises(BindError, match="in use") as caught:
        PackageServer(tree, port=server.port).start()
    assert caught.value.port == server.port


@pytest.mark.parametrize(
    ("host", "port"),
    [("203.0.113.9", 0), ("no-such-host.invalid", 0), ("127.0.0.1", 70000), ("a" * 300, 0)],
)
def test_an_impossible_address_is_a_bind_error(tree, host, port):
    with pytest.raises(BindError):
        PackageServer(tree, host=host, port=port).start()


def test_a_failed_start_can_be_closed(tree):
    server = PackageServer(tree, host="203.0.113.9")
    with pytest.raises(BindError), server:
        pass
    server.close()


def test_what_is_not_a_directory_is_refused(tree):
    for path in (tree / "absent", tree / "update.zip"):
        with pytest.raises(FileUnreadableError):
            PackageServer(path)


def test_client_certificates_need_https(tree):
    with pytest.raises(MisuseError):
        PackageServer(tree, client_ca=tree / "ca.pem")


def test_urls_are_such_as_the_module_takes(server, fetch):
    for hosted in server.files():
        location = parse_location(server.url_for(hosted.name))

        assert (location.scheme, location.host, location.port) == ("http", "127.0.0.1", server.port)
        assert int(fetch(server, location.path).headers["Content-Length"]) == hosted.size


def test_a_url_of_255_bytes_is_made_and_one_of_256_refused(server):
    room = 255 - len(server.url_for(""))

    assert len(server.url_for("a" * room)) == 255
    with pytest.raises(LocationError, match="256 bytes") as caught:
        server.url_for("a" * (room + 1))
    assert repr("a" * (room + 1)) in caught.value.rule


def test_a_public_host_that_cannot_stand_in_a_url_is_refused(tree):
    with (
        PackageServer(tree, public_host='bad"host') as server,
        pytest.raises(LocationError, match=r"update\.zip"),
    ):
        server.url_for("update.zip")


@pytest.mark.parametrize(
    ("host", "public_host", "start"),
    [
        ("127.0.0.1", "fota.example.org", "http://fota.example.org:"),
        ("127.0.0.1", None, "http://127.0.0.1:"),
        ("127.0.0.1", "::1", "http://[::1]:"),
    ],
)
def test_urls_name_the_public_host(tree, host, public_host, start):
    with PackageServer(tree, host=host, public_host=public_host) as server:
        assert server.url_for("update.zip").startswith(start)


def test_a_wildcard_address_never_stands_in_a_url(tree):
    with PackageServer(tree, host="0.0.0.0") as server:
        assert not is_wildcard(parse_location(server.url_for("update.zip")).host)
    assert lan_address() is None or not is_wildcard(lan_address())
    assert [is_wildcard(host) for host in ("0.0.0.0", "::", "", "127.0.0.1", "example.org")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_it_serves_on_ipv6(tree):
    try:
        with PackageServer(tree, host="::1") as server:
            assert server.url_for("update.zip").startswith("http://[::1]:")
            with socket.create_connection(("::1", server.port), timeout=10) as client:
                client.sendall(b"HEAD /update.zip HTTP/1.0\r\n\r\n")
                assert client.recv(100).startswith(b"HTTP/1.1 200")
    except BindError:
        pytest.skip("no IPv6 loopback here")


def test_wait_returns_when_closed(tree):
    with PackageServer(tree) as server:
        waiting = threading.Thread(target=server.wait)
        waiting.start()
        server.close()
        waiting.join(10)
        assert not waiting.is_alive()


def test_a_missing_extra_is_one_sentence():
    script = (
        "import sys; sys.modules['starlette'] = None\n"
        "from pathlib import Path\n"
        "from dfota.server import PackageServer\n"
        "from dfota.errors import ServerExtraError\n"
        "try: PackageServer(Path('.'))\n"
        "except ServerExtraError as error: print(error, '|', error.remedy)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    assert run.stdout.startswith("the package server needs starlette")
    assert "dfota[server]" in run.stdout
    assert issubclass(ServerExtraError, Exception)


def test_the_door_loads_no_web_library():
    script = "import sys, dfota.server; print([m for m in ('starlette', 'uvicorn', 'anyio') if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )

    assert run.stdout.strip() == "[]"
