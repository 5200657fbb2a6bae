# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Words for a power cut: when it comes and what it leaves; nothing here cuts anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class PowerLost(BaseException):
    """The supply is gone. Not an Exception: no handler on the device may run."""


class CutMode(Enum):
    """Which bytes of the interrupted operation landed; its page or sector is spoiled."""

    BEFORE = "before"
    """None; the chip had begun, so what it worked on must be erased all the same."""
    HEAD = "head"
    """The first half."""
    TAIL = "tail"
    """All but the first: chips do not promise an order."""
    AFTER = "after"
    """All, and nothing is spoiled; but the device does not know."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The power goes in *operation* (counted from 0, reads do not count), leaving *mode*."""

    operation: int
    mode: CutMode

    def __str__(self) -> str:
        return f"{self.operation}-{self.mode.value}"


class OperationKind(Enum):
    """What changes a flash."""

    PROG = "prog"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Operation:
    """One prog or erase, for reports: what it was, where, and whether the power went in it."""

    number: int
    kind: OperationKind
    offset: int
    size: int
    sector: int
    cut: CutMode | None = None

    def __str__(self) -> str:
        what = f"{self.kind.value} of {self.size} bytes at {self.offset:#x} (sector {self.sector})"
        return what if self.cut is None else f"{what}, torn: {self.cut.value}"
