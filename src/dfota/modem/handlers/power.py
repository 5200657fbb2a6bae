# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Functionality, power and supply: AT manual V2.3, chapters 2.22, 11.1 and 11.3."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.general import CBC, CFUN, QPOWD
from dfota.modem.port import Port
from dfota.modem.radio import FULL
from dfota.modem.reply import Reply, cme, handles, information

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
