# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the phonebook, as data only.

The BG96 AT Commands Manual dropped their chapter in V2.1, but V2.3 still uses ``AT+CPBW``
in the examples of 10.4 and 10.6; 3GPP TS 27.007, 8.11 to 8.14 and 7.1, has their form.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Integer, String

NAME_MAX_BYTES = 80
"""What a host may write; a storage may keep less, see ``phonebook.NAME_LENGTH``."""

NUMBER_MAX_BYTES = 84

CPBS = Command(
    name="+CPBS",
    summary="Choose the storage of the phonebook.",
    reference="27.007, 8.11",
    test='+CPBS: ("SM","ME","ON","EN","LD","MC","RC")',
    has_read=True,
    write=(String("storage", 2, only=("SM", "ME", "ON", "EN", "LD", "MC", "RC")),),
    errors=(10, 13),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CPBS?", '+CPBS: "SM",0,250', "OK"),
)
CPBR = Command(
    name="+CPBR",
    summary="Read entries of the phonebook by their place.",
    reference="27.007, 8.12",
    test="+CPBR: {phonebook_range},20,14",
    write=(Integer("index1", 0, 65535), Integer("index2", 0, 65535, optional=True)),
    errors=(10, 13, 21, 22),
)
CPBF = Command(
    name="+CPBF",
    summary="Find entries of the phonebook by the beginning of their name.",
    reference="27.007, 8.13",
    test="+CPBF: 20,14",
    write=(String("findtext", NAME_MAX_BYTES),),
    errors=(10, 13, 22),
)
CPBW = Command(
    name="+CPBW",
    summary="Write or delete an entry of the phonebook.",
    reference="27.007, 8.14",
    test="+CPBW: {phonebook_range},20,(129,145,161),14",
    write=(
        Integer("index", 0, 65535, optional=True),
        String("number", NUMBER_MAX_BYTES, optional=True),
        Integer("type", 0, 255, optional=True),
        String("text", NAME_MAX_BYTES, optional=True),
    ),
    errors=(3, 10, 13, 20, 21, 24, 26, 27),
    saving=Saving.NV,
)
CNUM = Command(
    name="+CNUM",
    summary="Request the numbers of the subscriber.",
    reference="27.007, 7.1",
    test="",
    execute=(),
    errors=(10, 13),
    example=("AT+CNUM", "OK"),
)

PHONEBOOK = (CPBS, CPBR, CPBF, CPBW, CNUM)
