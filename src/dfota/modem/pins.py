# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Supply, PWRKEY, RESET_N, STATUS and the USB plug of a module; no boot line, no AT.

Times are those of the hardware design, as settings of the profile. A pulse that is too
short (or too long, for RESET_N) does nothing, as on hardware.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

USB_PORTS = ("usbat", "usbmodem")
"""The ports that vanish with USB."""

LinkListener = Callable[[str, bool], None]
"""Told the name of a port, and whether it is there now."""


class Pins:
    """The pins of one module.

    Attributes:
        has_supply: whether VBAT is there.
        status: the pin STATUS: high when the module is up.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._listeners: list[LinkListener] = []
        self._has_usb = False
        self.has_supply = False
        self.status = False

    def press_pwrkey(self, duration_s: float) -> bool:
        """Hold PWRKEY low for *duration_s*; whether that did anything."""
        module, profile = self._module, self._module.profile
        duration_ms = round(duration_s * 1000)
        if module.is_off:
            if not self.has_supply or duration_ms < profile.pwrkey_on_ms:
                return False
            module.start()
            return True
        if not self.status or duration_ms < profile.pwrkey_off_ms:
            return False
        if module.is_installing and not profile.pwrkey_while_installing:
            return False
        module.power_down_later()
        return True

    def pulse_reset(self, duration_s: float) -> bool:
        """Hold RESET_N low for *duration_s*; whether the module restarts."""
        module, profile = self._module, self._module.profile
        in_range = profile.reset_min_ms <= round(duration_s * 1000) <= profile.reset_max_ms
        if module.is_off or not in_range:
            return False
        module.restart()
        return True

    @property
    def has_usb(self) -> bool:
        """Whether the USB ports are there; they always are where they do not vanish."""
        return self._has_usb or not self._module.profile.reenumerates

    @property
    def is_usb_back(self) -> bool:
        """Whether this start has brought USB up already."""
        return self._has_usb

    def on_link_change(self, listener: LinkListener) -> None:
        """Call *listener* for each USB port of the module that vanishes or comes back."""
        self._listeners.append(listener)

    def plug_usb(self, *, is_there: bool) -> None:
        """The module takes its USB away, or brings it back."""
        if is_there is self._has_usb:
            return
        self._has_usb = is_there
        if not self._module.profile.reenumerates:
            return
        for name in USB_PORTS:
            if name in self._module.ports:
                for listener in self._listeners:
                    listener(name, is_there)
