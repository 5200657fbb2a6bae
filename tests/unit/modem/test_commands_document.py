# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The page of AT commands is the catalogue."""

from __future__ import annotations

import re

from dfota.at import COMMANDS
from dfota.at.catalog import VARIANTS
from dfota.modem import render_commands


def test_the_page_of_the_reference_is_the_generated_one(root) -> None:
    """Make it anew: ``dfota modem commands --markdown > docs/reference/at-commands.md``."""
    page = root / "docs" / "reference" / "at-commands.md"
    assert page.read_text("utf-8") == render_commands()


def test_every_command_has_one_place_and_every_link_leads_there() -> None:
    page = render_commands()
    titles = re.findall(r"^### `AT(.*)`$", page, re.MULTILINE)
    anchors = re.findall(r'<a id="(.*)"></a>', page)
    assert sorted(titles) == sorted([*COMMANDS, *(command.name for command in VARIANTS)])
    assert len(anchors) == len(set(anchors)) == len(titles)
    assert set(re.findall(r"\]\(#(.*?)\)", page)) <= set(anchors)


def test_what_a_person_needs_stands_there() -> None:
    section = render_commands().split("### `AT+CFUN`")[1].split("### ")[0]
    for text in (
        "`AT+CFUN=<fun>[,<rst>]`",
        "+CFUN: (0,1,4),(0,1)",
        "| `fun` | 0, 1, 4 | never |",
        "*Time*: 15 s",
        "3 (Operation not allowed)",
        "until the module restarts",
        "AT manual V2.3, 2.22",
    ):
        assert text in section
