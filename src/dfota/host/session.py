# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rim of the room: drives a dialogue over a real port, on a real clock, and reopens it.

All that is decided is decided in the procedures; here are the loop, the port and the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from dfota.at import Command, Form, Value
from dfota.errors import CommandRefusedError, NoReplyError, PortError
from dfota.host.dialogue import Answer, Ask, Dialogue, Happened, Keeper, Procedure
from dfota.host.events import HostEvent
from dfota.host.session_state import SessionState, wait_s
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
        self._state = SessionState(port=port, on_event=on_event, transcript=transcript, keep=keep)
        self._clock = clock
        self._pause = pause
        self._transport: Transport | None = open_transport()

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
        return self._state.has_heard

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
        dialogue = self._state.begin(procedure)
        with self._state.running(dialogue):
            dialogue.start(self._clock())
            while not dialogue.finished:
                self._turn(dialogue)
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
        self._state.tell(dialogue)
        if self._transport is None:
            self._reopen(dialogue)
            return
        try:
            output = self._state.output(dialogue, self._clock())
            if output:
                self._transport.write(output)
            data = self._transport.read(wait_s(dialogue, self._clock(), READ_MAX_S))
        except PortError as error:
            self.close()
            self._state.lost(dialogue, error, self._clock())
            return
        self._state.heard(dialogue, data, self._clock())

    def _reopen(self, dialogue: Dialogue[T]) -> None:
        try:
            self._transport = self._open_transport()
        except PortError:
            self._pause(wait_s(dialogue, self._clock(), REOPEN_DELAY_S))
            dialogue.advance(self._clock())
            return
        self._state.returned(dialogue, self._clock())
