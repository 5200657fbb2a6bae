# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of the module itself: supply, heat, clock, room, leftovers, settings, its port."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from dfota.at import Form
from dfota.at.catalog.clock import CCLK
from dfota.at.catalog.files import QFLDS
from dfota.at.catalog.general import QURCCFG_URCPORT
from dfota.at.catalog.power import CBC, QTEMP
from dfota.host.dialogue import Procedure, ask, lines_of
from dfota.host.events import CheckResult
from dfota.host.module_files import ModuleFile, files_in, space_in
from dfota.host.module_settings import Needs, Setting, planned_change
from dfota.host.preflight.scene import (
    Judge,
    Scene,
    failed,
    find,
    listed,
    not_told,
    passed,
    warned,
)

LOW_SUPPLY_MV = 3300  # BG96 hardware design: VBAT 3.3 to 4.3 V
HIGH_SUPPLY_MV = 4300
HOT_C = 75  # BG96 hardware design: operation from -35 to +75 °C
COLD_C = -35
CLOCK_TOLERANCE = timedelta(days=1)
FILES_MAX = 1000

_SUPPLY = re.compile(r"\+CBC:\s*[0-9]+\s*,\s*[0-9]+\s*,\s*([0-9]{1,6})")
_TEMPERATURES = re.compile(r"\+QTEMP:\s*(-?[0-9]{1,3}(?:\s*,\s*-?[0-9]{1,3})*)")
_CLOCK = re.compile(
    r'\+CCLK:\s*"([0-9]{2})/([0-9]{2})/([0-9]{2}),([0-9]{2}):([0-9]{2}):([0-9]{2})'
    r'(?:([+-])([0-9]{2}))?"'
)
_PACKAGE = re.compile(r"(?i)update|fota|package|\.zip$|\.bin$")
_URC_PORT = re.compile(r'\+QURCCFG:\s*"urcport"\s*,\s*"([^"]+)"')


def check_supply(_scene: Scene) -> Procedure[CheckResult]:
    """Whether the supply is high enough to write flash."""
    match = find(_SUPPLY, lines_of((yield from ask(CBC, Form.EXECUTE))))
    if match is None:
        return not_told("supply")
    found = int(match[1])
    if found < LOW_SUPPLY_MV:
        remedy = f"Give it at least {LOW_SUPPLY_MV} mV before its flash is written."
        return warned("supply", f"{found} mV", remedy)
    if found > HIGH_SUPPLY_MV:
        return warned("supply", f"{found} mV", f"More than {HIGH_SUPPLY_MV} mV may harm it.")
    return passed("supply", f"{found} mV")


def check_temperature(_scene: Scene) -> Procedure[CheckResult]:
    """Whether it is neither too hot nor too cold to write flash."""
    match = find(_TEMPERATURES, lines_of((yield from ask(QTEMP, Form.EXECUTE))))
    if match is None:
        return not_told("temperature")
    values = [int(text) for text in match[1].split(",")]
    shown = f"{max(values)} °C"
    if max(values) > HOT_C or min(values) < COLD_C:
        return warned("temperature", shown, f"Wait until it is between {COLD_C} and {HOT_C} °C.")
    return passed("temperature", shown)


def check_clock(scene: Scene) -> Procedure[CheckResult]:
    """What the module's clock shows; a BG96 does not judge certificates by it."""
    shown = read_clock(lines_of((yield from ask(CCLK, Form.READ))))
    if shown is None:
        return not_told("clock")
    now = scene.plan.surroundings.now
    text = shown.strftime("%Y-%m-%d %H:%M:%S")
    if now is not None and abs(shown - now) > CLOCK_TOLERANCE:
        return passed("clock", f"{text}, wrong; nothing of the upgrade depends on it")
    return passed("clock", text)


def read_clock(lines: tuple[str, ...]) -> datetime | None:
    """The time that AT+CCLK? tells; its zone counts quarters of an hour (27.007, 8.15)."""
    match = find(_CLOCK, lines)
    if match is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    quarters = int(match[8] or 0) * (-1 if match[7] == "-" else 1)
    try:
        zone = timezone(timedelta(minutes=15 * quarters))
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def check_storage(scene: Scene) -> Procedure[CheckResult]:
    """Whether the package fits into the file system, wherever it comes from."""
    answer = yield from ask(QFLDS, Form.WRITE, name_pattern="UFS")
    space = space_in(lines_of(answer))
    if space is None:
        return not_told("storage")
    free, size = space.free_bytes, scene.plan.package_size
    if size is not None and size > free:
        return failed(
            "storage",
            f"{free:,} bytes are free, the package has {size:,}",
            "Remove what is not needed: dfota efs ls PORT, dfota efs rm PORT NAME",
        )
    return passed("storage", f"{free:,} bytes are free")


def check_leftovers(scene: Scene) -> Procedure[CheckResult]:
    """Whether packages of earlier attempts take room, or would be in the way."""
    lines = yield from listed("*")
    if scene.kind.has_eufs and lines is not None:
        lines += (yield from listed("EUFS:/fota/*")) or ()
    if lines is None:
        return not_told("leftovers")
    found = _packages(lines)
    if not found:
        return passed("leftovers", "none")
    names = ", ".join(f"{file.name} ({file.size:,} bytes)" for file in found[:5])
    return warned(
        "leftovers",
        names,
        f"An upgrade replaces its own file only; remove others: dfota efs rm PORT {found[0].name}",
    )


def _packages(lines: tuple[str, ...]) -> list[ModuleFile]:
    return [
        file
        for file in files_in(lines[:FILES_MAX])
        if not file.name.lower().endswith((".pem", ".crt", ".key")) and _PACKAGE.search(file.name)
    ]


def check_urc_port(scene: Scene) -> Procedure[CheckResult]:
    """Whether the progress will be printed at this port."""
    answer = yield from ask(QURCCFG_URCPORT, Form.READ)
    match = find(_URC_PORT, lines_of(answer))
    if match is None:
        return warned("urc-port", "not told", "If no progress comes, try another port.")
    found, port, role = match[1], scene.plan.port, scene.plan.role
    on_usb = re.search(r"ttyUSB|ttyACM|usbmodem|usbserial", port) is not None
    if role and found != role:
        if not scene.is_changed:
            return passed("urc-port", f"{found} now, will be {role} for the upgrade")
        remedy = f'If no progress comes: AT+QURCCFG="urcport","{role}"'
        return warned("urc-port", f"it stays {found}", remedy)
    if on_usb and found == "uart1":
        return warned(
            "urc-port",
            f"progress is printed at {found}, which may not be {port}",
            'If no progress comes: AT+QURCCFG="urcport","usbat"',
        )
    return passed("urc-port", found)


def setting_check(setting: Setting) -> Judge:
    """A check of one setting that would be in the way of an upgrade."""

    def check(scene: Scene) -> Procedure[CheckResult]:
        needs = Needs(scene.kind, scene.plan.role, None, scene.plan.url is not None)
        found, change = yield from planned_change(setting, needs)
        if not found:
            return not_told(setting.name)
        if change is None or (setting.name == "edrx" and scene.is_changed):
            return passed(setting.name, "as the upgrade needs it")
        if scene.is_changed:
            return warned(
                setting.name, f"it stays {found[0]}", f"Set it by hand before the upgrade: {change}"
            )
        return passed(setting.name, f"{found[0]} now; for the upgrade {change}, then put back")

    return check


def judge_holders(scene: Scene) -> CheckResult:
    """Whether another program has the port."""
    holders = scene.plan.surroundings.holders
    if not holders:
        return passed("port-holders", "nobody else that we can see")
    names = ", ".join(
        f"{holder.name or 'a program'}{f' (process {holder.pid})' if holder.pid else ''}"
        for holder in holders
    )
    return failed("port-holders", f"{names} has it, too", f"Free it: {holders[0].remedy}")
