# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Every check before an upgrade, in order, and the one loop that makes them; no check is in here."""

from __future__ import annotations

from dfota.host.dialogue import Procedure, Report
from dfota.host.events import CheckResult, CheckStatus
from dfota.host.module_settings import SETTINGS
from dfota.host.preflight.module import (
    check_clock,
    check_leftovers,
    check_storage,
    check_supply,
    check_temperature,
    check_urc_port,
    judge_holders,
    setting_check,
)
from dfota.host.preflight.network import (
    check_access_point,
    check_download_time,
    check_operator,
    check_registration,
    check_signal,
    check_sim,
)
from dfota.host.preflight.package import (
    judge_direction,
    judge_package,
    judge_revision,
    judge_signature,
)
from dfota.host.preflight.scene import Check, Scene, at_once
from dfota.host.preflight.server import (
    check_ca,
    check_client_certificate,
    has_answer,
    is_https,
    judge_certificate_dates,
    judge_length,
    judge_server,
    judge_tls,
    judge_url,
)

_SHOWN_SETTINGS = {
    "urc-switch": "whether unsolicited result codes are printed at all",
    "urc-delay": "whether they wait for the ring indicator",
    "ap-ready": "whether they are held back until a pin says that the host is awake",
    "sleep": "whether the module may sleep when DTR says so",
    "psm": "whether power saving mode is on",
    "psm-enter": "whether it enters power saving mode at once",
    "edrx": "whether it listens to the network only now and then",
    "fota-path": "where downloads are stored",
}


def _has_package(scene: Scene) -> bool:
    return scene.plan.facts is not None or scene.plan.url is not None


def _remote(scene: Scene) -> bool:
    return scene.plan.url is not None


CHECKS: tuple[Check, ...] = (
    Check(
        name="revision", asks="AT+QGMR", passes="another revision runs than the wanted one",
        else_what="Nothing to do.", judge=at_once(judge_revision),
    ),
    Check(
        name="package", asks="the manifest, ATI, AT+QGMR",
        passes="it is for this model and turns the running revision into a new one",
        else_what="Use a package made from the running revision: `dfota updates`.",
        judge=at_once(judge_package), applies=_has_package,
    ),
    Check(
        name="signature", asks="the package and the keys given", passes="a given key has signed it",
        else_what="Give `--key`.", judge=at_once(judge_signature), applies=_has_package,
    ),
    Check(
        name="direction", asks="the manifest and both revisions", passes="it is no downgrade",
        else_what="Make sure that a package back exists.", judge=at_once(judge_direction), applies=_has_package,
    ),
    Check(
        name="port-holders", asks="the processes of this computer",
        passes="no other program has the port", else_what="Stop it; the remedy says how.",
        judge=at_once(judge_holders),
    ),
    Check(
        name="urc-port", asks='AT+QURCCFG="urcport"', passes="progress is printed at this port",
        else_what='AT+QURCCFG="urcport","uart1" (or "usbat").', judge=check_urc_port,
    ),
    *(
        Check(
            name=setting.name, asks=f"AT{setting.command.name.split('=')[0]}",
            passes=f"{_SHOWN_SETTINGS[setting.name]}: as the upgrade needs it, or will be",
            else_what="Set it by hand.", judge=setting_check(setting),
            applies=lambda scene, name=setting.name: name != "fota-path" or (  # type: ignore[misc]
                _remote(scene) and scene.kind.has_fota_cid
            ),
        )
        for setting in SETTINGS
        if setting.name in _SHOWN_SETTINGS
    ),
    Check(
        name="supply", asks="AT+CBC", passes="3.3 to 4.3 V", else_what="Mend the supply.",
        judge=check_supply,
    ),
    Check(
        name="temperature", asks="AT+QTEMP", passes="-35 to +75 °C", else_what="Wait.",
        judge=check_temperature,
    ),
    Check(
        name="clock", asks="AT+CCLK?", passes="always: it is only told", else_what="Nothing.",
        judge=check_clock,
    ),
    Check(
        name="storage", asks='AT+QFLDS="UFS"', passes="the package fits",
        else_what="Remove files: `dfota efs rm`.", judge=check_storage,
    ),
    Check(
        name="leftovers", asks='AT+QFLST="*"', passes="no other package lies in the module",
        else_what="Remove them: `dfota efs rm`.", judge=check_leftovers,
    ),
    Check(
        name="url", asks="the URL", passes="AT+QFOTADL can take it",
        else_what="Use a shorter one, printable, with http:// or https://.",
        judge=at_once(judge_url), applies=_remote,
    ),
    Check(
        name="server", asks="the server, from this computer",
        passes="it has the file and does not redirect",
        else_what="Check name, port, path and firewall.", judge=at_once(judge_server),
        applies=_remote,
    ),
    Check(
        name="length", asks="the server", passes="Content-Length is the size of the package",
        else_what="Serve a plain file, the very package.", judge=at_once(judge_length),
        applies=lambda scene: _remote(scene) and has_answer(scene), after=("server",),
    ),
    Check(
        name="tls", asks="the server", passes="it agrees on TLS 1.2 with a suite with RSA",
        else_what="Allow TLS 1.2 and use an RSA certificate.", judge=at_once(judge_tls),
        applies=lambda scene: is_https(scene) and has_answer(scene), after=("server",),
    ),
    Check(
        name="ca", asks="the server and the CA file", passes="the server's chain leads to the CA",
        else_what="Give the right `--ca`; send the intermediates.", judge=check_ca,
        applies=is_https,
    ),
    Check(
        name="certificate-dates", asks="the server", passes="its certificate has not ended",
        else_what="Renew it.", judge=at_once(judge_certificate_dates),
        applies=lambda scene: is_https(scene) and has_answer(scene),
    ),
    Check(
        name="client-certificate", asks="AT+QFLST", passes="certificate and key, or neither",
        else_what="Put both: `dfota cert put`.", judge=check_client_certificate, applies=is_https,
    ),
    Check(
        name="sim", asks="AT+CPIN?", passes="READY", else_what="Insert it, enter the PIN.",
        judge=check_sim, applies=_remote,
    ),
    Check(
        name="apn", asks='AT+QCFGEXT="fota_apn"; kin: AT+QCFG="fota/cid", AT+QICSGP, AT+QIACT?',
        passes="it is the wanted one, or none was wanted", else_what="Give `--apn`.",
        judge=check_access_point, applies=_remote,
    ),
    Check(
        name="signal", asks="AT+CSQ", passes="-97 dBm or more",
        else_what="Antenna, another place.", judge=check_signal, applies=_remote, after=("sim",),
    ),
    Check(
        name="registration", asks="AT+CEREG?, AT+CGREG?, AT+CREG?", passes="home or roaming",
        else_what="Antenna, coverage, subscription.", judge=check_registration, applies=_remote,
        after=("sim",),
    ),
    Check(
        name="operator", asks="AT+COPS?", passes="one is named", else_what="Coverage: AT+COPS=?",
        judge=check_operator, applies=_remote, after=("sim",),
    ),
    Check(
        name="download-time", asks="AT+QNWINFO and the size", passes="less than half an hour",
        else_what="A smaller package, another place, `--download-timeout`.",
        judge=check_download_time, applies=_remote, after=("sim", "registration"),
    ),
)  # fmt: skip
"""Every check, in the order in which they are made."""


def make_checks(scene: Scene, *, stops: bool) -> Procedure[tuple[CheckResult, ...]]:
    """Make all checks that apply, and report each.

    Args:
        scene: the module, and what shall be done with it.
        stops: whether the first that fails is the last that is made.

    Raises:
        PortError: the port went away.
    """
    results: list[CheckResult] = []
    failed: set[str] = set()
    for check in CHECKS:
        if not check.applies(scene) or failed.intersection(check.after):
            continue
        if check.name in scene.plan.skipped_checks:
            result = CheckResult(check.name, CheckStatus.SKIPPED, "not made, as you wished")
        else:
            result = yield from check.judge(scene)
        results.append(result)
        yield Report(result)
        if result.status is CheckStatus.FAILED:
            failed.add(check.name)
            if stops:
                break
    return tuple(results)
