# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
r"""A run of a module as JSON lines: what it was, all that happened to it, all that it wrote.

Lines: a head (versions, profile, speed, ports, trust), the snapshot before power-on,
then inputs and outputs in order. Each has ``t``, the count of ``advance`` calls before it;
an input has ``now``, the driver's time, exactly. A killed process leaves whole lines and
at most one torn one, which a reader skips. Bytes are text in Latin-1, as JSON writes it.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import Enum
from pathlib import Path
from typing import IO, Any

from dfota import __version__
from dfota.errors import DfotaError, FileUnreadableError, MisuseError, OutputError, TraceError
from dfota.modem.inputs import AlarmIn, BytesIn, Input, LinesIn, LinkIn, VerbIn
from dfota.modem.lines import HostLines
from dfota.modem.network import event_facts, event_of
from dfota.modem.profiles import Profile, settings
from dfota.modem.snapshot import Snapshot
from dfota.modem.timeline import Speed
from dfota.modem.trust import Trust
from dfota.modem.verbs import VERBS
from dfota.package import PublicKey

TRACE_FORMAT = 1
"""Rises when an older dfota would misread it."""

LINE_MAX_BYTES = 384 * 1024 * 1024
"""A flash of 256 MiB in base64 is the longest line."""


@dataclass(frozen=True, slots=True)
class TraceHead:
    """What a run began with.

    Attributes:
        profile: what kind of module.
        speed: how fast.
        ports: its ports.
        trust: whose packages it installs.
        seed: of whatever is random; nothing of the module is, so far.
    """

    profile: Profile
    speed: Speed
    ports: tuple[str, ...]
    trust: Trust
    seed: int = 0

    def facts(self) -> dict[str, Any]:
        """As the first line of a trace."""
        values = {entry.name: getattr(self.profile, entry.name) for entry in settings()}
        return {
            "trace": TRACE_FORMAT,
            "dfota": __version__,
            "profile": {n: v.value if isinstance(v, Enum) else v for n, v in values.items()},
            "speed": str(self.speed),
            "ports": list(self.ports),
            "trust": [key.raw.hex() for key in self.trust.keys],
            "trusts_anybody": self.trust.any_signer,
            "seed": self.seed,
        }

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> TraceHead:
        """Read what ``facts`` gave.

        Raises:
            MisuseError: it is something else.
        """
        try:
            if facts["trace"] != TRACE_FORMAT:
                raise MisuseError(f"the trace has format {str(facts['trace'])[:20]}, not 1")
            known = {entry.name: entry for entry in settings()}
            values = {
                name: known[name].parse(
                    str(value).lower() if value in (True, False) else str(value)
                )
                for name, value in facts["profile"].items()
            }
            return cls(
                Profile(**values),
                Speed.parse(facts["speed"]),
                tuple(str(name) for name in facts["ports"]),
                Trust(
                    tuple(PublicKey(bytes.fromhex(text)) for text in facts["trust"]),
                    any_signer=bool(facts["trusts_anybody"]),
                ),
                int(facts["seed"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise MisuseError(f"that is no head of a trace: {error!r}") from error


class TraceWriter:
    """Writes one trace, line by line.

    A module does not stop because a disk is full: that is told once, and the trace ends.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        head: TraceHead,
        snapshot: Snapshot,
        on_failure: Callable[[OutputError], None] = lambda _error: None,
    ) -> None:
        self._path = path
        self._on_failure = on_failure
        self._stream: IO[str] | None = None
        try:
            self._stream = path.open("w", encoding="ascii", buffering=1)
        except OSError as error:
            raise OutputError(str(path), error.strerror or str(error)) from error
        self._write(head.facts())
        for line in snapshot.lines():
            self._write(line)

    def input(self, ticks: int, now: float, entry: Input) -> None:
        """Keep an input; before the module gets it."""
        facts = input_facts(entry)
        if facts is not None:
            self._write({"t": ticks, "now": now, **facts})

    def output(self, ticks: int, at_s: float, port: str, data: bytes) -> None:
        """Keep a write of the module."""
        self._write({"t": ticks, "at": round(at_s, 6), "out": port, "text": data.decode("latin-1")})

    def close(self, ticks: int) -> None:
        """Say that this is all; harmless twice."""
        self._write({"t": ticks, "end": True})
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()

    def _write(self, facts: Mapping[str, Any]) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(json.dumps(facts) + "\n")
        except OSError as error:
            stream, self._stream = self._stream, None
            with contextlib.suppress(OSError):
                stream.close()
            self._on_failure(OutputError(str(self._path), error.strerror or str(error)))


def input_facts(entry: Input) -> dict[str, Any] | None:
    """An input as facts; ``None`` for what changes nothing or only this process knows."""
    match entry:
        case BytesIn(port, data):
            return {"in": "bytes", "port": port, "text": data.decode("latin-1")}
        case LinesIn(port, lines):
            return {"in": "lines", "port": port, "lines": asdict(lines)}
        case LinkIn(number, event):
            return {"in": "link", "number": number, **event_facts(event)}
        case AlarmIn(seconds):
            return {"in": "alarm", "seconds": seconds}
        case VerbIn(verb, given):
            is_question = verb in VERBS and VERBS[verb].is_question
            return None if is_question else {"in": "verb", "verb": verb, "given": given}
    return None


def input_of(facts: Mapping[str, Any]) -> Input:
    """Read what ``input_facts`` gave.

    Raises:
        MisuseError: it is something else.
    """
    try:
        match facts["in"]:
            case "bytes":
                return BytesIn(str(facts["port"]), facts["text"].encode("latin-1"))
            case "lines":
                lines = facts["lines"]
                return LinesIn(
                    str(facts["port"]),
                    HostLines(**{entry.name: lines[entry.name] for entry in fields(HostLines)}),
                )
            case "link":
                return LinkIn(int(facts["number"]), event_of(facts))
            case "alarm":
                return AlarmIn(float(facts["seconds"]))
            case "verb":
                return VerbIn(str(facts["verb"]), dict(facts["given"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MisuseError(f"that is no input: {error!r}") from error
    raise MisuseError(f"there is no input {str(facts['in'])[:40]!r}")


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One line behind the snapshot.

    Attributes:
        number: of the line in its file, from 1.
        ticks: how many ``advance`` calls come before it.
        facts: all of it.
    """

    number: int
    ticks: int
    facts: Mapping[str, Any]


class TraceReader:
    """Reads one trace.

    Attributes:
        head: what the run began with.
        snapshot: where the module lived then.

    Raises:
        FileUnreadableError: the file cannot be read.
        TraceError: it is no trace.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # A head or snapshot that is torn is no trace; anything behind them is a prefix.
            self._stream = path.open("rb")
        except OSError as error:
            raise FileUnreadableError(str(path), error.strerror or str(error)) from error
        self._number = 0
        try:
            objects = self._objects()
            self.head = TraceHead.of(next(objects, {}))
            self.snapshot = Snapshot.of_lines(objects)
        except DfotaError as error:
            self.close()
            if isinstance(error, TraceError):
                raise
            raise TraceError(str(path), self._number, str(error)) from error

    def lines(self) -> Iterator[TraceLine]:
        """What happened, in order, up to the end or a torn line.

        Raises:
            TraceError: a line in the middle is none.
        """
        for facts in self._objects():
            ticks = facts.get("t")
            if type(ticks) is not int or ticks < 0:
                raise TraceError(str(self._path), self._number, "there is no count of ticks")
            yield TraceLine(self._number, ticks, facts)

    def close(self) -> None:
        """Close the file; harmless twice."""
        self._stream.close()

    def refuse(self, line: TraceLine, reason: str) -> TraceError:
        """The error that says what is wrong with *line*."""
        return TraceError(str(self._path), line.number, reason)

    def _objects(self) -> Iterator[dict[str, Any]]:
        while text := self._stream.readline(LINE_MAX_BYTES):
            self._number += 1
            try:
                facts = json.loads(text)
            except (ValueError, RecursionError):
                if not text.endswith(b"\n"):
                    return  # torn by a killed process
                raise TraceError(str(self._path), self._number, "that is no JSON") from None
            if not isinstance(facts, dict):
                raise TraceError(str(self._path), self._number, "that is no object")
            yield facts
