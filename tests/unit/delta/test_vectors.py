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
from dfota.values import Digest

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
        info = delta.inspect(vector.patch)
        assert info.new_digest == Digest.of(vector.new)
        assert info.copied + info.differing + info.filled + info.literal == len(vector.new)
        return
    with pytest.raises(ERRORS.get(vector.result, PatchCorruptError)):
        delta.apply(vector.old, vector.patch)
    if vector.result != "DIGEST":  # the one fault that only the old image reveals
        with pytest.raises(ERRORS.get(vector.result, PatchCorruptError)):
            delta.inspect(vector.patch)


def test_the_vectors_are_what_the_reference_encoder_writes(root: Path, tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import reference_encoder; "
        "from pathlib import Path; reference_encoder.VECTORS = Path(sys.argv[2]); "
        "reference_encoder.write_vectors()"
    )
    folder = root / "tests" / "unit" / "delta"
    subprocess.run([sys.executable, "-c", program, folder, tmp_path], check=True)

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
