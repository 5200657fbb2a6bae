# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Echo, framing, settings and concatenation, byte for byte."""

from __future__ import annotations

import pytest

from dfota.at import COMMANDS, Form
from dfota.at.catalog.general import CMEE
from dfota.at.catalog.network import CSQ
from dfota.errors import MisuseError
from dfota.modem.handlers import UNSUPPORTED
from dfota.modem.reply import HANDLERS, OK, handles


def test_echo_on_and_off_as_captured_from_a_real_bg96(make_bench):
    bench = make_bench().boot()
    assert bench.send(b"AT\r") == b"AT\r\r\nOK\r\n"
    assert bench.send(b"ATE0\r") == b"ATE0\r\r\nOK\r\n"
    assert bench.send(b"AT+CPIN?\r") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"
    assert bench.send(b"AT+QIDNSCFG=1\r") == b"\r\nERROR\r\n"
    assert bench.send(b"AT+CFUN?\r") == b"\r\n+CFUN: 1\r\n\r\nOK\r\n"


def test_the_echo_is_a_write_of_its_own_and_the_reply_one_write(make_bench):
    bench = make_bench().boot()
    bench.module.receive("usbat", b"AT+CPIN?\r", bench.now)
    assert bench.take_writes() == [b"AT+CPIN?\r", b"\r\n+CPIN: READY\r\n\r\nOK\r\n"]


def test_the_chain_of_the_guide(bench):
    assert bench.send(b"AT+CSQ;+CEREG?;+CGREG?;+COPS?\r") == (
        b"\r\n+CSQ: 26,99\r\n"
        b"\r\n+CEREG: 0,1\r\n"
        b"\r\n+CGREG: 0,4\r\n"
        b'\r\n+COPS: 0,0,"Telstra Mobile Telstra",8\r\n'
        b"\r\nOK\r\n"
    )


def test_an_error_in_a_chain_ends_it_behind_what_was_said(bench):
    assert bench.send(b"AT+CSQ;+CSQ?;+CREG?\r") == b"\r\n+CSQ: 26,99\r\n\r\n+CME ERROR: 3\r\n"


def test_a_basic_command_needs_no_semicolon_behind_it(bench):
    assert bench.ask("ATI+CSQ").endswith("\r\n+CSQ: 26,99\r\n\r\nOK\r\n")


def test_lower_case_line_feeds_and_blanks_do_not_matter(bench):
    assert bench.send(b"at+cpin?\r\n") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"
    assert bench.send(b"\nAT + CPIN?\r\n") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"


def test_a_slash_repeats_the_last_line_without_a_carriage_return(bench):
    bench.send(b"AT+CSQ\r")
    assert bench.send(b"A/") == b"\r\n+CSQ: 26,99\r\n\r\nOK\r\n"


def test_numeric_result_codes(bench):
    assert bench.send(b"ATV0\r") == b"0\r"
    assert bench.send(b"AT+CSQ\r") == b"+CSQ: 26,99\r\n0\r"
    assert bench.send(b"AT+NONSENSE\r") == b"4\r"
    assert bench.send(b"ATV1\r") == b"\r\nOK\r\n"


def test_suppressed_result_codes_leave_the_information(bench):
    assert bench.send(b"ATQ1\r") == b""
    assert bench.send(b"AT+CSQ\r") == b"\r\n+CSQ: 26,99\r\n"
    assert bench.send(b"ATQ0\r") == b"\r\nOK\r\n"


def test_the_three_forms_of_errors(bench):
    bench.send(b"AT+CFUN=0\r")
    bench.wait(2)
    bench.take()
    assert bench.ask("AT+CPIN?") == "\r\n+CME ERROR: 13\r\n"
    bench.ask("AT+CMEE=2")
    assert bench.ask("AT+CPIN?") == "\r\n+CME ERROR: SIM failure\r\n"
    bench.ask("AT+CMEE=0")
    assert bench.ask("AT+CPIN?") == "\r\nERROR\r\n"
    assert bench.ask("AT+CMEE?") == "\r\n+CMEE: 0\r\n\r\nOK\r\n"


def test_s_registers_change_the_terminator_and_the_backspace(bench):
    assert bench.ask("ATS3?") == "\r\n13\r\n\r\nOK\r\n"
    bench.ask("ATS5=35")
    assert bench.send(b"AT+CSX#Q\r") == b"\r\n+CSQ: 26,99\r\n\r\nOK\r\n"
    assert bench.send(b"ATS3=33\r") == b"!\nOK!\n"
    assert bench.send(b"AT!") == b"!\nOK!\n"
    assert bench.send(b"ATS3=200!") == b"!\nERROR!\n"


def test_settings_are_shown_as_in_the_manual(bench):
    assert bench.ask("AT&V") == (
        "\r\n&C: 1\r\n&D: 1\r\n&F: 0\r\n&W: 0\r\nE: 0\r\nQ: 0\r\nV: 1\r\nX: 4\r\nZ: 0\r\nS0: 0\r\n"
        "S3: 13\r\nS4: 10\r\nS5: 8\r\nS6: 2\r\nS7: 0\r\nS8: 2\r\nS10: 15\r\n\r\nOK\r\n"
    )


def test_stored_settings_come_back_with_atz_and_after_a_reboot(bench):
    bench.ask("ATX2")
    bench.ask("AT+CREG=2")
    bench.ask("AT&W")
    bench.ask("AT&F")
    assert "E: 1\r\n" in bench.ask("AT&V")
    bench.ask("ATZ")
    assert "X: 2\r\n" in bench.ask("AT&V")
    bench.kill()
    bench.open()
    bench.boot()
    assert bench.send(b"AT+CREG?\r") == b'\r\n+CREG: 2,1,"FFFE","82E76B2",8\r\n\r\nOK\r\n'


def test_atz_touches_only_what_can_be_stored(bench):
    bench.ask("ATS4=45S6=3")
    assert bench.send(b"ATX1S0=7\r") == b"\r-OK\r-"
    bench.send(b"AT+IFC=2,2\r")
    assert bench.send(b"ATZ\r") == b"\r-OK\r-"
    bench.send(b"ATE0\r")
    shown = bench.send(b"AT&V\r")
    assert b"X: 4\r" in shown
    assert b"S0: 0\r" in shown
    assert b"S4: 45\r" in shown
    assert b"S6: 3\r" in shown


def test_factory_settings_leave_flow_control_and_speed_alone(bench):
    bench.ask("AT+IFC=2,2;+IPR=9600;+CEREG=2;+CMEE=2")
    bench.ask("AT&FE0")
    assert bench.ask("AT+IFC?;+IPR?;+CEREG?;+CMEE?") == (
        "\r\n+IFC: 2,2\r\n\r\n+IPR: 9600\r\n\r\n+CEREG: 0,1\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n"
    )


def test_the_speed_is_kept_only_when_it_is_stored(bench):
    bench.ask("AT+IPR=9600")
    bench.module.cut_power()
    bench.boot().quiet()
    assert bench.ask("AT+IPR?") == "\r\n+IPR: 115200\r\n\r\nOK\r\n"
    bench.ask("AT+IPR=9600;&W")
    bench.kill()
    bench.open()
    bench.boot()
    assert bench.ask("AT+IPR?") == "\r\n+IPR: 9600\r\n\r\nOK\r\n"


def test_the_echo_may_come_in_one_write_with_the_answer(make_bench):
    bench = make_bench("echo_flush_immediately=false").boot()
    bench.module.receive("usbat", b"AT+CPIN?\r", bench.now)
    assert bench.take_writes() == [b"AT+CPIN?\r\r\n+CPIN: READY\r\n\r\nOK\r\n"]
    bench.module.receive("usbat", b"AT+C", bench.now)
    assert bench.take_writes() == [b"AT+C"]
    bench.module.receive("usbat", b"FUN=4\r\n", bench.now)
    assert bench.take_writes() == []
    bench.wait(2)
    assert bench.take_writes() == [b"FUN=4\r\r\nOK\r\n"]


def test_error_format_is_not_stored(bench):
    bench.ask("AT+CMEE=2")
    bench.ask("AT&W")
    bench.ask("ATZ")
    assert bench.ask("AT+CMEE?") == "\r\n+CMEE: 2\r\n\r\nOK\r\n"
    bench.ask("AT&F")
    assert "+CMEE: 1" in bench.ask("AT+CMEE?")


def test_an_overlong_line_is_an_error_and_the_next_one_works(make_bench):
    bench = make_bench("command_line_max_bytes=600").boot().quiet()
    assert bench.send(b"AT+QFLST=" + b"x" * 600 + b"\r") == b"\r\nERROR\r\n"
    assert bench.send(b"AT\r") == b"\r\nOK\r\n"


def test_typed_ahead_commands_are_all_answered_in_order(make_bench):
    bench = make_bench().boot().quiet()
    bench.send(b"AT+CFUN=4\rAT+CFUN?\rAT+CSQ\rATI\r")
    bench.wait(5)
    text = bench.take().decode()
    order = [text.index(part) for part in ("OK", "+CFUN: 4", "+CSQ: 99,99", "Revision")]
    assert order == sorted(order)


def test_each_port_has_its_own_line_state(make_bench):
    bench = make_bench(port_names=("usbat", "uart1")).boot()
    bench.send(b"ATE0\r", "uart1")
    assert bench.send(b"AT\r", "uart1") == b"\r\nOK\r\n"
    assert bench.send(b"AT\r", "usbat") == b"AT\r\r\nOK\r\n"


@pytest.mark.parametrize(
    "line", ["AT+QFOTADL", "AT+QFOTADL?", "AT+QCFGEXT?", "AT+CMEE=3", "AT+CMEE", "AT+CFUN=2", "ATJ"]
)
def test_what_the_manual_does_not_have_is_an_error(bench, line):
    assert "ERROR" in bench.ask(line)


def test_every_form_of_every_command_has_a_handler_or_a_reason():
    for command in COMMANDS.values():
        for form in command.forms:
            key = (command.name, form)
            assert key in HANDLERS or key in UNSUPPORTED or form is Form.TEST, key
    assert not HANDLERS.keys() & UNSUPPORTED.keys()


def test_a_handler_with_other_parameters_than_the_catalogue_is_refused_at_import():
    with pytest.raises(MisuseError, match="takes"):
        handles(CMEE, Form.WRITE)(lambda port, wrong: OK)
    with pytest.raises(MisuseError, match="two handlers"):
        handles(CMEE, Form.WRITE)(lambda port, n: OK)
    with pytest.raises(MisuseError, match="no write form"):
        handles(CSQ, Form.WRITE)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_test_form_answers_ok(bench, name):
    if COMMANDS[name].test is None:
        return
    bench.module.receive("usbat", f"AT{name}=?\r".encode(), bench.now)
    bench.wait(60)
    assert bench.take().endswith(b"\r\nOK\r\n")


@pytest.mark.parametrize(
    "line",
    ["ATS3=?", "ATS4=?", "ATS5=13?", "ATE?", "ATE=?", "ATV?", "ATQ=1", "AT&F?", "ATZ?", "ATI?"],
)
def test_a_form_that_a_basic_command_lacks_is_an_error_and_does_nothing(bench, line):
    before = bench.ask("AT&V")
    assert bench.ask(line) == "\r\nERROR\r\n"
    assert bench.ask("AT&V") == before
