# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Functionality, power saving and supply: AT manual V2.3, chapters 2.22, 4.1, 6.8 to 6.14, 11.

Power saving is remembered and told, but this module never falls asleep: an upgrade that runs
keeps a real one awake too, and a host that sleeps through its module is no bug of the module.
"""

from __future__ import annotations

from dfota.at import Command, Form
from dfota.at.catalog.power import (
    CBC,
    CEDRXRDP,
    CEDRXS,
    CFUN,
    CPAS,
    CPSMS,
    QADC,
    QPOWD,
    QPSMS,
    QSCLK,
    QTEMP,
)
from dfota.modem.nv import NvText, nv_number, nv_text
from dfota.modem.port import Port
from dfota.modem.radio import FULL
from dfota.modem.reply import OK, Reply, cme, handles, information

_CHANGE_S = 1.0
"""What a change of the functionality takes; the manual allows 15 s."""

PHONE_FAILURE = 0
NOT_ALLOWED = 3


@handles(CFUN, Form.READ)
def read_functionality(port: Port) -> Reply:
    """The functionality level."""
    return information(f"+CFUN: {port.module.radio.fun}")


@handles(CFUN, Form.WRITE)
def set_functionality(port: Port, fun: int, rst: int) -> Reply:
    """Change the level, or (1,1) restart the module."""
    module = port.module
    if rst:
        if fun != FULL:
            return cme(NOT_ALLOWED)
        return Reply(afterwards=module.restart_later)
    if fun == FULL and module.profile.calibration_lost:
        return cme(PHONE_FAILURE)
    if fun == module.radio.fun:
        return Reply()
    return Reply(cost_s=_CHANGE_S, effect=lambda: module.radio.set_functionality(fun))


@handles(QPOWD, Form.EXECUTE)
def power_down(port: Port) -> Reply:
    """Shut down in order."""
    return Reply(afterwards=port.module.power_down_later)


@handles(QPOWD, Form.WRITE)
def power_down_how(port: Port, n: int) -> Reply:
    """Shut down; at once (0) differs on hardware only in how long the network is told."""
    return Reply(afterwards=port.module.power_down_later)


@handles(CBC, Form.EXECUTE)
def read_supply(port: Port) -> Reply:
    """Not charging, and the supply voltage."""
    supply_mv = port.module.world.supply_mv
    percent = max(0, min(100, (supply_mv - 3300) // 10))
    return information(f"+CBC: 0,{percent},{supply_mv}")


@handles(CPAS, Form.EXECUTE)
def read_activity(port: Port) -> Reply:
    """Ready; there are no calls."""
    return information("+CPAS: 0")


@handles(QSCLK, Form.READ)
def read_sleep(port: Port) -> Reply:
    """Whether sleep is allowed."""
    return information(f"+QSCLK: {port.settings.qsclk}")


@handles(QSCLK, Form.WRITE)
def allow_sleep(port: Port, n: int) -> Reply:
    """Remembered and otherwise without effect."""
    port.settings.qsclk = n
    return OK


@handles(QTEMP, Form.EXECUTE)
def read_temperatures(port: Port) -> Reply:
    """Three times the temperature of the world; the manual's ``+QADC:`` is a slip."""
    now = port.module.world.temperature
    return information(f"+QTEMP: {now},{now},{now}")


@handles(QADC, Form.WRITE)
def read_voltage(here: Port, port: int) -> Reply:
    """Success (1), and the voltage at the pin."""
    world = here.module.world
    return information(f"+QADC: 1,{world.adc1_mv if port else world.adc0_mv}")


# -- power saving mode ------------------------------------------------------------------

_PSM_MODE = nv_number("psm.mode", 0, 0, 1)
_PSM_TIMERS = tuple(nv_text(f"psm.{name}", "", 8) for name in ("t3312", "t3314", "t3412", "t3324"))

_LONG_UNITS_S = (600, 3600, 36_000, 2, 30, 60, 1_152_000, 0)
"""Units of T3312 and T3412, by the first three bits: 3GPP TS 24.008, table 10.5.163a."""

_SHORT_UNITS_S = (2, 60, 360, 60, 60, 60, 60, 0)
"""Units of T3314 and T3324: 3GPP TS 24.008, table 10.5.172; the last one means never."""


def _timer_s(bits: str, units_s: tuple[int, ...]) -> int:
    return int(bits[3:], 2) * units_s[int(bits[:3], 2)]


@handles(CPSMS, Form.READ)
def read_power_saving(port: Port) -> Reply:
    """What was asked for."""
    nv = port.module.nv
    timers = (nv.text(item) for item in _PSM_TIMERS)
    asked = ",".join(f'"{bits}"' if bits else "" for bits in timers)
    return information(f"+CPSMS: {nv.number(_PSM_MODE)},{asked}")


@handles(QPSMS, Form.READ)
def read_granted_power_saving(port: Port) -> Reply:
    """What the network grants: here, on LTE, whatever was asked for."""
    module = port.module
    mode = module.nv.number(_PSM_MODE)
    periodic, active = (module.nv.text(item) for item in _PSM_TIMERS[2:])
    if not (mode and module.radio.is_registered):
        return information(f"+QPSMS: {mode},,,,")
    shown = (
        f'"{_timer_s(periodic, _LONG_UNITS_S)}"' if periodic else "",
        f'"{_timer_s(active, _SHORT_UNITS_S)}"' if active else "",
    )
    return information(f"+QPSMS: {mode},,,{','.join(shown)}")


def _bind_power_saving(command: Command) -> None:
    @handles(command, Form.WRITE)
    def ask_for_power_saving(  # noqa: PLR0917 - the parameters of the command
        port: Port,
        mode: int | None,
        periodic_rau: str | None,
        gprs_ready_timer: str | None,
        periodic_tau: str | None,
        active_time: str | None,
    ) -> Reply:
        nv = port.module.nv
        timers = (periodic_rau, gprs_ready_timer, periodic_tau, active_time)
        is_reset = mode is None and not any(timers)
        for item, bits in zip(_PSM_TIMERS, timers, strict=True):
            if is_reset or bits is not None:
                nv.change(item, bits or "")
        if mode is not None or is_reset:
            nv.change(_PSM_MODE, mode or 0)
        port.module.save_nv()
        return OK


for _command in (CPSMS, QPSMS):
    _bind_power_saving(_command)


# -- extended idle mode DRX -------------------------------------------------------------

OFF = 0
FORGOTTEN = 3
REPORTED = 2

_EDRX_MODE = nv_number("edrx.mode", 0, 0, 2)
_EDRX_VALUES: dict[int, NvText] = {act: nv_text(f"edrx.value{act}", "", 4) for act in (4, 5)}
_EDRX_OF_ACT = {8: 4, 9: 5}
"""``<AcT>`` of the registration -> ``<AcT-type>`` of these commands: Cat M1, Cat NB1."""

_EDRX_FACTORY = "0010"
_PAGING_WINDOW = "0011"
"""What the network gives; a captured ``+CEDRXRDP: 5,"0010","0010","0011"`` shows both."""


@handles(CEDRXS, Form.READ)
def read_edrx(port: Port) -> Reply:
    """One line for each technology that it is on for."""
    nv = port.module.nv
    return information(
        *(
            f'+CEDRXS: {act},"{nv.text(item)}"'
            for act, item in _EDRX_VALUES.items()
            if nv.number(_EDRX_MODE) and nv.text(item)
        )
    )


@handles(CEDRXS, Form.WRITE)
def set_edrx(
    port: Port, mode: int | None, act_type: int | None, requested_edrx_value: str | None
) -> Reply:
    """Ask for it, for one technology or for both."""
    module, nv = port.module, port.module.nv
    if mode is None or mode == FORGOTTEN:
        nv.change(_EDRX_MODE, OFF)
        for item in _EDRX_VALUES.values():
            nv.change(item, "")
    else:
        nv.change(_EDRX_MODE, mode)
        for act, item in _EDRX_VALUES.items():
            if mode != OFF and act_type in {None, act}:
                nv.change(item, requested_edrx_value or nv.text(item) or _EDRX_FACTORY)
    module.save_nv()
    used = _used_edrx(port)
    if mode != REPORTED or used is None:
        return OK
    return Reply(effect=lambda: module.report(f"+CEDRXP: {used}"))


@handles(CEDRXRDP, Form.EXECUTE)
def read_used_edrx(port: Port) -> Reply:
    """What is used in this cell: here, whatever was asked for."""
    return information(f"+CEDRXRDP: {_used_edrx(port) or 0}")


def _used_edrx(port: Port) -> str | None:
    module, nv = port.module, port.module.nv
    technology = module.radio.technology
    act = None if technology is None else _EDRX_OF_ACT.get(technology.act)
    if act is None or not module.radio.is_registered or not nv.number(_EDRX_MODE):
        return None
    value = nv.text(_EDRX_VALUES[act])
    return f'{act},"{value}","{value}","{_PAGING_WINDOW}"' if value else None
