# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Supply, PWRKEY, RESET_N, STATUS, USB and the order of the boot lines, in virtual time."""

from __future__ import annotations

import re

import pytest

from dfota.modem import CutPhase, Power, PowerCut, Speed

BOOT = ["RDY", "+CFUN: 1", "APP RDY", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"]
CONTINUED = '+QIND: "FOTA","Last upgrade was not finished,continue upgrade"'


def lines(data: bytes) -> list[str]:
    return re.findall(r"\r\n([^\r\n]+)\r\n", data.decode())


def test_the_pins_move_in_the_order_of_the_hardware_design(make_bench):
    bench = make_bench("reenumerates=true")
    pins, moves = bench.module.pins, []
    pins.on_link_change(lambda name, is_there: moves.append((name, is_there, bench.now)))
    bench.module.power_on()
    bench.wait(4.1)
    assert (pins.has_usb, pins.status, moves) == (False, False, [])
    bench.wait(0.2)
    assert (pins.has_usb, pins.status) == (True, False)
    assert moves == [("usbat", True, pytest.approx(4.2))]
    bench.wait(0.55)
    assert pins.status
    assert bench.take() == b""
    bench.wait(0.1)
    assert lines(bench.take()) == ["RDY"]
    bench.wait(10)
    bench.take()
    bench.module.restart()
    assert (pins.has_usb, pins.status) == (False, False)
    assert moves[1][:2] == ("usbat", False)


def test_a_uart_and_an_ordinary_usb_port_never_vanish(make_bench):
    moves = []
    for settings, ports in ((("reenumerates=true",), ("uart1",)), ((), ("usbat",))):
        bench = make_bench(*settings, port_names=ports)
        bench.module.pins.on_link_change(lambda *move: moves.append(move))
        bench.module.power_on()
        bench.run()
        bench.module.restart()
        bench.run()
    assert moves == []
    assert bench.module.pins.has_usb


@pytest.mark.parametrize(("duration_s", "starts"), [(0.499, False), (0.5, True), (3.0, True)])
def test_pwrkey_starts_a_module_that_has_supply(make_bench, duration_s, starts):
    bench = make_bench("starts_with_supply=false")
    assert not bench.module.pins.press_pwrkey(1.0)
    bench.module.power_on()
    bench.run()
    assert bench.module.power is Power.OFF
    assert bench.take() == b""
    assert bench.module.pins.press_pwrkey(duration_s) == starts
    bench.run()
    assert lines(bench.take()) == (BOOT if starts else [])


@pytest.mark.parametrize(("duration_s", "stops"), [(0.5, False), (0.649, False), (0.65, True)])
def test_pwrkey_switches_a_module_off_in_order(bench, duration_s, stops):
    before = bench.now
    assert bench.module.pins.press_pwrkey(duration_s) == stops
    bench.run()
    assert lines(bench.take()) == (["POWERED DOWN"] if stops else [])
    assert bench.module.is_off == stops
    if stops:
        assert bench.now - before == pytest.approx(2.0)
        assert not bench.module.pins.status
        assert bench.module.pins.has_supply
        assert bench.module.pins.press_pwrkey(0.5)
        bench.run()
        assert lines(bench.take()) == BOOT


def test_qpowd_answers_at_once_and_powers_down_later(bench):
    assert bench.ask("AT+QPOWD") == "\r\nOK\r\n"
    bench.wait(1.9)
    assert bench.take() == b""
    bench.wait(0.2)
    assert lines(bench.take()) == ["POWERED DOWN"]
    assert bench.send(b"AT\r") == b""


@pytest.mark.parametrize(
    ("duration_s", "restarts"),
    [(0.149, False), (0.15, True), (0.46, True), (0.461, False), (2.0, False)],
)
def test_reset_n_takes_a_pulse_of_the_right_length_only(bench, duration_s, restarts):
    assert bench.module.pins.pulse_reset(duration_s) == restarts
    bench.run()
    assert lines(bench.take()) == (BOOT if restarts else [])


def test_reset_n_does_nothing_to_a_module_that_is_off(bench):
    bench.module.cut_power()
    assert not bench.module.pins.pulse_reset(0.2)
    assert not bench.module.pins.press_pwrkey(1.0)
    bench.module.power_on()
    bench.run()
    assert lines(bench.take()) == BOOT


@pytest.mark.parametrize("stage", ["UPDATING", "RESTORE"])
def test_keys_while_it_installs(make_bench, package, stage):
    bench = make_bench().boot().quiet()
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r")
    bench.run(until=lambda: f'"{stage}", 5'.encode() in b"".join(d for _, d in bench.writes))
    assert not bench.module.pins.press_pwrkey(1.0)
    bench.take()
    assert bench.module.pins.pulse_reset(0.2)
    bench.run()
    printed = lines(bench.take())
    assert printed == BOOT if stage == "UPDATING" else printed[0] == CONTINUED
    revision = bench.module.firmware.revision.text
    assert revision.endswith("01.019") == (stage == "RESTORE")


def test_cfun_1_1_restarts_after_the_ok(bench):
    assert bench.ask("AT+CFUN=1,1") == "\r\nOK\r\n"
    bench.run()
    assert lines(bench.take()) == BOOT


@pytest.mark.parametrize(
    ("order", "printed"),
    [
        ("rdy,cpin,qusim,cfun,sms-done,pb-done", [0, 3, 4, 1, 5, "+QIND: PB DONE"]),
        ("rdy,cfun,cpin", [0, 1, 3]),
    ],
)
def test_the_order_of_the_boot_lines_is_a_setting(make_bench, order, printed):
    bench = make_bench(f"boot_lines={order}")
    bench.module.power_on()
    bench.run()
    assert lines(bench.take()) == [
        BOOT[entry] if isinstance(entry, int) else entry for entry in printed
    ]


def test_without_a_sim_its_lines_are_missing(make_bench):
    bench = make_bench("sim_inserted=false")
    bench.module.power_on()
    bench.run()
    assert not {"+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"} & set(lines(bench.take()))


def test_the_revision_is_incomplete_until_the_application_is_ready(make_bench):
    bench = make_bench("application_ready_s=10")
    bench.module.power_on()
    bench.run(until=lambda: bench.module.power is Power.RUNNING)
    bench.quiet()
    assert "BG96MAR02A07M1G_01.018.00.000" in bench.ask("AT+QGMR")
    bench.wait(10)
    bench.take()
    assert "BG96MAR02A07M1G_01.018.01.018" in bench.ask("AT+QGMR")


def test_a_unit_without_calibration_shows_two_lines_and_has_no_imei(make_bench):
    bench = make_bench("calibration_lost=true")
    bench.module.power_on()
    bench.run()
    assert lines(bench.take()) == ["RDY", "APP RDY"]
    bench.quiet()
    assert bench.ask("AT+CGSN") == "\r\n+CME ERROR: 23\r\n"
    assert bench.ask("AT+CFUN=1") == "\r\n+CME ERROR: 0\r\n"
    assert not bench.module.radio.is_registered


@pytest.mark.parametrize("percent", [50, 99])
@pytest.mark.parametrize("layout", ["backup", "scrub", "in-place"])
def test_updating_can_go_on_after_a_cut(make_bench, package, percent, layout):
    bench = make_bench("resume_updating=true", f"flash_layout={layout}").boot().quiet()
    bench.put_package(package)
    bench.module.arm_power_cut(PowerCut(CutPhase.UPDATING, percent))
    bench.send(b"AT+QFOTADL=1\r")
    bench.run()
    printed = lines(bench.take())
    again = printed[printed.index(CONTINUED) :]
    assert again[1] == '+QIND: "FOTA","START"'
    first = int(re.search(r"(\d+)%", again[2])[1])
    assert first <= percent + 1
    updating = [f'+QIND: "FOTA","UPDATING",{number}%' for number in range(first, 101)]
    assert again[2 : 2 + len(updating)] == updating
    assert again[-7:] == ['+QIND: "FOTA","END",0', *BOOT]
    assert ("RESTORE" in "".join(printed)) == (layout != "in-place")
    assert bench.module.firmware.revision.text.endswith("01.019")
    assert not bench.state.files.has("EUFS:/fota/update.zip")


def test_before_the_first_checkpoint_the_old_firmware_boots(make_bench, package):
    bench = make_bench("resume_updating=true").boot().quiet()
    bench.put_package(package)
    bench.module.arm_power_cut(PowerCut(CutPhase.UPDATING, 1))
    bench.send(b"AT+QFOTADL=1\r")
    bench.run()
    assert lines(bench.take())[-6:] == BOOT
    assert bench.module.firmware.revision.text.endswith("01.018")


def test_an_update_in_place_whose_package_is_gone_cannot_boot(make_bench, package):
    bench = make_bench("flash_layout=in-place").boot().quiet()
    bench.put_package(package)
    bench.module.arm_power_cut(PowerCut(CutPhase.UPDATING, 80))
    bench.send(b"AT+QFOTADL=1\r")
    bench.run(until=lambda: bench.module.last_cut is not None)
    bench.module.drop_package()
    bench.take()
    bench.run()
    assert bench.module.power is Power.DAMAGED
    assert bench.take() == b""
    assert "is gone" in bench.notes[-1]


def test_a_host_has_real_time_for_a_port_that_vanishes_at_any_speed(make_bench):
    patient = make_bench("reenumerates=true", speed=Speed(None))
    patient.module.power_on()
    patient.run()
    assert lines(patient.take()) == BOOT
    assert patient.now == pytest.approx(0.7)
    patient.module.restart_later()
    patient.run()
    assert patient.now == pytest.approx(0.7 + 0.2 + 0.7)
    hasty = make_bench(speed=Speed(None))
    hasty.module.power_on()
    hasty.run()
    assert (lines(hasty.take()), hasty.now) == (BOOT, 0.0)
