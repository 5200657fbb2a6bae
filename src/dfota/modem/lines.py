# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The wires of a serial port beside its data: DTR, RTS, DSR, CTS, DCD, RI, speed; no socket.

V.24 names, from the host's side: the host drives DTR and RTS, the module the others. What
a drop of DTR does is the module's business (``&D``), what DCD shows is ``&C``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfota.modem.uart import heard

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.timeline import Timer

UART = "uart1"
"""The one port with a real speed; the two others are USB."""

RING_S = 0.12
"""AT manual V2.3, 5.5: a URC pulls RI for 120 ms."""


@dataclass(frozen=True, slots=True)
class HostLines:
    """What the host does with its end.

    Attributes:
        dtr: data terminal ready: somebody has the port open.
        rts: request to send.
        is_breaking: the line is held at space.
        baud: its speed; ``None`` where nobody knows it.
    """

    dtr: bool = True
    rts: bool = True
    is_breaking: bool = False
    baud: int | None = None


@dataclass(frozen=True, slots=True)
class ModuleLines:
    """What the module does with its end; all off without power."""

    dsr: bool = False
    cts: bool = False
    dcd: bool = False
    ri: bool = False


class SerialLines:
    """The wires of one port.

    Args:
        name: the port's.
        module: whose port.

    Attributes:
        host: what the host does now.
        baud: the speed at which the module sends and listens.
        is_attached: whether the port is there; USB ports may vanish with the module.
        on_change: told whenever the module moves one of its lines.
        on_attached: told whenever the port vanishes or comes back.
    """

    def __init__(self, name: str, module: VirtualModule) -> None:
        self._name = name
        self._module = module
        self._ring: Timer | None = None
        self._is_ringing = False
        self._shown = ModuleLines()
        self.host = HostLines()
        self.baud = module.ipr
        self.is_attached = name == UART or module.pins.has_usb
        self.on_change: Callable[[ModuleLines], None] = lambda _lines: None
        self.on_attached: Callable[[bool], None] = lambda _is_attached: None

    @property
    def module(self) -> ModuleLines:
        """What the module does now."""
        if self._module.power.value != "running":
            return ModuleLines()
        carrier = self._module.ports[self._name].settings.c == 0
        return ModuleLines(dsr=True, cts=True, dcd=carrier, ri=self._is_ringing)

    def change(self, host: HostLines) -> None:
        """The host moves its lines."""
        before, self.host = self.host, host
        if before.dtr and not host.dtr and self._module.power.value == "running":
            self._module.ports[self._name].drop_dtr()

    def attach(self, is_attached: bool) -> None:
        """Let the port be there, or vanish as a USB device that is pulled."""
        if is_attached != self.is_attached:
            self.is_attached = is_attached
            self.on_attached(is_attached)

    def ring(self) -> None:
        """Pull RI for a moment: there is something to read."""
        self.stop_ringing()
        self._is_ringing = True
        self._ring = self._module.timeline.pace(RING_S, self.stop_ringing)
        self.refresh()

    def stop_ringing(self) -> None:
        """Let RI go; harmless when it is not pulled."""
        if self._ring is not None:
            self._ring.cancel()
            self._ring = None
        self._is_ringing = False
        self.refresh()

    def refresh(self) -> None:
        """Tell of what has changed since it was last told; cheap where nothing has."""
        lines = self.module
        if lines != self._shown:
            self._shown = lines
            self.on_change(lines)

    def to_module(self, data: bytes) -> bytes:
        """What the module hears when the host sends *data*."""
        baud = self.host.baud
        return heard(data, baud, self.baud) if self._is_garbling and baud else data

    def to_host(self, data: bytes) -> bytes:
        """What the host hears when the module sends *data*."""
        baud = self.host.baud
        return heard(data, self.baud, baud) if self._is_garbling and baud else data

    @property
    def _is_garbling(self) -> bool:
        return self._name == UART and self._module.profile.wrong_speed_garbles
