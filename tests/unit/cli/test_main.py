# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The root of the command: streams, exit codes, help and completion."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys

import click
import pytest

from dfota.cli.console import Console
from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.errors import OutputError

# The name `dfota.cli.main` is the function; the module is reached by its name.
root = importlib.import_module("dfota.cli.main")


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in root._COMMANDS)


@pytest.mark.parametrize("name", list(root._COMMANDS))
def test_every_command_teaches(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == ExitCode.OK
    assert "Usage: dfota" in capsys.readouterr().out


def test_a_wrong_command_line_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["nonsense"]) == ExitCode.USAGE
    assert "nonsense" in capsys.readouterr().err


def raising(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


def test_an_error_is_one_sentence_a_remedy_and_a_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(root, "cli", raising(OutputError("a.bin", "disk full")))
    assert run([]) == ExitCode.OUTPUT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "error: cannot write a.bin: disk full.\n"
        "  Check free space and permissions, or choose another place.\n"
        "  [output.unwritable]\n"
    )


def test_ctrl_c_is_quiet_and_has_its_own_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(root, "cli", raising(KeyboardInterrupt()))
    assert run([]) == ExitCode.INTERRUPTED
    assert "Traceback" not in capsys.readouterr().err


def test_a_defect_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "cli", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run([])


@pytest.mark.parametrize(
    "argv",
    [["--json", "completion", "bash"], ["completion", "bash", "--json"]],
    ids=["before", "behind"],
)
def test_json_may_stand_before_or_behind_the_command(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(argv) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["shell"] == "bash"


def test_completion_scripts_are_valid_shell(capsys: pytest.CaptureFixture[str]) -> None:
    run(["completion", "bash"])
    script = capsys.readouterr().out
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_completion_offers_the_commands() -> None:
    environment = os.environ | {
        "_DFOTA_COMPLETE": "bash_complete", "COMP_WORDS": "dfota pack", "COMP_CWORD": "1",
    }  # fmt: skip
    offered = subprocess.run(
        [sys.executable, "-m", "dfota"], env=environment, capture_output=True, text=True, check=True
    )
    assert offered.stdout.split() == ["plain,package"]


def test_without_a_terminal_there_are_no_bars(capsys: pytest.CaptureFixture[str]) -> None:
    with Console().progress("delta", 10) as advance:
        advance(5)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_typing_error_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["upgrde"]) == ExitCode.USAGE
    assert "Did you mean upgrade?" in capsys.readouterr().err


def test_usage_errors_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--json", "nonsense"]) == ExitCode.USAGE
    told = json.loads(capsys.readouterr().err)
    assert "nonsense" in told["message"]


@pytest.mark.parametrize("argv", [["--version"], ["completion", "bash"]])
def test_a_full_stdout_is_told(argv: list[str]) -> None:
    with open("/dev/full", "w") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "dfota", *argv],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert finished.returncode == ExitCode.OUTPUT
    assert finished.stderr.startswith("error: cannot write standard output")
    assert "Traceback" not in finished.stderr


def test_a_group_takes_json_before_its_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["delta", "--json", "show", "missing.patch"]) == ExitCode.INPUT
    assert json.loads(capsys.readouterr().err)["error"] == "input.unreadable"
