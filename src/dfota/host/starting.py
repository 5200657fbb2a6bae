# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Bring the package to the module and send AT+QFOTADL; what follows is not followed here.

Rule 1. AT+QFOTADL is sent once. Only where the module refuses it at once, so that nothing has
been started, another folder may be tried.
Rule 2. That it may have been sent is kept before it is sent.
"""

from __future__ import annotations

from dfota.at import FOTA_URCS, Form, Urc
from dfota.at.catalog.fota import QFOTADL, QFOTADL_LINUX, QFOTADL_STANDARD_A
from dfota.errors import CommandRefusedError, NoReplyError, PortError
from dfota.host.certificates import check_certificate_support, provision
from dfota.host.dialogue import (
    Answer,
    Ask,
    AwaitAnswer,
    ForgetUrcs,
    Happened,
    Listen,
    Now,
    Procedure,
    Report,
)
from dfota.host.events import (
    FolderRefused,
    Phase,
    PhaseEntered,
    UpgradeFound,
    UpgradeStarted,
)
from dfota.host.files import upload_file
from dfota.host.identity import ATTEMPT_TIMEOUT_S, ATTEMPTS
from dfota.host.kinds import LocalForm, ModuleKind
from dfota.host.logbook import Logbook
from dfota.host.plan import Plan

REFUSED_LISTEN_S = 30.0
"""How long a refused AT+QFOTADL waits for a word of an upgrade that runs already."""

FOLDER_LISTEN_S = 3.0
"""How long a refused folder waits for a sign that the refusal was of an earlier command."""

LATE_ANSWER_S = 0.5
"""How long the answer of an earlier command may come after that of a later one."""


def upload(plan: Plan, kind: ModuleKind, logbook: Logbook) -> Procedure[None]:
    """Put certificates and, where its kind wants it there, the package into the module.

    Raises:
        CertificateError: a certificate is of no use to a module.
        CheckFailedError: no room, no such storage, or the checksum is wrong.
        ModuleFileError: a certificate cannot be placed; the old ones are there again.
        NoReplyError: the module stopped answering.
        PortError: the port went away.
    """
    package = None if kind.is_pushed else plan.package
    if not plan.certificates and package is None:
        return
    yield from logbook.enter(Phase.UPLOADING)
    yield Report(PhaseEntered(Phase.UPLOADING))
    if plan.certificates:
        check_certificate_support(kind, kind.name)
        yield from provision(plan.certificates)
    if package is not None:
        yield from upload_file(kind.package_file, package)


def start(plan: Plan, kind: ModuleKind, logbook: Logbook) -> Procedure[Urc | None]:
    """Send AT+QFOTADL; if it is refused because one is running already, what that one said.

    Raises:
        CommandRefusedError: the module refuses, and no upgrade is running.
        NoReplyError: the module stopped answering; nothing was started.
        PortError: the port went away before the start, or after the refusal.
    """
    yield from _hear_late_answers()
    # What is still in the queue belongs to the past, the boot for example.
    yield ForgetUrcs()
    locations = locations_of(plan, kind)
    for location in locations:
        step = start_line(kind, location)
        yield from logbook.note(location=location, phase=Phase.STARTING.value, is_started=True)
        answer = yield step
        if not isinstance(answer, Answer) or answer.ok:
            # No answer is not a refusal: the OK may be lost, so the URCs decide.
            yield Report(UpgradeStarted(step.line))
            return None
        if location != locations[-1]:
            is_taken, heard = yield from _await_late_start()
            if is_taken:
                yield Report(UpgradeStarted(step.line))
                return heard
            yield Report(FolderRefused(step.line, answer.text))
    # While a module downloads it answers everything else as if nothing were going on.
    heard = yield from _listen_for_upgrade()
    if heard is None:
        raise CommandRefusedError(step.line, answer.text)
    yield Report(UpgradeFound())
    return heard


def _hear_late_answers() -> Procedure[None]:
    """Ask until the answer that comes is the last: none of an earlier command is left."""
    for _ in range(ATTEMPTS):
        answer = yield Ask("AT", ATTEMPT_TIMEOUT_S)
        late = (
            Happened.PORT_LOST
            if answer is Happened.PORT_LOST
            else (yield AwaitAnswer(LATE_ANSWER_S))
        )
        if late is Happened.PORT_LOST:
            raise PortError("", "it went away before AT+QFOTADL; nothing was started")
        if isinstance(answer, Answer) and answer.ok and late is Happened.SILENCE:
            return
    raise NoReplyError("AT", ATTEMPTS * (ATTEMPT_TIMEOUT_S + LATE_ANSWER_S))


def _await_late_start() -> Procedure[tuple[bool, Urc | None]]:
    """Whether AT+QFOTADL was taken after all: a late OK, or a word of the upgrade, tells."""
    late = yield AwaitAnswer(FOLDER_LISTEN_S)
    is_taken = isinstance(late, Answer) and late.ok
    while isinstance(heard := (yield Listen(0.0)), Urc):
        if isinstance(heard, FOTA_URCS):
            return True, heard
    if Happened.PORT_LOST in {late, heard}:
        raise PortError("", "it went away after AT+QFOTADL was refused")
    return is_taken, None


def locations_of(plan: Plan, kind: ModuleKind) -> tuple[str, ...]:
    """What AT+QFOTADL is given; several where only the module knows its folder."""
    if plan.url is not None:
        return (plan.url,)
    match kind.local_form:
        case LocalForm.FIXED:
            return ("1",)
        case LocalForm.PATH:
            name = kind.package_file.rpartition(":")[2]
            return tuple(f"{folder}{name}" for folder in kind.local_folders)
        case LocalForm.PUSH:
            return (f"FILE:{len(plan.package or b'')}",)


def start_line(kind: ModuleKind, location: str) -> Ask:
    """AT+QFOTADL in the form of *kind*."""
    if kind.options:
        mode, download_lines, update_lines = kind.options
        return Ask.command(
            QFOTADL_STANDARD_A,
            Form.WRITE,
            location=location,
            upgrade_mode=mode,
            download_urc_max=download_lines,
            update_urc_max=update_lines,
        )
    if location == "1":
        return Ask.command(QFOTADL, Form.WRITE, location=1)
    return Ask.command(QFOTADL_LINUX, Form.WRITE, location=location)


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
