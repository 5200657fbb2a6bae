# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Telnet as far as a serial port server needs it (RFC 854, 855, 856, 858); bytes only.

Rule 1. A request gets exactly one answer, a confirmation none; so two sides that agree
never talk in circles.
Rule 2. A subnegotiation is kept up to a bound; the rest of a longer one is dropped with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

SE, NOP, BREAK, AYT, SB, WILL, WONT, DO, DONT, IAC = (
    240,
    241,
    243,
    246,
    250,
    251,
    252,
    253,
    254,
    255,
)

BINARY, ECHO, SUPPRESS_GO_AHEAD, COM_PORT = 0, 1, 3, 44

_OURS = frozenset({BINARY, ECHO, SUPPRESS_GO_AHEAD, COM_PORT})
"""What we do when asked."""

_THEIRS = frozenset({BINARY, SUPPRESS_GO_AHEAD, COM_PORT})
"""What we let the host do; it must not echo."""

SUBNEGOTIATION_MAX_BYTES = 256


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes for the port."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Subnegotiation:
    """``IAC SB option … IAC SE``, with the doubled IACs undone."""

    option: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Agreed:
    """*option* is in force now, on the host's side."""

    option: int


@dataclass(frozen=True, slots=True)
class TelnetCommand:
    """A command without an option, such as BREAK."""

    code: int


@dataclass(slots=True)
class _Side:
    """One end's options: what we know, what we have asked for, what is in force."""

    known: frozenset[int]
    asked: set[int]
    yes: int
    no: int
    on: set[int] = field(default_factory=set)


TelnetEvent = Data | Subnegotiation | Agreed | TelnetCommand


def escaped(data: bytes) -> bytes:
    """*data* with every IAC doubled."""
    return data.replace(b"\xff", b"\xff\xff")


def subnegotiation(option: int, data: bytes) -> bytes:
    """``IAC SB option data IAC SE``."""
    return bytes((IAC, SB, option)) + escaped(data) + bytes((IAC, SE))


class TelnetServer:
    """One connection: bytes in, events and answers out.

    Attributes:
        is_binary: whether the host sends bytes as they are (RFC 856).
    """

    def __init__(self) -> None:
        self._verb = 0
        self._data = bytearray()
        self._option: bytearray | None = None
        self._is_after_cr = False
        self._events: list[TelnetEvent] = []
        self._answers = bytearray()
        self._state: Callable[[int], None] = self._plain
        # What we ask for at once needs no answer when it is confirmed.
        self._us = _Side(_OURS, {BINARY, SUPPRESS_GO_AHEAD}, WILL, WONT)
        self._them = _Side(_THEIRS, {BINARY, SUPPRESS_GO_AHEAD, COM_PORT}, DO, DONT)
        for side in (self._us, self._them):
            for option in sorted(side.asked):
                self._answers += bytes((IAC, side.yes, option))

    @property
    def is_binary(self) -> bool:
        """Whether the host sends bytes as they are."""
        return BINARY in self._them.on

    def take_answers(self) -> bytes:
        """What is to be sent to the host now."""
        answers = bytes(self._answers)
        self._answers.clear()
        return answers

    def feed(self, data: bytes) -> Iterator[TelnetEvent]:
        """Take bytes from the host; what they mean, in order."""
        if self._is_plain(data):
            self._data += data
            self._is_after_cr = data.endswith(b"\r")
        else:
            for byte in data:
                self._state(byte)
        self._flush()
        events, self._events = self._events, []
        yield from events

    # -- states ------------------------------------------------------------------------

    def _plain(self, byte: int) -> None:
        if byte == IAC:
            self._state = self._after_iac
            return
        if self._option is not None:
            self._keep(byte)
            return
        if byte == 0 and self._is_after_cr and not self.is_binary:
            self._is_after_cr = False  # RFC 854: CR NUL is a CR
            return
        self._is_after_cr = byte == 13
        self._data.append(byte)

    def _after_iac(self, byte: int) -> None:
        self._state = self._plain
        match byte:
            case 255:
                if self._option is None:
                    self._data.append(byte)
                else:
                    self._keep(byte)
            case 250:
                self._flush()
                self._option = bytearray()
            case 240:
                self._end_subnegotiation()
            case 251 | 252 | 253 | 254:
                self._verb = byte
                self._state = self._negotiate
            case _:
                self._flush()
                self._events.append(TelnetCommand(byte))

    def _negotiate(self, option: int) -> None:
        self._state = self._plain
        self._flush()
        match self._verb:
            case 251:  # WILL
                if self._agree(option, self._them):
                    self._events.append(Agreed(option))
            case 253:  # DO
                self._agree(option, self._us)
            case 252:  # WONT
                self._refuse(option, self._them)
            case _:  # DONT
                self._refuse(option, self._us)

    # -- inside ------------------------------------------------------------------------

    def _agree(self, option: int, side: _Side) -> bool:
        """Answer a request; whether *option* is in force only since now."""
        if option not in side.known:
            self._answers += bytes((IAC, side.no, option))
            return False
        if option in side.asked:
            side.asked.discard(option)
        elif option not in side.on:
            self._answers += bytes((IAC, side.yes, option))
        is_new = option not in side.on
        side.on.add(option)
        return is_new

    def _refuse(self, option: int, side: _Side) -> None:
        side.asked.discard(option)
        if option in side.on:
            side.on.discard(option)
            self._answers += bytes((IAC, side.no, option))

    def _is_plain(self, data: bytes) -> bool:
        """Whether *data* is for the port as it is; true for nearly all of a long upload."""
        is_quiet = self._option is None and self._state == self._plain
        return is_quiet and IAC not in data and (self.is_binary or 0 not in data)

    def _keep(self, byte: int) -> None:
        if self._option is not None and len(self._option) <= SUBNEGOTIATION_MAX_BYTES:
            self._option.append(byte)

    def _end_subnegotiation(self) -> None:
        option, self._option = self._option, None
        if option and len(option) <= SUBNEGOTIATION_MAX_BYTES:
            self._events.append(Subnegotiation(option[0], bytes(option[1:])))

    def _flush(self) -> None:
        if self._data:
            self._events.append(Data(bytes(self._data)))
            self._data.clear()
