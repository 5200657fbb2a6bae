# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of checks as a page of the documentation; it checks nothing."""

from __future__ import annotations

from dfota.host.preflight.table import CHECKS

_HEAD = """\
# Checks before an upgrade

`dfota check PORT [PACKAGE] [--url URL]` makes them all and changes nothing; `dfota upgrade`
makes the same ones and stops at the first that fails. `--skip NAME` leaves one out. A check
whose answer the module does not give is shown as *not told*: it counts neither for nor against.

Checks of server, TLS, SIM and network are made for a download only. What makes no sense after
another check has failed is left out.

| Check | Asks | Passes when | Otherwise |
| --- | --- | --- | --- |
"""


def checks_document() -> str:
    """The page ``docs/reference/checks.md``."""
    rows = (
        f"| `{check.name}` | {_cell(check.asks)} | {_cell(check.passes)} | {_cell(check.else_what)} |\n"
        for check in CHECKS
    )
    return _HEAD + "".join(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
