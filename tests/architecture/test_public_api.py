# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Each room has one door; what stands in it is a decision, not an accident."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).with_name("public_api.txt")
ROOMS = [
    "at", "delta", "engine", "flash", "host", "modem", "package", "pytest_plugin", "server",
    "testing",
]  # fmt: skip


def door(room: str) -> list[str]:
    module = importlib.import_module(f"dfota.{room}")
    return sorted(f"dfota.{room}.{name}" for name in module.__all__)


def test_the_doors_are_what_was_decided() -> None:
    """A deliberate change: write what this prints into public_api.txt."""
    actual = "".join(f"{name}\n" for room in ROOMS for name in door(room))
    assert SNAPSHOT.read_text() == actual, actual


@pytest.mark.parametrize("room", ROOMS)
def test_everything_in_a_door_exists(room: str) -> None:
    module = importlib.import_module(f"dfota.{room}")
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "src").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_rooms_enter_each_other_by_the_door(path: Path) -> None:
    """``from dfota.flash import …``, never ``from dfota.flash.simulated import …``."""
    own = path.relative_to(ROOT / "src" / "dfota").parts[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dfota."):
            room, *inside = node.module.split(".")[1:]
            # The commands are many: their table is a door of its own, one part for each group.
            is_catalogue = room == "at" and inside[:1] == ["catalog"]
            assert room == own or not inside or is_catalogue, f"{path.name} imports {node.module}"
