# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module as a function of bytes and time, for programs that have it inside; no I/O, no clock.

``feed`` and ``elapse`` are the two things that can happen: bytes come, or time passes. Both
give back what the port wrote. Nothing happens in between, so the same calls give the same
bytes in every run.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dfota.errors import MisuseError

if TYPE_CHECKING:
    from dfota.modem.port import Port
    from dfota.modem.timeline import Timeline

UNREAD_MAX_BYTES = 1024 * 1024
"""What a port keeps for ``collect``; of more, the oldest writes are lost."""

ROUNDS_MAX = 1_000_000
"""Rounds of ``advance`` for one instant; what is due then still, stays due."""


class CollectedWrites:
    """What the ports have written and nobody has taken yet: an ``output`` of a module."""

    __slots__ = ("_sizes", "_writes")

    def __init__(self) -> None:
        self._writes: dict[str, list[bytes]] = {}
        self._sizes: dict[str, int] = {}

    def __call__(self, port: str, data: bytes) -> None:
        """Keep one write."""
        writes = self._writes.setdefault(port, [])
        writes.append(data)
        size = self._sizes.get(port, 0) + len(data)
        while size > UNREAD_MAX_BYTES and writes:
            size -= len(writes.pop(0))
        self._sizes[port] = size

    def take(self, port: str) -> list[bytes]:
        """The writes of *port*, oldest first."""
        self._sizes.pop(port, None)
        return self._writes.pop(port, [])


class Embedded:
    """What a module offers to the program that has it inside; a base of ``VirtualModule``."""

    timeline: Timeline
    ports: Mapping[str, Port]
    _collected: CollectedWrites | None

    @abstractmethod
    def receive(self, port_name: str, data: bytes, now: float) -> None:
        """Take bytes that the host sent to a port at the instant *now*."""

    @abstractmethod
    def advance(self, now: float) -> None:
        """Do what is due at the instant *now*."""

    @abstractmethod
    def next_deadline(self) -> float | None:
        """When ``advance`` is wanted next."""

    def feed(self, data: bytes, *, port: str = "", now: float | None = None) -> bytes:
        """Send bytes to a port; what it writes before any more time passes.

        Args:
            data: as the host sends them: a part of a line, a line, or many.
            port: its name; the first port unless given.
            now: the instant, in seconds of the caller's clock; time passes until then
                first. Default: no time has passed.

        Raises:
            MisuseError: no port of that name, time runs backwards, or the module has an
                ``output`` that gets what it writes.
        """
        name = self._port_name(port)
        instant = self._instant(now)
        self._pass_time(instant)
        self.receive(name, data, instant)
        self._settle(instant)
        return self.collect(name)

    def elapse(self, seconds: float, *, port: str = "") -> bytes:
        """Let time pass; what the port has written by then, with what nobody had collected.

        Raises:
            MisuseError: see ``feed``.
        """
        self._pass_time(self._instant(self.timeline.now + seconds))
        return self.collect(port)

    def elapse_until(
        self, condition: Callable[[], bool], *, limit_s: float = 3600.0, port: str = ""
    ) -> bytes:
        """Let time pass until *condition* holds; what the port has written by then.

        Raises:
            TimeoutError: it does not hold after *limit_s*, and then that time has passed.
            MisuseError: see ``feed``.
        """
        end = self._instant(self.timeline.now + limit_s)
        rounds = 0
        while not condition():
            deadline = self.next_deadline()
            rounds += 1
            if deadline is None or deadline > end or rounds > ROUNDS_MAX:
                self.advance(end)
                if condition():
                    break
                raise TimeoutError(f"it has not come within {limit_s:g} s")
            self.advance(max(deadline, self.timeline.now))
        return self.collect(port)

    def collect(self, port: str = "") -> bytes:
        """What a port has written since the last call; the first port unless given.

        Raises:
            MisuseError: see ``feed``.
        """
        return b"".join(self.collect_writes(port))

    def collect_writes(self, port: str = "") -> list[bytes]:
        """The same, write by write: a host that reads quickly enough sees one at a time.

        Raises:
            MisuseError: see ``feed``.
        """
        if self._collected is None:
            raise MisuseError("this module has an output that gets what it writes")
        return self._collected.take(self._port_name(port))

    def _port_name(self, port: str) -> str:
        name = port or next(iter(self.ports))
        if name not in self.ports:
            raise MisuseError(f"there is no port {name!r}; there are {', '.join(self.ports)}")
        return name

    def _instant(self, now: float | None) -> float:
        if now is None:
            return self.timeline.now
        if not self.timeline.now <= now < float("inf"):
            raise MisuseError(f"it is {self.timeline.now:g} s already, and not {now:g} s")
        return now

    def _pass_time(self, end: float) -> None:
        """Go from deadline to deadline, so that everything happens at its instant."""
        rounds = 0
        while (deadline := self.next_deadline()) is not None and deadline <= end:
            self.advance(max(deadline, self.timeline.now))
            rounds += 1
            if rounds > ROUNDS_MAX:
                break
        self.advance(end)

    def _settle(self, now: float) -> None:
        rounds = 0
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            self.advance(now)
            rounds += 1
            if rounds > ROUNDS_MAX:
                break
