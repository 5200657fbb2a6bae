# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Runs tools one at a time, each step in a process of its own; it knows no tool and no pair."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from delta_bench.facts import Cost, Result
from delta_bench.peers import Candidate

ROLES = ("OLD", "NEW", "PATCH", "OUT")
LAUNCH_SOURCE = Path(__file__).with_name("launch.c")
# A step that takes longer than this is not repeated: the machine's noise is small beside it.
REPEAT_UNDER_S = 5.0


class ToolFailedError(Exception):
    """A tool ended with an error, or took too long; the message says which."""


class Laboratory:
    """A folder for one run, with one pair of images in it at a time; gone when left."""

    def __init__(self, *, repeats: int = 3, timeout_s: float = 3600) -> None:
        self._repeats = repeats
        self._timeout_s = timeout_s
        self._folder = Path()
        self._launcher: Path | None = None

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="dfota-bench-"))
        launcher = self._folder / "launch"
        compiler = shutil.which("cc")
        if compiler is not None:
            built = subprocess.run(
                [compiler, "-O1", "-o", launcher, LAUNCH_SOURCE], capture_output=True, check=False
            )
            self._launcher = launcher if built.returncode == 0 else None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def has_launcher(self) -> bool:
        """Whether the peak memory of programs can be told."""
        return self._launcher is not None

    def load(self, old: bytes, new: bytes) -> None:
        """Lay out the pair that the next measurements are about."""
        self._file("OLD").write_bytes(old)
        self._file("NEW").write_bytes(new)

    def measure(self, candidate: Candidate, told: Callable[[str], None] = lambda _: None) -> Result:
        """Create and apply a patch, compare, and say what each step cost."""
        patch_size = None
        create = apply = decode = None
        try:
            told("create")
            create = self._median(candidate, candidate.create, "PATCH")
            patch_size = self._file("PATCH").stat().st_size
            told("apply")
            apply = self._median(candidate, candidate.apply, "OUT")
            self._compare()
            if candidate.decode:
                told("decode")
                decode = self._step(candidate, candidate.decode, "OUT")
                self._compare()
        except ToolFailedError as failure:
            return Result(patch_size, create, apply, failure=str(failure))
        return Result(patch_size, create, apply, decode.peak_bytes if decode else None)

    def _file(self, role: str) -> Path:
        return self._folder / role.lower()

    def _compare(self) -> None:
        if self._file("OUT").read_bytes() != self._file("NEW").read_bytes():
            raise ToolFailedError("gave another image back")

    def _median(self, candidate: Candidate, command: tuple[str, ...], makes: str) -> Cost:
        costs = [self._step(candidate, command, makes)]
        sizes = {self._file(makes).stat().st_size}
        while len(costs) < self._repeats and costs[0].wall_s < REPEAT_UNDER_S:
            costs.append(self._step(candidate, command, makes))
            sizes.add(self._file(makes).stat().st_size)
        if len(sizes) > 1:
            raise ToolFailedError(f"gave {len(sizes)} different sizes for the same images")
        peaks = [cost.peak_bytes for cost in costs if cost.peak_bytes is not None]
        return Cost(
            statistics.median(cost.wall_s for cost in costs),
            statistics.median(cost.user_s for cost in costs),
            round(statistics.median(peaks)) if peaks else None,
            len(costs),
        )

    def _step(self, candidate: Candidate, command: tuple[str, ...], makes: str) -> Cost:
        self._file(makes).unlink(missing_ok=True)
        report = self._folder / "report"
        report.unlink(missing_ok=True)
        filled = [self._filled(argument) for argument in command]
        started = filled if self._launcher is None else [str(self._launcher), str(report), *filled]
        printed = self._finish(started)
        if not self._file(makes).exists():
            raise ToolFailedError("made no file")
        if candidate.is_python:
            told = json.loads(printed)
            return Cost(told["wall_s"], told["user_s"], told["peak_bytes"])
        if self._launcher is None:
            raise ToolFailedError("times need a C compiler (cc)")
        wall_s, user_s, peak_kib = report.read_text().split()
        return Cost(float(wall_s), float(user_s), int(peak_kib) * 1024)

    def _filled(self, argument: str) -> str:
        for role in ROLES:
            if argument == role or argument.endswith("=" + role):
                return argument.removesuffix(role) + str(self._file(role))
        return argument

    def _finish(self, command: list[str]) -> str:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            printed, complaint = process.communicate(timeout=self._timeout_s)
        except BaseException as reason:
            # Also on Ctrl-C: the tool runs in a session of its own and would live on.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(reason, subprocess.TimeoutExpired):
                raise ToolFailedError(f"took longer than {self._timeout_s:.0f} s") from None
            raise
        if process.returncode:
            lines = [line for line in complaint.splitlines() if line.strip()]
            last = lines[-1] if lines else ""
            for role in ROLES:
                last = last.replace(str(self._file(role)), role)
            status = f"ended with {process.returncode}"
            raise ToolFailedError(f"{status}: {last}" if last else status)
        return printed
