# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Makes text of strangers fit for a terminal: modules, servers, files; it judges nothing."""

from __future__ import annotations


def plain_text(text: str, at_most: int = 100) -> str:
    """The first *at_most* characters of *text*, with ``?`` for each that is not printable."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:at_most])
