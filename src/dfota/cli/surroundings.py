# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Finds out what the preflight wants to know of server, port and time; judges nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dfota.host import (
    CA_FILE,
    MODULE_VENDOR,
    Plan,
    Surroundings,
    holders_of,
    list_ports,
    probe_server,
)

_ROLES = {"AT": "usbat", "modem": "usbmodem"}


def with_surroundings(plan: Plan, *, is_server_ours: bool = False) -> Plan:
    """*plan* with its surroundings; the port must not be open yet.

    Args:
        plan: what shall be done.
        is_server_ours: whether the package is hosted by this very process, which need not
            be asked.
    """
    ca = plan.certificates.get(CA_FILE)
    asks = plan.url is not None and not is_server_ours and "server" not in plan.skipped_checks
    return replace(
        plan,
        port_role=plan.port_role or role_of(plan.port),
        surroundings=Surroundings(
            server=probe_server(plan.url or "", ca=ca) if asks else None,
            holders=holders_of(plan.port) if plan.port else (),
            now=datetime.now(UTC),
            ca=ca,
        ),
    )


def role_of(port: str) -> str:
    """Which port of the module *port* is, where USB tells; empty where it does not.

    An adapter of another maker can only be at the module's UART.
    """
    for facts in list_ports(with_holders=False):
        if facts.usb and port in {facts.port, facts.device}:
            if not facts.usb.startswith(f"{MODULE_VENDOR:04x}:"):
                return "uart1"
            return _ROLES.get(facts.role, "")
    return ""
