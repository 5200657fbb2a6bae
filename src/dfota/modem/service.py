# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual module in an asyncio loop: real time, real ports, real network; no AT here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dfota.modem.endpoints import Endpoint, PtyEndpoint, TcpEndpoint
from dfota.modem.module import VirtualModule
from dfota.modem.network import LinkEvent
from dfota.modem.power import CutReport, PowerCut
from dfota.modem.profiles import BG96, Profile
from dfota.modem.sockets import AsyncioNetwork
from dfota.modem.state import StateDirectory
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
        state: directory in which it lives.
        firmware: what a factory-new one runs; ignored where there is a module already.
        profile: what kind of module.
        trust: whose packages it installs.
        speed: how much faster than hardware.
        pty_link: name for a pseudo-terminal; it is port ``usbat``.
        tcp: address of a listener; port ``uart1`` beside a pty, else ``usbat``.
        power_cut: armed from the start.
        transcript: file for all bytes, or a function that gets them.
        log: gets sentences for a person.

    Without ``pty_link`` and ``tcp`` the port is a pseudo-terminal without a link.
    """

    state: Path
    firmware: Release | Callable[[], Release] | None = None
    profile: Profile = BG96
    trust: Trust = TRUSTS_NOBODY
    speed: Speed = MAX_SPEED
    pty_link: Path | None = None
    tcp: tuple[str, int] | None = None
    power_cut: PowerCut | None = None
    transcript: Path | TranscriptSink | None = None
    log: Callable[[str], None] = lambda _text: None


class ModuleService:
    """Runs one module in the current event loop: ``start``, then ``stop``.

    Args:
        options: how.
        on_change: called after anything happened, in the loop's thread.
        on_power_lost: told of every power cut.
    """

    def __init__(
        self,
        options: ModuleOptions,
        *,
        on_change: Callable[[], None] = lambda: None,
        on_power_lost: Callable[[CutReport], None] = lambda _report: None,
    ) -> None:
        self._options = options
        self._on_change = on_change
        self._on_power_lost = on_power_lost
        self._endpoints: dict[str, Endpoint] = {}
        self._state: StateDirectory | None = None
        self._network: AsyncioNetwork | None = None
        self._timer: asyncio.Handle | None = None
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
            StateDirectoryError: see ``StateDirectory``.
            EndpointError: a port cannot be opened.
            OutputError: the transcript cannot be written.
        """
        options = self._options
        self._loop = asyncio.get_running_loop()
        self._started_at = self._loop.time()
        try:
            self._open_transcript()
            # Ports first: one that cannot be opened shall not leave a new module behind.
            for name, endpoint in _endpoints(options):
                await endpoint.open(partial(self._receive, name))
                self._endpoints[name] = endpoint
            self._state = StateDirectory(
                options.state, firmware=options.firmware, profile=options.profile
            )
            self._network = AsyncioNetwork(self._hear)
            self.module = VirtualModule(
                self._state,
                profile=options.profile,
                trust=options.trust,
                speed=options.speed,
                network=self._network,
                port_names=list(self._endpoints),
                output=self._send,
                log=options.log,
                on_power_lost=self._on_power_lost,
            )
            self.module.arm_power_cut(options.power_cut)
            self.module.power_on()
            self._schedule()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Pull the plug and let everything go; harmless twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
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
        self._tell(self.module.power_on)

    def cut_power(self) -> None:
        """Take the supply away."""
        self._tell(self.module.cut_power)

    # -- inside ------------------------------------------------------------------------

    @property
    def _now(self) -> float:
        return self._loop.time() - self._started_at

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._state is None:
            return
        deadline = self.module.next_deadline()
        if deadline is None:
            return
        if deadline <= self._now:
            # Behind whatever else the loop has to do, so that it stays responsive.
            self._timer = self._loop.call_soon(self._advance)
        else:
            self._timer = self._loop.call_at(self._started_at + deadline, self._advance)

    def _advance(self) -> None:
        self._timer = None
        self.module.advance(self._now)
        self._changed()

    def _receive(self, port: str, data: bytes) -> None:
        if self._state is None:
            return  # the port is open a moment before there is a module behind it
        self.module.set_time(self._now)
        self._note(port, Direction.TO_MODULE, data)
        self.module.receive(port, data, self._now)
        self._changed()

    def _hear(self, number: int, event: LinkEvent) -> None:
        """The network has news about a connection of the module."""
        self.module.hear(number, event, self._now)
        self._changed()

    def _tell(self, news: Callable[[], None]) -> None:
        """Let something happen to the module at this instant."""
        self.module.set_time(self._now)
        news()
        self._changed()

    def _changed(self) -> None:
        self._schedule()
        self._on_change()

    def _send(self, port: str, data: bytes) -> None:
        self._note(port, Direction.TO_HOST, data)
        self._endpoints[port].write(data)

    def _note(self, port: str, direction: Direction, data: bytes) -> None:
        at_s = self.module.timeline.virtual_now
        self._record(TranscriptEntry(round(at_s, 3), port, direction, data))

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


def _endpoints(options: ModuleOptions) -> Sequence[tuple[str, Endpoint]]:
    if options.tcp is None:
        return [("usbat", PtyEndpoint(options.pty_link))]
    tcp = TcpEndpoint(*options.tcp)
    if options.pty_link is None:
        return [("usbat", tcp)]
    return [("usbat", PtyEndpoint(options.pty_link)), ("uart1", tcp)]


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
