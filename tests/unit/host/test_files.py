# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Uploads: what the module may answer, and what becomes of it."""

from __future__ import annotations

import pytest

from dfota.errors import CheckFailedError, NoReplyError
from dfota.host import PACKAGE_FILE, Uploaded, upload_file
from dfota.host.files import PIECE_SIZE, SILENCE_MAX_S, WINDOW

DATA = bytes(range(250)) * 13  # 3250 bytes: three pieces and a rest


def upload(bench, data: bytes = DATA, name: str = PACKAGE_FILE) -> None:
    with bench.session() as session:
        session.run(upload_file(name, data))


def test_progress_is_told_piece_by_piece(bench) -> None:
    data = bytes(range(250)) * 29  # seven pieces and a rest
    upload(bench, data)
    done = [event.done for event in bench.events if isinstance(event, Uploaded)]
    assert done == [0, 1024, 2048, 3072, 4096, 7250]
    assert bench.module.files[PACKAGE_FILE] == data


def test_an_acknowledgement_of_a_whole_last_piece_does_no_harm(bench) -> None:
    data = b"A" * 2048
    receive = bench.module.receive

    def eager(chunk: bytes) -> None:
        receive(chunk)
        if PACKAGE_FILE in bench.module.files:
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
    bench.module.later = lambda delay_s, what: (
        None if isinstance(what, bytes) and set(what) == {ord("A")} else later(delay_s, what)
    )
    with pytest.raises(NoReplyError), bench.session() as session:
        session.run(upload_file(PACKAGE_FILE, bytes(20_000)))
    assert bench.module.now == pytest.approx(SILENCE_MAX_S, abs=1)


def test_pieces_are_on_their_way_while_others_are_acknowledged(bench) -> None:
    """At no moment more than the window, and not one turn-around for each piece."""
    data = bytes(range(256)) * 200
    unanswered: list[int] = []
    receive, later = bench.module.receive, bench.module.later

    def counted(piece: bytes) -> None:
        if bench.module._upload is not None:
            unanswered.append(unanswered[-1] + len(piece) if unanswered else len(piece))
        receive(piece)

    def acknowledged(delay_s: float, what: object) -> None:
        if isinstance(what, bytes) and what and set(what) == {ord("A")}:
            for _ in what:
                later(0.1, lambda: unanswered.append(unanswered[-1] - PIECE_SIZE))
            delay_s = 0.1
        later(delay_s, what)

    bench.module.receive, bench.module.later = counted, acknowledged
    with bench.session() as session:
        session.run(upload_file(PACKAGE_FILE, data))
    assert bench.module.files[PACKAGE_FILE] == data
    assert max(unanswered) == WINDOW * PIECE_SIZE
    assert bench.module.now < 0.1 * len(data) / PIECE_SIZE / WINDOW + 1


def test_a_module_whose_uart_is_overrun_gets_the_file_piece_by_piece(bench) -> None:
    data = bytes(range(256)) * 40
    module, receive = bench.module, bench.module.receive
    lost = []

    def overrun(piece: bytes) -> None:
        if module._upload is not None and len(piece) > PIECE_SIZE:
            lost.append(len(piece) - PIECE_SIZE)
            piece = piece[:PIECE_SIZE]
            module.later(30, lambda: setattr(module, "_upload", None))
            module.later(30.01, b"\r\n+CME ERROR: 421\r\n")
        receive(piece)

    module.receive = overrun
    with bench.session() as session:
        session.run(upload_file(PACKAGE_FILE, data))
    assert lost
    assert module.files[PACKAGE_FILE] == data
