# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One DFOTA job of the module: download, installation, codes, URCs; flash is the engine's.

The order of URCs is the guide's (3.1, 4.1, 4.2): ``HTTPSTART``, ``HTTPEND``, ``START``,
``UPDATING`` 1 to 100, ``RESTORE`` 1 to 100, ``END``; each percentage exactly once. Any code
but 0 ends the job, and the old firmware runs on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from dfota import errors
from dfota.at import (
    FotaContinued,
    FotaEnded,
    FotaHttpEnded,
    FotaHttpStarted,
    FotaRestoring,
    FotaStarted,
    FotaUpdating,
    Location,
    PercentStyle,
)
from dfota.engine import PendingUpdate, Phase, Step
from dfota.errors import DfotaError, FileSystemError
from dfota.modem.download import Download, HttpError
from dfota.modem.filesystem import (
    PACKAGE_NAME,
)
from dfota.modem.power import CutPhase
from dfota.modem.profiles import ResumeStart
from dfota.modem.surroundings import parse_access_points
from dfota.modem.timeline import Pace

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

FAILED = 504
NO_PACKAGE = 505
CHECK_FAILED = 506
MISMATCHED = 511

_HTTP_START_S = 0.3
"""From OK to HTTPSTART."""

_END_CODES: tuple[tuple[type[DfotaError], int], ...] = (
    (errors.PackageMismatchError, MISMATCHED),
    (errors.RollbackError, MISMATCHED),
    (errors.PackageError, CHECK_FAILED),
    (errors.OldImageMismatchError, MISMATCHED),
    (errors.DeltaError, FAILED),
    (errors.EngineError, FAILED),
    (errors.FlashError, FAILED),
)


def end_code(error: DfotaError) -> int | None:
    """``<err>`` of ``END`` for *error*; ``None`` for what the engine never raises."""
    for error_class, code in _END_CODES:
        if isinstance(error, error_class):
            return code
    return None


class Upgrade:
    """The module's one DFOTA job.

    Attributes:
        phase: what is going on, for reports; empty when nothing is.
        percent: the last percentage that was reached in it.
        is_installing: from START to END.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._download: Download | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the job, as a restart or a power cut does."""
        self._abort_download()
        self._generation = getattr(self, "_generation", 0) + 1
        self.is_installing = False
        self.phase = ""
        self.percent = 0

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return bool(self.phase)

    # -- doors for commands, radio and boot ----------------------------------------------

    def begin_remote(self, location: Location) -> None:
        """Download from *location* and install."""
        self._enter("download")
        self._module.timeline.play(self._begin_download(location))

    def begin_local(self) -> None:
        """Install ``/fota/update.zip``."""
        self._enter("start")
        self._module.timeline.play(self._install(remote=False))

    def begin_pending(self, *, remote: bool) -> None:
        """Install after the restart between download and START."""
        self._enter("start")
        self._module.timeline.play(self._install(remote=remote))

    def resume(self, update: PendingUpdate) -> None:
        """Go on with RESTORE in forced upgrade mode."""
        self._enter("restore")
        self.is_installing = True
        self._module.timeline.play(self._resume(remote=update.remote))

    def report_again(self) -> None:
        """Print END,0 for an update that finished just before a power cut."""
        self._module.timeline.play(self._report_again())

    def lose_bearer(self) -> None:
        """The network is gone: a running download ends."""
        if self._download is not None:
            self._abort_download()
            self._downloaded(HttpError.CONNECTION_FAILED)

    # -- download ------------------------------------------------------------------------

    def _begin_download(self, location: Location) -> Pace:
        yield _HTTP_START_S
        module, profile = self._module, self._module.profile
        module.report(FotaHttpStarted())
        now = module.nv.fota_apn
        points = parse_access_points(module.world.apns)
        wrong_apn = bool(points and now.apn) and not any(
            point.name == now.apn and point.admits(now.username, now.password) for point in points
        )
        if not module.radio.is_registered or wrong_apn:
            # There is no bearer: every attempt runs into its time limit.
            attempt_s = profile.connect_timeout_s + profile.connect_retry_s
            yield profile.connect_attempts * attempt_s
            self._downloaded(HttpError.CONNECTION_FAILED)
            return
        module.drop_package()
        self._download = Download(
            module, location, on_progress=self._on_progress, on_end=self._downloaded
        )
        self._download.begin()

    def _on_progress(self, done: int, total: int | None) -> None:
        self.percent = done * 100 // total if total else 0
        self._module.reached(CutPhase.DOWNLOAD, self.percent)

    def _downloaded(self, code: HttpError) -> None:
        module, self._download = self._module, None
        module.report(FotaHttpEnded(int(code)))
        if code is not HttpError.OK:
            self.reset()
        elif module.profile.reboot_before_start:
            module.nv.pending_install = "remote"
            module.save_nv()
            module.restart_later()
        else:
            module.timeline.play(self._install(remote=True))

    def _abort_download(self) -> None:
        if self._download is not None:
            self._download.abort()
            self._download = None

    # -- installation --------------------------------------------------------------------

    def _install(self, *, remote: bool) -> Pace:
        module = self._module
        self._enter("start")
        self.is_installing = True
        yield 0.0
        if not module.files.has(PACKAGE_NAME):
            yield from self._end(NO_PACKAGE)
            return
        if module.profile.start_before_check:
            self._report_start()
        try:
            package = module.files.read(PACKAGE_NAME, is_trusted=True)
            steps = module.engine.update(
                package, trusted=module.trust.keys_for(package), remote=remote
            )
            yield from self._walk(steps, module.profile.percent_style)
        except FileSystemError:
            yield from self._end(NO_PACKAGE)
        except DfotaError as error:
            yield from self._fail(error)
        else:
            yield from self._succeed()

    def _resume(self, *, remote: bool) -> Pace:
        module, profile = self._module, self._module.profile
        module.report(FotaContinued())
        if profile.resume_start is ResumeStart.ALWAYS or (
            profile.resume_start is ResumeStart.AS_STARTED and not remote
        ):
            module.report(FotaStarted())
        yield 0.0
        try:
            yield from self._walk(module.engine.resume(), profile.resume_percent_style)
        except DfotaError as error:
            yield from self._fail(error)
        else:
            yield from self._succeed()

    def _walk(self, steps: Iterable[Step], style: PercentStyle) -> Pace:
        """Run the engine and print every percentage once."""
        printed: tuple[Phase, int] = (Phase.CHECK, 0)
        for step in self._after_start(steps):
            yield step.cost_s
            if step.phase is Phase.FINISHED:
                self._module.leave_percent()
                return
            if step.phase not in (Phase.UPDATING, Phase.RESTORE):
                continue
            first = printed[1] + 1 if printed[0] is step.phase else 1
            for percent in range(first, step.percent + 1):
                # A percentage that is printed has been reached, and no further one.
                yield self._module.urc_pause_s()
                self._report_percent(step.phase, percent, style)
                printed = step.phase, percent

    def _after_start(self, steps: Iterable[Step]) -> Iterator[Step]:
        """Print START, where it was not printed before, when the check is over."""
        started = self._module.profile.start_before_check or self.phase == "restore"
        for step in steps:
            if not started and step.phase is Phase.UPDATING:
                started = True
                self._report_start()
            yield step

    def _report_start(self) -> None:
        self._module.report(FotaStarted())
        self._module.reached(CutPhase.START, 0)

    def _report_percent(self, phase: Phase, percent: int, style: PercentStyle) -> None:
        module = self._module
        module.leave_percent()
        self.phase, self.percent = phase.value, percent
        if phase is Phase.UPDATING:
            module.report(FotaUpdating(percent).encode(style))
            module.reached(CutPhase.UPDATING, percent)
        else:
            module.report(FotaRestoring(percent).encode(style))
            module.reached(CutPhase.RESTORE, percent)

    def _succeed(self) -> Pace:
        module = self._module
        module.drop_package()
        self._enter("end")
        yield module.profile.urc_gap_ms / 1000
        module.report(FotaEnded(0))
        module.reached(CutPhase.END, 0)
        module.engine.mark_reported()
        yield module.profile.restart_gap_ms / 1000
        module.restart()

    def _fail(self, error: DfotaError) -> Pace:
        code = end_code(error)
        if code is None:
            raise error
        module = self._module
        module.log(f"the upgrade failed with END,{code}: {error}")
        if module.profile.delete_package_on_failure:
            module.drop_package()
        yield from self._end(code)

    def _end(self, code: int) -> Pace:
        module = self._module
        self._enter("end")
        yield module.profile.urc_gap_ms / 1000
        module.report(FotaEnded(code))
        module.reached(CutPhase.END, 0)
        self.reset()
        module.boot_again()

    def _report_again(self) -> Pace:
        yield self._module.profile.urc_gap_ms / 1000
        self._module.report(FotaEnded(0))

    def _enter(self, phase: str) -> None:
        self.phase, self.percent = phase, 0
