# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Writes ``docs/reference/codes.md`` from the tables; no number or meaning is decided here.

``python -m dfota.at.codes_document > docs/reference/codes.md`` makes it anew; a test
compares the committed file with the tables.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from dfota.at.causes import Place, causes_of
from dfota.at.code_families import (
    FAMILIES,
    Family,
    explain_file_error,
    explain_fota_error,
    explain_ftp_error,
    explain_http_error,
)
from dfota.at.codes import CME_ERRORS, CMS_ERRORS, FOTA_ERRORS, HTTP_ERRORS, Explanation


def render_codes() -> str:
    """The whole document, in Markdown."""
    head = """\
# Codes that a BG96 reports

Generated from `src/dfota/at/codes.py` and `code_families.py` by `python -m dfota.at.codes_document`; do not edit.

The meanings are those of the BG96 manuals. Other families of modules give some of these
numbers another meaning: 511, for example, means "no space" on EC25 and EP06. What its kin
report is listed at the end.

`dfota explain 702` says all this in a terminal, also of a line that a module printed: `dfota explain '+CME ERROR: 407'`.
"""
    return "\n".join(
        (
            head,
            _explained(
                "The download",
                'Reported by `+QIND: "FOTA","HTTPEND",<http_err>` (DFOTA guide V1.1, table 1).',
                HTTP_ERRORS,
                explain_http_error,
            ),
            _explained(
                "The upgrade",
                'Reported by `+QIND: "FOTA","END",<err>` (DFOTA guide V1.1, table 2).',
                FOTA_ERRORS,
                explain_fota_error,
            ),
            _causes(),
            _plain(
                "Commands",
                "Reported by `+CME ERROR: <err>`, as a number with `AT+CMEE=1` and in words with "
                "`AT+CMEE=2`\n(AT manual V2.3, table 19; FILE manual V1.0, table 1, from 400; HTTP manual V1.0, table 1, from 701;\n"
                "flash scrub note V1.1, 323 and 440 to 442).",
                CME_ERRORS,
            ),
            _plain(
                "Short messages",
                "Reported by `+CMS ERROR: <err>`, in the same two ways (AT manual V2.3, table 20).",
                CMS_ERRORS,
            ),
            *(_family(family) for family in Family if family is not Family.BG96),
        )
    )


def _causes() -> str:
    """What usually is behind the numbers of an upgrade, the most likely first."""
    rows = ["## Likely causes", "", "The most likely first, with what to try.", ""]
    for place, urc, table in (
        (Place.HTTP, "HTTPEND", HTTP_ERRORS),
        (Place.FOTA, "END", FOTA_ERRORS),
    ):
        for number, meaning in table.items():
            causes = causes_of(place, number)
            if not causes:
                continue
            rows += [f"**`{urc},{number}`**: {meaning}", ""]
            for cause in causes:
                tries = "; ".join(
                    f"`{step}`" if _is_command(step) else step for step in cause.tries
                )
                rows.append(f"1. {_escaped(cause.cause)}  \n   Try: {tries}.")
            rows.append("")
    return "\n".join(rows)


def _is_command(step: str) -> bool:
    """Whether *step* can be typed as it is, and is no sentence."""
    words = (", ", " removes", " switches", " closes", " answers", " uploads", " tries", " follows")
    return step.startswith(("dfota ", "AT", "curl ", "openssl ")) and not any(
        word in step for word in words
    )


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("fota_apn", "`fota_apn`")


def _family(family: Family) -> str:
    """The numbers of one family of kin, one table."""
    tables = FAMILIES[family]
    groups: tuple[tuple[str, Mapping[int, str], Callable[[int, Family], Explanation]], ...] = (
        ("HTTPEND", tables.http, explain_http_error),
        ("FTPEND", tables.ftp, explain_ftp_error),
        ("FILEEND", tables.file, explain_file_error),
        ("END", tables.upgrade, explain_fota_error),
    )
    rows = [f"## Family `{family.value}`", "", f"{tables.name}.", ""]
    rows += ["| URC | Code | Meaning | What to do |", "|---|---:|---|---|"]
    rows += [
        f"| `{urc}` | {number} | {meaning} | {explain(number, family).advice} |"
        for urc, table, explain in groups
        for number, meaning in table.items()
    ]
    return "\n".join(rows) + "\n"


def _explained(
    title: str, source: str, table: Mapping[int, str], explain: Callable[[int], Explanation]
) -> str:
    rows = [f"## {title}", "", source, "", "| Code | Meaning | What to do |", "|---:|---|---|"]
    rows += [f"| {number} | {table[number]} | {explain(number).advice} |" for number in table]
    return "\n".join(rows) + "\n"


def _plain(title: str, source: str, table: Mapping[int, str]) -> str:
    rows = [f"## {title}", "", source, "", "| Code | Meaning |", "|---:|---|"]
    rows += [f"| {number} | {meaning} |" for number, meaning in table.items()]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render_codes())
