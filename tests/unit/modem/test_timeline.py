# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual time: the module's own work shrinks with the speed, patience has a floor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import MisuseError
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


# -- standing still ------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1.0, 10.0, None])
def test_nothing_happens_while_time_stands_still_and_no_patience_is_lost(factor):
    timeline = Timeline(Speed(factor), 5.0)
    seen = []
    timeline.pace(10.0, lambda: seen.append("work"))
    timeline.wait(60.0, lambda: seen.append("patience"))
    timeline.pause()
    timeline.pause()
    assert timeline.is_paused
    assert timeline.next_deadline() is None
    timeline.advance(1000.0)
    assert (seen, timeline.virtual_now) == ([], 0.0)
    timeline.resume()
    assert timeline.next_deadline() == pytest.approx(1000.0 + (10.0 / factor if factor else 0.0))
    run_by_driver(timeline, 1000.0)
    assert seen == ["work", "patience"]


def run_by_driver(timeline: Timeline, now: float) -> None:
    while (deadline := timeline.next_deadline()) is not None:
        now = max(now, deadline)
        timeline.advance(now)


@pytest.mark.parametrize("factor", [1.0, 0.3, 10.0, None])
def test_a_step_is_exactly_so_many_seconds_of_the_module(factor):
    timeline = Timeline(Speed(factor), 5.0)
    seen = []

    def work():
        for number in range(4):
            yield 1.5
            seen.append((number, round(timeline.virtual_now, 6)))

    timeline.play(work())
    timeline.step(3.2)
    run_by_driver(timeline, 7.0)
    assert seen == [(0, 1.5), (1, 3.0)]
    assert timeline.virtual_now == pytest.approx(3.2)
    timeline.step(1.3)
    run_by_driver(timeline, 7.0)
    assert seen[2:] == [(2, 4.5)]
    assert timeline.is_standing
    timeline.resume()
    run_by_driver(timeline, 7.0)
    assert seen[3:] == [(3, 6.0)]


def test_a_step_is_a_time_that_can_pass():
    timeline = Timeline(Speed(1.0), 5.0)
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(MisuseError):
            timeline.step(seconds)
    assert not timeline.is_paused


@pytest.mark.parametrize(("before", "after"), [(1.0, 10.0), (10.0, 1.0), (1.0, None), (None, 2.0)])
def test_another_speed_changes_what_is_pending_and_not_what_it_is(before, after):
    timeline = Timeline(Speed(before), 5.0)
    seen = []
    timeline.pace(100.0, lambda: seen.append(("work", round(timeline.virtual_now, 6))))
    timeline.set_time(2.0)
    virtual = timeline.virtual_now
    timeline.change_speed(Speed(after))
    assert timeline.virtual_now == pytest.approx(virtual)
    left_s = 100.0 - virtual
    assert timeline.next_deadline() == pytest.approx(2.0 + (left_s / after if after else 0.0))
    run_by_driver(timeline, 2.0)
    assert seen == [("work", 100.0)]


def test_another_speed_shortens_the_rest_of_a_patience():
    timeline = Timeline(Speed(1.0), 5.0)
    timeline.wait(60.0, lambda: None)
    timeline.set_time(30.0)
    timeline.change_speed(Speed(None))
    assert timeline.next_deadline() == pytest.approx(32.5), "half of the floor is left"


@given(st.lists(st.floats(0.0, 50.0), max_size=12), st.lists(st.floats(0.01, 40.0), max_size=6))
def test_steps_do_the_same_in_the_same_order_as_time_that_flows(costs, steps):
    def outcome(drive):
        timeline = Timeline(Speed(1.0), 5.0)
        seen = []
        for number, cost in enumerate(costs):
            timeline.pace(cost, lambda number=number: seen.append(number))
        drive(timeline)
        run_by_driver(timeline, 0.0)
        return seen

    def in_steps(timeline):
        for seconds in steps:
            timeline.step(seconds)
            run_by_driver(timeline, 0.0)
        timeline.resume()

    assert outcome(in_steps) == outcome(lambda _timeline: None)


@given(st.floats(0.0, 1e5), st.floats(0.0, 1e3), st.floats(0.0, 1e5))
def test_a_deadline_is_due_when_it_is_there(at, cost, pause):
    timeline = Timeline(Speed(1.0), 5.0)
    timeline.set_time(at)
    timeline.pause()
    timeline.set_time(at + pause)
    timeline.resume()
    seen = []
    timeline.pace(cost, lambda: seen.append(True))
    deadline = timeline.next_deadline()
    assert deadline is not None
    timeline.advance(deadline)
    assert seen == [True]
