# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Sizes are read as people write them."""

from __future__ import annotations

import click
import pytest

from dfota.cli.sizes import byte_size, readable
from dfota.errors import MisuseError


def read(text: str | None, least: int = 0, most: int = 2 << 30) -> int | None:
    command = click.Command("x")
    return byte_size(least, most)(click.Context(command), click.Option(["--size"]), text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("4096", 4096), ("4k", 4096), ("4K", 4096), ("4 KiB", 4096), ("4kB", 4096),
     ("0x1000", 4096), ("0x4k", 4096), ("1M", 1 << 20), ("2GiB", 2 << 30), ("010", 10)],
)  # fmt: skip
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert read(text) == size


@pytest.mark.parametrize(
    "text", ["", "k", "-4k", "4.5k", "4q", "1e3", "٤k", "0xk", "4kk", "9" * 5000]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(MisuseError, match=r"--size .* is no size") as caught:
        read(text)
    assert "4096" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "least", "most", "remedy"),
    [("0", 1, 1 << 30, "Give --size 1 to 1g."), ("1025M", 0, 1 << 30, "Give --size 0 to 1g."),
     ("255", 256, 4096, "Give --size 256 to 4k."), ("9" * 40, 1, 1025, "Give --size 1 to 1025.")],
)  # fmt: skip
def test_a_size_out_of_its_range_is_told_the_range(
    text: str, least: int, most: int, remedy: str
) -> None:
    with pytest.raises(
        MisuseError, match=f"--size {text} .* {least:,} to {most:,} bytes"
    ) as caught:
        read(text, least, most)
    assert caught.value.remedy == remedy
    assert read(str(least), least, most) == least
    assert read(str(most), least, most) == most


def test_no_size_stays_none() -> None:
    assert read(None) is None


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (999 << 10, "999.0 KiB"),
     (1000 << 10, "1.0 MiB"), (5 << 20, "5.0 MiB"), (3 << 30, "3.0 GiB")],
)  # fmt: skip
def test_a_size_is_shown_in_few_digits(size: int, text: str) -> None:
    assert readable(size) == text
