# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the flash scrub: application note V1.1, chapter 4."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog.scrub import (
    DFOTA_ONGOING,
    NOT_SUPPORTED,
    QSCRUB,
    SCRUB_DIRECTION,
    SCRUB_ONGOING,
    SCRUB_TIME,
)
from dfota.modem.port import Port
from dfota.modem.reply import OK, Reply, cme, handles, information
from dfota.modem.scrub import SCRUB_TIME_ITEM, Scrub

_NOT_SUPPORTED_STATE = 2


@handles(QSCRUB, Form.READ)
def read_scrub(port: Port) -> Reply:
    """0 no, 1 a scrub is going on, 2 there is no scrub partition."""
    scrub = port.module.part(Scrub)
    state = int(scrub.is_running) if scrub.is_supported else _NOT_SUPPORTED_STATE
    return information(f"+QSCRUB: {state}")


@handles(QSCRUB, Form.WRITE)
def start_scrub(port: Port, mode: int) -> Reply:
    """Accept at once; the end arrives in a URC."""
    module = port.module
    scrub = module.part(Scrub)
    if not scrub.is_supported:
        return cme(NOT_SUPPORTED)
    if scrub.is_running:
        return cme(SCRUB_ONGOING)
    if module.upgrade.is_busy:
        return cme(DFOTA_ONGOING)
    return Reply(afterwards=scrub.begin)


@handles(SCRUB_TIME, Form.READ)
def read_time(port: Port) -> Reply:
    """Weeks between two automatic scrubs."""
    return information(f'+QSCRUBCFG: "scrubtime",{port.module.nv.number(SCRUB_TIME_ITEM)}')


@handles(SCRUB_TIME, Form.WRITE)
def set_time(port: Port, time: int) -> Reply:
    """Kept at once, effective from the next start on."""
    port.module.nv.change(SCRUB_TIME_ITEM, time)
    port.module.save_nv()
    return OK


@handles(SCRUB_DIRECTION, Form.READ)
def read_direction(port: Port) -> Reply:
    """Where the scrub partition lies now."""
    direction = port.module.engine.scrub_direction
    if direction is None:
        return cme(NOT_SUPPORTED)
    return information(f'+QSCRUBCFG: "scrubdirection",{direction}')
