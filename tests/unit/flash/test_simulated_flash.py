# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The simulated flash refuses what a chip would corrupt, and tears what a power cut tears."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import FlashError, FlashMisuseError, GeometryError
from dfota.flash import (
    Cut,
    CutMode,
    Geometry,
    OperationKind,
    PowerLost,
    SimulatedFlash,
)

GEOMETRY = Geometry(page_size=128, sector_size=512, sector_count=4)
PAGE = bytes(range(1, 129))
ERASED = b"\xff" * 128


def flash_on(memory: bytearray | None = None) -> SimulatedFlash:
    return SimulatedFlash(memory or bytearray(SimulatedFlash.size_of(GEOMETRY)), GEOMETRY)


def test_a_new_flash_is_erased():
    flash = flash_on()

    assert flash.read(0, GEOMETRY.size) == b"\xff" * GEOMETRY.size
    assert flash.operations == 0


def test_a_page_is_programmed_once_per_erase():
    flash = flash_on()
    flash.prog(128, PAGE)

    assert flash.read(128, 128) == PAGE
    with pytest.raises(FlashMisuseError, match="not erased since"):
        flash.prog(128, PAGE)

    flash.erase(0)
    flash.prog(128, PAGE)


def test_programming_only_ff_spoils_the_page_all_the_same():
    flash = flash_on()
    flash.prog(0, ERASED)

    with pytest.raises(FlashMisuseError):
        flash.prog(0, PAGE)


def test_pages_of_one_sector_are_programmed_in_rising_order():
    flash = flash_on()
    flash.prog(256, PAGE)

    with pytest.raises(FlashMisuseError, match="rising order"):
        flash.prog(128, PAGE)
    flash.prog(384, PAGE)


@pytest.mark.parametrize(
    ("offset", "size"), [(1, 128), (64, 128), (0, 127), (0, 256), (2048, 128), (-128, 128)]
)
def test_a_prog_is_one_whole_page_of_the_flash(offset, size):
    with pytest.raises(FlashMisuseError):
        flash_on().prog(offset, bytes(size))


@pytest.mark.parametrize("offset", [1, 128, 2048, -512])
def test_an_erase_is_one_whole_sector_of_the_flash(offset):
    with pytest.raises(FlashMisuseError):
        flash_on().erase(offset)


@pytest.mark.parametrize(("offset", "size"), [(-1, 2), (2047, 2), (0, -1)])
def test_a_read_stays_inside_the_flash(offset, size):
    with pytest.raises(FlashMisuseError):
        flash_on().read(offset, size)


def test_a_refused_operation_changes_nothing_and_does_not_count():
    flash = flash_on()
    flash.prog(0, PAGE)
    before = flash.read(0, GEOMETRY.size)

    with pytest.raises(FlashMisuseError):
        flash.prog(0, bytes(128))

    assert flash.read(0, GEOMETRY.size) == before
    assert flash.operations == 1


@pytest.mark.parametrize(
    ("mode", "landed"),
    [
        (CutMode.BEFORE, ERASED),
        (CutMode.HEAD, PAGE[:64] + ERASED[64:]),
        (CutMode.TAIL, b"\xff" + PAGE[1:]),
        (CutMode.AFTER, PAGE),
    ],
)
def test_a_torn_prog_leaves_its_part_and_a_spoiled_page(mode, landed):
    flash = flash_on()
    flash.lose_power_at(Cut(0, mode))

    with pytest.raises(PowerLost):
        flash.prog(0, PAGE)
    flash.power_on()

    assert flash.read(0, 128) == landed
    with pytest.raises(FlashMisuseError):
        flash.prog(0, PAGE)
    flash.erase(0)
    flash.prog(0, PAGE)


@pytest.mark.parametrize(
    ("mode", "left", "spoiled"),
    [
        (CutMode.BEFORE, PAGE * 4, True),
        (CutMode.HEAD, ERASED * 2 + PAGE * 2, True),
        (CutMode.TAIL, PAGE[:1] + b"\xff" * 511, True),
        (CutMode.AFTER, ERASED * 4, False),
    ],
)
def test_a_torn_erase_leaves_a_mixture_that_must_be_erased_again(mode, left, spoiled):
    flash = flash_on()
    for page in range(4):
        flash.prog(page * 128, PAGE)
    flash.lose_power_at(Cut(4, mode))

    with pytest.raises(PowerLost):
        flash.erase(0)
    flash.power_on()

    assert flash.read(0, 512) == left
    for page in range(4):
        if spoiled:
            with pytest.raises(FlashMisuseError, match="did not end"):
                flash.prog(page * 128, PAGE)
        else:
            flash.prog(page * 128, PAGE)


def test_a_dead_chip_stays_dead_until_power_comes_back():
    flash = flash_on()
    flash.lose_power_at(Cut(0, CutMode.AFTER))
    with pytest.raises(PowerLost):
        flash.erase(512)

    for operation in (
        lambda: flash.read(0, 1),
        lambda: flash.prog(0, PAGE),
        lambda: flash.erase(0),
    ):
        with pytest.raises(PowerLost):
            operation()
    assert not flash.is_powered
    flash.power_on()
    assert flash.read(0, 1) == b"\xff"


def test_a_cut_strikes_once():
    flash = flash_on()
    flash.lose_power_at(Cut(1, CutMode.HEAD))
    flash.erase(0)
    with pytest.raises(PowerLost):
        flash.erase(0)
    flash.power_on()
    flash.operations = 0

    flash.erase(0)
    flash.erase(0)


def test_power_lost_between_operations_tears_nothing():
    flash = flash_on()
    flash.prog(0, PAGE)
    flash.lose_power()
    with pytest.raises(PowerLost):
        flash.prog(128, PAGE)
    flash.power_on()

    flash.prog(128, PAGE)


def test_power_lost_is_no_exception_that_a_handler_could_swallow():
    assert not issubclass(PowerLost, Exception)


def test_the_last_operation_tells_what_the_cut_hit():
    flash = flash_on()
    flash.erase(1024)
    assert str(flash.last_operation) == "erase of 512 bytes at 0x400 (sector 2)"

    flash.lose_power_at(Cut(1, CutMode.TAIL))
    with pytest.raises(PowerLost):
        flash.prog(1152, PAGE)

    hit = flash.last_operation
    assert hit is not None
    assert (hit.number, hit.kind, hit.offset, hit.sector) == (1, OperationKind.PROG, 1152, 2)
    assert str(hit) == "prog of 128 bytes at 0x480 (sector 2), torn: tail"


@pytest.mark.parametrize("kind", ["prog", "erase"])
def test_a_chip_failure_spoils_what_it_hit(kind):
    flash = flash_on()
    flash.fail_at(0)

    with pytest.raises(FlashError, match=f"failed {kind}"):
        flash.prog(0, PAGE) if kind == "prog" else flash.erase(0)
    with pytest.raises(FlashMisuseError):
        flash.prog(0, PAGE)
    flash.erase(0)
    flash.prog(0, PAGE)


def test_marks_live_in_the_memory():
    memory = bytearray(SimulatedFlash.size_of(GEOMETRY))
    SimulatedFlash(memory, GEOMETRY).prog(0, PAGE)

    again = SimulatedFlash(memory, SimulatedFlash.geometry_of(memory))

    assert again.read(0, 128) == PAGE
    with pytest.raises(FlashMisuseError):
        again.prog(0, PAGE)


class Killed(BaseException):
    pass


class DyingMemory(bytearray):
    """Memory whose process is killed in the middle of the store number *kill_at*."""

    kill_at = -1
    part = 0.0
    stores = 0

    def __setitem__(self, key, value):
        self.stores += 1
        if self.stores - 1 == self.kill_at:
            if isinstance(key, slice):
                count = int(len(value) * self.part)
                super().__setitem__(slice(key.start, key.start + count), value[:count])
            elif self.part >= 0.5:
                super().__setitem__(key, value)
            raise Killed
        super().__setitem__(key, value)


@given(
    kill_at=st.integers(0, 5),
    part=st.sampled_from([0.0, 0.3, 0.5, 0.99, 1.0]),
    erase=st.booleans(),
    programmed=st.integers(0, 3),
)
def test_a_process_killed_at_any_store_leaves_a_state_of_a_power_cut(
    kill_at, part, erase, programmed
):
    memory = DyingMemory(SimulatedFlash.size_of(GEOMETRY))
    flash = SimulatedFlash(memory, GEOMETRY)
    for page in range(programmed):
        flash.prog(page * 128, PAGE)
    before = flash.read(0, 512)
    target = programmed * 128
    memory.stores, memory.kill_at, memory.part = 0, kill_at, part
    done = False
    try:
        flash.erase(0) if erase else flash.prog(target, PAGE)
        done = True
    except Killed:
        pass
    memory.kill_at = -1

    after = SimulatedFlash(memory, GEOMETRY)
    data = after.read(0, 512)

    whole = ERASED * 4 if erase else before[:target] + PAGE + before[target + 128 :]
    assert all(got in (old, new) for got, old, new in zip(data, before, whole, strict=True))
    if done:
        assert data == whole
    for page in range(4):
        # Whatever still accepts a prog holds nothing at all.
        if data[page * 128 : page * 128 + 128] != ERASED:
            with pytest.raises(FlashMisuseError):
                after.prog(page * 128, PAGE)
    after.erase(0)
    after.prog(0, PAGE)


def test_a_page_that_holds_data_without_a_mark_is_torn():
    memory = bytearray(SimulatedFlash.size_of(GEOMETRY))
    flash = SimulatedFlash(memory, GEOMETRY)
    memory[5] = 0

    with pytest.raises(FlashMisuseError, match="torn"):
        flash.prog(0, PAGE)


def test_an_interrupted_format_is_begun_again():
    memory = DyingMemory(SimulatedFlash.size_of(GEOMETRY))
    memory.kill_at, memory.part = 5, 0.5
    with pytest.raises(Killed):
        SimulatedFlash(memory, GEOMETRY)
    memory.kill_at = -1

    assert SimulatedFlash(memory, GEOMETRY).read(0, 2048) == b"\xff" * 2048


@pytest.mark.parametrize(
    ("page", "sector", "count"),
    [(100, 1000, 1), (64, 512, 1), (128, 500, 1), (128, 64, 1), (128, 512, 0), (2048, 1 << 30, 5)],
)
def test_a_geometry_that_does_not_fit_together_is_refused(page, sector, count):
    with pytest.raises(GeometryError):
        Geometry(page, sector, count)


def test_memory_of_another_size_or_content_is_refused():
    size = SimulatedFlash.size_of(GEOMETRY)
    with pytest.raises(GeometryError, match="bytes of memory"):
        SimulatedFlash(bytearray(size - 1), GEOMETRY)
    with pytest.raises(GeometryError, match="holds no flash"):
        SimulatedFlash(bytearray(b"x" * size), GEOMETRY)
    with pytest.raises(GeometryError):
        SimulatedFlash.geometry_of(bytearray(3))
