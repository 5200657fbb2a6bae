# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever the bytes are: a typed error, never a crash, never a wrong image."""

from __future__ import annotations

import bz2
import io
import lzma
import zipfile
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota import delta
from dfota._native import Applier, NativeError
from dfota.errors import (
    DeltaError,
    ImageTooLargeError,
    OldImageMismatchError,
    PatchCorruptError,
    PatchFormatError,
    PatchVersionError,
)

OLD = bytes(range(256)) * 4
NEW = OLD[:300] + b"inserted" + OLD[300:900] + bytes((b + 4) % 256 for b in OLD[900:960])


def verdicts(oracle: ModuleType, old: bytes, patch: bytes) -> tuple[str, str]:
    """What C and the oracle say of *patch*."""

    def by_c() -> str:
        try:
            applier = Applier.in_memory(patch, old)
            if applier.header.old_size != len(old):
                return "OLD"
            while applier.read(4096):
                pass
        except NativeError as failure:
            return failure.result.name
        return "OK"

    def by_oracle() -> str:
        try:
            header = oracle.parse_header(patch)
            if header.old_size != len(old):
                return "OLD"
            oracle.decode(old, patch)
        except oracle.Refused as refused:
            return refused.result
        return "OK"

    return by_c(), by_oracle()


PROFILES: list[tuple[delta.Profile, int]] = [("max", 29), ("balanced", 3), ("embedded", 1)]
"""How many bits to pass over, since the oracle is slow."""


@pytest.mark.parametrize(("profile", "step"), PROFILES)
def test_every_flipped_bit_is_noticed(
    oracle: ModuleType, profile: delta.Profile, step: int
) -> None:
    patch = delta.generate(OLD, NEW, profile=profile)
    assert delta.apply(OLD, patch) == NEW
    for bit in range(0, 8 * len(patch), step):
        broken = bytearray(patch)
        broken[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DeltaError):
            delta.apply(OLD, bytes(broken))
        c_says, oracle_says = verdicts(oracle, OLD, bytes(broken))
        assert c_says == oracle_says != "OK", bit


@pytest.mark.parametrize(("profile", "step"), PROFILES)
def test_every_truncation_is_noticed(oracle: ModuleType, profile: delta.Profile, step: int) -> None:
    patch = delta.generate(OLD, NEW, profile=profile)
    for size in range(0, len(patch), (step + 7) // 8):
        with pytest.raises(PatchFormatError if size < 4 else PatchCorruptError):
            delta.apply(OLD, patch[:size])
        c_says, oracle_says = verdicts(oracle, OLD, patch[:size])
        assert c_says == oracle_says != "OK"


@pytest.mark.parametrize("tail", [b"\0", b"x", b"\0" * 1000], ids=["zero", "x", "thousand"])
def test_trailing_bytes_are_noticed(tail: bytes) -> None:
    with pytest.raises(PatchCorruptError, match="bytes follow its end"):
        delta.apply(OLD, delta.generate(OLD, NEW) + tail)
    with pytest.raises(PatchCorruptError, match="bytes follow its end"):
        delta.inspect(delta.generate(OLD, NEW) + tail, OLD)


def zip_bytes() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("update", b"x" * 100)
    return stream.getvalue()


FOREIGN = {
    "nothing": b"",
    "one-byte": b"\xdf",
    "text": b"hello, this is not a patch at all\n" * 10,
    "xz": lzma.compress(b"x" * 1000),
    "zip": zip_bytes(),
    "bsdiff": b"BSDIFF40" + b"\0" * 24 + bz2.compress(b""),
    "bz2": bz2.compress(b"x" * 100),
    "elf": b"\x7fELF" + bytes(200),
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
}


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN)
def test_foreign_bytes_are_called_foreign(foreign: bytes) -> None:
    with pytest.raises(PatchFormatError):
        delta.apply(OLD, foreign)
    with pytest.raises(PatchFormatError):
        delta.inspect(foreign)


@pytest.mark.parametrize("version", [0, 1, 255])
def test_another_version_is_called_so(version: int) -> None:
    patch = bytearray(delta.generate(OLD, NEW))
    patch[4] = version

    with pytest.raises(PatchVersionError) as caught:
        delta.apply(OLD, bytes(patch))

    assert (caught.value.version, caught.value.supported) == (version, 2)


@pytest.mark.parametrize("other", [NEW, OLD[:-1], OLD + b"\0", b"", b"\0" * len(OLD)])
def test_another_old_image_is_refused_before_any_work(other: bytes) -> None:
    with pytest.raises(OldImageMismatchError) as caught:
        delta.apply(other, delta.generate(OLD, NEW))

    assert (caught.value.expected_size, caught.value.actual_size) == (len(OLD), len(other))


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=4, max_size=120))
def test_any_body_behind_a_true_header_is_judged_alike(oracle: ModuleType, body: bytes) -> None:
    """The header passes, the coded stream is noise: bounded, and C and oracle agree."""
    patch = delta.generate(OLD, NEW, profile="balanced")
    header = patch[: delta.inspect(patch).header_size]

    c_says, oracle_says = verdicts(oracle, OLD, header + body)

    assert c_says == oracle_says
    with pytest.raises(PatchCorruptError):
        delta.apply(OLD, header + body)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_behind_the_magic_are_judged_alike(oracle: ModuleType, rest: bytes) -> None:
    patch = b"\xdfOTA\x02" + rest

    c_says, oracle_says = verdicts(oracle, OLD, patch)

    assert c_says == oracle_says != "OK"


def test_a_huge_claim_ends_as_soon_as_the_bytes_do() -> None:
    """A patch of some bytes that promises a gigabyte does not make the applier work for it."""
    patch = bytearray(b"\xdfOTA\x02\x01")
    patch += b"\x80\x80\x80\x80\x04" * 2 + b"\x00\xff\xff\x03" + bytes(24)
    import hashlib

    patch += hashlib.sha256(patch).digest()[:4] + bytes(40)

    with pytest.raises(PatchCorruptError):
        delta.inspect(bytes(patch))


def test_a_few_bytes_never_become_more_than_is_wanted() -> None:
    bomb = delta.generate(b"", bytes(3_000_000))
    assert len(bomb) < 200
    with pytest.raises(ImageTooLargeError):
        delta.apply(b"", bomb, image_size_max=2_999_999)
    assert delta.apply(b"", bomb, image_size_max=3_000_000) == bytes(3_000_000)
