# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade --inventory`` over many scripted modules, each on its own virtual clock."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dfota.cli import port_options
from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.errors import PortError
from dfota.host import Session, rack

URL = "https://www.quectel.com:100/update.zip"


class Benches(dict):
    """Port → bench, and the inventory of them."""

    def __init__(self, folder: Path, make: Callable[[], object]) -> None:
        super().__init__()
        self.folder = folder
        self._make = make

    def add(self, name: str):
        bench = self[str(self.folder / name)] = self._make()
        bench.module.answers["AT+CGSN"] = (f"8664250301{len(self):05}", "OK")
        return bench

    def write(self, defaults: str = f'url = "{URL}"', *, beside: str = "") -> str:
        tables = [f"[defaults]\n{defaults}\n"]
        names = [Path(port).name for port in self] + beside.split()
        tables += [f'[[module]]\nname = "{name}"\nport = "{name}"\n' for name in names]
        path = self.folder / "bench.toml"
        path.write_text("".join(tables))
        return str(path)


@pytest.fixture
def benches(bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Benches:
    found = Benches(tmp_path, type(bench))

    def open_port(port: str, *, baudrate: int):
        if port not in found:
            raise PortError(port, "no such file or directory")
        return found[port].port.open()

    def session(open_transport, *, port: str, **options: object) -> Session:
        if port not in found:
            return Session(open_transport, port=port, **options)
        bench = found[port]
        clock, pause = lambda: bench.module.now, bench.port.pause
        return Session(open_transport, port=port, clock=clock, pause=pause, **options)

    monkeypatch.setattr(port_options, "SerialxTransport", open_port)
    monkeypatch.setattr(port_options, "Session", session)
    return found


def test_a_rack_of_32_is_upgraded_and_one_bad_port_harms_no_other(
    benches, tmp_path: Path, capsys
) -> None:
    for number in range(32):
        benches.add(f"m{number:02}").script_remote()
    report, junit = tmp_path / "report.json", tmp_path / "report.xml"
    arguments = ["--report", str(report), "--junit", str(junit), "--logs", str(tmp_path / "logs")]
    path = benches.write(beside="gone")
    assert run(["upgrade", "--inventory", path, *arguments]) == ExitCode.SOME_FAILED
    out = capsys.readouterr().out
    assert out.endswith("32 upgraded, 1 failed\n")
    facts = json.loads(report.read_text())
    assert (facts["counts"]["upgraded"], facts["counts"]["failed"]) == (32, 1)
    assert {bench.starts for bench in benches.values()} == {1}
    one, gone = facts["modules"][0], facts["modules"][-1]
    assert one["revision_after"] == benches[one["port"]].NEW
    assert gone["error"]["error"] == "host.port"
    suite = ET.fromstring(junit.read_bytes()).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("33", "1", "0")
    assert suite.findall("testcase")[-1].find("failure").get("type") == "host.port"
    logs = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert len(logs) == 66
    assert "restoring" in (tmp_path / "logs" / "m00.log").read_text()
    assert "AT+QFOTADL" in (tmp_path / "logs" / "m00.transcript").read_text()


def test_every_ok_is_ok_and_again_is_nothing_to_do(benches, capsys) -> None:
    for name in ("one", "two"):
        benches.add(name).script_remote()
    path = benches.write(f'url = "{URL}"\nexpect = "{benches[next(iter(benches))].NEW}"')
    assert run(["upgrade", "--inventory", path]) == ExitCode.OK
    assert run(["upgrade", "--inventory", path]) == ExitCode.OK
    assert capsys.readouterr().out.endswith("2 nothing-to-do\n")
    assert [bench.starts for bench in benches.values()] == [1, 1]


def test_events_say_which_module_they_are_of(benches, capsys) -> None:
    for name in ("one", "two"):
        benches.add(name).script_remote()
    assert run(["--json", "upgrade", "--inventory", benches.write()]) == ExitCode.OK
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["module"] for event in events[:-1]} == {"one", "two"}
    assert events[-1]["event"] == "rack-ended"
    assert events[-1]["counts"]["upgraded"] == 2


def test_stop_after_begins_no_more(benches, capsys) -> None:
    for name in ("one", "two", "three"):
        benches.add(name).script_remote(end=504)
    options = ["--max-parallel", "1", "--stop-after", "1"]
    assert run(["upgrade", "--inventory", benches.write(), *options]) == ExitCode.SOME_FAILED
    assert capsys.readouterr().out.endswith("1 failed, 2 skipped\n")
    assert [bench.starts for bench in benches.values()] == [1, 0, 0]


def test_ctrl_c_says_the_state_of_each_and_resume_goes_on(
    benches, capsys, monkeypatch, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        benches.add(name).script_remote()
    one = next(iter(benches.values()))
    path = benches.write(f'url = "{URL}"\nexpect = "{one.NEW}"')
    updating = threading.Event()
    real_read = one.port.read

    def read(timeout_s: float) -> bytes:
        data = real_read(timeout_s)
        if b'"UPDATING", 50' in data:
            updating.set()
            stopping.wait(10)
        return data

    stopping = threading.Event()
    one.port.read = read
    join, calls = rack._join, iter([True])

    def interrupted(threads) -> None:
        if next(calls, False):
            updating.wait(10)
            raise KeyboardInterrupt
        stopping.set()
        join(threads)

    monkeypatch.setattr(rack, "_join", interrupted)
    report = tmp_path / "r.json"
    options = ["--max-parallel", "1", "--report", str(report)]
    assert run(["upgrade", "--inventory", path, *options]) == ExitCode.INTERRUPTED
    err = capsys.readouterr().err
    assert "one: stopped in the phase updating" in err
    assert "--resume" in err
    assert "two: skipped" in err
    states = [module["state"] for module in json.loads(report.read_text())["modules"]]
    assert states == ["stopped", "skipped"]
    one.port.read = real_read
    assert run(["upgrade", "--inventory", path]) == ExitCode.SOME_FAILED
    assert "outcome is not known" in capsys.readouterr().out
    assert run(["upgrade", "--inventory", path, "--resume"]) == ExitCode.OK
    assert [bench.starts for bench in benches.values()] == [1, 1]


def test_a_package_is_hosted_once_for_all(benches, package: Path, capsys) -> None:
    for name in ("one", "two"):
        bench = benches.add(name)
        answer = bench.module._answer
        bench.module._answer = lambda line, answer=answer: (
            "OK" if line.startswith("AT+QFOTADL=") else answer(line)
        )
        bench.module.on_line = lambda line, bench=bench: (
            bench.script_installation(1) if line.startswith("AT+QFOTADL=") else None
        )
    path = benches.write(f'package = "{package}"')
    assert run(["upgrade", "--inventory", path, "--serve", "127.0.0.1"]) == ExitCode.OK
    lines = [line for bench in benches.values() for line in bench.module.lines]
    urls = [line for line in lines if line.startswith("AT+QFOTADL=")]
    assert [url.rpartition(":")[2].partition("/")[2] for url in urls] == [
        'one/update.zip"', 'two/update.zip"',
    ]  # fmt: skip
    assert len({url.partition("/one/")[0].partition("/two/")[0] for url in urls}) == 1


def test_a_dry_run_asks_every_module_and_changes_none(benches, capsys) -> None:
    for name in ("one", "two", "three"):
        benches.add(name)
    two = list(benches.values())[1]
    two.module.answers["AT+CPIN?"] = "+CME ERROR: 10"
    path = benches.write(beside="gone")
    assert run(["upgrade", "--inventory", path, "--dry-run"]) == ExitCode.SOME_FAILED
    out, err = capsys.readouterr()
    assert out.count("nothing was changed") == 2
    assert out.index("one:") < out.index("two:") < out.index("FAIL  sim") < out.index("three:")
    assert "no such file" in err
    assert [bench.starts for bench in benches.values()] == [0, 0, 0]
    assert run(["--json", "upgrade", "--inventory", path, "--dry-run"]) == ExitCode.SOME_FAILED
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(event["module"], event["event"]) for event in events] == [
        ("one", "examined"), ("one", "planned"), ("two", "examined"), ("three", "examined"),
        ("three", "planned"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [["port"], ["--dry-run", "--resume"], ["--transcript", "t"], ["--state-file", "s"], ["p", "update.zip"],
     ["--apn", "x"]],
)  # fmt: skip
def test_what_concerns_one_module_stands_in_the_file(benches, arguments: list[str]) -> None:
    benches.add("one")
    assert run(["upgrade", "--inventory", benches.write(), *arguments]) == ExitCode.USAGE


@pytest.mark.parametrize("option", ["--stop-after", "--logs", "--report", "--junit", "--retries"])
def test_options_of_a_rack_need_one(option: str) -> None:
    assert run(["upgrade", "fake", "--url", URL, option, "1"]) == ExitCode.USAGE


def test_files_are_checked_before_any_port_is_opened(benches, package: Path, capsys) -> None:
    one = benches.add("one")
    other = package.parent / "other.pub"
    path = benches.write(f'package = "{package}"\nkey = "{other}"')
    assert run(["upgrade", "--inventory", path]) == ExitCode.PACKAGE
    assert "module one" in capsys.readouterr().err
    path = benches.write("apn = 'x'")
    assert run(["upgrade", "--inventory", path]) == ExitCode.INPUT
    assert one.port.opened == 0
