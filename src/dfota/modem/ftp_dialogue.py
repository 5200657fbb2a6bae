# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What an FTP client says and reads on its control connection (RFC 959, 2428); no socket.

Every length that a server decides is bounded; a reply that breaks a bound or the grammar
raises ``MisuseError`` never: it is a reply with the number 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE_MAX_BYTES = 1024
"""Longest line of a reply."""

LINES_MAX = 100
"""Most lines of one reply."""

_NUMBERED = re.compile(rb"([1-5][0-9][0-9])([ -])(.*)", re.DOTALL)
_EXTENDED_PASSIVE = re.compile(r"\((.)\1\1([0-9]{1,5})\1\)")
_PASSIVE = re.compile(
    r"([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3}),([0-9]{1,3})"
)
_SIZE = re.compile(r"([0-9]{1,12})\s*")


@dataclass(frozen=True, slots=True)
class FtpReply:
    """A reply; *number* 0: what came is no FTP.

    Attributes:
        number: three digits.
        text: of the last line.
    """

    number: int
    text: str = ""

    @property
    def is_preliminary(self) -> bool:
        """Whether another one follows."""
        return 100 <= self.number < 200

    @property
    def port(self) -> int | None:
        """The port of 229 or 227; the address of 227 is not believed (RFC 2577)."""
        if self.number == 229 and (match := _EXTENDED_PASSIVE.search(self.text)):
            port = int(match[2])
        elif self.number == 227 and (match := _PASSIVE.search(self.text)):
            port = int(match[5]) * 256 + int(match[6])
        else:
            return None
        return port if 0 < port <= 65535 else None

    @property
    def size(self) -> int | None:
        """The number of 213."""
        match = _SIZE.fullmatch(self.text) if self.number == 213 else None
        return None if match is None else int(match[1])


_NO_FTP = FtpReply(0)


class FtpReplyDecoder:
    """Bytes of a control connection → replies; after a reply with number 0 it is of no use."""

    def __init__(self) -> None:
        self._pending = b""
        self._open = b""  # the number of a reply of several lines
        self._lines = 0

    def feed(self, data: bytes) -> Iterator[FtpReply]:
        """Take bytes; gives the replies that are complete with them."""
        self._pending += data
        while (end := self._pending.find(b"\n")) >= 0:
            line, self._pending = self._pending[:end].rstrip(b"\r"), self._pending[end + 1 :]
            reply = self._line(line)
            if reply is not None:
                yield reply
        if len(self._pending) > LINE_MAX_BYTES:
            self._pending = b""
            yield _NO_FTP

    def _line(self, line: bytes) -> FtpReply | None:
        self._lines += 1
        if len(line) > LINE_MAX_BYTES or self._lines > LINES_MAX:
            return _NO_FTP
        match = _NUMBERED.fullmatch(line)
        if self._open:
            if match is None or match[1] != self._open or match[2] == b"-":
                return None
        elif match is None:
            return _NO_FTP
        elif match[2] == b"-":
            self._open = match[1]
            return None
        self._open, self._lines = b"", 0
        return FtpReply(int(match[1]), match[3].decode("ascii", "replace"))
