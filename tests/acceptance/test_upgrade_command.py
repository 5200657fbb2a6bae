# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade`` as a process at virtual modules: hosting, signals, kills, and a rack."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dfota import delta
from dfota.cli.exit_codes import ExitCode
from dfota.package import SigningKey, build, load_release

RELEASES = Path(__file__).resolve().parents[2] / "examples" / "firmware" / "releases"
NEW_REVISION = "BG96MAR02A07M1G_01.019.01.019"
TIMEOUT_S = 120


@pytest.fixture(scope="session")
def signed(tmp_path_factory) -> tuple[Path, SigningKey]:
    """A package from one example release to the next, and the key that signed it."""
    folder = tmp_path_factory.mktemp("package")
    key = SigningKey.generate()
    key.public_key.save(folder / "vendor.pub")
    old, new = load_release(RELEASES / "01.018"), load_release(RELEASES / "01.019")
    data = build(old, new, keys=[key], make_patch=delta.generate)
    (folder / "update.zip").write_bytes(data)
    return folder / "update.zip", key


@pytest.fixture
def module_at(module_factory, signed) -> Callable[[str], object]:
    """Make a module of the old release that trusts the package's key."""

    def make(speed: str, **options: object):
        return module_factory(
            RELEASES / "01.018", trusted=[signed[1].public_key], speed=speed, **options
        )

    return make


def started(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dfota", "--json", "upgrade", *map(str, arguments)],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finished(folder: Path, *arguments: object) -> tuple[int, list[dict], str]:
    process = started(folder, *arguments)
    out, err = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def read_until(process: subprocess.Popen[str], **wanted: object) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        facts = json.loads(line)
        if all(facts.get(key) == value for key, value in wanted.items()):
            return
    pytest.fail(f"it ended before {wanted}: {process.stderr.read() if process.stderr else ''}")


@pytest.mark.parametrize("tls", [[], ["--tls"]], ids=["http", "https"])
def test_serve_hosts_the_package_for_the_duration(module_at, signed, tmp_path, tls) -> None:
    module = module_at("max")
    code, events, err = finished(
        tmp_path, module.port, signed[0], "--serve", "127.0.0.1", *tls, "--expect", NEW_REVISION
    )
    assert code == ExitCode.OK, err
    (serving,) = [event for event in events if event["event"] == "serving"]
    assert serving["url"].startswith("https://" if tls else "http://")
    assert events[-1]["revision_after"] == NEW_REVISION
    served = [event for event in events if event["event"] == "served"]
    assert all(event["total"] == signed[0].stat().st_size for event in served)
    placed = [event["name"] for event in events if event["event"] == "certificate-placed"]
    assert placed == (["fota_cacert.pem"] if tls else [])


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_how_the_module_is_left_and_resume_ends_it(
    module_at, signed, tmp_path: Path, sign: signal.Signals
) -> None:
    module = module_at("20")
    process = started(tmp_path, module.port, signed[0])
    read_until(process, event="progressed", phase="updating", percent=20)
    process.send_signal(sign)
    out, err = process.communicate(timeout=TIMEOUT_S)
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["phase"]) == ("interrupted", "updating"), err
    assert "goes on by itself" in last["left"]
    interrupted = sign is signal.SIGINT
    assert process.returncode == (ExitCode.INTERRUPTED if interrupted else ExitCode.TERMINATED)
    code, events, err = finished(tmp_path, module.port, "--resume")
    assert code == ExitCode.OK, err
    assert events[-1]["revision_after"] == NEW_REVISION
    assert not any(event["event"] == "upgrade-started" for event in events)


def test_a_host_that_was_killed_goes_on_and_starts_nothing(
    module_at, signed, tmp_path: Path
) -> None:
    module = module_at("20")
    process = started(tmp_path, module.port, signed[0])
    read_until(process, event="upgrade-started")
    process.kill()
    process.communicate(timeout=TIMEOUT_S)
    code, events, err = finished(tmp_path, module.port, signed[0])
    assert code == ExitCode.REFUSED, err
    code, events, err = finished(tmp_path, module.port, signed[0], "--resume")
    assert code == ExitCode.OK, err
    assert events[-1]["revision_after"] == NEW_REVISION
    assert not any(event["event"] == "upgrade-started" for event in events)


def test_a_terminal_that_goes_away_ends_it_in_order(module_at, signed, tmp_path: Path) -> None:
    """SIGHUP, and then nobody reads what is written."""
    module = module_at("20")
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dfota", "upgrade", module.port, str(signed[0])],
        cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while b"updating" not in seen:
        seen += os.read(ours, 65_536)
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert process.wait(TIMEOUT_S) == ExitCode.TERMINATED
    code, events, err = finished(tmp_path, module.port, "--resume")
    assert code == ExitCode.OK, err
    assert events[-1]["revision_after"] == NEW_REVISION


def write_inventory(ports: list[str], signed, folder: Path) -> None:
    tables = [
        f'[[module]]\nname = "slot-{number}"\nport = "{port}"\n'
        for number, port in enumerate(ports)
    ]
    defaults = f'[defaults]\npackage = "{signed[0]}"\nkey = "{signed[0].parent}/vendor.pub"\n'
    serve = '[serve]\naddress = "127.0.0.1"\ntls = true\n'
    (folder / "bench.toml").write_text("".join([defaults, serve, *tables]))


def rack_of(
    count: int, speed: str, module_at, signed, tmp_path: Path
) -> tuple[dict, float, list[dict]]:
    """Upgrade so many modules, and one that is not there; gives the report, time and events."""
    ports = [module_at(speed, state=tmp_path / f"m{number}").port for number in range(count)]
    write_inventory([*ports, str(tmp_path / "gone")], signed, tmp_path)
    began = time.monotonic()
    code, events, err = finished(
        tmp_path, "--inventory", "bench.toml", "--report", "report.json", "--logs", "logs"
    )
    seconds = time.monotonic() - began
    assert code == ExitCode.SOME_FAILED, err
    return json.loads((tmp_path / "report.json").read_text()), seconds, events


def test_a_rack_is_upgraded_over_one_server(module_at, signed, tmp_path: Path) -> None:
    report, _, events = rack_of(3, "max", module_at, signed, tmp_path)
    assert report["counts"]["upgraded"] == 3
    assert report["counts"]["failed"] == 1
    for module in report["modules"][:-1]:
        assert module["revision_after"] == NEW_REVISION
        assert module["upgraded"]["proof"].startswith("the revision read back")
    assert events[-1]["event"] == "rack-ended"
    starts = [event["line"] for event in events if event["event"] == "upgrade-started"]
    assert len(starts) == len(set(starts)) == 3


def test_a_signal_to_a_rack_says_how_each_module_is_left(module_at, signed, tmp_path: Path) -> None:
    ports = [module_at("20", state=tmp_path / f"m{number}").port for number in range(2)]
    write_inventory(ports, signed, tmp_path)
    process = started(
        tmp_path, "--inventory", "bench.toml", "--max-parallel", "1", "--report", "report.json"
    )
    read_until(process, event="progressed", phase="updating", percent=20)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == ExitCode.TERMINATED, err
    left = [json.loads(line) for line in out.splitlines()[-2:]]
    assert [event["state"] for event in left] == ["stopped", "skipped"]
    assert "goes on by itself" in left[0]["left"]
    report = json.loads((tmp_path / "report.json").read_text())
    assert [module["state"] for module in report["modules"]] == ["stopped", "skipped"]
    code, events, err = finished(tmp_path, "--inventory", "bench.toml", "--resume")
    assert code == ExitCode.OK, err
    starts = [event["module"] for event in events if event["event"] == "upgrade-started"]
    assert starts == ["slot-1"]


@pytest.mark.long
def test_a_rack_of_32_is_upgraded(module_at, signed, tmp_path: Path) -> None:
    report, seconds, _ = rack_of(32, "20", module_at, signed, tmp_path)
    assert report["counts"]["upgraded"] == 32
    assert report["counts"]["failed"] == 1
    assert seconds < TIMEOUT_S
