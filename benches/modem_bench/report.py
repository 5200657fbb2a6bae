# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The facts of a run as Markdown, CSV and a picture; it computes no figure of its own."""

from __future__ import annotations

import csv
import io

from delta_bench.plots import COLOURS, axis, line, marker, number, picture, text
from delta_bench.report import table

from modem_bench.facts import Figure, Run

PAGE = "modem.md"
FIGURES = "modem.csv"
PICTURE = "modem-goals.svg"


def shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def goal(figure: Figure) -> str:
    if figure.goal is None:
        return "-"
    return f"{'≤' if figure.is_ceiling else '≥'} {shown(figure.goal)} {figure.unit}".rstrip()


def verdict(figure: Figure) -> str:
    if figure.is_met is None:
        return "-"
    if figure.is_met:
        return "met"
    return f"missed by {shown(abs(figure.value - (figure.goal or 0)))} {figure.unit}".rstrip()


def goals_table(run: Run) -> str:
    rows = [
        [
            figure.name,
            f"{shown(figure.value)} {figure.unit}".rstrip(),
            goal(figure),
            verdict(figure),
        ]
        for figure in run.figures
        if figure.goal is not None
    ]
    return table(["goal", "reached", "wanted", "verdict"], rows, words=4)


def group_tables(run: Run) -> list[str]:
    parts = []
    for group in dict.fromkeys(figure.group for figure in run.figures):
        rows = [
            [figure.name, shown(figure.value), figure.unit or "-", figure.note or "-"]
            for figure in run.figures
            if figure.group == group
        ]
        head = ["figure", "value", "unit", "how"]
        lines = table(head, rows, words=1).splitlines()
        lines[1] = "| --- | ---: | --- | --- |"
        parts.append(f"## {group}\n\n" + "\n".join(lines) + "\n")
    return parts


def report(run: Run, *, has_picture: bool = False) -> str:
    head = (
        "# The virtual module in figures\n\n"
        "Written by `make bench-modem`; each figure comes from a process of its own, on a "
        f"{run.machine} machine; times are medians. {run.material}\n"
    )
    parts = [head, "## Goals\n\n" + goals_table(run)]
    if has_picture:
        parts.append(f"![How far each figure is from its goal]({PICTURE})\n")
    parts += group_tables(run)
    if run.skipped:
        parts.append("## Not measured\n\n" + "".join(f"* {reason}\n" for reason in run.skipped))
    parts.append(
        "Figures as a file: [modem.csv](modem.csv). How they are measured: `benches/modem_bench/worker.py`.\n"
        if has_picture
        else ""
    )
    return "\n".join(part for part in parts if part)


def csv_of(run: Run) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["group", "figure", "value", "unit", "goal", "verdict"])
    for figure in run.figures:
        writer.writerow(
            [
                figure.group,
                figure.name,
                f"{figure.value:.6g}",
                figure.unit,
                goal(figure),
                verdict(figure),
            ]
        )
    return out.getvalue()


def goals_svg(run: Run) -> str:
    """Each goal a row: how many times the goal was needed; left of 1 is better."""
    rows = [figure for figure in run.figures if figure.share_of_goal]
    row_height, left, width, top = 26, 430, 960, 50
    bottom = top + row_height * len(rows)
    shares = [figure.share_of_goal or 1.0 for figure in rows]
    scale = axis([*shares, 0.1, 2.0], left, width - 30, 2)
    parts = []
    for tick in scale.ticks(2):
        parts.append(
            line(scale(tick), top - 6, scale(tick), bottom, "axis" if tick == 1 else "grid")
        )
        parts.append(text(scale(tick), bottom + 18, number(tick), kind="faint", anchor="middle"))
    for index, figure in enumerate(rows):
        y = top + row_height * index + row_height / 2
        words = f"{figure.name}: {shown(figure.value)} {figure.unit}".rstrip()
        parts.append(text(left - 14, y + 4, words, anchor="end"))
        parts.append(line(left, y, width - 30, y, "grid"))
        met = 2 if figure.is_met else 3
        parts.append(marker(0 if figure.is_met else 3, scale(shares[index]), y, COLOURS[met]))
    caption = "share of what was promised (1 = the goal; further left is better)"
    parts.append(text((left + width - 30) / 2, bottom + 38, caption, anchor="middle"))
    return picture(
        width,
        bottom + 50,
        "The virtual module against its goals",
        "Each row is a goal; marks left of 1 reach it.",
        parts,
    )


def pages(run: Run) -> dict[str, str]:
    """Every file of the page, by name; the picture is left out where no goal was measured."""
    files = {}
    if any(figure.share_of_goal for figure in run.figures):
        files[PICTURE] = goals_svg(run)
    files[FIGURES] = csv_of(run)
    files[PAGE] = report(run, has_picture=PICTURE in files)
    return files
