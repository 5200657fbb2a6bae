# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The three pictures of a run, drawn by hand as SVG: the same facts give the same bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

STYLE = """<style>
    .paper{fill:#ffffff} .ink{fill:#1f2933} .faint{fill:#5b6775}
    .grid{stroke:#d9dfe6;stroke-width:1} .axis{stroke:#7b8794;stroke-width:1.5}
    text{font-family:Verdana,DejaVu Sans,sans-serif;font-size:12px}
    .title{font-size:15px;font-weight:bold}
    @media (prefers-color-scheme: dark) {
      .paper{fill:#12181f} .ink{fill:#e4e9ef} .faint{fill:#9fb0c0}
      .grid{stroke:#2c3743} .axis{stroke:#8394a5}
    }
  </style>"""
# Readable on white and on near-black, and told apart by shape as well.
COLOURS = ("#2f80d6", "#d9822b", "#2f9e62", "#d6493b", "#9a66cc", "#8a94a3", "#b5892c", "#3aa6a6")
PEER_COLOUR = "#8a94a3"


@dataclass(frozen=True, slots=True)
class Scale:
    """A logarithmic axis: values from *low* to *high* onto pixels from *start* to *end*."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        bounded = min(max(value, self.low), self.high)
        share = math.log(bounded / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, base: float) -> list[float]:
        """The powers of *base* on this axis."""
        first = math.ceil(math.log(self.low, base) - 1e-9)
        last = math.floor(math.log(self.high, base) + 1e-9)
        return [base**power for power in range(first, last + 1)]


def axis(values: Sequence[float], start: float, end: float, base: float) -> Scale:
    """An axis from the power of *base* below all *values* to the one above."""
    low = base ** math.floor(math.log(min(values), base) + 1e-9)
    high = base ** math.ceil(math.log(max(values), base) - 1e-9)
    return Scale(low, high if high > low else low * base, start, end)


def marker(shape: int, x: float, y: float, colour: str) -> str:
    """One of eight marks, told apart by its form."""
    forms: tuple[Callable[[], str], ...] = (
        lambda: f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
        lambda: f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="{colour}"/>',
        lambda: f'<path d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z" fill="{colour}"/>',
        lambda: f'<path d="M{x:.1f} {y - 6:.1f}l6 10.5h-12z" fill="{colour}"/>',
        lambda: f'<path d="M{x:.1f} {y + 6:.1f}l6 -10.5h-12z" fill="{colour}"/>',
        lambda: (
            f'<path d="M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" stroke="{colour}" stroke-width="2.5"/>'
        ),
        lambda: (
            f'<path d="M{x - 5:.1f} {y:.1f}h10m-5 -5v10" stroke="{colour}" stroke-width="2.5"/>'
        ),
        lambda: (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="none" stroke="{colour}"'
            ' stroke-width="2.5"/>'
        ),
    )
    return forms[shape % len(forms)]()


def text(x: float, y: float, words: str, *, kind: str = "ink", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def picture(width: int, height: int, title: str, description: str, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
        ' aria-labelledby="t d">'
    )
    names = f'<title id="t">{escape(title)}</title>\n  <desc id="d">{escape(description)}</desc>'
    paper = f'<rect class="paper" width="{width}" height="{height}"/>'
    heading = f'<text class="ink title" x="20" y="26">{escape(title)}</text>'
    body = "\n  ".join([names, STYLE, paper, heading, *parts])
    return f"{head}\n  {body}\n</svg>\n"


def number(value: float) -> str:
    """A tick's label without needless digits."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.4g}"


def legend(names: Sequence[str], x: float, y: float) -> list[str]:
    """Mark and name of each series, four in a row."""
    parts = []
    for index, name in enumerate(names):
        left, down = x + index % 4 * 220, y + index // 4 * 20
        parts.append(marker(index, left, down - 4, COLOURS[index % len(COLOURS)]))
        parts.append(text(left + 12, down, name))
    return parts


def sizes_svg(rows: Sequence[tuple[str, dict[str, float]]], series: Sequence[str]) -> str:
    """Each pair a row, each tool a mark at its patch size over the best peer's."""
    row_height, left, width = 20, 230, 960
    top = 56 + 20 * math.ceil(len(series) / 4)
    height = top + row_height * len(rows) + 50
    values = [ratio for _, ratios in rows for ratio in ratios.values()]
    scale = axis([*values, 0.5, 2.0], left, width - 30, 2)
    bottom = top + row_height * len(rows)
    parts = legend(series, 30, 52)
    for tick in scale.ticks(2):
        kind = "axis" if tick == 1 else "grid"
        parts.append(line(scale(tick), top - 6, scale(tick), bottom, kind))
        parts.append(text(scale(tick), bottom + 18, number(tick), kind="faint", anchor="middle"))
    words = "patch size, best peer of the pair = 1 (smaller is better)"
    parts.append(text((left + width - 30) / 2, bottom + 38, words, anchor="middle"))
    for index, (name, ratios) in enumerate(rows):
        y = top + row_height * index + row_height / 2
        parts.append(text(left - 14, y + 4, name, anchor="end"))
        parts.append(line(left, y, width - 30, y, "grid"))
        # Ours come first in the legend and are drawn last, on top.
        for place in range(len(series) - 1, -1, -1):
            if series[place] in ratios:
                colour = COLOURS[place % len(COLOURS)]
                parts.append(marker(place, scale(ratios[series[place]]), y, colour))
    return picture(
        width,
        height,
        "Patch size of each pair",
        "Each row is a pair of firmware images; marks left of 1 are smaller than every peer.",
        parts,
    )


@dataclass(frozen=True, slots=True)
class Point:
    """A tool in the memory picture."""

    name: str
    memory_bytes: float
    ratio: float
    is_ours: bool


def memory_svg(points: Sequence[Point]) -> str:
    """Each tool a numbered mark: decoder memory to the right, patch size upwards."""
    left, right, top, bottom, width = 80, 620, 60, 440, 960
    height = max(500, top + 22 * len(points) + 30)
    across = axis([point.memory_bytes for point in points], left, right, 4)
    up = axis([point.ratio for point in points] + [0.5, 2.0], bottom, top, 2)
    parts = []
    for tick in across.ticks(4):
        label = f"{tick / 1048576:.4g} MiB" if tick >= 1 << 20 else f"{tick / 1024:.4g} KiB"
        parts.append(line(across(tick), top, across(tick), bottom, "grid"))
        parts.append(text(across(tick), bottom + 18, label, kind="faint", anchor="middle"))
    for tick in up.ticks(2):
        parts.append(line(left, up(tick), right, up(tick), "axis" if tick == 1 else "grid"))
        parts.append(text(left - 10, up(tick) + 4, number(tick), kind="faint", anchor="end"))
    words = "decoder memory, median of all pairs"
    parts.append(text((left + right) / 2, bottom + 40, words, anchor="middle"))
    parts.append(text(20, top - 12, "patch size, geometric mean, best peer = 1", kind="faint"))
    for index, point in enumerate(points):
        colour = COLOURS[index % len(COLOURS)] if point.is_ours else PEER_COLOUR
        x, y = across(point.memory_bytes), up(point.ratio)
        parts.append(marker(0 if point.is_ours else 1, x, y, colour))
        parts.append(text(x + 8, y - 5, str(index + 1)))
        row = top + 22 * index + 10
        parts.append(marker(0 if point.is_ours else 1, right + 40, row - 4, colour))
        parts.append(text(right + 54, row, f"{index + 1}  {point.name}"))
    return picture(
        width,
        height,
        "Patch size against decoder memory",
        "Each mark is a tool; down and to the left is better.",
        parts,
    )


def growth_svg(series: dict[str, list[tuple[float, float]]]) -> str:
    """Create time over image size, both logarithmic; the dashed line grows linearly."""
    left, right, top, bottom, width, height = 80, 720, 60, 440, 960, 500
    sizes = [size for points in series.values() for size, _ in points]
    times = [max(time, 1e-3) for points in series.values() for _, time in points]
    across, up = axis(sizes, left, right, 4), axis(times, bottom, top, 10)
    parts = []
    for tick in across.ticks(4):
        parts.append(line(across(tick), top, across(tick), bottom, "grid"))
        parts.append(
            text(across(tick), bottom + 18, number(tick), kind="faint", anchor="middle")
        )  # fmt: skip
    for tick in up.ticks(10):
        parts.append(line(left, up(tick), right, up(tick), "grid"))
        parts.append(text(left - 10, up(tick) + 4, number(tick), kind="faint", anchor="end"))
    parts.append(text((left + right) / 2, bottom + 40, "image size, MB", anchor="middle"))
    parts.append(text(20, top - 12, "create time, s", kind="faint"))
    for index, (name, points) in enumerate(series.items()):
        colour = COLOURS[index % len(COLOURS)]
        places = [(across(size), up(max(time, 1e-3))) for size, time in sorted(points)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [marker(index, x, y, colour) for x, y in places]
        row = top + 22 * index + 10
        parts.append(marker(index, right + 30, row - 4, colour))
        parts.append(text(right + 44, row, name))
    first = min(sizes), min(times)
    reach = min(across.high / first[0], up.high / first[1])
    parts.append(
        f'<path class="axis" fill="none" stroke-dasharray="5 5" d="M{across(first[0]):.1f}'
        f' {up(first[1]):.1f}L{across(first[0] * reach):.1f} {up(first[1] * reach):.1f}"/>'
    )
    parts.append(text(right + 30, top + 22 * len(series) + 10, "- - linear growth", kind="faint"))
    return picture(
        width,
        height,
        "Time to create a patch",
        "Create time against image size on logarithmic axes; the dashed line grows linearly.",
        parts,
    )
