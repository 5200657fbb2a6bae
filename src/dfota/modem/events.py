# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What happens to a module, as facts for whoever watches; it looks and never touches.

Kinds: ``bytes`` (port, direction, text), ``power``, ``phase`` (phase, percent), ``flash``
(operations so far, the newest one), ``world`` (name, value), ``lines`` (port and its
lines), ``port`` (attached or not), ``cut``, ``time`` (paused, speed), ``log``, ``scenario``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from dfota.at import escape
from dfota.modem.module import VirtualModule
from dfota.modem.power import CutReport
from dfota.modem.transcript import TranscriptEntry

Event = dict[str, Any]
"""``at_s`` (virtual seconds), ``kind``, and what belongs to that kind."""

Watcher = Callable[[Event], None]


class Watch:
    """Sees what has changed in a module since it last looked, and tells watchers.

    Args:
        module: whom to watch.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._watchers: list[Watcher] = []
        self._seen: dict[str, Any] = {}
        self.counts = {"bytes_to_module": 0, "bytes_to_host": 0, "power_cuts": 0, "boots": 0}
        module.world.on_change(self._world_changed)

    def add(self, watcher: Watcher) -> Callable[[], None]:
        """Tell *watcher* from now on; the returned function ends that."""
        self._watchers.append(watcher)
        self._seen = self._look()
        return lambda: self._watchers.remove(watcher) if watcher in self._watchers else None

    def look(self) -> None:
        """Tell what has changed; cheap where nobody watches."""
        power = self._module.power.value
        if power == "booting" and self._seen.get("last_power") != power:
            self.counts["boots"] += 1
        self._seen["last_power"] = power
        if not self._watchers:
            return
        now = self._look()
        before, self._seen = self._seen, now
        for kind, facts in now.items():
            if kind != "last_power" and before.get(kind) != facts:
                name = kind.partition(" ")[0]
                self.tell(name, **facts)

    def tell(self, kind: str, **facts: Any) -> None:
        """Tell the watchers of something."""
        if self._watchers:
            at_s = round(self._module.timeline.virtual_now, 3)
            for watcher in tuple(self._watchers):
                watcher({"at_s": at_s, "kind": kind, **facts})

    def passed(self, entry: TranscriptEntry) -> None:
        """Bytes went through a port."""
        to_module = entry.direction.value == ">"
        self.counts["bytes_to_module" if to_module else "bytes_to_host"] += len(entry.data)
        if self._watchers:
            self.tell(
                "bytes",
                port=entry.port,
                direction=entry.direction.value,
                size=len(entry.data),
                text=escape(entry.data[:_SHOWN_MAX_BYTES]),
            )

    def cut(self, report: CutReport) -> None:
        """The power was lost."""
        self.counts["power_cuts"] += 1
        self.tell("cut", phase=report.phase, percent=report.percent, text=str(report))

    def metrics(self) -> dict[str, Any]:
        """Counters since the start of the process, and figures of the flash."""
        flash = self._module.state.flash
        erases = [flash.erases(sector) for sector in range(flash.geometry.sector_count)]
        return {
            **self.counts,
            "virtual_s": round(self._module.timeline.virtual_now, 3),
            "flash_operations": flash.operations,
            "flash_erases_total": sum(erases),
            "flash_erases_max": max(erases, default=0),
            "ufs_free_bytes": self._module.files.free_bytes,
            "watchers": len(self._watchers),
        }

    # -- inside ------------------------------------------------------------------------

    def _look(self) -> dict[str, Any]:
        module, timeline = self._module, self._module.timeline
        flash = module.state.flash
        last = flash.last_operation
        seen: dict[str, Any] = {
            "power": {"power": module.power.value},
            "phase": {"phase": module.upgrade.phase, "percent": module.upgrade.percent},
            "time": {"is_paused": timeline.is_paused, "speed": str(timeline.speed)},
            "flash": {
                "operations": flash.operations,
                "sector": None if last is None else last.sector,
                "text": "" if last is None else str(last),
            },
        }
        for name, lines in module.lines.items():
            seen[f"lines {name}"] = {"port": name, **asdict(lines.module), "dtr": lines.host.dtr}
            seen[f"port {name}"] = {"port": name, "is_attached": lines.is_attached}
        seen["last_power"] = module.power.value
        return seen

    def _world_changed(self, name: str) -> None:
        self.tell("world", name=name, value=self._module.world.facts()[name])


_SHOWN_MAX_BYTES = 512
"""Of one write; a file of megabytes is not for watching."""
