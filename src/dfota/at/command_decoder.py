# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module's ear: bytes from the host in, echo and complete command lines out.

It keeps at most one line and a bounded amount of type-ahead. It must never act on a line:
the caller executes it and then asks for the next event, so that ``ATE0`` at the head of a
chunk already rules the echo of the bytes behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LINE_MAX_BYTES = 1024
"""Longest command line. No manual gives a number; a URL of 255 bytes must fit easily."""

TYPE_AHEAD_MAX_BYTES = 65536
"""What may wait unread; more is lost, as with any UART buffer."""

_WHOLE_LINE = re.compile(rb"[\x00-\x07\x09-\x0c\x0e-\x1f]*((?:AT|at)[\x20-\x7e]*)\r")
"""What nearly every host sends nearly always: a line without anything special in it."""


@dataclass(frozen=True, slots=True)
class Echo:
    """Bytes to send back at once, as a write of their own."""

    data: bytes


@dataclass(frozen=True, slots=True)
class LineReceived:
    """A complete command line, ``AT`` included, without its terminator."""

    text: str


@dataclass(frozen=True, slots=True)
class LineTooLong:
    """A command line was longer than the limit; the answer is ``ERROR``."""


@dataclass(frozen=True, slots=True)
class RepeatRequested:
    """``A/``: the host wants the last command line executed once more."""


CommandEvent = Echo | LineReceived | LineTooLong | RepeatRequested
"""What ``next_event`` gives."""


class CommandLineDecoder:
    """Find command lines in a byte stream (V.250, 5.2).

    Attributes:
        echo: whether what is received is sent back (``ATE``).
        terminator: the character that ends a line (S3).
        backspace: the character that deletes the one before it (S5).
        ignores_noise: whether bytes from 0x7F are dropped without echo, so that line noise
            and the padding of uploads leave no trace; else they are part of the line.

    Control characters are always dropped without echo. That includes the LF behind a CR.
    """

    def __init__(self, *, line_max_bytes: int = LINE_MAX_BYTES) -> None:
        self.echo = True
        self.terminator = 13
        self.backspace = 8
        self.ignores_noise = True
        self._line_max_bytes = line_max_bytes
        self._pending = bytearray()
        self._line = bytearray()
        self._previous = 0
        self._in_line = False
        self._overlong = False
        self._ready: CommandEvent | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes from the host; what exceeds the type-ahead limit is lost."""
        room = TYPE_AHEAD_MAX_BYTES - len(self._pending)
        self._pending += data[: max(room, 0)]

    def next_event(self) -> CommandEvent | None:
        """The next thing that happened, or ``None`` until more bytes are fed."""
        if self._ready is not None:
            ready, self._ready = self._ready, None
            return ready
        if not self._pending:
            return None
        return self._whole_line() or self._next_of_bytes()

    def _whole_line(self) -> CommandEvent | None:
        """Take a line in one step, where that gives what ``_next_of_bytes`` would give."""
        if self._in_line or self.terminator != 13 or self.backspace != 8:
            return None
        match = _WHOLE_LINE.match(self._pending)
        if match is None or len(match[1]) > self._line_max_bytes:
            return None
        line = bytes(match[1])
        del self._pending[: match.end()]
        self._previous = 0
        event = LineReceived(line.decode("ascii"))
        if not self.echo:
            return event
        self._ready = event
        return Echo(line + b"\r")

    def _next_of_bytes(self) -> CommandEvent | None:
        """Go from byte to byte until something is complete."""
        echoed = bytearray()
        consumed = 0
        event: CommandEvent | None = None
        for byte in self._pending:
            consumed += 1
            accepted, event = self._take(byte)
            if accepted and self.echo:
                echoed.append(byte)
            if event is not None:
                break
        del self._pending[:consumed]
        if echoed:
            self._ready = event
            return Echo(bytes(echoed))
        return event

    def take_pending(self) -> bytes:
        """Hand over what was fed and not looked at yet: it belongs to the data mode."""
        data = bytes(self._pending)
        self._pending.clear()
        return data

    def reset(self) -> None:
        """Forget half a line and all type-ahead, as a reboot does; the settings stay."""
        self._pending.clear()
        self._ready = None
        self._begin()

    def _begin(self) -> None:
        self._line.clear()
        self._in_line = False
        self._overlong = False
        self._previous = 0

    def _take(self, byte: int) -> tuple[bool, CommandEvent | None]:
        """Whether *byte* counts (and is echoed), and what it completes."""
        if byte == self.terminator:
            return True, self._end_line()
        if byte == self.backspace:
            if len(self._line) > 2:
                del self._line[-1]
            elif self._in_line:
                self._begin()
            else:
                self._previous = 0
            return True, None
        if byte < 0x20 or (byte >= 0x7F and self.ignores_noise):
            return False, None
        if not self._in_line:
            return True, self._look_for_prefix(byte)
        if len(self._line) < self._line_max_bytes:
            self._line.append(byte)
        else:
            self._overlong = True
        return True, None

    def _look_for_prefix(self, byte: int) -> CommandEvent | None:
        pair = bytes((self._previous, byte))
        self._previous = byte
        if pair in {b"AT", b"at"}:
            self._in_line = True
            self._line += pair
        elif pair in {b"A/", b"a/"}:
            self._begin()
            return RepeatRequested()
        return None

    def _end_line(self) -> CommandEvent | None:
        event: CommandEvent | None = None
        if self._overlong:
            event = LineTooLong()
        elif self._in_line:
            event = LineReceived(self._line.decode("latin-1"))
        self._begin()
        return event
