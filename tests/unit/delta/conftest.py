# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Images, vectors and the oracle for the delta room's tests."""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parents[2] / "vectors" / "patch"


def _load(name: str, path: Path) -> ModuleType:
    """A module or package of this folder, once."""
    if name not in sys.modules:
        inside = [str(path.parent)] if path.name == "__init__.py" else None
        spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]


@dataclass(frozen=True, slots=True)
class Vector:
    """One case of vectors/patch: *result* is OK, or why the patch is refused."""

    name: str
    why: str
    result: str
    old: bytes
    new: bytes
    patch: bytes


def load_vectors() -> list[Vector]:
    """All cases, in the order of the index."""
    index = json.loads((VECTORS / "index.json").read_text())

    def content(case: dict, role: str) -> bytes:
        return (VECTORS / case[role]).read_bytes() if case.get(role) else b""

    return [
        Vector(
            case["name"],
            case["why"],
            case["result"],
            content(case, "old"),
            content(case, "new"),
            content(case, "patch"),
        )
        for case in index["cases"]
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "vector" in metafunc.fixturenames:
        metafunc.parametrize("vector", load_vectors(), ids=lambda vector: vector.name)


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The pure-Python reference decoder."""
    return _load("dfota_reference", HERE / "reference" / "__init__.py")


@pytest.fixture(scope="session")
def writer() -> ModuleType:
    """The encoder that has the models of the reference decoder."""
    return _load("dfota_reference_encoder", HERE / "reference_encoder.py")


@pytest.fixture(scope="session")
def synthetic() -> ModuleType:
    """Invented code of every instruction set."""
    return _load("dfota_synthetic_code", HERE / "synthetic_code.py")


def firmware_like(size: int, seed: int) -> bytes:
    """Bytes with the texture of code: words from a small vocabulary, some of them rare."""
    source = random.Random(seed)  # noqa: S311 - repeatable
    words = [source.randbytes(4) for _ in range(64)]
    image = bytearray()
    while len(image) < size:
        image += source.choice(words) if source.random() < 0.8 else source.randbytes(4)
    return bytes(image[:size])


def edited(old: bytes, seed: int) -> bytes:
    """A next release of *old*: shifted references, an insertion, a move, new padding."""
    source = random.Random(seed)  # noqa: S311 - repeatable
    new = bytearray(old)
    for _ in range(max(1, len(old) // 400)):
        at = source.randrange(len(new))
        new[at] = (new[at] + 4) % 256
    middle = len(new) // 2
    new[middle:middle] = source.randbytes(50)
    moved = new[100:400]
    del new[100:400]
    new += moved
    new += b"\xff" * 300
    return bytes(new)


@pytest.fixture(scope="session")
def pair() -> tuple[bytes, bytes]:
    """A small old and new image with all kinds of changes between them."""
    old = firmware_like(6000, seed=1)
    return old, edited(old, seed=2)


@pytest.fixture(scope="session")
def patch(pair: tuple[bytes, bytes]) -> bytes:
    """The patch from one to the other."""
    from dfota import delta

    return delta.generate(*pair)
