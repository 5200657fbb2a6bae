# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of ports and time; no behaviour here."""

# ruff: noqa: FBT003 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass

from dfota.modem.setting import AT, OPEN, setting


@dataclass(frozen=True, kw_only=True)
class PortLineSettings:
    """Settings of ports and time."""

    urc_port: str = setting(
        "usbat",
        "Port for URCs of a factory-new module: `usbat`, `usbmodem`, `uart1`. A module with "
        "only one port open prints them there.",
        AT + "2.25",
    )
    echo_flush_immediately: bool = setting(
        True,
        "Send the echo of a line as a write of its own, before the line is executed; false: "
        "in one write with the answer.",
        OPEN + "fwupd accepts an echo only in a read of its own",
    )
    command_line_max_bytes: int = setting(
        2048, "Longest command line; a longer one is answered by ERROR.", OPEN + "at least 512"
    )
    urc_interval_ms: int = setting(
        120,
        "Shortest pause between two URCs on one port, milliseconds; each is a write of its own.",
        OPEN + "the pulse of RI for a URC is 120 ms (AT manual, `urc/ri/other`); fwupd looks "
        "every 100 ms and takes one line of each read",
    )
    wrong_speed_garbles: bool = setting(
        True,
        "What is sent to or from `uart1` at another speed than `AT+IPR` arrives garbled, where "
        "the host's speed is known (RFC 2217, or `pty_tells_speed`).",
        "what every UART does; `uart1` is the main UART, the other ports are USB",
    )
    pty_tells_speed: bool = setting(
        False,
        "Take the speed that a host sets on a pseudo-terminal for the speed of its UART.",
        "simulation only; many programs leave a pseudo-terminal at 38400 or 9600",
    )
    wait_floor_s: float = setting(
        5.0,
        "Shortest patience with host and server in real seconds, however fast the speed.",
        "simulation only",
    )
