# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``kill -9`` of the process at any store to the flash file is a power cut like any other."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from powerloss_scenes import Tally

from dfota.engine import Engine, Unfinished
from dfota.flash import open_flash_file

pytestmark = pytest.mark.powerloss

KILLS = 14
STORES = 600
"""Of an update; an erase is five, a prog of pages of one sector two."""
PROGRAM = Path(__file__).with_name("dying_module.py")


@pytest.fixture
def state(tmp_path, scene):
    """Flash, package and key of a module before its update, in files."""
    (tmp_path / "flash.bin").write_bytes(scene.before)
    (tmp_path / "update.zip").write_bytes(scene.package)
    scene.trusted[0].save(tmp_path / "key.pub")
    return tmp_path


def run_until_killed(state: Path, store: int, part: int) -> subprocess.CompletedProcess:
    files = [str(state / name) for name in ("flash.bin", "update.zip", "key.pub")]
    return subprocess.run(
        [sys.executable, str(PROGRAM), *files, str(store), str(part)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_process_that_is_not_killed_ends_new(state, scene):
    done = run_until_killed(state, -1, 0)

    assert done.returncode == 0, done.stderr
    # The sample below reaches all of them.
    assert int(done.stdout) > STORES
    flash = open_flash_file(state / "flash.bin")
    scene.check(flash, "new")
    flash.close()


SOURCE = random.Random(9)  # noqa: S311 - a seeded sample is no secret
SAMPLE = [
    (int(STORES * (number + SOURCE.random()) / KILLS), SOURCE.choice([0, 1, 50, 99, 100]))
    for number in range(KILLS)
]


@pytest.mark.parametrize(("store", "part"), SAMPLE)
def test_a_process_killed_at_a_store_goes_on_at_the_next_start(
    state, scene, store, part, record_tally
):
    died = run_until_killed(state, store, part)
    assert died.returncode == -signal.SIGKILL, died.stderr

    flash = open_flash_file(state / "flash.bin")
    engine = Engine(flash)
    unfinished = isinstance(engine.boot(), Unfinished)
    if unfinished:
        for _ in engine.resume():
            pass
    is_new = engine.firmware.revision == scene.new.revision
    scene.check(flash, "new" if is_new else "old")
    assert is_new or not unfinished
    flash.close()

    again = open_flash_file(state / "flash.bin")
    scene.live(again)
    scene.live(again)
    scene.check(again, "new")
    again.close()
    record_tally("kill -9", "full", Tally(old=not is_new, new=is_new))
