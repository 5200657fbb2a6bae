# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The phonebook and the commands about calls, as hosts see them."""

from __future__ import annotations

import pytest

OK = "\r\nOK\r\n"
ERROR = "\r\nERROR\r\n"


def cme(number: int) -> str:
    return f"\r\n+CME ERROR: {number}\r\n"


def test_entries_are_written_found_and_deleted(bench):
    assert bench.ask('AT+CPBW=1,"02151082965",129,"QUECTEL"') == OK
    assert bench.ask('AT+CPBW=,"+491701",145,"Quark"') == OK
    assert bench.ask("AT+CPBS?") == f'\r\n+CPBS: "SM",2,250\r\n{OK}'
    lines = '+CPBR: 1,"02151082965",129,"QUECTEL"\r\n+CPBR: 2,"+491701",145,"Quark"'
    assert bench.ask("AT+CPBR=1,250") == f"\r\n{lines}\r\n{OK}"
    assert bench.ask('AT+CPBF="quar"') == f'\r\n+CPBF: 2,"+491701",145,"Quark"\r\n{OK}'
    assert bench.ask("AT+CPBW=2") == OK
    assert bench.ask("AT+CPBR=2") == cme(22)
    assert bench.ask('AT+CPBF="quar"') == cme(22)


def test_the_phonebook_survives_a_power_cut(bench):
    bench.ask('AT+CPBW=250,"112*#",,"é"'.replace("é", "e"))
    bench.kill()
    bench.open()
    bench.boot().quiet()
    assert bench.ask("AT+CPBR=250") == f'\r\n+CPBR: 250,"112*#",129,"e"\r\n{OK}'


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ('CPBW=0,"1"', 21),
        ('CPBW=251,"1"', 21),
        ("CPBR=0", 21),
        ("CPBR=1,251", 21),
        ('CPBW=1,"1",129,"fifteen letters"', 24),
        ('CPBW=1,"123456789012345678901"', 26),
        ('CPBW=1,"12x"', 27),
    ],
)
def test_what_does_not_fit_is_refused(bench, line, number):
    assert bench.ask(f"AT+{line}") == cme(number)


def test_lists_that_cannot_be_written(bench):
    assert bench.ask('AT+CPBS="EN";+CPBR=1') == f'\r\n+CPBR: 1,"112",129,""\r\n{OK}'
    assert bench.ask('AT+CPBW=1,"1"') == cme(3)
    assert bench.ask('AT+CPBS="LD";+CPBS?') == f'\r\n+CPBS: "LD",0,10\r\n{OK}'


def test_the_own_number(make_bench):
    bench = make_bench("subscriber_number=+61400000001").boot().quiet()
    assert bench.ask("AT+CNUM") == f'\r\n+CNUM: ,"+61400000001",145\r\n{OK}'


def test_without_a_card_there_is_no_phonebook(make_bench):
    bench = make_bench("sim_inserted=false")
    bench.module.power_on()
    bench.wait(20)
    bench.take()
    bench.quiet()
    assert bench.ask("AT+CPBS?") == cme(10)
    assert bench.ask("AT+CNUM") == cme(10)


def test_firmware_without_phonebook_knows_none_of_it(make_bench):
    bench = make_bench("phonebook_commands=false").boot().quiet()
    for tail in ("CPBS?", "CPBS=?", 'CPBS="SM"', "CPBR=?", "CPBR=1", "CPBW=?", "CNUM", "CNUM=?"):
        assert bench.ask(f"AT+{tail}") == ERROR


def test_an_idle_module_on_lte_lists_its_data_bearer(bench):
    assert bench.ask("AT+CLCC") == f'\r\n+CLCC: 1,0,0,1,0,"",128\r\n{OK}'
    bench.module.world.change("coverage", value=False)
    bench.wait(1)
    bench.take()
    assert bench.ask("AT+CLCC") == OK


@pytest.mark.parametrize(
    ("command", "read"),
    [("CLIP=1", "+CLIP: 1,1"), ("CLIR=2", "+CLIR: 2,4"), ("COLP=1", "+COLP: 1,0")],
)
def test_services_are_set_and_read(bench, command, read):
    assert bench.ask(f"AT+{command};+{command.partition('=')[0]}?") == f"\r\n{read}\r\n{OK}"


def test_service_codes_are_answered_by_the_network_or_not_at_all(bench):
    assert bench.ask('AT+CUSD=1,"*100#",15') == f"{OK}\r\n+CUSD: 4\r\n"
    assert bench.ask('AT+CUSD=0,"*100#",15') == OK
    bench.ask("AT+CUSD=1")
    bench.send(b"AT&FE0\r")
    assert bench.ask("AT+CUSD?") == f"\r\n+CUSD: 0\r\n{OK}"
    bench.module.world.change("coverage", value=False)
    bench.wait(1)
    bench.take()
    assert bench.ask('AT+CUSD=1,"*100#"') == cme(30)


def test_indicators_follow_the_world(bench):
    assert bench.ask("AT+CIND?") == f"\r\n+CIND: 2,4,1,0,0,0,1,0\r\n{OK}"
    bench.module.world.change("coverage", value=False)
    bench.module.world.change("supply_mv", 4300)
    bench.wait(1)
    bench.take()
    assert bench.ask("AT+CIND?") == f"\r\n+CIND: 5,0,0,0,0,0,0,0\r\n{OK}"


def test_example_of_call_forwarding(bench):
    assert bench.ask("AT+CCFC=0,2") == f"\r\n+CCFC: 0,255\r\n{OK}"
    assert bench.ask('AT+CCFC=0,3,"+8615021012496"') == OK
    assert bench.ask("AT+CCFC=0,2") == f'\r\n+CCFC: 1,1,"+8615021012496",145,,,\r\n{OK}'
    assert bench.ask("AT+CCFC=4,4") == OK
    assert bench.ask("AT+CCFC=0,2") == f"\r\n+CCFC: 0,255\r\n{OK}"
    assert bench.ask("AT+CCFC=1,1") == cme(3)
    assert bench.ask("AT+CCFC=1,3") == cme(27)


def test_there_is_no_call_to_hold(bench):
    assert bench.ask("AT+CHLD=1") == cme(3)
    assert bench.ask("AT+CHLD=28") == ERROR
