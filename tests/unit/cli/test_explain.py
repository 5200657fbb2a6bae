# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota explain``: numbers, pasted lines, errors and exit codes, for people and programs."""

from __future__ import annotations

import inspect
import io
import json
import re
from pathlib import Path

import pytest

from dfota import errors
from dfota.cli import run
from dfota.cli.exit_codes import ExitCode
from dfota.cli.explain import EXIT_WORDS
from dfota.errors import DownloadFailedError, InstallFailedError

ROOT = Path(__file__).resolve().parents[3]


def test_702_is_explained_with_causes_in_order_and_things_to_try(capsys) -> None:
    assert run(["explain", "702", "--in", "http"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("HTTPEND,702 of bg96: Server connection failed")
    assert out.index("1. The server cannot be reached") < out.index("2. The access point")
    assert "dfota check PORT --url URL" in out
    assert "HTTPEND,702 of standard-a: HTTP(S) timeout" in out


def test_a_kind_of_module_is_as_good_as_its_family(capsys) -> None:
    for name in ("std-a", "standard-a"):
        assert run(["explain", "END,511", "--family", "ec2x"]) == 0
        assert "No space" in capsys.readouterr().out.splitlines()[0]
        assert run(["explain", "HTTPEND,702", "--family", name]) == 0
        assert "timeout" in capsys.readouterr().out.splitlines()[0]


def test_a_pasted_line_is_explained_as_it_is(capsys, monkeypatch) -> None:
    line = '+QIND: "FOTA","END",506'
    assert run(["explain", line]) == 0
    assert capsys.readouterr().out.startswith("END,506 of bg96")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"OK\r\n{line}\r\n+CME ERROR: 407\r\n"))
    assert run(["explain", "-"]) == 0
    out = capsys.readouterr().out
    assert "END,506" in out
    assert "+CME ERROR: 407: File already existed" in out
    assert run(["explain", "+CME", "ERROR:", "SIM", "not", "inserted"]) == 0
    assert "+CME ERROR: 10" in capsys.readouterr().out
    assert run(["explain", "ERROR"]) == 0


def test_json_has_the_causes(capsys) -> None:
    assert run(["explain", "511", "--json"]) == 0
    (code,) = json.loads(capsys.readouterr().out)["codes"]
    assert code["number"] == 511
    assert code["meanings"][0]["causes"][0]["tries"]
    assert {"place": "fota", "family": "linux", "meaning": "No space"} in code["elsewhere"]


@pytest.mark.parametrize("text", ["999", "nonsense", "exit 77", "host.nonsense", "\x1b[31m"])
def test_what_is_in_no_table_is_a_usage_error(capsys, text: str) -> None:
    assert run(["explain", text]) == ExitCode.USAGE
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("code", list(ExitCode))
def test_every_exit_code_is_explained_as_its_page_says(capsys, code: ExitCode) -> None:
    assert run(["explain", "exit", str(int(code))]) == 0
    assert EXIT_WORDS[code] in capsys.readouterr().out
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
    row = re.search(rf"^\| {int(code)} \| `{code.name}` \| (.*) \|$", page, re.MULTILINE)
    assert row is not None
    assert row[1].split()[0] == EXIT_WORDS[code].split()[0]


def test_every_error_of_ours_is_explained(capsys) -> None:
    for one in vars(errors).values():
        if inspect.isclass(one) and issubclass(one, errors.DfotaError):
            assert run(["explain", f"[{one.code}]"]) == 0
            assert one.code in capsys.readouterr().out


def test_the_failure_of_an_upgrade_names_the_command_that_explains_it(capsys) -> None:
    for error in (
        DownloadFailedError(702, "m", "Look."),
        DownloadFailedError(601, "m", "Look.", "linux", "FTPEND"),
        InstallFailedError(511, "m", "Look.", "linux"),
    ):
        command = error.remedy.rpartition("dfota ")[2].split()
        assert run(command) == 0
        assert str(command[1]) in capsys.readouterr().out
