# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Network commands, as data only.

References are chapters of the BG96 AT Commands Manual V2.3.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Integer, String


def _registration(name: str, summary: str, reference: str, modes: tuple[int, ...]) -> Command:
    return Command(
        name=name,
        summary=summary,
        reference=reference,
        test=f"{name}: ({','.join(str(mode) for mode in modes)})",
        has_read=True,
        write=(Integer("n", only=modes),),
        execute=(),
        saving=Saving.PROFILE,
        is_factory_reset=True,
    )


CREG = _registration("+CREG", "Registration in the circuit network.", "6.1", (0, 1, 2))
CGREG = _registration("+CGREG", "Registration in the packet network.", "9.8", (0, 1, 2, 4))
CEREG = _registration("+CEREG", "Registration in the LTE network.", "9.11", (0, 1, 2, 4))
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
)
CSQ = Command(
    name="+CSQ",
    summary="Report the signal quality.",
    reference="6.3",
    test="+CSQ: (0-31,99),(0-7,99)",
    execute=(),
)

NETWORK = (CREG, CGREG, CEREG, COPS, CSQ)
