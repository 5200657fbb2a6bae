# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""All bytes of all ports with virtual time stamps, for people and tests; it changes none."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

from dfota.at import escape
from dfota.errors import OutputError


class Direction(Enum):
    """Who wrote."""

    TO_MODULE = ">"
    TO_HOST = "<"


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One write.

    Attributes:
        at_s: virtual seconds since the module was first powered.
        port: its name.
        direction: who wrote.
        data: the bytes.
    """

    at_s: float
    port: str
    direction: Direction
    data: bytes

    def __str__(self) -> str:
        return f"{self.at_s:10.3f} {self.port} {self.direction.value} {escape(self.data)}"


TranscriptSink = Callable[[TranscriptEntry], None]


class TranscriptFile:
    """Writes entries to a file, one line each, complete after each line.

    A module does not stop because somebody who watches it has a full disk: what cannot be
    written is told once, and from then on nothing is written.
    """

    def __init__(
        self, path: Path, on_failure: Callable[[OutputError], None] = lambda _error: None
    ) -> None:
        """Begin the file; what it held is gone.

        Args:
            path: where.
            on_failure: told when it cannot be gone on with.

        Raises:
            OutputError: it cannot be written.
        """
        self._path = path
        self._on_failure = on_failure
        try:
            self._stream: IO[str] | None = path.open("w", encoding="ascii", buffering=1)
        except OSError as error:
            raise OutputError(str(path), error.strerror or str(error)) from error

    def __call__(self, entry: TranscriptEntry) -> None:
        """Append one line."""
        if self._stream is None:
            return
        try:
            self._stream.write(f"{entry}\n")
        except OSError as error:
            self.close()
            self._on_failure(OutputError(str(self._path), error.strerror or str(error)))

    def close(self) -> None:
        """Close the file; harmless twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(OSError):  # the rest of a line that was told already
                stream.close()
