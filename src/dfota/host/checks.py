# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What must be right before an upgrade; each check asks, judges and gives a remedy.

Checks change nothing in the module.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from dfota.at import Form
from dfota.at.catalog.fota import FOTA_APN
from dfota.at.catalog.general import QURCCFG_URCPORT
from dfota.at.catalog.network import CEREG, CGREG, COPS, CREG, CSQ
from dfota.at.catalog.power import CBC
from dfota.at.catalog.sim import CPIN
from dfota.host.dialogue import Answer, Listen, Procedure, ask, ask_chain
from dfota.host.events import CheckResult, CheckStatus, Identified
from dfota.values import FirmwareVersion

REGISTRATION_TRIES = 15
REGISTRATION_DELAY_S = 2.0
WEAK_RSSI = 8  # 3GPP TS 27.007, 8.5: -97 dBm
LOW_SUPPLY_MV = 3300  # BG96 hardware design: VBAT 3.3 to 4.3 V

_REGISTERED = {1, 5}  # home network, roaming
_NETWORK = ((CSQ, Form.EXECUTE), (CEREG, Form.READ), (CGREG, Form.READ), (COPS, Form.READ))
_NETWORK_BESIDE = ((CREG, Form.READ),)
_REGISTRATION = re.compile(r"(\+C(?:|G|E)REG):\s*[0-9]+\s*,\s*([0-9]+)")
_SIM = re.compile(r"\+CPIN:\s*(.+)")
_SIGNAL = re.compile(r"\+CSQ:\s*([0-9]+)\s*,")
_OPERATOR = re.compile(r'\+COPS:[^"]*"([^"]+)"')
_SUPPLY = re.compile(r"\+CBC:\s*[0-9]+\s*,\s*[0-9]+\s*,\s*([0-9]+)")
_APN = re.compile(r'\+QCFGEXT:\s*"fota_apn"\s*,\s*([0-9]+)\s*,\s*"([^"]*)"')
_URC_PORT = re.compile(r'\+QURCCFG:\s*"urcport"\s*,\s*"([^"]+)"')


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """The access point for the download (``fota_apn``).

    Attributes:
        apn: its name.
        ip_type: 0 IPv4, 1 IPv6, 2 both.
        username: empty where none is needed.
        password: likewise.
    """

    apn: str
    ip_type: int = 0
    username: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """What the package says it is for, and what it makes of it.

    Attributes:
        model: the model it is for.
        old_revision: the revision that must run.
        new_revision: the revision that will run.
        size: of the package, in bytes.
    """

    model: str
    old_revision: FirmwareVersion
    new_revision: FirmwareVersion
    size: int


def _passed(check: str, found: str) -> CheckResult:
    return CheckResult(check, CheckStatus.PASSED, found)


def _warned(check: str, found: str, remedy: str) -> CheckResult:
    return CheckResult(check, CheckStatus.WARNED, found, remedy)


def _failed(check: str, found: str, remedy: str) -> CheckResult:
    return CheckResult(check, CheckStatus.FAILED, found, remedy)


def check_revision(identity: Identified, expected: FirmwareVersion | None) -> CheckResult:
    """Whether there is anything to do."""
    if expected is not None and identity.revision == expected.text:
        return _failed(
            "revision",
            f"the module already runs {expected}",
            "There is nothing to do.",
        )
    return _passed("revision", identity.revision)


def check_package(identity: Identified, package: PackageFacts | None) -> CheckResult:
    """Whether the package is for this module and for what it runs."""
    if package is None:
        return _passed("package", "not given: the module will judge what it downloads")
    if package.model != identity.model:
        return _failed(
            "package",
            f"it is for {package.model}, this is {identity.model}",
            "Use a package for this model.",
        )
    if package.old_revision.text != identity.revision:
        return _failed(
            "package",
            f"it turns {package.old_revision} into {package.new_revision}, "
            f"but the module runs {identity.revision}",
            f"Use a package made from {identity.revision}.",
        )
    return _passed("package", f"{package.old_revision} to {package.new_revision}")


def check_urc_port(port: str) -> Procedure[CheckResult]:
    """Whether the progress will be printed at this port."""
    answer = yield from ask(QURCCFG_URCPORT, Form.READ)
    match = _find(_URC_PORT, _lines_of(answer))
    if match is None:
        return _warned("urc-port", "not told", "If no progress comes, try another port.")
    found = match[1]
    on_usb = re.search(r"ttyUSB|ttyACM|usbmodem|usbserial", port) is not None
    on_uart = re.search(r"/tty(S|AMA|THS|mxc|O)[0-9]", port) is not None
    if (on_usb and found == "uart1") or (on_uart and found != "uart1"):
        wanted = "usbat" if on_usb else "uart1"
        return _warned(
            "urc-port",
            f"progress is printed at {found}, which may not be {port}",
            f'If no progress comes: AT+QURCCFG="urcport","{wanted}"',
        )
    return _passed("urc-port", found)


def check_supply() -> Procedure[CheckResult]:
    """Whether the supply is high enough to write flash."""
    answer = yield from ask(CBC, Form.EXECUTE)
    match = _find(_SUPPLY, _lines_of(answer))
    if match is None:
        return _passed("supply", "not told")
    found = match[1]
    if int(found) < LOW_SUPPLY_MV:
        remedy = f"Give it at least {LOW_SUPPLY_MV} mV before its flash is written."
        return _warned("supply", f"{found} mV", remedy)
    return _passed("supply", f"{found} mV")


def check_sim() -> Procedure[CheckResult]:
    """Whether the SIM is there and wants no PIN."""
    answer = yield from ask(CPIN, Form.READ)
    match = _find(_SIM, _lines_of(answer))
    if match is not None:
        state = match[1]
        if state == "READY":
            return _passed("sim", state)
        return _failed("sim", state, "Enter the PIN with AT+CPIN, or switch it off.")
    text = answer.text if answer is not None else "no answer"
    return _failed("sim", text, "Insert a SIM card, and switch the module on with AT+CFUN=1.")


def check_network() -> Procedure[tuple[CheckResult, ...]]:
    """Signal, registration and operator; waits half a minute for the registration."""
    for attempt in range(REGISTRATION_TRIES):
        if attempt:
            yield Listen(REGISTRATION_DELAY_S)
        lines = yield from _ask_network()
        registration = _judge_registration(lines)
        if registration.status is CheckStatus.PASSED:
            break
    return (_judge_signal(lines), registration, _judge_operator(lines))


def _ask_network() -> Procedure[tuple[str, ...]]:
    """All information lines, asked in the guide's one line (DFOTA guide, 2.4 and 4.1)."""
    answer = yield from ask_chain(*_NETWORK)
    lines = _lines_of(answer)
    if _registered_at(lines) is not None:
        return lines
    # The voice domain counts too; and a line ends at the first error, so a module that
    # lacks one of the commands is asked for each.
    rest = _NETWORK_BESIDE if lines else (*_NETWORK, *_NETWORK_BESIDE)
    for command, form in rest:
        answer = yield from ask(command, form)
        lines = (*lines, *_lines_of(answer))
    return lines


def _judge_signal(lines: tuple[str, ...]) -> CheckResult:
    """Whether there is signal enough for a download."""
    found = _find(_SIGNAL, lines)
    if found is None or int(found[1]) == 99:
        return _warned("signal", "not known", "Check the antenna.")
    dbm = f"{-113 + 2 * int(found[1])} dBm"
    if int(found[1]) < WEAK_RSSI:
        return _warned("signal", dbm, "The signal is weak: the download may stall.")
    return _passed("signal", dbm)


def _judge_registration(lines: tuple[str, ...]) -> CheckResult:
    """Whether any of the three domains is registered."""
    registered = _registered_at(lines)
    if registered is not None:
        name, state = registered
        return _passed("registration", f"{name} {state}{' (roaming)' if state == '5' else ''}")
    states = [f"{match[1]} {match[2]}" for match in map(_REGISTRATION.match, lines) if match]
    return _failed(
        "registration",
        ", ".join(states) or "not told",
        "Check antenna, coverage and subscription; AT+COPS? shows the operator.",
    )


def _registered_at(lines: tuple[str, ...]) -> tuple[str, str] | None:
    """The first domain that is registered, and its state."""
    for match in map(_REGISTRATION.match, lines):
        if match and int(match[2]) in _REGISTERED:
            return match[1], match[2]
    return None


def _judge_operator(lines: tuple[str, ...]) -> CheckResult:
    """Which operator serves the module; only told, never a reason to stop."""
    found = _find(_OPERATOR, lines)
    if found is None:
        return _warned("operator", "none", "Check coverage with AT+COPS=?")
    return _passed("operator", found[1])


def check_access_point(wanted: AccessPoint | None, *, change: bool) -> Procedure[CheckResult]:
    """Read the access point back; *change* says that it has been set for the upgrade."""
    answer = yield from ask(FOTA_APN, Form.READ)
    match = None
    if answer is not None and answer.ok:
        match = next(filter(None, map(_APN.match, answer.lines)), None)
    if match is None:
        found = "this firmware has no fota_apn"
        if wanted is not None:
            return _failed("apn", found, "Set the access point with AT+CGDCONT, without --apn.")
        return _warned("apn", found, "The download uses the access point of AT+CGDCONT.")
    if wanted is not None and (int(match[1]), match[2]) != (wanted.ip_type, wanted.apn):
        if not change:
            return _passed("apn", f'"{match[2]}" now, will be set to "{wanted.apn}"')
        return _failed(
            "apn",
            f'it stays "{match[2]}" (type {match[1]}) after setting "{wanted.apn}"',
            "Check name and type of the access point.",
        )
    return _passed("apn", match[2] or "the network's own")


def _find(pattern: re.Pattern[str], lines: tuple[str, ...]) -> re.Match[str] | None:
    return next(filter(None, map(pattern.match, lines)), None)


def _lines_of(answer: Answer | None) -> tuple[str, ...]:
    return tuple(answer.lines) if answer is not None and answer.ok else ()
