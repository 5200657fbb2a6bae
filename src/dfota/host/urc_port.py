# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Finds out which port of the module the host is at, by where its words can be heard.

Nothing harmless makes a module print a URC, so this is for an upgrade that runs already and
of which not one word was heard; it starts nothing.
"""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.general import QURCCFG_URCPORT
from dfota.errors import PortError
from dfota.host.dialogue import Procedure, ask
from dfota.host.module_settings import ModuleSettings
from dfota.host.plan import PORT_ROLES


class UrcPortSearch:
    """One port after the other, the one that was set at last.

    Args:
        settings: changes the setting and remembers what was there.
    """

    def __init__(self, settings: ModuleSettings) -> None:
        self._settings = settings
        self._left: list[str] | None = None
        self._original = ""

    def try_next(self) -> Procedure[bool]:
        """Have the next port print; ``False`` where there is none left, or it is refused."""
        try:
            if self._left is None:
                yield from self._begin()
            while self._left:
                if (yield from self._set(self._left.pop(0))):
                    return True
        except PortError:
            self._left = []
        return False

    def _begin(self) -> Procedure[None]:
        self._left = []
        answer = yield from ask(QURCCFG_URCPORT, Form.READ)
        lines = answer.lines if answer is not None and answer.ok else ()
        for role in PORT_ROLES:
            if any(line.endswith(f'"{role}"') for line in lines):
                self._original = role
        if self._original:
            self._left = [role for role in PORT_ROLES if role != self._original]

    def _set(self, role: str) -> Procedure[bool]:
        line = f"AT{QURCCFG_URCPORT.name},"
        before = (f'{line}"{self._original}"',)
        is_taken = yield from self._settings.change("urc-port", before, f'{line}"{role}"')
        if is_taken and role != self._original and self._original not in (self._left or ()):
            self._left = [*(self._left or ()), self._original]
        return is_taken
