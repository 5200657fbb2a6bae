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
QFOTADL_LINUX = Command(
    name="+QFOTADL",
    variant="linux",
    summary="Start a firmware update from a URL or from a path such as /data/ufs/update.zip.",
    reference="EP06/EG06/EM06 DFOTA guide V1.0",
    test="",
    write=(String("location", LOCATION_MAX_BYTES),),
    max_response_s=5.0,
)
_LINES = (0, *range(5, 101))
QFOTADL_STANDARD_A = Command(
    name="+QFOTADL",
    variant="standard-a",
    summary="Start a firmware update from a URL, or from a file that the host sends now.",
    reference="LTE Standard(A) DFOTA guide V1.5, 6",
    test="+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)",
    write=(
        String("location", LOCATION_MAX_BYTES),
        Integer("upgrade_mode", 0, 1, optional=True),
        Integer("download_urc_max", only=_LINES, optional=True),
        Integer("update_urc_max", only=_LINES, optional=True),
    ),
    max_response_s=5.0,
)
FOTA_APN = Command(
    name='+QCFGEXT="fota_apn"',
    summary="Access point of firmware updates.",
    reference="DFOTA 3.2",
    has_read=True,
    write=(
        Integer("ip_type", 0, 2),
        # 3GPP TS 23.003, 9.1: an access point name has at most 100 octets. No manual gives
        # a length for name and password; 64 is our bound, so that the line stays bounded.
        String("apn", 100),
        String("username", 64, optional=True),
        String("password", 64, optional=True),
    ),
    max_response_s=5.0,
    saving=Saving.NV,
    example=('AT+QCFGEXT="fota_apn"', '+QCFGEXT: "fota_apn",0,"","",""', "OK"),
)
FOTA_CID = Command(
    name='+QCFG="fota/cid"',
    variant="standard-a",
    summary="Context of firmware updates.",
    reference="LTE Standard(A) DFOTA guide V1.5, 6.1",
    has_read=True,
    write=(Integer("cid", 1, 15),),
    saving=Saving.NV,
)
FOTA_PATH = Command(
    name='+QCFG="fota/path"',
    variant="standard-a",
    summary="Storage of the package of a firmware update.",
    reference="LTE Standard(A), seen in a support thread of an EC200U",
    has_read=True,
    write=(String("path", 32),),
    saving=Saving.NV,
)

FOTA = (QFOTADL, FOTA_APN)
FOTA_VARIANTS = (QFOTADL_LINUX, QFOTADL_STANDARD_A, FOTA_CID, FOTA_PATH)
