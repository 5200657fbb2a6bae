# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a command is: name, forms, parameters, time, errors, how it is kept; never what it does.

The words are those of V.250 and 3GPP TS 27.007: a command has a *test*, *read*, *write*
and *execute* form. A basic command (``E0``) is an execute form with a number.

A *setting* of a configuration command, such as ``AT+QCFG="nwscanmode"``, is a command of its
own, as in the manual: its read form is ``AT+QCFG="nwscanmode"``, its write form
``AT+QCFG="nwscanmode",<scanmode>``. The test form belongs to ``+QCFG``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from dfota.at.parameters import Parameter, Value
from dfota.errors import AtParameterError, MisuseError

CR = b"\r"


DERIVED = "\0derived"
"""As ``Command.test``: the test form lists what the parameters of the write form allow."""


class Form(Enum):
    """The four ways to issue a command."""

    TEST = "test"
    """``+X=?``: which values are allowed."""
    READ = "read"
    """``+X?``: what is set now."""
    WRITE = "write"
    """``+X=…``: with parameters."""
    EXECUTE = "execute"
    """``+X``, ``E0``: without, or with the one number of a basic command."""


class Saving(Enum):
    """What becomes of what a command sets."""

    NOTHING = "nothing"
    """It sets nothing that outlives the command."""
    VOLATILE = "volatile"
    """Kept until the module restarts."""
    PROFILE = "profile"
    """``AT&W`` keeps it, ``ATZ`` and the next start bring back what was kept."""
    START = "start"
    """``AT&W`` keeps it, the next start brings it back, ``ATZ`` leaves it alone."""
    SUPPLY = "supply"
    """Kept until the supply is gone, restarts included."""
    NV = "nv"
    """Kept without power, at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of the catalogue.

    Attributes:
        name: in capitals, with its prefix character: ``+QFOTADL``, ``&F``, ``E``, ``S3``; a
            setting with its word in quotes and small letters: ``+QCFG="nwscanmode"``.
        summary: one sentence.
        reference: where it is documented.
        test: information text of the test form (lines separated by a line feed), empty for a
            bare ``OK``, ``None`` where there is no test form. ``{words}`` in braces are
            facts that only the module knows. ``DERIVED`` makes it from *write*.
        has_read: whether there is a read form.
        write: parameters of the write form, ``None`` where there is none.
        execute: parameters of the execute form, ``None`` where there is none.
        max_response_s: how long the module may take for the final result code.
        errors: numbers of ``+CME ERROR`` that it can report, beside the plain ``ERROR``.
        saving: what becomes of what it sets.
        is_factory_reset: whether ``AT&F`` brings the factory value back.
        example: a line of the host, and the lines that answer it on a module as it comes
            from the factory and is registered; replayed by a test.
        variant: which kin has the command like this, e.g. ``linux``; empty: the BG96 itself.
    """

    name: str
    summary: str
    reference: str
    test: str | None = None
    has_read: bool = False
    write: tuple[Parameter, ...] | None = None
    execute: tuple[Parameter, ...] | None = None
    max_response_s: float = 0.3
    errors: tuple[int, ...] = ()
    saving: Saving = Saving.NOTHING
    is_factory_reset: bool = False
    example: tuple[str, ...] = ()
    variant: str = ""

    def __post_init__(self) -> None:
        if self.test == DERIVED:
            allowed = ",".join(parameter.allowed for parameter in self.write or ())
            object.__setattr__(self, "test", f"{self.name}: {allowed}")  # as it is frozen

    @property
    def key(self) -> str:
        """What tells it from every other command and variant: its name, and the variant."""
        return f"{self.name}/{self.variant}" if self.variant else self.name

    @property
    def setting(self) -> str:
        """The word in quotes where it is one setting of a configuration command, or empty."""
        return self.name.partition("=")[2]

    @property
    def is_extended(self) -> bool:
        """Whether a semicolon must part it from the command behind it."""
        return not (self.name[0].isalpha() or self.name[0] == "&")

    @property
    def is_register(self) -> bool:
        """Whether it is one of the S-parameters."""
        return self.name[0] == "S" and self.name[1:].isdigit()

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms it has."""
        return tuple(form for form in Form if self.parameters(form) is not None)

    def parameters(self, form: Form) -> tuple[Parameter, ...] | None:
        """The parameters of *form*, or ``None`` where the command has no such form."""
        match form:
            case Form.TEST:
                return None if self.test is None else ()
            case Form.READ:
                return () if self.has_read else None
            case Form.WRITE:
                return self.write
            case Form.EXECUTE:
                return self.execute

    def encode(self, form: Form, **values: Value) -> str:
        """Write the command as it stands on a line, without ``AT``.

        Trailing optional parameters that are not given are left out.

        Raises:
            MisuseError: the command has no such form, or *values* has an unknown name.
            AtParameterError: a value is missing or not allowed.
        """
        parameters = self.parameters(form)
        if parameters is None:
            raise MisuseError(f"{self.name} has no {form.value} form")
        unknown = values.keys() - {parameter.name for parameter in parameters}
        if unknown:
            raise MisuseError(f"{self.name} has no parameter {', '.join(sorted(unknown))}")
        fields: list[str] = []
        for parameter in parameters:
            value = values.get(parameter.name)
            if value is not None:
                fields.append(parameter.encode(value, self.name))
            elif parameter.is_optional:
                fields.append("")
            else:
                raise AtParameterError(self.name, parameter.name, "", "it is missing")
        while fields and not fields[-1]:
            fields.pop()
        match form:
            case Form.TEST:
                return f"{self.name}=?"
            case Form.READ:
                return self.name if self.setting else f"{self.name}?"
            case Form.WRITE:
                sign = "," if self.setting else "="
                return f"{self.name}{sign}{','.join(fields)}"
            case Form.EXECUTE:
                return self.name + "".join(fields)

    def decode(
        self, form: Form, fields: Sequence[str], *, accept_unquoted: bool = False
    ) -> dict[str, Value]:
        """Read the fields of one invocation; the result names every parameter of the form.

        Raises:
            MisuseError: the command has no such form.
            AtParameterError: a field is missing, not allowed, or one too many.
        """
        parameters = self.parameters(form)
        if parameters is None:
            raise MisuseError(f"{self.name} has no {form.value} form")
        if len(fields) > len(parameters):
            surplus = fields[len(parameters)]
            raise AtParameterError(self.name, "", surplus, "one parameter too many")
        values: dict[str, Value] = {}
        for index, parameter in enumerate(parameters):
            field = fields[index] if index < len(fields) else ""
            if field:
                values[parameter.name] = parameter.decode(
                    field, self.name, accept_unquoted=accept_unquoted
                )
            elif parameter.is_optional:
                values[parameter.name] = parameter.default
            else:
                raise AtParameterError(self.name, parameter.name, "", "it is missing")
        return values


def encode_line(*commands: str) -> bytes:
    """Join what ``Command.encode`` gave to one command line, with ``AT`` and carriage return.

    A semicolon is put behind each extended command that has a follower.
    """
    text = "AT"
    for index, command in enumerate(commands):
        text += command
        is_basic = command[0].isalpha() or command[0] == "&"
        if not is_basic and index + 1 < len(commands):
            text += ";"
    return text.encode("ascii") + CR


def list_settings(commands: Sequence[Command]) -> str:
    """The test form of a configuration command: what each of its settings allows."""
    lines: list[str] = []
    for command in commands:
        name, _, setting = command.name.partition("=")
        fields = (setting, *(parameter.allowed for parameter in command.write or ()))
        lines.append(f"{name}: {','.join(fields)}")
    return "\n".join(lines)


def by_name(commands: Sequence[Command]) -> Mapping[str, Command]:
    """Index *commands*.

    Raises:
        MisuseError: two have the same name.
    """
    table: dict[str, Command] = {}
    for command in commands:
        if command.name in table:
            raise MisuseError(f"two commands are called {command.name}")
        table[command.name] = command
    return table
