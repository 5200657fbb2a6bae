# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of the fidelity page that no other test pins; everything else is with its subject."""

from __future__ import annotations

import pytest


def test_an_upgrade_leaves_files_and_settings_and_takes_the_package(bench, package) -> None:
    bench.ask('AT+QCFGEXT="fota_apn",0,"m2m.example";+QURCCFG="urcport","uart1"')
    bench.ask("ATS0=3;&W")
    imei = bench.ask("AT+CGSN")
    certificate = bench.path / "efs/datatx/fota_cacert.pem"
    certificate.write_bytes(b"ca")
    bench.put_package(package)
    bench.ask("AT+QFOTADL=1")
    bench.run()
    bench.take()

    assert "_01.019.01.019" in bench.ask("AT+QGMR")
    assert bench.ask("AT+CGSN") == imei
    assert '0,"m2m.example"' in bench.ask('AT+QCFGEXT="fota_apn"')
    assert '"uart1"' in bench.ask('AT+QURCCFG="urcport"')
    assert bench.ask("ATS0?").endswith("\r\n3\r\n\r\nOK\r\n")
    assert certificate.read_bytes() == b"ca"
    assert not (bench.path / "efs/fota/update.zip").exists()


def test_what_stands_behind_z_in_its_line_spoils_nothing(bench) -> None:
    bench.ask("ATS0=3")
    assert bench.ask("ATZ;+CSQ").endswith("\r\nOK\r\n")
    assert bench.ask("ATS0?").endswith("\r\n0\r\n\r\nOK\r\n")


def test_flow_control_is_off_from_the_factory(bench) -> None:
    assert bench.ask("AT+IFC?") == "\r\n+IFC: 0,0\r\n\r\nOK\r\n"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("8949227002805216770", "8949227002805216770F"), ("89860025128306012474",) * 2],
)
def test_a_card_number_of_19_digits_is_filled_up(make_bench, number: str, shown: str) -> None:
    bench = make_bench(f"iccid={number}").boot().quiet()
    assert bench.ask("AT+QCCID") == f"\r\n+QCCID: {shown}\r\n\r\nOK\r\n"


@pytest.mark.parametrize(
    "command",
    [
        'AT+QSECBOOT="status"', 'AT+QCFG="secbootstat"', 'AT+QMBNCFG="List"', "AT+QFASTBOOT=?",
        'AT+QCFGEXT="usbnet"', 'AT+QIOPEN=1,0,"TCP","192.0.2.1",80', "AT+CMUX=0",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_plain_error(bench, command: str) -> None:
    assert bench.ask(command).endswith("\r\nERROR\r\n")


def test_the_last_error_of_tcp_ip_has_words_of_its_own(bench) -> None:
    assert "+QIGETERROR: 0, operate successfully\r\n" in bench.ask("AT+QIGETERROR")
