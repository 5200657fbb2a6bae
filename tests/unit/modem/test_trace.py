# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A run is recorded and replayed, byte for byte; what is no trace, or differs, is told."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import random
import tracemalloc
import zlib
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import FileUnreadableError, MisuseError, ReplayDiffersError, TraceError
from dfota.modem import (
    BG96,
    HostLines,
    ModuleOptions,
    ModuleService,
    PortPlace,
    PowerCut,
    Scenario,
    Speed,
    TranscriptEntry,
    Trust,
    replay,
    with_settings,
)
from dfota.modem.inputs import BytesIn, LinesIn, VerbIn
from dfota.modem.snapshot import Snapshot

PATIENCE_S = 30.0

SCENARIO = Scenario.parse(
    b"""
title = "t"
description = "d"
host_sees = "h"
fact = "f"
[world]
rssi = 11
[[step]]
at = "9s"
do = "urc"
text = "+QIND: AT 9 S"
[[step]]
when = "phase:restore:30"
do = "power-cut"
[[step]]
after = "4s"
do = "power-on"
[[step]]
after = "30s"
do = "unplug"
port = "uart1"
""",
    "test",
    "test",
)


@pytest.fixture
def record(tmp_path, lab):
    """Run a module with what *drive* does to it; the trace, and what was said."""

    def run(drive, **options) -> tuple[Path, list[TranscriptEntry]]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.trace"
        said: list[TranscriptEntry] = []

        async def main():
            service = ModuleService(
                ModuleOptions(
                    **{
                        "state": tmp_path / path.stem,
                        "firmware": lab.old,
                        "trust": Trust((lab.key.public_key,)),
                        "ports": (PortPlace("usbat", pty=True), PortPlace("uart1", pty=True)),
                        "trace": path,
                        "transcript": said.append,
                        **options,
                    }
                )
            )
            await service.start()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await drive(service)
            finally:
                await service.stop()

        asyncio.run(main())
        return path, said

    return run


async def until(service, condition):
    changed = asyncio.Event()
    service._on_change = changed.set
    while not condition():
        changed.clear()
        await changed.wait()


async def upgrade(service, package):
    await until(service, lambda: service.module.radio.is_registered)
    put = service._put
    put(BytesIn("usbat", b"ATE0;+CMEE=2\r"))
    put(BytesIn("usbat", f'AT+QFUPL="EUFS:/fota/update.zip",{len(package)}\r\n'.encode()))
    await until(service, lambda: service.module.ports["usbat"]._transfer is not None)
    for at in range(0, len(package), 1000):
        put(BytesIn("usbat", package[at : at + 1000]))
        await asyncio.sleep(0)
    put(BytesIn("usbat", b"AT+QFOTADL=1\r"))
    await until(service, lambda: "01.019" in str(service.module.firmware))
    await until(service, lambda: service.module.radio.is_registered)


def test_an_upgrade_with_power_cuts_is_replayed_byte_for_byte(record, package):
    path, said = record(
        lambda service: upgrade(service, package),
        scenario=SCENARIO,
        power_cut=PowerCut.parse("restore:60:tail"),
        profile=with_settings(BG96, ["reboot_before_start=true", "boot_s=3.5"]),
    )
    again: list[TranscriptEntry] = []
    result, module = replay(path, sink=again.append)
    assert again == said
    assert result.is_complete
    assert result.revision == "BG96MAR02A07M1G_01.019.01.019"
    assert result.outputs > 100
    assert module.world.rssi == 11
    assert b"AT 9 S" in b"".join(entry.data for entry in said)
    at_9 = next(entry for entry in said if b"AT 9 S" in entry.data)
    assert at_9.at_s == pytest.approx(9.0, abs=0.1), (
        "an alarm comes at its instant, also at full speed"
    )


def test_until_stops_in_the_middle(record, package):
    path, said = record(lambda service: upgrade(service, package))
    middle = said[len(said) // 2].at_s
    again: list[TranscriptEntry] = []
    result, _ = replay(path, until_s=middle, sink=again.append)
    assert said[: len(again)] == again
    assert 0 < len(again) < len(said)
    assert result.virtual_s >= middle


@pytest.mark.parametrize("seed", range(6))
def test_random_sessions_are_replayed_byte_for_byte(record, package, seed):
    chance = random.Random(seed)  # noqa: S311 - a test that can be repeated

    async def drive(service):
        for _ in range(60):
            await session_step(service, chance, package)
        await asyncio.sleep(0.02)

    path, said = record(drive, speed=Speed(chance.choice([None, 50.0, 2000.0])))
    again: list[TranscriptEntry] = []
    replay(path, sink=again.append)
    assert again == said


COMMANDS = [
    "AT", "ATE0", "ATE1", "AT+CSQ;+CEREG?", "AT+COPS?", "AT+QFLST", "AT+QFLDS", "AT+CFUN=1,1",
    'AT+QFUPL="a",20', 'AT+QFDWL="a"', 'AT+QFOPEN="b"', "AT+CFUN=4", "AT+CFUN=1", "AT+QFOTADL=1",
    'AT+QFOTADL="http://127.0.0.1:1/x"', "AT+IPR=9600", 'AT+QCFG="band"', "A/", "AT+CCLK?",
    "AT+QPOWD", "AT+CMGF=1", "AT&W", "ATZ",
]  # fmt: skip

VERBS = [
    ("power-cut", {}), ("power-on", {}), ("power-cut", {"place": "updating:5"}), ("sim-pull", {}),
    ("sim-insert", {}), ("world", {"name": "coverage", "value": "false"}),
    ("world", {"name": "coverage", "value": "true"}), ("pause", {}), ("resume", {}),
    ("step", {"seconds": 3.5}), ("speed", {"factor": "max"}), ("speed", {"factor": "500"}),
    ("unplug", {"port": "uart1"}), ("plug", {"port": "uart1"}), ("urc", {"text": "+X: 1"}),
    ("noise", {"port": "usbat", "text": r"\xff\x00"}), ("reset", {}), ("pwrkey", {}),
    ("power-cut", {"operation": 3, "mode": "tail"}), ("flash-fault", {"kind": "fail"}),
    ("rm", {"name": "UFS:a"}), ("put", {"name": "UFS:b", "content": "AAEC"}),
]  # fmt: skip


async def session_step(service, chance, package):
    put, port = service._put, chance.choice(["usbat", "uart1"])
    match chance.randrange(8):
        case 0 | 1 | 2:
            put(BytesIn(port, chance.choice(COMMANDS).encode() + b"\r"))
        case 3:
            put(BytesIn(port, chance.randbytes(chance.randrange(1, 40))))
        case 4:
            dtr = chance.random() < 0.5
            put(LinesIn(port, HostLines(dtr=dtr, baud=chance.choice([None, 9600, 115200]))))
        case 5 | 6:
            put(VerbIn(*chance.choice(VERBS)))
        case 7:
            content = base64.b64encode(package).decode()
            put(VerbIn("put", {"name": "EUFS:/fota/update.zip", "content": content}))
    await asyncio.sleep(chance.choice([0, 0, 0.001, 0.003]))


# -- what can be wrong ---------------------------------------------------------------------


@pytest.fixture
def short(record):
    async def drive(service):
        await until(service, lambda: service.module.radio.is_registered)
        service._put(BytesIn("usbat", b"AT+CSQ\r"))

    return record(drive)[0]


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_the_first_difference_is_told_with_its_line(short):
    lines = short.read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if "+CSQ: 26" in line)
    changed(short, "+CSQ: 26", "+CSQ: 27")
    with pytest.raises(ReplayDiffersError, match=rf"line {number} .*CSQ: 27.*CSQ: 26") as caught:
        replay(short)
    assert caught.value.line == number
    assert replay(short, check=False)[0].is_complete


def test_an_output_too_much_or_too_little_is_a_difference(short):
    lines = short.read_text().splitlines(keepends=True)
    at = next(n for n, line in enumerate(lines) if "+CSQ: 26" in line)
    short.write_text("".join(lines[:at] + lines[at + 1 :]))
    with pytest.raises(ReplayDiffersError, match="recorded the end"):
        replay(short)
    short.write_text("".join(lines[: at + 1] + lines[at:]))
    with pytest.raises(ReplayDiffersError, match="replayed nothing"):
        replay(short)


def test_a_killed_process_leaves_a_prefix_that_can_be_replayed(short):
    data = short.read_bytes()
    whole, _ = replay(short)
    start = data.index(b'{"t": ')
    for end in range(len(data) - 2, start, -97):
        short.write_bytes(data[:end])
        result, _ = replay(short)
        assert not result.is_complete
        assert result.outputs <= whole.outputs


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"trace": 1', '"trace": 2', "format 2"),
        ('"boot_s"', '"boots_s"', "head"),
        ('"speed": "max"', '"speed": "fast"', "speed"),
        ('"flash": "', '"flash": "!', "unpacked"),
        ('"in": "bytes"', '"in": "magic"', "no input 'magic'"),
        ('"in": "bytes", "port": "usbat"', '"in": "bytes", "port": "lpt"', "no port"),
        ('{"t": 0', '{"t": -1', "ticks"),
        ('{"t": 0, "now": ', '{"t": 0, "now": -', "instant"),
        ('{"t": 0', "x", "no JSON"),
        ('{"t": 0', '[{"t": 0', "no JSON"),
    ],
)
def test_what_is_no_trace_is_told_with_its_line(short, old, new, reason):
    changed(short, old, new)
    with pytest.raises(TraceError, match=reason) as caught:
        replay(short)
    assert caught.value.path == str(short)


def test_a_count_that_cannot_be_reached_ends_the_replay(short):
    lines = short.read_text().splitlines()
    last = json.loads(lines[-1])
    lines[-1] = json.dumps({**last, "t": last["t"] + 50_000_000})
    short.write_text("\n".join(lines) + "\n")
    with pytest.raises(ReplayDiffersError, match="something pending"):
        replay(short)


def test_no_file_and_no_trace_at_all(tmp_path):
    with pytest.raises(FileUnreadableError):
        replay(tmp_path / "none")
    (tmp_path / "empty").write_bytes(b"")
    for data in (b"", b"\x00", b"{}\n", b'{"trace": 1}\n', b"null\n"):
        (tmp_path / "empty").write_bytes(data)
        with pytest.raises(TraceError):
            replay(tmp_path / "empty")


def test_a_full_disk_under_the_trace_does_not_stop_the_module(record):
    notes = []

    async def drive(service):
        await until(service, lambda: service.module.radio.is_registered)

    _, said = record(drive, trace=Path("/dev/full"), log=notes.append)
    assert said
    assert [note for note in notes if "the trace ends here" in note]


def test_the_head_tells_what_ran(short):
    head = json.loads(short.read_text().splitlines()[0])
    assert head["profile"]["boot_s"] == BG96.boot_s
    assert head["ports"] == ["usbat", "uart1"]
    assert set(head["profile"]) == set(asdict(BG96))


def test_a_snapshot_is_never_unpacked_beyond_what_it_says():
    bomb = base64.b64encode(zlib.compress(bytes(64 << 20))).decode()
    lines = (
        {"snapshot": 1, "flash_size": 10, "files": 0, "folders": [], "nv": {}},
        {"flash": bomb},
    )
    tracemalloc.start()
    try:
        with pytest.raises(MisuseError, match="another size"):
            Snapshot.of_lines(lines)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_the_files_of_a_snapshot_are_bounded_together(monkeypatch):
    monkeypatch.setattr("dfota.modem.snapshot.FILES_MAX_BYTES", 2500)
    packed = base64.b64encode(zlib.compress(bytes(1000))).decode()
    head = {"snapshot": 1, "flash_size": 0, "files": 3, "folders": [], "nv": {}}
    flash = {"flash": base64.b64encode(zlib.compress(b"")).decode()}
    files = [{"file": f"f{n}", "size": 1000, "content": packed} for n in range(3)]
    assert len(Snapshot.of_lines([{**head, "files": 2}, flash, *files]).files) == 2
    with pytest.raises(MisuseError, match="no size from 0 to 500"):
        Snapshot.of_lines([head, flash, *files])


@pytest.mark.parametrize(
    ("number", "changes"),
    [(0, {"seed": math.inf}), (1, {"nv": "x"}), (1, {"nv": [[1]]})],
)
def test_a_forged_number_or_mapping_is_no_trace(short, tmp_path, number, changes):
    lines = short.read_text().splitlines()
    lines[number] = json.dumps({**json.loads(lines[number]), **changes})
    forged = tmp_path / "forged.trace"
    forged.write_text("\n".join(lines) + "\n")
    with pytest.raises(TraceError):
        replay(forged)


@given(st.binary(max_size=100))
def test_any_bytes_are_a_snapshot_or_an_error(data):
    with pytest.raises(MisuseError):
        Snapshot.decode(data)
