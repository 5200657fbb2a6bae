# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The data modes of a port: a file going up or down; no command line is looked at here.

FILE manual V1.0, chapters 1.2, 2.4 and 2.5. ``+++`` leaves a data mode when nothing was
sent for a second before and a second after it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from dfota.at import CmeError, xor16
from dfota.errors import FileSystemError
from dfota.modem.filesystem import IncomingFile
from dfota.modem.profiles import Profile, UploadTimeout
from dfota.modem.reply import OK, Reply
from dfota.modem.timeline import Pace, Timer

if TYPE_CHECKING:
    from dfota.modem.port import Port

ACK_BYTES = 1024
GUARD_S = 1.0
TIMED_OUT = 421
UART_BYTE_S = 10 / 115200
"""One byte with start and stop bit at the factory speed."""

_ESCAPE = b"+++"
_DOWN_BYTES = 2048


class RunningXor:
    """``xor16`` of pieces of any size."""

    def __init__(self) -> None:
        self._value = 0
        self._odd = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        if not data:
            return
        value = xor16(b"\0" + data if self._odd else data)
        self._value ^= value
        self._odd ^= len(data) % 2 == 1

    def text(self, profile: Profile) -> str:
        """Hexadecimal, as the module prints it."""
        digits = f"{self._value:04x}" if profile.checksum_leading_zeros else f"{self._value:x}"
        return digits.upper() if profile.checksum_upper_case else digits


class Transfer(ABC):
    """A data mode: owns the port from ``CONNECT`` until it calls ``port.end_transfer``."""

    @abstractmethod
    def begin(self, port: Port) -> None:
        """Enter; ``CONNECT`` is out."""

    @abstractmethod
    def feed(self, data: bytes) -> bytes:
        """Take bytes from the host; gives back what lies behind the end of the data."""

    @abstractmethod
    def escape(self) -> None:
        """Leave for command mode, as after ``+++`` or a drop of DTR."""

    @abstractmethod
    def abort(self) -> None:
        """The module restarts or lost power: leave nothing behind, say nothing."""


class Upload(Transfer):
    """A file from the host, ``AT+QFUPL``."""

    def __init__(
        self,
        file: IncomingFile,
        size: int,
        *,
        timeout_s: float,
        acknowledges: bool,
        profile: Profile,
    ) -> None:
        self._file = file
        self._size = size
        self._timeout_s = timeout_s
        self._acknowledges = acknowledges
        self._profile = profile
        self._received = 0
        self._sum = RunningXor()
        self._error: FileSystemError | None = None
        self._held = b""  # a possible +++
        self._last_at = 0.0
        self._timer: Timer | None = None

    def begin(self, port: Port) -> None:
        """Enter; ``CONNECT`` is out."""
        self._port = port
        self._last_at = port.timeline.now
        self._restart_timer(self._timeout_s)

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the host; gives back what lies behind the end of the file."""
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
        self._take(held[:remaining])
        if self._received == self._size:
            self._end(None)
            return held[remaining:]
        self._restart_timer(self._timeout_s)
        return b""

    def escape(self) -> None:
        """Keep what came, and answer with OK."""
        self._end(OK)

    def abort(self) -> None:
        """Leave nothing behind."""
        self._stop_timer()
        self._file.discard()

    def _take(self, data: bytes) -> None:
        before = self._received // ACK_BYTES
        self._received += len(data)
        self._sum.feed(data)
        if self._error is None:
            try:
                self._file.write(data)
            except FileSystemError as error:
                # The rest is swallowed: the host is in the middle of sending it.
                self._error = error
        count = self._received // ACK_BYTES - before
        is_exact_end = self._received == self._size and self._size % ACK_BYTES == 0
        if is_exact_end and not self._profile.ack_on_exact_kb:
            count -= 1
        if self._acknowledges and count > 0:
            self._port.write(b"A" * count)

    def _restart_timer(self, timeout_s: float) -> None:
        self._stop_timer()
        self._timer = self._port.timeline.wait(timeout_s, self._on_silence)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _on_silence(self) -> None:
        if self._held == _ESCAPE:
            self._end(OK)
            return
        self._take(self._held)
        is_error = self._profile.upload_timeout is UploadTimeout.ERROR_421
        self._end(Reply(result=CmeError(TIMED_OUT)) if is_error else None)

    def _end(self, early: Reply | None) -> None:
        """Keep what came; *early* is the answer in place of the result line."""
        self._stop_timer()
        checksum = self._sum.text(self._profile)
        reply = early or Reply((f"+QFUPL: {self._received},{checksum}",))
        try:
            if self._error is not None:
                raise self._error
            if self._received:
                self._file.end()
        except FileSystemError as error:
            reply = Reply(result=CmeError(error.number))
        finally:
            self._file.discard()
        self._port.end_transfer(reply)


class Sending(Transfer):
    """A file to the host, ``AT+QFDWL``."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._stopped = False
        self._last_at = 0.0
        self._held = b""
        self._timer: Timer | None = None

    def begin(self, port: Port) -> None:
        """Enter; ``CONNECT`` is out."""
        self._port = port
        self._last_at = port.timeline.now
        port.timeline.play(self._send())

    def feed(self, data: bytes) -> bytes:
        """Look for ``+++``; anything else that the host sends now is lost."""
        now = self._port.timeline.now
        was_silent = now - self._last_at >= GUARD_S
        self._last_at = now
        if self._timer is not None:
            self._timer.cancel()
        held = self._held + data
        self._held = held if (self._held or was_silent) and _ESCAPE.startswith(held) else b""
        if self._held == _ESCAPE:
            self._timer = self._port.timeline.wait(GUARD_S, self.escape)
        return b""

    def abort(self) -> None:
        """Stop sending."""
        self._stopped = True

    def escape(self) -> None:
        """Stop sending, and answer with OK."""
        if not self._stopped:
            self._stopped = True
            self._port.end_transfer(OK)

    def _send(self) -> Pace:
        checksum = RunningXor()
        for offset in range(0, len(self._data), _DOWN_BYTES):
            piece = self._data[offset : offset + _DOWN_BYTES]
            checksum.feed(piece)
            self._port.write(piece)
            yield len(piece) * UART_BYTE_S
            if self._stopped:
                return
        self._stopped = True
        text = checksum.text(self._port.module.profile)
        self._port.end_transfer(Reply((f"+QFDWL: {len(self._data)},{text}",)))
