# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever the images are: the patch gives new back, by C and by the oracle, and stays small."""

from __future__ import annotations

import random
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota import delta
from dfota.errors import ImageTooLargeError
from dfota.values import Digest

CHUNK = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda byte, count: bytes([byte]) * count, st.integers(0, 255), st.integers(0, 400)),
    st.just(b"\xff" * 256),
    st.builds(lambda start: bytes((start + 7 * i) % 256 for i in range(200)), st.integers(0, 255)),
)
IMAGE = st.lists(CHUNK, max_size=8).map(b"".join)


@st.composite
def releases(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """An old image and a new one made of its pieces: moved, edited, padded, replaced."""
    old = draw(IMAGE)
    new = b""
    for _ in range(draw(st.integers(0, 6))):
        kind = draw(st.integers(0, 2))
        start = draw(st.integers(0, len(old)))
        piece = bytearray(old[start : start + draw(st.integers(0, 500))])
        if kind == 1 and piece:
            step = draw(st.integers(1, 40))
            for at in range(0, len(piece), step):
                piece[at] = (piece[at] + draw(st.sampled_from([1, 4, 0x80]))) % 256
        if kind == 2:
            piece = bytearray(draw(CHUNK))
        new += piece
    return old, new


@pytest.mark.parametrize("profile", ["balanced", "embedded"])
@settings(max_examples=60, deadline=None)
@given(images=releases())
def test_any_edit_comes_back_by_c_and_by_the_oracle(
    oracle: ModuleType, profile: delta.Profile, images: tuple[bytes, bytes]
) -> None:
    old, new = images

    patch = delta.generate(old, new, profile=profile)

    assert delta.apply(old, patch) == new
    assert oracle.decode(old, patch) == new


@settings(max_examples=20, deadline=None)
@given(images=releases())
def test_any_edit_comes_back_from_the_mixing_coder(
    oracle: ModuleType, images: tuple[bytes, bytes]
) -> None:
    """Fewer, and of at most 1500 bytes: the oracle is slow here."""
    old, new = (image[:1500] for image in images)

    patch = delta.generate(old, new, profile="max")

    assert delta.apply(old, patch) == new
    assert oracle.decode(old, patch) == new


@settings(max_examples=60, deadline=None)
@given(IMAGE, IMAGE)
def test_unrelated_images_come_back(old: bytes, new: bytes) -> None:
    patch = delta.generate(old, new)

    assert delta.apply(old, patch) == new
    info = delta.inspect(patch)
    assert info.copied + info.literal == len(new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"", b""),
        (b"", b"x"),
        (b"x", b""),
        (b"x", b"x"),
        (b"x", b"y"),
        (b"", b"\xff" * 100_000),
        (b"\xff" * 20_000, b"\xff" * 20_001),
        (b"\0" * 70_000, b"\xff" * 70_000),
        (bytes(range(256)) * 40, bytes(range(256)) * 41),
    ],
    ids=lambda image: f"{len(image)}-{image[:1].hex()}",
)
def test_degenerate_images_give_tiny_patches(oracle: ModuleType, old: bytes, new: bytes) -> None:
    patch = delta.generate(old, new)

    assert delta.apply(old, patch) == new
    assert oracle.decode(old, patch) == new
    assert len(patch) < 120


@pytest.mark.parametrize("size", [1, 100, 5_000, 1_000_000])
@pytest.mark.parametrize("profile", ["max", "balanced", "embedded"])
def test_identical_images_cost_less_than_50_bytes(size: int, profile: delta.Profile) -> None:
    image = random.Random(size).randbytes(size)  # noqa: S311 - repeatable

    patch = delta.generate(image, image, profile=profile)

    assert len(patch) < 50
    assert delta.inspect(patch).is_identical
    assert delta.apply(image, patch) == image


def test_noise_costs_little_more_than_itself() -> None:
    old, new = (random.Random(seed).randbytes(50_000) for seed in (1, 2))  # noqa: S311 - repeatable

    patch = delta.generate(old, new)

    assert delta.apply(old, patch) == new
    assert len(patch) < 50_000 * 1.0001 + 60


def test_the_same_images_give_the_same_patch(pair: tuple[bytes, bytes], patch: bytes) -> None:
    assert delta.generate(*pair) == patch


def test_the_patch_does_not_depend_on_the_slices(
    pair: tuple[bytes, bytes], patch: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dfota.delta.creating.SLICE_SIZE", 37)

    assert delta.generate(*pair) == patch


def test_a_patch_tells_what_it_is_for(pair: tuple[bytes, bytes], patch: bytes) -> None:
    old, new = pair

    info = delta.inspect(patch)

    assert (info.format_version, info.patch_size) == (2, len(patch))
    assert (info.old_size, info.new_size) == (len(old), len(new))
    assert info.old_digest == Digest.of(old).value[:8]
    assert info.new_digest == Digest.of(new).value[:16]
    assert info.copied + info.literal == len(new)
    assert (info.predicted, info.corrected) == (None, None)
    assert info.literal < 500
    assert sum(block.length for block in info.blocks) == info.copied
    assert info.to_json()["old_digest"] == Digest.of(old).hex[:16]


def test_with_the_old_image_a_patch_tells_what_was_predicted(
    pair: tuple[bytes, bytes], patch: bytes
) -> None:
    old, new = pair

    info = delta.inspect(patch, old)

    assert info.copied + info.predicted + info.corrected + info.literal == len(new)
    assert info.corrected > 0


@pytest.mark.parametrize("profile", ["max", "balanced", "embedded"])
def test_every_profile_gives_new_back(pair: tuple[bytes, bytes], profile: delta.Profile) -> None:
    old, new = pair

    patch = delta.generate(old, new, profile=profile)

    assert delta.apply(old, patch) == new
    # What reads `max` reads `balanced`, which small images are better off with.
    assert delta.inspect(patch).profile in {profile, "balanced" if profile == "max" else profile}


def test_an_embedded_patch_fits_the_memory_that_is_asked_for(pair: tuple[bytes, bytes]) -> None:
    old, new = pair

    patch = delta.generate(old, new, profile="embedded", memory_size=12_000)

    assert delta.inspect(patch).memory_size <= 12_000
    assert delta.apply(old, patch) == new


def test_progress_rises_to_its_total(pair: tuple[bytes, bytes]) -> None:
    seen: list[tuple[int, int]] = []

    delta.generate(*pair, progress=lambda done, total: seen.append((done, total)))

    done = [position for position, _ in seen]
    assert done == sorted(done)
    assert done[0] == 0
    assert seen[-1][0] == seen[-1][1]


def test_applying_reports_progress(pair: tuple[bytes, bytes], patch: bytes) -> None:
    seen: list[tuple[int, int]] = []

    delta.apply(pair[0], patch, progress=lambda done, total: seen.append((done, total)))

    assert seen[-1] == (len(pair[1]), len(pair[1]))


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_making_a_patch_can_be_interrupted(pair: tuple[bytes, bytes], share: float) -> None:
    def interrupt(done: int, total: int) -> None:
        if done > share * total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        delta.generate(*pair, progress=interrupt)


def test_long_runs_of_one_byte_cost_no_square_of_their_length() -> None:
    """Periodic images are the worst case of a suffix search; unbounded, this takes hours."""
    old = b"\xff" * 300_000 + b"\0" * 300_000
    new = b"\xff" * 299_990 + b"\1" + b"\xff" * 200_000 + b"\0" * 299_000 + b"\xff\0" * 50_000

    patch = delta.generate(old, new)

    assert delta.apply(old, patch) == new
    assert len(patch) < 1000


def test_an_image_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dfota.delta.creating.IMAGE_SIZE_MAX", 10)

    with pytest.raises(ImageTooLargeError) as caught:
        delta.generate(b"0123456789", b"0123456789a")

    assert (caught.value.size, caught.value.limit) == (11, 10)


def test_bytearrays_and_views_are_images_too(pair: tuple[bytes, bytes], patch: bytes) -> None:
    old, new = pair

    assert delta.generate(bytearray(old), memoryview(new)) == patch
    assert delta.apply(memoryview(old), bytearray(patch)) == new
