# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""C and the reference agree on every plan, not only on what the creator makes."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dfota import delta
from dfota._native import Applier, NativeError

ISAS = range(1, 13)
DAMAGE = st.tuples(st.floats(0, 1), st.integers(1, 255))
"""Where, and what is changed there."""
PROFILES = st.sampled_from(["max", "balanced", "embedded", "embedded", "balanced"])


def by_c(old: bytes, patch: bytes) -> bytes | str:
    """New, or why C refuses the patch."""
    new = b""
    try:
        applier = Applier.in_memory(patch, old)
        while piece := applier.read(501):
            new += piece
    except NativeError as failure:
        return failure.result.name
    return new


def by_oracle(oracle: ModuleType, old: bytes, patch: bytes) -> bytes | str:
    try:
        return oracle.decode(old, patch)
    except oracle.Refused as refused:
        return refused.result


def release(
    oracle: ModuleType, synthetic: ModuleType, isa: int, seed: int, shift: int = 0
) -> tuple[bytes, bytes, int]:
    """Old, new and the load address of some invented code."""
    author = synthetic.Author(oracle, isa, seed)
    old = author.image(700)
    cut = len(old) // 3 & ~3
    new, _ = author.next_release(old, cut, bytes(range(16, 40)), shift)
    return old, new, author.base


@pytest.mark.parametrize("isa", ISAS)
def test_references_are_predicted_alike(
    oracle: ModuleType, writer: ModuleType, synthetic: ModuleType, isa: int
) -> None:
    """With the whole map known, what is left to code is little, whatever the set."""
    old, new, base = release(oracle, synthetic, isa, seed=3, shift=0x40)
    cut = len(old) // 3 & ~3
    segments = [oracle.Segment(0, len(old), base, base + 0x40, 0, isa)]
    blocks = [oracle.Block(0, 0, cut), oracle.Block(cut + 24, cut, len(old) - cut)]
    encoder = writer.ReferenceEncoder(oracle)

    predicted = encoder.encode(old, new, writer.Plan("embedded", segments, blocks))
    plain = encoder.encode(old, new, writer.Plan("embedded", [], blocks))

    assert by_c(old, predicted) == oracle.decode(old, predicted) == new
    assert len(predicted) < 0.8 * len(plain)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("profile", ["max", "balanced", "embedded"])
def test_the_creator_and_the_reference_encoder_write_the_same(
    oracle: ModuleType, writer: ModuleType, synthetic: ModuleType, isa: int, profile: Any
) -> None:
    """Given the creator's plan, the reference writes the very bytes that the creator writes."""
    old, new, _ = release(oracle, synthetic, isa, seed=5)

    patch = delta.generate(old, new, profile=profile)

    header = oracle.parse_header(patch)
    segments, blocks = oracle.read_map(oracle.RangeDecoder(patch, header.size), header)
    told = {
        name: getattr(header, name)
        for name in ("correction_bits", "slot_bits", "index_bits", "train", "memory_bits")
    }
    plan = writer.Plan(profile, segments, blocks, told if patch[5] & 8 else {})
    assert writer.ReferenceEncoder(oracle).encode(old, new, plan) == patch
    assert by_c(old, patch) == new


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Any plan at all for images that hold code and edits of it; numbers are relative."""
    return {
        "profile": draw(PROFILES),
        "isa": draw(st.sampled_from(ISAS)),
        "seed": draw(st.integers(0, 50)),
        "cuts": draw(st.lists(st.integers(0, 699), min_size=1, max_size=5)),
        "segments": draw(
            st.lists(
                st.tuples(
                    st.integers(0, 60), st.integers(1, 500), st.integers(0, 12),
                    st.integers(0, 2), st.integers(0, 1),
                    st.sampled_from([0, 1, 2, 0x100, 0xFFFFF000]),
                ),
                max_size=4,
            )
        ),
        "blocks": draw(
            st.lists(
                st.tuples(
                    st.sampled_from([0, 0, 1, 5, 40]), st.integers(0, 699),
                    st.integers(1, 400), st.booleans(),
                ),
                max_size=6,
            )
        ),
        "correction_bits": draw(st.sampled_from([0, 1, 7, 12])),
        "noise": draw(st.binary(min_size=50, max_size=50)),
    }  # fmt: skip


def build(oracle: ModuleType, writer: ModuleType, synthetic: ModuleType, drawn: Any) -> Any:
    """Old, new and the plan that was drawn."""
    old, other, base = release(oracle, synthetic, drawn["isa"], drawn["seed"])
    segments, end, space = [], 0, 0
    for gap, length, isa, flags, step, shift in drawn["segments"]:
        begin = end + gap
        end = min(begin + length, len(old))
        if begin >= end:
            break
        space += step
        new_base = base + shift & 0xFFFFFFFF
        segments.append(oracle.Segment(begin, end, base, new_base, space, isa, flags))
    new, blocks = b"", []
    for gap, place, most, is_plain in drawn["blocks"]:
        start = place % len(old)
        length = min(most, len(old) - start)
        new += drawn["noise"][:gap]
        blocks.append(oracle.Block(len(new), start, length, is_plain))
        piece = bytearray(other[start : start + length].ljust(length, b"\0"))
        for cut in drawn["cuts"]:
            piece[cut % length] ^= 0x41
        new += piece
    new += drawn["noise"] * 3 + b"\xff" * 300
    parameters = {"correction_bits": drawn["correction_bits"]}
    return old, new, writer.Plan(drawn["profile"], segments, blocks, parameters)


def decode_alike(
    oracle: ModuleType, writer: ModuleType, synthetic: ModuleType, drawn: dict[str, Any]
) -> None:
    old, new, plan = build(oracle, writer, synthetic, drawn)

    patch = writer.ReferenceEncoder(oracle).encode(old, new, plan)

    assert by_c(old, patch) == new
    assert oracle.decode(old, patch) == new


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=plans())
def test_any_plan_is_decoded_alike(
    oracle: ModuleType, writer: ModuleType, synthetic: ModuleType, drawn: dict[str, Any]
) -> None:
    decode_alike(oracle, writer, synthetic, drawn)


@pytest.mark.long
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=plans())
def test_many_plans_are_decoded_alike(
    oracle: ModuleType, writer: ModuleType, synthetic: ModuleType, drawn: dict[str, Any]
) -> None:
    decode_alike(oracle, writer, synthetic, drawn)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=plans(), damage=DAMAGE)
def test_a_mutated_body_is_judged_alike(
    oracle: ModuleType,
    writer: ModuleType,
    synthetic: ModuleType,
    drawn: dict[str, Any],
    damage: tuple[float, int],
) -> None:
    """The header stays true, so that the damage reaches map, predictor and coder.

    It may hit what matters to no byte, such as a segment that no block copies from; but what
    comes out is new, or nothing.
    """
    old, new, plan = build(oracle, writer, synthetic, drawn)
    patch = bytearray(writer.ReferenceEncoder(oracle).encode(old, new, plan))
    begin = oracle.parse_header(patch).size
    where, flip = damage
    patch[begin + int(where * (len(patch) - 1 - begin))] ^= flip

    c_says = by_c(old, bytes(patch))

    assert isinstance(c_says, str) or c_says == new
    assert c_says == by_oracle(oracle, old, bytes(patch))


def head_size(oracle: ModuleType, patch: bytes) -> int | None:
    """The size of old that a header tells; None if it is refused."""
    try:
        return oracle.parse_header(patch).old_size
    except oracle.Refused:
        return None


@settings(max_examples=40, deadline=None)
@given(drawn=plans(), damage=DAMAGE)
def test_a_mutated_header_that_is_sealed_again_is_judged_alike(
    oracle: ModuleType,
    writer: ModuleType,
    synthetic: ModuleType,
    drawn: dict[str, Any],
    damage: tuple[float, int],
) -> None:
    old, new, plan = build(oracle, writer, synthetic, drawn | {"profile": "embedded"})
    encoder = writer.ReferenceEncoder(oracle)
    patch = encoder.encode(old, new, plan)
    size = oracle.parse_header(patch).size
    head = bytearray(patch[: size - 4])
    where, flip = damage
    head[int(where * (len(head) - 1))] ^= flip
    broken = writer.sealed(bytes(head)) + patch[size:]

    c_says = by_c(old, broken)

    if head_size(oracle, broken) in {len(old), None}:  # else it is the caller's to notice
        assert c_says == by_oracle(oracle, old, broken)
