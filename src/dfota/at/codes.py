# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The numbers that a BG96 reports, what they mean and what usually causes them.

Meanings are those of the BG96 manuals; what its kin mean by a number is in
``code_families``. Nothing here maps one of our own errors to a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Explanation:
    """A number in words: the manual's *meaning*, and *advice* for the person."""

    meaning: str
    advice: str


HTTP_ERRORS: Mapping[int, str] = MappingProxyType(
    {
        0: "Download successful",
        701: "HTTP(S) unknown error",
        702: "Server connection failed",
        703: "Request failed",
        704: "Download timeout",
        706: "File not exist",
        707: "Write data to file failed",
        708: "Downloaded file is too large",
    }
)
"""``<http_err>`` of ``HTTPEND``: DFOTA guide, table 1."""

FOTA_ERRORS: Mapping[int, str] = MappingProxyType(
    {
        0: "Upgraded successfully",
        504: "Firmware upgrade failed",
        505: "Upgrade package not exist",
        506: "Upgrade package check failed",
        511: "Package is mismatched with the current firmware",
    }
)
"""``<err>`` of ``END``: DFOTA guide, table 2."""

HTTP_ADVICE: Mapping[int, str] = MappingProxyType(
    {
        0: "Nothing to do.",
        701: "Look at the server's log: the answer was malformed, or the connection broke "
        "while the package was sent. Try again.",
        702: "The module did not reach the server. Check registration, the APN "
        '(AT+QCFGEXT="fota_apn"), name, port and firewall of the server as seen from the '
        "network of the SIM, and for https the CA file and TLS 1.2.",
        703: "The server refused. Look at its log for the status; redirects are not followed.",
        704: "The server or the radio link stalled. Check the signal (AT+CSQ) and try again.",
        706: "The server has no such file. Check the path of the URL, letter by letter.",
        707: "The module could not store the package. Free space: AT+QFLST, then AT+QFDEL.",
        708: "The package is larger than the free space. Delete files with AT+QFDEL, and check "
        "that this is a delta package and not the whole firmware.",
    }
)

FOTA_ADVICE: Mapping[int, str] = MappingProxyType(
    {
        0: "Nothing to do.",
        504: "The module runs its old firmware or restores it at the next start. Read AT+QGMR "
        "and try again.",
        505: "There is no /fota/update.zip in the module. Upload the package first, or start "
        "with a URL.",
        506: "The package is damaged, no package at all, or its signature is not trusted by "
        "this module. Verify it with: dfota package verify",
        511: "The package is for another module or another old revision. Compare AT+QGMR with: "
        "dfota package show",
    }
)

HTTP_COMMAND_ERRORS: Mapping[int, str] = MappingProxyType(
    {
        701: "HTTP(S) unknown error",
        702: "HTTP(S) timeout",
        703: "HTTP(S) busy",
        704: "HTTP(S) UART busy",
        705: "HTTP(S) no GET/POST requests",
        706: "HTTP(S) network busy",
        707: "HTTP(S) network open failed",
        708: "HTTP(S) network no configuration",
        709: "HTTP(S) network deactivated",
        710: "HTTP(S) network error",
        711: "HTTP(S) URL error",
        712: "HTTP(S) empty URL",
        713: "HTTP(S) IP address error",
        714: "HTTP(S) DNS error",
        715: "HTTP(S) socket create error",
        716: "HTTP(S) socket connect error",
        717: "HTTP(S) socket read error",
        718: "HTTP(S) socket write error",
        719: "HTTP(S) socket closed",
        720: "HTTP(S) data encode error",
        721: "HTTP(S) data decode error",
        722: "HTTP(S) read timeout",
        723: "HTTP(S) response failed",
        724: "Incoming call busy",
        725: "Voice call busy",
        726: "Input timeout",
        727: "Wait data timeout",
        728: "Wait HTTP(S) response timeout",
        729: "Memory allocation failed",
        730: "Invalid parameter",
    }
)
"""``<err>`` of the ``AT+QHTTP…`` commands: HTTP manual V1.0, table 1. Not those of DFOTA."""

CME_ERRORS: Mapping[int, str] = MappingProxyType(
    {
        0: "Phone failure",
        1: "No connection to phone",
        2: "Phone-adaptor link reserved",
        3: "Operation not allowed",
        4: "Operation not supported",
        5: "PH-SIM PIN required",
        6: "PH-FSIM PIN required",
        7: "PH-FSIM PUK required",
        10: "SIM not inserted",
        11: "SIM PIN required",
        12: "SIM PUK required",
        13: "SIM failure",
        14: "SIM busy",
        15: "SIM wrong",
        16: "Incorrect password",
        17: "SIM PIN2 required",
        18: "SIM PUK2 required",
        20: "Memory full",
        21: "Invalid index",
        22: "Not found",
        23: "Memory failure",
        24: "Text string too long",
        25: "Invalid characters in text string",
        26: "Dial string too long",
        27: "Invalid characters in dial string",
        30: "No network service",
        31: "Network timeout",
        32: "Network not allowed - emergency calls only",
        40: "Network personalization PIN required",
        41: "Network personalization PUK required",
        42: "Network subset personalization PIN required",
        43: "Network subset personalization PUK required",
        44: "Service provider personalization PIN required",
        45: "Service provider personalization PUK required",
        46: "Corporate personalization PIN required",
        47: "Corporate personalization PUK required",
        323: "Invalid parameter",
        400: "Invalid input value",
        401: "Larger than the size of the file",
        402: "Read zero byte",
        403: "Drive full",
        405: "File not found",
        406: "Invalid file name",
        407: "File already existed",
        409: "Fail to write the file",
        410: "Fail to open the file",
        411: "Fail to read the file",
        413: "Reach the max number of file allowed to be opened",
        414: "The file read-only",
        416: "Invalid file descriptor",
        417: "Fail to list the file",
        418: "Fail to delete the file",
        419: "Fail to get disk info",
        420: "No space",
        421: "Time out",
        423: "File too large",
        425: "Invalid parameter",
        426: "File already opened",
        440: "Flash Scrub not supported",
        441: "Scrub is ongoing",
        442: "DFOTA is ongoing",
        **HTTP_COMMAND_ERRORS,
    }
)
"""``<err>`` of ``+CME ERROR``: AT manual table 19, FILE manual table 1 (400 to 426), flash scrub note (323, 440 to 442)."""

CMS_ERRORS: Mapping[int, str] = MappingProxyType(
    {
        300: "ME failure",
        301: "SMS ME reserved",
        302: "Operation not allowed",
        303: "Operation not supported",
        304: "Invalid PDU mode",
        305: "Invalid text mode",
        310: "SIM not inserted",
        311: "SIM pin necessary",
        312: "PH SIM pin necessary",
        313: "SIM failure",
        314: "SIM busy",
        315: "SIM wrong",
        316: "SIM PUK required",
        317: "SIM PIN2 required",
        318: "SIM PUK2 required",
        320: "Memory failure",
        321: "Invalid memory index",
        322: "Memory full",
        330: "SMSC address unknown",
        331: "No network",
        332: "Network timeout",
        340: "No acknowledgement expected",
        500: "Unknown",
        512: "SIM not ready",
        513: "Message length exceeds",
        514: "Invalid request parameters",
        515: "ME storage failure",
        517: "Invalid service mode",
        528: "More message to send state error",
        529: "MO SMS is not allow",
        530: "GPRS is suspended",
        531: "ME storage full",
    }
)
"""``<err>`` of ``+CMS ERROR``: AT manual V2.3, table 20, its brackets dropped as in the words
of ``+CME ERROR``. 340 stands in the example of 8.12 alone; its words are 27.005's."""

FILE_ERRORS: Mapping[int, str] = MappingProxyType(
    {number: meaning for number, meaning in CME_ERRORS.items() if 400 <= number <= 426}
)
"""The part of ``CME_ERRORS`` that the FILE commands report."""
