# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The network: AT manual V2.3, chapters 6 and 9."""

from __future__ import annotations

from dfota.at import Command, Form
from dfota.at.catalog.network import CEREG, CGREG, COPS, CREG, CSQ
from dfota.modem.port import Port
from dfota.modem.radio import FULL, MINIMUM
from dfota.modem.reply import ERROR, OK, Reply, cme, handles, information

NOT_ALLOWED = 3
NO_SERVICE = 30

_SCAN_S = 20.0
"""What a search for operators takes; the manual allows 180 s."""


@handles(CSQ, Form.EXECUTE)
def show_signal(port: Port) -> Reply:
    """Signal quality; 99,99 where there is none."""
    world = port.module.world
    if port.module.radio.fun != FULL or not world.coverage:
        return information("+CSQ: 99,99")
    return information(f"+CSQ: {world.rssi},{world.ber}")


def _bind_registration(command: Command) -> None:
    setting = command.name[1:].lower()

    @handles(command, Form.READ)
    def read(port: Port) -> Reply:
        mode = getattr(port.settings, setting)
        radio = port.module.radio
        line = f"{command.name}: {mode},{radio.stat(command.name)}"
        place = radio.location(command.name) if mode > 1 else None
        if place is not None:
            area, cell, technology = place
            line += f',"{area}","{cell}",{technology}'
        return information(line)

    @handles(command, Form.WRITE)
    def change(port: Port, n: int) -> Reply:
        setattr(port.settings, setting, n)
        return OK

    @handles(command, Form.EXECUTE)
    def switch_off(port: Port) -> Reply:
        setattr(port.settings, setting, 0)
        return OK


for _command in (CREG, CGREG, CEREG):
    _bind_registration(_command)


@handles(COPS, Form.READ)
def read_operator(port: Port) -> Reply:
    """The operator that the module is registered with."""
    module, radio = port.module, port.module.radio
    technology = radio.technology
    if not radio.is_registered or technology is None:
        mode = 2 if radio.fun == MINIMUM else radio.operator_mode
        return information(f"+COPS: {mode}")
    profile = module.profile
    name = profile.operator_number if radio.operator_format == 2 else profile.operator
    return information(
        f'+COPS: {radio.operator_mode},{radio.operator_format},"{name}",{technology.act}'
    )


@handles(COPS, Form.WRITE)
def select_operator(
    port: Port,
    mode: int,
    format: int | None,  # noqa: A002 - named as in the manual
    oper: str | None,
    act: int | None,
) -> Reply:
    """Choose how the operator is found; there is only one."""
    module, radio = port.module, port.module.radio
    if format is not None:
        radio.operator_format = format
    if mode == 3:
        return OK
    is_there = True
    if mode in (1, 4):
        if oper is None:
            return ERROR
        is_there = oper in (module.profile.operator, module.profile.operator_number)
        if mode == 1 and not is_there:
            return cme(NO_SERVICE)
    return Reply(effect=lambda: radio.select(mode, is_there=is_there))


@handles(COPS, Form.TEST)
def scan_operators(port: Port) -> Reply:
    """Search for operators; takes its time."""
    if port.module.radio.fun != FULL:
        return cme(NOT_ALLOWED)
    text = (COPS.test or "").format(**port.module.facts())
    return Reply((text,), cost_s=_SCAN_S)
