# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The flash scrub: application note V1.1, and its interplay with upgrades."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dfota.flash import CutMode, Fault, FaultKind
from dfota.modem import CutPhase, PowerCut, Speed

SCRUBBED = ['+QSCRUB: "START"', '+QSCRUB: "END",0']
BOOT = ["RDY", "+CFUN: 1", "APP RDY", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"]
WEEK_S = 7 * 86_400


def lines(data: bytes) -> list[str]:
    return re.findall(r"\r\n([^\r\n]+)\r\n", data.decode())


@pytest.fixture
def bench(make_bench):
    return make_bench("flash_layout=scrub").boot().quiet()


def direction(bench) -> str:
    return bench.ask('AT+QSCRUBCFG="scrubdirection"').split()[1]


def scrub(bench) -> list[str]:
    assert bench.ask("AT+QSCRUB=1") == "\r\nOK\r\n"
    bench.run()
    return lines(bench.take())


def test_a_scrub_prints_start_and_end_and_turns_the_direction(bench, lab):
    assert direction(bench) == '"scrubdirection",1'
    assert scrub(bench) == SCRUBBED
    assert direction(bench) == '"scrubdirection",0'
    assert scrub(bench) == SCRUBBED
    assert direction(bench) == '"scrubdirection",1'
    for partition in lab.old.partitions:
        assert bench.module.engine.read_partition(partition.name) == partition.data


def test_the_state_can_be_read_at_any_time(bench):
    assert bench.ask("AT+QSCRUB?") == "\r\n+QSCRUB: 0\r\n\r\nOK\r\n"
    bench.ask("AT+QSCRUB=1")
    bench.wait(0.01)
    assert bench.ask("AT+QSCRUB?").endswith("+QSCRUB: 1\r\n\r\nOK\r\n")
    assert bench.ask("AT+QSCRUB=1") == "\r\n+CME ERROR: 441\r\n"
    bench.run()
    bench.take()
    assert bench.ask("AT+QSCRUB?") == "\r\n+QSCRUB: 0\r\n\r\nOK\r\n"


def test_a_module_without_a_scrub_partition_says_so(make_bench):
    bench = make_bench().boot().quiet()
    assert bench.ask("AT+QSCRUB?") == "\r\n+QSCRUB: 2\r\n\r\nOK\r\n"
    assert bench.ask("AT+QSCRUB=1") == "\r\n+CME ERROR: 440\r\n"
    assert bench.ask('AT+QSCRUBCFG="scrubdirection"') == "\r\n+CME ERROR: 440\r\n"


@pytest.mark.parametrize(
    "line",
    ["+QSCRUB=0", "+QSCRUB=2", '+QSCRUBCFG="scrubtime",15', '+QSCRUBCFG="scrubtime",481'],
)
def test_a_wrong_parameter_is_323(bench, line):
    assert bench.ask(f"AT{line}") == "\r\n+CME ERROR: 323\r\n"


def test_the_commands_are_unknown_where_the_firmware_is_older(make_bench):
    bench = make_bench("scrub_command=false").boot().quiet()
    assert bench.ask("AT+QSCRUB?") == "\r\nERROR\r\n"
    assert bench.ask("AT+QSCRUBCFG=?") == "\r\nERROR\r\n"


def test_the_test_form_lists_the_settings(bench):
    assert bench.ask("AT+QSCRUBCFG=?") == (
        '\r\n+QSCRUBCFG: "scrubtime",<time>\r\n+QSCRUBCFG: "scrubdirection"\r\n\r\nOK\r\n'
    )


def test_no_scrub_while_an_upgrade_runs(bench, package):
    bench.ask('AT+QFOTADL="http://h/a"')
    bench.run()
    bench.take()
    assert bench.ask("AT+QSCRUB=1") == "\r\n+CME ERROR: 442\r\n"


def test_no_upgrade_while_a_scrub_runs(bench, package):
    bench.put_package(package)
    bench.ask("AT+QSCRUB=1")
    bench.wait(0.01)
    assert bench.ask("AT+QFOTADL=1").endswith("\r\nERROR\r\n")
    bench.run()
    bench.take()
    assert bench.ask("AT+QFOTADL=1") == "\r\nOK\r\n"


@pytest.mark.parametrize("remote", [False, True])
def test_an_upgrade_scrubs_first_where_the_direction_is_reverse(bench, package, remote):
    scrub(bench)
    if remote:
        bench.ask('AT+QFOTADL="http://h/a"')
        bench.run()
        bench.network.deliver(package)
    else:
        bench.put_package(package)
        bench.ask("AT+QFOTADL=1")
    bench.run()
    printed = lines(bench.take())
    assert printed[:2] == SCRUBBED
    assert printed[2].endswith('"HTTPSTART"' if remote else '"START"')
    assert printed[-7:] == ['+QIND: "FOTA","END",0', *BOOT]
    bench.quiet()
    assert direction(bench) == '"scrubdirection",1'
    assert "_01.019.01.019" in bench.ask("AT+QGMR")


@pytest.mark.parametrize("percent", [1, 50, 93, 99])
@pytest.mark.parametrize("mode", list(CutMode))
def test_a_cut_in_a_scrub_harms_nothing_and_the_next_scrub_goes_on(bench, lab, mode, percent):
    bench.module.arm_power_cut(PowerCut(CutPhase.SCRUB, percent, mode))
    bench.ask("AT+QSCRUB=1")
    bench.run()
    assert lines(bench.take())[-6:] == BOOT
    report = bench.module.last_cut
    assert report.phase == "scrub"
    assert report.percent == percent
    bench.quiet()
    assert scrub(bench) == SCRUBBED
    assert direction(bench) == '"scrubdirection",0'
    for partition in lab.old.partitions:
        assert bench.module.engine.read_partition(partition.name) == partition.data


def test_a_flash_that_fails_ends_the_scrub_with_a_code(bench, lab):
    first = bench.state.flash.operations + 5
    bench.state.flash.inject(*(Fault(first + attempt, FaultKind.FAIL) for attempt in range(3)))
    assert scrub(bench) == ['+QSCRUB: "START"', '+QSCRUB: "END",-3']
    assert bench.module.engine.read_partition("qdsp") == lab.old.partitions[0].data


def test_scrubs_come_by_the_clock_from_the_next_start_on(bench):
    assert '"scrubtime",17' in bench.ask('AT+QSCRUBCFG="scrubtime"')
    assert bench.ask('AT+QSCRUBCFG="scrubtime",16') == "\r\nOK\r\n"
    bench.ask("AT+CFUN=1,1")
    bench.wait(15 * WEEK_S)
    assert "QSCRUB" not in bench.take().decode()
    bench.wait(2 * WEEK_S)
    assert [line for line in lines(bench.take()) if "QSCRUB" in line] == SCRUBBED


def test_the_default_of_17_weeks_is_124_days(bench):
    bench.wait(123.9 * 86_400)
    assert "QSCRUB" not in bench.take().decode()
    bench.wait(0.2 * 86_400)
    assert "QSCRUB" in bench.take().decode()


def test_no_week_passes_at_the_greatest_speed(make_bench):
    bench = make_bench("flash_layout=scrub", speed=Speed(None)).boot().quiet()
    bench.run(limit_s=10)
    assert "QSCRUB" not in bench.take().decode()
    assert bench.module.next_deadline() is None


@pytest.mark.parametrize("percent", [41, 45, 52])
def test_a_cut_comes_before_the_next_percent_however_few_operations_there_are(
    make_bench, lab, percent
):
    tiny = replace(lab.old, partitions=lab.old.partitions[1:])  # ten pages, a hundred percents
    bench = make_bench("flash_layout=scrub", firmware=tiny).boot().quiet()
    bench.module.arm_power_cut(PowerCut(CutPhase.SCRUB, percent))
    bench.ask("AT+QSCRUB=1")
    bench.run()
    assert bench.module.last_cut.percent == percent
