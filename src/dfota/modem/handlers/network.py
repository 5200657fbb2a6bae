# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The network: AT manual V2.3, chapters 6 and 9."""

from __future__ import annotations

from dfota.at import Command, Form
from dfota.at.catalog.network import CEREG, CGREG, COPS, CREG, CSQ, QCSQ, QNWINFO, QSPN
from dfota.modem.port import Port
from dfota.modem.radio import FULL, MINIMUM
from dfota.modem.reply import ERROR, OK, Reply, cme, handles, information
from dfota.modem.surroundings import Operator, parse_operators

NOT_ALLOWED = 3
NO_SERVICE = 30
NETWORK_NOT_ALLOWED = 32

UNKNOWN = 99
"""``<rssi>`` that was not measured."""


@handles(CSQ, Form.EXECUTE)
def show_signal(port: Port) -> Reply:
    """Signal quality; 99,99 where there is none."""
    world = port.module.world
    if not port.module.radio.is_heard:
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
    radio = port.module.radio
    if not radio.is_registered or radio.technology is None:
        mode = 2 if radio.fun == MINIMUM else radio.operator_mode
        return information(f"+COPS: {mode}")
    long, short, number = _names(port, radio.operator)
    name = (long, short, number)[radio.operator_format]
    return information(
        f'+COPS: {radio.operator_mode},{radio.operator_format},"{name}",{radio.technology.act}'
    )


@handles(COPS, Form.WRITE)
def select_operator(
    port: Port,
    mode: int,
    format: int | None,  # noqa: A002 - named as in the manual
    oper: str | None,
    act: int | None,
) -> Reply:
    """Choose the operator, leave the network, or set how operators are shown."""
    radio = port.module.radio
    if format is not None:
        radio.operator_format = format
    if mode == 3:
        return OK
    operator = None
    if mode in (1, 4):
        if oper is None:
            return ERROR
        operator = next((each for each in _around(port) if oper in _names(port, each)), None)
        if mode == 1 and operator is None:
            return cme(NO_SERVICE)
        if mode == 1 and operator is not None and operator.is_forbidden:
            return cme(NETWORK_NOT_ALLOWED)
    return Reply(effect=lambda: radio.select(mode, operator))


@handles(COPS, Form.TEST)
def scan_operators(port: Port) -> Reply:
    """Search for operators; takes its time."""
    module = port.module
    if module.radio.fun != FULL:
        return cme(NOT_ALLOWED)
    text = (COPS.test or "").format(**module.facts())
    return Reply((text,), cost_s=module.profile.scan_s)


def _around(port: Port) -> tuple[Operator, ...]:
    """The operators that a search finds, the SIM's own first."""
    module = port.module
    if not module.world.coverage:
        return ()
    return (module.radio.home_operator, *parse_operators(module.world.operators))


def _names(port: Port, operator: Operator) -> tuple[str, str, str]:
    """Long, short and numeric name."""
    profile = port.module.profile
    is_home = operator.number == profile.operator_number
    return operator.name, profile.operator_short if is_home else operator.name, operator.number


@handles(QNWINFO, Form.EXECUTE)
def show_network(port: Port) -> Reply:
    """Technology, operator, band and channel of the cell."""
    world, radio = port.module.world, port.module.radio
    technology = radio.technology
    if not radio.is_registered or technology is None:
        return information("+QNWINFO: No Service")
    name = {"egprs": "EDGE", "cat-m1": "Cat-M1", "cat-nb1": "Cat-NB1", "lte": "FDD LTE"}
    band = f"LTE BAND {world.lte_band}" if technology.is_lte else world.gsm_band
    channel = world.lte_channel if technology.is_lte else world.gsm_channel
    return information(
        f'+QNWINFO: "{name[technology.value]}","{radio.operator.number}","{band}",{channel}'
    )


@handles(QCSQ, Form.EXECUTE)
def show_signal_in_detail(port: Port) -> Reply:
    """The signal in the terms of the technology; ``NOSERVICE`` where none is in use."""
    world, radio = port.module.world, port.module.radio
    technology = radio.technology
    if not radio.is_registered or technology is None or world.rssi == UNKNOWN:
        return information('+QCSQ: "NOSERVICE"')
    dbm = 2 * world.rssi - 113
    if not technology.is_lte:
        return information(f'+QCSQ: "GSM",{dbm}')
    mode = {"cat-m1": "CAT-M1", "cat-nb1": "CAT-NB1"}.get(technology.value, "LTE")
    return information(f'+QCSQ: "{mode}",{dbm},{world.rsrp},{world.sinr},{world.rsrq}')


@handles(QSPN, Form.EXECUTE)
def show_network_names(port: Port) -> Reply:
    """Full, short and service provider's name of the network."""
    radio, profile = port.module.radio, port.module.profile
    if not radio.is_registered:
        return cme(NO_SERVICE)
    operator = radio.operator
    is_home = operator.number == profile.operator_number
    full = profile.operator_long if is_home else operator.name
    short = profile.operator_short if is_home else operator.name
    return information(f'+QSPN: "{full}","{short}","",0,"{operator.number}"')
