# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""SIM, functionality level and registration, as much of them as an upgrade needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.at import CpinReported, QusimReported, RegistrationReported, SmsDone, Urc
from dfota.modem.exchange import Exchanges
from dfota.modem.indications import CSQ, Indications
from dfota.modem.surroundings import Technology, parse_technologies

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.port import Port
    from dfota.modem.timeline import Timer

MINIMUM = 0
FULL = 1
FLIGHT = 4

REGISTRATIONS = ("+CREG", "+CGREG", "+CEREG")
_NOT_SEARCHING = 0
_SEARCHING = 2


class Radio:
    """Whether the module is in the network, and how it says so.

    Attributes:
        fun: functionality level of ``AT+CFUN``.
        is_registered: whether data can flow.
        operator_mode: 0 automatic, 2 deregistered by ``AT+COPS=2``.
        operator_format: 0 long, 1 short, 2 numeric.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._timer: Timer | None = None
        module.world.on_change(self._world_changed)
        self.reset()

    def reset(self) -> None:
        """As before the SIM is read at boot."""
        self._stop_search()
        self._stats = dict.fromkeys(REGISTRATIONS, _NOT_SEARCHING)
        self.fun = FULL
        self.is_registered = False
        self.operator_mode = 0
        self.operator_format = 0

    def sim_lines(self) -> tuple[Urc, ...]:
        """What is printed when the SIM is read."""
        card = self._module.sim
        if card.is_ready:
            return CpinReported("READY"), QusimReported(1), SmsDone()
        return (CpinReported(card.state),) if card.state else ()

    def sim_became_ready(self) -> None:
        """The PIN was entered: the SIM is read, and the network looked for."""
        for urc in self.sim_lines():
            self._module.report(urc)
        self.search()

    def search(self) -> None:
        """Register with the network, where that is wanted; it takes a while."""
        wanted = self.fun == FULL and self.operator_mode != 2 and not self.is_registered
        world = self._module.world
        if wanted and self._module.sim.is_ready and world.coverage:
            self._stop_search()
            self._timer = self._module.timeline.pace(
                self._module.profile.register_s, self._registered
            )
            self._report_changes()

    def set_functionality(self, fun: int) -> None:
        """Change the functionality level, with the URCs that follow."""
        before, self.fun = self.fun, fun
        if fun == MINIMUM:
            self._module.sim.reset()
        if before == MINIMUM and fun != MINIMUM:
            for urc in self.sim_lines():
                self._module.report(urc)
        if fun == FULL:
            self.search()
        else:
            self.deregister()

    def select(self, mode: int, *, is_there: bool = True) -> None:
        """``AT+COPS=<mode>``: 2 leaves the network, the others look for it.

        Mode 4 falls back to automatic where the chosen operator is not there.
        """
        self.operator_mode = mode if is_there else 0
        if mode == 2:
            self.deregister()
        else:
            self.search()

    def deregister(self) -> None:
        """Leave the network; a running download loses its bearer."""
        self._stop_search()
        was_registered, self.is_registered = self.is_registered, False
        self._report_changes()
        if was_registered:
            self._module.upgrade.lose_bearer()
            self._module.part(Exchanges).lose_bearer()

    @property
    def technology(self) -> Technology | None:
        """The technology that the module uses, or would; ``None``: there is none for it."""
        return next(iter(parse_technologies(self._module.world.rat)), None)

    def stat(self, command: str) -> int:
        """``<stat>`` of one of the registration commands now."""
        profile = self._module.profile
        if self.is_registered:
            stats = (profile.creg_stat, profile.cgreg_stat, profile.cereg_stat)
            return stats[REGISTRATIONS.index(command)]
        return _SEARCHING if self._timer is not None else _NOT_SEARCHING

    def location(self, command: str) -> tuple[str, str, int] | None:
        """Area, cell and technology, where *command* has them (stat 1 or 5)."""
        world, technology = self._module.world, self.technology
        if self.stat(command) not in (1, 5) or technology is None:
            return None
        return world.area_code, world.cell_id, technology.act

    def _world_changed(self, fact: str) -> None:
        """Coverage or SIM came or went, or what happens to packets has changed."""
        world = self._module.world
        if self._module.power.value != "running":
            return
        if fact in {"rssi", "ber"}:
            self._report_signal()
        if fact not in {"sim", "coverage"}:
            self._module.part(Exchanges).look()
        elif not self._module.sim.is_ready or not world.coverage:
            self.deregister()
        else:
            self.search()

    def _report_signal(self) -> None:
        """``+QIND: "csq"``, where ``AT+QINDCFG`` wants it."""
        module = self._module
        is_heard = self.fun == FULL and module.world.coverage
        if is_heard and module.part(Indications).is_on(CSQ):
            module.report(f'+QIND: "csq",{module.world.rssi},{module.world.ber}')

    def _registered(self) -> None:
        self._timer = None
        self.is_registered = True
        self._report_changes()
        self._module.clock.network_told()

    def _report_changes(self) -> None:
        """``+CREG`` and its kin, where ``<stat>`` is not what it was."""
        port = self._module.urc_port
        for command in REGISTRATIONS:
            before, self._stats[command] = self._stats[command], self.stat(command)
            if port is not None and self._stats[command] != before:
                self._report_to(port, command)

    def _report_to(self, port: Port, command: str) -> None:
        mode = getattr(port.settings, command[1:].lower())
        if mode == 0:
            return
        place = self.location(command) if mode > 1 else None
        if place is None:
            port.report(RegistrationReported(command, self.stat(command)))
        else:
            area, cell, technology = place
            port.report(RegistrationReported(command, self.stat(command), area, cell, technology))

    def _stop_search(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
