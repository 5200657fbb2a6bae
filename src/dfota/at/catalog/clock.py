# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Clock and time zone, as data only.

References are chapters of the BG96 AT Commands Manual V2.3.
"""

from __future__ import annotations

from dfota.at.command import DERIVED, Command, Saving
from dfota.at.parameters import Integer, String

CCLK = Command(
    name="+CCLK",
    summary="Local time of the clock, as yy/MM/dd,hh:mm:ss±zz, zz in quarters of an hour.",
    reference="11.2",
    test="",
    has_read=True,
    write=(String("time", 20),),
    saving=Saving.SUPPLY,
    example=('AT+CCLK="26/01/31,12:00:00+04"', "OK"),
)
CTZU = Command(
    name="+CTZU",
    summary="Let the network set clock and time zone.",
    reference="6.7",
    test=DERIVED,
    has_read=True,
    write=(Integer("onoff", 0, 1),),
    saving=Saving.NV,
    example=("AT+CTZU?", "+CTZU: 0", "OK"),
)
CTZR = Command(
    name="+CTZR",
    summary="Report a new time zone: 0 no, 1 with +CTZV, 2 with +CTZE.",
    reference="6.15",
    test=DERIVED,
    has_read=True,
    write=(Integer("reporting", 0, 2),),
    saving=Saving.NV,
    is_factory_reset=True,
    example=("AT+CTZR?", "+CTZR: 0", "OK"),
)
QLTS = Command(
    name="+QLTS",
    summary="Time that the network told: 0 as it was told, 1 now as GMT, 2 now as local time.",
    reference="6.16",
    test="+QLTS: (0-2)",
    write=(Integer("mode", 0, 2),),
    execute=(),
)

CLOCK = (CCLK, CTZU, CTZR, QLTS)
