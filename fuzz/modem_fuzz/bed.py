# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A module to be maltreated, and what must be true of it afterwards, whatever was sent.

It answers, it is bounded, its firmware is whole, its settings and files can be read again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from dfota.at import TYPE_AHEAD_MAX_BYTES
from dfota.engine import Engine, Running
from dfota.modem import (
    BG96,
    FactoryImage,
    MemoryState,
    Power,
    Profile,
    Speed,
    VirtualModule,
    with_settings,
)
from dfota.modem.lines import HostLines
from dfota.modem.message_input import INPUT_MAX_BYTES
from dfota.modem.port import WAITING_URCS_MAX
from dfota.package import Partition, Release
from dfota.values import FirmwareVersion

REVISION = "BG96MAR02A07M1G_01.018.01.018"
PORTS = ("usbat", "uart1")

LONG_S = 70_000.0
"""Longer than any time limit that a host can set (65535 s of AT+QFUPL)."""


@cache
def factory_image() -> FactoryImage:
    """What every module of the fuzzers begins as."""
    return FactoryImage(release())


@cache
def release() -> Release:
    """A firmware small enough to be booted thousands of times."""
    image = bytes((index * 7) & 0xFF for index in range(20_000))
    parts = (Partition("apps", image),)
    return Release("BG96", "MA", FirmwareVersion(REVISION), parts)


@cache
def small(profile: Profile) -> Profile:
    """The same kind of module with room for little, so that it is soon full."""
    return with_settings(profile, ("ufs_total_bytes=65536", "ufs_reserved_bytes=16384"))


class Bed:
    """One module with two ports, in virtual time."""

    def __init__(self, profile: Profile | None = None, state: MemoryState | None = None) -> None:
        self.profile = profile or small(BG96)
        self.state = state or MemoryState(factory_image(), profile=self.profile)
        self.now = 0.0
        self.written = 0
        self.fed = 0
        self._tail = bytearray()
        self.module = VirtualModule(
            self.state,
            profile=self.profile,
            speed=Speed(1.0),
            port_names=PORTS,
            output=self._output,
        )
        self.module.power_on()
        self.wait(60.0)

    def _output(self, port: str, data: bytes) -> None:
        self.written += len(data)
        if port == PORTS[0]:
            self._tail += data
            del self._tail[:-4096]

    def feed(self, data: bytes, port: str = PORTS[0]) -> None:
        """Let the host send *data*."""
        self.fed += len(data)
        self.module.receive(port, data, self.now)

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let time pass, from deadline to deadline."""
        end = self.now + seconds
        for _ in range(200_000):
            deadline = self.module.next_deadline()
            if deadline is None or deadline > end or until():
                self.now = max(self.now, end if not until() else self.now)
                self.module.set_time(self.now)
                return
            self.now = max(self.now, deadline)
            self.module.advance(self.now)
        raise AssertionError("time does not pass: something keeps the module busy for ever")

    def check(self) -> None:
        """What must hold after anything.

        Raises:
            AssertionError: it does not.
        """
        self._check_bounds()
        for port in PORTS:
            self.module.change_lines(port, HostLines(), self.now)  # at a speed it understands
            self.feed(b"\x1b", port)  # out of a message prompt
        self.wait(2.0)
        for port in PORTS:
            self.feed(b"+++", port)  # out of a data mode
        self.wait(LONG_S)
        if self.module.power is Power.RUNNING:
            self._check_answers()
        self._check_bounds()
        self._check_quota()
        self.module.cut_power()
        self._check_firmware()
        self.module.power_on()
        self.wait(120.0)
        assert self.module.power is Power.RUNNING, self.module.power
        self._tail.clear()
        self.feed(b"AT&FE0\r")
        self.wait(1.0)
        self._tail.clear()
        self.feed(b"AT+QGMR\r")
        self.wait(1.0)
        short = REVISION.partition("_")[0]  # all that some generations of firmware print
        whole = {f"\r\n{text}\r\n\r\nOK\r\n".encode() for text in (REVISION, short)}
        assert bytes(self._tail) in whole, bytes(self._tail)

    def _check_answers(self) -> None:
        """Each port takes a command and ends it with a final result code."""
        for name in PORTS:
            port = self.module.ports[name]
            assert port._transfer is None, f"{name} never leaves its data mode"
            assert not port._is_executing, f"{name} never ends its command"
        settings = self.module.ports[PORTS[0]].settings
        if settings.q:
            return
        self._tail.clear()
        end = bytes((settings.s3,))
        self.feed(end + b"AT" + end)
        self.wait(1.0)
        answer = b"OK" if settings.v else b"0"
        # A backspace or a line end among the letters of AT makes it no command.
        if settings.s5 not in b"AT" and settings.s3 not in b"AT":
            assert answer in self._tail, (bytes(self._tail), settings)

    def _check_bounds(self) -> None:
        """Nothing grows with what was sent."""
        for port in self.module.ports.values():
            assert len(port._decoder._pending) <= TYPE_AHEAD_MAX_BYTES
            assert len(port._waiting_urcs) <= WAITING_URCS_MAX
            assert len(getattr(port._transfer, "_text", b"")) <= INPUT_MAX_BYTES + 1
        assert self.written <= 2_000_000 + 3000 * self.fed, "it talks without end"

    def _check_quota(self) -> None:
        files = self.module.files
        assert 0 <= files.free_bytes <= files.total_bytes
        assert sum(file.size for file in files.files()) <= files.total_bytes

    def _check_firmware(self) -> None:
        self.state.flash.power_on()
        boot = Engine(self.state.flash).boot()
        assert isinstance(boot, Running), boot
        assert boot.firmware.revision.text == REVISION
        self.state.flash.lose_power()
