# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""URCs that wait: for the pin AP_READY, or for the end of the ring indicator's pulse.

``AT+QCFG="apready"`` and ``AT+QCFG="urc/delay"``; which URCs there are is nobody's business
here, nor how they are printed.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from dfota.at import PoweredDown, Urc
from dfota.at.catalog import qcfg
from dfota.modem.qcfg import Qcfg

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

HELD_MAX = 15
"""AT manual V2.3, 4.2.21: of more, the oldest are lost."""


class UrcGate:
    """Lets URCs through when their time has come; a part of a module."""

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._held: deque[Urc | str] = deque(maxlen=HELD_MAX)

    def halt(self) -> None:
        """What is held is lost with the RAM."""
        self._held.clear()

    def report(self, urc: Urc | str) -> None:
        """Print *urc*, now or when it may be printed."""
        if isinstance(urc, PoweredDown):  # there is no later
            self._print(urc)
            return
        if self._is_closed:
            self._held.append(urc)
            return
        settings = self._module.part(Qcfg)
        kind, pulse_ms, _ = settings.in_force(qcfg.RI_OTHER)
        if settings.number(qcfg.URC_DELAY) and kind == "pulse":
            self._module.timeline.pace(int(pulse_ms) / 1000, lambda: self._print(urc))
        else:
            self._print(urc)

    def level_changed(self) -> None:
        """The pin has another level, which the module sees when it looks next."""
        interval_ms = self._module.part(Qcfg).number(qcfg.APREADY, 2)
        self._module.timeline.pace(interval_ms / 1000, self.look)

    def look(self) -> None:
        """Print what was held, if the pin allows it now."""
        while self._held and not self._is_closed:
            self._print(self._held.popleft())

    @property
    def _is_closed(self) -> bool:
        enabled, level, _ = self._module.part(Qcfg).in_force(qcfg.APREADY)
        return bool(enabled) and bool(level) != self._module.world.ap_ready

    def _print(self, urc: Urc | str) -> None:
        self._module.print_urc(urc)
