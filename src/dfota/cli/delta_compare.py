# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Run dfota's profiles and the patch tools of others on one pair; it prints nothing.

Every tool runs in a process of its own, one after another, and every patch is applied and
compared: a size without that means nothing.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from dfota.cli.compare_worker import memory
from dfota.delta import inspect

_SAMPLE_S = 0.002
_ADDRESS = re.compile(r"\s*[\[(][^\s\[\](]*0x[0-9a-f]+[\])]|\s*\b0x[0-9a-f]+\b", re.IGNORECASE)
_COMPLAINT_MAX = 60  # characters of what a tool complained
_LOOKS_MIN = 10  # a program that ends sooner was hardly seen
# What a worker's first try has freed shall not be used again unseen (glibc).
_RETURN_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "0", "MALLOC_MMAP_THRESHOLD_": "65536"}


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that makes patches.

    Attributes:
        name: what the table calls it.
        setting: what was asked of it.
        create: its command, with OLD, NEW and PATCH for the files.
        apply: its command, with OLD, PATCH and OUT for the files.
        module: the Python package that does the work in a worker, else empty.
        is_ours: whether it is dfota.
    """

    name: str
    setting: str
    create: tuple[str, ...]
    apply: tuple[str, ...]
    module: str = ""
    is_ours: bool = False

    @property
    def is_here(self) -> bool:
        """Whether it is installed."""
        if self.module:
            return importlib.util.find_spec(self.module) is not None
        return all(shutil.which(command[0]) for command in (self.create, self.apply))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one tool made of the pair.

    Attributes:
        tool: which.
        size: bytes of the patch; None where it failed.
        create_s: seconds.
        apply_s: seconds.
        apply_memory: peak bytes of applying, images included; None where nobody knows.
        decoder_memory: bytes that the patch asks of its decoder; None for others.
        failure: why there is no size, else empty.
    """

    tool: Tool
    size: int | None = None
    create_s: float | None = None
    apply_s: float | None = None
    apply_memory: int | None = None
    decoder_memory: int | None = None
    failure: str = ""

    def to_json(self, new_size: int, best_peer: int | None) -> dict[str, Any]:
        """The facts as plain values."""
        size = self.size
        return {
            "tool": self.tool.name,
            "setting": self.tool.setting,
            "is_dfota": self.tool.is_ours,
            "size": size,
            "ratio": round(size / new_size, 6) if size is not None and new_size else None,
            "ratio_to_best_peer": round(size / best_peer, 6) if size and best_peer else None,
            "create_s": _rounded(self.create_s),
            "apply_s": _rounded(self.apply_s),
            "apply_memory": self.apply_memory,
            "decoder_memory": self.decoder_memory,
            "failure": self.failure or None,
        }


class ToolFailedError(Exception):
    """A tool ended with an error or gave another image back; the message says which."""


def _program(name: str, create: str, apply: str) -> Tool:
    return Tool(name, create, tuple(create.split()), tuple(apply.split()))


def _worker(name: str, setting: str, *, tool: str, module: str, is_ours: bool = False) -> Tool:
    command = (sys.executable, "-P", "-m", "dfota.cli.compare_worker", tool)
    return Tool(
        name,
        setting,
        (*command, "create", "OLD", "NEW", "PATCH"),
        (*command, "apply", "OLD", "PATCH", "OUT"),
        module=module,
        is_ours=is_ours,
    )


PEERS = (
    _program("bsdiff", "bsdiff OLD NEW PATCH", "bspatch OLD OUT PATCH"),
    _program(
        "xdelta3",
        "xdelta3 -e -9 -S lzma -B 67108864 -f -s OLD NEW PATCH",
        "xdelta3 -d -B 67108864 -f -s OLD PATCH OUT",
    ),
    _program(
        "zstd",
        "zstd --ultra -22 --long=27 -q -f --patch-from=OLD NEW -o PATCH",
        "zstd -d -q -f --long=31 --patch-from=OLD PATCH -o OUT",
    ),
    _worker(
        "hdiffpatch",
        "hdiffpatch.diff(OLD, NEW, Lzma2Config(level=9, window=26))",
        tool="hdiffpatch",
        module="hdiffpatch",
    ),
    _worker("detools", "detools.create_patch(OLD, NEW)", tool="detools", module="detools"),
    _worker("bsdiff4", "bsdiff4.diff(OLD, NEW)", tool="bsdiff4", module="bsdiff4"),
)
"""Each at its strongest setting."""


def ours(profile: str) -> Tool:
    """The tool that dfota is with this profile."""
    return _worker(
        f"dfota {profile}",
        f"--profile {profile}",
        tool=f"dfota:{profile}",
        module="dfota",
        is_ours=True,
    )


def run(
    tools: Sequence[Tool], old: bytes, new: bytes, told: Callable[[int], None]
) -> Iterator[Outcome]:
    """One outcome for each of *tools*, in order; *told* hears how many are done."""
    with tempfile.TemporaryDirectory(prefix="dfota-compare-") as name:
        folder = Path(name)
        (folder / "OLD").write_bytes(old)
        (folder / "NEW").write_bytes(new)
        for index, tool in enumerate(tools):
            told(index)
            outcome = _try(tool, folder, new)
            if outcome.failure and not tool.is_ours and not (old and new):
                outcome = replace(outcome, failure="cannot handle an empty image")
            yield outcome
        told(len(tools))


def _try(tool: Tool, folder: Path, new: bytes) -> Outcome:
    outcome = Outcome(tool)
    try:
        create_s, _ = _step(tool, tool.create, folder, "PATCH")
        patch = (folder / "PATCH").read_bytes()
        apply_s, apply_memory = _step(tool, tool.apply, folder, "OUT")
    except ToolFailedError as failure:
        return replace(outcome, failure=str(failure))
    if (folder / "OUT").read_bytes() != new:
        return replace(outcome, failure="gave another image back")
    return replace(
        outcome,
        size=len(patch),
        create_s=create_s,
        apply_s=apply_s,
        apply_memory=apply_memory,
        decoder_memory=inspect(patch).memory_size if tool.is_ours else None,
    )


def _step(
    tool: Tool, command: tuple[str, ...], folder: Path, makes: str
) -> tuple[float, int | None]:
    """Run one command in *folder*: the seconds and the bytes of memory that it took."""
    (folder / makes).unlink(missing_ok=True)
    looks, peak = 0, 0
    started = time.perf_counter()
    with (
        (folder / "printed").open("w+b") as printed,
        (folder / "complained").open("w+b") as complained,
        subprocess.Popen(  # noqa: S603 - the commands are those above
            [_filled(argument, folder) for argument in command],
            env=os.environ | _RETURN_MEMORY,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=complained,
        ) as process,
    ):
        try:
            while process.poll() is None:
                # The peak only grows while the process lives: the last look counts.
                looks, peak = looks + 1, max(peak, memory("VmHWM", process.pid) or 0)
                time.sleep(_SAMPLE_S)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - started
        said, complaints = _lines(printed), _lines(complained)
    if process.returncode:
        why = _complaint(complaints, folder)
        raise ToolFailedError(f"failed ({why})" if why else "failed")
    if not (folder / makes).is_file():
        raise ToolFailedError("made no file")
    if tool.module:
        facts = json.loads(said[-1])
        return facts["seconds"], facts["memory"]
    return seconds, peak if peak and looks >= _LOOKS_MIN else None


def _lines(stream: IO[bytes]) -> list[str]:
    stream.seek(0)
    lines = stream.read().decode(errors="replace").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _complaint(lines: Sequence[str], folder: Path) -> str:
    """The line that says why: the first, or what a Python traceback ends with."""
    if not lines:
        return ""
    line = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    return _ADDRESS.sub("", line.replace(f"{folder}/", ""))[:_COMPLAINT_MAX].strip()


def _filled(argument: str, folder: Path) -> str:
    for role in ("OLD", "NEW", "PATCH", "OUT"):
        if argument == role or argument.endswith(f"={role}"):
            return argument.removesuffix(role) + str(folder / role)
    return argument


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
