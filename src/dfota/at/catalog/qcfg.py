# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The named settings of ``AT+QCFG``, as data only; what they begin with is the module's.

References are chapters of the BG96 AT Commands Manual V2.3.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Hexadecimal, Integer, Parameter, String

GSM_BANDS = 0xF
CAT_M1_BANDS = 0x400A0E189F
CAT_NB1_BANDS = 0xA0E189F
"""4.2.5: every frequency band that there is."""

EFFECT = Integer("effect", 0, 1, default=1)
"""0: after a restart, 1: at once."""


def _setting(name: str, chapter: int, summary: str, *parameters: Parameter) -> Command:
    return Command(
        name=f'+QCFG="{name}"',
        summary=summary,
        reference=f"4.2.{chapter}",
        has_read=True,
        write=parameters or None,
        saving=Saving.NV if parameters else Saving.NOTHING,
    )


def _ring(name: str, chapter: int, summary: str, *words: str) -> Command:
    return _setting(
        name,
        chapter,
        summary,
        String("typeri", 6, only=words),
        Integer("pulseduration", 1, 2000, optional=True),
        Integer("pulsecount", 1, 5, optional=True),
    )


NWSCANSEQ = _setting(
    "nwscanseq",
    1,
    "Order in which technologies are searched: pairs of digits, 00 automatic, 01 GSM, "
    "02 LTE Cat M1, 03 LTE Cat NB1.",
    Hexadecimal("scanseq", 0x030303),
    EFFECT,
)
NWSCANMODE = _setting(
    "nwscanmode",
    2,
    "Technologies to search: 0 automatic, 1 GSM only, 3 LTE only.",
    Integer("scanmode", only=(0, 1, 3)),
    EFFECT,
)
IOTOPMODE = _setting(
    "iotopmode",
    3,
    "Category to search under LTE: 0 Cat M1, 1 Cat NB1, 2 both.",
    Integer("mode", 0, 2),
    EFFECT,
)
ROAMSERVICE = _setting(
    "roamservice",
    4,
    "Roaming: 1 disabled, 2 enabled, 255 automatic.",
    Integer("roammode", only=(1, 2, 255)),
    EFFECT,
)
BAND = _setting(
    "band",
    5,
    "Frequency bands to search, as masks; 0 (for LTE also 40000000) leaves a mask alone.",
    Hexadecimal("gsmbandval", GSM_BANDS),
    Hexadecimal("catm1bandval", 2**63 - 1),
    Hexadecimal("catnb1bandval", 2**63 - 1),
    EFFECT,
)
CELEVEL = _setting("celevel", 6, "Coverage enhancement level of LTE Cat NB1.")
SERVICEDOMAIN = _setting(
    "servicedomain",
    7,
    "Service domain: 1 packet only, 2 circuit and packet.",
    Integer("service", 1, 2),
    EFFECT,
)
NB1_BANDPRIOR = _setting(
    "nb1/bandprior",
    8,
    "Band of LTE Cat NB1 that is searched first; after a restart.",
    Hexadecimal("band_value", 0x1C),
)
PSM_URC = _setting("psm/urc", 9, "Announce power saving mode.", Integer("enable", 0, 1))
SGSN = _setting("sgsn", 10, "Release of the SGSN; after a restart.", Integer("sgsnr", 0, 2))
MSC = _setting("msc", 11, "Release of the MSC; after a restart.", Integer("mscr", 0, 2))
DUPLICATECHK = _setting(
    "pdp/duplicatechk",
    12,
    "Several contexts with the same access point: 0 refused, 1 allowed.",
    Integer("enable", 0, 1),
)
LEDMODE = _setting("ledmode", 13, "Output of the pin NETLIGHT.", Integer("mode", only=(0, 1, 3)))
IMS = _setting("ims", 14, "IMS: 0 as configured, 1 enabled, 2 disabled.", Integer("value", 0, 2))
RI_RING = _setting(
    "urc/ri/ring",
    15,
    "Ring indicator while a call comes in.",
    String("typeri", 6, only=("off", "pulse", "always", "auto", "wave")),
    Integer("pulseduration", 1, 2000, optional=True),
    Integer("activeduration", 1, 10_000, optional=True),
    Integer("inactiveduration", 1, 10_000, optional=True),
    String("ringnodisturbing", 3, only=("off", "on"), optional=True),
    Integer("pulsecount", 1, 5, optional=True),
)
RI_SMSINCOMING = _ring(
    "urc/ri/smsincoming", 16, "Ring indicator for messages.", "off", "pulse", "always"
)
RI_OTHER = _ring("urc/ri/other", 17, "Ring indicator for other URCs.", "off", "pulse")
RISIGNALTYPE = _setting(
    "risignaltype",
    18,
    "Where the ring indicator acts.",
    String("risignatype", 10, only=("respective", "physical")),
)
URC_DELAY = _setting(
    "urc/delay",
    19,
    "Print URCs when the pulse of the ring indicator 0 begins, 1 ends.",
    Integer("enable", 0, 1),
)
CMUX_URCPORT = _setting(
    "cmux/urcport", 20, "Virtual port for URCs under CMUX; 0: all.", Integer("urc_port", 0, 4)
)
APREADY = _setting(
    "apready",
    21,
    "Hold URCs back while the pin AP_READY does not have its valid level.",
    Integer("enable", 0, 1),
    Integer("level", 0, 1, optional=True),
    Integer("interval", 100, 3000, optional=True),
)
PSM_ENTER = _setting(
    "psm/enter",
    22,
    "Enter power saving mode as soon as the connection ends.",
    Integer("mode", 0, 1),
)
RRCABORT = _setting("rrcabort", 23, "Abort the radio connection at once.", Integer("mode", 0, 1))
NCCCONF = _setting("nccconf", 24, "Features of NB-IoT, as a mask.", Hexadecimal("cap_val", 0x1FF))

QCFG_SETTINGS = (
    NWSCANMODE,
    NWSCANSEQ,
    SERVICEDOMAIN,
    ROAMSERVICE,
    BAND,
    MSC,
    SGSN,
    CELEVEL,
    DUPLICATECHK,
    IOTOPMODE,
    NB1_BANDPRIOR,
    PSM_URC,
    RI_RING,
    RI_SMSINCOMING,
    RI_OTHER,
    RISIGNALTYPE,
    URC_DELAY,
    IMS,
    LEDMODE,
    CMUX_URCPORT,
    APREADY,
    PSM_ENTER,
    RRCABORT,
    NCCCONF,
)
"""As the manual orders them."""

_TEST_LINES = (
    '"nwscanmode",(0,1,3),(0,1)',
    '"nwscanseq",(00-010203),(0,1)',
    '"servicedomain",(1,2),(0,1)',
    '"roamservice",(1,2,255),(0,1)',
    '"band",(0-F),(0-7FFFFFFFFFFFFFFF),(0-7FFFFFFFFFFFFFFF),(0,1)',
    '"msc",(0-2)',
    '"sgsn",(0-2)',
    '"celevel",(0-2)',
    '"pdp/duplicatechk",(0,1)',
    '"iotopmode",(0-2)',
    '"nb1/bandprior",<band_priority_seq>',
    '"psm/urc",(0,1)',
    '"ledmode",(0,1,3)',
    (
        '"urc/ri/ring",("off","pulse","always","auto","wave"),(1-2000),(1-10000),(1-10000),'
        '("off","on"),(1-5)'
    ),
    '"urc/ri/smsincoming",("off","pulse","always"),(1-2000),(1-5)',
    '"urc/ri/other",("off","pulse"),(1-2000),(1-5)',
    '"risignaltype",("respective","physical")',
    '"urc/delay",(0,1)',
    '"cmux/urcport",(0-4)',
    '"ims",(0-2)',
    '"apready",(0,1),(0,1),(100-3000)',
    '"nccconf",(0-1FF)',
    '"psm/enter",(0,1)',
)
"""As a BG96MAR02A07M1G prints them, without those that the manual does not describe."""

QCFG = Command(
    name="+QCFG",
    summary="Named settings of the module; each is a command of its own.",
    reference="4.2",
    test="\n".join(f"+QCFG: {line}" for line in _TEST_LINES),
)

QCFG_COMMANDS = (QCFG, *QCFG_SETTINGS)
