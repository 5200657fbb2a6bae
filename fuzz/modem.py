# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``make fuzz-modem``: the targets of ``modem_fuzz``, guided by coverage; needs atheris.

One process for each target, one after another or ``--jobs`` at once. What was found is kept
in ``--corpus``; an input that fails is written there as ``crash-…`` and ends its target.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "src"))


def run_target(name: str, arguments: list[str]) -> None:
    """Fuzz one target in this process; never returns."""
    import atheris

    with atheris.instrument_imports(include=["dfota"]):
        from modem_fuzz.targets import TARGETS

    target = TARGETS[name]
    atheris.Setup([name, *arguments], target)
    atheris.Fuzz()


def main() -> int:
    """Fuzz each target for its share of the time, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="which; all of them unless given")
    parser.add_argument("--minutes", type=float, default=5.0, help="for each target")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once")
    parser.add_argument("--corpus", type=Path, default=Path("fuzz-corpus"))
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options, rest = parser.parse_known_args()
    if options.only:
        run_target(options.only, [*rest, *options.targets])
    from modem_fuzz.targets import TARGETS

    names = options.targets or sorted(TARGETS)
    unknown = sorted(set(names) - set(TARGETS))
    if unknown:
        parser.error(f"there is no target {unknown[0]}; there are {', '.join(sorted(TARGETS))}")
    failed = []
    for first in range(0, len(names), options.jobs):
        batch = names[first : first + options.jobs]
        running = [(name, _start(name, options)) for name in batch]
        for name, process in running:
            log = (options.corpus / f"{name}.log").open("w+")
            for line in process.stderr or ():
                log.write(line)
            if process.wait():
                failed.append(name)
            log.seek(0)
            print(_summary(name, log.read(), process.returncode), flush=True)
            log.close()
    return bool(failed)


def _start(name: str, options: argparse.Namespace) -> subprocess.Popen[str]:
    found = options.corpus / name
    found.mkdir(parents=True, exist_ok=True)
    seeds = HERE / "modem_fuzz" / "seeds" / name
    command = [sys.executable, str(Path(__file__)), "--only", name]
    command += [f"-max_total_time={int(options.minutes * 60)}", "-print_final_stats=1"]
    command += [f"-artifact_prefix={found}/", "-timeout=60", "-rss_limit_mb=2048"]
    command += ["-max_len=4096", "-verbosity=1", str(found)]
    if seeds.is_dir():
        command.append(str(seeds))
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=lambda: os.nice(19),
    )


def _summary(name: str, log: str, status: int) -> str:
    """One line of the table: executions, edges, inputs kept, seconds, and how it ended."""
    progress = re.findall(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)", log)
    executions, edges, features, kept = progress[-1] if progress else ("0",) * 4
    done = re.search(r"stat::number_of_executed_units:\s*(\d+)", log)
    count = done[1] if done else executions
    ending = "ok" if not status else f"FAILED ({status}), see {name}.log"
    return f"{name:12} {count:>9} runs {edges:>6} edges {features:>7} features {kept:>5} kept  {ending}"


if __name__ == "__main__":
    sys.exit(main())
