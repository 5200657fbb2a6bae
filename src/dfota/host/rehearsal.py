# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A dry run of the real procedure: questions go to the module, changes only onto a list.

Rule 1. A command line reaches the module only if it is known to change nothing.
Rule 2. What was not sent is answered as a healthy module answers, so that the list is that of
the procedure itself and of no second opinion; the upgrade is played to a good end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from dfota.at import (
    AppReady,
    FotaEnded,
    FotaFileEnded,
    FotaFileStarted,
    FotaHttpEnded,
    FotaHttpStarted,
    FotaStarted,
    ResultCode,
    Urc,
    xor16,
)
from dfota.host.dialogue import (
    Answer,
    Ask,
    AwaitAnswer,
    Happened,
    Keep,
    Listen,
    Now,
    Procedure,
    ReceiveData,
    Report,
    SendData,
    Step,
)
from dfota.host.events import Upgraded
from dfota.host.module_settings import hide_login
from dfota.values import FirmwareVersion

_LISTENS_MAX: Final = 64
_CHAINED = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_SETTING = re.compile(r'(\+(?:QCFG|QCFGEXT|QURCCFG|QINDCFG))=("[^"]*")(?:,(.*))?')
_CONTEXT = re.compile(r"(\+QICSGP)=([0-9]+)(?:,(.*))?")
_UPLOAD = re.compile(r'AT\+QFUPL="([^"]*)",([0-9]+)')
_FILE = re.compile(r'AT\+(QFDEL|QFLST|QFDWL)="([^"]*)"')
_ASKS_BY_EXECUTE = frozenset({
    "", "I", "+QGMR", "+CGMR", "+CGMM", "+CGMI", "+GMM", "+GMI", "+GMR", "+CGSN", "+GSN",
    "+CIMI", "+QCCID", "+CSQ", "+CBC", "+QNWINFO", "+QCSQ", "+QTEMP", "+CEDRXRDP",
})  # fmt: skip
_ASKS_BY_WRITE = ("+QFLST=", "+QFLDS=", "+QFDWL=")
_OF_THE_LINE = re.compile(r"(?:[EQV][01])+|\+CMEE=[012]")
"""Echo, words and numbered errors: of the conversation, not of the module."""
_PUSHED: Final = 'AT+QFOTADL="FILE:'
_FETCH: Final[tuple[Urc, ...]] = (FotaHttpStarted(), FotaHttpEnded(0))
_TAKE: Final[tuple[Urc, ...]] = (FotaFileStarted(), FotaFileEnded(0))
_SOME_OTHER_REVISION: Final = "REHEARSED_01.000.01.000"
_INSTALL: Final[tuple[Urc, ...]] = (FotaStarted(), FotaEnded(0), AppReady())


@dataclass(slots=True)
class PlannedLine:
    """A command line of the upgrade.

    Attributes:
        line: as it is sent.
        changes: whether it changes the module; the others are questions.
        data_size: bytes of a file that follow it.
        is_after_start: whether it comes after AT+QFOTADL.
    """

    line: str
    changes: bool
    data_size: int = 0
    is_after_start: bool = False

    def to_facts(self) -> dict[str, Any]:
        """As plain values, for JSON; user names and passwords are not shown."""
        return {
            "line": hide_login(self.line),
            "changes": self.changes,
            "data_size": self.data_size,
            "is_after_start": self.is_after_start,
        }


def is_question(line: str) -> bool:
    """Whether the command line *line* changes nothing in the module."""
    return all(_is_question(text) for text in _CHAINED.split(line.removeprefix("AT")))


def _is_question(text: str) -> bool:
    if text.endswith("?") or text in _ASKS_BY_EXECUTE or text.startswith(_ASKS_BY_WRITE):
        return True
    match = _SETTING.fullmatch(text) or _CONTEXT.fullmatch(text)
    return (match is not None and match[3] is None) or _OF_THE_LINE.fullmatch(text) is not None


def rehearse(
    procedure: Procedure[Upgraded], target: FirmwareVersion | None
) -> Procedure[tuple[PlannedLine, ...]]:
    """What *procedure* would send to this module, in order; nothing is changed or started.

    Args:
        procedure: an ``upgrade`` that was not begun.
        target: the revision that will run, where it is known.

    Raises:
        HostError: what the procedure raises, such as a check that fails.
    """
    return (yield from _Rehearsal(procedure, target).run())


@dataclass(slots=True)
class _Rehearsal:
    procedure: Procedure[Upgraded]
    target: FirmwareVersion | None
    lines: list[PlannedLine] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    """Command line → what the module would answer now."""
    heard: dict[str, Answer] = field(default_factory=dict)
    """Command line → what the module has answered."""
    is_live: bool = True
    """Whether the last command line was sent."""
    file: str = ""
    """What is being uploaded or downloaded."""
    started: bool = False
    ending: list[Urc] = field(default_factory=list)
    """What the module has yet to say."""
    listens: int = 0
    now_s: float = 0.0

    def run(self) -> Procedure[tuple[PlannedLine, ...]]:
        outcome: object = None
        try:
            while self.listens <= _LISTENS_MAX:
                step = self.procedure.send(outcome)
                if self.started or self._is_ours(step):
                    outcome = self._play(step)
                else:
                    outcome = yield step
                    self._note(step, outcome)
        except StopIteration:
            pass
        self.procedure.close()
        return tuple(self.lines)

    def _is_ours(self, step: Step) -> bool:
        """Whether the module must not, or need not, see *step*."""
        match step:
            case Report() | Keep():
                return True
            case Ask(line):
                self.is_live = is_question(line) and not self._is_known(line)
                return not self.is_live
            case SendData() | ReceiveData() | AwaitAnswer():
                return not self.is_live
        return False

    def _is_known(self, line: str) -> bool:
        match = _FILE.match(line)
        return line in self.answers or (match is not None and match[2] in self.files)

    def _note(self, step: Step, outcome: object) -> None:
        if isinstance(step, Ask):
            self.lines.append(PlannedLine(step.line, changes=False))
            if isinstance(outcome, Answer):
                self.heard[step.line] = outcome
        elif isinstance(step, Now) and isinstance(outcome, float | int):
            self.now_s = outcome

    # -- what a healthy module would do --------------------------------------------------

    def _play(self, step: Step) -> object:
        match step:
            case Ask(line):
                question = is_question(line)
                self.lines.append(
                    PlannedLine(line, changes=not question, is_after_start=self.started)
                )
                return self._answer(line) if question else self._obey(line)
            case SendData(data):
                self.lines[-1].data_size += len(data)
                if self.file:
                    self.files[self.file] += data
                return None
            case ReceiveData():
                return self.files.get(self.file, b"")
            case AwaitAnswer():
                return self._end_of_transfer()
            case Now():
                return self.now_s
            case Listen(timeout_s):
                # Without time it is only a look, between two pieces of what is sent.
                if timeout_s > 0:
                    self.listens += 1
                    if self.ending:
                        return self.ending.pop(0)
                self.now_s += timeout_s
                return Happened.SILENCE
        return None

    def _answer(self, line: str) -> Answer:
        match = _FILE.match(line)
        if match is not None and match[2] in self.files:
            if match[1] == "QFDWL":
                self.file = match[2]
                return Answer((), ResultCode.CONNECT, "CONNECT")
            size = len(self.files[match[2]])
            return _ok(f'+QFLST: "{match[2]}",{size}')
        if line in self.answers:
            return self.answers[line]
        return self.heard.get(line, _ok())

    def _obey(self, line: str) -> Answer:
        if (match := _UPLOAD.match(line)) is not None:
            self.file = match[1]
            self.files[self.file] = b""
            return Answer((), ResultCode.CONNECT, "CONNECT")
        if (match := _FILE.match(line)) is not None:
            self.files.pop(match[2], None)
        elif line.startswith("AT+QFOTADL"):
            self.started = True
            fetched = _TAKE if line.startswith(_PUSHED) else _FETCH if "://" in line else ()
            self.ending = [*fetched, *_INSTALL]
            revision = self.target.text if self.target is not None else _SOME_OTHER_REVISION
            self.answers["AT+QGMR"] = _ok(revision)
        for text in _CHAINED.split(line.removeprefix("AT")):
            self._set(text)
        return _ok()

    def _set(self, text: str) -> None:
        """What is read back is what was set."""
        if (match := _SETTING.fullmatch(text)) is not None:
            self.answers[f"AT{match[1]}={match[2]}"] = _ok(f"{match[1]}: {match[2]},{match[3]}")
        elif (match := _CONTEXT.fullmatch(text)) is not None:
            self.answers[f"AT{match[1]}={match[2]}"] = _ok(f"{match[1]}: {match[3]}")
        elif "=" in text:
            name, _, values = text.partition("=")
            self.answers[f"AT{name}?"] = _ok(f"{name}: {values}")

    def _end_of_transfer(self) -> Answer:
        name = "QFUPL" if self.lines[-1].line.startswith("AT+QFUPL") else "QFDWL"
        data = self.files.get(self.file, b"")
        return _ok(f"+{name}: {len(data)},{xor16(data):x}")


def _ok(*lines: str) -> Answer:
    return Answer(lines, ResultCode.OK, "OK")
