# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""How real programs and people type at a port, and what they must get for it."""

from __future__ import annotations

import pytest

from dfota.at import TYPE_AHEAD_MAX_BYTES
from dfota.modem.port import WAITING_URCS_MAX

OK = b"\r\nOK\r\n"
SIGNAL = b"\r\n+CSQ: 26,99\r\n\r\nOK\r\n"


# -- writes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "count"),
    [(b"ATI\r", 1), (b"AT&V\r", 1), (b"AT+CSQ;+CREG?;+CPIN?\r", 1), (b"AT+CSQ\rATI\r", 2)],
)
def test_however_many_lines_an_answer_has_it_is_one_write(bench, line, count):
    bench.module.receive("usbat", line, bench.now)
    assert len(bench.take_writes()) == count


def test_each_urc_is_a_write_of_its_own_and_they_keep_their_distance(make_bench):
    bench = make_bench("urc_interval_ms=250").boot().quiet()
    for number in range(3):
        bench.module.report(f"+URC: {number}")
    assert bench.take_writes() == [b"\r\n+URC: 0\r\n"]
    bench.wait(0.24)
    assert bench.take_writes() == []
    bench.wait(0.02)
    assert bench.take_writes() == [b"\r\n+URC: 1\r\n"]
    bench.wait(0.25)
    assert bench.take_writes() == [b"\r\n+URC: 2\r\n"]
    bench.wait(10)
    bench.module.set_time(bench.now)
    bench.module.report("+URC: 3")
    assert bench.take_writes() == [b"\r\n+URC: 3\r\n"]


def test_the_distance_is_virtual_so_that_max_does_not_wait(make_bench):
    from dfota.modem import Speed

    bench = make_bench("urc_interval_ms=250", speed=Speed(None)).boot().quiet()
    began, virtual = bench.now, bench.module.timeline.virtual_now
    for number in range(5):
        bench.module.report(f"+URC: {number}")
    bench.run()
    assert [write[-3:-2] for write in bench.take_writes()] == [b"0", b"1", b"2", b"3", b"4"]
    assert bench.now == began
    assert bench.module.timeline.virtual_now - virtual == pytest.approx(1.0)


def test_a_distance_of_nothing_lets_urcs_follow_at_once(make_bench):
    bench = make_bench("urc_interval_ms=0").boot().quiet()
    bench.module.report("+A")
    bench.module.report("+B")
    assert bench.take_writes() == [b"\r\n+A\r\n", b"\r\n+B\r\n"]


def test_an_answer_does_not_wait_for_urcs_in_the_queue(bench):
    bench.module.report("+A")
    bench.module.report("+B")
    bench.take()
    assert bench.send(b"AT+CSQ\r") == SIGNAL
    bench.wait(1)
    assert bench.take() == b"\r\n+B\r\n"


def test_of_too_many_waiting_urcs_the_oldest_are_lost(bench):
    for number in range(WAITING_URCS_MAX + 3):
        bench.module.report(f"+URC: {number}")
    bench.wait(3600)
    lines = bench.take().split()
    assert len(lines) == 2 * (WAITING_URCS_MAX + 1)
    assert lines[1::2][:2] == [b"0", b"3"]
    assert lines[-1] == str(WAITING_URCS_MAX + 2).encode()


def test_powered_down_is_printed_although_another_urc_has_just_been(bench):
    bench.ask("AT+QPOWD")
    bench.run(until=lambda: bench.module.next_deadline() is None, limit_s=1.95)
    bench.now += 1.95
    bench.module.set_time(bench.now)
    bench.module.report("+A")
    bench.run()
    assert bench.take().endswith(b"\r\n+A\r\n\r\nPOWERED DOWN\r\n")


def test_a_restart_forgets_the_urcs_that_wait(bench):
    for number in range(9):
        bench.module.report(f"+URC: {number}")
    bench.module.cut_power()
    bench.take()
    bench.module.power_on()
    bench.wait(60)
    assert b"+URC" not in bench.take()


# -- line ends, noise, +++ ------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [b"\r", b"\r\n", b"\n", b"\r\n\r\n\r\n", b" \r", b"+++\r", b"\0\r"]
)
def test_an_empty_line_is_answered_with_nothing(bench, data):
    assert bench.send(data) == b""
    assert bench.send(b"AT\r") == OK


def test_the_line_feed_behind_a_carriage_return_leaves_no_trace(make_bench):
    bench = make_bench().boot()
    assert bench.send(b"AT\r\n") == b"AT\r\r\nOK\r\n"
    assert bench.send(b"AT\r") == b"AT\r\r\nOK\r\n"
    assert bench.send(b"\n") == b""
    assert bench.send(b"AT\r\r\n\nAT\r\n") == b"AT\r\r\nOK\r\n\rAT\r\r\nOK\r\n"


@pytest.mark.parametrize("late", [False, True])
def test_the_line_feed_is_swallowed_also_before_a_data_mode(bench, late):
    line = b'AT+QFUPL="a.txt",4\r'
    heard = bench.send(line) + bench.send(b"\n") if late else bench.send(line + b"\n")
    heard += bench.send(b"")
    bench.wait(0.1)
    assert heard + bench.take() == b"\r\nCONNECT\r\n"
    assert bench.send(b"\nabc").startswith(b"\r\n+QFUPL: 4,")
    assert bench.state.files.read("a.txt") == b"\nabc"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff" * 1144,
        b"\x80\x9f\xa0\xfe",
        b"\0" * 10,
        b"+++",
        b"garbage ",
        b"A",
        b"aT",
        b"\x1b[A",
        b"~~",
    ],
)
def test_at_is_found_behind_garbage(bench, garbage):
    assert bench.send(garbage) == b""
    assert bench.send(b"AT+CSQ\r") == SIGNAL


@pytest.mark.parametrize("echo", [False, True])
def test_high_bytes_and_nuls_inside_a_line_are_dropped_without_echo(make_bench, echo):
    bench = make_bench().boot()
    if not echo:
        bench.quiet()
    heard = bench.send(b"\xffA\x80T\0+C\x9fS\0Q\xfe\r")
    assert heard == (b"AT+CSQ\r" if echo else b"") + SIGNAL


@pytest.mark.parametrize("padding", [b"\xff" * 1144, b"\0" * 1144, b"\r\n", b"xyz" * 300])
def test_bytes_behind_an_upload_leave_no_trace(bench, padding):
    bench.send(b'AT+QFUPL="a.txt",4\r')
    bench.wait(0.1)
    bench.take()
    heard = bench.send(b"abcd" + padding)
    assert heard.startswith(b"\r\n+QFUPL: 4,")
    assert heard.endswith(b"\r\n\r\nOK\r\n")
    assert bench.send(b"AT+CSQ\r") == SIGNAL


def test_plus_plus_plus_outside_a_data_mode_is_harmless(make_bench):
    bench = make_bench().boot()
    bench.wait(2)
    assert bench.send(b"+++") == b"+++"
    bench.wait(2)
    assert bench.take() == b""
    assert bench.send(b"AT\r") == b"AT\r\r\nOK\r\n"
    bench.quiet()
    assert bench.send(b"+++AT+CSQ\r+++") == SIGNAL
    assert bench.send(b"+++\rAT\r") == OK


# -- typing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [b"AT+CSQ\r", b"at+csq\r\n", b"aT\rAT + C S Q\r"])
def test_typing_byte_by_byte_with_half_a_second_between(make_bench, line):
    bench = make_bench().boot()
    heard = b""
    for byte in line:
        heard += bench.send(bytes((byte,)))
        bench.wait(0.5)
    assert heard + bench.take() == line.rstrip(b"\n") + SIGNAL


def test_the_echo_of_each_byte_comes_at_once(make_bench):
    bench = make_bench().boot()
    assert [bench.send(bytes((byte,))) for byte in b"AT+C"] == [b"A", b"T", b"+", b"C"]


@pytest.mark.parametrize("line", [b"AT E0 V1\r", b"ATE0 V1\r", b"AT  E 0 V 1 \r", b" AT E0 V1\r"])
def test_blanks_between_basic_commands_do_not_count(bench, line):
    assert bench.send(line) == OK


def test_a_basic_command_before_an_extended_one_needs_no_semicolon(bench):
    with_semicolon = bench.send(b"ATI;+CSQ\r")
    assert bench.send(b"ATI+CSQ\r") == with_semicolon
    assert with_semicolon.endswith(b"\r\n" + SIGNAL)


def test_lower_case_works_throughout(bench):
    assert bench.send(b"at+csq;e0;+cpin?\r") == (
        b"\r\n+CSQ: 26,99\r\n\r\n+CPIN: READY\r\n\r\nOK\r\n"
    )
    assert bench.send(b'at+qflst="UFS:none"\r') == b"\r\n+CME ERROR: 405\r\n"


@pytest.mark.parametrize("separator", [b"\r", b"\r\n"])
def test_a_burst_of_attention_is_answered_once_for_each(bench, separator):
    bench.module.receive("usbat", (b"AT" + separator) * 200, bench.now)
    bench.run(limit_s=1)
    assert bench.take_writes() == [OK] * 200


def test_a_chain_stops_at_its_first_error_and_does_nothing_behind_it(bench):
    assert bench.send(b"AT+CSQ;+NONSENSE;E1\r") == b"\r\n+CSQ: 26,99\r\n\r\nERROR\r\n"
    assert bench.send(b"AT+CREG=9;E1\r") == b"\r\nERROR\r\n"
    assert bench.send(b"AT\r") == OK


def test_a_slash_repeats_whatever_the_last_line_was(make_bench):
    bench = make_bench().boot()
    assert bench.send(b"A/") == b"A/" + OK
    bench.quiet()
    bench.send(b"AT+NONSENSE\r")
    assert bench.send(b"a/") == b"\r\nERROR\r\n"
    bench.send(b"AT+CSQ\r\n")
    assert bench.send(b"A/\r\n") == SIGNAL
    assert bench.send(b"A/A/") == SIGNAL * 2


def test_changed_line_characters_rule_answers_and_urcs(bench):
    bench.send(b"ATS3=36S4=35S5=37\r")
    assert bench.send(b"AT+CX%SQ$") == b"$#+CSQ: 26,99$#$#OK$#"
    bench.module.report("+URC: 1")
    assert bench.take() == b"$#+URC: 1$#"
    assert bench.send(b"AT\r$") == b"$#OK$#"
    assert bench.send(b"ATS3=13S4=10S5=8$") == OK
    assert bench.send(b"AT+CX\x08SQ\r") == SIGNAL


def test_the_longest_line_works_and_one_byte_more_is_an_error(make_bench):
    bench = make_bench("command_line_max_bytes=600").boot().quiet()
    for size, answer in ((600, OK), (601, b"\r\nERROR\r\n")):
        assert bench.send(b"AT" + b" " * (size - 2) + b"\r") == answer
        assert bench.send(b"AT" + b" " * (size - 4) + b"E0\r") == answer
        assert bench.send(b"at\r") == OK


# -- type-ahead -----------------------------------------------------------------------------


def test_seven_commands_typed_blindly_100_ms_apart_are_all_answered_in_order(make_bench):
    bench = make_bench().boot().quiet()
    lines = ["+COPS=0", "+QGMR", '+QCFGEXT="fota_apn"', "+CPIN?", "+COPS?", "+CREG?", "+CSQ"]
    for line in lines:
        bench.module.receive("usbat", f"AT{line}\r\n".encode(), bench.now)
        bench.wait(0.1)
    bench.wait(30)
    text = bench.take().decode()
    assert text.count("\r\nOK\r\n") == 7
    heads = ["OK", "BG96MAR", "+QCFGEXT:", "+CPIN:", "+COPS:", "+CREG:", "+CSQ:"]
    assert [text.index(head) for head in heads] == sorted(text.index(head) for head in heads)


def test_what_is_typed_while_a_command_takes_20_s_waits_for_it(make_bench):
    bench = make_bench().boot()
    assert bench.send(b"AT+COPS=?\r") == b"AT+COPS=?\r"
    for line in (b"AT+CSQ\r\n", b"AT", b"E0\r", b"AT\r"):
        bench.wait(2)
        assert bench.send(line) == b""
    bench.wait(20)
    writes = bench.take_writes()
    assert writes[0].startswith(b"\r\n+COPS: (2,")
    assert writes[1:] == [b"AT+CSQ\r", SIGNAL, b"ATE0\r", OK, OK]


def test_type_ahead_beyond_the_bound_is_lost_and_the_module_goes_on(make_bench):
    bench = make_bench().boot().quiet()
    bench.send(b"AT+COPS=?\r")
    count = TYPE_AHEAD_MAX_BYTES // 3
    for _ in range(3):
        bench.module.receive("usbat", b"AT\r" * (count // 2), bench.now)
    bench.wait(30)
    assert bench.take().count(OK) == 1 + count
    bench.send(b"\r")
    assert bench.send(b"AT+CSQ\r") == SIGNAL
