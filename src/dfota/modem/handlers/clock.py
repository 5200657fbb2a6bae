# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Clock and time zone: AT manual V2.3, chapters 6.7, 6.15, 6.16 and 11.2."""

from __future__ import annotations

from dfota.at import Form
from dfota.at.catalog import clock as catalog
from dfota.modem.clock import CTZR, CTZU, parse_time
from dfota.modem.port import Port
from dfota.modem.reply import ERROR, OK, Reply, handles, information

AS_TOLD = 0
GMT = 1


@handles(catalog.CCLK, Form.READ)
def read_clock(port: Port) -> Reply:
    """Local time and zone."""
    return information(f'+CCLK: "{port.module.clock.time}"')


@handles(catalog.CCLK, Form.WRITE)
def set_clock(port: Port, time: str) -> Reply:
    """Set it; a time that does not exist is an error."""
    clock = port.module.clock
    parsed = parse_time(time, zone=clock.time.zone)
    if parsed is None:
        return ERROR
    clock.set(parsed)
    return OK


@handles(catalog.CTZU, Form.READ)
def read_zone_update(port: Port) -> Reply:
    """Whether the network sets the clock."""
    return information(f"+CTZU: {port.module.nv.number(CTZU)}")


@handles(catalog.CTZU, Form.WRITE)
def set_zone_update(port: Port, onoff: int) -> Reply:
    """From the next registration on; kept at once."""
    port.module.nv.change(CTZU, onoff)
    port.module.save_nv()
    return OK


@handles(catalog.CTZR, Form.READ)
def read_zone_report(port: Port) -> Reply:
    """Whether a new zone is reported."""
    return information(f"+CTZR: {port.module.nv.number(CTZR)}")


@handles(catalog.CTZR, Form.WRITE)
def set_zone_report(port: Port, reporting: int) -> Reply:
    """Kept at once."""
    port.module.nv.change(CTZR, reporting)
    port.module.save_nv()
    return OK


@handles(catalog.QLTS, Form.EXECUTE)
def show_network_time(port: Port) -> Reply:
    """As the network told it."""
    return show_network_time_as(port, AS_TOLD)


@handles(catalog.QLTS, Form.WRITE)
def show_network_time_as(port: Port, mode: int) -> Reply:
    """As it was told (in GMT), now in GMT, or now in local time."""
    time = port.module.clock.network_time(is_current=mode != AS_TOLD)
    if time is None:
        return information('+QLTS: ""')
    shown = time.gmt if mode in {AS_TOLD, GMT} else time.local
    return information(f'+QLTS: "{shown:%Y/%m/%d,%H:%M:%S}{time.zone:+03d},0"')
