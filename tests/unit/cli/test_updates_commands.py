# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota package index``, ``dfota updates`` and ``dfota upgrade --updates``, as a person uses them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dfota import delta
from dfota.cli import run
from dfota.cli.events_document import STREAM_EVENTS
from dfota.cli.exit_codes import ExitCode
from dfota.modem import StateDirectory, Trust
from dfota.package import PublicKey, Release, SigningKey, build, parse_index
from dfota.values import FirmwareVersion

R18, R19, R20 = (f"BG96MAR02A07M1G_01.{number}.01.{number}" for number in ("018", "019", "020"))


def release_of(like: Release, revision: str, counter: int) -> Release:
    (part,) = like.partitions
    data = revision.encode() * 30
    return replace(
        like,
        revision=FirmwareVersion(revision),
        partitions=(replace(part, data=data),),
        security_counter=counter,
    )


@pytest.fixture
def desk(tmp_path: Path, release: Release, monkeypatch: pytest.MonkeyPatch, capsys) -> Path:
    """A folder with a key pair, and the packages 018 → 019 → 020, and 020 → 018 of a stranger."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert run(["key", "new", "k"]) == 0
    assert run(["key", "new", "stranger"]) == 0
    first, second = release_of(release, R19, 2), release_of(release, R20, 3)
    (tmp_path / "p").mkdir()
    for name, old, new, key in (
        ("a.zip", release, first, "k"),
        ("b.zip", first, second, "k"),
        ("c.zip", replace(second, security_counter=0), release, "k"),
        ("d.zip", release, second, "stranger"),
    ):
        data = build(
            old, new, keys=[SigningKey.load(Path(f"{key}.key"))],
            make_patch=partial(delta.generate, profile="embedded"),
        )  # fmt: skip
        Path("p", name).write_bytes(data)
    capsys.readouterr()
    return tmp_path


@pytest.fixture
def web(desk: Path) -> Iterator[str]:
    """The folder p, as a plain web server lists it."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(desk / "p")))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def result(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


FROM_18 = ["--revision", R18, "--model", "BG96"]


def test_an_index_is_written_shown_and_verified(desk: Path, capsys) -> None:
    assert run(["package", "index", "p", "--key", "k.key", "--trust", "k.pub", "--json"]) == 0
    streams = capsys.readouterr()
    facts = json.loads(streams.out)
    assert [row["file"] for row in facts["packages"]] == ["a.zip", "b.zip", "c.zip"]
    assert [row["file"] for row in facts["skipped"]] == ["d.zip"]
    assert "d.zip is left out: the signature is not acceptable" in streams.err
    assert len(parse_index(Path("p/index.cbor").read_bytes()).entries) == 3
    assert run(["package", "show", "p/index.cbor"]) == 0
    assert "3 packages, not verified" in capsys.readouterr().out
    assert run(["package", "verify", "p/index.cbor", "--key", "k.pub"]) == 0
    assert run(["package", "verify", "p/index.cbor", "--key", "stranger.pub"]) == ExitCode.PACKAGE
    Path("p/a.zip").write_bytes(b"another file")
    assert run(["package", "verify", "p/index.cbor", "--key", "k.pub"]) == ExitCode.PACKAGE


def test_the_same_folder_gives_the_same_index(desk: Path) -> None:
    assert run(["package", "index", "p", "--key", "k.key"]) == 0
    first = Path("p/index.cbor").read_bytes()
    assert run(["package", "index", "p", "--key", "k.key"]) == 0
    assert Path("p/index.cbor").read_bytes() == first


def test_an_index_that_cannot_be_written_leaves_the_old_one(desk: Path) -> None:
    assert run(["package", "index", "p", "-o", "gone/index.cbor"]) == ExitCode.OUTPUT
    assert run(["package", "index", "nowhere"]) == ExitCode.INPUT
    Path("empty").mkdir()
    assert run(["package", "index", "empty"]) == ExitCode.INPUT
    assert not Path("empty/index.cbor").exists()


def test_a_damaged_package_of_ours_is_not_listed_as_one_of_another_maker(desk: Path) -> None:
    good = Path("p/a.zip").read_bytes()
    Path("p", f"{R18}-{R19}.zip").write_bytes(good[:-3])
    Path("p", "R1-TO-R2.bin").write_bytes(b"of another maker")
    assert run(["package", "index", "p", "--others", "BG96", "--key", "k.key"]) == 0
    files = [entry.file for entry in parse_index(Path("p/index.cbor").read_bytes()).entries]
    assert "R1-TO-R2.bin" in files
    assert f"{R18}-{R19}.zip" not in files


def test_the_way_leads_over_the_neighbours_and_the_counter_forbids_the_way_back(
    desk: Path, capsys
) -> None:
    assert run(["updates", *FROM_18, "--from", "p", "--trust", "k.pub", "--json"]) == 0
    facts = result(capsys)
    paths = {path["new_revision"]: path for path in facts["paths"]}
    assert [hop["file"] for hop in paths[R20]["hops"]] == ["a.zip", "b.zip"]
    assert paths[R20]["has_way_back"] is False
    assert paths[R20]["trust"] == "verified"
    assert [one["name"] for one in facts["refused"]] == ["d.zip", "c.zip"]
    assert "below 3" in facts["refused"][1]["reason"]


def test_a_file_name_cannot_speak_to_the_terminal(desk: Path, capsys) -> None:
    Path("p", "\x1b[31m.zip").write_bytes(b"x")
    Path("p/a.zip").rename("p/\x1b[32m.zip")
    assert run(["updates", *FROM_18, "--from", "p"]) == 0
    assert run(["package", "index", "p"]) == 0
    streams = capsys.readouterr()
    assert "\x1b" not in streams.out + streams.err


def test_without_a_key_it_is_said_that_nothing_is_verified(desk: Path, capsys) -> None:
    assert run(["updates", *FROM_18, "--from", "p"]) == 0
    assert "NOT verified" in capsys.readouterr().out
    assert run(["updates", *FROM_18, "--from", "p", "--prefer", "reboots", "--to", R20]) == 0
    assert "1 reboot," in capsys.readouterr().out


def test_a_listing_and_an_index_on_a_server_are_read(web: str, capsys) -> None:
    assert run(["updates", *FROM_18, "--from", web]) == ExitCode.NOTHING_TO_DO
    assert "its name tells no two revisions" in capsys.readouterr().out
    Path("p/a.zip").rename(f"p/{R18}-TO-{R19}.zip")
    assert run(["updates", *FROM_18, "--from", web]) == 0
    assert "known by name only" in capsys.readouterr().out
    assert run(["updates", *FROM_18, "--from", web, "--trust", "k.pub"]) == 0
    assert ", verified" in capsys.readouterr().out
    assert run(["package", "index", "p", "--key", "k.key", "--trust", "k.pub"]) == 0
    capsys.readouterr()
    assert run(["updates", *FROM_18, "--from", f"{web}index.cbor", "--key", "k.pub"]) == 0
    assert R20 in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["updates", *FROM_18], ExitCode.USAGE),
        (["updates", "--from", "p"], ExitCode.USAGE),
        (["updates", "port", *FROM_18, "--from", "p"], ExitCode.USAGE),
        (["updates", "--revision", "R 1", "--from", "p"], ExitCode.USAGE),
        (["updates", *FROM_18, "--from", "nowhere"], ExitCode.INPUT),
        (["updates", *FROM_18, "--from", "http://127.0.0.1:1/"], ExitCode.INPUT),
        (["updates", *FROM_18, "--from", "p", "--to", "R9"], ExitCode.REFUSED),
        (["updates", *FROM_18, "--from", "p", "--to", R18], ExitCode.NOTHING_TO_DO),
        (["updates", "--revision", "R1", "--from", "p"], ExitCode.NOTHING_TO_DO),
        (["upgrade", "port", "p/a.zip", "--updates", "p"], ExitCode.USAGE),
        (["upgrade", "port", "--url", "http://x/a", "--to", "R1"], ExitCode.USAGE),
    ],
)
def test_what_cannot_be_done_has_its_exit_code(
    desk: Path, arguments: list[str], code: ExitCode
) -> None:
    assert run(arguments) == code


@pytest.fixture
def module(desk: Path, release: Release, plug_in):
    with StateDirectory(desk / "module", firmware=release) as directory:
        port = plug_in(directory, trust=Trust((PublicKey.load(desk / "k.pub"),)))
        yield port
        port.module.close()


def test_the_module_itself_is_asked_what_runs(module, capsys) -> None:
    assert run(["updates", "port", "--from", "p", "--trust", "k.pub", "--json"]) == 0
    facts = result(capsys)
    assert facts["running"]["revision"] == R18
    assert facts["running"]["model"] == "BG96"


def test_an_upgrade_along_a_path_proves_every_hop(module, capsys) -> None:
    assert run(["upgrade", "port", "--updates", "p", "--key", "k.pub"]) == 0
    out = capsys.readouterr().out
    assert f"upgraded: {R18} → {R19}" in out
    assert f"upgraded: {R19} → {R20}" in out
    assert run(["upgrade", "port", "--updates", "p", "--key", "k.pub"]) == ExitCode.NOTHING_TO_DO


def test_an_upgrade_goes_only_as_far_as_it_is_told(module, capsys) -> None:
    assert run(["upgrade", "port", "--updates", "p", "--key", "k.pub", "--to", R19]) == 0
    assert R20 not in capsys.readouterr().out


def test_the_first_failure_ends_the_journey_with_a_word_on_what_runs(module, capsys) -> None:
    good = Path("p/b.zip").read_bytes()
    Path("p/a-list.txt").write_text(f"{R18}:{R19}:a.zip\n{R19}:{R20}:b.zip\n")
    Path("p/b.zip").write_bytes(good[:-1])  # damaged after it was listed
    code = run(["upgrade", "port", "--updates", "p/a-list.txt", "--to", R20, "--json"])
    ended = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert ended == {"event": "journey-ended", "hops_done": 1, "hops": 2, "revision": R19}
    assert set(ended) - {"event"} == set(STREAM_EVENTS["journey-ended"][1])
    assert code == ExitCode.PACKAGE
    code = run(["upgrade", "port", "--updates", "p/a-list.txt", "--to", R20])
    streams = capsys.readouterr()
    assert code == ExitCode.PACKAGE
    assert f"upgrade 1 of 1 did not succeed; the module runs {R19}" in streams.err
    Path("p/b.zip").write_bytes(good)
    assert run(["upgrade", "port", "--updates", "p/a-list.txt", "--to", R20]) == 0
    assert f"upgraded: {R19} → {R20}" in capsys.readouterr().out


def test_a_dry_run_tells_the_way_and_changes_nothing(module, capsys) -> None:
    assert run(["upgrade", "port", "--updates", "p", "--key", "k.pub", "--dry-run"]) == 0
    streams = capsys.readouterr()
    assert f"2. {R20}" in streams.err
    assert "nothing was changed" in streams.out
    assert run(["updates", "port", "--from", "p", "--json"]) == 0
    assert result(capsys)["running"]["revision"] == R18


def test_the_stream_of_events_tells_the_way_and_each_hop(module, capsys) -> None:
    assert run(["upgrade", "port", "--updates", "p", "--key", "k.pub", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [event["event"] for event in events]
    assert names.index("path") < names.index("hop")
    for event in events:
        if event["event"] in {"path", "hop"}:
            assert set(event) - {"event"} == set(STREAM_EVENTS[event["event"]][1])
    assert [e["number"] for e in events if e["event"] == "hop"] == [1, 2]
    assert [e["revision_after"] for e in events if e["event"] == "upgraded"] == [R19, R20]


def test_after_ctrl_c_the_hop_is_followed_to_its_end_and_the_journey_goes_on(
    module, capsys
) -> None:
    read = module.read

    def interrupt(timeout_s: float) -> bytes:
        data = read(timeout_s)
        if b"UPDATING" in data:
            module.read = read
            raise KeyboardInterrupt
        return data

    module.read = interrupt
    command = ["upgrade", "port", "--updates", "p", "--key", "k.pub"]
    assert run(command) == ExitCode.INTERRUPTED
    capsys.readouterr()
    assert run(command) == ExitCode.REFUSED  # nothing is asked of a module that is busy
    assert "--resume" in capsys.readouterr().err
    assert run([*command, "--resume"]) == 0
    out = capsys.readouterr().out
    assert f"upgraded: {R18} → {R19}" in out
    assert f"upgraded: {R19} → {R20}" in out


def test_one_transcript_holds_the_whole_journey(module, capsys) -> None:
    command = ["upgrade", "port", "--updates", "p", "--key", "k.pub", "--transcript", "t.log"]
    assert run(command) == 0
    assert Path("t.log").read_text().count("AT+QFOTADL=1") == 2
