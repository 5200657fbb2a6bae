# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Planning where partitions go: pure arithmetic with promises."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.engine import Layout, required_geometry
from dfota.engine.layout import Area, Wanted, factory_layout, plan_layout
from dfota.errors import GeometryError, UpdateFailedError
from dfota.flash import REVERSE, Geometry, LayoutKind, TableEntry
from dfota.package import Partition, Release
from dfota.values import Digest, FirmwareVersion

SECTOR = 1024
ACTIVE = 10
LAYOUT = Layout.of(Geometry(256, SECTOR, 7 + 2 * ACTIVE))
START = LAYOUT.active.offset


def entry(name, sector, sectors, size=None):
    slot = sectors * SECTOR
    return TableEntry(name, START + sector * SECTOR, slot, size or slot, Digest.of(b""))


def places(slots):
    return {
        name: ((slot.offset - START) // SECTOR, slot.size // SECTOR) for name, slot in slots.items()
    }


def test_the_areas_follow_from_the_geometry():
    assert LAYOUT.journal == Area(2 * SECTOR, 2 * SECTOR)
    assert LAYOUT.active == Area(4 * SECTOR, 10 * SECTOR)
    assert LAYOUT.plan == Area(14 * SECTOR, SECTOR)
    assert LAYOUT.backup == Area(15 * SECTOR, 10 * SECTOR)
    assert LAYOUT.checkpoints == Area(25 * SECTOR, 2 * SECTOR)
    assert LAYOUT.checkpoints.end == LAYOUT.geometry.size


def test_the_areas_with_a_scrub_partition_follow_from_its_size_and_place():
    geometry = Geometry(256, SECTOR, 20)
    forward = Layout.of(geometry, LayoutKind.SCRUB, reserve=4)
    reverse = Layout.of(geometry, LayoutKind.SCRUB, reserve=4, direction=REVERSE)

    assert forward.plan == reverse.plan == Area(4 * SECTOR, SECTOR)
    assert forward.checkpoints == reverse.checkpoints == Area(5 * SECTOR, 2 * SECTOR)
    assert forward.active == Area(7 * SECTOR, 9 * SECTOR)
    assert forward.backup == Area(16 * SECTOR, 4 * SECTOR)
    assert reverse.backup == Area(7 * SECTOR, 4 * SECTOR)
    assert reverse.active == Area(11 * SECTOR, 9 * SECTOR)


def test_the_areas_of_a_flash_that_is_updated_in_place_leave_all_to_the_firmware():
    layout = Layout.of(Geometry(256, SECTOR, 20), LayoutKind.IN_PLACE, reserve=3)

    assert layout.checkpoints == Area(4 * SECTOR, 6 * SECTOR)
    assert layout.active == Area(10 * SECTOR, 10 * SECTOR)
    assert layout.backup.size == layout.plan.size == 0


def test_too_few_sectors_are_refused():
    with pytest.raises(GeometryError, match="too few"):
        Layout.of(Geometry(256, SECTOR, 6))


def test_what_fits_stays():
    old = [entry("a", 0, 3), entry("b", 3, 2)]
    new = [Wanted("b", 1), Wanted("a", 3 * SECTOR)]

    assert places(plan_layout(LAYOUT, old, new)) == {"a": (0, 3), "b": (3, 2)}


def test_a_new_partition_takes_the_first_gap_that_is_large_enough():
    old = [entry("a", 0, 2), entry("gone", 2, 1), entry("b", 3, 2)]
    new = [Wanted("a", 1), Wanted("b", 1), Wanted("small", 10), Wanted("large", 2 * SECTOR)]

    assert places(plan_layout(LAYOUT, old, new)) == {
        "a": (0, 2),
        "b": (3, 2),
        "small": (2, 1),
        "large": (5, 2),
    }


def test_a_grown_partition_may_take_its_own_place_and_the_gap_behind_it():
    old = [entry("a", 0, 6), entry("b", 6, 2)]
    new = [Wanted("a", 1), Wanted("b", 4 * SECTOR)]

    assert places(plan_layout(LAYOUT, old, new)) == {"a": (0, 6), "b": (6, 4)}


def test_without_a_gap_everything_is_placed_anew_in_the_old_order():
    old = [entry("a", 0, 2), entry("b", 3, 2), entry("c", 6, 2), entry("d", 9, 1)]
    new = [Wanted(name, 1) for name in "dcba"] + [Wanted("e", 3 * SECTOR)]

    assert places(plan_layout(LAYOUT, old, new)) == {
        "a": (0, 2),
        "b": (2, 2),
        "c": (4, 2),
        "d": (6, 1),
        "e": (7, 3),
    }


def test_slots_shrink_only_when_nothing_else_helps():
    old = [entry("a", 0, 8), entry("b", 8, 2)]
    new = [Wanted("a", SECTOR), Wanted("b", 2 * SECTOR), Wanted("c", 7 * SECTOR)]

    assert places(plan_layout(LAYOUT, old, new)) == {"a": (0, 1), "b": (1, 2), "c": (3, 7)}


def test_a_firmware_larger_than_the_active_area_is_refused_by_name():
    with pytest.raises(UpdateFailedError) as failed:
        plan_layout(LAYOUT, [entry("a", 0, 8)], [Wanted("a", 8 * SECTOR), Wanted("b", 3 * SECTOR)])
    assert failed.value.partition == "b"


NAMES = st.sampled_from("abcdefgh")


@given(
    st.dictionaries(NAMES, st.integers(1, 4)),
    st.dictionaries(NAMES, st.integers(1, 4 * SECTOR)),
    st.integers(0, 3),
)
def test_a_plan_is_a_disjoint_cover_of_all_that_fits(old, new, gap):
    entries, sector = [], 0
    for name, sectors in old.items():
        if sector + sectors <= ACTIVE:
            entries.append(entry(name, sector, sectors))
        sector += sectors + gap
    wanted = [Wanted(name, size) for name, size in new.items()]
    needed = sum(-(-size // SECTOR) for size in new.values())

    if needed > ACTIVE:
        with pytest.raises(UpdateFailedError):
            plan_layout(LAYOUT, entries, wanted)
        return
    slots = plan_layout(LAYOUT, entries, wanted)

    assert slots == plan_layout(LAYOUT, entries, wanted)
    assert slots.keys() == new.keys()
    ordered = sorted(slots.values(), key=lambda slot: slot.offset)
    assert all(first.end <= second.offset for first, second in pairwise(ordered))
    assert all(slot.offset >= START and slot.end <= LAYOUT.active.end for slot in ordered)
    assert all(slot.offset % SECTOR == slot.size % SECTOR == 0 for slot in ordered)
    assert all(slots[name].size >= size for name, size in new.items())


def release(*sizes, slot=None):
    return Release(
        "BG96",
        "R1",
        FirmwareVersion("A"),
        tuple(Partition(f"p{i}", b"x" * size, slot) for i, size in enumerate(sizes)),
    )


def test_the_required_geometry_has_room_for_half_as_much_again():
    geometry = required_geometry(release(1, 131072, 131073))

    assert (geometry.page_size, geometry.sector_size) == (2048, 131072)
    assert Layout.of(geometry).active.size == (6 + 4) * 131072


def test_the_required_geometry_holds_the_largest_of_the_releases_and_their_slots():
    small, large = release(10), release(10, slot=5000)
    geometry = required_geometry(small, large, page_size=256, sector_size=1024)

    assert Layout.of(geometry).active.size == (7 + 4) * 1024


def test_a_factory_layout_is_one_slot_behind_the_other():
    slots = factory_layout(LAYOUT, release(1, 1025, slot=2048).partitions)

    assert places(slots) == {"p0": (0, 2), "p1": (2, 2)}
    with pytest.raises(GeometryError, match="active area"):
        factory_layout(LAYOUT, release(11 * SECTOR).partitions)
