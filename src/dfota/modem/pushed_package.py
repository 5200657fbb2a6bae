# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The data mode of ``AT+QFOTADL="FILE:<length>"``: a package from the host, without CONNECT.

LTE Standard(A) DFOTA guide V1.5, 6.3: behind FILESTART the host sends the bytes, and the
module tells how far it is on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from dfota.errors import FileSystemError
from dfota.modem.filesystem import IncomingFile
from dfota.modem.timeline import Timer
from dfota.modem.transfer import Transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dfota.modem.port import Port


class PushEnded(Protocol):
    """Told once how a push ended."""

    def __call__(self, *, is_complete: bool) -> None:
        """*is_complete*: every byte came and is stored."""


class PushedPackage(Transfer):
    """A package that the host sends.

    Args:
        file: where it goes.
        size: how many bytes the host promised.
        on_progress: told after each piece: bytes so far, and all.
        on_end: told how it ended.
    """

    is_mute = False

    def __init__(
        self,
        file: IncomingFile,
        size: int,
        *,
        on_progress: Callable[[int, int | None], None],
        on_end: PushEnded,
    ) -> None:
        self._file = file
        self._size = size
        self._received = 0
        self._has_failed = False
        self._on_progress = on_progress
        self._on_end = on_end
        self._timer: Timer | None = None

    def begin(self, port: Port) -> None:
        """Enter; FILESTART is out."""
        self._port = port
        self._restart_timer()

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the host; gives back what lies behind the package."""
        piece = data[: self._size - self._received]
        self._received += len(piece)
        try:
            if not self._has_failed:
                self._file.write(piece)
        except FileSystemError:
            self._has_failed = True  # the rest is swallowed: the host is sending it already
        self._on_progress(self._received, self._size)
        if self._received == self._size:
            self._end()
        else:
            self._restart_timer()
        return data[len(piece) :]

    def escape(self) -> None:
        """The host gives up."""
        self._end()

    def abort(self) -> None:
        """Leave nothing behind."""
        self._stop_timer()
        self._file.discard()

    def _restart_timer(self) -> None:
        self._stop_timer()
        patience_s = self._port.module.profile.data_timeout_s
        self._timer = self._port.timeline.wait(patience_s, self._end)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _end(self) -> None:
        self._stop_timer()
        is_complete = self._received == self._size and not self._has_failed
        try:
            if is_complete:
                self._file.end()
        except FileSystemError:
            is_complete = False
        finally:
            self._file.discard()
        self._port.leave_data()
        self._on_end(is_complete=is_complete)
