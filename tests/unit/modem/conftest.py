# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A bench for the module's core: virtual time, a network that does as it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dfota import delta
from dfota.modem import (
    BG96,
    DownloadRequest,
    FetchEnd,
    FetchListener,
    FetchRequest,
    HttpError,
    Profile,
    Speed,
    StateDirectory,
    Trust,
    VirtualModule,
    with_settings,
)
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

OLD_REVISION = "BG96MAR02A07M1G_01.018.01.018"
NEW_REVISION = "BG96MAR02A07M1G_01.019.01.019"
KEY = SigningKey.generate()
OTHER_KEY = SigningKey.generate()


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
class FakeDownload:
    is_aborted: bool = False

    def abort(self) -> None:
        self.is_aborted = True


@dataclass
class FakeFetch(FakeDownload):
    is_paused: bool = False

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False


@dataclass
class FakeNetwork:
    """Keeps requests; the test ends them."""

    requests: list[DownloadRequest] = field(default_factory=list)
    downloads: list[FakeDownload] = field(default_factory=list)
    ends: list[Callable[[HttpError], None]] = field(default_factory=list)
    fetches: list[tuple[FetchRequest, FetchListener, FakeFetch]] = field(default_factory=list)

    def begin(self, request: DownloadRequest, on_end: Callable[[HttpError], None]) -> FakeDownload:
        self.requests.append(request)
        self.ends.append(on_end)
        self.downloads.append(FakeDownload())
        return self.downloads[-1]

    def fetch(self, request: FetchRequest, listener: FetchListener) -> FakeFetch:
        self.fetches.append((request, listener, FakeFetch()))
        return self.fetches[-1][2]

    def answer(self, body: bytes, *, status: int = 200, head: bytes = b"") -> None:
        """Let the newest exchange be answered, with all of *body*."""
        _, listener, _ = self.fetches[-1]
        listener.answered(status, head or b"HTTP/1.1 %d OK\r\n\r\n" % status, len(body))
        listener.received(body)
        listener.ended(FetchEnd.COMPLETE)

    def deliver(self, body: bytes) -> None:
        file = self.requests[-1].begin_file()
        file.write(body)
        file.end()
        self.ends[-1](HttpError.OK)


class Bench:
    """A module, its state directory, and a clock in the test's hand."""

    def __init__(
        self, path: Path, *settings: str, firmware: Release = OLD, **options: object
    ) -> None:
        self.path = path
        self.firmware = firmware
        self.profile: Profile = with_settings(BG96, settings)
        self.network = FakeNetwork()
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
                file._stream.close()  # as the kernel does
        self.state.close()

    def close(self) -> None:
        if self.state is not None:
            self.state.close()

    # -- time

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.run(until=lambda: False, limit_s=seconds)
        self.now = max(self.now, self._end)

    def run(self, until: Callable[[], bool] = lambda: False, limit_s: float = 3600.0) -> None:
        """Go from deadline to deadline until *until*, or nothing is pending."""
        self._end = self.now + limit_s
        for _ in range(1_000_000):
            if until():
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
        file = self.state.files.begin("EUFS:/fota/update.zip", replaces=True)
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
