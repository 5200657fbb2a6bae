# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Releases on disk: what a directory may say, and that it reaches nothing outside itself."""

from __future__ import annotations

import os
import re
import tracemalloc
from pathlib import Path

import pytest

from dfota.errors import FileUnreadableError, MisuseError, OutputError, ReleaseError
from dfota.package import (
    LIMITS,
    Partition,
    Release,
    load_package,
    load_release,
    save_release,
)
from dfota.values import Digest, FirmwareVersion

GOOD = """\
model = "BG96"
hardware = "HW-1"
revision = "BG96MAR02A07M1G"
security_counter = 2

[[partition]]
name = "boot"
file = "boot.bin"
slot = 4096

[[partition]]
name = "modem"
file = "images/modem.bin"
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "release"
    (path / "images").mkdir(parents=True)
    (path / "firmware.toml").write_text(GOOD)
    (path / "boot.bin").write_bytes(b"boot code")
    (path / "images" / "modem.bin").write_bytes(b"modem code")
    (tmp_path / "secret").write_bytes(b"outside")
    return path


def test_a_directory_is_a_release(directory: Path) -> None:
    assert load_release(directory) == Release(
        "BG96",
        "HW-1",
        FirmwareVersion("BG96MAR02A07M1G"),
        (Partition("boot", b"boot code", 4096), Partition("modem", b"modem code")),
        2,
    )


def test_a_saved_release_comes_back(directory: Path, tmp_path: Path, old: Release) -> None:
    for number, release in enumerate((load_release(directory), old)):
        save_release(release, tmp_path / f"saved-{number}")
        assert load_release(tmp_path / f"saved-{number}") == release


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("", "colour = 1\n", r"unknown key 'colour'"),
        ("slot = 4096", "slots = 4096", r"partition 1: unknown key 'slots'"),
        ('model = "BG96"\n', "", r"the key 'model' is missing"),
        ('name = "boot"\n', "", r"partition 1: the key 'name' is missing"),
        ('file = "images/modem.bin"', "", r"partition 2: the key 'file' is missing"),
        ('"BG96"', "96", r"the key 'model' must be a string"),
        ("counter = 2", "counter = true", r"the key 'security_counter' must be an integer"),
        ("counter = 2", "counter = 2.0", r"the key 'security_counter' must be an integer"),
        ("counter = 2", "counter = -2", r"a security counter is 0 to"),
        ("counter = 2", "counter = " + "9" * 5000, r"integer string"),
        ("slot = 4096", 'slot = "4096"', r"partition 1: the key 'slot' must be an integer"),
        ("slot = 4096", "slot = 8", r"its slot only 8"),
        ('"BG96MAR02A07M1G"', '"R 1"', r"a firmware revision is"),
        ('"BG96"', '"BG 96"', r"a model is 1 to 32 of"),
        ('"boot"', '"Boot"', r"a partition name is"),
        ('name = "boot"', 'name = "modem"', r"the partition modem occurs twice"),
        ("[[partition]]", "[[partitions]]", r"unknown key 'partitions'"),
        (re.compile(r"\[\[partition.*", re.DOTALL), "partition = []", r"1 to 64 partitions, not 0"),
        (re.compile(r"\[\[partition.*", re.DOTALL), "partition = [1]", r"not a .* table"),
        (re.compile(r"\[\[partition.*", re.DOTALL), "partition = 1", r"must be \[\[partition\]\]"),
        (re.compile(r"\[\[partition.*", re.DOTALL), "", r"the key 'partition' is missing"),
        ("model =", "model", r"line 1"),
        ("BG96", "BG96\x00", r"line 1"),
        ("BG96", "\udcff", r"utf-8"),
        ("counter = 2", "counter = " + "[" * 20000, r"."),
        ('"boot.bin"', '"../secret"', r"partition 1: the file lies outside"),
        ('"boot.bin"', '"images/../../secret"', r"lies outside"),
        ('"boot.bin"', '"/etc/hostname"', r"lies outside"),
        ('"boot.bin"', '"link"', r"lies outside"),
        ('"boot.bin"', '"folder-link/secret"', r"lies outside"),
        ('"boot.bin"', '"loop"', r"."),
        ('"boot.bin"', r'"a\u0000b"', r"."),
        ('"boot.bin"', '"nothing"', r"No such file"),
        ('"boot.bin"', '"images"', r"directory"),
        ('"boot.bin"', '""', r"directory"),
        ('"boot.bin"', '"pipe"', r"not a regular file"),
        ('"boot.bin"', '"empty"', r"empty is empty"),
        ('"boot.bin"', '"huge"', r"huge has more than 268435456 bytes"),
    ],
)  # fmt: skip
def test_a_wrong_directory_is_refused_with_the_reason(directory, before, after, reason) -> None:
    (directory / "link").symlink_to("../secret")
    (directory / "folder-link").symlink_to("..")
    (directory / "loop").symlink_to("loop")
    (directory / "empty").touch()
    os.mkfifo(directory / "pipe")
    with (directory / "huge").open("wb") as stream:
        stream.truncate(LIMITS.image_size + 1)
    text = (
        before.sub(after, GOOD)
        if isinstance(before, re.Pattern)
        else after + GOOD if not before else GOOD.replace(before, after)
    )  # fmt: skip
    assert text != GOOD
    (directory / "firmware.toml").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises((ReleaseError, FileUnreadableError), match=reason):
        load_release(directory)


def test_a_link_inside_the_directory_is_followed(directory: Path) -> None:
    (directory / "boot.bin").unlink()
    (directory / "boot.bin").symlink_to("images/modem.bin")
    assert load_release(directory).partitions[0].data == b"modem code"


def test_a_directory_without_its_file_is_no_release(directory: Path) -> None:
    (directory / "firmware.toml").unlink()
    with pytest.raises(ReleaseError, match=r"has no firmware\.toml"):
        load_release(directory)
    (directory / "firmware.toml").mkdir()
    with pytest.raises(FileUnreadableError, match="directory"):
        load_release(directory)


def test_a_huge_release_file_is_not_read(directory: Path) -> None:
    (directory / "firmware.toml").write_bytes(b"#" * 65537)
    with pytest.raises(ReleaseError, match="more than 65536 bytes"):
        load_release(directory)


def test_an_identity_is_given_to_single_images_only(directory: Path) -> None:
    with pytest.raises(MisuseError, match=r"firmware\.toml"):
        load_release(directory, revision="R1")
    release = load_release(directory / "boot.bin", model="EG91", hardware="HW", revision="R1")
    partitions = (Partition("firmware", b"boot code"),)
    assert release == Release("EG91", "HW", FirmwareVersion("R1"), partitions)


def test_a_single_image_is_known_by_its_content(tmp_path: Path) -> None:
    for name in ("one.bin", "two.bin"):
        (tmp_path / name).write_bytes(b"image")
    one, two = load_release(tmp_path / "one.bin"), load_release(tmp_path / "two.bin")
    assert one == two
    assert one.revision.text == f"image-{Digest.of(b'image').hex[:12]}"
    assert (one.model, one.hardware) == ("BG96", "BG96")


@pytest.mark.parametrize(
    ("name", "error"),
    [("nothing", FileUnreadableError), ("empty", ReleaseError), ("pipe", FileUnreadableError),
     ("huge", ReleaseError)],
)  # fmt: skip
def test_a_file_that_is_no_image_is_refused(tmp_path: Path, name: str, error: type) -> None:
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(LIMITS.image_size + 1)
    with pytest.raises(error):
        load_release(tmp_path / name)


def test_a_release_is_never_saved_over_something(tmp_path: Path, old: Release) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_bytes(b"precious")
    (tmp_path / "link").symlink_to("full")
    for name in ("file", "full", "link", "no/parent"):
        with pytest.raises(OutputError) as caught:
            save_release(old, tmp_path / name)
        assert caught.value.path == str(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full", "link"]
    assert (tmp_path / "full" / "file").read_bytes() == b"precious"
    (tmp_path / "empty").mkdir()
    save_release(old, tmp_path / "empty")
    assert load_release(tmp_path / "empty") == old


@pytest.mark.parametrize("failure", [OutputError("x", "disk full"), KeyboardInterrupt()])
def test_a_failed_save_leaves_nothing(tmp_path, old, monkeypatch, failure) -> None:
    from dfota.package import release_files

    written: list[Path] = []

    def write(path: Path, data: bytes) -> None:
        if written:
            raise failure
        written.append(path)
        path.write_bytes(data)

    monkeypatch.setattr(release_files, "write_atomically", write)
    with pytest.raises(type(failure)):
        save_release(old, tmp_path / "saved")
    assert written
    assert list(tmp_path.iterdir()) == []


def test_a_saved_release_is_readable_as_the_umask_says(tmp_path: Path, old: Release) -> None:
    old_umask = os.umask(0o027)
    try:
        save_release(old, tmp_path / "saved")
    finally:
        os.umask(old_umask)
    assert (tmp_path / "saved").stat().st_mode & 0o777 == 0o750


def test_a_package_file_is_bounded_before_it_is_read(tmp_path: Path, built: bytes) -> None:
    from dfota.errors import ContainerError

    path = tmp_path / "update.zip"
    path.write_bytes(built)
    assert load_package(path).size == len(built)
    with path.open("r+b") as stream:
        stream.truncate(LIMITS.package_size + 1)
    tracemalloc.start()
    try:
        with pytest.raises(ContainerError, match="has more than"):
            load_package(path)
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()
