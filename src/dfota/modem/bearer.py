# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the packets of a module experience: rate, delay, loss, blocks, names; no sockets.

Everything is computed from the world's facts and the module's own clock, so that a download
takes the right virtual time at every speed, and the same time in every run.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfota.modem.profiles import Profile
from dfota.modem.surroundings import Technology, parse_blocked, parse_hosts

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

NEVER_S = math.inf


@dataclass(frozen=True, slots=True)
class Rates:
    """What a technology can do; a rate of 0 is no limit."""

    downlink_kbit_s: float
    uplink_kbit_s: float
    latency_ms: float

    @classmethod
    def of(cls, technology: Technology, profile: Profile) -> Rates:
        """The figures of the profile for *technology*."""
        prefix = technology.value.replace("-", "_")
        return cls(
            getattr(profile, f"{prefix}_downlink_kbit_s"),
            getattr(profile, f"{prefix}_uplink_kbit_s"),
            getattr(profile, f"{prefix}_latency_ms"),
        )


class Bearer:
    """The road between the module and the servers, as the world has it at this moment."""

    def __init__(self, module: VirtualModule) -> None:
        self._module = module

    @property
    def flows(self) -> bool:
        """Whether packets come through now."""
        world = self._module.world
        is_capped = 0 < world.data_cap_bytes <= world.data_used_bytes
        is_lost = 0 < world.loss_period_s <= world.loss_burst_s
        is_open = world.packets and self._module.radio.has_packet_service
        return is_open and not is_capped and not is_lost

    @property
    def rates(self) -> Rates:
        """Rates and latency now: the world's where it has any, else the technology's."""
        world, technology = self._module.world, self._module.radio.technology
        own = Rates.of(technology or Technology.CAT_M1, self._module.profile)
        return Rates(
            world.downlink_kbit_s or own.downlink_kbit_s,
            world.uplink_kbit_s or own.uplink_kbit_s,
            world.latency_ms or own.latency_ms,
        )

    @property
    def round_trip_s(self) -> float:
        """From a question to the first byte of its answer."""
        return self.rates.latency_ms / 1000

    def downlink_s(self, size: int) -> float:
        """What *size* bytes to the module take from now on, bursts of loss included."""
        return self._time_s(size, self.rates.downlink_kbit_s)

    def uplink_s(self, size: int) -> float:
        """What *size* bytes from the module take from now on."""
        return self._time_s(size, self.rates.uplink_kbit_s)

    def piece_size(self, largest: int) -> int:
        """Bytes that come in about a second, so that slow links are smooth."""
        rate = self.rates.downlink_kbit_s
        return min(largest, max(512, int(rate * 125))) if rate else largest

    def count(self, size: int) -> None:
        """Take *size* bytes from the data volume."""
        self._module.world.data_used_bytes += size

    def resolve(self, host: str) -> str | None:
        """What to connect to for *host*: an address, or the name; ``None``: no such name."""
        if _is_address(host):
            return host
        world = self._module.world
        if not world.dns:
            return None
        return parse_hosts(world.hosts).get(host.lower(), host)

    def is_blocked(self, host: str, address: str, port: int) -> bool:
        """Whether packets to that server vanish."""
        blocked = parse_blocked(self._module.world.blocked)
        names = {"", host.lower(), address.lower()}
        return any((name, number) in blocked for name in names for number in (0, port))

    def _time_s(self, size: int, rate_kbit_s: float) -> float:
        need_s = size / (rate_kbit_s * 125) if rate_kbit_s else 0.0
        world = self._module.world
        period_s, burst_s = world.loss_period_s, world.loss_burst_s
        if not (period_s and burst_s):
            return need_s
        if burst_s >= period_s:
            return NEVER_S
        # The burst is the end of each period of the module's clock.
        good_s = period_s - burst_s
        into_s = self._module.timeline.virtual_now % period_s
        if into_s >= good_s:
            start_s, into_s = period_s - into_s, 0.0
        else:
            start_s = 0.0
        return start_s + need_s + burst_s * math.floor((into_s + need_s) / good_s)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
