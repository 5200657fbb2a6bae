# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The shape of the project, held by machine; not what any room does."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
C_SOURCES = sorted(path for path in (ROOT / "c").rglob("*.[ch]") if "build" not in path.parts)
ROOMS = sorted(
    path.name for path in (ROOT / "src" / "dfota").iterdir() if (path / "__init__.py").exists()
)
BANNED = {"utils", "helpers", "common", "misc", "base", "core", "manager", "types"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError|HACK)\b")
SPDX = (
    "SPDX-FileCopyrightText: 2026 The dfota authors",
    "SPDX-License-Identifier: Apache-2.0",
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES + C_SOURCES, ids=relative)
def test_a_file_says_whose_it_is_and_is_finished(path: Path) -> None:
    text = path.read_text()
    head = text[:400]
    assert all(line in head for line in SPDX), "SPDX header missing"
    assert not UNFINISHED.search(text), "unfinished work"
    assert path.stem not in BANNED, "a name that says nothing"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_module_opens_with_one_sentence_and_fits(path: Path) -> None:
    text = path.read_text()
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "no docstring"
    first = docstring.splitlines()[0]
    assert len(first) <= 97
    assert not first.startswith("This module")
    assert len(text.splitlines()) <= 600 or relative(path) in LONG_FILES, "over 600 lines"


LONG_FILES = {
    # One tree, one file: the exception classes are read together (docs/adr/0002).
    "src/dfota/errors.py",
}


def test_every_room_of_the_design_exists() -> None:
    assert set(ROOMS) == {
        "_native", "at", "cli", "delta", "engine", "flash", "host", "modem",
        "package", "pytest_plugin", "server", "testing",
    }  # fmt: skip


def test_the_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    finished = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout


def test_help_costs_little() -> None:
    """``dfota --help`` loads no room: completion and help must feel instant."""
    program = (
        "import sys; from dfota.cli.main import cli; cli.main(['--help'], standalone_mode=False);"
        "heavy = {'cryptography', 'rich', 'h11', 'cbor2', 'serialx', 'ssl', 'asyncio',"
        "         'starlette', 'dfota.modem', 'dfota.host', 'dfota.server', 'dfota._native'};"
        "found = sorted(heavy & set(sys.modules)); print(found, file=sys.stderr);"
        "sys.exit(bool(found))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr


def test_nothing_names_a_machine_or_a_registry() -> None:
    """No machine path and no registry host in anything that is committed."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    # Put together here so that this very file does not contain them.
    hosts = ("pypi" + ".org", "files.python" + "hosted", "registry.npm" + "js", "deb.deb" + "ian")
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in {".bin", ".zip", ".xz", ".png"} or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        assert not any(host in text for host in hosts), name
        assert not re.search(r"(?<![\w.])/wor" + r"k/", text), name
