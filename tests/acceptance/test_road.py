# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The whole road, as a user walks it: `dfota demo` as a process, on our own and on real firmware."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dfota.package import load_release

ROOT = Path(__file__).resolve().parents[2]
RELEASES = ROOT / "examples" / "firmware" / "releases"

SINGLE_IMAGE_PAIRS = [
    "cm4-pybricks-technichub",
    "cm4-micropython-pybv11",
    "xtensa-micropython-esp8266",
]


def demo(*arguments: object, folder: Path) -> dict:
    """Run the demo to its end and return its summary."""
    finished = subprocess.run(
        [sys.executable, "-m", "dfota", "demo", "--json", "--speed", "max", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return json.loads(finished.stdout)


def lines_of(transcript: Path, *, directions: str = "<>") -> list[str]:
    """The non-empty lines, in order and without times."""
    text = "".join(
        match[2]
        for match in re.finditer(r"^ *[0-9.]+ ([<>]) (.*)$", transcript.read_text(), re.MULTILINE)
        if match[1] in directions
    )
    return [line for line in re.split(r"(?:\\r|\\n)+", text) if line]


def assert_upgraded(summary: dict, new: Path) -> None:
    """What the summary says of the module is true of the release's own files."""
    release = load_release(new)
    assert summary["revision_after"] == str(release.revision)
    assert summary["digests_after"] == {
        partition.name: hashlib.sha256(partition.data).hexdigest()
        for partition in release.partitions
    }
    assert summary["digests_before"] != summary["digests_after"]
    assert summary["package_bytes"] < summary["full_image_bytes"]


def test_the_demo_upgrades_after_a_power_cut_in_restore(tmp_path: Path) -> None:
    summary = demo(folder=tmp_path)
    assert_upgraded(summary, RELEASES / "01.019")
    assert summary["power_cut"]["phase"] == "RESTORE"
    assert summary["power_cut"]["percent"] == 38
    assert summary["power_cut"]["operation"]["kind"] in {"prog", "erase"}


@pytest.mark.parametrize("percent", [1, 50, 99])
def test_a_cut_anywhere_in_restore_is_survived(tmp_path: Path, percent: int) -> None:
    summary = demo("--power-cut", percent, folder=tmp_path)
    assert_upgraded(summary, RELEASES / "01.019")
    assert summary["power_cut"]["percent"] == percent


def test_downgrade_is_just_another_package(tmp_path: Path) -> None:
    arguments = ("--old", RELEASES / "01.019", "--new", RELEASES / "01.018")
    summary = demo(*arguments, folder=tmp_path)
    assert_upgraded(summary, RELEASES / "01.018")


def restore_lines(first: int, style: str) -> list[str]:
    return [f'+QIND: "FOTA","RESTORE",{style}{percent}%' for percent in range(first, 101)]


def test_the_transcript_is_the_guides_chapter_4_1(tmp_path: Path) -> None:
    """DFOTA guide, 4.1, line by line: from the APN to END,0; dfota asks more in between."""
    summary = demo("--power-cut", "none", folder=tmp_path)
    lines = lines_of(Path(summary["transcript"]))
    begin = lines.index('AT+QCFGEXT="fota_apn",0,"Telstra.internet"')
    end = lines.index('+QIND: "FOTA","END",0')
    told = lines[begin : end + 1]
    (command,) = [line for line in told if line.startswith("AT+QFOTADL=")]
    assert re.fullmatch(r'AT\+QFOTADL="https://[^"/]+:\d+/update\.zip"', command)
    guide = [
        'AT+QCFGEXT="fota_apn",0,"Telstra.internet"',
        "OK",
        'AT+QCFGEXT="fota_apn"',
        '+QCFGEXT: "fota_apn",0,"Telstra.internet","",""',
        "OK",
        "AT+CSQ;+CEREG?;+CGREG?;+COPS?",
        "+CSQ: 26,99",
        "+CEREG: 0,1",
        "+CGREG: 0,4",
        '+COPS: 0,0,"Telstra Mobile Telstra",8',
        "OK",
        command,
        "OK",
        '+QIND: "FOTA","HTTPSTART"',
        '+QIND: "FOTA","HTTPEND",0',
        '+QIND: "FOTA","START"',
        *[f'+QIND: "FOTA","UPDATING", {percent}%' for percent in range(1, 101)],
        *[f'+QIND: "FOTA","RESTORE", {percent}%' for percent in range(1, 101)],
        '+QIND: "FOTA","END",0',
    ]
    start = told.index(command)
    assert told[start:] == guide[guide.index(command) :]
    before = iter(told[:start])
    assert all(line in before for line in guide[: guide.index(command)])


def test_the_transcript_of_a_cut_is_the_guides_note_2(tmp_path: Path) -> None:
    """DFOTA guide, 3.1.1, note 2: after the cut RESTORE begins again at 1 %."""
    summary = demo("--power-cut", 60, folder=tmp_path)
    got = lines_of(Path(summary["transcript"]), directions="<")
    resumed = got.index('+QIND: "FOTA","Last upgrade was not finished,continue upgrade"')
    before = [line for line in got[:resumed] if '"RESTORE"' in line]
    assert before == [f'+QIND: "FOTA","RESTORE", {percent}%' for percent in range(1, 61)]
    assert got[resumed + 1 : resumed + 102] == [
        *[f'+QIND: "FOTA","RESTORE",{percent}%' for percent in range(1, 101)],
        '+QIND: "FOTA","END",0',
    ]


@pytest.mark.corpus
def test_the_road_carries_a_bg96_like_set_of_partitions(corpus, tmp_path: Path) -> None:
    pair = corpus.pair("multi-bg96like-a")
    for which, image in (("old", pair.old), ("new", pair.new)):
        write_release(tmp_path / which, which, image, pair.manifest["partitions"])
    summary = demo("--old", tmp_path / "old", "--new", tmp_path / "new", folder=tmp_path)
    assert_upgraded(summary, tmp_path / "new")


def write_release(folder: Path, which: str, image: bytes, partitions: list[dict]) -> None:
    """Cut one flat image of the corpus into a release directory."""
    folder.mkdir()
    revision = {"old": "BG96MAR02A07M1G_01.018.01.018", "new": "BG96MAR02A07M1G_01.019.01.019"}
    lines = ['model = "BG96"', 'hardware = "MA"', f'revision = "{revision[which]}"']
    for partition in partitions:
        name, offset = partition["name"], partition["offset"]
        (folder / f"{name}.bin").write_bytes(image[offset : offset + partition[f"{which}_size"]])
        lines += [
            "",
            "[[partition]]",
            f'name = "{name}"',
            f'file = "{name}.bin"',
            f"slot = {partition['slot']}",
        ]
    (folder / "firmware.toml").write_text("\n".join(lines) + "\n")


@pytest.mark.corpus
@pytest.mark.parametrize("name", SINGLE_IMAGE_PAIRS)
def test_the_road_carries_single_images(corpus, name: str, tmp_path: Path) -> None:
    pair = corpus.pair(name)
    (tmp_path / "old.bin").write_bytes(pair.old)
    (tmp_path / "new.bin").write_bytes(pair.new)
    summary = demo("--old", "old.bin", "--new", "new.bin", folder=tmp_path)
    assert summary["digests_after"] == {"firmware": hashlib.sha256(pair.new).hexdigest()}
    assert summary["revision_after"] != summary["revision_before"]
