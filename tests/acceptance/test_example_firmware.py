# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The example firmware is what it says: consistent, rebuilt bit for bit, and alive in an emulator."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path

import pytest

RELEASES = {
    "01.018": ("boot", "modem", "apps", "config"),
    "01.019": ("boot", "modem", "apps", "config", "assets"),
}
SECTOR_SIZE = 131072
CRC_OFFSET = 64
DAMAGED = 71
"""The exit status with which the boot partition stops on a damaged firmware."""


@pytest.fixture(scope="session")
def firmware(root: Path) -> Path:
    return root / "examples" / "firmware"


def declared(release: Path) -> dict:
    return tomllib.loads((release / "firmware.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", RELEASES)
def test_release_declares_exactly_the_images_in_its_folder(firmware: Path, name: str) -> None:
    release = firmware / "releases" / name
    facts = declared(release)

    assert (facts["model"], facts["hardware"]) == ("BG96", "MA")
    assert facts["revision"] == f"BG96MAR02A07M1G_{name}.{name}"
    assert tuple(partition["name"] for partition in facts["partition"]) == RELEASES[name]
    assert {partition["file"] for partition in facts["partition"]} == {
        file.name for file in release.glob("*.bin")
    }
    for partition in facts["partition"]:
        assert partition["slot"] % SECTOR_SIZE == 0
        assert 0 < (release / partition["file"]).stat().st_size <= partition["slot"]


@pytest.mark.parametrize("name", RELEASES)
def test_image_describes_itself(firmware: Path, name: str) -> None:
    facts = declared(firmware / "releases" / name)
    for number, partition in enumerate(facts["partition"]):
        image = (firmware / "releases" / name / partition["file"]).read_bytes()
        offset = 0x100 if partition["name"] == "boot" else 0
        magic, layout, label, revision, address, size, crc32, entry = struct.unpack_from(
            "<4sI12s36sIIII", image, offset
        )
        unsealed = bytearray(image)
        unsealed[offset + CRC_OFFSET : offset + CRC_OFFSET + 4] = bytes(4)

        assert (magic, layout) == (b"DFPT", 1)
        assert label.rstrip(b"\0").decode() == partition["name"]
        assert address == number * SECTOR_SIZE
        assert size == len(image)
        assert crc32 == zlib.crc32(unsealed)
        if entry:
            assert revision.rstrip(b"\0").decode() == facts["revision"]


def test_releases_differ_as_a_demo_needs(firmware: Path) -> None:
    old, new = (
        {file.name: file.read_bytes() for file in (firmware / "releases" / name).glob("*.bin")}
        for name in RELEASES
    )

    assert new["config.bin"] == old["config.bin"]
    assert set(new) - set(old) == {"assets.bin"}
    assert all(new[name] != old[name] for name in ("boot.bin", "modem.bin", "apps.bin"))


def test_readme_states_the_size_of_every_image(firmware: Path) -> None:
    text = (firmware / "README.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
    for name, partitions in RELEASES.items():
        for partition in partitions:
            size = (firmware / "releases" / name / f"{partition}.bin").stat().st_size
            assert f"| {size:,} |".replace(",", " ") in rows[partition]


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    words = ("make", "--no-print-directory", "-C", str(folder), f"PYTHON={sys.executable}", *words)
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)


def test_rebuilding_elsewhere_gives_the_committed_images_bit_for_bit(
    firmware: Path, tmp_path: Path
) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    version = subprocess.run(
        ["arm-none-eabi-gcc", "--version"], capture_output=True, text=True, check=True
    )
    compiler = version.stdout.splitlines()[0]
    committed = (firmware / "releases" / "TOOLCHAIN").read_text(encoding="utf-8")
    if f"compiler: {compiler}\n" not in committed:
        pytest.skip(f"the committed images were made with another compiler than {compiler}")
    copy = tmp_path / "elsewhere"
    shutil.copytree(firmware, copy, ignore=shutil.ignore_patterns("build"))

    done = make(copy, "verify")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "verified: all 9 committed images are bit for bit" in done.stdout
    image = copy / "releases" / "01.019" / "modem.bin"
    image.write_bytes(image.read_bytes()[:-1] + b"!")
    assert make(copy, "verify").returncode != 0


def test_another_compiler_is_refused_in_one_sentence(firmware: Path, tmp_path: Path) -> None:
    compiler = tmp_path / "other-gcc"
    compiler.write_text("#!/bin/sh\necho 'other-gcc 99.9'\n", encoding="ascii")
    compiler.chmod(0o755)

    done = make(firmware, "verify", f"PREFIX={tmp_path}/other-", f"BUILD={tmp_path}/build")

    assert done.returncode != 0
    assert "The committed images were made with arm-none-eabi-gcc" in done.stderr
    assert "this is other-gcc 99.9" in done.stderr
    assert not (tmp_path / "build").exists()


@pytest.fixture
def emulator() -> str:
    found = shutil.which("qemu-system-arm")
    if found is None:
        pytest.skip("qemu-system-arm is not installed")
    return found


def boot(
    firmware: Path, emulator: str, release: Path, typed: str
) -> subprocess.CompletedProcess[str]:
    words = (sys.executable, str(firmware / "tools" / "run.py"), "--qemu", emulator, str(release))
    return subprocess.run(
        words, input=typed, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", RELEASES)
def test_release_boots_passes_its_self_tests_and_answers(
    firmware: Path, emulator: str, name: str
) -> None:
    release = firmware / "releases" / name
    typed = 'AT+QGMR\rAT+CALC="(2+3)*4"\rAT+SHA256="abc"\rAT+QTEMP\r\bAT+CBC\rAT+QPOWD\r'

    done = boot(firmware, emulator, release, typed)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "SELFTEST: all 25 passed" in done.stdout
    revision = declared(release)["revision"]
    assert f"APP RDY {revision}\n" in done.stdout
    assert f"\n{revision}\n\nOK\n" in done.stdout
    assert "+CALC: 20\n" in done.stdout
    assert "32,BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD\n" in done.stdout
    is_new = name == "01.019"
    assert ("+QTEMP: " in done.stdout) == is_new, "the new command"
    assert ("+CBC: " in done.stdout) == is_new, "the mended backspace"


def test_damaged_image_is_not_started(firmware: Path, emulator: str, tmp_path: Path) -> None:
    release = shutil.copytree(firmware / "releases" / "01.019", tmp_path / "release")
    image = bytearray((release / "apps.bin").read_bytes())
    image[len(image) // 2] ^= 1
    (release / "apps.bin").write_bytes(image)

    done = boot(firmware, emulator, release, "")

    assert done.returncode == DAMAGED
    assert "BOOT: apps at 0x00040000: CRC-32 differs\n" in done.stdout
    assert "APP RDY" not in done.stdout


def test_mixture_of_two_releases_is_not_started(
    firmware: Path, emulator: str, tmp_path: Path
) -> None:
    release = shutil.copytree(firmware / "releases" / "01.019", tmp_path / "release")
    shutil.copy(firmware / "releases" / "01.018" / "modem.bin", release)

    done = boot(firmware, emulator, release, "")

    assert done.returncode == DAMAGED
    assert "BOOT: modem is of another release\n" in done.stdout
