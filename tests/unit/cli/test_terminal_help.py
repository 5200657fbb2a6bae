# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Completion, help, hints and the history of the terminal: pure words from the catalogue."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dfota.at import COMMANDS
from dfota.cli.terminal_help import (
    answer_question,
    complete,
    describe_command,
    hint_for,
    syntax_of,
)
from dfota.cli.terminal_history import LINES_MAX, HistoryFile, history_path, is_secret


def ways(text: str) -> list[str]:
    """The whole lines that completion makes of *text*."""
    return [text[: len(text) - one.replaces] + one.text for one in complete(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["AT"]),
        ("at+cfu", ["at+CFUN"]),
        ("AT+CFUN", ["AT+CFUN?", "AT+CFUN=", "AT+CFUN=?"]),
        ("AT+CFUN=", ["AT+CFUN=0", "AT+CFUN=1", "AT+CFUN=4"]),
        ("AT+CFUN=1,", ["AT+CFUN=1,0", "AT+CFUN=1,1"]),
        ('AT+QCFG="nws', ['AT+QCFG="nwscanmode"', 'AT+QCFG="nwscanseq"']),
        ('AT+QCFG="nwscanmode",', [f'AT+QCFG="nwscanmode",{n}' for n in (0, 1, 3)]),
        ('AT+QURCCFG="urcport","u', [f'AT+QURCCFG="urcport","{p}"' for p in ("usbat", "usbmodem", "uart1")]),
        ("ATE", ["ATE0", "ATE1"]),
        ("AT+CSQ;+CER", ["AT+CSQ;+CEREG"]),
        ("?AT+QFOT", ["?AT+QFOTADL"]),
        (":pu", [":put"]),
        ("hello", []),
        ('AT+QFDEL="', []),
    ],
)  # fmt: skip
def test_completion_knows_commands_settings_and_values(text: str, expected: list[str]) -> None:
    assert ways(text) == expected


def test_every_command_can_be_completed_described_and_has_a_syntax() -> None:
    for name, command in COMMANDS.items():
        line = f"AT{name}"
        typed = f"AT{name[:-1]}" if len(name) > 1 else "AT"
        assert line in ways(typed), name
        syntax = syntax_of(line)
        assert syntax is not None
        assert command.summary in syntax.detail or not command.forms
        text = "\n".join(describe_command(line))
        assert command.summary in text
        assert "source: " in text
        for end in ("=", ",", "=1,1,1,1,1,1,1,1,1,1,1,1", '="', "=?", "?"):
            list(complete(line + end))
            syntax_of(line + end)


def test_the_syntax_marks_the_parameter_at_the_cursor() -> None:
    syntax = syntax_of("AT+CFUN=1,")
    assert syntax is not None
    assert (syntax.before, syntax.current) == ("AT+CFUN=<fun>,", "[<rst>]")
    assert syntax.detail == "(0,1), 0 if left out"
    assert syntax_of("AT+NOSUCH=") is None


def test_questions_are_answered() -> None:
    assert any("BG96 DFOTA User Guide V1.1" in line for line in answer_question("AT+QFOTADL"))
    assert "  HTTPEND,702 of bg96: Server connection failed" in answer_question("702")
    assert any(line.startswith("  AT+QFUPL: ") for line in answer_question("Files"))
    assert ":put" in " ".join(answer_question(""))
    assert "is not in the catalogue; there are AT+CGMI" in answer_question("AT+CG")[0]


@pytest.mark.parametrize(
    "line",
    ['AT+QFOTADL="http://h/u.zip"', "at+qfotadl=1", "AT+CSQ;+QFOTADL=1", "AT&F", "AT+QSCRUB=1",
     "AT+QPRTPARA=3", 'AT+QFDEL="*"', "AT+CFUN=1,1", "AT+IPR=9600", "AT+CPIN=1234"],
)  # fmt: skip
def test_what_can_hurt_comes_with_a_hint(line: str) -> None:
    assert hint_for(line)


@pytest.mark.parametrize(
    "line",
    ["AT", "AT+QFOTADL=?", "AT+CFUN?", "AT+CFUN=1", 'AT+QFDEL="a"', "AT+IPR?", "AT+CPIN?", "x"],
)
def test_what_is_harmless_comes_without(line: str) -> None:
    assert hint_for(line) == ""


SECRETS = [
    "AT+CPIN=1234", 'AT+CPIN="12345678","1234"', "at+cpin=1234", 'AT+CPWD="SC","1111","2222"',
    'AT+CLCK="SC",1,"1234"', "AT+CSQ;+CPIN=1234", 'AT+QCFGEXT="fota_apn",0,"apn","me","secret"',
    'AT+QICSGP=1,1,"apn","me","secret",1', 'AT+QMTCONN=0,"c","u","p"', "1234", "Hello",
    'AT+CPIN2="1234"', 'AT+XPASSWD="1"',
]  # fmt: skip


@pytest.mark.parametrize("line", SECRETS)
def test_secrets_are_never_kept(line: str, tmp_path: Path) -> None:
    assert is_secret(line)
    file = HistoryFile(tmp_path / "deep" / "at_history")
    assert not file.keep(line)
    assert file.load() == []


@pytest.mark.parametrize(
    "line",
    ["AT+CPIN?", "AT+CSQ", 'AT+QCFGEXT="fota_apn",0,"apn"', 'AT+CLCK="SC",2', ":put a b", "?702"],
)
def test_the_rest_is_kept_in_a_file_of_the_person_alone(line: str, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "at_history"
    assert HistoryFile(path).keep(line)
    assert HistoryFile(path).load() == [line]
    assert path.stat().st_mode & 0o077 == 0


def test_the_history_is_bounded_and_a_failing_disk_only_costs_it(tmp_path: Path) -> None:
    path = tmp_path / "at_history"
    path.write_text("".join(f"AT+N{n}\n" for n in range(3 * LINES_MAX)) + "\x1b[2J\n")
    lines = HistoryFile(path).load()
    assert (len(lines), lines[-1]) == (LINES_MAX, f"AT+N{3 * LINES_MAX - 1}")
    assert len(path.read_text().splitlines()) == LINES_MAX
    assert not HistoryFile(tmp_path / "at_history" / "below").keep("AT")
    assert HistoryFile(tmp_path / "nowhere").load() == []


def test_the_history_is_in_the_state_folder(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_path() == tmp_path / "dfota" / "at_history"
    monkeypatch.setenv("XDG_STATE_HOME", "relative/paths/do/not/count")
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    assert history_path() == tmp_path / ".local" / "state" / "dfota" / "at_history"
