# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Many upgrades at a time, each in a thread of its own; how one is done is not known here.

Rule 1. Whatever happens to one module, a defect of ours included, stays with that one.
Rule 2. What may still be going on in a module is never tried again.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from dfota.errors import (
    DownloadFailedError,
    MisuseError,
    NoReplyError,
    NothingToDoError,
    OutcomeUnknownError,
    PortError,
)
from dfota.host.events import (
    HostEvent,
    Identified,
    Phase,
    PhaseEntered,
    Progressed,
    Upgraded,
    UpgradeFound,
    UpgradeResumed,
    UpgradeStarted,
    Uploaded,
)

RETRY_DELAY_S = 10.0

Work = Callable[[Callable[[HostEvent], None], Callable[[], bool]], Upgraded | None]
"""Upgrades one module; is given whom to tell events and whether to stop (``KeyboardInterrupt``).

``None`` where there was nothing to do."""


class RackState(Enum):
    """How one module of a rack stands."""

    WAITING = "waiting"
    """Its turn has not come."""
    RUNNING = "running"
    UPGRADED = "upgraded"
    """It runs the new revision; it was read back."""
    NOTHING_TO_DO = "nothing-to-do"
    """It ran it before."""
    FAILED = "failed"
    UNKNOWN = "outcome-unknown"
    """It went silent: whether it will finish is not known."""
    STOPPED = "stopped"
    """The host was told to stop in the middle; ``phase`` says where."""
    SKIPPED = "skipped"
    """It was not begun: the host was told to stop, or too many others had failed."""


FAILURES = frozenset({RackState.FAILED, RackState.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class RackEntry:
    """What is known of one module at one moment.

    Attributes:
        name: as the job is called.
        state: how it stands.
        phase: where its upgrade is, or was at last.
        percent: of that phase, where somebody said it.
        left_s: how long the phase still takes at its pace.
        imei: of the module.
        revision_before: what ran before.
        upgraded: the proof of a success.
        error: why it failed.
        seconds: how long it took, or has taken.
        attempts: how often it was begun.
    """

    name: str
    state: RackState = RackState.WAITING
    phase: Phase | None = None
    percent: float | None = None
    left_s: float | None = None
    imei: str = ""
    revision_before: str = ""
    upgraded: Upgraded | None = None
    error: Exception | None = None
    seconds: float = 0.0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class RackJob:
    """One module of a rack: its name, and how it is upgraded."""

    name: str
    work: Work


class Rack:
    """Some modules that are upgraded in parallel.

    Args:
        jobs: one for each module, with different names.
        max_parallel: so many at a time.
        stop_after: after so many failures no other is begun; ``None``: never mind.
        retries: how often one is tried again that failed while nothing was going on in it.
        on_change: is told the name of a module and the event that changed it (``None``: its
            state), from the threads.
        clock: seconds, monotonic.

    Raises:
        MisuseError: two jobs have one name.
    """

    def __init__(
        self,
        jobs: Sequence[RackJob],
        *,
        max_parallel: int,
        stop_after: int | None = None,
        retries: int = 0,
        on_change: Callable[[RackEntry, HostEvent | None], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._entries = {job.name: RackEntry(name=job.name) for job in jobs}
        if len(self._entries) != len(jobs):
            raise MisuseError("two modules of a rack have one name")
        self._queue = deque(jobs)
        self._max_parallel = max_parallel
        self._stop_after = stop_after
        self._retries = retries
        self._on_change = on_change
        self._clock = clock
        self._began_at: dict[str, float] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()

    @property
    def entries(self) -> tuple[RackEntry, ...]:
        """All modules in the order of the jobs, as they stand now."""
        with self._lock:
            now = self._clock()
            return tuple(
                replace(entry, seconds=now - self._began_at[entry.name])
                if entry.state is RackState.RUNNING
                else entry
                for entry in self._entries.values()
            )

    @property
    def failures(self) -> int:
        """How many have failed so far."""
        with self._lock:
            return sum(entry.state in FAILURES for entry in self._entries.values())

    def run(self) -> tuple[RackEntry, ...]:
        """Upgrade them all; returns when none is running any more.

        Raises:
            KeyboardInterrupt: the host was stopped; ``entries`` says how each is left. One
                more while the running ones are stopped does not wait for them.
        """
        ended = [threading.Event() for _ in range(min(self._max_parallel, len(self._queue)))]
        for number, event in enumerate(ended):
            threading.Thread(
                target=self._take_turns, args=(event,), name=f"dfota-rack-{number}", daemon=True
            ).start()
        try:
            _join(ended)
        except KeyboardInterrupt:
            self.stop()
            _join(ended)
            raise
        finally:
            self._skip_rest()
        return self.entries

    def stop(self) -> None:
        """Begin no other one, and have the running ones stop; from any thread."""
        self._stop.set()

    def served(self, name: str, done: int, total: int) -> None:
        """Note the server's side of a download; from any thread."""
        with self._lock:
            entry = self._entries[name]
            if entry.phase is Phase.DOWNLOADING and total:
                # The module has the last bytes when it says so.
                self._set(entry, None, percent=min(100 * done // total, 99))

    # -- in the threads --------------------------------------------------------------------

    def _take_turns(self, ended: threading.Event) -> None:
        try:
            while (job := self._next()) is not None:
                self._run(job)
        finally:
            ended.set()

    def _next(self) -> RackJob | None:
        with self._lock:
            is_enough = self._stop_after is not None and self.failures >= self._stop_after
            if self._stop.is_set() or is_enough or not self._queue:
                return None
            job = self._queue.popleft()
            self._began_at[job.name] = self._clock()
            self._set(self._entries[job.name], None, state=RackState.RUNNING)
            return job

    def _run(self, job: RackJob) -> None:
        for attempt in range(1, self._retries + 2):
            self._set(self._entries[job.name], None, attempts=attempt)
            watch = _Watch(lambda event: self._hear(job.name, event))
            try:
                upgraded = job.work(watch.hear, self._stop.is_set)
            except KeyboardInterrupt:
                self._end(job.name, RackState.STOPPED)
                return
            except NothingToDoError:
                self._end(job.name, RackState.NOTHING_TO_DO)
                return
            except OutcomeUnknownError as error:
                self._end(job.name, RackState.UNKNOWN, error=error)
                return
            except Exception as error:  # noqa: BLE001 - a defect in one is no harm to another
                is_last = attempt > self._retries or not watch.may_retry(error)
                if is_last or self._stop.wait(RETRY_DELAY_S):
                    self._end(job.name, RackState.FAILED, error=error)
                    return
            else:
                state = RackState.UPGRADED if upgraded is not None else RackState.NOTHING_TO_DO
                self._end(job.name, state, upgraded=upgraded)
                return

    def _hear(self, name: str, event: HostEvent) -> None:
        changes: dict[str, object] = {}
        match event:
            case PhaseEntered(phase) | UpgradeResumed(phase):
                changes = {"phase": phase, "percent": None, "left_s": None}
            case Progressed(phase, percent, left_s):
                changes = {"phase": phase, "percent": float(percent), "left_s": left_s}
            case Uploaded(_, done, total) if total:
                changes = {"percent": 100 * done / total}
            case Identified(_, _, revision, imei):
                changes = {"revision_before": revision, "imei": imei}
        with self._lock:
            self._set(self._entries[name], event, **changes)

    def _end(self, name: str, state: RackState, **facts: object) -> None:
        with self._lock:
            seconds = self._clock() - self._began_at[name]
            self._set(self._entries[name], None, state=state, seconds=seconds, left_s=None, **facts)

    def _skip_rest(self) -> None:
        with self._lock:
            for entry in self._entries.values():
                if entry.state is RackState.WAITING:
                    self._set(entry, None, state=RackState.SKIPPED)
            self._queue.clear()

    def _set(self, entry: RackEntry, event: HostEvent | None, **changes: object) -> None:
        with self._lock:
            changed = replace(entry, **changes)  # type: ignore[arg-type]  # its own fields
            self._entries[entry.name] = changed
            if self._on_change is not None:
                self._on_change(changed, event)


class _Watch:
    """Whether anything was started in a module."""

    def __init__(self, tell: Callable[[HostEvent], None]) -> None:
        self._tell = tell
        self._is_started = False

    def hear(self, event: HostEvent) -> None:
        if isinstance(event, UpgradeStarted | UpgradeFound | UpgradeResumed):
            self._is_started = True
        self._tell(event)

    def may_retry(self, error: Exception) -> bool:
        """Whether trying again can help and starts nothing twice."""
        if isinstance(error, DownloadFailedError):
            return True
        return not self._is_started and isinstance(error, PortError | NoReplyError)


def _join(ended: Sequence[threading.Event]) -> None:
    """Wait for every thread's own word: one whose ``join`` Ctrl-C breaks off counts as dead."""
    for event in ended:
        while not event.wait(0.5):  # in pieces, so that Ctrl-C is noticed everywhere
            pass
