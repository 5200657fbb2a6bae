# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the simulated chip does when it fails, and what of it outlives the process."""

from __future__ import annotations

import pytest

from dfota.errors import FlashError, FlashMisuseError, FlashUnreadableError, MisuseError
from dfota.flash import (
    Cut,
    CutMode,
    Fault,
    FaultKind,
    FlashKind,
    Geometry,
    PowerLost,
    SimulatedFlash,
    faults_of,
    random_faults,
)

NAND = Geometry(128, 512, 6)
NOR = Geometry(128, 512, 6, FlashKind.NOR)
PAGE = bytes(range(128))
BLANK = b"\xff" * 128


def chip(geometry=NAND, memory=None):
    return SimulatedFlash(
        bytearray(SimulatedFlash.size_of(geometry)) if memory is None else memory, geometry
    )


def again(flash):
    """The same cells in another process."""
    return SimulatedFlash(bytearray(flash._memory), flash.geometry)


def test_a_failed_prog_spoils_its_page_once():
    flash = chip()
    flash.inject(Fault(0, FaultKind.FAIL))
    with pytest.raises(FlashError, match="failed prog"):
        flash.prog(0, PAGE)
    assert flash.read(0, 128) not in (PAGE, BLANK)
    with pytest.raises(FlashMisuseError):
        flash.prog(0, PAGE)
    flash.erase(0)
    flash.prog(0, PAGE)


def test_a_failed_erase_leaves_a_mixture_that_cannot_be_programmed():
    flash = chip()
    flash.prog_many(0, PAGE * 4)
    flash.inject(Fault(flash.operations, FaultKind.FAIL))
    with pytest.raises(FlashError, match="failed erase"):
        flash.erase(0)
    assert flash.read(0, 512) == BLANK * 2 + PAGE * 2
    with pytest.raises(FlashMisuseError):
        flash.prog(0, PAGE)


@pytest.mark.parametrize("kind", [FaultKind.BAD, FaultKind.FACTORY_BAD])
def test_a_bad_sector_stays_bad_and_can_be_read(kind):
    flash = chip()
    flash.prog(0, PAGE)
    flash.damage(0, kind)
    for one in (flash, again(flash)):
        assert one.read(0, 128) == PAGE
        assert one.is_factory_bad(0) == (kind is FaultKind.FACTORY_BAD)
        with pytest.raises(FlashError):
            one.erase(0)
        with pytest.raises(FlashError):
            one.prog(128, PAGE)
        one.prog(512, PAGE)


def test_a_stuck_sector_says_that_it_was_erased_and_keeps_its_bits():
    flash = chip()
    flash.prog(0, PAGE)
    flash.damage(0, FaultKind.STUCK)
    for one in (again(flash), flash):
        one.erase(0)
        assert one.read(0, 128) == PAGE
        one.prog(0, PAGE[::-1])
        mixed = bytes(a & b for a, b in zip(PAGE, PAGE[::-1], strict=True))
        assert one.read(0, 128) == mixed


def test_a_sector_wears_out_and_the_count_outlives_the_process():
    flash = chip()
    flash.endurance = 3
    for _ in range(3):
        flash.erase(512)
    flash = again(flash)
    flash.endurance = 3
    assert (flash.erases(0), flash.erases(1)) == (0, 3)
    for _ in range(2):
        with pytest.raises(FlashError):
            flash.erase(512)
    with pytest.raises(FlashError):
        flash.prog(512, PAGE)


def test_a_worn_sector_fails_at_its_next_erase():
    flash = chip()
    flash.inject(Fault(0, FaultKind.WORN))
    flash.prog(0, PAGE)
    with pytest.raises(FlashError):
        flash.erase(0)


def test_a_few_wrong_bits_are_corrected_and_counted():
    flash = chip()
    flash.prog(0, PAGE)
    for bits in range(1, 5):
        flash.damage(5, FaultKind.FLIP)
        one = again(flash)
        assert one.read(0, 128) == PAGE
        assert one.corrected_bits == bits
        assert (one.corrections(0, 128), one.corrections(128, 384)) == (bits, 0)
    flash.damage(5, FaultKind.FLIP)
    with pytest.raises(FlashUnreadableError):
        flash.read(100, 10)
    assert flash.read(128, 128) == BLANK
    flash.erase(0)
    assert flash.read(0, 128) == BLANK
    assert again(flash).corrections(0, 512) == 0


def test_a_page_that_cannot_be_read_can_be_erased():
    flash = chip()
    flash.inject(Fault(0, FaultKind.UNREADABLE))
    flash.prog(0, PAGE)
    for one in (again(flash), flash):
        with pytest.raises(FlashUnreadableError) as failed:
            one.read(0, 512)
        assert failed.value.offset == 0
        assert one.digest(0, 512) is None
        one.erase(0)
        assert one.read(0, 512) == BLANK * 4


@pytest.mark.parametrize("geometry", [NAND, NOR])
def test_a_silent_flip_is_read_as_it_is_and_a_blank_page_keeps_it(geometry):
    flash = chip(geometry)
    flash.damage(0, FaultKind.SILENT)
    assert flash.read(0, 1) == b"\xfe"
    assert flash.corrections(0, 128) == 0
    flash.prog(0, BLANK[:-1] + b"\x00")
    assert flash.read(0, 128) == b"\xfe" + BLANK[1:-1] + b"\x00"


def test_a_fault_can_hit_another_place_than_the_operation():
    flash = chip()
    flash.prog(0, PAGE)
    flash.inject(Fault(1, FaultKind.UNREADABLE, 0))
    flash.prog(512, PAGE)
    assert flash.read(512, 128) == PAGE
    with pytest.raises(FlashUnreadableError):
        flash.read(0, 1)
    with pytest.raises(MisuseError):
        Fault(1, FaultKind.BAD, 0)


def test_nor_programs_words_in_any_order_each_once():
    flash = chip(NOR)
    flash.prog(64, PAGE[:8])
    flash.prog(0, PAGE[:4])
    assert flash.read(0, 72) == PAGE[:4] + b"\xff" * 60 + PAGE[:8]
    with pytest.raises(FlashMisuseError, match="words"):
        flash.prog(64, PAGE[:4])
    for offset, data in ((2, PAGE[:4]), (4, PAGE[:3]), (124, PAGE[:8]), (8, b""), (-4, PAGE[:4])):
        with pytest.raises(FlashMisuseError):
            flash.prog(offset, data)


def test_nor_has_no_order_of_pages():
    flash = chip(NOR)
    flash.prog(256, PAGE)
    flash.prog(128, PAGE)
    flash.prog_many(384, PAGE)
    assert again(flash).read(128, 384) == PAGE * 3


@pytest.mark.parametrize("mode", [mode for mode in CutMode if mode is not CutMode.AFTER])
def test_a_torn_page_of_nor_must_be_erased_also_when_it_reads_blank(mode):
    flash = chip(NOR)
    flash.lose_power_at(Cut(0, mode))
    with pytest.raises(PowerLost):
        flash.prog(0, PAGE[:8])
    flash.power_on()
    with pytest.raises(FlashMisuseError):
        flash.prog(64, PAGE[:8])


def test_nor_has_neither_ecc_nor_bad_sectors_from_the_factory():
    assert set(faults_of(FlashKind.NAND)) - set(faults_of(FlashKind.NOR)) == {
        FaultKind.FLIP,
        FaultKind.UNREADABLE,
    }
    assert FaultKind.FACTORY_BAD not in faults_of(FlashKind.NAND)


@pytest.mark.parametrize("geometry", [NAND, NOR])
@pytest.mark.parametrize("mode", CutMode)
@pytest.mark.parametrize("number", range(6))
def test_many_pages_at_once_are_cut_like_one_after_the_other(geometry, mode, number):
    data = bytes(range(256)) * 3
    memories = []
    for at_once in (True, False):
        flash = chip(geometry)
        flash.lose_power_at(Cut(number, mode))
        with pytest.raises(PowerLost):
            if at_once:
                flash.prog_many(256, data)
            else:
                for first in range(0, len(data), 128):
                    flash.prog(256 + first, data[first : first + 128])
        memories.append((bytes(flash._memory), flash.operations))
    assert memories[0] == memories[1]


def test_many_pages_count_as_many_operations():
    flash = chip()
    flash.prog_many(0, PAGE * 6)
    assert flash.operations == 6
    assert (flash.last_operation.number, flash.last_operation.offset) == (5, 640)
    for offset, data in ((64, PAGE), (0, PAGE[:5]), (512 * 6, PAGE), (512 * 5 + 384, PAGE * 2)):
        with pytest.raises(FlashMisuseError):
            flash.prog_many(offset, data)


def test_rates_are_probabilities():
    for rates in ({FaultKind.FAIL: -0.1}, {FaultKind.FAIL: 0.6, FaultKind.BAD: 0.6}):
        with pytest.raises(MisuseError):
            random_faults(1, rates)
