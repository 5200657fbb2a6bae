# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which commands a kind of module has, and in which form: settings → table of commands."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from dfota.at import COMMANDS, Command
from dfota.at.catalog import commands_with
from dfota.at.catalog.fota import FOTA_APN, FOTA_CID, FOTA_PATH, QFOTADL_LINUX, QFOTADL_STANDARD_A
from dfota.at.catalog.scrub import SCRUB
from dfota.modem.profiles import Profile, QfotadlForm

_QFOTADL: Mapping[QfotadlForm, tuple[Command, ...]] = {
    QfotadlForm.BG96: (),
    QfotadlForm.LINUX: (QFOTADL_LINUX,),
    QfotadlForm.STANDARD_A: (QFOTADL_STANDARD_A, FOTA_CID, FOTA_PATH),
}


def command_table(profile: Profile) -> Mapping[str, Command]:
    """The commands of a module with *profile*, by name."""
    unknown: list[str] = []
    if not profile.fota_apn:
        unknown.append(FOTA_APN.name)
    if not profile.scrub_command:
        unknown += [command.name for command in SCRUB]
    return _table(_QFOTADL[profile.qfotadl], tuple(unknown))


@lru_cache(maxsize=32)
def _table(variants: tuple[Command, ...], without: tuple[str, ...]) -> Mapping[str, Command]:
    if not variants and not without:
        return COMMANDS
    return commands_with(variants, without=without)
