# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Writes vectors/patch with the reference encoder; no C has a part in it.

Run it after a change of the format: ``python tests/unit/delta/make_vectors.py [FOLDER]``.
The same sources give the same bytes.
"""

from __future__ import annotations

import importlib.util
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parents[2] / "vectors" / "patch"
PROFILES = ("max", "balanced", "embedded")
ISA_NAMES = {
    1: "thumb", 2: "arm", 3: "aarch64", 4: "riscv", 5: "xtensa", 6: "hexagon", 7: "x86",
    8: "tc32", 9: "arc", 10: "nds32", 11: "videocore", 12: "xtensa-litbase",
}  # fmt: skip


def load(name: str, path: Path) -> ModuleType:
    """A module, or package, of this folder."""
    inside = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


reference = load("dfota_reference", HERE / "reference" / "__init__.py")
writer = load("dfota_reference_encoder", HERE / "reference_encoder.py")
synthetic = load("dfota_synthetic_code", HERE / "synthetic_code.py")
encoder = writer.ReferenceEncoder(reference)
Plan, Block, Segment = writer.Plan, reference.Block, reference.Segment


class Vectors:
    """The cases, and the files that they share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[bytes, str] = {}
        self._cases: list[dict[str, str]] = []

    def _file(self, wanted: str, content: bytes) -> str:
        """The name of a file with this content; equal ones are written once."""
        if content not in self._names:
            self._names[content] = wanted
            (self._folder / wanted).write_bytes(content)
        return self._names[content]

    def add(self, name: str, why: str, old: bytes, new: bytes, patch: bytes) -> None:
        """A good patch."""
        case = {"name": name, "result": "OK", "why": why}
        case |= {"old": self._file(f"{name}.old.bin", old)} if old else {}
        case |= {"new": self._file(f"{name}.new.bin", new)} if new else {}
        self._cases.append(case | {"patch": self._file(f"{name}.patch.bin", patch)})

    def refuse(self, name: str, result: str, why: str, old: bytes, patch: bytes) -> None:
        """A bad one."""
        case = {"name": name, "result": result, "why": why}
        case |= {"old": self._file(f"{name}.old.bin", old)} if old else {}
        self._cases.append(case | {"patch": self._file(f"{name}.patch.bin", patch)})

    def write_index(self) -> None:
        index = {"format": "dfota patch 2", "cases": self._cases}
        (self._folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")
        rows = ["# name result old new patch"]
        rows += [
            " ".join(case.get(key, "-") for key in ("name", "result", "old", "new", "patch"))
            for case in self._cases
        ]
        (self._folder / "index.txt").write_text("\n".join(rows) + "\n")


def words(size: int, seed: int) -> bytes:
    """Bytes with the texture of a program: words of a small vocabulary, some of them rare."""
    source = random.Random(seed)  # noqa: S311 - repeatable
    known = [source.randbytes(4) for _ in range(40)]
    out = b""
    while len(out) < size:
        out += source.choice(known) if source.random() < 0.8 else source.randbytes(4)
    return out[:size]


def noise(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - repeatable


def edited(image: bytes, seed: int, step: int = 97) -> bytes:
    source = random.Random(seed)  # noqa: S311 - repeatable
    out = bytearray(image)
    for at in range(seed % step, len(out), step):
        out[at] = (out[at] + source.choice((1, 4, 0x80))) % 256
    return bytes(out)


Built = tuple[bytes, bytes, list[Any], list[Any]]
"""Old, new, segments, blocks."""


def plain_pairs() -> Iterator[tuple[str, str, Built]]:
    """Images without any code."""
    old = words(900, 1)
    yield "empty", "both images are empty", (b"", b"", [], [])
    yield "emptied", "new is empty", (old, b"", [], [])
    yield "first", "old is empty: all literal", (b"", words(300, 2), [], [])
    yield "one-byte", "one byte becomes another", (b"x", b"y", [], [Block(0, 0, 1)])
    yield "identical", "new is old: one block", (old, old, [], [Block(0, 0, len(old))])
    new = edited(old, 5)
    yield "edited", "one block, some bytes are others", (old, new, [], [Block(0, 0, len(old))])
    new = old[600:] + b"inserted bytes" + old[:300] + b"\0" + old[310:600] + b"tail"
    blocks = [Block(0, 600, 300), Block(314, 0, 300), Block(615, 310, 290)]
    yield "moved", "three blocks in another order, gaps between them", (old, new, [], blocks)
    new = old[:500] + b"\xff" * 3000 + old[500:] + b"\0" * 700
    blocks = [Block(0, 0, 500), Block(3500, 500, 400)]
    yield "padded", "runs of one byte between and behind blocks", (old, new, [], blocks)
    new = noise(5000, 3) + old[:100]
    yield "noise", "a gap that is stored", (old, new, [], [Block(5000, 0, 100)])
    yield "unrelated", "no block at all", (old, words(700, 9), [], [])


def record_pair() -> Built:
    """Records that come again and again: blocks are expected after the like of them."""
    source = random.Random(4)  # noqa: S311 - repeatable
    old = noise(2400, 4)
    new, blocks, start = b"", [], 0
    for number in range(60):
        new += source.randbytes(3)
        length = 20 if number % 3 else 28
        is_plain = number % 7 == 3
        blocks.append(Block(len(new), start, length, is_plain))
        new += old[start : start + length]
        start += length + 5
    blocks.append(Block(len(new) + 1, 100, 50))
    new += b"!" + old[100:150]
    for start in (90, 160, 90, 400, 160, 2300):
        blocks.append(Block(len(new), start, 40))
        new += old[start : start + 40]
    return old, new, [], blocks


def run_pair() -> Built:
    """Thousands of units that are as predicted, one that is not, and again."""
    old = b"@A" * 4600
    new = bytearray(old)
    new[4305] = 0x99
    return old, bytes(new), [Segment(0, len(old), 0, 0, 0, 7, 0)], [Block(0, 0, len(old))]


def code_pair(isa: int, size: int, flags: int = 0) -> Built:
    """Code with something inserted in the middle."""
    author = synthetic.Author(reference, isa, 1)
    old = author.image(size)
    cut = len(old) // 2 & ~3
    inserted = b"".join(synthetic.SETS[isa].filler) * 2
    inserted = inserted[: len(inserted) & ~3]
    new, _ = author.next_release(old, cut, inserted)
    segments = [Segment(0, len(old), author.base, author.base, 0, isa, flags)]
    blocks = [Block(0, 0, cut), Block(cut + len(inserted), cut, len(old) - cut)]
    return old, new, segments, blocks


def table(base: int, targets: list[int], at: int, *, relative: bool = False) -> bytes:
    out = b""
    for number, target in enumerate(targets):
        word = base + target - (at + base + 4 * number if relative else 0)
        if relative and number % 3 == 2:
            word &= 0x7FFFFFFF  # as unwind tables have them
        out += (word & 0xFFFFFFFF).to_bytes(4, "little")
    return out


def pointer_pair(*, relative: bool) -> Built:
    """Text, and a table of addresses of it, with other words between them."""
    source = random.Random(8)  # noqa: S311 - repeatable
    base = 0x20000000
    text = noise(1000, 8)
    targets = [source.randrange(1000) for _ in range(120)]
    moved = [target + (40 if target >= 500 else 0) for target in targets]
    moved[7] += 12
    moved[50] = 3
    old = text + table(base, targets, 1000, relative=relative) + b"\0\0\0\0\x01"
    new = text[:500] + noise(40, 9) + text[500:]
    new += table(base, moved, 1040, relative=relative) + b"\0\0\0\0\x01"
    flags = 2 if relative else 1
    segments = [
        Segment(0, 1000, base, base, 1, 0, 0),
        Segment(1000, len(old) - 2, base, base, 1, 0, flags),
    ]
    return old, new, segments, [Block(0, 0, 500), Block(540, 500, len(old) - 500)]


def segments_pair() -> Built:
    """Many segments, in several spaces, at addresses that wrap around."""
    parts, segments, blocks = [], [], []
    new = b""
    at = 0
    for number in range(48):
        isa = (1, 2, 0)[number % 3]
        author = synthetic.Author(reference, isa or 1, number)
        base = (0xFFFFFF00 if number // 8 % 2 else 0x10000000) - at & 0xFFFFFFFF
        part = author.image(96) if isa else table(base + at & 0xFFFFFFFF, [8, 40, 4, 12] * 6, 0)
        segments.append(
            Segment(at, at + len(part), base, base + 64 * (number % 2) & 0xFFFFFFFF,
                    number // 4, isa, (0, 1, 2)[number % 5 % 3])
        )  # fmt: skip
        if number % 6 == 5:
            new += noise(12, number)
        blocks.append(Block(len(new), at, len(part), number % 11 == 10))
        new += edited(part, number, 41)
        parts.append(part)
        at += len(part)
        if number % 9 == 4:
            parts.append(b"between")
            at += 7
    return b"".join(parts), new, segments, blocks


def add_good(vectors: Vectors) -> None:
    for name, why, (old, new, segments, blocks) in plain_pairs():
        for profile in PROFILES:
            plan = Plan(profile, segments, blocks, stored=name == "noise")
            full = name if profile == "embedded" else f"{name}-{profile}"
            vectors.add(full, f"{why}; {profile}", old, new, encoder.encode(old, new, plan))
    more: list[tuple[str, str, Built]] = [
        ("records", "blocks that repeat themselves", record_pair()),
        ("run", "long runs of units as predicted", run_pair()),
        ("pointers", "a table of addresses moves with what it points to", pointer_pair(relative=False)),
        ("relative", "the same with words that count from themselves", pointer_pair(relative=True)),
        ("segments", "many segments, several spaces, wrapping addresses", segments_pair()),
    ]  # fmt: skip
    for isa, isa_name in ISA_NAMES.items():
        more.append((isa_name, f"code of instruction set {isa}", code_pair(isa, 1400)))
    for name, why, (old, new, segments, blocks) in more:
        profiles = PROFILES if name in {"thumb", "aarch64", "riscv"} else ("max", "embedded")
        for profile in profiles:
            plan = Plan(profile, segments, blocks)
            full = name if profile == "embedded" else f"{name}-{profile}"
            vectors.add(full, f"{why}; {profile}", old, new, encoder.encode(old, new, plan))
    add_parameters(vectors)


def add_parameters(vectors: Vectors) -> None:
    """Patches whose header has what is seldom there."""
    old, new, segments, blocks = code_pair(1, 1400)
    small = {"correction_bits": 1, "slot_bits": 8, "memory_bits": 2}
    large = {"correction_bits": 20, "slot_bits": 15, "memory_bits": 16}
    cases = [
        ("tables-full", "embedded", small, "tables that are always full"),
        ("tables-large", "balanced", large, "the other votes from 15 slot bits on"),
        ("no-corrections", "embedded", small | {"correction_bits": 0}, "nothing is corrected"),
        ("untrained", "max", {"correction_bits": 2, "slot_bits": 10, "index_bits": 10, "train": 0},
         "small tables, nothing learned of old"),
        ("half-trained", "max", {"train": 700}, "half of old is learned"),
    ]  # fmt: skip
    for name, profile, parameters, why in cases:
        plan = Plan(profile, segments, blocks, parameters)
        vectors.add(name, why, old, new, encoder.encode(old, new, plan))
    plan = Plan("embedded", segments, blocks, place=(512, 1024))
    vectors.add("in-place", "to be written over old", old, new, encoder.encode(old, new, plan))
    plain = [replace(block, is_plain=True) for block in blocks]
    plan = Plan("embedded", segments, plain)
    vectors.add("plain", "blocks without prediction", old, new, encoder.encode(old, new, plan))


def changed(patch: bytes, at: int, *put: int) -> bytes:
    return patch[:at] + bytes(put) + patch[at + len(put) :]


def add_bad_headers(vectors: Vectors, old: bytes, patch: bytes) -> None:
    """Headers that are refused; those with a good check have it on purpose."""
    size = reference.parse_header(patch).size
    digests = bytes(24)

    def refuse(name: str, result: str, why: str, bad: bytes) -> None:
        vectors.refuse(name, result, why, old, bad)

    def sealed(flags: int, *numbers: bytes) -> bytes:
        return writer.sealed(b"\xdfOTA\x02" + bytes([flags]) + b"".join(numbers) + digests)

    one = b"\1"
    refuse("no-bytes", "FORMAT", "nothing at all", b"")
    refuse("short-magic", "FORMAT", "three bytes", patch[:3])
    refuse("foreign", "FORMAT", "another magic", b"BSDIFF40" + bytes(80))
    refuse("magic-only", "TRUNCATED", "no byte behind the magic", patch[:4])
    refuse("version-1", "VERSION", "an earlier version", changed(patch, 4, 1))
    refuse("version-3", "VERSION", "a later version", changed(patch, 4, 3))
    refuse("no-profile", "TRUNCATED", "no byte behind the version", patch[:5])
    refuse("profile-3", "HEADER", "no such profile", sealed(3, one, one, one, one))
    refuse("flag-16", "HEADER", "no such flag", sealed(16, one, one, one, one))
    most = b"\x81\x80\x80\x80\x04"
    refuse("old-too-large", "LIMIT", "old has 2^30 + 1 bytes", sealed(2, most, one, one, one))
    refuse("new-too-large", "LIMIT", "new has 2^30 + 1 bytes", sealed(2, one, most, one, one))
    refuse("endless-size", "LIMIT", "a size of more than five bytes", patch[:6] + b"\xff" * 40)
    refuse("padded-size", "HEADER", "a size with a byte too many", sealed(2, b"\x81\0", one, one))
    wide = b"\x80\x80\x80\x40"  # 2^27
    refuse("segments-4097", "LIMIT", "4097 segments", sealed(2, wide, one, b"\x81\x20", one))
    refuse("blocks-4097", "LIMIT", "4097 blocks, embedded", sealed(2, one, wide, one, b"\x81\x20"))
    many = b"\x81\x80\x80\x08"
    refuse("blocks-16777217", "LIMIT", "2^24 + 1 blocks", sealed(1, one, wide, one, many))
    refuse("segments-over-old", "LIMIT", "2 segments, 1 byte", sealed(2, one, wide, b"\2", one))
    refuse("blocks-over-new", "LIMIT", "2 blocks, 1 byte", sealed(2, wide, one, one, b"\2"))
    refuse(
        "max-in-place", "HEADER", "max reads all of old", sealed(4, one, one, one, one, one, one)
    )
    refuse("sector-too-large", "LIMIT", "2^30 + 1 bytes", sealed(6, one, one, one, one, most, one))
    place = [one] * 4
    for name, flags, parameters, why in (
        ("corrections-21", 10, (21, 12, 6), "21 correction bits"),
        ("slots-31", 10, (7, 31, 6), "31 slot bits"),
        ("slots-7", 10, (7, 7, 6), "7 slot bits"),
        ("slots-23", 10, (7, 23, 6), "23 slot bits"),
        ("replacements-1", 10, (7, 12, 1), "one replacement bit"),
        ("replacements-17", 9, (7, 12, 17), "17 replacement bits"),
        ("mixing-slots-9", 8, (7, 9, 10, 0), "9 slot bits, max"),
        ("mixing-slots-19", 8, (7, 19, 10, 0), "19 slot bits, max"),
        ("index-9", 8, (7, 10, 9, 0), "9 index bits"),
        ("index-21", 8, (7, 10, 21, 0), "21 index bits"),
        ("train-2", 8, (7, 10, 10, 2), "more to learn than old has"),
    ):
        refuse(name, "LIMIT", why, sealed(flags, *place, bytes(parameters)))
    refuse("cut-digest", "TRUNCATED", "the header ends in a digest", patch[: size - 10])
    refuse("cut-check", "TRUNCATED", "the header ends in its check", patch[: size - 1])
    wrong = patch[size - 1] ^ 1
    refuse("wrong-check", "HEADER", "the check is another", changed(patch, size - 1, wrong))
    refuse("flipped-digest", "HEADER", "a bit of the digest of new", changed(patch, size - 8, 0, 0))


def add_bad_bodies(vectors: Vectors, old: bytes, new: bytes, patch: bytes) -> None:
    size = reference.parse_header(patch).size

    def refuse(name: str, result: str, why: str, bad: bytes) -> None:
        vectors.refuse(name, result, why, old, bad)

    refuse("header-only", "TRUNCATED", "no body at all", patch[:size])
    refuse("cut-map", "TRUNCATED", "the body ends in the map", patch[: size + 3])
    refuse("cut-body", "TRUNCATED", "the body ends in the content", patch[:-4])
    refuse("cut-end", "TRUNCATED", "the last byte is absent", patch[:-1])
    refuse("trailing", "TRAILING", "a byte follows", patch + b"x")
    refuse("trailing-zeros", "TRAILING", "zeros follow, which are never stored", patch + bytes(3))
    refuse("start-of-ones", "CODE", "the body begins with ff ff ff ff", patch[:size] + b"\xff" * 60)
    digest = writer.sealed(patch[: size - 5] + bytes([patch[size - 5] ^ 1]))
    refuse("wrong-digest", "DIGEST", "the header promises another image", digest + patch[size:])


def forged(old: bytes, size: int, plan: Any, write: Callable[[Any, Any, Any], None]) -> bytes:
    """A patch whose map is written by *write*; it promises *size* bytes of new."""

    def begin(coder: Any, header: Any) -> None:
        write(coder, header, reference.MapCoder(coder, header.old_size, header.new_size))

    return encoder.forge(old, bytes(size), plan, begin)


def add_bad_maps(vectors: Vectors, old: bytes) -> None:
    """Segments and blocks that no creator makes."""
    size = len(old)

    def segment(name: str, why: str, *segments: Any) -> None:
        def write(_coder: Any, _header: Any, models: Any) -> None:
            for one in segments:
                models.segment(one)

        plan = Plan("embedded", list(segments))
        vectors.refuse(name, "RANGE", why, old, forged(old, size, plan, write))

    def block(name: str, why: str, *blocks: Any) -> None:
        def write(_coder: Any, _header: Any, models: Any) -> None:
            for number, one in enumerate(blocks, 1):
                models.block(number == len(blocks), one)

        plan = Plan("embedded", [], list(blocks))
        vectors.refuse(name, "RANGE", why, old, forged(old, size, plan, write))

    segment("segment-behind-old", "it begins at the end of old", Segment(size, size + 1))
    segment("segment-beyond-old", "it ends behind old", Segment(10, size + 1))
    segment("segment-of-nothing", "it has no bytes", Segment(10, 10))
    segment("segment-13", "no such instruction set", Segment(0, size, isa=13))
    segment("segment-flags-3", "pointers and relative words at once", Segment(0, size, flags=3))
    segment(
        "segment-behind-the-last", "old has no more bytes", Segment(0, size), Segment(size, size)
    )
    block("block-before-old", "it begins before old", Block(10, -20 & 0xFFFFFFFF, 5))
    block("block-behind-old", "it begins behind old", Block(0, size, 5))
    block("block-beyond-old", "it ends behind old", Block(0, size - 10, 20))
    block("block-behind-new", "new has no room for it", Block(size, 0, 5))
    block("block-beyond-new", "it ends behind new", Block(size - 10, 0, 20))
    block("block-far-away", "its step is 2^30", Block(0, 1 << 30, 5))
    block("block-of-2-31", "its length has 31 bits", Block(0, 0, (1 << 31) - 1))
    block("block-number-0", "its length is the number that no encoder writes", Block(5, 5, 0))
    block(
        "blocks-expected-beyond", "what is expected lies behind new",
        *(Block(at * (size // 4), 0, size // 4 - 1) for at in range(4)), Block(size, 0, size // 4 - 1),
    )  # fmt: skip

    def place_7(coder: Any, _header: Any, models: Any) -> None:
        models._place_for = lambda *_: 7
        models.block(False, Block(0, 3, 9))  # noqa: FBT003 - not the last

    plan = Plan("embedded", [], [Block(0, 0, 1)] * 2)
    bad = forged(old, size, plan, place_7)
    vectors.refuse("place-7", "RANGE", "no such place", old, bad)

    def fill(coder: Any, header: Any) -> None:
        models = reference.begin_models(coder, header, old)
        reference.Gaps(coder, models).gap(200, b"\7" * 200)

    bad = encoder.forge(old, bytes(100), Plan("embedded"), fill)
    vectors.refuse("fill-beyond-gap", "RANGE", "a byte is repeated too often", old, bad)


def write_vectors(folder: Path) -> None:
    """Everything, into an empty or an earlier folder."""
    for path in [*folder.glob("*.bin"), *folder.glob("index.*")]:
        path.unlink()
    vectors = Vectors(folder)
    add_good(vectors)
    old, new, segments, blocks = code_pair(1, 1400)
    patch = encoder.encode(old, new, Plan("embedded", segments, blocks))
    add_bad_headers(vectors, old, patch)
    add_bad_bodies(vectors, old, new, patch)
    add_bad_maps(vectors, old)
    vectors.write_index()


if __name__ == "__main__":
    write_vectors(Path(sys.argv[1]) if len(sys.argv) > 1 else VECTORS)
