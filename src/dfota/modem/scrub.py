# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The flash scrub as the host sees it: START, END and the time between; flash is the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.at import ScrubEnded, ScrubStarted
from dfota.errors import FlashError
from dfota.modem.nv import nv_number
from dfota.modem.power import CutPhase
from dfota.modem.timeline import Pace

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

DEFAULT_WEEKS = 17
SCRUB_TIME_ITEM = nv_number("qscrubcfg.scrubtime", DEFAULT_WEEKS, 0, 480)

SUCCESS = 0
WRITE_FAILED = -3

_DAY_S = 86_400.0
_DEFAULT_DAYS = 124
"""Scrub note, 4.2.1, note 2: 17 weeks, "more accurately 124 days"."""


class Scrub:
    """The scrub of one module, a part of it.

    Attributes:
        is_running: from START to END.
        percent: how much of it is done.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self.is_running = False
        self.percent = 0

    def halt(self) -> None:
        """The module restarts or is dark."""
        self.is_running = False

    def begin(self) -> None:
        """Start a scrub now."""
        self._module.timeline.play(self.run())

    def wait_for_the_next(self) -> None:
        """Start scrubs by the clock, as the setting is at this start of the module.

        At the speed ``max`` no week passes, so there is none.
        """
        module = self._module
        weeks = module.nv.number(SCRUB_TIME_ITEM)
        if weeks and module.timeline.speed.factor is not None and self.is_supported:
            days = _DEFAULT_DAYS if weeks == DEFAULT_WEEKS else weeks * 7
            module.timeline.play(self._run_every(days * _DAY_S))

    @property
    def is_supported(self) -> bool:
        """Whether this module has a scrub partition."""
        return self._module.engine.scrub_direction is not None

    def run(self) -> Pace:
        """Scrub, with its two URCs."""
        module = self._module
        self.is_running = True
        module.report(ScrubStarted())
        result = SUCCESS
        try:
            for step in module.engine.scrub():
                yield step.cost_s
                module.leave_percent()
                self.percent = step.percent
                module.reached(CutPhase.SCRUB, step.percent)
        except FlashError as error:
            module.log(f"the scrub failed: {error}")
            result = WRITE_FAILED
        module.leave_percent()
        self.is_running, self.percent = False, 0
        module.report(ScrubEnded(result))

    def _run_every(self, period_s: float) -> Pace:
        while True:
            yield period_s
            if not self.is_running and not self._module.upgrade.is_busy:
                yield from self.run()
