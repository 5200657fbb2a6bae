# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Every scenario that comes along is rehearsed; what is no scenario is told with its line."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import FileUnreadableError, MisuseError, ScenarioError
from dfota.modem import Scenario, scenario_named, scenarios, scenarios_reference
from dfota.modem.inputs import VerbIn

sys.path.insert(0, str(Path(__file__).parent))
from stage import Stage

NAMES = [scenario.name for scenario in scenarios()]


@pytest.fixture(scope="session")
def props(lab, package):
    other = lab.release("BG96MAR02A07M1G_01.017.01.017", seed=9)
    corrupted = bytearray(package)
    corrupted[len(package) // 2] ^= 1
    return {
        "package": package,
        "package-other-source": lab.package(other, lab.new),
        "package-foreign": lab.package(lab.old, lab.new, foreign_key=True),
        "package-truncated": package[: len(package) * 2 // 3],
        "package-corrupted": bytes(corrupted),
        "package-rollback": package,
        "filler-slow": bytes(20_000),
        "filler-large": bytes(100_000),
    }


@pytest.fixture
def stage(lab, props):
    def make(scenario: Scenario) -> Stage:
        puts = {prop for step in scenario.rehearsal for prop in step.put.values()}
        firmware = lab.old
        if "package-rollback" in puts:
            firmware = replace(firmware, security_counter=5)
        return Stage(
            scenario,
            firmware=firmware,
            new_revision=lab.new.revision.text,
            props=props,
            key=lab.key.public_key,
        )

    return make


@pytest.mark.parametrize("name", NAMES)
def test_what_a_scenario_promises_happens(stage, name):
    scenario = scenario_named(name)
    assert scenario.rehearsal, "it promises nothing"
    stage(scenario).rehearse()


def test_a_step_that_waits_outlives_a_power_cut(stage):
    scenario = parse(HEAD + '[[step]]\nat = "60s"\ndo = "urc"\ntext = "+X: 60"\n')
    stage = stage(scenario)
    stage.run(lambda: False, 20)
    stage.put(VerbIn("power-cut"))
    stage.run(lambda: False, 5)
    stage.put(VerbIn("power-on"))
    assert stage.run(lambda: b"+X: 60" in b"".join(data for _, _, data in stage.said), 60)
    assert stage.said[-1][0] == pytest.approx(60.0, abs=0.2)


def test_there_is_one_for_each_field_failure_that_a_module_can_show():
    assert len(NAMES) >= 50
    assert len(set(NAMES)) == len(NAMES)
    facts = " ".join(scenario.fact for scenario in scenarios())
    for case in range(1, 11):
        assert f"Fault case {case}:" in facts


def test_the_page_of_the_reference_is_the_generated_one(root):
    page = root / "docs" / "reference" / "scenarios.md"
    assert page.read_text("utf-8") == scenarios_reference()


# -- the language --------------------------------------------------------------------------

HEAD = """\
title = "t"
description = "d"
host_sees = "h"
fact = "f"
"""


def parse(text: str) -> Scenario:
    return Scenario.parse(text.encode(), "my.toml", "my")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('description = "t"\n', 0, "title is missing"),
        (HEAD + "colour = 1\n", 5, "no 'colour' at the top"),
        (HEAD + "[module]\ncolour = 1\n", 6, "no 'colour' in .module."),
        (HEAD + "[module]\nset = { boots = 1 }\n", 6, "no profile setting 'boots'"),
        (HEAD + '[module]\nprofile = "bg97"\n', 6, "no profile 'bg97'"),
        (HEAD + '[module]\nports = ["lpt1"]\n', 6, "ports are some of"),
        (HEAD + "[world]\nrssi = 7\nweather = 1\n", 7, "the world has no 'weather'"),
        (HEAD + "[world]\nrssi = 700\n", 6, "rssi is 0 to 99"),
        (HEAD + '[[step]]\nat = "1s"\ndo = "explode"\n', 7, "no verb 'explode'"),
        (HEAD + '[[step]]\nat = "1s"\n', 5, "do is missing"),
        (HEAD + '[[step]]\nat = "1 s"\ndo = "power-cut"\n', 6, "at is a time"),
        (HEAD + '[[step]]\nat = -1\ndo = "power-cut"\n', 6, "at is a time"),
        (HEAD + '[[step]]\nat = true\ndo = "power-cut"\n', 6, "at is a time"),
        (HEAD + '[[step]]\nat = "1s"\nurc = "x"\ndo = "power-cut"\n', 7, "one trigger"),
        (HEAD + '[[step]]\ndo = "power-cut"\n', 5, "the first step needs"),
        (HEAD + '[[step]]\nat = "1s"\ndo = "state"\n', 7, "does nothing"),
        (HEAD + '[[step]]\nwhen = "phase:lunch"\ndo = "power-cut"\n', 6, "when is phase"),
        (HEAD + '[[step]]\nwhen = "phase:start:101"\ndo = "power-cut"\n', 6, "when is phase"),
        (HEAD + '[[step]]\nat = 1\ndo = "step"\nseconds = "many"\n', 8, "seconds takes number"),
        (HEAD + '[[step]]\nat = 1\ndo = "world"\nname = "x"\nvalue = "y"\n', 8, "no 'x'"),
        (HEAD + '[[step]]\nat = 1\ndo = "power-cut"\n\n[[step]]\nboom = 1\ndo = "power-on"\n',
         10, "power-on has no 'boom'"),
        (HEAD + "[[rehearsal]]\nexpect = 3\n", 6, "expect is text"),
        (HEAD + '[[rehearsal]]\nrevision = "newest"\n', 6, "revision is old or new"),
        (HEAD + '[[rehearsal]]\npower = "half"\n', 6, "power is one of"),
        (HEAD + "step = 3\n", 5, "list"),
        (HEAD + "title = 1\n", 5, "line 5"),
        (HEAD + "[[step\n", 5, "line 5"),
        (HEAD.replace('"d"', '"""\n[[step]]\ndo = 1\n"""') + "colour = 1\n", 8, "no 'colour'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(text, line, reason):
    with pytest.raises(ScenarioError, match=reason) as caught:
        parse(text)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"my.toml:{line}: " if line else "my.toml: ")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_scenario_or_an_error(data):
    with pytest.raises(ScenarioError):
        Scenario.parse(data, "x", "x")


def test_a_scenario_of_ones_own_is_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(HEAD)
    assert scenario_named(str(path)).name == "mine"
    with pytest.raises(FileUnreadableError):
        scenario_named(str(tmp_path / "none.toml"))
    path.write_bytes(b"#" * 300_000)
    with pytest.raises(ScenarioError, match="bytes"):
        scenario_named(str(path))


@pytest.mark.parametrize("name", ["nothing", "../power-cut-in-restore", "", "/etc/passwd"])
def test_a_name_reaches_nothing_outside(name):
    with pytest.raises((MisuseError, FileUnreadableError, ScenarioError)):
        scenario_named(name)


@pytest.mark.parametrize(
    "text",
    [
        f"[world]\nrssi = {'9' * 6000}",
        f"[world]\nrssi = 0x{'f' * 5000}",
        f'[[step]]\nat = "{"9" * 400}m"\ndo = "power-cut"',
        f'[[step]]\nwhen = "boots:{"9" * 6000}"\ndo = "power-cut"',
    ],
)
def test_a_number_without_end_is_one_clear_error(text):
    head = 'title = "t"\ndescription = "d"\nhost_sees = "h"\nfact = "f"\n'
    with pytest.raises(ScenarioError):
        Scenario.parse(f"{head}{text}\n".encode(), "s.toml", "s")
