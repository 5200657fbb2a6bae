# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The restore plan is byte-exact and checks itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.engine import Layout
from dfota.engine.plan import Copy, RestorePlan, SectorCopy, read_plan, write_plan
from dfota.errors import FlashError, UpdateFailedError
from dfota.flash import Geometry, PartitionTable, SimulatedFlash, TableEntry
from dfota.values import Digest, FirmwareVersion

GEOMETRY = Geometry(256, 1024, 15)
LAYOUT = Layout.of(GEOMETRY)
TABLE = PartitionTable(
    "BG96", "R1", FirmwareVersion("A"), 0, 2, (TableEntry("a", 4096, 2048, 1500, Digest.of(b"")),)
)
PLAN = RestorePlan((Copy(0x2800, 0x1000, 1500), Copy(0x3000, 0x1800, 1)), TABLE, 1)
GOLDEN = (
    b"DFOTAPL1\x01\x00\x02\x00\x01\x00\x00\x00\x44\x01\x00\x00"
    b"\x00\x28\x00\x00\x00\x10\x00\x00\xdc\x05\x00\x00"
    b"\x00\x30\x00\x00\x00\x18\x00\x00\x01\x00\x00\x00"
) + TABLE.encode()


def chip() -> SimulatedFlash:
    return SimulatedFlash(bytearray(SimulatedFlash.size_of(GEOMETRY)), GEOMETRY)


def test_the_bytes_of_a_plan_never_change():
    data = PLAN.encode()

    assert data == GOLDEN + Digest.of(GOLDEN).value
    assert RestorePlan.decode(data + b"\xff") == (PLAN, Digest.of(GOLDEN))


@given(st.data())
def test_every_changed_byte_is_found(data):
    plan = bytearray(PLAN.encode())
    plan[data.draw(st.integers(0, len(plan) - 1))] ^= data.draw(st.integers(1, 255))

    with pytest.raises(FlashError):
        RestorePlan.decode(bytes(plan))


@given(st.integers(0, len(GOLDEN) + 31))
def test_a_truncated_plan_is_no_plan(size):
    with pytest.raises(FlashError):
        RestorePlan.decode(PLAN.encode()[:size])


def test_copies_are_taken_sector_by_sector():
    assert PLAN.sectors(GEOMETRY) == (
        SectorCopy(0x2800, 0x1000, 4),
        SectorCopy(0x2C00, 0x1400, 2),
        SectorCopy(0x3000, 0x1800, 1),
    )


def test_only_the_plan_that_was_committed_is_read():
    flash = chip()
    digest = write_plan(flash, LAYOUT, PLAN)

    assert read_plan(flash, LAYOUT, digest) == PLAN
    with pytest.raises(FlashError, match="not the one"):
        read_plan(flash, LAYOUT, Digest.of(b"another"))
    flash.erase(LAYOUT.plan.offset)
    with pytest.raises(FlashError, match="no restore plan"):
        read_plan(flash, LAYOUT, digest)


def test_a_plan_that_does_not_fit_is_refused_before_anything_is_erased():
    flash = chip()
    plan = RestorePlan(PLAN.copies * 40, TABLE, 1)

    with pytest.raises(UpdateFailedError, match="do not fit"):
        write_plan(flash, LAYOUT, plan)
    assert flash.operations == 0
