# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The data modes of a port: bytes in, bytes out, silence and escape; no file and no URL here.

FILE manual V1.0, 1.2, and HTTP manual V1.0, 1.3. ``+++`` leaves a data mode when nothing
was sent for a second before and a second after it, and so does a dropped DTR (``AT&D1``).

A data mode never hangs: one that receives ends after its time limit of silence, one that
sends ends when everything is out or its source says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from dfota.at import ReplyFormat
from dfota.modem.reply import OK, Reply
from dfota.modem.timeline import Pace, Timer

if TYPE_CHECKING:
    from dfota.modem.port import Port

GUARD_S = 1.0
UART_BYTE_S = 10 / 115200
"""One byte with start and stop bit at the factory speed."""

_ESCAPE = b"+++"
_DOWN_BYTES = 2048


class Transfer(ABC):
    """A data mode: owns the port from ``CONNECT`` until it calls ``port.end_transfer``.

    Attributes:
        is_mute: no URC may come while it lasts; false where only the host sends.
        connect_size: the number behind ``CONNECT``, where there is one.
    """

    is_mute = True
    connect_size: int | None = None

    def opening(self, reply_format: ReplyFormat) -> bytes:
        """What tells the host that the data mode begins; sent behind the information lines."""
        return reply_format.connected(self.connect_size)

    @abstractmethod
    def begin(self, port: Port) -> None:
        """Enter; ``opening`` is out."""

    @abstractmethod
    def feed(self, data: bytes) -> bytes:
        """Take bytes from the host; gives back what lies behind the end of the data."""

    @abstractmethod
    def escape(self) -> None:
        """Leave at once with OK, as after ``+++``; harmless when it has ended."""

    @abstractmethod
    def abort(self) -> None:
        """The module restarts or lost power: leave nothing behind, say nothing."""


class Receiving(Transfer):
    """Data from the host, until it is enough, silent for too long, or escaped from.

    Args:
        size: how many bytes are enough.
        timeout_s: the longest silence.
    """

    def __init__(self, size: int, timeout_s: float) -> None:
        self._size = size
        self._timeout_s = timeout_s
        self._received = 0
        self._held = b""  # a possible +++
        self._last_at = 0.0
        self._timer: Timer | None = None
        self._has_ended = False

    @abstractmethod
    def _take(self, data: bytes) -> None:
        """Take the next bytes of the data; never raises."""

    @abstractmethod
    def _result(self) -> Reply:
        """The answer when all data are there."""

    @abstractmethod
    def _silence(self) -> Reply:
        """The answer when the host stopped sending."""

    def _leave(self) -> None:
        """Keep what is to be kept after an escape."""

    def begin(self, port: Port) -> None:
        """Enter; ``CONNECT`` is out."""
        self._port = port
        self._last_at = port.timeline.now
        self._restart_timer(self._timeout_s)

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the host; gives back what lies behind the end of the data."""
        now = self._port.timeline.now
        was_silent = now - self._last_at >= GUARD_S
        self._last_at = now
        held = self._held + data
        remaining = self._size - self._received
        if (self._held or was_silent) and _ESCAPE.startswith(held) and len(held) < remaining:
            self._held = held
            self._restart_timer(GUARD_S if held == _ESCAPE else self._timeout_s)
            return b""
        self._held = b""
        self._count(held[:remaining])
        if self._received == self._size:
            self._end(self._result())
            return held[remaining:]
        self._restart_timer(self._timeout_s)
        return b""

    def escape(self) -> None:
        """Leave at once; what came so far is kept."""
        if not self._has_ended:
            held, self._held = self._held, b""
            self._count(held)
            self._leave()
            self._end(OK)

    def abort(self) -> None:
        """Say nothing."""
        self._has_ended = True
        self._stop_timer()

    def _count(self, data: bytes) -> None:
        self._received += len(data)
        self._take(data)

    def _end(self, reply: Reply) -> None:
        self._has_ended = True
        self._stop_timer()
        self._port.end_transfer(reply)

    def _restart_timer(self, timeout_s: float) -> None:
        self._stop_timer()
        self._timer = self._port.timeline.wait(timeout_s, self._on_silence)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_silence(self) -> None:
        held, self._held = self._held, b""
        if held == _ESCAPE:
            self.escape()
            return
        self._count(held)
        self._end(self._silence())


class Sending(Transfer):
    """Data to the host, at the speed of the line, until they are out or escaped from.

    Args:
        size: how many bytes are sent.
        read: gives the bytes at an offset, at most that many; a ``Reply`` breaks off.
        result: the answer when all is out.
    """

    def __init__(
        self,
        size: int,
        read: Callable[[int, int], bytes | Reply],
        result: Callable[[], Reply],
    ) -> None:
        self._size = size
        self._read = read
        self._result = result
        self._stopped = False
        self._ear = EscapeEar()

    def begin(self, port: Port) -> None:
        """Enter; ``CONNECT`` is out."""
        self._port = port
        self._ear.begin(port, self.escape)
        port.timeline.play(self._send())

    def feed(self, data: bytes) -> bytes:
        """Look for ``+++``; anything else that the host sends now is lost."""
        self._ear.feed(data)
        return b""

    def escape(self) -> None:
        """Stop sending."""
        if not self._stopped:
            self._end(OK)

    def abort(self) -> None:
        """Stop sending."""
        self._stopped = True
        self._ear.stop()

    def _send(self) -> Pace:
        sent = 0
        while sent < self._size and not self._stopped:
            piece = self._read(sent, min(_DOWN_BYTES, self._size - sent))
            if isinstance(piece, Reply):
                self._end(piece)
                return
            sent += len(piece)
            self._port.write(piece)
            yield len(piece) * UART_BYTE_S
        if not self._stopped:
            self._end(self._result())

    def _end(self, reply: Reply) -> None:
        self.abort()
        self._port.end_transfer(reply)


class EscapeEar:
    """Hears ``+++`` between two silences in what the host sends while the module sends."""

    def __init__(self) -> None:
        self._last_at = 0.0
        self._held = b""
        self._timer: Timer | None = None

    def begin(self, port: Port, on_escape: Callable[[], None]) -> None:
        """Listen from now on."""
        self._timeline = port.timeline
        self._on_escape = on_escape
        self._last_at = port.timeline.now

    def feed(self, data: bytes) -> None:
        """Take what the host sent."""
        now = self._timeline.now
        was_silent = now - self._last_at >= GUARD_S
        self._last_at = now
        self.stop()
        held = self._held + data
        self._held = held if (self._held or was_silent) and _ESCAPE.startswith(held) else b""
        if self._held == _ESCAPE:
            self._timer = self._timeline.wait(GUARD_S, self._on_escape)

    def stop(self) -> None:
        """Do not call anybody any more."""
        if self._timer is not None:
            self._timer.cancel()
