# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a person gets wrong is one clear sentence and a documented code; nothing is lost."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dfota.cli import run
from dfota.cli.exit_codes import ExitCode

ROOT = Path(__file__).resolve().parents[2]
OLD = ROOT / "examples" / "firmware" / "releases" / "01.018"
NEW = ROOT / "examples" / "firmware" / "releases" / "01.019"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys, images, a patch and a package, and with files that are wrong."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "old.bin").write_bytes((OLD / "apps.bin").read_bytes())
    (folder / "new.bin").write_bytes((NEW / "apps.bin").read_bytes())
    for argv in (
        ["key", "new", str(folder / "demo")],
        ["key", "new", str(folder / "other")],
        ["delta", "create", *(str(folder / n) for n in ("old.bin", "new.bin", "good.patch"))],
        ["package", "build", str(OLD), str(NEW), str(folder / "update.zip"),
         "--key", str(folder / "demo.key")],
    ):  # fmt: skip
        assert run(argv) == ExitCode.OK
    package = (folder / "update.zip").read_bytes()
    (folder / "short.zip").write_bytes(package[:-1])
    (folder / "flipped.zip").write_bytes(package[:2000] + b"\xff" + package[2001:])
    (folder / "noise.bin").write_bytes(bytes(range(256)) * 40)
    (folder / "short.patch").write_bytes((folder / "good.patch").read_bytes()[:-2])
    (folder / "empty").write_bytes(b"")
    (folder / "broken").mkdir()
    (folder / "broken" / "firmware.toml").write_text('model = "BG96"\nrevison = "typo"\n')
    return folder


CASES = [
    # -- delta ------------------------------------------------------------------------------
    ("delta create missing.bin new.bin out", ExitCode.INPUT, "cannot read missing.bin"),
    ("delta create old.bin broken out", ExitCode.INPUT, "directory"),
    ("delta create old.bin new.bin nowhere/out", ExitCode.OUTPUT, "cannot write nowhere/out"),
    ("delta apply old.bin noise.bin out", ExitCode.PACKAGE, "not a dfota patch"),
    ("delta apply old.bin empty out", ExitCode.PACKAGE, "not a dfota patch"),
    ("delta apply old.bin short.patch out", ExitCode.PACKAGE, "damaged"),
    ("delta apply new.bin good.patch out", ExitCode.PACKAGE, "wants an old image"),
    ("delta show update.zip", ExitCode.PACKAGE, "not a dfota patch"),
    # -- package ----------------------------------------------------------------------------
    ("package build broken new.bin out.zip --key demo.key", ExitCode.INPUT, "revison"),
    ("package build old.bin new.bin out.zip --key demo.pub", ExitCode.INPUT, "demo.pub"),
    ("package build old.bin old.bin out.zip --key demo.key", ExitCode.INPUT, "same"),
    ("package show noise.bin", ExitCode.PACKAGE, "not a dfota package"),
    ("package verify short.zip --key demo.pub", ExitCode.PACKAGE, "not a dfota package"),
    ("package verify flipped.zip --key demo.pub", ExitCode.PACKAGE, ""),
    ("package verify update.zip --key other.pub", ExitCode.PACKAGE, "signature"),
    ("package verify update.zip --key demo.key", ExitCode.INPUT, "private"),
    ("key new demo", ExitCode.OUTPUT, "demo.key"),
    # -- server -----------------------------------------------------------------------------
    ("serve missing", ExitCode.INPUT, "missing"),
    ("serve broken --cert old.bin --key new.bin", ExitCode.INPUT, "TLS"),
    ("serve . --port 70000", ExitCode.USAGE, "70000"),
    # -- module and host ----------------------------------------------------------------------
    ("modem run --state fresh", ExitCode.INPUT, "fresh"),
    ("modem run --state fresh --firmware broken", ExitCode.INPUT, "revison"),
    ("modem run --state fresh --firmware old.bin --speed 0", ExitCode.USAGE, "speed"),
    ("modem run --state fresh --firmware old.bin --profile-set nonsense=1", ExitCode.USAGE, "nons"),
    ("upgrade /dev/nowhere update.zip", ExitCode.PORT, "/dev/nowhere"),
    ("upgrade /dev/nowhere noise.bin", ExitCode.PACKAGE, "not a dfota package"),
    ("upgrade /dev/nowhere update.zip --key other.pub", ExitCode.PACKAGE, "signature"),
    ("upgrade /dev/nowhere --url gopher://h/f", ExitCode.USAGE, "http://"),
    ("upgrade /dev/nowhere --url http://h:0/f", ExitCode.USAGE, "port"),
    ("upgrade /dev/nowhere --url http://h:65536/f", ExitCode.USAGE, "port"),
    (f"upgrade /dev/nowhere --url http://h/{'f' * 247}", ExitCode.USAGE, "256 bytes"),
    ("upgrade /dev/nowhere", ExitCode.USAGE, "PACKAGE"),
    ("demo --old old.bin", ExitCode.USAGE, "--new"),
    ("demo --power-cut 100", ExitCode.USAGE, "100"),
    ("demo --keep broken", ExitCode.OUTPUT, "broken"),
]


def contents(folder: Path) -> dict[str, str]:
    """Every file below *folder* and the digest of its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(("line", "code", "words"), CASES, ids=[case[0][:50] for case in CASES])
def test_a_mistake_is_one_sentence_and_changes_nothing(  # noqa: PLR0917 - fixtures and a case
    workshop: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    code: ExitCode,
    words: str,
) -> None:
    monkeypatch.chdir(workshop)
    before = contents(workshop)
    assert run(line.split()) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert "Traceback" not in captured.err
    if code is not ExitCode.USAGE:
        errors = [text for text in captured.err.splitlines() if text.startswith("error: ")]
        assert len(errors) == 1
        assert captured.err.rstrip().endswith("]"), "the stable code stands at the end"
    assert contents(workshop) == before


def test_the_longest_url_is_taken(workshop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """255 bytes pass the check, so that what fails is the port."""
    assert run(["upgrade", "/dev/nowhere", "--url", f"http://h/{'f' * 246}"]) == ExitCode.PORT
    assert "/dev/nowhere" in capsys.readouterr().err


def start(folder: Path, *argv: str, before: Callable[[], None] | None = None) -> subprocess.Popen:
    """Run the command as a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "dfota", *argv],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A process whose files may not grow would leave a torn module cache behind.
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=before,  # noqa: PLW1509 - sets one limit, and no thread runs here
    )


@pytest.mark.parametrize(
    "line",
    [
        "delta create old.bin new.bin out.patch",
        "delta apply old.bin good.patch out.bin",
        "package build old.bin new.bin out.zip --key demo.key --new-revision R2",
        "package apply update.zip OLD out --key demo.pub",
    ],
)
def test_a_full_disk_leaves_nothing_half_written(workshop: Path, line: str) -> None:
    """No file may grow beyond 1 KiB: what a full disk looks like to a writer."""

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))

    before = contents(workshop)
    process = start(workshop, *line.replace("OLD", str(OLD)).split(), before=no_room)
    _, err = process.communicate(timeout=60)
    assert process.returncode == ExitCode.OUTPUT, err
    assert "error: cannot write out" in err
    assert "Traceback" not in err
    assert contents(workshop) == before
    assert not (workshop / "out").exists()


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)],
)
def test_a_signal_leaves_nothing_half_written(
    workshop: Path, tmp_path: Path, number: signal.Signals, code: ExitCode
) -> None:
    """Two unlike images of 8 MiB keep it busy; the signal comes once the bar could move."""
    for seed, name in enumerate(("a.bin", "b.bin")):
        noise = random.Random(seed).randbytes(1 << 23)  # noqa: S311 - the same each time
        (tmp_path / name).write_bytes(noise)
    before = contents(tmp_path)
    process = start(tmp_path, "delta", "create", "a.bin", "b.bin", "out.patch")
    status = Path(f"/proc/{process.pid}/status")
    # Both images and the suffix array of old are in memory: it is planning.
    while int(status.read_text().split("VmRSS:")[1].split()[0]) < 70_000:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.01)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert contents(tmp_path) == before


def test_a_closed_pipe_is_no_error(workshop: Path) -> None:
    process = start(workshop, "package", "show", "update.zip")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=60) == ExitCode.OK
    assert process.stderr.read() == ""
    process.stderr.close()


def transcript_says(path: Path, words: str, process: subprocess.Popen) -> None:
    """Wait, by looking at the file, until the host has heard *words*."""
    deadline = time.monotonic() + 60
    while words not in (path.read_text() if path.exists() else ""):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline, f"never heard {words}"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)


@pytest.mark.parametrize(
    ("heard", "left"),
    [
        ("ATE0Q0V1", "Nothing was started"),
        ("HTTPSTART", "goes on by itself"),
        ('"UPDATING", 10%', "goes on by itself"),
        ('"RESTORE", 10%', "goes on by itself"),
        ('"END",0', ""),
    ],
    ids=["checks", "download", "updating", "restore", "end"],
)
def test_ctrl_c_in_any_phase_says_where_the_module_stands(
    workshop: Path, tmp_path: Path, heard: str, left: str
) -> None:
    """The module is not harmed: the next run finds it upgraded, or upgrades it."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "update.zip").write_bytes((workshop / "update.zip").read_bytes())
    with contextlib.ExitStack() as running:
        server = start(tmp_path, "serve", "packages", "--port", "0", "--host", "127.0.0.1")
        running.callback(stop, server)
        module = start(
            tmp_path, "modem", "run", "--state", "module", "--firmware", str(OLD),
            "--pty", "tty", "--trust", str(workshop / "demo.pub"), "--speed", "5",
        )  # fmt: skip
        running.callback(stop, module)
        url = first_line(server).removeprefix('AT+QFOTADL="').removesuffix('"')
        first_line(module)
        upgrade = ("upgrade", "tty", "packages/update.zip", "--url", url)
        host = start(tmp_path, *upgrade, "--transcript", "first.txt")
        transcript_says(tmp_path / "first.txt", heard, host)
        host.send_signal(signal.SIGINT)
        out, err = host.communicate(timeout=60)
        # The last phases are over quickly: by then it may have ended as it should.
        assert host.returncode == ExitCode.INTERRUPTED or (not left and host.returncode == 0), err
        assert "Traceback" not in err
        if host.returncode:
            assert left in err
            assert out == ""
        # What was started is followed to its end, and what was not is started.
        again = start(tmp_path, *upgrade, "--resume")
        _, err = again.communicate(timeout=120)
        assert again.returncode in {ExitCode.OK, ExitCode.NOTHING_TO_DO}, err
        assert again.returncode == ExitCode.OK or "already runs" in err


def first_line(process: subprocess.Popen) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    assert line, process.communicate()
    return line


def stop(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == ExitCode.OK, err


def test_a_port_that_disappears_is_told(workshop: Path, tmp_path: Path) -> None:
    """It goes away before anything was started: one sentence, and the port's exit code."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = f"socket://127.0.0.1:{listener.getsockname()[1]}"
        host = start(tmp_path, "upgrade", port, str(workshop / "update.zip"))
        listener.settimeout(60)
        module, _ = listener.accept()
        heard = b""
        with module:
            module.settimeout(60)
            while b"ATI" not in heard:
                heard += module.recv(4096)
                if heard.endswith(b"\r"):
                    module.sendall(b"\r\nOK\r\n" if b"ATI" not in heard else b"")
    _, err = host.communicate(timeout=60)
    assert host.returncode == ExitCode.PORT, err
    assert port in err
    assert "nothing was started" in err
    assert "Traceback" not in err
