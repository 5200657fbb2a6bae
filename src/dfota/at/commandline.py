# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""From a command line to invocations (V.250, 5.2 and 5.3); nothing is executed here.

A line is executed from the left and stops at the first error, so a fault in the middle
must not hide what stands before it: it becomes the last invocation, with ``problem``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dfota.at.catalog import COMMANDS
from dfota.at.command import Command, Form
from dfota.at.parameters import Value
from dfota.errors import AtSyntaxError, MisuseError

_EXTENDED_NAME = re.compile(r"[+*^$%#][A-Z0-9!%./:_-]*", re.IGNORECASE)
_REGISTER = re.compile(r"S([0-9]{1,3})(\?|=([0-9]*)(?![0-9?]))?", re.IGNORECASE)
_BASIC = re.compile(r"(&?[A-Z])([0-9]*)", re.IGNORECASE)

_REMEMBERED_LINES = 1024
_REMEMBERED_MAX_BYTES = 128
"""Longer lines are parsed anew each time, so that what is remembered stays small."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One command of a line, as it was written.

    Attributes:
        name: in capitals, e.g. ``+CSQ``; where nothing can be recognised, the rest of the line.
        command: the catalogue entry; ``None`` where the name is unknown or malformed.
        form: which form was used.
        fields: the parameters as written, quotes included.
        problem: what is malformed, or empty.
    """

    name: str
    command: Command | None
    form: Form
    fields: tuple[str, ...] = ()
    problem: str = ""

    def values(self, *, accept_unquoted: bool = False) -> dict[str, Value]:
        """The parameters by name, typed and checked, absent ones as their default.

        Raises:
            MisuseError: the command is unknown or has no such form.
            AtParameterError: a parameter is missing or not allowed.
        """
        if self.command is None:
            raise MisuseError(f"{self.name} is not in the catalogue")
        return self.command.decode(self.form, self.fields, accept_unquoted=accept_unquoted)


def parse_line(line: str, commands: Mapping[str, Command] = COMMANDS) -> tuple[Invocation, ...]:
    """Take apart the command line *line*, ``AT`` included and its terminator not.

    *commands* are those that the module has, by name; see ``catalog.commands_with``.

    Blanks and control characters outside quotes do not count, letters outside quotes may
    be small. Basic commands need no semicolon behind them (``ATE0V1``, ``ATI+CSUB``),
    extended ones do. ``AT`` alone gives an empty tuple.

    Raises:
        AtSyntaxError: *line* does not begin with ``AT`` or ``at``.
    """
    if len(line) > _REMEMBERED_MAX_BYTES:
        return _parsed(line, commands)
    return _remembered(line, _Table(commands))


class _Table:
    """A table of commands as part of a key: the very same one, not one that is equal."""

    __slots__ = ("commands",)

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self.commands = commands

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Table) and other.commands is self.commands

    def __hash__(self) -> int:
        return id(self.commands)


@lru_cache(_REMEMBERED_LINES)
def _remembered(line: str, table: _Table) -> tuple[Invocation, ...]:
    """Hosts say the same few lines over and over, and to many modules."""
    return _parsed(line, table.commands)


def _parsed(line: str, commands: Mapping[str, Command]) -> tuple[Invocation, ...]:
    text = _squeeze(line)
    if text[:2] not in {"AT", "at"}:
        raise AtSyntaxError("a command line begins with AT", 0)
    found: list[Invocation] = []
    position = 2
    while position < len(text):
        if text[position] == ";":
            position += 1
            continue
        invocation, position = _next(text, position, commands)
        found.append(invocation)
        if invocation.problem:
            break
    return tuple(found)


def _squeeze(line: str) -> str:
    """Drop blanks and control characters outside quotes."""
    if '"' not in line:
        return "".join(character for character in line if character > " ")
    kept: list[str] = []
    quoted = False
    for character in line:
        if character == '"':
            quoted = not quoted
        if character > " " or (quoted and character == " "):
            kept.append(character)
    return "".join(kept)


def _next(text: str, position: int, commands: Mapping[str, Command]) -> tuple[Invocation, int]:
    if match := _REGISTER.match(text, position):
        return _register(match, commands), match.end()
    if match := _BASIC.match(text, position):
        name = match[1].upper()
        if name == "D":
            # A dial string takes the rest of the line, whatever it holds.
            dialled = text[match.start() + 1 :]
            fields = (dialled,) if dialled else ()
            return Invocation("D", commands.get("D"), Form.EXECUTE, fields), len(text)
        if text[match.end() : match.end() + 1] in {"?", "="}:
            # Taken as ATE and a fault behind it, "ATE?" would switch the echo off.
            rest = text[position:]
            problem = "a basic command has neither ? nor ="
            return Invocation(rest, None, Form.EXECUTE, problem=problem), len(text)
        fields = (match[2],) if match[2] else ()
        return Invocation(name, commands.get(name), Form.EXECUTE, fields), match.end()
    if match := _EXTENDED_NAME.match(text, position):
        end = _end_of_extended(text, match.end())
        name = match[0].upper()
        return _extended(name, commands, text[match.end() : end]), end
    rest = text[position:]
    return Invocation(rest, None, Form.EXECUTE, problem="no command begins like this"), len(text)


def _register(match: re.Match[str], commands: Mapping[str, Command]) -> Invocation:
    name = f"S{int(match[1])}"
    command = commands.get(name)
    if match[2] is None:
        # V.250 would make it the default register for a bare "?"; the BG96 has no such form.
        return Invocation(name, None, Form.EXECUTE, problem="neither ? nor a value behind =")
    if match[2] == "?":
        return Invocation(name, command, Form.READ)
    # V.250, 5.3.2: a missing value counts as 0.
    return Invocation(name, command, Form.WRITE, (match[3] or "0",))


def _end_of_extended(text: str, position: int) -> int:
    quoted = False
    while position < len(text):
        if text[position] == '"':
            quoted = not quoted
        elif text[position] == ";" and not quoted:
            break
        position += 1
    return position


def _extended(name: str, commands: Mapping[str, Command], tail: str) -> Invocation:
    command = commands.get(name)
    if not tail:
        return Invocation(name, command, Form.EXECUTE)
    if tail == "?":
        return Invocation(name, command, Form.READ)
    if tail == "=?":
        return Invocation(name, command, Form.TEST)
    if tail[0] != "=":
        return Invocation(name, None, Form.EXECUTE, problem="neither ? nor = behind the name")
    if tail.count('"') % 2:
        return Invocation(name, command, Form.WRITE, (tail[1:],), problem="a quote is not closed")
    fields = _split_fields(tail[1:])
    # A real module also takes a question mark behind the name of a setting.
    word = fields[0].removesuffix("?") if len(fields) == 1 else fields[0]
    setting = commands.get(f"{name}={word.lower()}")
    if setting is not None:
        form = Form.WRITE if len(fields) > 1 else Form.READ
        return Invocation(setting.name, setting, form, fields[1:])
    return Invocation(name, command, Form.WRITE, fields)


def _split_fields(text: str) -> tuple[str, ...]:
    fields: list[str] = []
    start = 0
    quoted = False
    for index, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            fields.append(text[start:index])
            start = index + 1
    fields.append(text[start:])
    return tuple(fields)
