# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which facts go into which picture, and the files of the page; it draws nothing itself."""

from __future__ import annotations

import statistics

from delta_bench.facts import Run
from delta_bench.judging import best_peer, decoder_memory, hdiffpatch, summarise
from delta_bench.peers import BSDIFF, NO_DELTA_RECORDED
from delta_bench.plots import Point, growth_svg, memory_svg, sizes_svg
from delta_bench.report import PLOTS, csv_of, report

PAGE = "delta.md"
FIGURES = "delta.csv"
SHOWN_PEERS = (BSDIFF, "detools default", "zstd strongest")
HDIFFPATCH = "HDiffPatch strongest"


def size_rows(run: Run) -> tuple[list[tuple[str, dict[str, float]]], list[str]]:
    """The rows of the size picture and its series: ours, then the best known peers."""
    ours = [tool.name for tool in run.tools if tool.is_ours]
    measured = {tool.name for tool in run.tools}
    series = [*ours, HDIFFPATCH, *(name for name in SHOWN_PEERS if name in measured)]
    rows = []
    for pair in run.pairs:
        best = best_peer(run, pair)
        if best is None:
            continue
        sizes = {
            name: result.patch_size
            for name, result in pair.results.items()
            if name in series and result.is_correct
        }
        if other := hdiffpatch(run, pair):
            sizes[HDIFFPATCH] = other
        rows.append((pair.name, {name: size / best[1] for name, size in sizes.items()}))
    shown = [name for name in series if any(name in ratios for _, ratios in rows)]
    return rows, shown


def memory_points(run: Run) -> list[Point]:
    points = []
    for tool in run.tools:
        if tool.recorded_as == NO_DELTA_RECORDED:
            continue
        memory = [value for value, _ in decoder_memory(run, tool.name)]
        summary = summarise(run, tool.name)
        if memory and summary is not None and summary.mean_to_best is not None:
            middle = max(statistics.median(memory), 1024)
            points.append(Point(tool.name, middle, summary.mean_to_best, tool.is_ours))
    return points


def growth_series(run: Run) -> dict[str, list[tuple[float, float]]]:
    series: dict[str, list[tuple[float, float]]] = {}
    for one in run.growth:
        if one.result.is_correct and one.result.create is not None:
            point = (round(one.image_size / 1e6, 2), one.result.create.wall_s)
            series.setdefault(one.tool, []).append(point)
    return series


def pages(run: Run) -> dict[str, str]:
    """Every file of the page, by name; a picture without facts is left out."""
    sizes, memory, growth = PLOTS
    rows, series = size_rows(run)
    files = {}
    if rows and series:
        files[sizes] = sizes_svg(rows, series)
    if points := memory_points(run):
        files[memory] = memory_svg(points)
    if lines := growth_series(run):
        files[growth] = growth_svg(lines)
    files[FIGURES] = csv_of(run)
    files[PAGE] = report(run, plots=frozenset(files))
    return files
