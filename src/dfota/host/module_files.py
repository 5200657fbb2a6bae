# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""List, fetch and delete the module's files with the FILE commands; uploading is in ``files``.

What a module says is not believed: names are text for a person, sizes are bounded, and a
file counts only when its checksum is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dfota.at import FILE_ERRORS, CmeError, Form, ResultCode, xor16
from dfota.at.catalog.files import QFDEL, QFDWL, QFLDS, QFLST
from dfota.errors import ModuleFileError, NoReplyError, PortError
from dfota.host.dialogue import Answer, Ask, AwaitAnswer, Happened, Procedure, ReceiveData, Report
from dfota.host.events import Downloaded

FILE_MAX_BYTES = 256 * 1024 * 1024
"""Larger than any such module: a size beyond it is nonsense."""

NOT_THERE = frozenset({CmeError(405), CmeError(425)})
"""No such file, and a firmware that does not know its folder."""

FILES_MAX = 10_000
"""More lines of a list are nonsense."""

PIECE_TIMEOUT_S = 30
"""How long the module may pause in the middle of a file."""

_FILE = re.compile(r'\+QFLST:\s*"([^"]*)"\s*,\s*([0-9]{1,10})')
_SPACE = re.compile(r"\+QFLDS:\s*([0-9]{1,10})\s*,\s*([0-9]{1,10})")
_TRANSFERRED = re.compile(r"\+QF(?:DWL|UPL):\s*([0-9]{1,10})\s*,\s*([0-9A-Fa-f]{1,4})(?!\w)")


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """A file as the module lists it; *name* without ``UFS:``."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class ModuleSpace:
    """Room of UFS, bytes."""

    free_bytes: int
    total_bytes: int


def list_files(pattern: str = "*") -> Procedure[list[ModuleFile]]:
    """The files that *pattern* means: ``*``, a name, or ``EUFS:/folder/*``.

    Raises:
        ModuleFileError: the module refuses, or lists nonsense.
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    answer = yield from _ask(Ask.command(QFLST, Form.WRITE, name_pattern=pattern), pattern)
    if not answer.ok:
        raise refusal(pattern, answer)
    return files_in(answer.lines)


def files_in(lines: tuple[str, ...]) -> list[ModuleFile]:
    """The files that the lines of AT+QFLST name; what is no such line is left out."""
    found: list[ModuleFile] = []
    for line in lines[:FILES_MAX]:
        match = _FILE.match(line)
        if match is not None:
            name = match[1]
            plain = name[4:] if name[:4].upper() == "UFS:" else name
            found.append(ModuleFile(plain, int(match[2])))
    return found


def file_space() -> Procedure[ModuleSpace | None]:
    """Free and total room of UFS; ``None`` where the module does not tell.

    Raises:
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    answer = yield from _ask(Ask.command(QFLDS, Form.WRITE, name_pattern="UFS"), "UFS")
    return space_in(answer.lines)


def space_in(lines: tuple[str, ...]) -> ModuleSpace | None:
    """The room that the lines of AT+QFLDS tell."""
    match = next(filter(None, map(_SPACE.match, lines)), None)
    return None if match is None else ModuleSpace(int(match[1]), int(match[2]))


def delete_file(name: str) -> Procedure[None]:
    """Delete one file.

    Raises:
        ModuleFileError: the module refuses.
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    answer = yield from _ask(Ask.command(QFDEL, Form.WRITE, filename=name), name)
    if not answer.ok:
        raise refusal(name, answer)


def download_file(name: str) -> Procedure[bytes]:
    """The content of a file, with its checksum verified.

    Raises:
        ModuleFileError: the module refuses, or the data are not what it says.
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    listed = yield from list_files(name)
    if len(listed) != 1:
        raise ModuleFileError(name, "the module does not tell its size", "List the files first.")
    size = listed[0].size
    if size > FILE_MAX_BYTES:
        raise ModuleFileError(name, f"{size} bytes are no size of a file in a module", "")
    step = replace(Ask.command(QFDWL, Form.WRITE, filename=name), data_size=size)
    answer = yield from _ask(step, name)
    if answer.result is not ResultCode.CONNECT:
        raise refusal(name, answer)
    yield Report(Downloaded(name, 0, size))
    data = bytearray()
    while len(data) < size:
        piece = yield ReceiveData(PIECE_TIMEOUT_S)
        if not isinstance(piece, bytes):
            raise _broken_off(name, piece)
        data += piece
        yield Report(Downloaded(name, len(data), size))
    answer = _answer((yield AwaitAnswer(PIECE_TIMEOUT_S)), name)
    if not answer.ok:
        raise refusal(name, answer)
    _check(name, bytes(data), answer)
    return bytes(data)


def refusal(name: str, answer: Answer) -> ModuleFileError:
    """The module's answer in words, with what to do."""
    number = answer.result.number if isinstance(answer.result, CmeError) else 0
    reason = FILE_ERRORS.get(number, "")
    reason = f"{reason[0].lower()}{reason[1:]} ({answer.text})" if reason else answer.text
    remedies = {
        405: "List what is there: dfota efs ls.",
        406: "A name has at most 80 bytes of printable ASCII, without slash, quote and colon.",
        410: "Its folder may be missing; AT commands cannot make one.",
        418: "It may be open: close it with AT+QFCLOSE, or restart the module.",
        425: "This firmware may not know paths behind EUFS:; only /datatx can be reached then.",
    }
    advice = remedies.get(number, "What the code means, and what to try: dfota explain CODE")
    return ModuleFileError(name, reason, advice)


def _ask(step: Ask, name: str) -> Procedure[Answer]:
    return _answer((yield step), name)


def _answer(outcome: object, name: str) -> Answer:
    if isinstance(outcome, Answer):
        return outcome
    if outcome is Happened.PORT_LOST:
        raise PortError("", f"it went away while {name} was asked for")
    raise NoReplyError(f"AT (file {name})", PIECE_TIMEOUT_S)


def _broken_off(name: str, outcome: object) -> Exception:
    if isinstance(outcome, Answer):
        return refusal(name, outcome)
    if outcome is Happened.PORT_LOST:
        return PortError("", f"it went away in the middle of {name}")
    return NoReplyError("AT+QFDWL", PIECE_TIMEOUT_S)


def transferred(answer: Answer) -> tuple[int, int] | None:
    """Size and checksum that end an upload or a download; ``None`` where none are told."""
    for match in map(_TRANSFERRED.match, answer.lines):
        if match is not None:
            return int(match[1]), int(match[2], 16)
    return None


def _check(name: str, data: bytes, answer: Answer) -> None:
    told = transferred(answer)
    if told is None:
        raise ModuleFileError(name, "the module does not confirm what it sent", "Try again.")
    if told != (len(data), xor16(data)):
        raise ModuleFileError(
            name,
            f"it arrived with {len(data)} bytes and checksum {xor16(data):x}, "
            f"the module says {told[0]} and {told[1]:x}",
            "The line loses or changes bytes: check cable, speed and flow control, try again.",
        )
