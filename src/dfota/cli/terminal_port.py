# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rim of the terminal: one port, opened again when it comes back; no screen in here."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from dfota.cli.terminal_lines import Conversation, Kind, Shown, meaning_of
from dfota.errors import PortError
from dfota.host import (
    Happened,
    HostEvent,
    Listen,
    OpenTransport,
    Procedure,
    Session,
    Transcript,
    Transport,
)

T = TypeVar("T")

REOPEN_DELAY_S = 0.5


class TerminalPort:
    """The port and the conversation on it.

    Args:
        open_transport: opens the port; called again when it went away.
        conversation: what is said.
        show: is given every line to show, at once.
        transcript: records every byte, where given.
        name: of the port, for messages.
        clock: seconds, monotonic.
        pause: waits that many seconds.

    Raises:
        PortError: the port cannot be opened.
    """

    def __init__(
        self,
        open_transport: OpenTransport,
        conversation: Conversation,
        show: Callable[[Shown], None],
        *,
        transcript: Transcript | None = None,
        name: str = "",
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.conversation = conversation
        self.name = name
        self.clock = clock
        self._open_transport = open_transport
        self._show = show
        self._transcript = transcript
        self._pause = pause
        self._transport: Transport | None = open_transport()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    @property
    def is_open(self) -> bool:
        """Whether the port is there."""
        return self._transport is not None

    def send(self, line: str) -> None:
        """Send a command line.

        Raises:
            MisuseError: the last one has not been answered.
        """
        self._write(self.conversation.send(line, self.clock()))

    def send_text(self, text: str) -> None:
        """Send the text that the module asked for.

        Raises:
            MisuseError: it did not ask for any.
        """
        self._write(self.conversation.send_text(text, self.clock()))

    def send_data(self, data: bytes) -> None:
        """Send *data* as it is.

        Raises:
            MisuseError: the module does not wait for data.
        """
        self._write(self.conversation.send_data(data, self.clock()))

    def stop_waiting(self) -> None:
        """Give up on the answer."""
        output, shown = self.conversation.stop_waiting(self.clock())
        self._write(output)
        self._show_all(shown)

    def pump(self, timeout_s: float) -> None:
        """Wait for bytes once, at most *timeout_s*, and show what they complete."""
        if self._transport is None:
            self._reopen(timeout_s)
            return
        try:
            data = self._transport.read(timeout_s)
        except PortError as error:
            self._lose(error)
            return
        now = self.clock()
        if data:
            if self._transcript is not None:
                self._transcript.received(data, now)
            self._show_all(self.conversation.feed(data, now))
        self._show_all(self.conversation.advance(now))

    def run(
        self, procedure: Procedure[T], on_event: Callable[[HostEvent], None] | None = None
    ) -> T:
        """Run a procedure of the host on the open port.

        Raises:
            HostError: what the procedure raises.
            PortError: the port went away.
        """
        transport = self._transport
        if transport is None:
            raise PortError(self.name, "it is not there now")

        def borrow() -> Transport:
            return _Borrowed(transport)

        with Session(
            borrow,
            port=self.name,
            on_event=on_event,
            transcript=self._transcript,
            clock=self.clock,
            pause=self._pause,
        ) as session:
            try:
                return session.run(procedure)
            finally:
                self._show_all(session.run(self._heard()))

    # -- inside ----------------------------------------------------------------------------

    def _heard(self) -> Procedure[list[Shown]]:
        """What the module said by itself in between."""
        found: list[Shown] = []
        while True:
            urc = yield Listen(0.0)
            if isinstance(urc, Happened):
                return found
            text = urc.encode()
            found.append(Shown(Kind.URC, text, meaning_of(text, self.conversation.family)))

    def _write(self, data: bytes) -> None:
        if not data:
            return
        if self._transport is None:
            self._show_all(self.conversation.port_lost("it is not there", self.clock()))
            return
        try:
            if self._transcript is not None:
                self._transcript.sent(data, self.clock())
            self._transport.write(data)
        except PortError as error:
            self._lose(error)

    def _lose(self, error: PortError) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        now = self.clock()
        if self._transcript is not None:
            self._transcript.note(f"port lost: {error.reason}", now)
        self._show_all(self.conversation.port_lost(error.reason, now))

    def _reopen(self, timeout_s: float) -> None:
        try:
            self._transport = self._open_transport()
        except PortError:
            self._pause(min(max(timeout_s, 0.05), REOPEN_DELAY_S))
            return
        if self._transcript is not None:
            self._transcript.note("port opened again", self.clock())
        self._show_all(self.conversation.port_returned())

    def _show_all(self, shown: list[Shown]) -> None:
        for one in shown:
            self._show(one)


class _Borrowed:
    """The terminal's transport in other hands: they cannot close it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, timeout_s: float) -> bytes:
        return self._transport.read(timeout_s)

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def close(self) -> None:
        return
