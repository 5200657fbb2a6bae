# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Durations as people say them; how long anything takes is not known here."""

from __future__ import annotations


def say_duration(seconds: float) -> str:
    """*seconds* without false precision: ``40 s``, ``3 min``, ``1 h 20 min``."""
    if seconds < 5:
        return f"{max(round(seconds), 1)} s"
    if seconds < 58:
        return f"{5 * round(seconds / 5)} s"
    minutes = max(round(seconds / 60), 1)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
