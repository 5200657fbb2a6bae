# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade`` across its own death: state file, --resume, --status, --serve, --dry-run."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from dfota.cli import hosting
from dfota.cli.exit_codes import ExitCode
from dfota.cli.hosting import ServeOptions, host_packages, parse_address
from dfota.cli.main import run
from dfota.cli.upgrade_run import default_state_file
from dfota.errors import ServerExtraError
from dfota.host import read_record

URL = "https://www.quectel.com:100/update.zip"


def interrupted(wired, word: bytes) -> None:
    """One run that was stopped when *word* was heard."""
    wired.port.interrupt_at = word
    assert run(["upgrade", "fake", "--url", URL, "--expect", wired.NEW]) == ExitCode.INTERRUPTED
    wired.port.interrupt_at = None


def test_an_upgrade_that_was_left_is_not_started_again(wired, capsys) -> None:
    wired.script_remote()
    interrupted(wired, b'"UPDATING", 50')
    assert run(["upgrade", "fake", "--url", URL]) == ExitCode.REFUSED
    err = capsys.readouterr().err
    assert "outcome is not known" in err
    assert "dfota upgrade fake --resume" in err
    assert wired.starts == 1


@pytest.mark.parametrize("word", [b'"HTTPSTART"', b'"UPDATING", 50', b'"RESTORE", 50', b'"END"'])
def test_resume_follows_it_to_its_end(wired, capsys, word: bytes) -> None:
    wired.script_remote()
    interrupted(wired, word)
    assert run(["upgrade", "fake", "--resume"]) == ExitCode.OK
    assert capsys.readouterr().out.startswith(f"upgraded: {wired.OLD} → {wired.NEW}")
    assert wired.starts == 1
    record = read_record(default_state_file("fake"))
    assert record is not None
    assert record.is_ended


def test_the_command_that_ctrl_c_names_is_the_one_that_works(wired, capsys, tmp_path) -> None:
    wired.script_remote()
    state = tmp_path / "my.json"
    wired.port.interrupt_at = b'"RESTORE", 50'
    assert run(["upgrade", "fake", "--url", URL, "--state-file", str(state)]) == 130
    wired.port.interrupt_at = None
    named = capsys.readouterr().err.rpartition("dfota ")[2].splitlines()[0].split()
    assert named == ["upgrade", "fake", "--resume", "--state-file", str(state)]
    assert run(named) == ExitCode.OK


def test_resume_after_the_end_starts_nothing(wired, capsys) -> None:
    wired.script_remote()
    assert run(["upgrade", "fake", "--url", URL]) == ExitCode.OK
    assert run(["upgrade", "fake", "--resume"]) == ExitCode.NOTHING_TO_DO
    assert "nothing to resume" in capsys.readouterr().out
    assert wired.starts == 1


def test_resume_with_a_plan_begins_where_nothing_is_unfinished(wired) -> None:
    """What a gateway runs at every boot."""
    wired.script_remote()
    options = ["upgrade", "fake", "--resume", "--url", URL, "--expect", wired.NEW]
    assert run(options) == ExitCode.OK
    assert run(options) == ExitCode.NOTHING_TO_DO
    assert wired.starts == 1


def test_what_was_stopped_before_the_start_leaves_the_settings_as_they_were(wired, capsys) -> None:
    wired.module.answers["AT+QSCLK?"] = ("+QSCLK: 1", "OK")
    wired.module.answers["AT+QSCLK=0"] = wired.module.answers["AT+QSCLK=1"] = "OK"
    wired.script_remote()
    interrupted(wired, b"+CSQ: ")
    assert "AT+QSCLK=0" in wired.module.lines
    assert wired.module.lines[-1] == "AT+QSCLK=1" or "AT+QSCLK=1" in wired.module.lines[-3:]
    assert "Nothing was started" in capsys.readouterr().err
    assert run(["upgrade", "fake", "--url", URL]) == ExitCode.OK


def test_a_damaged_state_file_stops_before_the_port_is_opened(wired, capsys) -> None:
    path = default_state_file("fake")
    path.parent.mkdir(parents=True)
    path.write_text("no record")
    assert run(["upgrade", "fake", "--url", URL]) == ExitCode.INPUT
    assert wired.port.opened == 0
    assert str(path) in capsys.readouterr().err


def test_status_lists_what_is_known(wired, capsys) -> None:
    assert run(["upgrade", "--status"]) == ExitCode.OK
    assert capsys.readouterr().out == "no upgrade is recorded\n"
    wired.script_remote()
    interrupted(wired, b'"UPDATING", 50')
    capsys.readouterr()
    assert run(["upgrade", "fake", "--status"]) == ExitCode.OK
    assert f"outcome unknown: {wired.OLD} → {wired.NEW}" in capsys.readouterr().out
    assert run(["--json", "upgrade", "--status"]) == ExitCode.OK
    (entry,) = json.loads(capsys.readouterr().out)["upgrades"]
    assert (entry["state"], entry["phase"]) == ("outcome unknown", "updating")
    assert run(["upgrade", "other", "--status"]) == ExitCode.OK
    assert capsys.readouterr().out == "no upgrade is recorded\n"


def test_a_dry_run_lists_what_would_be_sent(wired, package: Path, capsys) -> None:
    assert run(["upgrade", "fake", str(package), "--dry-run"]) == ExitCode.OK
    out = capsys.readouterr().out
    size = package.stat().st_size
    assert f'AT+QFUPL="EUFS:/fota/update.zip",{size},30,1   + {size:,} bytes' in out
    assert out.index("AT+QFUPL") < out.index("AT+QFOTADL=1") < out.index("nothing was changed")
    assert run(["--json", "upgrade", "fake", str(package), "--dry-run"]) == ExitCode.OK
    planned = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert planned["event"] == "planned"
    assert {"line": "AT+QFOTADL=1", "changes": True, "data_size": 0, "is_after_start": False} in (
        planned["lines"]
    )
    assert wired.starts == 0
    assert not default_state_file("fake").exists()


# -- hosting ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.0.2.7", "192.0.2.7", 0),
        ("192.0.2.7:8080", "192.0.2.7", 8080),
        ("fota.example.org:1", "fota.example.org", 1),
        ("[2001:db8::1]", "2001:db8::1", 0),
        ("[2001:db8::1]:443", "2001:db8::1", 443),
    ],
)
def test_an_address_has_a_port_or_not(text: str, host: str, port: int) -> None:
    assert parse_address(text) == (host, port)


@pytest.mark.parametrize(
    "options",
    [
        ["--serve", ""],
        ["--serve", "a b"],
        ["--serve", "h:70000"],
        ["--serve", "http://h"],
        ["--serve", "2001:db8::1"],
        ["--serve", "127.0.0.1", "--url", URL],
        ["--tls"],
        ["--serve", "127.0.0.1", "--serve-cert", "a"],
        ["--serve", "127.0.0.1", "--tls", "--serve-cert", "a", "--serve-key", "b"],
        ["--resume", "--dry-run"],
    ],
)
def test_options_that_contradict_each_other_are_told(
    wired, package: Path, options: list[str]
) -> None:
    assert run(["upgrade", "fake", str(package), *options]) == ExitCode.USAGE
    assert wired.port.opened == 0


def test_serve_without_a_package_is_told(wired) -> None:
    assert run(["upgrade", "fake", "--serve", "127.0.0.1"]) == ExitCode.USAGE


def test_serve_without_the_server_extra_names_it(wired, package, capsys, monkeypatch) -> None:
    def missing(*_args: object, **_options: object) -> None:
        raise ServerExtraError("uvicorn")

    monkeypatch.setattr(hosting, "PackageServer", missing)
    assert run(["upgrade", "fake", str(package), "--serve", "127.0.0.1"]) == ExitCode.INPUT
    assert "dfota[server]" in capsys.readouterr().err
    assert wired.port.opened == 0


def test_each_module_has_its_own_url_and_all_share_the_bytes() -> None:
    packages = {"one": b"p" * 100_000, "two": b"p" * 100_000, "three": b"q"}
    options = ServeOptions(host="127.0.0.1")
    with host_packages(options, packages, lambda _name, _download: None) as hosted:
        assert sorted(hosted.urls) == ["one", "three", "two"]
        assert len(set(hosted.urls.values())) == 3
        assert hosted.ca is None


def test_an_address_that_is_not_ours_is_behind_a_forward() -> None:
    """The URL names what the module uses; we listen where we can."""
    options = ServeOptions(host="192.0.2.77")
    with host_packages(options, {"module": b"p"}, lambda _name, _download: None) as hosted:
        assert hosted.urls["module"].startswith("http://192.0.2.77:")


def test_a_download_is_told_under_the_name_of_its_module() -> None:
    told: list[tuple[str, int]] = []
    options = ServeOptions(host="127.0.0.1")
    packages = {"one": b"p" * 1000, "two": b"q" * 2000}
    with (
        host_packages(
            options, packages, lambda name, download: told.append((name, download.sent_bytes))
        ) as hosted,
        urllib.request.urlopen(hosted.urls["two"], timeout=10) as answer,  # noqa: S310 - our own
    ):
        assert answer.read() == packages["two"]
    assert {name for name, _ in told} == {"two"}
    assert told[-1][1] == 2000
