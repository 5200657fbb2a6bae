# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the numbers of an upgrade mean, family by family: the same number is not the same fault.

511 is a mismatch on a BG96 and a full disk on an EC25; 702 is a failed connection on one and
a timeout on another. So every question about a number names the family.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from dfota.at.codes import FOTA_ADVICE, FOTA_ERRORS, HTTP_ADVICE, HTTP_ERRORS, Explanation


class Family(Enum):
    """Modules that share one set of numbers."""

    BG96 = "bg96"
    """BG96 with the codes of guide V1.1."""
    BG96_2017 = "bg96-2017"
    """BG96 with the codes of guide V1.0."""
    LINUX = "linux"
    """EC2x, EG9x, EG25-G, EP06, EG06, EM06: modules with Linux and a recovery system."""
    STANDARD_A = "standard-a"
    """LTE Standard(A): EC200A, EC600M, EC800M, EG915N and others."""


_DONE_DOWNLOAD = "Download successful"
_DONE_UPGRADE = "Upgraded successfully"
_UNKNOWN_FTP = "FTP unknown error"
_UNKNOWN_HTTP = "HTTP(S) unknown error"

_STANDARD_A_HTTP = {
    0: _DONE_DOWNLOAD,
    701: _UNKNOWN_HTTP,
    702: "HTTP(S) timeout",
    703: "HTTP(S) busy",
    704: "HTTP(S) UART busy",
    705: "HTTP(S) no request",
    706: "HTTP(S) network busy",
    707: "HTTP(S) opening the network failed",
    708: "HTTP(S) no network configuration",
    709: "HTTP(S) network deactivated",
    710: "HTTP(S) network error",
    711: "HTTP(S) URL error",
    712: "HTTP(S) empty URL",
    713: "HTTP(S) IP address error",
    714: "HTTP(S) DNS error",
    715: "HTTP(S) creating the socket failed",
    716: "HTTP(S) connecting the socket failed",
    717: "HTTP(S) reading the socket failed",
    718: "HTTP(S) writing the socket failed",
    719: "HTTP(S) socket closed",
    720: "HTTP(S) encoding failed",
    721: "HTTP(S) decoding failed",
    722: "HTTP(S) read timeout",
    723: "HTTP(S) response failed",
    724: "Incoming call",
    725: "Voice call",
    726: "Input timeout",
    727: "Timeout while waiting for data",
    728: "Timeout while waiting for the response",
    729: "Allocating memory failed",
    730: "Invalid parameter",
}

_STANDARD_A_FTP = {
    0: _DONE_DOWNLOAD,
    601: _UNKNOWN_FTP,
    602: "FTP service blocked",
    603: "FTP service busy",
    604: "DNS failed",
    605: "Network error",
    606: "Control connection closed",
    607: "Data connection closed",
    608: "Socket closed by the peer",
    609: "Timeout",
    610: "Invalid parameter",
    611: "Opening the file failed",
    612: "Wrong file path",
    613: "File error",
    614: "Service not available, the control connection is being closed (421)",
    615: "Opening the data connection failed (425)",
    616: "Connection closed, transfer aborted (426)",
    617: "Requested file action not taken (450)",
    618: "Action aborted: local error in processing (451)",
    619: "Action not taken: not enough storage (452)",
    620: "Syntax error, command not recognized (500)",
    621: "Syntax error in parameters (501)",
    622: "Command not implemented (502)",
    623: "Bad sequence of commands (503)",
    624: "Command not implemented for that parameter (504)",
    625: "Login failed (530)",
    626: "Account needed for storing files (532)",
    627: "Requested action not taken (550)",
    628: "Action aborted: page type unknown (551)",
    629: "Requested file action aborted (552)",
}

_LINUX_UPGRADE = {
    0: _DONE_UPGRADE,
    1: "Upgrading the backup partition failed",
    501: "The package cannot be unpacked, or there is no space for it",
    502: "The updating process ended unexpectedly",
    504: "The package file is wrong",
    505: "The package file is wrong or missing",
    510: "The package does not match the firmware",
    511: "No space",
    **dict.fromkeys((*range(520, 531), *range(540, 547)), "Upgrade failed"),
}

_STANDARD_A_UPGRADE = {
    0: _DONE_UPGRADE,
    504: "Upgrade failed",
    505: "Package verification failed",
    506: "MD5 check of the firmware failed",
    507: "Package is for another version",
    552: "Package is for another project",
    553: "Package is for another baseline",
}

_LINUX_ADVICE = {
    0: FOTA_ADVICE[0],
    1: "The new firmware runs, its backup is the old one. Free space and upgrade again.",
    501: "Free space with AT+QFDEL and check that the package arrived whole.",
    502: "Look whether the module runs its old firmware (AT+QGMR), and start again.",
    504: "Verify the package with: dfota package verify",
    505: "Check the path in AT+QFOTADL and the file (AT+QFLST); verify the package with: "
    "dfota package verify",
    510: FOTA_ADVICE[511],
    511: "Free space with AT+QFDEL, and try again.",
}
_STANDARD_A_ADVICE = {
    0: FOTA_ADVICE[0],
    504: FOTA_ADVICE[504],
    505: FOTA_ADVICE[506],
    506: "The new image did not become what was promised. Make the package anew from the very "
    "images that the modules run.",
    507: FOTA_ADVICE[511],
    552: "The package is for another model. Compare ATI with: dfota package show",
    553: "The package is for another baseline of the firmware. Compare AT+QGMR with: "
    "dfota package show",
}
_NETWORK_ADVICE = (
    "The module did not get the package over the network. Check registration, the context "
    '(AT+QICSGP, AT+QCFG="fota/cid"), name and port of the server, and its log.'
)


def _same(table: Mapping[int, str], advice: str) -> dict[int, str]:
    return {number: FOTA_ADVICE[0] if number == 0 else advice for number in table}


@dataclass(frozen=True, slots=True)
class CodeTables:
    """The numbers of one family, each as number → meaning, and advice for the person.

    Attributes:
        name: the family for a person, with its source.
        http: ``<http_err>`` of ``HTTPEND``.
        ftp: ``<ftp_err>`` of ``FTPEND``; empty where there is no FTP.
        file: ``<file_err>`` of ``FILEEND``; empty where the host cannot send the package.
        upgrade: ``<err>`` of ``END``.
    """

    name: str
    http: Mapping[int, str]
    upgrade: Mapping[int, str]
    http_advice: Mapping[int, str]
    upgrade_advice: Mapping[int, str]
    ftp: Mapping[int, str] = field(default_factory=dict)
    file: Mapping[int, str] = field(default_factory=dict)


def _only(table: Mapping[int, str], *numbers: int) -> Mapping[int, str]:
    return {number: table[number] for number in numbers}


_LINUX_HTTP = {0: _DONE_DOWNLOAD, 701: _UNKNOWN_HTTP}

FAMILIES: Mapping[Family, CodeTables] = MappingProxyType(
    {
        Family.BG96: CodeTables(
            "BG96, DFOTA guide V1.1", HTTP_ERRORS, FOTA_ERRORS, HTTP_ADVICE, FOTA_ADVICE
        ),
        Family.BG96_2017: CodeTables(
            "BG96, DFOTA guide V1.0",
            _only(HTTP_ERRORS, 0, 701),
            _only(FOTA_ERRORS, 0, 504, 505, 506),
            {
                0: HTTP_ADVICE[0],
                701: HTTP_ADVICE[702].replace('AT+QCFGEXT="fota_apn"', "AT+CGDCONT, context 1"),
            },
            FOTA_ADVICE,
        ),
        Family.LINUX: CodeTables(
            "EC2x, EG9x, EP06, EG06, EM06: EP06 DFOTA guide V1.0, EC2x QuecOpen DFOTA V1.0",
            _LINUX_HTTP,
            _LINUX_UPGRADE,
            _same(_LINUX_HTTP, HTTP_ADVICE[702]),
            _LINUX_ADVICE,
            ftp={0: _DONE_DOWNLOAD, 601: _UNKNOWN_FTP},
        ),
        Family.STANDARD_A: CodeTables(
            "LTE Standard(A), DFOTA guide V1.5",
            _STANDARD_A_HTTP,
            _STANDARD_A_UPGRADE,
            _same(_STANDARD_A_HTTP, _NETWORK_ADVICE),
            _STANDARD_A_ADVICE,
            ftp=_STANDARD_A_FTP,
            file={0: _DONE_DOWNLOAD, 500: "File download error"},
        ),
    }
)
"""Family → its numbers."""

_ELSEWHERE = "not in the guide's table"
_LOOK_UP = "Look the number up in the guide of this module's family."


def explain_http_error(number: int, family: Family = Family.BG96) -> Explanation:
    """What ``HTTPEND,<number>`` means, also for numbers that the guide does not list."""
    tables = FAMILIES[family]
    return Explanation(
        tables.http.get(number, _ELSEWHERE), tables.http_advice.get(number, _LOOK_UP)
    )


def explain_ftp_error(number: int, family: Family = Family.LINUX) -> Explanation:
    """What ``FTPEND,<number>`` means, also for numbers that the guide does not list."""
    table = FAMILIES[family].ftp
    return Explanation(
        table.get(number, _ELSEWHERE), _same(table, _NETWORK_ADVICE).get(number, _LOOK_UP)
    )


def explain_file_error(number: int, family: Family = Family.STANDARD_A) -> Explanation:
    """What ``FILEEND,<number>`` means, also for numbers that the guide does not list."""
    table = FAMILIES[family].file
    advice = "Send exactly as many bytes as the command says, with flow control, and try again."
    return Explanation(table.get(number, _ELSEWHERE), _same(table, advice).get(number, _LOOK_UP))


def explain_fota_error(number: int, family: Family = Family.BG96) -> Explanation:
    """What ``END,<number>`` means, also for numbers that the guide does not list."""
    tables = FAMILIES[family]
    return Explanation(
        tables.upgrade.get(number, _ELSEWHERE),
        tables.upgrade_advice.get(number, FOTA_ADVICE[504])
        if number in tables.upgrade
        else _LOOK_UP,
    )
