# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The virtual module by the thousand: memory, commands, boot, whole upgrades, against its goals.

Each figure comes from a process of its own. The image set that is upgraded is the one of the
corpus of real firmware beside the checkout (``../shared/corpus``); without it, that figure is
left out with a reason.

    make bench-modem ARGS="--quick"
    make bench-modem ARGS="--only swarm --modules 200"
    make bench-modem ARGS="--json run.json --write-docs"
    make bench-modem ARGS="--from-json run.json --write-docs"

The process ends with 1 when a module failed, with 130 when it was stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from modem_bench.facts import Figure, Run
from modem_bench.material import PAIR
from modem_bench.report import pages, report

from dfota.atomic import write_atomically

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT.parent / "shared" / "corpus"
DOCS = ROOT / "docs" / "benchmarks"
BENCHES = Path(__file__).resolve().parent

IDLE_MODULES = 10_000
SWARM_MODULES = 1_000
COMMANDS = 200_000
BOOTS = 31
SWARM_LIMIT_S = 900.0
SWARM_PROFILE = "embedded"
"""Each of them has a decoder at work; that of the default profile needs some 6 MiB."""

MEMORY = "Memory of idle modules"
SPEED = "Commands"
BOOT = "Boot"
UPGRADE = "A whole upgrade"
SWARM = "Many upgrades at once"


class MeasurementFailedError(Exception):
    """A worker ended with an error; the message is its last line."""


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench-modem", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--only", metavar="TEXT", default="", help="of " + ", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, one repeat")
    parser.add_argument("--modules", metavar="N", type=int, help="instead of 10,000 and 1,000")
    parser.add_argument("--repeats", metavar="N", type=int, help="runs of each measurement (3)")
    parser.add_argument("--timeout", metavar="S", type=float, default=1800, help="for one of them")
    parser.add_argument("--corpus", metavar="DIR", type=Path, default=CORPUS, help="real firmware")
    parser.add_argument("--note", default="", help="what else the machine did, for the page")
    parser.add_argument("--json", metavar="FILE", type=Path, help="keep every figure here")
    parser.add_argument("--from-json", metavar="FILE", type=Path, help="report a kept run")
    parser.add_argument(
        "--write-docs",
        metavar="DIR",
        type=Path,
        nargs="?",
        const=DOCS,
        help="write the page, its picture and its figures (docs/benchmarks)",
    )
    chosen = parser.parse_args(arguments)
    if chosen.repeats is None:
        chosen.repeats = 1 if chosen.quick else 3
    if chosen.repeats < 1 or (chosen.modules is not None and chosen.modules < 1):
        parser.error("--repeats and --modules must be 1 or more")
    return chosen


class Bench:
    """One run; what is measured by then is kept when it is stopped."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.has_corpus = (arguments.corpus / PAIR / "manifest.json").is_file()
        self.run = Run(
            machine=f"{os.cpu_count()}-core {platform.machine()}",
            material=(
                f"The image set is `{PAIR}`, cut from real firmware like a BG96's. {arguments.note}"
                if self.has_corpus
                else arguments.note
            ).strip(),
        )

    def measure(self) -> None:
        for name, part in PARTS.items():
            if self.arguments.only in name:
                part(self)

    def scaled(self, count: int) -> int:
        return max(count // 10, 1) if self.arguments.quick else count

    def modules(self, count: int) -> int:
        return self.arguments.modules or self.scaled(count)

    def add(self, *figures: Figure) -> None:
        for figure in figures:
            print(f"{figure.name}: {figure.value:,.4g} {figure.unit}", file=sys.stderr, flush=True)
        self.run = dataclasses.replace(self.run, figures=(*self.run.figures, *figures))

    def skip(self, reason: str) -> None:
        self.run = dataclasses.replace(self.run, skipped=(*self.run.skipped, reason))

    def ask(self, name: str, *, repeats: int | None = None, **options: object) -> dict[str, Any]:
        """The medians of what the worker found out."""
        found = [self._once(name, options) for _ in range(repeats or self.arguments.repeats)]
        return {key: statistics.median(one[key] for one in found) for key in found[0]}

    def _once(self, name: str, options: dict[str, object]) -> dict[str, Any]:
        command = [sys.executable, "-m", "modem_bench.worker", name, json.dumps(options)]
        try:
            ended = subprocess.run(
                command,
                cwd=BENCHES,
                capture_output=True,
                text=True,
                timeout=self.arguments.timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise MeasurementFailedError(f"{name} took too long") from None
        if ended.returncode:
            lines = [line for line in ended.stderr.splitlines() if line.strip()]
            raise MeasurementFailedError(f"{name}: {lines[-1] if lines else ended.returncode}")
        return json.loads(ended.stdout)


def idle(bench: Bench) -> None:
    count = bench.modules(IDLE_MODULES)
    corpus = str(bench.arguments.corpus) if bench.has_corpus else ""
    small = bench.ask("idle", count=count, corpus="", is_mapped=False)
    bench.add(
        Figure(
            f"memory of each of {count:,} idle modules",
            small["kib_each"],
            "KiB",
            64,
            group=MEMORY,
            note="private dirty pages; booted, registered, one command answered",
        ),
        Figure("boot of a module in memory", small["boot_ms"], "ms", group=BOOT, note="sans-I/O"),
    )
    if corpus:
        large = bench.ask("idle", count=count, corpus=corpus, is_mapped=False)
        bench.add(
            Figure(
                f"the same with the image set ({large['image_mib']:.0f} MiB of flash each)",
                large["kib_each"],
                "KiB",
                64,
                group=MEMORY,
                note="one factory image for all",
            ),
            Figure(
                "boot of a module with the image set",
                large["boot_ms"],
                "ms",
                group=BOOT,
                note="digests of the shared image are computed once",
            ),
        )
    mapped = bench.ask("idle", count=min(count, 5000), corpus=corpus, is_mapped=True)
    bench.add(
        Figure(
            "the same with a private mapping for each module",
            mapped["kib_each"] + mapped["tables_kib_each"],
            "KiB",
            group=MEMORY,
            note=f"the way not taken; {mapped['tables_kib_each']:.1f} KiB of it are page tables, "
            "and each needs a file descriptor",
        ),
        Figure(
            "boot of a module with a private mapping",
            mapped["boot_ms"],
            "ms",
            group=BOOT,
            note="the way not taken: every boot hashes all partitions",
        ),
    )


def commands(bench: Bench) -> None:
    for name, modules, has_echo, goal in (
        ("AT+CSQ, one module", 1, False, 30_000),
        ("AT+CSQ with echo, one module", 1, True, 30_000),
        ("AT+CSQ, 1,000 modules in turn", 1000, False, 30_000),
    ):
        found = bench.ask(
            "commands", count=bench.scaled(COMMANDS), modules=modules, has_echo=has_echo
        )
        how = "bytes in, bytes out, on one core"
        bench.add(
            Figure(name, found["per_s"], "per s", goal, is_ceiling=False, group=SPEED, note=how)
        )


def boot(bench: Bench) -> None:
    for name, is_on_disk, goal in (
        ("start of the pytest fixture, state in memory", False, 20),
        ("start of the pytest fixture, state in a directory", True, 20),
    ):
        found = bench.ask("boot", count=max(bench.scaled(BOOTS), 5), is_on_disk=is_on_disk)
        how = (
            "thread, pseudo-terminal, state, boot, registration; worst "
            f"{found['up_worst_ms']:.1f} ms, end {found['down_ms']:.1f} ms"
        )
        bench.add(Figure(name, found["up_ms"], "ms", goal, group=BOOT, note=how))


def upgrade(bench: Bench) -> None:
    if not bench.has_corpus:
        bench.skip(f"a whole upgrade: {PAIR} is not beside the checkout")
        return
    for name, is_on_disk in (("in memory", False), ("in a directory", True)):
        found = bench.ask(
            "upgrade",
            repeats=1,
            corpus=str(bench.arguments.corpus),
            repeats_inside=bench.arguments.repeats,
            is_on_disk=is_on_disk,
        )
        size = f"{found['image_bytes'] / 1e6:.1f} MB"
        if not is_on_disk:
            bench.add(
                Figure(
                    f"bare applying of {size}",
                    found["apply_s"],
                    "s",
                    group=UPGRADE,
                    note=f"package of {found['package_bytes']:,} bytes: parsed, verified, applied",
                )
            )
        bench.add(
            Figure(
                f"whole upgrade of {size} {name}",
                found["upgrade_s"],
                "s",
                group=UPGRADE,
                note="QFUPL, QFOTADL, UPDATING, RESTORE, END, boot, at speed max",
            ),
            Figure(
                f"whole upgrade {name} to bare applying",
                found["upgrade_s"] / found["apply_s"],
                "times",
                2,
                group=UPGRADE,
                note="both in turn, in one process",
            ),
        )


def swarm(bench: Bench) -> None:
    count = bench.modules(SWARM_MODULES)
    found = bench.ask("swarm", repeats=1, count=count, limit_s=SWARM_LIMIT_S, profile=SWARM_PROFILE)
    bench.add(
        Figure(f"failures of {count:,} upgrades at once", found["failures"], "", 0, group=SWARM),
        Figure(
            f"{count:,} upgrades from one server",
            found["total_s"],
            "s",
            group=SWARM,
            note="server and modules in one process, over the loopback; a firmware of 22 KB, "
            f"patches of the profile {SWARM_PROFILE}",
        ),
        Figure("processor time of each upgrade", found["cpu_ms_each"], "ms", group=SWARM),
        Figure("peak memory of all together", found["peak_mib"], "MiB", group=SWARM),
    )


PARTS: dict[str, Callable[[Bench], None]] = {
    "idle": idle,
    "commands": commands,
    "boot": boot,
    "upgrade": upgrade,
    "swarm": swarm,
}


def main() -> int:
    arguments = parsed()
    stopped = False
    if arguments.from_json is not None:
        run = Run.from_json(json.loads(arguments.from_json.read_text()))
    else:
        bench = Bench(arguments)
        try:
            bench.measure()
        except KeyboardInterrupt:
            stopped = True
            print("stopped; here is what was measured", file=sys.stderr)
        run = bench.run
        if arguments.json is not None:
            write_atomically(arguments.json, (json.dumps(run.to_json(), indent=1) + "\n").encode())
    print(report(run))
    if arguments.write_docs is not None and not stopped:
        arguments.write_docs.mkdir(parents=True, exist_ok=True)
        for name, content in pages(run).items():
            write_atomically(arguments.write_docs / name, content.encode())
    if stopped:
        return 130
    return int(any(figure.value for figure in run.figures if figure.name.startswith("failures")))


if __name__ == "__main__":
    sys.exit(main())
