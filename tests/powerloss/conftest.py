# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the power-loss tests, and how a case is replayed; scenes are in scenes.py."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest


def _load(name: str):
    """A file beside this one, importable by the tests under *name*."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"powerloss_{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


scenes = _load("scenes")


@pytest.fixture(scope="session")
def scene():
    """The large module before its update."""
    return scenes.the_scene("full")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``-k 'small:17-tail+3-head'`` makes the test of that very case."""
    if "replayed" in metafunc.fixturenames:
        case = scenes.Case.parse(metafunc.config.option.keyword.strip())
        metafunc.parametrize("replayed", [case], ids=[str(case)])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without such a ``-k`` there is nothing to replay."""
    nothing = [
        item
        for item in items
        if "replayed" in getattr(item, "fixturenames", ())
        and item.callspec.params["replayed"] is None
    ]
    if nothing:
        config.hook.pytest_deselected(items=nothing)
        items[:] = [item for item in items if item not in nothing]


@pytest.fixture
def record_tally(record_property):
    """Note what became of a sweep; it travels with the test's report, also from a worker."""

    def record(sweep: str, scene: str, tally) -> None:
        record_property(
            "powerloss", (sweep, scene, tally.old, tally.new, tally.refuses, tally.states)
        )

    return record


@pytest.fixture
def record_operations(record_property):
    """Note how many operations a scene has, and how many are erases."""

    def record(scene: str, count: int) -> None:
        record_property("powerloss-operations", (scene, count))

    return record
