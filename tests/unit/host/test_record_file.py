# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The state file on a real disk: durable, private, one writer, hostile content refused."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path

import pytest

from dfota.errors import CheckFailedError, OutputError, PortBusyError, PortError, RecordError
from dfota.host import (
    RecordFile,
    Transcript,
    UpgradeRecord,
    list_records,
    read_record,
    record_file,
    record_folder,
    record_path,
)

OPEN = UpgradeRecord(imei="866425030123450", port="/dev/ttyUSB2", phase="starting", is_started=True)


def test_what_was_saved_is_loaded_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "a.json"
    with RecordFile(path) as first:
        first.save(OPEN)
    with RecordFile(path) as second:
        assert second.load() == OPEN


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    """It holds the user name and password of an access point."""
    path = tmp_path / "folder" / "a.json"
    with RecordFile(path) as file:
        file.save(OPEN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_file_and_name_are_on_the_disk_before_save_returns(tmp_path: Path, monkeypatch) -> None:
    synced: list[bool] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(descriptor).st_mode))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with RecordFile(tmp_path / "a.json") as file:
        file.save(OPEN)
    assert synced == [False, True]


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    first, second = (RecordFile(path, port="/dev/ttyUSB2") for _ in range(2))
    with first, pytest.raises(PortError, match="another dfota"), second:
        pass
    with RecordFile(path):
        pass


def test_a_disk_that_fails_before_the_start_stops_the_upgrade(tmp_path: Path, monkeypatch) -> None:
    def full(path: Path, data: bytes, *, mode: int) -> None:
        raise OutputError(str(path), "no space left on device")

    with RecordFile(tmp_path / "a.json") as file:
        file.save(OPEN.with_changes(is_started=False))
        monkeypatch.setattr(record_file, "write_atomically", full)
        with pytest.raises(OutputError, match="no space"):
            file.save(OPEN)


def test_a_disk_that_fails_after_the_start_stops_nothing(tmp_path: Path, monkeypatch) -> None:
    def full(path: Path, data: bytes, *, mode: int) -> None:
        raise OutputError(str(path), "no space left on device")

    with RecordFile(tmp_path / "a.json") as file:
        file.save(OPEN)
        monkeypatch.setattr(record_file, "write_atomically", full)
        file.save(OPEN.with_changes(phase="updating"))
        assert file.failure is not None
    assert read_record(tmp_path / "a.json") == OPEN


def test_a_module_that_is_upgraded_at_another_port_is_not_started_again(tmp_path: Path) -> None:
    with RecordFile(tmp_path / "a.json") as file:
        file.save(OPEN)
    with RecordFile(tmp_path / "b.json") as other:
        other.save(UpgradeRecord(port="/dev/ttyUSB6"))
        with pytest.raises(CheckFailedError, match="outcome is not known") as caught:
            other.save(UpgradeRecord(port="/dev/ttyUSB6", imei=OPEN.imei))
        assert "a.json" in caught.value.advice


@pytest.mark.parametrize(
    "changes", [{"is_ended": True}, {"is_started": False}, {"imei": "866425030123468"}]
)
def test_what_is_over_or_of_another_module_is_in_nobodys_way(tmp_path: Path, changes) -> None:
    with RecordFile(tmp_path / "a.json") as file:
        file.save(OPEN.with_changes(**changes))
    with RecordFile(tmp_path / "b.json") as other:
        other.save(UpgradeRecord(port="/dev/ttyUSB6", imei=OPEN.imei))


def test_one_module_at_two_ports_is_upgraded_by_one_process(tmp_path: Path) -> None:
    unstarted = OPEN.with_changes(is_started=False)
    with RecordFile(tmp_path / "a.json") as first, RecordFile(tmp_path / "b.json") as second:
        first.save(unstarted)
        with pytest.raises(PortBusyError, match=f"IMEI {OPEN.imei}") as caught:
            second.save(unstarted)
        assert caught.value.pid == os.getpid()
    with RecordFile(tmp_path / "b.json") as second:
        second.save(unstarted)


def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.json.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError), RecordFile(tmp_path / "a.json"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_transcript_is_its_owners_and_follows_no_link(tmp_path: Path) -> None:
    Transcript(tmp_path / "a.txt").close()
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for append in (False, True):
        with pytest.raises(OutputError):
            Transcript(tmp_path / "link", append=append)
    assert not (tmp_path / "elsewhere").exists()
    Transcript(Path("/dev/null")).close()


def test_two_ports_never_share_a_file(tmp_path: Path) -> None:
    ports = ["/dev/ttyUSB1", "/dev/ttyUSB11", "/dev/tty-USB1", "/dev/tty USB1", "socket://h:1",
             "rfc2217://h:1", "a/b", "a-b"]  # fmt: skip
    paths = {record_path(tmp_path, port) for port in ports}
    assert len(paths) == len(ports)
    assert all(path.parent == tmp_path for path in paths)
    assert all(len(path.name) < 120 for path in paths)
    assert record_path(tmp_path, "../" * 60 + "x" * 300).parent == tmp_path


def test_a_relative_state_home_is_ignored(monkeypatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    usual = Path("/home/somebody/.local/state/dfota/upgrades")
    assert record_folder({}) == usual
    assert record_folder({"XDG_STATE_HOME": "state"}) == usual
    assert record_folder({"XDG_STATE_HOME": "/var/lib"}) == Path("/var/lib/dfota/upgrades")


def test_without_a_home_or_a_place_to_write_another_is_asked_for(tmp_path, monkeypatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(OutputError) as caught:
        record_folder({})
    assert "--state-file" in caught.value.remedy
    (tmp_path / "file").touch()
    with pytest.raises(OutputError) as caught, RecordFile(tmp_path / "file" / "a.json"):
        pass
    assert "--state-file" in caught.value.remedy


def test_damaged_files_are_listed_and_refused(tmp_path: Path) -> None:
    with RecordFile(tmp_path / "a.json") as file:
        file.save(OPEN)
    (tmp_path / "b.json").write_bytes(b"{" * 100)
    (tmp_path / "c.json").write_bytes(b" " * 200_000)
    (tmp_path / "d.json").mkdir()
    listed = dict(list_records(tmp_path))
    assert listed[tmp_path / "a.json"] == OPEN
    assert [type(listed[tmp_path / name]) for name in ("b.json", "c.json", "d.json")] == [
        RecordError
    ] * 3
    assert list(list_records(tmp_path / "absent")) == []
    with RecordFile(tmp_path / "b.json") as file, pytest.raises(RecordError, match=r"b\.json"):
        file.load()


def test_the_page_names_every_field_and_no_other() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "upgrade-records.md"
    table = page.read_text().partition("\n## What is in it")[2]
    named = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert named == list(json.loads(OPEN.encode()))
