# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Packet contexts: defined, activated, refused and taken away; the download's own among them."""

from __future__ import annotations

import pytest

from dfota.modem.packet import PacketData, Refusal

URL = '"http://host/x"'


def world(bench, **facts: object) -> None:
    bench.module.set_time(bench.now)
    for name, value in facts.items():
        bench.module.world.change(name, value)


def ask(bench, command: str, seconds: float = 30.0) -> list[str]:
    """The lines of an answer, and of what it causes within some time."""
    text = bench.ask(command)
    bench.wait(seconds)
    text += bench.take().decode()
    return [line for line in text.split("\r\n") if line]


# -- the transcript of a real BG96 (its echo off) ----------------------------------------


def test_the_answers_of_a_real_module_byte_for_byte(bench):
    assert bench.ask("AT+QICSGP=1") == '\r\n+QICSGP: 1,"","","",0\r\n\r\nOK\r\n'
    assert bench.ask("AT+QIDNSCFG=1") == "\r\nERROR\r\n"
    assert bench.ask("AT+QIACT?") == "\r\nOK\r\n"
    assert bench.ask("AT+QIACT=1") == ""
    bench.wait(1)
    assert bench.take() == b"\r\nOK\r\n"
    assert bench.ask("AT+QIACT?") == '\r\n+QIACT: 1,1,1,"10.76.51.180"\r\n\r\nOK\r\n'
    assert bench.ask("AT+QIDNSCFG=1") == (
        '\r\n+QIDNSCFG: 1,"203.0.113.53","203.0.113.54"\r\n\r\nOK\r\n'
    )


# -- definitions --------------------------------------------------------------------------


def test_two_commands_define_one_context(bench):
    assert ask(bench, 'AT+QICSGP=1,3,"iot.example","joe","secret",2') == ["OK"]
    assert ask(bench, "AT+CGDCONT?") == [
        '+CGDCONT: 1,"IPV4V6","iot.example","0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",0,0,0,0',
        "OK",
    ]
    assert ask(bench, 'AT+CGDCONT=1,"IP","iotinternet"') == ["OK"]
    assert ask(bench, "AT+QICSGP=1") == ['+QICSGP: 1,"iotinternet","joe","secret",2', "OK"]
    assert ask(bench, "AT+CGDCONT?") == ['+CGDCONT: 1,"IP","iotinternet","0.0.0.0",0,0,0,0', "OK"]


def test_definitions_outlive_the_power_and_can_be_forgotten(bench):
    ask(bench, 'AT+CGDCONT=2,"IPV6","six.example"')
    bench.kill()
    bench.open()
    bench.boot().quiet()
    assert ask(bench, "AT+CGDCONT?")[1] == (
        '+CGDCONT: 2,"IPV6","six.example","0:0:0:0:0:0:0:0",0,0,0,0'
    )
    assert ask(bench, "AT+QICSGP=2") == ['+QICSGP: 2,"six.example","","",0', "OK"]
    assert ask(bench, "AT+CGDCONT=2") == ["OK"]
    assert len(ask(bench, "AT+CGDCONT?")) == 2
    assert ask(bench, "AT+QICSGP=2") == ['+QICSGP: 0,"","","",0', "OK"]


def test_the_zeros_of_the_manual_are_a_setting(make_bench):
    bench = make_bench("cgdcont_zeros=2").boot().quiet()
    assert ask(bench, "AT+CGDCONT?") == ['+CGDCONT: 1,"IP","","0.0.0.0",0,0', "OK"]


def test_a_static_address_is_shown_and_used(bench):
    assert ask(bench, 'AT+CGDCONT=2,"IP","a","192.0.2.7"') == ["OK"]
    ask(bench, "AT+CGACT=1,2")
    assert ask(bench, "AT+CGPADDR=2") == ['+CGPADDR: 2,"192.0.2.7"', "OK"]


@pytest.mark.parametrize(
    "command",
    [
        "+CGDCONT=0",
        '+CGDCONT=17,"IP"',
        '+CGDCONT=1,"X25"',
        '+CGDCONT=1,"IP","' + "a" * 101 + '"',
        '+CGDCONT=1,"IP","a","300.1.1.1"',
        '+CGDCONT=1,"IP","a","",3',
        '+CGDCONT=1,"IP","a","",0,5',
        "+QICSGP=0",
        "+QICSGP=17",
        '+QICSGP=1,0,"a"',
        '+QICSGP=1,4,"a"',
        "+QICSGP=1,1",
        '+QICSGP=1,1,"a","","",4',
        '+QICSGP=1,1,"a","' + "u" * 65 + '"',
        "+QIACT=0",
        "+QIACT=17",
        "+QIDEACT=17",
        "+CGATT=2",
        "+CGACT=2,1",
        "+CGACT=1,17",
        "+CGPADDR=2",
        "+CGPADDR=17",
        "+CGEREP=3",
        "+CGEREP=1,2",
        '+QIDNSCFG=1,"192.0.2.1"',
    ],
)
def test_nonsense_is_an_error_and_defines_nothing(shared_bench, command):
    before = ask(shared_bench, "AT+CGDCONT?", 0)
    assert ask(shared_bench, f"AT{command}", 0) == ["ERROR"]
    assert ask(shared_bench, "AT+CGDCONT?", 0) == before


# -- activation ---------------------------------------------------------------------------


def test_on_lte_context_1_comes_with_the_network_and_on_gsm_it_does_not(make_bench):
    lte = make_bench().boot().quiet()
    assert ask(lte, "AT+CGACT?;+CGPADDR") == ["+CGACT: 1,1", '+CGPADDR: 1,"10.76.51.180"', "OK"]
    gsm = make_bench("rat=egprs").boot().quiet()
    assert ask(gsm, "AT+CGACT?;+CGPADDR") == ["+CGACT: 1,0", "+CGPADDR: 1", "OK"]
    assert ask(gsm, "AT+CGACT=1,1") == ["OK"]
    assert ask(gsm, "AT+CGACT?;+CGPADDR=1") == ["+CGACT: 1,1", '+CGPADDR: 1,"10.76.51.180"', "OK"]
    assert ask(gsm, "AT+CGACT=0,1;+CGACT?") == ["+CGACT: 1,0", "OK"]


def test_three_contexts_can_be_active_and_no_more(bench):
    for cid in (2, 3, 4):
        ask(bench, f'AT+QICSGP={cid},1,"apn{cid}"')
    assert [ask(bench, f"AT+QIACT={cid}") for cid in (2, 3, 4)] == [["OK"], ["OK"], ["ERROR"]]
    assert ask(bench, "AT+QIGETERROR") == ["+QIGETERROR: 572, operation not allowed", "OK"]
    assert ask(bench, "AT+QIACT?") == [
        '+QIACT: 2,1,1,"10.76.51.181"',
        '+QIACT: 3,1,1,"10.76.51.182"',
        "OK",
    ]
    assert ask(bench, "AT+QIDEACT=2") == ["OK"]
    assert ask(bench, "AT+QIACT=4") == ["OK"]


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        ('+QICSGP=1,1,"iot","joe","secret",1', None),
        ('+QICSGP=1,1,"IOT","joe","secret",1', None),
        ('+QICSGP=1,1,"open"', None),
        ('+QICSGP=1,1,"iot"', Refusal.NOT_ADMITTED),
        ('+QICSGP=1,1,"iot","joe","wrong",1', Refusal.NOT_ADMITTED),
        ('+QICSGP=1,1,"iot","jim","secret",1', Refusal.NOT_ADMITTED),
        ('+QICSGP=1,1,"elsewhere"', Refusal.NOT_ADMITTED),
        ('+QICSGP=1,1,""', Refusal.NOT_ADMITTED),
        ('+QICSGP=1,1,"","joe","secret"', None),
        ('+CGDCONT=1,"IPV6","open"', Refusal.NO_ADDRESS),
        ('+CGDCONT=1,"IPV4V6","open"', None),
    ],
)
def test_the_network_admits_access_points_with_their_credentials(make_bench, command, refusal):
    bench = make_bench("network_apn=iot:joe:secret,open", "rat=egprs").boot().quiet()
    world(bench, ip="ipv4")
    ask(bench, f"AT{command}")
    assert bench.module.part(PacketData).refusal(1) is refusal
    assert ask(bench, "AT+QIACT=1") == (["OK"] if refusal is None else ["ERROR"])
    number = "0, operate successfully" if refusal is None else "561, open PDP context failed"
    assert ask(bench, "AT+QIGETERROR") == [f"+QIGETERROR: {number}", "OK"]
    ask(bench, "AT+QIDEACT=1")
    assert ask(bench, "AT+CGACT=1,1") == (["OK"] if refusal is None else ["+CME ERROR: 30"])


def test_equal_access_points_are_a_matter_of_duplicatechk(bench):
    for cid in (2, 3):
        ask(bench, f'AT+QICSGP={cid},1,"same"')
    assert ask(bench, "AT+QIACT=2") == ["OK"]
    assert ask(bench, "AT+QIACT=3") == ["ERROR"]
    ask(bench, 'AT+QCFG="pdp/duplicatechk",1')
    assert ask(bench, "AT+QIACT=3") == ["OK"]


def test_a_context_that_is_not_defined_cannot_be_activated(bench):
    assert ask(bench, "AT+QIACT=5") == ["ERROR"]
    assert ask(bench, "AT+QIGETERROR") == ["+QIGETERROR: 573, APN not configured", "OK"]
    assert ask(bench, "AT+CGACT=1,5") == ["+CME ERROR: 3"]


def test_a_context_in_use_is_not_redefined(bench):
    ask(bench, "AT+QIACT=1")
    assert ask(bench, 'AT+CGDCONT=1,"IP","other"') == ["ERROR"]
    assert ask(bench, 'AT+QICSGP=1,1,"other"') == ["ERROR"]


def test_name_servers_can_be_replaced_while_the_context_lives(bench):
    ask(bench, "AT+QIACT=1")
    assert ask(bench, 'AT+QIDNSCFG=1,"192.0.2.1"') == ["OK"]
    assert ask(bench, "AT+QIDNSCFG=1") == ['+QIDNSCFG: 1,"192.0.2.1","0.0.0.0"', "OK"]
    assert ask(bench, 'AT+QIDNSCFG=1,"nonsense"') == ["ERROR"]
    ask(bench, "AT+QIDEACT=1")
    ask(bench, "AT+QIACT=1")
    assert ask(bench, "AT+QIDNSCFG=1")[0] == '+QIDNSCFG: 1,"203.0.113.53","203.0.113.54"'


# -- taken away ---------------------------------------------------------------------------


def test_detaching_takes_all_contexts_and_says_so_as_in_the_manual(make_bench):
    bench = make_bench("rat=cat-nb1").boot().quiet()
    ask(bench, "AT+CGREG=2;+QIACT=1")
    assert ask(bench, "AT+CGATT=0") == ["OK", '+QIURC: "pdpdeact",1', "+CGREG: 2"]
    assert ask(bench, "AT+CGATT?;+QIACT?;+CGACT?") == ["+CGATT: 0", "+CGACT: 1,0", "OK"]
    assert ask(bench, "AT+QIACT=1") == ["ERROR"]
    assert ask(bench, "AT+CGATT=1") == ["OK", '+CGREG: 1,"FFFE","82E76B2",9']
    assert ask(bench, "AT+CGACT?") == ["+CGACT: 1,1", "OK"]


def test_without_a_network_there_is_nothing_to_attach_to(bench):
    world(bench, coverage=False)
    assert ask(bench, "AT+CGATT?", 60) == ["+CGATT: 0", "OK"]
    assert ask(bench, "AT+CGATT=1") == ["+CME ERROR: 30"]
    assert ask(bench, "AT+QIACT=1") == ["ERROR"]


def test_contexts_survive_a_short_tunnel_and_not_a_long_one(bench):
    ask(bench, "AT+QIACT=1")
    world(bench, coverage=False)
    bench.wait(20)
    world(bench, coverage=True)
    bench.wait(20)
    assert bench.take() == b""
    assert ask(bench, "AT+QIACT?") == ['+QIACT: 1,1,1,"10.76.51.180"', "OK"]
    world(bench, coverage=False)
    bench.wait(31)
    assert bench.take() == b'\r\n+QIURC: "pdpdeact",1\r\n'


def test_the_network_ends_what_it_does_not_admit_any_more(bench):
    ask(bench, 'AT+QICSGP=2,1,"iot";+QIACT=2')
    ask(bench, "AT+CGEREP=1")
    world(bench, apns="other")
    bench.wait(1)
    assert bench.take().decode().split() == [
        "+CGEV:",
        "NW",
        "DEACT",
        '"IP","10.76.51.181",2',
        "+QIURC:",
        '"pdpdeact",2',
    ]


def test_events_are_kept_for_a_host_that_wants_them_later(bench):
    assert ask(bench, "AT+CGEREP?") == ["+CGEREP: 0,0", "OK"]
    ask(bench, "AT+CGACT=0,1")
    assert ask(bench, "AT+CGEREP=2,1") == [
        "OK",
        "+CGEV: PDN ACT 1",
        "+CGEV: PDN DEACT 1",
    ]
    assert ask(bench, "AT+CGACT=1,1") == ["OK", "+CGEV: PDN ACT 1"]
    assert ask(bench, "AT+CGATT=0") == ["OK", "+CGEV: ME DETACH"]
    ask(bench, "AT+CGEREP")
    ask(bench, "AT+CGATT=1")
    assert ask(bench, "AT+CGEREP=1") == ["OK"]  # <bfr> 0 clears what was kept


# -- the road of the download ------------------------------------------------------------


@pytest.mark.parametrize(
    ("apns", "commands", "refusal"),
    [
        ("", [], None),
        ("iot", [], None),
        ("iot:joe:secret", [], Refusal.NOT_ADMITTED),
        ("iot:joe:secret", ['+CGDCONT=1,"IP","iot"'], Refusal.NOT_ADMITTED),
        ("iot:joe:secret", ['+QICSGP=1,1,"iot","joe","secret"'], None),
        ("iot:joe:secret", ['+QCFGEXT="fota_apn",0,"iot"'], Refusal.NOT_ADMITTED),
        ("iot:joe:secret", ['+QCFGEXT="fota_apn",0,"iot","joe","no"'], Refusal.NOT_ADMITTED),
        ("iot:joe:secret", ['+QCFGEXT="fota_apn",0,"iot","joe","secret"'], None),
        ("a,b", ['+QCFGEXT="fota_apn",0,"c"'], Refusal.NOT_ADMITTED),
        ("a,b", ['+QCFGEXT="fota_apn",0,"c"', '+QCFGEXT="fota_apn",0,"","",""'], None),
        ("", ["+CGATT=0"], Refusal.NO_SERVICE),
    ],
)
def test_which_road_the_download_has(make_bench, apns, commands, refusal):
    bench = make_bench(f"network_apn={apns}", "rat=egprs").boot().quiet()
    for command in commands:
        assert ask(bench, f"AT{command}") == ["OK"]
    assert bench.module.part(PacketData).refusal_of_download() is refusal
    ask(bench, f"AT+QFOTADL={URL}", 3)
    assert bool(bench.network.links) == (refusal is None)


def test_an_access_point_that_is_wrong_now_is_wrong_although_lte_gave_a_context(make_bench):
    bench = make_bench("network_apn=iot").boot().quiet()
    assert ask(bench, "AT+CGACT?") == ["+CGACT: 1,1", "OK"]
    assert bench.module.part(PacketData).refusal_of_download() is None
    ask(bench, 'AT+CGDCONT=1,"IP","wrong"')
    assert bench.module.part(PacketData).refusal_of_download() is Refusal.NOT_ADMITTED


def test_the_download_shares_an_equal_access_point_or_fails_as_on_other_modules(make_bench):
    for setting, refusal in (("true", None), ("false", Refusal.SAME_APN)):
        bench = make_bench(f"same_apn_is_shared={setting}").boot().quiet()
        ask(bench, 'AT+QICSGP=2,1,"same";+QIACT=2')
        ask(bench, 'AT+QCFGEXT="fota_apn",0,"same"')
        packets = bench.module.part(PacketData)
        assert packets.refusal_of_download() is refusal
        ask(bench, 'AT+QCFG="pdp/duplicatechk",1')
        assert packets.refusal_of_download() is None


@pytest.mark.parametrize(
    "how", ["+CGATT=0", "+CFUN=4", "+CFUN=0", "+COPS=2", "sim", "denied", "coverage", "rat"]
)
def test_a_network_that_goes_in_a_download_is_702_within_three_minutes(bench, how):
    ask(bench, f"AT+QFOTADL={URL}", 3)
    before = bench.now
    facts = {
        "sim": {"sim": "none"},
        "denied": {"registration": "denied"},
        "coverage": {"coverage": False},
        "rat": {"rat": ""},
    }
    if how in facts:
        world(bench, **facts[how])
    else:
        bench.module.receive("usbat", f"AT{how}\r".encode(), bench.now)
    bench.run(
        until=lambda: b"HTTPEND" in b"".join(data for _, data in bench.writes),
        limit_s=180,
        is_patient=True,
    )
    assert '+QIND: "FOTA","HTTPEND",702' in bench.take().decode()
    assert bench.now - before <= 180
    assert bench.network.links[0].is_aborted
