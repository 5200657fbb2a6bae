# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the flash scrub, as data only.

References are chapters of the BG96 Flash Scrub Application Note V1.1.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Integer

INVALID_PARAMETER = 323
NOT_SUPPORTED = 440
SCRUB_ONGOING = 441
DFOTA_ONGOING = 442
_ERRORS = (INVALID_PARAMETER, NOT_SUPPORTED, SCRUB_ONGOING, DFOTA_ONGOING)

QSCRUB = Command(
    name="+QSCRUB",
    summary="Start a flash scrub, or ask whether one is going on.",
    reference="scrub note 4.1",
    has_read=True,
    write=(Integer("mode", only=(1,)),),
    errors=_ERRORS,
)
QSCRUBCFG = Command(
    name="+QSCRUBCFG",
    summary="List the settings of the flash scrub.",
    reference="scrub note 4.2",
    test='+QSCRUBCFG: "scrubtime",<time>\n+QSCRUBCFG: "scrubdirection"',
)
SCRUB_TIME = Command(
    name='+QSCRUBCFG="scrubtime"',
    summary="Weeks between two automatic scrubs, from the next start on; 0: none.",
    reference="scrub note 4.2.1",
    has_read=True,
    write=(Integer("time", only=(0, *range(16, 481))),),
    errors=_ERRORS,
    saving=Saving.NV,
    example=('AT+QSCRUBCFG="scrubtime"', '+QSCRUBCFG: "scrubtime",17', "OK"),
)
SCRUB_DIRECTION = Command(
    name='+QSCRUBCFG="scrubdirection"',
    summary="Direction of the next scrub: 1 forward, 0 reverse.",
    reference="scrub note 4.2.2",
    has_read=True,
    errors=_ERRORS,
)

SCRUB = (QSCRUB, QSCRUBCFG, SCRUB_TIME, SCRUB_DIRECTION)
