# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The images that are compared, and those that only grow; it measures nothing."""

from __future__ import annotations

import itertools
import json
import lzma
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two images: their sizes are known at once, their bytes are read when asked for."""

    name: str
    old_size: int
    new_size: int
    load: Callable[[], tuple[bytes, bytes]]

    @property
    def size(self) -> int:
        return max(self.old_size, self.new_size)


def corpus_pairs(corpus: Path) -> list[Pair]:
    """The pairs of a folder of real firmware: ``*/manifest.json`` beside its two images."""

    def image(folder: Path, which: str) -> bytes:
        plain = folder / f"{which}.bin"
        if plain.exists():
            return plain.read_bytes()
        return lzma.decompress((folder / f"{which}.bin.xz").read_bytes())

    def pair(folder: Path) -> Pair:
        facts = json.loads((folder / "manifest.json").read_text())
        return Pair(
            folder.name,
            facts["old_size"],
            facts["new_size"],
            lambda: (image(folder, "old"), image(folder, "new")),
        )

    return [pair(path.parent) for path in sorted(corpus.glob("*/manifest.json"))]


def recorded_sizes(corpus: Path) -> dict[str, dict[str, int]]:
    """The patch sizes that more peers reached, by pair; empty without the file."""
    path = corpus / "peer_sizes.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def example_pairs(releases: Path) -> list[Pair]:
    """Each partition of the example releases, from one release to the next."""

    def pair(old: Path, new: Path) -> Pair:
        return Pair(
            f"{new.stem} {old.parent.name} to {new.parent.name}",
            old.stat().st_size,
            new.stat().st_size,
            lambda: (old.read_bytes(), new.read_bytes()),
        )

    folders = sorted(path for path in releases.glob("*") if path.is_dir())
    return [
        pair(old / path.name, path)
        for old, new in itertools.pairwise(folders)
        for path in sorted(new.glob("*.bin"))
        if (old / path.name).exists()
    ]


def share_of(pairs: list[Pair], size: int) -> tuple[bytes, bytes]:
    """Images of about *size* bytes: the same share of each pair, so that only the size differs."""
    total = sum(pair.old_size for pair in pairs)
    share = min(1.0, size / total)
    old, new = bytearray(), bytearray()
    for pair in pairs:
        parts = pair.load()
        old += parts[0][: round(len(parts[0]) * share)]
        new += parts[1][: round(len(parts[1]) * share)]
    return bytes(old), bytes(new)


def programs(folders: list[Path], size: int) -> bytes:
    """*size* bytes of ELF files one behind the other, in the order of their names; less if few."""

    def elves() -> Iterator[Path]:
        for folder in folders:
            files = (path for path in sorted(folder.rglob("*")) if path.is_file())
            yield from (path for path in files if not path.is_symlink())

    found = bytearray()
    for path in elves():
        if len(found) >= size:
            break
        try:
            content = path.read_bytes()
        except OSError:
            continue
        if content.startswith(b"\x7fELF"):
            found += content
    return bytes(found[:size])


def edited(old: bytes, seed: int = 1) -> bytes:
    """*old* as a next release: functions inserted, removed and changed, constants changed.

    About one edit in 4 KiB; what is inserted is other material of the same image, as new code
    resembles old code.
    """
    dice = random.Random(seed)  # noqa: S311 - an image for measuring, no secret
    new = bytearray()
    position = 0
    while position < len(old):
        step = dice.randrange(512, 8192)
        new += old[position : position + step]
        position += step
        kind = dice.random()
        if kind < 0.35:  # a function more
            start = dice.randrange(len(old))
            new += bytes(byte ^ (dice.random() < 0.2) for byte in old[start : start + 96])
        elif kind < 0.55:  # a function less
            position += dice.randrange(8, 256)
        elif kind < 0.75:  # a function changed
            changed = bytearray(old[position : position + 64])
            for index in range(0, len(changed), 4):
                changed[index] = dice.randrange(256)
            new += changed
            position += len(changed)
        else:  # a constant changed
            new += dice.randbytes(4)
            position += 4
    return bytes(new)


def growing(pairs: list[Pair], folders: list[Path], size: int) -> tuple[bytes, bytes]:
    """Images of about *size* bytes out of *pairs*, or of the machine's programs where those are
    too few.
    """
    if sum(pair.old_size for pair in pairs) >= size:
        return share_of(pairs, size)
    old = programs(folders, size)
    return old, edited(old)
