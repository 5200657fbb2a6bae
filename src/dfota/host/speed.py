# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Finds the speed of a serial line where nothing readable comes; it only ever asks AT."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from dfota.errors import HostError
from dfota.host.probe import SPEEDS, answers
from dfota.host.session import Session
from dfota.host.transport import Transport

OpenAt = Callable[[int], Transport]
"""Opens the port at so many baud; raises ``PortError``."""


def has_speed(port: str) -> bool:
    """Whether *port* is a serial line; a plain socket has no speed."""
    return not port.startswith("socket://")


def find_speed(
    open_at: OpenAt,
    *,
    leave_out: tuple[int, ...] = (),
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """The speed at which AT is answered, the usual ones first; 0 where it is none of them.

    Args:
        open_at: opens the port, which must not be open.
        leave_out: speeds that were tried already.
        clock: seconds, monotonic.
        pause: waits that many seconds.
    """
    for baudrate in SPEEDS:
        if baudrate in leave_out:
            continue
        try:
            with Session(partial(open_at, baudrate), clock=clock, pause=pause) as session:
                if session.run(answers()):
                    return baudrate
        except HostError:
            # A port that cannot be set to this speed, or went away: the next may do.
            continue
    return 0
