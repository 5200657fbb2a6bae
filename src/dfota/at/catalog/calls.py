# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Commands of calls and supplementary services that hosts set up before anything else.

References are chapters of the BG96 AT Commands Manual V2.3. A BG96 in an LTE network has
no voice calls to show; what there is, is data only and nothing here dials.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Integer, String


def _switch(
    name: str, summary: str, reference: str, maximum: int = 1, *, max_response_s: float = 0.3
) -> Command:
    return Command(
        name=name,
        summary=summary,
        reference=reference,
        test=f"{name}: (0{',' if maximum == 1 else '-'}{maximum})",
        has_read=True,
        write=(Integer("n", 0, maximum),),
        max_response_s=max_response_s,
        saving=Saving.VOLATILE,
        is_factory_reset=True,
    )


CVHU = _switch("+CVHU", "Whether ATH ends a voice call.", "7.4")
CHUP = Command(
    name="+CHUP",
    summary="Hang up all calls.",
    reference="7.5",
    test="",
    execute=(),
    max_response_s=90.0,
    example=("AT+CHUP", "OK"),
)
CSTA = Command(
    name="+CSTA",
    summary="Type of the numbers to dial.",
    reference="7.13",
    test="+CSTA: (129,145)",
    has_read=True,
    write=(Integer("type", only=(129, 145)),),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
)
CLCC = Command(
    name="+CLCC",
    summary="List the calls; on LTE the data bearer counts as one.",
    reference="7.14",
    test="",
    execute=(),
    example=("AT+CLCC", '+CLCC: 1,0,0,1,0,"",128', "OK"),
)
CR = _switch("+CR", "Whether the service of a data call is shown.", "7.15")
CRC = _switch("+CRC", "Whether an incoming call is shown in the long form.", "7.16")
CIND = Command(
    name="+CIND",
    summary="Indicators: battery, signal, service, call, roaming, messages, packets, call setup.",
    reference="6.4",
    test='+CIND: ("battchg",(0-5)),("signal",(0-5)),("service",(0-1)),("call",(0-1)),'
    '("roam",(0-1)),("smsfull",(0-1)),("GPRS coverage",(0-1)),("callsetup",(0-3))',
    has_read=True,
    example=("AT+CIND?", "+CIND: 2,4,1,0,0,0,1,0", "OK"),
)
CCFC = Command(
    name="+CCFC",
    summary="Call forwarding, as the network keeps it.",
    reference="10.1",
    test="+CCFC: (0-5)",
    write=(
        Integer("reads", 0, 5),
        Integer("mode", 0, 4),
        String("number", 21, optional=True),
        Integer("type", 0, 255, optional=True),
        Integer("classx", 1, 255, default=7),
    ),
    errors=(3, 27, 30),
)
CHLD = Command(
    name="+CHLD",
    summary="Hold calls and join them.",
    reference="10.3",
    test="+CHLD: (0,1,1x,2,2x,3,4)",
    write=(Integer("n", 0, 27),),
    errors=(3,),
)
CCWA = Command(
    name="+CCWA",
    summary="Call waiting.",
    reference="10.2",
    test="+CCWA: (0,1)",
    has_read=True,
    write=(
        Integer("n", 0, 1, optional=True),
        Integer("mode", 0, 2, optional=True),
        Integer("classx", 1, 255, default=7),
    ),
    errors=(30,),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
)
CLIP = _switch("+CLIP", "Whether the number of a caller is shown.", "10.4", max_response_s=15.0)
CLIR = _switch("+CLIR", "Whether the own number is hidden.", "10.5", 2, max_response_s=15.0)
COLP = _switch("+COLP", "Whether the number reached is shown.", "10.6", max_response_s=15.0)
CSSN = Command(
    name="+CSSN",
    summary="Notifications of supplementary services.",
    reference="10.7",
    test="+CSSN: (0,1),(0,1)",
    has_read=True,
    write=(Integer("n", 0, 1), Integer("m", 0, 1, optional=True)),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
)
CUSD = Command(
    name="+CUSD",
    summary="Unstructured supplementary service data.",
    reference="10.8",
    test="+CUSD: (0-2)",
    has_read=True,
    write=(
        Integer("mode", 0, 2),
        String("reqstr", 182, optional=True),
        Integer("dcs", 0, 255, optional=True),
    ),
    execute=(),
    errors=(30,),
    max_response_s=120.0,
    saving=Saving.VOLATILE,
    is_factory_reset=True,
)

CALLS = (CIND, CVHU, CHUP, CSTA, CLCC, CR, CRC, CCFC, CCWA, CHLD, CLIP, CLIR, COLP, CSSN, CUSD)
