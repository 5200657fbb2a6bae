# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Calls and supplementary services: AT manual V2.3, chapters 7 and 10, as far as hosts ask."""

from __future__ import annotations

from dfota.at import Command, Form
from dfota.at.catalog.calls import (
    CCWA,
    CHUP,
    CLCC,
    CLIP,
    CLIR,
    COLP,
    CR,
    CRC,
    CSSN,
    CSTA,
    CUSD,
    CVHU,
)
from dfota.modem.port import Port
from dfota.modem.reply import OK, Reply, cme, handles, information

NO_SERVICE = 30

_LTE = (8, 9)
"""``<AcT>`` of Cat M1 and Cat NB1."""


def _bind_switch(command: Command, status: int | None) -> None:
    """Read and write one number; *status* is what the read form says of the network."""
    setting = command.name[1:].lower()

    @handles(command, Form.READ)
    def read(port: Port) -> Reply:
        tail = "" if status is None else f",{status}"
        return information(f"{command.name}: {getattr(port.settings.calls, setting)}{tail}")

    @handles(command, Form.WRITE)
    def change(port: Port, n: int) -> Reply:
        setattr(port.settings.calls, setting, n)
        return OK


# The network of this module provides CLIP, and CLIR as 4 (temporary, allowed); COLP it has not.
for _command, _status in ((CVHU, None), (CR, None), (CRC, None), (CLIP, 1), (CLIR, 4), (COLP, 0)):
    _bind_switch(_command, _status)


@handles(CHUP, Form.EXECUTE)
def hang_up(port: Port) -> Reply:
    """There is no voice call to hang up."""
    return OK


@handles(CLCC, Form.EXECUTE)
def list_calls(port: Port) -> Reply:
    """On LTE the data bearer is listed as a call (manual, 7.14); there is never another."""
    module = port.module
    place = module.radio.location("+CEREG")
    is_lte = place is not None and place[2] in _LTE
    return information('+CLCC: 1,0,0,1,0,"",128') if is_lte else OK


@handles(CSTA, Form.READ)
def read_number_type(port: Port) -> Reply:
    """Type of the numbers to dial."""
    return information(f"+CSTA: {port.settings.calls.csta}")


@handles(CSTA, Form.WRITE)
def set_number_type(port: Port, type: int) -> Reply:  # noqa: A002 - named as in the manual
    """Remembered, and nothing is dialled."""
    port.settings.calls.csta = type
    return OK


@handles(CCWA, Form.READ)
def read_call_waiting(port: Port) -> Reply:
    """Whether a waiting call would be shown."""
    return information(f"+CCWA: {port.settings.calls.ccwa}")


@handles(CCWA, Form.WRITE)
def control_call_waiting(port: Port, n: int | None, mode: int | None, classx: int) -> Reply:
    """Show waiting calls or not; what the network is asked about is not active."""
    if mode is not None and not port.module.radio.is_registered:
        return cme(NO_SERVICE)
    if n is not None:
        port.settings.calls.ccwa = n
    return information("+CCWA: 0,7") if mode == 2 else OK


@handles(CSSN, Form.READ)
def read_notifications(port: Port) -> Reply:
    """Whether notifications would be shown."""
    first, second = port.settings.calls.cssn
    return information(f"+CSSN: {first},{second}")


@handles(CSSN, Form.WRITE)
def set_notifications(port: Port, n: int, m: int | None) -> Reply:
    """Show notifications or not."""
    port.settings.calls.cssn = (n, port.settings.calls.cssn[1] if m is None else m)
    return OK


@handles(CUSD, Form.READ)
def read_service_data(port: Port) -> Reply:
    """Whether answers are shown."""
    return information(f"+CUSD: {port.settings.cusd}")


@handles(CUSD, Form.EXECUTE)
def hide_service_data(port: Port) -> Reply:
    """As with 0."""
    port.settings.cusd = 0
    return OK


@handles(CUSD, Form.WRITE)
def send_service_data(port: Port, mode: int, reqstr: str | None, dcs: int | None) -> Reply:
    """The network of this module offers no such service: status 4 comes as an answer."""
    if mode != 2:
        port.settings.cusd = mode
    if reqstr is None:
        return OK
    if not port.module.radio.is_registered:
        return cme(NO_SERVICE)
    if mode != 1:
        return OK
    return Reply(afterwards=lambda: port.report("+CUSD: 4"))
