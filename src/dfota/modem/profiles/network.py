# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of SIM and network as the module finds them at power-on; no behaviour here."""

# ruff: noqa: FBT003 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass

from dfota.modem.setting import AT, GUIDE, OPEN, setting


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Settings of SIM and network as the module finds them at power-on."""

    sim_inserted: bool = setting(
        True,
        "Whether there is a SIM card; without one: error 10, no SIM lines at boot, no network.",
        "simulation only; " + AT + "2.23 shows the error, nothing shows the boot",
    )
    operator: str = setting(
        "Telstra Mobile Telstra",
        "Operator in `AT+COPS?`; BG96 prints long and short name together.",
        GUIDE + "example 4.1",
    )
    operator_long: str = setting(
        "Telstra Mobile", "Full network name of `AT+QSPN`.", "simulation only (Telstra)"
    )
    operator_short: str = setting(
        "Telstra",
        "Short name of the operator, in `AT+QSPN`, searches and `AT+COPS=3,1`.",
        "simulation only (Telstra)",
    )
    operator_number: str = setting(
        "50501", "Operator in numeric format.", "simulation only (Telstra)"
    )
    rat: str = setting(
        "cat-m1,cat-nb1,egprs",
        "Technologies of the cells around: any of `cat-m1`, `cat-nb1`, `egprs`, `lte`.",
        "simulation only; " + GUIDE + "example 4.1 is on Cat M1",
    )
    technologies: str = setting(
        "cat-m1,cat-nb1,egprs",
        "Technologies that the module has: any of `cat-m1`, `cat-nb1`, `egprs`, `lte`.",
        "specification sheet V1.6",
    )
    rssi: int = setting(26, "`<rssi>` of `AT+CSQ`.", GUIDE + "example 4.1")
    ber: int = setting(99, "`<ber>` of `AT+CSQ`.", GUIDE + "example 4.1")
    creg_stat: int = setting(1, "`<stat>` of `+CREG` when registered.", "log of a real BG96")
    cgreg_stat: int = setting(
        4, "`<stat>` of `+CGREG` when registered (4 while on LTE).", GUIDE + "example 4.1"
    )
    cereg_stat: int = setting(1, "`<stat>` of `+CEREG` when registered.", GUIDE + "example 4.1")
    creg_stat_packet_only: int = setting(
        0,
        '`<stat>` of `+CREG` when registered with `AT+QCFG="servicedomain",1`.',
        OPEN + "there is no circuit service then",
    )
    cgreg_stat_nb1: int = setting(
        1, "`<stat>` of `+CGREG` when registered on Cat NB1.", AT + "example of 9.8"
    )
    cereg_stat_gsm: int = setting(
        4, "`<stat>` of `+CEREG` when registered on GSM.", OPEN + "as `+CGREG` on LTE"
    )
    area_code: str = setting("FFFE", "`<lac>` and `<tac>`.", AT + "example of 9.8")
    cell_id: str = setting("82E76B2", "`<ci>`.", AT + "example of 9.8")
    network_apn: str = setting(
        "",
        "Access points of the network, as the world's fact `apns`; empty: every APN is taken.",
        "simulation only",
    )
    scan_s: float = setting(
        20.0, "What a search for operators takes, seconds.", OPEN + "the manual allows 180 s"
    )
    bearer_kept_s: float = setting(
        30.0,
        "How long contexts and connections wait for another cell when one is lost, seconds.",
        OPEN + "vendor test suites expect `HTTPEND` within 180 s",
    )
    same_apn_is_shared: bool = setting(
        True,
        "Where `pdp/duplicatechk` forbids a second context with the access point of "
        "`fota_apn`: the download shares the active one; false: 702.",
        OPEN + "vendor test suites of other modules expect a failure",
    )
    cgdcont_zeros: int = setting(
        4,
        "Zeros at the end of `+CGDCONT` lines.",
        "log of a real BG96; " + AT + "9.2 has two",
    )
    register_s: float = setting(
        2.0, "Time from `AT+CFUN=1` or boot to registration, seconds.", "simulation only"
    )
    supply_mv: int = setting(3800, "Supply voltage of `AT+CBC`, millivolts.", "simulation only")
