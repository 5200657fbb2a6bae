# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The page about the Python interface and the examples of it do what they say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dfota import modem

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "python-api.md"
BLOCK = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
EXAMPLES = ROOT / "examples" / "embedding"


def printed(*command: str, folder: Path) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout


@pytest.mark.parametrize("number", range(5))
def test_each_block_of_the_page_prints_what_stands_below_it(number, tmp_path):
    blocks = BLOCK.findall(PAGE.read_text())
    assert len(blocks) == 5
    assert PAGE.read_text().count("```python") == 5
    code, output = blocks[number]
    assert printed("-c", code, folder=tmp_path) == output


def test_what_the_page_names_is_there():
    text = PAGE.read_text()
    elsewhere = {"Release", "StreamReader", "StreamWriter", "None"}
    for name in re.findall(r"`([A-Z][A-Za-z]+)[.(`]", text):
        assert hasattr(modem, name) or name in elsewhere, name
    for owner, method in re.findall(r"`(VirtualModule|FactoryImage|PowerCut)\.([a-z_]+)", text):
        assert hasattr(getattr(modem, owner), method), method
    for method in re.findall(r"`(?:await )?([a-z_]+)\(", text):
        owners = (modem.VirtualModule, modem.AsyncModule, modem.RunningModule, modem)
        known = any(hasattr(owner, method) for owner in owners)
        assert known or method == "world", method


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("answer_bytes.py", (), r"AT\+CSQ +b'\\r\\n\+CSQ: 26,99"),
        ("cut_the_power.py", (), r"power lost in restore 47 %.*\n(.*\n)*runs \S+_01\.019\.01\.019"),
        ("thousand_modules.py", ("100",), r"^100 modules, 100 different numbers$"),
    ],
)
def test_the_examples_run(name, arguments, wanted, tmp_path):
    output = printed(str(EXAMPLES / name), *arguments, folder=tmp_path)
    assert re.search(wanted, output, re.MULTILINE), output


def test_every_example_is_listed():
    listed = (EXAMPLES / "README.md").read_text()
    assert all(path.name in listed for path in EXAMPLES.glob("*.py"))
