# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Packet data commands, as data only.

References are chapters of the BG96 AT Commands Manual V2.3 and, with *TCP*, of the TCP/IP AT
Commands Manual V1.0.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Integer, String

CONTEXT_MAX = 16
"""TCP/IP manual, 2.1.1: the highest number of a context."""

APN_MAX_BYTES = 100
"""3GPP TS 23.003, 9.1."""

CREDENTIAL_MAX_BYTES = 64

PDP_TYPES = ("IP", "PPP", "IPV6", "IPV4V6")


def _context(name: str) -> Integer:
    return Integer(name, 1, CONTEXT_MAX)


CGATT = Command(
    name="+CGATT",
    summary="Attach to the packet service, or detach.",
    reference="9.1",
    test="+CGATT: (0,1)",
    has_read=True,
    write=(Integer("state", 0, 1),),
    max_response_s=140.0,
    errors=(30,),
    example=("AT+CGATT?", "+CGATT: 1", "OK"),
)
CGDCONT = Command(
    name="+CGDCONT",
    summary="Define a context: type of addresses, access point.",
    reference="9.2",
    test="\n".join(
        f'+CGDCONT: (1-{CONTEXT_MAX}),"{pdp_type}",,,(0-2),(0-4)' for pdp_type in PDP_TYPES
    ),
    has_read=True,
    write=(
        _context("cid"),
        String("pdp_type", 6, only=PDP_TYPES, optional=True),
        String("apn", APN_MAX_BYTES, optional=True),
        String("pdp_addr", 64, optional=True),
        Integer("data_comp", 0, 2, optional=True),
        Integer("head_comp", 0, 4, optional=True),
    ),
    saving=Saving.NV,
    example=("AT+CGDCONT?", '+CGDCONT: 1,"IP","","0.0.0.0",0,0,0,0', "OK"),
)
CGACT = Command(
    name="+CGACT",
    summary="Activate or deactivate contexts.",
    reference="9.5",
    test="+CGACT: (0,1)",
    has_read=True,
    write=(Integer("state", 0, 1), Integer("cid", 1, CONTEXT_MAX, optional=True)),
    max_response_s=150.0,
    errors=(3, 30),
    example=("AT+CGACT?", "+CGACT: 1,1", "OK"),
)
CGPADDR = Command(
    name="+CGPADDR",
    summary="Show the addresses of contexts.",
    reference="9.7",
    test="+CGPADDR: ({contexts})",
    write=(
        _context("cid"),
        *(
            Integer(f"cid{number}", 1, CONTEXT_MAX, optional=True)
            for number in range(2, CONTEXT_MAX + 1)
        ),
    ),
    execute=(),
    example=("AT+CGPADDR=1", '+CGPADDR: 1,"10.76.51.180"', "OK"),
)
CGEREP = Command(
    name="+CGEREP",
    summary="Report events of packet data as +CGEV.",
    reference="9.9",
    test="+CGEREP: (0-2),(0,1)",
    has_read=True,
    write=(Integer("mode", 0, 2), Integer("bfr", 0, 1, default=0)),
    execute=(),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CGEREP?", "+CGEREP: 0,0", "OK"),
)
QICSGP = Command(
    name="+QICSGP",
    summary="Show or set access point and credentials of a context.",
    reference="TCP 2.1.1",
    test=f"+QICSGP: (1-{CONTEXT_MAX}),(1-3),<APN>,<username>,<password>,(0-3)",
    write=(
        _context("contextID"),
        Integer("context_type", 1, 3, optional=True),
        String("APN", APN_MAX_BYTES, optional=True),
        String("username", CREDENTIAL_MAX_BYTES, optional=True),
        String("password", CREDENTIAL_MAX_BYTES, optional=True),
        Integer("authentication", 0, 3, optional=True),
    ),
    saving=Saving.NV,
    example=("AT+QICSGP=1", '+QICSGP: 1,"","","",0', "OK"),
)
QIACT = Command(
    name="+QIACT",
    summary="Activate a context for the commands of the TCP/IP manual, or list those active.",
    reference="TCP 2.1.2",
    test=f"+QIACT: (1-{CONTEXT_MAX})",
    has_read=True,
    write=(_context("contextID"),),
    max_response_s=150.0,
    example=("AT+QIACT?", "OK"),
)
QIDEACT = Command(
    name="+QIDEACT",
    summary="Deactivate such a context.",
    reference="TCP 2.1.3",
    test=f"+QIDEACT: (1-{CONTEXT_MAX})",
    write=(_context("contextID"),),
    max_response_s=40.0,
    example=("AT+QIDEACT=?", f"+QIDEACT: (1-{CONTEXT_MAX})", "OK"),
)
QIDNSCFG = Command(
    name="+QIDNSCFG",
    summary="Show or set the name servers of an active context.",
    reference="TCP 2.1.13",
    test=f"+QIDNSCFG: (1-{CONTEXT_MAX}),<pridnsaddr>,<secdnsaddr>",
    write=(
        _context("contextID"),
        String("pridnsaddr", 64, optional=True),
        String("secdnsaddr", 64, optional=True),
    ),
)
QIGETERROR = Command(
    name="+QIGETERROR",
    summary="Say why the last command of the TCP/IP manual failed.",
    reference="TCP 2.1.17",
    test="",
    execute=(),
    example=("AT+QIGETERROR", "+QIGETERROR: 0, operate successfully", "OK"),
)

PACKET = (
    CGATT,
    CGDCONT,
    CGACT,
    CGPADDR,
    CGEREP,
    QICSGP,
    QIACT,
    QIDEACT,
    QIDNSCFG,
    QIGETERROR,
)
