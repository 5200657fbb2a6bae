# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import dataclasses
import json

import pytest
from delta_bench import judging
from delta_bench.facts import Run
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=20))
def test_the_geometric_mean_lies_between_and_scales(values):
    mean = judging.geometric_mean(values)
    assert min(values) * 0.999999 <= mean <= max(values) * 1.000001
    assert judging.geometric_mean([value * 2 for value in values]) == pytest.approx(mean * 2)


def test_the_geometric_mean_of_a_half_and_two_is_one():
    assert judging.geometric_mean([0.5, 2.0]) == pytest.approx(1.0)


def test_a_measured_size_replaces_the_recorded_one_and_a_wrong_result_is_no_peer(run):
    small, large = run.pairs
    assert judging.peer_sizes(run, small) == {"bsdiff": 100, "hdiffz-m1-SD-lzma2-9": 125}
    assert judging.best_peer(run, small) == ("bsdiff", 100)
    assert judging.best_peer(run, large) == ("hdiffz-m1-SD-lzma2-9", 200)


def test_our_own_patches_are_never_the_best_peer(run):
    alone = dataclasses.replace(run, tools=run.tools[:1])
    pair = dataclasses.replace(run.pairs[0], recorded={})
    assert judging.best_peer(alone, dataclasses.replace(pair, results={})) is None
    assert "dfota max" not in judging.peer_sizes(run, pair)


def test_a_summary_has_means_and_medians_to_both_and_the_total(run):
    ours = judging.summarise(run, "dfota max")
    assert (ours.pair_count, ours.total_bytes) == (2, 450)
    assert ours.mean_to_best == pytest.approx(1.0)  # 0.5 and 2
    assert ours.median_to_best == pytest.approx(1.25)
    assert ours.mean_to_hdiffpatch == pytest.approx((0.4 * 2) ** 0.5)
    assert judging.summarise(run, "broken").pair_count == 1
    assert judging.summarise(run, "nobody") is None


def test_summaries_show_ours_first_and_recorded_peers_only_with_every_pair(run):
    names = [one.name for one in judging.summaries(run)]
    assert names[0] == "dfota max"
    assert sorted(names[1:]) == ["broken", "bsdiff", "hdiffz-m1-SD-lzma2-9"]


def test_goals_say_met_or_missed_by_how_much(run):
    found = {goal.promise: goal for goal in judging.goals(run)}

    def goal(part):
        (one,) = [goal for promise, goal in found.items() if part in promise]
        return one

    assert goal("best peer of each pair ≤ 0.55").missed_by == "0.450"
    assert goal("best peer by more than 64").reached == "200 bytes (worst: large, of 2)"
    assert goal("best peer by more than 64").missed_by == "136 bytes"
    assert goal("identical").missed_by == "7 bytes"
    assert goal("times bsdiff").missed_by == "2.000 times"
    memory = [one for promise, one in found.items() if "12 bytes per byte" in promise]
    assert [one.is_met for one in memory] == [True, True]
    assert goal("MB/s").is_met
    assert goal("decoder memory").reached.startswith("2.000 MiB")
    assert goal("linearly").missed_by == "0.350"  # eight times the time for four times the size


def test_what_was_not_measured_is_neither_met_nor_missed(run):
    nothing = dataclasses.replace(run, pairs=(), growth=(), identical={})
    assert all(goal.is_met is None for goal in judging.goals(nothing))


@pytest.mark.parametrize("size", [63, 64])
def test_identical_images_must_stay_under_64_bytes(run, size):
    found = judging.goals(dataclasses.replace(run, identical={"dfota max": size}))
    (goal,) = [goal for goal in found if "identical" in goal.promise]
    assert goal.is_met == (size < 64)


def test_wrong_results_are_named(run):
    assert judging.wrong_results(run) == [("small", "broken", "gave another image back")]


def test_a_run_survives_json(run):
    assert Run.from_json(json.loads(json.dumps(run.to_json()))) == run
