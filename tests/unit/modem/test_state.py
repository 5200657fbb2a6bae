# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The directory of a module: whole or refused, one process at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from dfota.errors import StateDirectoryError
from dfota.modem import BG96, StateDirectory, with_settings
from dfota.testing import make_release
from dfota.values import Imei


def test_a_new_module_is_made_and_found_again(tmp_path, lab):
    with StateDirectory(tmp_path / "m", firmware=lab.old) as state:
        assert state.is_new
        state.nv.fota_apn.apn = "kept"
        state.save_nv()
    with StateDirectory(tmp_path / "m", firmware=lab.new) as state:
        assert not state.is_new
        assert state.nv.fota_apn.apn == "kept"
    names = {entry.name for entry in (tmp_path / "m").iterdir()}
    assert names == {"efs", "flash.bin", "lock", "module.json", "nv.json"}


def test_the_firmware_is_loaded_only_for_a_new_module(tmp_path, lab):
    calls = []

    def load():
        calls.append(1)
        return lab.old

    StateDirectory(tmp_path / "m", firmware=load).close()
    StateDirectory(tmp_path / "m", firmware=load).close()
    assert len(calls) == 1


def test_without_firmware_there_is_no_new_module_and_no_directory(tmp_path):
    with pytest.raises(StateDirectoryError, match="no firmware was given"):
        StateDirectory(tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_directory_with_other_files_is_left_alone(tmp_path, lab):
    (tmp_path / "thesis.txt").write_text("x")
    with pytest.raises(StateDirectoryError, match=r"thesis\.txt"):
        StateDirectory(tmp_path, firmware=lab.old)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_is_no_directory(tmp_path, lab):
    (tmp_path / "m").write_text("x")
    with pytest.raises(StateDirectoryError):
        StateDirectory(tmp_path / "m", firmware=lab.old)


def test_two_never_share_a_module(tmp_path, lab):
    path = tmp_path / "m"
    with StateDirectory(path, firmware=lab.old):
        with pytest.raises(StateDirectoryError, match="another process"):
            StateDirectory(path)
        code = f"from dfota.modem import StateDirectory; StateDirectory(__import__('pathlib').Path({str(path)!r}))"
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert "another process runs" in result.stderr
    StateDirectory(path).close()


def test_a_making_that_was_killed_is_begun_again(tmp_path, lab):
    path = tmp_path / "m"
    StateDirectory(path, firmware=lab.old).close()
    (path / "module.json").unlink()
    (path / "flash.bin").write_bytes(b"half")
    with StateDirectory(path, firmware=lab.new) as state:
        assert state.is_new
        assert state.flash.is_powered


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("nv.json", b""),
        ("nv.json", b"[]"),
        ("nv.json", b'{"format": 99}'),
        ("nv.json", b'{"format": 1}'),
        ("nv.json", b'{"format": 1, "imei": 5}'),
        ("nv.json", b"\xff\xfe"),
        ("module.json", b"{}"),
        ("module.json", b'{"format": 2}'),
        ("module.json", b"nonsense"),
        ("module.json", b'{"format": 1, "page_size": 1, "sector_size": 1, "sector_count": 1}'),
        ("flash.bin", b""),
        ("flash.bin", b"short"),
    ],
)
def test_a_damaged_module_is_refused_in_one_sentence(tmp_path, lab, name, content):
    path = tmp_path / "m"
    StateDirectory(path, firmware=lab.old).close()
    (path / name).write_bytes(content)
    with pytest.raises(StateDirectoryError) as caught:
        StateDirectory(path)
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    (path / name).unlink()
    if name == "module.json":
        return
    with pytest.raises(StateDirectoryError):
        StateDirectory(path)


def nv_with(**changes):
    def change(path):
        facts = json.loads((path / "nv.json").read_text())
        (path / "nv.json").write_text(json.dumps(facts | changes))

    return change


def instead_of(name, make):
    def change(path):
        (path / name).unlink()
        make(path / name)

    return change


@pytest.mark.parametrize(
    "change",
    [
        nv_with(fota_apn=[]),
        nv_with(fota_apn={"ip_type": float("inf"), "apn": "", "username": "", "password": ""}),
        nv_with(fota_apn={"ip_type": 77, "apn": "", "username": "", "password": ""}),
        nv_with(fota_apn={"ip_type": 0, "apn": 'a"\r\n', "username": "", "password": ""}),
        nv_with(fota_apn={"ip_type": 0, "apn": "a" * 101, "username": "", "password": ""}),
        nv_with(stored_settings=[]),
        nv_with(stored_settings={"e": 1e400}),
        nv_with(stored_settings={"e": -1}),
        nv_with(stored_settings={"e": True}),
        nv_with(imei="x\r\nRDY\r\n"),
        nv_with(imei="490154203237519"),
        nv_with(urc_port="com1"),
        nv_with(ipr="x"),
        nv_with(pending_install="perhaps"),
        *(
            instead_of(name, make)
            for name in ("nv.json", "module.json")
            for make in (
                os.mkfifo,
                lambda path: path.symlink_to("/dev/zero"),
                lambda path: path.write_bytes(b"[" * 50_000),
                lambda path: path.write_bytes(b'{"format": ' + b"9" * 5000 + b"}"),
                lambda path: path.write_bytes(b'{"format": 1, "x": "%s"}' % (b"x" * 100_000)),
                lambda path: path.mkdir(),
            )
        ),
        instead_of(
            "module.json",
            lambda path: path.write_text(
                '{"format": 1, "page_size": Infinity, "sector_size": 1, "sector_count": 1}'
            ),
        ),
    ],
)
def test_what_no_module_wrote_is_refused_in_one_sentence(tmp_path, lab, change):
    path = tmp_path / "m"
    StateDirectory(path, firmware=lab.old).close()
    change(path)
    with pytest.raises(StateDirectoryError) as caught:
        StateDirectory(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(path)) + 200


@pytest.mark.parametrize("name", ["efs", "efs/datatx", "efs/fota"])
def test_folders_of_the_file_system_never_lead_elsewhere(tmp_path, lab, name):
    path = tmp_path / "m"
    StateDirectory(path, firmware=lab.old).close()
    victim = tmp_path / "victim"
    (path / name).rename(tmp_path / "before")
    victim.mkdir()
    (victim / ".unfinished-thesis").write_text("x")
    (path / name).symlink_to(victim)
    with pytest.raises(StateDirectoryError, match="symbolic link"):
        StateDirectory(path)
    assert [entry.name for entry in victim.iterdir()] == [".unfinished-thesis"]


def test_a_flash_of_another_size_is_refused(tmp_path, lab):
    path = tmp_path / "m"
    StateDirectory(path, firmware=lab.old).close()
    facts = json.loads((path / "module.json").read_text())
    facts["sector_count"] += 1
    (path / "module.json").write_text(json.dumps(facts))
    with pytest.raises(StateDirectoryError):
        StateDirectory(path)


def test_the_lock_is_never_a_link_to_something_else(tmp_path, lab):
    path = tmp_path / "m"
    path.mkdir()
    victim = tmp_path / "victim"
    victim.write_text("x")
    os.symlink(victim, path / "lock")
    with pytest.raises(StateDirectoryError):
        StateDirectory(path, firmware=lab.old)
    assert victim.read_text() == "x"


def test_factory_settings_come_from_the_profile(tmp_path, lab):
    profile = with_settings(BG96, ["urc_port=uart1", "imei=490154203237518"])
    with StateDirectory(tmp_path / "m", firmware=lab.old, profile=profile) as state:
        assert (state.nv.urc_port, state.nv.imei) == ("uart1", "490154203237518")


def test_a_closed_directory_has_no_flash(tmp_path, lab):
    state = StateDirectory(tmp_path / "m", firmware=lab.old)
    state.close()
    state.close()
    with pytest.raises(StateDirectoryError, match="closed"):
        _ = state.flash


def test_every_module_has_an_imei_of_its_own(tmp_path):
    release = make_release()
    found = set()
    for name in ("a", "b"):
        with StateDirectory(tmp_path / name, firmware=release) as state:
            found.add(Imei(state.nv.imei).digits)
    with StateDirectory(tmp_path / "a") as state:
        assert state.nv.imei in found
    assert len(found) == 2
