# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""docs/spec/flash-layout.md says what the code does."""

from __future__ import annotations

from dfota.engine import journal, layout, plan
from dfota.flash import partition_table, simulated


def test_the_page_names_every_magic_size_and_kind(root):
    page = (root / "docs" / "spec" / "flash-layout.md").read_text()

    for magic in (
        partition_table.TABLE_MAGIC,
        journal.RECORD_MAGIC,
        plan.PLAN_MAGIC,
        simulated._MAGIC,
    ):
        assert f"`{magic.decode()}`" in page
    for kind in journal.RecordKind:
        assert f"{kind.value} {kind.name}" in page
    table = f"{partition_table._HEADER.size} + {partition_table._ENTRY.size} x entries + 32"
    assert table in page
    assert f"| *copies* | {plan._COPY.size} bytes each |" in page
    assert f"trailer of {simulated._TRAILER.size} bytes" in page
    assert f"*(n - {layout._FIXED_SECTORS}) / 2*" in page
