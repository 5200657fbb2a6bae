# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Drives one module in an asyncio loop: clock, deadlines, inputs one after another; no I/O.

Rule 1. ``advance`` is called with the deadline itself, never with a later instant, and
every input comes between two calls of it. So the count of the calls and the driver's time
of each input are all that a replay needs (see ``inputs``).
Rule 2. While the module's time stands still, nothing but the laboratory reaches it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from dfota.modem.inputs import BytesIn, Input, Journal, LinesIn
from dfota.modem.module import VirtualModule

HELD_MAX_BYTES = 1024 * 1024
"""What hosts may send while time stands still; more is lost, as behind a full buffer."""


class ModuleDriver:
    """Gives a module its time and what happens to it.

    Args:
        module: whom.
        journal: gets every input, before the module does.
        on_change: called after anything happened.
    """

    def __init__(
        self,
        module: VirtualModule,
        *,
        journal: Journal = lambda _ticks, _now, _entry: None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._module = module
        self._journal = journal
        self._on_change = on_change
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        self._timer: asyncio.Handle | None = None
        self._is_stopped = False
        self._is_inside = False
        self._waiting: deque[Input] = deque()
        self._held: deque[Input] = deque()
        self._held_bytes = 0
        self.ticks = 0

    def put(self, entry: Input) -> None:
        """Let *entry* happen to the module now; behind what happens already."""
        if self._is_stopped:
            return
        self._waiting.append(entry)
        if not self._is_inside:
            self._take_waiting()

    def stop(self) -> None:
        """Nothing reaches the module any more; harmless twice."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- inside ------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return self._loop.time() - self._started_at

    def _take_waiting(self) -> None:
        self._is_inside = True
        try:
            while self._waiting:
                self._take(self._waiting.popleft())
        finally:
            self._is_inside = False
        self._changed()

    def _take(self, entry: Input) -> None:
        is_standing = self._module.timeline.is_standing
        if is_standing and not entry.is_laboratory:
            self._hold(entry)
            return
        self._apply(entry)
        if entry.is_laboratory and not self._module.timeline.is_standing:
            self._waiting.extendleft(reversed(self._held))
            self._held.clear()
            self._held_bytes = 0

    def _hold(self, entry: Input) -> None:
        if isinstance(entry, BytesIn):
            if self._held_bytes + len(entry.data) > HELD_MAX_BYTES:
                return
            self._held_bytes += len(entry.data)
        elif isinstance(entry, LinesIn):
            # Only the newest of a port counts, so that a flood of them needs no room.
            self._held = deque(
                held
                for held in self._held
                if not (isinstance(held, LinesIn) and held.port == entry.port)
            )
        self._held.append(entry)

    def _apply(self, entry: Input) -> None:
        now = self._now
        self._module.set_time(now)
        self._journal(self.ticks, now, entry)
        entry.apply(self._module, now)

    def _advance(self) -> None:
        self._timer = None
        deadline = self._module.next_deadline()
        if deadline is not None and deadline <= self._now:
            self._is_inside = True
            self.ticks += 1
            try:
                self._module.advance(deadline)
            finally:
                self._is_inside = False
        self._take_waiting()

    def _changed(self) -> None:
        for lines in self._module.lines.values():
            lines.refresh()
        self._schedule()
        self._on_change()

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = None if self._is_stopped else self._module.next_deadline()
        if deadline is None:
            return
        if deadline <= self._now:
            # Behind whatever else the loop has to do, so that it stays responsive.
            self._timer = self._loop.call_soon(self._advance)
        else:
            self._timer = self._loop.call_at(self._started_at + deadline, self._advance)
