# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Writes ``docs/reference/at-commands.md`` from the catalogue; no fact about a command is here.

``dfota modem commands --markdown > docs/reference/at-commands.md`` makes it anew; a test
compares the committed file with the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dfota.at import (
    CME_ERRORS,
    CMS_ERRORS,
    HTTP_COMMAND_ERRORS,
    Choice,
    Command,
    Form,
    Hexadecimal,
    Integer,
    Parameter,
    Saving,
    String,
)
from dfota.at.catalog import GROUPS, VARIANTS
from dfota.modem.dialect import command_table
from dfota.modem.profiles import PROFILES

_MEANINGS = {**CMS_ERRORS, **HTTP_COMMAND_ERRORS, **CME_ERRORS}

_SAVING = {
    Saving.VOLATILE: "until the module restarts",
    Saving.PROFILE: "by `AT&W`; `ATZ` and the next start bring it back",
    Saving.START: "by `AT&W`; the next start brings it back, `ATZ` does not",
    Saving.SUPPLY: "until the supply is gone",
    Saving.NV: "at once, also without power",
}

_MANUALS = {
    "DFOTA": "DFOTA guide V1.1",
    "FILE": "FILE manual V1.0",
    "HTTP": "HTTP(S) manual V1.0",
    "SSL": "SSL manual V1.0",
    "TCP": "TCP(IP) manual V1.0",
}

_HEAD = """\
# AT commands of the virtual module

<!-- Generated from src/dfota/at/catalog/ by `dfota modem commands --markdown`. -->

Every command that the virtual module knows, from the table with which it reads them and with which
`dfota upgrade` writes them. `<name>` is a parameter, `[...]` may be left out. *Time* is what a host
should wait for the final result code. Any command can answer `ERROR`; the numbers are those of
`+CME ERROR`, where `AT+CMEE` asks for them ([meanings](codes.md)). Examples are of a module as it
comes from the factory, registered, with the echo off; a test replays each of them.

A command that is not on this page is answered with `ERROR`.
"""


def render_commands() -> str:
    """The whole page, in Markdown."""
    return "\n".join((_HEAD, *_contents(), *_groups())).rstrip("\n") + "\n"


def _contents() -> Iterator[str]:
    yield "| Group | Commands |"
    yield "|---|---|"
    for title, commands in GROUPS.items():
        names = ", ".join(f"[`{_title(c)}`](#{_anchor(c)})" for c in commands)
        yield f"| {title} | {names} |"
    yield ""


def _groups() -> Iterator[str]:
    for title, commands in GROUPS.items():
        yield f"## {title}"
        yield ""
        for command in commands:
            yield from _section(command)
    yield "## Kin in another form"
    yield ""
    yield "These replace their namesakes in the profiles that are named."
    yield ""
    for command in VARIANTS:
        yield from _section(command)


def _section(command: Command) -> Iterator[str]:
    yield f'<a id="{_anchor(command)}"></a>'
    yield ""
    yield f"### `{_title(command)}`"
    yield ""
    yield _escaped(command.summary)
    yield ""
    for form in command.forms:
        yield f"* {form.value} `{_line(command, form)}`"
        if form is Form.TEST and command.test:
            yield from (
                "",
                "  ```text",
                *(f"  {line}" for line in command.test.split("\n")),
                "  ```",
            )
    yield ""
    yield from _parameters(command)
    yield " · ".join(_facts(command))
    yield ""
    if command.example:
        yield from ("```text", *command.example, "```", "")


def _parameters(command: Command) -> Iterator[str]:
    entries = command.write or command.execute or ()
    if all(isinstance(entry, Integer) and entry.maximum == 0 for entry in entries):
        return
    yield "| Parameter | Values | Left out |"
    yield "|---|---|---|"
    for entry in entries:
        yield f"| `{entry.name}` | {_cell(_values(entry))} | {_left_out(entry)} |"
    yield ""


def _values(entry: Parameter) -> str:
    match entry:
        case Integer(only=()):
            between = ", " if entry.maximum - entry.minimum == 1 else " to "
            return f"{entry.minimum}{between}{entry.maximum}"
        case Integer():
            return ", ".join(map(str, entry.only))
        case Hexadecimal():
            return f"0 to {entry.maximum:x}, hexadecimal"
        case Choice():
            return f"{_values(entry.number)}; or {_values(entry.text)}"
        case String(only=()):
            return _text(entry)
        case String():
            mark = "" if entry.is_written_bare else '"'
            return ", ".join(f"`{mark}{word}{mark}`" for word in entry.only)


def _text(entry: String) -> str:
    size = f"{entry.min_bytes} to {entry.max_bytes}" if entry.min_bytes else f"{entry.max_bytes}"
    if entry.min_bytes == entry.max_bytes:
        size = f"{entry.max_bytes}"
    kinds = {"01": "bits", "0123456789": "digits"}
    kind = kinds.get(entry.alphabet, "characters")
    if set("ABCDEF") <= set(entry.alphabet) <= set("0123456789abcdefABCDEF"):
        kind = "hexadecimal digits"
    quotes = "without quotes" if entry.is_written_bare else "in quotes"
    if entry.is_bare:
        quotes = "with or without quotes"
    limit = "" if entry.min_bytes else "at most "
    return f"{limit}{size} {kind}, {quotes}"


def _left_out(entry: Parameter) -> str:
    if not entry.is_optional:
        return "never"
    if isinstance(entry.default, str):
        return f'`"{entry.default}"`'
    return "allowed" if entry.default is None else f"{entry.default}"


def _line(command: Command, form: Form) -> str:
    setting = command.setting
    match form:
        case Form.TEST:
            return f"AT{command.name}=?"
        case Form.READ:
            return f"AT{command.name}" + ("" if setting else "?")
        case Form.WRITE:
            return f"AT{command.name}{',' if setting else '='}{_fields(command.write or ())}"
        case Form.EXECUTE:
            return f"AT{command.name}{_fields(command.execute or ())}"


def _fields(parameters: tuple[Parameter, ...]) -> str:
    """``<fun>[,<rst>]``: what may be left out at the end stands in brackets."""
    text, closing = "", ""
    for index, entry in enumerate(parameters):
        comma = "," if index else ""
        if all(later.is_optional for later in parameters[index:]):
            text += f"[{comma}<{entry.name}>"
            closing += "]"
        else:
            text += f"{comma}<{entry.name}>"
    return text + closing


def _facts(command: Command) -> Iterator[str]:
    yield f"*Time*: {command.max_response_s:g} s"
    if command.errors:
        numbers = ", ".join(f"{n} ({_MEANINGS[n]})" for n in command.errors)
        yield f"*Errors*: {numbers}"
    if command.saving is not Saving.NOTHING:
        yield f"*Kept*: {_SAVING[command.saving]}"
        if command.is_factory_reset:
            yield "`AT&F` resets it"
    yield f"*Source*: {_source(command.reference)}"
    names = _profiles(command)
    if len(names) < len(PROFILES):
        yield f"*Profiles*: {', '.join(f'`{name}`' for name in names) or 'none'}"


def _profiles(command: Command) -> list[str]:
    """The profiles that have *command* like this."""
    return [
        name
        for name, profile in PROFILES.items()
        if command_table(profile).get(command.name) is command
    ]


def _source(reference: str) -> str:
    """A bare chapter is one of the AT manual."""
    if re.fullmatch(r"[\d.]+", reference):
        return f"AT manual V2.3, {reference}"
    manual, _, chapter = reference.partition(" ")
    return f"{_MANUALS[manual]}, {chapter}" if manual in _MANUALS else reference


def _title(command: Command) -> str:
    return f"AT{command.name}"


def _anchor(command: Command) -> str:
    marks = {"&": "and-", "+": ""}
    text = "".join(marks.get(character, character) for character in command.key.lower())
    return "at-" + re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def _escaped(text: str) -> str:
    return text.replace("<", "\\<")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
