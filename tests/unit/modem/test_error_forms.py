# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with an invocation, the answer is an error that the catalogue names."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from dfota.at import COMMANDS, Command, Form, Hexadecimal, Integer, Parameter, String

_FORMS = {Form.TEST: "=?", Form.READ: "?", Form.EXECUTE: ""}
_FINAL = re.compile(r"\r\n(?:ERROR|\+CM[ES] ERROR: ([0-9]+))\r\n\Z")

NO_SUCH_FORM = 3
"""A real BG96 answers ``AT+CSQ?`` with it; the catalogue of a command does not repeat that."""


def wrong_fields(parameter: Parameter) -> Iterator[str]:
    """Fields that *parameter* does not allow."""
    match parameter:
        case Integer():
            allowed = parameter.only or (parameter.minimum, parameter.maximum)
            yield from (str(max(allowed) + 1), "x", '"1"', "1.5", "")
            if min(allowed) > 0:
                yield str(min(allowed) - 1)
            else:
                yield str(min(*allowed, 0) - 1)
        case Hexadecimal():
            yield from (f"{parameter.maximum + 1:x}", "xyz")
        case String():
            yield f'"{"x" * (parameter.max_bytes + 1)}"'
            if parameter.min_bytes > 1:
                yield f'"{"0" * (parameter.min_bytes - 1)}"'
            if parameter.only or parameter.alphabet:
                yield '"_"'
            if not parameter.is_bare and not parameter.is_written_bare:
                yield "bare"


def wrong_lines(command: Command) -> Iterator[str]:
    """Invocations of forms that are not there, and with parameters that are not allowed."""
    name = command.name
    if name[0] == "+" and not command.setting:
        for form, tail in _FORMS.items():
            if form not in command.forms:
                yield name + tail
        if command.write is None:
            yield f"{name}=1"
    if command.write is not None:
        sign = "," if command.setting else "="
        yield f"{name}{sign}{',' * len(command.write)}1"  # one too many
        yield f'{name}{sign}"'
        first = command.write[0]
        for field in wrong_fields(first):
            if field or not first.is_optional:
                yield f"{name}{sign}{field}"


CASES = {
    command.name: [line for line in wrong_lines(command) if not line.endswith(",")]
    for command in COMMANDS.values()
    if command.is_extended and not command.is_register
}


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_invocation_is_answered_with_a_declared_error(shared_bench, name: str) -> None:
    command = COMMANDS[name]
    for line in CASES[name]:
        match = _FINAL.search(shared_bench.ask("AT" + line))
        assert match, line
        number = 0 if match[1] is None else int(match[1])
        assert number in {0, NO_SUCH_FORM, *command.errors}, line


@pytest.mark.parametrize(
    "line",
    [
        *("ATE2", "ATV2", "ATQ2", "ATX5", "AT&C2", "AT&D3", "ATZ1", "AT&F1", "AT&W1", "ATI1"),
        *("ATH1", "ATO1", "ATD", "ATD12x", 'ATD>"name";'),
        *("ATS0=256", "ATS3=128", "ATS4=128", "ATS5=128", "ATS6=11", "ATS7=256", "ATS8=256"),
        *("ATS10=0", "ATS10=255", "ATS1?", "ATS2=1", "AT&X", "ATT", "AT+", "AT?"),
    ],
)
def test_a_basic_command_out_of_its_range_is_an_error(shared_bench, line: str) -> None:
    assert shared_bench.ask(line) == "\r\nERROR\r\n"


def test_an_error_has_three_spellings(shared_bench) -> None:
    for level, text in (
        (0, "ERROR"),
        (2, "+CME ERROR: Operation not allowed"),
        (1, "+CME ERROR: 3"),
    ):
        shared_bench.ask(f"AT+CMEE={level}")
        assert shared_bench.ask("AT+CPIN=1234") == f"\r\n{text}\r\n"


def test_what_can_be_dialled_finds_nobody(shared_bench) -> None:
    for number in ("*99#", "*99***1#", "10086;", "+49 123 456;", "T112", "123,45W6I;"):
        assert shared_bench.ask(f"ATD{number}") == "\r\nNO CARRIER\r\n"
    assert shared_bench.ask("ATV0D112;") == "3\r"
    shared_bench.ask("ATV1")
