# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Result codes and how the module puts replies on the wire, byte-exact; no command here.

A *reply* is any number of information responses and exactly one final result code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from dfota.at.codes import CME_ERRORS, CMS_ERRORS


class ResultCode(Enum):
    """The basic result codes, with the numbers that ``ATV0`` prints."""

    OK = ("OK", 0)
    CONNECT = ("CONNECT", 1)
    RING = ("RING", 2)
    NO_CARRIER = ("NO CARRIER", 3)
    ERROR = ("ERROR", 4)
    NO_DIALTONE = ("NO DIALTONE", 6)
    BUSY = ("BUSY", 7)
    NO_ANSWER = ("NO ANSWER", 8)

    @property
    def text(self) -> str:
        """The word that ``ATV1`` prints."""
        return self.value[0]

    @property
    def number(self) -> int:
        """The number that ``ATV0`` prints."""
        return self.value[1]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class CmeError:
    """The final result code ``+CME ERROR: <number>``."""

    number: int

    def __str__(self) -> str:
        return f"+CME ERROR: {self.number}"


@dataclass(frozen=True, slots=True)
class CmsError:
    """The final result code ``+CMS ERROR: <number>`` of the message commands."""

    number: int

    def __str__(self) -> str:
        return f"+CMS ERROR: {self.number}"


FinalResult = ResultCode | CmeError | CmsError
"""What ends a reply."""


@dataclass(slots=True)
class ReplyFormat:
    """How this port wants its replies: the state behind ATV, ATQ, CMEE, S3 and S4.

    Attributes:
        verbose: words and full framing (``ATV1``) or numbers (``ATV0``).
        quiet: suppress result codes (``ATQ1``).
        cmee: 0 plain ``ERROR``, 1 numbers, 2 words.
        s3: first character of a line end.
        s4: second character of a line end.
    """

    verbose: bool = True
    quiet: bool = False
    cmee: int = 1
    s3: int = 13
    s4: int = 10

    def information(self, lines: Iterable[str]) -> bytes:
        """The information response of one command; its lines stand without blank lines."""
        body = b"".join(line.encode("latin-1", "replace") + self._line_end for line in lines)
        if not body:
            return b""
        return self._line_end + body if self.verbose else body

    def result(self, result: FinalResult) -> bytes:
        """A final or intermediate result code; empty where ``ATQ1`` suppresses it."""
        if self.quiet:
            return b""
        if isinstance(result, (CmeError, CmsError)):
            if self.cmee == 0:
                return self.result(ResultCode.ERROR)
            text = str(result)
            if self.cmee == 2:
                words = CME_ERRORS if isinstance(result, CmeError) else CMS_ERRORS
                text = f"{text.partition(':')[0]}: {words.get(result.number, result.number)}"
        elif self.verbose:
            text = result.text
        else:
            text = str(result.number)
        if self.verbose:
            return self._line_end + text.encode("ascii") + self._line_end
        return text.encode("ascii") + bytes((self.s3,))

    def connected(self, size: int | None) -> bytes:
        """``CONNECT``, with the number of bytes that come, where the command tells it."""
        if size is None or self.quiet or not self.verbose:
            return self.result(ResultCode.CONNECT)
        return self._line_end + f"CONNECT {size}".encode("ascii") + self._line_end

    def unsolicited(self, text: str) -> bytes:
        """An unsolicited result code, framed like an information response."""
        return self.information((text,))

    @property
    def _line_end(self) -> bytes:
        return bytes((self.s3, self.s4))
