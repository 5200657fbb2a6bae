# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual module in an asyncio loop: real time, real ports, real network; no AT here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dfota.errors import EndpointError, MisuseError
from dfota.modem.driver import ModuleDriver
from dfota.modem.endpoints import Endpoint, PortPlace
from dfota.modem.endpoints.places import require_distinct
from dfota.modem.inputs import BytesIn, CallIn, Input, LinesIn, LinkIn
from dfota.modem.lines import HostLines
from dfota.modem.memory_state import MemoryState
from dfota.modem.module import VirtualModule
from dfota.modem.power import CutReport, PowerCut
from dfota.modem.profiles import BG96, Profile
from dfota.modem.sockets import AsyncioNetwork
from dfota.modem.state import ModuleState, StateDirectory
from dfota.modem.timeline import Speed
from dfota.modem.transcript import Direction, TranscriptEntry, TranscriptFile, TranscriptSink
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


class ModuleService:
    """Runs one module in the current event loop: ``start``, then ``stop``.

    Args:
        options: how.
        endpoints: its ports by name; default: those of the options.
        on_change: called after anything happened, in the loop's thread.
        on_power_lost: told of every power cut.
    """

    def __init__(
        self,
        options: ModuleOptions,
        *,
        endpoints: Mapping[str, Endpoint] | None = None,
        on_change: Callable[[], None] = lambda: None,
        on_power_lost: Callable[[CutReport], None] = lambda _report: None,
    ) -> None:
        self._options = options
        self._given_endpoints = endpoints
        self._on_change = on_change
        self._on_power_lost = on_power_lost
        self._endpoints: dict[str, Endpoint] = {}
        self._state: StateDirectory | MemoryState | None = None
        self._network: AsyncioNetwork | None = None
        self._driver: ModuleDriver | None = None
        self._lines: dict[str, HostLines] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._doors: set[asyncio.Task[None]] = set()
        self._transcript_file: TranscriptFile | None = None
        self._record: TranscriptSink = lambda _entry: None

    @property
    def addresses(self) -> dict[str, str]:
        """Port name → what a host opens."""
        return {name: endpoint.address for name, endpoint in self._endpoints.items()}

    @property
    def is_new(self) -> bool:
        """Whether the module was made by this start."""
        return self._state is not None and self._state.is_new

    async def start(self) -> None:
        """Open everything and power the module on.

        Raises:
            MisuseError: ports that cannot be had together.
            StateDirectoryError: see ``StateDirectory``.
            EndpointError: a port cannot be opened.
            OutputError: the transcript cannot be written.
        """
        options = self._options
        endpoints = self._given_endpoints
        if endpoints is None:
            endpoints = {
                place.name: place.endpoint(tells_speed=options.profile.pty_tells_speed)
                for place in options.places()
            }
        try:
            self._open_transcript()
            # Ports first: one that cannot be opened shall not leave a new module behind.
            for name, endpoint in endpoints.items():
                self._endpoints[name] = endpoint
                await endpoint.open(_Door(name, self._put))
            self._state = options.home()
            self._make_module(self._state)
            self.module.arm_power_cut(options.power_cut)
            self.power_on()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Pull the plug and let everything go; harmless twice."""
        if self._driver is not None:
            self._driver.stop()
        for task in tuple(self._doors):
            task.cancel()
        await asyncio.gather(*self._doors, return_exceptions=True)
        module: VirtualModule | None = getattr(self, "module", None)
        if self._state is not None and module is not None:
            module.close()
        if self._network is not None:
            await self._network.close()
        for endpoint in self._endpoints.values():
            await endpoint.close()
        self._endpoints.clear()
        if self._state is not None:
            self._state.close()
            self._state = None
        if self._transcript_file is not None:
            self._transcript_file.close()

    def power_on(self) -> None:
        """Bring the supply up."""
        self._put(CallIn(self.module.power_on, is_laboratory=True))

    def cut_power(self) -> None:
        """Take the supply away."""
        self._put(CallIn(self.module.cut_power, is_laboratory=True))

    # -- inside ------------------------------------------------------------------------

    def _make_module(self, state: ModuleState) -> None:
        options = self._options
        self._network = AsyncioNetwork(lambda number, event: self._put(LinkIn(number, event)))
        self.module = VirtualModule(
            state,
            profile=options.profile,
            trust=options.trust,
            speed=options.speed,
            network=self._network,
            port_names=list(self._endpoints),
            output=self._send,
            log=options.log,
            on_power_lost=self._on_power_lost,
        )
        for name, endpoint in self._endpoints.items():
            self.module.lines[name].on_change = endpoint.show
            self.module.lines[name].on_attached = partial(self._attach, name)
            if not self.module.lines[name].is_attached:
                self._attach(name)
        self._driver = ModuleDriver(
            self.module, journal=self._note_input, on_change=self._on_change
        )
        for name, lines in self._lines.items():
            self._put(LinesIn(name, lines))

    def _put(self, entry: Input) -> None:
        if self._driver is not None:
            self._driver.put(entry)
        elif isinstance(entry, LinesIn):
            # A port is open a moment before there is a module behind it.
            self._lines[entry.port] = entry.lines

    def _note_input(self, _ticks: int, _now: float, entry: Input) -> None:
        if isinstance(entry, BytesIn):
            self._note(entry.port, Direction.TO_MODULE, entry.data)

    def _send(self, port: str, data: bytes) -> None:
        if self.module.lines[port].is_attached:
            self._note(port, Direction.TO_HOST, data)
            self._endpoints[port].write(data)

    def _note(self, port: str, direction: Direction, data: bytes) -> None:
        at_s = self.module.timeline.virtual_now
        self._record(TranscriptEntry(round(at_s, 3), port, direction, data))

    def _attach(self, name: str, *_is_there: bool) -> None:
        """The port has vanished or come back: so shall its endpoint."""
        task = asyncio.get_running_loop().create_task(self._open_or_close(name))
        self._doors.add(task)
        task.add_done_callback(self._doors.discard)

    async def _open_or_close(self, name: str) -> None:
        """Let the endpoint of a port vanish, and come back where that is wanted by now."""
        endpoint, lines = self._endpoints[name], self.module.lines[name]
        async with self._turns.setdefault(name, asyncio.Lock()):
            await endpoint.close()
            if not lines.is_attached:
                return
            try:
                await endpoint.open(_Door(name, self._put))
                endpoint.show(lines.module)
            except EndpointError as error:
                self._options.log(f"port {name} does not come back: {error}")

    def _open_transcript(self) -> None:
        match self._options.transcript:
            case None:
                pass
            case Path() as path:
                self._transcript_file = TranscriptFile(
                    path, lambda error: self._options.log(f"the transcript ends here: {error}")
                )
                self._record = self._transcript_file
            case sink:
                self._record = sink


class _Door:
    """What an endpoint tells, as inputs of the module."""

    def __init__(self, port: str, put: Callable[[Input], None]) -> None:
        self._port = port
        self._put = put

    def receive(self, data: bytes) -> None:
        """A host sent *data*."""
        self._put(BytesIn(self._port, data))

    def change_lines(self, lines: HostLines) -> None:
        """A host came or left, or moved its lines."""
        self._put(LinesIn(self._port, lines))


async def serve_module(
    options: ModuleOptions,
    *,
    until: asyncio.Event,
    on_ready: Callable[[ModuleService], None],
) -> None:
    """Run a module until *until* is set; *on_ready* is called when its ports are open.

    Raises:
        StateDirectoryError: see ``StateDirectory``.
        EndpointError: a port cannot be opened.
        OutputError: the transcript cannot be written.
    """
    defects: list[BaseException] = []

    def on_defect(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            defects.append(error)
            until.set()
        else:
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(on_defect)
    service = ModuleService(options)
    await service.start()
    try:
        on_ready(service)
        await until.wait()
    finally:
        await service.stop()
    if defects:
        raise defects[0]
