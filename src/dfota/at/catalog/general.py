# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Basic commands, S-parameters, identity and settings of the interface, as data only.

References are chapters of the BG96 AT Commands Manual V2.3.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving, list_settings
from dfota.at.parameters import Integer, String


def _basic(
    name: str, summary: str, reference: str, maximum: int = 0, *, default: int = 0
) -> Command:
    # V.250, 5.3.1: a missing number counts as 0; E, V and X of the BG96 do the same.
    number = Integer("value", 0, maximum, default=default)
    return Command(name=name, summary=summary, reference=reference, execute=(number,))


def _register(number: int, summary: str, reference: str, maximum: int = 127) -> Command:
    return Command(
        name=f"S{number}",
        summary=summary,
        reference=reference,
        has_read=True,
        write=(Integer("n", 0, maximum),),
    )


def _identity(name: str, summary: str, reference: str) -> Command:
    return Command(name=name, summary=summary, reference=reference, test="", execute=())


ATE = _basic("E", "Set command echo: 0 off, 1 on.", "2.16", 1)
ATQ = _basic("Q", "Suppress result codes: 0 no, 1 yes.", "2.14", 1)
ATV = _basic("V", "Format of result codes: 0 numbers, 1 words.", "2.15", 1)
ATX = _basic("X", "Set the CONNECT format and call progress monitoring.", "2.21", 4)
ATI = _basic("I", "Display product identification information.", "2.1")
ATZ = _basic("Z", "Restore the stored settings.", "2.13")
AT_F = _basic("&F", "Restore the factory settings.", "2.10")
AT_V = _basic("&V", "Display the current settings.", "2.11")
AT_W = _basic("&W", "Store the current settings.", "2.12")
AT_C = _basic("&C", "Set the function of DCD.", "3.1", 1)
AT_D = _basic("&D", "Set the function of DTR.", "3.2", 2)

S0 = _register(0, "Rings before answering a call.", "7.8", 255)
S3 = _register(3, "Character that ends a command line.", "2.18")
S4 = _register(4, "Character that formats responses.", "2.19")
S5 = _register(5, "Character that deletes the one before it.", "2.20")
S6 = _register(6, "Pause before blind dialling.", "7.9", 10)
S7 = _register(7, "Time to wait for a connection.", "7.10", 255)
S8 = _register(8, "Time to wait at a comma when dialling.", "7.11", 255)
S10 = _register(10, "Delay of disconnection after the carrier is lost.", "7.12", 254)

GMI = _identity("+GMI", "Request the manufacturer.", "2.2")
GMM = _identity("+GMM", "Request the model.", "2.3")
GMR = _identity("+GMR", "Request the short firmware revision.", "2.4")
CGMI = _identity("+CGMI", "Request the manufacturer.", "2.5")
CGMM = _identity("+CGMM", "Request the model.", "2.6")
CGMR = _identity("+CGMR", "Request the short firmware revision.", "2.7")
GSN = _identity("+GSN", "Request the IMEI.", "2.8")
CGSN = _identity("+CGSN", "Request the IMEI.", "2.9")
QGMR = Command(
    name="+QGMR",
    summary="Request modem and application firmware revision.",
    reference="2.26",
    test="",
    has_read=True,  # not in the manual, but ModemManager asks AT+QGMR?
    execute=(),
)

CFUN = Command(
    name="+CFUN",
    summary="Set the functionality, or restart the module.",
    reference="2.22",
    test="+CFUN: (0,1,4),(0,1)",
    has_read=True,
    write=(Integer("fun", only=(0, 1, 4)), Integer("rst", 0, 1, default=0)),
    max_response_s=15.0,
)
CMEE = Command(
    name="+CMEE",
    summary="Format of errors: 0 ERROR, 1 numbers, 2 words.",
    reference="2.23",
    test="+CMEE: (0-2)",
    has_read=True,
    write=(Integer("n", 0, 2),),
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
IPR = Command(
    name="+IPR",
    summary="Set the speed of the UART, from the OK onward.",
    reference="3.5",
    test="+IPR: (),(9600,19200,38400,57600,115200,230400,460800,921600,2900000)",
    has_read=True,
    write=(
        Integer(
            "rate",
            only=(9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 2_900_000),
        ),
    ),
)
IFC = Command(
    name="+IFC",
    summary="Set hardware flow control of the UART.",
    reference="3.3",
    test="+IFC: (0,2),(0,2)",
    has_read=True,
    write=(Integer("dce_by_dte", only=(0, 2)), Integer("dte_by_dce", only=(0, 2))),
)
QPOWD = Command(
    name="+QPOWD",
    summary="Power the module down: 0 at once, 1 in order.",
    reference="11.1",
    test="+QPOWD: (0,1)",
    write=(Integer("n", 0, 1),),
    execute=(),
)
CBC = Command(
    name="+CBC",
    summary="Read charge and supply voltage.",
    reference="11.3",
    test="+CBC: (0-2),(0-100),<voltage>",
    execute=(),
)

GENERAL = (
    *(ATE, ATQ, ATV, ATX, ATI, ATZ, AT_F, AT_V, AT_W, AT_C, AT_D),
    *(S0, S3, S4, S5, S6, S7, S8, S10),
    *(GMI, GMM, GMR, CGMI, CGMM, CGMR, GSN, CGSN, QGMR),
    *(CFUN, CMEE, QURCCFG, QURCCFG_URCPORT, IPR, IFC, QPOWD, CBC),
)
