# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The catalogue: every command that module and host know, one table for both ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from dfota.at.catalog.calls import CALLS
from dfota.at.catalog.clock import CLOCK
from dfota.at.catalog.dialling import DIALLING
from dfota.at.catalog.files import FILES
from dfota.at.catalog.fota import FOTA, FOTA_VARIANTS
from dfota.at.catalog.general import GENERAL
from dfota.at.catalog.http import HTTP
from dfota.at.catalog.messages import MESSAGES
from dfota.at.catalog.network import NETWORK
from dfota.at.catalog.packet import PACKET
from dfota.at.catalog.phonebook import PHONEBOOK
from dfota.at.catalog.power import POWER
from dfota.at.catalog.qcfg import QCFG_COMMANDS
from dfota.at.catalog.scrub import SCRUB
from dfota.at.catalog.sim import SIM
from dfota.at.catalog.ssl import SSL
from dfota.at.command import Command, by_name

GROUPS: Mapping[str, tuple[Command, ...]] = MappingProxyType(
    {
        "Firmware upgrade": FOTA,
        "Flash scrub": SCRUB,
        "Interface and identity": GENERAL,
        "SIM card": SIM,
        "Network": NETWORK,
        "Packet data": PACKET,
        "Named settings": QCFG_COMMANDS,
        "Power": POWER,
        "Clock": CLOCK,
        "Files": FILES,
        "TLS": SSL,
        "HTTP": HTTP,
        "Messages": MESSAGES,
        "Phone book": PHONEBOOK,
        "Calls": (*DIALLING, *CALLS),
    }
)
"""Title on the reference page -> commands, in its order."""

COMMANDS = by_name(tuple(command for group in GROUPS.values() for command in group))
"""Name in capitals → command."""

VARIANTS: tuple[Command, ...] = FOTA_VARIANTS
"""Commands that kin of the BG96 have in another form, each in place of its namesake."""


def commands_with(
    variants: Iterable[Command] = (), *, without: Iterable[str] = ()
) -> Mapping[str, Command]:
    """The table of a kin: all commands, some in another form, some not there at all."""
    table = {**COMMANDS, **by_name(tuple(variants))}
    for name in without:
        del table[name]
    return MappingProxyType(table)
