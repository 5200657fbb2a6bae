# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The one upgrade of the module, from the command to START; the rest is ``installation``'s.

The order of URCs is the guide's (3.1, 4.1, 4.2): ``HTTPSTART``, ``HTTPEND``, ``START``,
``UPDATING`` 1 to 100, ``RESTORE`` 1 to 100, ``END``. Any code but 0 ends the job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.at import FotaDownloading, Location
from dfota.errors import FileSystemError
from dfota.flash import LayoutKind
from dfota.modem import job as jobs
from dfota.modem.download import Download, HttpError
from dfota.modem.filesystem import (
    PACKAGE_NAME,
)
from dfota.modem.ftp_download import FtpDownload, FtpEnd, FtpOutcome
from dfota.modem.installation import Installation
from dfota.modem.job import FOTA_PATH_ITEM, NO_WISH, Job, Source, Wish
from dfota.modem.packet import PacketData
from dfota.modem.power import CutPhase
from dfota.modem.pushed_package import PushedPackage
from dfota.modem.scrub import Scrub
from dfota.modem.timeline import Pace
from dfota.modem.upgrade_codes import CODES

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.port import Port

_HTTP_START_S = 0.3
"""From OK to HTTPSTART, FTPSTART or FILESTART."""


class Upgrade:
    """The module's one DFOTA job.

    Attributes:
        phase: what is going on, for reports; empty when nothing is.
        percent: the last percentage that was reached in it.
        is_installing: from START to END.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._download: Download | FtpDownload | None = None
        self._job = Job(Source.HTTP)
        self._line = 0
        self.reset()

    def reset(self) -> None:
        """Forget the job, as a restart or a power cut does."""
        self._abort_download()
        self._generation = getattr(self, "_generation", 0) + 1
        self.is_installing = False
        self.enter("")

    @property
    def is_busy(self) -> bool:
        """Whether a job runs."""
        return bool(self.phase)

    # -- doors for commands, radio and boot ----------------------------------------------

    def begin_remote(self, location: Location, wish: Wish = NO_WISH) -> None:
        """Download from *location* and install."""
        source = Source.FTP if location.scheme == "ftp" else Source.HTTP
        self.enter("download")
        self._job, self._line = Job(source, wish), 0
        self._play(self._begin_download(location))

    def begin_local(self, package: str = PACKAGE_NAME) -> None:
        """Install a package that is there already."""
        job = Job(Source.LOCAL, package=package)
        self.enter("start")
        self._play(self._begin_local(job))

    def begin_from_host(self, port: Port, size: int, wish: Wish) -> None:
        """Take a package of *size* bytes from the host on *port*, and install it."""
        self.enter("download")
        self._job, self._line = Job(Source.HOST, wish), 0
        self._play(self._begin_push(port, size))

    def begin_kept(self, job: Job) -> None:
        """Install after the restart that stands before START."""
        module, limit = self._module, self._module.profile.upgrade_attempts
        attempts = jobs.count_attempt(module.nv)
        module.save_nv()
        if limit and attempts > limit:
            self.enter("start")
            module.timeline.play(Installation(module, job).give_up())
        else:
            self._install(job)

    def resume(self, job: Job, *, needs_package: bool) -> None:
        """Go on in forced upgrade mode, where no firmware is whole."""
        self.enter("restore")
        self.is_installing = True
        work = Installation(self._module, job).resume(needs_package=needs_package)
        self._module.timeline.play(work)

    def go_on(self, job: Job) -> None:
        """Go on with UPDATING in forced upgrade mode; the old firmware is whole."""
        self.enter("updating")
        self.is_installing = True
        self._module.timeline.play(Installation(self._module, job).go_on())

    def report_again(self, job: Job) -> None:
        """Print END,0 for an update that finished just before a power cut."""
        self._module.timeline.play(Installation(self._module, job).report_again())

    def lose_bearer(self) -> None:
        """The network is gone: a running download ends."""
        if self._download is not None:
            self._abort_download()
            self._end_without_bearer()

    def _play(self, work: Pace) -> None:
        """Do *work*, behind a scrub where the flash is turned around (scrub note, 4.2.2)."""
        self._module.timeline.play(self._behind_a_scrub(work))

    def _behind_a_scrub(self, work: Pace) -> Pace:
        if self._module.engine.scrub_direction == 0:
            yield from self._module.part(Scrub).run()
        yield from work

    def _begin_local(self, job: Job) -> Pace:
        yield 0.0
        if self._module.files.has(job.package):
            self._install_soon(job)
        else:
            self._install(job)  # which says so, before any restart

    # -- download ------------------------------------------------------------------------

    def _begin_download(self, location: Location) -> Pace:
        yield _HTTP_START_S
        module, profile = self._module, self._module.profile
        module.report(self._job.source.started())
        if not module.nv.text(FOTA_PATH_ITEM).endswith(":"):
            self._transferred(CODES[profile.code_family].wrong_path)
            return
        if module.part(PacketData).refusal_of_download() is not None:
            # There is no bearer: every attempt runs into its time limit.
            attempt_s = profile.connect_timeout_s + profile.connect_retry_s
            yield profile.connect_attempts * attempt_s
            self._end_without_bearer()
            return
        module.drop_package()
        if self._job.source is Source.FTP:
            self._download = FtpDownload(
                module, location, on_progress=self._on_progress, on_end=self._fetched
            )
        else:
            self._download = Download(
                module, location, on_progress=self._on_progress, on_end=self._downloaded
            )
        self._download.begin()

    def _begin_push(self, port: Port, size: int) -> Pace:
        yield _HTTP_START_S
        module = self._module
        module.report(self._job.source.started())
        module.drop_package()
        try:
            file = module.files.begin(PACKAGE_NAME, replaces=True, is_trusted=True)
        except FileSystemError:
            self._pushed(is_complete=False)
            return
        push = PushedPackage(file, size, on_progress=self._on_progress, on_end=self._pushed)
        port.take_data(push)

    def _pushed(self, *, is_complete: bool) -> None:
        """The host has sent it all, or has stopped."""
        self._transferred(0 if is_complete else CODES[self._module.profile.code_family].file)

    def _on_progress(self, done: int, total: int | None) -> None:
        module = self._module
        ladder = self._job.downloading(module.profile)
        for line, number in ladder.climb(self._line, done, total or 0):
            self._line = line
            module.report(FotaDownloading(number).encode(module.profile.percent_style))
        self.percent = done * 100 // total if total else 0
        module.reached(CutPhase.DOWNLOAD, self.percent)

    def _downloaded(self, end: HttpError) -> None:
        """The download by HTTP is over."""
        self._transferred(CODES[self._module.profile.code_family].of_http(end))

    def _fetched(self, outcome: FtpOutcome) -> None:
        """The download by FTP is over."""
        self._transferred(CODES[self._module.profile.code_family].of_ftp(outcome))

    def _end_without_bearer(self) -> None:
        if self._job.source is Source.FTP:
            self._fetched(FtpOutcome(FtpEnd.NETWORK))
        else:
            self._downloaded(HttpError.CONNECTION_FAILED)

    def _transferred(self, code: int) -> None:
        """Report how the transfer ended, and install where it was good."""
        self._download = None
        self._module.report(self._job.source.ended(code))
        if code == 0:
            self._install_soon(self._job)
        else:
            self.reset()

    def _abort_download(self) -> None:
        if self._download is not None:
            self._download.abort()
            self._download = None

    # -- installation --------------------------------------------------------------------

    def _install_soon(self, job: Job) -> None:
        """Install, behind a restart where the module or the host wants one."""
        module = self._module
        if not job.restarts_first(module.profile):
            self._install(job)
            return
        jobs.keep(job, module.nv)
        module.save_nv()
        module.restart_later()

    def _install(self, job: Job) -> None:
        module = self._module
        if module.profile.resume_updating or module.engine.layout is LayoutKind.IN_PLACE:
            jobs.note(job, module.nv)
            module.save_nv()
        self.enter("start")
        self.is_installing = True
        self._module.timeline.play(Installation(self._module, job).install())

    def enter(self, phase: str, percent: int = 0) -> None:
        """Where the job is now, for reports."""
        self.phase, self.percent = phase, percent
