# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A rack of modules: in parallel, each on its own, stopped and retried by its rules."""

from __future__ import annotations

import threading

import pytest

from dfota.errors import (
    CheckFailedError,
    DownloadFailedError,
    InstallFailedError,
    MisuseError,
    NothingToDoError,
    OutcomeUnknownError,
    PortError,
)
from dfota.host import (
    Phase,
    PhaseEntered,
    Progressed,
    Rack,
    RackJob,
    RackState,
    Upgraded,
    UpgradeStarted,
    rack,
)

DONE = Upgraded("old", "new", "read back", 0, ())
WAIT_S = 10.0


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rack, "RETRY_DELAY_S", 0.0)


def succeed(tell, is_stopped) -> Upgraded:
    tell(PhaseEntered(Phase.PREPARING))
    return DONE


def fail(error: Exception, *, started: bool = False):
    def work(tell, is_stopped) -> Upgraded:
        if started:
            tell(UpgradeStarted("AT+QFOTADL=1"))
        raise error

    return work


def states(entries) -> list[str]:
    return [entry.state.value for entry in entries]


def test_each_module_has_its_own_end() -> None:
    ends = {
        "a": succeed,
        "b": fail(PortError("b", "no such file")),
        "c": fail(NothingToDoError("new")),
        "d": fail(OutcomeUnknownError("updating", 900)),
        "e": fail(ZeroDivisionError("a defect")),
        "f": lambda tell, is_stopped: None,
        "g": succeed,
    }
    jobs = [RackJob(name, work) for name, work in ends.items()]
    entries = Rack(jobs, max_parallel=3).run()
    assert states(entries) == [
        "upgraded", "failed", "nothing-to-do", "outcome-unknown", "failed", "nothing-to-do",
        "upgraded",
    ]  # fmt: skip
    assert [entry.name for entry in entries] == list(ends)
    assert isinstance(entries[4].error, ZeroDivisionError)
    assert entries[0].upgraded is DONE


def test_so_many_at_a_time_and_no_more() -> None:
    running: set[str] = set()
    most = 0
    lock = threading.Lock()
    full = threading.Barrier(4)

    def work_of(name: str):
        def work(tell, is_stopped) -> Upgraded:
            nonlocal most
            with lock:
                running.add(name)
                most = max(most, len(running))
            full.wait(WAIT_S)  # four are running at once, or this breaks
            with lock:
                running.discard(name)
            return DONE

        return work

    jobs = [RackJob(str(n), work_of(str(n))) for n in range(8)]
    assert set(states(Rack(jobs, max_parallel=4).run())) == {"upgraded"}
    assert most == 4


def test_after_so_many_failures_no_other_is_begun() -> None:
    bad = fail(InstallFailedError(504, "failed", ""), started=True)
    jobs = [RackJob("a", bad), RackJob("b", succeed), RackJob("c", bad), RackJob("d", succeed)]
    entries = Rack(jobs, max_parallel=1, stop_after=2).run()
    assert states(entries) == ["failed", "upgraded", "failed", "skipped"]


def test_ctrl_c_stops_the_running_and_begins_no_other(monkeypatch) -> None:
    begun = threading.Event()

    def work(tell, is_stopped) -> Upgraded:
        tell(PhaseEntered(Phase.UPDATING))
        begun.set()
        while not is_stopped():
            threading.Event().wait(0.001)
        raise KeyboardInterrupt

    joins = iter([True])
    join = rack._join

    def interrupted(threads) -> None:
        if next(joins, False):
            begun.wait(WAIT_S)
            raise KeyboardInterrupt
        join(threads)

    monkeypatch.setattr(rack, "_join", interrupted)
    many = Rack([RackJob("a", work), RackJob("b", succeed)], max_parallel=1)
    with pytest.raises(KeyboardInterrupt):
        many.run()
    assert states(many.entries) == ["stopped", "skipped"]
    assert many.entries[0].phase is Phase.UPDATING


@pytest.mark.parametrize(
    ("error", "started", "attempts"),
    [
        (PortError("p", "busy"), False, 3),
        (DownloadFailedError(702, "timeout", ""), True, 3),
        (PortError("p", "went away"), True, 1),
        (InstallFailedError(504, "failed", ""), True, 1),
        (OutcomeUnknownError("updating", 900), True, 1),
        (CheckFailedError("sim", "no SIM", ""), False, 1),
        (ZeroDivisionError(), False, 1),
    ],
)
def test_only_what_may_be_tried_again_is(error: Exception, started: bool, attempts: int) -> None:
    jobs = [RackJob("a", fail(error, started=started))]
    (entry,) = Rack(jobs, max_parallel=1, retries=2).run()
    assert entry.attempts == attempts


def test_a_retry_that_succeeds_is_a_success() -> None:
    tries = iter([PortError("p", "busy")])

    def work(tell, is_stopped) -> Upgraded:
        for error in tries:
            raise error
        return DONE

    (entry,) = Rack([RackJob("a", work)], max_parallel=1, retries=1).run()
    assert (entry.state, entry.attempts, entry.error) == (RackState.UPGRADED, 2, None)


def test_the_server_is_never_ahead_of_the_module() -> None:
    """All bytes are sent, but the module has not said that it has them."""
    seen: list[float | None] = []

    def work(tell, is_stopped) -> Upgraded:
        many.served("a", 5, 10)  # not downloading yet
        tell(PhaseEntered(Phase.DOWNLOADING))
        for done in (0, 5, 10):
            many.served("a", done, 10)
        tell(PhaseEntered(Phase.UPDATING))
        many.served("a", 10, 10)
        tell(Progressed(Phase.UPDATING, 7, 12.5))
        return DONE

    many = Rack(
        [RackJob("a", work)], max_parallel=1, on_change=lambda entry, _: seen.append(entry.percent)
    )
    many.run()
    assert seen[2:] == [None, 0, 50, 99, None, 7.0, 7.0]


def test_two_modules_of_one_name_are_refused() -> None:
    with pytest.raises(MisuseError):
        Rack([RackJob("a", succeed), RackJob("a", succeed)], max_parallel=1)


def test_time_is_that_of_each_module() -> None:
    now = [0.0]

    def work(tell, is_stopped) -> Upgraded:
        now[0] += 7
        return DONE

    jobs = [RackJob("a", work), RackJob("b", work)]
    entries = Rack(jobs, max_parallel=1, clock=lambda: now[0]).run()
    assert [entry.seconds for entry in entries] == [7, 7]
