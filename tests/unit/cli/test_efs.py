# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota efs`` on a state directory, and on a port with a virtual module behind it."""

from __future__ import annotations

import json

import pytest

from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.errors import PortError
from dfota.modem import BG96, PROFILES, StateDirectory, with_settings


def efs(*words: object, code: ExitCode = ExitCode.OK) -> None:
    assert run(["efs", *map(str, words)]) == code


def facts(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


# -- a state directory ----------------------------------------------------------------------


def test_put_ls_get_rm_and_mkdir_in_a_state_directory(state, tmp_path, capsys):
    package = tmp_path / "update.zip"
    package.write_bytes(b"package")
    efs("put", state, package, "/fota/update.zip")
    efs("put", state, package)
    efs("mkdir", state, "/own")
    efs("put", state, package, "/own/")
    assert (state / "efs/own/update.zip").read_bytes() == b"package"
    capsys.readouterr()
    efs("ls", state, "-R", "--json")
    listed = facts(capsys)
    assert [entry["path"] for entry in listed["entries"]] == [
        "/datatx",
        "/datatx/update.zip",
        "/fota",
        "/fota/update.zip",
        "/own",
        "/own/update.zip",
    ]
    assert listed["free_bytes"] == 12_987_840 - 3 * 7
    out = tmp_path / "out.bin"
    efs("get", state, "/fota/update.zip", "-o", out)
    assert out.read_bytes() == b"package"
    efs("rm", state, "update.zip", "/fota/update.zip")
    efs("rm", state, "/own", code=ExitCode.REFUSED)
    efs("rm", state, "/own", "-r")
    capsys.readouterr()
    efs("ls", state, "-R", "--json")
    assert [entry["path"] for entry in facts(capsys)["entries"]] == ["/datatx", "/fota"]


def test_ls_for_a_person(state, tmp_path, capsys):
    (tmp_path / "a").write_bytes(bytes(1234))
    efs("put", state, tmp_path / "a")
    capsys.readouterr()
    efs("ls", state)
    out, err = capsys.readouterr()
    assert out.splitlines() == ["              /datatx/", "              /fota/"]
    assert "12,986,606 of 14,483,456 bytes are free" in err
    efs("ls", state, "/datatx")
    assert capsys.readouterr().out == "       1,234  /datatx/a\n"


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("get", "/datatx/none"), ExitCode.REFUSED, "file not found"),
        (("get", "/none/x"), ExitCode.REFUSED, "file not found"),
        (("rm", "/datatx/none"), ExitCode.REFUSED, "no such file"),
        (("rm", "/datatx"), ExitCode.REFUSED, "needs this folder"),
        (("rm", "/", "-r"), ExitCode.REFUSED, "needs this folder"),
        (("ls", "/none"), ExitCode.REFUSED, "no such folder"),
        (("mkdir", "/a/b"), ExitCode.REFUSED, "fail to open the file"),
        (("mkdir", "/datatx/there"), ExitCode.REFUSED, "fail to open the file"),
        (("ls", "/../.."), ExitCode.USAGE, "no path in a module"),
        (("get", "../../etc/passwd"), ExitCode.USAGE, "no path in a module"),
        (("get", "/datatx//x"), ExitCode.USAGE, "no path in a module"),
        (("rm", "RAM:x"), ExitCode.USAGE, "no path in a module"),
        (("mkdir", "/\u00fc"), ExitCode.USAGE, "no path in a module"),
    ],
)
def test_what_is_refused_is_one_sentence(state, capsys, words, code, text):
    there = state.with_name("there")
    there.write_bytes(b"x")
    efs("put", state, there)
    verb, *rest = words
    efs(verb, state, *rest, code=code)
    err = capsys.readouterr().err
    assert text in err
    assert "Traceback" not in err
    assert (state / "efs/datatx/there").exists()


def test_a_module_that_runs_is_left_alone(state, tmp_path, capsys):
    with StateDirectory(state):
        efs("ls", state, code=ExitCode.INPUT)
    assert "another process runs the module" in capsys.readouterr().err


def test_a_directory_without_a_module_is_none(tmp_path, capsys):
    efs("ls", tmp_path, code=ExitCode.INPUT)
    assert "it holds no module" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_looking_makes_no_folder(tmp_path, release, capsys):
    path = tmp_path / "module"
    profile = with_settings(BG96, ["fota_folder=false"])
    StateDirectory(path, firmware=release, profile=profile).close()
    (tmp_path / "update.zip").write_bytes(b"zip")
    efs("put", path, tmp_path / "update.zip", "/fota/", code=ExitCode.REFUSED)
    assert "no such folder" in capsys.readouterr().err
    assert not (path / "efs/fota").exists()
    efs("mkdir", path, "/fota")
    efs("put", path, tmp_path / "update.zip", "/fota/")
    assert (path / "efs/fota/update.zip").read_bytes() == b"zip"


def test_a_file_that_does_not_fit_leaves_the_old_one(state, tmp_path, capsys):
    (tmp_path / "a").write_bytes(b"old")
    efs("put", state, tmp_path / "a")
    (tmp_path / "a").write_bytes(bytes(12_987_841))
    efs("put", state, tmp_path / "a", code=ExitCode.REFUSED)
    assert "no space (error 420)" in capsys.readouterr().err
    assert (state / "efs/datatx/a").read_bytes() == b"old"
    efs("put", state, tmp_path / "none", code=ExitCode.INPUT)


def test_hostile_names_of_a_directory_stay_inside(state, tmp_path, capsys):
    """Somebody planted links and odd names: nothing outside is read or written."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (state / "efs/datatx/link").symlink_to(outside / "secret")
    (state / "efs/folder").symlink_to(outside)
    (state / 'efs/datatx/a"b').write_text("x")
    efs("ls", state, "-R", "--json")
    assert [entry["path"] for entry in facts(capsys)["entries"]] == ["/datatx", "/fota"]
    (tmp_path / "new").write_text("new")
    efs("get", state, "/datatx/link", "-o", tmp_path / "out", code=ExitCode.REFUSED)
    efs("get", state, "/folder/secret", "-o", tmp_path / "out", code=ExitCode.REFUSED)
    efs("put", state, tmp_path / "new", "/folder/secret", code=ExitCode.REFUSED)
    efs("put", state, tmp_path / "new", "/datatx/link", code=ExitCode.REFUSED)
    efs("rm", state, "/folder/secret", code=ExitCode.REFUSED)
    efs("rm", state, "/folder", "-r", code=ExitCode.REFUSED)
    assert not (tmp_path / "out").exists()
    assert (outside / "secret").read_text() == "secret"


# -- a port ---------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 1023, 1024, 5000])
def test_a_file_goes_up_and_comes_down_at_a_port(port, tmp_path, capsys, size):
    data = bytes(index * 7 & 0xFF for index in range(size))
    (tmp_path / "a.bin").write_bytes(data)
    efs("put", "fake", tmp_path / "a.bin")
    efs("ls", "fake")
    out, err = capsys.readouterr()
    assert f"{size:,}  /datatx/a.bin" in out
    assert "bytes are free" in err
    (tmp_path / "out").mkdir()
    efs("get", "fake", "a.bin", "-o", tmp_path / "out")
    assert (tmp_path / "out/a.bin").read_bytes() == data
    efs("rm", "fake", "a.bin")
    efs("get", "fake", "a.bin", "-o", tmp_path / "out", code=ExitCode.REFUSED)
    assert "file not found (+CME ERROR: 405)" in capsys.readouterr().err


def test_data_that_look_like_answers_are_data(port, tmp_path):
    data = b"\n\r\nOK\r\n\r\n+CME ERROR: 1\r\nAAAA+++\r\nRDY\r\n" * 50
    (tmp_path / "a").write_bytes(data)
    efs("put", "fake", tmp_path / "a")
    efs("get", "fake", "a", "-o", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == data


def test_an_empty_file_comes_down(port, tmp_path):
    port.module.files.create(("datatx", "empty"))
    efs("get", "fake", "empty", "-o", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b""
    (tmp_path / "empty").write_bytes(b"")
    efs("put", "fake", tmp_path / "empty", code=ExitCode.REFUSED)


def test_the_package_folder_at_a_port(port, tmp_path, capsys):
    (tmp_path / "p.zip").write_bytes(b"zip")
    efs("put", "fake", tmp_path / "p.zip", "/fota/update.zip")
    capsys.readouterr()
    efs("ls", "fake", "/fota", "--json")
    assert facts(capsys)["entries"] == [{"path": "/fota/update.zip", "type": "file", "bytes": 3}]
    efs("get", "fake", "/fota/update.zip", "-o", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"zip"
    efs("rm", "fake", "/fota/*")
    assert not port.module.files.has("EUFS:/fota/update.zip")


def test_a_folder_cannot_be_made_at_a_port(port, capsys):
    efs("mkdir", "fake", "/fota", code=ExitCode.REFUSED)
    err = capsys.readouterr().err
    assert "AT commands cannot make a folder" in err
    assert "QEFS Explorer" in err


def test_all_files_come_down(port, tmp_path, capsys):
    for name in ("a", "b", "c d"):
        (tmp_path / name).write_bytes(name.encode())
        efs("put", "fake", tmp_path / name)
    efs("get", "fake", "*", "-o", tmp_path / "backup")
    assert {path.name: path.read_bytes() for path in (tmp_path / "backup").iterdir()} == {
        "a": b"a",
        "b": b"b",
        "c d": b"c d",
    }
    efs("rm", "fake", "*")
    assert port.module.files.files() == []


HOSTILE = [
    "../evil",
    "/etc/evil",
    "..",
    ".hidden",
    "CON",
    "nul.txt",
    "a\\b",
    "a:b",
    "end.",
    "",
    "x" * 300,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_listed_name_never_leaves_the_folder(port, tmp_path, capsys, name):
    """The module says what it wants; here it lists a name that points elsewhere."""
    fake = f'\r\n+QFLST: "{name}",3\r\n\r\nOK\r\n'.encode()
    port.spoil = lambda data: fake if b"+QFLST" in data or data == b"\r\nOK\r\n" else data
    backup = tmp_path / "in" / "backup"
    code = run(["efs", "get", "fake", "*", "-o", str(backup)])
    assert code in (ExitCode.REFUSED, ExitCode.USAGE, ExitCode.PORT)
    assert "Traceback" not in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["module"]


def test_a_pattern_means_a_folder_even_for_one_file(port, tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    efs("put", "fake", tmp_path / "a")
    efs("get", "fake", "*", "-o", tmp_path / "backup")
    assert (tmp_path / "backup" / "a").read_bytes() == b"1"


def test_two_files_never_fall_on_one_name(port, tmp_path, capsys):
    (tmp_path / "a").write_bytes(b"1")
    efs("put", "fake", tmp_path / "a")
    efs("put", "fake", tmp_path / "a", "/fota/a")
    efs("get", "fake", "/datatx/a", "/fota/a", "-o", tmp_path / "x", code=ExitCode.REFUSED)
    assert "two files would become" in capsys.readouterr().err


def test_a_changed_byte_is_noticed_and_nothing_is_written(port, tmp_path, capsys):
    (tmp_path / "a").write_bytes(b"0123456789")
    efs("put", "fake", tmp_path / "a")
    port.spoil = lambda data: data.replace(b"5", b"6") if b"0123" in data else data
    efs("get", "fake", "a", "-o", tmp_path / "b", code=ExitCode.REFUSED)
    assert "loses or changes bytes" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_a_module_that_falls_silent_is_given_up(port, tmp_path, capsys):
    (tmp_path / "a").write_bytes(bytes(5000))
    efs("put", "fake", tmp_path / "a")
    sent: list[bytes] = []

    def fall_silent(data: bytes) -> bytes:
        sent.append(data)
        return b"" if any(len(piece) > 1000 for piece in sent[:-1]) else data

    port.spoil = fall_silent
    efs("get", "fake", "a", "-o", tmp_path / "b", code=ExitCode.PORT)
    assert not (tmp_path / "b").exists()


def test_a_port_that_goes_away(port, tmp_path, capsys):
    (tmp_path / "a").write_bytes(bytes(5000))
    efs("put", "fake", tmp_path / "a")

    def unplugged(timeout_s: float) -> bytes:
        raise PortError("fake", "device disconnected")

    port.read = unplugged
    efs("get", "fake", "a", "-o", tmp_path / "b", code=ExitCode.PORT)
    assert not (tmp_path / "b").exists()


def test_old_firmware_says_what_to_do(state, tmp_path, plug_in, capsys):
    (tmp_path / "a").write_bytes(b"1")
    with StateDirectory(state, profile=with_settings(BG96, ["eufs_paths=false"])) as directory:
        plug_in(directory, "eufs_paths=false")
        efs("put", "fake", tmp_path / "a")  # /datatx needs no EUFS:
        efs("put", "fake", tmp_path / "a", "/fota/a", code=ExitCode.REFUSED)
        assert "cannot store /fota/a" in capsys.readouterr().err
        efs("ls", "fake", "/fota", code=ExitCode.REFUSED)
        assert "may not know paths behind EUFS:" in capsys.readouterr().err


# -- kin ------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["ec2x", "eg9x", "std-a", "bg95"])
def test_kin_keep_their_files_behind_the_same_names(state, tmp_path, plug_in, profile, capsys):
    """They print names with UFS: in front, and take them with it and without."""
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 9)
    with StateDirectory(state) as directory:
        plug_in(directory, profile=PROFILES[profile])
        efs("put", "fake", tmp_path / "a.bin")
        capsys.readouterr()
        efs("ls", "fake", "--json")
        entries = facts(capsys)["entries"]
        assert entries == [{"path": "/datatx/a.bin", "type": "file", "bytes": 2304}]
        efs("get", "fake", "UFS:a.bin", "-o", tmp_path / "b.bin")
        assert (tmp_path / "b.bin").read_bytes() == (tmp_path / "a.bin").read_bytes()
        efs("put", "fake", tmp_path / "b.bin", "UFS:a.bin")
        efs("rm", "fake", "UFS:a.bin")
        capsys.readouterr()
        efs("ls", "fake", "--json")
        assert facts(capsys)["entries"] == []


# -- standard output ------------------------------------------------------------------------


def test_a_file_goes_to_stdout_as_it_is(port, state, tmp_path, capfdbinary, monkeypatch):
    data = bytes(range(256)) * 5
    (tmp_path / "a").write_bytes(data)
    efs("put", "fake", tmp_path / "a")
    capfdbinary.readouterr()
    monkeypatch.chdir(tmp_path)
    efs("get", "fake", "a", "-o", "-")
    assert capfdbinary.readouterr().out == data
    assert not (tmp_path / "-").exists()
    efs("get", "fake", "*", "-o", "-", code=ExitCode.USAGE)
    efs("get", "fake", "a", "-o", "-", "--json", code=ExitCode.USAGE)


def test_a_terminal_gets_text_only(port, tmp_path, capsys, monkeypatch):
    (tmp_path / "a").write_bytes(b"\x1b[2J")
    efs("put", "fake", tmp_path / "a")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    efs("get", "fake", "a", "-o", "-", code=ExitCode.USAGE)
    assert "\x1b" not in capsys.readouterr().out
