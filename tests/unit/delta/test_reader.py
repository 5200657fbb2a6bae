# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The streaming reader: any piece size gives the same image, in bounded memory."""

from __future__ import annotations

import gc
import io
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from dfota import delta
from dfota.delta import PatchReader
from dfota.errors import MisuseError, PatchCorruptError, PatchFormatError
from dfota.values import Digest


def reader(old: bytes, patch: bytes) -> PatchReader:
    return PatchReader(io.BytesIO(patch).read, lambda offset, size: old[offset : offset + size])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 255, 256, 257, 4096, 100_000])
def test_any_piece_size_gives_the_same_image(
    pair: tuple[bytes, bytes], patch: bytes, size: int
) -> None:
    old, new = pair
    stream = reader(old, patch)

    pieces = []
    while piece := stream.read(size):
        pieces.append(piece)

    assert b"".join(pieces) == new == delta.apply(old, patch)
    assert all(len(piece) == size for piece in pieces[:-1])
    assert stream.read(size) == b""


def test_a_patch_may_arrive_in_crumbs(pair: tuple[bytes, bytes], patch: bytes) -> None:
    old, new = pair
    source = io.BytesIO(patch)
    stream = PatchReader(lambda size: source.read(min(size, 1)), lambda at, n: old[at : at + n])

    assert stream.read(len(new)) == new


def test_header_facts_are_there_at_once(pair: tuple[bytes, bytes], patch: bytes) -> None:
    old, new = pair
    stream = reader(b"", patch)

    assert (stream.old_size, stream.new_size) == (len(old), len(new))
    assert stream.is_from(len(old), Digest.of(old))
    assert stream.makes(len(new), Digest.of(new))
    assert not stream.is_from(len(old), Digest.of(new))
    assert not stream.makes(len(new) + 1, Digest.of(new))


def test_reading_nothing_changes_nothing(pair: tuple[bytes, bytes], patch: bytes) -> None:
    stream = reader(pair[0], patch)

    assert stream.read(0) == b""
    assert stream.read(1 << 20) == pair[1]


def test_old_is_only_asked_inside_itself(pair: tuple[bytes, bytes], patch: bytes) -> None:
    old, new = pair
    asked: list[tuple[int, int]] = []

    def read_old(offset: int, size: int) -> bytes:
        asked.append((offset, size))
        return old[offset : offset + size]

    stream = PatchReader(io.BytesIO(patch).read, read_old)
    assert stream.read(len(new)) == new

    assert asked
    assert all(size > 0 and offset + size <= len(old) for offset, size in asked)


def test_a_wrong_old_image_never_passes(pair: tuple[bytes, bytes], patch: bytes) -> None:
    stream = reader(bytes(len(pair[0])), patch)

    with pytest.raises(PatchCorruptError):
        stream.read(1 << 20)


def test_the_last_piece_is_only_given_when_all_is_verified(
    pair: tuple[bytes, bytes], patch: bytes
) -> None:
    old, new = pair
    stream = reader(old, patch + b"x")
    assert stream.read(len(new) - 1) == new[:-1]

    with pytest.raises(PatchCorruptError, match="follow"):
        stream.read(1)


def test_a_failed_reader_stays_failed(pair: tuple[bytes, bytes], patch: bytes) -> None:
    stream = reader(pair[0], patch[:-5])
    with pytest.raises(PatchCorruptError):
        stream.read(1 << 20)

    with pytest.raises(PatchCorruptError, match="already failed"):
        stream.read(1)


def test_what_a_callback_raises_comes_out(pair: tuple[bytes, bytes], patch: bytes) -> None:
    def broken(*_args: int) -> bytes:
        raise TimeoutError("flash")

    with pytest.raises(TimeoutError, match="flash"):
        PatchReader(broken, broken)
    stream = PatchReader(io.BytesIO(patch).read, broken)
    with pytest.raises(TimeoutError, match="flash"):
        stream.read(1 << 20)


def test_power_loss_passes_through_a_callback(pair: tuple[bytes, bytes], patch: bytes) -> None:
    class PowerLost(BaseException):
        pass

    def cut(_offset: int, _size: int) -> bytes:
        raise PowerLost

    stream = PatchReader(io.BytesIO(patch).read, cut)
    with pytest.raises(PowerLost):
        stream.read(1 << 20)


def test_callbacks_that_give_too_much_or_too_little_are_misused(
    pair: tuple[bytes, bytes], patch: bytes
) -> None:
    with pytest.raises(MisuseError):
        PatchReader(lambda size: patch[: size + 1], lambda offset, size: b"")
    stream = PatchReader(io.BytesIO(patch).read, lambda offset, size: b"")
    with pytest.raises(MisuseError):
        stream.read(10_000)
    with pytest.raises(MisuseError):
        reader(pair[0], patch).read(-1)


def test_foreign_bytes_are_refused_at_once() -> None:
    with pytest.raises(PatchFormatError):
        reader(b"", b"PK\x03\x04" + bytes(100))


def test_memory_does_not_grow_with_the_image() -> None:
    old = bytes(range(256)) * 8192  # 2 MiB
    patch = delta.generate(old, old[1000:] + old[:1000], profile="embedded")
    view = memoryview(old)

    tracemalloc.start()
    stream = PatchReader(io.BytesIO(patch).read, lambda at, n: bytes(view[at : at + n]))
    while stream.read(1024):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 64 * 1024


def test_a_reader_lets_go_of_its_sources(pair: tuple[bytes, bytes], patch: bytes) -> None:
    class Source(io.BytesIO):
        pass

    source = Source(patch)
    gone = weakref.ref(source)
    stream = PatchReader(source.read, lambda at, n: pair[0][at : at + n])
    assert stream.read(10)

    del stream, source
    gc.collect()

    assert gone() is None


def test_no_memory_is_taken_for_what_will_never_come(
    pair: tuple[bytes, bytes], patch: bytes
) -> None:
    old, new = pair
    tracemalloc.start()
    try:
        assert reader(old, patch).read(1 << 62) == new
        assert tracemalloc.get_traced_memory()[1] < 4 * len(new) + 1_000_000
    finally:
        tracemalloc.stop()


def test_a_callback_cannot_read_the_patch_that_is_being_read(
    pair: tuple[bytes, bytes], patch: bytes
) -> None:
    old, new = pair
    refused = []

    def read_old(offset: int, size: int) -> bytes:
        with pytest.raises(MisuseError, match="one caller"):
            entangled.read(1)
        refused.append(offset)
        return old[offset : offset + size]

    entangled = PatchReader(io.BytesIO(patch).read, read_old)
    assert entangled.read(len(new)) == new
    assert refused


def test_two_threads_never_share_a_patch(pair: tuple[bytes, bytes], patch: bytes) -> None:
    old, new = pair
    inside, leave = threading.Event(), threading.Event()

    def read_old(offset: int, size: int) -> bytes:
        inside.set()
        assert leave.wait(10)
        return old[offset : offset + size]

    shared = PatchReader(io.BytesIO(patch).read, read_old)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(shared.read, len(new))
        assert inside.wait(10)
        try:
            with pytest.raises(MisuseError, match="one caller"):
                shared.read(1)
        finally:
            leave.set()
        assert first.result(10) == new


@pytest.mark.parametrize("profile", ["balanced", "embedded"])
@pytest.mark.parametrize("at", [0, 1, 1000, -1])
def test_a_reader_goes_on_from_a_checkpoint(pair: tuple[bytes, bytes], profile, at: int) -> None:
    old, new = pair
    patch = delta.generate(old, new, profile=profile)
    first = reader(old, patch)
    begun = first.read(at % len(new))
    saved = first.save()
    assert first.has_checkpoints
    assert begun + first.read(len(new)) == new

    second = reader(old, patch)
    second.resume(saved)
    assert begun + second.read(len(new)) == new
    assert second.read(1) == b""


def test_profile_max_has_no_checkpoints(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    stream = reader(old, delta.generate(old, new))
    stream.read(10)
    if not stream.has_checkpoints:
        assert stream.save() == b""


def test_a_checkpoint_of_something_else_is_refused(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    patch = delta.generate(old, new, profile="embedded")
    stream = reader(old, patch)
    stream.read(100)
    saved = stream.save()
    for wrong in (b"", saved[:-1], saved + b"x", bytes(len(saved)), b"\xff" * len(saved)):
        with pytest.raises(PatchCorruptError):
            reader(old, patch).resume(wrong)
    other = delta.generate(old, new[:-1], profile="embedded")
    with pytest.raises(PatchCorruptError):
        reader(old, other).resume(saved)
    with pytest.raises(MisuseError):
        stream.resume(saved)
    with pytest.raises(MisuseError):
        reader(old, patch).save()


def test_a_patch_says_whether_it_was_made_for_one_slot(pair: tuple[bytes, bytes]) -> None:
    old, new = pair
    in_place = delta.InPlace(4096, 8192)
    patch = delta.generate(old, new, profile="embedded", in_place=in_place)
    assert reader(old, patch).in_place == in_place
    assert reader(old, delta.generate(old, new, profile="embedded")).in_place is None
