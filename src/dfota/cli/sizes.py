# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes as people write and read them: ``4k``, ``0x1000``, ``1.2 MiB``; it knows no command."""

from __future__ import annotations

import re

import click

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SIZE = re.compile(r"(0x[0-9a-f]+|\d+)\s*([kmg]?)(?:i?b)?", re.IGNORECASE | re.ASCII)


def byte_size(_ctx: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """The number of bytes that *value* says; a callback of click.

    Decimal or ``0x…``, with ``k``, ``M`` or ``G`` for powers of 1024.

    Raises:
        click.BadParameter: that is no size.
    """
    if value is None:
        return None
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter(f"{value!r} is no size; write 4096, 4k, 0x1000 or 1M.")
    return int(match[1], 0 if match[1][:2].lower() == "0x" else 10) * _UNITS[match[2].lower()]


def readable(count: int) -> str:
    """*count* bytes in three or four digits and a unit."""
    if count < 1 << 10:
        return f"{count} B"
    for unit, size in (("KiB", 1 << 10), ("MiB", 1 << 20)):
        if count < 1000 * size:
            return f"{count / size:.1f} {unit}"
    return f"{count / (1 << 30):.1f} GiB"
