# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""URCs that wait for the host's pin, or for the end of the ring indicator's pulse."""

from __future__ import annotations

import pytest


@pytest.fixture
def bench(make_bench):
    return make_bench("urc_interval_ms=0").boot().quiet()


def lines(bench) -> list[str]:
    return [line for line in bench.take().decode().split("\r\n") if line]


def level(bench, *, is_high: bool) -> None:
    bench.module.set_time(bench.now)
    bench.module.world.change("ap_ready", is_high)


@pytest.mark.parametrize("valid", [0, 1])
def test_urcs_wait_for_the_valid_level_of_the_pin(bench, valid):
    bench.ask(f'AT+QCFG="apready",1,{valid},300;+CREG=1')
    level(bench, is_high=not valid)
    bench.take()
    bench.ask("AT+COPS=2")
    bench.wait(5)
    assert lines(bench) == []
    assert bench.ask("AT") == "\r\nOK\r\n"  # answers do not wait
    level(bench, is_high=bool(valid))
    bench.wait(0.29)
    assert lines(bench) == []
    bench.wait(0.1)
    assert lines(bench) == ["+CREG: 0"]


def test_of_more_than_fifteen_the_oldest_are_lost(bench):
    bench.ask('AT+QCFG="apready",1,0')
    for number in range(17):
        bench.module.report(f"+TEST: {number}")
    level(bench, is_high=False)
    bench.wait(30)
    assert lines(bench) == [f"+TEST: {number}" for number in range(2, 17)]


def test_a_host_that_forgot_the_pin_does_not_see_the_upgrade(make_bench):
    """Facts 41: AP_READY wired and low: HTTPSTART and HTTPEND are held back."""
    bench = make_bench().boot().quiet()
    bench.ask('AT+QCFG="apready",1,1')
    level(bench, is_high=False)
    bench.ask('AT+QFOTADL="http://host/x"')
    bench.wait(1000)
    assert lines(bench) == []
    level(bench, is_high=True)
    bench.wait(5)
    assert lines(bench) == ['+QIND: "FOTA","HTTPSTART"', '+QIND: "FOTA","HTTPEND",702']


def test_urcs_can_come_when_the_pulse_ends(bench):
    bench.ask('AT+QCFG="urc/delay",1')
    bench.module.set_time(bench.now)
    bench.module.report("+TEST: 1")
    bench.wait(0.11)
    assert lines(bench) == []
    bench.wait(0.02)
    assert lines(bench) == ["+TEST: 1"]
    bench.ask('AT+QCFG="urc/ri/other","pulse",500')
    bench.module.set_time(bench.now)
    bench.module.report("+TEST: 2")
    bench.wait(0.4)
    assert lines(bench) == []
    bench.wait(0.2)
    assert lines(bench) == ["+TEST: 2"]
    bench.ask('AT+QCFG="urc/ri/other","off"')
    bench.module.report("+TEST: 3")
    assert lines(bench) == ["+TEST: 3"]


def test_powered_down_does_not_wait(bench):
    bench.ask('AT+QCFG="apready",1,0;+QCFG="urc/delay",1')
    bench.ask("AT+QPOWD")
    bench.wait(70)
    assert lines(bench) == ["POWERED DOWN"]
