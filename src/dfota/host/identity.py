# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Get the module's attention and ask who it is; nothing of an upgrade is decided here."""

from __future__ import annotations

from dfota.at import FOTA_URCS, Form, Urc
from dfota.at.catalog.general import ATI, CGSN, CMEE, QGMR
from dfota.errors import CheckFailedError, MisuseError, NoReplyError, PortError
from dfota.host.dialogue import Answer, Ask, Happened, Listen, Now, Procedure, ask, lines_of
from dfota.host.events import Identified
from dfota.values import FirmwareVersion

ATTEMPTS = 10
ATTEMPT_TIMEOUT_S = 1.0
INCOMPLETE_TAIL = ".00.000"
"""QGMR ends like this while the application part of the firmware is not ready yet."""
INCOMPLETE_RETRIES = 16
INCOMPLETE_DELAY_S = 1.0


def get_attention(*, set_errors: bool = True) -> Procedure[Urc | None]:
    """Bring the line into a known state: no echo, words, and (*set_errors*) numbered errors.

    The module may be booting, half a command of a former program may be in its ear, and it
    may be in the middle of an upgrade that somebody started before. The latter is told by
    the URC of that upgrade that was heard, which is returned.

    Raises:
        NoReplyError: the module does not answer.
        PortError: the port went away.
    """
    for _ in range(ATTEMPTS):
        # ATQ0 first would not help: a line with a fault in it does nothing at all.
        answer = yield Ask("ATE0Q0V1", ATTEMPT_TIMEOUT_S)
        if isinstance(answer, Answer) and answer.ok:
            if set_errors:
                yield from ask(CMEE, Form.WRITE, n=1)
            return None
        if answer is Happened.PORT_LOST:
            raise PortError("", "it went away while the module was asked for its identity")
        until = (yield Now()) + ATTEMPT_TIMEOUT_S
        heard = yield Listen(ATTEMPT_TIMEOUT_S)
        while isinstance(heard, Urc):
            if isinstance(heard, FOTA_URCS):
                return heard
            # A module that talks all the time must not hold this for ever.
            if (left_s := until - (yield Now())) <= 0:
                break
            heard = yield Listen(left_s)
    raise NoReplyError("AT", ATTEMPTS * 2 * ATTEMPT_TIMEOUT_S)


def read_revision() -> Procedure[FirmwareVersion | None]:
    """Ask once which firmware runs; ``None`` where the module does not say.

    Raises:
        PortError: the port went away.
    """
    answer = yield from ask(QGMR, Form.EXECUTE)
    return _revision_in(answer.lines) if answer is not None and answer.ok else None


def read_short_revision() -> Procedure[FirmwareVersion | None]:
    """Ask with ATI which firmware runs; ``None`` where the module does not say.

    Raises:
        PortError: the port went away.
    """
    answer = yield from ask(ATI, Form.EXECUTE)
    if answer is None or not answer.ok:
        return None
    return _revision_in(tuple(line for line in answer.lines if line.startswith("Revision:")))


def is_short(revision: FirmwareVersion) -> bool:
    """Whether it lacks the numbers behind the underscore, as in ATI and on old firmware."""
    return revision.short == revision.text


def is_same_revision(wanted: FirmwareVersion, read: FirmwareVersion) -> bool:
    """Whether *read* proves *wanted*; a short one that was wanted says nothing of the rest."""
    if is_short(wanted):
        return read.short == wanted.text
    return read == wanted


def _revision_in(lines: tuple[str, ...]) -> FirmwareVersion | None:
    for line in lines:
        try:
            # "Revision: X" is how ATI has it; some firmware prints QGMR like that, too.
            return FirmwareVersion(line.removeprefix("Revision:").strip())
        except MisuseError:
            continue
    return None


def read_complete_revision() -> Procedure[FirmwareVersion | None]:
    """Ask which firmware runs, again while the answer ends in ``.00.000``.

    Raises:
        PortError: the port went away.
    """
    revision = yield from read_revision()
    for _ in range(INCOMPLETE_RETRIES):
        if revision is not None and not revision.text.endswith(INCOMPLETE_TAIL):
            break
        yield Listen(INCOMPLETE_DELAY_S)
        revision = yield from read_revision()
    return revision


def identify() -> Procedure[Identified]:
    """Ask for manufacturer, model, revision and IMEI.

    Raises:
        CheckFailedError: the answers are not those of a module of this family.
    """
    lines = lines_of((yield from ask(ATI, Form.EXECUTE)))
    # A URC that we do not know may stand between them.
    lines = tuple(line for line in lines if not line.startswith("+"))
    if len(lines) < 2:
        raise CheckFailedError(
            "identity",
            "ATI does not tell manufacturer and model",
            "Check that this is the AT port of the module, not its NMEA or diagnostic port.",
        )
    revision = yield from read_complete_revision()
    if revision is None:
        raise CheckFailedError(
            "identity",
            "AT+QGMR does not tell the firmware revision",
            "This dfota upgrades modules of the BG96 family only.",
        )
    imei = yield from read_imei()
    return Identified(lines[0], lines[1], revision.text, imei)


def read_imei() -> Procedure[str]:
    """Ask for the IMEI; empty where the module does not tell it.

    Raises:
        PortError: the port went away.
    """
    answer = yield from ask(CGSN, Form.EXECUTE)
    if answer is None or not answer.ok:
        return ""
    return next((line for line in answer.lines if len(line) == 15 and line.isdigit()), "")


QUIET_S = 3.0
QUIET_MAX_S = 20.0


def await_quiet() -> Procedure[None]:
    """Wait until a module that has just started has said its last boot line.

    Heard later, in the next upgrade, it would look like another restart.
    """
    until = (yield Now()) + QUIET_MAX_S
    while (yield Now()) < until:
        if (yield Listen(QUIET_S)) is Happened.SILENCE:
            return
