# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""An index of packages: one encoding, refused unless it is exact, trusted only when verified."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import IndexFormatError, PackageError, SignatureError
from dfota.package import (
    LIMITS,
    Index,
    IndexEntry,
    Limits,
    PackagePromise,
    PublicKey,
    SigningKey,
    build_index,
    parse,
    parse_index,
)
from dfota.values import Digest, FirmwareVersion

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "index"
LIST = json.loads((VECTORS / "index.json").read_text())
CASES = {case["file"].removesuffix(".cbor"): case for case in LIST["cases"]}
TRUSTED = [PublicKey(bytes.fromhex(raw)) for raw in LIST["trusted"]]
KEY = SigningKey(bytes(range(32)))


def entry(old: str = "R1", new: str = "R2", file: str = "a.zip", counter: int = 0) -> IndexEntry:
    promise = PackagePromise(
        "HW", Digest.of(old.encode()), Digest.of(new.encode()), counter, allows_downgrade=False
    )
    return IndexEntry(
        file, 10, Digest.of(b"x"), "BG96", FirmwareVersion(old), FirmwareVersion(new), promise
    )


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case["expect"] == "accept"])
def test_a_valid_index_is_accepted_and_built_again_byte_for_byte(name: str) -> None:
    data = (VECTORS / f"{name}.cbor").read_bytes()
    index = parse_index(data)
    assert index.verify(TRUSTED)
    unsigned = build_index(index.entries)
    assert parse_index(unsigned).entries == index.entries
    assert unsigned[:-1] in data  # all but the empty signatures


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case["expect"] == "reject"])
def test_an_invalid_index_is_rejected_where_and_how_the_list_says(name: str) -> None:
    case = CASES[name]
    data = (VECTORS / f"{name}.cbor").read_bytes()
    if case["stage"] == "parse":
        with pytest.raises(PackageError) as caught:
            parse_index(data)
    else:
        index = parse_index(data)
        with pytest.raises(PackageError) as caught:
            index.verify(TRUSTED)
    assert caught.value.code == case["error"], str(caught.value)


def test_every_file_is_listed_once() -> None:
    files = sorted(path.name for path in VECTORS.glob("*.cbor"))
    assert sorted(case["file"] for case in LIST["cases"]) == files


def test_the_vectors_are_what_their_program_writes(tmp_path: Path) -> None:
    path = Path(__file__).with_name("make_index_vectors.py")
    spec = importlib.util.spec_from_file_location("make_index_vectors", path)
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    program.write_vectors(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_bytes() for path in VECTORS.iterdir()}


def test_what_was_built_is_read_again_whatever_the_order(tmp_path: Path) -> None:
    one, two = entry(), entry("R2", "R3", "b.zip", counter=4)
    data = build_index([two, one], keys=[KEY])
    assert data == build_index([one, two], keys=[KEY])
    index = parse_index(data)
    assert index.entries == (one, two)
    assert index.verify([KEY.public_key]) == (KEY.key_id,)


def test_an_index_is_not_taken_for_signed_when_a_package_key_signed_something_else() -> None:
    index = parse_index(build_index([entry()]))
    with pytest.raises(SignatureError, match="not signed"):
        index.verify([KEY.public_key])


def test_nothing_is_built_that_no_reader_would_take() -> None:
    with pytest.raises(IndexFormatError, match="strictly ascending"):
        build_index([entry(), entry(file="b.zip")])
    with pytest.raises(IndexFormatError, match="file"):
        build_index([entry(file="../a.zip")])


@pytest.mark.parametrize(
    ("limit", "least"),
    [
        ("index_size", len(build_index([entry()], keys=[KEY]))),
        ("index_count", 1),
        ("file_name_size", 5),
        ("package_size", 10),
        ("signature_count", 1),
    ],
)
def test_each_limit_holds_at_its_value_and_not_beyond(limit: str, least: int) -> None:
    data = build_index([entry()], keys=[KEY])
    parse_index(data, limits=Limits(**{limit: least}))
    with pytest.raises(PackageError):
        parse_index(data, limits=Limits(**{limit: least - 1}))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_package_error_or_read(data: bytes) -> None:
    try:
        parse_index(data)
    except PackageError:
        return


@given(st.data())
def test_a_changed_byte_is_never_believed(data: st.DataObject) -> None:
    good = build_index([entry(), entry("R2", "R3", "b.zip")], keys=[KEY])
    place = data.draw(st.integers(0, len(good) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != good[place]))
    changed = good[:place] + bytes([value]) + good[place + 1 :]
    with pytest.raises(PackageError):
        parse_index(changed).verify([KEY.public_key])


def test_the_entry_of_a_package_says_what_its_manifest_says(built: bytes) -> None:
    manifest = parse(built).manifest
    made = IndexEntry.of("up.zip", len(built), Digest.of(built), manifest)
    index: Index = parse_index(build_index([made]))
    (read,) = index.entries
    assert read.promise is not None
    assert (read.model, read.promise.hardware) == (manifest.model, manifest.hardware)
    assert (read.old_revision, read.new_revision) == (manifest.old_revision, manifest.new_revision)
    assert read.promise.old_release == manifest.old_release
    assert read.promise.new_release == manifest.new_release
    assert read.promise.security_counter == manifest.security_counter
    assert LIMITS.index_count == 8192
