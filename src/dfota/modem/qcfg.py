# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What ``AT+QCFG`` has set: kept without power, in force at once or after a restart.

Nothing here knows what a setting does; the rooms that it concerns ask for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dfota.at import Command
from dfota.at.catalog import qcfg
from dfota.modem.nv import NvNumber, NvText, nv_number, nv_text

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

Value = int | str

_FACTORY: dict[Command, tuple[Value, ...]] = {
    qcfg.NWSCANSEQ: (0x020301,),
    qcfg.NWSCANMODE: (0,),
    qcfg.IOTOPMODE: (2,),
    qcfg.ROAMSERVICE: (255,),
    qcfg.BAND: (qcfg.GSM_BANDS, qcfg.CAT_M1_BANDS, qcfg.CAT_NB1_BANDS),
    qcfg.SERVICEDOMAIN: (2,),
    qcfg.NB1_BANDPRIOR: (0x1C,),
    qcfg.PSM_URC: (0,),
    qcfg.SGSN: (2,),
    qcfg.MSC: (2,),
    qcfg.DUPLICATECHK: (0,),
    qcfg.LEDMODE: (0,),
    qcfg.IMS: (0,),
    qcfg.RI_RING: ("auto", 120, 1000, 5000, "off", 1),
    qcfg.RI_SMSINCOMING: ("pulse", 120, 1),
    qcfg.RI_OTHER: ("pulse", 120, 1),
    qcfg.RISIGNALTYPE: ("respective",),
    qcfg.URC_DELAY: (0,),
    qcfg.CMUX_URCPORT: (0,),
    qcfg.APREADY: (0, 0, 500),
    qcfg.PSM_ENTER: (0,),
    qcfg.RRCABORT: (0,),
    qcfg.NCCCONF: (0x1FF,),
}
"""The manual names the defaults of pulses, square wave and detection period; a driver for the
BG96 those of the search; the rest is not documented."""

AFTER_RESTART = (qcfg.NB1_BANDPRIOR, qcfg.SGSN, qcfg.MSC)
"""AT manual V2.3, 4.2.8, 4.2.10 and 4.2.11: valid only after a restart."""


def _item(command: Command, index: int, factory: Value) -> NvNumber | NvText:
    parameters = command.write or ()
    name = f"qcfg.{command.setting.strip(chr(34))}.{parameters[index].name}"
    return (
        nv_text(name, factory, 10)
        if isinstance(factory, str)
        else nv_number(name, factory, 0, 2**63 - 1)
    )


_KEPT = {
    command: tuple(_item(command, index, value) for index, value in enumerate(values))
    for command, values in _FACTORY.items()
}


class Qcfg:
    """The settings of one module; a part, so that a restart puts in force what was kept."""

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._in_force = {command: self.kept(command) for command in _KEPT}

    def halt(self) -> None:
        """A restart is what some of them wait for."""

    def kept(self, command: Command) -> tuple[Value, ...]:
        """What was set, which may not be in force yet."""
        nv = self._module.nv
        return tuple(
            nv.number(item) if isinstance(item, NvNumber) else nv.text(item)
            for item in _KEPT[command]
        )

    def in_force(self, command: Command) -> tuple[Value, ...]:
        """What holds now."""
        return self._in_force[command]

    def number(self, command: Command, index: int = 0) -> int:
        """One number of what holds now."""
        value = self._in_force[command][index]
        return value if isinstance(value, int) else 0

    def change(self, command: Command, values: tuple[Value, ...], *, at_once: bool) -> None:
        """Keep *values*, and let them hold at once or after the next restart."""
        nv = self._module.nv
        for item, value in zip(_KEPT[command], values, strict=True):
            nv.change(item, value)
        self._module.save_nv()
        if at_once and command not in AFTER_RESTART:
            self._in_force[command] = values
