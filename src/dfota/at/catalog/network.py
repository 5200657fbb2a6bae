# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Network commands, as data only; packet data is in ``packet``.

References are chapters of the BG96 AT Commands Manual V2.3.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Integer, String


def _registration(
    name: str, summary: str, reference: str, test: str, modes: tuple[int, ...]
) -> Command:
    stat = 4 if name == "+CGREG" else 1
    return Command(
        name=name,
        summary=summary,
        reference=reference,
        test=f"{name}: ({test})",
        has_read=True,
        write=(Integer("n", only=modes),),
        execute=(),
        saving=Saving.PROFILE,
        is_factory_reset=True,
        example=(f"AT{name}?", f"{name}: 0,{stat}", "OK"),
    )


CREG = _registration("+CREG", "Registration in the circuit network.", "6.1", "0-2", (0, 1, 2))
CGREG = _registration(
    "+CGREG", "Registration in the packet network.", "9.8", "0,1,2,4", (0, 1, 2, 4)
)
CEREG = _registration("+CEREG", "Registration in the LTE network.", "9.11", "0,1,2,4", (0, 1, 2, 4))
COPS = Command(
    name="+COPS",
    summary="Show, choose or search for the operator.",
    reference="6.2",
    test="+COPS: {operators},,(0,1,2,3,4),(0,1,2)",
    has_read=True,
    write=(
        Integer("mode", 0, 4),
        Integer("format", 0, 2, optional=True),
        String("oper", 64, optional=True),
        Integer("act", only=(0, 8, 9), optional=True),
    ),
    max_response_s=180.0,
    errors=(3, 30, 32),
    example=("AT+COPS?", '+COPS: 0,0,"Telstra Mobile Telstra",8', "OK"),
)
CSQ = Command(
    name="+CSQ",
    summary="Report the signal quality.",
    reference="6.3",
    test="+CSQ: (0-31,99),(0-7,99)",
    execute=(),
    example=("AT+CSQ", "+CSQ: 26,99", "OK"),
)
QNWINFO = Command(
    name="+QNWINFO",
    summary="Show technology, operator, band and channel.",
    reference="6.17",
    test="",
    execute=(),
    example=("AT+QNWINFO", '+QNWINFO: "Cat-M1","50501","LTE BAND 28",9410', "OK"),
)
QCSQ = Command(
    name="+QCSQ",
    summary="Show the strength of the signal in the terms of the technology in use.",
    reference="6.18",
    test='+QCSQ: "NOSERVICE","GSM","CAT-M1","CAT-NB1"',
    execute=(),
    example=("AT+QCSQ", '+QCSQ: "CAT-M1",-61,-81,195,-10', "OK"),
)
QSPN = Command(
    name="+QSPN",
    summary="Show the names of the network.",
    reference="6.19",
    test="",
    execute=(),
    example=("AT+QSPN", '+QSPN: "Telstra Mobile","Telstra","",0,"50501"', "OK"),
)

NETWORK = (CREG, CGREG, CEREG, COPS, CSQ, QNWINFO, QCSQ, QSPN)
