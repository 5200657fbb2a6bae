# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A virtual module in a thread of its own, for tests and the demo; no behaviour of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from dfota.engine import Firmware
from dfota.errors import MisuseError
from dfota.modem.control.place import ControlPlace
from dfota.modem.options import ModuleOptions
from dfota.modem.port_streams import open_port
from dfota.modem.power import CutReport, Power, PowerCut
from dfota.modem.service import ModuleService

_T = TypeVar("_T")

START_TIMEOUT_S = 60.0


class RunningModule:
    """Powers a module on and keeps it alive until ``close``; a context manager.

    All methods may be called from any thread.

    Raises:
        ModemError: it cannot start; see ``ModuleService.start``.
    """

    def __init__(self, options: ModuleOptions) -> None:
        self._loop = asyncio.new_event_loop()
        self._changed = threading.Condition()
        self._cuts: list[CutReport] = []
        self._seen_cuts = 0
        self._failure: BaseException | None = None
        self._is_closed = False
        self._service = ModuleService(
            options, on_change=self._on_change, on_power_lost=self._on_power_lost
        )
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="dfota-module", daemon=True
        )
        self._thread.start()
        ready.wait()
        self._raise_failure()

    @property
    def port(self) -> str:
        """What a host opens: the path of a pseudo-terminal or a ``socket://`` URL."""
        return next(iter(self.ports.values()))

    @property
    def ports(self) -> dict[str, str]:
        """The same for all ports, by name."""
        return self._call(lambda: self._service.addresses)

    async def aopen(self, port: str = "") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a port (the first unless given) in the caller's own event loop.

        Raises:
            MisuseError: there is no port of that name.
            EndpointError: it cannot be opened now, or not in this way.
        """
        ports = self.ports
        name = port or next(iter(ports))
        if name not in ports:
            raise MisuseError(f"there is no port {name!r}; there are {', '.join(ports)}")
        return await open_port(ports[name])

    @property
    def control(self) -> ControlPlace | None:
        """Where the control channel is."""
        return self._call(lambda: self._service.control)

    @property
    def control_token(self) -> Path | None:
        """The file with the token that the control channel wants."""
        return self._call(lambda: self._service.control_token)

    @property
    def power(self) -> Power:
        """What the module is now."""
        return self._call(lambda: self._service.module.power)

    @property
    def firmware(self) -> Firmware | None:
        """The firmware that the last boot found."""
        return self._call(lambda: self._service.module.firmware)

    @property
    def cuts(self) -> tuple[CutReport, ...]:
        """Every power cut so far, the newest last; a cut is here before anything follows it."""
        with self._changed:
            return tuple(self._cuts)

    @property
    def last_cut(self) -> CutReport | None:
        """The newest power cut."""
        with self._changed:
            return self._cuts[-1] if self._cuts else None

    def cut_power(self) -> None:
        """Take the supply away; it stays away until ``power_on``."""
        self._call(self._service.cut_power)

    def power_on(self) -> None:
        """Bring the supply up."""
        self._call(self._service.power_on)

    def arm_power_cut(self, cut: PowerCut | None) -> None:
        """Cut the power at a place of the upgrade, once."""
        self._call(lambda: self._service.arm_power_cut(cut))

    def perform(self, verb: str, **given: Any) -> dict[str, Any]:
        """Do a verb of the laboratory; its answer.

        Raises:
            DfotaError: it is refused.
        """
        if self._is_closed:
            raise MisuseError("the module was closed")
        done = self._service.perform(verb, given)
        return asyncio.run_coroutine_threadsafe(done, self._loop).result()

    def wait_power_lost(self, timeout_s: float) -> CutReport:
        """Wait for a power cut that no earlier call has returned.

        Raises:
            TimeoutError: there was none.
        """
        with self._changed:
            if not self._changed.wait_for(
                lambda: len(self._cuts) > self._seen_cuts or self._failure, timeout_s
            ):
                raise TimeoutError(f"the power was not cut within {timeout_s:g} s")
            self._raise_failure()
            self._seen_cuts += 1
            return self._cuts[self._seen_cuts - 1]

    def wait_running(self, timeout_s: float) -> Firmware:
        """Wait until the module is booted, registered and idle; the firmware that runs.

        Raises:
            TimeoutError: it is not.
        """
        module = self._service.module

        def is_idle() -> bool:
            return (
                module.power is Power.RUNNING
                and module.radio.is_registered
                and not module.upgrade.is_busy
            )

        with self._changed:
            if not self._changed.wait_for(lambda: is_idle() or self._failure, timeout_s):
                raise TimeoutError(f"the module is {module.power.value} after {timeout_s:g} s")
            self._raise_failure()
        firmware = self.firmware
        if firmware is None:
            raise TimeoutError("the module has just lost its power")
        return firmware

    def close(self) -> None:
        """Pull the plug and end the thread; harmless twice.

        Raises:
            BaseException: the module died of a defect; that is what it died of.
        """
        if self._is_closed:
            return
        self._is_closed = True
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._raise_failure()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # -- inside ------------------------------------------------------------------------

    def _run(self, ready: threading.Event) -> None:
        try:
            self._loop.set_exception_handler(self._on_defect)
            self._loop.run_until_complete(self._serve(ready))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._failure = error
        finally:
            self._loop.close()
            with self._changed:
                self._changed.notify_all()
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        await self._service.start()
        try:
            ready.set()
            await self._stop.wait()
        finally:
            await self._service.stop()

    def _on_defect(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if isinstance(error, BaseException):
            with self._changed:
                self._failure = self._failure or error
                self._changed.notify_all()
            self._stop.set()
        else:
            loop.default_exception_handler(context)

    def _on_change(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _on_power_lost(self, report: CutReport) -> None:
        with self._changed:
            self._cuts.append(report)
            self._changed.notify_all()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def _call(self, function: Callable[[], _T]) -> _T:
        """Run *function* in the module's thread."""
        if self._is_closed:
            raise MisuseError("the module was closed")

        async def run() -> _T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()
