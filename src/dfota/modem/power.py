# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Words for what the module is, and for power cuts at a place; nothing here cuts anything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dfota.errors import MisuseError
from dfota.flash import CutMode, Operation


class CutPhase(Enum):
    """Where a power cut can be armed."""

    DOWNLOAD = "download"
    """When so many percent of the package have come."""
    START = "start"
    """Just after START."""
    UPDATING = "updating"
    """In the flash operation that follows ``UPDATING, <percent>``, before the next percentage;
    between two operations where there is none at this percentage."""
    RESTORE = "restore"
    """The same for ``RESTORE, <percent>``."""
    END = "end"
    """Just after END."""
    SCRUB = "scrub"
    """In the flash operation behind so many percent of a flash scrub."""


TEARING = (CutPhase.UPDATING, CutPhase.RESTORE, CutPhase.SCRUB)
"""The phases in which a cut tears a flash operation."""


class Power(Enum):
    """What the module is."""

    OFF = "off"
    BOOTING = "booting"
    RUNNING = "running"
    FORCED_UPGRADE = "forced-upgrade"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class PowerCut:
    """A plan: cut the power at *percent* of *phase*; *mode* says how the operation tears.

    Raises:
        MisuseError: the percent is not 0 to 100.
    """

    phase: CutPhase
    percent: int = 0
    mode: CutMode = CutMode.HEAD

    def __post_init__(self) -> None:
        if not 0 <= self.percent <= 100:
            raise MisuseError(f"a percent is 0 to 100, not {self.percent}")

    @classmethod
    def parse(cls, text: str) -> PowerCut:
        """Read ``PHASE:PERCENT[:MODE]``, such as ``restore:47`` or ``updating:80:tail``.

        Raises:
            MisuseError: it is not of that form.
        """
        phase, _, rest = text.partition(":")
        percent, _, mode = rest.partition(":")
        try:
            return cls(
                CutPhase(phase.lower()),
                int(percent) if percent else 0,
                CutMode(mode.lower()) if mode else CutMode.HEAD,
            )
        except ValueError:
            phases = ", ".join(member.value for member in CutPhase)
            modes = ", ".join(member.value for member in CutMode)
            raise MisuseError(
                f"a power cut is PHASE:PERCENT[:MODE] with a phase of {phases}, a percent of 0 "
                f"to 100 and a mode of {modes}, not {text!r}"
            ) from None

    def __str__(self) -> str:
        return f"{self.phase.value}:{self.percent}:{self.mode.value}"


@dataclass(frozen=True, slots=True)
class CutReport:
    """A power cut that happened.

    Attributes:
        phase: what the module was doing: ``running``, ``booting``, ``download``, ``start``,
            ``updating``, ``restore``, ``end``, ``scrub``.
        percent: the last percentage that it had printed there.
        operation: the flash operation that was torn; ``None`` when the cut fell between two.
        at_s: virtual seconds since the module was first powered.
    """

    phase: str
    percent: int
    operation: Operation | None
    at_s: float

    def __str__(self) -> str:
        where = f"{self.phase} {self.percent} %" if self.percent else self.phase
        hit = f"in the {self.operation}" if self.operation else "between two flash operations"
        return f"power lost in {where}, {hit}"
