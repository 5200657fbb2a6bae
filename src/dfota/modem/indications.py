# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which unsolicited result codes are printed at all (``AT+QINDCFG``); none is made here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.modem.nv import nv_number

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

ALL = "all"
CSQ = "csq"
SMSFULL = "smsfull"
RING = "ring"
SMSINCOMING = "smsincoming"

_FACTORY = {ALL: 1, CSQ: 0, SMSFULL: 0, RING: 1, SMSINCOMING: 1}
"""AT manual V2.3, 4.3; it names no default of ``smsfull`` but OFF."""

_KEPT = {name: nv_number(f"qindcfg.{name}", is_on, 0, 1) for name, is_on in _FACTORY.items()}


class Indications:
    """The switches as they are now: what was kept, until changed without keeping it."""

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._now = {name: module.nv.number(item) for name, item in _KEPT.items()}

    def halt(self) -> None:
        """A restart brings back what was kept."""

    def is_on(self, name: str) -> bool:
        """Whether these are printed."""
        return bool(self._now[name])

    def switch(self, name: str, *, is_on: bool, is_kept: bool) -> None:
        """Print these or not, and keep it or not."""
        self._now[name] = int(is_on)
        if is_kept:
            self._module.nv.change(_KEPT[name], int(is_on))
            self._module.save_nv()
