# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual time: the module's own work shrinks with the speed, patience has a floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.modem.timeline import Speed, Timeline


def run(timeline: Timeline) -> None:
    while (deadline := timeline.next_deadline()) is not None:
        timeline.advance(max(timeline.now, deadline))


@pytest.mark.parametrize(("factor", "real"), [(1.0, 10.0), (5.0, 2.0), (None, 0.0)])
def test_pace_shrinks_with_the_speed_and_virtual_time_does_not(factor, real):
    timeline = Timeline(Speed(factor), 5.0)
    seen = []
    timeline.pace(10.0, lambda: seen.append((timeline.now, timeline.virtual_now)))
    run(timeline)
    assert seen == [(real, 10.0)]


@pytest.mark.parametrize(
    ("factor", "timeout", "real"),
    [(1.0, 60, 60), (10.0, 60, 6), (100.0, 60, 5), (None, 60, 5), (None, 1, 1), (10.0, 2, 2)],
)
def test_patience_has_a_floor_in_real_time(factor, timeout, real):
    timeline = Timeline(Speed(factor), 5.0)
    seen = []
    timeline.wait(timeout, lambda: seen.append(timeline.now))
    run(timeline)
    assert seen == [pytest.approx(real)]


def test_work_at_full_speed_does_not_eat_patience():
    timeline = Timeline(Speed(None), 5.0)
    seen = []
    timeline.wait(60, lambda: seen.append("patience"))
    timeline.pace(3600, lambda: seen.append("work"))
    timeline.advance(0.0)
    assert seen == ["work"]
    assert timeline.next_deadline() == 5.0


def test_what_becomes_due_meanwhile_is_left_for_the_next_call():
    timeline = Timeline(Speed(None), 5.0)
    seen = []

    def first():
        seen.append(1)
        timeline.pace(1.0, lambda: seen.append(2))

    timeline.pace(1.0, first)
    timeline.advance(0.0)
    assert seen == [1]
    assert timeline.next_deadline() == 0.0
    timeline.advance(0.0)
    assert seen == [1, 2]


def test_forgetting_keeps_the_supply_and_drops_what_is_due_right_now():
    timeline = Timeline(Speed(None), 5.0)
    seen = []

    def cut():
        timeline.pace(0.0, lambda: seen.append("never"))
        timeline.forget()

    timeline.pace(0.0, cut)
    timeline.pace(0.0, lambda: seen.append("neither"))
    timeline.pace(2.0, lambda: seen.append("supply"), is_supply=True)
    run(timeline)
    assert seen == ["supply"]


def test_forgetting_reaches_what_was_left_for_the_next_call():
    timeline = Timeline(Speed(None), 5.0)
    seen = []
    timeline.pace(0.0, lambda: timeline.pace(0.0, lambda: seen.append("never")))
    timeline.pace(1.0, timeline.forget)
    run(timeline)
    assert seen == []


def test_cancelled_timers_do_nothing():
    timeline = Timeline(Speed(1.0), 5.0)
    timer = timeline.pace(1.0, lambda: pytest.fail("it was cancelled"))
    timer.cancel()
    timer.cancel()
    assert timeline.next_deadline() is None
    timeline.advance(10.0)


@given(costs=st.lists(st.floats(0, 100), min_size=1, max_size=20), factor=st.floats(0.1, 1000))
def test_work_in_sequence_takes_the_sum_of_its_parts(costs, factor):
    timeline = Timeline(Speed(factor), 5.0)

    def work():
        yield from costs

    timeline.play(work())
    run(timeline)
    assert timeline.now == pytest.approx(sum(costs) / factor)
    assert timeline.virtual_now == pytest.approx(sum(costs))
