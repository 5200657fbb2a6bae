# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Uploads: what the module may answer, and what becomes of it."""

from __future__ import annotations

import pytest

from dfota.errors import CheckFailedError, NoReplyError
from dfota.host import PACKAGE_FILE, Uploaded, upload_file

DATA = bytes(range(250)) * 13  # 3250 bytes: three pieces and a rest


def upload(bench, data: bytes = DATA, name: str = PACKAGE_FILE) -> None:
    with bench.session() as session:
        session.run(upload_file(name, data))


def test_progress_is_told_piece_by_piece(bench) -> None:
    upload(bench)
    done = [event.done for event in bench.events if isinstance(event, Uploaded)]
    assert done == [0, 1024, 2048, 3072, 3250]
    assert bench.module.files[PACKAGE_FILE] == DATA


def test_an_acknowledgement_of_a_whole_last_piece_does_no_harm(bench) -> None:
    data = b"A" * 2048
    receive = bench.module.receive

    def eager(chunk: bytes) -> None:
        receive(chunk)
        if len(chunk) == 1024 and PACKAGE_FILE in bench.module.files:
            bench.module.later(0, b"A")

    bench.module.receive = eager
    upload(bench, data)
    assert bench.module.files[PACKAGE_FILE] == data


@pytest.mark.parametrize(
    ("command", "answer", "words"),
    [
        (f'AT+QFDEL="{PACKAGE_FILE}"', "+CME ERROR: 425", "cannot store /fota/update.zip"),
        (f'AT+QFUPL="{PACKAGE_FILE}",3250,30,1', "+CME ERROR: 425", "cannot store"),
        (f'AT+QFUPL="{PACKAGE_FILE}",3250,30,1', "+CME ERROR: 420", "no room"),
        (f'AT+QFUPL="{PACKAGE_FILE}",3250,30,1', "+CME ERROR: 407", "refused"),
        (f'AT+QFUPL="{PACKAGE_FILE}",3250,30,1', "ERROR", "refused"),
        ('AT+QFLDS="UFS"', ("+QFLDS: 3249,14483456", "OK"), "only 3249 are free"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(bench, command: str, answer, words: str) -> None:
    bench.module.answers[command] = answer
    with pytest.raises(CheckFailedError, match=words) as caught:
        upload(bench)
    assert caught.value.check == "upload"
    assert caught.value.remedy


def test_other_errors_of_the_deletion_show_at_the_upload(bench) -> None:
    bench.module.answers[f'AT+QFDEL="{PACKAGE_FILE}"'] = "+CME ERROR: 418"
    bench.module.answers['AT+QFLDS="UFS"'] = "ERROR"
    upload(bench)
    assert bench.module.files[PACKAGE_FILE] == DATA


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (b"\r\n+QFUPL: 3250,0\r\n\r\nOK\r\n", "checksum"),
        (b"\r\n+QFUPL: 3249,%x\r\n\r\nOK\r\n", "3249 bytes"),
        (b"\r\nOK\r\n", "does not confirm"),
        (b"\r\n+CME ERROR: 421\r\n", "421"),
    ],
)
def test_a_wrong_result_is_no_upload(bench, result: bytes, words: str) -> None:
    from dfota.at import xor16

    spoken = result.replace(b"%x", f"{xor16(DATA):x}".encode())
    later = bench.module.later

    def corrupted(delay_s: float, what: object) -> None:
        is_result = isinstance(what, bytes) and b"+QFUPL:" in what
        later(delay_s, spoken if is_result else what)

    bench.module.later = corrupted
    with pytest.raises(CheckFailedError, match=words):
        upload(bench)


def test_an_upper_case_checksum_is_read(bench) -> None:
    later = bench.module.later
    bench.module.later = lambda delay_s, what: later(
        delay_s, what.upper() if isinstance(what, bytes) and b"+QFUPL:" in what else what
    )
    upload(bench)


def test_a_module_that_stops_acknowledging_is_told(bench) -> None:
    later = bench.module.later
    bench.module.later = lambda delay_s, what: None if what == b"A" else later(delay_s, what)
    with pytest.raises(NoReplyError):
        upload(bench)
    assert bench.module.now == pytest.approx(30, abs=1)
