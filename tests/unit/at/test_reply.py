# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The bytes of replies, as captured from a BG96 and as the manual has them."""

from __future__ import annotations

import pytest

from dfota.at import CmeError, FotaUpdating, ReplyFormat, ResultCode


def test_ok_has_six_bytes() -> None:
    assert ReplyFormat().result(ResultCode.OK) == b"\r\nOK\r\n"


def test_information_and_result_each_have_their_line_ends() -> None:
    wanted = ReplyFormat()
    reply = wanted.information(["+CPIN: READY"]) + wanted.result(ResultCode.OK)
    assert reply == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"
    assert len(reply) == 22


def test_the_lines_of_one_command_have_no_blank_line_between() -> None:
    lines = ["Quectel", "BG96", "Revision: BG96MAR02A07M1G"]
    assert ReplyFormat().information(lines) == (
        b"\r\nQuectel\r\nBG96\r\nRevision: BG96MAR02A07M1G\r\n"
    )


def test_no_information_is_no_bytes() -> None:
    assert ReplyFormat().information([]) == b""


def test_numbers_instead_of_words() -> None:
    wanted = ReplyFormat(verbose=False)
    assert wanted.information(["+CSQ: 30,99"]) == b"+CSQ: 30,99\r\n"
    assert wanted.result(ResultCode.OK) == b"0\r"
    assert wanted.result(ResultCode.ERROR) == b"4\r"
    assert wanted.result(ResultCode.NO_ANSWER) == b"8\r"


def test_quiet_suppresses_results_and_keeps_information() -> None:
    wanted = ReplyFormat(quiet=True)
    assert wanted.result(ResultCode.OK) == b""
    assert wanted.result(CmeError(10)) == b""
    assert wanted.information(["x"]) == b"\r\nx\r\n"
    assert wanted.unsolicited("RDY") == b"\r\nRDY\r\n"


@pytest.mark.parametrize(
    ("cmee", "line"),
    [(0, b"ERROR"), (1, b"+CME ERROR: 10"), (2, b"+CME ERROR: SIM not inserted")],
)
def test_cmee_chooses_the_words_of_an_error(cmee: int, line: bytes) -> None:
    assert ReplyFormat(cmee=cmee).result(CmeError(10)) == b"\r\n" + line + b"\r\n"


def test_an_unknown_error_number_stays_a_number() -> None:
    assert ReplyFormat(cmee=2).result(CmeError(999)) == b"\r\n+CME ERROR: 999\r\n"


def test_s3_and_s4_are_the_line_end() -> None:
    assert ReplyFormat(s3=33, s4=35).result(ResultCode.OK) == b"!#OK!#"


def test_a_urc_is_framed_like_information() -> None:
    assert ReplyFormat().unsolicited(FotaUpdating(1).encode()) == (
        b'\r\n+QIND: "FOTA","UPDATING", 1%\r\n'
    )
