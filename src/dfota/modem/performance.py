# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Performs a scenario: waits for each step's trigger in turn and lets its verb happen; no TOML.

All that it does to the module are inputs, so a trace of the run needs no scenario.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dfota.errors import DfotaError
from dfota.modem.events import Watch
from dfota.modem.inputs import AlarmIn, Input, VerbIn
from dfota.modem.module import VirtualModule
from dfota.modem.scenario import Condition, Scenario, ScenarioStep
from dfota.modem.transcript import Direction, TranscriptEntry

_TAIL_BYTES = 2048
"""How much of what was said before is searched, so that a text may come in pieces."""


class Performance:
    """One scenario on its way.

    Args:
        scenario: what is performed.
        module: on whom.
        put: lets an input happen.
        watch: is told of each step.
        log: gets a sentence when a step is refused.
    """

    def __init__(
        self,
        scenario: Scenario,
        module: VirtualModule,
        put: Callable[[Input], None],
        watch: Watch,
        log: Callable[[str], None],
    ) -> None:
        self._scenario = scenario
        self._module = module
        self._put = put
        self._watch = watch
        self._log = log
        self._next = 0
        self._is_armed = False
        self._tails: dict[tuple[str, Direction], bytes] = {}

    @property
    def is_over(self) -> bool:
        """Whether every step was done."""
        return self._next >= len(self._scenario.steps)

    def begin(self) -> None:
        """Make the world as the scenario wants it, and wait for the first step."""
        for name, value in self._scenario.world.items():
            self._put(VerbIn("world", {"name": name, "value": value}))
        self._arm()

    def look(self) -> None:
        """Something has happened: is it what the next step waits for?"""
        step = self._waiting
        if step is not None and step.when is not None and self._holds(step.when):
            self._triggered(step)

    def passed(self, entry: TranscriptEntry) -> None:
        """Bytes went through a port: are they what the next step waits for?"""
        step = self._waiting
        if step is None or not (step.urc or step.command):
            return
        wanted = Direction.TO_HOST if step.urc else Direction.TO_MODULE
        if entry.direction is not wanted:
            return
        key = entry.port, entry.direction
        tail = self._tails[key] = (self._tails.get(key, b"") + entry.data)[-_TAIL_BYTES:]
        text = step.urc or step.command
        found = text.encode() in tail
        if not found and step.command:
            found = text.upper().encode() in tail.upper()
        if found:
            self._triggered(step)

    # -- inside ------------------------------------------------------------------------

    @property
    def _waiting(self) -> ScenarioStep | None:
        """The step whose trigger has not come yet."""
        return None if self.is_over or not self._is_armed else self._scenario.steps[self._next]

    def _arm(self) -> None:
        """Wait for the next step."""
        self._tails.clear()
        if self.is_over:
            return
        step = self._scenario.steps[self._next]
        if step.at_s is not None:
            left_s = step.at_s - self._module.timeline.virtual_now
            self._put(AlarmIn(max(0.0, left_s) + step.after_s, partial(self._do, step)))
        elif step.when is None and not step.urc and not step.command:
            self._triggered(step)
        else:
            self._is_armed = True
            self.look()

    def _triggered(self, step: ScenarioStep) -> None:
        self._is_armed = False
        if step.after_s:
            self._put(AlarmIn(step.after_s, partial(self._do, step)))
        else:
            self._do(step)

    def _do(self, step: ScenarioStep) -> None:
        self._watch.tell("scenario", step=self._next + 1, verb=step.verb)
        self._put(VerbIn(step.verb, dict(step.given), partial(self._ended, step)))
        self._next += 1
        self._arm()

    def _ended(self, step: ScenarioStep, outcome: dict[str, object] | DfotaError) -> None:
        if isinstance(outcome, DfotaError):
            self._log(f"scenario {self._scenario.name}, line {step.line}: {outcome}")

    def _holds(self, condition: Condition) -> bool:
        module = self._module
        match condition.kind:
            case "phase":
                upgrade = module.upgrade
                return upgrade.phase == condition.word and upgrade.percent >= condition.number
            case "power":
                return module.power.value == condition.word
            case "boots":
                return self._watch.counts["boots"] >= condition.number
        return module.radio.is_registered
