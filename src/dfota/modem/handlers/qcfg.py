# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The named settings of ``AT+QCFG``: AT manual V2.3, chapter 4.2."""

from __future__ import annotations

from dfota.at import Command, Form
from dfota.at.catalog import qcfg
from dfota.modem.port import Port
from dfota.modem.qcfg import Qcfg, Value
from dfota.modem.reply import ERROR, Reply, handles, information, with_parameters

_NO_CHANGE = (0, 0x40000000)
"""4.2.5: masks that leave the band as it is."""

_NB1_BANDS = (1, 2, 3, 4, 5, 8, 0xC, 0xD, 0x12, 0x13, 0x14, 0x1A, 0x1C)

_PAIRS = (qcfg.NWSCANSEQ, qcfg.NB1_BANDPRIOR)
"""Their values are pairs of digits, the first of which may be 0."""

_VOLTE_NOT_READY = 0


def _shown(command: Command, values: tuple[Value, ...]) -> str:
    """The values as the answer of the read form prints them."""
    fields: list[str] = []
    for parameter, value in zip(command.write or (), values, strict=False):
        if command is qcfg.BAND:
            fields.append(f"0x{value:x}")
        elif command in _PAIRS:
            digits = f"{value:X}"
            fields.append(digits.zfill(len(digits) + len(digits) % 2))
        else:
            fields.append(parameter.encode(value, command.name))
    if command is qcfg.IMS:
        fields.append(str(_VOLTE_NOT_READY))
    return f"+QCFG: {command.setting},{','.join(fields)}"


def _wanted(
    command: Command, given: dict[str, int | str | None], kept: tuple[Value, ...]
) -> tuple[Value, ...] | None:
    """What is to be kept: *given*, and for what is absent what was *kept*; ``None``: nonsense."""
    names = [parameter.name for parameter in command.write or ()]
    values: list[Value] = []
    for name, before in zip(names, kept, strict=False):
        value = given[name]
        values.append(before if value is None else value)
    match command:
        case qcfg.BAND:
            masks = (qcfg.GSM_BANDS, qcfg.CAT_M1_BANDS, qcfg.CAT_NB1_BANDS)
            values = [
                before if value in _NO_CHANGE else int(value) & mask
                for value, before, mask in zip(values, kept, masks, strict=True)
            ]
            return tuple(values) if all(values) else None
        case qcfg.NWSCANSEQ:
            digits = f"{values[0]:06x}"
            pairs = {int(digits[at : at + 2], 16) for at in (0, 2, 4)}
            return tuple(values) if pairs <= {0, 1, 2, 3} else None
        case qcfg.NB1_BANDPRIOR:
            return tuple(values) if values[0] in _NB1_BANDS else None
    return tuple(values)


def _bind(command: Command) -> None:
    @handles(command, Form.READ)
    def read(port: Port) -> Reply:
        return information(_shown(command, port.module.part(Qcfg).kept(command)))

    def change(port: Port, **given: int | str | None) -> Reply:
        settings = port.module.part(Qcfg)
        values = _wanted(command, given, settings.kept(command))
        if values is None:
            return ERROR
        settings.change(command, values, at_once=given.get("effect", 1) == 1)
        return Reply(effect=port.module.radio.reconsider)

    handles(command, Form.WRITE)(with_parameters(change, command))


for _command in qcfg.QCFG_SETTINGS:
    if _command is not qcfg.CELEVEL:
        _bind(_command)


@handles(qcfg.CELEVEL, Form.READ)
def read_coverage_level(port: Port) -> Reply:
    """The coverage enhancement level that the network gives."""
    return information(f'+QCFG: "celevel",{port.module.world.celevel}')
