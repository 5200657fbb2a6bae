# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Checks as a table for a person, or as JSON; judges nothing."""

from __future__ import annotations

import sys
import textwrap

from dfota.cli.console import Console, styled
from dfota.errors import NothingToDoError
from dfota.host import CheckResult, CheckStatus, Examined

_SIGNS = {
    CheckStatus.PASSED: ("ok", "green"),
    CheckStatus.WARNED: ("warn", "yellow"),
    CheckStatus.FAILED: ("FAIL", "red"),
    CheckStatus.NOT_TOLD: ("?", "white"),
    CheckStatus.SKIPPED: ("skip", "blue"),
}
_WIDTH = 100


def show_checks(console: Console, examined: Examined) -> None:
    """Print who answered, each check, and a summary; one JSON object with ``--json``."""
    if console.as_json:
        console.event({"event": "examined", **examined.to_facts()})
        return
    identity = examined.identity
    rows = [f"{identity.manufacturer} {identity.model}, IMEI {identity.imei or 'not told'}"]
    width = max((len(check.check) for check in examined.checks), default=0)
    for check in examined.checks:
        rows += _rows(check, width)
    rows.append(_summary(examined.checks))
    console.result({}, text="\n".join(rows))


def refuse_failed(examined: Examined) -> None:
    """Raise the error of the first check that failed.

    Raises:
        NothingToDoError: the wanted revision runs already.
        CheckFailedError: another check failed.
    """
    failed = [check for check in examined.checks if check.status is CheckStatus.FAILED]
    if any(check.check == "revision" for check in failed):
        raise NothingToDoError(examined.identity.revision)
    for check in failed:
        raise check.as_error()


def _rows(check: CheckResult, width: int) -> list[str]:
    sign, colour = _SIGNS[check.status]
    is_bold = check.status is CheckStatus.FAILED
    is_terminal = sys.stdout.isatty()
    shown = styled(f"{sign:<4}", fg=colour, bold=is_bold) if is_terminal else f"{sign:<4}"
    indent = " " * (width + 8)
    room = max(_WIDTH - len(indent), 30)
    found = textwrap.wrap(check.found, room) or [""]
    lines = [f"{shown}  {check.check:<{width}}  {found[0]}"]
    lines += [f"{indent}{part}" for part in found[1:]]
    if check.remedy and check.status is not CheckStatus.PASSED:
        lines += [f"{indent}→ {part}" if not n else f"{indent}  {part}"
                  for n, part in enumerate(textwrap.wrap(check.remedy, room - 2))]  # fmt: skip
    return lines


def _summary(checks: tuple[CheckResult, ...]) -> str:
    counts = {status: sum(check.status is status for check in checks) for status in CheckStatus}
    parts = [
        f"{counts[status]} {status.value.replace('-', ' ')}"
        for status in CheckStatus
        if counts[status]
    ]
    verdict = "an upgrade would be refused" if counts[CheckStatus.FAILED] else "ready to upgrade"
    return f"{', '.join(parts)}: {verdict}"
