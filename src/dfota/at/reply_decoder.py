# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The host's ear: bytes from the module in, echo, lines, results and URCs out.

It decides only what a line *is*; what it means for the command is the session's matter.
A URC may stand anywhere between two lines, also inside the reply to another command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dfota.at.reply import CmeError, FinalResult, ResultCode
from dfota.at.urc import CfunReported, CpinReported, Urc, decode_urc

REPLY_LINE_MAX_BYTES = 2048
"""Longest line of a module that is kept; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class InformationReceived:
    """One line of an information response."""

    text: str


@dataclass(frozen=True, slots=True)
class ResultReceived:
    """The final result code; the reply is complete.

    Attributes:
        result: which one.
        text: the line as it was written, for the person.
    """

    result: FinalResult
    text: str


@dataclass(frozen=True, slots=True)
class DataModeEntered:
    """``CONNECT``: what the host sends now is data."""


@dataclass(frozen=True, slots=True)
class DataAcknowledged:
    """*count* bytes ``A``: as many pieces of 1024 bytes have arrived."""

    count: int


@dataclass(frozen=True, slots=True)
class DataReceived:
    """Bytes of the data that the module sends behind ``CONNECT``."""

    data: bytes


@dataclass(frozen=True, slots=True)
class UrcReceived:
    """An unsolicited result code that we know."""

    urc: Urc


@dataclass(frozen=True, slots=True)
class LineIgnored:
    """A line that belongs to nothing: line noise, or a URC that we do not know."""

    text: str


ReplyEvent = (
    InformationReceived
    | ResultReceived
    | DataModeEntered
    | DataAcknowledged
    | DataReceived
    | UrcReceived
    | LineIgnored
)
"""What ``feed`` gives."""

_CME = re.compile(r"\+CM[ES] ERROR:\s*(.+)")
_NUMBERS = {str(code.number): code for code in ResultCode}
_WORDS = {code.text: code for code in ResultCode}
_FINAL = frozenset(ResultCode) - {ResultCode.CONNECT, ResultCode.RING}
_COMMAND = re.compile(r"AT(\+[A-Z]+)(\??)", re.IGNORECASE)


class ReplyDecoder:
    """Find lines in what the module sends, and say what each is.

    Echo is recognised by what was sent, so it may be on or off. Bytes from 0x80 and
    control characters are dropped: they are noise of a port that has just opened.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._sent: str | None = None
        self._echo_possible = False
        self._answered_as_urc: type[Urc] | None = None
        self._in_data = False
        self._data_size: int | None = None
        self._data_left = 0
        self._may_skip_line_feed = False
        self._numeric = True

    @property
    def busy(self) -> bool:
        """Whether a command was sent whose final result code has not come."""
        return self._sent is not None

    def begin(self, line: str, *, data_size: int | None = None) -> None:
        """Say that the command line *line* (without its end) is about to be sent.

        *data_size* bytes behind its ``CONNECT`` are data, whatever they are.
        """
        self._sent = line
        self._echo_possible = True
        self._in_data = False
        self._data_size = data_size
        self._data_left = 0
        # The answer to ATS0? is a bare number, like a result code after ATV0.
        self._numeric = not line.upper().startswith("ATS")
        match = _COMMAND.fullmatch(line)
        self._answered_as_urc = None
        if match is not None and match[2]:
            # These read forms answer in the very words of a URC.
            shared: dict[str, type[Urc]] = {"+CFUN": CfunReported, "+CPIN": CpinReported}
            self._answered_as_urc = shared.get(match[1].upper())

    def abandon(self) -> None:
        """Give up waiting for a final result code; half a line is forgotten."""
        self._sent = None
        self._in_data = False
        self._data_left = 0
        self._line.clear()

    def feed(self, data: bytes) -> list[ReplyEvent]:
        """Take the next bytes and return what they complete."""
        events: list[ReplyEvent] = []
        position = 0
        while position < len(data):
            if self._data_left:
                position = self._take_data(data, position, events)
                continue
            self._take(data[position], events)
            position += 1
        return events

    def _take(self, byte: int, events: list[ReplyEvent]) -> None:
        if byte in b"\r\n":
            if self._line:
                self._end_line(events)
        elif self._in_data and byte == ord("A") and not self._line:
            self._acknowledge(events)
        elif 0x20 <= byte < 0x7F and len(self._line) < REPLY_LINE_MAX_BYTES:
            self._line.append(byte)

    def _take_data(self, data: bytes, position: int, events: list[ReplyEvent]) -> int:
        """Take what is data; gives the position behind it."""
        if self._may_skip_line_feed:
            self._may_skip_line_feed = False
            if data[position] == ord("\n"):  # CONNECT ends with CR LF
                return position + 1
        piece = data[position : position + self._data_left]
        self._data_left -= len(piece)
        events.append(DataReceived(bytes(piece)))
        return position + len(piece)

    @staticmethod
    def _acknowledge(events: list[ReplyEvent]) -> None:
        count = 1
        if events and isinstance(events[-1], DataAcknowledged):
            count += events[-1].count
            events.pop()
        events.append(DataAcknowledged(count))

    def _end_line(self, events: list[ReplyEvent]) -> None:
        text = self._line.decode("ascii").strip()
        self._line.clear()
        if not text:
            return
        if self._is_echo(text):
            self._echo_possible = False
            return
        events.append(self._classify(text))

    def _is_echo(self, text: str) -> bool:
        # Noise may stand before the echo, never behind it.
        return self._echo_possible and self._sent is not None and text.endswith(self._sent)

    def _classify(self, text: str) -> ReplyEvent:
        urc = decode_urc(text)
        if urc is not None and not self._is_answer(urc):
            return UrcReceived(urc)
        if self._sent is None:
            return LineIgnored(text)
        if (match := _CME.fullmatch(text)) is not None:
            number = int(match[1]) if match[1].isdigit() else -1
            return self._finish(CmeError(number), text)
        code = _WORDS.get(text) or (_NUMBERS.get(text) if self._numeric else None)
        if code is ResultCode.CONNECT or text.startswith("CONNECT "):
            self._in_data = self._data_size is None
            self._data_left = self._data_size or 0
            self._may_skip_line_feed = True
            return DataModeEntered()
        if code is not None and code in _FINAL:
            return self._finish(code, text)
        return InformationReceived(text)

    def _is_answer(self, urc: Urc) -> bool:
        # "+CREG: 0,1" never comes here: its second field has no quotes, so it is no URC.
        return self._answered_as_urc is not None and isinstance(urc, self._answered_as_urc)

    def _finish(self, result: FinalResult, text: str) -> ResultReceived:
        self._sent = None
        self._in_data = False
        return ResultReceived(result, text)
