# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Words for what a flash chip can do wrong; carrying it out is the simulated flash's.

Power cuts are not faults: a chip that loses its supply works well (``power.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from dfota.errors import MisuseError
from dfota.flash.geometry import FlashKind
from dfota.flash.power import Operation

ECC_BITS = 4
"""How many wrong bits of a page NAND corrects, as is usual for SLC parts."""

ENDURANCE = 100_000
"""How often a sector can be erased, as data sheets of NAND and NOR promise."""


class FaultKind(Enum):
    """What goes wrong in an operation, or from it on."""

    FAIL = "fail"
    """The chip reports that this prog or erase failed; another try may go well."""
    BAD = "bad"
    """The same, and from now on every prog and erase of the sector fails. It can be read."""
    WORN = "worn"
    """The sector is at the end of its erase cycles: its next erase (or this one) fails, as
    every one after it."""
    STUCK = "stuck"
    """The sector does not erase any more, and the chip says that it did."""
    FLIP = "flip"
    """One bit of the page flips afterwards; ECC corrects it and counts."""
    UNREADABLE = "unreadable"
    """More bits flip afterwards than ECC corrects: reading fails until the sector is erased."""
    SILENT = "silent"
    """One bit flips afterwards and nothing notices: NOR, or a controller that lies."""
    FACTORY_BAD = "factory-bad"
    """Bad from the outset, and marked so by the maker."""


DECAYS = (FaultKind.FLIP, FaultKind.UNREADABLE, FaultKind.SILENT)
"""What happens to bits that lie there."""
_NEEDS_ECC = {FaultKind.FLIP, FaultKind.UNREADABLE, FaultKind.FACTORY_BAD}


def faults_of(kind: FlashKind) -> tuple[FaultKind, ...]:
    """What can happen in an operation of a chip of this kind."""
    in_operation = (fault for fault in FaultKind if fault is not FaultKind.FACTORY_BAD)
    if kind is FlashKind.NAND:
        return tuple(in_operation)
    return tuple(fault for fault in in_operation if fault not in _NEEDS_ECC)


@dataclass(frozen=True, slots=True)
class Fault:
    """*kind* happens in *operation* (counted from 0 like a Cut's).

    With *offset*, the page there decays after the operation, wherever that works (FLIP,
    UNREADABLE and SILENT only).

    Raises:
        MisuseError: something else than bits has an offset.
    """

    operation: int
    kind: FaultKind
    offset: int | None = None

    def __post_init__(self) -> None:
        if self.offset is not None and self.kind not in DECAYS:
            raise MisuseError(f"{self.kind.value} is a fault of an operation, not of a place")

    def __str__(self) -> str:
        place = "" if self.offset is None else f"-at-{self.offset}"
        return f"{self.operation}-{self.kind.value}{place}"


FaultSource = Callable[[Operation], FaultKind | None]
"""Asked at every operation what goes wrong in it."""


def random_faults(seed: int, rates: Mapping[FaultKind, float]) -> FaultSource:
    """A chip that fails by chance; the same *seed* fails in the same operations.

    Args:
        seed: any number.
        rates: how probable each kind is in one operation, 0 to 1.

    Raises:
        MisuseError: a rate is no probability, or they are over 1 together.
    """
    if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
        raise MisuseError(f"rates of faults are 0 to 1 together, not {dict(rates)}")

    def fault(operation: Operation) -> FaultKind | None:
        digest = hashlib.sha256(f"{seed} {operation.number}".encode()).digest()
        chance = int.from_bytes(digest[:4], "big") / (1 << 32)
        for kind, rate in rates.items():
            if chance < rate:
                return kind
            chance -= rate
        return None

    return fault
