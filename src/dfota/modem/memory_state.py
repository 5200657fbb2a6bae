# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A module's home in memory: thousands share one factory image; nothing here reaches the disk.

It survives power cuts and restarts of its module, as flash does, and ends with the process.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self
from weakref import WeakValueDictionary

from dfota.errors import MisuseError
from dfota.flash import Geometry, OverlayMemory, SharedImage, SimulatedFlash
from dfota.modem.factory_flash import factory_geometry, program
from dfota.modem.filesystem import FileSystem
from dfota.modem.nv import Nv
from dfota.modem.profiles import BG96, FlashLayout, Profile
from dfota.modem.state import TYPE_ALLOCATION_CODE
from dfota.modem.storage import MemoryStorage
from dfota.package import Release
from dfota.values import Imei

SERIAL_MAX = 999_999
"""An IMEI has six digits for the serial number."""


class FactoryImage:
    """The flash of a module as it leaves the factory with *firmware*, made once for all.

    Raises:
        GeometryError: no flash is large enough.
    """

    __slots__ = ("__weakref__", "geometry", "image")

    def __init__(
        self, firmware: Release, layout: FlashLayout = FlashLayout.BACKUP, spare_sectors: int = 0
    ) -> None:
        self.geometry: Geometry = factory_geometry(firmware, layout, spare_sectors)
        memory = bytearray(SimulatedFlash.size_of(self.geometry))
        program(SimulatedFlash(memory, self.geometry), firmware, layout, spare_sectors)
        self.image = SharedImage(bytes(memory))

    @classmethod
    def of(
        cls, firmware: Release, layout: FlashLayout = FlashLayout.BACKUP, spare_sectors: int = 0
    ) -> FactoryImage:
        """The image with this *firmware*; the same one as long as anybody has it.

        Raises:
            GeometryError: no flash is large enough.
        """
        key = firmware, layout, spare_sectors
        found = _IMAGES.get(key)
        if found is None:
            found = _IMAGES[key] = cls(firmware, layout, spare_sectors)
        return found

    def flash(self) -> SimulatedFlash:
        """A flash that begins as this image."""
        return SimulatedFlash(OverlayMemory(self.image), self.geometry)


_IMAGES: WeakValueDictionary[tuple[Release, FlashLayout, int], FactoryImage] = WeakValueDictionary()


class MemoryState:
    """The state of one module in memory; a context manager like ``StateDirectory``.

    Args:
        firmware: what the module runs, or the image that it shares with others.
        profile: sizes and factory settings.
        serial: of the IMEI, where the profile has none: 0 to 999999.

    Attributes:
        flash: the module's flash.
        files: its file system.
        nv: its non-volatile settings.
        is_new: always; there is nothing older in memory.

    Raises:
        MisuseError: the serial number does not fit an IMEI.
        GeometryError: no flash is large enough.
    """

    __slots__ = ("factory_image", "files", "flash", "is_new", "nv")

    def __init__(
        self, firmware: Release | FactoryImage, *, profile: Profile = BG96, serial: int = 0
    ) -> None:
        if not 0 <= serial <= SERIAL_MAX:
            raise MisuseError(f"a serial number is 0 to {SERIAL_MAX}, not {serial}")
        image = (
            firmware
            if isinstance(firmware, FactoryImage)
            else FactoryImage.of(firmware, profile.flash_layout, profile.flash_spare_sectors)
        )
        imei = profile.imei or Imei.with_check_digit(f"{TYPE_ALLOCATION_CODE}{serial:06d}").digits
        self.is_new = True
        self.factory_image = image
        self.flash = image.flash()
        self.files = FileSystem.of(profile, MemoryStorage())
        self.nv = Nv(imei=imei, urc_port=profile.urc_port)

    def save_nv(self) -> None:
        """Keep a change of ``nv``: it is kept already."""

    def close(self) -> None:
        """Let the flash go; harmless twice."""
        self.flash.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
