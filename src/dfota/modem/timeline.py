# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module's clock and its pending timers; it must never look at a real clock or wait.

Whoever drives the module says what time it is (``advance(now)``) and asks when something
is due (``next_deadline()``). There are two kinds of time:

* ``pace`` is what the module itself needs (booting, programming flash, a slow radio). It
  shrinks with the speed and is nothing at ``max``.
* ``wait`` is patience with somebody else (the host that uploads, a web server). It shrinks
  with the speed too, but never below a floor, because the other side is real.

The module's time can stand still (``pause``) and go on by a number of its own seconds
(``step``); the driver's clock runs on meanwhile, and the difference is kept here.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from dfota.errors import MisuseError

Pace = Generator[float, None, None]
"""Something that takes time: yields the seconds that the module needs before it goes on."""


_ROUNDING_S = 1e-6
"""How exactly a step ends where it shall: seconds are binary fractions."""


@dataclass(frozen=True, slots=True)
class Speed:
    """How much faster than hardware the module runs; ``factor`` None means: never waits.

    Raises:
        MisuseError: the factor is not above zero.
    """

    factor: float | None = 1.0

    def __post_init__(self) -> None:
        if self.factor is not None and not 0 < self.factor < 1e9:
            raise MisuseError(f"a speed is a number above 0 or max, not {self.factor:g}")

    @classmethod
    def parse(cls, text: str) -> Speed:
        """Read ``max`` or a number such as ``1``, ``0.5`` or ``60``.

        Raises:
            MisuseError: it is neither.
        """
        if text.lower() == "max":
            return cls(None)
        try:
            factor = float(text)
        except ValueError:
            raise MisuseError(f"a speed is a number above 0 or max, not {text!r}") from None
        return cls(factor)

    def pace_s(self, cost_s: float) -> float:
        """Seconds of the driver's clock for *cost_s* of the module's own work."""
        return 0.0 if self.factor is None else cost_s / self.factor

    def wait_s(self, timeout_s: float, floor_s: float) -> float:
        """Seconds of the driver's clock for a patience of *timeout_s*."""
        shrunk = 0.0 if self.factor is None else timeout_s / self.factor
        return max(shrunk, min(timeout_s, floor_s))

    def __str__(self) -> str:
        return "max" if self.factor is None else f"{self.factor:g}"


@dataclass(order=True, slots=True)
class Timer:
    """Something that will happen; ``cancel()`` prevents it."""

    due: float
    virtual_due: float
    number: int
    callback: Callable[[], None] | None = field(compare=False)
    is_supply: bool = field(compare=False, default=False)
    timeout_s: float | None = field(compare=False, default=None)
    """The whole patience, where it is one; kept for a change of the speed."""

    def cancel(self) -> None:
        """Make nothing happen; harmless when it has happened already."""
        self.callback = None


class Timeline:
    """Pending timers in order, on the driver's clock, with the module's own clock beside it.

    Args:
        speed: how much faster than hardware.
        wait_floor_s: the shortest patience with others, in seconds of the driver's clock.

    Attributes:
        speed: see ``change_speed``.
        now: the driver's clock without the time for which the module stood still.
    """

    def __init__(self, speed: Speed, wait_floor_s: float) -> None:
        self.speed = speed
        self.now = 0.0
        self._driver_now = 0.0
        self._stood_s = 0.0
        self._stop_at: float | None = None
        self._wait_floor_s = wait_floor_s
        self._skipped_s = 0.0
        self._timers: list[Timer] = []
        self._later: list[Timer] = []
        self._numbers = itertools.count()

    @property
    def virtual_now(self) -> float:
        """Seconds since power-on as hardware would count them."""
        factor = self.speed.factor
        return self.now * (1.0 if factor is None else factor) + self._skipped_s

    def pace(
        self, cost_s: float, callback: Callable[[], None], *, is_supply: bool = False
    ) -> Timer:
        """Call *callback* when the module has worked for *cost_s* seconds.

        Args:
            cost_s: what hardware would need.
            callback: what happens then.
            is_supply: belongs to the power supply, thus survives a power cut.
        """
        due = self.now + self.speed.pace_s(cost_s)
        return self._add(due, self.virtual_now + cost_s, callback, is_supply=is_supply)

    def wait(self, timeout_s: float, callback: Callable[[], None]) -> Timer:
        """Call *callback* when *timeout_s* of patience with somebody else are over."""
        due = self.now + self.patience_s(timeout_s)
        timer = self._add(due, self.virtual_now + timeout_s, callback, is_supply=False)
        timer.timeout_s = timeout_s
        return timer

    def patience_s(self, timeout_s: float) -> float:
        """How long *timeout_s* of patience are on the driver's clock."""
        return self.speed.wait_s(timeout_s, self._wait_floor_s)

    def play(self, work: Pace, *, is_supply: bool = False) -> Timer:
        """Run *work* from now on; it goes on each time its yielded seconds are over."""
        runner = _Runner(self, work, is_supply=is_supply)
        return self.pace(0.0, runner.go_on, is_supply=is_supply)

    def next_deadline(self) -> float | None:
        """When ``advance`` should be called next, on the driver's clock."""
        if self._stop_at is not None:
            return None if self.is_standing else self._driver_now
        while self._timers and self._timers[0].callback is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return None
        due = self._timers[0].due
        deadline = due + self._stood_s
        while deadline - self._stood_s < due:  # rounded: it would not be due then
            deadline = math.nextafter(deadline, math.inf)
        return deadline

    def set_time(self, now: float) -> None:
        """Let the driver's clock be *now* without doing what is due."""
        self._driver_now = max(self._driver_now, now)
        if self._stop_at is None:
            self.now = max(self.now, self._driver_now - self._stood_s)

    def advance(self, now: float) -> None:
        """Let the driver's clock be *now* and do what is due.

        What becomes due only through that is left for the next call, so that a driver
        that must stay responsive gets the control back between two pieces of work.
        """
        self.set_time(now)
        if self._stop_at is not None:
            self._advance_step(self._stop_at)
            return
        newest = next(self._numbers)
        try:
            while self._timers and self._timers[0].due <= self.now:
                timer = heapq.heappop(self._timers)
                if timer.number > newest:
                    self._later.append(timer)
                else:
                    self._fire(timer)
        finally:
            for timer in self._later:
                heapq.heappush(self._timers, timer)
            self._later.clear()

    # -- standing still ----------------------------------------------------------------

    @property
    def is_paused(self) -> bool:
        """Whether time goes on only by ``step``."""
        return self._stop_at is not None

    @property
    def is_standing(self) -> bool:
        """Whether time is paused and nothing is left to do until where it stands."""
        stop_at = self._stop_at
        if stop_at is None or self.virtual_now < stop_at - _ROUNDING_S:
            return False
        return not any(
            timer.callback is not None and self._virtual_due(timer) <= stop_at
            for timer in self._timers
        )

    def pause(self) -> None:
        """Let the module's time stand still, its patience with others too; harmless twice."""
        if self._stop_at is None:
            self._stop_at = self.virtual_now

    def resume(self) -> None:
        """Let time go on from where it stood; harmless when it goes."""
        if self._stop_at is not None:
            self._stop_at = None
            self._stood_s = self._driver_now - self.now

    def step(self, seconds: float) -> None:
        """Let *seconds* of the module's time go by at once, then stand still (again).

        Raises:
            MisuseError: not a time that can pass.
        """
        if not 0 < seconds < 1e9:
            raise MisuseError(f"a step is a number of seconds above 0, not {seconds:g}")
        self.pause()
        self._stop_at = self.virtual_now + seconds

    def change_speed(self, speed: Speed) -> None:
        """Be so much faster than hardware from now on; what is pending comes accordingly."""
        virtual_now = self.virtual_now
        for timer in self._timers:
            if timer.timeout_s is None:
                left_s = max(0.0, self._virtual_due(timer) - virtual_now)
                timer.due = self.now + speed.pace_s(left_s)
            else:
                left = (timer.due - self.now) / (self.patience_s(timer.timeout_s) or 1.0)
                floor_s = self._wait_floor_s
                timer.due = self.now + left * speed.wait_s(timer.timeout_s, floor_s)
        heapq.heapify(self._timers)
        self.speed = speed
        self._skipped_s += virtual_now - self.virtual_now

    def _advance_step(self, stop_at: float) -> None:
        """Do the next thing of a step, or end it."""
        live = [timer for timer in self._timers if timer.callback is not None]
        timer = min(live, key=lambda entry: (self._virtual_due(entry), entry), default=None)
        if timer is None or self._virtual_due(timer) > stop_at:
            self.now += (stop_at - self.virtual_now) / (self.speed.factor or 1.0)
            self._skipped_s += stop_at - self.virtual_now  # what the division has rounded
            return
        self._timers.remove(timer)
        heapq.heapify(self._timers)
        self.now = max(self.now, timer.due)
        self._fire(timer)

    def _virtual_due(self, timer: Timer) -> float:
        """When *timer* comes, on the module's clock."""
        by_driver = self.virtual_now + (timer.due - self.now) * (self.speed.factor or 1.0)
        return max(timer.virtual_due, by_driver)

    def _fire(self, timer: Timer) -> None:
        if timer.callback is not None:
            self._skipped_s += max(0.0, timer.virtual_due - self.virtual_now)
            timer.callback()

    # -- inside ------------------------------------------------------------------------

    def forget(self) -> None:
        """Drop every timer that does not belong to the power supply."""
        for timer in (*self._timers, *self._later):
            if not timer.is_supply:
                timer.cancel()

    def _add(
        self, due: float, virtual_due: float, callback: Callable[[], None], *, is_supply: bool
    ) -> Timer:
        timer = Timer(due, virtual_due, next(self._numbers), callback, is_supply)
        heapq.heappush(self._timers, timer)
        return timer


class _Runner:
    """Walks through one piece of work on a timeline."""

    def __init__(self, timeline: Timeline, work: Pace, *, is_supply: bool) -> None:
        self._timeline = timeline
        self._work = work
        self._is_supply = is_supply

    def go_on(self) -> None:
        """Resume the work, and come back when its next pause is over."""
        try:
            cost_s = next(self._work)
        except StopIteration:
            return
        self._timeline.pace(cost_s, self.go_on, is_supply=self._is_supply)
