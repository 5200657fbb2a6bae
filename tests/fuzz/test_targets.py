# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What is fuzzed holds for the seeds and some thousand inputs more; and the oracle bites.

``make fuzz-modem`` does the same for hours, guided by coverage.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

FUZZ = Path(__file__).resolve().parents[2] / "fuzz"
sys.path.insert(0, str(FUZZ))

from modem_fuzz import watchman  # noqa: E402 - the folder is on the path only now
from modem_fuzz.bed import Bed  # noqa: E402
from modem_fuzz.targets import TARGETS  # noqa: E402

SEEDS = sorted((FUZZ / "modem_fuzz" / "seeds").glob("*/*.hex"))
EXAMPLES = {
    "conversation": 100,
    "session": 50,
    "laboratory": 40,
    "snapshot": 40,
    "world": 30,
    "names": 40,
    "state": 40,
    "nv": 200,
}


def test_there_are_seeds() -> None:
    assert {seed.parent.name for seed in SEEDS} <= set(TARGETS)
    assert SEEDS


@pytest.mark.parametrize("seed", SEEDS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_was_found_once_holds(seed: Path) -> None:
    TARGETS[seed.parent.name](bytes.fromhex(seed.read_text()))


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_any_bytes_are_survived(name: str) -> None:
    @settings(max_examples=EXAMPLES.get(name, 300), deadline=None)
    @given(st.binary(max_size=300))
    def survive(data: bytes) -> None:
        TARGETS[name](data)

    survive()


@pytest.fixture
def bed() -> Bed:
    return Bed()


def test_a_bed_that_nothing_happened_to_is_well(bed):
    bed.check()


def test_a_command_without_end_is_told(bed):
    bed.module.ports["uart1"]._is_executing = True
    with pytest.raises(AssertionError, match="never ends its command"):
        bed.check()


def test_a_data_mode_without_end_is_told(bed):
    class Endless:
        def feed(self, data):
            return b""

        def abort(self):
            pass

    bed.module.ports["uart1"]._transfer = Endless()
    with pytest.raises(AssertionError, match="never leaves its data mode"):
        bed.check()


def test_a_module_that_is_busy_for_ever_is_told(bed):
    def again():
        bed.module.timeline.pace(0.0, again)

    again()
    with pytest.raises(AssertionError, match="time does not pass"):
        bed.wait(1.0)


def test_damaged_firmware_is_told(bed):
    flash = bed.state.flash
    for sector in range(flash.geometry.sector_count):
        flash.erase(sector * flash.geometry.sector_size)
    with pytest.raises(Exception, match=r"."):
        bed.check()


def test_a_file_outside_is_told(tmp_path):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    with watchman.watching(inside):
        (inside / "a").write_bytes(b"")
        os.rename(inside / "a", inside / "b")
    for trespass in (
        lambda: outside.write_bytes(b""),
        (inside / ".." / "outside").read_bytes,
        lambda: os.rename(inside / "b", outside),
        lambda: os.listdir(tmp_path),
    ):
        with pytest.raises(watchman.TrespassError), watchman.watching(inside):
            trespass()
