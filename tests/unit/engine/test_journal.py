# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The journal: byte-exact records, and a sector that counts is never touched."""

from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.engine import Layout
from dfota.engine.journal import Journal, Record, RecordKind
from dfota.errors import FlashError
from dfota.flash import Cut, CutMode, Geometry, PowerLost, SimulatedFlash
from dfota.values import Digest

GEOMETRY = Geometry(128, 512, 9)
LAYOUT = Layout.of(GEOMETRY)
RECORD = Record(RecordKind.COPIED, 0x01020304, 0x11, 0x0A0B, True, Digest(bytes(range(32))))  # noqa: FBT003 - a record is its fields in order
GOLDEN = (
    b"DFOTAJR1\x02\x01\x00\x00\x04\x03\x02\x01\x11\x00\x00\x00\x0b\x0a\x00\x00"
    + bytes(range(32))
    + bytes(68)
)


def chip() -> SimulatedFlash:
    return SimulatedFlash(bytearray(SimulatedFlash.size_of(GEOMETRY)), GEOMETRY)


def test_the_bytes_of_a_record_never_change():
    page = RECORD.encode(128)

    assert page[:124] == GOLDEN
    assert page[124:] == zlib.crc32(GOLDEN).to_bytes(4, "little") == bytes.fromhex("f546d9a5")
    assert Record.decode(page) == RECORD


@pytest.mark.parametrize(
    ("kind", "number"),
    [("STAGED", 1), ("COPIED", 2), ("FINISHED", 3), ("REPORTED", 4), ("PATCHING", 5)],
)
def test_the_numbers_of_the_kinds_never_change(kind, number):
    assert RecordKind[kind] == number
    record = replace(RECORD, kind=RecordKind[kind])
    assert Record.decode(record.encode(256)) == record
    assert record.is_unfinished == (number in (1, 2, 5))


@given(st.integers(0, 127), st.integers(1, 255))
def test_every_changed_byte_makes_it_no_record(position, change):
    page = bytearray(RECORD.encode(128))
    page[position] ^= change

    assert Record.decode(bytes(page)) is None


@pytest.mark.parametrize("field", [(8, 0), (8, 6), (9, 2), (10, 1)])
def test_a_record_of_another_format_is_no_record(field):
    position, value = field
    body = bytearray(GOLDEN)
    body[position] = value

    assert Record.decode(bytes(body) + zlib.crc32(body).to_bytes(4, "little")) is None


def test_a_new_module_has_no_state():
    journal = Journal(chip(), LAYOUT)

    assert journal.newest is None
    assert journal.next_sequence == 1


def append(flash, count, *, restart=False):
    journal = Journal(flash, LAYOUT)
    for _ in range(count):
        if restart:
            journal = Journal(flash, LAYOUT)
        journal.append(
            replace(RECORD, sequence=journal.next_sequence, copied=journal.next_sequence)
        )


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("count", [1, 4, 5, 8, 9, 23])
def test_the_newest_record_counts_however_often_it_wraps_and_restarts(count, restart):
    flash = chip()
    append(flash, count, restart=restart)

    newest = Journal(flash, LAYOUT).newest
    assert newest is not None
    assert newest.sequence == newest.copied == count


def test_records_of_one_run_share_a_sector_and_a_start_takes_the_other():
    flash = chip()
    append(flash, 3)
    assert flash.operations == 1 + 3
    append(flash, 1)
    assert flash.operations == 4 + 2


@pytest.mark.parametrize("mode", CutMode)
@pytest.mark.parametrize("operation", range(29))
def test_a_cut_leaves_the_state_before_or_after_the_record(operation, mode):
    flash = chip()
    flash.lose_power_at(Cut(operation, mode))
    written = 0
    try:
        for written in range(23):
            append(flash, 1, restart=written % 3 == 0)
    except PowerLost:
        flash.power_on()

    newest = Journal(flash, LAYOUT).newest
    assert (newest.sequence if newest else 0) in (written, written + 1)
    append(flash, 6, restart=True)


def test_a_record_is_never_programmed_where_a_torn_one_left_no_trace():
    flash = chip()
    append(flash, 2)
    for _ in range(5):
        flash.operations = 0
        flash.lose_power_at(Cut(1, CutMode.BEFORE))
        with pytest.raises(PowerLost):
            append(flash, 1)
        flash.power_on()
        assert Journal(flash, LAYOUT).next_sequence == 3

    append(flash, 1)
    assert Journal(flash, LAYOUT).next_sequence == 4


@pytest.mark.parametrize("operation", [0, 1])
def test_an_append_that_the_chip_refuses_may_be_tried_again(operation):
    flash = chip()
    append(flash, 2)
    journal = Journal(flash, LAYOUT)
    flash.operations = 0
    for _ in range(3):
        flash.fail_at(flash.operations + operation)
        with suppress(FlashError):
            journal.append(replace(RECORD, sequence=3))
        assert Journal(flash, LAYOUT).next_sequence in (3, 4)

    flash.fail_at(None)
    journal.append(replace(RECORD, sequence=9))
    assert Journal(flash, LAYOUT).next_sequence == 10
