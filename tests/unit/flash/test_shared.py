# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Many flashes over one image: each is as if it were alone, and pays only for its changes."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import FlashMisuseError, MisuseError
from dfota.flash import (
    Cut,
    CutMode,
    Geometry,
    OverlayMemory,
    PowerLost,
    SharedImage,
    SimulatedFlash,
)

GEOMETRY = Geometry(page_size=128, sector_size=512, sector_count=6)
PAGE = bytes(range(128))


def made() -> SharedImage:
    """An image with two programmed pages."""
    memory = bytearray(SimulatedFlash.size_of(GEOMETRY))
    flash = SimulatedFlash(memory, GEOMETRY)
    flash.prog(512, PAGE)
    flash.prog(1024, PAGE)
    return SharedImage(bytes(memory), GEOMETRY.sector_size)


IMAGE = made()
PLACE = st.integers(0, 40)


@given(
    st.lists(
        st.one_of(
            st.tuples(PLACE, st.integers(0, 255)),
            st.tuples(PLACE, PLACE, st.integers(0, 255)),
        ),
        max_size=12,
    )
)
def test_it_reads_and_writes_like_a_bytearray(changes) -> None:
    start = bytes(range(41))
    image = SharedImage(start, 8)
    memory, model = OverlayMemory(image), bytearray(start)
    for where, *rest in changes:
        if len(rest) == 1:
            memory[where] = model[where] = rest[0]
        else:
            end, value = max(where, rest[0]), rest[1]
            piece = bytes([value]) * (end - where)
            memory[where:end] = piece
            model[where:end] = piece
        assert memory[:] == bytes(model)
        assert memory[where] == model[where]
        assert memory[where : where + 9] == bytes(model[where : where + 9])
    assert image.data == start


def test_two_flashes_over_one_image_do_not_see_each_other() -> None:
    one, other = (SimulatedFlash(OverlayMemory(IMAGE), GEOMETRY) for _ in range(2))
    one.erase(512)
    one.prog(512, PAGE[::-1])
    one.prog(0, PAGE)
    assert one.read(512, 128) == PAGE[::-1]
    assert other.read(512, 128) == PAGE
    with pytest.raises(FlashMisuseError):
        other.prog(512, PAGE)
    other.prog(0, PAGE)
    with pytest.raises(FlashMisuseError):
        one.prog(0, PAGE)


@pytest.mark.parametrize("mode", CutMode)
def test_a_torn_operation_leaves_the_same_in_an_overlay_and_in_a_buffer(mode) -> None:
    memories = OverlayMemory(IMAGE), bytearray(IMAGE.data)
    for memory in memories:
        flash = SimulatedFlash(memory, GEOMETRY)
        flash.lose_power_at(Cut(1, mode))
        flash.prog(0, PAGE)
        with pytest.raises(PowerLost):
            flash.erase(512)
    assert memories[0][:] == bytes(memories[1])


def test_marks_last_as_long_as_the_memory() -> None:
    memory = OverlayMemory(IMAGE)
    SimulatedFlash(memory, GEOMETRY).prog(0, PAGE)
    with pytest.raises(FlashMisuseError):
        SimulatedFlash(memory, GEOMETRY).prog(0, PAGE)


def test_a_flash_pays_only_for_sectors_that_it_changed() -> None:
    memory = OverlayMemory(IMAGE)
    flash = SimulatedFlash(memory, GEOMETRY)
    flash.read(0, GEOMETRY.size)
    assert memory.own_bytes == 0
    flash.prog(0, PAGE)
    marks = SimulatedFlash.size_of(GEOMETRY) - GEOMETRY.size
    assert memory.own_bytes == 512 + marks


def test_the_digest_of_the_image_is_told_until_a_byte_there_is_touched() -> None:
    flash = SimulatedFlash(OverlayMemory(IMAGE), GEOMETRY)
    wanted = hashlib.sha256(IMAGE.data[512:1300]).digest()
    assert flash.digest(512, 788) == wanted
    flash.prog(0, PAGE)
    assert flash.digest(512, 788) == wanted
    flash.prog(1152, PAGE)  # behind the first page of the last sector of that place
    assert flash.digest(512, 788) is None
    assert flash.digest(512, 512) == hashlib.sha256(IMAGE.data[512:1024]).digest()


@pytest.mark.parametrize("mode", CutMode)
def test_also_a_torn_operation_ends_the_trust_in_the_digest(mode) -> None:
    flash = SimulatedFlash(OverlayMemory(IMAGE), GEOMETRY)
    flash.lose_power_at(Cut(0, mode))
    with pytest.raises(PowerLost):
        flash.erase(512)
    with pytest.raises(PowerLost):
        flash.digest(512, 512)
    flash.power_on()
    read = hashlib.sha256(flash.read(512, 512)).digest()
    assert flash.digest(512, 512) in (None, read)
    assert mode is CutMode.BEFORE or flash.digest(512, 512) is None


def test_a_buffer_of_its_own_knows_no_digest() -> None:
    assert SimulatedFlash(bytearray(IMAGE.data), GEOMETRY).digest(0, 512) is None


def test_what_a_bytearray_would_not_take_either_is_refused() -> None:
    memory = OverlayMemory(IMAGE)
    with pytest.raises(ValueError, match="keeps its size"):
        memory[0:4] = b"12345"
    with pytest.raises(ValueError, match="without a step"):
        memory[0:4:2]
    with pytest.raises(IndexError):
        memory[len(memory)]
    with pytest.raises(TypeError):
        memory[0] = b"1"
    with pytest.raises(MisuseError):
        SharedImage(b"", 0)
