# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A flash in a file outlives its process."""

from __future__ import annotations

import pytest

from dfota.errors import FileUnreadableError, GeometryError, OutputError
from dfota.flash import Geometry, PowerLost, SimulatedFlash, create_flash_file, open_flash_file

GEOMETRY = Geometry(page_size=256, sector_size=1024, sector_count=3)


def test_what_was_programmed_is_there_after_reopening(tmp_path):
    path = tmp_path / "flash.bin"
    flash = create_flash_file(path, GEOMETRY)
    flash.prog(1024, b"A" * 256)
    flash.close()
    with pytest.raises(PowerLost):
        flash.read(0, 1)

    again = open_flash_file(path)

    assert again.geometry == GEOMETRY
    assert again.read(1024, 256) == b"A" * 256
    again.close()


def test_a_flash_is_never_made_over_an_existing_file(tmp_path):
    path = tmp_path / "flash.bin"
    path.write_bytes(b"precious")

    with pytest.raises(OutputError, match="exists"):
        create_flash_file(path, GEOMETRY)
    assert path.read_bytes() == b"precious"


def test_a_file_whose_making_was_interrupted_becomes_an_erased_flash(tmp_path):
    path = tmp_path / "flash.bin"
    path.write_bytes(bytes(SimulatedFlash.size_of(GEOMETRY)))

    flash = open_flash_file(path, GEOMETRY)

    assert flash.read(0, GEOMETRY.size) == b"\xff" * GEOMETRY.size
    flash.close()


def test_a_missing_or_foreign_file_is_one_clear_error(tmp_path):
    with pytest.raises(FileUnreadableError):
        open_flash_file(tmp_path / "none")
    for content in (b"", b"x", b"y" * SimulatedFlash.size_of(GEOMETRY)):
        (tmp_path / "foreign").write_bytes(content)
        with pytest.raises(GeometryError):
            open_flash_file(tmp_path / "foreign")


def test_a_link_is_not_followed(tmp_path):
    create_flash_file(tmp_path / "outside", GEOMETRY).close()
    (tmp_path / "flash.bin").symlink_to(tmp_path / "outside")
    with pytest.raises(FileUnreadableError):
        open_flash_file(tmp_path / "flash.bin")


def test_a_full_disk_leaves_no_file(tmp_path, monkeypatch):
    def full(descriptor, offset, size):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full)

    with pytest.raises(OutputError, match="No space"):
        create_flash_file(tmp_path / "flash.bin", GEOMETRY)
    assert list(tmp_path.iterdir()) == []
