# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The rules that hold for every procedure, with bytes and numbers alone."""

from __future__ import annotations

import pytest

from dfota.at import AppReady, CmeError, Form, Ready
from dfota.at.catalog.network import CSQ
from dfota.errors import AtParameterError, MisuseError, PortError
from dfota.host import (
    Answer,
    Ask,
    Dialogue,
    Happened,
    Listen,
    Now,
    PortLost,
    Procedure,
    Report,
    SendData,
)
from dfota.host.dialogue import AwaitAnswer, ForgetUrcs, ask

ANYTHING = Ask("AT+X", 5.0)


def collect(*steps: object) -> Procedure[list[object]]:
    outcomes: list[object] = []
    for step in steps:
        outcomes += [(yield step)]
    return outcomes


def started(*steps: object) -> Dialogue[list[object]]:
    dialogue = Dialogue(collect(*steps))
    dialogue.start(0.0)
    return dialogue


def test_a_reply_ends_the_question() -> None:
    dialogue = started(ANYTHING)
    assert dialogue.take_output() == b"AT+X\r"
    assert dialogue.deadline == 5.0
    dialogue.feed(b"AT+X\r\r\n+X: 1\r\n\r\nOK\r\n", 0.1)
    (answer,) = dialogue.result
    assert answer.ok
    assert answer.lines == ("+X: 1",)
    assert dialogue.take_output() == b""


def test_an_error_is_an_answer() -> None:
    dialogue = started(ANYTHING)
    dialogue.feed(b"\r\n+CME ERROR: 3\r\n", 0.1)
    (answer,) = dialogue.result
    assert (answer.ok, answer.result, answer.text) == (False, CmeError(3), "+CME ERROR: 3")


def test_silence_ends_at_the_limit_and_not_before() -> None:
    dialogue = started(ANYTHING)
    dialogue.advance(4.999)
    assert not dialogue.finished
    dialogue.advance(5.0)
    assert dialogue.result == [Happened.SILENCE]


def test_a_late_answer_does_not_count_while_nothing_is_asked() -> None:
    dialogue = started(ANYTHING, Listen(10), ANYTHING)
    dialogue.advance(5.0)
    dialogue.feed(b"\r\nOK\r\n", 6.0)
    dialogue.advance(15.0)
    assert not dialogue.finished
    dialogue.feed(b"\r\nERROR\r\n", 16.0)
    assert dialogue.result[2].text == "ERROR"


def test_a_urc_waits_until_it_is_listened_to() -> None:
    dialogue = started(ANYTHING, Listen(10), Listen(10), Listen(10))
    dialogue.feed(b"\r\nRDY\r\n\r\nOK\r\n\r\nAPP RDY\r\n", 1.0)
    assert not dialogue.finished
    assert dialogue.deadline == 11.0
    dialogue.advance(11.0)
    assert dialogue.result[1:] == [Ready(), AppReady(), Happened.SILENCE]


def test_urcs_can_be_forgotten() -> None:
    dialogue = started(ANYTHING, ForgetUrcs(), Listen(1))
    dialogue.feed(b"\r\nRDY\r\n\r\nOK\r\n", 1.0)
    dialogue.advance(2.0)
    assert dialogue.result[2] is Happened.SILENCE


def test_events_and_time_pass_through() -> None:
    dialogue = started(Now(), Report(PortLost()), Listen(2), Now())
    assert dialogue.take_events() == [PortLost()]
    assert dialogue.take_events() == []
    dialogue.advance(2.5)
    assert dialogue.result == [0.0, None, Happened.SILENCE, 2.5]


def test_data_waits_for_its_acknowledgements() -> None:
    dialogue = started(
        ANYTHING, SendData(b"x" * 2048, 2, 5), SendData(b"end", 0, 5), AwaitAnswer(5)
    )
    dialogue.take_output()
    dialogue.feed(b"\r\nCONNECT\r\n", 0.1)
    assert dialogue.take_output() == b"x" * 2048
    dialogue.feed(b"A", 0.2)
    assert dialogue.take_output() == b""
    dialogue.feed(b"A", 0.3)
    assert dialogue.take_output() == b"end"
    dialogue.feed(b"\r\n+QFUPL: 2051,0\r\n\r\nOK\r\n", 0.4)
    connect, sent, last, answer = dialogue.result
    assert connect.text == "CONNECT"
    assert (sent, last, answer.lines) == (None, None, ("+QFUPL: 2051,0",))


def test_a_module_that_breaks_off_the_data_is_heard() -> None:
    dialogue = started(ANYTHING, SendData(b"x", 1, 5))
    dialogue.feed(b"\r\nCONNECT\r\n", 0.1)
    dialogue.feed(b"\r\n+CME ERROR: 421\r\n", 0.2)
    assert dialogue.result[1].text == "+CME ERROR: 421"


@pytest.mark.parametrize("step", [ANYTHING, Listen(5), SendData(b"x", 1, 5), AwaitAnswer(5)])
def test_a_lost_port_ends_the_step_and_its_output(step: object) -> None:
    dialogue = started(step)
    dialogue.port_lost(1.0)
    assert dialogue.result == [Happened.PORT_LOST]
    assert dialogue.take_output() == b""


@pytest.mark.parametrize("step", [ANYTHING, SendData(b"x", 1, 5), AwaitAnswer(5)])
def test_nothing_is_sent_while_the_port_is_away(step: object) -> None:
    dialogue = started(Listen(5), step)
    dialogue.port_lost(1.0)
    assert dialogue.result == [Happened.PORT_LOST, Happened.PORT_LOST]
    assert dialogue.take_output() == b""


def test_a_returned_port_is_told_also_to_one_who_listens_later() -> None:
    dialogue = started(Listen(5), Listen(5), ANYTHING, Listen(5))
    dialogue.port_lost(1.0)
    dialogue.port_returned(2.0)
    assert dialogue.take_output() == b"AT+X\r"
    dialogue.port_lost(3.0)
    dialogue.port_returned(4.0)
    assert dialogue.result == [
        Happened.PORT_LOST,
        Happened.PORT_RETURNED,
        Happened.PORT_LOST,
        Happened.PORT_RETURNED,
    ]


def test_before_the_start_a_lost_port_is_an_error() -> None:
    dialogue = Dialogue(ask(CSQ, Form.EXECUTE))
    dialogue.start(0.0)
    with pytest.raises(PortError, match=r"AT\+CSQ was asked"):
        dialogue.port_lost(1.0)


def test_a_question_keeps_to_the_catalogue() -> None:
    assert Ask.command(CSQ, Form.EXECUTE) == Ask("AT+CSQ", CSQ.max_response_s + 2.0)
    with pytest.raises(MisuseError):
        Ask.command(CSQ, Form.WRITE)
    from dfota.at.catalog.power import CFUN

    with pytest.raises(AtParameterError):
        Ask.command(CFUN, Form.WRITE, fun=7)


def test_a_result_is_there_at_the_end_only() -> None:
    with pytest.raises(MisuseError):
        _ = started(Listen(1)).result


def test_an_answer_is_ok_or_not() -> None:
    assert not Answer((), CmeError(1), "").ok


def test_half_a_line_of_an_answer_that_came_too_late_is_forgotten() -> None:
    dialogue = started(ANYTHING, ANYTHING)
    dialogue.feed(b"\r\n+X: 9", 1.0)
    dialogue.advance(5.0)
    dialogue.feed(b"\r\n\r\nOK\r\n", 6.0)
    assert dialogue.result[1].lines == ()


def test_a_module_that_restarts_owes_no_answer() -> None:
    dialogue = started(Ask("AT+COPS=?", 180.0), Listen(1.0))
    dialogue.feed(b"\r\nRDY\r\n", 2.0)
    assert dialogue.deadline == 3.0
    dialogue.advance(3.0)
    assert dialogue.result == [Happened.SILENCE, Ready()]


def test_an_answer_that_comes_behind_rdy_is_taken() -> None:
    dialogue = started(Ask("AT", 180.0))
    dialogue.feed(b"\r\nRDY\r\n", 2.0)
    dialogue.feed(b"\r\nOK\r\n", 2.1)
    assert dialogue.result[0].ok


def test_acknowledgements_that_come_early_count_for_the_next_piece() -> None:
    dialogue = started(
        ANYTHING, SendData(b"1", 0, 9), SendData(b"2", 1, 9), SendData(b"3", 1, 9), AwaitAnswer(9)
    )
    dialogue.feed(b"\r\nCONNECT\r\n", 0.1)
    assert dialogue.take_output().endswith(b"12")
    dialogue.feed(b"AA", 0.2)
    assert dialogue.take_output() == b"3"
    dialogue.feed(b"\r\nOK\r\n", 0.3)
    assert dialogue.result[1:4] == [None, None, None]
