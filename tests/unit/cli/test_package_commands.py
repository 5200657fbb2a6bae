# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota key`` and ``dfota package``: one result, one sentence per error, nothing half-written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from dfota import delta
from dfota.atomic import write_atomically
from dfota.cli import run
from dfota.errors import ImageTooLargeError, OutputError
from dfota.package import Partition, Release, load_release, save_release
from dfota.values import FirmwareVersion


@pytest.fixture(autouse=True)
def patches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patches that need no delta engine: the digest of the old image and the whole new one."""

    def generate(old: bytes, new: bytes, *, profile: str, progress=None) -> bytes:
        progress(len(new) // 2, len(new))
        return hashlib.sha256(old).digest() + new

    monkeypatch.setattr(delta, "generate", generate, raising=False)

    def apply(_old: bytes, patch: bytes, *, image_size_max: int) -> bytes:
        if len(patch) - 32 > image_size_max:
            raise ImageTooLargeError(len(patch) - 32, image_size_max)
        return patch[32:]

    monkeypatch.setattr(delta, "apply", apply, raising=False)


def release(revision: str, counter: int = 1, **images: bytes) -> Release:
    parts = tuple(Partition(name, data) for name, data in images.items())
    return Release("BG96", "HW-1", FirmwareVersion(revision), parts, counter)


OLD_CODE = hashlib.shake_128(b"old").digest(900)
NEW_CODE = hashlib.shake_128(b"new").digest(1000)
OLD = release("R01", boot=OLD_CODE, cfg=b"same" * 100, gone=b"x")
NEW = release("R02", boot=NEW_CODE, cfg=b"same" * 100, fresh=b"y" * 500)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> Path:
    """A folder with two releases, as directories and as files, and a key pair."""
    monkeypatch.chdir(tmp_path)
    save_release(OLD, tmp_path / "old")
    save_release(NEW, tmp_path / "new")
    Path("old.bin").write_bytes(OLD_CODE)
    Path("new.bin").write_bytes(NEW_CODE)
    assert run(["key", "new", "k"]) == 0
    assert run(["key", "new", "stranger"]) == 0
    capsys.readouterr()
    return tmp_path


def call(capsys, *argv: str) -> dict:
    """Run a command that must succeed and return its JSON result."""
    assert run([*argv, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, exit_code: int, *argv: str) -> str:
    """Run a command that must fail without result; return what it says."""
    assert run(list(argv)) == exit_code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    return captured.err


BUILD = ("package", "build", "old", "new", "update.zip", "--key", "k.key")


def test_two_releases_become_a_package_and_come_back(desk: Path, capsys) -> None:
    built = call(capsys, *BUILD)
    assert built["size"] == Path("update.zip").stat().st_size
    assert [(p["name"], p["action"]) for p in built["partitions"]] == [
        ("boot", "patch"),
        ("fresh", "image"),
        ("gone", "remove"),
    ]
    assert (built["old_revision"], built["new_revision"]) == ("R01", "R02")
    assert built["new_release_digest"] == NEW.digest.hex

    applied = call(capsys, "package", "apply", "update.zip", "old", "result", "--key", "k.pub")
    assert applied["release_digest"] == NEW.digest.hex
    assert load_release(Path("result")).digest == NEW.digest


@pytest.mark.parametrize(
    ("options", "profile"),
    [([], "max"), (["--profile", "balanced"], "balanced"), (["--profile", "embedded"], "embedded")],
)
def test_patches_are_for_the_profile_that_was_asked_for(
    desk: Path, capsys, monkeypatch: pytest.MonkeyPatch, options: list[str], profile: str
) -> None:
    asked = []

    def generate(old: bytes, _new: bytes, *, profile: str, progress=None) -> bytes:
        asked.append(profile)
        return hashlib.sha256(old).digest()

    monkeypatch.setattr(delta, "generate", generate)
    call(capsys, *BUILD, *options)
    assert set(asked) == {profile}


def test_patches_in_place_are_for_the_sectors_that_were_given(
    desk: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def generate(old: bytes, _new: bytes, *, profile: str, in_place, progress=None) -> bytes:
        asked.append((profile, in_place))
        return hashlib.sha256(old).digest()

    monkeypatch.setattr(delta, "generate", generate)
    call(capsys, *BUILD, "--in-place", "4k", "--spare", "5000")
    assert set(asked) == {("embedded", delta.InPlace(4096, 8192))}


@pytest.mark.parametrize(
    "options", [["--spare", "4k"], ["--in-place", "4k", "--profile", "max"], ["--in-place", "1"]]
)
def test_contradictions_in_place_are_refused(desk: Path, capsys, options: list[str]) -> None:
    assert run([*BUILD, *options]) != 0
    assert not Path("u.zip").exists()


def test_a_patch_never_makes_more_than_its_package_promises(
    desk: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def generate(_old: bytes, new: bytes, *, profile: str, progress=None) -> bytes:
        return bytes(32 + len(new) + 1)

    monkeypatch.setattr(delta, "generate", generate)
    monkeypatch.setattr("dfota.package.building.compress_image", lambda *_, **__: None)
    call(capsys, "package", "build", "old.bin", "new.bin", "u.zip", "--key", "k.key")
    said = refused(capsys, 5, "package", "apply", "u.zip", "old.bin", "out.bin", "--key", "k.pub")
    assert "at most 1000" in said
    assert not Path("out.bin").exists()


def test_show_needs_no_key_and_says_that_nothing_is_verified(desk: Path, capsys) -> None:
    built = call(capsys, *BUILD)
    shown = call(capsys, "package", "show", "update.zip")
    assert shown["signature"] == "not verified"
    assert {k: v for k, v in shown.items() if k != "signature"} == {
        k: v for k, v in built.items() if k not in {"signature", "full_size"}
    }
    verified = call(capsys, "package", "verify", "update.zip", "--key", "k.pub")
    assert verified == {**shown, "signature": "verified"}

    assert run(["package", "show", "update.zip"]) == 0
    text = capsys.readouterr().out
    assert "not verified" in text
    assert [line.split() for line in text.splitlines()[-3:]] == [
        ["boot", "patch", "900", "1,000", "1,032"],
        ["fresh", "image", "0", "500", str(shown["partitions"][1]["payload_size"])],
        ["gone", "remove", "1", "0", "0"],
    ]


def test_single_images_need_no_identity(desk: Path, capsys) -> None:
    built = call(capsys, "package", "build", "old.bin", "new.bin", "u.zip", "--key", "k.key")
    assert built["model"] == "BG96"
    assert built["old_revision"] == f"image-{hashlib.sha256(OLD_CODE).hexdigest()[:12]}"
    call(capsys, "package", "apply", "u.zip", "old.bin", "result.bin", "--key", "k.pub")
    assert Path("result.bin").read_bytes() == NEW_CODE


def test_single_images_can_be_given_one(desk: Path, capsys) -> None:
    options = [
        "--model",
        "EG91",
        "--hardware",
        "H1",
        "--old-revision",
        "A1",
        "--new-revision",
        "A2",
    ]
    command = ["package", "build", "old.bin", "new.bin", "u.zip", "--key", "k.key"]
    built = call(capsys, *command, *options)
    facts = [built[k] for k in ("model", "hardware", "old_revision", "new_revision")]
    assert facts == ["EG91", "H1", "A1", "A2"]
    # The package knows who it is for, so applying needs no identity.
    call(capsys, "package", "apply", "u.zip", "old.bin", "result.bin", "--key", "k.pub")


def test_several_keys_sign_and_one_of_them_is_enough(desk: Path, capsys) -> None:
    built = call(capsys, *BUILD, "--key", "stranger.key")
    assert len(built["key_ids"]) == 2
    for key in ("k.pub", "stranger.pub"):
        assert call(capsys, "package", "verify", "update.zip", "--key", key)["key_ids"]


def test_a_downgrade_must_be_allowed(desk: Path, capsys) -> None:
    save_release(release("R00", 0, boot=b"ancient"), desk / "ancient")
    command = ["package", "build", "old", "ancient", "down.zip", "--key", "k.key"]
    assert "--allow-downgrade" in refused(capsys, 5, *command)
    assert not Path("down.zip").exists()
    assert call(capsys, *command, "--allow-downgrade")["allows_downgrade"] is True


@pytest.mark.parametrize(
    ("argv", "exit_code", "words"),
    [
        ("package build old old u.zip --key k.key", 3, "there is nothing to send"),
        ("package build old new u.zip", 2, "--key"),
        ("package build old new u.zip --key k.pub", 3, "takes the .key file"),
        ("package build old new u.zip --key none.key", 3, "cannot read none.key"),
        ("package build none new u.zip --key k.key", 3, "cannot read none"),
        ("package build old.bin new u.zip --key k.key", 3, "different hardware"),
        ("package build old new u.zip --key k.key --model EG91", 2, "single image"),
        ("package build old new u.zip --key k.key --new-revision R9", 2, "single image"),
        ("package build old.bin new.bin u.zip --key k.key --new-revision R\N{DOUBLE ACUTE ACCENT}",
         2, "a firmware revision is"),
        ("package build old new no/where.zip --key k.key", 4, "cannot write no/where.zip"),
        ("package build old new old --key k.key", 2, "an input of this command"),
        ("package build old.bin new.bin new.bin --key k.key", 2, "an input of this command"),
        ("package show none.zip", 3, "cannot read none.zip"),
        ("package show old", 3, "directory"),
        ("package show k.pub", 5, "not a dfota package"),
        ("package show empty", 5, "it is empty"),
        ("package verify update.zip --key stranger.pub", 5, "trusted is"),
        ("package verify update.zip --key k.key", 3, "private key"),
        ("package verify cut.zip --key k.pub", 5, "not a dfota package"),
        ("package apply update.zip new result --key k.pub", 5, "for revision R01, not R02"),
        ("package apply update.zip old result --key stranger.pub", 5, "trusted is"),
        ("package apply update.zip old new --key k.pub", 4, "exists already"),
        ("package apply update.zip old no/where --key k.pub", 4, "cannot write no/where"),
        ("package apply update.zip old.bin result --key k.pub", 5, "firmware digest"),
        ("key new k", 4, "--force"),
        ("key new no/where", 4, "cannot write no/where.key"),
        ("key show empty", 3, "not a PEM"),
        ("key show none.key", 3, "cannot read none.key"),
        ("key show old", 3, "directory"),
    ],
)  # fmt: skip
def test_a_mistake_gets_one_sentence_and_changes_nothing(
    desk: Path, capsys, argv: str, exit_code: int, words: str
) -> None:
    call(capsys, *BUILD)
    Path("empty").touch()
    Path("cut.zip").write_bytes(Path("update.zip").read_bytes()[:-1])
    before = {path: path.is_file() and path.read_bytes() for path in desk.rglob("*")}
    assert words in refused(capsys, exit_code, *argv.split())
    assert {path: path.is_file() and path.read_bytes() for path in desk.rglob("*")} == before


@pytest.mark.parametrize(
    ("failure", "exit_code"),
    [(OutputError("u.zip", "No space left"), 4), (KeyboardInterrupt(), 130)],
)
def test_a_full_disk_and_ctrl_c_leave_no_half_release(
    desk: Path, capsys, monkeypatch, failure: BaseException, exit_code: int
) -> None:
    from dfota.package import release_files

    call(capsys, *BUILD)
    count = 0

    def write(path: Path, data: bytes) -> None:
        nonlocal count
        count += 1
        if count == 3:
            raise failure
        write_atomically(path, data)

    monkeypatch.setattr(release_files, "write_atomically", write)
    before = sorted(desk.rglob("*"))
    refused(capsys, exit_code, "package", "apply", "update.zip", "old", "result", "--key", "k.pub")
    assert count == 3
    assert sorted(desk.rglob("*")) == before


def test_a_key_pair_has_one_id(desk: Path, capsys) -> None:
    secret = call(capsys, "key", "show", "k.key")
    public = call(capsys, "key", "show", "k.pub")
    assert secret == {**public, "kind": "private"}
    assert "PRIVATE" not in json.dumps(secret)


def test_a_forced_new_pair_replaces_both_files(desk: Path, capsys) -> None:
    before = call(capsys, "key", "show", "k.pub")["key_id"]
    made = call(capsys, "key", "new", "k", "--force")
    assert made["key_id"] != before
    for file in ("k.key", "k.pub"):
        assert call(capsys, "key", "show", file)["key_id"] == made["key_id"]


def test_an_existing_public_key_stops_the_private_one(desk: Path, capsys) -> None:
    Path("k.key").unlink()
    refused(capsys, 4, "key", "new", "k")
    assert not Path("k.key").exists()


def test_a_name_with_a_dot_keeps_it(desk: Path, capsys) -> None:
    assert call(capsys, "key", "new", "v1.2")["public_key"] == "v1.2.pub"


@pytest.mark.parametrize(
    "command",
    ["key new", "key show", "package build", "package show", "package verify", "package apply"],
)
def test_help_has_an_example(capsys, command: str) -> None:
    assert run([*command.split(), "--help"]) == 0
    assert f"    dfota {command} " in capsys.readouterr().out
