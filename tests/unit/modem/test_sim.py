# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The SIM card: PINs and their counters, locks, files, and being pulled."""

from __future__ import annotations

import pytest

READY_LINES = "\r\n+CPIN: READY\r\n\r\n+QUSIM: 1\r\n\r\n+QIND: SMS DONE\r\n"
OK = "\r\nOK\r\n"
WRONG = "\r\n+CME ERROR: 16\r\n"


def answer(line: str) -> str:
    return f"\r\n{line}\r\n\r\nOK\r\n"


def with_urcs(bench, command: str) -> str:
    """The reply to *command*, and what comes behind it with its pauses."""
    text = bench.ask(command)
    bench.wait(5)
    return text + bench.take().decode()


def urcs(bench) -> str:
    bench.wait(5)
    return bench.take().decode()


@pytest.fixture
def locked(make_bench):
    """A module with a card that asks for its PIN; echo off."""
    bench = make_bench()
    bench.module.world.change("sim", "pin")
    bench.module.power_on()
    bench.wait(60)
    return bench


def test_a_locked_card_is_told_at_boot_and_there_is_no_network(locked):
    assert locked.take() == (b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\nAPP RDY\r\n\r\n+CPIN: SIM PIN\r\n")
    locked.quiet()
    assert locked.ask("AT+CPIN?") == answer("+CPIN: SIM PIN")
    assert locked.ask("AT+CIMI") == "\r\n+CME ERROR: 11\r\n"
    assert locked.ask("AT+QINISTAT") == answer("+QINISTAT: 0")
    assert locked.ask("AT+CREG?") == answer("+CREG: 0,0")
    assert "89860025128306012474" in locked.ask("AT+QCCID")


def test_the_right_pin_brings_the_card_and_then_the_network(locked):
    locked.quiet()
    assert with_urcs(locked, "AT+CPIN=1234") == OK + READY_LINES
    locked.wait(10)
    assert locked.ask("AT+CREG?;+QINISTAT") == "\r\n+CREG: 0,1\r\n" + answer("+QINISTAT: 3")
    assert locked.ask("AT+CPIN=1234") == "\r\n+CME ERROR: 3\r\n"


def test_three_wrong_pins_want_the_puk_and_power_cuts_do_not_help(locked):
    locked.quiet()
    assert locked.ask("AT+CPIN=9999") == WRONG
    assert locked.ask("AT+CPIN=9999") == WRONG
    assert locked.ask('AT+QPINC="SC"') == answer('+QPINC: "SC",1,10')
    locked.kill()
    locked.open()
    locked.module.power_on()
    locked.wait(60)
    locked.quiet()
    assert locked.ask("AT+QPINC?") == '\r\n+QPINC: "SC",1,10\r\n+QPINC: "P2",3,10\r\n' + OK
    assert locked.ask("AT+CPIN=9999") == WRONG
    assert locked.ask("AT+CPIN?") == answer("+CPIN: SIM PUK")
    assert locked.ask("AT+CPIN=1234") == "\r\n+CME ERROR: 12\r\n"
    assert locked.ask("AT+CIMI") == "\r\n+CME ERROR: 12\r\n"


def test_the_right_puk_sets_a_new_pin(locked):
    locked.module.world.change("sim", "puk")
    locked.quiet()
    assert locked.ask('AT+CPIN="11111111","4321"') == WRONG
    assert locked.ask('AT+QPINC="SC"') == answer('+QPINC: "SC",0,9')
    assert with_urcs(locked, 'AT+CPIN="12345678","4321"') == OK + READY_LINES
    assert locked.ask('AT+QPINC="SC"') == answer('+QPINC: "SC",3,10')
    locked.ask("AT+CFUN=1,1")
    locked.wait(60)
    locked.quiet()
    locked.take()
    assert locked.ask("AT+CPIN=1234") == WRONG
    assert with_urcs(locked, "AT+CPIN=4321") == OK + READY_LINES


def test_ten_wrong_puks_end_the_card(locked):
    locked.module.world.change("sim", "puk")
    locked.quiet()
    for _ in range(9):
        assert locked.ask('AT+CPIN="11111111","4321"') == WRONG
    assert locked.ask('AT+CPIN="11111111","4321"') == "\r\n+CME ERROR: 13\r\n"
    for command in ("AT+CPIN?", "AT+CIMI", 'AT+CPIN="12345678","4321"'):
        assert locked.ask(command) == "\r\n+CME ERROR: 13\r\n"


def test_minimum_functionality_takes_the_card_its_power(locked):
    locked.quiet()
    locked.ask("AT+CPIN=1234")
    locked.wait(10)
    locked.ask("AT+CFUN=0")
    locked.wait(20)
    locked.take()
    assert locked.ask("AT+CPIN?") == "\r\n+CME ERROR: 13\r\n"
    locked.ask("AT+CFUN=1")
    locked.wait(20)
    assert locked.take() == b"\r\nOK\r\n\r\n+CPIN: SIM PIN\r\n"


def test_the_session_of_the_manual_for_locks(bench):
    assert bench.ask('AT+CLCK="SC",2') == answer("+CLCK: 0")
    assert bench.ask('AT+CLCK="SC",1') == "\r\nERROR\r\n"
    assert bench.ask('AT+CLCK="SC",1,"9999"') == WRONG
    assert bench.ask('AT+CLCK="SC",1,"1234"') == OK
    assert bench.ask('AT+CLCK="SC",2') == answer("+CLCK: 1")
    assert bench.ask("AT+CPIN?") == answer("+CPIN: READY")
    assert bench.ask('AT+CPWD="SC","1234","4321"') == OK
    bench.ask("AT+CFUN=1,1")
    bench.wait(60)
    bench.quiet()
    bench.take()
    assert bench.ask("AT+CPIN?") == answer("+CPIN: SIM PIN")
    assert with_urcs(bench, 'AT+CPIN="4321"') == OK + READY_LINES
    assert bench.ask('AT+CLCK="SC",0,"4321"') == OK
    assert bench.ask('AT+CLCK="SC",2') == answer("+CLCK: 0")


def test_the_other_facilities(bench):
    assert bench.ask("AT+CLCK=?") == answer(
        '+CLCK: ("SC","AO","OI","OX","AI","IR","AB","AG","AC","FD","PF","PN","PU","PP","PC")'
    )
    assert bench.ask('AT+CLCK="AO",2') == answer("+CLCK: 0,7")
    assert bench.ask('AT+CLCK="AO",1,"0000"') == "\r\n+CME ERROR: 3\r\n"
    assert bench.ask('AT+CLCK="FD",1') == "\r\n+CME ERROR: 17\r\n"
    assert bench.ask('AT+CLCK="FD",1,"5678";+CLCK="FD",2') == answer("+CLCK: 1")
    assert bench.ask('AT+CLCK="PN",1,"0000"') == WRONG
    assert bench.ask('AT+CLCK="PN",1,"12341234";+CLCK="PN",2') == answer("+CLCK: 1")
    for _ in range(3):
        assert bench.ask('AT+CPWD="P2","0000","1111"') == WRONG
    assert bench.ask('AT+CPWD="P2","5678","1111"') == "\r\n+CME ERROR: 18\r\n"
    assert bench.ask('AT+CPWD="AO","0000","1111"') == "\r\n+CME ERROR: 3\r\n"
    assert bench.ask('AT+CPWD="SC","1234","4321"') == "\r\n+CME ERROR: 3\r\n"


def test_another_card_brings_its_own_counters(bench):
    bench.ask('AT+CPWD="P2","0000","1111"')
    assert '"P2",2,10' in bench.ask("AT+QPINC?")
    bench.module.world.change("sim", "none")
    assert bench.ask("AT+QPINC?") == "\r\n+CME ERROR: 10\r\n"
    bench.module.world.change("sim", "ready")
    assert '"P2",3,10' in bench.ask("AT+QPINC?")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("176,12258,0,0,10", '144,0,"98680052213860104247"'),
        ("176,12258,0,8,2", '144,0,"4247"'),
        ("176,28423,0,0,9", '144,0,"084906202301220632"'),
        ("176,28589,0,0,4", '144,0,"00000002"'),
        ("192,12258", '144,0,"0000000A2FE2040014FF44010200 00"'.replace(" ", "")),
        ("176,12258,0,0,11", "103,0"),
        ("176,12258,0,10,1", "107,0"),
        ("176,28486,0,0,17", "106,130"),
        ("178,12258,1,4,10", "106,130"),
        ("214,28423,0,0,1,00", "105,130"),
        ("242", "144,0"),
    ],
)
def test_the_card_answers_for_the_few_files_it_has(bench, command, said):
    assert bench.ask(f"AT+CRSM={command}") == answer(f"+CRSM: {said}")


def test_reading_wants_the_place_and_the_pin(bench):
    assert bench.ask("AT+CRSM=176") == "\r\nERROR\r\n"
    assert bench.ask("AT+CRSM=176,12258,0,0") == "\r\nERROR\r\n"
    assert bench.ask("AT+CRSM=177,12258,0,0,1") == "\r\nERROR\r\n"
    bench.module.world.change("sim", "pin")
    assert bench.ask("AT+CRSM=176,28423,0,0,9") == answer("+CRSM: 105,130")
    assert bench.ask("AT+CRSM=176,12258,0,0,1") == answer('+CRSM: 144,0,"98"')


def test_csim_was_taken_out_of_the_manual(bench):
    assert bench.ask('AT+CSIM=10,"A0A40000023F00"') == "\r\nERROR\r\n"


def test_a_pulled_card_is_noticed_once_detection_was_kept_and_the_module_restarted(bench):
    assert bench.ask("AT+QSIMSTAT=1;+QSIMDET=1,0;&W") == OK
    bench.module.world.change("sim", "none")
    assert bench.take() == b""
    assert bench.ask("AT+QSIMSTAT?") == answer("+QSIMSTAT: 1,0")
    bench.module.world.change("sim", "ready")
    bench.ask("AT+CFUN=1,1")
    bench.wait(60)
    bench.quiet()
    bench.take()
    assert bench.ask("AT+QSIMDET?") == answer("+QSIMDET: 1,0")
    bench.module.world.change("sim", "none")
    assert urcs(bench) == "\r\n+QSIMSTAT: 1,0\r\n\r\n+CPIN: NOT READY\r\n"
    bench.module.world.change("sim", "ready")
    assert urcs(bench) == "\r\n+QSIMSTAT: 1,1\r\n" + READY_LINES
