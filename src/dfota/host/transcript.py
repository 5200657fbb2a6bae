# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A record of every byte in both directions with its time; it decides nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO

from dfota.at import escape
from dfota.errors import OutputError

_STREAM_FOLDERS = (Path("/dev"), Path("/dev/fd"), Path("/proc/self/fd"))


def open_private(path: Path, *, append: bool = False) -> IO[bytes]:
    """Open *path* for unbuffered writing, for its owner only; a link to a file is refused.

    A device or a pipe, as ``/dev/stdout`` may be, is written to as it is.

    Raises:
        OSError: it cannot be opened.
    """
    if path.exists() and (not path.is_file() or path.parent in _STREAM_FOLDERS):
        return path.open("ab" if append else "wb", buffering=0)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    flags |= os.O_APPEND if append else os.O_TRUNC
    descriptor = os.open(path, flags, 0o600)
    return os.fdopen(descriptor, "ab" if append else "wb", buffering=0)


class Transcript:
    r"""A text file, one line per write or read, complete up to the last byte at any moment.

    A line is the time in seconds since the start, ``>`` to the module or ``<`` from it, and
    the bytes: printable ASCII as it is, everything else as ``\r``, ``\n``, ``\\`` or ``\xNN``.

    A disk that fills up must not stop an upgrade: recording ends, and ``failure`` says so.

    Args:
        path: of the file.
        date: gives date and time of day, for a first line that says when it began.
        append: go on behind what is there, as an upgrade that is resumed does.

    Raises:
        OutputError: the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        date: Callable[[], datetime] | None = None,
        append: bool = False,
    ) -> None:
        self._path = path
        self._date = date
        self._started_at: float | None = None
        self.failure: OutputError | None = None
        try:
            # Unbuffered: what a line says has been written when the call returns.
            self._stream = open_private(path, append=append)
        except OSError as error:
            raise OutputError(str(path), error.strerror or str(error)) from error

    def sent(self, data: bytes, now: float) -> None:
        """Record *data* on its way to the module."""
        self._record(">", data, now)

    def received(self, data: bytes, now: float) -> None:
        """Record *data* that came from the module."""
        self._record("<", data, now)

    def note(self, text: str, now: float) -> None:
        """Record something that is not a byte: the port went away or came back."""
        self._write(f"{self._seconds(now):10.3f} # {text}\n")

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _record(self, direction: str, data: bytes, now: float) -> None:
        self._write(f"{self._seconds(now):10.3f} {direction} {escape(data)}\n")

    def _seconds(self, now: float) -> float:
        if self._started_at is None:
            self._started_at = now
            if self._date is not None:
                self.note(f"began {self._date().isoformat(timespec='milliseconds')}", now)
        return now - self._started_at

    def _write(self, line: str) -> None:
        if self.failure is not None:
            return
        try:
            self._stream.write(line.encode("ascii"))
        except OSError as error:
            self.failure = OutputError(str(self._path), error.strerror or str(error))
