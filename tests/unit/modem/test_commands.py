# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Identity, SIM, network, power and the access point of the download."""

from __future__ import annotations

import pytest

from dfota.modem import Power

BOOT = (
    b"\r\nRDY\r\n",
    b"\r\n+CFUN: 1\r\n",
    b"\r\nAPP RDY\r\n",
    b"\r\n+CPIN: READY\r\n",
    b"\r\n+QUSIM: 1\r\n",
    b"\r\n+QIND: SMS DONE\r\n",
)


def test_boot_prints_its_lines_in_order_each_as_a_write_of_its_own(make_bench):
    bench = make_bench()
    bench.module.power_on()
    bench.run(until=lambda: bool(bench.writes))
    assert bench.now == pytest.approx(4.9)
    bench.wait(30)
    assert tuple(bench.take_writes()) == BOOT


def test_before_rdy_nothing_is_heard(make_bench):
    bench = make_bench()
    bench.module.power_on()
    assert bench.send(b"AT\r") == b""
    bench.wait(30)
    assert b"OK" not in bench.take()


def test_at_speed_max_booting_takes_no_time(make_bench):
    from dfota.modem import Speed

    bench = make_bench(speed=Speed(None))
    bench.module.power_on()
    bench.run()
    assert bench.now == 0.0
    assert bench.take_writes() == list(BOOT)
    assert bench.module.timeline.virtual_now > 6


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("ATI", "Quectel\r\nBG96\r\nRevision: BG96MAR02A07M1G"),
        ("AT+QGMR", "BG96MAR02A07M1G_01.018.01.018"),
        ("AT+QGMR?", "BG96MAR02A07M1G_01.018.01.018"),
        ("AT+CGMR", "BG96MAR02A07M1G"),
        ("AT+GMR", "BG96MAR02A07M1G"),
        ("AT+CGMI", "Quectel"),
        ("AT+GMI", "Quectel"),
        ("AT+CGMM", "BG96"),
        ("AT+GMM", "BG96"),
        ("AT+CIMI", "460023210226023"),
        ("AT+QCCID", "+QCCID: 89860025128306012474"),
        ("AT+CREG?", "+CREG: 0,1"),
        ("AT+CSQ=?", "+CSQ: (0-31,99),(0-7,99)"),
        ("AT+CFUN=?", "+CFUN: (0,1,4),(0,1)"),
        ("AT+QPOWD=?", "+QPOWD: (0,1)"),
        ("AT+QFDEL=?", "+QFDEL: <filename>"),
        ("AT+QFUPL=?", "+QFUPL: <filename>[,(1-12987840)[,(1-65535)[,(0,1)]]]"),
        ("AT+QURCCFG=?", '+QURCCFG: "urcport",("usbat","usbmodem","uart1")'),
        ('AT+QURCCFG="urcport"', '+QURCCFG: "urcport","usbat"'),
        ('AT+QFLDS="UFS"', "+QFLDS: 12987840,14483456"),
        ("AT+QFLDS", "+QFLDS: 0,0"),
        ("AT+IPR?", "+IPR: 115200"),
        ("AT+IFC?", "+IFC: 0,0"),
        ("AT+CBC", "+CBC: 0,50,3800"),
    ],
)
def test_answers_as_in_the_manuals(bench, command, lines):
    assert bench.ask(command) == f"\r\n{lines}\r\n\r\nOK\r\n"


def test_the_version_of_the_application_may_come_later(make_bench):
    bench = make_bench("application_ready_s=20").boot().quiet()
    assert bench.ask("AT+QGMR") == "\r\nBG96MAR02A07M1G_01.018.00.000\r\n\r\nOK\r\n"
    assert bench.ask("AT+QGMR?") == bench.ask("AT+QGMR")
    bench.wait(20)
    assert bench.ask("AT+QGMR") == "\r\nBG96MAR02A07M1G_01.018.01.018\r\n\r\nOK\r\n"
    bench.send(b"AT+CFUN=1,1\r")
    bench.wait(12)
    bench.send(b"ATE0\r")
    assert ".00.000" in bench.ask("AT+QGMR")


def test_an_old_firmware_has_only_the_short_revision(make_bench, lab):
    bench = make_bench(firmware=lab.release("BG96MAR02A07M1G")).boot().quiet()
    assert bench.ask("AT+QGMR") == "\r\nBG96MAR02A07M1G\r\n\r\nOK\r\n"
    assert bench.ask("ATI").split()[-2] == "BG96MAR02A07M1G"


def test_the_imei_is_a_valid_one(bench):
    from dfota.values import Imei

    digits = bench.ask("AT+CGSN").split()[0]
    assert Imei(digits).digits == digits
    assert bench.ask("AT+GSN") == bench.ask("AT+CGSN")


@pytest.mark.parametrize("command", ["AT+CSQ?", "AT+CIMI?"])
def test_read_forms_that_do_not_exist(bench, command):
    assert bench.ask(command) == "\r\n+CME ERROR: 3\r\n"


# -- functionality and registration -------------------------------------------------------


def test_minimum_functionality_and_back(bench):
    bench.ask("AT+CREG=1")
    bench.send(b"AT+CFUN=0\r")
    bench.wait(2)
    assert bench.take() == b"\r\nOK\r\n\r\n+CREG: 0\r\n"
    assert bench.ask("AT+COPS?") == "\r\n+COPS: 2\r\n\r\nOK\r\n"
    assert bench.ask("AT+CPIN?") == "\r\n+CME ERROR: 13\r\n"
    assert bench.ask("AT+CSQ") == "\r\n+CSQ: 99,99\r\n\r\nOK\r\n"
    assert bench.ask("AT+CFUN?") == "\r\n+CFUN: 0\r\n\r\nOK\r\n"
    bench.send(b"AT+CFUN=1\r")
    bench.wait(10)
    assert bench.take() == (
        b"\r\nOK\r\n\r\n+CPIN: READY\r\n\r\n+QUSIM: 1\r\n\r\n+QIND: SMS DONE\r\n"
        b"\r\n+CREG: 2\r\n\r\n+CREG: 1\r\n"
    )


def test_the_sim_is_read_whenever_minimum_functionality_ends(bench):
    bench.send(b"AT+CFUN=0\r")
    bench.wait(2)
    bench.take()
    bench.send(b"AT+CFUN=4\r")
    bench.wait(2)
    assert bench.take() == (
        b"\r\nOK\r\n\r\n+CPIN: READY\r\n\r\n+QUSIM: 1\r\n\r\n+QIND: SMS DONE\r\n"
    )
    bench.send(b"AT+CFUN=1\r")
    bench.wait(10)
    assert bench.take() == b"\r\nOK\r\n"


def test_the_rest_of_a_line_sees_what_the_command_before_did(bench):
    bench.ask("AT+CREG=1")
    bench.send(b"AT+CFUN=4;+CFUN?;+COPS?\r")
    bench.wait(2)
    # What the command causes unasked comes behind the final result code.
    assert bench.take() == (b"\r\n+CFUN: 4\r\n\r\n+COPS: 0\r\n\r\nOK\r\n\r\n+CREG: 0\r\n")
    bench.send(b"AT+CFUN=1\r")
    bench.wait(10)
    bench.take()
    assert bench.ask("AT+COPS=2;+COPS?;+BAD") == ("\r\n+COPS: 2\r\n\r\nERROR\r\n\r\n+CREG: 0\r\n")


@pytest.mark.parametrize("command", ["+CREG", "+CGREG", "+CEREG"])
def test_every_change_of_the_registration_is_reported_and_nothing_twice(bench, command):
    registered = 4 if command == "+CGREG" else 1
    bench.ask(f"AT{command}=1")
    assert bench.ask("AT+COPS=2") == f"\r\nOK\r\n\r\n{command}: 0\r\n"
    assert bench.ask("AT+COPS=2") == "\r\nOK\r\n"
    bench.wait(0.2)
    assert bench.ask("AT+COPS=0") == f"\r\nOK\r\n\r\n{command}: 2\r\n"
    bench.wait(1)
    assert bench.ask("AT+COPS=2") == f"\r\nOK\r\n\r\n{command}: 0\r\n"
    bench.wait(0.2)
    assert bench.ask("AT+COPS=0") == f"\r\nOK\r\n\r\n{command}: 2\r\n"
    bench.wait(5)
    assert bench.take() == f"\r\n{command}: {registered}\r\n".encode()
    assert bench.ask(f"AT{command}=0;+COPS=2") == "\r\nOK\r\n"


def test_the_third_mode_of_registration_is_for_packets_only(bench):
    assert bench.ask("AT+CREG=4") == "\r\nERROR\r\n"
    assert bench.ask("AT+CEREG=4;+CEREG?") == ('\r\n+CEREG: 4,1,"FFFE","82E76B2",8\r\n\r\nOK\r\n')
    assert bench.ask("AT+CGREG=4;+CGREG?") == "\r\n+CGREG: 4,4\r\n\r\nOK\r\n"
    assert bench.ask("AT+CEREG;+CEREG?") == "\r\n+CEREG: 0,1\r\n\r\nOK\r\n"


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("AT+COPS=3,2;+COPS?", '\r\n+COPS: 0,2,"50501",8\r\n\r\nOK\r\n'),
        ('AT+COPS=1,2,"50501";+COPS?', '\r\n+COPS: 1,2,"50501",8\r\n\r\nOK\r\n'),
        ('AT+COPS=1,2,"26201"', "\r\n+CME ERROR: 30\r\n"),
        ('AT+COPS=4,2,"50501";+COPS?', '\r\n+COPS: 4,2,"50501",8\r\n\r\nOK\r\n'),
        # "If manual selection fails, automatic mode (<mode>=0) is entered."
        ('AT+COPS=4,2,"26201";+COPS?', '\r\n+COPS: 0,2,"50501",8\r\n\r\nOK\r\n'),
        ("AT+COPS=1", "\r\nERROR\r\n"),
        ("AT+COPS=5", "\r\nERROR\r\n"),
        ("AT+COPS=0,0,,7", "\r\nERROR\r\n"),
    ],
)
def test_choosing_the_operator(bench, line, reply):
    assert bench.ask(line) == reply


def test_flight_mode_keeps_the_sim(bench):
    bench.send(b"AT+CFUN=4\r")
    bench.wait(2)
    bench.take()
    assert bench.ask("AT+CPIN?") == "\r\n+CPIN: READY\r\n\r\nOK\r\n"
    assert bench.ask("AT+CEREG?") == "\r\n+CEREG: 0,0\r\n\r\nOK\r\n"
    bench.send(b"AT+CFUN=1\r")
    bench.wait(1.5)
    assert bench.take() == b"\r\nOK\r\n"
    assert bench.ask("AT+CEREG?") == "\r\n+CEREG: 0,2\r\n\r\nOK\r\n"


def test_registration_with_place(bench):
    bench.ask("AT+CEREG=2")
    bench.ask("AT+CGREG=2")
    assert bench.ask("AT+CEREG?") == '\r\n+CEREG: 2,1,"FFFE","82E76B2",8\r\n\r\nOK\r\n'
    assert bench.ask("AT+CGREG?") == "\r\n+CGREG: 2,4\r\n\r\nOK\r\n"
    bench.send(b"AT+COPS=2\r")
    assert bench.ask("AT+COPS?") == "\r\n+COPS: 2\r\n\r\nOK\r\n"
    bench.send(b"AT+COPS=0\r")
    bench.wait(5)
    assert bench.take().endswith(b'\r\n+CGREG: 4\r\n\r\n+CEREG: 1,"FFFE","82E76B2",8\r\n')


def test_a_restart_by_command(bench):
    assert bench.send(b"AT+CFUN=1,1\r") == b"\r\nOK\r\n"
    bench.wait(30)
    assert bench.take() == b"".join(BOOT)
    assert bench.send(b"AT\r") == b"AT\r\r\nOK\r\n"
    assert bench.send(b"AT+CFUN=0,1\r").endswith(b"\r\n+CME ERROR: 3\r\n")


def test_powering_down(bench):
    assert bench.ask("AT+QPOWD") == "\r\nOK\r\n"
    bench.wait(65)
    assert bench.take() == b"\r\nPOWERED DOWN\r\n"
    assert bench.module.power is Power.OFF
    assert "AT+QPOWD" in bench.notes[-1]
    assert bench.send(b"AT\r") == b""
    bench.module.power_on()
    bench.wait(30)
    assert bench.take() == b"".join(BOOT)


def test_without_a_sim_card_there_is_no_network(make_bench):
    bench = make_bench("sim_inserted=false")
    bench.module.power_on()
    bench.wait(60)
    assert tuple(bench.take_writes()) == BOOT[:3]
    bench.quiet()
    for command in ("AT+CPIN?", "AT+CPIN=1234", "AT+CIMI", 'AT+CLCK="SC",2', "AT+QPINC?"):
        assert bench.ask(command) == "\r\n+CME ERROR: 10\r\n"
    assert bench.ask("AT+QCCID") == "\r\nERROR\r\n"
    assert bench.ask("AT+CMEE=2;+CPIN?") == "\r\n+CME ERROR: SIM not inserted\r\n"
    assert bench.ask("AT+CREG?;+COPS?") == "\r\n+CREG: 0,0\r\n\r\n+COPS: 0\r\n\r\nOK\r\n"
    assert bench.ask('AT+QFOTADL="http://host/x"') == "\r\nOK\r\n"
    bench.run()
    assert bench.take().endswith(b'\r\n+QIND: "FOTA","HTTPEND",702\r\n')


# -- the port of unsolicited result codes --------------------------------------------------


def test_urcs_go_to_the_configured_port_and_the_choice_is_kept(make_bench):
    bench = make_bench(port_names=("usbat", "uart1")).boot()
    assert bench.send(b'AT+QURCCFG="urcport","uart1"\r', "uart1").endswith(b"\r\nOK\r\n")
    bench.send(b"AT+CFUN=1,1\r", "usbat")
    bench.wait(30)
    assert {port for port, _ in bench.writes} == {"uart1"}
    bench.take()
    bench.kill()
    bench.open()
    bench.module.power_on()
    bench.wait(30)
    assert {port for port, _ in bench.writes} == {"uart1"}


def test_on_another_port_only_the_ok_is_seen(make_bench, package):
    bench = make_bench(port_names=("usbmodem", "uart1")).boot()
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r", "uart1")
    bench.wait(300)
    assert bench.take() == b""


def test_the_only_port_gets_the_urcs_whatever_is_configured(bench):
    bench.ask('AT+QURCCFG="urcport","uart1"')
    bench.ask("AT+CREG=1")
    bench.send(b"AT+COPS=2\r")
    bench.wait(1)
    bench.send(b"AT+COPS=0\r")
    bench.wait(5)
    assert b"+CREG: 1" in bench.take()


# -- the access point of the download -------------------------------------------------------


def test_the_access_point_as_in_the_guide(bench):
    assert bench.ask('AT+QCFGEXT="fota_apn",0,"Telstra.internet"') == "\r\nOK\r\n"
    assert bench.ask('AT+QCFGEXT="fota_apn"') == (
        '\r\n+QCFGEXT: "fota_apn",0,"Telstra.internet","",""\r\n\r\nOK\r\n'
    )
    assert bench.ask('AT+QCFGEXT="fota_apn",2,"a","user","secret"') == "\r\nOK\r\n"
    bench.kill()
    bench.open()
    bench.boot().quiet()
    assert bench.ask('AT+QCFGEXT="fota_apn"') == (
        '\r\n+QCFGEXT: "fota_apn",2,"a","user","secret"\r\n\r\nOK\r\n'
    )
    assert bench.ask('AT+QCFGEXT="fota_apn",1,"b","user"') == "\r\nOK\r\n"
    assert '"fota_apn",1,"b","user",""\r' in bench.ask('at+qcfgext="FOTA_APN"')
    assert bench.ask('AT+QCFGEXT="fota_apn",0,"","",""') == "\r\nOK\r\n"
    assert '"fota_apn",0,"","",""' in bench.ask('AT+QCFGEXT="fota_apn"')


@pytest.mark.parametrize(
    "parameters",
    [
        '"fota_apn",3,"a"',
        '"fota_apn",0',
        '"fota_apn",,"a"',
        '"fota_apn",0,a',
        '"fota_apn","0","a"',
        '"fota_apn",0,"a","b","c","d"',
        f'"fota_apn",0,"{"a" * 101}"',
        '"other",0,"a"',
        "fota_apn",
    ],
)
def test_a_wrong_access_point_is_an_error_and_changes_nothing(bench, parameters):
    assert bench.ask(f"AT+QCFGEXT={parameters}") == "\r\nERROR\r\n"
    assert '"fota_apn",0,"","",""' in bench.ask('AT+QCFGEXT="fota_apn"')


def test_the_access_point_may_be_forgotten_at_a_restart(make_bench):
    bench = make_bench("keep_fota_apn=false").boot().quiet()
    bench.ask('AT+QCFGEXT="fota_apn",0,"a"')
    bench.send(b"AT+CFUN=1,1\r")
    bench.run()
    bench.take()
    bench.quiet()
    assert bench.ask('AT+QCFGEXT="fota_apn"') == (
        '\r\n+QCFGEXT: "fota_apn",0,"","",""\r\n\r\nOK\r\n'
    )


@pytest.mark.parametrize(
    ("longest", "template"), [(100, '"{}"'), (64, '"a","{}"'), (64, '"a","b","{}"')]
)
def test_the_longest_access_point_name_and_password(bench, longest, template):
    command = 'AT+QCFGEXT="fota_apn",0,' + template
    assert bench.ask(command.format("x" * (longest + 1))) == "\r\nERROR\r\n"
    assert bench.ask(command.format("x" * longest)) == "\r\nOK\r\n"
    assert "x" * longest in bench.ask('AT+QCFGEXT="fota_apn"')
