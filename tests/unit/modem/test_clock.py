# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The clock: virtual time, told by the network, lost with the supply."""

from __future__ import annotations

import pytest

from dfota.modem.clock import parse_time


def answer(line: str) -> str:
    return f"\r\n{line}\r\n\r\nOK\r\n"


def test_the_clock_starts_with_the_supply_and_runs(bench):
    before = bench.ask("AT+CCLK?")
    assert before == answer('+CCLK: "80/01/06,00:00:08+00"')
    bench.wait(3600)
    assert bench.ask("AT+CCLK?") == answer('+CCLK: "80/01/06,01:00:08+00"')


def test_a_time_that_is_set_goes_on_over_a_restart_but_not_without_supply(bench):
    assert bench.ask('AT+CCLK="31/12/31,23:59:50+08"') == "\r\nOK\r\n"
    bench.wait(20)
    assert bench.ask("AT+CCLK?") == answer('+CCLK: "32/01/01,00:00:10+08"')
    bench.ask("AT+CFUN=1,1")
    bench.wait(60)
    bench.quiet()
    bench.take()
    assert bench.ask("AT+CCLK?") == answer('+CCLK: "32/01/01,00:01:10+08"')
    bench.module.cut_power()
    bench.module.power_on()
    bench.wait(60)
    bench.quiet()
    bench.take()
    assert bench.ask("AT+CCLK?") == answer('+CCLK: "80/01/06,00:01:00+00"')


@pytest.mark.parametrize(
    "time",
    [
        "",
        "26/02/30,00:00:00+00",
        "26/01/01,24:00:00+00",
        "26/01/01,00:00:60+00",
        "26/01/01,00:00:00+57",
        "26/01/01,00:00:00-49",
        "2026/01/01,00:00:00",
        "26-01-01,00:00:00+00",
    ],
)
def test_a_time_that_does_not_exist_is_refused(bench, time):
    before = bench.ask("AT+CCLK?")
    assert bench.ask(f'AT+CCLK="{time}"') == "\r\nERROR\r\n"
    assert bench.ask("AT+CCLK?") == before


def test_without_zone_the_zone_stays(bench):
    bench.ask('AT+CCLK="26/01/01,00:00:00-12"')
    bench.ask('AT+CCLK="27/02/03,04:05:06"')
    assert bench.ask("AT+CCLK?") == answer('+CCLK: "27/02/03,04:05:06-12"')


def test_the_ends_of_the_calendar_are_read_back():
    for text in ("80/01/06,00:00:00-48", "79/12/31,23:59:59+56", "00/02/29,12:00:00+00"):
        assert str(parse_time(text)) == text


def test_the_network_sets_the_clock_where_that_is_wanted(make_bench):
    bench = make_bench()
    bench.module.world.change("network_time", "26/06/01,12:00:00+40")
    bench.boot().quiet()
    assert bench.ask("AT+CCLK?").startswith('\r\n+CCLK: "80/')
    assert bench.ask("AT+QLTS").startswith('\r\n+QLTS: "2026/06/01,02:00:0')
    bench.ask("AT+CTZU=1;+CTZR=2;+CFUN=4")
    bench.wait(20)
    bench.take()
    bench.ask("AT+CFUN=1")
    bench.run(until=lambda: bench.module.radio.is_registered)
    bench.wait(5)
    assert b'\r\n+CTZE: "+40",0,"2026/06/01,12:00:' in bench.take()
    assert bench.ask("AT+CCLK?").startswith('\r\n+CCLK: "26/06/01,12:00:')


def test_a_zone_that_stays_is_not_reported_and_one_that_moves_is(make_bench):
    bench = make_bench()
    bench.boot().quiet()
    bench.ask("AT+CTZU=1;+CTZR=1")

    def register_again() -> bytes:
        bench.ask("AT+COPS=2")
        bench.wait(5)
        bench.ask("AT+COPS=0")
        bench.wait(20)
        return bench.take()

    assert b"CTZ" not in register_again()
    bench.module.world.change("network_time", "26/06/01,12:00:00-08")
    assert b'\r\n+CTZV: "-08"\r\n' in register_again()
    assert b"CTZ" not in register_again()


def test_the_three_times_of_the_network(make_bench):
    bench = make_bench()
    bench.module.world.change("network_time", "17/01/13,11:40:48+32")
    bench.boot().quiet()
    told = bench.ask("AT+QLTS")
    bench.wait(60)
    assert bench.ask("AT+QLTS=0") == told
    assert told == answer('+QLTS: "2017/01/13,03:40:56+32,0"')
    assert bench.ask("AT+QLTS=1") == answer('+QLTS: "2017/01/13,03:41:56+32,0"')
    assert bench.ask("AT+QLTS=2") == answer('+QLTS: "2017/01/13,11:41:56+32,0"')


def test_a_network_that_tells_nothing(make_bench):
    bench = make_bench()
    bench.module.world.change("network_time", "")
    bench.boot().quiet()
    assert bench.ask("AT+QLTS") == answer('+QLTS: ""')
