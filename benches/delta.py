# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Patch sizes and times of dfota and its installed peers, side by side in one run.

For each pair of images: the bytes of the patch that each tool makes, every result applied
and compared with the new image, and the wall-clock time of making it and of applying it,
files and process start included for command-line peers. Pairs are the corpus of real
firmware beside the checkout (``../shared/corpus``; pairs up to 1.2 MB, ``--all`` for every
one) or, without it, the example releases. Peers that are not installed are skipped and
named. ``xz`` is no delta: it is what the whole new image costs. Times depend on the
machine and on what else it does; sizes do not.
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import lzma
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from dfota import delta

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
EXAMPLES = ROOT / "examples" / "firmware" / "releases"
SIZE_MAX = 1_200_000

Make = Callable[[bytes, bytes], bytes]
Apply = Callable[[bytes, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool: what it is, and how it makes and applies a patch."""

    name: str
    make: Make
    apply: Apply


def dfota() -> Peer:
    return Peer("dfota", delta.generate, delta.apply)


def xz() -> Peer:
    return Peer(
        "xz -9e (no delta)",
        lambda _old, new: lzma.compress(new, preset=9 | lzma.PRESET_EXTREME),
        lambda _old, patch: lzma.decompress(patch),
    )


def bsdiff4() -> Peer | None:
    try:
        module = importlib.import_module("bsdiff4")
    except ImportError:
        return None
    return Peer("bsdiff4 (PyPI)", module.diff, module.patch)


def command(name: str, program: str, make: list[str], apply: list[str]) -> Peer | None:
    """A command-line peer; OLD, NEW, PATCH and OUT in its arguments are file names."""
    if shutil.which(program) is None:
        return None

    def run(arguments: list[str], files: dict[str, bytes], wanted: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            paths = {role: str(Path(folder, role)) for role in ("OLD", "NEW", "PATCH", "OUT")}
            for role, content in files.items():
                Path(paths[role]).write_bytes(content)
            filled = []
            for argument in arguments:
                for role, path in paths.items():
                    argument = argument.replace(role, path)  # noqa: PLW2901 - filled in
                filled.append(argument)
            subprocess.run([program, *filled], check=True, capture_output=True)
            return Path(paths[wanted]).read_bytes()

    return Peer(
        name,
        lambda old, new: run(make, {"OLD": old, "NEW": new}, "PATCH"),
        lambda old, patch: run(apply, {"OLD": old, "PATCH": patch}, "OUT"),
    )


def peers() -> tuple[list[Peer], list[str]]:
    """The peers that are here, and the names of those that are not."""
    zstd = ["--ultra", "-22", "--long=27", "-q", "-f", "--patch-from=OLD"]
    candidates = {
        "xz -9e (no delta)": xz(),
        "bsdiff4 (PyPI)": bsdiff4(),
        "bsdiff": command("bsdiff", "bsdiff", ["OLD", "NEW", "PATCH"], ["OLD", "OUT", "PATCH"]),
        "xdelta3 -9 -S lzma": command(
            "xdelta3 -9 -S lzma",
            "xdelta3",
            ["-e", "-9", "-S", "lzma", "-f", "-s", "OLD", "NEW", "PATCH"],
            ["-d", "-f", "-s", "OLD", "PATCH", "OUT"],
        ),
        "zstd -22 --patch-from": command(
            "zstd -22 --patch-from",
            "zstd",
            [*zstd, "NEW", "-o", "PATCH"],
            ["-d", "--long=27", "-q", "-f", "--patch-from=OLD", "PATCH", "-o", "OUT"],
        ),
        "hdiffz -SD lzma2": command(
            "hdiffz -SD lzma2",
            "hdiffz",
            ["-m-1", "-SD", "-c-lzma2-9", "-f", "OLD", "NEW", "PATCH"],
            ["--patch", "-f", "OLD", "PATCH", "OUT"],
        ),
    }
    if candidates["bsdiff"] is not None and shutil.which("bspatch"):
        bspatch = command("bsdiff", "bspatch", [], ["OLD", "OUT", "PATCH"])
        candidates["bsdiff"] = Peer("bsdiff", candidates["bsdiff"].make, bspatch.apply)
    present = [peer for peer in candidates.values() if peer is not None]
    return [dfota(), *present], [name for name, peer in candidates.items() if peer is None]


def corpus_pairs(*, everything: bool) -> Iterator[tuple[str, bytes, bytes]]:
    def image(folder: Path, which: str) -> bytes:
        plain = folder / f"{which}.bin"
        if plain.exists():
            return plain.read_bytes()
        return lzma.decompress((folder / f"{which}.bin.xz").read_bytes())

    for folder in sorted(path.parent for path in CORPUS.glob("*/manifest.json")):
        facts = json.loads((folder / "manifest.json").read_text())
        if everything or max(facts["old_size"], facts["new_size"]) <= SIZE_MAX:
            yield folder.name, image(folder, "old"), image(folder, "new")


def example_pairs() -> Iterator[tuple[str, bytes, bytes]]:
    releases = sorted(path for path in EXAMPLES.glob("*") if path.is_dir())
    for old, new in itertools.pairwise(releases):
        for path in sorted(new.glob("*.bin")):
            if (old / path.name).exists():
                name = f"{path.stem} {old.name} to {new.name}"
                yield name, (old / path.name).read_bytes(), path.read_bytes()


def measure(peer: Peer, old: bytes, new: bytes) -> tuple[int, float, float]:
    started = time.perf_counter()
    patch = peer.make(old, new)
    made = time.perf_counter()
    back = peer.apply(old, patch)
    applied = time.perf_counter()
    if back != new:
        sys.exit(f"{peer.name} gave another image back")
    return len(patch), made - started, applied - made


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(math.log(value) for value in values) / len(values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="also the large pairs; takes long")
    parser.add_argument("--only", metavar="TEXT", default="", help="pairs whose name has TEXT")
    arguments = parser.parse_args()
    tools, absent = peers()
    pairs = corpus_pairs(everything=arguments.all) if CORPUS.is_dir() else example_pairs()
    print("Bytes of the patch; in brackets: ratio to the smallest of the row.\n")
    print("| pair | new |", *(f" {tool.name} |" for tool in tools))
    print("|---|---:|", *("---:|" for _ in tools))
    sizes: dict[str, list[int]] = {tool.name: [] for tool in tools}
    ratios: dict[str, list[float]] = {tool.name: [] for tool in tools}
    makes: dict[str, list[float]] = {tool.name: [] for tool in tools}
    applies: dict[str, list[float]] = {tool.name: [] for tool in tools}
    for name, old, new in pairs:
        if arguments.only not in name:
            continue
        row = {tool.name: measure(tool, old, new) for tool in tools}
        best = min(size for size, _, _ in row.values())
        cells = []
        for tool, (size, make_s, apply_s) in row.items():
            sizes[tool].append(size)
            ratios[tool].append(size / best)
            makes[tool].append(make_s)
            applies[tool].append(apply_s)
            cells.append(f" {size:,} ({size / best:.2f}) |")
        print(f"| {name} | {len(new):,} |", *cells, flush=True)
    if not sizes["dfota"]:
        sys.exit("no pair to measure")
    print("\n| tool | geometric mean | median | total bytes | making, s | applying, s |")
    print("|---|---:|---:|---:|---:|---:|")
    for tool, reached in sizes.items():
        print(
            f"| {tool} | {geometric_mean(ratios[tool]):.3f} "
            f"| {statistics.median(ratios[tool]):.3f} | {sum(reached):,} "
            f"| {sum(makes[tool]):.2f} | {sum(applies[tool]):.2f} |"
        )
    print(
        f"\n{len(sizes['dfota'])} pairs. Not installed, so not measured: {', '.join(absent) or '-'}."
    )


if __name__ == "__main__":
    main()
