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
from dfota.host.dialogue import Procedure, ask, lines_of
from dfota.host.module_settings import ModuleSettings
from dfota.host.plan import PORT_ROLES


class UrcPortSearch:
    """One port after the other, round and round; the one that was set comes back at the end.

    Only the first change is told: the rest is the same again.

    Args:
        settings: changes the setting and remembers what was there.
    """

    def __init__(self, settings: ModuleSettings) -> None:
        self._settings = settings
        self._roles: list[str] | None = None
        self._original = ""
        self._current = ""
        self._is_told = False

    @property
    def has_moved(self) -> bool:
        """Whether another port prints than the one that was set."""
        return self._current != self._original

    def try_next(self) -> Procedure[bool]:
        """Have the next port print; ``False`` where the module takes none."""
        try:
            if self._roles is None:
                yield from self._begin()
            for role in self._in_turn():
                if (yield from self._set(role)):
                    return True
                if self._roles is not None:
                    self._roles.remove(role)
        except PortError:
            return self.has_moved
        return False

    def end(self) -> Procedure[None]:
        """Have the port print again that was set before."""
        if self.has_moved:
            try:
                yield from self._set(self._original)
            except PortError:
                return

    def _begin(self) -> Procedure[None]:
        self._roles = []
        lines = lines_of((yield from ask(QURCCFG_URCPORT, Form.READ)))
        for role in PORT_ROLES:
            if any(line.endswith(f'"{role}"') for line in lines):
                self._original = self._current = role
                self._roles = list(PORT_ROLES)

    def _in_turn(self) -> list[str]:
        """The ports behind the current one, and then those before it."""
        roles = self._roles or []
        if self._current not in roles:
            return []
        at = roles.index(self._current)
        return roles[at + 1 :] + roles[:at]

    def _set(self, role: str) -> Procedure[bool]:
        line = f"AT{QURCCFG_URCPORT.name},"
        before = (f'{line}"{self._original}"',)
        is_taken = yield from self._settings.change(
            "urc-port", before, f'{line}"{role}"', is_told=not self._is_told
        )
        self._is_told = self._is_told or is_taken
        if is_taken:
            self._current = role
        return is_taken
