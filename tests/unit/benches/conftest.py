# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The parts of the bench can be imported here, as its script does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHES = Path(__file__).resolve().parents[3] / "benches"
sys.path.insert(0, str(BENCHES))


@pytest.fixture
def benches() -> Path:
    return BENCHES


@pytest.fixture
def run():
    """Two pairs, one of them large; ours, bsdiff, a peer that failed once, and recorded sizes."""
    from delta_bench.facts import Cost, Growth, PairFacts, Result, Run, Tool

    def cost(wall_s, peak_bytes):
        return Cost(wall_s, wall_s * 1.5, peak_bytes, 3)

    ours = Tool("dfota max", "generate(OLD, NEW)", "1.0", profile="max")
    bsdiff = Tool("bsdiff", "bsdiff OLD NEW PATCH", "4.3", recorded_as="bsdiff-4.3")
    broken = Tool("broken", "broken | OLD", "0", recorded_as="broken-1")
    small = PairFacts(
        "small",
        1000,
        1000,
        {
            "dfota max": Result(50, cost(0.1, 20_000), cost(0.1, 4000), 1 << 20),
            "bsdiff": Result(100, cost(0.2, 9000), cost(0.1, 4000)),
            "broken": Result(1, cost(0.2, 9000), failure="gave another image back"),
        },
        {"bsdiff-4.3": 101, "hdiffz-m1-SD-lzma2-9": 125},
    )
    large = PairFacts(
        "large",
        2_000_000,
        2_000_000,
        {
            "dfota max": Result(400, cost(6.0, 40_000_000), cost(0.5, 9_000_000), 2 << 20),
            "bsdiff": Result(300, cost(1.0, 34_000_000), cost(0.1, 4_000_000)),
            "broken": Result(500, cost(0.2, 9000), cost(0.1, 4000)),
        },
        {"hdiffz-m1-SD-lzma2-9": 200, "only-here": 250},
    )
    growth = (
        Growth("dfota max", 1_000_000, Result(10, cost(1.0, 1), cost(1.0, 1))),
        Growth("dfota max", 4_000_000, Result(10, cost(8.0, 1), cost(1.0, 1))),
    )
    return Run(
        (ours, bsdiff, broken),
        (small, large),
        growth,
        {"dfota max": 70},
        ("a peer: is not installed",),
        "2-core",
        "Pairs: two.",
    )
