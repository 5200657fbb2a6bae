# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a run of the bench found out, as plain values; it measures nothing."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number.

    Attributes:
        name: what was measured, in words.
        value: the median of the repeats.
        unit: of the value.
        goal: what it should reach; None where nothing was promised.
        is_ceiling: whether smaller is better.
        group: which part of the report it belongs to.
        note: what one must know to read it.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    is_ceiling: bool = True
    group: str = ""
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value <= self.goal if self.is_ceiling else self.value >= self.goal

    @property
    def share_of_goal(self) -> float | None:
        """How many times the goal it is, in the sense that 1 is reached and below is better."""
        if not self.goal:
            return None
        ratio = self.value / self.goal
        return ratio if self.is_ceiling else 1 / ratio


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run.

    Attributes:
        figures: in the order of the report.
        skipped: what was left out, and why.
        machine: processor architecture and count of cores.
        material: what was upgraded.
    """

    figures: tuple[Figure, ...] = ()
    skipped: tuple[str, ...] = ()
    machine: str = ""
    material: str = ""

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Run:
        """The run that ``to_json`` wrote."""
        figures = tuple(Figure(**found) for found in values["figures"])
        return Run(**{**values, "figures": figures, "skipped": tuple(values["skipped"])})
