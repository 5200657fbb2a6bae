# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which tools are compared, with which settings, and which are here; it runs no comparison."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import importlib.util
import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from delta_bench.facts import Tool
from dfota.errors import DfotaError

WORKER = str(Path(__file__).with_name("worker.py"))
PROFILES = ("max", "balanced", "embedded")
# The names under which two peers take part in the goals.
HDIFFPATCH_RECORDED = "hdiffz-m1-SD-lzma2-9"
BSDIFF = "bsdiff"
NO_DELTA_RECORDED = "xz-9e-full(no delta)"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tool that may be here.

    Attributes:
        tool: its name and settings for the tables.
        create, apply: commands with OLD, NEW, PATCH and OUT for the files.
        decode: as apply, with both images in files, for a tool where that differs.
        needs: programs, or one Python package, that it cannot do without.
        is_python: whether it runs in a worker that reports its own cost.
        remedy: how to get it.
    """

    tool: Tool
    create: tuple[str, ...]
    apply: tuple[str, ...]
    needs: tuple[str, ...]
    decode: tuple[str, ...] = ()
    is_python: bool = False
    remedy: str = ""


def program(
    name: str, create: str, apply: str, *, recorded_as: str, remedy: str, opening: str = ""
) -> Candidate:
    made, applied = tuple(create.split()), tuple(apply.split())
    return Candidate(
        Tool(name, create, recorded_as=recorded_as),
        made,
        applied,
        needs=tuple(dict.fromkeys((opening or made[0], applied[0]))),
        remedy=remedy,
    )


def in_python(
    tool: Tool, worker: str, package: str, *, remedy: str = "", decodes: bool = False
) -> Candidate:
    start = (sys.executable, WORKER, worker)
    return Candidate(
        tool,
        (*start, "create", "OLD", "NEW", "PATCH"),
        (*start, "apply", "OLD", "PATCH", "OUT"),
        (package,),
        (*start, "decode", "OLD", "PATCH", "OUT") if decodes else (),
        is_python=True,
        remedy=remedy,
    )


def ours(profile: str) -> Candidate:
    keyword = "" if profile == "dfota" else f', profile="{profile}"'
    name = profile if profile == "dfota" else f"dfota {profile}"
    tool = Tool(name, f"dfota.delta.generate(OLD, NEW{keyword})", profile=profile)
    return in_python(tool, f"dfota:{profile}", "dfota", decodes=True)


DEBIAN = "apt-get install {}"
PYPI = "make bench-delta installs it from requirements/bench.txt"

PEERS = (
    program(
        BSDIFF,
        "bsdiff OLD NEW PATCH",
        "bspatch OLD OUT PATCH",
        recorded_as="bsdiff-4.3",
        remedy=DEBIAN.format("bsdiff"),
    ),
    program(
        "xdelta3 default",
        "xdelta3 -e -f -s OLD NEW PATCH",
        "xdelta3 -d -f -s OLD PATCH OUT",
        recorded_as="xdelta3-default",
        remedy=DEBIAN.format("xdelta3"),
    ),
    program(
        "xdelta3 strongest",
        "xdelta3 -e -9 -S lzma -B 67108864 -f -s OLD NEW PATCH",
        "xdelta3 -d -B 67108864 -f -s OLD PATCH OUT",
        recorded_as="xdelta3-9-lzma-B64M",
        remedy=DEBIAN.format("xdelta3"),
    ),
    program(
        "zstd default",
        "zstd -q -f --patch-from=OLD NEW -o PATCH",
        "zstd -d -q -f --long=31 --patch-from=OLD PATCH -o OUT",
        recorded_as="zstd-patch-from-default",
        remedy=DEBIAN.format("zstd"),
    ),
    program(
        "zstd strongest",
        "zstd --ultra -22 --long=27 -q -f --patch-from=OLD NEW -o PATCH",
        "zstd -d -q -f --long=31 --patch-from=OLD PATCH -o OUT",
        recorded_as="zstd-patch-from-ultra22",
        remedy=DEBIAN.format("zstd"),
    ),
    program(
        "hdiffz strongest",
        "hdiffz -m-1 -SD -c-lzma2-9 -f OLD NEW PATCH",
        "hpatchz -f OLD PATCH OUT",
        recorded_as=HDIFFPATCH_RECORDED,
        remedy="HDiffPatch's release page",
    ),
    in_python(
        Tool(
            "hdiffpatch strongest",
            "hdiffpatch.diff(OLD, NEW, Lzma2Config(level=9, window=26))",
        ),
        "hdiffpatch:lzma2",
        "hdiffpatch",
        remedy=PYPI,
    ),
    in_python(
        Tool("hdiffpatch default", "hdiffpatch.diff(OLD, NEW)"),
        "hdiffpatch",
        "hdiffpatch",
        remedy=PYPI,
    ),
    in_python(
        Tool(
            "hdiffpatch lite",
            "hdiffpatch.diff_lite(OLD, NEW, compression=TuzConfig(dict_size=32768))",
        ),
        "hdiffpatch:lite",
        "hdiffpatch",
        remedy=PYPI,
    ),
    in_python(
        Tool(
            "detools default",
            "detools.create_patch(OLD, NEW, PATCH)",
            recorded_as="detools-seq-bsdiff-lzma(default)",
        ),
        "detools",
        "detools",
        remedy=PYPI,
    ),
    in_python(
        Tool(
            "detools hdiffpatch",
            'detools.create_patch(OLD, NEW, PATCH, patch_type="hdiffpatch",'
            ' algorithm="hdiffpatch")',
            recorded_as="detools-hdiffpatch-lzma",
        ),
        "detools:hdiffpatch",
        "detools",
        remedy=PYPI,
    ),
    in_python(
        Tool(
            "detools heatshrink",
            'detools.create_patch(OLD, NEW, PATCH, compression="heatshrink")',
            recorded_as="detools-seq-bsdiff-heatshrink8-7",
        ),
        "detools:heatshrink",
        "detools",
        remedy=PYPI,
    ),
    in_python(
        Tool("bsdiff4", "bsdiff4.diff(OLD, NEW)", recorded_as="bsdiff4-pypi"),
        "bsdiff4",
        "bsdiff4",
        remedy=PYPI,
    ),
    in_python(
        Tool("xz (no delta)", "lzma.compress(NEW, preset=9 | PRESET_EXTREME)",
             recorded_as=NO_DELTA_RECORDED),
        "xz",
        "lzma",
    ),
)  # fmt: skip


def text_of(*command: str) -> str:
    """What a command prints; empty when it cannot run."""
    try:
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return finished.stdout + finished.stderr


def version_of(candidate: Candidate) -> str:
    first = candidate.needs[0]
    if candidate.is_python:
        if first == "lzma":
            return "Python {}.{}.{}".format(*sys.version_info[:3])
        return importlib.metadata.version(first)
    packaged = text_of("dpkg-query", "-W", "-f", "${Version}", first)
    if re.fullmatch(r"[\w.+:~-]+", packaged):
        return f"Debian {packaged}"
    for option in ("--version", "-V", "-v"):
        if found := re.search(r"\d+\.\d+[\w.]*", text_of(first, option)):
            return found[0]
    return "unknown"


def present(
    candidates: Sequence[Candidate],
) -> tuple[list[Candidate], list[str]]:
    """The candidates that are here, with their versions, and why the others are not."""
    found, skipped = [], []
    for candidate in candidates:
        if candidate.is_python:
            absent = [name for name in candidate.needs if importlib.util.find_spec(name) is None]
        else:
            absent = [name for name in candidate.needs if shutil.which(name) is None]
        if absent:
            remedy = f" ({candidate.remedy})" if candidate.remedy else ""
            skipped.append(f"{candidate.tool.name}: {', '.join(absent)} is not installed{remedy}")
            continue
        tool = dataclasses.replace(candidate.tool, version=version_of(candidate))
        found.append(dataclasses.replace(candidate, tool=tool))
    return found, skipped


def profiles(
    wanted: Sequence[str], generate: Callable[..., bytes]
) -> tuple[list[Candidate], list[str]]:
    """The profiles of *wanted* that the engine's *generate* takes, and why it takes no others."""
    if "profile" not in inspect.signature(generate).parameters:
        return [ours("dfota")], ["profiles: this engine has only one"]
    found, skipped = [], []
    for profile in wanted:
        try:
            generate(b"old", b"new", profile=profile)
        except (DfotaError, ValueError, TypeError, KeyError) as refusal:
            skipped.append(f"dfota {profile}: {refusal}")
        else:
            found.append(ours(profile))
    return found, skipped


def chosen(names: Sequence[str]) -> list[Candidate]:
    """The peers whose names contain one of *names*; ``all`` and ``none`` mean what they say."""
    if list(names) == ["none"]:
        return []
    return [
        peer for peer in PEERS if "all" in names or any(name in peer.tool.name for name in names)
    ]
