# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What both drivers share: what was heard at one port, and who is told; no loop, no port, no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from dfota.at import ReplyDecoder, Urc
from dfota.errors import PortError
from dfota.host.dialogue import URC_QUEUE_MAX, Dialogue, Keeper, Procedure
from dfota.host.events import HostEvent
from dfota.host.transcript import Transcript

T = TypeVar("T")


class SessionState:
    """One port between its procedures: the ear, the URCs in line, the transcript.

    Args:
        port: its name, for messages.
        on_event: is told every event at once.
        transcript: records every byte, where given.
        keep: keeps the record of an upgrade, where given.

    Attributes:
        has_heard: whether the module has said one word that can be read.
    """

    def __init__(
        self,
        *,
        port: str,
        on_event: Callable[[HostEvent], None] | None,
        transcript: Transcript | None,
        keep: Keeper | None,
    ) -> None:
        self.has_heard = False
        self._port = port
        self._on_event = on_event
        self._transcript = transcript
        self._keep = keep
        self._decoder = ReplyDecoder()
        self._urcs: deque[Urc] = deque(maxlen=URC_QUEUE_MAX)

    def begin(self, procedure: Procedure[T]) -> Dialogue[T]:
        """The dialogue of *procedure*, which goes on hearing where the last one stopped."""
        return Dialogue(procedure, decoder=self._decoder, urcs=self._urcs, keep=self._keep)

    @contextmanager
    def running(self, dialogue: Dialogue[T]) -> Iterator[None]:
        """Whatever ends the block, the last events are told, and errors name the port.

        Raises:
            PortError: the port went away.
        """
        try:
            try:
                yield
            finally:
                self.tell(dialogue)
        except PortError as error:
            if error.port:
                raise
            raise PortError(self._port, error.reason) from error

    def tell(self, dialogue: Dialogue[T]) -> None:
        """Tell what the procedure has reported."""
        for event in dialogue.take_events():
            if self._on_event is not None:
                self._on_event(event)

    def output(self, dialogue: Dialogue[T], now: float) -> bytes:
        """What is to be sent now; it is written down as sent."""
        output = dialogue.take_output()
        if output and self._transcript is not None:
            self._transcript.sent(output, now)
        return output

    def heard(self, dialogue: Dialogue[T], data: bytes, now: float) -> None:
        """The port gave *data*, or nothing while time passed."""
        if not data:
            dialogue.advance(now)
            return
        if self._transcript is not None:
            self._transcript.received(data, now)
        dialogue.feed(data, now)
        self.has_heard = self.has_heard or dialogue.has_heard

    def lost(self, dialogue: Dialogue[T], error: PortError, now: float) -> None:
        """The port went away, and has been closed."""
        if self._transcript is not None:
            self._transcript.note(f"port lost: {error.reason}", now)
        dialogue.port_lost(now)

    def returned(self, dialogue: Dialogue[T], now: float) -> None:
        """The port is open again."""
        if self._transcript is not None:
            self._transcript.note("port opened again", now)
        dialogue.port_returned(now)


def wait_s(dialogue: Dialogue[T], now: float, at_most_s: float) -> float:
    """How long nothing is due, at most *at_most_s*."""
    if dialogue.deadline is None:
        return at_most_s
    return min(max(dialogue.deadline - now, 0.0), at_most_s)
