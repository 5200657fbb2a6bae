# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The table of phases is total, and says what it must of each sign."""

from __future__ import annotations

import itertools

import pytest

from dfota.host import TRANSITIONS, Phase, TimeLimits
from dfota.host.phases import FOLLOWED, End, Sign


def test_the_table_is_total() -> None:
    assert set(TRANSITIONS) == set(itertools.product(FOLLOWED, Sign))


@pytest.mark.parametrize("phase", FOLLOWED)
def test_an_end_is_an_end_from_anywhere(phase: Phase) -> None:
    assert TRANSITIONS[phase, Sign.FAILED] is End.INSTALL_FAILED
    assert TRANSITIONS[phase, Sign.FETCH_FAILED] is End.DOWNLOAD_FAILED
    assert TRANSITIONS[phase, Sign.ENDED] is Phase.REBOOTING


def test_only_a_boot_after_end_0_ends_it_well() -> None:
    ends = [key for key, target in TRANSITIONS.items() if target is End.BOOTED]
    assert ends == [(Phase.REBOOTING, Sign.BOOTED)]


def test_a_port_that_returns_says_nothing_where_the_module_is_silent_anyway() -> None:
    for phase in (Phase.STARTING, Phase.DOWNLOADING, Phase.DOWNLOADED, Phase.INSTALLING):
        assert TRANSITIONS[phase, Sign.RETURNED] is phase


@pytest.mark.parametrize("phase", FOLLOWED)
def test_every_phase_has_a_limit(phase: Phase) -> None:
    assert TimeLimits().of(phase, None) > 0
