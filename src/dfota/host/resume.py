# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Go on with an upgrade from its record, after the host's own death; it starts nothing twice.

Rule 1. While ``is_started`` is set and the outcome is not known, AT+QFOTADL is not sent.
Rule 2. The module that answers must be the one of the record (``Following`` asks its IMEI).
"""

from __future__ import annotations

from dfota.at import Urc
from dfota.errors import (
    MisuseError,
    NoReplyError,
    PortError,
    RecordError,
)
from dfota.host.dialogue import Answer, Ask, Happened, Listen, Now, Procedure, Report
from dfota.host.events import Phase, Upgraded, UpgradeResumed
from dfota.host.files import SILENCE_MAX_S
from dfota.host.follow import Followed, Following
from dfota.host.identity import ATTEMPT_TIMEOUT_S, get_attention
from dfota.host.kinds import BG96, KINDS
from dfota.host.logbook import Logbook
from dfota.host.module_settings import ModuleSettings
from dfota.host.phases import FOLLOWED, TimeLimits
from dfota.host.plan import Plan
from dfota.host.records import UpgradeRecord
from dfota.host.upgrade import begin, concluded
from dfota.values import FirmwareVersion

RECORD = "the record of the upgrade"


def resume(plan: Plan | None, record: UpgradeRecord) -> Procedure[Upgraded]:
    """Bring the upgrade of *record* to its end.

    One that was started is followed, and never started again while its outcome is not known.
    One that was not started, or has ended, is begun anew, after the module's settings have
    been put back.

    Args:
        plan: what was to be done; ``None``: as the record has it, which is enough for an
            upgrade that was started, and for one from a URL.
        record: what is known of it.

    Raises:
        RecordError: the record is of another upgrade than *plan*, or *plan* is needed.
        UpdateDroppedError: the module runs its old firmware: the upgrade was not applied.
        OtherModuleError: another module answers at the port.
        OutcomeUnknownError: the module has been silent for too long.
        HostError: one of its classes, as of ``upgrade``.
    """
    _check(plan, record)
    logbook = Logbook(record)
    if is_open(record):
        following = _follow_record(plan, logbook)
        return (yield from concluded(following, logbook, ModuleSettings(logbook)))
    if record.phase == Phase.UPLOADING.value:
        yield from _let_upload_end()
    left = yield from put_back(record)
    return (yield from begin(plan or _plan_of(record), left.settings, record.imei))


def is_open(record: UpgradeRecord) -> bool:
    """Whether AT+QFOTADL may have been sent, and what came of it is not known."""
    return record.is_started and not record.is_ended


def _let_upload_end() -> Procedure[None]:
    """Be silent until a module that still awaits the rest of a file has given up.

    It takes whatever it is sent for a part of that file, and each byte makes it wait longer.
    """
    answer = yield Ask("AT", ATTEMPT_TIMEOUT_S)
    # Anything but OK may be the CONNECT that the dead host had asked for.
    if isinstance(answer, Answer) and answer.ok:
        return
    until = (yield Now()) + SILENCE_MAX_S
    while (now := (yield Now())) < until:
        if (yield Listen(until - now)) is Happened.PORT_LOST:
            return


def put_back(record: UpgradeRecord) -> Procedure[UpgradeRecord]:
    """Put the settings of *record* back, as far as the module takes it; gives the new record.

    For a module that is not upgrading, such as after Ctrl-C before the start; one that is
    heard upgrading is left alone.
    """
    logbook = Logbook(record)
    yield from ModuleSettings(logbook).restore()
    return logbook.record


def _check(plan: Plan | None, record: UpgradeRecord) -> None:
    expected = record.revision_expected
    if plan is not None and plan.target is not None and expected not in {"", plan.target.text}:
        raise RecordError(RECORD, f"it is of an upgrade to {expected}, not to {plan.target}")
    if plan is None and not is_open(record) and "://" not in record.location:
        raise RecordError(RECORD, "nothing was started, and it does not hold the package itself")


def _plan_of(record: UpgradeRecord) -> Plan:
    """The plan of an upgrade from a URL."""
    return Plan(
        url=record.location,
        expected=_revision(record.revision_expected),
        port=record.port,
        kind=KINDS.get(record.kind),
        size=record.package_size or None,
    )


def _follow_record(plan: Plan | None, logbook: Logbook) -> Procedure[Upgraded]:
    record = logbook.record
    phase = Phase(record.phase) if record.phase in _PHASES else Phase.STARTING
    yield Report(UpgradeResumed(phase))
    first, is_answering = yield from _listen_first()
    expected = _revision(record.revision_expected)
    followed = Followed(
        before=_revision(record.revision_before),
        expected=plan.target if expected is None and plan is not None else expected,
        imei=record.imei,
        kind=KINDS.get(record.kind) or (plan.kind if plan is not None else None) or BG96,
        package_size=record.package_size or None,
        bytes_per_s=plan.bytes_per_s if plan is not None else None,
        limits=plan.limits if plan is not None else TimeLimits(),
        is_local="://" not in record.location,
        is_resumed=True,
    )
    began_in = phase
    if phase is Phase.STARTING and "://" in record.location:
        # HTTPSTART may have been said meanwhile, and a download is silent.
        began_in = Phase.DOWNLOADING
    elif is_answering and phase in _DEAF:
        began_in = Phase.RESTARTED
    following = Following(followed, logbook=logbook, phase=began_in, restarted_in=phase)
    return (yield from following.run(first))


_PHASES = frozenset(phase.value for phase in FOLLOWED)

_DEAF = {Phase.UPDATING, Phase.RESTORING, Phase.RESTARTED}
"""A module that answers has left these."""


def _listen_first() -> Procedure[tuple[Urc | None, bool]]:
    """What the module says of its upgrade, if anything, and whether it answers as ever."""
    try:
        heard = yield from get_attention(set_errors=False)
    except (NoReplyError, PortError):
        return None, False
    return heard, heard is None


def _revision(text: str) -> FirmwareVersion | None:
    try:
        return FirmwareVersion(text) if text else None
    except MisuseError as error:
        raise RecordError(RECORD, "a revision in it is none") from error
