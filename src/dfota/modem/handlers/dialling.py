# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Calls: AT manual V2.3, chapters 7.1 to 7.7; there never is one, and no PPP behind ``ATD*99#``."""

from __future__ import annotations

from dfota.at import Form, ResultCode
from dfota.at.catalog.dialling import ATA, ATD, ATH, ATO
from dfota.modem.port import Port
from dfota.modem.reply import OK, Reply, handles

NO_CARRIER = Reply(result=ResultCode.NO_CARRIER)


@handles(ATA, Form.EXECUTE)
def answer(port: Port) -> Reply:
    """Nobody calls."""
    return NO_CARRIER


@handles(ATD, Form.EXECUTE)
def dial(port: Port, n: str) -> Reply:
    """A connection cannot be established, whatever is dialled."""
    return NO_CARRIER


@handles(ATH, Form.EXECUTE)
def hang_up(port: Port, n: int) -> Reply:
    """There is nothing to end."""
    return OK


@handles(ATO, Form.EXECUTE)
def resume(port: Port, n: int) -> Reply:
    """There is nothing to resume: the data mode of a file cannot be (FILE manual, 1.3)."""
    return NO_CARRIER
