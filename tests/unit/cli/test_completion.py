# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Completion is installed by one command, completes, and goes without a trace."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dfota.cli.completion import SHELLS, Places, places_for, start_lines, with_block, without_block
from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR", "BASH_COMPLETION_USER_DIR"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "ho'me"  # a quote in its path
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("shell", SHELLS)
def test_install_says_what_it_wrote_and_uninstall_leaves_nothing(
    home: Path, capsys, shell: str
) -> None:
    (home / ".zshrc").write_text("# mine, without a last newline")
    before = files(home)
    assert run(["--json", "completion", "install", shell]) == ExitCode.OK
    told = json.loads(capsys.readouterr().out)["wrote"]
    changed = {name for name, data in files(home).items() if before.get(name) != data}
    assert {str(home / name) for name in changed} == set(told)
    assert run(["completion", "install", shell]) == ExitCode.OK
    once = files(home)
    assert run(["completion", "install", shell]) == ExitCode.OK
    assert files(home) == once
    assert run(["completion", "install", shell, "--uninstall"]) == ExitCode.OK
    left = {name: data.rstrip(b"\n") for name, data in files(home).items() if data}
    assert left == before
    assert run(["completion", "install", shell, "--uninstall"]) == ExitCode.OK
    assert "nothing to remove" in capsys.readouterr().out


def test_the_shell_is_found_out(home: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run(["completion", "install"]) == ExitCode.OK
    assert (home / ".config/fish/completions/dfota.fish").is_file()
    assert "wrote" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["", "/bin/tcsh"])
def test_a_shell_that_is_not_known_is_asked_for(home: Path, monkeypatch, shell: str) -> None:
    monkeypatch.setenv("SHELL", shell)
    assert run(["completion", "install"]) == ExitCode.USAGE
    assert files(home) == {}


def test_places_follow_the_variables_of_the_shells(home: Path) -> None:
    environment = {"XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c", "ZDOTDIR": "/z"}
    assert places_for("fish", environment, has_loader=False) == Places(
        Path("/c/fish/completions/dfota.fish")
    )
    assert places_for("zsh", environment, has_loader=False) == Places(
        Path("/d/zsh/site-functions/_dfota"), Path("/z/.zshrc")
    )
    bash = Path("/d/bash-completion/completions/dfota")
    assert places_for("bash", environment, has_loader=True) == Places(bash)
    assert places_for("bash", environment, has_loader=False) == Places(bash, home / ".bashrc")
    own = {"BASH_COMPLETION_USER_DIR": "/own"}
    assert places_for("bash", own, has_loader=True).script == Path("/own/completions/dfota")


def test_a_start_file_keeps_its_bytes_and_its_permissions(home: Path) -> None:
    path = home / ".zshrc"
    path.write_bytes(b"\xff\xfe not UTF-8\r\n")
    path.chmod(0o600)
    assert run(["completion", "install", "zsh"]) == ExitCode.OK
    assert path.read_bytes().startswith(b"\xff\xfe not UTF-8\r\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_mark_that_was_torn_is_left_alone() -> None:
    torn = "a\n# >>> dfota completion >>>\nb\n"
    assert without_block(torn) == torn
    assert with_block("", "block") == "block"


def test_a_folder_that_cannot_be_written_is_told(home: Path, capsys) -> None:
    (home / ".config").write_text("a file")
    assert run(["completion", "install", "fish"]) == ExitCode.OUTPUT
    assert ".config" in capsys.readouterr().err


def offered(words: str, folder: Path | None = None) -> list[str]:
    environment = os.environ | {
        "_DFOTA_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "dfota"], env=environment, capture_output=True, text=True,
        check=True, cwd=folder,
    )  # fmt: skip
    return done.stdout.split()


def test_kinds_ports_and_names_are_completed() -> None:
    assert offered("dfota upgrade p --module ec") == ["plain,ec2x"]
    assert offered("dfota upgrade --inv") == ["plain,--inventory"]
    assert offered("dfota completion f") == ["plain,fish"]
    assert offered("dfota modem run --profile eg") == ["plain,eg9x"]
    assert "plain,power-cut-in-restore" in offered("dfota modem run --scenario power-cut-in-r")
    assert offered("dfota upgrade /no/such/place") == ["file,/no/such/place"]


def shell_or_skip(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_a_new_shell_loads_what_was_installed(home: Path, shell: str) -> None:
    program = shell_or_skip(shell)
    assert run(["completion", "install", shell]) == ExitCode.OK
    if shell == "bash":  # as where no loader of completions is installed
        script = places_for("bash", {}, has_loader=False).script
        (home / ".bashrc").write_text(start_lines("bash", script))
    command = {
        "bash": "source ~/.bashrc; complete -p dfota",
        "zsh": "source ~/.zshrc; print -r -- ${_comps[dfota]}",
        "fish": "complete -C 'dfota upgr'; complete | string match -q '*dfota*'; and echo dfota",
    }[shell]
    # fish loads the completions of commands only that it finds.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [program, "-c", command], capture_output=True, text=True, check=False,
        env={"HOME": str(home), "PATH": path, "TERM": "dumb"}, timeout=60,
    )  # fmt: skip
    assert "dfota" in done.stdout, done.stderr
