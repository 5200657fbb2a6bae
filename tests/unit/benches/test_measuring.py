# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
from delta_bench import pairs, peers
from delta_bench.facts import Tool
from delta_bench.measuring import Laboratory

needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="cc is not installed")
COPY = ("cp", "NEW", "PATCH")
BACK = ("cp", "PATCH", "OUT")


def candidate(create=COPY, apply=BACK):
    return peers.Candidate(Tool("copying", "cp"), create, apply, ("cp",))


@needs_cc
def test_a_right_result_is_measured_as_often_as_asked():
    with Laboratory(repeats=2) as laboratory:
        laboratory.load(b"old", b"new image")
        result = laboratory.measure(candidate())
    assert result.is_correct
    assert result.patch_size == 9
    assert result.create.repeats == result.apply.repeats == 2
    # The launcher is small: a copy costs less memory than this interpreter.
    assert 0 < result.create.peak_bytes < 8_000_000


@needs_cc
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"apply": ("cp", "OLD", "OUT")}, "gave another image back"),
        ({"create": ("false",)}, "ended with 1"),
        ({"create": ("true",)}, "made no file"),
        ({"create": ("cp", "NOWHERE", "PATCH")}, "NOWHERE"),
        ({"create": ("no-such-program",)}, "ended with 127"),
    ],
)
def test_what_fails_is_a_reason_and_never_a_result(broken, reason):
    with Laboratory(repeats=1) as laboratory:
        laboratory.load(b"old", b"new image")
        result = laboratory.measure(candidate(**broken))
    assert not result.is_correct
    assert reason in result.failure


@needs_cc
def test_a_tool_that_takes_too_long_is_ended():
    with Laboratory(repeats=1, timeout_s=0.2) as laboratory:
        laboratory.load(b"old", b"new")
        result = laboratory.measure(candidate(create=("sleep", "60")))
    assert "took longer" in result.failure


def test_the_folder_of_a_run_is_gone_afterwards():
    with Laboratory() as laboratory:
        laboratory.load(b"old", b"new")
        folder = laboratory._folder
        assert (folder / "old").read_bytes() == b"old"
    assert not folder.exists()


def test_an_absent_peer_is_skipped_with_its_reason():
    absent = peers.program("none", "nobody-has-this OLD", "cp", recorded_as="", remedy="build it")
    found, skipped = peers.present([absent])
    assert found == []
    assert skipped == ["none: nobody-has-this is not installed (build it)"]


def test_profiles_are_those_that_the_engine_takes():
    def without(old, new, *, progress=None):
        return b""

    def with_two(old, new, *, profile="max"):
        if profile not in {"max", "balanced"}:
            raise ValueError("no such profile")
        return b""

    assert [one.tool.name for one in peers.profiles(peers.PROFILES, without)[0]] == ["dfota"]
    found, skipped = peers.profiles(peers.PROFILES, with_two)
    assert [one.tool.profile for one in found] == ["max", "balanced"]
    assert skipped == ["dfota embedded: no such profile"]


def test_edits_are_the_same_each_time_and_leave_most_as_it_was():
    old = bytes(range(256)) * 400
    new = pairs.edited(old)
    assert new == pairs.edited(old)
    assert new != old
    assert abs(len(new) - len(old)) < len(old) / 10


def test_a_share_of_every_pair_has_the_size_asked_for():
    pool = [pairs.Pair(str(n), n, n, lambda n=n: (b"o" * n, b"n" * n)) for n in (1000, 3000)]
    old, new = pairs.share_of(pool, 400)
    assert (len(old), len(new)) == (400, 400)


def bench(benches, *arguments):
    return [sys.executable, str(benches / "delta.py"), "--corpus", "nowhere", *arguments]


def test_the_bench_runs_without_corpus_and_peers(benches, tmp_path):
    kept, page = tmp_path / "run.json", tmp_path / "page"
    chosen = ("--peers", "none", "--repeats", "1", "--growth", "none", "--only", "config")
    command = bench(benches, *chosen, "--json", str(kept), "--write-docs", str(page))
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert "not beside the checkout" in finished.stdout
    assert json.loads(kept.read_text())["is_complete"]
    assert (page / "delta.md").is_file()
    again = [sys.executable, str(benches / "delta.py"), "--from-json", str(kept)]
    repeated = subprocess.run(again, capture_output=True, text=True, check=True)
    assert repeated.stdout == finished.stdout


def test_ctrl_c_reports_what_is_measured_and_leaves_nothing(benches, tmp_path):
    command = bench(benches, "--peers", "none", "--repeats", "500", "--growth", "none")
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as process:
        while not list(tmp_path.glob("*/old")):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, complaint = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "The run was stopped" in out
    assert "Traceback" not in complaint
    assert list(tmp_path.iterdir()) == []
