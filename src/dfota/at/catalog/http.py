# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP(S) commands, as data only.

References are chapters of the BG96 HTTP(S) AT Commands Manual V1.0.
"""

from __future__ import annotations

from dfota.at.command import Command, Saving
from dfota.at.parameters import Integer, Parameter, String

HTTP_URL_MAX_BYTES = 700
HTTP_HEADER_MAX_BYTES = 2048
HTTP_BODY_MAX_BYTES = 1_024_000

_CONNECT_S = 125.0
"""HTTP 2.3: CONNECT, or an error, comes in this time."""

_RESPONSE_TIME = Integer("rsptime", 1, 65535, default=60)
_INPUT_TIME = Integer("input_time", 1, 65535, default=60)
_WAIT_TIME = Integer("wait_time", 1, 65535, default=60)
_FILE_NAME = String("file_name", 80)


def _setting(word: str, summary: str, parameter: Parameter) -> Command:
    return Command(
        name=f'+QHTTPCFG="{word}"',
        summary=summary,
        reference="HTTP 2.1",
        has_read=True,
        write=(parameter,),
        saving=Saving.VOLATILE,
        errors=(730,),
    )


QHTTPCFG_CONTEXTID = _setting(
    "contextid", "The PDP context that is used.", Integer("contextID", 1, 16)
)
QHTTPCFG_REQUESTHEADER = _setting(
    "requestheader", "Whether the host gives the request header.", Integer("request_header", 0, 1)
)
QHTTPCFG_RESPONSEHEADER = _setting(
    "responseheader",
    "Whether the response header is read with the body.",
    Integer("response_header", 0, 1),
)
QHTTPCFG_SSLCTXID = _setting("sslctxid", "The SSL context that is used.", Integer("sslctxID", 0, 5))
QHTTPCFG_CONTENTTYPE = _setting(
    "contenttype",
    "Type of a posted body: 0 form, 1 text, 2 octets, 3 multipart.",
    Integer("content_type", 0, 3),
)
QHTTPCFG = Command(
    name="+QHTTPCFG",
    summary="Configure the HTTP(S) client.",
    reference="HTTP 2.1",
    test='+QHTTPCFG: "contextid",(1-16)\n'
    '+QHTTPCFG: "requestheader",(0,1)\n'
    '+QHTTPCFG: "responseheader",(0,1)\n'
    '+QHTTPCFG: "sslctxid",(0-5)\n'
    '+QHTTPCFG: "contenttype",(0-3)',
    has_read=True,
)
QHTTPURL = Command(
    name="+QHTTPURL",
    summary="Set the URL of the server; it is entered after CONNECT.",
    reference="HTTP 2.2",
    test="+QHTTPURL: (1-700),(1-65535)",
    has_read=True,
    write=(
        Integer("URL_length", 1, HTTP_URL_MAX_BYTES),
        Integer("timeout", 1, 65535, default=60),
    ),
    saving=Saving.VOLATILE,
    errors=(704, 711, 726, 730),
)
QHTTPGET = Command(
    name="+QHTTPGET",
    summary="Send a GET request; a URC tells the status and the length.",
    reference="HTTP 2.3",
    test="+QHTTPGET: (1-65535),(1-2048),(1-65535)",
    write=(
        _RESPONSE_TIME,
        Integer("data_length", 1, HTTP_HEADER_MAX_BYTES, optional=True),
        _INPUT_TIME,
    ),
    execute=(),
    max_response_s=_CONNECT_S,
    errors=(702, 703, 704, 707, 711, 712, 726, 730),
)
QHTTPPOST = Command(
    name="+QHTTPPOST",
    summary="Send a POST request; the body is entered after CONNECT.",
    reference="HTTP 2.4",
    test="+QHTTPPOST: (1-1024000),(1-65535),(1-65535)",
    write=(Integer("data_length", 1, HTTP_BODY_MAX_BYTES), _INPUT_TIME, _RESPONSE_TIME),
    max_response_s=_CONNECT_S,
    errors=(702, 703, 704, 707, 711, 712, 726, 730),
)
QHTTPPOSTFILE = Command(
    name="+QHTTPPOSTFILE",
    summary="Send a POST request with a file as its body.",
    reference="HTTP 2.5",
    test="+QHTTPPOSTFILE: <file_name>,(1-65535)",
    write=(_FILE_NAME, _RESPONSE_TIME),
    max_response_s=_CONNECT_S,
    errors=(703, 707, 711, 712, 730),
)
QHTTPREAD = Command(
    name="+QHTTPREAD",
    summary="Read the response.",
    reference="HTTP 2.6",
    test="+QHTTPREAD: (1-65535)",
    write=(_WAIT_TIME,),
    execute=(),
    max_response_s=5.0,
    errors=(703, 705, 722, 730),
)
QHTTPREADFILE = Command(
    name="+QHTTPREADFILE",
    summary="Read the response into a file.",
    reference="HTTP 2.7",
    test="+QHTTPREADFILE: <file_name>,(1-65535)",
    write=(_FILE_NAME, _WAIT_TIME),
    max_response_s=5.0,
    errors=(703, 705, 722, 730),
)

HTTP = (
    QHTTPCFG,
    QHTTPCFG_CONTEXTID,
    QHTTPCFG_REQUESTHEADER,
    QHTTPCFG_RESPONSEHEADER,
    QHTTPCFG_SSLCTXID,
    QHTTPCFG_CONTENTTYPE,
    QHTTPURL,
    QHTTPGET,
    QHTTPPOST,
    QHTTPPOSTFILE,
    QHTTPREAD,
    QHTTPREADFILE,
)
"""Commands whose every fault is a ``+CME ERROR`` of 701 to 730 (HTTP manual, chapter 5)."""
