# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""From power to RDY, or to the upgrade that has to go on first; what runs then is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dfota.at import (
    AppReady,
    CfunReported,
    CpinReported,
    PhonebookDone,
    QusimReported,
    Ready,
    SmsDone,
    Urc,
)
from dfota.engine import Engine, Firmware, Running, Unfinished
from dfota.errors import FirmwareDamagedError
from dfota.modem import job as jobs
from dfota.modem.power import Power
from dfota.modem.scrub import Scrub
from dfota.modem.timeline import Pace

if TYPE_CHECKING:
    from dfota.modem.job import Job
    from dfota.modem.module import VirtualModule

_WORDS: Mapping[type[Urc], str] = {
    CpinReported: "cpin",
    QusimReported: "qusim",
    SmsDone: "sms-done",
}
"""The lines of the SIM, in the words of the setting ``boot_lines``."""


class Startup:
    """The boot of one module.

    Attributes:
        firmware: what the last boot found, if it found one that is whole.
        ready_at_s: when RDY was printed, in virtual seconds.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._is_model_compared = False
        self.firmware: Firmware | None = None
        self.ready_at_s = 0.0

    def begin(self) -> None:
        """Boot: there is power."""
        module, profile = self._module, self._module.profile
        moves = [
            (min(profile.usb_active_s, profile.boot_s), self._plug_usb),
            (min(profile.status_high_s, profile.boot_s), self._raise_status),
        ]
        moves.sort(key=lambda entry: entry[0])
        self._move(0.0, [*moves, (profile.boot_s, lambda: module.timeline.play(self._boot()))])

    def _move(self, at_s: float, moves: Sequence[tuple[float, Callable[[], object]]]) -> None:
        """From power to the firmware's first deed; the pins move on the way."""
        if not moves:
            return
        (due_s, move), *rest = moves

        def go() -> None:
            move()
            self._move(due_s, rest)

        if self._module.pins.is_usb_back:
            self._module.linger(due_s - at_s, go)
        else:
            self._module.timeline.pace(due_s - at_s, go)

    def _plug_usb(self) -> None:
        self._module.pins.plug_usb(is_there=True)

    def _raise_status(self) -> None:
        self._module.pins.status = True

    def _boot(self) -> Pace:
        module = self._module
        yield 0.0
        module.engine = Engine(module.state.flash)
        try:
            found = module.engine.boot()
        except FirmwareDamagedError as error:
            self.firmware = None
            module.power = Power.DAMAGED
            module.log(str(error))
            return
        if isinstance(found, Running):
            yield from self._boot_firmware(found)
        else:
            self._go_on(found)

    def _go_on(self, found: Unfinished) -> None:
        """Forced upgrade mode: no firmware is whole."""
        module, update = self._module, found.update
        module.power = Power.FORCED_UPGRADE
        target = f" to {update.new_revision}" if update.new_revision else ""
        module.log(f"the upgrade{target} was not finished; going on")
        source = jobs.Source.HTTP if update.remote else jobs.Source.LOCAL
        job = replace(jobs.noted(module.nv), source=source)
        if found.needs_package and not module.files.has(job.package):
            module.power = Power.DAMAGED
            module.log(f"new is written over old, and the package {job.package} is gone")
            return
        module.upgrade.resume(job, needs_package=found.needs_package)

    def _boot_firmware(self, found: Running) -> Pace:
        module, profile = self._module, self._module.profile
        self.firmware = found.firmware
        self._compare_model(found.firmware.model)
        kept = jobs.kept(module.nv)
        is_unreported = found.unreported is not None
        repeats_end = is_unreported and profile.repeat_end_after_cut
        job = kept or jobs.Job(jobs.Source.LOCAL)
        if profile.recovery_system and (repeats_end or (kept and not is_unreported)):
            module.power = Power.FORCED_UPGRADE
            (module.upgrade.report_again if repeats_end else module.upgrade.begin_kept)(job)
            return
        if found.interrupted is not None and profile.resume_updating and self._has_package():
            module.power = Power.FORCED_UPGRADE
            module.upgrade.go_on(jobs.noted(module.nv))
            return
        yield from self._print_lines()
        if is_unreported:
            self._report_unreported(job)
        elif kept:
            jobs.forget(module.nv)
            module.save_nv()
            module.upgrade.begin_kept(kept)

    def _has_package(self) -> bool:
        module = self._module
        return module.files.has(jobs.noted(module.nv).package)

    def _compare_model(self, model: str) -> None:
        """Warn, once, where firmware and profile are of different modules."""
        prefixes = self._module.profile.model_prefix.split(",")
        if self._is_model_compared or model.startswith(tuple(prefixes)):
            return
        self._is_model_compared = True
        self._module.log(
            f"this firmware is for {model}, the profile for {' or '.join(prefixes)}: "
            "choose another one with --profile"
        )

    def _print_lines(self) -> Pace:
        """The lines of an ordinary boot; with the first one the module takes commands."""
        module, profile = self._module, self._module.profile
        module.power = Power.RUNNING
        self.ready_at_s = module.timeline.virtual_now
        words = profile.boot_lines.split(",")
        if profile.calibration_lost:
            words = [word for word in words if word in {"rdy", "app-rdy"}]
        sim = {_WORDS[type(urc)]: urc for urc in module.radio.sim_lines() if type(urc) in _WORDS}
        if "sms-done" in sim:
            sim["pb-done"] = PhonebookDone()
        lines: dict[str, Urc] = {
            "rdy": Ready(),
            "cfun": CfunReported(module.radio.fun),
            "app-rdy": AppReady(),
            **sim,
        }
        due = [lines[word] for word in words if word in lines]
        for number, urc in enumerate(due):
            if number:
                yield profile.boot_line_gap_ms / 1000
            module.report(urc)
        if not profile.calibration_lost:
            module.radio.search()
        module.part(Scrub).wait_for_the_next()

    def _report_unreported(self, job: Job) -> None:
        """Tidy up after an update that power left between its last step and END."""
        module = self._module
        module.drop_package(job.package)
        if module.profile.repeat_end_after_cut:
            module.upgrade.report_again(job)
            return
        if jobs.forget(module.nv):
            module.save_nv()
        module.engine.mark_reported()
