# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The host's half of the conversation, sans-I/O: bytes and time in, bytes and events out.

A *procedure* is a generator that yields steps and is sent what came of each; it says what is
asked in which order. The ``Dialogue`` keeps the rules that hold for every procedure:

Rule 1. One command at a time, with the time limit of the catalogue.
Rule 2. An unsolicited result code may come at any moment and is never lost: it waits in line
until the procedure listens.
Rule 3. No step is ever repeated here. Repeating is the procedure's decision.
Rule 4. A module that restarts has forgotten what it was asked: its answer is not awaited.
Rule 5. What a procedure wants kept is kept before its next step begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from dfota.at import (
    Command,
    DataAcknowledged,
    DataModeEntered,
    DataReceived,
    FinalResult,
    Form,
    InformationReceived,
    Ready,
    ReplyDecoder,
    ReplyEvent,
    ResultCode,
    ResultReceived,
    Urc,
    UrcReceived,
    Value,
    encode_line,
)
from dfota.errors import MisuseError, PortError
from dfota.host.events import HostEvent
from dfota.host.records import UpgradeRecord

RESTART_GRACE_S = 1.0
"""How long an answer may still come after RDY: a module that has started owes none."""

URC_QUEUE_MAX = 1024
"""What a procedure that does not listen may leave waiting; the oldest are dropped."""

RESPONSE_MARGIN_S = 2.0
"""Added to the manual's response time: the way of the bytes, and a module under load."""

T = TypeVar("T")

Keeper = Callable[[UpgradeRecord], None]
"""Writes a record durably before it returns."""


class Happened(Enum):
    """What a step may end with instead of what was hoped for."""

    SILENCE = "silence"
    """The time limit passed."""
    PORT_LOST = "port-lost"
    """The port went away."""
    PORT_RETURNED = "port-returned"
    """The port can be used again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: the information lines and the result code that ended it.

    Attributes:
        lines: information responses, one line each.
        result: the final result code, or CONNECT where data is awaited.
        text: the final result code as it was written.
    """

    lines: tuple[str, ...]
    result: FinalResult
    text: str

    @property
    def ok(self) -> bool:
        """Whether the module answered OK."""
        return self.result is ResultCode.OK


@dataclass(frozen=True, slots=True)
class Ask:
    """Send a command line; gives an ``Answer``, ``SILENCE`` or ``PORT_LOST``.

    Attributes:
        line: the command line.
        timeout_s: how long its answer may take.
        data_size: how many bytes the module sends behind ``CONNECT``; ``None``: none.
    """

    line: str
    timeout_s: float
    data_size: int | None = None

    @classmethod
    def command(cls, command: Command, form: Form, **values: Value) -> Ask:
        """Ask one command of the catalogue, within its own time limit.

        Raises:
            MisuseError: the command has no such form or parameter.
            AtParameterError: a value is missing or not allowed.
        """
        line = encode_line(command.encode(form, **values)).decode("ascii").removesuffix("\r")
        return cls(line, command.max_response_s + RESPONSE_MARGIN_S)

    @classmethod
    def chain(cls, *commands: tuple[Command, Form]) -> Ask:
        """Ask several commands without parameters in one line (V.250, 5.2.1).

        Raises:
            MisuseError: a command has no such form.
        """
        line = encode_line(*(command.encode(form) for command, form in commands))
        longest_s = sum(command.max_response_s for command, _ in commands)
        return cls(line.decode("ascii").removesuffix("\r"), longest_s + RESPONSE_MARGIN_S)


@dataclass(frozen=True, slots=True)
class SendData:
    """Send data after CONNECT and await so many ``acknowledgements`` more than were awaited.

    Those that come early count for the steps that follow, so that more than one piece may be
    on its way. Gives ``None``, or an ``Answer`` where the module broke off, ``SILENCE``, ``PORT_LOST``.
    """

    data: bytes
    acknowledgements: int
    timeout_s: float


@dataclass(frozen=True, slots=True)
class ReceiveData:
    """Await more of the data behind ``CONNECT``; gives bytes, or what ``Ask`` gives."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class AwaitAnswer:
    """Await the rest of a reply after the data; gives what ``Ask`` gives."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Listen:
    """Await an unsolicited result code; gives it, or what happened instead."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class ForgetUrcs:
    """Drop the unsolicited result codes that wait in line; gives ``None``."""


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the caller an event; gives ``None``."""

    event: HostEvent


@dataclass(frozen=True, slots=True)
class Keep:
    """Have the record of the upgrade kept where the host's death does not reach it.

    Gives ``None`` when it is safe; what the keeper raises ends the procedure.
    """

    record: UpgradeRecord


@dataclass(frozen=True, slots=True)
class Now:
    """Ask for the time; gives seconds on the caller's clock."""


Step = Ask | SendData | ReceiveData | AwaitAnswer | Listen | ForgetUrcs | Report | Keep | Now
Procedure = Generator[Step, Any, T]
"""Yields steps, is sent what came of each, returns a result or raises a ``HostError``."""


def ask(command: Command, form: Form, **values: Value) -> Procedure[Answer | None]:
    """Ask where nothing has been started yet; ``None`` where no answer came in time.

    Raises:
        PortError: the port went away; the session fills in its name.
    """
    return (yield from _ask(Ask.command(command, form, **values)))


def lines_of(answer: Answer | None) -> tuple[str, ...]:
    """The information lines of an answer that ended with OK; none of any other."""
    return answer.lines if answer is not None and answer.ok else ()


def ask_chain(*commands: tuple[Command, Form]) -> Procedure[Answer | None]:
    """Like ``ask``, with several commands in one line.

    Raises:
        PortError: the port went away; the session fills in its name.
    """
    return (yield from _ask(Ask.chain(*commands)))


def _ask(step: Ask) -> Procedure[Answer | None]:
    outcome = yield step
    if outcome is Happened.PORT_LOST:
        raise PortError("", f"it went away while {step.line} was asked; nothing was started")
    return outcome if isinstance(outcome, Answer) else None


@dataclass(slots=True)
class _Waiting:
    """The step that has not ended yet."""

    step: Ask | SendData | ReceiveData | AwaitAnswer | Listen
    until: float
    lines: list[str] = field(default_factory=list)


class Dialogue(Generic[T]):
    """Run one procedure over one byte stream.

    Args:
        procedure: what to do.
        decoder: the ear; give the same one to all procedures of a port.
        urcs: the line of unsolicited result codes; likewise.
        keep: keeps the records; without one they are kept nowhere.
    """

    def __init__(
        self,
        procedure: Procedure[T],
        *,
        decoder: ReplyDecoder | None = None,
        urcs: deque[Urc] | None = None,
        keep: Keeper | None = None,
    ) -> None:
        self._procedure = procedure
        self._keep = keep
        self._decoder = ReplyDecoder() if decoder is None else decoder
        self._urcs: deque[Urc] = deque(maxlen=URC_QUEUE_MAX) if urcs is None else urcs
        self._output = bytearray()
        self._events: list[HostEvent] = []
        self._data = bytearray()
        self._acknowledgements = 0  # that came and were not awaited yet
        self._waiting: _Waiting | None = None
        self._port_open = True
        self._returned = False
        self._has_heard = False
        self._result: T | None = None
        self._finished = False

    @property
    def finished(self) -> bool:
        """Whether the procedure has returned."""
        return self._finished

    @property
    def has_heard(self) -> bool:
        """Whether something was received that is AT: an answer or a URC that we know."""
        return self._has_heard

    @property
    def result(self) -> T:
        """What the procedure returned.

        Raises:
            MisuseError: it has not finished.
        """
        if not self._finished:
            raise MisuseError("the procedure has not finished")
        return self._result  # type: ignore[return-value]  # set together with _finished

    @property
    def deadline(self) -> float | None:
        """When ``advance`` must be called at the latest."""
        return None if self._waiting is None else self._waiting.until

    def take_output(self) -> bytes:
        """Bytes to send to the module now."""
        data = bytes(self._output)
        self._output.clear()
        return data

    def take_events(self) -> list[HostEvent]:
        """Events since the last call."""
        events, self._events = self._events, []
        return events

    def start(self, now: float) -> None:
        """Begin; every method that takes *now* may raise what the procedure raises."""
        self._go_on(None, now)

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes from the module, and time."""
        for event in self._decoder.feed(data):
            self._take(event, now)
        self.advance(now)

    def advance(self, now: float) -> None:
        """Let time pass."""
        while self._waiting is not None and now >= self._waiting.until:
            if not isinstance(self._waiting.step, Listen):
                self._decoder.abandon()
            self._end_step(Happened.SILENCE, now)

    def port_lost(self, now: float) -> None:
        """The port went away; unsent output is gone."""
        self._port_open = False
        self._returned = False
        self._output.clear()
        self._decoder.abandon()
        if self._waiting is not None:
            self._end_step(Happened.PORT_LOST, now)

    def port_returned(self, now: float) -> None:
        """The port is open again."""
        self._port_open = True
        self._returned = True
        if self._waiting is not None and isinstance(self._waiting.step, Listen):
            self._returned = False
            self._end_step(Happened.PORT_RETURNED, now)

    # -- inside ------------------------------------------------------------------------

    def _end_step(self, outcome: object, now: float) -> None:
        self._waiting = None
        self._go_on(outcome, now)

    def _go_on(self, outcome: object, now: float) -> None:
        """Run the procedure up to its next step that has to wait."""
        while not self._finished:
            try:
                step = self._procedure.send(outcome)
            except StopIteration as stop:
                self._result = stop.value
                self._finished = True
                return
            outcome = self._begin(step, now)
            if self._waiting is not None:
                return

    def _begin(self, step: Step, now: float) -> object:
        match step:
            case Report(event):
                self._events.append(event)
                return None
            case Keep(record):
                if self._keep is not None:
                    self._keep(record)
                return None
            case Now():
                return now
            case ForgetUrcs():
                self._urcs.clear()
                return None
            case Listen():
                return self._begin_listening(step, now)
            case Ask(line, timeout_s, data_size):
                if not self._port_open:
                    return Happened.PORT_LOST
                self._decoder.begin(line, data_size=data_size)
                self._data.clear()
                self._acknowledgements = 0
                self._output += line.encode("ascii") + b"\r"
                self._waiting = _Waiting(step, now + timeout_s)
            case SendData(data, acknowledgements, timeout_s):
                if not self._port_open:
                    return Happened.PORT_LOST
                self._output += data
                if self._acknowledgements >= acknowledgements:
                    self._acknowledgements -= acknowledgements
                    return None
                self._waiting = _Waiting(step, now + timeout_s)
            case ReceiveData(timeout_s):
                if self._data:
                    return self._take_data()
                if not self._port_open:
                    return Happened.PORT_LOST
                self._waiting = _Waiting(step, now + timeout_s)
            case AwaitAnswer(timeout_s):
                if not self._port_open:
                    return Happened.PORT_LOST
                self._waiting = _Waiting(step, now + timeout_s)
        return None

    def _take_data(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data

    def _begin_listening(self, step: Listen, now: float) -> object:
        if self._urcs:
            return self._urcs.popleft()
        if self._returned:
            self._returned = False
            return Happened.PORT_RETURNED
        self._waiting = _Waiting(step, now + step.timeout_s)
        return None

    def _take(self, event: ReplyEvent, now: float) -> None:
        self._has_heard |= isinstance(event, (UrcReceived, ResultReceived, DataModeEntered))
        if isinstance(event, UrcReceived):
            self._urcs.append(event.urc)
            if self._waiting is not None and isinstance(event.urc, Ready):
                self._waiting.until = min(self._waiting.until, now + RESTART_GRACE_S)
            if self._waiting is not None and isinstance(self._waiting.step, Listen):
                self._end_step(self._urcs.popleft(), now)
            return
        waiting = self._waiting
        if isinstance(event, DataReceived):
            self._data += event.data
            if waiting is not None and isinstance(waiting.step, ReceiveData):
                self._end_step(self._take_data(), now)
            return
        if waiting is None or isinstance(waiting.step, Listen):
            return
        match event:
            case InformationReceived(text):
                waiting.lines.append(text)
            case DataModeEntered() if isinstance(waiting.step, Ask):
                self._end_step(Answer((), ResultCode.CONNECT, "CONNECT"), now)
            case DataAcknowledged(count):
                self._acknowledgements += count
                step = waiting.step
                if isinstance(step, SendData) and self._acknowledgements >= step.acknowledgements:
                    self._acknowledgements -= step.acknowledgements
                    self._end_step(None, now)
            case ResultReceived(result, text):
                self._end_step(Answer(tuple(waiting.lines), result, text), now)
            case _:
                pass
