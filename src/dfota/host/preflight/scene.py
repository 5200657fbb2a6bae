# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a check is given and how it words its verdict; no check is in here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from dfota.at import Form
from dfota.at.catalog.files import QFLST
from dfota.host.dialogue import Procedure, ask
from dfota.host.events import CheckResult, CheckStatus, Identified
from dfota.host.kinds import ModuleKind
from dfota.host.module_files import NOT_THERE
from dfota.host.plain_text import plain_text
from dfota.host.plan import Plan

TEXT_MAX = 160
"""What a module says is shown up to so many characters."""


@dataclass(slots=True)
class Scene:
    """One module before an upgrade.

    Attributes:
        plan: what shall be done.
        identity: who it is.
        kind: what it is.
        is_changed: whether the settings were changed for the upgrade already.
        network: what the module said of its network, kept for the checks that share it.
        bytes_per_s: what a download may reach, once that is known.
    """

    plan: Plan
    identity: Identified
    kind: ModuleKind
    is_changed: bool = False
    network: tuple[str, ...] | None = field(default=None)
    bytes_per_s: float | None = None


Judge = Callable[[Scene], Procedure[CheckResult]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of the table.

    Attributes:
        name: its short name, as in ``--skip`` and JSON.
        asks: what it asks, for the documentation.
        passes: when it passes.
        else_what: what a person does where it does not.
        judge: asks and judges; raises only ``PortError``.
        applies: whether it means anything for this plan and module.
        after: checks without whose success it makes no sense.
    """

    name: str
    asks: str
    passes: str
    else_what: str
    judge: Judge
    applies: Callable[[Scene], bool] = lambda _scene: True
    after: tuple[str, ...] = ()


def passed(check: str, found: str, remedy: str = "") -> CheckResult:
    """All is well."""
    return CheckResult(check, CheckStatus.PASSED, plain(found), remedy)


def warned(check: str, found: str, remedy: str) -> CheckResult:
    """It may go wrong."""
    return CheckResult(check, CheckStatus.WARNED, plain(found), remedy)


def failed(check: str, found: str, remedy: str) -> CheckResult:
    """It will go wrong."""
    return CheckResult(check, CheckStatus.FAILED, plain(found), remedy)


def not_told(check: str, remedy: str = "") -> CheckResult:
    """The module does not say: nobody knows, so it counts neither for nor against."""
    return CheckResult(check, CheckStatus.NOT_TOLD, "not told", remedy)


def plain(text: str) -> str:
    """*text* for a terminal: what a module or a server says is not trusted."""
    return plain_text(text, TEXT_MAX)


def find(pattern: re.Pattern[str], lines: tuple[str, ...]) -> re.Match[str] | None:
    """The first line that begins like *pattern*."""
    return next(filter(None, map(pattern.match, lines)), None)


def listed(pattern: str) -> Procedure[tuple[str, ...] | None]:
    """Lines of the files that *pattern* means; ``None`` where the module does not say."""
    answer = yield from ask(QFLST, Form.WRITE, name_pattern=pattern)
    if answer is not None and answer.result in NOT_THERE:
        return ()
    return answer.lines if answer is not None and answer.ok else None


def at_once(judge: Callable[[Scene], CheckResult]) -> Judge:
    """A check that asks nothing."""

    def procedure(scene: Scene) -> Procedure[CheckResult]:
        yield from ()  # which makes it a procedure
        return judge(scene)

    return procedure
