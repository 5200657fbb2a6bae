# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

import csv
import dataclasses
import io
import xml.etree.ElementTree as ET

import pytest
from delta_bench import plots
from delta_bench.pages import pages
from delta_bench.report import report, table


def test_a_table_is_as_wide_in_every_row_and_escapes_bars():
    text = table(["a", "b", "c"], [["x|y", "1", "2"]], words=2)
    assert text == "| a | b | c |\n| --- | --- | ---: |\n| x\\|y | 1 | 2 |\n"


def test_the_page_has_every_part_and_links_only_pictures_that_exist(run):
    files = pages(run)
    assert set(files) == {"delta.md", "delta.csv", "sizes.svg", "memory.svg", "growth.svg"}
    for name in files:
        assert name == "delta.md" or f"({name})" in files["delta.md"]
    for heading in ("Goals", "All pairs together", "Growth", "Settings", "Failed", "Left out"):
        assert f"## {heading}" in files["delta.md"]
    bare = dataclasses.replace(run, growth=())
    assert "growth.svg" not in pages(bare)
    assert "growth.svg" not in pages(bare)["delta.md"]


def test_a_stopped_run_says_so(run):
    assert "was stopped" not in report(run)
    assert "was stopped" in report(dataclasses.replace(run, is_complete=False))


def test_a_page_without_any_pair_can_be_written(run):
    empty = dataclasses.replace(run, pairs=(), growth=(), identical={})
    assert set(pages(empty)) == {"delta.md", "delta.csv"}


def test_the_csv_has_a_row_for_each_pair_and_tool(run):
    rows = list(csv.DictReader(io.StringIO(pages(run)["delta.csv"])))
    assert len(rows) == 6
    assert rows[0]["tool"] == "dfota max"
    assert rows[0]["patch_bytes"] == "50"
    assert rows[2]["result"] == "gave another image back"


def test_pictures_are_the_same_each_time_and_well_formed(run):
    first, second = pages(run), pages(run)
    assert first == second
    for name in ("sizes.svg", "memory.svg", "growth.svg"):
        root = ET.fromstring(first[name])  # noqa: S314 - our own text
        assert root.tag.endswith("svg")
        assert "prefers-color-scheme: dark" in first[name]
        assert "nan" not in first[name]


def test_names_in_pictures_are_escaped():
    picture = plots.sizes_svg([("<a&b>", {"one": 0.5})], ["one"])
    assert "&lt;a&amp;b&gt;" in picture
    ET.fromstring(picture)  # noqa: S314 - our own text


@pytest.mark.parametrize("value", [0.25, 1.0, 3.9])
def test_a_scale_keeps_order_and_bounds(value):
    scale = plots.axis([0.3, 3.0], 100, 500, 2)
    assert (scale.low, scale.high) == (0.25, 4)
    assert 100 <= scale(value) <= 500
    assert scale(value) < scale(value * 1.02)
    assert scale.ticks(2) == [0.25, 0.5, 1, 2, 4]


def test_a_scale_of_one_value_is_not_empty():
    scale = plots.axis([4.0], 0, 1, 4)
    assert scale.low < scale.high
