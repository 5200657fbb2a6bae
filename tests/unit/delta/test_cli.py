# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota delta``: what a person sees, where files land, and what is left when it fails."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dfota.cli import run
from dfota.cli.exit_codes import ExitCode


@pytest.fixture
def folder(tmp_path: Path, pair: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with old.bin and new.bin, which is also the current one."""
    (tmp_path / "old.bin").write_bytes(pair[0])
    (tmp_path / "new.bin").write_bytes(pair[1])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_road_of_a_patch(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["delta", "create", "old.bin", "new.bin", "up.patch"]) == ExitCode.OK
    assert "of the new image's" in capsys.readouterr().out
    assert run(["delta", "show", "up.patch"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("format version 1", "copied", "corrected", "literal"))
    assert run(["delta", "apply", "old.bin", "up.patch", "out.bin"]) == ExitCode.OK

    assert (folder / "out.bin").read_bytes() == (folder / "new.bin").read_bytes()
    assert names(folder) == {"old.bin", "new.bin", "up.patch", "out.bin"}


def test_machines_get_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["--json", "delta", "create", "old.bin", "new.bin", "up.patch"])
    created = json.loads(capsys.readouterr().out)
    run(["--json", "delta", "show", "up.patch"])
    shown = json.loads(capsys.readouterr().out)
    run(["--json", "delta", "apply", "old.bin", "up.patch", "out.bin"])
    applied = json.loads(capsys.readouterr().out)

    assert created == shown
    assert shown["patch_size"] == (folder / "up.patch").stat().st_size
    assert applied["digest"] == shown["new_digest"]
    counts = sum(shown[key] for key in ("copied", "differing", "filled", "literal"))
    assert counts == shown["new_size"] == applied["size"]


def test_identical_images_are_pointed_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "same.bin").write_bytes((folder / "old.bin").read_bytes())

    assert run(["delta", "create", "old.bin", "same.bin", "up.patch"]) == ExitCode.OK

    assert "are the same image" in capsys.readouterr().err
    assert (folder / "up.patch").stat().st_size < 110


def test_a_patch_that_saves_nothing_is_pointed_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "noise.bin").write_bytes(os.urandom(2000))

    assert run(["delta", "create", "old.bin", "noise.bin", "up.patch"]) == ExitCode.OK

    assert "send the image instead" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv",
    [
        ["delta", "create", "old.bin", "new.bin", "old.bin"],
        ["delta", "create", "old.bin", "new.bin", "./new.bin"],
        ["delta", "create", "old.bin", "new.bin", "link"],
        ["delta", "apply", "old.bin", "up.patch", "old.bin"],
        ["delta", "apply", "old.bin", "up.patch", "up.patch"],
    ],
    ids=" ".join,
)
def test_an_input_is_never_overwritten(
    folder: Path, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run(["delta", "create", "old.bin", "new.bin", "up.patch"])
    (folder / "link").symlink_to("old.bin")
    before = {path: path.read_bytes() for path in folder.iterdir()}

    assert run(argv) == ExitCode.USAGE

    assert "is an input" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("argv", "exit_code", "code"),
    [
        (["create", "none.bin", "new.bin", "x"], ExitCode.INPUT, "input.unreadable"),
        (["create", "old.bin", ".", "x"], ExitCode.INPUT, "input.unreadable"),
        (["create", "old.bin", "new.bin", "no/where"], ExitCode.OUTPUT, "output.unwritable"),
        (["create", "old.bin", "new.bin", "."], ExitCode.OUTPUT, "output.unwritable"),
        (["show", "none.patch"], ExitCode.INPUT, "input.unreadable"),
        (["show", "old.bin"], ExitCode.PACKAGE, "delta.not-a-patch"),
        (["apply", "old.bin", "new.bin", "x"], ExitCode.PACKAGE, "delta.not-a-patch"),
        (["apply", "new.bin", "up.patch", "x"], ExitCode.PACKAGE, "delta.old-mismatch"),
        (["apply", "old.bin", "cut.patch", "x"], ExitCode.PACKAGE, "delta.corrupt"),
        (["show", "cut.patch"], ExitCode.PACKAGE, "delta.corrupt"),
        (["show", "next.patch"], ExitCode.PACKAGE, "delta.version"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_bad_input_gives_one_sentence_and_no_file(
    folder: Path,
    argv: list[str],
    exit_code: ExitCode,
    code: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["delta", "create", "old.bin", "new.bin", "up.patch"])
    good = (folder / "up.patch").read_bytes()
    (folder / "cut.patch").write_bytes(good[:-3])
    (folder / "next.patch").write_bytes(good[:4] + b"\2" + good[5:])
    before = names(folder)
    capsys.readouterr()

    assert run(["delta", *argv]) == exit_code

    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"[{code}]" in captured.err
    assert "Traceback" not in captured.err
    assert names(folder) == before


def test_an_image_over_the_limit_is_not_even_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "huge.bin").open("wb") as stream:
        stream.truncate((1 << 30) + 1)

    assert run(["delta", "create", "old.bin", "huge.bin", "x"]) == ExitCode.PACKAGE

    assert "[delta.too-large]" in capsys.readouterr().err


def test_a_huge_foreign_file_is_refused_by_its_first_bytes(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "huge.patch").open("wb") as stream:
        stream.truncate(1 << 40)

    assert run(["delta", "show", "huge.patch"]) == ExitCode.PACKAGE

    assert "[delta.not-a-patch]" in capsys.readouterr().err


def test_ctrl_c_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object, **_options: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("dfota.delta.generate", interrupted)
    before = names(folder)

    assert run(["delta", "create", "old.bin", "new.bin", "up.patch"]) == ExitCode.INTERRUPTED

    assert names(folder) == before
