# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""How to run a module: everything that a person can choose, as one value; nothing runs here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dfota.errors import MisuseError
from dfota.modem.control.place import ControlPlace
from dfota.modem.endpoints import PortPlace
from dfota.modem.endpoints.places import require_distinct
from dfota.modem.memory_state import MemoryState
from dfota.modem.power import PowerCut
from dfota.modem.profiles import BG96, Profile
from dfota.modem.scenario import Scenario
from dfota.modem.state import StateDirectory
from dfota.modem.timeline import Speed
from dfota.modem.transcript import TranscriptSink
from dfota.modem.trust import Trust
from dfota.package import Release

MAX_SPEED = Speed(None)
TRUSTS_NOBODY = Trust()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleOptions:
    """How to run a module.

    Attributes:
        state: directory in which it lives; ``None``: it lives in memory, and ends with it.
        firmware: what a factory-new one runs; ignored where there is a module already.
        profile: what kind of module.
        trust: whose packages it installs.
        speed: how much faster than hardware.
        ports: where hosts find its ports; with them, *pty_link* and *tcp* are not given.
        pty_link: name for a pseudo-terminal; it is port ``usbat``.
        tcp: address of a listener; port ``uart1`` beside a pty, else ``usbat``.
        power_cut: armed from the start.
        transcript: file for all bytes, or a function that gets them.
        trace: file from which the run can be replayed.
        control: where a laboratory reaches the module.
        control_token: file of the token that a control channel on TCP wants; by default
            ``control.token`` in *state*.
        control_anywhere: the channel may be where other computers reach it.
        scenario: what happens to the module by itself.
        serial: makes the IMEI of a module in memory differ from that of others.
        log: gets sentences for a person.

    Without any place the port is a pseudo-terminal without a link.
    """

    state: Path | None = None
    firmware: Release | Callable[[], Release] | None = None
    profile: Profile = BG96
    trust: Trust = TRUSTS_NOBODY
    speed: Speed = MAX_SPEED
    ports: tuple[PortPlace, ...] = ()
    pty_link: Path | None = None
    tcp: tuple[str, int] | None = None
    power_cut: PowerCut | None = None
    transcript: Path | TranscriptSink | None = None
    trace: Path | None = None
    control: ControlPlace | None = None
    control_token: Path | None = None
    control_anywhere: bool = False
    scenario: Scenario | None = None
    serial: int = 0
    log: Callable[[str], None] = lambda _text: None

    def home(self) -> StateDirectory | MemoryState:
        """Open the module's state, or make it.

        Raises:
            StateDirectoryError: see ``StateDirectory``.
            MisuseError: a module in memory without firmware.
        """
        if self.state is not None:
            return StateDirectory(self.state, firmware=self.firmware, profile=self.profile)
        release = self.firmware() if callable(self.firmware) else self.firmware
        if release is None:
            raise MisuseError("a module in memory is always new: give its firmware")
        return MemoryState(release, profile=self.profile, serial=self.serial)

    def places(self) -> tuple[PortPlace, ...]:
        """Where its ports are, in one form.

        Raises:
            MisuseError: one port twice, or two ways of saying it.
        """
        require_distinct(self.ports)
        if self.ports:
            if self.pty_link is not None or self.tcp is not None:
                raise MisuseError("give all ports with their names, or --pty and --tcp alone")
            return self.ports
        if self.tcp is None:
            return (PortPlace("usbat", pty=self.pty_link or True),)
        if self.pty_link is None:
            return (PortPlace("usbat", tcp=self.tcp),)
        return PortPlace("usbat", pty=self.pty_link), PortPlace("uart1", tcp=self.tcp)
