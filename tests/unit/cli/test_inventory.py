# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The inventory of a rack is read strictly, and its page says what it takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dfota.cli.inventory import (
    INVENTORY_MAX_BYTES,
    MODULES_MAX,
    PLAN_KEYS,
    PORT_KEYS,
    SERVE_KEYS,
    read_inventory,
)
from dfota.errors import InventoryError

ROOT = Path(__file__).resolve().parents[3]
ONE = '[[module]]\nname = "one"\nport = "/dev/ttyUSB2"\n'


def inventory(tmp_path: Path, text: str):
    path = tmp_path / "bench.toml"
    path.write_text(text)
    return read_inventory(path)


def test_defaults_hold_for_all_and_a_module_has_the_last_word(tmp_path: Path) -> None:
    read = inventory(
        tmp_path,
        """
        [defaults]
        package = "update.zip"
        key = "vendor.pub"
        baudrate = 921600
        apn = "iot"
        [serve]
        address = "192.0.2.7:8080"
        tls = true
        [[module]]
        name = "one"
        port = "/dev/ttyUSB2"
        [[module]]
        name = "two"
        port = "socket://rack:5002"
        key = ["a.pub", "/keys/b.pub"]
        apn = "other"
        module = "ec2x"
        download-timeout = 900
        """,
    )
    one, two = read.modules
    assert one.plan_options.package == tmp_path / "update.zip"
    assert one.plan_options.key_files == (tmp_path / "vendor.pub",)
    assert (one.port_options.port, one.port_options.baudrate) == ("/dev/ttyUSB2", 921_600)
    assert two.plan_options.key_files == (tmp_path / "a.pub", Path("/keys/b.pub"))
    assert (two.plan_options.apn, two.plan_options.kind) == ("other", "ec2x")
    assert two.plan_options.download_timeout == 900.0
    assert two.port_options.port == "socket://rack:5002"
    assert read.serve == {"address": "192.0.2.7:8080", "tls": True}


def test_a_package_of_its_own_is_not_held_to_the_expectation_of_the_others(tmp_path: Path) -> None:
    read = inventory(tmp_path, f'[defaults]\nexpect = "A"\n{ONE}package = "own.zip"\n')
    assert read.modules[0].plan_options.expect is None


def test_a_password_may_come_from_the_environment(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DFOTA_APN_PASSWORD", "secret")
    read = inventory(tmp_path, f'{ONE}apn = "iot"\napn-user = "me"\n')
    assert read.modules[0].plan_options.apn_password == "secret"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no [[module]]"),
        ("[defaults]\n", "no [[module]]"),
        ("module = 1\n", "no [[module]]"),
        ("module = [1]\n", "[[module]] 1: it is no table"),
        ("defaults = 1\n" + ONE, "[defaults]: it is no table"),
        ("= 1", "no TOML"),
        ("a = [" + "[" * 5000, "no TOML"),
        (ONE + "packge = 'x'\n", "did you mean package?"),
        ("[defaults]\nport = '/dev/x'\n" + ONE, "there is no key 'port'"),
        ("[default]\n" + ONE, "did you mean defaults?"),
        ("[serve]\ntls = true\n" + ONE, "address is missing"),
        ("[serve]\naddress = 'a'\ntls = 'yes'\n" + ONE, "tls must be true or false"),
        ("[[module]]\nname = 'one'\n", "port is missing"),
        ("[[module]]\nport = 'p'\n", "name is missing"),
        ("[[module]]\nname = '../one'\nport = 'p'\n", "name must be letters"),
        ("[[module]]\nname = '.one'\nport = 'p'\n", "name must be letters"),
        (ONE + ONE, "have one name"),
        (ONE + ONE.replace("one", "ONE").replace("USB2", "USB3"), "have one name"),
        (ONE + ONE.replace("one", "two"), "have one port"),
        (ONE + ONE.replace("one", "two").replace("/dev", "/dev/../dev"), "have one port"),
        (ONE + "baudrate = true\n", "baudrate must be"),
        (ONE + "baudrate = 9\n", "baudrate must be"),
        (ONE + "download-timeout = nan\n", "download-timeout must be"),
        (ONE + "download-timeout = true\n", "download-timeout must be"),
        (ONE + "url = 1\n", "url must be"),
        (ONE + "url = ''\n", "url must be"),
        (ONE + "skip = 'sim'\n", "skip must be a list of checks"),
        (ONE + "skip = ['sin']\n", "skip must be a list of checks"),
        (ONE + "key = []\n", "key must be"),
        (ONE + "module = 'bg77'\n", "module must be one of bg96"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InventoryError, match=re.escape(words)):
        inventory(tmp_path, text)


def test_sizes_are_bounded(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="bytes"):
        inventory(tmp_path, "#" * (INVENTORY_MAX_BYTES + 1))
    many = [ONE.replace("one", f"m{n}").replace("USB2", f"USB{n}") for n in range(MODULES_MAX + 1)]
    with pytest.raises(InventoryError, match="modules"):
        inventory(tmp_path, "\n".join(many))
    assert len(inventory(tmp_path, "\n".join(many[:-1])).modules) == MODULES_MAX


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="No such file"):
        read_inventory(tmp_path / "absent.toml")


def test_the_page_names_every_key_and_no_other() -> None:
    page = (ROOT / "docs" / "reference" / "inventory.md").read_text()
    page = page.partition("\n## What comes of it")[0]
    named = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    assert named == {"name", *PORT_KEYS, *PLAN_KEYS, *SERVE_KEYS}
