# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The partition table is byte-exact and checks itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import FlashError, MisuseError
from dfota.flash import (
    Cut,
    CutMode,
    Geometry,
    PartitionTable,
    PowerLost,
    SimulatedFlash,
    TableEntry,
    find_table,
    read_tables,
    table_size,
    write_table,
)
from dfota.values import Digest, FirmwareVersion

GEOMETRY = Geometry(page_size=256, sector_size=4096, sector_count=2)
TABLE = PartitionTable(
    model="BG96",
    hardware="R1",
    revision=FirmwareVersion("BG96MAR02A07M1G_01.018.01.018"),
    security_counter=3,
    sequence=0x01020304,
    entries=(
        TableEntry("modem", 0x4000, 0x2000, 0x1234, Digest.of(b"modem")),
        TableEntry("apps", 0x6000, 0x1000, 1, Digest.of(b"apps")),
    ),
)
GOLDEN = (
    b"DFOTAPT1"
    b"\x01\x00\x02\x00\x04\x03\x02\x01\x03\x00\x00\x00\x90\x01\x00\x00"
    + b"BG96".ljust(64, b"\0")
    + b"R1".ljust(64, b"\0")
    + b"BG96MAR02A07M1G_01.018.01.018".ljust(64, b"\0")
    + b"modem".ljust(32, b"\0")
    + b"\x00\x40\x00\x00\x00\x20\x00\x00\x34\x12\x00\x00"
    + Digest.of(b"modem").value
    + b"apps".ljust(32, b"\0")
    + b"\x00\x60\x00\x00\x00\x10\x00\x00\x01\x00\x00\x00"
    + Digest.of(b"apps").value
)


def flash() -> SimulatedFlash:
    return SimulatedFlash(bytearray(SimulatedFlash.size_of(GEOMETRY)), GEOMETRY)


def test_the_bytes_of_a_table_never_change():
    data = TABLE.encode()

    assert data == GOLDEN + Digest.of(GOLDEN).value
    assert (
        Digest.of(GOLDEN).hex == "adcf986b4e273a4d86ca8ba29913f7a5eeb2e5c2b6f9cc1e5cf14a20538d7034"
    )
    assert PartitionTable.decode(data) == TABLE
    assert PartitionTable.decode(data + b"\xff" * 100) == TABLE
    assert len(data) == table_size(2) == 400


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=32)
U32 = st.integers(0, 2**32 - 1)
ENTRIES = st.builds(
    TableEntry, NAMES, U32, U32, U32, st.builds(Digest, st.binary(min_size=32, max_size=32))
)


@given(st.lists(ENTRIES, max_size=5), U32, U32, NAMES)
def test_decode_is_the_inverse_of_encode(entries, sequence, counter, text):
    table = PartitionTable(text, text, FirmwareVersion(text), counter, sequence, tuple(entries))

    assert PartitionTable.decode(table.encode()) == table


@given(st.integers(0, 399), st.integers(1, 255))
def test_every_changed_byte_is_found(position, change):
    data = bytearray(TABLE.encode())
    data[position] ^= change

    with pytest.raises(FlashError):
        PartitionTable.decode(bytes(data))


@given(st.integers(0, 399))
def test_a_truncated_table_is_no_table(size):
    with pytest.raises(FlashError):
        PartitionTable.decode(TABLE.encode()[:size])


@pytest.mark.parametrize(
    "table",
    [
        replace(TABLE, model=""),
        replace(TABLE, model="m" * 65),
        replace(TABLE, hardware="a\0b"),
        replace(TABLE, sequence=2**32),
        replace(TABLE, security_counter=-1),
        replace(TABLE, entries=(replace(TABLE.entries[0], name="n" * 33),)),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(table):
    with pytest.raises(MisuseError):
        table.encode()


def test_a_table_larger_than_a_sector_is_refused():
    many = replace(TABLE, entries=TABLE.entries * 30)
    with pytest.raises(MisuseError, match="does not fit"):
        write_table(flash(), 0, many)


def test_the_whole_copy_with_the_higher_sequence_counts():
    chip = flash()
    assert find_table(chip) is None

    write_table(chip, 1, TABLE)
    assert find_table(chip) == (1, TABLE)

    newer = replace(TABLE, sequence=TABLE.sequence + 1)
    write_table(chip, 0, newer)
    assert find_table(chip) == (0, newer)
    assert read_tables(chip) == (newer, TABLE)


@pytest.mark.parametrize("mode", CutMode)
@pytest.mark.parametrize("operation", range(3))
def test_a_table_torn_while_written_leaves_the_other_copy(operation, mode):
    chip = flash()
    newer = replace(TABLE, sequence=TABLE.sequence + 1)
    write_table(chip, 0, replace(TABLE, sequence=1))
    write_table(chip, 1, TABLE)
    chip.operations = 0
    chip.lose_power_at(Cut(operation, mode))

    with pytest.raises(PowerLost):
        write_table(chip, 0, newer)
    chip.power_on()

    complete = operation == 2 and mode is not CutMode.BEFORE
    found = find_table(chip)
    assert found in ((1, TABLE), (0, newer))
    if operation == 2 and mode is CutMode.AFTER:
        assert found == (0, newer)
    if not complete:
        assert found == (1, TABLE)
