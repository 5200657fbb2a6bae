# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Searching, registering and losing the network, and what the commands say about it."""

from __future__ import annotations

import pytest

from dfota.at import Form
from dfota.at.catalog import qcfg
from dfota.modem.profiles import PROFILES
from dfota.modem.qcfg import _FACTORY


def world(bench, **facts: object) -> None:
    bench.module.set_time(bench.now)
    for name, value in facts.items():
        bench.module.world.change(name, value)


def told(bench, seconds: float = 10.0) -> list[str]:
    """The lines that come unasked within some time."""
    bench.wait(seconds)
    return [line for line in bench.take().decode().split("\r\n") if line]


def ask(bench, command: str, seconds: float = 200.0) -> list[str]:
    """The lines of an answer, however long it takes."""
    text = bench.ask(command)
    if "OK" not in text and "ERROR" not in text:
        bench.wait(seconds)
        text += bench.take().decode()
    return [line for line in text.split("\r\n") if line]


@pytest.fixture
def reporting(bench):
    bench.ask("AT+CREG=2;+CGREG=2;+CEREG=2")
    return bench


# -- cells that come and go ---------------------------------------------------------------


def test_coverage_that_is_lost_is_searched_for_and_found_again(reporting):
    world(reporting, coverage=False)
    assert told(reporting) == ["+CREG: 2", "+CGREG: 2", "+CEREG: 2"]
    assert ask(reporting, "AT+CSQ;+QCSQ;+QNWINFO;+COPS?") == [
        "+CSQ: 99,99",
        '+QCSQ: "NOSERVICE"',
        "+QNWINFO: No Service",
        "+COPS: 0",
        "OK",
    ]
    world(reporting, coverage=True)
    assert told(reporting) == [
        '+CREG: 1,"FFFE","82E76B2",8',
        "+CGREG: 4",
        '+CEREG: 1,"FFFE","82E76B2",8',
    ]


def test_a_module_that_starts_without_coverage_searches(make_bench):
    bench = make_bench()
    world(bench, coverage=False)
    bench.module.power_on()
    bench.wait(30)
    bench.quiet()
    assert ask(bench, "AT+CREG?;+CGREG?;+CEREG?") == [
        "+CREG: 0,2",
        "+CGREG: 0,2",
        "+CEREG: 0,2",
        "OK",
    ]


def test_another_cell_is_news_only_where_places_are_wanted(bench):
    bench.ask("AT+CREG=1;+CEREG=2")
    world(bench, cell_id="82E76B3")
    assert told(bench) == ['+CEREG: 1,"FFFE","82E76B3",8']


@pytest.mark.parametrize(
    ("registration", "stats"), [("roaming", (5, 4, 5)), ("denied", (3, 3, 3)), ("home", (1, 4, 1))]
)
def test_how_the_network_takes_the_sim(make_bench, registration, stats):
    bench = make_bench()
    world(bench, registration=registration)
    bench.module.power_on()
    bench.wait(30)
    bench.quiet()
    assert ask(bench, "AT+CREG?;+CGREG?;+CEREG?") == [
        f"+CREG: 0,{stats[0]}",
        f"+CGREG: 0,{stats[1]}",
        f"+CEREG: 0,{stats[2]}",
        "OK",
    ]
    assert ask(bench, "AT+CGATT?") == [f"+CGATT: {int(registration != 'denied')}", "OK"]


def test_a_network_that_throws_the_module_out_may_take_it_again(reporting):
    world(reporting, registration="denied")
    assert told(reporting)[:3] == ["+CREG: 3", "+CGREG: 3", "+CEREG: 3"]
    world(reporting, registration="roaming")
    assert told(reporting) == [
        "+CREG: 2",
        "+CGREG: 2",
        "+CEREG: 2",
        '+CREG: 5,"FFFE","82E76B2",8',
        "+CGREG: 4",
        '+CEREG: 5,"FFFE","82E76B2",8',
    ]


def test_roaming_can_be_forbidden(make_bench):
    bench = make_bench().boot().quiet()
    assert ask(bench, 'AT+QCFG="roamservice",1') == ["OK"]
    world(bench, registration="roaming")
    bench.wait(30)
    bench.take()
    assert ask(bench, "AT+CEREG?") == ["+CEREG: 0,2", "OK"]
    ask(bench, 'AT+QCFG="roamservice",2')
    bench.wait(30)
    bench.take()
    assert ask(bench, "AT+CEREG?") == ["+CEREG: 0,5", "OK"]


# -- technologies -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rat", "answers"),
    [
        (
            "cat-m1",
            [
                "+CREG: 0,1",
                "+CGREG: 0,4",
                "+CEREG: 0,1",
                '+COPS: 0,0,"Telstra Mobile Telstra",8',
                '+QNWINFO: "Cat-M1","50501","LTE BAND 28",9410',
                '+QCSQ: "CAT-M1",-61,-81,195,-10',
            ],
        ),
        (
            "cat-nb1",
            [
                "+CREG: 0,1",
                "+CGREG: 0,1",
                "+CEREG: 0,1",
                '+COPS: 0,0,"Telstra Mobile Telstra",9',
                '+QNWINFO: "Cat-NB1","50501","LTE BAND 28",9410',
                '+QCSQ: "CAT-NB1",-61,-81,195,-10',
            ],
        ),
        (
            "egprs",
            [
                "+CREG: 0,1",
                "+CGREG: 0,1",
                "+CEREG: 0,4",
                '+COPS: 0,0,"Telstra Mobile Telstra",0',
                '+QNWINFO: "EDGE","50501","GSM 900",37',
                '+QCSQ: "GSM",-61',
            ],
        ),
    ],
)
def test_what_is_said_in_each_technology(make_bench, rat, answers):
    bench = make_bench(f"rat={rat}").boot().quiet()
    line = "AT+CREG?;+CGREG?;+CEREG?;+COPS?;+QNWINFO;+QCSQ"
    assert ask(bench, line) == [*answers, "OK"]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_kin_finds_a_cell_of_its_own_kind(make_bench, name):
    bench = make_bench(kind=name).boot().quiet()
    act = 8 if name.startswith("bg9") else 7
    assert ask(bench, "AT+COPS?")[0] == f'+COPS: 0,0,"Telstra Mobile Telstra",{act}'


ALL = "cat-m1,cat-nb1,egprs"


@pytest.mark.parametrize(
    ("rat", "commands", "act"),
    [
        (ALL, [], 8),
        (ALL, ['+QCFG="nwscanmode",1'], 0),
        (ALL, ['+QCFG="nwscanmode",3', '+QCFG="iotopmode",1'], 9),
        (ALL, ['+QCFG="nwscanseq",03,1', '+QCFG="iotopmode",0'], 8),
        (ALL, ['+QCFG="iotopmode",0', '+QCFG="nwscanseq",010203', '+QCFG="nwscanmode",1'], 0),
        ("egprs", ['+QCFG="nwscanmode",3'], None),
        ("cat-m1", ['+QCFG="iotopmode",1'], None),
        ("cat-nb1", ['+QCFG="nwscanmode",1'], None),
        ("cat-m1", ['+QCFG="band",0,1,0'], None),
        ("cat-m1", ['+QCFG="band",0,8000000,1'], 8),
        ("cat-nb1", ['+QCFG="band",0,8000000,1'], None),
        ("egprs", ['+QCFG="band",8,0,0'], None),
        ("lte", [], None),
    ],
)
def test_settings_choose_the_technology(make_bench, rat, commands, act):
    bench = make_bench(f"rat={rat}")
    bench.module.power_on()
    bench.wait(30)
    bench.quiet()
    for command in commands:
        assert ask(bench, f"AT{command}") == ["OK"]
    bench.wait(30)
    bench.take()
    answer = ask(bench, "AT+COPS?")[0]
    assert answer == ("+COPS: 0" if act is None else f'+COPS: 0,0,"Telstra Mobile Telstra",{act}')


def test_the_order_of_the_search_decides_among_several(make_bench):
    bench = make_bench().boot().quiet()
    ask(bench, 'AT+QCFG="nwscanseq",030201,0')
    assert ask(bench, "AT+COPS?")[0].endswith(",8")
    bench.ask("AT+CFUN=1,1")
    bench.wait(60)
    bench.quiet()
    assert ask(bench, "AT+COPS?")[0].endswith(",9")


def test_a_setting_for_the_next_start_waits_for_it(bench):
    assert ask(bench, 'AT+QCFG="nwscanmode",1,0') == ["OK"]
    assert ask(bench, 'AT+QCFG="nwscanmode"') == ['+QCFG: "nwscanmode",1', "OK"]
    bench.wait(30)
    assert ask(bench, "AT+COPS?")[0].endswith(",8")
    bench.ask("AT+CFUN=1,1")
    bench.wait(60)
    bench.quiet()
    assert ask(bench, "AT+COPS?")[0].endswith(",0")


def test_with_packet_service_only_there_is_no_circuit_registration(bench):
    assert ask(bench, 'AT+QCFG="servicedomain",1') == ["OK"]
    assert ask(bench, "AT+CREG?;+CEREG?") == ["+CREG: 0,0", "+CEREG: 0,1", "OK"]


# -- AT+QCFG ------------------------------------------------------------------------------

SHOWN = {
    "nwscanmode": "0",
    "nwscanseq": "020301",
    "servicedomain": "2",
    "roamservice": "255",
    "band": "0xf,0x400a0e189f,0xa0e189f",
    "msc": "2",
    "sgsn": "2",
    "celevel": "0",
    "pdp/duplicatechk": "0",
    "iotopmode": "2",
    "nb1/bandprior": "1C",
    "psm/urc": "0",
    "urc/ri/ring": '"auto",120,1000,5000,"off",1',
    "urc/ri/smsincoming": '"pulse",120,1',
    "urc/ri/other": '"pulse",120,1',
    "risignaltype": '"respective"',
    "urc/delay": "0",
    "ims": "0,0",
    "ledmode": "0",
    "cmux/urcport": "0",
    "apready": "0,0,500",
    "psm/enter": "0",
    "rrcabort": "0",
    "nccconf": "1ff",
}


def test_every_setting_of_the_manual_is_there_and_shows_itself(bench):
    assert set(SHOWN) == {command.setting.strip('"') for command in qcfg.QCFG_SETTINGS}
    assert set(_FACTORY) == {c for c in qcfg.QCFG_SETTINGS if Form.WRITE in c.forms}
    for name, values in SHOWN.items():
        for mark in ("", "?"):  # a real module takes both
            assert ask(bench, f'AT+QCFG="{name}"{mark}') == [f'+QCFG: "{name}",{values}', "OK"]
        assert ask(bench, f'AT+QCFG="{name.upper()}"') == [f'+QCFG: "{name}",{values}', "OK"]


@pytest.mark.parametrize(
    "command",
    [
        '"nwscanmode",2',
        '"nwscanmode",0,2',
        '"nwscanseq",04',
        '"nwscanseq",02030102',
        '"nwscanseq",xx',
        '"servicedomain",0',
        '"servicedomain",3',
        '"roamservice",0',
        '"roamservice",254',
        '"band",10,0,0',
        '"band",1',
        '"band",1,1',
        '"msc",3',
        '"sgsn",3',
        '"celevel",1',
        '"pdp/duplicatechk",2',
        '"iotopmode",3',
        '"nb1/bandprior",06',
        '"nb1/bandprior",1D',
        '"psm/urc",2',
        '"urc/ri/ring","loud"',
        '"urc/ri/ring","pulse",0',
        '"urc/ri/ring","pulse",2001',
        '"urc/ri/ring","wave",1,10001',
        '"urc/ri/smsincoming","wave"',
        '"urc/ri/other","always"',
        '"urc/ri/other","pulse",120,6',
        '"risignaltype","virtual"',
        '"urc/delay",2',
        '"ims",3',
        '"ledmode",2',
        '"cmux/urcport",5',
        '"apready",2',
        '"apready",1,2',
        '"apready",1,1,99',
        '"apready",1,1,3001',
        '"psm/enter",2',
        '"rrcabort",2',
        '"nccconf",200',
        '"nonsense"',
        '"nonsense",1',
        "nwscanmode",
        "",
    ],
)
def test_what_a_setting_does_not_allow_is_an_error_and_changes_nothing(shared_bench, command):
    bench = shared_bench
    assert ask(bench, f"AT+QCFG={command}") == ["ERROR"]
    name = command.split(",")[0].strip('"')
    if name in SHOWN:
        assert ask(bench, f'AT+QCFG="{name}"')[0] == f'+QCFG: "{name}",{SHOWN[name]}'


def test_a_mask_of_zero_leaves_the_bands_alone(bench):
    assert ask(bench, 'AT+QCFG="band",3,80084,80084,1') == ["OK"]
    assert ask(bench, 'AT+QCFG="band",0,0,40000000') == ["OK"]
    assert ask(bench, 'AT+QCFG="band"')[0] == '+QCFG: "band",0x3,0x80084,0x80084'


# -- operators ----------------------------------------------------------------------------


def test_a_search_finds_all_operators_and_takes_its_time(bench):
    assert bench.ask("AT+COPS=?") == ""
    bench.wait(19)
    assert bench.take() == b""
    bench.wait(2)
    assert bench.take().decode() == (
        '\r\n+COPS: (2,"Telstra Mobile Telstra","Telstra","50501",8),'
        '(3,"YES OPTUS","YES OPTUS","50502",8),(3,"vodafone AU","vodafone AU","50503",8)'
        ",,(0,1,2,3,4),(0,1,2)\r\n\r\nOK\r\n"
    )


def test_another_operator_can_be_chosen_and_is_a_foreign_one(reporting):
    world(reporting, operators="50502 YES OPTUS,50503 vodafone AU forbidden")
    assert ask(reporting, 'AT+COPS=1,2,"50502"')[0] == "OK"
    assert told(reporting)[-1] == '+CEREG: 5,"FFFE","82E76B2",8'
    assert ask(reporting, "AT+COPS?") == ['+COPS: 1,2,"50502",8', "OK"]
    assert ask(reporting, "AT+COPS=3,0;+COPS?") == ['+COPS: 1,0,"YES OPTUS",8', "OK"]
    assert ask(reporting, "AT+QSPN") == ['+QSPN: "YES OPTUS","YES OPTUS","",0,"50502"', "OK"]
    assert ask(reporting, 'AT+COPS=1,2,"50503"') == ["+CME ERROR: 32"]
    ask(reporting, "AT+COPS=0")
    reporting.wait(10)
    reporting.take()
    assert ask(reporting, "AT+COPS?") == ['+COPS: 0,2,"50501",8', "OK"]


def test_operators_are_shown_long_short_or_as_a_number(bench):
    for form, name in ((0, "Telstra Mobile Telstra"), (1, "Telstra"), (2, "50501")):
        assert ask(bench, f"AT+COPS=3,{form};+COPS?") == [f'+COPS: 0,{form},"{name}",8', "OK"]


def test_without_any_cell_a_search_finds_nothing(bench):
    world(bench, coverage=False)
    assert ask(bench, "AT+COPS=?") == ["+COPS: ,,(0,1,2,3,4),(0,1,2)", "OK"]
