# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The CBOR subset: every value comes back, and nothing but its one encoding is accepted."""

from __future__ import annotations

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota.package import cbor

LEAVES = (
    st.integers(-(2**64), 2**64 - 1)
    | st.binary(max_size=300)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
    | st.booleans()
    | st.none()
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=30)
        | st.dictionaries(st.integers(0, 2**64 - 1), inner, max_size=30)
    ),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_every_value_comes_back(value: object) -> None:
    assert cbor.decode(cbor.encode(value), depth_limit=100) == value


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40) | VALUES.map(cbor.encode).flatmap(
    lambda data: st.builds(
        lambda at, byte: data[: at % len(data)] + bytes([byte]) + data[at % len(data) + 1 :],
        st.integers(0, 10**6), st.integers(0, 255),
    )
))  # fmt: skip
def test_what_is_accepted_has_one_encoding_and_one_meaning(data: bytes) -> None:
    try:
        value = cbor.decode(data, depth_limit=100)
    except ValueError:
        return
    assert cbor2.dumps(value, canonical=True) == data
    assert cbor2.loads(data) == value


# RFC 8949, appendix A, as far as the subset goes
@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("00", 0), ("17", 23), ("1818", 24), ("1903e8", 1000), ("1a000f4240", 1000000),
        ("1bffffffffffffffff", 18446744073709551615), ("3bffffffffffffffff", -18446744073709551616),
        ("20", -1), ("3903e7", -1000), ("f4", False), ("f5", True), ("f6", None), ("40", b""),
        ("4401020304", b"\1\2\3\4"), ("60", ""), ("6449455446", "IETF"), ("62c3bc", "\u00fc"),
        ("80", []), ("8301820203820405", [1, [2, 3], [4, 5]]), ("a0", {}), ("a201020304", {1: 2, 3: 4}),
    ],
)  # fmt: skip
def test_the_examples_of_the_standard(encoded: str, value: object) -> None:
    decoded = cbor.decode(bytes.fromhex(encoded))
    assert decoded == value
    assert type(decoded) is type(value)
    assert cbor.encode(value).hex() == encoded


REFUSED = {
    "not the shortest": ["1817", "190017", "1900ff", "1a0000ffff", "1b00000000ffffffff", "a1180100"],
    "float or unknown simple": [
        "f90000", "fa47c35000", "fb3ff199999999999a", "f97e00",  # floats
        "c11a514b67b0", "d818456449455446", "c249010000000000000000",  # tags, a bignum
        "f7", "f0", "f818", "f8ff", "f814",  # other simple values, false in two bytes
    ],
    "indefinite or reserved": [
        "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "bfff", "ff",
        "1c", "3d", "5e", "fc",
    ],
    "no unsigned integer": ["a161610161", "a16161f6", "a1f600", "a18001", "a12000"],
    "not strictly ascending": ["a201000100", "a202000100"],
    "too few follow": ["a20100", "81", "a1", "a100", "9affffffff", "bbffffffffffffffff"],
    "cut short": ["", "18", "61", "5bffffffffffffffff", "8118"],
    "behind the value": ["0000", "f6f6"],
    "not UTF-8": ["61ff", "62c0af", "63eda080"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "encoded"),
    [(reason, encoded) for reason, several in REFUSED.items() for encoded in several],
)
def test_everything_else_is_refused_with_the_reason(reason: str, encoded: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cbor.decode(bytes.fromhex(encoded))


def test_the_two_implementations_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the decoder ever read something else than the encoder writes, nothing is accepted."""
    monkeypatch.setattr(
        cbor._Decoder, "_text", lambda self, size: self._take(size).decode().upper()
    )
    with pytest.raises(ValueError, match="not the deterministic encoding"):
        cbor.decode(b"\x61a")


@pytest.mark.parametrize("container", [b"\x81", b"\xa1\x00"], ids=["array", "map"])
def test_depth_is_limited(container: bytes) -> None:
    cbor.decode(container * 4 + b"\x00")
    with pytest.raises(ValueError, match="nested deeper than 4"):
        cbor.decode(container * 5 + b"\x00")
