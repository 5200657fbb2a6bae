# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of SIM, access point, registration and signal, and how long the download may take."""

from __future__ import annotations

import re

from dfota.at import Form
from dfota.at.catalog.fota import FOTA_APN, FOTA_CID
from dfota.at.catalog.network import CEREG, CGREG, COPS, CREG, CSQ, QNWINFO
from dfota.at.catalog.packet import QIACT, QICSGP
from dfota.at.catalog.sim import CPIN
from dfota.host.dialogue import Listen, Procedure, ask, ask_chain, lines_of
from dfota.host.estimates import download_bytes_per_s, download_s, in_words, technology_of
from dfota.host.events import CheckResult, CheckStatus
from dfota.host.module_settings import FOTA_CONTEXT
from dfota.host.plan import AccessPoint
from dfota.host.preflight.scene import Scene, failed, find, passed, warned

REGISTRATION_TRIES = 15
REGISTRATION_DELAY_S = 2.0
WEAK_RSSI = 8  # 3GPP TS 27.007, 8.5: -97 dBm
LONG_DOWNLOAD_S = 1800.0

_REGISTERED = {1, 5}  # home network, roaming
_NETWORK = ((CSQ, Form.EXECUTE), (CEREG, Form.READ), (CGREG, Form.READ), (COPS, Form.READ))
_NETWORK_BESIDE = ((CREG, Form.READ),)
_REGISTRATION = re.compile(r"(\+C(?:|G|E)REG):\s*[0-9]+\s*,\s*([0-9]{1,3})")
_SIM = re.compile(r"\+CPIN:\s*(.+)")
_SIGNAL = re.compile(r"\+CSQ:\s*([0-9]{1,3})\s*,")
_OPERATOR = re.compile(r'\+COPS:[^"]*"([^"]+)"')
_CELL = re.compile(r'\+QNWINFO:\s*"([^"]*)"(?:\s*,\s*"([^"]*)"\s*,\s*"([^"]*)")?')
_APN = re.compile(r'\+QCFGEXT:\s*"fota_apn"\s*,\s*([0-9]+)\s*,\s*"([^"]*)"')
_CID = re.compile(r'\+QCFG:\s*"fota/cid"\s*,\s*([0-9]{1,2})')
_CONTEXT = re.compile(r'\+QICSGP:\s*([0-9]+)\s*,\s*"([^"]*)"')
_ACTIVE = re.compile(r"\+QIACT:\s*([0-9]{1,2})\s*,\s*1\b")


def check_sim(_scene: Scene) -> Procedure[CheckResult]:
    """Whether the SIM is there and wants no PIN."""
    answer = yield from ask(CPIN, Form.READ)
    match = find(_SIM, lines_of(answer))
    if match is not None:
        state = match[1]
        if state == "READY":
            return passed("sim", state)
        return failed("sim", state, "Enter the PIN with AT+CPIN, or switch it off.")
    text = answer.text if answer is not None else "no answer"
    return failed("sim", text, "Insert a SIM card, and switch the module on with AT+CFUN=1.")


def check_signal(scene: Scene) -> Procedure[CheckResult]:
    """Whether there is signal enough for a download."""
    return _judge_signal((yield from _network(scene)))


def check_registration(scene: Scene) -> Procedure[CheckResult]:
    """Whether any of the three domains is registered; waits half a minute for it."""
    return _judge_registration((yield from _network(scene)))


def check_operator(scene: Scene) -> Procedure[CheckResult]:
    """Which operator serves the module; only told, never a reason to stop."""
    return _judge_operator((yield from _network(scene)))


def check_download_time(scene: Scene) -> Procedure[CheckResult]:
    """How many bytes will come over which radio, and how long that may take."""
    match = find(_CELL, lines_of((yield from ask(QNWINFO, Form.EXECUTE))))
    technology = technology_of(match[1]) if match is not None else None
    size = scene.plan.package_size
    server = scene.plan.surroundings.server
    if size is None and server is not None and server.status in {200, 206}:
        size = server.content_length
    volume = "size not known" if size is None else f"{size:,} bytes"
    if match is None or technology is None:
        return passed("download-time", f"{volume}; the radio technology is not told")
    signal = find(_SIGNAL, (yield from _network(scene)))
    rssi = int(signal[1]) if signal is not None and int(signal[1]) != 99 else None
    scene.bytes_per_s = download_bytes_per_s(technology, rssi)
    if size is None:
        return passed("download-time", f"{volume}, over {technology.name}")
    seconds = download_s(size, scene.bytes_per_s)
    text = f"{volume} over {technology.name}: {in_words(seconds)}, estimated"
    if seconds > LONG_DOWNLOAD_S:
        return warned(
            "download-time", text,
            "Make a smaller package, move the module, or allow more with --download-timeout.",
        )  # fmt: skip
    return passed("download-time", text)


def _network(scene: Scene) -> Procedure[tuple[str, ...]]:
    """What the module says of its network: asked once, with patience for the registration."""
    if scene.network is not None:
        return scene.network
    lines: tuple[str, ...] = ()
    for attempt in range(REGISTRATION_TRIES):
        if attempt:
            yield Listen(REGISTRATION_DELAY_S)
        lines = yield from _ask_network()
        if _judge_registration(lines).status is CheckStatus.PASSED:
            break
    scene.network = lines
    return lines


def _ask_network() -> Procedure[tuple[str, ...]]:
    """All information lines, asked in the guide's one line (DFOTA guide, 2.4 and 4.1)."""
    answer = yield from ask_chain(*_NETWORK)
    lines = lines_of(answer)
    if _registered_at(lines) is not None:
        return lines
    # The voice domain counts too; and a line ends at the first error, so a module that
    # lacks one of the commands is asked for each.
    rest = _NETWORK_BESIDE if lines else (*_NETWORK, *_NETWORK_BESIDE)
    for command, form in rest:
        answer = yield from ask(command, form)
        lines = (*lines, *lines_of(answer))
    return lines


def _judge_signal(lines: tuple[str, ...]) -> CheckResult:
    """Whether there is signal enough for a download."""
    found = find(_SIGNAL, lines)
    if found is None or int(found[1]) == 99:
        return warned("signal", "not known", "Check the antenna.")
    dbm = f"{-113 + 2 * int(found[1])} dBm"
    if int(found[1]) < WEAK_RSSI:
        return warned("signal", dbm, "The signal is weak: the download may stall.")
    return passed("signal", dbm)


def _judge_registration(lines: tuple[str, ...]) -> CheckResult:
    """Whether any of the three domains is registered."""
    registered = _registered_at(lines)
    if registered is not None:
        name, state = registered
        return passed("registration", f"{name} {state}{' (roaming)' if state == '5' else ''}")
    states = [f"{match[1]} {match[2]}" for match in map(_REGISTRATION.match, lines) if match]
    return failed(
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
    found = find(_OPERATOR, lines)
    if found is None:
        return warned("operator", "none", "Check coverage with AT+COPS=?")
    return passed("operator", found[1])


def check_access_point(scene: Scene) -> Procedure[CheckResult]:
    """Which access point the download will use, and whether it is the wanted one."""
    if not scene.kind.has_fota_apn:
        return (yield from _check_context(scene))
    wanted = scene.plan.access_point
    answer = yield from ask(FOTA_APN, Form.READ)
    match = find(_APN, lines_of(answer))
    if match is None:
        found = "this firmware has no fota_apn"
        if wanted is not None:
            return failed("apn", found, "Set the access point with AT+CGDCONT, without --apn.")
        return warned("apn", found, "The download uses the access point of AT+CGDCONT.")
    return _judge_access_point(scene, wanted, int(match[1]), match[2])


def _check_context(scene: Scene) -> Procedure[CheckResult]:
    """The same for modules whose download uses a context of AT+QICSGP."""
    match = find(_CID, lines_of((yield from ask(FOTA_CID, Form.READ))))
    cid = int(match[1]) if match is not None else FOTA_CONTEXT
    if not 1 <= cid <= 16:
        return warned("apn", f"context {cid}", 'Choose one: AT+QCFG="fota/cid",1')
    match = find(_CONTEXT, lines_of((yield from ask(QICSGP, Form.WRITE, contextID=cid))))
    if match is None:
        remedy = "Check the access point of its context: AT+QICSGP=1 or AT+CGDCONT?"
        return warned("apn", "not told; the download uses a context", remedy)
    result = _judge_access_point(scene, scene.plan.access_point, int(match[1]) - 1, match[2])
    lines = lines_of((yield from ask(QIACT, Form.READ)))
    is_active = any(int(found[1]) == cid for found in map(_ACTIVE.match, lines) if found)
    note = f"context {cid}, {'active' if is_active else 'is activated for the download'}: "
    return CheckResult(result.check, result.status, note + result.found, result.remedy)


def _judge_access_point(
    scene: Scene, wanted: AccessPoint | None, ip_type: int, apn: str
) -> CheckResult:
    if wanted is not None and (ip_type, apn) != (wanted.ip_type, wanted.apn):
        if not scene.is_changed:
            return passed("apn", f'"{apn}" now, will be set to "{wanted.apn}"')
        return failed(
            "apn",
            f'it stays "{apn}" (type {ip_type}) after setting "{wanted.apn}"',
            "Check name and type of the access point.",
        )
    if apn:
        return passed("apn", apn)
    return passed(
        "apn", "the network's own", "A private network needs its access point: --apn NAME."
    )
