# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Checkpoints are byte-exact, check themselves, and the newest one outlives a torn one."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from dfota.engine.checkpoints import Checkpoint, Checkpoints, Stage
from dfota.engine.layout import Area
from dfota.errors import FlashError
from dfota.flash import Cut, CutMode, Fault, FaultKind, Geometry, PowerLost, SimulatedFlash

GEOMETRY = Geometry(128, 512, 6)
AREA = Area(512, 2048)
"""Two halves of two sectors."""
ONE = Checkpoint(
    Stage.WRITING, 0x0102, 0x03040506, bytes(range(16)), bytes(range(16, 32)), 7, b"w" * 16, b"pay"
)
GOLDEN = (
    b"DFOTACP1\x01\x00\x00\x00\x07\x00\x00\x00\x02\x01\x03\x00\x06\x05\x04\x03\x03\x00\x00\x00"
    + bytes(range(32))
    + b"w" * 16
    + bytes.fromhex("9350872d712a127c494d7dc35e46b0bc")
)


def chip(memory=None):
    return SimulatedFlash(
        bytearray(SimulatedFlash.size_of(GEOMETRY)) if memory is None else bytearray(memory),
        GEOMETRY,
    )


def test_the_bytes_of_a_checkpoint_never_change():
    flash = chip()
    Checkpoints(flash, AREA).save(ONE)

    page = flash.read(512 + 1024 - 128, 128)
    golden = GOLDEN.ljust(124, b"\0")
    assert page == golden + zlib.crc32(golden).to_bytes(4, "little")
    assert flash.read(512, 3) == b"pay"
    assert Checkpoints(flash, AREA).newest == replace(ONE, sequence=1)


@pytest.mark.parametrize("size", [0, 1, 128, 512, 700, 896])
def test_a_payload_comes_back(size):
    flash = chip()
    store = Checkpoints(flash, AREA)
    assert store.room == 896
    payload = bytes(n % 251 for n in range(size))
    for _ in range(3):
        store.save(replace(ONE, payload=payload))

    assert Checkpoints(flash, AREA).newest == replace(ONE, payload=payload, sequence=3)
    assert store.pages_of(size) == -(-size // 128) + 1


def test_a_payload_that_is_too_large_is_left_out():
    flash = chip()
    Checkpoints(flash, AREA).save(replace(ONE, payload=bytes(897)))
    assert Checkpoints(flash, AREA).newest == replace(ONE, payload=b"", sequence=1)


def test_a_cut_anywhere_leaves_the_one_before_or_the_new_one():
    flash = chip()
    Checkpoints(flash, AREA).save(replace(ONE, payload=bytes(600)))
    before = bytes(flash._memory)
    Checkpoints(flash, AREA).save(replace(ONE, position=5, payload=b"x" * 600))
    total = flash.operations
    counted = chip(before)
    Checkpoints(counted, AREA).save(replace(ONE, position=5, payload=b"x" * 600))
    for number in range(counted.operations):
        for mode in CutMode:
            flash = chip(before)
            flash.lose_power_at(Cut(number, mode))
            with pytest.raises(PowerLost):
                Checkpoints(flash, AREA).save(replace(ONE, position=5, payload=b"x" * 600))
            flash.power_on()
            is_last = number == counted.operations - 1 and mode is CutMode.AFTER
            found = Checkpoints(flash, AREA)
            assert found.newest.position == (5 if is_last else ONE.position)
            found.save(replace(ONE, position=6))
            assert Checkpoints(flash, AREA).newest.position == 6
    assert 0 < counted.operations < total


@pytest.mark.parametrize("position", [*range(0, 128, 7), 127])
def test_a_changed_header_counts_as_absent(position):
    flash = chip()
    Checkpoints(flash, AREA).save(ONE)
    flash._memory[512 + 1024 - 128 + position] ^= 1
    assert Checkpoints(flash, AREA).newest is None


def test_a_changed_payload_counts_as_absent():
    flash = chip()
    Checkpoints(flash, AREA).save(ONE)
    flash._memory[512] ^= 1
    assert Checkpoints(flash, AREA).newest is None


def test_what_is_forgotten_is_gone_and_an_older_one_does_not_come_back():
    flash = chip()
    store = Checkpoints(flash, AREA)
    store.forget()
    assert flash.operations == 0
    store.save(ONE)
    store.save(replace(ONE, position=9))
    for cut in range(2):
        copy = chip(flash._memory)
        copy.lose_power_at(Cut(cut, CutMode.AFTER))
        with pytest.raises(PowerLost):
            Checkpoints(copy, AREA).forget()
        copy.power_on()
        newest = Checkpoints(copy, AREA).newest
        assert newest is None or newest.position == 9
    store.forget()
    assert Checkpoints(flash, AREA).newest is None


def test_a_failing_chip_is_asked_again_and_a_dead_sector_is_reported():
    flash = chip()
    store = Checkpoints(flash, AREA)
    flash.inject(Fault(2, FaultKind.SILENT))
    store.save(ONE)
    assert Checkpoints(flash, AREA).newest.position == ONE.position
    flash.damage(512 + 1536, FaultKind.BAD)
    with pytest.raises(FlashError):
        store.save(ONE)
    assert Checkpoints(flash, AREA).newest.sequence == 1


def test_an_empty_area_has_none():
    assert Checkpoints(chip(), Area(512, 0)).newest is None
