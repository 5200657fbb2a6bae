# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A port with a virtual module behind it, on the module's clock, for commands that open one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from dfota.cli import port_options
from dfota.host import Session
from dfota.modem import BG96, Profile, Speed, StateDirectory, Trust, VirtualModule, with_settings
from dfota.package import Partition, Release
from dfota.values import FirmwareVersion

RELEASE = Release(
    "BG96", "MA", FirmwareVersion("BG96MAR02A07M1G_01.018.01.018"), (Partition("apps", b"x"),)
)


@pytest.fixture
def release() -> Release:
    return RELEASE


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A module that does not run."""
    path = tmp_path / "module"
    StateDirectory(path, firmware=RELEASE).close()
    return path


class VirtualPort:
    """A port with a module behind it, on the module's clock."""

    def __init__(
        self,
        state: StateDirectory,
        *settings: str,
        profile: Profile = BG96,
        trust: Trust | None = None,
    ) -> None:
        self.now = 0.0
        self.inbox = bytearray()
        self.spoil = lambda data: data
        self.module = VirtualModule(
            state,
            profile=with_settings(profile, settings),
            speed=Speed(1.0),
            output=lambda _port, data: self.inbox.extend(self.spoil(data)),
            trust=trust,
        )
        self.module.power_on()
        self.read(60)

    def read(self, timeout_s: float) -> bytes:
        until = self.now + timeout_s
        while not self.inbox:
            due = self.module.next_deadline()
            if due is None or due > until:
                self.now = until
                break
            self.now = max(self.now, due)
            self.module.advance(self.now)
        data = bytes(self.inbox)
        self.inbox.clear()
        return data

    def write(self, data: bytes) -> None:
        self.module.receive("usbat", data, self.now)

    def close(self) -> None:
        return


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., VirtualPort]:
    """Switch a module on and wire every command that opens a port to it."""

    def plug(
        state: StateDirectory,
        *settings: str,
        profile: Profile = BG96,
        trust: Trust | None = None,
    ) -> VirtualPort:
        port = VirtualPort(state, *settings, profile=profile, trust=trust)
        monkeypatch.setattr(port_options, "SerialxTransport", lambda _port, *, baudrate: port)
        virtual = partial(Session, clock=lambda: port.now, pause=lambda _seconds: None)
        monkeypatch.setattr(port_options, "Session", virtual)
        return port

    return plug


@pytest.fixture
def port(state: Path, plug_in: Callable[..., VirtualPort]) -> Iterator[VirtualPort]:
    with StateDirectory(state) as directory:
        port = plug_in(directory)
        yield port
        port.module.close()
