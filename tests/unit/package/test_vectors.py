# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The vectors in vectors/package: each accepted or rejected as its index says, and why."""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from dfota.errors import PackageError
from dfota.package import Action, PublicKey, VerifiedPackage, open_image, parse
from dfota.values import Digest, FirmwareVersion

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "package"
INDEX = json.loads((VECTORS / "index.json").read_text())
CASES = {case["file"].removesuffix(".zip"): case for case in INDEX["cases"]}
STAGES = ("parse", "verify", "fits", "open")


def trusted() -> list[PublicKey]:
    return [PublicKey(bytes.fromhex(key["raw"])) for key in INDEX["trusted"]]


def images_of(verified: VerifiedPackage) -> dict[str, bytes]:
    images = {}
    for part in verified.manifest.partitions:
        if part.action is Action.IMAGE:
            reader = open_image(verified.payload(part.name), part.new_size)
            images[part.name] = b"".join(iter(lambda: reader.read(7), b""))  # noqa: B023 - used at once
            assert Digest.of(images[part.name]) == part.new_digest
    return images


def take_through(data: bytes, until: str) -> VerifiedPackage | None:
    """Run the stages up to and including *until*."""
    package = parse(data)
    if until == "parse":
        return None
    verified = package.verify(trusted())
    if until == "verify":
        return verified
    module = INDEX["module"]
    verified.check_fits(
        module["model"],
        module["hardware"],
        FirmwareVersion(module["revision"]),
        Digest(bytes.fromhex(module["release_digest"])),
        module["minimum_security_counter"],
    )
    if until == "open":
        images_of(verified)
    return verified


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case["expect"] == "accept"])
def test_a_valid_package_is_accepted(name: str) -> None:
    data = (VECTORS / f"{name}.zip").read_bytes()
    verified = take_through(data, "open")
    assert verified is not None
    found = images_of(verified)
    for partition, content in CASES[name].get("images", {}).items():
        assert found[partition].hex() == content
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case["expect"] == "reject"])
def test_an_invalid_package_is_rejected_where_and_how_the_index_says(name: str) -> None:
    case = CASES[name]
    data = (VECTORS / f"{name}.zip").read_bytes()
    stage = STAGES.index(case["stage"])
    if stage:
        take_through(data, STAGES[stage - 1])
    with pytest.raises(PackageError) as caught:
        take_through(data, case["stage"])
    assert caught.value.code == case["error"], str(caught.value)


def test_every_file_is_listed_once() -> None:
    assert sorted(case["file"] for case in INDEX["cases"]) == sorted(
        path.name for path in VECTORS.glob("*.zip")
    )


def test_the_two_forms_of_the_keys_agree() -> None:
    for key in INDEX["trusted"]:
        loaded = load_pem_public_key(key["pem"].encode())
        assert loaded.public_bytes_raw().hex() == key["raw"]
        assert PublicKey(bytes.fromhex(key["raw"])).key_id.hex() == key["key_id"]


def test_the_vectors_are_what_their_program_writes(tmp_path: Path) -> None:
    path = Path(__file__).with_name("make_vectors.py")
    spec = importlib.util.spec_from_file_location("make_vectors", path)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    program.write_vectors(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {
        path.name: path.read_bytes() for path in VECTORS.iterdir() if path.suffix != ".md"
    }
