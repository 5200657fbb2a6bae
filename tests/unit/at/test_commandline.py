# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Command lines as V.250 has them, and as people and programs really write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.at import COMMANDS, Command, Form, parse_line
from dfota.at.catalog import commands_with
from dfota.errors import AtSyntaxError


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("AT", []),
        ("at", []),
        ("ATE0V1", ["E", "V"]),
        ("ATE0 V1 Q0", ["E", "V", "Q"]),
        ("ATI;+CSUB", ["I", "+CSUB"]),
        ("ATI+CSUB", ["I", "+CSUB"]),
        ("AT&FE0&W", ["&F", "E", "&W"]),
        ("AT+IPR=115200;&W", ["+IPR", "&W"]),
        ("ATS3=13S4?S5=8", ["S3", "S4", "S5"]),
        ("AT+CSQ;+CEREG?;+CGREG?;+COPS?", ["+CSQ", "+CEREG", "+CGREG", "+COPS"]),
        ("at+csq;", ["+CSQ"]),
        ('AT+QFOTADL="http://h/a;b,c?d=+CSQ"', ["+QFOTADL"]),
        ("AT + C S Q", ["+CSQ"]),
    ],
)
def test_a_line_falls_apart_into_its_commands(line: str, names: list[str]) -> None:
    found = parse_line(line)
    assert [invocation.name for invocation in found] == names
    assert not any(invocation.problem for invocation in found)


@pytest.mark.parametrize(
    ("line", "name", "form", "fields"),
    [
        ("AT+X", "+X", Form.EXECUTE, ()),
        ("AT+X?", "+X", Form.READ, ()),
        ("AT+X=?", "+X", Form.TEST, ()),
        ("AT+X=", "+X", Form.WRITE, ("",)),
        ('AT+X=1,"a,b;c",,2', "+X", Form.WRITE, ("1", '"a,b;c"', "", "2")),
        ('AT+X = "a b" , 2', "+X", Form.WRITE, ('"a b"', "2")),
        ("ATX", "X", Form.EXECUTE, ()),
        ("ATX4", "X", Form.EXECUTE, ("4",)),
        ("ATS3?", "S3", Form.READ, ()),
        ("ATS03=", "S3", Form.WRITE, ("0",)),
    ],
)
def test_forms_and_fields(line: str, name: str, form: Form, fields: tuple[str, ...]) -> None:
    (found,) = parse_line(line)
    assert (found.name, found.form, found.fields) == (name, form, fields)


def test_a_dial_string_takes_the_rest_of_the_line() -> None:
    echo, dial = parse_line("ATE0D+49123;E1")
    assert (echo.name, dial.name, dial.fields) == ("E", "D", ("+49123;E1",))


@pytest.mark.parametrize(
    ("line", "before"),
    [
        ("ATE0=5", []),
        ("ATE?", []),
        ("ATV=?", []),
        ("ATX4&F?", ["X"]),
        ("ATS3=?", []),
        ("ATS3=13?", []),
        ("AT+CSQ;=", ["+CSQ"]),
        ('AT+CSQ;+X="a', ["+CSQ"]),
        ("ATE0S3", ["E"]),
        ("AT+CSQ@;E1", []),
        ('AT+CSQ"x";E1', []),
    ],
)
def test_a_fault_does_not_hide_what_stands_before_it(line: str, before: list[str]) -> None:
    found = parse_line(line)
    assert [invocation.name for invocation in found[:-1]] == before
    assert found[-1].problem or found[-1].command is None


@pytest.mark.parametrize("line", ["", "A", "At", "aT", "+CSQ", "XAT", "OK"])
def test_a_line_without_at_is_refused(line: str) -> None:
    with pytest.raises(AtSyntaxError):
        parse_line(line)


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_no_line_whatever_breaks_the_parser(tail: str) -> None:
    for invocation in parse_line("AT" + tail):
        assert invocation.name


def test_a_kin_has_its_own_table() -> None:
    other = Command(name="+CSQ", variant="kin", summary="Other.", reference="none", execute=())
    table = commands_with([other], without=["+QFOTADL"])
    known, unknown = parse_line("AT+CSQ;+QFOTADL=1", table)
    assert known.command is other
    assert unknown.command is None
    assert parse_line("AT+CSQ")[0].command is COMMANDS["+CSQ"]
    assert (other.key, COMMANDS["+CSQ"].key) == ("+CSQ/kin", "+CSQ")


def test_what_one_table_made_of_a_line_is_not_remembered_for_another() -> None:
    ours = {**COMMANDS}
    del ours["+CSQ"]
    for _ in range(2):
        assert parse_line("AT+CSQ")[0].command is COMMANDS["+CSQ"]
        assert parse_line("AT+CSQ", ours)[0].command is None
