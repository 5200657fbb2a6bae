# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of power, pins and boot; no behaviour here."""

# ruff: noqa: FBT003 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass

from dfota.modem.setting import AT, OPEN, setting

HW = "hardware design V1.3: "

BOOT_LINES = ("rdy", "cfun", "app-rdy", "cpin", "qusim", "sms-done", "pb-done")
"""The words of ``boot_lines``."""


@dataclass(frozen=True, kw_only=True)
class BootSettings:
    """Settings of power, pins and boot."""

    boot_s: float = setting(4.9, "Time from power-on to `RDY`, seconds.", HW + "UART active")
    usb_active_s: float = setting(
        4.2, "Time from power-on until USB is there, seconds.", HW + "USB active"
    )
    status_high_s: float = setting(
        4.8, "Time from power-on until the pin STATUS is high, seconds.", HW + "STATUS"
    )
    boot_line_gap_ms: int = setting(
        400, "Pause between two boot lines, milliseconds.", "boot log of a real BG96"
    )
    boot_lines: str = setting(
        "rdy,cfun,app-rdy,cpin,qusim,sms-done",
        "Lines that a boot prints, in order: any of `rdy`, `cfun`, `app-rdy`, `cpin`, `qusim`, "
        "`sms-done`, `pb-done`; those of the SIM only where there is one.",
        "boot log of a real BG96; " + AT + "table 21 has no `APP RDY` and no `+QUSIM`",
    )
    starts_with_supply: bool = setting(
        True,
        "Start as soon as there is supply, PWRKEY being tied to ground; false: PWRKEY starts it.",
        "simulation only",
    )
    pwrkey_on_ms: int = setting(
        500, "How long PWRKEY must be low to start the module, milliseconds.", HW + "3.7.1"
    )
    pwrkey_off_ms: int = setting(
        650, "How long PWRKEY must be low to switch it off, milliseconds.", HW + "3.7.2"
    )
    reset_min_ms: int = setting(
        150, "Shortest pulse of RESET_N that restarts it, milliseconds.", HW + "3.8"
    )
    reset_max_ms: int = setting(
        460, "Longest pulse of RESET_N that restarts it, milliseconds.", HW + "3.8"
    )
    pwrkey_while_installing: bool = setting(
        False,
        "Whether PWRKEY switches the module off while it installs an upgrade.",
        OPEN + "the forced upgrade mode is no ordinary operation",
    )
    power_off_s: float = setting(
        2.0, "Time from `AT+QPOWD` or PWRKEY to `POWERED DOWN`, seconds.", HW + "log-off takes 2 s"
    )
    power_on_after_s: float = setting(
        2.0, "Time from an armed power cut to power-on, seconds.", "simulation only"
    )
    reenumerates: bool = setting(
        False,
        "The USB ports vanish at each restart and come back; false: they stay open.",
        "simulation only for BG96, where one restart stands behind `END`; modules with Linux: "
        "fwupd waits for two re-plugs",
    )
    calibration_lost: bool = setting(
        False,
        "The unit lost its calibration: it prints only `RDY` and `APP RDY`, has no IMEI (error "
        "23) and refuses `AT+CFUN=1` (error 0).",
        "log of a damaged BG96",
    )
