# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""How much of a serial line an upload uses, and what it costs the host, side by side with others.

A virtual module at full speed lies behind a line that is paced in real time
(``host_bench/line.py``). The same file goes through it in three ways: dfota's, one piece after
the other (1024 bytes, then wait for the ``A``), and fwupd's (2048 bytes, then wait for two).

    make bench-host
    make bench-host ARGS="--quick"
    make bench-host ARGS="--write-docs"
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dfota.at import Form, xor16
from dfota.at.catalog.files import QFDEL, QFUPL
from dfota.atomic import write_atomically
from dfota.host import (
    Answer,
    Ask,
    Procedure,
    SendData,
    SerialxTransport,
    Session,
    get_attention,
    upload_file,
)
from dfota.host.dialogue import AwaitAnswer

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "benchmarks"
FIRMWARE = ROOT / "examples" / "firmware" / "releases" / "01.018"
LINE = Path(__file__).resolve().parent / "host_bench" / "line.py"
NAME = "bench.bin"

BAUDS = (115_200, 460_800, 921_600)
DELAYS_MS = (1.0, 16.0)
"""Of a UART on the board, and of a USB adapter with its usual latency timer."""
GOAL_PERCENT = 95.0
SECONDS = 4.0
"""How long an upload takes at the full speed of the line."""


HOW = (
    "Written by `make bench-host`: one file through a line that is paced in real time, in three "
    "ways; medians. The percentage is of the bits that the line could carry, with the questions "
    "before, the acknowledgements and the checksum. A delay of 1 ms is a UART on the board, 16 ms "
    "a USB adapter with its usual latency timer. The machine was shared with other work."
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One way on one line: medians."""

    way: str
    baud: int
    delay_ms: float
    percent_of_line: float
    bytes_per_s: int
    cpu_ms_per_mib: float
    runs: int


def piecewise(size: int) -> Callable[[str, bytes], Procedure[None]]:
    """Send *size* bytes, await an ``A`` for each KiB of them, and so on."""

    def upload(name: str, data: bytes) -> Procedure[None]:
        yield Ask.command(QFDEL, Form.WRITE, filename=name)
        answer = yield Ask.command(
            QFUPL, Form.WRITE, filename=name, file_size=len(data), timeout=30, ackmode=1
        )
        check(isinstance(answer, Answer) and answer.text == "CONNECT", answer)
        for begin in range(0, len(data), size):
            piece = data[begin : begin + size]
            is_last = begin + size >= len(data)
            check((yield SendData(piece, 0 if is_last else size // 1024, 35)) is None, "no A")
        answer = yield AwaitAnswer(35)
        check(isinstance(answer, Answer) and f",{xor16(data):x}" in answer.lines[-1], answer)

    return upload


def check(is_right: bool, found: object) -> None:
    if not is_right:
        raise SystemExit(f"an upload failed: {found}")


WAYS: dict[str, Callable[[str, bytes], Procedure[None]]] = {
    "dfota": upload_file,
    "piece by piece, 1024": piecewise(1024),
    "as fwupd, 2048": piecewise(2048),
}


@contextlib.contextmanager
def module() -> Iterator[str]:
    """A virtual module at full speed; gives HOST:PORT."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ("--state", "m", "--firmware", str(FIRMWARE), "--speed", "max")
        with subprocess.Popen(
            [sys.executable, "-m", "dfota", "-q", "modem", "run", *arguments, "--tcp", "127.0.0.1:0"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            try:
                if process.stdout is None:
                    raise SystemExit("the module has no stdout")
                yield process.stdout.readline().strip().removeprefix("socket://")
            finally:
                process.terminate()


def measure(
    place: str, way: str, baud: int, delay_ms: float, seconds: float
) -> tuple[float, float]:
    """Percent of the line, and CPU seconds for a MiB, of one upload."""
    data = bytes(range(256)) * max(int(baud / 10 * seconds) // 256, 16)
    with subprocess.Popen(
        [sys.executable, str(LINE), place, str(baud), str(delay_ms)],
        stdout=subprocess.PIPE, text=True,
    ) as line:  # fmt: skip
        if line.stdout is None:
            raise SystemExit("the line has no stdout")
        port = f"socket://127.0.0.1:{line.stdout.readline().strip()}"
        with Session(lambda: SerialxTransport(port), port=port) as session:
            session.run(get_attention())
            cpu, began = time.process_time(), time.monotonic()
            session.run(WAYS[way](NAME, data))
            took, cost = time.monotonic() - began, time.process_time() - cpu
        line.wait(10)
    return 100 * len(data) * 10 / baud / took, cost * 2**20 / len(data)


def run(*, seconds: float, repeats: int, bauds: tuple[int, ...]) -> list[Figure]:
    found: dict[tuple[int, float, str], list[tuple[float, float]]] = {}
    with module() as place:
        for _ in range(repeats):
            for baud in bauds:
                for delay_ms in DELAYS_MS:
                    for way in WAYS:
                        runs = found.setdefault((baud, delay_ms, way), [])
                        runs.append(measure(place, way, baud, delay_ms, seconds))
    figures = []
    for (baud, delay_ms, way), runs in found.items():
        percent = statistics.median(percent for percent, _ in runs)
        cost = statistics.median(cost for _, cost in runs)
        speed, cpu_ms = round(percent * baud / 1000), round(cost * 1000)
        figures.append(Figure(way, baud, delay_ms, round(percent, 1), speed, cpu_ms, len(runs)))
    return figures


def report(figures: list[Figure]) -> str:
    lines = [
        "# Uploads in figures",
        "",
        HOW,
        "",
        f"The goal is {GOAL_PERCENT:.0f} % at each speed.",
        "",
        "| baud | delay | way | of the line | bytes/s | CPU of the host per MiB |",
        "| ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {f.baud:,} | {f.delay_ms:g} ms | {f.way} | {f.percent_of_line:.1f} % | "
        f"{f.bytes_per_s:,} | {f.cpu_ms_per_mib:,.0f} ms |"
        for f in figures
    ]
    lines += ["", "Figures as a file: [host.csv](host.csv). How: `benches/host.py`.", ""]
    return "\n".join(lines)


def table(figures: list[Figure]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(asdict(figures[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(figure) for figure in figures)
    return stream.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one short upload of each")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--baud", type=int, action="append", help="only this speed; repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--write-docs", action="store_true", help="write docs/benchmarks/host.*")
    given = parser.parse_args()
    figures = run(
        seconds=0.5 if given.quick else SECONDS,
        repeats=1 if given.quick else given.repeats,
        bauds=tuple(given.baud or BAUDS),
    )
    print(report(figures))
    if given.json:
        write_atomically(given.json, json.dumps([asdict(f) for f in figures], indent=2).encode())
    if given.write_docs:
        write_atomically(DOCS / "host.md", report(figures).encode())
        write_atomically(DOCS / "host.csv", table(figures).encode())
    ours = [figure for figure in figures if figure.way == "dfota"]
    missed = [figure for figure in ours if figure.percent_of_line < GOAL_PERCENT]
    for figure in missed:
        print(f"missed: {figure.percent_of_line} % at {figure.baud}, {figure.delay_ms:g} ms")
    return 1 if missed and not given.quick else 0


if __name__ == "__main__":
    sys.exit(main())
