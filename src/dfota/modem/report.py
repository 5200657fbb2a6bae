# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a module is and does, as facts for JSON; it changes nothing."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule


def describe(module: VirtualModule) -> dict[str, Any]:
    """The state of *module*: power, firmware, upgrade, ports, time, flash."""
    timeline, firmware, cut = module.timeline, module.firmware, module.last_cut
    return {
        "power": module.power.value,
        "has_supply": module.pins.has_supply,
        "model": None if firmware is None else firmware.model,
        "revision": None if firmware is None else firmware.revision.text,
        "imei": module.nv.imei,
        "phase": module.upgrade.phase,
        "percent": module.upgrade.percent,
        "is_registered": module.radio.is_registered,
        "urc_port": module.nv.urc_port,
        "ports": {
            name: {
                "is_attached": lines.is_attached,
                "host": asdict(lines.host),
                "module": asdict(lines.module),
            }
            for name, lines in module.lines.items()
        },
        "time": {
            "virtual_s": round(timeline.virtual_now, 3),
            "speed": str(timeline.speed),
            "is_paused": timeline.is_paused,
        },
        "flash": describe_flash(module),
        "last_cut": None if cut is None else str(cut),
    }


def describe_flash(module: VirtualModule) -> dict[str, Any]:
    """Sizes, areas and partitions of the flash, in sectors."""
    flash = module.state.flash
    geometry = flash.geometry
    sector = geometry.sector_size
    layout = module.engine.areas
    areas = {
        name: {"first": area.offset // sector, "count": area.size // sector}
        for name in ("journal", "plan", "active", "backup", "checkpoints")
        if (area := getattr(layout, name)).size
    }
    firmware = module.firmware
    partitions = () if firmware is None else firmware.partitions
    return {
        "operations": flash.operations,
        "page_size": geometry.page_size,
        "sector_size": sector,
        "sector_count": geometry.sector_count,
        "areas": areas,
        "partitions": [
            {"name": entry.name, "size": entry.size, "digest": entry.digest.hex}
            for entry in partitions
        ],
    }
