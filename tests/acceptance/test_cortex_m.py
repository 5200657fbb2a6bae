# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The applier on an emulated Cortex-M: the vectors, real firmware, and updates in place that
lose their power; with the same digests as on the host, and inside 32 KiB of RAM."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from dfota.delta import InPlace, generate

ROOT = Path(__file__).resolve().parents[2]
PORT = ROOT / "c" / "ports" / "cortex-m"
VECTORS = ROOT / "vectors" / "patch"
RELEASES = ROOT / "examples" / "firmware" / "releases"
EMBEDDED = 2
"""The profile's number in a patch (docs/spec/patch-format.md)."""
RAM_SIZE = 32 * 1024
SECTOR_SIZE = 4096

Report = dict[str, str]


class Board:
    """The example of c/ports/cortex-m, built for one core."""

    def __init__(self, folder: Path, cpu: str, sets: str) -> None:
        for tool in ("make", "arm-none-eabi-gcc", "qemu-system-arm"):
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")
        self.folder = folder
        self.words = ["make", "-C", PORT, f"BUILD={folder}", f"CPU={cpu}", f"ISAS={sets}"]
        self.make("build")

    def make(self, *words: str, succeeds: bool | None = True) -> str:
        finished = subprocess.run(
            [*self.words, *words], capture_output=True, text=True, check=False, timeout=120
        )
        said = finished.stdout + finished.stderr
        assert succeeds is None or (finished.returncode == 0) == succeeds, said
        return finished.stdout

    def run(
        self, jobs: Iterable[str], *, succeeds: bool | None = True
    ) -> tuple[Report, dict[str, Report]]:
        """What the board says of itself, and of each job; without power it does not succeed."""
        listed = self.folder / "jobs"
        listed.write_text("".join(f"{job}\n" for job in jobs))
        printed = self.make("run", f"JOBS={listed}", succeeds=succeeds)
        lines = [line for line in printed.splitlines() if "=" in line]
        about = [dict(re.findall(r"(\w+)=(\S+)", line)) for line in lines]
        names = [line.split(" ")[0] for line in lines[1:]]
        return about[0], dict(zip(names, about[1:], strict=True))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    """A Cortex-M3 that knows Thumb alone."""
    return Board(tmp_path_factory.mktemp("m3"), "cortex-m3", "(1u<<1)")


def release(version: str, name: str) -> bytes:
    return (RELEASES / version / f"{name}.bin").read_bytes()


def digest(image: bytes) -> str:
    return hashlib.sha256(image).hexdigest()


def assert_fits(about: Report, reports: Iterable[Report]) -> None:
    variables = int(about["variables"])
    for report in reports:
        assert variables + int(report["stack"]) <= RAM_SIZE
        assert int(report["stack"]) < int(about["stack_room"])


@pytest.mark.parametrize("cpu", ["cortex-m3", "cortex-m4", "cortex-m7"])
def test_the_vectors_end_on_the_board_as_they_end_here(cpu: str, tmp_path: Path) -> None:
    board = Board(tmp_path, cpu, "0xffffu")
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"")
    jobs, expected = [], {}
    for line in (VECTORS / "index.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, result, *files = line.split(" ")
        old, new, patch = (nothing if file == "-" else VECTORS / file for file in files)
        head = patch.read_bytes()[:6]
        if len(head) == 6 and head[4] == 2 and head[5] & 3 != EMBEDDED:
            continue
        expected[name] = (result, digest(new.read_bytes()))
        jobs.append(f"apply {name} {old} {patch} {tmp_path / 'new.bin'}")

    about, reports = board.run(jobs)

    assert int(about["million"]) == pytest.approx(1_000_000, abs=80)
    assert len(reports) == len(expected) >= 20
    for name, (result, sha256) in expected.items():
        assert reports[name]["result"] == result, name
        if result == "OK":
            assert reports[name]["sha256"] == sha256, name
    assert_fits(about, reports.values())


@pytest.mark.parametrize("name", ["boot", "modem", "apps", "config"])
def test_a_real_release_is_made_on_the_board(name: str, board: Board) -> None:
    old, new = release("01.018", name), release("01.019", name)
    files = [board.folder / f"{name}.{kind}" for kind in ("old", "patch", "new")]
    files[0].write_bytes(old)
    files[1].write_bytes(generate(old, new, profile="embedded"))

    about, reports = board.run([f"apply {name} {files[0]} {files[1]} {files[2]}"])

    assert reports[name]["result"] == "OK"
    assert reports[name]["sha256"] == digest(new)
    assert files[2].read_bytes() == new
    assert_fits(about, reports.values())
    assert int(reports[name]["kiloinstructions"]) * 1000 <= 4000 * len(new)


def in_place_job(board: Board, name: str) -> tuple[Path, bytes, str, bytes]:
    """Flash with the old image, its content, the job's beginning, and the new image."""
    old, new = release("01.018", name), release("01.019", name)
    patch = board.folder / f"{name}.in-place.patch"
    place = InPlace(sector_size=SECTOR_SIZE, spare_size=SECTOR_SIZE)
    patch.write_bytes(generate(old, new, profile="embedded", in_place=place))
    sectors = [-(-len(image) // SECTOR_SIZE) for image in (old, new)]
    slot = max(sectors[0] + 1, sectors[1]) * SECTOR_SIZE
    content = old.ljust(slot, b"\xa5") + bytes(16 * SECTOR_SIZE)
    flash = board.folder / f"{name}.flash"
    return flash, content, f"inplace {name} {flash} {patch} {slot}", new


def test_a_slot_is_updated_in_place_whenever_the_power_fails(board: Board) -> None:
    flash, content, job, new = in_place_job(board, "boot")
    flash.write_bytes(content)
    about, reports = board.run([f"{job} 0"])
    operations = int(reports["boot"]["operations"])
    assert reports["boot"]["sha256"] == digest(new)
    assert operations > 100
    assert_fits(about, reports.values())

    for cut in {1, 2, operations // 3, operations // 2, operations - 20, operations}:
        flash.write_bytes(content)
        _, reports = board.run([f"{job} {cut}"], succeeds=False)
        assert reports["boot"] == {"cut": str(cut)}
        board.run([f"{job} 7"], succeeds=None)
        _, reports = board.run([f"{job} 0"])
        assert reports["boot"]["result"] == "OK", cut
        assert flash.read_bytes()[: len(new)] == new
        _, reports = board.run([f"{job} 0"])
        assert (reports["boot"]["result"], reports["boot"]["operations"]) == ("OK", "0")


def test_a_patch_for_another_image_touches_nothing(board: Board) -> None:
    flash, content, job, _ = in_place_job(board, "modem")
    other = b"\x00" + content[1:]
    flash.write_bytes(other)

    _, reports = board.run([f"{job} 0"])

    assert (reports["modem"]["result"], reports["modem"]["operations"]) == ("DIGEST", "0")
    assert flash.read_bytes() == other


def test_the_commands_of_the_how_to_work_on_the_board(board: Board, tmp_path: Path) -> None:
    """Also those that test_docs.py leaves out because they need the board."""
    for name in ("examples", "c"):
        (tmp_path / name).symlink_to(ROOT / name)
    page = (ROOT / "docs" / "howto" / "update-a-microcontroller.md").read_text()
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    promises = 0
    for block in blocks:
        for step in block.removeprefix("$ ").split("\n$ "):
            command, *promised = step.splitlines()
            finished = subprocess.run(
                ["bash", "-c", command],
                cwd=tmp_path,
                env=os.environ | {"PATH": path, "NO_COLOR": "1", "COLUMNS": "100"},
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            said = finished.stdout + finished.stderr
            assert finished.returncode == 0, f"$ {command}\n{said}"
            lines = iter(said.splitlines())
            for line in promised:
                pattern = ".*".join(re.escape(part) for part in line.split("…"))
                assert any(re.fullmatch(pattern, real) for real in lines), f"{line}\n{said}"
                promises += 1
    assert len(blocks) == 4
    assert promises >= 10
