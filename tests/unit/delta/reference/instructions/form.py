# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a sweep finds; it knows no instruction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Reference:
    """One unit of old code.

    Attributes:
        length: bytes of the unit.
        kind: 0 if it refers to nothing, else the form's number in its instruction set.
        target: the address that it refers to.
        anchor: how many bytes before the unit the address counts from, where that matters.
        extra: what else is needed to write the unit again.
    """

    length: int
    kind: int = 0
    target: int = 0
    anchor: int = 0
    extra: int = 0


def up_to_aligned(at: int, left: int, size: int = 4) -> int:
    """How many bytes to pass over at *at* so that the next unit is aligned."""
    return min(size - at % size, left)
