# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What each line at a terminal is and means; sans-I/O: bytes and time in, lines to show out.

Rule 1. Nothing that the module sends reaches a screen unescaped.
Rule 2. One command line at a time; text and data only when the module asks for them.
Rule 3. A line that nobody asked for is unsolicited, also in the middle of an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum

from dfota.at import (
    CME_ERRORS,
    CMS_ERRORS,
    CfunReported,
    CpinReported,
    Family,
    FotaEnded,
    FotaFileEnded,
    FotaFtpEnded,
    FotaHttpEnded,
    decode_urc,
    escape,
    explain_file_error,
    explain_fota_error,
    explain_ftp_error,
    explain_http_error,
    parse_line,
)
from dfota.errors import AtSyntaxError, MisuseError
from dfota.host import kind_of

LINE_MAX_BYTES = 2048
"""Longer lines, such as data, are shown in pieces of this size."""

INFORMATION_MAX = 10_000
"""More lines of one answer are shown, but not kept."""

UNKNOWN_COMMAND_S = 60.0
"""How long a command that is not in the catalogue may take."""

MARGIN_S = 2.0

CTRL_Z = b"\x1a"
ESCAPE = b"\x1b"


class Kind(Enum):
    """What a line is; the values name it in JSON."""

    ANSWER = "answer"
    """A line of the answer to the command."""
    OK = "ok"
    """The answer is complete, and good."""
    FAILURE = "failure"
    """The answer is complete, and it is no."""
    CONNECT = "connect"
    """What follows is data, in one direction or the other."""
    PROMPT = "prompt"
    """The module wants text."""
    URC = "urc"
    """The module said it by itself."""
    NOTE = "note"
    """The terminal says it, not the module."""


class State(Enum):
    """What the module expects now."""

    IDLE = "idle"
    WAITING = "waiting"
    TEXT = "text"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Shown:
    """One line for the person, printable.

    Attributes:
        kind: what it is.
        text: the line.
        note: what it means; empty where it says so itself.
        is_bad: whether it tells of something that failed.
    """

    kind: Kind
    text: str
    note: str = ""
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A command line and what came of it.

    Attributes:
        line: as it was sent.
        information: the lines of the answer.
        result: the final result code; empty where none came.
        meaning: of a failure, where it is known.
        seconds: from the line to the result.
    """

    line: str
    information: tuple[str, ...]
    result: str
    meaning: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the module did it."""
        return self.result in {"OK", "0"}


_GOOD = {"OK", "0"}
_BAD = {"ERROR", "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "3", "4", "6", "7", "8"}
_NUMBERS = {"0", "3", "4", "6", "7", "8"}
_ERROR = re.compile(r"\+CM([ES]) ERROR:\s*(.+)")
_UNASKED = re.compile(
    r"RING|NO CARRIER|(\+CRING|\+CLIP|\+CCWA|\+CMTI|\+CMT|\+CDSI|\+CDS|\+QIND|\+QIURC|\+CUSD|\+QSCRUB)\b.*"
)
_READ_LIKE_A_URC = re.compile(r"AT(\+CFUN|\+CPIN)\?", re.IGNORECASE)
_SIGNAL = re.compile(r"\+CSQ:\s*([0-9]{1,2}),")
_REGISTRATION = re.compile(r"\+C(?:|G|E)REG:\s*(?:[0-9],)?([0-5])(?:,.*)?")
_SUPPLY = re.compile(r"\+CBC:\s*[0-9]+,[0-9]+,([0-9]{3,5})")
_STATES = (
    "not registered, not searching",
    "registered, home network",
    "searching",
    "registration denied",
    "unknown: out of coverage",
    "registered, roaming",
)


def meaning_of(text: str, family: Family) -> str:
    """What the line *text* means in plain words; empty where it needs none."""
    if (error := _ERROR.fullmatch(text)) is not None:
        table = CME_ERRORS if error[1] == "E" else CMS_ERRORS
        return table.get(int(error[2]), "") if error[2].isdecimal() else ""
    match decode_urc(text):
        case FotaHttpEnded(number):
            found = explain_http_error(number, family)
        case FotaFtpEnded(number):
            found = explain_ftp_error(number, family)
        case FotaFileEnded(number):
            found = explain_file_error(number, family)
        case FotaEnded(number):
            found = explain_fota_error(number, family)
        case _:
            return _reading(text)
    return found.meaning if number == 0 else f"{found.meaning}. {found.advice}"


def _reading(text: str) -> str:
    if (signal := _SIGNAL.match(text)) is not None:
        rssi = int(signal[1])
        return "signal not known" if rssi > 31 else f"{-113 + 2 * rssi} dBm"
    if (registration := _REGISTRATION.fullmatch(text)) is not None:
        return _STATES[int(registration[1])]
    if (supply := _SUPPLY.match(text)) is not None:
        return f"{int(supply[1]) / 1000:.2f} V"
    return ""


def is_failure_of_an_upgrade(text: str) -> bool:
    """Whether the line says that a download or an installation failed."""
    match decode_urc(text):
        case FotaHttpEnded(number) | FotaFtpEnded(number) | FotaFileEnded(number):
            return number != 0
        case FotaEnded(number):
            return number != 0
    return False


def time_limit_s(line: str) -> float:
    """How long the module may take for the answer to *line*, by the manuals."""
    try:
        found = parse_line(line)
    except AtSyntaxError:
        return UNKNOWN_COMMAND_S
    limits = (
        UNKNOWN_COMMAND_S if one.command is None else one.command.max_response_s for one in found
    )
    return sum(limits) + MARGIN_S


@dataclass(slots=True)
class Conversation:
    """One port's conversation, as a person has it.

    Attributes:
        family: whose numbers are meant; learned from the answer to ATI.
        time_limit_s: how long each answer may take, instead of what the manuals say.
    """

    family: Family = Family.BG96
    time_limit_s: float | None = None
    state: State = State.IDLE
    _line: bytearray = field(default_factory=bytearray)
    _sent: str = ""
    _sent_at: float = 0.0
    _until: float = 0.0
    _echoes: list[str] = field(default_factory=list)
    _information: list[str] = field(default_factory=list)
    _finished: list[Exchange] = field(default_factory=list)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited."""
        return self.state is not State.IDLE

    def take_finished(self) -> list[Exchange]:
        """The exchanges that have ended since the last call."""
        finished, self._finished = self._finished, []
        return finished

    def send(self, line: str, now: float) -> bytes:
        """Begin an exchange; gives what goes to the module.

        Raises:
            MisuseError: the last one has not ended, or *line* cannot stand on a line.
        """
        if self.is_busy:
            raise MisuseError("the module has not answered yet")
        if not (line.isascii() and line.isprintable()):
            raise MisuseError("a command line is printable ASCII")
        self._sent, self._sent_at = line, now
        self._echoes = [line]
        self._information = []
        self._await(State.WAITING, now)
        return line.encode("ascii") + b"\r"

    def send_text(self, text: str, now: float) -> bytes:
        """Give the text that the module asked for, Ctrl-Z included.

        Raises:
            MisuseError: it did not ask for any.
        """
        if self.state is not State.TEXT:
            raise MisuseError("the module does not ask for text")
        body = text.removesuffix("\x1a").removesuffix("^Z")
        self._echoes += [body, *body.splitlines()]
        self._await(State.WAITING, now)
        return body.replace("\n", "\r").encode("latin-1", "replace") + CTRL_Z

    def send_data(self, data: bytes, now: float) -> bytes:
        """Give *data* as it is.

        Raises:
            MisuseError: the module is not in its data mode.
        """
        if self.state is not State.DATA:
            raise MisuseError("the module does not wait for data")
        self._await(State.DATA, now)
        return data

    def stop_waiting(self, now: float) -> tuple[bytes, list[Shown]]:
        """Give up on the answer; gives what must go to the module, and what to show."""
        if not self.is_busy:
            return b"", []
        if self.state is State.TEXT:
            self._await(State.WAITING, now)
            self._until = now + MARGIN_S
            return ESCAPE, [Shown(Kind.NOTE, "cancelled")]
        self._end("", "", now)
        return b"", [Shown(Kind.NOTE, "stopped waiting; a late answer is shown as unsolicited")]

    def feed(self, data: bytes, now: float) -> list[Shown]:
        """Take bytes of the module."""
        shown: list[Shown] = []
        for byte in data:
            if byte in b"\r\n":
                self._end_line(now, shown)
                continue
            self._line.append(byte)
            if self._line == b">" and self.state is State.WAITING:
                self._line.clear()
                self._await(State.TEXT, now)
                shown.append(Shown(Kind.PROMPT, ">", "text, then Ctrl-Z; Ctrl-C cancels"))
            elif len(self._line) >= LINE_MAX_BYTES:
                self._end_line(now, shown)
        return shown

    def advance(self, now: float) -> list[Shown]:
        """Let time pass."""
        if not self.is_busy or now < self._until:
            return []
        limit_s = self._until - self._sent_at
        self._end("", "", now)
        return [Shown(Kind.NOTE, f"no answer within {limit_s:.0f} s", is_bad=True)]

    def port_lost(self, reason: str, now: float) -> list[Shown]:
        """The port went away."""
        self._line.clear()
        text = f"the port went away ({reason}); waiting for it to come back"
        if self.is_busy:
            text += f"; whether {self._sent} was carried out is not known"
            self._end("", "", now)
        return [Shown(Kind.NOTE, text, is_bad=True)]

    def port_returned(self) -> list[Shown]:
        """The port is open again."""
        return [Shown(Kind.NOTE, "the port is back")]

    # -- inside ----------------------------------------------------------------------------

    def _await(self, state: State, now: float) -> None:
        self.state = state
        limit_s = self.time_limit_s
        self._until = now + (time_limit_s(self._sent) if limit_s is None else limit_s)

    def _end_line(self, now: float, shown: list[Shown]) -> None:
        raw = bytes(self._line)
        self._line.clear()
        text = escape(raw).replace("\\\\", "\\").strip()
        if text:
            found = self._classify(text, now)
            if found is not None:
                shown.append(found)

    def _classify(self, text: str, now: float) -> Shown | None:
        if not self.is_busy:
            return self._unsolicited(text)
        if self._is_echo(text):
            return None
        if self._is_unasked(text):
            return self._unsolicited(text)
        meaning = meaning_of(text, self.family)
        numeric = text in _NUMBERS and (self._information or self._sent.upper().startswith("ATS"))
        if text in _GOOD and not numeric:
            self._end(text, "", now)
            return Shown(Kind.OK, text)
        if (text in _BAD and not numeric) or _ERROR.fullmatch(text) is not None:
            self._end(text, meaning, now)
            return Shown(Kind.FAILURE, text, meaning, is_bad=True)
        if text == "CONNECT" or text.startswith("CONNECT "):
            self._await(State.DATA, now)
            return Shown(Kind.CONNECT, text)
        self._until = max(self._until, now + MARGIN_S)  # it is still talking
        if len(self._information) < INFORMATION_MAX:
            self._information.append(text)
        return Shown(Kind.ANSWER, text, meaning)

    def _is_echo(self, text: str) -> bool:
        for echo in self._echoes:
            if echo and text.endswith(echo) and (text == echo or text.startswith("\\x")):
                self._echoes.remove(echo)
                return True
        return False

    def _is_unasked(self, text: str) -> bool:
        own = self._sent[2:].upper()
        if _UNASKED.fullmatch(text) and not own.startswith(text.partition(":")[0]):
            return text != "NO CARRIER"
        urc = decode_urc(text)
        if urc is None:
            return False
        if isinstance(urc, (CfunReported, CpinReported)):
            return _READ_LIKE_A_URC.fullmatch(self._sent) is None
        # "+CREG: 1" is what a module says by itself; an answer has <n> in front.
        return True

    def _unsolicited(self, text: str) -> Shown:
        bad = is_failure_of_an_upgrade(text)
        return Shown(Kind.URC, text, meaning_of(text, self.family), is_bad=bad)

    def _end(self, result: str, meaning: str, now: float) -> None:
        exchange = Exchange(
            self._sent, tuple(self._information), result, meaning, round(now - self._sent_at, 3)
        )
        self._finished.append(exchange)
        self._learn(exchange)
        self.state = State.IDLE

    def _learn(self, exchange: Exchange) -> None:
        """The second line of ATI is the model, and with it whose numbers are meant."""
        if exchange.line.strip().upper() != "ATI" or len(exchange.information) < 2:
            return
        kind = kind_of(exchange.information[1])
        if kind is not None:
            self.family = kind.codes
