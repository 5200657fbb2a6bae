# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Follow a running upgrade to its end and prove how it ended; nothing is ever started here.

Rule 1. Success is a revision that was read back, never a line that says so.
Rule 2. AT+QFOTADL is not in this file: where the outcome is not known, nothing is repeated.
"""

from __future__ import annotations

from dfota.at import (
    FotaContinued,
    FotaEnded,
    FotaHttpEnded,
    FotaRestoring,
    FotaUpdating,
    Urc,
    explain_fota_error,
    explain_http_error,
)
from dfota.errors import (
    CheckFailedError,
    DownloadFailedError,
    InstallFailedError,
    OtherModuleError,
    OutcomeUnknownError,
    PortError,
    RevisionMismatchError,
    UpdateDroppedError,
)
from dfota.host.dialogue import Happened, Listen, Now, Procedure, Report
from dfota.host.events import (
    ModuleRestarted,
    Phase,
    PhaseEntered,
    PhaseTime,
    PortLost,
    PortReturned,
    Progressed,
    RevisionRead,
    UpgradeContinued,
    Upgraded,
)
from dfota.host.identity import INCOMPLETE_TAIL, read_imei, read_revision
from dfota.host.phases import TRANSITIONS, End, Sign, TimeLimits, sign_of
from dfota.values import FirmwareVersion


class Following:
    """One upgrade from its first URC to the revision that is read back.

    Args:
        before: what ran before; ``None`` where a running upgrade was found.
        expected: what must run afterwards; ``None`` where any other revision is success.
        imei: of the module, where it is known: when the port went away and came back,
            another one may answer there.
        package_size: in bytes, where it is known.
        limits: how long the module may be silent.
    """

    def __init__(
        self,
        *,
        before: FirmwareVersion | None,
        expected: FirmwareVersion | None,
        imei: str,
        package_size: int | None,
        limits: TimeLimits,
    ) -> None:
        self._before = before
        self._expected = expected
        self._imei = imei
        self._port_returned = False
        self._package_size = package_size
        self._limits = limits
        self._phase = Phase.STARTING
        self._phase_began_at = 0.0
        self._heard_at = 0.0
        self._times: list[PhaseTime] = []
        self._restarts = 0
        self._restarted_in = Phase.STARTING
        self._booted = False

    def run(self, first: Urc | None = None) -> Procedure[Upgraded]:
        """Listen until the end; *first* is a URC that was heard before.

        Raises:
            DownloadFailedError: HTTPEND told an error.
            InstallFailedError: END told an error.
            UpdateDroppedError: the module restarted and runs its old revision.
            RevisionMismatchError: END told success, but another revision runs.
            OutcomeUnknownError: the module has been silent for too long.
            OtherModuleError: the port came back with another module.
            CheckFailedError: a running upgrade was found and has ended, but which
                revision was wanted is not known.
        """
        self._phase_began_at = self._heard_at = yield Now()
        if first is None:
            yield Report(PhaseEntered(self._phase))
        else:
            yield from self._take(first)
        while True:
            limit_s = self._limits.of(self._phase, self._package_size)
            now = yield Now()
            silent_until = self._heard_at + limit_s
            if self._phase is Phase.REBOOTING:
                if self._booted:
                    upgraded = yield from self._judge(final=True)
                    if upgraded is not None:
                        return upgraded
                heard = yield Listen(self._limits.poll_s)
                if heard is Happened.SILENCE:
                    now = yield Now()
                    upgraded = yield from self._judge(final=now >= silent_until)
                    if upgraded is not None:
                        return upgraded
            else:
                heard = yield Listen(max(silent_until - now, 0.0))
                if heard is Happened.SILENCE:
                    upgraded = yield from self._settle()
                    if upgraded is not None:
                        return upgraded
            if heard is not Happened.SILENCE:
                yield from self._take(heard)

    # -- what was heard ------------------------------------------------------------------

    def _take(self, heard: object) -> Procedure[None]:
        sign: Sign | None = None
        if heard is Happened.PORT_LOST:
            yield Report(PortLost())
            return
        if heard is Happened.PORT_RETURNED:
            yield Report(PortReturned())
            self._port_returned = True
            sign = Sign.RETURNED
        elif isinstance(heard, Urc):
            sign = sign_of(heard)
        if sign is None:
            return
        target = TRANSITIONS[self._phase, sign]
        if isinstance(heard, FotaHttpEnded) and target is End.DOWNLOAD_FAILED:
            told = explain_http_error(heard.http_err)
            raise DownloadFailedError(heard.http_err, told.meaning, told.advice)
        if isinstance(heard, FotaEnded) and target is End.INSTALL_FAILED:
            told = explain_fota_error(heard.err)
            raise InstallFailedError(heard.err, told.meaning, told.advice)
        self._heard_at = yield Now()
        if isinstance(heard, FotaContinued):
            yield Report(UpgradeContinued())
        if isinstance(target, Phase):
            yield from self._enter(target)
        else:
            self._booted = True
        if isinstance(heard, FotaUpdating | FotaRestoring):
            yield Report(Progressed(self._phase, heard.percent))

    def _enter(self, phase: Phase) -> Procedure[None]:
        if phase is self._phase:
            return
        if phase is Phase.RESTARTED:
            self._restarts += 1
            self._restarted_in = self._phase
            yield Report(ModuleRestarted(self._phase))
        if phase is not Phase.REBOOTING:
            self._booted = False
        yield from self._end_phase()
        self._phase = phase
        yield Report(PhaseEntered(phase))

    def _end_phase(self) -> Procedure[None]:
        now = yield Now()
        self._times.append(PhaseTime(self._phase, now - self._phase_began_at))
        self._phase_began_at = now

    # -- how it ended ----------------------------------------------------------------------

    def _judge(self, *, final: bool) -> Procedure[Upgraded | None]:
        """After END,0: read the revision; *final* says that no other will come."""
        revision = yield from self._read_revision()
        if revision is not None:
            if self._is_wanted(revision):
                return (yield from self._succeed(revision, "the module reported END,0"))
            if final:
                yield Report(RevisionRead(revision.text))
                raise self._mismatch(revision)
            return None
        now = yield Now()
        silent_s = now - self._heard_at
        if silent_s >= self._limits.rebooting_s:
            raise OutcomeUnknownError(self._phase.value, round(silent_s))
        return None

    def _settle(self) -> Procedure[Upgraded | None]:
        """After too long a silence: the last line may be lost, so read the revision."""
        now = yield Now()
        silent_s = round(now - self._heard_at)
        revision = yield from self._read_revision()
        if revision is not None and revision == self._expected:
            return (yield from self._succeed(revision, "the end was not heard"))
        if self._phase is not Phase.RESTARTED:
            raise OutcomeUnknownError(self._phase.value, silent_s)
        if revision is not None:
            yield Report(RevisionRead(revision.text))
            raise UpdateDroppedError(
                self._expected.text if self._expected else "another revision",
                revision.text,
                self._restarted_in.value,
            )
        # It restarted and says nothing: it may be restoring without a word.
        if silent_s >= self._limits.progress_s:
            raise OutcomeUnknownError(self._phase.value, silent_s)
        heard = yield Listen(self._limits.poll_s)
        if heard is not Happened.SILENCE:
            yield from self._take(heard)
        return None

    def _read_revision(self) -> Procedure[FirmwareVersion | None]:
        """The complete revision, or ``None``: a port that is away is nothing special here."""
        try:
            revision = yield from read_revision()
            imei = (yield from read_imei()) if revision and self._port_returned else ""
        except PortError:
            return None
        if imei and self._imei and imei != self._imei:
            raise OtherModuleError(self._imei, imei, self._phase.value)
        if revision is not None and revision.text.endswith(INCOMPLETE_TAIL):
            return None
        return revision

    def _is_wanted(self, revision: FirmwareVersion) -> bool:
        if self._expected is not None:
            return revision == self._expected
        return self._before is not None and revision != self._before

    def _mismatch(self, revision: FirmwareVersion) -> RevisionMismatchError | CheckFailedError:
        if self._expected is not None:
            return RevisionMismatchError(self._expected.text, revision.text)
        if self._before is not None:
            return RevisionMismatchError("another revision", revision.text)
        return CheckFailedError(
            "running-upgrade",
            f"an upgrade that was already running has ended; the module runs {revision}",
            "If that is not what you want, run the command again, with --expect.",
        )

    def _succeed(self, revision: FirmwareVersion, heard: str) -> Procedure[Upgraded]:
        yield Report(RevisionRead(revision.text))
        yield from self._end_phase()
        if self._expected is not None:
            proof = f"the revision read back is the expected one; {heard}"
        else:
            proof = f"the revision is another one than before; {heard}"
        return Upgraded(
            revision_before=self._before.text if self._before else "",
            revision_after=revision.text,
            proof=proof,
            restarts=self._restarts,
            phases=tuple(self._times),
        )
