# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Sessions that the AT manual V2.3 prints, and what stands around them in its text."""

from __future__ import annotations

import pytest

OK = "\r\nOK\r\n"


def answer(*lines: str) -> str:
    return "\r\n" + "".join(f"{line}\r\n" for line in lines) + OK


def urcs(bench) -> str:
    bench.wait(5)
    return bench.take().decode()


@pytest.mark.parametrize(
    "session",
    [
        # 2.24
        (("AT+CSCS=?", '+CSCS: ("GSM","IRA","UCS2")'), ("AT+CSCS?", '+CSCS: "GSM"'),
         ('AT+CSCS="UCS2"', ""), ("AT+CSCS?", '+CSCS: "UCS2"')),
        # 2.25
        (("AT+QURCCFG=?", '+QURCCFG: "urcport",("usbat","usbmodem","uart1")'),
         ('AT+QURCCFG="urcport","usbmodem"', ""),
         ('AT+QURCCFG="urcport"', '+QURCCFG: "urcport","usbmodem"')),
        # 3.3, 3.4, 3.5
        (("AT+IFC=?", "+IFC: (0,2),(0,2)"), ("AT+IFC=2,2", ""), ("AT+IFC?", "+IFC: 2,2")),
        (("AT+ICF=?", "+ICF: (3),(0-3)"), ("AT+ICF=3", ""), ("AT+ICF=3,1", ""),
         ("AT+ICF?", "+ICF: 3,1"), ("AT+ICF=,2", ""), ("AT+ICF?", "+ICF: 3,2")),
        (("AT+IPR=115200;&W", ""), ("AT+IPR?", "+IPR: 115200"), ("AT+IPR=4000000", ""),
         ("AT+IPR?", "+IPR: 4000000")),
        # 4.1
        (("AT+CPAS=?", "+CPAS: (0,3,4)"), ("AT+CPAS", "+CPAS: 0")),
        # 6.7, 6.15
        (("AT+CTZU?", "+CTZU: 0"), ("AT+CTZU=?", "+CTZU: (0,1)"), ("AT+CTZU=1", ""),
         ("AT+CTZU?", "+CTZU: 1")),
        (("AT+CTZR=?", "+CTZR: (0-2)"), ("AT+CTZR=2", ""), ("AT+CTZR?", "+CTZR: 2")),
        # 6.8: the timers that are not given stay
        (("AT+CPSMS?", "+CPSMS: 0,,,,"), ('AT+CPSMS=1,,,"00000100","00001111"', ""),
         ("AT+CPSMS?", '+CPSMS: 1,,,"00000100","00001111"'), ("AT+CPSMS=0", ""),
         ("AT+CPSMS?", '+CPSMS: 0,,,"00000100","00001111"'), ("AT+CPSMS=", ""),
         ("AT+CPSMS?", "+CPSMS: 0,,,,")),
        # 6.9: 40 minutes and 30 seconds
        (('AT+QPSMS=1,,,"00000100","00001111"', ""), ("AT+QPSMS?", '+QPSMS: 1,,,"2400","30"')),
        # 6.13, 6.14
        (("AT+CEDRXS=?", '+CEDRXS: (0-3),(4,5),("0000"-"1111")'), ('AT+CEDRXS=1,5,"0000"', ""),
         ("AT+CEDRXS?", '+CEDRXS: 5,"0000"'), ("AT+CEDRXRDP", "+CEDRXRDP: 0"),
         ("AT+CEDRXS=1,4", ""), ("AT+CEDRXS?", '+CEDRXS: 4,"0010"|+CEDRXS: 5,"0000"'),
         ("AT+CEDRXRDP", '+CEDRXRDP: 4,"0010","0010","0011"'), ("AT+CEDRXS=0", ""),
         ("AT+CEDRXS?", ""), ("AT+CEDRXRDP", "+CEDRXRDP: 0"), ("AT+CEDRXS=1,4", ""),
         ("AT+CEDRXS=3", ""), ("AT+CEDRXS=1,4", ""), ("AT+CEDRXS?", '+CEDRXS: 4,"0010"')),
        # 11.4 to 11.6
        (("AT+QADC=?", "+QADC: (0,1)"), ("AT+QADC=1", "+QADC: 1,0")),
        (("AT+QSCLK=?", "+QSCLK: (0,1)"), ("AT+QSCLK=1", ""), ("AT+QSCLK?", "+QSCLK: 1")),
        (("AT+QTEMP", "+QTEMP: 30,30,30"),),
    ],
    ids=lambda session: session[0][0],
)  # fmt: skip
def test_a_session_of_the_manual(bench, session) -> None:
    for command, line in session:
        assert bench.ask(command) == (answer(*line.split("|")) if line else OK), command


def test_the_errors_of_the_manual_s_example(bench) -> None:
    bench.module.world.change("sim", "none")
    assert bench.ask("AT+CMEE=0") == OK
    assert bench.ask("AT+CPIN?") == "\r\nERROR\r\n"
    assert bench.ask("AT+CMEE=1") == OK
    assert bench.ask("AT+CPIN?") == "\r\n+CME ERROR: 10\r\n"
    assert bench.ask("AT+CMEE=2") == OK
    assert bench.ask("AT+CPIN?") == "\r\n+CME ERROR: SIM not inserted\r\n"


def test_what_the_manual_shows_of_settings(bench) -> None:
    assert bench.ask("ATE1;&V") == answer(
        *("&C: 1", "&D: 1", "&F: 0", "&W: 0", "E: 1", "Q: 0", "V: 1", "X: 4", "Z: 0", "S0: 0"),
        *("S3: 13", "S4: 10", "S5: 8", "S6: 2", "S7: 0", "S8: 2", "S10: 15"),
    )  # &D is 1 as in table 16, not 2 as in table 2


def test_the_world_is_measured(bench) -> None:
    for fact, value in (("adc1_mv", 1200), ("temperature", -20), ("supply_mv", 3300)):
        bench.module.world.change(fact, value)
    assert bench.ask("AT+QADC=1") == answer("+QADC: 1,1200")
    assert bench.ask("AT+QTEMP") == answer("+QTEMP: -20,-20,-20")
    assert bench.ask("AT+CBC") == answer("+CBC: 0,0,3300")


def test_edrx_is_told_where_that_is_wanted(bench) -> None:
    assert (
        bench.ask('AT+CEDRXS=2,4,"0101"') + urcs(bench)
        == OK + '\r\n+CEDRXP: 4,"0101","0101","0011"\r\n'
    )


def test_power_saving_is_granted_only_in_a_network(bench) -> None:
    bench.ask('AT+CPSMS=1,,,"00000100","00001111"')
    bench.ask("AT+COPS=2")
    assert bench.ask("AT+QPSMS?") == answer("+QPSMS: 1,,,,")


def test_the_master_switch_hides_the_lines_of_the_upgrade_too(bench, package) -> None:
    assert bench.ask('AT+QINDCFG="all",0') == OK
    bench.put_package(package)
    assert bench.ask("AT+QFOTADL=1") == OK
    bench.run(until=lambda: bench.module.power.value == "booting")
    assert bench.take() == b""
    bench.wait(60)
    assert b"\r\nRDY\r\n" in bench.take()  # it was not kept


def test_a_master_switch_that_is_kept_hides_even_the_boot(bench) -> None:
    assert bench.ask('AT+QINDCFG="all",0,1') == OK
    bench.ask("AT+CFUN=1,1")
    bench.wait(60)
    assert bench.take() == b""
    bench.quiet()
    assert bench.ask('AT+QINDCFG="all",1,1') == OK


def test_a_change_of_the_signal_is_told_where_that_is_wanted(bench) -> None:
    bench.module.world.change("rssi", 20)
    assert urcs(bench) == ""
    bench.ask('AT+QINDCFG="csq",1')
    bench.module.world.change("rssi", 12)
    assert urcs(bench) == '\r\n+QIND: "csq",12,99\r\n'


def test_the_test_form_of_the_indications(bench) -> None:
    types = ("all", "csq", "smsfull", "ring", "smsincoming")
    assert bench.ask("AT+QINDCFG=?") == answer(
        *(f'+QINDCFG: "{urctype}",(0,1),(0,1)' for urctype in types)
    )


@pytest.mark.parametrize(
    ("setting", "line"),
    [("BG96MAR02A07M1G_01.018.01.018", "01.018"), ("short", "00.000")],
)
def test_the_application_has_a_version_of_its_own(make_bench, setting, line) -> None:
    bench = make_bench(*(["short_qgmr=true"] if setting == "short" else [])).boot().quiet()
    assert bench.ask("AT+QAPPVER") == answer(line)


def test_the_functionality_takes_its_time_and_restarts_only_when_full(bench) -> None:
    assert bench.ask("AT+CFUN=0,1") == "\r\n+CME ERROR: 3\r\n"
    assert bench.ask("AT+CFUN=4") == ""
    started_at = bench.now
    bench.run(until=lambda: bool(bench.writes), limit_s=15)
    assert bench.now - started_at <= 15
    assert bench.take().startswith(b"\r\nOK\r\n")
