# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Every setting of the catalogue survives what the catalogue says it survives, and no more.

A command that is added to the catalogue is walked over here without further ado. Where no
value can be guessed that differs from the factory's, or nothing shows it, say how in
``CHANGES``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

import pytest

from dfota.at import (
    COMMANDS,
    Choice,
    Command,
    Form,
    Hexadecimal,
    Integer,
    Parameter,
    Saving,
    String,
)
from dfota.at.catalog import clock, general

ELSEWHERE = {"+QHTTPURL", "+CPBW"}
"""What is set in a data phase, or fills a store; other tests show how they are kept."""

SETTINGS = {
    command.name: command
    for command in COMMANDS.values()
    if command.saving is not Saving.NOTHING and command.name not in ELSEWHERE
}

CHANGES = {
    "+CCLK": '+CCLK="31/12/31,12:00:00+08"',
    "+CFUN": "+CFUN=4",
    "+CSCS": '+CSCS="IRA"',
    "+CSCA": '+CSCA="+491710760000",145',
    '+QSSLCFG="ciphersuite"': '+QSSLCFG="ciphersuite",0,0X0035',
    "+IPR": "+IPR=9600",
    '+QCFGEXT="fota_apn"': '+QCFGEXT="fota_apn",1,"internet","me","secret"',
    '+QCFG="band"': '+QCFG="band",1,8000000,8000000',
    '+QCFG="nb1/bandprior"': '+QCFG="nb1/bandprior",08',
    # Without <savetonvram>; the example shows the factory's value.
    **{c.name: f"{c.name},{1 - int(c.example[1][-1])}" for c in general.INDICATIONS},
}
"""What sets another value, where it cannot be guessed."""

NO_SETTINGS = {
    "+CPIN": "opens the card",
    "+COPS": "looks for a network",
    "+CGATT": "attaches",
    "+CGACT": "activates contexts",
    "+QIACT": "activates contexts",
    "+QFOPEN": "opens a file",
    "+QPINC": "only shows",
    "+QSCRUB": "starts a scrub",
}
"""Commands that can be written and read, and yet set nothing that could be kept."""


def test_every_command_that_can_be_set_says_how_it_is_kept() -> None:
    silent = {
        command.name
        for command in COMMANDS.values()
        if command.has_read and command.write and command.saving is Saving.NOTHING
    }
    assert silent <= set(NO_SETTINGS), "say saving=…, or why it is none"


# -- changing and showing --------------------------------------------------------------------


def values_of(parameter: Parameter) -> tuple[int | str | None, ...]:
    """A few values to try, the most unusual first; none at all where it may be absent."""
    match parameter:
        case Integer(only=()):
            tried: tuple[int | str | None, ...] = (parameter.maximum, parameter.minimum)
            if parameter.maximum - parameter.minimum < 8:
                tried = tuple(range(parameter.maximum, parameter.minimum - 1, -1))
        case Hexadecimal():
            tried = (parameter.maximum, 0)
        case Choice():
            tried = values_of(parameter.number)
        case Integer():
            tried = parameter.only[::-1]
        case String(only=()):
            letter = parameter.alphabet[-1:] or "x"
            tried = (letter * max(parameter.min_bytes, 1),)
        case String():
            tried = parameter.only[::-1]
    return (*tried, None) if parameter.is_optional else tried


def lowest_of(parameters: tuple[Parameter, ...]) -> list[int | str | None]:
    return [parameter.minimum if isinstance(parameter, Integer) else "" for parameter in parameters]


def is_indexed(command: Command) -> bool:
    """Whether its write form without the optional parameters only shows: of one context."""
    optional = [parameter.is_optional for parameter in command.write or ()]
    return not command.has_read and any(optional) and not all(optional)


def query_of(command: Command) -> str:
    """What shows the value."""
    if not is_indexed(command):
        return command.encode(Form.READ)
    asked = tuple(parameter for parameter in command.write or () if not parameter.is_optional)
    index = dict(zip((p.name for p in asked), lowest_of(asked), strict=True))
    return command.encode(Form.WRITE, **index)


def changes_of(command: Command) -> Iterator[str]:
    """Invocations that may set another value."""
    if command.name in CHANGES:
        yield CHANGES[command.name]
        return
    form = Form.WRITE if command.write is not None else Form.EXECUTE
    parameters = command.parameters(form) or ()
    names = [parameter.name for parameter in parameters]
    tried = [
        values_of(parameter) if parameter.is_optional or not is_indexed(command) else (lowest,)
        for parameter, lowest in zip(parameters, lowest_of(parameters), strict=True)
    ]
    for values in itertools.product(*tried):
        yield command.encode(form, **dict(zip(names, values, strict=True)))


class Desk:
    """A module on a desk, and a person who knows its settings by heart."""

    def __init__(self, bench) -> None:
        self.bench = bench
        self.start()

    def start(self) -> None:
        self.bench.module.world.change("network_time", "")  # else it may set the clock
        self.bench.boot()

    def ask(self, command: str) -> str:
        """The reply, whatever ends a line just now, and however long it takes."""
        bench = self.bench
        port = bench.module.ports["usbat"]
        bench.take()
        reply = bench.send(b"AT" + command.encode() + bytes((port.settings.s3,)))
        bench.run(until=lambda: not port._is_executing, limit_s=20)
        return (reply + bench.take()).decode("latin-1")

    def shown(self, command: Command) -> str:
        """The value of *command* now."""
        name = command.name
        if command.execute is not None and command.write is None:
            match = re.search(rf"(?<![A-Z&]){name}: (\d+)", self.ask("&V"))
            return match[1] if match else "nowhere"
        if command.is_register:
            return str(getattr(self.bench.module.ports["usbat"].settings, name.lower()))
        reply = self.ask(query_of(command))
        lines = re.findall(re.escape(name.partition("=")[0]) + r": [ -~]*", reply)
        if command is clock.CCLK:
            return reply[reply.index('"') + 1 :][:8]  # the day
        # Of the state of the network and of the card, which stand behind, nothing is kept.
        return lines[0].split(",")[0] if name[1:] in {"CREG", "CGREG", "CEREG"} else str(lines)

    def all_shown(self) -> dict[str, str]:
        return {name: self.shown(command) for name, command in SETTINGS.items()}

    def change_all(self) -> dict[str, str]:
        """Set another value of everything; what is shown then."""
        stuck = []
        for name, command in SETTINGS.items():
            before = self.shown(command)
            for change in changes_of(command):
                self.ask(change)
                if self.shown(command) != before:
                    break
            else:
                stuck.append(name)
        assert not stuck, "say in CHANGES what changes them"
        return self.all_shown()

    # -- what can happen to it

    def keep(self) -> None:
        self.ask("&W")

    def keep_and_restart(self) -> None:
        self.keep()
        self.restart()

    def keep_and_lose_power(self) -> None:
        self.keep()
        self.lose_power()

    def reset_to_profile(self) -> None:
        self.ask("Z")

    def keep_and_reset_to_factory_and_to_profile(self) -> None:
        self.keep()
        self.ask("&F")
        self.ask("Z")

    def reset_to_factory(self) -> None:
        self.ask("&F")

    def keep_and_reset_to_factory(self) -> None:
        self.keep()
        self.ask("&F")

    def restart(self) -> None:
        self.ask("+CFUN=1,1")
        self.bench.wait(60)

    def lose_power(self) -> None:
        self.bench.kill()
        self.bench.open()
        self.start()


# -- what each kind of keeping promises -------------------------------------------------------

_V, _P, _S, _U, _N = Saving.VOLATILE, Saving.PROFILE, Saving.START, Saving.SUPPLY, Saving.NV

SITUATIONS: tuple[tuple[Callable[[Desk], None], frozenset[Saving], bool], ...] = (
    # what happens; which settings are as before; whether AT&F was said
    (Desk.restart, frozenset({_U, _N}), False),
    (Desk.keep_and_restart, frozenset({_P, _S, _U, _N}), False),
    (Desk.lose_power, frozenset({_N}), False),
    (Desk.keep_and_lose_power, frozenset({_P, _S, _N}), False),
    (Desk.reset_to_profile, frozenset({_V, _S, _U, _N}), False),
    (Desk.reset_to_factory, frozenset({_V, _P, _S, _U, _N}), True),
    (Desk.keep_and_reset_to_factory, frozenset({_V, _P, _S, _U, _N}), True),
)


@pytest.mark.parametrize(
    ("happens", "survivors", "is_factory"),
    SITUATIONS,
    ids=[happens.__name__ for happens, _, _ in SITUATIONS],
)
def test_a_setting_survives_what_it_should(make_bench, happens, survivors, is_factory) -> None:
    desk = Desk(make_bench())
    factory = desk.all_shown()
    changed = desk.change_all()

    happens(desk)

    def expected(command: Command) -> str:
        is_kept = command.saving in survivors and not (is_factory and command.is_factory_reset)
        return (changed if is_kept else factory)[command.name]

    assert desk.all_shown() == {name: expected(command) for name, command in SETTINGS.items()}


def test_the_profile_brings_back_what_was_kept_and_only_that(make_bench) -> None:
    desk = Desk(make_bench())
    factory = desk.all_shown()
    changed = desk.change_all()
    desk.keep_and_reset_to_factory_and_to_profile()
    assert desk.all_shown() == {
        name: factory[name]
        if command.is_factory_reset and command.saving is not Saving.PROFILE
        else changed[name]
        for name, command in SETTINGS.items()
    }


def test_an_indication_is_kept_only_where_that_is_said(make_bench) -> None:
    desk = Desk(make_bench())
    desk.ask('+QINDCFG="csq",1,1')
    desk.ask('+QINDCFG="ring",0')
    desk.lose_power()
    assert desk.shown(general.QINDCFG_CSQ) == "['+QINDCFG: \"csq\",1']"
    assert desk.shown(general.QINDCFG_RING) == "['+QINDCFG: \"ring\",1']"


def test_what_the_tables_of_the_manual_keep_is_declared() -> None:
    """AT manual V2.3, tables 16 to 18, and the settings that it says are kept elsewhere."""
    registers = {f"S{number}" for number in (0, 3, 4, 5, 6, 7, 8, 10)}
    table_18 = {"E", "Q", "S0", "S7", "S10", "V", "X", "&C", "&D", "+CREG", "+CGREG", "+CEREG"}
    table_16 = table_18 | registers | {"+ICF", "+CMEE", "+CSCS", "+CTZR"}
    messages = {"+CSMS", "+CMGF", "+CSMP", "+CSDH", "+CPMS", "+CNMI", "+CMMS", "+CUSD"}
    calls = {"+CSTA", "+CR", "+CRC", "+CVHU", "+CLIP", "+COLP", "+CLIR", "+CSSN", "+CCWA"}
    known = {name for name, command in SETTINGS.items() if command.is_factory_reset}
    assert {n for n, c in SETTINGS.items() if c.saving is Saving.PROFILE} >= table_18
    assert table_16 | messages | calls | {"+CPBS"} <= known
    assert {n for n, c in SETTINGS.items() if c.saving is Saving.START} >= {"+IPR", "+QSIMDET"}
    assert {"+CTZU", "+CTZR", '+QURCCFG="urcport"'} <= {
        n for n, c in SETTINGS.items() if c.saving is Saving.NV
    }
