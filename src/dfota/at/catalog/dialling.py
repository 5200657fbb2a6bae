# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Calls, as data only: what a host may try, though nothing here can be dialled.

References are chapters of the BG96 AT Commands Manual V2.3.
"""

from __future__ import annotations

from dfota.at.command import Command
from dfota.at.parameters import Integer, String

DIAL_STRING = "0123456789*#+ABCDabcd,TtPp!Ww@IiGg>;"
"""Digits and modifiers of V.250, 6.3.1, and of 3GPP TS 27.007, 6.2."""

_PROFILE = Integer("n", 0, 0, default=0)

ATA = Command(
    name="A",
    summary="Answer an incoming call; there is none.",
    reference="7.1",
    execute=(),
    max_response_s=90.0,
    example=("ATA", "NO CARRIER"),
)
ATD = Command(
    name="D",
    summary="Dial; a semicolon behind the number means a voice call. No call is possible here.",
    reference="7.2",
    execute=(String("n", 80, min_bytes=1, alphabet=DIAL_STRING, is_written_bare=True),),
    max_response_s=5.0,
    example=("ATD*99#", "NO CARRIER"),
)
ATH = Command(
    name="H",
    summary="Disconnect; harmless when there is no call.",
    reference="7.3",
    execute=(_PROFILE,),
    max_response_s=90.0,
    example=("ATH", "OK"),
)
ATO = Command(
    name="O",
    summary="Return to the data mode of a call; a file's data mode cannot be resumed.",
    reference="7.7",
    execute=(_PROFILE,),
    example=("ATO", "NO CARRIER"),
)

DIALLING = (ATA, ATD, ATH, ATO)
