# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a trace again, without any socket or clock, and compares what the module writes.

The module is a function of its state and of its inputs, at their instants and between the
same calls of ``advance``; all of them are in the trace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dfota.errors import MisuseError, ReplayDiffersError
from dfota.modem.inputs import BytesIn
from dfota.modem.module import VirtualModule
from dfota.modem.trace import TraceLine, TraceReader, input_of
from dfota.modem.transcript import Direction, TranscriptEntry, TranscriptSink

TICKS_MAX = 100_000_000
"""A forged count must not keep us busy for ever: a tick that does nothing ends the replay."""


@dataclass(slots=True)
class ReplayResult:
    """What a replay came to.

    Attributes:
        inputs: how many inputs were repeated.
        outputs: how many writes were compared.
        virtual_s: how far the module's time has come.
        is_complete: whether the trace had an end; a killed process leaves none.
        revision: the firmware that runs then, if one does.
        power: what the module is then.
    """

    inputs: int = 0
    outputs: int = 0
    virtual_s: float = 0.0
    is_complete: bool = False
    revision: str | None = None
    power: str = ""


@dataclass(slots=True)
class _Replay:
    """One replay under way."""

    module: VirtualModule
    sink: TranscriptSink
    check: bool
    written: deque[tuple[str, bytes]] = field(default_factory=deque)
    ticks: int = 0
    result: ReplayResult = field(default_factory=ReplayResult)

    def take(self, line: TraceLine, refuse: Callable[[TraceLine, str], Exception]) -> None:
        """Do what *line* says."""
        self._advance_to(line, refuse)
        facts = line.facts
        if "in" in facts:
            self._input(facts, line, refuse)
        elif "out" in facts:
            self._output(line)
        elif facts.get("end"):
            self.result.is_complete = True
            if self.check and self.written:
                port, data = self.written[0]
                raise ReplayDiffersError(line.number, "the end", f"{port} {data[:80]!r}")

    def _advance_to(self, line: TraceLine, refuse: Callable[[TraceLine, str], Exception]) -> None:
        if line.ticks > TICKS_MAX or line.ticks < self.ticks:
            raise refuse(line, f"{line.ticks} calls do not follow {self.ticks}")
        while self.ticks < line.ticks:
            deadline = self.module.next_deadline()
            if deadline is None:
                if self.check:
                    raise ReplayDiffersError(line.number, "something pending", "nothing")
                raise refuse(line, "nothing is pending before it")
            self.module.advance(deadline)
            self.ticks += 1

    def _input(
        self,
        facts: Any,
        line: TraceLine,
        refuse: Callable[[TraceLine, str], Exception],
    ) -> None:
        now = facts.get("now")
        if not isinstance(now, int | float) or not 0 <= now < 1e12:
            raise refuse(line, "an input has no instant")
        try:
            entry = input_of(facts)
        except MisuseError as error:
            raise refuse(line, str(error)) from error
        port = getattr(entry, "port", None)
        if port is not None and port not in self.module.ports:
            raise refuse(line, f"there is no port {port[:40]!r}")
        self.module.set_time(now)
        if isinstance(entry, BytesIn):
            self._note(entry.port, Direction.TO_MODULE, entry.data)
        entry.apply(self.module, now)
        self.result.inputs += 1

    def _output(self, line: TraceLine) -> None:
        facts = line.facts
        expected = (str(facts["out"]), str(facts.get("text", "")).encode("latin-1", "replace"))
        actual = self.written.popleft() if self.written else None
        self.result.outputs += 1
        if self.check and actual != expected:
            shown = "nothing" if actual is None else f"{actual[0]} {actual[1][:80]!r}"
            raise ReplayDiffersError(line.number, f"{expected[0]} {expected[1][:80]!r}", shown)

    def write(self, port: str, data: bytes) -> None:
        """The module writes."""
        self.written.append((port, data))
        self._note(port, Direction.TO_HOST, data)

    def _note(self, port: str, direction: Direction, data: bytes) -> None:
        at_s = round(self.module.timeline.virtual_now, 3)
        self.sink(TranscriptEntry(at_s, port, direction, data))


def replay(
    path: Path,
    *,
    until_s: float | None = None,
    check: bool = True,
    sink: TranscriptSink = lambda _entry: None,
) -> tuple[ReplayResult, VirtualModule]:
    """Run the trace at *path* again.

    Args:
        path: the trace.
        until_s: stop before what happened later, in the module's time.
        check: compare every write.
        sink: gets all bytes of all ports, as in the run itself.

    Raises:
        FileUnreadableError: it cannot be read.
        TraceError: it is no trace.
        ReplayDiffersError: the module writes something else (only with *check*).
    """
    reader = TraceReader(path)
    try:
        head = reader.head
        run: _Replay | None = None
        module = VirtualModule(
            reader.snapshot.state(head.profile),
            profile=head.profile,
            trust=head.trust,
            speed=head.speed,
            port_names=head.ports,
            output=lambda port, data: run.write(port, data) if run is not None else None,
        )
        run = _Replay(module, sink, check)
        for line in reader.lines():
            if until_s is not None and module.timeline.virtual_now > until_s:
                break
            run.take(line, reader.refuse)
        run.result.virtual_s = round(module.timeline.virtual_now, 3)
        run.result.power = module.power.value
        firmware = module.firmware
        run.result.revision = None if firmware is None else firmware.revision.text
        return run.result, module
    finally:
        reader.close()
