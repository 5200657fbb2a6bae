# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The virtual module, composed: bytes and time in, bytes out; no socket, thread or clock.

Whoever drives it calls ``power_on``, hands over what the host sends with ``receive``, and
calls ``advance`` when ``next_deadline`` is there. Output goes to a callback, one call for
each write that a module would make.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, Self, TypeVar, cast

import dfota.modem.handlers  # noqa: F401 - importing binds the handlers to the catalogue
from dfota.at import Command, PoweredDown, Urc
from dfota.engine import Engine, Firmware, Running
from dfota.errors import FileSystemError, FirmwareDamagedError, MisuseError
from dfota.flash import Cut, Operation, PowerLost
from dfota.modem.clock import Clock
from dfota.modem.dialect import command_table
from dfota.modem.embedding import CollectedWrites, Embedded
from dfota.modem.exchange import Exchange, Exchanges, FetchListener, FetchRequest
from dfota.modem.filesystem import PACKAGE_NAME, FileSystem
from dfota.modem.lines import HostLines, SerialLines
from dfota.modem.memory_state import FactoryImage, MemoryState
from dfota.modem.network import LinkEvent, Links, Network, NoNetwork
from dfota.modem.nv import FotaApn, Nv
from dfota.modem.packet import PacketData
from dfota.modem.pins import Pins
from dfota.modem.port import Port
from dfota.modem.power import TEARING, CutPhase, CutReport, Power, PowerCut
from dfota.modem.profiles import BG96, URC_PORTS, BusyAnswer, Profile
from dfota.modem.radio import Radio
from dfota.modem.scrub import Scrub
from dfota.modem.settings import PortSettings
from dfota.modem.sim import SimCard
from dfota.modem.startup import Startup
from dfota.modem.state import ModuleState
from dfota.modem.timeline import Pace, Speed, Timeline
from dfota.modem.trust import Trust
from dfota.modem.upgrade import Upgrade
from dfota.modem.urc_gate import UrcGate
from dfota.modem.world import World
from dfota.package import Release

_APPLICATION_VERSION = re.compile(r"\.[0-9]{2}\.[0-9]{3}$")
"""The second pair of a revision such as ``BG96MAR02A07M1G_01.018.01.018``."""

_RESTART_GAP_S = 0.2
"""From the OK of AT+CFUN=1,1 to silence; not documented."""


class Part(Protocol):
    """A piece of the module that lives in RAM, made by ``VirtualModule.part``."""

    def halt(self) -> None:
        """The module restarts or is dark: stop what runs; it will not be asked again."""


_P = TypeVar("_P", bound=Part)


class VirtualModule(Embedded):
    """A BG96 made of bytes and time.

    Args:
        state: where it lives.
        profile: what kind of module.
        trust: whose packages it installs.
        speed: how much faster than hardware.
        network: where downloads come from.
        port_names: its serial ports, some of ``usbat``, ``usbmodem``, ``uart1``.
        output: gets each write: port name and bytes; without one, see ``collect``.
        log: gets a sentence for a person when something noteworthy happens.
        on_power_lost: told of every power cut, when the module is already dark.

    Attributes:
        power: what it is now.
        commands: what it knows, by name; a kin has some in another form, or not at all.
        pins: supply, PWRKEY, RESET_N, STATUS and the USB plug.
        startup: the boot, and what it found.
        world: what is around it: SIM, cells, supply.
        lines: the wires of its ports beside the data, by name.
        ipr: speed of the UART, as ``AT+IPR`` has it.
        last_cut: the newest power cut, if there was one.

    Raises:
        MisuseError: no port, or a port of another name.
    """

    def __init__(
        self,
        state: ModuleState,
        *,
        profile: Profile = BG96,
        trust: Trust | None = None,
        speed: Speed | None = None,
        network: Network | None = None,
        port_names: Sequence[str] = ("usbat",),
        output: Callable[[str, bytes], None] | None = None,
        log: Callable[[str], None] = lambda _text: None,
        on_power_lost: Callable[[CutReport], None] = lambda _report: None,
    ) -> None:
        if not port_names or any(name not in URC_PORTS for name in port_names):
            raise MisuseError(f"ports are some of {', '.join(URC_PORTS)}, not {port_names}")
        self.profile = profile
        self.trust = trust or Trust()
        self.links = Links(network or NoNetwork())
        self.log = log
        self._on_power_lost = on_power_lost
        self.timeline = Timeline(speed or Speed(), profile.wait_floor_s)
        self.power = Power.OFF
        self.pins = Pins(self)
        self.commands: Mapping[str, Command] = command_table(profile)
        self.last_cut: CutReport | None = None
        self.ipr = state.nv.ipr
        self._state = state
        self._armed: PowerCut | None = None
        self._is_cut_due = False
        self.startup = Startup(self)
        self._parts: dict[Callable[[VirtualModule], Part], Part] = {}
        self.world = World.around(profile)
        self.engine = Engine(state.flash)
        self.clock = Clock(self)
        self.sim = SimCard(self)  # before the radio, which looks at it when a card comes
        self.radio = Radio(self)
        self.upgrade = Upgrade(self)
        self.lines = {name: SerialLines(name, self) for name in port_names}
        self._collected = None
        if output is None:
            output = self._collected = CollectedWrites()
        self.ports = {name: self._make_port(name, output) for name in port_names}
        self.pins.on_link_change(lambda name, is_there: self.lines[name].attach(is_there))

    @classmethod
    def in_memory(
        cls,
        firmware: Release | FactoryImage,
        *,
        profile: Profile = BG96,
        serial: int = 0,
        trust: Trust | None = None,
        speed: Speed | None = None,
        network: Network | None = None,
        port_names: Sequence[str] = ("usbat",),
    ) -> Self:
        """A factory-new module that lives in memory, for ``feed`` and ``elapse``; it is off.

        Args:
            firmware: what it runs; modules with the same share its bytes.
            profile: what kind of module.
            serial: makes its IMEI differ from that of others.
            trust: whose packages it installs.
            speed: 1 as hardware, so that ``elapse`` takes seconds of hardware; the time is
                the caller's, so it costs nothing.
            network: where downloads come from.
            port_names: its serial ports.

        Raises:
            MisuseError: see ``MemoryState`` and the class.
            GeometryError: no flash is large enough for *firmware*.
        """
        return cls(
            MemoryState(firmware, profile=profile, serial=serial),
            profile=profile,
            trust=trust,
            speed=speed,
            network=network,
            port_names=port_names,
        )

    # -- doors for the driver ------------------------------------------------------------

    def power_on(self) -> None:
        """Bring the supply up; harmless when the module is on.

        A module whose PWRKEY is not tied to ground starts only with the second call, which
        stands for a press of that key, or with ``pins.press_pwrkey``.
        """
        if not self.is_off:
            return
        is_new = not self.pins.has_supply
        self.pins.has_supply = True
        self._state.flash.power_on()
        if self.profile.starts_with_supply or not is_new:
            self.start()

    def cut_power(self) -> None:
        """Take the supply away this instant; it stays away until ``power_on``."""
        self.pins.has_supply = False
        if not self.is_off:
            self._lose_power(None)

    def close(self) -> None:
        """Nobody drives it any more: let go of what is open, as dark as without a supply."""
        if self.power is not Power.OFF:
            self._halt()

    def arm_power_cut(self, cut: PowerCut | None) -> None:
        """Cut the power at a place of the upgrade, once; it returns after the profile's time."""
        self._armed = cut

    def receive(self, port_name: str, data: bytes, now: float) -> None:
        """Take bytes that the host sent to a port at the instant *now*."""
        self.set_time(now)
        if self.power is not Power.RUNNING or not self.lines[port_name].is_attached:
            return
        if self.is_installing and self.profile.busy_answer is BusyAnswer.SILENT:
            return
        heard = self.lines[port_name].to_module(data)
        self._guard(lambda: self.ports[port_name].receive(heard))

    def change_lines(self, port_name: str, lines: HostLines, now: float) -> None:
        """Take what the host does with DTR, RTS and its speed at the instant *now*."""
        self.set_time(now)
        self._guard(lambda: self.lines[port_name].change(lines))

    def hear(self, number: int, event: LinkEvent, now: float) -> None:
        """Take what the network says about the link *number* at the instant *now*."""
        self.set_time(now)
        self._guard(lambda: self.links.hear(number, event))

    def set_time(self, now: float) -> None:
        """Let the clock be *now* without doing what is due."""
        self.timeline.set_time(now)

    def advance(self, now: float) -> None:
        """Do what is due at the instant *now*; see ``Timeline.advance``."""
        self._guard(lambda: self.timeline.advance(now))

    def next_deadline(self) -> float | None:
        """When ``advance`` is wanted next."""
        return self.timeline.next_deadline()

    @property
    def firmware(self) -> Firmware | None:
        """The firmware that the last boot found, if it found one."""
        return self.startup.firmware

    @property
    def state(self) -> ModuleState:
        """Where it lives: what it keeps without power."""
        return self._state

    @property
    def is_off(self) -> bool:
        """Whether it is off, with or without supply."""
        return self.power is Power.OFF

    @property
    def is_in_recovery(self) -> bool:
        """Whether it runs the system that only installs."""
        return self.power is Power.FORCED_UPGRADE

    @property
    def is_installing(self) -> bool:
        """Whether UPDATING or RESTORE is going on."""
        return self.upgrade.is_installing

    # -- doors for handlers and jobs -----------------------------------------------------

    def part(self, kind: Callable[[VirtualModule], _P]) -> _P:
        """The one *kind* (a class) of this module, made when it is first asked for.

        Everything that a group of commands keeps in RAM is such a part: a restart or a
        power cut halts and forgets it, so that the next one is as new.
        """
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(self)
        return cast("_P", found)

    def fetch(self, request: FetchRequest, listener: FetchListener) -> Exchange:
        """Begin an HTTP exchange over the module's bearer."""
        return self.part(Exchanges).begin(request, listener)

    @property
    def nv(self) -> Nv:
        """The non-volatile settings."""
        return self._state.nv

    @property
    def files(self) -> FileSystem:
        """The file system."""
        return self._state.files

    @property
    def urc_port(self) -> Port | None:
        """Where URCs go: the configured port, or the only one; ``None``: nobody hears them."""
        if self.nv.urc_port in self.ports:
            return self.ports[self.nv.urc_port]
        return next(iter(self.ports.values())) if len(self.ports) == 1 else None

    def settle_speed(self) -> None:
        """Let the UART run at the speed of ``ipr``."""
        for lines in self.lines.values():
            lines.baud = self.ipr

    def save_nv(self) -> None:
        """Keep a change of ``nv``."""
        self._state.save_nv()

    def drop_package(self, name: str = PACKAGE_NAME) -> None:
        """Remove the package, if there is one."""
        if self.files.has(name):
            try:
                self.files.delete(name, is_trusted=True)
            except FileSystemError as error:
                self.log(f"the package stays: {error}")

    def report(self, urc: Urc | str) -> None:
        """Print an unsolicited result code, when the settings let it through."""
        port = self.urc_port
        if port is not None:
            self.part(UrcGate).report(urc)
            self.lines[port.name].ring()

    def print_urc(self, urc: Urc | str) -> None:
        """Print an unsolicited result code whose time has come."""
        port = self.urc_port
        if port is not None:
            port.report(urc)

    def urc_pause_s(self) -> float:
        """Virtual seconds until a URC can be printed at once."""
        port = self.urc_port
        return 0.0 if port is None else port.urc_pause_s()

    def facts(self) -> dict[str, object]:
        """What test forms say about this module."""
        contexts = ",".join(str(cid) for cid in self.part(PacketData).defined())
        return {
            "free_size": self.files.free_bytes,
            "operators": self.radio.survey(),
            "contexts": contexts,
        }

    def running_firmware(self) -> Firmware:
        """The firmware that runs.

        Raises:
            MisuseError: none does.
        """
        if self.firmware is None:
            raise MisuseError("no firmware runs")
        return self.firmware

    def revision(self) -> str:
        """What ``AT+QGMR`` says: the whole revision, as far as it is known yet.

        Raises:
            MisuseError: no firmware runs.
        """
        revision = self.running_firmware().revision
        if self.profile.short_qgmr:
            return revision.short
        text = revision.text
        if self.timeline.virtual_now < self.startup.ready_at_s + self.profile.application_ready_s:
            text = _APPLICATION_VERSION.sub(".00.000", text)
        return text

    def start(self) -> None:
        """Begin to boot; there is supply."""
        self.power = Power.BOOTING
        self.ipr = self.nv.ipr
        self.settle_speed()
        if not self.profile.keep_fota_apn:
            self.nv.fota_apn = FotaApn()
        self.sim.start()
        settings = self.nv.stored_settings
        for port in self.ports.values():
            port.reset(PortSettings.restored(settings))
        self.startup.begin()

    def restart(self) -> None:
        """Reboot this instant."""
        self._halt()
        self.start()

    def restart_later(self) -> None:
        """Reboot a moment after the final result code, or the URC that waits for its turn."""
        self.linger(self.urc_pause_s() + _RESTART_GAP_S, self.restart)

    def linger(self, pause_s: float, then: Callable[[], None]) -> None:
        """Do *then* a little later.

        Where USB ports vanish it is real time also at the highest speed: a host has to read
        what was printed before its port goes, and to open it again when it is back.
        """
        is_patient = self.profile.reenumerates
        (self.timeline.wait if is_patient else self.timeline.pace)(pause_s, then)

    def power_down_later(self) -> None:
        """Shut down in order: ``POWERED DOWN``, then silence."""
        self.timeline.play(self._power_down())

    def boot_again(self) -> None:
        """After a failed update: look whether the firmware is whole, else finish it."""
        try:
            boot = self.engine.boot()
        except FirmwareDamagedError:
            boot = None
        if not isinstance(boot, Running):
            self.restart()

    def leave_percent(self) -> None:
        """The next percentage is about to be printed: a cut that is due must come now.

        It waited for a flash operation to tear, and there was none at this percentage.

        Raises:
            PowerLost: a cut was due.
        """
        if self._is_cut_due:
            raise PowerLost

    def reached(self, phase: CutPhase, percent: int) -> None:
        """A place of the upgrade was reached: carry out an armed power cut."""
        cut = self._armed
        if cut is None or cut.phase is not phase or percent < cut.percent:
            return
        self._armed = None
        if phase in TEARING:
            flash = self._state.flash
            flash.lose_power_at(Cut(flash.operations, cut.mode))
            self._is_cut_due = True
        else:
            self.timeline.pace(0.0, self._cut_armed)

    # -- inside ------------------------------------------------------------------------

    def _make_port(self, name: str, output: Callable[[str, bytes], None]) -> Port:
        lines = self.lines[name]
        return Port(name, self, lambda data: output(name, lines.to_host(data)))

    def _guard(self, work: Callable[[], None]) -> None:
        """Do *work*; if the flash loses its power in it, so does the module."""
        try:
            work()
        except PowerLost:
            flash = self._state.flash
            self._lose_power(None if flash.is_powered else flash.last_operation)
            self._supply_returns()

    def _cut_armed(self) -> None:
        self._lose_power(None)
        self._supply_returns()

    def _supply_returns(self) -> None:
        self.pins.has_supply = False
        self.timeline.pace(self.profile.power_on_after_s, self.power_on, is_supply=True)

    def _lose_power(self, torn: Operation | None) -> None:
        scrub = self.part(Scrub)
        phase = self.upgrade.phase or ("scrub" if scrub.is_running else self.power.value)
        percent = scrub.percent if phase == "scrub" else self.upgrade.percent
        self.last_cut = CutReport(phase, percent, torn, round(self.timeline.virtual_now, 3))
        self._is_cut_due = False
        self._state.flash.lose_power_at(None)
        self._state.flash.lose_power()
        self._halt()
        self.clock.lose_power()
        self.log(str(self.last_cut))
        self._on_power_lost(self.last_cut)

    def _halt(self) -> None:
        """Everything in RAM is gone."""
        self.power = Power.OFF
        self.pins.status = False
        self.pins.plug_usb(is_there=False)
        self.timeline.forget()
        parts, self._parts = self._parts, {}
        for part in parts.values():
            part.halt()
        self.links.halt()
        self.upgrade.reset()
        self.sim.reset()
        self.clock.reset()
        self.radio.reset()
        for name, port in self.ports.items():
            port.reset(PortSettings())
            self.lines[name].stop_ringing()

    def _power_down(self) -> Pace:
        yield self.profile.power_off_s
        self.report(PoweredDown())
        for port in self.ports.values():
            port.flush_urcs()
        self._halt()
        self.log("powered down by AT+QPOWD; it is off until it is powered on again")
