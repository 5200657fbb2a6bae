# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A bench for the module's core: virtual time, a network that does as it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from dfota import delta
from dfota.at import parse_location
from dfota.modem import (
    BG96,
    Connected,
    Dial,
    HttpError,
    LinkEvent,
    Profile,
    Received,
    Speed,
    StateDirectory,
    Trust,
    VirtualModule,
    with_settings,
)
from dfota.modem.download import Download
from dfota.modem.profiles import profile_named
from dfota.modem.sockets import AsyncioNetwork
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

OLD_REVISION = "BG96MAR02A07M1G_01.018.01.018"
NEW_REVISION = "BG96MAR02A07M1G_01.019.01.019"
KEY = SigningKey.generate()
OTHER_KEY = SigningKey.generate()


@cache
def _image(size: int, seed: int) -> bytes:
    return bytes((index * 7 + index // 251 * seed) & 0xFF for index in range(size))


def make_release(revision: str, *, model: str = "BG96", seed: int = 3) -> Release:
    return Release(
        model,
        "MA",
        FirmwareVersion(revision),
        (
            Partition("qdsp", _image(300_000, seed)),
            Partition("apps", _image(20_000, 5)),
        ),
    )


OLD = make_release(OLD_REVISION)
NEW = make_release(NEW_REVISION, seed=4)


@dataclass(frozen=True)
class Lab:
    """The releases and keys of the tests."""

    old: Release = OLD
    new: Release = NEW
    key: SigningKey = KEY

    def release(self, revision: str, *, model: str = "BG96", seed: int = 3) -> Release:
        return make_release(revision, model=model, seed=seed)

    def package(self, old: Release, new: Release, *, foreign_key: bool = False) -> bytes:
        key = OTHER_KEY if foreign_key else KEY
        return build(old, new, keys=[key], make_patch=delta.generate)


@pytest.fixture(scope="session")
def lab() -> Lab:
    return Lab()


@pytest.fixture(scope="session")
def package() -> bytes:
    return build(OLD, NEW, keys=[KEY], make_patch=delta.generate)


@dataclass
class FakeLink:
    """The module's end of a connection that the test plays."""

    number: int
    target: Dial
    sent: bytes = b""
    is_paused: bool = False
    is_aborted: bool = False

    def send(self, data: bytes) -> None:
        self.sent += data

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False

    def abort(self) -> None:
        self.is_aborted = True


@dataclass
class FakeNetwork:
    """Keeps what the module dials; the test plays the servers."""

    bench: Bench
    links: list[FakeLink] = field(default_factory=list)
    is_answered: bool = True

    def dial(self, number: int, target: Dial) -> FakeLink:
        self.links.append(FakeLink(number, target))
        self.is_answered = False
        return self.links[-1]

    @property
    def is_awaited(self) -> bool:
        """Whether the module waits for the test to play the server."""
        return not self.is_answered and not self.links[-1].is_aborted

    @property
    def targets(self) -> list[Dial]:
        return [link.target for link in self.links]

    def tell(self, *events: LinkEvent, link: int = -1) -> None:
        """Let the module hear of a connection (the newest one)."""
        self.is_answered = True
        for event in events:
            self.bench.module.hear(self.links[link].number, event, self.bench.now)

    def answer(self, body: bytes, *, status: int = 200, head: bytes = b"") -> None:
        """Let the newest connection be answered, with all of *body*."""
        head = head or b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
        self.tell(Connected(), Received(head + body))

    def deliver(self, body: bytes) -> None:
        """The package is there."""
        self.answer(body)


class Bench:
    """A module, its state directory, and a clock in the test's hand."""

    def __init__(
        self,
        path: Path,
        *settings: str,
        firmware: Release = OLD,
        kind: str = "bg96",
        **options: object,
    ) -> None:
        self.path = path
        self.firmware = firmware
        self.profile: Profile = with_settings(profile_named(kind), settings)
        self.network = FakeNetwork(self)
        self.now = 0.0
        self.writes: list[tuple[str, bytes]] = []
        self.notes: list[str] = []
        self.options = {"trust": Trust((KEY.public_key,)), "speed": Speed(1.0), **options}
        self.state: StateDirectory | None = None
        self.open()

    def open(self) -> None:
        self.state = StateDirectory(self.path, firmware=self.firmware, profile=self.profile)
        self.module = VirtualModule(
            self.state,
            profile=self.profile,
            network=self.network,
            output=lambda port, data: self.writes.append((port, data)),
            log=self.notes.append,
            **self.options,
        )
        self.now = 0.0

    def kill(self) -> None:
        """End the process: nothing is told to the module."""
        assert self.state is not None
        for port in self.module.ports.values():
            file = getattr(port._transfer, "_file", None)
            if file is not None:
                file._staged._stream.close()  # as the kernel does
        self.state.close()

    def close(self) -> None:
        if self.state is not None:
            self.module.close()
            self.state.close()

    # -- time

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.run(until=lambda: False, limit_s=seconds, is_patient=True)
        self.now = max(self.now, self._end)

    def run(
        self,
        until: Callable[[], bool] = lambda: False,
        limit_s: float = 3600.0,
        *,
        is_patient: bool = False,
    ) -> None:
        """Go from deadline to deadline until *until*, or nothing is pending.

        It also stops where the module waits for a server, which is the test's to play; unless
        *is_patient*: then the module's patience runs out.
        """
        self._end = self.now + limit_s
        for _ in range(1_000_000):
            if until() or (self.network.is_awaited and not is_patient):
                return
            deadline = self.module.next_deadline()
            if deadline is None or deadline > self._end:
                break
            self.now = max(self.now, deadline)
            self.module.advance(self.now)
        self.module.advance(max(self.now, min(self._end, self.now)))

    def boot(self) -> Bench:
        """Power on, wait for registration, forget what was printed."""
        self.module.power_on()
        self.run(until=lambda: self.module.radio.is_registered)
        self.take()
        return self

    # -- bytes

    def take(self) -> bytes:
        """What was printed since the last call, all ports."""
        data = b"".join(data for _, data in self.writes)
        self.writes.clear()
        return data

    def take_writes(self) -> list[bytes]:
        writes = [data for _, data in self.writes]
        self.writes.clear()
        return writes

    def send(self, data: bytes, port: str = "usbat") -> bytes:
        """Send bytes; what is printed before any time passes."""
        self.module.receive(port, data, self.now)
        return self.take()

    def ask(self, command: str) -> str:
        """Send a command without echo; the reply as text."""
        return self.send(command.encode() + b"\r").decode()

    def quiet(self) -> Bench:
        """ATE0."""
        self.send(b"ATE0\r")
        return self

    def put_package(self, data: bytes) -> None:
        """Place a package without the detour over the port."""
        assert self.state is not None
        file = self.state.files.begin("EUFS:/fota/update.zip", replaces=True, is_trusted=True)
        file.write(data)
        file.end()


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    benches: list[Bench] = []

    def make(*settings: str, **options: object) -> Bench:
        bench = Bench(tmp_path / f"module{len(benches)}", *settings, **options)
        benches.append(bench)
        return bench

    yield make
    for bench in benches:
        bench.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """A booted, registered module with echo off."""
    return make_bench().boot().quiet()


@pytest.fixture(scope="module")
def shared_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The same, for tests of one file that only ask: booting takes longer than asking."""
    bench = Bench(tmp_path_factory.mktemp("shared"))
    yield bench.boot().quiet()
    bench.close()


class Rig:
    """A module whose downloads go over real sockets; its time is driven by an event loop."""

    def __init__(self, path: Path) -> None:
        self.state = StateDirectory(path, firmware=OLD)
        self.files = self.state.files
        self.folder = path / "efs" / "fota"
        self.module: VirtualModule | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.printed = b""
        self.progress: list[tuple[int, int | None]] = []

    def prepare(self, settings: Sequence[str], speed: Speed | None = None) -> VirtualModule:
        """A module that is off, on the same state as the last one."""
        self.printed, self.progress = b"", []

        def output(_port: str, data: bytes) -> None:
            self.printed += data

        self.module = VirtualModule(
            self.state,
            profile=with_settings(BG96, settings),
            trust=Trust((KEY.public_key,)),
            speed=speed or Speed(None),
            network=AsyncioNetwork(self._hear),
            output=output,
        )
        self.module.power_on()
        for _ in range(100):
            if self.module.radio.is_registered:
                break
            self.module.advance(0.0)
        self.booted_at_s = self.module.timeline.virtual_now
        return self.module

    def leftovers(self) -> list[str]:
        """Files of the module but the package."""
        there = [path for path in self.folder.parent.rglob("*") if path.is_file()]
        return [path.name for path in there if path != self.folder / "update.zip"]

    async def fetch(self, url: str) -> HttpError:
        """Download from *url*, without the AT side."""
        ended: list[HttpError] = []
        download = self.begin(url, ended.append)
        await self.drive(lambda: bool(ended), download.begin)
        return ended[0]

    def begin(self, url: str, on_end: Callable[[HttpError], None]) -> Download:
        assert self.module is not None
        return Download(
            self.module,
            parse_location(url),
            on_progress=lambda done, total: self.progress.append((done, total)),
            on_end=on_end,
        )

    async def drive(
        self, until: Callable[[], bool], begin: Callable[[], None], *, goes_on: bool = False
    ) -> None:
        """Let the module live in real time until *until*; *goes_on*: and stay connected."""
        assert self.module is not None
        module, loop = self.module, asyncio.get_running_loop()
        if loop is not self._loop:
            self._started_at = loop.time() - module.timeline.now
        self._loop, self._news = loop, asyncio.Event()
        module.advance(0.0)
        begin()
        async with asyncio.timeout(20):
            while not until():
                deadline = module.next_deadline()
                pause_s = None if deadline is None else deadline - self.now
                if pause_s is None or pause_s > 0:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), pause_s)
                self._news.clear()
                module.advance(self.now)
                await asyncio.sleep(0)
        if not goes_on:
            module.links.halt()
            await asyncio.sleep(0)

    @property
    def now(self) -> float:
        assert self._loop is not None
        return self._loop.time() - self._started_at

    def _hear(self, number: int, event: LinkEvent) -> None:
        assert self.module is not None
        self.module.hear(number, event, self.now)
        self._news.set()

    def close(self) -> None:
        if self.module is not None:
            self.module.close()
        self.state.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "rig")
    yield rig
    rig.close()
