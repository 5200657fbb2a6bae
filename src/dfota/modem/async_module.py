# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual module in the caller's own event loop, with streams for ports; no behaviour here.

Thousands fit into one loop: an idle module has no task, no thread and no descriptor, and a
timer only while something is due.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from dfota.engine import Firmware
from dfota.errors import MisuseError
from dfota.modem.endpoints.within import WithinEndpoint
from dfota.modem.module import VirtualModule
from dfota.modem.options import ModuleOptions
from dfota.modem.power import CutReport, Power, PowerCut
from dfota.modem.service import ModuleService

START_TIMEOUT_S = 60.0


class AsyncModule:
    """Powers a module on and keeps it alive in this loop; an async context manager.

    It is booted and registered inside of ``async with``. All methods belong to the loop's
    own thread.

    Args:
        options: how; *ports*, *pty_link* and *tcp* are not used.
        port_names: its serial ports, some of ``usbat``, ``usbmodem``, ``uart1``.
    """

    def __init__(self, options: ModuleOptions, *, port_names: Sequence[str] = ("usbat",)) -> None:
        self._endpoints = {name: WithinEndpoint(name) for name in port_names}
        self._cuts: list[CutReport] = []
        self._seen_cuts = 0
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._service = ModuleService(
            options,
            endpoints=self._endpoints,
            on_change=self._on_change,
            on_power_lost=self._cuts.append,
        )

    def open(self, port: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Be the host of a port (the first unless given), until the writer is closed.

        A host that had it before reads an end of file.

        Raises:
            MisuseError: there is no port of that name.
            EndpointError: the module does not have it now.
        """
        name = port or next(iter(self._endpoints))
        if name not in self._endpoints:
            raise MisuseError(f"there is no port {name!r}; there are {', '.join(self._endpoints)}")
        return self._endpoints[name].connect()

    @property
    def module(self) -> VirtualModule:
        """The module itself; change its ``world`` as you like."""
        return self._service.module

    @property
    def power(self) -> Power:
        """What the module is now."""
        return self.module.power

    @property
    def firmware(self) -> Firmware | None:
        """The firmware that the last boot found."""
        return self.module.firmware

    @property
    def last_cut(self) -> CutReport | None:
        """The newest power cut."""
        return self._cuts[-1] if self._cuts else None

    def cut_power(self) -> None:
        """Take the supply away; it stays away until ``power_on``."""
        self._service.cut_power()

    def power_on(self) -> None:
        """Bring the supply up."""
        self._service.power_on()

    def arm_power_cut(self, cut: PowerCut | str | None) -> None:
        """Cut the power at a place of the upgrade, once; ``PHASE:PERCENT[:MODE]`` will do.

        Raises:
            MisuseError: the text is not of that form.
        """
        plan = PowerCut.parse(cut) if isinstance(cut, str) else cut
        self.module.arm_power_cut(plan)

    async def wait_power_lost(self, timeout_s: float = START_TIMEOUT_S) -> CutReport:
        """Wait for a power cut that no earlier call has returned.

        Raises:
            TimeoutError: there was none.
        """
        await self.wait_until(lambda: len(self._cuts) > self._seen_cuts, timeout_s)
        self._seen_cuts += 1
        return self._cuts[self._seen_cuts - 1]

    async def wait_running(self, timeout_s: float = START_TIMEOUT_S) -> Firmware:
        """Wait until the module is booted, registered and idle; the firmware that runs.

        Raises:
            TimeoutError: it is not.
        """
        module = self.module

        def is_idle() -> bool:
            return (
                module.power is Power.RUNNING
                and module.radio.is_registered
                and not module.upgrade.is_busy
            )

        await self.wait_until(is_idle, timeout_s)
        return module.running_firmware()

    async def wait_until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait until *condition* holds; it is asked whenever something has happened.

        Raises:
            TimeoutError: it does not hold after so many seconds.
        """
        if condition():
            return
        entry = condition, asyncio.get_running_loop().create_future()
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(timeout_s):
                await entry[1]
        finally:
            self._waiting.remove(entry)

    async def close(self) -> None:
        """Pull the plug; hosts read an end of file; harmless twice."""
        await self._service.stop()

    async def __aenter__(self) -> Self:
        await self._service.start()
        try:
            await self.wait_running()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _on_change(self) -> None:
        for condition, future in tuple(self._waiting):
            if not future.done() and condition():
                future.set_result(None)
