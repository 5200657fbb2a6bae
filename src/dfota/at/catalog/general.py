# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Basic commands, S-parameters, identity and settings of the interface, as data only.

References are chapters of the BG96 AT Commands Manual V2.3.
"""

from __future__ import annotations

from dfota.at.command import DERIVED, Command, Saving, list_settings
from dfota.at.parameters import Integer, String


def _basic(
    name: str,
    summary: str,
    reference: str,
    maximum: int = 0,
    *,
    saving: Saving = Saving.NOTHING,
    example: tuple[str, ...] = (),
) -> Command:
    # V.250, 5.3.1: a missing number counts as 0; E, V and X of the BG96 do the same.
    return Command(
        name=name,
        summary=summary,
        reference=reference,
        execute=(Integer("value", 0, maximum, default=0),),
        saving=saving,
        is_factory_reset=saving is not Saving.NOTHING,
        example=example,
    )


def _register(
    number: int,
    summary: str,
    reference: str,
    factory: int,
    maximum: int = 127,
    *,
    minimum: int = 0,
    saving: Saving = Saving.VOLATILE,
) -> Command:
    return Command(
        name=f"S{number}",
        summary=summary,
        reference=reference,
        has_read=True,
        write=(Integer("n", minimum, maximum),),
        saving=saving,
        is_factory_reset=True,
        example=(f"ATS{number}?", f"{factory}", "OK"),
    )


def _identity(name: str, summary: str, reference: str, answer: str = "") -> Command:
    example = (f"AT{name}", answer, "OK") if answer else ()
    return Command(
        name=name, summary=summary, reference=reference, test="", execute=(), example=example
    )


_KEPT = Saving.PROFILE

ATE = _basic("E", "Set command echo: 0 off, 1 on.", "2.16", 1, saving=_KEPT)
ATQ = _basic("Q", "Suppress result codes: 0 no, 1 yes.", "2.14", 1, saving=_KEPT)
ATV = _basic("V", "Format of result codes: 0 numbers, 1 words.", "2.15", 1, saving=_KEPT)
ATX = _basic("X", "Set the CONNECT format and call progress monitoring.", "2.21", 4, saving=_KEPT)
ATI = _basic(
    "I",
    "Display product identification information.",
    "2.1",
    example=("ATI", "Quectel", "BG96", "Revision: BG96MAR02A07M1G", "OK"),
)
ATZ = _basic("Z", "Restore the stored settings.", "2.13", example=("ATZ", "OK"))
AT_F = _basic("&F", "Restore the factory settings.", "2.10", example=("AT&F", "OK"))
AT_V = _basic("&V", "Display the current settings.", "2.11")
AT_W = _basic("&W", "Store the current settings.", "2.12", example=("AT&W", "OK"))
AT_C = _basic("&C", "DCD: 0 always on, 1 with a carrier.", "3.1", 1, saving=_KEPT)
AT_D = _basic("&D", "DTR: 0 ignored, 1 ends a data mode, 2 ends a call.", "3.2", 2, saving=_KEPT)

S0 = _register(0, "Rings before answering a call.", "7.8", 0, 255, saving=_KEPT)
S3 = _register(3, "Character that ends a command line.", "2.18", 13)
S4 = _register(4, "Character that formats responses.", "2.19", 10)
S5 = _register(5, "Character that deletes the one before it.", "2.20", 8)
S6 = _register(6, "Pause before blind dialling; without effect.", "7.9", 2, 10)
S7 = _register(7, "Time to wait for a connection.", "7.10", 0, 255, saving=_KEPT)
S8 = _register(8, "Time to wait at a comma when dialling; without effect.", "7.11", 2, 255)
S10 = _register(
    *(10, "Delay of disconnection after the carrier is lost.", "7.12", 15, 254),
    minimum=1,
    saving=_KEPT,
)

GMI = _identity("+GMI", "Request the manufacturer.", "2.2", "Quectel")
GMM = _identity("+GMM", "Request the model.", "2.3", "BG96")
GMR = _identity("+GMR", "Request the short firmware revision.", "2.4", "BG96MAR02A07M1G")
CGMI = _identity("+CGMI", "Request the manufacturer.", "2.5", "Quectel")
CGMM = _identity("+CGMM", "Request the model.", "2.6", "BG96")
CGMR = _identity("+CGMR", "Request the short firmware revision.", "2.7", "BG96MAR02A07M1G")
GSN = _identity("+GSN", "Request the IMEI.", "2.8")
CGSN = _identity("+CGSN", "Request the IMEI.", "2.9")
QGMR = Command(
    name="+QGMR",
    summary="Request modem and application firmware revision.",
    reference="2.26",
    test="",
    has_read=True,  # not in the manual, but ModemManager asks AT+QGMR?
    execute=(),
    example=("AT+QGMR", "BG96MAR02A07M1G_01.018.01.018", "OK"),
)
QAPPVER = Command(
    name="+QAPPVER",
    summary="Request the application's firmware version.",
    reference="2.27",
    test="",
    execute=(),
    example=("AT+QAPPVER", "01.018", "OK"),
)

CMEE = Command(
    name="+CMEE",
    summary="Format of errors: 0 ERROR, 1 numbers, 2 words.",
    reference="2.23",
    test=DERIVED,
    has_read=True,
    write=(Integer("n", 0, 2),),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CMEE?", "+CMEE: 1", "OK"),
)
QURCCFG_URCPORT = Command(
    name='+QURCCFG="urcport"',
    summary="Choose the port that prints unsolicited result codes.",
    reference="2.25",
    has_read=True,
    write=(String("urcportvalue", 16, only=("usbat", "usbmodem", "uart1")),),
    saving=Saving.NV,
    example=('AT+QURCCFG="urcport"', '+QURCCFG: "urcport","usbat"', "OK"),
)
QURCCFG = Command(
    name="+QURCCFG",
    summary="List where unsolicited result codes can go.",
    reference="2.25",
    test=list_settings((QURCCFG_URCPORT,)),
)
_RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
_FAST_RATES = (2_900_000, 3_000_000, 3_200_000, 3_686_400, 4_000_000)

IPR = Command(
    name="+IPR",
    summary="Set the speed of the UART, from the OK onward.",
    reference="3.5",
    test=f"+IPR: (),({','.join(map(str, _RATES + _FAST_RATES))})",
    has_read=True,
    write=(Integer("rate", only=_RATES + _FAST_RATES),),
    saving=Saving.START,
    example=("AT+IPR?", "+IPR: 115200", "OK"),
)
IFC = Command(
    name="+IFC",
    summary="Set hardware flow control of the UART: 0 none, 2 RTS and CTS.",
    reference="3.3",
    test=DERIVED,
    has_read=True,
    write=(Integer("dce_by_dte", only=(0, 2)), Integer("dte_by_dce", only=(0, 2))),
    saving=Saving.VOLATILE,
    example=("AT+IFC?", "+IFC: 0,0", "OK"),
)
ICF = Command(
    name="+ICF",
    summary="Set the framing of characters of the UART: only 8 data bits, no parity, 1 stop bit.",
    reference="3.4",
    test=DERIVED,
    has_read=True,
    write=(Integer("format", only=(3,), optional=True), Integer("parity", 0, 3, optional=True)),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+ICF?", "+ICF: 3,3", "OK"),
)
GCAP = Command(
    name="+GCAP",
    summary="List the families of commands that the module has.",
    reference="V.250, 6.1.9; not in the manual",
    test="",
    execute=(),
    example=("AT+GCAP", "+GCAP: +CGSM", "OK"),
)
CSCS = Command(
    name="+CSCS",
    summary="Choose the character set of texts.",
    reference="2.24",
    test=DERIVED,
    has_read=True,
    write=(String("chset", 4, only=("GSM", "IRA", "UCS2")),),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CSCS?", '+CSCS: "GSM"', "OK"),
)


def _indication(urctype: str, summary: str, *, is_on: bool) -> Command:
    return Command(
        name=f'+QINDCFG="{urctype}"',
        summary=summary,
        reference="4.3",
        has_read=True,
        write=(Integer("enable", 0, 1), Integer("savetonvram", 0, 1, default=0)),
        saving=Saving.VOLATILE,
        example=(f'AT+QINDCFG="{urctype}"', f'+QINDCFG: "{urctype}",{int(is_on)}', "OK"),
    )


QINDCFG_ALL = _indication("all", "Print unsolicited result codes at all.", is_on=True)
QINDCFG_CSQ = _indication("csq", "Report a change of the signal by +QIND.", is_on=False)
QINDCFG_SMSFULL = _indication("smsfull", "Report that no message has room.", is_on=False)
QINDCFG_RING = _indication("ring", "Report incoming calls.", is_on=True)
QINDCFG_SMSINCOMING = _indication("smsincoming", "Report incoming messages.", is_on=True)

INDICATIONS = (QINDCFG_ALL, QINDCFG_CSQ, QINDCFG_SMSFULL, QINDCFG_RING, QINDCFG_SMSINCOMING)
"""Kept over a restart where <savetonvram> is 1."""

QINDCFG = Command(
    name="+QINDCFG",
    summary="List which unsolicited result codes can be switched.",
    reference="4.3",
    test=list_settings(INDICATIONS),
)

GENERAL = (
    *(ATE, ATQ, ATV, ATX, ATI, ATZ, AT_F, AT_V, AT_W, AT_C, AT_D),
    *(S0, S3, S4, S5, S6, S7, S8, S10),
    *(GMI, GMM, GMR, CGMI, CGMM, CGMR, GSN, CGSN, QGMR, QAPPVER),
    *(CMEE, CSCS, QURCCFG, QURCCFG_URCPORT, QINDCFG, *INDICATIONS, IPR, IFC, ICF, GCAP),
)
