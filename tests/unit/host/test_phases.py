# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The table of phases is total, and says what it must of each sign."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from dfota.host import TRANSITIONS, Phase, TimeLimits
from dfota.host.kinds import KINDS
from dfota.host.phases import FOLLOWED, End, Sign, expected_s, signs_of
from dfota.host.phases_document import drawn_transitions, render_procedure


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


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("is_local", [False, True])
def test_an_undisturbed_upgrade_of_every_kind_leads_to_the_good_end(kind, is_local: bool) -> None:
    phase: Phase | End = Phase.STARTING
    for sign in signs_of(kind, is_local=is_local):
        assert isinstance(phase, Phase)
        phase = TRANSITIONS[phase, sign]
    assert phase is End.BOOTED


def test_the_diagram_draws_the_table_and_all_of_its_phases() -> None:
    drawn = drawn_transitions()
    assert all(TRANSITIONS[phase, sign] is target for phase, sign, target in drawn)
    assert {phase for phase, _, _ in drawn} == set(FOLLOWED)
    assert {target for _, _, target in drawn if isinstance(target, End)} == set(End)


def test_the_page_is_what_the_table_says() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "upgrade-procedure.md"
    assert page.read_text("utf-8") == render_procedure(), (
        "run: python -m dfota.host.phases_document > docs/reference/upgrade-procedure.md"
    )


def test_an_estimate_is_given_only_where_something_is_known() -> None:
    bg96, ec2x = KINDS["bg96"], KINDS["ec2x"]
    assert expected_s(Phase.DOWNLOADING, bg96, 441_472, 40_000.0) == pytest.approx(11.04, abs=0.01)
    assert expected_s(Phase.DOWNLOADING, bg96, 441_472, None) is None
    assert expected_s(Phase.DOWNLOADING, bg96, None, 40_000.0) is None
    # Nobody has published how long a BG96 takes; an EG18 took eight minutes for 40 MB.
    assert expected_s(Phase.UPDATING, bg96, 441_472, None) is None
    assert expected_s(Phase.UPDATING, ec2x, 40_000_000, None) == pytest.approx(480, rel=0.01)
