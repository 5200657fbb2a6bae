# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The programs of the guide about upgrades from Python print what stands below them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dfota.testing import make_certificates

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "howto" / "upgrade-from-python.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
RELEASES = ROOT / "examples" / "firmware" / "releases"


def dfota(folder: Path, *words: object) -> None:
    command = [sys.executable, "-m", "dfota", *map(str, words)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Path]:
    """A folder with a package, a CA and a module that runs."""
    dfota(tmp_path, "key", "new", "demo")
    releases = (RELEASES / "01.018", RELEASES / "01.019")
    dfota(tmp_path, "package", "build", *releases, "update.zip", "--key", "demo.key")
    (tmp_path / "ca.pem").write_bytes(make_certificates(tmp_path / "tls").ca_path.read_bytes())
    options = ["--state", "module", "--firmware", str(RELEASES / "01.018"), "--speed", "20"]
    options += ["--pty", "ttyBG96", "--trust", "demo.pub"]
    module = subprocess.Popen(
        [sys.executable, "-m", "dfota", "modem", "run", *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert module.stdout is not None
        assert module.stdout.readline()
        yield tmp_path
    finally:
        module.send_signal(signal.SIGINT)
        module.communicate(timeout=20)


def test_each_program_of_the_page_prints_what_stands_below_it(bench: Path) -> None:
    """One after the other, at one module, as a reader would try them."""
    blocks = BLOCK.findall(PAGE.read_text())
    assert len(blocks) == PAGE.read_text().count("```python")
    assert len(blocks) >= 5
    for code, output in blocks:
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            cwd=bench,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert finished.stdout == output, finished.stderr
