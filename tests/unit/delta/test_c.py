# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The C files alone: strict warnings, sanitizers, every switch, and no symbol too many."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest


def make(root: Path, target: str, build: Path) -> str:
    for tool in ("make", "cc"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    finished = subprocess.run(
        ["make", "-C", root / "c", target, f"BUILD={build}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_the_c_files_pass_their_own_tests(root: Path, tmp_path: Path) -> None:
    printed = make(root, "test", tmp_path)

    assert "0 failures" in printed
    assert "only mem*, no globals" in printed
    assert not re.search(r"[1-9]\d* failures", printed)


def test_the_applier_fits_a_small_microcontroller(root: Path, tmp_path: Path) -> None:
    """Budgets of the embedded applier: a struct of 2 KiB, code of 16 KiB, a frame of 256 bytes."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    printed = make(root, "size", tmp_path)

    structs = [int(size) for size in re.findall(r"struct (\d+) bytes", printed)]
    codes = [int(size) for size in re.findall(r"code (\d+) bytes in all", printed)]
    frames = [int(size) for size in re.findall(r"stack (\d+) bytes", printed)]
    assert len(structs) == len(codes) == 2
    assert max(structs) <= 2 * 1024
    assert max(codes) <= 16 * 1024
    assert max(frames) <= 256
