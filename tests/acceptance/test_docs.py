# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Every command in the documentation runs, and prints what the page says it prints.

Blocks whose info string is ``console`` are run, top to bottom, in one fresh folder per page
that has ``examples`` in it, as the checkout has. ``console background`` starts a server and
goes on once it printed its first line; it is stopped at the end of the page. Lines that
start with ``$`` are commands (``\\`` continues them), the others are output: each must appear
in the real output in this order, where ``…`` stands for anything. A block after the comment
``<!-- not run: reason -->`` is skipped for that reason.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]+) -->\n)?^```console(?P<kind> background)?\n(?P<text>.*?)^```",
    re.MULTILINE | re.DOTALL,
)
# Set up by the Makefile itself; running them here would run this very test again.
ELSEWHERE = {"make demo", "make test", "make setup", "make check", "make bench", "make test-long"}


@dataclass
class Step:
    command: str
    output: list[str] = field(default_factory=list)
    in_background: bool = False


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return str(listener.getsockname()[1])


def steps(page: Path) -> Iterator[Step]:
    text = page.read_text()
    for port in set(re.findall(r"\b18[0-9]{3}\b", text)):
        text = text.replace(port, free_port())
    for block in BLOCK.finditer(text):
        if block["reason"]:
            continue
        current: Step | None = None
        for line in block["text"].splitlines():
            if current is not None and current.command.endswith("\\"):
                current.command = current.command[:-1] + line.strip()
            elif line.startswith("$ "):
                if current is not None:
                    yield current
                command = re.split(r"\s{2,}#", line[2:])[0].strip()
                current = Step(command, in_background=bool(block["kind"]))
            elif line.strip() and current is not None:
                current.output.append(line)
        if current is not None:
            yield current


def assert_prints(expected: list[str], actual: str) -> None:
    lines = iter(actual.splitlines())
    for wanted in expected:
        pattern = ".*".join(re.escape(part) for part in wanted.split("…"))
        for line in lines:
            if re.fullmatch(pattern, line.rstrip()):
                break
        else:
            pytest.fail(f"the page promises the line {wanted!r}; the output was:\n{actual}")


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(True for _ in steps(page))],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_commands_of_a_page_work(page: Path, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "c").symlink_to(ROOT / "c")
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "NO_COLOR": "1",
        "COLUMNS": "100",
    }
    with contextlib.ExitStack() as servers:
        for step in steps(page):
            if step.command.split("  ")[0] in ELSEWHERE:
                continue
            if step.in_background:
                server = subprocess.Popen(
                    ["bash", "-c", f"exec {step.command}"],
                    cwd=tmp_path,
                    env=environment,
                    stdout=subprocess.PIPE,
                    text=True,
                    start_new_session=True,
                )
                servers.callback(stop, server)
                assert server.stdout is not None
                assert server.stdout.readline(), f"{step.command} printed nothing and ended"
                continue
            finished = subprocess.run(
                ["bash", "-c", step.command],
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
                check=False,
            )
            assert finished.returncode == 0, f"$ {step.command}\n{finished.stdout}"
            assert_prints(step.output, finished.stdout)


def stop(server: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGINT)
    server.communicate(timeout=20)


def test_the_index_of_decisions_is_complete() -> None:
    folder = ROOT / "docs" / "adr"
    listed = set(re.findall(r"\(([0-9]{4}-[a-z0-9-]+\.md)\)", (folder / "README.md").read_text()))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"
