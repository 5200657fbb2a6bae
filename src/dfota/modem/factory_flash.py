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

SPARE_SECTORS = 20
"""Sectors that take the place of bad ones: data sheets of 1 Gbit NAND allow 20 of 1024."""


def factory_geometry(release: Release, layout: FlashLayout) -> Geometry:
    """A flash for *release*.

    Raises:
        GeometryError: it would be too large.
    """
    return required_geometry(release, layout=_KINDS[layout], spare_count=SPARE_SECTORS)


def program(flash: Flash, release: Release, layout: FlashLayout) -> None:
    """Lay out and program a factory-new module.

    Raises:
        GeometryError: the release does not fit this flash.
    """
    factory(flash, release, layout=_KINDS[layout], spare_count=SPARE_SECTORS)
