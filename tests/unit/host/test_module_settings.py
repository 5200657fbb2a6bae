# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings that are in the way are changed, told, kept, and put back; nothing else is touched."""

from __future__ import annotations

import re

import pytest

from dfota.errors import (
    CheckFailedError,
    CommandRefusedError,
    DownloadFailedError,
    InstallFailedError,
    OutcomeUnknownError,
)
from dfota.host import (
    KINDS,
    AccessPoint,
    ModuleRestarted,
    Plan,
    SettingChanged,
    SettingLeft,
    SettingRestored,
    UpgradeRecord,
    put_back,
)
from dfota.host.module_settings import SETTINGS, hide_login, is_restoring, name_of

APN = 'AT+QCFGEXT="fota_apn"'
PSM = '1,,,"00000100","00001111"'

TABLE: dict[str, tuple[str, str, str]] = {
    "errors": ("AT+CMEE?", "+CMEE: 2", "AT+CMEE=1"),
    "urc-switch": ('AT+QINDCFG="all"', '+QINDCFG: "all",0', 'AT+QINDCFG="all",1'),
    "urc-port": (
        'AT+QURCCFG="urcport"', '+QURCCFG: "urcport","usbat"', 'AT+QURCCFG="urcport","uart1"',
    ),
    "urc-delay": ('AT+QCFG="urc/delay"', '+QCFG: "urc/delay",1', 'AT+QCFG="urc/delay",0'),
    "ap-ready": ('AT+QCFG="apready"', '+QCFG: "apready",1,0,500', 'AT+QCFG="apready",0'),
    "sleep": ("AT+QSCLK?", "+QSCLK: 1", "AT+QSCLK=0"),
    "psm": ("AT+CPSMS?", f"+CPSMS: {PSM}", "AT+CPSMS=0"),
    "psm-enter": ('AT+QCFG="psm/enter"', '+QCFG: "psm/enter",1', 'AT+QCFG="psm/enter",0'),
    "edrx": ("AT+CEDRXS?", '+CEDRXS: 4,"0010"', "AT+CEDRXS=0"),
    "fota-apn": (APN, '+QCFGEXT: "fota_apn",1,"mine","me","word"', f'{APN},0,"iot","",""'),
}  # fmt: skip
"""Setting → how it is read, what stands there and is in the way, what is written."""

BACK = {
    "errors": "AT+CMEE=2",
    "urc-switch": 'AT+QINDCFG="all",0,0',
    "urc-port": 'AT+QURCCFG="urcport","usbat"',
    "urc-delay": 'AT+QCFG="urc/delay",1',
    "ap-ready": 'AT+QCFG="apready",1,0,500',
    "sleep": "AT+QSCLK=1",
    "psm": f"AT+CPSMS={PSM}",
    "psm-enter": 'AT+QCFG="psm/enter",1',
    "edrx": 'AT+CEDRXS=1,4,"0010"',
    "fota-apn": f'{APN},1,"mine","me","word"',
}


class Settings:
    """Makes the scripted module keep what is written, as a real one does."""

    def __init__(self, bench, *names: str) -> None:
        self.bench = bench
        self.answers = bench.module.answers
        for name in names:
            query, stands, _ = TABLE[name]
            self.answers[query] = (stands, "OK")
        if "edrx" in names:
            self.answers["AT+CEDRXRDP"] = ('+CEDRXRDP: 4,"0010","0010","0011"', "OK")
        for name in TABLE:
            self.answers[TABLE[name][2]] = self.answers[BACK[name]] = "OK"
        self.answers[f'{APN},0,"iot"'] = self.answers[f'{APN},0,"Telstra.internet","",""'] = "OK"
        before = bench.module.on_line

        def keep(line: str) -> None:
            self.keep(line)
            if before is not None:
                before(line)

        bench.module.on_line = keep

    def keep(self, line: str) -> None:
        if line in {TABLE["fota-apn"][2], f'{APN},0,"iot"'}:
            self.answers[APN] = ('+QCFGEXT: "fota_apn",0,"iot","",""', "OK")

    @property
    def written(self) -> list[str]:
        lines = {*BACK.values(), *(row[2] for row in TABLE.values())}
        return [line for line in self.bench.module.lines if line in lines]


def plan_of(bench) -> Plan:
    return Plan(
        url=bench.URL, facts=bench.FACTS, port_role="uart1", access_point=AccessPoint("iot")
    )


def test_everything_in_the_way_is_changed_before_and_put_back_after(any_bench) -> None:
    any_bench.script_remote()
    module = Settings(any_bench, *TABLE)
    any_bench.upgrade(plan_of(any_bench))
    names = [name for name in TABLE if name != "errors"]
    start = any_bench.module.lines.index(any_bench.START_URL)
    before = [line for line in module.written if any_bench.module.lines.index(line) < start]
    assert [TABLE[name][2] for name in TABLE] == before
    assert module.written[len(before) :] == [BACK[name] for name in reversed(TABLE)]
    told = {e.setting for e in any_bench.events if isinstance(e, SettingChanged)}
    back = [e.setting for e in any_bench.events if isinstance(e, SettingRestored)]
    assert told == {*names, "errors"} == set(back)
    assert any_bench.records[-1].settings == ()


@pytest.mark.parametrize("name", TABLE)
def test_each_line_is_kept_before_its_setting_is_changed(bench, name: str) -> None:
    bench.script_remote()
    Settings(bench, name)
    kept_at: list[tuple[str, ...]] = []
    react = bench.module.on_line

    def look(line: str) -> None:
        react(line)
        if line == TABLE[name][2]:
            kept_at.append(bench.records[-1].settings)

    bench.module.on_line = look
    bench.upgrade(plan_of(bench))
    assert kept_at
    assert BACK[name] in kept_at[0]


def test_what_is_not_in_the_way_is_left_alone(bench) -> None:
    harmless = {
        "AT+CMEE?": "+CMEE: 1", 'AT+QINDCFG="all"': '+QINDCFG: "all",1', "AT+QSCLK?": "+QSCLK: 0",
        "AT+CPSMS?": "+CPSMS: 0,,,,", 'AT+QCFG="apready"': '+QCFG: "apready",0,1,500',
        'AT+QCFG="urc/delay"': '+QCFG: "urc/delay",0', 'AT+QCFG="psm/enter"': '+QCFG: "psm/enter",0',
        'AT+QURCCFG="urcport"': '+QURCCFG: "urcport","uart1"',
        APN: '+QCFGEXT: "fota_apn",0,"iot","",""',
    }  # fmt: skip
    bench.module.answers |= {query: (answer, "OK") for query, answer in harmless.items()}
    bench.module.answers["AT+CEDRXS?"] = "OK"
    bench.script_remote()
    bench.upgrade(plan_of(bench))
    assert not [e for e in bench.events if isinstance(e, SettingChanged)]
    writes = [line for line in bench.module.lines if re.search(r"=[0-9]|\",[0-9\"]", line)]
    assert writes == []


@pytest.mark.parametrize("answer", ["ERROR", None, ("+QSCLK: 7", "OK"), ("+QSCLK: x", "OK"), "OK"])
def test_what_cannot_be_read_is_not_changed(bench, answer) -> None:
    """What was there could not be put back."""
    bench.module.answers["AT+QSCLK?"] = answer
    bench.script_remote()
    bench.upgrade()
    assert "AT+QSCLK=0" not in bench.module.lines


@pytest.mark.parametrize("used", [("+CEDRXRDP: 0", "OK"), "ERROR", "OK"])
def test_edrx_that_is_told_but_not_used_is_left_alone(bench, used) -> None:
    """It would be switched on by putting it back (3GPP TS 27.007, 7.40)."""
    bench.script_remote()
    Settings(bench, "edrx")
    bench.module.answers["AT+CEDRXRDP"] = used
    bench.upgrade()
    assert not [line for line in bench.module.lines if line.startswith("AT+CEDRXS=")]


def test_a_setting_that_is_refused_needs_no_way_back(bench) -> None:
    bench.script_remote()
    Settings(bench, "sleep")
    bench.module.answers["AT+QSCLK=0"] = "ERROR"
    bench.upgrade()
    assert "AT+QSCLK=1" not in bench.module.lines


@pytest.mark.parametrize("end", ["download", "installation", "checks", "refused"])
def test_settings_are_put_back_after_every_failure(bench, end: str) -> None:
    match end:
        case "download":
            bench.script_remote(http_err=702)
        case "installation":
            bench.script_remote(end=504)
        case "checks":
            bench.module.answers["AT+CPIN?"] = "+CME ERROR: 10"
        case "refused":
            bench.module.answers[bench.START_URL] = "ERROR"
    module = Settings(bench, "sleep", "psm")
    with pytest.raises(Exception, match=r"702|504|sim|ERROR"):
        bench.upgrade()
    assert module.written[-2:] == [BACK["psm"], BACK["sleep"]]
    assert bench.records[-1].is_ended
    assert bench.records[-1].settings == ()


def test_nothing_is_put_back_where_the_outcome_is_not_known(bench) -> None:
    bench.when(bench.START_URL, lambda: bench.module.at(1, *bench.fota('"START"')))
    module = Settings(bench, "sleep")
    with pytest.raises(OutcomeUnknownError):
        bench.upgrade()
    assert module.written == ["AT+QSCLK=0"]
    record = bench.records[-1]
    assert record.settings == ("AT+QSCLK=1",)
    assert not record.is_ended
    # Later, and by hand, it can be.
    with bench.session() as session:
        assert session.run(put_back(record)).settings == ()
    assert module.written[-1] == "AT+QSCLK=1"


def test_nothing_is_put_back_into_a_module_that_is_heard_upgrading(bench) -> None:
    bench.script_remote(http_err=702)
    Settings(bench, "sleep")

    def deaf() -> None:
        bench.module.deaf = True
        bench.module.at(2, *bench.fota('"UPDATING", 5%'))

    react = bench.module.on_line

    def look(line: str) -> None:
        react(line)
        if line == bench.START_URL:
            bench.module.later(20.45, deaf)

    bench.module.on_line = look
    with pytest.raises(DownloadFailedError):
        bench.upgrade()
    (left,) = [event for event in bench.events if isinstance(event, SettingLeft)]
    assert left.line == "AT+QSCLK=1"
    assert "still upgrading" in left.reason
    assert bench.records[-1].settings == ("AT+QSCLK=1",)


def test_a_module_that_refuses_at_first_is_asked_again(bench) -> None:
    bench.script_remote()
    Settings(bench, "sleep")
    bench.module.answers["AT+QSCLK=1"] = "ERROR"
    react = bench.module.on_line

    def look(line: str) -> None:
        react(line)
        if bench.module.lines.count("AT+QSCLK=1") == 1:
            bench.module.answers["AT+QSCLK=1"] = "OK"

    bench.module.on_line = look
    bench.upgrade()
    assert bench.module.lines.count("AT+QSCLK=1") == 2
    assert bench.records[-1].settings == ()


def test_a_setting_that_cannot_be_put_back_is_told_and_kept(bench) -> None:
    """It is no failure of the upgrade."""
    bench.script_remote()
    Settings(bench, "sleep", "fota-apn")
    bench.module.answers[BACK["fota-apn"]] = "ERROR"
    assert bench.upgrade(plan_of(bench)).revision_after == bench.NEW
    (left,) = [event for event in bench.events if isinstance(event, SettingLeft)]
    assert left.setting == "fota-apn"
    assert bench.records[-1].settings == (BACK["fota-apn"],)
    assert bench.records[-1].is_ended


def test_no_event_tells_a_password(bench) -> None:
    bench.script_remote()
    Settings(bench, *TABLE)
    bench.upgrade(plan_of(bench))
    told = [str(event.to_facts()) for event in bench.events]
    assert any("mine" in text for text in told)
    assert not any('"word"' in text or '"me"' in text for text in told)
    assert hide_login('AT+QICSGP=1,1,"a","me","word",3') == (
        'AT+QICSGP=1,1,"a","********","********",3'
    )


def test_the_original_value_survives_a_second_try(bench) -> None:
    """A module that restarts before the start is prepared again, from values of our own."""
    bench.script_remote()
    Settings(bench, "sleep")
    react = bench.module.on_line
    restarts = []

    def look(line: str) -> None:
        react(line)
        if line == "AT+QSCLK=0":
            bench.module.answers["AT+QSCLK?"] = ("+QSCLK: 0", "OK")
        if line == "AT+CSQ" and not restarts:
            restarts.append(line)
            bench.module.at(0.005, "RDY")

    bench.module.on_line = look
    bench.upgrade()
    assert bench.module.lines.count("AT+QSCLK=1") == 1
    assert [e.phase.value for e in bench.events if isinstance(e, ModuleRestarted)] == ["preparing"]
    assert bench.starts == 1


@pytest.mark.parametrize(
    ("kind", "cid", "query"),
    [
        ("ec2x", None, "AT+QICSGP=1"),
        ("std-a", 5, "AT+QICSGP=5"),
        ("bg96-2017", None, "AT+QICSGP=1"),
    ],
)
def test_kin_without_an_access_point_of_downloads_use_its_context(bench, kind, cid, query) -> None:
    answers = bench.module.answers
    answers['AT+QCFG="fota/cid"'] = (f'+QCFG: "fota/cid",{cid}', "OK") if cid else "ERROR"
    answers[query] = ('+QICSGP: 1,"mine","","",0', "OK")
    wanted = f'{query},1,"iot","me","word",3'
    back = f'{query},1,"mine","","",0'
    answers[wanted] = answers[back] = "OK"
    access_point = AccessPoint("iot", 0, "me", "word")
    plan = Plan(url=bench.URL, facts=bench.FACTS, kind=KINDS[kind], access_point=access_point)
    options = "".join(f",{n}" for n in KINDS[kind].options)
    answers[f"{bench.START_URL}{options}"] = "OK"
    bench.when(f"{bench.START_URL}{options}", lambda: bench.module.at(1, *bench.fota('"END",504')))
    with pytest.raises((InstallFailedError, CheckFailedError)):
        bench.upgrade(plan)
    lines = [line for line in bench.module.lines if line in {wanted, back}]
    assert lines == [wanted, back]


def test_a_storage_without_its_colon_is_given_one(bench) -> None:
    """An EC200U with ``UFS`` ended every download with 608 at once."""
    answers = bench.module.answers
    answers['AT+QCFG="fota/path"'] = ('+QCFG: "fota/path","UFS"', "OK")
    answers['AT+QCFG="fota/path","UFS:"'] = answers['AT+QCFG="fota/path","UFS"'] = "OK"
    with pytest.raises(CommandRefusedError):
        bench.upgrade(Plan(url=bench.URL, facts=bench.FACTS, kind=KINDS["std-a"]))
    assert 'AT+QCFG="fota/path","UFS:"' in bench.module.lines
    assert bench.module.lines[-1] == 'AT+QCFG="fota/path","UFS"'


@pytest.mark.parametrize("line", BACK.values())
def test_a_line_of_a_record_is_one_of_ours(line: str) -> None:
    assert is_restoring(line)
    assert name_of(line) in {setting.name for setting in SETTINGS}


@pytest.mark.parametrize(
    "line",
    ["AT+CFUN=0", "AT+QSCLK=1;+CFUN=0", "AT+QSCLK=9", "AT&F", "", "AT", "rubbish", "AT+QSCLK?",
     'AT+QFOTADL="http://evil.example/a"', "AT+QSCLK=1\rAT+QPOWD"],
)  # fmt: skip
def test_a_forged_record_sends_nothing_else(bench, line: str) -> None:
    with bench.session() as session:
        record = session.run(put_back(UpgradeRecord(settings=(line,))))
    assert bench.module.lines == ["ATE0Q0V1"]
    assert record.settings == (line,)
