# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Golden transcripts: what host and module say to each other, byte for byte, as text.

One line is one step; empty lines and lines that begin with ``#`` do not count:

* ``> AT<CR>``: the host sends this; ``< <CR><LF>OK<CR><LF>``: the module prints this, in one
  write or several, as the next bytes;
* ``< 1..100 <CR><LF>+X: {}<CR><LF>``: the same for each number in place of ``{}``;
* ``~ 5``: this many seconds of the module's time pass;
* ``! word argument``: something happens that is not on the wire; the replaying test knows
  the words.

``<CR>``, ``<LF>``, ``<A5>`` (hexadecimal) and ``<2048*A5>`` (so many of them) are bytes;
everything else is ASCII and stands for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dfota.errors import MisuseError

_BYTES = re.compile(r"<(CR|LF|(?:([0-9]{1,7})\*)?([0-9A-F]{2}))>")
_RANGE = re.compile(r"([0-9]{1,4})\.\.([0-9]{1,4}) (.*)")
_NAMED = {"CR": b"\r", "LF": b"\n"}


@dataclass(frozen=True, slots=True)
class HostSends:
    """Bytes to the module."""

    data: bytes


@dataclass(frozen=True, slots=True)
class ModulePrints:
    """Bytes that come next from the module."""

    data: bytes


@dataclass(frozen=True, slots=True)
class TimePasses:
    """Nothing but time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SomethingHappens:
    """A power cut, a package that is put in place, and the like."""

    word: str
    argument: str


GoldenStep = HostSends | ModulePrints | TimePasses | SomethingHappens
"""One line of a transcript."""


def parse_golden(text: str) -> tuple[GoldenStep, ...]:
    """Read a transcript.

    Raises:
        MisuseError: a line is of no known kind.
    """
    lines = (line.strip() for line in text.splitlines())
    return tuple(_step(line) for line in lines if line and not line.startswith("#"))


def _step(line: str) -> GoldenStep:
    mark, _, rest = line.partition(" ")
    match mark:
        case ">":
            return HostSends(_data(rest))
        case "<":
            return ModulePrints(_printed(rest))
        case "~":
            return TimePasses(float(rest))
        case "!":
            word, _, argument = rest.partition(" ")
            return SomethingHappens(word, argument.strip())
        case _:
            raise MisuseError(f"a line of a transcript begins with >, <, ~ or !, not {line!r}")


def _printed(text: str) -> bytes:
    match = _RANGE.fullmatch(text)
    if match is None:
        return _data(text)
    numbers = range(int(match[1]), int(match[2]) + 1)
    return b"".join(_data(match[3].replace("{}", str(number))) for number in numbers)


def _data(text: str) -> bytes:
    data, position = bytearray(), 0
    for match in _BYTES.finditer(text):
        data += text[position : match.start()].encode("ascii")
        name, count, byte = match.groups()
        data += _NAMED[name] if name in _NAMED else bytes.fromhex(byte) * int(count or 1)
        position = match.end()
    return bytes(data + text[position:].encode("ascii"))
