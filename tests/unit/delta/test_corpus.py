# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Real firmware: every kind of processor comes back, and no patch grows unnoticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dfota import delta

PROFILES = ["max", "balanced", "embedded"]
LIMITS: dict[str, int] = {
    # pair: most bytes that its patch (max) may have; what was reached plus a few percent
    "cm0-pybricks-movehub": 980,
    "cm4-zstack-cc2652r": 440,
    "tc32-atc-thermo": 740,
    "rv32-cynthion-moondancer": 800,
    "xtensa-ath10k-qca6174": 3_900,
    "vc6-rpi-eeprom-2711": 3_350,
    "arc-intel-ibt-20-0-3": 18_700,
    "x86-seabios": 15_200,
    "arm-venus-54": 5_700,
    "a64-uboot-rockpro64": 48_000,
}

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
LARGE = 500_000
"""Bytes of an image, packed or not, from which on a pair takes its time."""


def is_large(pair: Path) -> bool:
    return any(path.stat().st_size > LARGE / 2 for path in pair.glob("*.bin*"))


def pairs() -> list[Any]:
    """All pairs beside the checkout, in every profile; the large ones take minutes."""
    folders = sorted(path.parent for path in CORPUS.glob("*/manifest.json"))
    return [
        pytest.param(
            folder.name,
            profile,
            marks=[pytest.mark.long] if is_large(folder) else [],
            id=f"{folder.name}-{profile}",
        )
        for folder in folders
        for profile in PROFILES
    ]


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "profile"), pairs())
def test_a_real_pair_comes_back(corpus: Any, name: str, profile: delta.Profile) -> None:
    pair = corpus.pair(name)

    patch = delta.generate(pair.old, pair.new, profile=profile)

    assert delta.apply(pair.old, patch) == pair.new


@pytest.mark.corpus
@pytest.mark.parametrize("name", LIMITS)
def test_the_patch_of_a_real_pair_stays_small(corpus: Any, name: str) -> None:
    pair = corpus.pair(name)

    assert len(delta.generate(pair.old, pair.new)) < LIMITS[name]
