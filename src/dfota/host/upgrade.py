# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The whole upgrade, from the first AT to the revision read back, as one procedure.

Rule 1. AT+QFOTADL is sent at most once. Whatever comes after it, it is never sent again.
Rule 2. Everything that can fail is tried before it; afterwards the module works by itself.
Rule 3. What was changed in the module is put back, but never while it is still upgrading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from dfota.at import Form, Ready, Urc
from dfota.at.catalog.files import QFDEL
from dfota.at.catalog.fota import FOTA_APN
from dfota.errors import (
    CheckFailedError,
    HostError,
    NoReplyError,
    NothingToDoError,
    OtherModuleError,
    PortError,
)
from dfota.host.dialogue import Answer, ForgetUrcs, Happened, Listen, Now, Procedure, Report, ask
from dfota.host.events import (
    CheckStatus,
    Examined,
    Identified,
    KindChosen,
    ModuleRestarted,
    PackageLeft,
    PackageRemoved,
    Phase,
    PhaseEntered,
    Upgraded,
    UpgradeFound,
)
from dfota.host.failures import PROVEN_ENDS
from dfota.host.follow import Followed, Following
from dfota.host.identity import get_attention, identify, read_complete_revision
from dfota.host.kinds import BG96, KINDS, ModuleKind, kind_of
from dfota.host.logbook import Logbook
from dfota.host.module_files import NOT_THERE
from dfota.host.module_settings import ModuleSettings, Needs
from dfota.host.plan import Plan
from dfota.host.preflight import Scene, make_checks
from dfota.host.records import UpgradeRecord
from dfota.host.starting import start, upload
from dfota.host.urc_port import UrcPortSearch
from dfota.values import FirmwareVersion

T = TypeVar("T")

RESTART_WAIT_S = 10.0
"""How long a module that went away before the start is waited for: its USB is back in five."""


def examine(plan: Plan) -> Procedure[Examined]:
    """Identify the module and make all checks; nothing is started.

    Raises:
        NoReplyError: the module does not answer.
        CheckFailedError: this is not a module of the family, or it is busy upgrading.
        LocationError: a module of this kind cannot download the URL.
    """
    heard = yield from get_attention()
    if heard is not None:
        raise CheckFailedError(
            "running-upgrade",
            "the module is in the middle of an upgrade",
            "Wait for its end, or run the command again without --dry-run to follow it.",
        )
    identity = yield from identify()
    yield Report(identity)
    kind = yield from choose_kind(plan, identity)
    plan.check_url(kind)
    checks = yield from make_checks(Scene(plan, identity, kind), stops=False)
    return Examined(identity, checks)


def upgrade(plan: Plan) -> Procedure[Upgraded]:
    """Take the module through a whole upgrade.

    If the module is found in the middle of an upgrade (a host that was stopped, a power
    cut), that one is followed to its end and none is started.

    Raises:
        NothingToDoError: the module runs the wanted revision already.
        LocationError: a module of this kind cannot download the URL.
        HostError: one of its classes for each way to fail; which of them were raised
            before AT+QFOTADL is told by the events.
    """
    return (yield from begin(plan))


def begin(plan: Plan, left: tuple[str, ...] = (), imei: str = "") -> Procedure[Upgraded]:
    """``upgrade``, where lines that put settings back are *left* of an earlier one.

    They are of the module with this *imei*, and so no other is upgraded.

    Raises:
        OtherModuleError: another module answers.
    """
    logbook = Logbook(_record_of(plan, left).with_changes(imei=imei if left else ""))
    settings = ModuleSettings(logbook)
    return (yield from concluded(_upgrade(plan, logbook, settings), logbook, settings))


def _record_of(plan: Plan, left: tuple[str, ...]) -> UpgradeRecord:
    """What a record says before the module has said anything."""
    return UpgradeRecord(
        settings=left,
        port=plan.port,
        revision_expected=plan.target.text if plan.target else "",
        location=plan.url or "",
        package_size=plan.package_size or 0,
        package_digest=hashlib.sha256(plan.package).hexdigest() if plan.package else "",
    )


def concluded(
    procedure: Procedure[Upgraded], logbook: Logbook, settings: ModuleSettings
) -> Procedure[Upgraded]:
    """Run *procedure*, note how it ended and put the settings back, however it ends."""
    untouched = logbook.record
    try:
        upgraded = yield from procedure
    except HostError as error:
        if logbook.record.is_started and not isinstance(error, PROVEN_ENDS):
            # It may still be upgrading: nothing is put back, and the record stays open.
            yield from logbook.note(outcome=str(error))
        elif logbook.record != untouched or untouched.is_started:
            yield from settings.restore()
            yield from logbook.end(str(error))
        raise
    yield from _remove_package(logbook)
    yield from settings.restore()
    yield from logbook.end(upgraded.proof)
    return upgraded


def _upgrade(plan: Plan, logbook: Logbook, settings: ModuleSettings) -> Procedure[Upgraded]:
    yield Report(PhaseEntered(Phase.PREPARING))
    heard = yield from get_attention(set_errors=False)
    if heard is not None:
        yield Report(UpgradeFound())
        kind = _likely_kind(plan)
        yield from logbook.note(is_started=True, kind=kind.name)
        return (yield from _follow(plan, kind, settings, heard))
    scene = yield from _insist(
        lambda: _prepare(plan, logbook, settings), lambda: Phase(logbook.record.phase)
    )
    if plan.bytes_per_s is None:
        plan = replace(plan, bytes_per_s=scene.bytes_per_s)
    heard = yield from start(plan, scene.kind, logbook)
    return (yield from _follow(plan, scene.kind, settings, heard, scene.identity))


def _likely_kind(plan: Plan) -> ModuleKind:
    """What a module is that cannot be asked: as named, or as the package says, or a BG96."""
    for_model = kind_of(plan.facts.model) if plan.facts is not None else None
    return plan.kind or for_model or BG96


def _follow(
    plan: Plan,
    kind: ModuleKind,
    settings: ModuleSettings,
    first: Urc | None,
    identity: Identified | None = None,
) -> Procedure[Upgraded]:
    """Follow what was started or found, from *first* on."""
    followed = Followed(
        before=FirmwareVersion(identity.revision) if identity else None,
        expected=plan.target,
        imei=identity.imei if identity else "",
        kind=kind,
        package_size=plan.package_size,
        bytes_per_s=plan.bytes_per_s,
        limits=plan.limits,
        is_local=plan.url is None,
    )
    following = Following(
        followed,
        logbook=settings.logbook,
        urc_port=None if plan.role else UrcPortSearch(settings),
        to_push=plan.package if kind.is_pushed else None,
    )
    return (yield from following.run(first))


# -- before the start ------------------------------------------------------------------------


def _prepare(plan: Plan, logbook: Logbook, settings: ModuleSettings) -> Procedure[Scene]:
    """Everything before AT+QFOTADL; may be done again from the beginning."""
    # What was said before is of the past: a restart counts from here on.
    yield ForgetUrcs()
    identity = yield from identify()
    _require_same(logbook.record.imei, identity.imei)
    if plan.target is None:
        # Any other revision will be a success, so this one must be beyond doubt.
        yield from _confirm_revision(identity)
    yield Report(identity)
    kind = yield from choose_kind(plan, identity)
    plan.check_url(kind)
    if plan.target is not None and plan.target.text == identity.revision:
        raise NothingToDoError(identity.revision)
    yield from logbook.note(
        imei=identity.imei,
        model=identity.model,
        kind=kind.name,
        revision_before=identity.revision,
        phase=Phase.PREPARING.value,
    )
    is_remote = plan.url is not None
    yield from settings.apply(
        Needs(kind, plan.role, plan.access_point if is_remote else None, is_remote)
    )
    scene = Scene(plan, identity, kind, is_changed=True)
    for check in (yield from make_checks(scene, stops=True)):
        if check.status is CheckStatus.FAILED:
            raise check.as_error()
    yield from upload(plan, kind, logbook)
    return scene


def _require_same(known: str, imei: str) -> None:
    """Ports may exchange their names while a module restarts: the one that was known goes on."""
    if known and not imei:
        raise CheckFailedError(
            "identity",
            f"the module does not tell its IMEI any more, which was {known}; nothing was started",
            "Another module may be at this port: find out, and run the command again.",
        )
    if known and imei != known:
        raise OtherModuleError(known, imei, Phase.PREPARING.value)


def _confirm_revision(identity: Identified) -> Procedure[None]:
    again = yield from read_complete_revision()
    if again is None or again.text != identity.revision:
        raise CheckFailedError(
            "identity",
            f"AT+QGMR first told {identity.revision}, then {again or 'nothing'}",
            "The line loses bytes: check cable, speed and flow control.",
        )


def choose_kind(plan: Plan, identity: Identified) -> Procedure[ModuleKind]:
    """The kind that the plan names, or that the module's answers tell.

    Raises:
        CheckFailedError: nobody knows how to upgrade this model.
        PortError: the port went away.
    """
    kind, reason = plan.kind, "it was named"
    if kind is None:
        kind, reason = kind_of(identity.model), f"its model is {identity.model}"
        if kind is None:
            raise CheckFailedError(
                "module",
                f"{identity.model} is no model that dfota knows",
                "If it takes AT+QFOTADL as a BG96 does, say so: --module bg96.",
            )
        if kind.refusal_kind and plan.url is not None:
            answer = yield from ask(FOTA_APN, Form.READ)
            if answer is not None and not answer.ok:
                kind, reason = KINDS[kind.refusal_kind], "its firmware knows no fota_apn"
    yield Report(KindChosen(kind.name, reason))
    return kind


def _insist(again: Callable[[], Procedure[T]], phase: Callable[[], Phase]) -> Procedure[T]:
    """Run what *again* gives; once more from its beginning where the module restarted meanwhile.

    Nothing has been started, so nothing is repeated that must not be.
    """
    for is_last in (False, True):
        try:
            result = yield from again()
        except (PortError, NoReplyError, CheckFailedError) as error:
            if is_last or not (yield from _has_restarted(error)):
                raise
        else:
            if not (yield from _has_restarted()):
                return result
            if is_last:
                break
        yield Report(ModuleRestarted(phase()))
        heard = yield from get_attention(set_errors=False)
        if heard is not None:
            raise CheckFailedError(
                "running-upgrade",
                "the module restarted and goes on with an upgrade that was started before",
                "Run the command again to follow it.",
            )
    raise CheckFailedError(
        "restart",
        "the module restarted twice before the upgrade could be started; nothing was started",
        "Check its supply, and that no watchdog or other program restarts it.",
    )


def _has_restarted(error: HostError | None = None) -> Procedure[bool]:
    """Whether a boot was heard since; where the port or the answer is missing, it is awaited."""
    patience_s = {PortError: RESTART_WAIT_S, NoReplyError: RESTART_WAIT_S}
    until = (yield Now()) + patience_s.get(type(error), 0.0)
    while True:
        heard = yield Listen(max(until - (yield Now()), 0.0))
        if isinstance(heard, Ready) or heard is Happened.PORT_RETURNED:
            return True
        # What waits in line is heard at one time; what comes later must not hold this for ever.
        if heard is Happened.SILENCE or (yield Now()) > until:
            return False


# -- after the end ---------------------------------------------------------------------------


def _remove_package(logbook: Logbook) -> Procedure[None]:
    """Delete the package where it may still lie: it would take the room of the next one."""
    kind = KINDS.get(logbook.record.kind, BG96)
    is_remote = "://" in logbook.record.location
    if not kind.package_file or (is_remote and not kind.has_eufs):
        return
    name = kind.package_file
    try:
        answer = yield from ask(QFDEL, Form.WRITE, filename=name)
    except PortError:
        answer = None
    if answer is not None and answer.ok:
        yield Report(PackageRemoved(name))
    elif not (isinstance(answer, Answer) and answer.result in NOT_THERE):
        reason = answer.text if answer is not None else "no answer"
        if not is_remote:
            yield Report(PackageLeft(name, reason))
