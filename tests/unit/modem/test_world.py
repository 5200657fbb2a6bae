# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The facts around a module: changed by name with text, refused where nobody could use them."""

from __future__ import annotations

import pytest

from dfota.errors import MisuseError
from dfota.modem import BG96
from dfota.modem.surroundings import (
    AccessPoint,
    Operator,
    Technology,
    parse_access_points,
    parse_blocked,
    parse_hosts,
    parse_operators,
    parse_technologies,
)
from dfota.modem.world import World, world_facts


def test_every_fact_takes_its_own_default_as_text():
    world = World()
    for fact in world_facts():
        world.change(fact.name, fact.default_text)
    assert world.facts() == World().facts()


def test_a_change_is_told_once_and_only_where_it_is_one():
    world, told = World.around(BG96), []
    world.on_change(told.append)
    world.change("rat", "egprs")
    world.change("rat", "egprs")
    world.change("nat-idle-s", "30")
    assert told == ["rat", "nat_idle_s"]
    assert world.facts()["nat_idle_s"] == 30.0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weather", "fine"),
        ("rssi", "100"),
        ("rssi", "-1"),
        ("sinr", "251"),
        ("rat", "5g"),
        ("registration", "maybe"),
        ("ip", "ipx"),
        ("apns", ":user:password"),
        ("apns", "a:b"),
        ("hosts", "fota.example"),
        ("hosts", "fota.example=localhost"),
        ("blocked", "host:0"),
        ("blocked", "host:65536"),
        ("blocked", "host:http"),
        ("operators", "Telstra"),
        ("operators", "50501"),
        ("area_code", "x" * 5000),
        ("area_code", 'a"b'),
        ("area_code", "a\nb"),
        ("data_cap_bytes", "-1"),
        ("downlink_kbit_s", "nan"),
        ("loss_burst_s", "inf"),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(name, value):
    world, told = World(), []
    world.on_change(told.append)
    with pytest.raises(MisuseError):
        world.change(name, value)
    assert world.facts() == World().facts()
    assert told == []


def test_how_tables_are_written():
    assert parse_technologies(" cat-nb1, egprs") == (Technology.CAT_NB1, Technology.EGPRS)
    assert parse_technologies("") == ()
    assert parse_operators("50502 YES OPTUS forbidden,50503 vodafone AU") == (
        Operator("50502", "YES OPTUS", is_forbidden=True),
        Operator("50503", "vodafone AU"),
    )
    assert parse_access_points("internet,iot:joe:secret") == (
        AccessPoint("internet"),
        AccessPoint("iot", "joe", "secret"),
    )
    assert parse_hosts("Fota.Example=127.0.0.1,six.example=::1,gone.example=none") == {
        "fota.example": "127.0.0.1",
        "six.example": "::1",
        "gone.example": None,
    }
    assert parse_blocked("Host,other:81,:82,[::1]:83,::2") == {
        ("host", 0),
        ("other", 81),
        ("", 82),
        ("::1", 83),
        ("::2", 0),
    }


def test_an_access_point_with_credentials_wants_both_of_them():
    point = AccessPoint("iot", "joe", "secret")
    assert point.admits("joe", "secret")
    assert not point.admits("joe", "Secret")
    assert not point.admits("", "")
    assert AccessPoint("open").admits("whoever", "x")


@pytest.mark.parametrize(
    ("fact", "value"), [("lte_band", -1), ("lte_band", 0), ("gsm_channel", -1)]
)
def test_a_band_or_channel_that_no_network_has_is_refused(bench, fact, value):
    with pytest.raises(MisuseError, match=fact):
        bench.module.world.change(fact, value)
    assert bench.ask("AT+CSQ").endswith("OK\r\n")
