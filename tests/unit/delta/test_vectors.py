# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The vectors, which the C tests read too: C, Python and the oracle give the same verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from dfota import delta
from dfota._native import Applier, NativeError
from dfota.errors import PatchCorruptError, PatchFormatError, PatchVersionError

ERRORS = {"FORMAT": PatchFormatError, "VERSION": PatchVersionError}


def test_c_says_what_the_vector_says(vector: Any) -> None:
    if vector.result == "OK":
        assert Applier.in_memory(vector.patch, vector.old).read(1 << 16) == vector.new
        return
    with pytest.raises(NativeError) as caught:
        Applier.in_memory(vector.patch, vector.old).read(1 << 16)
    assert caught.value.result.name == vector.result


def test_the_oracle_says_what_the_vector_says(vector: Any, oracle: ModuleType) -> None:
    if vector.result == "OK":
        assert oracle.decode(vector.old, vector.patch) == vector.new
        return
    with pytest.raises(oracle.Refused) as caught:
        oracle.decode(vector.old, vector.patch)
    assert caught.value.result == vector.result


def test_the_door_says_what_the_vector_says(vector: Any) -> None:
    if vector.result == "OK":
        assert delta.apply(vector.old, vector.patch) == vector.new
        info = delta.inspect(vector.patch, vector.old)
        assert info.copied + info.predicted + info.corrected + info.literal == len(vector.new)
        return
    with pytest.raises(ERRORS.get(vector.result, PatchCorruptError)):
        delta.apply(vector.old, vector.patch)
    with pytest.raises(ERRORS.get(vector.result, PatchCorruptError)):
        delta.inspect(vector.patch, vector.old)


def test_the_vectors_are_what_the_reference_encoder_writes(root: Path, tmp_path: Path) -> None:
    program = root / "tests" / "unit" / "delta" / "make_vectors.py"
    subprocess.run([sys.executable, program, tmp_path], check=True)

    committed = root / "vectors" / "patch"
    names = {path.name for path in committed.iterdir()}
    assert names == {path.name for path in tmp_path.iterdir()}
    for name in names:
        assert (tmp_path / name).read_bytes() == (committed / name).read_bytes(), name


def test_both_indexes_tell_the_same(root: Path) -> None:
    folder = root / "vectors" / "patch"
    cases = json.loads((folder / "index.json").read_text())["cases"]
    rows = (folder / "index.txt").read_text().splitlines()[1:]

    assert [row.split()[:2] for row in rows] == [[case["name"], case["result"]] for case in cases]


def test_every_reason_and_every_instruction_set_has_a_vector(
    root: Path, oracle: ModuleType
) -> None:
    """MEMORY and UNSUPPORTED depend on the applier; the C tests make them from good vectors."""
    folder = root / "vectors" / "patch"
    cases = json.loads((folder / "index.json").read_text())["cases"]
    seen = set()
    for case in cases:
        if case["result"] == "OK":
            patch = (folder / case["patch"]).read_bytes()
            header = oracle.parse_header(patch)
            segments, _ = oracle.read_map(oracle.RangeDecoder(patch, header.size), header)
            seen |= {(header.profile, segment.isa) for segment in segments}

    assert {case["result"] for case in cases} >= {
        "OK", "FORMAT", "VERSION", "LIMIT", "HEADER", "TRUNCATED", "RANGE", "CODE", "TRAILING",
        "DIGEST",
    }  # fmt: skip
    assert seen >= {(profile, isa) for profile in (0, 2) for isa in range(1, 13)}
    assert sum(path.stat().st_size for path in folder.iterdir()) < 600_000
