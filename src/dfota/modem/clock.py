# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The module's clock, in virtual time; it must never look at the computer's clock.

It runs as long as there is supply, and begins at 1980-01-06 when that comes back, as the
clocks of this chip family do (the start of GPS time).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dfota.modem.nv import nv_number

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule

CTZU = nv_number("clock.ctzu", 0, 0, 1)
CTZR = nv_number("clock.ctzr", 0, 0, 2)

_TIME = re.compile(r"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?", re.ASCII)
_START = datetime(1980, 1, 6, tzinfo=UTC)
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class ZonedTime:
    """An instant as GMT, and the local zone in quarters of an hour."""

    gmt: datetime
    zone: int = 0

    @property
    def local(self) -> datetime:
        """The time on the wall."""
        return self.gmt + self.zone * _QUARTER

    def __add__(self, seconds: float) -> ZonedTime:
        return ZonedTime(self.gmt + timedelta(seconds=seconds), self.zone)

    def __str__(self) -> str:
        return f"{self.local:%y/%m/%d,%H:%M:%S}{self.zone:+03d}"


def parse_time(text: str, *, zone: int = 0) -> ZonedTime | None:
    """Read local time ``yy/MM/dd,hh:mm:ss±zz``; without zone it is in *zone*.

    ``None``: there is no such time.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    zone = zone if match[7] is None else int(match[7])
    if not -48 <= zone <= 56:
        return None
    try:
        # Two digits: the clock starts in 1980, so 80 and above are of that century.
        local = datetime(
            year + (1900 if year >= 80 else 2000), month, day, hour, minute, second, tzinfo=UTC
        )
    except ValueError:
        return None
    return ZonedTime(local - zone * _QUARTER, zone)


class Clock:
    """What ``AT+CCLK`` shows, and what the network told about the time."""

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._told: tuple[float, ZonedTime] | None = None
        self.lose_power()

    def lose_power(self) -> None:
        """There is no supply: the time is lost."""
        self._set_at = self._now()
        self._as_set = ZonedTime(_START)

    def reset(self) -> None:
        """The module restarts; the clock runs on."""
        self._told = None

    @property
    def time(self) -> ZonedTime:
        """The time now."""
        return self._as_set + (self._now() - self._set_at)

    def set(self, time: ZonedTime) -> None:
        """Let the time now be *time*."""
        self._set_at = self._now()
        self._as_set = time

    def network_told(self) -> None:
        """The module registered: the network tells its time, if it does."""
        began = parse_time(self._module.world.network_time)
        if began is None:
            return
        told = began + self._now()
        self._told = (self._now(), told)
        zone = self.time.zone
        if self._module.nv.number(CTZU):
            self.set(told)
        if told.zone != zone:
            self._report_zone(told)

    def network_time(self, *, is_current: bool) -> ZonedTime | None:
        """What the network told, as it was told or as it would be now."""
        if self._told is None:
            return None
        told_at, told = self._told
        return told + (self._now() - told_at) if is_current else told

    def _report_zone(self, told: ZonedTime) -> None:
        match self._module.nv.number(CTZR):
            case 1:
                self._module.report(f'+CTZV: "{told.zone:+03d}"')
            case 2:
                local = f"{told.local:%Y/%m/%d,%H:%M:%S}"
                self._module.report(f'+CTZE: "{told.zone:+03d}",0,"{local}"')

    def _now(self) -> float:
        return self._module.timeline.virtual_now
