# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Patch sizes, times and memory of dfota and its peers, side by side in one run.

For each pair of images and each tool: the bytes of the patch, the time and the peak memory of
creating and of applying it, each step in a process of its own, medians of several repeats;
every result is applied and compared with the new image. Then the goals of the delta engine,
met or missed by how much, and images that only grow. Pairs are the corpus of real firmware
beside the checkout (``../shared/corpus``) with the sizes that more peers reached on it, or,
without it, the example releases. A peer that is not installed is skipped with a reason.

    make bench-delta ARGS="--only cm4 --repeats 1"
    make bench-delta ARGS="--json run.json --write-docs"
    make bench-delta ARGS="--from-json run.json --write-docs"

Ctrl-C ends the run tidily: what is measured by then is reported and kept. The process ends
with 1 when a result of dfota was wrong, with 130 when it was stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from delta_bench import pairs as material
from delta_bench.facts import Growth, PairFacts, Result, Run
from delta_bench.judging import best_peer, wrong_results
from delta_bench.measuring import Laboratory
from delta_bench.pages import pages
from delta_bench.peers import BSDIFF, PROFILES, Candidate, chosen, present, profiles
from delta_bench.report import report

from dfota import delta
from dfota.atomic import write_atomically

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
EXAMPLES = ROOT / "examples" / "firmware" / "releases"
DOCS = ROOT / "docs" / "benchmarks"
PROGRAMS = [Path(name) for name in ("/usr/bin", "/usr/sbin", "/usr/libexec", "/usr/lib")]
GROWTH_MB = (1, 4, 16, 64)
QUICK_SIZE_MAX = 300_000
IDENTICAL_COUNT = 5
IDENTICAL_SIZE_MAX = 1_000_000


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench-delta", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--only", metavar="TEXT", default="", help="pairs whose names have TEXT")
    parser.add_argument("--max-size", metavar="BYTES", type=int, help="no larger images")
    parser.add_argument(
        "--quick",
        action="store_true",
        help=f"one repeat, images up to {QUICK_SIZE_MAX:,} bytes, growth only to 1 MB",
    )
    parser.add_argument(
        "--profiles", metavar="A,B", default=",".join(PROFILES), help="profiles of dfota"
    )
    parser.add_argument(
        "--peers", metavar="A,B", default="all", help="peers whose names have one of these, or none"
    )
    parser.add_argument("--repeats", metavar="N", type=int, help="runs of each step (3)")
    parser.add_argument("--timeout", metavar="S", type=float, default=3600, help="for one step")
    parser.add_argument(
        "--growth", metavar="MB,MB", help="sizes of the growing images (1,4,16,64), or none"
    )
    parser.add_argument("--corpus", metavar="DIR", type=Path, default=CORPUS, help="the pairs")
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep every figure here")
    parser.add_argument("--from-json", metavar="FILE", type=Path, help="report a kept run")
    parser.add_argument(
        "--write-docs",
        metavar="DIR",
        type=Path,
        nargs="?",
        const=DOCS,
        help="write the page and its pictures (docs/benchmarks)",
    )
    chosen_ = parser.parse_args(arguments)
    if chosen_.max_size is None and chosen_.quick:
        chosen_.max_size = QUICK_SIZE_MAX
    if chosen_.repeats is None:
        chosen_.repeats = 1 if chosen_.quick else 3
    if chosen_.repeats < 1:
        parser.error("--repeats must be 1 or more")
    try:
        chosen_.growth = growth_sizes(chosen_)
    except ValueError:
        parser.error("--growth takes sizes in MB, such as 1,4,16, or none")
    return chosen_


def growth_sizes(arguments: argparse.Namespace) -> list[int]:
    """Bytes of the growing images: as asked, else what fits the other choices."""
    if arguments.growth == "none":
        return []
    if arguments.growth is not None:
        return [round(float(size) * 1e6) for size in arguments.growth.split(",")]
    if arguments.only:
        return []
    sizes = [size * material.MEGABYTE for size in GROWTH_MB]
    if arguments.quick:
        return sizes[:1]
    limit = arguments.max_size
    return [size for size in sizes if limit is None or size <= limit]


def told(words: str) -> None:
    """A line of progress; on a terminal it replaces the one before."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{words}", end="", file=sys.stderr, flush=True)


def said(words: str) -> None:
    told("")
    print(words, file=sys.stderr, flush=True)


def selected(arguments: argparse.Namespace) -> tuple[list[material.Pair], str, list[str]]:
    """The pairs to measure, what they are, and why others are not measured."""
    skipped = []
    every = material.corpus_pairs(arguments.corpus) if arguments.corpus.is_dir() else []
    words = f"Pairs: {len(every)} pairs of releases of real firmware."
    if not every:
        every = material.example_pairs(EXAMPLES)
        words = "Pairs: the example releases (the corpus of real firmware was not there)."
        skipped.append(
            "the corpus of real firmware and its recorded sizes: not beside the checkout"
        )
    kept = [
        pair
        for pair in every
        if arguments.only in pair.name
        and (arguments.max_size is None or pair.size <= arguments.max_size)
    ]
    if left := len(every) - len(kept):
        skipped.append(f"{left} of {len(every)} pairs: not chosen by --only, --max-size or --quick")
    return sorted(kept, key=lambda pair: (pair.size, pair.name)), words, skipped


class Bench:
    """One run: measures step by step, so that a stopped run keeps what it has."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        chosen_pairs, words, skipped = selected(arguments)
        self._pairs = chosen_pairs
        ours, refused = profiles(arguments.profiles.split(","), delta.generate)
        ours, absent_ours = present(ours)
        peers, absent = present(chosen(arguments.peers.split(",")))
        self._ours, self._tools = ours, [*ours, *peers]
        self._recorded = material.recorded_sizes(arguments.corpus)
        self.run = Run(
            tools=tuple(candidate.tool for candidate in self._tools),
            skipped=(*skipped, *refused, *absent_ours, *absent),
            machine=f"{os.cpu_count()}-core {platform.machine()}",
            material=words,
            is_complete=False,
        )

    def measure(self) -> None:
        """Everything that was asked for; ``run`` grows with each result."""
        arguments = self._arguments
        if not self._pairs and not arguments.growth:
            sys.exit("no pair to measure: see --only and --max-size")
        with Laboratory(repeats=arguments.repeats, timeout_s=arguments.timeout) as laboratory:
            if not laboratory.has_launcher:
                said("cc is not installed: programs such as bsdiff cannot be measured")
            for index, pair in enumerate(self._pairs):
                self._pair(laboratory, pair, f"{index + 1}/{len(self._pairs)}")
            self._identical(laboratory)
            for size in arguments.growth:
                self._grow(laboratory, size)
        self.run = dataclasses.replace(self.run, is_complete=True)

    def _pair(self, laboratory: Laboratory, pair: material.Pair, place: str) -> None:
        laboratory.load(*pair.load())
        facts = PairFacts(
            pair.name, pair.old_size, pair.new_size, {}, dict(self._recorded.get(pair.name, {}))
        )
        for candidate in self._tools:
            facts.results[candidate.tool.name] = self._one(
                laboratory, candidate, f"{place} {pair.name}"
            )
        self.run = dataclasses.replace(self.run, pairs=(*self.run.pairs, facts))
        self._keep()
        best = best_peer(self.run, facts)
        sizes = [
            f"{candidate.tool.name} {size:,}" + (f" ({size / best[1]:.3f})" if best else "")
            for candidate in self._ours
            if (size := facts.results[candidate.tool.name].patch_size) is not None
        ]
        if best:
            sizes.append(f"best peer {best[1]:,} ({best[0]})")
        said(f"{place} {pair.name}: {', '.join(sizes)}")

    def _one(self, laboratory: Laboratory, candidate: Candidate, what: str) -> Result:
        name = candidate.tool.name
        result = laboratory.measure(candidate, lambda step: told(f"{what}: {name}, {step}"))
        if result.failure:
            said(f"{what}: {name}: {result.failure}")
        return result

    def _identical(self, laboratory: Laboratory) -> None:
        """The patch between an image and itself, on a few small images."""
        small = [pair for pair in self._pairs if pair.old_size <= IDENTICAL_SIZE_MAX]
        for pair in small[:IDENTICAL_COUNT] or self._pairs[:1]:
            old, _ = pair.load()
            laboratory.load(old, old)
            for candidate in self._ours:
                result = self._one(laboratory, candidate, f"{pair.name} twice")
                if result.patch_size is not None:
                    largest = self.run.identical.get(candidate.tool.name, 0)
                    self.run.identical[candidate.tool.name] = max(largest, result.patch_size)

    def _grow(self, laboratory: Laboratory, size: int) -> None:
        pool = material.corpus_pairs(self._arguments.corpus)
        old, new = material.growing(pool, PROGRAMS, size)
        if len(old) < size * 0.9:
            reason = f"growing image of {size / 1e6:g} MB: too little material on this machine"
            self.run = dataclasses.replace(self.run, skipped=(*self.run.skipped, reason))
            return
        laboratory.load(old, new)
        source = "the same share of every pair" if pool else "programs of this machine, edited"
        if "Growing images" not in self.run.material:
            words = f"{self.run.material} Growing images: {source}."
            self.run = dataclasses.replace(self.run, material=words)
        bsdiff = [candidate for candidate in self._tools if candidate.tool.name == BSDIFF]
        for candidate in [*self._ours, *bsdiff]:
            result = self._one(laboratory, candidate, f"growth {size / 1e6:g} MB")
            grown = Growth(candidate.tool.name, len(old), result)
            self.run = dataclasses.replace(self.run, growth=(*self.run.growth, grown))
            if result.create is not None:
                name = candidate.tool.name
                said(f"growth {size / 1e6:g} MB: {name} {result.create.wall_s:.2f} s")
        self._keep()

    def _keep(self) -> None:
        if self._arguments.json is not None:
            keep(self._arguments.json, self.run)


def keep(path: Path, run: Run) -> None:
    write_atomically(path, (json.dumps(run.to_json(), indent=1) + "\n").encode())


@contextmanager
def ended_tidily() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def main() -> int:
    arguments = parsed()
    stopped = False
    if arguments.from_json is not None:
        run = Run.from_json(json.loads(arguments.from_json.read_text()))
    else:
        bench = Bench(arguments)
        try:
            with ended_tidily():
                bench.measure()
        except KeyboardInterrupt:
            stopped = True
            said("stopped; here is what was measured")
        run = bench.run
        if arguments.json is not None:
            keep(arguments.json, run)
    print(report(run))
    if arguments.write_docs is not None:
        if stopped:
            said("the run was stopped: no page is written")
        else:
            arguments.write_docs.mkdir(parents=True, exist_ok=True)
            for name, content in pages(run).items():
                write_atomically(arguments.write_docs / name, content.encode())
            said(f"wrote {len(pages(run))} files")
    if stopped:
        return 130
    ours = {tool.name for tool in run.tools if tool.is_ours}
    return int(any(tool in ours for _, tool, _ in wrong_results(run)))


if __name__ == "__main__":
    sys.exit(main())
