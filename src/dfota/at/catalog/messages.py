# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of short messages, as data only.

References are chapters of the BG96 AT Commands Manual V2.3. Their errors are numbers of
``+CMS ERROR`` (table 20), so the catalogue's list of ``+CME ERROR`` numbers stays empty.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Choice, Integer, String

ADDRESS_MAX_BYTES = 84
"""``+`` and twenty digits; four times as long where ``AT+CSCS="UCS2"`` wants hexadecimal."""

STATUS_WORDS = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL")
"""``<stat>`` of the text mode; the place of a word is its number in the PDU mode."""

_MEMORIES = ("SM", "ME", "MT", "SR")
_INDEX = Integer("index", 0, 65535)
_KIND = Integer("toda", 0, 255, optional=True)
_STATUS = Choice("stat", String("stat", 10, only=STATUS_WORDS), Integer("stat", 0, 4))
_DESTINATION = Choice("da", String("da", ADDRESS_MAX_BYTES), Integer("da", 0))
"""The address in the text mode, the length in the PDU mode; told apart by the mode alone."""

CSMS = Command(
    name="+CSMS",
    summary="Select the message service.",
    reference="8.1",
    test="+CSMS: (0,1)",
    has_read=True,
    write=(Integer("service", 0, 1),),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CSMS=1", "+CSMS: 1,1,1", "OK"),
)
CMGF = Command(
    name="+CMGF",
    summary="Format of messages: 0 PDU, 1 text.",
    reference="8.2",
    test="+CMGF: (0,1)",
    has_read=True,
    write=(Integer("mode", 0, 1),),
    execute=(),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CMGF?", "+CMGF: 0", "OK"),
)
CSCA = Command(
    name="+CSCA",
    summary="Address of the service centre.",
    reference="8.3",
    test="",
    has_read=True,
    write=(String("sca", ADDRESS_MAX_BYTES), Integer("tosca", 0, 255, optional=True)),
    errors=(10, 13, 27),
    saving=Saving.NV,
)
CPMS = Command(
    name="+CPMS",
    summary="Choose the storages to read from, to write to and to receive in.",
    reference="8.4",
    test='+CPMS: ("SM","ME","MT","SR"),("SM","ME","MT","SR"),("SM","ME","MT")',
    has_read=True,
    write=(
        String("mem1", 2, only=_MEMORIES),
        String("mem2", 2, only=_MEMORIES, optional=True),
        String("mem3", 2, only=_MEMORIES[:3], optional=True),
    ),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CPMS?", '+CPMS: "ME",0,23,"ME",0,23,"ME",0,23', "OK"),
)
CMGD = Command(
    name="+CMGD",
    summary="Delete messages.",
    reference="8.5",
    test="+CMGD: (<index>s),(0-4)",
    write=(_INDEX, Integer("delflag", 0, 4, default=0)),
)
CMGL = Command(
    name="+CMGL",
    summary="List messages.",
    reference="8.6",
    test='+CMGL: ("REC UNREAD","REC READ","STO UNSENT","STO SENT","ALL")',
    write=(_STATUS,),
    execute=(),
)
CMGR = Command(
    name="+CMGR",
    summary="Read a message.",
    reference="8.7",
    test="",
    write=(_INDEX,),
)
CMGS = Command(
    name="+CMGS",
    summary="Send a message that follows the prompt.",
    reference="8.8",
    test="",
    write=(_DESTINATION, _KIND),
    max_response_s=120.0,
)
CMMS = Command(
    name="+CMMS",
    summary="Keep the link open for more messages.",
    reference="8.9",
    test="+CMMS: (0-2)",
    has_read=True,
    write=(Integer("n", 0, 2),),
    max_response_s=120.0,
    saving=Saving.VOLATILE,
    is_factory_reset=True,
)
CMGW = Command(
    name="+CMGW",
    summary="Store a message that follows the prompt.",
    reference="8.10",
    test="",
    write=(
        _DESTINATION,
        Integer("toda", 0, 255, optional=True),
        String(
            "stat", 10, only=(*STATUS_WORDS[:4], "0", "1", "2", "3"), is_bare=True, optional=True
        ),
    ),
    execute=(),
)
CMSS = Command(
    name="+CMSS",
    summary="Send a stored message.",
    reference="8.11",
    test="",
    write=(_INDEX, String("da", ADDRESS_MAX_BYTES, optional=True), _KIND),
    max_response_s=120.0,
)
CNMA = Command(
    name="+CNMA",
    summary="Acknowledge a message that was printed at once.",
    reference="8.12",
    test="+CNMA: (0-2)",
    write=(Integer("n", 0, 2),),
    execute=(),
)
CNMI = Command(
    name="+CNMI",
    summary="How the arrival of a message is reported.",
    reference="8.13",
    test="+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)",
    has_read=True,
    write=(
        Integer("mode", 0, 2),
        Integer("mt", 0, 3, optional=True),
        Integer("bm", only=(0, 2), optional=True),
        Integer("ds", 0, 2, optional=True),
        Integer("bfr", 0, 1, optional=True),
    ),
    execute=(),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CNMI?", "+CNMI: 2,1,0,0,0", "OK"),
)
CSDH = Command(
    name="+CSDH",
    summary="Whether text mode shows all values of the header.",
    reference="8.14",
    test="+CSDH: (0,1)",
    has_read=True,
    write=(Integer("show", 0, 1),),
    execute=(),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
)
CSMP = Command(
    name="+CSMP",
    summary="Values of the header for messages in text mode.",
    reference="8.15",
    test="",
    has_read=True,
    write=(
        Integer("fo", 0, 255, optional=True),
        String("vp", 24, is_bare=True, optional=True),
        Integer("pid", 0, 255, optional=True),
        Integer("dcs", 0, 255, optional=True),
    ),
    saving=Saving.VOLATILE,
    is_factory_reset=True,
    example=("AT+CSMP?", "+CSMP: 17,167,0,0", "OK"),
)
QCMGS = Command(
    name="+QCMGS",
    summary="Send one part of a message in parts, in text mode.",
    reference="8.16",
    test="",
    write=(
        String("da", ADDRESS_MAX_BYTES),
        Integer("first", 0, 255, optional=True),
        Integer("second", 0, 255, optional=True),
        Integer("third", 0, 255, optional=True),
        Integer("fourth", 0, 7, optional=True),
    ),
    max_response_s=120.0,
)
QCMGR = Command(
    name="+QCMGR",
    summary="Read a message, and which part of a longer one it is.",
    reference="8.17",
    test="",
    write=(_INDEX,),
)

MESSAGES = (
    *(CSMS, CMGF, CSCA, CPMS, CMGD, CMGL, CMGR, CMGS, CMMS, CMGW, CMSS),
    *(CNMA, CNMI, CSDH, CSMP, QCMGS, QCMGR),
)
