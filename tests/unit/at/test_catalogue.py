# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The promise of the catalogue: what the host encodes is what the module decodes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.at import (
    COMMANDS,
    Choice,
    Command,
    Form,
    Integer,
    Parameter,
    String,
    encode_line,
    parse_line,
)
from dfota.at.catalog.files import QFUPL
from dfota.at.catalog.fota import QCFGEXT, QFOTADL
from dfota.at.catalog.general import AT_W, ATI, CFUN, IPR, S3
from dfota.at.catalog.network import CPIN
from dfota.errors import AtParameterError, MisuseError

TEXT = st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"')


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    match parameter:
        case Integer(only=()):
            values: st.SearchStrategy[Any] = st.integers(parameter.minimum, parameter.maximum)
        case Integer():
            values = st.sampled_from(parameter.only)
        case String(only=()):
            values = st.text(TEXT, max_size=parameter.max_bytes)
        case String():
            values = st.sampled_from(parameter.only)
        case Choice():
            return st.one_of(values_of(parameter.text), values_of(parameter.number))
    return st.none() | values if parameter.is_optional else values


@st.composite
def invocations(draw: st.DrawFn) -> tuple[Command, Form, dict[str, Any]]:
    command = draw(st.sampled_from(list(COMMANDS.values())))
    form = draw(st.sampled_from(command.forms))
    parameters = command.parameters(form) or ()
    return command, form, {p.name: draw(values_of(p)) for p in parameters}


def expected(command: Command, form: Form, values: dict[str, Any]) -> dict[str, Any]:
    defaults = {p.name: p.default for p in command.parameters(form) or ()}
    return {name: defaults[name] if value is None else value for name, value in values.items()}


@given(st.lists(invocations(), min_size=1, max_size=4))
def test_the_module_decodes_what_the_host_encodes(
    chosen: list[tuple[Command, Form, dict[str, Any]]],
) -> None:
    line = encode_line(*(command.encode(form, **values) for command, form, values in chosen))

    found = parse_line(line.decode("ascii").removesuffix("\r"))

    assert [(i.command, i.form) for i in found] == [(c, f) for c, f, _ in chosen]
    assert [i.values() for i in found] == [expected(c, f, v) for c, f, v in chosen]


@given(invocations())
def test_small_letters_mean_the_same(chosen: tuple[Command, Form, dict[str, Any]]) -> None:
    command, form, values = chosen
    line = encode_line(command.encode(form, **values)).decode("ascii").strip("\r")
    head, quote, tail = line.partition('"')

    found = parse_line(head.lower() + quote + tail)

    assert [(i.command, i.form, i.values()) for i in found] == [
        (command, form, expected(command, form, values))
    ]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_every_command_is_described(command: Command) -> None:
    assert command.name == command.name.upper()
    assert command.summary.endswith(".")
    assert command.reference
    assert command.forms
    assert 0 < command.max_response_s <= 180


def test_the_commands_of_the_first_issue_are_all_there() -> None:
    wanted = (
        "E Q V X I Z &F &W &V &C &D S3 S4 S5 +QGMR +CGMR +GMR +CGMI +GMI +CGMM +GMM +CGSN +GSN "
        "+CIMI +QCCID +CPIN +CSQ +CREG +CGREG +CEREG +COPS +CFUN +QPOWD +CMEE +QURCCFG +QCFGEXT "
        "+QFOTADL +QFLDS +QFLST +QFUPL +QFDEL +QFDWL +IPR +CBC"
    )
    assert set(wanted.split()) <= set(COMMANDS)


def test_trailing_optional_parameters_are_left_out() -> None:
    assert CFUN.encode(Form.WRITE, fun=1) == "+CFUN=1"
    assert QFUPL.encode(Form.WRITE, filename="a", ackmode=1) == '+QFUPL="a",,,1'


@pytest.mark.parametrize(
    ("command", "line", "rule"),
    [
        (CFUN, "AT+CFUN=2", "one of 0, 1, 4"),
        (CFUN, "AT+CFUN=", "missing"),
        (CFUN, "AT+CFUN=1,1,1", "too many"),
        (CFUN, "AT+CFUN=-1", "decimal"),
        (CFUN, 'AT+CFUN="1"', "decimal"),
        (CFUN, "AT+CFUN=1;", None),
        (IPR, "AT+IPR=115201", "one of"),
        (S3, "ATS3=128", "0 to 127"),
        (QCFGEXT, 'AT+QCFGEXT="nonsense"', "one of"),
        (QCFGEXT, 'AT+QCFGEXT="fota_apn",3,"a"', "0 to 2"),
        (QCFGEXT, f'AT+QCFGEXT="fota_apn",0,"{"a" * 100}"', None),
        (QCFGEXT, f'AT+QCFGEXT="fota_apn",0,"{"a" * 101}"', "100 bytes"),
        (QFOTADL, "AT+QFOTADL=1", None),
        (QFOTADL, "AT+QFOTADL=2", "one of 1"),
        (QFOTADL, "AT+QFOTADL=http://h/p", "decimal"),
        (QFOTADL, f'AT+QFOTADL="{"u" * 255}"', None),
        (QFOTADL, f'AT+QFOTADL="{"u" * 256}"', "255 bytes"),
        (QFUPL, 'AT+QFUPL="a",0', "1 to"),
        (QFUPL, "AT+QFUPL=a", "quotes"),
        (CPIN, "AT+CPIN=1234", None),
        (AT_W, "AT&W1", "0 to 0"),
        (ATI, "ATI0", None),
    ],
)
def test_a_parameter_outside_its_rule_is_named(
    command: Command, line: str, rule: str | None
) -> None:
    (invocation,) = parse_line(line)
    assert invocation.command is command
    if rule is None:
        invocation.values()
        return
    with pytest.raises(AtParameterError, match=rule):
        invocation.values()


def test_a_url_without_quotes_is_read_on_request_only() -> None:
    (invocation,) = parse_line("AT+QFOTADL=http://h/p")
    assert invocation.values(accept_unquoted=True) == {"location": "http://h/p"}


def test_what_cannot_stand_between_quotes_is_not_encoded() -> None:
    for text in ('a"b', "a\rb", "é"):
        with pytest.raises(AtParameterError):
            QFOTADL.encode(Form.WRITE, location=text)


def test_forms_and_names_that_do_not_exist_are_misuse() -> None:
    with pytest.raises(MisuseError, match="no read form"):
        QFOTADL.encode(Form.READ)
    with pytest.raises(MisuseError, match="no parameter url"):
        QFOTADL.encode(Form.WRITE, url="http://h/p")
