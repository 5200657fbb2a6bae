# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The golden transcripts of tests/golden: the module says exactly this, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfota.errors import MisuseError
from dfota.modem import PowerCut
from dfota.testing import (
    HostSends,
    ModulePrints,
    SomethingHappens,
    TimePasses,
    parse_golden,
)

TRANSCRIPTS = sorted((Path(__file__).parents[2] / "golden").glob("*.txt"))


class Replay:
    """A transcript against a module; what was printed and not expected yet is kept."""

    def __init__(self, bench, package: bytes) -> None:
        self.bench = bench
        self.package = package
        self.printed = b""

    def send(self, data: bytes) -> None:
        self.listen()
        assert self.printed == b"", "more was printed than the transcript has"
        self.printed = self.bench.send(data)

    def expect(self, data: bytes) -> None:
        """Let time pass until so much was printed, or nothing is to come."""
        self.listen()
        self.bench.run(until=lambda: len(self.printed) + self.fresh() >= len(data))
        self.listen()
        assert self.printed[: len(data)] == data
        self.printed = self.printed[len(data) :]

    def fresh(self) -> int:
        return sum(len(written) for _, written in self.bench.writes)

    def listen(self) -> None:
        self.printed += self.bench.take()

    def happen(self, word: str, argument: str) -> None:
        match word, argument:
            case "boot", "":
                self.bench.boot()
            case "serve", "package":
                self.bench.run()  # until the module has dialled
                self.bench.network.deliver(self.package)
            case "store", "package":
                self.bench.put_package(self.package)
            case "nobody", "answers":
                self.bench.run(is_patient=True)
            case "cut", _:
                self.bench.module.arm_power_cut(PowerCut.parse(argument))
            case _:
                pytest.fail(f"unknown: ! {word} {argument}")


def test_there_are_transcripts() -> None:
    names = {path.stem for path in TRANSCRIPTS}
    assert {"guide-3.2-access-point", "guide-4.1-from-server"} <= names
    assert len(names) >= 10


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_the_module_says_what_the_transcript_has(make_bench, package, path) -> None:
    replay = Replay(make_bench(), package)
    for step in parse_golden(path.read_text("ascii")):
        match step:
            case HostSends(data):
                replay.send(data)
            case ModulePrints(data):
                replay.expect(data)
            case TimePasses(seconds):
                replay.bench.wait(seconds)
            case SomethingHappens(word, argument):
                replay.happen(word, argument)
    replay.bench.run()
    replay.listen()
    assert replay.printed == b""


def test_bytes_are_written_as_words() -> None:
    text = "# nothing\n\n> AT<CR>\n< 1..2 <CR><LF>{}%<0A><3*FF><\n~ 1.5\n! cut restore:4\n"
    assert parse_golden(text) == (
        HostSends(b"AT\r"),
        ModulePrints(b"\r\n1%\n\xff\xff\xff<\r\n2%\n\xff\xff\xff<"),
        TimePasses(1.5),
        SomethingHappens("cut", "restore:4"),
    )


def test_a_line_of_no_kind_is_refused() -> None:
    with pytest.raises(MisuseError, match="begins with"):
        parse_golden("AT<CR>")
