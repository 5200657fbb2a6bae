# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual module, its network, a port and the host on one virtual clock; no test is in here."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, partial

from dfota import delta
from dfota.errors import (
    CheckFailedError,
    CommandRefusedError,
    DfotaError,
    DownloadFailedError,
    InstallFailedError,
    NoReplyError,
    NothingToDoError,
    OutcomeUnknownError,
    PortError,
    RevisionMismatchError,
)
from dfota.host import (
    CheckResult,
    HostEvent,
    Keeper,
    PhaseEntered,
    Plan,
    Procedure,
    Session,
    Upgraded,
    UpgradeRecord,
    resume,
    upgrade,
)
from dfota.modem import (
    Closed,
    Connected,
    Dial,
    Failed,
    LinkEvent,
    NetworkFailure,
    Received,
    Speed,
    Trust,
    VirtualModule,
    profile_named,
    with_settings,
)
from dfota.modem.laboratory import perform
from dfota.package import Partition, Release, SigningKey, build
from dfota.testing import MisbehavingTransport, Mischief, fixed_key
from dfota.values import FirmwareVersion

KEY = fixed_key()
FOREIGN_KEY = SigningKey(bytes(range(1, 33)))
URL = "http://packages.example/update.zip"

REVISIONS = {
    "bg96": ("BG96", "BG96MAR02A07M1G_01.018.01.018", "BG96MAR02A07M1G_01.019.01.019"),
    "bg96-2017": ("BG96", "BG96MAR02A06M1G", "BG96MAR02A07M1G"),
    "bg95": ("BG95-M3", "BG95M3LAR02A03_01.012.01.012", "BG95M3LAR02A04_01.001.01.001"),
    "ec2x": ("EC25", "EC25EFAR06A04M4G", "EC25EFAR06A05M4G"),
    "eg9x": ("EG91", "EG91EFBR06A07M4G_01.007.01.007", "EG91EFBR06A08M4G_01.001.01.001"),
    "std-a": ("EC200A", "EC200ACNHAR01A02M16", "EC200ACNHAR01A03M16"),
}


def make_release(model: str, revision: str, seed: int) -> Release:
    """A small release: two partitions whose bytes depend on *seed*.

    The second has nothing in common with that of another seed, so that a package has a size.
    """
    image = bytes((index * 7 + index // 251 * seed) & 0xFF for index in range(60_000))
    unlike = random.Random(seed).randbytes(9000)  # noqa: S311 - the same each time
    partitions = (Partition("qdsp", image), Partition("apps", unlike))
    return Release(model, "MA", FirmwareVersion(revision), partitions)


def make_package(
    model: str, old: str, new: str, key: SigningKey = KEY, *, seeds: tuple[int, int] = (3, 4)
) -> bytes:
    """A signed package between two such releases; a ``VirtualBench`` runs the one of seed 3."""
    before, after = make_release(model, old, seeds[0]), make_release(model, new, seeds[1])
    return build(before, after, keys=[key], make_patch=delta.generate)


@cache
def old_and_package(kind: str) -> tuple[Release, bytes]:
    """What runs on a module of *kind*, and the package for it; made once."""
    model, old, new = REVISIONS[kind]
    return make_release(model, old, 3), make_package(model, old, new)


class End(Enum):
    """What a host may say at the end; each is checked against the module."""

    NEW = "new"
    """Proven: the revision was read back."""
    OLD = "old"
    """It failed, and the old revision runs."""
    UNKNOWN = "unknown"
    """Nobody can say yet, and it says so."""


class HostKilledError(BaseException):
    """The host's process is gone; no handler of it may run."""


@dataclass
class Server:
    """The network of the module: each connection gets ``script``, some time after the dial."""

    script: Callable[[Dial], list[tuple[float, LinkEvent]]]
    dialled: list[Dial] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    due: list[tuple[float, int, int, LinkEvent]] = field(default_factory=list)
    now: float = 0.0
    _order: itertools.count[int] = field(default_factory=itertools.count)

    def dial(self, number: int, target: Dial) -> Server:
        """Begin to connect."""
        self.dialled.append(target)
        for delay_s, event in self.script(target):
            self.due.append((self.now + delay_s, next(self._order), number, event))
        self.due.sort(key=lambda entry: entry[:2])
        return self

    def send(self, data: bytes) -> None:
        """The module's request."""
        self.requests.append(data)

    def pause(self) -> None:
        """All of it is small."""

    def resume(self) -> None:
        """All of it is small."""

    def abort(self) -> None:
        """Nothing more is said."""
        self.due.clear()


def answers(
    body: bytes,
    *,
    status: int = 200,
    length: int | None = None,
    fields: str = "",
    omits_length: bool = False,
    ends: LinkEvent | None = None,
    pieces: int = 8,
    seconds: float = 8.0,
) -> list[tuple[float, LinkEvent]]:
    """An HTTP answer in *pieces*, spread over some seconds; then *ends*, if given."""
    claim = "" if omits_length else f"Content-Length: {len(body) if length is None else length}\r\n"
    head = f"HTTP/1.1 {status} X\r\n{claim}{fields}\r\n".encode()
    said: list[tuple[float, LinkEvent]] = [(1.0, Connected()), (1.5, Received(head))]
    step = max(len(body) // pieces, 1)
    at = 1.5
    for begin in range(0, len(body), step):
        at += seconds / pieces
        said.append((at, Received(body[begin : begin + step])))
    if ends is not None:
        said.append((at + 0.5, ends))
    return said


def fails(reason: NetworkFailure) -> list[tuple[float, LinkEvent]]:
    """No connection."""
    return [(2.0, Failed(reason))]


class VirtualBench:
    """A virtual module of one kind, its port, and the host's session, all on one clock.

    Args:
        kind: of the module.
        settings: ``KEY=VALUE`` for its profile.
        ports: the module's; the host is at the first.
        mischief: makes what spoils the reading, for every time the port is opened.
        firmware: what runs, instead of the small release of *kind*.
    """

    def __init__(
        self,
        kind: str = "bg96",
        *settings: str,
        ports: tuple[str, ...] = ("usbat",),
        mischief: Callable[[], Mischief] | None = None,
        firmware: Release | None = None,
    ) -> None:
        old, self.package = old_and_package(kind)
        self.kind = kind
        self.model, self.old, self.new = REVISIONS[kind]
        self.server = Server(lambda _target: answers(self.package))
        self.module = VirtualModule.in_memory(
            firmware or old,
            profile=with_settings(profile_named(kind), settings),
            trust=Trust((KEY.public_key,)),
            speed=Speed(1.0),
            network=self.server,
            port_names=ports,
        )
        self.port = ports[0]
        self.is_there = True
        self.module.pins.on_link_change(self._link)
        self._mischief = mischief
        self.inbox = bytearray()
        self.events: list[HostEvent] = []
        self.records: list[UpgradeRecord] = []
        self.sent = bytearray()
        self.said = bytearray()
        self.calls = 0
        self.kill_at_call: int | None = None
        self.power_returns_after_s: float | None = 10.0
        self.latency_s = 0.0
        self._late: list[tuple[float, bytes]] = []
        self._when_said: list[tuple[bytes, Callable[[], None]]] = []
        self._when_sent: list[tuple[bytes, Callable[[], None]]] = []
        self._dark_since: float | None = None
        self.module.power_on()
        self.module.elapse(60)
        self.module.collect(self.port)

    # -- what happens -------------------------------------------------------------------------

    def do(self, verb: str, **given: object) -> None:
        """Do a verb of the laboratory."""
        perform(self.module, verb, given)

    def world(self, **facts: object) -> None:
        """Change facts around the module."""
        for name, value in facts.items():
            self.module.world.change(name, str(value))

    def when_said(self, text: str, then: Callable[[], None]) -> None:
        """Do *then* once, when the module has said *text* from now on."""
        self._when_said.append((text.encode(), then))

    def when_sent(self, text: str, then: Callable[[], None]) -> None:
        """Do *then* once, when the host has sent *text* from now on."""
        self._when_sent.append((text.encode(), then))

    def cut(self, *, returns_after_s: float | None = 10.0) -> None:
        """Take the supply away; ``None``: it does not come back by itself."""
        self.power_returns_after_s = returns_after_s
        self.module.cut_power()

    # -- the port -----------------------------------------------------------------------------

    def open(self):
        """The port, as the session opens it."""
        self._call()
        if not self.is_there:
            raise PortError("virtual", "no such device")
        self.inbox.clear()
        return self if self._mischief is None else MisbehavingTransport(self, self._mischief())

    def close(self) -> None:
        """Give it back."""
        self.inbox.clear()

    def write(self, data: bytes) -> None:
        """Bytes of the host."""
        self._call()
        if not self.is_there:
            raise PortError("virtual", "device disconnected")
        seen = len(self.sent)
        self.sent += data
        self._hear(self.module.feed(data, port=self.port))
        self._react(self._when_sent, self.sent, seen)

    def read(self, timeout_s: float) -> bytes:
        """What the module has said, at the latest after *timeout_s*."""
        self._call()
        until = self.now + timeout_s
        while self.is_there and not self.inbox and self.now < until:
            self.pass_time(until)
        if not self.is_there:
            raise PortError("virtual", "device disconnected")
        data = bytes(self.inbox)
        self.inbox.clear()
        return data

    def pause(self, seconds: float) -> None:
        """Nobody listens."""
        until = self.now + seconds
        while self.now < until:
            self.pass_time(until)
        self.inbox.clear()

    @property
    def now(self) -> float:
        """The one clock."""
        return self.module.timeline.now

    def pass_time(self, until: float) -> None:
        """Go to the next instant at which something happens, at the latest to *until*."""
        self._watch_supply()
        moments = [until, self.now + 0.5]
        moments += [entry[0] for entry in self.server.due[:1]]
        moments += [at for at, _ in self._late[:1]]
        deadline = self.module.next_deadline()
        moments += [] if deadline is None else [deadline]
        target = max(self.now, min(moments))
        self._hear(self.module.elapse(target - self.now, port=self.port))
        self.server.now = self.now
        while self.server.due and self.server.due[0][0] <= self.now:
            _, _, number, event = self.server.due.pop(0)
            self.module.hear(number, event, self.now)
        while self._late and self._late[0][0] <= self.now:
            self.inbox += self._late.pop(0)[1]

    def _watch_supply(self) -> None:
        if not self.module.is_off:
            self._dark_since = None
            return
        self._dark_since = self.now if self._dark_since is None else self._dark_since
        wait_s = self.power_returns_after_s
        if wait_s is not None and self.now >= self._dark_since + wait_s:
            self.module.power_on()

    def _hear(self, data: bytes) -> None:
        if not data:
            return
        seen = len(self.said)
        self.said += data
        if self.latency_s:
            self._late.append((self.now + self.latency_s, data))
        else:
            self.inbox += data
        self._react(self._when_said, self.said, seen)

    @staticmethod
    def _react(waiting: list[tuple[bytes, Callable[[], None]]], text: bytearray, seen: int) -> None:
        for entry in list(waiting):
            word, then = entry
            if text.find(word, max(seen - len(word), 0)) >= 0:
                waiting.remove(entry)
                then()

    def _link(self, name: str, is_there: bool) -> None:
        if name == self.port:
            self.is_there = is_there

    def _call(self) -> None:
        """Count what the host does at the port; the place where it can be killed."""
        self.calls += 1
        if self.kill_at_call is not None and self.calls >= self.kill_at_call:
            self.kill_at_call = None
            raise HostKilledError

    # -- the host -----------------------------------------------------------------------------

    def session(
        self,
        on_event: Callable[[HostEvent], None] | None = None,
        keep: Keeper | None = None,
    ) -> Session:
        """A host that has just been started."""
        return Session(
            self.open,
            port="virtual",
            on_event=self.events.append if on_event is None else on_event,
            keep=self.records.append if keep is None else keep,
            clock=lambda: self.now,
            pause=self.pause,
        )

    def plan(self, **values: object) -> Plan:
        """The package at hand, or ``url=``; the new revision is expected."""
        values = {"expected": FirmwareVersion(self.new), "package": self.package, **values}
        if values.get("url"):
            values["package"] = None
        return Plan(**values)

    def upgrade(self, **values: object) -> Upgraded:
        """One run of a host, from the start."""
        with self.session() as session:
            return session.run(upgrade(self.plan(**values)))

    def run(self, procedure: Procedure[Upgraded]) -> End:
        """Run *procedure*, and hold what it says against the module."""
        try:
            with self.session() as session:
                said = session.run(procedure).revision_after
        except NothingToDoError:
            said = self.new
        except OutcomeUnknownError:
            return End.UNKNOWN
        except (
            InstallFailedError, DownloadFailedError, RevisionMismatchError, CheckFailedError,
            CommandRefusedError, NoReplyError, PortError,
        ):  # fmt: skip
            # It says that it did not come about: then the old firmware is whole.
            assert self.runs == self.old
            return End.OLD
        assert self.runs == said == self.new
        return End.NEW

    def go_on(self, plan: Plan) -> End:
        """What a host does that is started again: it goes on from the newest record."""
        while not self.is_there:
            self.pause(1)  # nobody can open a port that is away
        if not self.records:
            return self.run(upgrade(plan))
        record = UpgradeRecord.decode(self.records[-1].encode())
        return self.run(resume(plan, record))

    def run_and_kill(self, plan: Plan, at_call: int) -> bool:
        """One run whose process is killed at its call number *at_call*; whether it got there."""
        self.kill_at_call = self.calls + at_call
        try:
            with self.session() as session:
                session.run(upgrade(plan))
        except HostKilledError:
            return True
        except DfotaError:
            pass
        self.kill_at_call = None
        return False

    def ask(self, line: str) -> str:
        """What the module answers, asked by nobody's session."""
        self.module.collect(self.port)
        said = self.module.feed(line.encode() + b"\r", port=self.port)
        return (said + self.module.elapse(1, port=self.port)).decode()

    @property
    def runs(self) -> str:
        """The revision that the module's last boot found."""
        return self.module.firmware.revision.text

    @property
    def starts(self) -> list[str]:
        """Every AT+QFOTADL that was sent."""
        found = re.findall(rb"AT\+QFOTADL[^\r]*(?=\r)", bytes(self.sent))
        return [line.decode() for line in found]

    @property
    def phases(self) -> list[str]:
        """Those that were entered, in order."""
        return [event.phase.value for event in self.events if isinstance(event, PhaseEntered)]

    def of(self, kind: type) -> list:
        """The events of one class."""
        return [event for event in self.events if isinstance(event, kind)]

    def check(self, name: str) -> CheckResult:
        """What the check of that name found."""
        return next(check for check in self.of(CheckResult) if check.check == name)


refuses = partial(fails, NetworkFailure.REFUSED)

__all__ = [
    "FOREIGN_KEY",
    "KEY",
    "REVISIONS",
    "URL",
    "Closed",
    "End",
    "HostKilledError",
    "NetworkFailure",
    "VirtualBench",
    "answers",
    "fails",
    "make_package",
    "make_release",
    "old_and_package",
    "refuses",
]
