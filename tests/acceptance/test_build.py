# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What is built is what works: the wheel, and the extension without Python's headers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "src" / "dfota" / "_native"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a source distribution's files in a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("not a git checkout: there is no list of the project's own files")
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "tree" / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
         "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, folder / "tree"],
        check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_fits_every_python(wheel: Path) -> None:
    assert re.fullmatch(r"dfota-[0-9.]+-cp311-abi3-.*\.whl", wheel.name)


def test_the_wheel_has_types_licence_and_firmware_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "dfota/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "dfota/cli/demo_releases/01.018/firmware.toml" in names
    assert not [n for n in names if not re.match(r"dfota(-[0-9.]+\.dist-info)?/", n)]
    assert not [n for n in names if "/tests/" in n]


def test_an_installed_wheel_runs_the_demo(wheel: Path, tmp_path: Path) -> None:
    """The checkout is out of the way: code and firmware come from the wheel alone."""
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    program = (
        "import sys, dfota, dfota.delta; from dfota.cli import run;"
        f"assert dfota.__file__.startswith({str(site)!r}), dfota.__file__;"
        "sys.exit(run(['demo', '--speed', 'max', '--json']))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def test_the_extension_compiles_without_pythons_headers(tmp_path: Path) -> None:
    """A newer cffi that calls one more function is noticed here (docs/adr/0010)."""
    source = tmp_path / "_dfota.c"
    program = (
        "import runpy, sys;"
        f"runpy.run_path({str(NATIVE / 'build_native.py')!r})['ffibuilder']"
        f".emit_c_code({str(source)!r})"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True)
    compiled = subprocess.run(
        ["cc", "-std=c99", "-c", "-Wall", "-Werror", "-Wno-unused-function", "-fPIC",
         "-DDFOTA_PATCH_WITH_MEASURE=1", "-I", NATIVE / "stable_abi", "-I", ROOT / "c" / "src", source,
         "-o", tmp_path / "_dfota.o", "-H"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stderr
    included = {line.strip(". ") for line in compiled.stderr.splitlines()}
    assert str(NATIVE / "stable_abi" / "Python.h") in included
