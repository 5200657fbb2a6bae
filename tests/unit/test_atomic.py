# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dfota.atomic import write_atomically
from dfota.errors import OutputError


def test_the_content_arrives_with_the_usual_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    write_atomically(target, b"whole")
    assert target.read_bytes() == b"whole"
    umask = os.umask(0)
    os.umask(umask)
    assert target.stat().st_mode & 0o777 == 0o644 & ~umask
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_secret_is_never_readable_by_others(tmp_path: Path) -> None:
    target = tmp_path / "secret.key"
    write_atomically(target, b"s", mode=0o600)
    assert target.stat().st_mode & 0o077 == 0


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"before")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as caught:
        write_atomically(target, b"x" * 4096)
    assert caught.value.reason == "No space left on device"
    assert target.read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_ctrl_c_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"before")

    def interrupt(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(target, b"after")
    assert target.read_bytes() == b"before"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to(real)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_device_is_written_directly() -> None:
    write_atomically(Path("/dev/null"), b"gone")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("name", ["folder", "missing/a.bin"])
def test_an_impossible_place_is_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError) as caught:
        write_atomically(tmp_path / name, b"x")
    assert caught.value.path == str(tmp_path / name)


def test_the_umask_of_the_process_is_never_changed(tmp_path: Path, monkeypatch) -> None:
    """Another thread's file would have other permissions for that moment."""

    def changed(mask: int) -> int:
        raise AssertionError(mask)

    monkeypatch.setattr("os.umask", changed)
    write_atomically(tmp_path / "a.bin", b"x", mode=0o600)
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == 0o600
