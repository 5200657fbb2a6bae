# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the commands do, one function each, bound to the catalogue when imported.

No handler sees a comma, a quote or a CRLF. Every form of every catalogue command has a
handler, is a test form that the catalogue answers, or is listed here with the reason.
"""

from __future__ import annotations

from dfota.at import COMMANDS, Form
from dfota.at.catalog import VARIANTS
from dfota.errors import MisuseError
from dfota.modem.handlers import (
    calls,
    clock,
    dialling,
    files,
    fota,
    general,
    http,
    identity,
    message_sending,
    messages,
    network,
    packet,
    phonebook,
    power,
    qcfg,
    scrub,
    sim,
    ssl,
)
from dfota.modem.reply import HANDLERS

UNSUPPORTED: dict[tuple[str, Form], str] = {}
"""(command, form) → why this module answers it with ERROR."""


def _check_complete() -> None:
    for command in (*COMMANDS.values(), *VARIANTS):
        for form in command.forms:
            key = (command.key, form)
            if form is not Form.TEST and key not in HANDLERS and key not in UNSUPPORTED:
                raise MisuseError(f"{command.key} ({form.value}) has no handler and no excuse")


_check_complete()

__all__ = [
    "UNSUPPORTED",
    "calls",
    "clock",
    "dialling",
    "files",
    "fota",
    "general",
    "http",
    "identity",
    "message_sending",
    "messages",
    "network",
    "packet",
    "phonebook",
    "power",
    "qcfg",
    "scrub",
    "sim",
    "ssl",
]
