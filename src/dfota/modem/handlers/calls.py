# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Calls and supplementary services: AT manual V2.3, chapters 7 and 10, as far as hosts ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.at import Command, Form
from dfota.at.catalog.calls import (
    CCFC,
    CCWA,
    CHLD,
    CHUP,
    CIND,
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
from dfota.errors import AtParameterError
from dfota.modem.messages import Messages
from dfota.modem.port import Port
from dfota.modem.radio import FULL
from dfota.modem.reply import OK, Reply, cme, handles, information
from dfota.modem.tpdu import Address

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

NOT_ALLOWED = 3
INVALID_NUMBER = 27
NO_SERVICE = 30

_LTE = (8, 9)
"""``<AcT>`` of Cat M1 and Cat NB1."""


_ROAMING = 5

_UNREGISTERED = "+CCFC: 0,255"
"""AT manual V2.3, the example of 10.1."""


class Forwarding:
    """What the network keeps of call forwarding while the module is on."""

    def __init__(self, module: VirtualModule) -> None:
        self._numbers: dict[int, tuple[Address, bool]] = {}

    def halt(self) -> None:
        """The network forgets with the module."""

    def control(self, reason: int, mode: int, number: str | None, kind: int | None) -> Reply:
        """One invocation of ``AT+CCFC``."""
        reasons = {4: (0, 1, 2, 3), 5: (1, 2, 3)}.get(reason, (reason,))
        if mode == 2:
            return self._query(reasons) if reason <= 3 else cme(NOT_ALLOWED)
        for one in reasons:
            if mode == 4:
                self._numbers.pop(one, None)
            elif mode == 3:
                try:
                    self._numbers[one] = Address.of(number or "", kind), True
                except AtParameterError:
                    return cme(INVALID_NUMBER)
            elif one in self._numbers:
                self._numbers[one] = self._numbers[one][0], bool(mode)
            else:
                return cme(NOT_ALLOWED)
        return OK

    def _query(self, reasons: tuple[int, ...]) -> Reply:
        kept = self._numbers.get(reasons[0])
        if kept is None:
            return information(_UNREGISTERED)
        address, is_active = kept
        return information(f'+CCFC: {int(is_active)},1,"{address.text}",{address.kind},,,')


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


@handles(CIND, Form.READ)
def read_indicators(port: Port) -> Reply:
    """Each in the order of the test form."""
    module = port.module
    world, radio = module.world, module.radio
    is_registered = radio.is_registered
    is_heard = radio.fun == FULL and world.coverage and world.rssi <= 31
    store = module.part(Messages).store(port.settings.messages.memories[2])
    values = (
        max(0, min(5, (world.supply_mv - 3300) // 200)),
        min(5, 1 + world.rssi // 7) if is_heard else 0,
        int(is_registered),
        0,
        int(is_registered and radio.stat("+CEREG") == _ROAMING),
        int(store.used == store.total),
        int(is_registered),
        0,
    )
    return information(f"+CIND: {','.join(map(str, values))}")


@handles(CCFC, Form.WRITE)
def control_forwarding(  # noqa: PLR0917 - as many as the command has
    port: Port,
    reads: int,
    mode: int,
    number: str | None,
    type: int | None,  # noqa: A002 - named as in the manual
    classx: int,
) -> Reply:
    """Register, erase and query numbers; there is never a call to forward."""
    if not port.module.radio.is_registered:
        return cme(NO_SERVICE)
    return port.module.part(Forwarding).control(reads, mode, number, type)


@handles(CHLD, Form.WRITE)
def hold(port: Port, n: int) -> Reply:
    """There is no call to hold."""
    return cme(NOT_ALLOWED)


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
