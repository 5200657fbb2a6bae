# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Finds out what the preflight wants to know of server, port and time; judges nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dfota.host import CA_FILE, Plan, Surroundings, holders_of, probe_server


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
        surroundings=Surroundings(
            server=probe_server(plan.url or "", ca=ca) if asks else None,
            holders=holders_of(plan.port) if plan.port else (),
            now=datetime.now(UTC),
            ca=ca,
        ),
    )
