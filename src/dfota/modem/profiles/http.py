# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of ``AT+QSSLCFG`` and the HTTP commands; no behaviour here."""

# ruff: noqa: FBT003 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass

from dfota.modem.setting import OPEN, setting

_LATER = "manuals of later modules of the vendor give this factory value"


@dataclass(frozen=True, kw_only=True)
class HttpSettings:
    """Settings of ``AT+QSSLCFG`` and the HTTP commands."""

    ssl_version: int = setting(
        4, "Factory value of `<sslversion>` of every SSL context, 0 to 4.", OPEN + _LATER
    )
    ssl_seclevel: int = setting(
        0, "Factory value of `<seclevel>` of every SSL context, 0 to 2.", OPEN + _LATER
    )
    ssl_ignore_time: int = setting(
        1, "Factory value of `<ignoreltime>` of every SSL context, 0 or 1.", OPEN + _LATER
    )
    http_needs_context: bool = setting(
        True,
        "A request needs a context that `AT+QIACT` activated, else it is error 709; false: the "
        "module activates it.",
        OPEN + "HTTP manual V1.0, 1.1: activating it is a step of the procedure",
    )
    http_parameter_error: int = setting(
        730,
        "Number of the error for a parameter of an HTTP command that is missing, malformed or "
        "out of range; 0: plain `ERROR`.",
        "HTTP manual V1.0, chapter 5: 730 is `Invalid parameter`",
    )
