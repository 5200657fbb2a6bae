# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of short messages and the phonebook; no behaviour here."""

# ruff: noqa: FBT003 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass

from dfota.modem.setting import AT, setting


@dataclass(frozen=True, kw_only=True)
class MessageProfile:
    """Settings of short messages and the phonebook."""

    service_centre: str = setting(
        "+61418706700", "Service centre that a new SIM holds (`AT+CSCA?`).", "simulation only"
    )
    subscriber_number: str = setting(
        "",
        "The SIM's own number (`AT+CNUM`); messages to it come back. Empty: the SIM has none.",
        "simulation only",
    )
    sms_me_total: int = setting(
        23, "Places of the message storage `ME`, at most 99.", AT + "example of 8.4"
    )
    sms_sm_total: int = setting(
        50, "Places of the message storage `SM`, at most 99.", AT + "example of 8.4"
    )
    sms_first_index: int = setting(
        1, "`<index>` of the first message, 0 or 1.", AT + "example of 8.6; units not known"
    )
    sms_send_s: float = setting(
        2.0, "Time that the network takes for a message, seconds.", "simulation only"
    )
    sms_deliver_s: float = setting(
        3.0, "Time after which a message to the own number comes back.", "simulation only"
    )
    phonebook_commands: bool = setting(
        True,
        "Whether there are `AT+CPBS`, `CPBR`, `CPBF`, `CPBW` and `CNUM`; else `ERROR`.",
        AT + "dropped their chapter in V2.1 and uses `AT+CPBW` in 10.4 of V2.3",
    )
