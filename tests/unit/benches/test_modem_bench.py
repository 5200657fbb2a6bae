# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The bench of the module: what it measures, how it judges, what it writes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.fixture
def modem_run():
    from modem_bench.facts import Figure, Run

    return Run(
        figures=(
            Figure("memory", 16.0, "KiB", 64, group="Memory", note="each"),
            Figure("commands", 15_000, "per s", 30_000, is_ceiling=False, group="Commands"),
            Figure("failures of 5 upgrades at once", 0, "", 0, group="Swarm"),
            Figure("total", 12.5, "s", group="Swarm"),
        ),
        skipped=("a whole upgrade: not there",),
        machine="2-core",
        material="Some.",
    )


def test_a_goal_is_met_or_missed_by_so_much(benches, modem_run):
    from modem_bench.report import verdict

    assert [verdict(figure) for figure in modem_run.figures] == [
        "met",
        "missed by 15,000 per s",
        "met",
        "-",
    ]
    assert [figure.share_of_goal for figure in modem_run.figures] == [0.25, 2.0, None, None]


def test_the_page_has_every_figure_its_goal_and_what_was_left_out(benches, modem_run):
    from modem_bench.report import pages

    files = pages(modem_run)
    assert set(files) == {"modem.md", "modem.csv", "modem-goals.svg"}
    page = files["modem.md"]
    for words in ("| memory | 16 KiB | ≤ 64 KiB | met |", "| total | 12.5 | s |", "not there"):
        assert words in page
    assert files["modem.csv"].splitlines()[2] == (
        'Commands,commands,15000,per s,"≥ 30,000 per s","missed by 15,000 per s"'
    )
    assert pages(modem_run) == files


def test_a_kept_run_is_the_same_run(benches, modem_run):
    from modem_bench.facts import Run

    assert Run.from_json(json.loads(json.dumps(modem_run.to_json()))) == modem_run


@pytest.mark.parametrize(
    ("name", "options", "key"),
    [
        ("idle", {"count": 5, "corpus": "", "is_mapped": False}, "kib_each"),
        ("commands", {"count": 200, "modules": 2, "has_echo": True}, "per_s"),
        ("boot", {"count": 2, "is_on_disk": False}, "up_ms"),
        ("swarm", {"count": 3, "limit_s": 60, "profile": "embedded"}, "failures"),
    ],
)
def test_each_measurement_works(benches, name, options, key):
    ended = subprocess.run(
        [sys.executable, "-m", "modem_bench.worker", name, json.dumps(options)],
        cwd=benches,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found[key] == 0 if key == "failures" else found[key] > -1000
