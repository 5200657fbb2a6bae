# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Ask at an unknown port whether a module is there, and which; it changes nothing, sans-I/O."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from dfota.at import FOTA_URCS, Form
from dfota.at.catalog.general import ATI, QGMR
from dfota.host.dialogue import Answer, Ask, Happened, Listen, Procedure

PROBE_TRIES = 2
PROBE_TIMEOUT_S = 0.6

SPEEDS = (115_200, 9_600, 921_600, 460_800, 230_400, 57_600, 38_400, 19_200)
"""What to try where nothing readable comes: the factory's first, then the usual ones."""


@dataclass(frozen=True, slots=True)
class Probed:
    """Who answered at a port.

    Attributes:
        answers: whether anything answered AT commands.
        manufacturer: first line of ATI, or empty.
        model: second line of ATI, or empty.
        revision: of AT+QGMR, or empty.
        is_upgrading: whether an upgrade's URC was heard instead.
    """

    answers: bool
    manufacturer: str = ""
    model: str = ""
    revision: str = ""
    is_upgrading: bool = False

    def to_facts(self) -> dict[str, object]:
        """As plain values, for JSON."""
        return asdict(self)


def probe() -> Procedure[Probed]:
    """Ask AT, then ATI and AT+QGMR, each within a moment; ATE, ATV and ATQ stay as they are."""
    for _ in range(PROBE_TRIES):
        answer = yield Ask("AT", PROBE_TIMEOUT_S)
        if isinstance(answer, Answer):
            break
        if answer is Happened.PORT_LOST:
            return Probed(answers=False)
    else:
        heard = yield Listen(0.0)
        return Probed(answers=False, is_upgrading=isinstance(heard, FOTA_URCS))
    lines = yield from _lines(Ask(Ask.command(ATI, Form.EXECUTE).line, PROBE_TIMEOUT_S))
    revision = yield from _lines(Ask(Ask.command(QGMR, Form.EXECUTE).line, PROBE_TIMEOUT_S))
    return Probed(
        answers=True,
        manufacturer=lines[0] if lines else "",
        model=lines[1] if len(lines) > 1 else "",
        revision=revision[0].removeprefix("Revision:").strip() if revision else "",
    )


def answers() -> Procedure[bool]:
    """Whether AT is answered at all, e.g. at this speed."""
    for _ in range(PROBE_TRIES):
        outcome = yield Ask("AT", PROBE_TIMEOUT_S)
        if outcome is not Happened.SILENCE:
            return isinstance(outcome, Answer)
    return False


def _lines(step: Ask) -> Procedure[tuple[str, ...]]:
    outcome = yield step
    if not isinstance(outcome, Answer) or not outcome.ok:
        return ()
    return tuple(line[:100] for line in outcome.lines if not line.startswith("+"))[:8]
