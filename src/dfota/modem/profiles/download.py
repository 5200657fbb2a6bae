# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the download client: patience, TLS, HTTP; no behaviour here."""

# ruff: noqa: FBT003 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass

from dfota.modem.setting import GUIDE, OPEN, setting


@dataclass(frozen=True, kw_only=True)
class DownloadSettings:
    """Settings of the download client: patience, TLS, HTTP."""

    https_default_port: int = setting(
        443,
        "Port of an `https` URL without a number.",
        GUIDE
        + "3.1.1 says 80 for both schemes (set 80 for that); vendor SDK and real servers: 443",
    )
    max_package_bytes: int = setting(
        0,
        "Largest package that is downloaded (else 708); 0: whatever the file system has room for.",
        OPEN + "the guide has code 708 and no figure",
    )
    connect_attempts: int = setting(
        6, "How often a connection is tried before 702.", "vendor SDK sample: 6"
    )
    connect_timeout_s: float = setting(
        54.0,
        "Patience with one connection attempt, TLS included, seconds.",
        "log of a real BG96: 702 came about 6 minutes after the command",
    )
    connect_retry_s: float = setting(
        6.0, "Pause between two attempts, seconds.", "vendor SDK sample: session timeout 6000 ms"
    )
    data_timeout_s: float = setting(
        60.0, "Silence of the server after which 704 is reported, seconds.", OPEN + "an assumption"
    )
    download_timeout_s: float = setting(
        1800.0,
        "Longest download before 704, seconds.",
        OPEN + "clients give it 300 to 3600 s",
    )
    cat_m1_downlink_kbit_s: float = setting(
        375.0, "Rate of Cat M1 to the module, kbit/s; 0: unlimited.", "specification sheet V1.6"
    )
    cat_m1_uplink_kbit_s: float = setting(
        375.0, "Rate of Cat M1 from the module, kbit/s; 0: unlimited.", "specification sheet V1.6"
    )
    cat_m1_latency_ms: float = setting(
        100.0, "Round trip of Cat M1, milliseconds.", OPEN + "an assumption"
    )
    cat_nb1_downlink_kbit_s: float = setting(
        32.0, "Rate of Cat NB1 to the module, kbit/s; 0: unlimited.", "specification sheet V1.6"
    )
    cat_nb1_uplink_kbit_s: float = setting(
        70.0, "Rate of Cat NB1 from the module, kbit/s; 0: unlimited.", "specification sheet V1.6"
    )
    cat_nb1_latency_ms: float = setting(
        1600.0, "Round trip of Cat NB1, milliseconds.", OPEN + "an assumption"
    )
    egprs_downlink_kbit_s: float = setting(
        296.0, "Rate of EGPRS to the module, kbit/s; 0: unlimited.", "specification sheet V1.6"
    )
    egprs_uplink_kbit_s: float = setting(
        236.8, "Rate of EGPRS from the module, kbit/s; 0: unlimited.", "specification sheet V1.6"
    )
    egprs_latency_ms: float = setting(
        600.0, "Round trip of EGPRS, milliseconds.", OPEN + "an assumption"
    )
    lte_downlink_kbit_s: float = setting(
        10_000.0,
        "Rate of LTE (kin only) to the module, kbit/s; 0: unlimited.",
        OPEN + "an assumption for LTE Cat 1",
    )
    lte_uplink_kbit_s: float = setting(
        5_000.0,
        "Rate of LTE (kin only) from the module, kbit/s; 0: unlimited.",
        OPEN + "an assumption for LTE Cat 1",
    )
    lte_latency_ms: float = setting(
        50.0, "Round trip of LTE (kin only), milliseconds.", OPEN + "an assumption"
    )
    download_resume: bool = setting(
        False,
        "After a lost connection or a power cut ask only for the rest of the package, where "
        "the server gave a validator.",
        OPEN + "vendor test suites expect a download from the beginning",
    )
    resume_attempts: int = setting(
        3, "How often a download is gone on with before 701 or 704.", "vendor SDK sample: 3"
    )
    tls_server_name: bool = setting(
        False, "Send the server's name in the TLS handshake (SNI).", "vendor SDK sample: none sent"
    )
    tls_check_dates: bool = setting(
        False,
        "Refuse certificates outside their dates (only with `fota_cacert.pem`).",
        "vendor SDK sample: dates not checked",
    )
    tls_check_name: bool = setting(
        False,
        "Refuse a certificate for another name (only with `fota_cacert.pem`).",
        "vendor SDK sample: names not checked",
    )
    user_agent: str = setting(
        "QUECTEL_MODULE",
        "`User-Agent` of the request.",
        OPEN + "the HTTP manual shows it for `AT+QHTTPGET`",
    )
    keep_fota_apn: bool = setting(
        True,
        'Keep `AT+QCFGEXT="fota_apn"` over restarts and without power.',
        OPEN + "one vendor's tool resets it after each upgrade, so it seems to be kept",
    )
