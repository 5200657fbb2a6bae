# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Likely causes of a reported number, the most likely first, and what to try; data only.

Rule 1. The order is that in which causes were seen in the field, where anybody told; then
that in which they are quickly ruled out.
Rule 2. What to try changes nothing in a module unless the words say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, unique
from types import MappingProxyType

from dfota.at.code_families import Family


@unique
class Place(Enum):
    """Where a number stands; the same number means something else elsewhere."""

    HTTP = "http"
    """``+QIND: "FOTA","HTTPEND",<n>``"""
    FTP = "ftp"
    """``+QIND: "FOTA","FTPEND",<n>``"""
    FILE = "file"
    """``+QIND: "FOTA","FILEEND",<n>``"""
    FOTA = "fota"
    """``+QIND: "FOTA","END",<n>``"""
    CME = "cme"
    """``+CME ERROR: <n>``"""
    CMS = "cms"
    """``+CMS ERROR: <n>``"""


@dataclass(frozen=True, slots=True)
class Cause:
    """What may have happened, in one sentence, and what to *try* to find out or to mend it."""

    cause: str
    tries: tuple[str, ...]


def _cause(cause: str, *tries: str) -> Cause:
    return Cause(cause, tries)


_NOT_REACHED = _cause(
    "The server cannot be reached from the network of the SIM: a private address, a closed "
    "port, a firewall or a port mapping in front of it.",
    "dfota check PORT --url URL",
    'AT+QIACT=1, then AT+QPING=1,"HOST"',
    "open the URL with a phone that has a SIM of the same operator, without Wi-Fi",
)  # fmt: skip
_APN = _cause(
    "The access point for downloads is another one than that of your data connection, or is not "
    "set: fota_apn has nothing to do with AT+CGDCONT and AT+QICSGP.",
    'AT+QCFGEXT="fota_apn"',
    "dfota upgrade PORT --url URL --apn NAME",
)
_APN_2017 = _cause(
    "The access point is wrong: this firmware uses context 1.",
    "AT+CGDCONT?",
    'AT+CGDCONT=1,"IP","NAME"',
)
_CONTEXT = _cause(
    "The context for downloads has no access point, or is not the one that you set up.",
    "AT+QICSGP=1",
    'AT+QCFG="fota/cid"',
)
_NOT_REGISTERED = _cause(
    "The module is not registered, or the subscription has no data.",
    "AT+CPIN?;+CSQ;+CEREG?;+CGREG?;+COPS?",
    "AT+CGATT?",
    "dfota info PORT",
)
_DNS = _cause(
    "The name of the server cannot be resolved there, as in many private networks.",
    'AT+QIDNSGIP=1,"HOST"',
    "give the address in place of the name",
)
_TLS = _cause(
    "With https: no common version or cipher suite. The module speaks TLS 1.2 at most, with RSA "
    "certificates.",
    "dfota check PORT --url URL",
    "openssl s_client -connect HOST:443 -tls1_2 -cipher AES128-SHA",
    "try http:// once, to see whether it is TLS",
)
_CA = _cause(
    "With https: the CA file in the module does not fit the certificate of the server, or a "
    "client certificate has no key.",
    "dfota cert list PORT",
    "dfota cert put PORT --ca ca.pem",
)
_PORT_443 = _cause(
    "With https and no port in the URL: firmware that follows its guide goes to port 80.",
    "write the port: https://HOST:443/…",
)
_SNI = _cause(
    "The server has many names at one address and needs the name in the TLS handshake, as "
    "storage in a cloud does; the module may not send it.",
    "openssl s_client -noservername -connect HOST:443",
    "host the package on a server of its own: dfota serve",
)
_SILENT_LOSS = _cause(
    "The signal is too weak, or the operator gives little data on NB-IoT and roaming.",
    "AT+CSQ", "AT+QCSQ", "AT+QNWINFO",
)  # fmt: skip
_SLOW_SERVER = _cause(
    "The server or something on the way stalls.",
    "curl -o /dev/null URL, from another network",
    "dfota serve, and look at what it prints",
)
_SLEEP = _cause(
    "The module went to sleep, or its supply broke down while it was sending.",
    "AT+CPSMS?", "AT+QSCLK?", "AT+CBC",
)  # fmt: skip
_NO_ROOM = _cause(
    "There is no room: packages of former tries are still there.",
    'AT+QFLDS="UFS"',
    "AT+QFLST",
    'AT+QFDEL="NAME" removes one',
)
_WHOLE_FIRMWARE = _cause(
    "It is no delta package but a whole firmware, or one for another tool.",
    "dfota package show FILE",
    "delta packages of a BG96 have hundreds of kilobytes",
)
_WRONG_PATH = _cause(
    "The path of the URL is wrong: capitals count, and nothing is decoded.",
    "curl -I URL",
)
_REDIRECT = _cause(
    "The server answers with a redirect, which is not followed: links for sharing files do that.",
    "curl -I URL",
    "give the address that the Location line names",
)
_FORBIDDEN = _cause(
    "The server wants a login, or the signed URL has expired; with its query it may also be "
    "longer than 255 bytes.",
    "curl -I URL",
)
_SERVER_FAULT = _cause("The server has a fault of its own (5xx).", "look at its log")
_NO_LENGTH = _cause(
    "The answer has no Content-Length, is compressed or comes in chunks.",
    "curl -sI URL",
    "dfota serve answers as modules need it",
)
_BROKE_OFF = _cause(
    "The connection broke while the package was sent; the download begins anew at the next try.",
    "try again",
    "AT+CSQ",
)
_OTHER_SOURCE = _cause(
    "The package starts from another revision than the one that runs.",
    "AT+QGMR",
    "dfota package show FILE",
    "dfota updates PORT --from FOLDER",
)
_SHORT_REVISION = _cause(
    "The revision was read with ATI, which is the same for several builds.",
    "AT+QGMR",
)
_OTHER_MODEL = _cause(
    "It is for another model, hardware or region.",
    "ATI", "dfota package show FILE",
)  # fmt: skip
_ROLLBACK = _cause(
    "Its security counter is below that of the module, and it allows no downgrade.",
    "dfota package show FILE",
)
_DAMAGED = _cause(
    "The package was damaged or cut short on its way.",
    "dfota package verify FILE --key PUB",
    "compare size and digest with the original, and fetch it again",
)
_NO_PACKAGE = _cause(
    "The file is no package of this kind: whole firmware, a file for another tool, a web page "
    "that was saved.",
    "dfota package show FILE",
    "ask whoever gave it for the delta package from the revision of AT+QGMR",
)
_NOT_TRUSTED = _cause(
    "The module does not trust the key that signed it.",
    "dfota package show FILE",
)
_NOT_UPLOADED = _cause(
    "No package was uploaded, or to another place: AT+QFOTADL=1 wants /fota/update.zip.",
    "AT+QFLST",
    "dfota upgrade PORT PACKAGE uploads and starts it",
)
_NO_EUFS = _cause(
    "The firmware does not know EUFS: names, so nothing can be put into /fota from here.",
    'AT+QFLDS="EUFS"',
    "download with --url in place of the upload, or use QEFS Explorer",
)
_GONE = _cause(
    "It was removed after an earlier upgrade.",
    "AT+QGMR: perhaps the new revision runs already",
)
_FLASH = _cause(
    "Writing the flash failed, or the power broke down in the middle.",
    "AT+QGMR", "AT+CBC", "the supply must give 2 A for a moment: try again with a better one",
)  # fmt: skip
_CUT = _cause(
    "The update process was stopped: a power cut, a watchdog, another program at the port.",
    "AT+QGMR",
    "dfota ports",
)
_WRONG_FOLDER = _cause(
    "The path in AT+QFOTADL is that of another platform: /data/ufs, /cache/ufs or "
    "/usrdata/cache/ufs.",
    "AT+QFLST",
    "dfota upgrade PORT PACKAGE tries them one after the other",
)

_BG96_HTTP = {
    701: (_BROKE_OFF, _NO_LENGTH, _TLS, _SLEEP),
    702: (_NOT_REACHED, _APN, _NOT_REGISTERED, _DNS, _TLS, _CA, _PORT_443, _SNI),
    703: (_REDIRECT, _FORBIDDEN, _SERVER_FAULT, _NO_LENGTH),
    704: (_SILENT_LOSS, _SLOW_SERVER, _SLEEP),
    706: (_WRONG_PATH, _REDIRECT),
    707: (_NO_ROOM, _FLASH),
    708: (_WHOLE_FIRMWARE, _NO_ROOM),
}
_BG96_FOTA = {
    504: (_FLASH, _CUT, _DAMAGED),
    505: (_NOT_UPLOADED, _NO_EUFS, _GONE),
    506: (_DAMAGED, _NO_PACKAGE, _NOT_TRUSTED),
    511: (_OTHER_SOURCE, _SHORT_REVISION, _OTHER_MODEL, _ROLLBACK),
}
_LINUX_ROAD = (_NOT_REACHED, _CONTEXT, _NOT_REGISTERED, _DNS, _WRONG_PATH, _TLS, _NO_ROOM)
_LINUX_FOTA = {
    1: (_FLASH,),
    501: (_NO_ROOM, _DAMAGED),
    502: (_CUT, _FLASH),
    504: (_DAMAGED, _NO_PACKAGE),
    505: (_WRONG_FOLDER, _DAMAGED, _NO_PACKAGE),
    510: (_OTHER_SOURCE, _OTHER_MODEL),
    511: (_NO_ROOM,),
    **dict.fromkeys((*range(520, 531), *range(540, 547)), (_FLASH, _CUT, _OTHER_SOURCE)),
}

_BUSY = _cause(
    "Another program, or another download, uses the connection.",
    "AT+QIACT?", "dfota ports",
)  # fmt: skip
_URL = _cause(
    "The URL is not one that the module takes: scheme, host and path are needed, and no blank.",
    "dfota check PORT --url URL",
)
_LOGIN = _cause(
    "User or password of the FTP server are wrong.",
    "ftp://USER:PASSWORD@HOST/FILE",
)
_MEMORY = _cause("The module is out of memory.", "AT+CFUN=1,1 restarts it")
_FOTA_PATH = _cause(
    "The storage for packages is set without its colon: it must be UFS:, not UFS.",
    'AT+QCFG="fota/path"',
    'AT+QCFG="fota/path","UFS:"',
)
_STANDARD_ROAD = (_NOT_REACHED, _CONTEXT, _NOT_REGISTERED, _DNS, _TLS)
_STANDARD_HTTP = {
    701: (_CONTEXT, _TLS, _NOT_REACHED, _NOT_REGISTERED),
    702: (_SILENT_LOSS, _SLOW_SERVER, _NOT_REACHED),
    703: (_BUSY,),
    704: (_BUSY,),
    705: (_SERVER_FAULT,),
    706: (_BUSY,),
    **dict.fromkeys((707, 708, 709), (_CONTEXT, _NOT_REGISTERED)),
    710: (_NOT_REGISTERED, _CONTEXT),
    711: (_URL,),
    712: (_URL,),
    713: (_URL, _DNS),
    714: (_DNS, _CONTEXT),
    **dict.fromkeys((715, 716), (_NOT_REACHED, _CONTEXT, _TLS)),
    **dict.fromkeys((717, 718, 719), (_BROKE_OFF, _SLOW_SERVER)),
    720: (_SERVER_FAULT,),
    721: (_NO_LENGTH,),
    722: (_SILENT_LOSS, _SLOW_SERVER),
    723: (_REDIRECT, _FORBIDDEN, _WRONG_PATH, _SERVER_FAULT),
    724: (_BUSY,),
    725: (_BUSY,),
    **dict.fromkeys((726, 727, 728), (_SILENT_LOSS, _SLOW_SERVER)),
    729: (_MEMORY,),
    730: (_URL,),
}
_STANDARD_FTP = {
    601: _STANDARD_ROAD,
    602: (_NOT_REACHED,),
    603: (_BUSY,),
    604: (_DNS, _CONTEXT),
    605: (_NOT_REGISTERED, _CONTEXT),
    **dict.fromkeys((606, 607, 616), (_BROKE_OFF, _SLOW_SERVER)),
    608: (_FOTA_PATH, _BROKE_OFF),
    609: (_SILENT_LOSS, _SLOW_SERVER),
    610: (_URL,),
    **dict.fromkeys((611, 612, 613, 617, 627), (_WRONG_PATH, _FOTA_PATH)),
    614: (_SERVER_FAULT,),
    615: (_NOT_REACHED,),
    618: (_SERVER_FAULT,),
    619: (_NO_ROOM,),
    **dict.fromkeys((620, 621, 622, 623, 624, 628, 629), (_SERVER_FAULT,)),
    625: (_LOGIN,),
    626: (_LOGIN,),
}
_STANDARD_FOTA = {
    504: (_FLASH, _CUT),
    505: (_DAMAGED, _NO_PACKAGE),
    506: (_OTHER_SOURCE, _DAMAGED),
    507: (_OTHER_SOURCE, _SHORT_REVISION),
    552: (_OTHER_MODEL,),
    553: (_OTHER_SOURCE, _OTHER_MODEL),
}
_STANDARD_FILE = {
    500: (
        _cause(
            'Fewer bytes came than AT+QFOTADL="FILE:<length>" announced, or some were lost.',
            "AT+IFC=2,2 switches hardware flow control on",
            "dfota upgrade PORT PACKAGE",
        ),
    ),
}  # fmt: skip

_SIM = _cause("No SIM, or it does not lie well.", "AT+CPIN?", "AT+QSIMSTAT?", "AT+QCCID")
_PIN = _cause("The SIM wants its PIN.", "AT+CPIN?", "AT+CPIN=PIN")
_PUK = _cause(
    "The PIN was wrong three times: the SIM wants its PUK, which the operator knows.",
    "AT+CPIN?", "AT+CPIN=PUK,NEWPIN",
)  # fmt: skip
_RADIO_OFF = _cause(
    "The radio is switched off, so there is no SIM either.", "AT+CFUN?", "AT+CFUN=1 switches it on"
)
_JUST_BOOTED = _cause("The module has just started.", "wait a few seconds and ask again")
_NOT_NOW = _cause(
    "The command is not allowed in this state: no SIM, no context, an upgrade that runs.",
    "AT+CPIN?", "AT+QIACT?", "dfota upgrade --status",
)  # fmt: skip
_CALIBRATION = _cause(
    "The module has lost its calibration or its identity, as after a whole flash that erased it.",
    "AT+CGSN",
    "its maker can restore it; a DFOTA upgrade was never seen to do this",
)
_EXISTS = _cause(
    "A file of this name is there from a former try, and an upload never overwrites.",
    "AT+QFLST",
    'AT+QFDEL="NAME" removes it',
    "dfota efs put replaces it",
)
_NO_FILE = _cause(
    "There is no file of this name; AT+QFLST tells names without UFS: on a BG96.", "AT+QFLST"
)
_LONG_NAME = _cause("The name has more than 80 characters, or ones that are not allowed.",
                    "choose a short name such as update.zip")  # fmt: skip
_STALLED_UPLOAD = _cause(
    "The data of the upload came too slowly or not wholly; what came is kept as a file.",
    "AT+QFLST",
    "give the command a longer timeout",
    "use acknowledgements and flow control: dfota efs put does",
)
_SIZE_WRONG = _cause(
    "The size that was announced is larger than the room or than a file may be.",
    'AT+QFLDS="UFS"',
)
_EUFS = _cause(
    "The firmware does not know this parameter; older BG96 firmware does not know EUFS: at all.",
    "AT+QGMR",
    "use a name without EUFS:, or download with --url",
)
_OPEN_FILES = _cause(
    "Too many files are open, or this one is.",
    "AT+QFOPEN?",
    "AT+QFCLOSE=HANDLE closes one",
)
_SCRUB = _cause(
    "The module is moving its code partitions (flash scrub).",
    'wait for +QSCRUB: "END"; do not cut the power',
)  # fmt: skip
_DFOTA_RUNS = _cause(
    "An upgrade runs.",
    "dfota upgrade PORT --resume follows it to its end",
)
_OFF_NETWORK = _cause(
    "No network: no signal, the wrong bands or technology, or the SIM may not use it.",
    "AT+CSQ;+CEREG?;+COPS?",
    'AT+QCFG="nwscanmode"',
    'AT+QCFG="iotopmode"',
)

_CME = {
    0: (_CALIBRATION, _JUST_BOOTED),
    3: (_NOT_NOW,),
    4: (_cause("This module or firmware has no such command.", "AT+QGMR"),),
    10: (_SIM, _RADIO_OFF),
    11: (_PIN,),
    12: (_PUK,),
    13: (_RADIO_OFF, _SIM),
    14: (_JUST_BOOTED,),
    15: (_SIM,),
    16: (_cause("The PIN or password is wrong; after three times the SIM is blocked.",
                "AT+CPIN?"),),
    17: (_PIN,),
    18: (_PUK,),
    20: (_NO_ROOM,),
    23: (_CALIBRATION,),
    30: (_OFF_NETWORK,),
    31: (_OFF_NETWORK,),
    32: (_OFF_NETWORK,),
    323: (_EUFS,),
    400: (_LONG_NAME, _EUFS),
    401: (_SIZE_WRONG,),
    402: (_NO_FILE,),
    403: (_NO_ROOM,),
    405: (_NO_FILE,),
    406: (_LONG_NAME, _EUFS),
    407: (_EXISTS,),
    409: (_NO_ROOM, _FLASH),
    410: (_NO_FILE, _OPEN_FILES),
    411: (_FLASH,),
    413: (_OPEN_FILES,),
    416: (_OPEN_FILES,),
    418: (_OPEN_FILES, _NO_FILE),
    420: (_NO_ROOM,),
    421: (_STALLED_UPLOAD,),
    423: (_SIZE_WRONG, _WHOLE_FIRMWARE),
    425: (_EUFS,),
    426: (_OPEN_FILES,),
    440: (_cause("This firmware has no flash scrub.", "AT+QGMR"),),
    441: (_SCRUB,),
    442: (_DFOTA_RUNS,),
    **_STANDARD_HTTP,
}  # fmt: skip
_CMS = {
    302: (_NOT_NOW,),
    310: (_SIM, _RADIO_OFF),
    311: (_PIN,),
    313: (_SIM, _RADIO_OFF),
    314: (_JUST_BOOTED,),
    316: (_PUK,),
    321: (_cause("There is no message at this place.", "AT+CPMS?"),),
    322: (_cause("The store of messages is full.", "AT+CPMS?", "AT+CMGD=1,4 removes all"),),
    330: (_cause("The number of the message centre is not set.", "AT+CSCA?"),),
    331: (_OFF_NETWORK,),
    332: (_OFF_NETWORK,),
    500: (_OFF_NETWORK, _cause("The operator refused the message.", "AT+CSCA?")),
    512: (_JUST_BOOTED,),
    513: (_cause("The message is longer than 160 characters, or 70 with UCS2.", "AT+CSMP?"),),
}  # fmt: skip

_BY_FAMILY: Mapping[Family, Mapping[Place, Mapping[int, tuple[Cause, ...]]]] = MappingProxyType(
    {
        Family.BG96: {Place.HTTP: _BG96_HTTP, Place.FOTA: _BG96_FOTA},
        Family.BG96_2017: {
            Place.HTTP: {
                701: (_NOT_REACHED, _APN_2017, _NOT_REGISTERED, _DNS, _WRONG_PATH, _REDIRECT, _TLS),
            },
            Place.FOTA: {number: _BG96_FOTA[number] for number in (504, 505)}
            | {506: (_DAMAGED, _NO_PACKAGE, *_BG96_FOTA[511])},
        },
        Family.LINUX: {
            Place.HTTP: {701: _LINUX_ROAD},
            Place.FTP: {601: (*_LINUX_ROAD, _LOGIN)},
            Place.FOTA: _LINUX_FOTA,
        },
        Family.STANDARD_A: {
            Place.HTTP: _STANDARD_HTTP,
            Place.FTP: _STANDARD_FTP,
            Place.FILE: _STANDARD_FILE,
            Place.FOTA: _STANDARD_FOTA,
        },
    }
)
_EVERYWHERE: Mapping[Place, Mapping[int, tuple[Cause, ...]]] = MappingProxyType(
    {Place.CME: _CME, Place.CMS: _CMS}
)


def causes_of(place: Place, number: int, family: Family = Family.BG96) -> tuple[Cause, ...]:
    """The likely causes of *number* at *place*, the most likely first; may be empty."""
    tables = _EVERYWHERE if place in _EVERYWHERE else _BY_FAMILY[family]
    return tables.get(place, {}).get(number, ())
