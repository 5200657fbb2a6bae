# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a command is: name, forms, parameters, time limit; never what it does.

The words are those of V.250 and 3GPP TS 27.007: a command has a *test*, *read*, *write*
and *execute* form. A basic command (``E0``) is an execute form with a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from dfota.at.parameters import Parameter, Value
from dfota.errors import AtParameterError, MisuseError

CR = b"\r"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of the catalogue.

    Attributes:
        name: in capitals, with its prefix character: ``+QFOTADL``, ``&F``, ``E``, ``S3``.
        summary: one sentence.
        reference: where it is documented.
        test: information text of the test form (lines separated by a line feed), empty for a
            bare ``OK``, ``None`` where there is no test form. ``{words}`` in braces are
            facts that only the module knows.
        has_read: whether there is a read form.
        write: parameters of the write form, ``None`` where there is none.
        execute: parameters of the execute form, ``None`` where there is none.
        max_response_s: how long the module may take for the final result code.
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
    variant: str = ""

    @property
    def key(self) -> str:
        """What tells it from every other command and variant: its name, and the variant."""
        return f"{self.name}/{self.variant}" if self.variant else self.name

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
                return f"{self.name}?"
            case Form.WRITE:
                return f"{self.name}={','.join(fields)}"
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
