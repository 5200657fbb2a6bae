# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Follow a running upgrade to its end and prove how it ended; nothing is ever started here.

Rule 1. Success is a revision that was read back, never a line that says so.
Rule 2. AT+QFOTADL is not in this file: where the outcome is not known, nothing is repeated.
Rule 3. It ends: whatever is said or not said, within ``TimeLimits.whole_s`` and a silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dfota.at import (
    FotaContinued,
    FotaDownloading,
    FotaFileStarted,
    FotaRestoring,
    FotaUpdating,
    PoweredDown,
    Urc,
)
from dfota.errors import (
    CheckFailedError,
    OtherModuleError,
    OutcomeUnknownError,
    PortError,
    RevisionMismatchError,
    UpdateDroppedError,
)
from dfota.host.dialogue import Happened, Listen, Now, Procedure, Report, SendData
from dfota.host.events import (
    ModulePoweredDown,
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
    Uploaded,
)
from dfota.host.failures import failure_of
from dfota.host.identity import (
    INCOMPLETE_TAIL,
    is_same_revision,
    is_short,
    read_imei,
    read_revision,
    read_short_revision,
)
from dfota.host.kinds import BG96, ModuleKind
from dfota.host.logbook import Logbook
from dfota.host.phases import TRANSITIONS, End, Sign, TimeLimits, expected_s, sign_of
from dfota.host.records import UpgradeRecord
from dfota.host.urc_port import UrcPortSearch
from dfota.values import FirmwareVersion

PUSH_NAME = "FILE:"
"""What events call a package that goes to the module behind FILESTART."""

PUSH_PIECE_SIZE = 4096

SEARCH_S = 20.0
"""How long each port of the module is listened to, where nobody knows which one this is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What is known of the upgrade that is followed.

    Attributes:
        before: what ran before; ``None`` where a running upgrade was found.
        expected: what must run afterwards; ``None`` where any other revision is success.
        imei: of the module, where it is known: when the port went away and came back,
            another one may answer there.
        kind: of the module.
        package_size: in bytes, where it is known.
        bytes_per_s: speed of the download, where it is known.
        limits: how long the module may be silent.
        is_local: whether the package is in the module, so that nothing is downloaded.
        is_resumed: whether another run has started it: what was said meanwhile is lost.
    """

    before: FirmwareVersion | None = None
    expected: FirmwareVersion | None = None
    imei: str = ""
    kind: ModuleKind = BG96
    package_size: int | None = None
    bytes_per_s: float | None = None
    limits: TimeLimits = field(default_factory=TimeLimits)
    is_local: bool = False
    is_resumed: bool = False

    @property
    def restarts_first(self) -> bool:
        """Whether the module restarts before its first word."""
        return self.is_local and self.kind.restarts_first


class Following:
    """One upgrade from its first URC to the revision that is read back.

    Args:
        followed: what is known of it.
        logbook: where its phases are noted.
        phase: where it stands.
        restarted_in: the phase before, where it stands in ``RESTARTED``.
        urc_port: finds the port that prints, where that is not known.
        to_push: the package that the module asks for with FILESTART, where it is one of
            those that do.
    """

    def __init__(
        self,
        followed: Followed,
        *,
        logbook: Logbook | None = None,
        phase: Phase = Phase.STARTING,
        restarted_in: Phase | None = None,
        urc_port: UrcPortSearch | None = None,
        to_push: bytes | None = None,
    ) -> None:
        self._followed = followed
        self._limits = followed.limits
        self._logbook = Logbook(UpgradeRecord()) if logbook is None else logbook
        self._urc_port = urc_port
        self._to_push = to_push
        self._phase = phase
        self._restarted_in = phase if restarted_in is None else restarted_in
        self._began_at = 0.0
        self._phase_began_at = 0.0
        self._heard_at = 0.0
        self._answered_at = 0.0
        self._pace_from: tuple[float, int] | None = None
        self._times: list[PhaseTime] = []
        self._restarts = 0
        self._booted = False
        # Of a module that another run has known, nobody can say that the port stayed its own.
        self._port_returned = followed.is_resumed
        self._judged_by = 0.0

    def run(self, first: Urc | None = None) -> Procedure[Upgraded]:
        """Listen until the end; *first* is a URC that was heard before.

        Raises:
            DownloadFailedError: the module could not get the package.
            InstallFailedError: END told an error.
            UpdateDroppedError: the module restarted and runs its old revision.
            RevisionMismatchError: END told success, but another revision runs.
            OutcomeUnknownError: the module has been silent for too long.
            OtherModuleError: the port came back with another module.
            CheckFailedError: a running upgrade was found and has ended, but which
                revision was wanted is not known.
        """
        self._began_at = self._phase_began_at = self._heard_at = yield Now()
        self._judged_by = self._heard_at + self._limits.rebooting_s
        yield from self._announce()
        if first is not None:
            yield from self._take(first)
        elif self._followed.is_resumed:
            upgraded = yield from self._look()
            if upgraded is not None:
                return upgraded
        while True:
            yield from self._check_whole()
            if self._phase is Phase.REBOOTING:
                upgraded = yield from self._await_new_firmware()
            else:
                upgraded = yield from self._await_sign()
            if upgraded is not None:
                return upgraded

    def _await_sign(self) -> Procedure[Upgraded | None]:
        """Listen until the limit of the phase, then find out."""
        left_s = max(self._heard_at + self._limit_s - (yield Now()), 0.0)
        # Its last words may have fallen into a restart: then it runs and says no more.
        is_restarted = self._phase is Phase.RESTARTED
        look_s = self._limits.poll_s if is_restarted else self._limits.rebooting_s
        heard = yield Listen(min(left_s, look_s))
        if heard is Happened.SILENCE:
            return (yield from (self._look() if left_s > look_s else self._settle()))
        yield from self._take(heard)
        return None

    def _await_new_firmware(self) -> Procedure[Upgraded | None]:
        """After END,0: ask again and again, until the limit or a restart that was heard."""
        if self._booted:
            upgraded = yield from self._judge(final=True)
            if upgraded is not None:
                return upgraded
        heard = yield Listen(self._limits.poll_s)
        if heard is not Happened.SILENCE:
            yield from self._take(heard)
            return None
        now = yield Now()
        return (yield from self._judge(final=now >= self._judged_by))

    def _check_whole(self) -> Procedure[None]:
        waited_s = (yield Now()) - self._began_at
        if waited_s >= self._limits.whole_s:
            raise OutcomeUnknownError(self._phase.value, round(waited_s))

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
        if isinstance(heard, Urc):
            failure = failure_of(heard, self._followed.kind)
            if failure is not None:
                raise failure
        self._heard_at = yield Now()
        if self._phase is Phase.REBOOTING and sign is Sign.RETURNED:
            # It may have been the restart, or only the cable: it has a moment to go.
            self._judged_by = min(self._judged_by, self._heard_at + self._limits.restarted_s)
        if isinstance(heard, FotaContinued):
            yield Report(UpgradeContinued())
        if isinstance(heard, PoweredDown):
            yield Report(ModulePoweredDown(self._phase))
        if isinstance(target, Phase):
            yield from self._enter(target)
        elif target is End.BOOTED:
            self._booted = True
        if isinstance(heard, FotaDownloading | FotaUpdating | FotaRestoring):
            yield from self._progress(heard.percent)
        if isinstance(heard, FotaFileStarted):
            yield from self._push()

    def _push(self) -> Procedure[None]:
        """Send the package, once, while the module takes it."""
        data, self._to_push = self._to_push, None
        if data is None:
            return
        yield Report(Uploaded(PUSH_NAME, 0, len(data)))
        for begin in range(0, len(data), PUSH_PIECE_SIZE):
            piece = data[begin : begin + PUSH_PIECE_SIZE]
            if (yield SendData(piece, 0, self._limit_s)) is Happened.PORT_LOST:
                return
            # Lets the bytes go, and hears a module that has enough of them.
            heard = yield Listen(0.0)
            self._heard_at = yield Now()
            if heard is not Happened.SILENCE:
                yield from self._take(heard)
            if self._phase is not Phase.DOWNLOADING:
                return
            yield Report(Uploaded(PUSH_NAME, begin + len(piece), len(data)))

    def _enter(self, phase: Phase) -> Procedure[None]:
        if phase is Phase.REBOOTING:
            self._judged_by = self._heard_at + self._limits.rebooting_s
        if phase is self._phase:
            return
        if phase is Phase.RESTARTED:
            self._restarts += 1
            self._restarted_in = self._phase
            yield Report(ModuleRestarted(self._phase))
        self._booted = False
        self._pace_from = None
        yield from self._end_phase()
        self._phase = phase
        yield from self._announce()

    def _announce(self) -> Procedure[None]:
        yield from self._logbook.enter(self._phase)
        known = self._followed
        usual_s = expected_s(
            self._phase,
            known.kind,
            known.package_size,
            known.bytes_per_s,
            restarts_first=known.restarts_first,
        )
        yield Report(PhaseEntered(self._phase, self._limit_s, usual_s))

    def _progress(self, percent: int) -> Procedure[None]:
        """Tell the progress, and how long the rest takes at the pace so far."""
        left_s: float | None = None
        if self._pace_from is None or percent < self._pace_from[1]:
            self._pace_from = (self._heard_at, percent)
        else:
            began_at, began_with = self._pace_from
            if percent > began_with:
                per_percent_s = (self._heard_at - began_at) / (percent - began_with)
                left_s = round(per_percent_s * (100 - percent), 1)
        yield Report(Progressed(self._phase, percent, left_s))

    def _end_phase(self) -> Procedure[None]:
        now = yield Now()
        self._times.append(PhaseTime(self._phase, now - self._phase_began_at))
        self._phase_began_at = now

    @property
    def _limit_s(self) -> float:
        known = self._followed
        return self._limits.of(self._phase, known.package_size, restarts_first=known.restarts_first)

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
        silent_s = (yield Now()) - self._heard_at
        if silent_s >= self._limits.rebooting_s:
            raise OutcomeUnknownError(self._phase.value, round(silent_s))
        return None

    def _look(self) -> Procedure[Upgraded | None]:
        """Whether the wanted revision runs already, of an upgrade that nobody followed."""
        revision = yield from self._read_revision()
        if revision is not None and self._is_wanted(revision):
            return (yield from self._succeed(revision, "the end was not heard"))
        return None

    def _settle(self) -> Procedure[Upgraded | None]:
        """After too long a silence: the last line may be lost, so read the revision."""
        silent_s = round((yield Now()) - self._heard_at)
        revision = yield from self._read_revision()
        if revision is not None and self._is_wanted(revision):
            return (yield from self._succeed(revision, "the end was not heard"))
        has_restarted = self._phase is Phase.RESTARTED
        if not has_restarted and not self._followed.is_resumed:
            if (yield from self._find_urc_port(is_answering=revision is not None)):
                return None
            raise OutcomeUnknownError(self._phase.value, silent_s)
        if revision is not None:
            yield Report(RevisionRead(revision.text))
            raise self._dropped(revision)
        # It restarted and says nothing: it may be restoring without a word.
        if silent_s >= self._limits.progress_s:
            raise OutcomeUnknownError(self._phase.value, silent_s)
        heard = yield Listen(self._limits.poll_s)
        if heard is not Happened.SILENCE:
            yield from self._take(heard)
        return None

    def _find_urc_port(self, *, is_answering: bool) -> Procedure[bool]:
        """Where not one word was heard, it may be said at another port: listen to each in turn.

        A module that answers may be downloading, in silence; one that does not is installing.
        """
        search = self._urc_port
        if self._phase is not Phase.STARTING or search is None:
            return False
        now = yield Now()
        if is_answering:
            self._answered_at = now
            longest_s = self._limits.of(Phase.DOWNLOADING, self._followed.package_size)
            is_over = now - self._phase_began_at >= longest_s
            if is_over or not (yield from search.try_next()):
                yield from search.end()
                return False
        elif now - max(self._answered_at, self._phase_began_at) >= self._limits.progress_s:
            return False
        self._heard_at = now - self._limit_s + SEARCH_S
        return True

    def _read_revision(self) -> Procedure[FirmwareVersion | None]:
        """The revision, or ``None``; read twice alike unless it is the one that is expected.

        A line that loses bytes must make neither a success nor a failure.
        """
        revision = yield from self._read_revision_once()
        if revision is None or revision == self._followed.expected:
            return revision
        again = yield from self._read_revision_once()
        return again if again in {revision, self._followed.expected} else None

    def _read_revision_once(self) -> Procedure[FirmwareVersion | None]:
        """The complete revision, or ``None``: a port that is away is nothing special here."""
        try:
            revision = yield from read_revision()
            short = None if revision is not None else (yield from read_short_revision())
            if short is not None:
                # It may have come back between the two questions: the long one is better.
                revision = yield from read_revision()
            imei = (yield from read_imei()) if self._port_returned and (revision or short) else ""
        except PortError:
            return None
        known = self._followed.imei
        if imei and known and imei != known:
            raise OtherModuleError(known, imei, self._phase.value)
        if known and self._port_returned and not imei:
            # Whoever answers here may be another one.
            return None
        if revision is not None and revision.text.endswith(INCOMPLETE_TAIL):
            return None
        return revision if revision is not None else short

    def _is_wanted(self, revision: FirmwareVersion) -> bool:
        before, expected = self._followed.before, self._followed.expected
        if expected is None:
            return _is_other(before, revision)
        if is_short(expected) and before is not None and not _is_other(before, revision):
            # The short name of the old build says nothing of the new one.
            return False
        return is_same_revision(expected, revision)

    def _dropped(self, revision: FirmwareVersion) -> Exception:
        before, expected = self._followed.before, self._followed.expected
        if _is_other(before, revision):
            return self._mismatch(revision)
        wanted = expected.text if expected else "another revision"
        phase = self._restarted_in if self._phase is Phase.RESTARTED else self._phase
        return UpdateDroppedError(wanted, revision.text, phase.value, self._restarts)

    def _mismatch(self, revision: FirmwareVersion) -> RevisionMismatchError | CheckFailedError:
        before, expected = self._followed.before, self._followed.expected
        if expected is not None:
            return RevisionMismatchError(expected.text, revision.text)
        if before is not None:
            return RevisionMismatchError("another revision", revision.text)
        return CheckFailedError(
            "running-upgrade",
            f"an upgrade that was already running has ended; the module runs {revision}",
            "If that is not what you want, run the command again, with --expect.",
        )

    def _succeed(self, revision: FirmwareVersion, heard: str) -> Procedure[Upgraded]:
        before, expected = self._followed.before, self._followed.expected
        yield Report(RevisionRead(revision.text))
        yield from self._end_phase()
        if expected is not None:
            proof = f"the revision read back is the expected one; {heard}"
        else:
            proof = f"the revision is another one than before; {heard}"
        return Upgraded(
            revision_before=before.text if before else "",
            revision_after=revision.text,
            proof=proof,
            restarts=self._restarts,
            phases=tuple(self._times),
        )


def _is_other(before: FirmwareVersion | None, revision: FirmwareVersion) -> bool:
    """Whether *revision* proves that another firmware runs than *before*."""
    if before is None or revision == before:
        return False
    return not (is_short(revision) and before.text.startswith(revision.text))
