# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade`` as a person and a program see it, on the virtual clock."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from dfota.cli.console import Console, ReaderLeftError
from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.testing import make_certificates

URL = "https://www.quectel.com:100/update.zip"


def events(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_success_is_told_with_its_proof(wired, capsys) -> None:
    wired.script_remote()
    assert run(["upgrade", "fake", "--url", URL, "--expect", wired.NEW]) == ExitCode.OK
    out, err = capsys.readouterr()
    assert out.startswith(f"upgraded: {wired.OLD} → {wired.NEW}\nproof:    the revision read back")
    assert "sim: READY" in err


def test_the_package_is_uploaded_and_verified(wired, package: Path, capsys) -> None:
    wired.script_local()
    key = str(package.parent / "vendor.pub")
    assert run(["upgrade", "fake", str(package), "--key", key]) == ExitCode.OK
    assert list(wired.module.uploaded.values()) == [package.read_bytes()]
    assert wired.module.files == {}
    assert wired.NEW in capsys.readouterr().out


def test_a_package_of_the_vendor_needs_the_revision_that_it_leads_to(
    wired, tmp_path: Path, capsys
) -> None:
    """What real modules install is in a format of the vendor's, which nobody else can read."""
    wired.script_local()
    vendors = tmp_path / "vendor.zip"
    vendors.write_bytes(b"PK\x03\x04 something else" * 99)
    assert run(["upgrade", "fake", str(vendors)]) == ExitCode.PACKAGE
    assert "add --expect" in capsys.readouterr().err
    assert wired.port.opened == 0
    assert run(["upgrade", "fake", str(vendors), "--expect", wired.NEW]) == ExitCode.OK
    size = vendors.stat().st_size
    assert any(f",{size}," in line for line in wired.module.lines if "QFUPL" in line)
    assert f"{wired.OLD} → {wired.NEW}" in capsys.readouterr().out
    key = ["--key", str(tmp_path / "none.pub")]
    assert run(["upgrade", "fake", str(vendors), "--expect", wired.NEW, *key]) == ExitCode.PACKAGE


def test_with_url_and_package_nothing_is_uploaded(wired, package: Path) -> None:
    wired.script_remote()
    assert run(["upgrade", "fake", str(package), "--url", URL]) == ExitCode.OK
    assert wired.module.files == {}


def test_json_is_one_object_per_line(wired, capsys) -> None:
    wired.script_remote()
    assert run(["--json", "upgrade", "fake", "--url", URL]) == ExitCode.OK
    seen = events(capsys.readouterr().out)
    nothing_known = {"limit_s": None, "expected_s": None}
    assert seen[0] == {"event": "phase-entered", "phase": "preparing", **nothing_known}
    assert {"event": "progressed", "phase": "updating", "percent": 100, "left_s": 0.0} in seen
    assert seen[-1]["event"] == "upgraded"
    assert seen[-1]["revision_after"] == wired.NEW
    assert seen[-1]["phases"][0]["phase"] == "starting"


def test_a_dry_run_lists_the_checks(wired, capsys) -> None:
    assert run(["upgrade", "fake", "--url", URL, "--dry-run"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert re.search(r"^ok +sim +READY$", out, re.MULTILINE)
    assert wired.starts == 0


def test_a_failed_check_of_a_dry_run_is_a_refusal(wired, capsys) -> None:
    wired.module.answers["AT+CPIN?"] = "+CME ERROR: 10"
    assert run(["--json", "upgrade", "fake", "--url", URL, "--dry-run"]) == ExitCode.REFUSED
    out, err = capsys.readouterr()
    failed = [c["check"] for c in events(out)[-1]["checks"] if c["status"] == "failed"]
    assert failed == ["sim"]
    assert json.loads(err.splitlines()[-1])["error"] == "host.check"


@pytest.mark.parametrize(
    ("word", "phase", "left"),
    [
        (b"+CSQ", "preparing", "Nothing was started"),
        (b'"HTTPSTART"', "starting", "goes on by itself"),
        (b'"HTTPEND"', "downloading", "goes on by itself"),
        (b'"UPDATING", 50', "updating", "goes on by itself"),
        (b'"RESTORE", 50', "restoring", "goes on by itself"),
        (b"AT+QGMR", "rebooting", "AT+QGMR"),
    ],
)
def test_ctrl_c_says_how_the_module_is_left(
    wired, capsys, word: bytes, phase: str, left: str
) -> None:
    wired.script_remote()
    wired.port.interrupt_at = word
    assert run(["upgrade", "fake", "--url", URL]) == ExitCode.INTERRUPTED
    err = capsys.readouterr().err
    assert f"stopped in the phase {phase}" in err
    assert left in err


def test_ctrl_c_during_the_upload_is_told_to_a_program(wired, package: Path, capsys) -> None:
    wired.port.interrupt_at = b"CONNECT"
    assert run(["--json", "upgrade", "fake", str(package)]) == ExitCode.INTERRUPTED
    last = events(capsys.readouterr().out)[-1]
    assert (last["event"], last["phase"]) == ("interrupted", "uploading")
    assert wired.starts == 0


@pytest.mark.parametrize(
    ("end", "http_err", "code"),
    [(504, 0, ExitCode.INSTALL), (0, 702, ExitCode.DOWNLOAD)],
)
def test_a_failure_has_its_exit_code_and_remedy(
    wired, capsys, end: int, http_err: int, code: ExitCode
) -> None:
    wired.script_remote(end=end, http_err=http_err)
    assert run(["upgrade", "fake", "--url", URL]) == code
    err = capsys.readouterr().err
    assert str(end or http_err) in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], ExitCode.USAGE),
        (["--url", "gopher://h/a"], ExitCode.USAGE),
        (["--url", "http://h/" + "x" * 247], ExitCode.USAGE),
        (["--url", "http://h:0/a"], ExitCode.USAGE),
        (["--url", URL, "--apn-user", "me"], ExitCode.USAGE),
        (["--url", URL, "--expect", "no revision"], ExitCode.USAGE),
        (["--url", URL, "--key", "vendor.pub"], ExitCode.USAGE),
        (["--url", URL, "--client-cert", "a"], ExitCode.USAGE),
        (["{package}", "--apn", "x"], ExitCode.USAGE),
        (["{package}", "--expect", "OTHER"], ExitCode.USAGE),
        (["{package}", "--key", "{other}"], ExitCode.PACKAGE),
        (["there-is-no-such-file"], ExitCode.INPUT),
        (["{other}"], ExitCode.PACKAGE),
        (["--url", URL, "--ca", "there-is-no-such-file"], ExitCode.INPUT),
        (["--url", URL, "--transcript", "/no/such/directory/t"], ExitCode.OUTPUT),
    ],
)
def test_bad_input_is_refused_before_the_port_is_opened(
    wired, package: Path, capsys, arguments: list[str], code: ExitCode
) -> None:
    names = {"{package}": str(package), "{other}": str(package.parent / "other.pub")}
    assert run(["upgrade", "fake", *(names.get(a, a) for a in arguments)]) == code
    assert wired.port.opened == 0
    assert capsys.readouterr().err


def test_a_port_that_is_not_there_has_its_exit_code(capsys) -> None:
    assert run(["upgrade", "/dev/there-is-no-such-port", "--url", URL]) == ExitCode.PORT
    assert "no such file" in capsys.readouterr().err


def test_a_full_disk_of_the_transcript_is_told_after_the_success(wired, capsys) -> None:
    wired.script_remote()
    options = ["--url", URL, "--transcript", "/dev/full"]
    assert run(["upgrade", "fake", *options]) == ExitCode.OUTPUT
    out, err = capsys.readouterr()
    assert out.startswith("upgraded")
    assert "/dev/full" in err


def test_certificates_go_under_the_fixed_names(wired, tmp_path: Path) -> None:
    wired.script_remote()
    made = make_certificates(tmp_path)
    options = ["--ca", made.ca_path, "--client-cert", made.cert_path, "--client-key", made.key_path]
    assert run(["upgrade", "fake", "--url", URL, *map(str, options)]) == ExitCode.OK
    assert wired.module.files == {
        "fota_cacert.pem": made.ca_path.read_bytes(),
        "fota_client_cert.pem": made.cert_path.read_bytes(),
        "fota_client_key.pem": made.key_path.read_bytes(),
    }


@pytest.mark.parametrize("option", ["--ca", "--client-cert", "--client-key"])
def test_a_file_that_is_no_certificate_is_refused_before_the_port_is_opened(
    wired, tmp_path: Path, capsys, option: str
) -> None:
    """It would stay in the module and spoil every later download."""
    made = make_certificates(tmp_path)
    (tmp_path / "wrong").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    files = {"--ca": made.ca_path, "--client-cert": made.cert_path, "--client-key": made.key_path}
    files[option] = tmp_path / "wrong"
    options = [str(part) for pair in files.items() for part in pair]
    assert run(["upgrade", "fake", "--url", URL, *options]) == ExitCode.INPUT
    assert "wrong" in capsys.readouterr().err
    assert wired.port.opened == 0


@pytest.mark.parametrize("gone", [OSError(5, "Input/output error"), ReaderLeftError()])
def test_a_terminal_or_reader_that_left_ends_no_upgrade(wired, monkeypatch, gone) -> None:
    wired.script_remote()

    def note(_console: Console, _text: object) -> None:
        raise gone

    monkeypatch.setattr(Console, "note", note)
    monkeypatch.setattr(Console, "warn", note)
    assert run(["upgrade", "fake", "--url", URL]) == ExitCode.OK
    assert wired.module.revision == wired.NEW
