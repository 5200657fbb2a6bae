# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rim of the room: drives a dialogue over a real port, on a real clock, and reopens it.

All that is decided is decided in the procedures; here are the loop, the port and the time.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from dfota.at import Command, Form, ReplyDecoder, Urc, Value
from dfota.errors import CommandRefusedError, NoReplyError, PortError
from dfota.host.dialogue import (
    URC_QUEUE_MAX,
    Answer,
    Ask,
    Dialogue,
    Happened,
    Keeper,
    Procedure,
)
from dfota.host.events import HostEvent
from dfota.host.transcript import Transcript
from dfota.host.transport import OpenTransport, Transport

T = TypeVar("T")

READ_MAX_S = 0.5
"""Longest wait in one read, so that Ctrl-C is noticed everywhere."""

REOPEN_DELAY_S = 0.5


class Session:
    """One open port and what has been heard there.

    Args:
        open_transport: opens the port; called again when the port went away.
        port: its name, for messages.
        on_event: is told every event at once.
        transcript: records every byte, where given.
        keep: keeps the record of an upgrade, where given.
        clock: seconds, monotonic.
        pause: waits that many seconds.

    Raises:
        PortError: the port cannot be opened.
    """

    def __init__(
        self,
        open_transport: OpenTransport,
        *,
        port: str = "",
        on_event: Callable[[HostEvent], None] | None = None,
        transcript: Transcript | None = None,
        keep: Keeper | None = None,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._open_transport = open_transport
        self._port = port
        self._on_event = on_event
        self._transcript = transcript
        self._keep = keep
        self._clock = clock
        self._pause = pause
        self._decoder = ReplyDecoder()
        self._urcs: deque[Urc] = deque(maxlen=URC_QUEUE_MAX)
        self._transport: Transport | None = open_transport()
        self._has_heard = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def has_heard(self) -> bool:
        """Whether the module has said one word that can be read: an answer or a URC."""
        return self._has_heard

    def close(self) -> None:
        """Give the port back."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def run(self, procedure: Procedure[T]) -> T:
        """Run *procedure* to its end.

        Raises:
            HostError: what the procedure raises.
            PortError: the port went away where the procedure cannot do without it.
        """
        dialogue = Dialogue(procedure, decoder=self._decoder, urcs=self._urcs, keep=self._keep)
        try:
            try:
                dialogue.start(self._clock())
                while not dialogue.finished:
                    self._turn(dialogue)
            finally:
                self._tell(dialogue)
        except PortError as error:
            if error.port:
                raise
            raise PortError(self._port, error.reason) from error
        return dialogue.result

    def ask(self, command: Command, form: Form, **values: Value) -> Answer:
        """Ask one command and give its answer, also an error.

        Raises:
            NoReplyError: no final result code came in time.
            PortError: the port went away.
        """

        def procedure() -> Procedure[Answer]:
            ask = Ask.command(command, form, **values)
            outcome = yield ask
            if isinstance(outcome, Answer):
                return outcome
            if outcome is Happened.PORT_LOST:
                raise PortError("", f"it went away while {ask.line} was asked")
            raise NoReplyError(ask.line, ask.timeout_s)

        return self.run(procedure())

    def ask_ok(self, command: Command, form: Form, **values: Value) -> Answer:
        """Ask one command that must be answered with OK.

        Raises:
            CommandRefusedError: another final result code came.
            NoReplyError: no final result code came in time.
            PortError: the port went away.
        """
        answer = self.ask(command, form, **values)
        if not answer.ok:
            raise CommandRefusedError(f"AT{command.name}", answer.text)
        return answer

    # -- the loop --------------------------------------------------------------------------

    def _turn(self, dialogue: Dialogue[T]) -> None:
        """Send what is to be sent, tell what is to be told, then wait once."""
        self._tell(dialogue)
        if self._transport is None:
            self._reopen(dialogue)
            return
        try:
            output = dialogue.take_output()
            if output:
                if self._transcript is not None:
                    self._transcript.sent(output, self._clock())
                self._transport.write(output)
            data = self._transport.read(self._wait_s(dialogue, READ_MAX_S))
        except PortError as error:
            self._lose_port(error, dialogue)
            return
        now = self._clock()
        if data:
            if self._transcript is not None:
                self._transcript.received(data, now)
            dialogue.feed(data, now)
            self._has_heard = self._has_heard or dialogue.has_heard
        else:
            dialogue.advance(now)

    def _lose_port(self, error: PortError, dialogue: Dialogue[T]) -> None:
        self.close()
        now = self._clock()
        if self._transcript is not None:
            self._transcript.note(f"port lost: {error.reason}", now)
        dialogue.port_lost(now)

    def _reopen(self, dialogue: Dialogue[T]) -> None:
        try:
            self._transport = self._open_transport()
        except PortError:
            self._pause(self._wait_s(dialogue, REOPEN_DELAY_S))
            dialogue.advance(self._clock())
            return
        now = self._clock()
        if self._transcript is not None:
            self._transcript.note("port opened again", now)
        dialogue.port_returned(now)

    def _wait_s(self, dialogue: Dialogue[T], at_most_s: float) -> float:
        if dialogue.deadline is None:
            return at_most_s
        return min(max(dialogue.deadline - self._clock(), 0.0), at_most_s)

    def _tell(self, dialogue: Dialogue[T]) -> None:
        for event in dialogue.take_events():
            if self._on_event is not None:
                self._on_event(event)
