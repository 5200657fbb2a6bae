# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What each line at a terminal is and means, byte by byte and on a clock of its own."""

from __future__ import annotations

import random

import pytest

from dfota.at import Family
from dfota.cli.terminal_lines import (
    Conversation,
    Kind,
    Shown,
    State,
    is_failure_of_an_upgrade,
    meaning_of,
    time_limit_s,
)
from dfota.errors import MisuseError


def said(conversation: Conversation, *lines: str, now: float = 0.0) -> list[Shown]:
    return conversation.feed("".join(f"\r\n{line}\r\n" for line in lines).encode("latin-1"), now)


def kinds(shown: list[Shown]) -> list[tuple[str, str]]:
    return [(one.kind.value, one.text) for one in shown]


def test_an_answer_with_echo_and_a_urc_in_the_middle() -> None:
    talk = Conversation()
    assert talk.send("AT+CSQ", 1.0) == b"AT+CSQ\r"
    shown = talk.feed(b'AT+CSQ\r\r\n+CSQ: 26,99\r\n\r\n+QIND: "csq",20,99\r\n\r\nOK\r\n', 1.5)
    assert kinds(shown) == [
        ("answer", "+CSQ: 26,99"),
        ("urc", '+QIND: "csq",20,99'),
        ("ok", "OK"),
    ]
    assert shown[0].note == "-61 dBm"
    (exchange,) = talk.take_finished()
    assert exchange.ok
    assert exchange.information == ("+CSQ: 26,99",)
    assert exchange.seconds == 0.5
    assert not talk.is_busy


def test_one_byte_at_a_time_is_the_same() -> None:
    data = b"ATI\r\r\nQuectel\r\nBG96\r\nRevision: X\r\n\r\nOK\r\n\r\nRDY\r\n"
    whole, pieces = Conversation(), Conversation()
    whole.send("ATI", 0)
    pieces.send("ATI", 0)
    assert [one for byte in data for one in pieces.feed(bytes([byte]), 0)] == whole.feed(data, 0)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("+CME ERROR: 407", "File already existed"),
        ("+CME ERROR: 10", "SIM not inserted"),
        ("+CMS ERROR: 330", "SMSC address unknown"),
        ("+CME ERROR: SIM busy", ""),
        ("+CME ERROR: 999", ""),
        ("ERROR", ""),
        ("NO CARRIER", ""),
    ],
)
def test_failures_end_the_exchange_with_their_meaning(line: str, meaning: str) -> None:
    talk = Conversation()
    talk.send("AT+X", 0)
    (shown,) = said(talk, line)
    assert (shown.kind, shown.note, shown.is_bad) == (Kind.FAILURE, meaning, True)
    (exchange,) = talk.take_finished()
    assert (exchange.result, exchange.meaning, exchange.ok) == (line, meaning, False)


def test_the_same_number_means_what_the_family_of_the_module_says() -> None:
    end = '+QIND: "FOTA","HTTPEND",702'
    assert "Server connection failed" in meaning_of(end, Family.BG96)
    assert "timeout" in meaning_of(end, Family.STANDARD_A)
    assert "No space" in meaning_of('+QIND: "FOTA","END",511', Family.LINUX)
    assert is_failure_of_an_upgrade(end)
    assert not is_failure_of_an_upgrade('+QIND: "FOTA","END",0')


def test_the_family_is_learned_from_ati() -> None:
    talk = Conversation()
    talk.send("ati", 0)
    said(talk, "Quectel", "EC25", "Revision: EC25EFAR06A01M4G", "OK")
    assert talk.family is Family.LINUX
    (shown,) = said(talk, '+QIND: "FOTA","END",511')
    assert shown.is_bad
    assert "No space" in shown.note


def test_what_nobody_asked_for_is_marked() -> None:
    talk = Conversation()
    assert kinds(said(talk, "RDY", "+CMTI: 1", "Whatever")) == [
        ("urc", "RDY"),
        ("urc", "+CMTI: 1"),
        ("urc", "Whatever"),
    ]


def test_answers_in_the_words_of_urcs_are_answers() -> None:
    talk = Conversation()
    talk.send("AT+CPIN?", 0)
    assert kinds(said(talk, "+CPIN: READY", "OK"))[0] == ("answer", "+CPIN: READY")
    talk.send("AT+CREG?", 0)
    shown = said(talk, "+CREG: 0,5", "+CREG: 1", "OK")
    assert kinds(shown)[:2] == [("answer", "+CREG: 0,5"), ("urc", "+CREG: 1")]
    assert shown[0].note == "registered, roaming"
    talk.send("ATS0?", 0)
    assert kinds(said(talk, "0", "OK")) == [("answer", "0"), ("ok", "OK")]
    talk.send("AT", 0)
    assert kinds(talk.feed(b"0\r", 0)) == [("ok", "0")]  # after ATV0


def test_text_goes_out_with_ctrl_z_when_the_module_asks() -> None:
    talk = Conversation()
    talk.send('AT+CMGS="+49"', 0)
    (prompt,) = talk.feed(b'AT+CMGS="+49"\r\r\n> ', 0)
    assert prompt.kind is Kind.PROMPT
    assert talk.state is State.TEXT
    assert talk.send_text("Hello^Z", 1) == b"Hello\x1a"
    assert kinds(talk.feed(b"Hello\r\n+CMGS: 7\r\n\r\nOK\r\n", 2)) == [
        ("answer", "+CMGS: 7"),
        ("ok", "OK"),
    ]
    with pytest.raises(MisuseError):
        talk.send_text("late", 3)


def test_a_prompt_is_cancelled_with_escape_and_its_ok_is_awaited() -> None:
    talk = Conversation()
    talk.send("AT+CMGW", 0)
    talk.feed(b"\r\n> ", 0)
    output, _shown = talk.stop_waiting(1)
    assert output == b"\x1b"
    assert kinds(said(talk, "OK", now=1.1)) == [("ok", "OK")]
    assert not talk.is_busy


def test_data_are_sent_only_when_the_module_waits_for_them() -> None:
    talk = Conversation()
    with pytest.raises(MisuseError):
        talk.send_data(b"x", 0)
    talk.send('AT+QFUPL="a",3', 0)
    said(talk, "CONNECT")
    assert talk.state is State.DATA
    assert talk.send_data(b"abc", 0) == b"abc"
    assert kinds(said(talk, "+QFUPL: 3,6162", "OK"))[-1] == ("ok", "OK")


def test_the_time_limit_is_that_of_the_manuals() -> None:
    assert time_limit_s("AT+CSQ;+COPS=?") == pytest.approx(0.3 + 180 + 2, abs=5)
    assert time_limit_s("AT+NEVERHEARD") == 62
    talk = Conversation()
    talk.send("AT+CSQ", 10)
    assert talk.advance(12.2) == []
    (shown,) = talk.advance(12.4)
    assert "no answer within 2 s" in shown.text
    assert talk.take_finished()[0].result == ""
    with pytest.raises(MisuseError):
        talk.send("AT\x1b[2J", 13)


def test_a_module_that_keeps_talking_is_listened_to() -> None:
    talk = Conversation()
    talk.send("AT+CMGL", 0)
    for now in range(1, 60):
        said(talk, "+CMGL: 1", now=now)
        assert talk.advance(now) == []
    assert talk.is_busy


def test_a_lost_port_leaves_the_outcome_open() -> None:
    talk = Conversation()
    talk.send("AT+QFOTADL=1", 0)
    (shown,) = talk.port_lost("device disconnected", 1)
    assert "whether AT+QFOTADL=1 was carried out is not known" in shown.text
    assert not talk.is_busy
    assert talk.take_finished()[0].result == ""


def test_control_characters_of_the_module_never_reach_the_screen() -> None:
    noise = random.Random(5)  # noqa: S311 - repeatable
    talk = Conversation()
    for turn in range(300):
        if not talk.is_busy:
            talk.send("AT+CSQ", turn)
        for shown in talk.feed(noise.randbytes(noise.randrange(4000)), turn):
            assert (shown.text + shown.note).isprintable()
            assert len(shown.text) <= 4 * 2048
        talk.advance(turn)
    (shown,) = Conversation().feed(b"\x1b[2J\x07evil\r\n", 0)
    assert shown.text == "\\x1b[2J\\x07evil"
