# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Commands of the SIM card, as data only.

References are chapters of the BG96 AT Commands Manual V2.3. ``+CSIM`` is not among them: its
version 2.1 took the command out, and a BG96 answers it like any unknown one.
"""

from __future__ import annotations

from dfota.at.command import DERIVED, Command, Saving
from dfota.at.parameters import Integer, String

SIM_ERRORS = (10, 11, 12, 13)
"""No card, a PIN or PUK is wanted, the card is off or does not answer."""

BARRINGS = ("AO", "OI", "OX", "AI", "IR", "AB", "AG", "AC")
"""Facilities that bar calls; the network keeps them."""

PERSONALIZATIONS = ("PF", "PN", "PU", "PP", "PC")
"""Facilities that bind the module to a card or a network."""

_DIGITS = "0123456789"
_LOCKED = String("fac", 2, only=("SC", *BARRINGS, "FD", *PERSONALIZATIONS))
_CHANGED = String("fac", 2, only=("SC", *BARRINGS, "P2"))


def _secret(name: str, *, optional: bool = False) -> String:
    # 3GPP TS 31.101: a PIN has four to eight digits, a PUK eight.
    return String(name, 8, min_bytes=4, alphabet=_DIGITS, is_bare=True, optional=optional)


CIMI = Command(
    name="+CIMI",
    summary="Request the IMSI.",
    reference="5.1",
    test="",
    execute=(),
    errors=SIM_ERRORS,
    example=("AT+CIMI", "460023210226023", "OK"),
)
CLCK = Command(
    name="+CLCK",
    summary="Lock (1), unlock (0) or query (2) a facility: SC the card's PIN, FD fixed dialling.",
    reference="5.2",
    test=f"+CLCK: {_LOCKED.allowed}",
    write=(
        _LOCKED,
        Integer("mode", 0, 2),
        String("passwd", 8, is_bare=True, optional=True),
        Integer("classx", only=(1, 2, 4, 7, 8, 16, 32), default=7),
    ),
    max_response_s=5.0,
    errors=(3, *SIM_ERRORS, 16, 17, 18, 30),
    example=('AT+CLCK="SC",2', "+CLCK: 0", "OK"),
)
CPIN = Command(
    name="+CPIN",
    summary="Ask whether the SIM wants a PIN, or enter it; a PUK together with a new PIN.",
    reference="5.3",
    test="",
    has_read=True,
    write=(_secret("pin"), _secret("new_pin", optional=True)),
    max_response_s=5.0,
    errors=(3, 10, 12, 13, 16),
    example=("AT+CPIN?", "+CPIN: READY", "OK"),
)
CPWD = Command(
    name="+CPWD",
    summary="Change the password of a facility: SC the PIN, P2 the PIN2.",
    reference="5.4",
    test="+CPWD: "
    + ",".join(f'("{fac}",{8 if fac in {"SC", "P2"} else 4})' for fac in _CHANGED.only),
    write=(
        _CHANGED,
        String("oldpwd", 8, is_bare=True, alphabet=_DIGITS),
        String("newpwd", 8, is_bare=True, alphabet=_DIGITS),
    ),
    max_response_s=5.0,
    errors=(3, *SIM_ERRORS, 16, 18, 30),
    example=('AT+CPWD="SC","1234","4321"', "+CME ERROR: 3"),
)
CRSM = Command(
    name="+CRSM",
    summary="Read a file of the card; what came back is in <sw1> and <sw2>.",
    reference="5.5",
    test="",
    write=(
        Integer("command", only=(176, 178, 192, 214, 220, 242)),
        Integer("fileid", 0, 65535, optional=True),
        Integer("p1", 0, 255, optional=True),
        Integer("p2", 0, 255, optional=True),
        Integer("p3", 0, 255, optional=True),
        String("data", 510, is_bare=True, alphabet="0123456789ABCDEFabcdef", optional=True),
        String("pathid", 16, is_bare=True, alphabet="0123456789ABCDEFabcdef", optional=True),
    ),
    errors=(10, 13),
    example=(
        "AT+CRSM=176,12258,0,0,10",
        '+CRSM: 144,0,"98680052213860104247"',
        "OK",
    ),
)
QCCID = Command(
    name="+QCCID",
    summary="Request the number of the SIM card.",
    reference="5.6",
    test="",
    execute=(),
    example=("AT+QCCID", "+QCCID: 89860025128306012474", "OK"),
)
QPINC = Command(
    name="+QPINC",
    summary="Attempts that are left for PIN and PUK.",
    reference="5.7",
    test='+QPINC: ("SC","P2")',
    has_read=True,
    write=(String("facility", 2, only=("SC", "P2")),),
    errors=(10, 13),
    example=('AT+QPINC="SC"', '+QPINC: "SC",3,10', "OK"),
)
QINISTAT = Command(
    name="+QINISTAT",
    summary="What of the card is initialised: 1 CPIN READY, 2 SMS, 3 both.",
    reference="5.8",
    test="+QINISTAT: (0-3)",
    execute=(),
    example=("AT+QINISTAT", "+QINISTAT: 3", "OK"),
)
QSIMDET = Command(
    name="+QSIMDET",
    summary="Notice that a card is pulled or inserted, from the next start on.",
    reference="5.9",
    test=DERIVED,
    has_read=True,
    write=(Integer("enable", 0, 1), Integer("insertlevel", 0, 1)),
    saving=Saving.START,
    example=("AT+QSIMDET?", "+QSIMDET: 0,0", "OK"),
)
QSIMSTAT = Command(
    name="+QSIMSTAT",
    summary="Whether there is a card, and whether to report that it is pulled or inserted.",
    reference="5.10",
    test=DERIVED,
    has_read=True,
    write=(Integer("enable", 0, 1),),
    saving=Saving.START,
    example=("AT+QSIMSTAT?", "+QSIMSTAT: 0,1", "OK"),
)

SIM = (CIMI, CLCK, CPIN, CPWD, CRSM, QCCID, QPINC, QINISTAT, QSIMDET, QSIMSTAT)
