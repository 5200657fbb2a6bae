# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of a port: AT manual V2.3, chapters 2.10 to 2.25 and 3."""

from __future__ import annotations

from dfota.at import Command, Form
from dfota.at.catalog.general import (
    AT_C,
    AT_D,
    AT_F,
    AT_V,
    AT_W,
    ATE,
    ATQ,
    ATV,
    ATX,
    ATZ,
    CMEE,
    CSCS,
    GCAP,
    ICF,
    IFC,
    INDICATIONS,
    IPR,
    QURCCFG_URCPORT,
    S0,
    S3,
    S4,
    S5,
    S6,
    S7,
    S8,
    S10,
)
from dfota.modem.clock import CTZR
from dfota.modem.indications import Indications
from dfota.modem.port import Port
from dfota.modem.reply import OK, Reply, handles, information


def _bind_number(command: Command, setting: str) -> None:
    @handles(command, Form.EXECUTE)
    def change(port: Port, value: int) -> Reply:
        setattr(port.settings, setting, value)
        port.apply_settings()
        return OK


for _command, _name in ((ATE, "e"), (ATQ, "q"), (ATV, "v"), (ATX, "x"), (AT_C, "c"), (AT_D, "d")):
    _bind_number(_command, _name)


def _bind_register(command: Command) -> None:
    setting = command.name.lower()

    @handles(command, Form.READ)
    def read(port: Port) -> Reply:
        return information(str(getattr(port.settings, setting)))

    @handles(command, Form.WRITE)
    def change(port: Port, n: int) -> Reply:
        setattr(port.settings, setting, n)
        port.apply_settings()
        return OK


for _command in (S0, S3, S4, S5, S6, S7, S8, S10):
    _bind_register(_command)


@handles(AT_F, Form.EXECUTE)
def restore_factory(port: Port, value: int) -> Reply:
    """Factory settings; what ``AT&W`` stored stays stored."""
    port.settings.reset()
    port.apply_settings()
    port.module.nv.change(CTZR, 0)  # in table 16, though it is kept at once
    port.module.save_nv()
    return OK


@handles(AT_V, Form.EXECUTE)
def show_settings(port: Port, value: int) -> Reply:
    """All settings that can be seen no other way."""
    return information(*port.settings.shown())


@handles(AT_W, Form.EXECUTE)
def store_settings(port: Port, value: int) -> Reply:
    """Keep the settings for ``ATZ`` and the next boot, and the speed for the next boot."""
    module = port.module
    module.nv.stored_settings = port.settings.stored()
    module.nv.ipr = module.ipr
    module.save_nv()
    return OK


@handles(ATZ, Form.EXECUTE)
def restore_stored(port: Port, value: int) -> Reply:
    """What ``AT&W`` stored, else the factory settings."""
    port.settings.restore(port.module.nv.stored_settings)
    port.apply_settings()
    return OK


@handles(CMEE, Form.READ)
def read_error_format(port: Port) -> Reply:
    """How errors are reported."""
    return information(f"+CMEE: {port.settings.cmee}")


@handles(CMEE, Form.WRITE)
def set_error_format(port: Port, n: int) -> Reply:
    """Plain, numbers or words."""
    port.settings.cmee = n
    port.apply_settings()
    return OK


@handles(QURCCFG_URCPORT, Form.READ)
def read_urc_port(port: Port) -> Reply:
    """Where unsolicited result codes go."""
    return information(f'+QURCCFG: "urcport","{port.module.nv.urc_port}"')


@handles(QURCCFG_URCPORT, Form.WRITE)
def choose_urc_port(port: Port, urcportvalue: str) -> Reply:
    """Effective and kept at once."""
    port.module.nv.urc_port = urcportvalue
    port.module.save_nv()
    return OK


@handles(IPR, Form.READ)
def read_speed(port: Port) -> Reply:
    """The UART's speed."""
    return information(f"+IPR: {port.module.ipr}")


@handles(IPR, Form.WRITE)
def set_speed(port: Port, rate: int) -> Reply:
    """The UART's speed from behind the OK on; only ``AT&W`` keeps it (AT manual, 3.5)."""
    module = port.module
    module.ipr = rate
    return Reply(afterwards=module.settle_speed)


@handles(IFC, Form.READ)
def read_flow_control(port: Port) -> Reply:
    """Flow control of the UART."""
    return information(f"+IFC: {port.settings.dce_by_dte},{port.settings.dte_by_dce}")


@handles(IFC, Form.WRITE)
def set_flow_control(port: Port, dce_by_dte: int, dte_by_dce: int) -> Reply:
    """Remembered and otherwise without effect."""
    port.settings.dce_by_dte = dce_by_dte
    port.settings.dte_by_dce = dte_by_dce
    return OK


@handles(ICF, Form.READ)
def read_framing(port: Port) -> Reply:
    """Framing of characters."""
    return information(f"+ICF: {port.settings.icf_format},{port.settings.icf_parity}")


@handles(ICF, Form.WRITE)
def set_framing(
    port: Port,
    format: int | None,  # noqa: A002 - named as in the manual
    parity: int | None,
) -> Reply:
    """Remembered; there is one framing, and without parity its kind does not matter."""
    if format is not None:
        port.settings.icf_format = format
    if parity is not None:
        port.settings.icf_parity = parity
    return OK


@handles(GCAP, Form.EXECUTE)
def list_capabilities(port: Port) -> Reply:
    """3GPP commands; hosts ask to tell modems from other serial devices."""
    return information("+GCAP: +CGSM")


@handles(CSCS, Form.READ)
def read_character_set(port: Port) -> Reply:
    """The character set of texts."""
    return information(f'+CSCS: "{port.settings.cscs}"')


@handles(CSCS, Form.WRITE)
def choose_character_set(port: Port, chset: str) -> Reply:
    """For the texts of messages and phone books."""
    port.settings.cscs = chset
    return OK


def _bind_indication(command: Command) -> None:
    urctype = command.setting.strip('"')

    @handles(command, Form.READ)
    def read_indication(port: Port) -> Reply:
        is_on = port.module.part(Indications).is_on(urctype)
        return information(f'+QINDCFG: "{urctype}",{int(is_on)}')

    @handles(command, Form.WRITE)
    def switch_indication(port: Port, enable: int, savetonvram: int) -> Reply:
        switches = port.module.part(Indications)
        switches.switch(urctype, is_on=bool(enable), is_kept=bool(savetonvram))
        return OK


for _command in INDICATIONS:
    _bind_indication(_command)
