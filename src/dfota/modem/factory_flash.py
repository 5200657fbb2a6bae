# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The flash of a module as it leaves the factory, divided as the profile says; no state here."""

from __future__ import annotations

from collections.abc import Mapping

from dfota.engine import factory, required_geometry
from dfota.flash import Flash, Geometry, LayoutKind
from dfota.modem.profiles import FlashLayout
from dfota.package import Release

_KINDS: Mapping[FlashLayout, LayoutKind] = {
    FlashLayout.BACKUP: LayoutKind.BACKUP,
    FlashLayout.SCRUB: LayoutKind.SCRUB,
    FlashLayout.IN_PLACE: LayoutKind.IN_PLACE,
}


def factory_geometry(release: Release, layout: FlashLayout, spare_sectors: int = 0) -> Geometry:
    """A flash for *release*; with *spare_sectors* its bad ones are managed.

    Raises:
        GeometryError: it would be too large.
    """
    return required_geometry(release, layout=_KINDS[layout], spare_count=spare_sectors or None)


def program(flash: Flash, release: Release, layout: FlashLayout, spare_sectors: int = 0) -> None:
    """Lay out and program a factory-new module.

    Raises:
        GeometryError: the release does not fit this flash.
    """
    factory(flash, release, layout=_KINDS[layout], spare_count=spare_sectors or None)
