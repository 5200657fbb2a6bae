# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The whole upgrade, from the first AT to the revision read back, as one procedure.

Rule 1. AT+QFOTADL is sent at most once. Whatever comes after it, it is never sent again.
Rule 2. Everything that can fail is tried before it; afterwards the module works by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dfota.at import FOTA_URCS, Form, Urc, parse_location
from dfota.at.catalog.fota import QFOTADL
from dfota.errors import CheckFailedError, CommandRefusedError, MisuseError, PortError
from dfota.host.checks import (
    AccessPoint,
    PackageFacts,
    check_access_point,
    check_network,
    check_package,
    check_revision,
    check_sim,
    check_supply,
    check_urc_port,
)
from dfota.host.dialogue import Answer, Ask, ForgetUrcs, Happened, Listen, Now, Procedure, Report
from dfota.host.events import (
    CheckResult,
    CheckStatus,
    Examined,
    Identified,
    Phase,
    PhaseEntered,
    Upgraded,
    UpgradeFound,
    UpgradeStarted,
)
from dfota.host.files import PACKAGE_FILE, upload_file
from dfota.host.follow import Following
from dfota.host.identity import get_attention, identify
from dfota.host.phases import TimeLimits
from dfota.values import FirmwareVersion

REFUSED_LISTEN_S = 30.0
"""How long a refused AT+QFOTADL waits for a word of an upgrade that runs already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with the module.

    Attributes:
        url: where the module downloads the package (``AT+QFOTADL="…"``), or ``None``.
        package: the package to upload and install (``AT+QFOTADL=1``), or ``None``.
        facts: what the package says it is for, where it is at hand.
        expected: the revision that must run afterwards; the package's where it is at hand.
        access_point: to set before the download; ``None`` leaves it as it is.
        certificates: name in the module → content, uploaded before the start.
        port: name of the port, to judge where progress will be printed.
        limits: how long the module may be silent.

    Raises:
        MisuseError: neither or both of *url* and *package* are given.
        LocationError: the module cannot download *url*.
    """

    url: str | None = None
    package: bytes | None = field(default=None, repr=False)
    facts: PackageFacts | None = None
    expected: FirmwareVersion | None = None
    access_point: AccessPoint | None = None
    certificates: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    port: str = ""
    limits: TimeLimits = field(default_factory=TimeLimits)

    def __post_init__(self) -> None:
        if (self.url is None) == (self.package is None):
            raise MisuseError("give either the URL of a package or a package to upload")
        if self.url is not None:
            parse_location(self.url)

    @property
    def target(self) -> FirmwareVersion | None:
        """The revision that makes it a success, where it is known beforehand."""
        return self.facts.new_revision if self.facts is not None else self.expected


def examine(plan: Plan) -> Procedure[Examined]:
    """Identify the module and make all checks; nothing is started.

    Raises:
        NoReplyError: the module does not answer.
        CheckFailedError: this is not a module of the family, or it is busy upgrading.
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
    checks = yield from _make_checks(plan, identity, change=False)
    return Examined(identity, checks)


def upgrade(plan: Plan) -> Procedure[Upgraded]:
    """Take the module through a whole upgrade.

    If the module is found in the middle of an upgrade (a host that was stopped, a power
    cut), that one is followed to its end and none is started.

    Raises:
        HostError: one of its classes for each way to fail; which of them were raised
            before AT+QFOTADL is told by the events.
    """
    yield Report(PhaseEntered(Phase.PREPARING))
    heard = yield from get_attention()
    if heard is not None:
        yield Report(UpgradeFound())
        return (yield from _follow(plan, None, heard))
    identity = yield from identify()
    yield Report(identity)
    for check in (yield from _make_checks(plan, identity, change=True)):
        if check.status is CheckStatus.FAILED:
            raise check.as_error()
    yield from _upload(plan)
    heard = yield from _start(plan)
    return (yield from _follow(plan, identity, heard))


def _follow(plan: Plan, identity: Identified | None, first: Urc | None) -> Procedure[Upgraded]:
    size = plan.facts.size if plan.facts is not None else None
    following = Following(
        before=FirmwareVersion(identity.revision) if identity else None,
        expected=plan.target,
        imei=identity.imei if identity else "",
        package_size=size,
        limits=plan.limits,
    )
    return (yield from following.run(first))


def _make_checks(
    plan: Plan, identity: Identified, *, change: bool
) -> Procedure[tuple[CheckResult, ...]]:
    """All checks, in the order of the DFOTA guide's example (4.1); stops at a failed one."""
    results: list[CheckResult] = []

    def add(result: CheckResult) -> Procedure[None]:
        results.append(result)
        yield Report(result)

    yield from add(check_revision(identity, plan.target))
    yield from add(check_package(identity, plan.facts))
    procedures = [check_urc_port(plan.port), check_supply()]
    if plan.url is not None:
        procedures += [check_sim(), check_access_point(plan.access_point, change=change)]
    for procedure in procedures:
        if _has_failed(results):
            procedure.close()
            continue
        yield from add((yield from procedure))
    # Without a SIM there is no registration to wait for.
    if plan.url is not None and not _has_failed(results):
        for result in (yield from check_network()):
            yield from add(result)
    return tuple(results)


def _has_failed(results: list[CheckResult]) -> bool:
    return any(result.status is CheckStatus.FAILED for result in results)


def _upload(plan: Plan) -> Procedure[None]:
    files = dict(plan.certificates)
    if plan.package is not None:
        files[PACKAGE_FILE] = plan.package
    if not files:
        return
    yield Report(PhaseEntered(Phase.UPLOADING))
    for name, data in files.items():
        yield from upload_file(name, data)


def _start(plan: Plan) -> Procedure[Urc | None]:
    """Send AT+QFOTADL; if it is refused because one is running already, what that one said."""
    location: str | int = plan.url if plan.url is not None else 1
    # What is still in the queue belongs to the past, the boot for example.
    yield ForgetUrcs()
    ask = Ask.command(QFOTADL, Form.WRITE, location=location)
    answer = yield ask
    if isinstance(answer, Answer) and not answer.ok:
        # While a module downloads it answers everything else as if nothing were going on.
        heard = yield from _listen_for_upgrade()
        if heard is None:
            raise CommandRefusedError(ask.line, answer.text)
        yield Report(UpgradeFound())
        return heard
    # No answer is not a refusal: the OK may be lost, so the URCs decide.
    yield Report(UpgradeStarted(ask.line))
    return None


def _listen_for_upgrade() -> Procedure[Urc | None]:
    """Await a word of an upgrade that runs already."""
    until = (yield Now()) + REFUSED_LISTEN_S
    while (now := (yield Now())) < until:
        heard = yield Listen(until - now)
        if isinstance(heard, FOTA_URCS):
            return heard
        if heard is Happened.PORT_LOST:
            raise PortError("", "it went away after AT+QFOTADL was refused")
    return None
