# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The instruction sets by their numbers; it knows no instruction, but it knows text."""

from __future__ import annotations

from . import (
    aarch64,
    arc,
    arm,
    hexagon,
    nds32,
    riscv,
    tc32,
    thumb,
    videocore,
    x86,
    xtensa,
)
from .form import Reference

NONE = 0
COUNT = 13
WINDOW = 64
"""Bytes of old that a sweep sees from the unit on, at most."""

CERTAIN_KINDS = 11
"""Kinds from here on are found by more than the look of one instruction."""

_SETS = {
    1: (thumb.Sweep, thumb),
    2: (arm.Sweep, arm),
    3: (aarch64.Sweep, aarch64),
    4: (riscv.Sweep, riscv),
    5: (xtensa.Sweep, xtensa),
    6: (hexagon.Sweep, hexagon),
    7: (x86.Sweep, x86),
    8: (tc32.Sweep, tc32),
    9: (arc.Sweep, arc),
    10: (nds32.Sweep, nds32),
    11: (videocore.Sweep, videocore),
    12: (xtensa.BasedSweep, xtensa),
}


def is_text(window: bytes) -> bool:
    """Whether it begins with eight bytes of text."""
    return len(window) >= 8 and all(
        byte in {0, 9, 10, 13} or 0x20 <= byte <= 0x7E for byte in window[:8]
    )


class Sweep:
    """A linear sweep with one of the instruction sets; it begins with nothing remembered."""

    def __init__(self, isa: int) -> None:
        begin, self._set = _SETS[isa]
        self._sweep = begin()

    def scan(self, window: bytes, at: int) -> Reference:
        """The unit at the begin of *window*, which is at old address *at*."""
        reference = self._sweep.scan(window, at)
        if reference.kind < CERTAIN_KINDS and is_text(window):
            reference.kind = 0
        return reference

    def place(self, reference: Reference, at: int, target: int, raw: bytes) -> bytes | None:
        """The unit *raw* of old as it looks at new address *at* if it refers to *target*."""
        return self._set.place(reference, at, target, raw)

    def read(self, reference: Reference, data: bytes, at: int, near: int) -> int | None:
        """The address that *data* at new address *at* refers to."""
        return self._set.read(reference, data, at, near)


__all__ = ["COUNT", "NONE", "WINDOW", "Reference", "Sweep"]
