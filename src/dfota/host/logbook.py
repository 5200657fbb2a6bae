# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the record of one upgrade up to date, as steps of the procedure; no files here."""

from __future__ import annotations

from typing import Any

from dfota.host.dialogue import Keep, Procedure
from dfota.host.events import Phase
from dfota.host.records import UpgradeRecord


class Logbook:
    """One record that changes as the upgrade goes on; it is kept each time it changes.

    Args:
        record: what is known so far; kept only when something is added to it.
    """

    def __init__(self, record: UpgradeRecord) -> None:
        self.record = record

    def note(self, **changes: Any) -> Procedure[None]:
        """Change fields of the record and have it kept, if that makes it another one."""
        changed = self.record.with_changes(**changes)
        if changed != self.record:
            self.record = changed
            yield Keep(changed)

    def enter(self, phase: Phase) -> Procedure[None]:
        """Note that the upgrade has come to *phase*."""
        yield from self.note(phase=phase.value)

    def end(self, outcome: str) -> Procedure[None]:
        """Note how it ended; from here on AT+QFOTADL may be sent again."""
        yield from self.note(is_ended=True, outcome=outcome)
