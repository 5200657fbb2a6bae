# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The promise of the catalogue: what the host encodes is what the module decodes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota.at import (
    COMMANDS,
    DERIVED,
    Choice,
    Command,
    Form,
    Hexadecimal,
    Integer,
    Parameter,
    String,
    encode_line,
    list_settings,
    parse_line,
)
from dfota.at.catalog import VARIANTS, commands_with
from dfota.at.catalog.files import QFUPL
from dfota.at.catalog.fota import FOTA_APN, QFOTADL
from dfota.at.catalog.general import AT_W, ATI, IPR, S3
from dfota.at.catalog.power import CFUN
from dfota.at.catalog.sim import CPIN
from dfota.errors import AtParameterError, MisuseError

TEXT = st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"')


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    match parameter:
        case Integer(only=()):
            values: st.SearchStrategy[Any] = st.integers(parameter.minimum, parameter.maximum)
        case Integer():
            values = st.sampled_from(parameter.only)
        case Hexadecimal():
            values = st.integers(0, parameter.maximum)
        case String(only=()):
            values = st.text(
                st.sampled_from(parameter.alphabet) if parameter.alphabet else TEXT,
                min_size=parameter.min_bytes,
                max_size=parameter.max_bytes,
            )
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
    dialled = [entry for entry in chosen if entry[0].name == "D"]
    chosen = [entry for entry in chosen if entry[0].name != "D"] + dialled[:1]  # takes the rest
    line = encode_line(*(command.encode(form, **values) for command, form, values in chosen))

    found = parse_line(line.decode("ascii").removesuffix("\r"))

    assert [(i.command, i.form) for i in found] == [(c, f) for c, f, _ in chosen]
    assert [i.values() for i in found] == [expected(c, f, v) for c, f, v in chosen]


@pytest.mark.parametrize(
    "command", [*COMMANDS.values(), *VARIANTS], ids=lambda command: command.key
)
@settings(max_examples=15)
@given(data=st.data())
def test_every_form_of_every_command_is_read_as_it_was_written(
    command: Command, data: st.DataObject
) -> None:
    table = commands_with((command,))
    for form in command.forms:
        parameters = command.parameters(form) or ()
        values = {p.name: data.draw(values_of(p)) for p in parameters}

        (found,) = parse_line("AT" + command.encode(form, **values), table)

        assert (found.command, found.form) == (command, form)
        assert found.values() == expected(command, form, values)


@given(invocations())
def test_small_letters_mean_the_same(chosen: tuple[Command, Form, dict[str, Any]]) -> None:
    command, form, values = chosen
    line = encode_line(command.encode(form, **values)).decode("ascii").strip("\r")
    head, quote, tail = line.partition('"')
    if command.name != "D":  # whose I and i are not the same
        head = head.lower()

    found = parse_line(head + quote + tail)

    assert [(i.command, i.form, i.values()) for i in found] == [
        (command, form, expected(command, form, values))
    ]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_every_command_is_described(command: Command) -> None:
    head, _, setting = command.name.partition("=")
    assert head == head.upper()
    assert setting == setting.lower()
    assert command.summary.endswith(".")
    assert command.reference
    assert command.forms
    assert 0 < command.max_response_s <= 180


def parameters_of(command: Command) -> list[Parameter]:
    return [p for form in command.forms for p in command.parameters(form) or ()]


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda command: command.name)
def test_what_is_written_without_quotes_cannot_be_mistaken(command: Command) -> None:
    """An empty field is an absent one, and a comma or semicolon would end it."""
    for parameter in parameters_of(command):
        if isinstance(parameter, String) and parameter.is_written_bare:
            allowed = parameter.only or (parameter.alphabet,)
            assert all(allowed)
            assert command.name == "D" or not set("".join(allowed)) & set(',;"? ')
            assert parameter.only or parameter.min_bytes


def test_numbers_in_other_spellings() -> None:
    signed, hexadecimal = Integer("level", -5, 5), Hexadecimal("band", 0xFFFF)
    assert signed.decode(signed.encode(-5, "+X"), "+X") == -5
    assert hexadecimal.encode(0xA0E1, "+X") == "a0e1"
    assert [hexadecimal.decode(text, "+X") for text in ("0xF", "0XF", "f", "F")] == [15] * 4
    for number, field in (
        (signed, "-6"),
        (signed, "--5"),
        (signed, "-"),
        (Integer("level", 0, 5), "-0"),
        (hexadecimal, "10000"),
        (hexadecimal, "0x"),
        (hexadecimal, "1_0"),
        (hexadecimal, "0" * 33),
    ):
        with pytest.raises(AtParameterError):
            number.decode(field, "+X")
    with pytest.raises(AtParameterError):
        hexadecimal.encode(0x10000, "+X")
    with pytest.raises(AtParameterError):
        hexadecimal.encode("F", "+X")


def test_bits_in_quotes_are_bits() -> None:
    bits = String("timer", 8, min_bytes=8, alphabet="01")
    assert bits.decode('"00101011"', "+X") == "00101011"
    for field in ('"0010101"', '"001010112"', '"0010101x"', "00101011"):
        with pytest.raises(AtParameterError):
            bits.decode(field, "+X")


def test_a_test_form_is_derived_from_the_parameters() -> None:
    command = Command(
        name="+X",
        summary=".",
        reference="none",
        test=DERIVED,
        write=(
            Integer("a", 0, 1),
            Integer("b", -1, 9),
            Integer("c", only=(0, 2)),
            String("d", 9, only=("no", "yes")),
            String("e", 9),
            Hexadecimal("f", 255),
        ),
    )
    assert command.test == '+X: (0,1),(-1-9),(0,2),("no","yes"),<e>,(0-ff)'
    assert Form.TEST in command.forms


def test_a_setting_is_a_command_of_its_own() -> None:
    setting = Command(
        name='+X="word"', summary=".", reference="none", has_read=True, write=(Integer("a", 0, 1),)
    )
    assert setting.encode(Form.READ) == '+X="word"'
    assert setting.encode(Form.WRITE, a=1) == '+X="word",1'
    assert list_settings([setting]) == '+X: "word",(0,1)'


def test_the_commands_of_the_first_issue_are_all_there() -> None:
    wanted = (
        "E Q V X I Z &F &W &V &C &D S3 S4 S5 +QGMR +CGMR +GMR +CGMI +GMI +CGMM +GMM +CGSN +GSN "
        "+CIMI +QCCID +CPIN +CSQ +CREG +CGREG +CEREG +COPS +CFUN +QPOWD +CMEE +QURCCFG "
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
        (FOTA_APN, 'AT+QCFGEXT="fota_apn",3,"a"', "0 to 2"),
        (FOTA_APN, f'AT+QCFGEXT="fota_apn",0,"{"a" * 100}"', None),
        (FOTA_APN, f'AT+QCFGEXT="fota_apn",0,"{"a" * 101}"', "100 bytes"),
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
