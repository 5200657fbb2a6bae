# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The wires beside the data: DTR, DCD, RI, the UART's speed, ports that vanish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.modem import HostLines, ModuleLines
from dfota.modem.uart import heard

UNATTENDED = HostLines(dtr=False, rts=False)


def test_the_lines_are_those_of_a_module_that_runs(make_bench):
    bench = make_bench()
    lines = bench.module.lines["usbat"]
    assert lines.module == ModuleLines()
    bench.boot()
    bench.wait(1.0)
    assert lines.module == ModuleLines(dsr=True, cts=True)
    bench.module.cut_power()
    assert lines.module == ModuleLines()


def test_dcd_is_a_matter_of_and_c(bench):
    bench.wait(1.0)
    lines = bench.module.lines["usbat"]
    bench.ask("AT&C0")
    assert lines.module.dcd
    bench.ask("AT&C1")
    assert not lines.module.dcd


def test_a_urc_pulls_ri_for_120_ms_on_its_port(make_bench):
    bench = make_bench(port_names=("usbat", "uart1")).boot()
    bench.wait(1.0)
    seen = []
    for name, lines in bench.module.lines.items():
        lines.on_change = lambda shown, name=name: seen.append(
            (name, shown.ri, bench.module.timeline.virtual_now)
        )
    bench.module.set_time(bench.now)
    at_s = bench.module.timeline.virtual_now
    bench.module.report("+QIND: TEST")
    bench.wait(1.0)
    assert [(name, ri) for name, ri, _ in seen] == [("usbat", True), ("usbat", False)]
    assert seen[1][2] - at_s == pytest.approx(0.12)


@pytest.mark.parametrize(("mode", "leaves"), [(0, False), (1, True), (2, True)])
def test_a_drop_of_dtr_leaves_a_data_mode_as_and_d_says(bench, mode, leaves):
    bench.ask(f"AT&D{mode}")
    bench.send(b'AT+QFUPL="file",10,60\r\n')
    bench.run(until=lambda: b"CONNECT" in b"".join(data for _, data in bench.writes), limit_s=1)
    bench.send(b"12345")
    bench.module.change_lines("usbat", UNATTENDED, bench.now)
    assert (b"OK" in bench.take()) is leaves
    bench.module.change_lines("usbat", HostLines(), bench.now)
    answer = bench.send(b"AT\r\n12345")
    assert (answer.strip() == b"OK") is leaves


def test_dtr_means_nothing_in_command_mode(bench):
    bench.send(b"AT+CS")
    bench.module.change_lines("usbat", UNATTENDED, bench.now)
    bench.module.change_lines("usbat", HostLines(), bench.now)
    assert bench.send(b"Q\r").startswith(b"\r\n+CSQ: ")


# -- speed ---------------------------------------------------------------------------------


def at_speed(bench, baud):
    bench.module.change_lines("uart1", HostLines(baud=baud), bench.now)


def test_the_uart_understands_only_its_own_speed(make_bench):
    bench = make_bench(port_names=("uart1",)).boot()
    bench.send(b"ATE0\r", "uart1")
    at_speed(bench, 115200)
    assert bench.send(b"AT\r", "uart1") == b"\r\nOK\r\n"
    for baud in (9600, 57600, 230400):
        at_speed(bench, baud)
        assert b"OK" not in bench.send(b"AT\r", "uart1")
    at_speed(bench, 115200)
    assert b"OK" in bench.send(b"\rAT\r", "uart1")


def test_what_the_module_says_at_another_speed_is_garbled(make_bench):
    bench = make_bench(port_names=("uart1",)).boot()
    at_speed(bench, 9600)
    bench.module.report("+QIND: TEST")
    heard_at_9600 = bench.take()
    assert b"QIND" not in heard_at_9600
    assert len(heard_at_9600) < 6


def test_a_new_speed_is_in_force_behind_the_ok(make_bench):
    bench = make_bench(port_names=("uart1",)).boot()
    bench.send(b"ATE0\r", "uart1")
    at_speed(bench, 115200)
    assert bench.send(b"AT+IPR=9600\r", "uart1") == b"\r\nOK\r\n"
    assert b"OK" not in bench.send(b"AT\r", "uart1")
    at_speed(bench, 9600)
    assert b"OK" in bench.send(b"\rAT\r", "uart1")
    bench.module.cut_power()
    bench.boot()
    at_speed(bench, 115200)
    assert b"OK" in bench.send(b"AT\r", "uart1"), "only AT&W keeps a speed"


def test_the_new_speed_can_be_kept_in_the_same_line(make_bench):
    bench = make_bench(port_names=("uart1",)).boot()
    at_speed(bench, 115200)
    assert b"OK" in bench.send(b"AT+IPR=9600;&W\r", "uart1")
    bench.module.cut_power()
    bench.boot()
    at_speed(bench, 9600)
    assert b"OK" in bench.send(b"AT\r", "uart1")


def test_usb_ports_and_unknown_speeds_never_garble(make_bench):
    bench = make_bench(port_names=("usbat", "uart1")).boot()
    bench.module.change_lines("usbat", HostLines(baud=1200), bench.now)
    assert b"OK" in bench.send(b"AT\r", "usbat")
    assert b"OK" in bench.send(b"AT\r", "uart1")
    tolerant = make_bench("wrong_speed_garbles=false", port_names=("uart1",)).boot()
    at_speed(tolerant, 1200)
    assert b"OK" in tolerant.send(b"AT\r", "uart1")


@given(st.binary(max_size=64), st.integers(50, 4_000_000))
def test_a_receiver_at_the_same_speed_hears_every_byte(data, baud):
    assert heard(data, baud, baud) == data
    assert heard(data, baud, int(baud * 1.02)) == data


@given(st.binary(max_size=64), st.integers(50, 4_000_000), st.integers(50, 4_000_000))
def test_a_receiver_at_any_speed_hears_a_bounded_number_of_bytes(data, sent, listening):
    assert len(heard(data, sent, listening)) <= 2 + len(data) * 10 * max(1, listening / sent)


def test_a_slow_receiver_hears_nulls_of_a_fast_break():
    assert heard(b"\x00" * 20, 115200, 9600)[:1] == b"\x00"
    assert heard(b"U" * 4, 9600, 19200) != b"U" * 4


# -- ports that vanish ---------------------------------------------------------------------


def test_usb_ports_vanish_at_a_restart_and_the_uart_stays(make_bench):
    bench = make_bench(
        "reenumerates=true", "usb_active_s=3", port_names=("usbat", "usbmodem", "uart1")
    )
    seen = []
    for name, lines in bench.module.lines.items():
        lines.on_attached = lambda there, name=name: seen.append((name, there))
    bench.boot()
    seen.clear()
    bench.send(b"AT+CFUN=1,1\r")
    bench.run(until=lambda: len(seen) == 2)
    assert seen == [("usbat", False), ("usbmodem", False)]
    started = bench.module.timeline.virtual_now
    assert bench.send(b"AT\r") == b""
    bench.run(until=lambda: len(seen) == 4)
    assert bench.module.timeline.virtual_now - started == pytest.approx(3.0)
    assert seen[2:] == [("usbat", True), ("usbmodem", True)]


def test_the_ports_of_a_bg96_stay(bench):
    seen = []
    bench.module.lines["usbat"].on_attached = seen.append
    bench.send(b"AT+CFUN=1,1\r")
    bench.wait(30)
    assert seen == []
