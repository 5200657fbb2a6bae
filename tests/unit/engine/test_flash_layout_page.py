# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""docs/spec/flash-layout.md says what the code does."""

from __future__ import annotations

from dfota.engine import checkpoints, journal, layout, plan
from dfota.flash import faults, partition_table, simulated, spare_sectors


def test_the_page_names_every_magic_size_and_kind(root):
    page = (root / "docs" / "spec" / "flash-layout.md").read_text()

    for magic in (
        partition_table.TABLE_MAGIC,
        journal.RECORD_MAGIC,
        plan.PLAN_MAGIC,
        simulated._MAGIC,
        checkpoints.CHECKPOINT_MAGIC,
        spare_sectors.MAP_MAGIC,
    ):
        assert f"`{magic.decode()}`" in page
    for kind in journal.RecordKind:
        assert f"{kind.value} {kind.name}" in page
    for stage in checkpoints.Stage:
        assert f"{stage.value} {stage.name}" in page
    for mark in (simulated._STUCK, simulated._BAD, simulated._FACTORY_BAD, simulated._PROGRAMMED):
        assert f"0x{mark:02x}" in page
    assert f"of which {faults.ECC_BITS} can be corrected" in page
    assert f"its first {spare_sectors.MAP_SECTORS} sectors hold the map" in page
    assert f"version 2: {partition_table._LAYOUT.size} more" in page
    most = f"{layout.CHECKPOINT_MAX_BYTES:,}".replace(",", " ")
    assert f"*n* / {layout.CHECKPOINT_SHARE},\nat least 1, at most as many as {most} bytes" in page
    table = f"{partition_table._HEADER.size} + {partition_table._ENTRY.size} x entries + 32"
    assert table in page
    assert f"| *copies* | {plan._COPY.size} bytes each |" in page
    assert f"trailer of {simulated._TRAILER.size} bytes" in page
    assert f"*(n - {layout._FIXED_SECTORS} - 2c) / 2*" in page
