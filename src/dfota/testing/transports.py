# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Ports that misbehave the way real ones do; only ``Lossy`` changes what they carry.

A *mischief* takes what arrived in one piece and says in which pieces it is seen. All of
them are deterministic: the same seed gives the same pieces. ``MisbehavingTransport`` puts
one before any transport of the shape that ``dfota.host`` uses.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from typing import Protocol

NOISE = (
    b'\r\n+QIND: "csq",24,99\r\n',
    b'\r\n+CMTI: "ME",3\r\n',
    b'\r\n+QIURC: "pdpdeact",1\r\n',
    b'\r\n+CTZV: "+08"\r\n',
    b"\r\nRING\r\n",
)
"""Unsolicited result codes that a BG96 sends for reasons of its own, none about upgrades."""

_CRLF = b"\r\n"


class Transport(Protocol):
    """A byte stream in both directions, as ``dfota.host`` uses it."""

    def read(self, timeout_s: float) -> bytes:
        """What has arrived, at the latest after *timeout_s*."""

    def write(self, data: bytes) -> None:
        """Send all of *data*."""

    def close(self) -> None:
        """Give the port back."""


class Mischief(Protocol):
    """One way in which a port misbehaves."""

    def pieces(self, data: bytes) -> list[bytes]:
        """The pieces in which *data*, which arrived at once, is seen; none is empty."""


class ByteByByte:
    """Every byte comes alone."""

    def pieces(self, data: bytes) -> list[bytes]:
        """One piece per byte."""
        return [data[index : index + 1] for index in range(len(data))]


class Torn:
    """Bytes come in pieces of 1 to *longest*, cut anywhere: in words, between CR and LF."""

    def __init__(self, seed: int = 0, *, longest: int = 7) -> None:
        self._source = random.Random(seed)  # noqa: S311 - repeatable, nothing secret
        self._longest = longest

    def pieces(self, data: bytes) -> list[bytes]:
        """Pieces of random sizes."""
        found = []
        while data:
            size = self._source.randint(1, self._longest)
            found.append(data[:size])
            data = data[size:]
        return found


class Merged:
    """Everything that is there comes in one piece; see :class:`MisbehavingTransport`."""

    def pieces(self, data: bytes) -> list[bytes]:
        """One piece."""
        return [data] if data else []


class GarbageBefore:
    """Line noise comes before the first byte: a UART that was just switched on."""

    def __init__(self, seed: int = 0, *, size: int = 16) -> None:
        source = random.Random(seed)  # noqa: S311 - repeatable, nothing secret
        # What a receiver sees of a line that rises: mostly 0x00 and 0xFF, and no line ends.
        self._garbage = bytes(source.choice((0x00, 0xFF, 0xF8, 0xE0, 0x80)) for _ in range(size))

    def pieces(self, data: bytes) -> list[bytes]:
        """The garbage once, then what arrived."""
        garbage, self._garbage = self._garbage, b""
        return [piece for piece in (garbage, data) if piece]


class Chatty:
    """Unsolicited result codes come between the lines of replies, never within one.

    A place is between lines where a CR LF ends one and another CR LF begins the next.

    Args:
        seed: decides places and codes.
        noise: whole codes with their CR LF before and behind.
        share: how many of the places are used, 0 to 1.
    """

    def __init__(
        self, seed: int = 0, *, noise: Sequence[bytes] = NOISE, share: float = 0.5
    ) -> None:
        self._source = random.Random(seed)  # noqa: S311 - repeatable, nothing secret
        self._noise = tuple(noise)
        self._share = share
        self._tail = _CRLF  # the first line may be preceded by noise too

    def pieces(self, data: bytes) -> list[bytes]:
        """What arrived, with codes between its lines."""
        mixed = bytearray()
        for index in range(len(data)):
            before = (self._tail + data[:index])[-2:]
            is_between = before == _CRLF and data[index : index + 2] == _CRLF
            if is_between and self._source.random() < self._share:
                mixed += self._source.choice(self._noise)
            mixed.append(data[index])
        self._tail = (self._tail + data)[-2:]
        return [bytes(mixed)] if mixed else []


class Lossy:
    """Bytes are lost: a UART without flow control on a computer that is busy.

    Args:
        seed: decides which.
        share: of all bytes, 0 to 1.
    """

    def __init__(self, seed: int = 0, *, share: float = 0.01) -> None:
        self._source = random.Random(seed)  # noqa: S311 - repeatable, nothing secret
        self._share = share

    def pieces(self, data: bytes) -> list[bytes]:
        """What is left of it."""
        left = bytes(byte for byte in data if self._source.random() >= self._share)
        return [left] if left else []


class InTurn:
    """Several mischiefs, each working on the pieces of the one before."""

    def __init__(self, *mischiefs: Mischief) -> None:
        self._mischiefs = mischiefs

    def pieces(self, data: bytes) -> list[bytes]:
        """What comes out of the last one."""
        found = [data]
        for mischief in self._mischiefs:
            found = [piece for before in found for piece in mischief.pieces(before)]
        return found


class MisbehavingTransport:
    """*inner*, with what is read from it passed through *mischief*.

    Each read gives one piece. With :class:`Merged`, everything that has arrived already is
    taken from *inner* first.
    """

    def __init__(self, inner: Transport, mischief: Mischief) -> None:
        self._inner = inner
        self._mischief = mischief
        self._pending: deque[bytes] = deque()

    def read(self, timeout_s: float) -> bytes:
        """The next piece, at the latest after *timeout_s*; empty if nothing has arrived."""
        if not self._pending:
            data = self._inner.read(timeout_s)
            while isinstance(self._mischief, Merged) and (more := self._inner.read(0.0)):
                data += more
            if data:
                self._pending.extend(self._mischief.pieces(data))
        return self._pending.popleft() if self._pending else b""

    def write(self, data: bytes) -> None:
        """Send all of *data*, unharmed: the module's ear is tested by the modem room."""
        self._inner.write(data)

    def close(self) -> None:
        """Close the inner one; what is pending is lost, as on a real port."""
        self._pending.clear()
        self._inner.close()
