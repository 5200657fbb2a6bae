# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the host hears, over whole chunks, single bytes and chunks that merge replies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.at import (
    AppReady,
    CfunReported,
    CmeError,
    CpinReported,
    DataAcknowledged,
    DataModeEntered,
    FotaRestoring,
    FotaUpdating,
    InformationReceived,
    LineIgnored,
    RegistrationReported,
    ReplyDecoder,
    ReplyEvent,
    ResultCode,
    ResultReceived,
    UrcReceived,
)

OK = ResultReceived(ResultCode.OK, "OK")


def heard(sent: str | None, data: bytes, *, chunk: int = 10_000) -> list[ReplyEvent]:
    decoder = ReplyDecoder()
    if sent is not None:
        decoder.begin(sent)
    found: list[ReplyEvent] = []
    for start in range(0, len(data), chunk):
        found += decoder.feed(data[start : start + chunk])
    return found


@pytest.mark.parametrize("chunk", [1, 2, 7, 10_000])
@pytest.mark.parametrize("echo", [b"", b"AT+CSQ\r", b"\xff\x00?AT+CSQ\r"])
def test_echo_or_none_the_reply_is_the_same(echo: bytes, chunk: int) -> None:
    data = echo + b"\r\n+CSQ: 26,99\r\n\r\nOK\r\n"
    assert heard("AT+CSQ", data, chunk=chunk) == [InformationReceived("+CSQ: 26,99"), OK]


@pytest.mark.parametrize("chunk", [1, 10_000])
def test_a_urc_inside_a_reply_is_told_apart(chunk: int) -> None:
    data = (
        b'\r\n+QIND: "FOTA","UPDATING", 7%\r\n\r\n+CSQ: 26,99\r\n'
        b'\r\n+QIND: "FOTA","RESTORE",1%\r\n\r\nOK\r\n\r\nAPP RDY\r\n'
    )
    assert heard("AT+CSQ", data, chunk=chunk) == [
        UrcReceived(FotaUpdating(7)),
        InformationReceived("+CSQ: 26,99"),
        UrcReceived(FotaRestoring(1)),
        OK,
        UrcReceived(AppReady()),
    ]


@pytest.mark.parametrize(
    ("sent", "line", "event"),
    [
        ("AT+CPIN?", "+CPIN: READY", InformationReceived("+CPIN: READY")),
        ("AT+CSQ", "+CPIN: READY", UrcReceived(CpinReported("READY"))),
        ("AT+CFUN?", "+CFUN: 1", InformationReceived("+CFUN: 1")),
        ("AT+CPIN?", "+CFUN: 1", UrcReceived(CfunReported(1))),
        ("AT+CEREG?", "+CEREG: 0,1", InformationReceived("+CEREG: 0,1")),
        ("AT+CEREG?", "+CEREG: 1", UrcReceived(RegistrationReported("+CEREG", 1))),
        ("ATS3?", "4", InformationReceived("4")),
        (None, "+CSQ: 1,99", LineIgnored("+CSQ: 1,99")),
        (None, "OK", LineIgnored("OK")),
    ],
)
def test_the_question_decides_between_answer_and_urc(
    sent: str | None, line: str, event: ReplyEvent
) -> None:
    assert heard(sent, f"\r\n{line}\r\n".encode()) == [event]


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("OK", ResultCode.OK),
        ("0", ResultCode.OK),
        ("ERROR", ResultCode.ERROR),
        ("4", ResultCode.ERROR),
        ("NO CARRIER", ResultCode.NO_CARRIER),
        ("+CME ERROR: 405", CmeError(405)),
        ("+CME ERROR: SIM not inserted", CmeError(-1)),
        ("+CMS ERROR: 500", CmeError(500)),
    ],
)
def test_final_result_codes(line: str, result: object) -> None:
    decoder = ReplyDecoder()
    decoder.begin("AT+X")
    assert decoder.feed(f"{line}\r".encode()) == [ResultReceived(result, line)]
    assert not decoder.busy


@pytest.mark.parametrize("chunk", [1, 10_000])
def test_acknowledgements_are_counted_in_data_mode_only(chunk: int) -> None:
    data = b"\r\nCONNECT\r\nAAA\r\n+QFUPL: 3072,0a0b\r\n\r\nOK\r\nA"
    found = heard('AT+QFUPL="a",3072,5,1', data, chunk=chunk)
    counts = [event.count for event in found if isinstance(event, DataAcknowledged)]
    assert sum(counts) == 3
    assert [event for event in found if not isinstance(event, DataAcknowledged)] == [
        DataModeEntered(),
        InformationReceived("+QFUPL: 3072,0a0b"),
        OK,
    ]


def test_giving_up_forgets_half_a_line() -> None:
    decoder = ReplyDecoder()
    decoder.begin("AT+CSQ")
    assert decoder.feed(b"\r\n+CS") == []
    decoder.abandon()
    assert not decoder.busy
    assert decoder.feed(b"\r\nRDY\r\n") != []


def test_a_line_without_end_is_bounded() -> None:
    decoder = ReplyDecoder()
    decoder.begin("AT+X")
    decoder.feed(b"x" * 100_000)
    (line,) = decoder.feed(b"\r\n")
    assert isinstance(line, InformationReceived)
    assert len(line.text) == 2048


@given(st.binary(max_size=300))
def test_no_bytes_whatever_break_it(data: bytes) -> None:
    assert heard("AT+CSQ", data, chunk=1) is not None


def test_only_the_first_line_can_be_the_echo() -> None:
    data = b"AT+X\r\r\nsays AT+X\r\n\r\nOK\r\n"
    assert heard("AT+X", data) == [InformationReceived("says AT+X"), OK]
