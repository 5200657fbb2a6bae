# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the firmware update, as data only.

References are chapters of the BG96 DFOTA User Guide V1.1.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.location import LOCATION_MAX_BYTES
from dfota.at.parameters import Choice, Integer, String

QFOTADL = Command(
    name="+QFOTADL",
    summary="Start a firmware update from a URL, or (1) from /fota/update.zip.",
    reference="DFOTA 3.1",
    test="",
    write=(
        Choice(
            "location",
            text=String("location", LOCATION_MAX_BYTES),
            number=Integer("location", only=(1,)),
        ),
    ),
    max_response_s=5.0,
)
QCFGEXT = Command(
    name="+QCFGEXT",
    summary="Query or set the access point of firmware updates.",
    reference="DFOTA 3.2",
    write=(
        String("setting", 16, only=("fota_apn",)),
        Integer("ip_type", 0, 2, optional=True),
        # 3GPP TS 23.003, 9.1: an access point name has at most 100 octets. No manual gives
        # a length for name and password; 64 is our bound, so that the line stays bounded.
        String("apn", 100, optional=True),
        String("username", 64, optional=True),
        String("password", 64, optional=True),
    ),
    max_response_s=5.0,
    saving=Saving.NV,
    example=('AT+QCFGEXT="fota_apn"', '+QCFGEXT: "fota_apn",0,"","",""', "OK"),
)

FOTA = (QFOTADL, QCFGEXT)
