# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""From START to END: the engine's steps as the lines of the module; flash is the engine's.

Each line of progress comes exactly once and never falls back, also after a power cut. Any
code but 0 ends the upgrade, and the old firmware runs on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from dfota.at import (
    FotaContinued,
    FotaEnded,
    FotaRestoring,
    FotaStarted,
    FotaUpdating,
    PercentStyle,
)
from dfota.engine import Phase, Step
from dfota.errors import DfotaError, FileSystemError
from dfota.flash import LayoutKind
from dfota.modem import job as jobs
from dfota.modem.power import CutPhase
from dfota.modem.profiles import ResumeStart
from dfota.modem.timeline import Pace
from dfota.modem.upgrade_codes import CODES, FamilyCodes

if TYPE_CHECKING:
    from dfota.modem.job import Job
    from dfota.modem.module import VirtualModule

_WHOLE = 1000
_HALF = _WHOLE // 2
"""UPDATING and RESTORE are about equally long; a module without RESTORE lines has one scale."""


class Installation:
    """One installation; each of its doors is the work of a timeline.

    Args:
        module: whose firmware is changed.
        job: what was asked for.
    """

    def __init__(self, module: VirtualModule, job: Job) -> None:
        self._module = module
        self._profile = module.profile
        self._job = job
        self._ladder = job.updating(module.profile)
        self._has_started = module.profile.start_before_check

    @property
    def _codes(self) -> FamilyCodes:
        return CODES[self._profile.code_family]

    # -- doors ---------------------------------------------------------------------------

    def install(self) -> Pace:
        """Install the package."""
        module = self._module
        yield 0.0
        if not module.files.has(self._job.package):
            yield from self._end(self._codes.no_package)
            return
        if self._profile.start_before_check:
            self._report_start()
        try:
            yield from self._walk(self._update(), self._profile.percent_style)
        except FileSystemError:
            yield from self._end(self._codes.no_package)
        except DfotaError as error:
            yield from self._fail(error)
        else:
            yield from self._succeed()

    def go_on(self) -> Pace:
        """Go on with an UPDATING that a power cut has ended."""
        yield from self._say_that_it_goes_on()
        yield from self._finish_with(self._update)

    def resume(self, *, needs_package: bool) -> Pace:
        """Go on where a power cut has torn the flash apart: no firmware is whole."""
        yield from self._say_that_it_goes_on()
        module = self._module

        def steps() -> Iterator[Step]:
            if not needs_package:
                return module.engine.resume()
            package = module.files.read(self._job.package, is_trusted=True)
            return module.engine.resume(package, trusted=module.trust.keys_for(package))

        yield from self._finish_with(steps)

    def _update(self) -> Iterator[Step]:
        module = self._module
        package = module.files.read(self._job.package, is_trusted=True)
        return module.engine.update(
            package,
            trusted=module.trust.keys_for(package),
            remote=self._job.is_remote,
            resume_updating=self._profile.resume_updating,
        )

    def _say_that_it_goes_on(self) -> Pace:
        profile = self._profile
        if profile.continued_line:
            self._module.report(FotaContinued())
        if profile.resume_start is ResumeStart.ALWAYS or (
            profile.resume_start is ResumeStart.AS_STARTED and not self._job.is_remote
        ):
            self._module.report(FotaStarted())
        yield 0.0

    def _finish_with(self, steps: Callable[[], Iterator[Step]]) -> Pace:
        self._has_started = True
        try:
            yield from self._walk(steps(), self._profile.resume_percent_style)
        except DfotaError as error:
            yield from self._fail(error)
        else:
            yield from self._succeed()

    def give_up(self) -> Pace:
        """Report that it was interrupted too often; the old firmware runs on."""
        self._module.log("the upgrade was interrupted too often and is given up")
        yield from self._end(self._codes.given_up)

    def report_again(self) -> Pace:
        """Print the end of an installation that power left between its last step and END."""
        if self._profile.recovery_system:
            self._module.report(FotaStarted())
        yield self._profile.urc_gap_ms / 1000
        self._module.report(FotaEnded(0))
        self._tidy()
        if self._profile.recovery_system:
            self._restart_soon()

    # -- progress ------------------------------------------------------------------------

    def _walk(self, steps: Iterable[Step], style: PercentStyle) -> Pace:
        """Run the engine and print every line of its progress once."""
        stage, line = Phase.CHECK, -1
        for step in self._after_start(steps):
            yield step.cost_s
            if step.phase is Phase.FINISHED:
                yield from self._climb(stage, line, _WHOLE, _WHOLE, style)
                self._module.leave_percent()
                return
            if step.phase not in (Phase.UPDATING, Phase.RESTORE):
                continue
            here, done, total = self._place(step)
            if stage is not here:
                stage, line = here, self._line_before(step)
            line = yield from self._climb(stage, line, done, total, style)

    def _climb(
        self, stage: Phase, line: int, done: int, total: int, style: PercentStyle
    ) -> Generator[float, None, int]:
        """Print the lines that are due; the last one that was printed."""
        for place, number in self._ladder.climb(line, done, total):
            # What is printed has been reached, and nothing beyond it.
            yield self._module.urc_pause_s()
            self._report_progress(stage, number, style)
            line = place
        return line

    def _place(self, step: Step) -> tuple[Phase, int, int]:
        """The stage that a host sees, and how much of it is done."""
        if self._profile.restore_stage or self._module.engine.layout is LayoutKind.IN_PLACE:
            return step.phase, step.done, step.total
        before = _HALF if step.phase is Phase.RESTORE else 0
        return Phase.UPDATING, before + step.done * _HALF // step.total, _WHOLE

    def _line_before(self, step: Step) -> int:
        """The last line below the first step of a stage: it may go on in the middle."""
        _, done, total = self._place(replace(step, done=step.done - 1))
        return done * self._ladder.count // total if done else -1

    def _after_start(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Print START, where it was not printed before, when the check is over."""
        for step in steps:
            if not self._has_started and step.phase is Phase.UPDATING:
                self._has_started = True
                self._report_start()
            yield step

    def _report_start(self) -> None:
        self._module.report(FotaStarted())
        self._module.reached(CutPhase.START, 0)

    def _report_progress(self, stage: Phase, number: int, style: PercentStyle) -> None:
        module = self._module
        module.leave_percent()
        module.upgrade.enter(stage.value, number)
        if stage is Phase.UPDATING:
            module.report(FotaUpdating(number).encode(style))
            module.reached(CutPhase.UPDATING, number)
        else:
            module.report(FotaRestoring(number).encode(style))
            module.reached(CutPhase.RESTORE, number)

    # -- how it ends ---------------------------------------------------------------------

    def _succeed(self) -> Pace:
        module = self._module
        module.drop_package(self._job.package)
        module.upgrade.enter("end")
        yield self._profile.urc_gap_ms / 1000
        module.report(FotaEnded(0))
        module.reached(CutPhase.END, 0)
        module.linger(self._profile.restart_gap_ms / 1000, self._leave)

    def _leave(self) -> None:
        self._tidy()
        self._module.restart()

    def _restart_soon(self) -> None:
        self._module.linger(self._profile.restart_gap_ms / 1000, self._module.restart)

    def _tidy(self) -> None:
        """The host has been told: nothing of the job is left."""
        module = self._module
        if jobs.forget(module.nv):
            module.save_nv()
        module.engine.mark_reported()

    def _fail(self, error: DfotaError) -> Pace:
        code = self._codes.of_error(error)
        if code is None:
            raise error
        module = self._module
        module.log(f"the upgrade failed with END,{code}: {error}")
        if self._profile.delete_package_on_failure:
            module.drop_package(self._job.package)
        yield from self._end(code)

    def _end(self, code: int) -> Pace:
        module = self._module
        module.upgrade.enter("end")
        yield self._profile.urc_gap_ms / 1000
        module.report(FotaEnded(code))
        module.reached(CutPhase.END, 0)
        if jobs.forget(module.nv):
            module.save_nv()
        if module.is_in_recovery:
            self._restart_soon()
        else:
            module.upgrade.reset()
            module.boot_again()
