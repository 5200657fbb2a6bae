# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota delta show``: every byte is accounted for, and the picture is a page of its own."""

from __future__ import annotations

import json
import random
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota.cli import run
from dfota.cli.delta import PROFILES
from dfota.cli.delta_moves import RIBBONS_MAX, WIDTH, Colours, merge
from dfota.cli.delta_picture import page
from dfota.cli.exit_codes import ExitCode
from dfota.delta import PatchBlock, PatchInfo, PatchSegment, account, generate, inspect
from dfota.errors import DeltaError, OldImageMismatchError

KINDS = ("copied", "predicted", "corrected", "literal")


class Page(HTMLParser):
    """Collects what a page consists of, and fails where tags do not match."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def count(self, tag: str, style: str) -> int:
        return sum(
            name == tag and (attrs.get("class") or "").split()[:1] == [style]
            for name, attrs in self.tags
        )


@pytest.fixture
def folder(tmp_path: Path, pair: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with old.bin, new.bin and up.patch, which is also the current one."""
    (tmp_path / "old.bin").write_bytes(pair[0])
    (tmp_path / "new.bin").write_bytes(pair[1])
    (tmp_path / "up.patch").write_bytes(generate(*pair, profile="balanced"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made_up(moves: int, regions: int, seed: int = 1) -> PatchInfo:
    """What a patch with so many moves says of itself; a third of them comes from far away."""
    source = random.Random(seed)  # noqa: S311 - repeatable
    old_size, at, blocks = 8 << 20, 0, []
    for _ in range(moves):
        length = source.randrange(20, 120)
        at += source.choice((0, 0, 3, 9))
        near = min(at + 1000, old_size - length)
        far = source.randrange(old_size - length)
        blocks.append(PatchBlock(at, source.choice((near, near, far)), length, is_plain=False))
        at += length
    each = old_size // max(regions, 1)
    names = ("arm", "thumb", "data", "riscv")
    return PatchInfo(
        format_version=2,
        profile="max",
        patch_size=500_000,
        header_size=43,
        map_size=90_000,
        memory_size=16 << 20,
        old_size=old_size,
        new_size=at,
        old_digest=b"o" * 8,
        new_digest=b"n" * 16,
        sector_size=0,
        spare_size=0,
        copied=sum(block.length for block in blocks),
        predicted=None,
        corrected=None,
        literal=at - sum(block.length for block in blocks),
        segments=tuple(
            PatchSegment(i * each, (i + 1) * each, names[i % 4], 0x8000000 + i * each, 0, 0, "")
            for i in range(regions)
        ),
        blocks=tuple(blocks),
    )


# -- the account --------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_every_byte_of_new_and_of_the_patch_is_accounted_for(
    pair: tuple[bytes, bytes], profile: str
) -> None:
    old, new = pair
    patch = generate(old, new, profile=profile)
    booked = account(patch, old, bin_count=37)
    counted = inspect(patch, old)

    assert booked.total.size == len(new)
    assert sum(share.size for share in booked.bins) == len(new)
    assert sum(share.size for share in booked.by_architecture.values()) == len(new)
    assert sum(booked.costs.values()) == len(patch)
    exact = booked.info.header_size + booked.map_cost + booked.total.cost
    assert len(patch) - 2 <= exact <= len(patch) + 0.01
    assert sum(share.cost for share in booked.bins) == pytest.approx(booked.total.cost)
    assert all(getattr(booked.total, kind) == getattr(counted, kind) for kind in KINDS)


@settings(max_examples=40, deadline=None)
@given(
    old=st.binary(max_size=2000),
    cut=st.integers(0, 2000),
    put=st.binary(max_size=300),
    profile=st.sampled_from(PROFILES),
    bins=st.integers(0, 50),
)
def test_accounts_of_any_pair_add_up(
    old: bytes, cut: int, put: bytes, profile: str, bins: int
) -> None:
    new = old[:cut] + put + old[cut + len(put) // 2 :]
    patch = generate(old, new, profile=profile)
    booked = account(patch, old, bin_count=bins)

    assert booked.total.size == len(new)
    assert booked.total.literal == inspect(patch).literal
    assert sum(booked.costs.values()) == len(patch)
    assert min(booked.costs.values()) >= 0
    assert len(booked.bins) == bins
    assert sum(share.size for share in booked.bins) == (len(new) if bins else 0)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), profile=st.sampled_from(PROFILES))
def test_a_damaged_patch_is_refused_and_breaks_nothing(data: st.DataObject, profile: str) -> None:
    old = bytes(range(256)) * 6
    patch = bytearray(generate(old, old[300:] + b"new" * 90 + old[:200], profile=profile))
    at = data.draw(st.integers(0, len(patch) - 1))
    patch[at] ^= data.draw(st.integers(1, 255))

    with pytest.raises(DeltaError):
        account(bytes(patch[: data.draw(st.integers(at + 1, len(patch)))]), old, bin_count=3)


def test_another_old_image_is_refused(pair: tuple[bytes, bytes]) -> None:
    patch = generate(*pair, profile="embedded")

    with pytest.raises(OldImageMismatchError):
        account(patch, pair[0][:-1] + b"!")
    with pytest.raises(OldImageMismatchError):
        account(patch, pair[1])


def test_what_progress_raises_ends_the_account(pair: tuple[bytes, bytes]) -> None:
    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        account(generate(*pair, profile="embedded"), pair[0], progress=stop)


# -- the words ------------------------------------------------------------------------------


def test_with_old_it_tells_of_every_kind_region_and_architecture(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["delta", "show", "up.patch", "--old", "old.bin", "--map"]) == ExitCode.OK

    text = capsys.readouterr().out
    info = inspect((folder / "up.patch").read_bytes())
    for word in (*KINDS, "header", "map", "kept", "regions of old", "architectures", "balanced"):
        assert re.search(rf"\b{word}\b", text)
    assert all(f"{block.old_offset:#x}" in text for block in info.blocks)
    assert len(text[text.index("the map, in") :].splitlines()) == 2 + len(info.blocks)


def test_machines_get_the_same_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["--json", "delta", "show", "up.patch", "--old", "old.bin", "--map"])

    facts = json.loads(capsys.readouterr().out)
    assert sum(facts[kind] for kind in KINDS) == facts["new_size"]
    assert sum(facts["costs"].values()) == facts["patch_size"]
    shares = [*facts["segments"], facts["elsewhere"]]
    assert sum(share[kind] for share in shares for kind in KINDS) == facts["new_size"]
    assert len(facts["blocks"]) == facts["copies"]
    assert all(block.keys() == {"new", "old", "length"} for block in facts["blocks"])


# -- the picture ------------------------------------------------------------------------------


def test_the_picture_is_one_page_that_needs_nothing_else(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["delta", "show", "up.patch", "--old", "old.bin", "--html", "up.html"]
    assert run(argv) == ExitCode.OK

    assert "the picture is in up.html" in capsys.readouterr().out
    text = (folder / "up.html").read_text()
    drawn = Page(text)
    assert not {tag for tag, _ in drawn.tags} & {"script", "link", "img", "iframe", "object", "use"}
    assert not any({"src", "href", "xlink:href"} & attrs.keys() for _, attrs in drawn.tags)
    assert "url(" not in text
    assert "://" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text
    for word in (*KINDS, "what it costs in the patch", "up.patch", "old.bin"):
        assert word in drawn.text


def test_without_old_the_picture_shows_the_moves(folder: Path) -> None:
    assert run(["delta", "show", "up.patch", "--html", "up.html"]) == ExitCode.OK

    drawn = Page((folder / "up.html").read_text())
    assert drawn.count("path", "r") >= 1
    assert "what it costs" not in drawn.text


@pytest.mark.parametrize("regions", [0, 1, 7, 8, 60])
def test_every_region_is_in_the_picture(regions: int) -> None:
    info = made_up(200, regions)
    drawn = Page(page(info, None, patch_name="x").decode())

    for index, segment in enumerate(info.segments):
        assert f"region {index + 1}: {segment.isa}, old {segment.begin:#x}" in drawn.text
        assert f"{segment.old_address:#010x}" in drawn.text
    rows = [tag for tag, _ in drawn.tags if tag == "tr"]
    assert len(rows) == 1 + regions + 1


def test_names_are_shown_as_they_are_and_never_as_markup() -> None:
    name = '</title><script src="//evil">&amp;\'"\udc80'
    text = page(made_up(3, 1), None, patch_name=name, old_name=name).decode()

    drawn = Page(text)
    assert "script" not in {tag for tag, _ in drawn.tags}
    assert drawn.text.count('</title><script src="//evil">&amp;\'"?') == 3


def test_a_hundred_thousand_moves_stay_readable_and_small() -> None:
    info = made_up(100_000, 20)

    started = time.perf_counter()
    made = page(info, None, patch_name="x")

    assert time.perf_counter() - started < 20
    assert len(made) < 600_000
    drawn = Page(made.decode())
    assert 100 < drawn.count("path", "r") <= RIBBONS_MAX
    told = [
        int(count.replace(",", "")) for count in re.findall(r"bytes in ([\d,]+) moves", drawn.text)
    ]
    assert sum(told) + drawn.text.count("in one move") == 100_000


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 12), st.integers(0, 1000))
def test_merging_loses_no_byte_of_any_move(moves: int, regions: int, seed: int) -> None:
    info = made_up(moves, regions, seed)
    colours = Colours(info.segments)

    ribbons = merge(info.blocks, colours, WIDTH / info.old_size)

    assert sum(ribbon.size for ribbon in ribbons) == info.copied
    assert sum(ribbon.count for ribbon in ribbons) == moves
    assert len(ribbons) <= RIBBONS_MAX


def test_an_image_that_becomes_empty_can_be_drawn(folder: Path) -> None:
    (folder / "empty.bin").write_bytes(b"")
    assert run(["delta", "create", "old.bin", "empty.bin", "gone.patch"]) == ExitCode.OK
    assert run(["delta", "create", "empty.bin", "new.bin", "came.patch"]) == ExitCode.OK

    for patch, old in (("gone.patch", "old.bin"), ("came.patch", "empty.bin")):
        assert run(["delta", "show", patch, "--old", old, "--html", "x.html"]) == ExitCode.OK
        Page((folder / "x.html").read_text())
