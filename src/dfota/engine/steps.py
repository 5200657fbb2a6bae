# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Steps of an update and what they would cost on hardware; nobody waits in here.

The costs are those of a module like the BG96 (1 Gbit SLC NAND on an 8-bit bus, a
Cortex-A7 without crypto instructions). NAND times are typical values of data sheets; the
rates of the processor are estimates and say so. The driver scales them (``--speed``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

PAGE_READ_S = 0.000_1
"""25 µs of array time and 2 KiB over the bus."""
PAGE_PROG_S = 0.000_4
"""300 µs of array time and 2 KiB over the bus."""
SECTOR_ERASE_S = 0.002
"""One block."""
DIGEST_BYTES_PER_S = 20_000_000
"""SHA-256 in software; an estimate."""
PATCH_BYTES_PER_S = 500_000
"""Decoding a patch or an image, with its scattered reads of the old image; an estimate."""
SIGNATURE_S = 0.01
"""One Ed25519 verification; an estimate."""

_STEPS_MIN = 100
_STEPS_MAX = 1000
_BATCHES = 200


class Phase(Enum):
    """Where an update stands."""

    SCRUB = "scrub"
    CHECK = "check"
    UPDATING = "updating"
    RESTORE = "restore"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Step:
    """Work was done: *done* of *total* in *phase*, for which hardware needs *cost_s* seconds.

    In every phase but FINISHED *total* is 100 to 1000, and *done* counts from 1 to *total*
    without a gap; so every percent from 1 to 100 comes by. An UPDATING that goes on after
    a power cut counts from what was durable.
    """

    phase: Phase
    done: int
    total: int
    cost_s: float

    @property
    def percent(self) -> int:
        """The percent that is complete, rounded down."""
        return self.done * 100 // self.total


class Progress:
    """Turns units of work into evenly numbered steps."""

    def __init__(self, phase: Phase, units: int, done: int = 0) -> None:
        self._phase = phase
        self._units = max(1, units)
        self._total = min(_STEPS_MAX, max(_STEPS_MIN, units))
        self._advanced = done
        self._sent = done * self._total // self._units
        self._cost_s = 0.0
        self.batch = max(1, units // _BATCHES)
        """How many units may be done at once without skipping a percent."""

    def advance(self, units: int, cost_s: float) -> Iterator[Step]:
        """Yield the steps that *units* of completed work make up; possibly none."""
        self._advanced += units
        self._cost_s += cost_s
        reached = self._advanced * self._total // self._units
        count = reached - self._sent
        if not count:
            return
        share, self._cost_s = self._cost_s / count, 0.0
        for _ in range(count):
            self._sent += 1
            yield Step(self._phase, self._sent, self._total, share)
