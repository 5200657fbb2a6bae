# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota delta``: what a person sees, where files land, and what is left when it fails."""

from __future__ import annotations

import json
import os
import random
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete

from dfota.cli import run
from dfota.cli.delta import PROFILES
from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import cli
from dfota.delta import InPlace, generate
from dfota.errors import MisuseError


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
    assert re.search(r"of the new image's .* made in \d+\.\d s", capsys.readouterr().out)
    assert run(["delta", "show", "up.patch"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("format version 2", "profile ", "map", "literal"))
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

    assert created.pop("seconds") >= 0
    assert created.pop("smaller_than_new") is True
    assert created == shown
    assert shown["patch_size"] == (folder / "up.patch").stat().st_size
    assert applied["digest"].startswith(shown["new_digest"])
    assert shown["copied"] + shown["literal"] == shown["new_size"] == applied["size"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_what_was_asked_for(
    folder: Path, profile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["delta", "create", "old.bin", "new.bin", "up.patch", "--profile", profile]) == 0
    capsys.readouterr()
    assert run(["--json", "delta", "show", "up.patch"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["profile"] in {
        profile,
        "balanced" if profile == "max" else profile,  # where that is smaller
    }
    assert run(["delta", "apply", "old.bin", "up.patch", "out.bin"]) == ExitCode.OK
    assert (folder / "out.bin").read_bytes() == (folder / "new.bin").read_bytes()


def test_in_place_is_for_the_embedded_profile_and_has_a_sector_to_spare(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["delta", "create", "old.bin", "new.bin", "up.patch", "--in-place", "1k"]) == 0
    capsys.readouterr()
    run(["--json", "delta", "show", "up.patch"])

    shown = json.loads(capsys.readouterr().out)
    assert (shown["profile"], shown["sector_size"], shown["spare_size"]) == ("embedded", 1024, 1024)
    run(["delta", "show", "up.patch"])
    assert "in place: sectors of 1,024 bytes" in capsys.readouterr().out


def test_images_that_do_not_differ_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "same.bin").write_bytes((folder / "old.bin").read_bytes())
    before = names(folder)

    for command in (
        ["create", "old.bin", "same.bin", "up.patch"],
        ["compare", "old.bin", "same.bin"],
    ):
        assert run(["delta", *command]) == ExitCode.INPUT
        said = capsys.readouterr().err
        assert "old.bin and same.bin are the same image" in said
        assert "[delta.no-difference]" in said
    assert names(folder) == before


def test_a_patch_that_saves_nothing_is_pointed_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "noise.bin").write_bytes(os.urandom(2000))

    assert run(["--json", "delta", "create", "old.bin", "noise.bin", "up.patch"]) == ExitCode.OK

    captured = capsys.readouterr()
    assert "send the image instead" in captured.err
    assert json.loads(captured.out)["smaller_than_new"] is False


def test_an_empty_new_image_has_no_shares(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "empty.bin").write_bytes(b"")
    for command in (
        ["create", "old.bin", "empty.bin", "up.patch"],
        ["show", "up.patch", "--old", "old.bin", "--html", "up.html"],
        ["apply", "old.bin", "up.patch", "out.bin"],
        ["compare", "old.bin", "empty.bin", "--no-peers", "--profile", "embedded"],
    ):
        assert run(["delta", *command]) == ExitCode.OK
        captured = capsys.readouterr()
        assert "empty" in captured.out
        assert not re.search(r"\b0 bytes|0\.00% of|\d{4,}\.\d+%", captured.out)
        assert captured.err == ""
    assert (folder / "out.bin").read_bytes() == b""
    assert not re.search(r"\b0(\.0)? bytes", (folder / "up.html").read_text())


def test_a_missing_folder_is_to_be_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["delta", "create", "old.bin", "new.bin", "no/where"]) == ExitCode.OUTPUT

    assert "Make the folder first." in capsys.readouterr().err


def test_the_spare_is_whole_sectors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create = ["--json", "delta", "create", "old.bin", "new.bin", "up.patch", "--in-place", "1k"]
    for spare, whole in (("0", 0), ("1", 1024), ("1024", 1024), ("1025", 2048)):
        assert run([*create, "--spare", spare]) == ExitCode.OK
        assert json.loads(capsys.readouterr().out)["spare_size"] == whole


@pytest.mark.parametrize(
    "argv",
    [
        ["delta", "create", "old.bin", "new.bin", "old.bin"],
        ["delta", "create", "old.bin", "new.bin", "./new.bin"],
        ["delta", "create", "old.bin", "new.bin", "link"],
        ["delta", "show", "up.patch", "--html", "up.patch"],
        ["delta", "show", "up.patch", "--old", "old.bin", "--html", "old.bin"],
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
        (["show", "cut.patch", "--old", "old.bin"], ExitCode.PACKAGE, "delta.corrupt"),
        (["show", "up.patch", "--old", "new.bin"], ExitCode.PACKAGE, "delta.old-mismatch"),
        (["show", "up.patch", "--old", "none.bin"], ExitCode.INPUT, "input.unreadable"),
        (["show", "up.patch", "--html", "no/where"], ExitCode.OUTPUT, "output.unwritable"),
        (["compare", "old.bin", "none.bin"], ExitCode.INPUT, "input.unreadable"),
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
    (folder / "next.patch").write_bytes(good[:4] + b"\3" + good[5:])
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


@pytest.mark.parametrize("after_s", [0.02, 0.05, 0.1, 0.2])
def test_an_interrupt_at_any_moment_is_an_interrupt(
    folder: Path, after_s: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may come while C plans or codes, and be raised on the way into a callback."""
    source = random.Random(1)  # noqa: S311 - repeatable
    old = source.randbytes(1 << 20)
    cuts = sorted(source.sample(range(len(old)), 400))
    new = b"".join(old[at : at + 300] for at in cuts) + old[::-1]
    (folder / "old.bin").write_bytes(old)
    (folder / "new.bin").write_bytes(new)
    before = names(folder)

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, after_s)
    try:
        code = run(["delta", "create", "old.bin", "new.bin", "up.patch"])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)

    assert code == ExitCode.INTERRUPTED
    assert capsys.readouterr().err.split() == ["interrupted"]
    assert names(folder) == before


def test_ctrl_c_leaves_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_args: object, **_options: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr("dfota.delta.generate", interrupted)
    before = names(folder)

    assert run(["delta", "create", "old.bin", "new.bin", "up.patch"]) == ExitCode.INTERRUPTED

    assert names(folder) == before


@pytest.mark.parametrize(
    ("typed", "part", "offered"),
    [
        (["delta"], "", {"create", "apply", "show", "compare"}),
        (["delta", "create"], "--in", {"--in-place"}),
        (["delta", "create", "--profile"], "", set(PROFILES)),
        (["delta", "compare", "--profile"], "b", {"balanced"}),
        (["package", "build", "--profile"], "e", {"embedded"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_shell_completes_it(typed: list[str], part: str, offered: set[str]) -> None:
    shell = ShellComplete(cli, {}, "dfota", "_DFOTA_COMPLETE")
    assert {item.value for item in shell.get_completions(typed, part)} == offered


@pytest.mark.parametrize("command", ["create", "apply", "show", "compare"])
def test_help_teaches_by_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["delta", command, "--help"]) == ExitCode.OK

    said = capsys.readouterr().out
    assert "For example:" in said
    assert f"    dfota delta {command} " in said


@pytest.mark.parametrize(
    ("options", "reason", "remedy"),
    [
        (["--spare", "4k"], "--spare goes with --in-place", "--in-place SECTOR"),
        (["--in-place", "0"], "--in-place 0 is out of range", "256 to 1g"),
        (["--in-place", "255"], "--in-place 255 is out of range", "256 to 1g"),
        (["--in-place", "4g"], "--in-place 4g is out of range", "256 to 1g"),
        (["--in-place", "4q"], "is no size", "4096"),
        (["--in-place", "-1"], "is no size", "4096"),
        (["--in-place", "4k", "--spare", "4g"], "--spare 4g is out of range", "0 to 1g"),
        (["--in-place", "1000", "--spare", "1g"], "whole sectors", "--spare 1073741000 or"),
        (["--in-place", "4k", "--profile", "max"], "cannot update", "embedded or balanced"),
        (["--memory", "16k"], "goes with the profiles", "embedded or balanced"),
        (["--memory", "0", "--profile", "embedded"], "--memory 0 is out of range", "1 to 1g"),
        (["--memory", "4g", "--profile", "balanced"], "--memory 4g is out", "1 to 1g"),
        (["--memory", "100", "--profile", "embedded"], "--memory allows 100 bytes", "or more"),
    ],
)
def test_options_that_contradict_each_other_make_no_patch(
    folder: Path,
    options: list[str],
    reason: str,
    remedy: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = names(folder)
    create = ["delta", "create", "old.bin", "new.bin", "up.patch", *options]

    assert run(create) == ExitCode.USAGE

    said = capsys.readouterr().err.splitlines()
    assert reason in said[0]
    assert remedy in said[1]
    assert run([*create, "--json"]) == ExitCode.USAGE
    told = json.loads(capsys.readouterr().err)
    assert reason in told["message"]
    assert remedy in told["remedy"]
    assert names(folder) == before


def test_a_profile_that_is_none_is_told_which_there_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["delta", "create", "old.bin", "new.bin", "up.patch", "--profile", "tiny"]
    assert run(argv) == ExitCode.USAGE

    said = capsys.readouterr().err
    assert all(profile in said for profile in ("tiny", *PROFILES))


def test_the_least_memory_that_is_told_is_enough(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    create = ["delta", "create", "old.bin", "new.bin", "up.patch", "--profile", "embedded"]
    assert run([*create, "--json", "--memory", "1"]) == ExitCode.USAGE
    remedy = json.loads(capsys.readouterr().err)["remedy"]

    assert run([*create, "--memory", re.search(r"\d+", remedy)[0]]) == ExitCode.OK


@pytest.mark.parametrize(
    "options",
    [
        {"memory_size": -1},
        {"memory_size": (1 << 30) + 1},
        {"in_place": InPlace(0, 0)},
        {"in_place": InPlace(1 << 32, 0)},
        {"in_place": InPlace(4096, -1)},
        {"in_place": InPlace(4096, (1 << 30) + 1)},
    ],
    ids=str,
)
def test_sizes_out_of_their_range_are_misuse(
    pair: tuple[bytes, bytes], options: dict[str, Any]
) -> None:
    with pytest.raises(MisuseError, match="outside its range"):
        generate(*pair, profile="embedded", **options)
