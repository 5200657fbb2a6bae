# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Functionality level, search and registration, in virtual time; packet data is elsewhere.

The module wants to be in a network when its level is full, its SIM is ready and the host
has not left the network by ``AT+COPS=2``. Then it looks among the cells that are around
(``World``) for one that its settings (``Qcfg``) allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.at import CpinReported, QusimReported, RegistrationReported, SmsDone, Urc
from dfota.at.catalog import qcfg
from dfota.modem.exchange import Exchanges
from dfota.modem.indications import CSQ, Indications
from dfota.modem.packet import PacketData
from dfota.modem.qcfg import Qcfg
from dfota.modem.surroundings import (
    Attitude,
    Operator,
    Technology,
    parse_operators,
    parse_technologies,
)
from dfota.modem.urc_gate import UrcGate

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.timeline import Timer

MINIMUM = 0
FULL = 1
FLIGHT = 4

REGISTRATIONS = ("+CREG", "+CGREG", "+CEREG")
_NOT_SEARCHING = 0
_HOME = 1
_SEARCHING = 2
_DENIED = 3
_ROAMING = 5

_AVAILABLE = 1
_CURRENT = 2
_FORBIDDEN = 3

_ROAMING_DISABLED = 1
_PACKET_ONLY = 1

_CELLS = {"coverage", "rat", "registration", "lte_band", "gsm_band"}
"""Facts of the world that decide whether there is a network for the module."""

_PLACE = {"area_code", "cell_id"}

_GSM_BANDS = {"GSM 900": 0x1, "GSM 1800": 0x2, "GSM 850": 0x4, "GSM 1900": 0x8}

_SEQUENCE = {
    1: (Technology.EGPRS,),
    2: (Technology.CAT_M1, Technology.LTE),
    3: (Technology.CAT_NB1,),
}
"""Digits of ``nwscanseq``; a module has Cat M1 or ordinary LTE, never both."""


class Radio:
    """Whether the module is in the network, and how it says so.

    Attributes:
        fun: functionality level of ``AT+CFUN``.
        is_registered: whether it is in a network.
        operator_mode: 0 automatic, 2 deregistered by ``AT+COPS=2``.
        operator_format: 0 long, 1 short, 2 numeric.
        operator: the one of ``AT+COPS=1``, or the SIM's own.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._timer: Timer | None = None
        self._farewell: Timer | None = None
        module.world.on_change(self._world_changed)
        self.reset()

    def reset(self) -> None:
        """As before the SIM is read at boot."""
        self._stop_search()
        self._keep_bearer()
        self._technology: Technology | None = None
        self._is_denied = False
        self._told: dict[str, tuple[int, tuple[str, str, int] | None]] = dict.fromkeys(
            REGISTRATIONS, (_NOT_SEARCHING, None)
        )
        self.fun = FULL
        self.is_attached = True
        self.operator_mode = 0
        self.operator_format = 0
        self.operator = self.home_operator

    # -- what others ask -----------------------------------------------------------------

    @property
    def is_registered(self) -> bool:
        """Whether the module is in a network."""
        return self._technology is not None

    @property
    def has_packet_service(self) -> bool:
        """Whether packets can have a context."""
        return self.is_registered and self.is_attached

    @property
    def technology(self) -> Technology | None:
        """The technology in use, or the one that would be; ``None``: there is none for it."""
        return self._technology or next(iter(self._candidates()), None)

    @property
    def home_operator(self) -> Operator:
        """The SIM's own operator."""
        profile = self._module.profile
        return Operator(profile.operator_number, profile.operator)

    @property
    def is_wanted(self) -> bool:
        """Whether the module shall be in a network."""
        return self.fun == FULL and self.operator_mode != 2 and self._module.sim.is_ready

    @property
    def is_heard(self) -> bool:
        """Whether there is a signal to measure."""
        return self.fun == FULL and self._module.world.coverage

    def sim_lines(self) -> tuple[Urc, ...]:
        """What is printed when the SIM is read."""
        card = self._module.sim
        if card.is_ready:
            return CpinReported("READY"), QusimReported(1), SmsDone()
        return (CpinReported(card.state),) if card.state else ()

    def survey(self) -> str:
        """The operators around, as a search lists them."""
        profile, world, technology = self._module.profile, self._module.world, self.technology
        if not world.coverage or technology is None:
            return ""
        home = self.home_operator
        entries: list[str] = []
        for each in (home, *parse_operators(world.operators)):
            short = profile.operator_short if each == home else each.name
            state = _FORBIDDEN if each.is_forbidden else _AVAILABLE
            if self.is_registered and each.number == self.operator.number:
                state = _CURRENT
            entries.append(f'({state},"{each.name}","{short}","{each.number}",{technology.act})')
        return ",".join(entries)

    def stat(self, command: str) -> int:
        """``<stat>`` of one of the registration commands now."""
        if not self.is_wanted:
            return _NOT_SEARCHING
        if self._is_denied:
            return _DENIED
        if self._technology is None:
            return _SEARCHING
        if not self.is_attached and (command != "+CREG" or self._technology.is_lte):
            return _SEARCHING
        return self._registered_stat(command, self._technology)

    def location(self, command: str) -> tuple[str, str, int] | None:
        """Area, cell and technology, where *command* has them (stat 1 or 5)."""
        world, technology = self._module.world, self._technology
        if technology is None or self.stat(command) not in (_HOME, _ROAMING):
            return None
        return world.area_code, world.cell_id, technology.act

    # -- what commands do ----------------------------------------------------------------

    def sim_became_ready(self) -> None:
        """The PIN was entered: the SIM is read, and the network looked for."""
        for urc in self.sim_lines():
            self._module.report(urc)
        self.search()

    def search(self) -> None:
        """Look for a network, where that is wanted and there is none; it takes a while."""
        if not self.is_wanted or self.is_registered:
            return
        if self._timer is None and next(iter(self._candidates()), None) is not None:
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
        self.reconsider()

    def select(self, mode: int, operator: Operator | None = None) -> None:
        """``AT+COPS=<mode>``: 2 leaves the network, the others look for *operator*.

        Mode 4 falls back to automatic where the chosen operator is not there.
        """
        chosen = operator or self.home_operator
        if mode == 4 and operator is None:
            mode = 0
        if chosen != self.operator:
            self.operator = chosen
            self._leave(is_own_wish=True)
        self.operator_mode = mode
        self.reconsider()

    def attach(self, *, is_attached: bool) -> None:
        """``AT+CGATT``: enter or leave the packet service of the network."""
        if is_attached == self.is_attached:
            return
        self.is_attached = is_attached
        if not is_attached:
            self._lose_bearer(by_network=False)
        elif self._technology is not None:
            self._module.part(PacketData).attach(self._technology)
        self._report_changes()

    def deregister(self) -> None:
        """Leave the network; a running download loses its bearer."""
        self._leave(is_own_wish=True)
        self._report_changes()

    def reconsider(self) -> None:
        """What the module may or must do has changed: settings, cells, SIM."""
        if not self.is_wanted:
            self.deregister()
            return
        self._is_denied &= self._is_refused
        if self.is_registered and self._technology not in self._candidates():
            self._lose_cell()
        self.search()
        self._report_changes()

    # -- inside --------------------------------------------------------------------------

    def _candidates(self) -> tuple[Technology, ...]:
        """Technologies of usable cells, the preferred first."""
        module, world = self._module, self._module.world
        if not world.coverage:
            return ()
        configured = module.part(Qcfg)
        if self._is_roaming and configured.number(qcfg.ROAMSERVICE) == _ROAMING_DISABLED:
            return ()
        mine = parse_technologies(module.profile.technologies)
        usable = {
            each
            for each in parse_technologies(world.rat)
            if each in mine and self._is_allowed(each, configured)
        }
        digits = f"{configured.number(qcfg.NWSCANSEQ):06x}"
        order = [each for at in (0, 2, 4) for each in _SEQUENCE.get(int(digits[at : at + 2]), ())]
        order += [each for each in mine if each not in order]
        return tuple(each for each in order if each in usable)

    def _is_allowed(self, technology: Technology, configured: Qcfg) -> bool:
        """Whether ``nwscanmode``, ``iotopmode`` and ``band`` allow cells of *technology*."""
        world, mode = self._module.world, configured.number(qcfg.NWSCANMODE)
        if technology is Technology.EGPRS:
            band = _GSM_BANDS.get(world.gsm_band, qcfg.GSM_BANDS)
            return mode != 3 and bool(configured.number(qcfg.BAND, 0) & band)
        if mode == 1:
            return False
        if technology is Technology.LTE:
            return True
        is_nb1 = technology is Technology.CAT_NB1
        if configured.number(qcfg.IOTOPMODE) not in (2, int(is_nb1)):
            return False
        mask = configured.number(qcfg.BAND, 2 if is_nb1 else 1)
        return bool(mask & (1 << (world.lte_band - 1)))

    @property
    def _is_roaming(self) -> bool:
        is_away = self.operator.number != self.home_operator.number
        return is_away or self._module.world.registration is Attitude.ROAMING

    @property
    def _is_refused(self) -> bool:
        return self._module.world.registration is Attitude.DENIED or self.operator.is_forbidden

    def _registered_stat(self, command: str, technology: Technology) -> int:
        profile = self._module.profile
        at_home = _ROAMING if self._is_roaming else _HOME
        if command == "+CREG":
            if self._module.part(Qcfg).number(qcfg.SERVICEDOMAIN) == _PACKET_ONLY:
                return profile.creg_stat_packet_only
            stat = profile.creg_stat
        elif command == "+CGREG":
            stat = {
                Technology.EGPRS: _HOME,
                Technology.CAT_NB1: profile.cgreg_stat_nb1,
            }.get(technology, profile.cgreg_stat)
        else:
            stat = profile.cereg_stat if technology.is_lte else profile.cereg_stat_gsm
        return at_home if stat == _HOME else stat

    def _world_changed(self, fact: str) -> None:
        """Cells or SIM came or went, or what happens to packets has changed."""
        if self._module.power.value != "running":
            return
        if fact in {"rssi", "ber"}:
            self._report_signal()
        if fact in _CELLS or fact == "sim":
            was_refused = self._is_denied
            if self.is_registered and self._is_refused:
                self._leave(is_own_wish=False)
                self._is_denied = True
            self.reconsider()
            if was_refused and not self._is_denied:
                self.search()
        elif fact in _PLACE:
            self._report_changes()
        elif fact == "ap_ready":
            self._module.part(UrcGate).level_changed()
        else:
            self._module.part(PacketData).reconsider(fact)
        self._module.part(Exchanges).look()

    def _report_signal(self) -> None:
        """``+QIND: "csq"``, where ``AT+QINDCFG`` wants it."""
        module = self._module
        if self.is_heard and module.part(Indications).is_on(CSQ):
            module.report(f'+QIND: "csq",{module.world.rssi},{module.world.ber}')

    def _registered(self) -> None:
        self._timer = None
        found = next(iter(self._candidates()), None)
        if found is None:
            return
        self._is_denied = self._is_refused
        if not self._is_denied:
            self._technology = found
            self._keep_bearer()
        self._report_changes()
        if self.is_registered:
            if self.is_attached:
                self._module.part(PacketData).attach(found)
            self._module.clock.network_told()
            self._module.part(Exchanges).look()

    def _lose_cell(self) -> None:
        """The cell is gone; the contexts wait for a while whether another one comes."""
        self._technology = None
        self._stop_search()
        if self._farewell is None:
            self._farewell = self._module.timeline.pace(
                self._module.profile.bearer_kept_s, self._give_up
            )

    def _give_up(self) -> None:
        self._farewell = None
        self._lose_bearer(by_network=True)

    def _leave(self, *, is_own_wish: bool) -> None:
        """Be in no network from now on."""
        self._stop_search()
        was_in_one = self.is_registered or self._farewell is not None
        self._keep_bearer()
        self._technology = None
        self._is_denied = False
        if was_in_one:
            self._lose_bearer(by_network=not is_own_wish)

    def _lose_bearer(self, *, by_network: bool) -> None:
        self._module.part(PacketData).lose_all(by_network=by_network)
        self._module.upgrade.lose_bearer()
        self._module.part(Exchanges).lose_bearer()

    def _keep_bearer(self) -> None:
        if self._farewell is not None:
            self._farewell.cancel()
            self._farewell = None

    def _report_changes(self) -> None:
        """``+CREG`` and its kin, where ``<stat>`` or the cell is not what it was."""
        port = self._module.urc_port
        for command in REGISTRATIONS:
            now = self.stat(command), self.location(command)
            before, self._told[command] = self._told[command], now
            mode = 0 if port is None else getattr(port.settings, command[1:].lower())
            is_news = now[0] != before[0] or (mode > 1 and now[1] != before[1])
            if mode and is_news:
                self._report(command, with_place=mode > 1)

    def _report(self, command: str, *, with_place: bool) -> None:
        place = self.location(command) if with_place else None
        if place is None:
            self._module.report(RegistrationReported(command, self.stat(command)))
            return
        area, cell, technology = place
        self._module.report(
            RegistrationReported(command, self.stat(command), area, cell, technology)
        )

    def _stop_search(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
