# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A dry run lists what a real run sends, and the module sees questions only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from dfota.host import AccessPoint, Plan, is_question, rehearse, upgrade
from dfota.host.module_settings import SETTINGS
from dfota.host.rehearsal import PlannedLine
from dfota.testing import make_certificates


@cache
def ca() -> bytes:
    with TemporaryDirectory() as folder:
        return make_certificates(Path(folder), elliptic=True).ca_path.read_bytes()


PLANS = {
    "remote": lambda b: Plan(url=b.URL, facts=b.FACTS),
    "without-facts": lambda b: Plan(url=b.URL),
    "apn": lambda b: Plan(url=b.URL, facts=b.FACTS, access_point=AccessPoint("new.apn", 0, "u", "p")),
    "certificates": lambda b: Plan(
        url=b.URL, facts=b.FACTS, certificates={"fota_cacert.pem": ca()}
    ),
    "local": lambda b: Plan(package=b"p" * 10_406, facts=b.FACTS),
}  # fmt: skip


def rehearsed(bench, plan: Plan) -> tuple[PlannedLine, ...]:
    with bench.session() as session:
        return session.run(rehearse(upgrade(plan), plan.target))


def settable(bench) -> None:
    """Settings that are in the way, and an access point that can be set and read back."""
    module, answers = bench.module, bench.module.answers
    answers["AT+QSCLK?"] = ("+QSCLK: 1", "OK")
    answers["AT+QSCLK=0"] = answers["AT+QSCLK=1"] = "OK"
    reading = 'AT+QCFGEXT="fota_apn"'

    def set_apn(line: str) -> None:
        if line.startswith(reading + ","):
            answers[reading] = (f'+QCFGEXT: "fota_apn",{line.removeprefix(reading + ",")}', "OK")

    answers[f'{reading},0,"new.apn","u","p"'] = "OK"
    answers[f'{reading},0,"Telstra.internet"'] = "OK"
    answers[f'{reading},0,"Telstra.internet","",""'] = "OK"
    before = module.on_line

    def on_line(line: str) -> None:
        set_apn(line)
        if before is not None:
            before(line)

    module.on_line = on_line


@pytest.mark.parametrize("name", PLANS)
def test_the_list_is_what_a_real_run_sends(bench, name: str) -> None:
    plan = PLANS[name](bench)
    bench.script_local() if name == "local" else bench.script_remote()
    settable(bench)
    planned = [line for line in rehearsed(bench, plan) if line.changes]
    assert bench.starts == 0
    assert bench.module.files == {}
    bench.module.lines.clear()
    bench.upgrade(plan)
    assert [line.line for line in planned] == [
        line for line in bench.module.lines if not is_question(line)
    ]
    uploaded = sum(line.data_size for line in planned)
    assert uploaded == len(plan.package or b"") + sum(map(len, plan.certificates.values()))


@pytest.mark.parametrize("name", PLANS)
def test_the_module_sees_questions_only(bench, name: str) -> None:
    settable(bench)
    rehearsed(bench, PLANS[name](bench))
    assert [line for line in bench.module.lines if not is_question(line)] == []
    assert bench.module.lines


def test_what_puts_settings_back_is_on_the_list(bench) -> None:
    settable(bench)
    lines = [line for line in rehearsed(bench, PLANS["remote"](bench)) if line.changes]
    texts = [line.line for line in lines]
    assert texts.index("AT+QSCLK=0") < texts.index(bench.START_URL) < texts.index("AT+QSCLK=1")
    assert [line.is_after_start for line in lines if line.line == "AT+QSCLK=1"] == [True]


def test_a_login_is_sent_but_not_shown(bench) -> None:
    settable(bench)
    lines = rehearsed(bench, PLANS["apn"](bench))
    shown = [str(line.to_facts()["line"]) for line in lines]
    assert any("new.apn" in line for line in shown)
    assert not any('"u"' in line or '"p"' in line for line in shown)


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("AT", True),
        ("AT+CEDRXRDP", True),
        ("ATI", True),
        ("ATE0Q0V1", True),
        ("AT+CSQ;+CEREG?;+CGREG?;+COPS?", True),
        ('AT+QCFGEXT="fota_apn"', True),
        ('AT+QCFGEXT="fota_apn",0,"a;b"', False),
        ('AT+QFLST="a;b"', True),
        ("AT+QICSGP=1", True),
        ('AT+QICSGP=1,1,"apn"', False),
        ("AT+COPS=?", True),
        ("AT+CFUN=1,1", False),
        ("AT+QPOWD", False),
        ("AT+CSQ;+QPOWD=0", False),
        ('AT+QFDEL="x"', False),
        ("AT&F", False),
        ("ATZ", False),
        ("AT+QFOTADL=1", False),
        ('AT+QCFG="band",0', False),
    ],
)
def test_what_is_not_known_to_ask_counts_as_a_change(line: str, asks: bool) -> None:
    assert is_question(line) is asks


def test_every_setting_that_an_upgrade_touches_is_told_apart() -> None:
    for setting in SETTINGS:
        name = setting.command.name
        assert not is_question(f"AT{name},1,1" if "=" in name else f"AT{name}=1,1"), name
