# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes as people write and read them: ``4k``, ``0x1000``, ``1.2 MiB``; it knows no command."""

from __future__ import annotations

import re
from collections.abc import Callable

import click

from dfota.errors import MisuseError

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SIZE = re.compile(r"(0x[0-9a-f]{1,40}|\d{1,40})\s*([kmg]?)(?:i?b)?", re.IGNORECASE | re.ASCII)


def byte_size(
    least: int, most: int
) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    """A callback of click: the number of bytes, *least* to *most*, that an option says.

    Decimal or ``0x…``, with ``k``, ``M`` or ``G`` for powers of 1024. It raises ``MisuseError``
    for what is no size, and for one out of the range.
    """

    def read(_ctx: click.Context, option: click.Parameter, value: str | None) -> int | None:
        if value is None:
            return None
        match = _SIZE.fullmatch(value.strip())
        if match is None:
            raise MisuseError(
                f"{option.opts[0]} {value!r} is no size", "Write it like 4096, 4k, 0x1000 or 1M."
            )
        base = 0 if match[1][:2].lower() == "0x" else 10
        size = int(match[1], base) * _UNITS[match[2].lower()]
        if not least <= size <= most:
            raise MisuseError(
                f"{option.opts[0]} {value.strip()} is out of range: "
                f"it takes {least:,} to {most:,} bytes",
                f"Give {option.opts[0]} {_written(least)} to {_written(most)}.",
            )
        return size

    return read


def _written(size: int) -> str:
    """*size* as a person would type it."""
    for unit in "gmk":
        count, rest = divmod(size, _UNITS[unit])
        if count and not rest:
            return f"{count}{unit}"
    return str(size)


def readable(count: int) -> str:
    """*count* bytes in three or four digits and a unit."""
    if count < 1 << 10:
        return f"{count} B"
    for unit, size in (("KiB", 1 << 10), ("MiB", 1 << 20)):
        if count < 1000 * size:
            return f"{count / size:.1f} {unit}"
    return f"{count / (1 << 30):.1f} GiB"
