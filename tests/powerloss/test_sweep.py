# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A power cut at every flash operation of a whole update leaves a module that runs.

Each test is named after its cut: ``pytest tests/powerloss -k 137-tail`` replays one.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota.flash import Cut, CutMode

pytestmark = pytest.mark.powerloss


@pytest.fixture
def survive(scene, record_outcome):
    """Live through a case and count it."""

    def survive(sweep, case):
        try:
            outcome = scene.survive(case)
        except BaseException:
            record_outcome(sweep, "lost")
            raise
        record_outcome(sweep, outcome)

    return survive


def test_one_cut_leaves_old_or_new_and_never_a_mixture(survive, single_cut):
    survive("single cuts", single_cut)


def test_a_second_cut_in_the_recovery_leaves_old_or_new(survive, double_cut):
    survive("second cuts", double_cut)


def test_the_sweep_meets_every_part_of_an_update(scene, record_operations):
    record_operations(scene.operations)
    assert scene.operations > 200
    assert 0 < scene.commit < scene.operations


def test_the_scene_moves_grows_adds_and_removes(scene):
    from dfota.engine import Engine

    before, after = scene.flash(), scene.flash()
    scene.live(after)
    engines = [Engine(before), Engine(after)]
    for engine in engines:
        engine.boot()
    old, new = ({e.name: e for e in engine.firmware.partitions} for engine in engines)

    assert old["boot"] == new["boot"]
    assert old["nv"].digest == new["nv"].digest
    assert old["nv"].offset != new["nv"].offset
    assert new["apps"].size > old["apps"].slot_size
    assert "extra" not in new
    assert "wlan" not in old
    # An image is restored over the place that another one was read from.
    assert new["modem"].offset < old["nv"].offset + old["nv"].slot_size


def test_a_chip_that_lies_is_noticed(scene):
    scene.notice_silent_corruption()


CUTS = st.lists(st.builds(Cut, st.integers(0, 400), st.sampled_from(CutMode)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(CUTS, st.integers(0, 200))
def test_any_number_of_cuts_is_survived(scene, cases, cuts, first):
    scene.survive(cases["case"]((Cut(first, CutMode.HEAD), *cuts)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_a_large_sample_of_second_cuts_is_survived(scene, cases, record_outcome, seed):
    for case in cases["double"](scene, 5000, seed):
        try:
            outcome = scene.survive(case)
        except BaseException as error:
            record_outcome("second cuts, large sample", "lost")
            raise AssertionError(f"not survived: {case}") from error
        record_outcome("second cuts, large sample", outcome)
