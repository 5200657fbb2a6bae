# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of who the module is; no behaviour here."""

# ruff: noqa: FBT003 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass

from dfota.modem.setting import AT, setting


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """Settings of who the module is."""

    manufacturer: str = setting("Quectel", "First line of `ATI`.", AT + "2.1")
    imei: str = setting(
        "",
        "IMEI of a factory-new module; empty: one of its own, made from the place of its state.",
        "simulation only",
    )
    imsi: str = setting("460023210226023", "IMSI of the SIM card.", AT + "5.1")
    iccid: str = setting("89860025128306012474", "Number of the SIM card.", AT + "5.6")
    model_prefix: str = setting(
        "BG96",
        "Beginnings of the models that this profile is for, with commas between; a firmware of "
        "another model brings a warning.",
        "names of the modules",
    )
    short_qgmr: bool = setting(
        False,
        "`AT+QGMR` answers the short revision, without modem and application version.",
        "captures of real modules: newer firmware prints `BG96MAR02A07M1G_01.018.01.018`",
    )
    answer_qgmr_read_form: bool = setting(
        True, "Answer `AT+QGMR?` like `AT+QGMR`.", "ModemManager asks so; not in the manual"
    )
    application_ready_s: float = setting(
        0.0,
        "Seconds from `RDY` in which `AT+QGMR` ends in `.00.000`, the application's version "
        "being unknown yet.",
        "ModemManager asks up to 16 times, a second apart; a real BG96 showed `_01.018.00.000`",
    )
