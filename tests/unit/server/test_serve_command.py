# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota serve`` as a process, as the operator starts and stops it."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import ssl
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dfota.at import parse_location
from dfota.cli.exit_codes import ExitCode

TIMEOUT_S = 30


@contextmanager
def serving(*arguments: object, stderr: int = subprocess.PIPE):
    """Run the command; it is killed at the end if the test did not end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dfota", "serve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command where it is to fail at once."""
    return subprocess.run(
        [sys.executable, "-m", "dfota", "serve", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def get(url: str, context: ssl.SSLContext | None = None) -> bytes:
    opened = urllib.request.urlopen(url, timeout=TIMEOUT_S, context=context)  # noqa: S310 - ours
    with opened as answer:
        return answer.read()


def ctrl_c(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == ExitCode.OK
    return out, err


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    folder = tmp_path / "packages"
    folder.mkdir()
    (folder / "update.zip").write_bytes(b"package" * 5000)
    return folder


def test_it_prints_the_line_to_type_and_ends_on_ctrl_c(packages):
    (packages / "b.zip").touch()
    with serving(packages, "--port", 0, "--host", "127.0.0.1") as process:
        lines = [process.stdout.readline().rstrip() for _ in range(2)]
        match = re.fullmatch(r'AT\+QFOTADL="(http://127\.0\.0\.1:\d+/update\.zip)"', lines[1])
        assert match
        assert get(match[1]) == b"package" * 5000
        out, err = ctrl_c(process)

    assert out == ""
    assert re.search(
        r"^\d\d:\d\d:\d\d 127\.0\.0\.1:\d+ GET /update\.zip 200 35000 bytes in 0\.\d s \(.+B/s\)$",
        err,
        re.MULTILINE,
    )
    assert "Traceback" not in err
    assert err.endswith("stopped\n")


def test_sigterm_ends_it_too(packages):
    with serving(packages, "--port", 0) as process:
        assert process.stdout.readline().startswith("AT+QFOTADL=")
        process.terminate()
        assert process.wait(TIMEOUT_S) == ExitCode.OK


def test_tls_auto_makes_a_ca_beside_the_directory(packages):
    arguments = (packages, "--port", 0, "--tls", "auto", "--public-host", "localhost")
    with serving(*arguments) as process:
        url = process.stdout.readline().split('"')[1]
        location = parse_location(url)
        assert (location.scheme, location.host) == ("https", "localhost")
        ca = packages.parent / ".dfota-tls" / "fota_cacert.pem"
        context = ssl.create_default_context(cafile=ca)
        assert get(f"https://127.0.0.1:{location.port}/update.zip", context)
        _, err = ctrl_c(process)

    assert f'AT+QFUPL="fota_cacert.pem",{ca.stat().st_size},60' in err
    assert str(ca) in err


def test_json_is_one_object_per_line(packages):
    with serving(packages, "--port", 0, "--json", "--host", "127.0.0.1") as process:
        listening = json.loads(process.stdout.readline())
        (package,) = listening["packages"]
        assert get(package["url"])
        download = json.loads(process.stdout.readline())
        ctrl_c(process)

    assert listening["event"] == "listening"
    assert package["command"] == f'AT+QFOTADL="{package["url"]}"'
    assert package["size"] == 35000
    assert (download["event"], download["path"]) == ("download", "/update.zip")
    assert (download["finished"], download["complete"], download["sent_bytes"]) == (
        True,
        True,
        35000,
    )


def test_a_person_sees_bars_on_a_terminal(packages):
    master, slave = pty.openpty()
    try:
        with serving(packages, "--port", 0, "--host", "127.0.0.1", stderr=slave) as process:
            os.close(slave)
            url = process.stdout.readline().split('"')[1]
            assert get(url)
            process.send_signal(signal.SIGINT)
            shown = b""
            with suppress(OSError):  # the end of a terminal
                while piece := os.read(master, 65536):
                    shown += piece
            assert process.wait(TIMEOUT_S) == ExitCode.OK
    finally:
        os.close(master)
    assert b"GET /update.zip 200 35000 bytes" in shown


def test_an_address_in_use_is_one_sentence(packages, server):
    finished = run(packages, "--host", "127.0.0.1", "--port", server.port)

    assert finished.returncode == ExitCode.PORT
    assert f"cannot listen on 127.0.0.1:{server.port}: address already in use" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_url_over_255_bytes_names_the_file(packages):
    name = "x" * 230 + ".zip"
    (packages / name).touch()
    finished = run(packages, "--port", 0, "--public-host", "fota.example.org")

    assert finished.returncode == ExitCode.USAGE
    assert name in finished.stderr
    assert finished.stdout == ""


def test_a_bad_public_host_is_refused(packages):
    finished = run(packages, "--port", 0, "--public-host", "bad host")

    assert finished.returncode == ExitCode.USAGE
    assert "update.zip" in finished.stderr


def test_a_directory_that_is_none_leaves_nothing_behind(tmp_path):
    finished = run(tmp_path / "absent", "--tls", "auto")

    assert finished.returncode == ExitCode.INPUT
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--cert", "c.pem"], "belong together"),
        (["--tls", "auto", "--cert", "c.pem", "--key", "k.pem"], "either"),
        (["--client-ca", "c.pem"], "needs"),
        (["--tls-dir", "elsewhere"], "needs --tls auto"),
        (["--port", "70000"], "70000"),
    ],
)
def test_options_that_do_not_fit_are_refused(packages, options, reason):
    finished = run(packages, *options)

    assert finished.returncode == ExitCode.USAGE
    assert reason in finished.stderr


def test_keys_are_never_put_into_the_served_directory(packages):
    finished = run(packages, "--tls", "auto", "--tls-dir", packages / "tls")

    assert finished.returncode == ExitCode.USAGE
    assert "must not lie in DIR" in finished.stderr
    assert not (packages / "tls").exists()


def test_an_empty_directory_is_served_with_a_note(tmp_path):
    with serving(tmp_path, "--port", 0, "--host", "127.0.0.1") as process:
        lines = [process.stderr.readline() for _ in range(2)]
        ctrl_c(process)
    assert "no package yet" in lines[1]
