# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""No input, however hostile, gets past the typed errors, past the limits, or past the signature."""

from __future__ import annotations

import dataclasses
import io
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dfota.errors import MisuseError, PackageError
from dfota.package import LIMITS, Limits, PublicKey, SigningKey, parse

QUIET = settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "delete", "overwrite", "repeat"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=3,
)


def mutate(data: bytes, mutations: list[tuple[str, float, bytes]]) -> bytes:
    for kind, position, noise in mutations:
        at = int(position * len(data))
        match kind:
            case "flip" if data:
                changed = data[at] ^ (noise[0] or 1)
                data = data[:at] + bytes([changed]) + data[at + 1 :]
            case "cut":
                data = data[:at]
            case "insert":
                data = data[:at] + noise + data[at:]
            case "delete":
                data = data[:at] + data[at + len(noise) :]
            case "overwrite":
                data = data[:at] + noise + data[at + len(noise) :]
            case "repeat":
                data = data[: at + 16] + data[at:]
    return data


@QUIET
@given(mutations=MUTATIONS)
def test_a_mutated_package_is_refused_with_a_typed_error(
    built: bytes, signing_key: SigningKey, mutations: list[tuple[str, float, bytes]]
) -> None:
    mutated = mutate(built, mutations)
    if mutated == built:
        return
    with pytest.raises(PackageError) as caught:
        parse(mutated).verify([signing_key.public_key])
    assert str(caught.value)
    assert caught.value.remedy


def test_every_single_bit_counts(built: bytes, signing_key: SigningKey) -> None:
    """Flip each bit of everything but the payloads, whose bytes are covered by the digests."""
    payload_at = built.index(b"payload/") + 20
    central_at = int.from_bytes(built[-6:-2], "little")
    positions = [*range(payload_at), *range(central_at, len(built))]
    trusted = [signing_key.public_key]
    for position in positions:
        for bit in range(8):
            changed = bytearray(built)
            changed[position] ^= 1 << bit
            with pytest.raises(PackageError):
                parse(changed).verify(trusted)


@QUIET
@given(data=st.binary(max_size=300))
@example(data=b"")
@example(data=b"PK\x05\x06" + bytes(18))
def test_noise_is_refused_with_a_typed_error(data: bytes) -> None:
    with pytest.raises(PackageError):
        parse(data)


@QUIET
@given(mutations=MUTATIONS, which=st.sampled_from(["manifest.cbor", "signatures.cbor"]))
def test_a_mutated_part_in_a_whole_container_is_refused_with_a_typed_error(
    built: bytes, signing_key: SigningKey, mutations: list[tuple[str, float, bytes]], which: str
) -> None:
    """CRC-32 and sizes are made right again, so that the inner parsers see the mutation."""
    entries = unpack(built)
    mutated = mutate(entries[which], mutations)
    if mutated == entries[which]:
        return
    with pytest.raises(PackageError) as caught:
        parse(pack(entries | {which: mutated})).verify([signing_key.public_key])
    assert caught.value.code != "package.digest-mismatch"


@QUIET
@given(value=st.recursive(
    st.integers(-(2**64), 2**64 - 1) | st.binary() | st.text() | st.booleans() | st.none(),
    lambda inner: st.lists(inner) | st.dictionaries(st.integers(0, 12), inner),
    max_leaves=20,
))  # fmt: skip
def test_any_other_cbor_is_refused_as_a_manifest(built: bytes, value: object) -> None:
    from dfota.package import cbor

    with pytest.raises(PackageError):
        parse(pack(unpack(built) | {"manifest.cbor": cbor.encode(value)}))


def unpack(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def pack(entries: dict[str, bytes]) -> bytes:
    from dfota.package.container import write_container

    return write_container(list(entries.items()))


def facts(data: bytes) -> dict[str, int]:
    """What *data* uses of each limit."""
    entries = unpack(data)
    manifest = parse(data).manifest
    return {
        "package_size": len(data),
        "entry_count": len(entries),
        "manifest_size": len(entries["manifest.cbor"]),
        "signatures_size": len(entries["signatures.cbor"]),
        "signature_count": 1,
        "partition_count": len(manifest.partitions),
        "image_size": max(max(part.old_size, part.new_size) for part in manifest.partitions),
        "name_size": max(len(part.name) for part in manifest.partitions),
        "identity_size": max(len(manifest.model), len(manifest.hardware)),
    }


OF_AN_INDEX = {"index_size", "index_count", "file_name_size"}  # see test_index.py


@pytest.mark.parametrize(
    "field",
    [field.name for field in dataclasses.fields(Limits) if field.name not in OF_AN_INDEX],
)
def test_each_limit_is_inclusive_and_holds(built: bytes, field: str) -> None:
    used = facts(built)[field]
    parse(built, limits=dataclasses.replace(LIMITS, **{field: used}))
    with pytest.raises(PackageError) as caught:
        parse(built, limits=dataclasses.replace(LIMITS, **{field: used - 1}))
    assert caught.value.code in {"package.container", "package.manifest", "package.signature"}


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x9b" + b"\x00\x00\x00\xff" + b"\xff" * 4,
        b"\xbb" + b"\x00\x00\x00\xff" + b"\xff" * 4,
        b"\x5b" + b"\x00\x00\x00\xff" + b"\xff" * 4,
        b"\x7b" + b"\x00\x00\x00\xff" + b"\xff" * 4,
        b"\x81" * 30000,
        b"\xa1\x00" * 15000,
        b"\x98\xff" * 15000,
    ],
    ids=["array", "map", "bytes", "text", "nested-arrays", "nested-maps", "fanned-arrays"],
)
def test_announced_sizes_allocate_nothing(built: bytes, hostile: bytes) -> None:
    data = pack(unpack(built) | {"manifest.cbor": hostile})
    tracemalloc.start()
    try:
        with pytest.raises(PackageError):
            parse(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 512 * 1024


def test_payloads_are_views_that_nobody_can_write(built: bytes, signing_key: SigningKey) -> None:
    verified = parse(bytearray(built)).verify([signing_key.public_key])
    payload = verified.payload("boot")
    assert payload.readonly
    assert payload.obj is not None


def test_nobody_is_trusted_by_default(built: bytes) -> None:
    with pytest.raises(PackageError) as caught:
        parse(built).verify([])
    assert caught.value.code == "package.signature"


def test_a_key_that_is_no_point_trusts_nothing(built: bytes, signing_key: SigningKey) -> None:
    """A trusted key whose 32 bytes are no curve point verifies nothing, and breaks nothing."""
    with pytest.raises(PackageError):
        parse(built).verify([PublicKey(b"\xff" * 32)])


def test_the_container_itself_refuses_a_name_twice(built: bytes) -> None:
    from dfota.package.container import read_container, write_container

    entries = [*unpack(built).items(), ("payload/boot", b"again")]
    with pytest.raises(PackageError, match="occurs twice"):
        read_container(memoryview(write_container(entries)), LIMITS)


def test_two_trusted_keys_with_one_key_id_are_refused(
    built: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PublicKey, "key_id", bytes(8))
    keys = [SigningKey(bytes([n]) * 32).public_key for n in range(2)]
    with pytest.raises(MisuseError, match="same key id"):
        parse(built).verify(keys)
    with pytest.raises(PackageError):
        parse(built).verify(keys[:1] * 2)
