# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual module in an asyncio loop: real time, real ports, real network; no AT here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from dfota.errors import DfotaError, EndpointError, MisuseError
from dfota.modem.control.place import ControlPlace, write_token
from dfota.modem.control.routes import answer
from dfota.modem.control.server import ControlServer
from dfota.modem.driver import ModuleDriver
from dfota.modem.endpoints import Endpoint
from dfota.modem.events import Watch
from dfota.modem.inputs import BytesIn, Input, LinesIn, LinkIn, VerbIn
from dfota.modem.lines import HostLines
from dfota.modem.memory_state import MemoryState
from dfota.modem.module import VirtualModule
from dfota.modem.options import ModuleOptions
from dfota.modem.performance import Performance
from dfota.modem.power import CutReport, PowerCut
from dfota.modem.snapshot import Snapshot
from dfota.modem.sockets import AsyncioNetwork
from dfota.modem.state import ModuleState, StateDirectory
from dfota.modem.trace import TraceHead, TraceWriter
from dfota.modem.transcript import Direction, TranscriptEntry, TranscriptFile, TranscriptSink


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
        self._trace: TraceWriter | None = None
        self._control: ControlServer | None = None
        self._token_file: Path | None = None
        self._performance: Performance | None = None
        self._record: TranscriptSink = lambda _entry: None

    @property
    def addresses(self) -> dict[str, str]:
        """Port name → what a host opens."""
        return {name: endpoint.address for name, endpoint in self._endpoints.items()}

    @property
    def is_new(self) -> bool:
        """Whether the module was made by this start."""
        return self._state is not None and self._state.is_new

    @property
    def control(self) -> ControlPlace | None:
        """Where the control channel is."""
        return None if self._control is None else self._control.place

    @property
    def control_token(self) -> Path | None:
        """The file with the token that the control channel wants."""
        return self._token_file

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
            await self._open_control()
            if options.power_cut is not None:
                self.arm_power_cut(options.power_cut)
            if options.scenario is not None:
                self._performance = Performance(
                    options.scenario, self.module, self._put, self.watch, options.log
                )
                self._performance.begin()
            self.power_on()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Pull the plug and let everything go; harmless twice."""
        if self._driver is not None:
            self._driver.stop()
        if self._control is not None:
            await self._control.close()
        if self._token_file is not None:
            with contextlib.suppress(OSError):
                self._token_file.unlink()
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
        if self._trace is not None and self._driver is not None:
            self._trace.close(self._driver.ticks)

    def power_on(self) -> None:
        """Bring the supply up."""
        self._put(VerbIn("power-on"))

    def cut_power(self) -> None:
        """Take the supply away."""
        self._put(VerbIn("power-cut"))

    def arm_power_cut(self, cut: PowerCut | None) -> None:
        """Cut the power at a place of the upgrade, once."""
        if cut is None:
            self._put(VerbIn("power-keep"))
        else:
            self._put(VerbIn("power-cut", {"place": str(cut)}))

    async def perform(self, verb: str, given: dict[str, object]) -> dict[str, object]:
        """Do a verb of the laboratory; its answer.

        Raises:
            DfotaError: it is refused.
        """
        outcome: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()

        def end(result: dict[str, object] | DfotaError) -> None:
            if outcome.done():
                return
            if isinstance(result, DfotaError):
                outcome.set_exception(result)
            else:
                outcome.set_result(result)

        self._put(VerbIn(verb, given, end))
        return await outcome

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
            log=self._log,
            on_power_lost=self._power_lost,
        )
        self.watch = Watch(self.module)
        for name, endpoint in self._endpoints.items():
            self.module.lines[name].on_change = endpoint.show
            self.module.lines[name].on_attached = partial(self._attach, name)
            if not self.module.lines[name].is_attached:
                self._attach(name)
        if options.trace is not None:
            head = TraceHead(options.profile, options.speed, tuple(self._endpoints), options.trust)
            self._trace = TraceWriter(
                options.trace,
                head,
                Snapshot.of(state),
                lambda error: options.log(f"the trace ends here: {error}"),
            )
        self._driver = ModuleDriver(self.module, journal=self._note_input, on_change=self._changed)
        for name, lines in self._lines.items():
            self._put(LinesIn(name, lines))

    def _put(self, entry: Input) -> None:
        if self._driver is not None:
            self._driver.put(entry)
        elif isinstance(entry, LinesIn):
            # A port is open a moment before there is a module behind it.
            self._lines[entry.port] = entry.lines

    def _changed(self) -> None:
        if self._performance is not None:
            self._performance.look()
        self.watch.look()
        self._on_change()

    def _power_lost(self, report: CutReport) -> None:
        self.watch.cut(report)
        self._on_power_lost(report)

    def _log(self, text: str) -> None:
        self._options.log(text)
        self.watch.tell("log", text=text)

    def _note_input(self, ticks: int, now: float, entry: Input) -> None:
        if self._trace is not None:
            self._trace.input(ticks, now, entry)
        if isinstance(entry, BytesIn):
            self._note(entry.port, Direction.TO_MODULE, entry.data)

    def _send(self, port: str, data: bytes) -> None:
        if self._trace is not None and self._driver is not None:
            at_s = self.module.timeline.virtual_now
            self._trace.output(self._driver.ticks, at_s, port, data)
        if self.module.lines[port].is_attached:
            self._note(port, Direction.TO_HOST, data)
            self._endpoints[port].write(data)

    def _note(self, port: str, direction: Direction, data: bytes) -> None:
        at_s = self.module.timeline.virtual_now
        entry = TranscriptEntry(round(at_s, 3), port, direction, data)
        self._record(entry)
        self.watch.passed(entry)
        if self._performance is not None:
            self._performance.passed(entry)

    async def _open_control(self) -> None:
        options, place = self._options, self._options.control
        if place is None:
            return
        token = ""
        if place.path is None:
            path = options.control_token
            if path is None and options.state is not None:
                path = options.state / "control.token"
            if path is None:
                raise MisuseError("a control channel on TCP wants a file for its token")
            token = write_token(path)
            self._token_file = path
        self._control = ControlServer(
            place, partial(answer, self), token=token, is_open=options.control_anywhere
        )
        await self._control.open()

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
