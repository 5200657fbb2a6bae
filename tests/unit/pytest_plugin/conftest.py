# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""pytest runs inside of pytest, with our plugin in it."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run_inside(pytester: pytest.Pytester):
    """Run a test file in a process of its own; other plugins stay out of the picture."""
    is_installed = any(point.name == "dfota" for point in entry_points(group="pytest11"))
    plugin = () if is_installed else ("-p", "dfota.pytest_plugin")

    def run(
        source: str, *arguments: str, name: str = "test_inside", asyncio: bool = False
    ) -> pytest.RunResult:
        pytester.makepyfile(**{name: source})
        others = ("-o", "asyncio_default_fixture_loop_scope=function")
        if not asyncio:
            others = ("-p", "no:asyncio")
        return pytester.runpytest_subprocess(
            *plugin, *others, "-p", "no:cacheprovider", "-W", "error", *arguments, timeout=120
        )

    return run


@pytest.fixture
def page() -> str:
    """The how-to."""
    return (ROOT / "docs" / "howto" / "test-with-pytest.md").read_text()
