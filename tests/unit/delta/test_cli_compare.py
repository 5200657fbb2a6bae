# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota delta compare``: every tool's patch is applied, and a tool that lies is found out."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dfota.cli import delta_compare, run
from dfota.cli.delta_compare import Tool
from dfota.cli.exit_codes import ExitCode


@pytest.fixture
def folder(tmp_path: Path, pair: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with old.bin and new.bin, which is also the current one."""
    (tmp_path / "old.bin").write_bytes(pair[0])
    (tmp_path / "new.bin").write_bytes(pair[1])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scripted(name: str, create: str, apply: str) -> Tool:
    """A peer that is a line of Python; ``a`` is the list of its files."""
    start = (sys.executable, "-S", "-c")
    prelude = "import sys; from pathlib import Path; a = [Path(n) for n in sys.argv[1:]]; "
    return Tool(
        name,
        "scripted",
        (*start, prelude + create, "OLD", "NEW", "PATCH"),
        (*start, prelude + apply, "OLD", "PATCH", "OUT"),
    )


COPYING = "a[2].write_bytes(a[1].read_bytes())"


def compared(capsys: pytest.CaptureFixture[str], *argv: str) -> dict:
    assert run(["--json", "delta", "compare", "old.bin", "new.bin", *argv]) == ExitCode.OK
    return json.loads(capsys.readouterr().out)


def test_all_profiles_are_compared_with_the_peers_that_are_here(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    absent = Tool("absent", "", ("no-such-program-here",), ("no-such-program-here",))
    peers = (scripted("copying", COPYING, COPYING), absent)
    monkeypatch.setattr(delta_compare, "PEERS", peers)

    facts = compared(capsys)

    rows = {row["tool"]: row for row in facts["results"]}
    assert list(rows) == ["dfota max", "dfota balanced", "dfota embedded", "copying"]
    assert facts["not_installed"] == ["absent"]
    new_size = (folder / "new.bin").stat().st_size
    assert rows["copying"]["size"] == facts["best_peer_size"] == new_size
    assert rows["copying"]["ratio_to_best_peer"] == 1
    for name in list(rows)[:3]:
        assert rows[name]["is_dfota"]
        assert 0 < rows[name]["size"] < new_size
        assert rows[name]["ratio"] == rows[name]["ratio_to_best_peer"]
        assert rows[name]["decoder_memory"] > 0
        assert rows[name]["create_s"] is not None
        assert rows[name]["failure"] is None
    assert {path.name for path in folder.iterdir()} == {"old.bin", "new.bin"}


def test_a_tool_that_fails_or_lies_has_no_size(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    peers = (
        scripted("lying", "a[2].write_bytes(b'tiny')", "a[2].write_bytes(b'other')"),
        scripted(
            "failing", "sys.exit(f'no {a[1]} (+0x7f) [0x7fff] ' + 'x' * 99 + '\\nmore')", COPYING
        ),
        scripted("raising", "raise ValueError('bad at 0xbeef')", COPYING),
        scripted("mute", "sys.exit(3)", COPYING),
        scripted("lazy", "pass", COPYING),
    )
    monkeypatch.setattr(delta_compare, "PEERS", peers)

    facts = compared(capsys, "--profile", "embedded")

    failures = {row["tool"]: row["failure"] for row in facts["results"]}
    assert failures == {
        "dfota embedded": None,
        "lying": "gave another image back",
        "failing": f"failed (no NEW {'x' * 53})",
        "raising": "failed (ValueError: bad at)",
        "mute": "failed",
        "lazy": "made no file",
    }
    assert facts["best_peer_size"] is None
    assert all(row["size"] is None for row in facts["results"][1:])


def test_a_peer_that_knows_no_empty_image_is_excused(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "new.bin").write_bytes(b"")
    failing = scripted("failing", "sys.exit('Invalid argument')", COPYING)
    monkeypatch.setattr(delta_compare, "PEERS", (failing,))

    facts = compared(capsys, "--profile", "embedded")

    assert facts["results"][0]["failure"] is None
    assert facts["results"][1]["failure"] == "cannot handle an empty image"


def test_a_person_gets_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["delta", "compare", "old.bin", "new.bin", "--no-peers", "--profile", "balanced"]
    assert run(argv) == ExitCode.OK

    out = capsys.readouterr().out
    assert "dfota balanced" in out
    assert "bsdiff" not in out
    assert all(word in out for word in ("of best peer", "create", "apply", "decoder"))


def test_a_profile_that_fails_is_an_error(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = scripted("dfota max", COPYING, "a[2].write_bytes(b'other')")
    tool = Tool(broken.name, "", broken.create, broken.apply, is_ours=True)
    monkeypatch.setattr(delta_compare, "ours", lambda _profile: tool)

    argv = ["delta", "compare", "old.bin", "new.bin", "--no-peers", "--profile", "max"]
    assert run(argv) == ExitCode.PACKAGE

    assert "gave another image back" in capsys.readouterr().err


@pytest.mark.parametrize("peer", delta_compare.PEERS, ids=lambda peer: peer.name)
def test_every_peer_that_is_here_is_called_correctly(peer: Tool, pair: tuple[bytes, bytes]) -> None:
    if not peer.is_here:
        pytest.skip(f"{peer.name} is not installed")

    (outcome,) = delta_compare.run([peer], *pair, told=lambda _done: None)

    assert outcome.failure == ""
    assert outcome.size is not None
    assert 0 < outcome.size < len(pair[1]) + 2000


def test_ctrl_c_ends_the_tool_and_leaves_no_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(place))
    endless = scripted("endless", "import time; time.sleep(600)", COPYING)
    monkeypatch.setattr(delta_compare, "PEERS", (endless,))

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dfota.cli.delta_compare.time.sleep", interrupted)

    argv = ["delta", "compare", "old.bin", "new.bin", "--profile", "max"]
    assert run(argv) == ExitCode.INTERRUPTED

    assert list(place.iterdir()) == []
