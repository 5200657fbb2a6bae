# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Completion and help for command lines, from the catalogue; pure: text in, words out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dfota.at import (
    CME_ERRORS,
    CMS_ERRORS,
    COMMANDS,
    Choice,
    Command,
    Family,
    Form,
    Integer,
    Parameter,
    Saving,
    String,
    explain_fota_error,
    explain_http_error,
    parse_line,
)
from dfota.at.catalog import GROUPS, VARIANTS
from dfota.errors import AtSyntaxError

VALUES_MAX = 40
"""So many values of a parameter are offered one by one."""

ACTIONS = {
    ":put": "FILE [NAME]: upload a file, acknowledged and verified",
    ":get": "NAME [FILE]: fetch a file, verified",
    ":send": "FILE: send a file as it is, while the module waits for data",
    ":help": "what can be typed",
    ":quit": "leave, like Ctrl-D",
}

_FORM_WORDS = {Form.TEST: "what is allowed", Form.READ: "what is set now", Form.WRITE: "set it"}
_SAVING_WORDS = {
    Saving.VOLATILE: "kept until the module restarts",
    Saving.PROFILE: "kept by AT&W",
    Saving.START: "kept by AT&W, used from the next start on",
    Saving.SUPPLY: "kept until the supply is gone",
    Saving.NV: "kept without power, at once",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to go on.

    Attributes:
        text: what the end of the line becomes.
        replaces: how many characters of it go.
        help: a few words.
    """

    text: str
    replaces: int
    help: str = ""


@dataclass(frozen=True, slots=True)
class Syntax:
    """The form that is being typed; *current* is the parameter at the cursor.

    Attributes:
        before: what stands in front of the current parameter.
        current: the current parameter, or empty.
        after: what can follow.
        detail: what the current parameter allows, or what the command does.
    """

    before: str
    current: str = ""
    after: str = ""
    detail: str = ""


def complete(text: str) -> Iterator[Candidate]:
    """The ways to go on behind *text*, the line up to the cursor."""
    if text.startswith(":"):
        if " " not in text:
            yield from (
                Candidate(word, len(text), words)
                for word, words in ACTIONS.items()
                if word.startswith(text)
            )
        return
    if text.startswith("?"):
        name = text[1:].upper().removeprefix("AT")
        typed = text[1:]
        for named in _named_like(name):
            yield Candidate(f"AT{named.name}", len(typed), named.summary)
        return
    if len(text) < 2:
        if text.upper() in {"", "A"}:
            yield Candidate("AT", len(text), "every command begins like this")
        return
    if text[:2].upper() != "AT":
        return
    segment = _segment(text)
    command, rest = _command_of(segment)
    if command is None or not rest:
        yield from (
            Candidate(found.name, len(segment), found.summary)
            for found in _named_like(segment)
            if found is not command
        )
    if command is None:
        return
    if not rest:
        yield from _forms(command)
    elif rest[0] in "=,":
        yield from _values(command, rest[1:])


def syntax_of(text: str) -> Syntax | None:
    """The form of the last command in *text*, or ``None`` where there is none."""
    if text.startswith("?"):
        text = f"AT{text[1:].upper().removeprefix('AT')}"
    if text[:2].upper() != "AT":
        return None
    command, rest = _command_of(_segment(text))
    if command is None:
        return None
    limit = f"up to {command.max_response_s:g} s"
    if not rest or rest[0] not in "=," or rest == "=?" or command.write is None:
        forms = ", ".join(_spelled(command, form) for form in command.forms)
        return Syntax(forms or f"AT{command.name}", detail=f"{command.summary} ({limit})")
    fields = _fields(rest[1:])
    index = len(fields) - 1
    sign = "," if command.setting else "="
    names = [_named(parameter) for parameter in command.write]
    head = f"AT{command.name}{sign}"
    if index >= len(names):
        return Syntax(head + ",".join(names), detail="there are no more parameters")
    before = head + "".join(f"{name}," for name in names[:index])
    after = "".join(f",{name}" for name in names[index + 1 :])
    return Syntax(before, names[index], after, _detail(command.write[index]))


def describe_command(name: str) -> list[str]:
    """All that the catalogue knows of a command; empty where it does not know it."""
    wanted = name.strip().upper().removeprefix("AT") or "AT"
    command, _rest = _command_of(wanted)
    if command is None:
        return []
    lines = [f"AT{command.name}: {command.summary}"]
    lines += [f"  {form.value:<8} {_spelled(command, form)}" for form in command.forms]
    seen: set[str] = set()
    for parameter in (*(command.write or ()), *(command.execute or ())):
        if parameter.name not in seen:
            seen.add(parameter.name)
            lines.append(f"  <{parameter.name}>  {_detail(parameter)}")
    lines.append(f"  answers within {command.max_response_s:g} s")
    if command.saving in _SAVING_WORDS:
        lines.append(f"  {_SAVING_WORDS[command.saving]}")
    if command.errors:
        told = ", ".join(f"{number} {CME_ERRORS.get(number, '')}" for number in command.errors)
        lines.append(f"  +CME ERROR: {told}")
    if command.example:
        lines.append(f"  for example: {'  '.join(command.example)}")
    lines.append(f"  source: {_source(command.reference)}")
    lines += [
        f"  {variant.variant}: {_spelled(variant, Form.WRITE)} ({variant.summary})"
        for variant in VARIANTS
        if variant.name == command.name
    ]
    lines += [f"  AT{setting.name}: {setting.summary}" for setting in _settings_of(command)]
    return lines


def describe_code(number: int) -> list[str]:
    """What *number* means, by where it stands."""
    lines: list[str] = []
    for family in Family:
        for place, found in (
            ("HTTPEND", explain_http_error(number, family)),
            ("END", explain_fota_error(number, family)),
        ):
            if not found.meaning.startswith("not in"):
                lines.append(f"  {place},{number} of {family.value}: {found.meaning}")
    if number in CME_ERRORS:
        lines.append(f"  +CME ERROR: {number}: {CME_ERRORS[number]}")
    if number in CMS_ERRORS:
        lines.append(f"  +CMS ERROR: {number}: {CMS_ERRORS[number]}")
    if lines:
        lines.append(f"  its causes, and what to try: dfota explain {number}")
    return lines


def answer_question(text: str) -> list[str]:
    """The help for what stands behind a question mark: nothing, a command, a group, a number."""
    topic = text.strip()
    if not topic:
        return [
            "?AT+CSQ explains a command, ?702 a number, ?files the commands of a group:",
            "  " + ", ".join(title.lower() for title in GROUPS),
            *(f"  {name} {words}" for name, words in ACTIONS.items()),
        ]
    if topic.isdecimal() and len(topic) < 6:
        return describe_code(int(topic)) or [f"{topic} is in no table"]
    for title, commands in GROUPS.items():
        if title.lower() == topic.lower():
            return [f"  AT{command.name}: {command.summary}" for command in commands]
    found = describe_command(topic)
    if found:
        return found
    near = [f"AT{command.name}" for command in _named_like(topic.upper().removeprefix("AT"))]
    hint = f"; there are {', '.join(near[:8])}" if near else ""
    return [f"{topic} is not in the catalogue{hint}"]


# -- hints -------------------------------------------------------------------------------------

_HINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (
            r"\+QFOTADL=.*",
            "this starts an upgrade at once; dfota upgrade checks first, follows it and proves the end",
        ),
        (r"\+QSCRUB=.*", "this rewrites the code partitions; do not cut the power until END"),
        (r"&F.*", "this brings back factory settings, the echo too"),
        (r"\+QPRTPARA=.*", "this copies or restores all parameters of the module"),
        (r'\+QFDEL="\*".*', "this deletes every file, certificates too"),
        (r"\+QPOWD.*", "the module switches off; only PWRKEY or its supply brings it back"),
        (r"\+CFUN=(0|4).*", "this switches the radio off"),
        (r"\+CFUN=1,1", "the module restarts"),
        (r"\+IPR=.*", "from the OK on it talks at another speed: start again with --baudrate"),
        (r"\+(CPIN|CPWD|CLCK)=.*[0-9]{4}.*", "three wrong tries lock the card"),
        (r"\+EGMR=.*", "this changes the IMEI"),
        (r"\+(QDOWNLOAD|QFASTBOOT|QFIREHOSE).*", "the module leaves service for its flash loader"),
    )
)


def hint_for(line: str) -> str:
    """What a person should know before *line* goes out; empty for harmless ones."""
    try:
        found = parse_line(line)
    except AtSyntaxError:
        return ""
    for one in found:
        text = _text_of(one.name, one.form, one.fields)
        for pattern, words in _HINTS:
            if pattern.fullmatch(text):
                return words
    return ""


def _text_of(name: str, form: Form, fields: tuple[str, ...]) -> str:
    """An invocation, written anew."""
    match form:
        case Form.TEST | Form.READ:
            return f"{name}?"
        case Form.EXECUTE:
            return name + "".join(fields)
    return f"{name}{',' if '=' in name else '='}{','.join(fields)}"


# -- inside ------------------------------------------------------------------------------------


def _segment(text: str) -> str:
    """The last command of a line: behind ``AT``, or behind the last semicolon."""
    start, quoted = 2, False
    for index, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif letter == ";" and not quoted:
            start = index + 1
    return text[start:]


def _command_of(segment: str) -> tuple[Command | None, str]:
    """The command that *segment* names, and what stands behind the name."""
    best: Command | None = None
    upper = segment.upper()
    for name, command in COMMANDS.items():
        if upper.startswith(name.upper()) and (best is None or len(name) > len(best.name)):
            rest = segment[len(name) :]
            follows = rest[:1]
            if not follows or follows in "?=," or (not command.is_extended and follows.isdigit()):
                best = command
    return best, "" if best is None else segment[len(best.name) :]


def _named_like(start: str) -> list[Command]:
    """Commands whose name begins like that; settings only behind the equals sign."""
    wanted = start.upper()
    return [
        command
        for name, command in COMMANDS.items()
        if name.upper().startswith(wanted) and (not command.setting or "=" in start)
    ]


def _settings_of(command: Command) -> list[Command]:
    return [one for name, one in COMMANDS.items() if name.startswith(f'{command.name}="')]


def _forms(command: Command) -> Iterator[Candidate]:
    if not command.setting:
        if command.has_read:
            yield Candidate("?", 0, _FORM_WORDS[Form.READ])
        if command.write is not None or _settings_of(command):
            yield Candidate("=", 0, _FORM_WORDS[Form.WRITE])
        if command.test is not None:
            yield Candidate("=?", 0, _FORM_WORDS[Form.TEST])
    elif command.write is not None:
        yield Candidate(",", 0, _FORM_WORDS[Form.WRITE])
    if command.execute and not command.is_extended:
        yield from _values_of(command.execute[0], "")


def _values(command: Command, text: str) -> Iterator[Candidate]:
    settings = _settings_of(command)
    if settings and "," not in text:
        typed = f"{command.name}={text}".upper()
        yield from (
            Candidate(one.name.partition("=")[2], len(text), one.summary)
            for one in settings
            if one.name.upper().startswith(typed)
        )
    fields = _fields(text)
    index = len(fields) - 1
    if command.write is not None and index < len(command.write):
        yield from _values_of(command.write[index], fields[-1])


def _values_of(parameter: Parameter, typed: str) -> Iterator[Candidate]:
    for value in _allowed(parameter):
        if value.upper().startswith(typed.upper()):
            is_default = _default(parameter) == value
            words = f"<{parameter.name}>{', what is left out' if is_default else ''}"
            yield Candidate(value, len(typed), words)


def _allowed(parameter: Parameter) -> list[str]:
    match parameter:
        case Integer(only=only, minimum=low, maximum=high):
            numbers = only or (range(low, high + 1) if high - low < VALUES_MAX else ())
            return [str(number) for number in numbers][:VALUES_MAX]
        case String(only=only, is_written_bare=is_bare):
            return list(only) if is_bare else [f'"{word}"' for word in only]
        case Choice(text=text, number=number):
            return [*_allowed(text), *_allowed(number)]
    return []


def _default(parameter: Parameter) -> str:
    default = parameter.default
    if isinstance(default, str):
        return f'"{default}"'
    return "" if default is None else str(default)


def _named(parameter: Parameter) -> str:
    return f"[<{parameter.name}>]" if parameter.is_optional else f"<{parameter.name}>"


def _detail(parameter: Parameter) -> str:
    match parameter:
        case String(only=(), max_bytes=size):
            words = f"text, at most {size} bytes"
        case Choice(text=text, number=number):
            words = f"{_detail(text)}, or {number.allowed}"
        case _:
            words = parameter.allowed
    if _default(parameter):
        return f"{words}, {_default(parameter)} if left out"
    return f"{words}, may be left out" if parameter.is_optional else words


def _spelled(command: Command, form: Form) -> str:
    parameters = command.parameters(form) or ()
    names = ",".join(_named(parameter) for parameter in parameters)
    match form:
        case Form.TEST:
            return f"AT{command.name}=?"
        case Form.READ:
            return f"AT{command.name}" if command.setting else f"AT{command.name}?"
        case Form.WRITE:
            return f"AT{command.name}{',' if command.setting else '='}{names}"
        case Form.EXECUTE:
            return f"AT{command.name}{names}"


def _fields(text: str) -> list[str]:
    fields, quoted = [""], False
    for letter in text:
        if letter == '"':
            quoted = not quoted
        if letter == "," and not quoted:
            fields.append("")
        else:
            fields[-1] += letter
    return fields


def _source(reference: str) -> str:
    books = {
        "DFOTA": "BG96 DFOTA User Guide V1.1,",
        "FILE": "BG96 FILE AT Commands Manual V1.0,",
        "SSL": "BG96 SSL AT Commands Manual V1.0,",
        "HTTP": "BG96 HTTP(S) AT Commands Manual V1.0,",
        "TCP": "BG96 TCP/IP AT Commands Manual V1.0,",
        "scrub": "BG96 Flash Scrub",
    }
    word, _, rest = reference.partition(" ")
    if word in books:
        return f"{books[word]} {rest}"
    if reference[:1].isdigit():
        return f"BG96 AT Commands Manual V2.3, {reference}"
    return reference
