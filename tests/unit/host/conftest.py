# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A scripted module on a virtual clock, and ports that carry its bytes in awkward ways."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from dfota.at import xor16
from dfota.cli import port_options
from dfota.errors import PortError
from dfota.host import (
    HostEvent,
    PackageFacts,
    PhaseEntered,
    Plan,
    Session,
    Transcript,
    UpgradeRecord,
    upgrade,
)
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

OLD = "BG96MAR02A07M1G_01.018.01.018"
NEW = "BG96MAR02A07M1G_01.019.01.019"
URL = "https://www.quectel.com:100/update.zip"
START_URL = f'AT+QFOTADL="{URL}"'
START_LOCAL = "AT+QFOTADL=1"
FACTS = PackageFacts("BG96", FirmwareVersion(OLD), FirmwareVersion(NEW), 10_406)

Line = str | tuple[str, ...] | None
"""A result code, information lines with a result code, or silence."""

HEALTHY: dict[str, Line] = {
    "ATE0Q0V1": "OK",
    "AT": "OK",
    "AT+CMEE=1": "OK",
    "ATI": ("Quectel", "BG96", "Revision: BG96MAR02A07M1G", "OK"),
    "AT+CGSN": ("866425030123450", "OK"),
    'AT+QURCCFG="urcport"': ('+QURCCFG: "urcport","usbat"', "OK"),
    "AT+CBC": ("+CBC: 0,80,3800", "OK"),
    "AT+CPIN?": ("+CPIN: READY", "OK"),
    "AT+CSQ": ("+CSQ: 26,99", "OK"),
    "AT+CEREG?": ("+CEREG: 0,1", "OK"),
    "AT+CGREG?": ("+CGREG: 0,4", "OK"),
    "AT+CREG?": ("+CREG: 0,4", "OK"),
    "AT+COPS?": ('+COPS: 0,0,"Telstra Mobile Telstra",8', "OK"),
    'AT+QCFGEXT="fota_apn"': ('+QCFGEXT: "fota_apn",0,"Telstra.internet","",""', "OK"),
    'AT+QFLDS="UFS"': ("+QFLDS: 12940736,14483456", "OK"),
    START_URL: "OK",
    START_LOCAL: "OK",
}

BOOT = ("RDY", "+CFUN: 1", "APP RDY", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE")


def progress(stage: str, style: str = ", {}%") -> tuple[str, ...]:
    return tuple(f'+QIND: "FOTA","{stage}"{style.format(n)}' for n in range(1, 101))


def fota(*words: str) -> tuple[str, ...]:
    return tuple(f'+QIND: "FOTA",{word}' for word in words)


def installation(style: str = ", {}%", end: int = 0) -> tuple[str, ...]:
    return (
        *fota('"START"'),
        *progress("UPDATING", style),
        *progress("RESTORE", style),
        *fota(f'"END",{end}'),
    )


@dataclass
class FakeModule:
    """Answers by a table; what it says by itself is scheduled on the clock."""

    revision: str = OLD
    answers: dict[str, Line] = field(default_factory=lambda: dict(HEALTHY))
    files: dict[str, bytes] = field(default_factory=dict)
    uploaded: dict[str, bytes] = field(default_factory=dict)
    on_line: Callable[[str], None] | None = None
    answer_delay_s: float = 0.01
    echo: bool = True
    now: float = 0.0
    lines: list[str] = field(default_factory=list)
    deaf: bool = False

    def __post_init__(self) -> None:
        self._queue: list[tuple[float, int, object]] = []
        self._order = itertools.count()
        self._input = bytearray()
        self._upload: tuple[str, int, bytearray] | None = None

    # -- scripting ---------------------------------------------------------------------

    def at(self, delay_s: float, *lines: str, every_s: float = 0.0) -> float:
        """Say *lines* after *delay_s*; gives the delay behind the last one."""
        for line in lines:
            self.later(delay_s, f"\r\n{line}\r\n".encode())
            delay_s += every_s
        return delay_s

    def later(self, delay_s: float, what: bytes | Callable[[], None]) -> None:
        heapq.heappush(self._queue, (self.now + delay_s, next(self._order), what))

    def boot_new(self) -> None:
        self.revision = NEW
        self.deaf = False
        self.echo = True

    # -- the port's side ---------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        if self._upload is not None:
            self._receive_file(data)
            return
        if self.deaf:
            return
        self._input += data
        while b"\r" in self._input:
            line, _, rest = bytes(self._input).partition(b"\r")
            self._input = bytearray(rest)
            self._line(line.decode())

    def due(self) -> Iterator[object]:
        while self._queue and self._queue[0][0] <= self.now:
            yield heapq.heappop(self._queue)[2]

    @property
    def next_at(self) -> float | None:
        return self._queue[0][0] if self._queue else None

    # -- inside ------------------------------------------------------------------------

    def _line(self, line: str) -> None:
        self.lines.append(line)
        if self.echo:
            self.later(0, line.encode() + b"\r")
        if line == "ATE0Q0V1":
            self.echo = False
        if line.startswith("AT+QFDWL="):
            self._send_file(line.partition("=")[2].strip('"'))
            return
        parts = self._answer_chain(line)
        if parts is not None:
            text = "".join(f"\r\n{part}\r\n" for part in parts)
            self.later(self.answer_delay_s, text.encode())
        if self.on_line is not None:
            for command in self._commands(line):
                self.on_line(command)

    @staticmethod
    def _commands(line: str) -> list[str]:
        """The commands of a chain, each as a line of its own."""
        return [line] if '"' in line else [f"AT{text}" for text in line[2:].split(";")]

    def _answer_chain(self, line: str) -> tuple[str, ...] | None:
        """One final result code for the whole line, which ends at the first error."""
        said: list[str] = []
        for command in self._commands(line):
            answer = self._answer(command)
            if answer is None:
                return None
            parts = (answer,) if isinstance(answer, str) else answer
            if parts[-1] != "OK":
                return (*said, *parts)
            said += parts[:-1]
        return (*said, "OK")

    def _answer(self, line: str) -> Line:
        if line in self.answers:
            return self.answers[line]
        if line == "AT+QGMR":
            return (self.revision, "OK")
        if match := re.fullmatch(r'AT\+QFDEL="([^"]+)"', line):
            found = self.files.pop(match[1], None)
            return "OK" if found is not None else "+CME ERROR: 405"
        if match := re.fullmatch(r'AT\+QFUPL="([^"]+)",(\d+),30,1', line):
            if match[1] in self.files:
                return "+CME ERROR: 407"
            self._upload = (match[1], int(match[2]), bytearray())
            return "CONNECT"
        if line.startswith("AT+QFLST="):
            asked = line.partition("=")[2].strip('"')
            found = [name for name in self.files if asked in {"*", name}]
            listed = tuple(f'+QFLST: "{name}",{len(self.files[name])}' for name in found)
            return (*listed, "OK") if found else "+CME ERROR: 405"
        return "ERROR"

    def _send_file(self, name: str) -> None:
        data = self.files[name]
        result = f"\r\n+QFDWL: {len(data)},{xor16(data):x}\r\n\r\nOK\r\n"
        self.later(self.answer_delay_s, b"\r\nCONNECT\r\n")
        self.later(self.answer_delay_s, data)
        self.later(self.answer_delay_s, result.encode())

    def _receive_file(self, data: bytes) -> None:
        assert self._upload is not None
        name, size, content = self._upload
        before = len(content) // 1024
        content += data
        assert len(content) <= size, "more data than announced"
        acknowledged = len(content) // 1024 - before
        if acknowledged and not (len(content) == size and size % 1024 == 0):
            self.later(self.answer_delay_s, b"A" * acknowledged)
        if len(content) == size:
            self._upload = None
            self.files[name] = self.uploaded[name] = bytes(content)
            result = f"\r\n+QFUPL: {size},{xor16(content):x}\r\n\r\nOK\r\n"
            self.later(self.answer_delay_s, result.encode())


class FakePort:
    """Carries bytes as they are; counts how often it was opened."""

    def __init__(self, module: FakeModule) -> None:
        self.module = module
        self.opened = 0
        self.is_there = True
        self.interrupt_at: bytes | None = None
        self._inbox = bytearray()

    def open(self) -> FakePort:
        if not self.is_there:
            raise PortError("fake", "no such file or directory")
        self.opened += 1
        self._inbox.clear()
        return self

    def vanish(self) -> None:
        self.is_there = False

    def appear(self) -> None:
        self.is_there = True

    def read(self, timeout_s: float) -> bytes:
        until = self.module.now + timeout_s
        while True:
            self._collect()
            if not self.is_there:
                raise PortError("fake", "device disconnected")
            if self._inbox:
                return self.deliver()
            next_at = self.module.next_at
            if next_at is None or next_at > until:
                self.module.now = until
                return b""
            self.module.now = max(self.module.now, next_at)

    def deliver(self) -> bytes:
        data = bytes(self._inbox)
        self._inbox.clear()
        if self.interrupt_at is not None and self.interrupt_at in data:
            raise KeyboardInterrupt
        return data

    def write(self, data: bytes) -> None:
        if not self.is_there:
            raise PortError("fake", "device disconnected")
        self.module.receive(data)

    def close(self) -> None:
        self._inbox.clear()

    def pause(self, seconds: float) -> None:
        self.module.now += seconds
        self._collect()
        self._inbox.clear()  # nobody listens

    def _collect(self) -> None:
        for what in self.module.due():
            if isinstance(what, bytes):
                self._inbox += self.spoil(what)
            else:
                what()

    def spoil(self, data: bytes) -> bytes:
        return data


class BytePort(FakePort):
    """One byte per read."""

    def deliver(self) -> bytes:
        data = bytes(self._inbox[:1])
        del self._inbox[:1]
        return data


class ChattyPort(FakePort):
    """Noise before, and foreign URCs in front of every line, also inside replies."""

    def spoil(self, data: bytes) -> bytes:
        if set(data) <= set(b"A"):
            return data
        if not data.startswith(b"\r\n"):
            return b"\xff\x00~" + data
        foreign = b'\r\n+QIND: "csq",20,99\r\n\r\n+CREG: 1\r\n\r\n+QIND: PB DONE\r\n'
        return foreign + data.replace(b"\r\n\r\n", b"\r\n" + foreign + b"\r\n")


PORTS = {"ideal": FakePort, "byte_by_byte": BytePort, "chatty": ChattyPort}


class Bench:
    """A module, its port and a session on the virtual clock; also the words of the scripts."""

    OLD, NEW, URL, FACTS, BOOT = OLD, NEW, URL, FACTS, BOOT
    START_URL, START_LOCAL = START_URL, START_LOCAL
    fota = staticmethod(fota)
    progress = staticmethod(progress)
    installation = staticmethod(installation)

    def __init__(self, port_class: type[FakePort] = FakePort) -> None:
        self.module = FakeModule()
        self.port = port_class(self.module)
        self.events: list[HostEvent] = []
        self.records: list[UpgradeRecord] = []

    def session(self, transcript: Transcript | None = None) -> Session:
        return Session(
            self.port.open,
            port="fake",
            on_event=self.events.append,
            transcript=transcript,
            keep=self.records.append,
            clock=lambda: self.module.now,
            pause=self.port.pause,
        )

    def upgrade(self, plan: Plan | None = None):
        with self.session() as session:
            return session.run(upgrade(plan or Plan(url=URL, facts=FACTS)))

    def when(self, line: str, then: Callable[[], None]) -> None:
        """Run *then* when the module has taken *line*."""

        def react(taken: str) -> None:
            if taken == line:
                then()

        self.module.on_line = react

    def script_remote(self, style: str = ", {}%", *, end: int = 0, http_err: int = 0) -> None:
        """The whole sequence of the guide after the URL form, reboot included."""

        def begin() -> None:
            said = self.module.at(0.5, *fota('"HTTPSTART"'))
            said = self.module.at(said + 20, *fota(f'"HTTPEND",{http_err}'))
            if http_err == 0:
                self.script_installation(said + 1, style, end=end)

        self.when(START_URL, begin)

    def script_local(self, style: str = ", {}%", *, end: int = 0) -> None:
        """The whole sequence of the guide after the local form, reboot included."""
        self.when(START_LOCAL, lambda: self.script_installation(0.5, style, end=end))

    def script_installation(self, delay_s: float, style: str = ", {}%", *, end: int = 0) -> None:
        """START to END, and the reboot into the new firmware after a success."""
        done = self.module.at(delay_s, *installation(style, end), every_s=1.0)
        if end == 0:
            self.script_boot(done + 2, self.module.boot_new)

    def script_boot(self, delay_s: float, first: Callable[[], None]) -> None:
        """The lines of a boot; *first* is what the boot changes."""
        self.module.later(delay_s, first)
        self.module.at(delay_s + 5, *BOOT, every_s=0.2)

    @property
    def phases(self) -> list[str]:
        return [event.phase.value for event in self.events if isinstance(event, PhaseEntered)]

    @property
    def starts(self) -> int:
        return sum(line.startswith("AT+QFOTADL") for line in self.module.lines)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(params=list(PORTS))
def any_bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(PORTS[request.param])


@pytest.fixture
def wired(bench, monkeypatch: pytest.MonkeyPatch):
    """The command, wired to the scripted module."""
    monkeypatch.setattr(
        port_options, "SerialxTransport", lambda _port, *, baudrate: bench.port.open()
    )
    virtual = partial(Session, clock=lambda: bench.module.now, pause=bench.port.pause)
    monkeypatch.setattr(port_options, "Session", virtual)
    return bench


@pytest.fixture
def package(bench, tmp_path: Path) -> Path:
    key = SigningKey.generate()
    key.save(tmp_path / "vendor.key")
    key.public_key.save(tmp_path / "vendor.pub")
    SigningKey.generate().public_key.save(tmp_path / "other.pub")
    old, new = (
        Release("BG96", "BG96", FirmwareVersion(revision), (Partition("app", data),))
        for revision, data in ((bench.OLD, b"old" * 100), (bench.NEW, b"new" * 100))
    )
    path = tmp_path / "update.zip"
    path.write_bytes(build(old, new, keys=[key], make_patch=lambda _old, new: new))
    return path


@pytest.fixture(scope="session")
def make_bench() -> type[Bench]:
    """For tests that need a fresh one each time they are tried."""
    return Bench


@pytest.fixture(autouse=True)
def no_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of these tests are names in scripts: nothing leaves this computer."""
    monkeypatch.setattr("dfota.cli.surroundings.probe_server", lambda _url, **_: None)
