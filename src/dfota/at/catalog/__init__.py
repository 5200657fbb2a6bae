# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The catalogue: every command that module and host know, one table for both ends."""

from __future__ import annotations

from dfota.at.catalog.files import FILES
from dfota.at.catalog.fota import FOTA
from dfota.at.catalog.general import GENERAL
from dfota.at.catalog.network import NETWORK
from dfota.at.catalog.sim import SIM
from dfota.at.command import by_name

COMMANDS = by_name(GENERAL + SIM + NETWORK + FILES + FOTA)
"""Name in capitals → command."""
