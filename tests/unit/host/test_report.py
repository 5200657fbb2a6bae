# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota info`` tells what a module tells, in stable keys, and "not told" for the rest."""

from __future__ import annotations

import json
from functools import partial

import pytest

from dfota.cli import port_options
from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.errors import CheckFailedError
from dfota.host import Session, describe
from dfota.host.report import FACTS, fields_of

TOLD = {
    "AT+QNWINFO": ('+QNWINFO: "Cat-M1","50501","LTE BAND 28",9410', "OK"),
    "AT+QCSQ": ('+QCSQ: "CAT-M1",-61,-81,195,-10', "OK"),
    "AT+CGDCONT?": ('+CGDCONT: 1,"IP","iot.net","0.0.0.0",0,0,0,0', "OK"),
    "AT+QIACT?": ('+QIACT: 1,1,1,"10.7.6.5"', "OK"),
    "AT+QTEMP": ("+QTEMP: 30,-5,31", "OK"),
    "AT+CPSMS?": ("+CPSMS: 1,,,,", "OK"),
    "AT+QSCLK?": ("+QSCLK: 0", "OK"),
    "AT+CEDRXS?": ('+CEDRXS: 4,"0101"', "OK"),
    "AT+CCLK?": ('+CCLK: "26/12/01,13:00:04+04"', "OK"),
    "AT+CIMI": ("460023210226023", "OK"),
    "AT+CFUN?": ("+CFUN: 1", "OK"),
    'AT+QFLST="*"': (
        '+QFLST: "fota_cacert.pem",1200', '+QFLST: "UFS:old.bin",441472', "OK",
    ),
    'AT+QCFGEXT="fota_apn"': ('+QCFGEXT: "fota_apn",0,"apn","user","secret"', "OK"),
}  # fmt: skip


def report_of(bench):
    with bench.session() as session:
        return session.run(describe()).groups


def test_what_is_told_stands_under_stable_keys(bench) -> None:
    bench.module.answers.update(TOLD)
    groups = report_of(bench)
    assert groups["identity"]["revision"] == bench.OLD
    assert groups["identity"]["revision_ati"] == "BG96MAR02A07M1G"
    assert groups["identity"]["kind"] == "bg96"
    assert groups["network"]["radio"] == {
        "rssi_dbm": -61, "rsrp_dbm": -81, "sinr_db": 19.0, "rsrq_db": -10, "quality": "good",
    }  # fmt: skip
    assert groups["network"]["signal_dbm"] == -61
    assert groups["network"]["lte"] == "registered, home network"
    assert groups["network"]["operator"] == "Telstra Mobile Telstra"
    assert groups["access"]["contexts"] == [{"cid": 1, "type": "IP", "apn": "iot.net"}]
    assert groups["access"]["active"] == [{"cid": 1, "address": "10.7.6.5"}]
    assert groups["power"] == {
        "supply_mv": 3800, "battery": {"state": "not charging", "percent": 80},
        "temperatures_c": [30, -5, 31], "may_sleep": False, "power_saving": True, "edrx": True,
    }  # fmt: skip
    assert groups["storage"]["certificates"] == [{"name": "fota_cacert.pem", "bytes": 1200}]
    assert groups["storage"]["other_files"] == [{"name": "old.bin", "bytes": 441472}]
    assert groups["module"]["clock"] == "2026-12-01 13:00:04+01:00"


def test_the_login_of_an_access_point_is_not_shown(bench) -> None:
    bench.module.answers.update(TOLD)
    groups = report_of(bench)
    assert groups["access"]["fota_apn"] == "apn"
    assert "secret" not in str(groups)


def test_a_firmware_that_knows_nothing_is_no_error(bench) -> None:
    known = {"ATE0Q0V1", "AT+CMEE=1", "ATI"}
    for line in set(bench.module.answers) - known:
        bench.module.answers[line] = "ERROR"
    groups = report_of(bench)
    told = {name for facts in groups.values() for name, value in facts.items() if value is not None}
    assert told == {"manufacturer", "model", "revision", "revision_ati", "kind"}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.group}-{fact.name}")
@pytest.mark.parametrize(
    "lines",
    [(), ("",), ("+X: ",), ("+X",), ("+X: " + '"' * 99,), ("+X: ,,,,,,",), ("\x1b[2J" * 50,),
     ("+X: 99999999999999999999,-,--1,٣",), ("+X: 1,2",) * 999],
)  # fmt: skip
def test_nonsense_is_read_as_nothing_or_as_plain_text(fact, lines) -> None:
    assert "\x1b" not in str(fact.read(lines))


def test_parameters_are_split_at_commas_outside_quotes() -> None:
    assert fields_of('+X: 1,"a,b",,2') == ["1", "a,b", "", "2"]
    assert fields_of("+X: ") == []


def test_a_module_that_upgrades_tells_nothing(bench) -> None:
    bench.module.deaf = True
    bench.module.at(0.5, *bench.fota('"UPDATING", 3%'))
    with pytest.raises(CheckFailedError, match="in the middle"):
        report_of(bench)


@pytest.fixture
def wired(bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        port_options, "SerialxTransport", lambda _port, *, baudrate: bench.port.open()
    )
    virtual = partial(Session, clock=lambda: bench.module.now, pause=bench.port.pause)
    monkeypatch.setattr(port_options, "Session", virtual)
    return bench


def test_the_command_shows_groups_to_a_person_and_facts_to_a_program(wired, capsys) -> None:
    wired.module.answers.update(TOLD)
    assert run(["info", "fake"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "rsrp dbm -81" in out
    assert "not told" in out
    assert run(["info", "fake", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["power"]["supply_mv"] == 3800


def test_the_check_command_ends_with_the_exit_code_of_its_verdict(wired, capsys) -> None:
    assert run(["check", "fake"]) == ExitCode.OK
    assert "ready to upgrade" in capsys.readouterr().out
    wired.module.answers["AT+CPIN?"] = "+CME ERROR: 10"
    assert run(["check", "fake", "--url", wired.URL]) == ExitCode.REFUSED
    out, err = capsys.readouterr()
    assert "FAIL  sim" in out
    assert "Insert a SIM card" in err
    assert run(["check", "fake", "--url", wired.URL, "--skip", "sim"]) == ExitCode.OK
    assert run(["check", "fake", "--url", wired.URL, "--expect", wired.OLD]) == 12
    assert wired.starts == 0
