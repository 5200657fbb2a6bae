# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Real firmware: every kind of processor comes back, and no patch grows unnoticed."""

from __future__ import annotations

from typing import Any

import pytest

from dfota import delta

LIMITS = {
    # pair: most bytes that its patch may have; what was reached plus a few percent
    "cm0-pybricks-movehub": 5_000,
    "cm4-zstack-cc2652r": 4_000,
    "tc32-atc-thermo": 2_600,
    "rv32-cynthion-moondancer": 2_700,
    "xtensa-ath10k-qca6174": 15_500,
    "vc6-rpi-eeprom-2711": 4_300,
    "arc-intel-ibt-20-0-3": 28_000,
    "x86-seabios": 27_000,
    "arm-venus-54": 24_500,
    "hexagon-sdm845-cdsp": 115_000,
    "a64-uboot-rockpro64": 132_000,
}


@pytest.mark.corpus
@pytest.mark.parametrize("name", LIMITS)
def test_a_real_pair_comes_back_and_stays_small(corpus: Any, name: str) -> None:
    pair = corpus.pair(name)

    patch = delta.generate(pair.old, pair.new)

    assert delta.apply(pair.old, patch) == pair.new
    assert len(patch) < LIMITS[name]
