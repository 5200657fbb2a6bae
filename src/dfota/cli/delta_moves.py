# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Draw old, new and the moves between them as SVG; what is under a pixel is merged, not lost.

It gets facts and gives text: it reads no file and knows nothing of pages.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from dfota.delta import Account, PatchBlock, PatchInfo, PatchSegment, Share

WIDTH = 1000
RIBBONS_MAX = 1200
_CELLS = 2  # of a pixel, in the strips
BIN_COUNT = 250

_OLD_TOP, _STRIP, _NEW_TOP = 34, 30, 300
_OLD, _NEW = (_OLD_TOP, _STRIP), (_NEW_TOP, _STRIP)
_MIX_TOP, _MIX_HEIGHT = _NEW_TOP + _STRIP + 44, 46
_COST_TOP, _COST_HEIGHT = _MIX_TOP + _MIX_HEIGHT + 30, 80
_MARGIN = 8

KINDS = ("copied", "predicted", "corrected", "literal")


@dataclass(slots=True)
class _Ribbon:
    """Moves that look like one: [old, old_end) of old becomes [new, new_end) of new."""

    old: float
    old_end: float
    new: float
    new_end: float
    colour: int
    size: int
    count: int


class Colours:
    """Which colour each region has: its own, or its architecture's where there are many."""

    LIMIT = 8
    NOWHERE = 0
    """The colour of old bytes in no region."""

    def __init__(self, regions: tuple[PatchSegment, ...]) -> None:
        self.by_region = len(regions) < self.LIMIT
        self._starts = [region.begin for region in regions]
        self._ends = [region.end for region in regions]
        names = [region.isa for region in regions]
        distinct = list(dict.fromkeys(names))
        self.of_region = [
            index + 1 if self.by_region else distinct.index(name) % (self.LIMIT - 1) + 1
            for index, name in enumerate(names)
        ]
        self.architectures = [] if self.by_region else distinct

    def region_at(self, old_offset: int) -> int | None:
        """The index of the region of *old_offset*, or None."""
        index = bisect_right(self._starts, old_offset) - 1
        return index if index >= 0 and old_offset < self._ends[index] else None

    def at(self, old_offset: int) -> int:
        """The colour of *old_offset*."""
        index = self.region_at(old_offset)
        return self.NOWHERE if index is None else self.of_region[index]


def picture(info: PatchInfo, account: Account | None, colours: Colours) -> str:
    """The whole picture as one ``<svg>`` element; without *account* only the moves."""
    scale = WIDTH / max(info.old_size, info.new_size, 1)
    has_bins = account is not None and bool(account.bins)
    height = (_COST_TOP + _COST_HEIGHT if has_bins else _NEW_TOP + _STRIP + 20) + 6
    label = "Where the bytes of the new image come from in the old one"
    view = f"{-_MARGIN} 0 {WIDTH + 2 * _MARGIN} {height}"
    parts = [
        f'<svg viewBox="{view}" role="img" aria-label="{label}">',
        _heading(0, 12, "old"),
        *_ticks(info.old_size, scale, _OLD_TOP - 6),
        *_ribbons(info.blocks, colours, scale),
        *_old_strip(info, colours, scale),
        *_new_strip(info, colours, scale),
        *_ticks(info.new_size, scale, _NEW_TOP + _STRIP + 13),
        _heading(0, _NEW_TOP - 8, "new", halo=True),
    ]
    if account is not None and account.bins:
        parts += [*_mix(account, scale), *_cost(account, scale)]
    return "\n".join([*parts, "</svg>"])


# -- the strips -----------------------------------------------------------------------


def _old_strip(info: PatchInfo, colours: Colours, scale: float) -> Iterator[str]:
    """Regions pale, and full where something of them is still in new."""
    yield _rect(0, info.old_size * scale, _OLD, "c0 pale", "in no region")
    for index, region in enumerate(info.segments):
        width = (region.end - region.begin) * scale
        title = f"region {index + 1}: {region_title(region)}"
        style = f"c{colours.of_region[index]} pale"
        yield _rect(region.begin * scale, width, _OLD, style, title)
    used = sorted((move.old_offset, move.old_offset + move.length) for move in info.blocks)
    coloured = ((start, end, colours.at(start)) for start, end in _by_region(used, info.segments))
    for start, end, colour in _runs(coloured, scale):
        yield _rect(start, end - start, _OLD, f"c{colour} still")
    for index, region in enumerate(info.segments):
        width = (region.end - region.begin) * scale
        label = f"{index + 1} {region.isa}"
        if width > 7.5 * len(label):
            middle = (region.begin + region.end) * scale / 2
            yield (
                f'<text class="label still" x="{_n(middle)}" y="{_OLD_TOP + 19}">'
                f"{escape(label)}</text>"
            )


def _new_strip(info: PatchInfo, colours: Colours, scale: float) -> Iterator[str]:
    """The colour of gaps below, moves in the colour of where they come from above."""
    yield _rect(0, info.new_size * scale, _NEW, "literal")
    coloured = (
        (move.new_offset, move.new_offset + move.length, colours.at(move.old_offset))
        for move in info.blocks
    )
    for start, end, colour in _runs(coloured, scale):
        yield _rect(start, end - start, _NEW, f"c{colour} still")
    for start, end in _gaps(info):
        if (end - start) * scale >= 1:
            title = f"new bytes {_span(start, end)}: {end - start:,}"
            yield _rect(start * scale, (end - start) * scale, _NEW, "literal", title)


def _gaps(info: PatchInfo) -> Iterator[tuple[int, int]]:
    at = 0
    for move in info.blocks:
        if move.new_offset > at:
            yield at, move.new_offset
        at = move.new_offset + move.length
    if at < info.new_size:
        yield at, info.new_size


def _by_region(
    spans: Iterable[tuple[int, int]], regions: tuple[PatchSegment, ...]
) -> Iterator[tuple[int, int]]:
    """*spans* (sorted), overlaps removed and cut where a region begins or ends."""
    edges = sorted({edge for region in regions for edge in (region.begin, region.end)})
    reached = 0
    for begin, end in spans:
        start = max(begin, reached)
        while start < end:
            index = bisect_right(edges, start)
            stop = min(end, edges[index]) if index < len(edges) else end
            yield start, stop
            start = stop
        reached = max(reached, end)


def _runs(
    spans: Iterable[tuple[int, int, int]], scale: float
) -> Iterator[tuple[float, float, int]]:
    """Where *spans* (start, end, colour) fill a strip, in pixels: the colour of the most bytes.

    What is covered by less than a half shows nothing.
    """
    cells: list[dict[int, float]] = [{} for _ in range(WIDTH * _CELLS + 1)]
    for start, end, colour in spans:
        left, right = start * scale * _CELLS, end * scale * _CELLS
        for index in range(int(left), math.ceil(right)):
            part = min(right, index + 1) - max(left, index)
            cells[index][colour] = cells[index].get(colour, 0.0) + part
    begin, held = 0, -1
    for index, cell in enumerate([*cells, {}]):
        most = max(cell, key=cell.__getitem__) if sum(cell.values()) >= 0.5 else -1
        if most != held:
            if held >= 0:
                yield begin / _CELLS, index / _CELLS, held
            begin, held = index, most


# -- the ribbons ------------------------------------------------------------------------


def _ribbons(moves: tuple[PatchBlock, ...], colours: Colours, scale: float) -> Iterator[str]:
    merged = merge(moves, colours, scale)
    top, bottom = _OLD_TOP + _STRIP, _NEW_TOP
    middle = (top + bottom) / 2
    for ribbon in sorted(merged, key=lambda ribbon: -ribbon.size):
        a, b = ribbon.old * scale, max(ribbon.old_end * scale, ribbon.old * scale + 0.6)
        c, d = ribbon.new * scale, max(ribbon.new_end * scale, ribbon.new * scale + 0.6)
        path = (
            f"M{_n(a)} {top}C{_n(a)} {_n(middle)} {_n(c)} {_n(middle)} {_n(c)} {bottom}"
            f"H{_n(d)}C{_n(d)} {_n(middle)} {_n(b)} {_n(middle)} {_n(b)} {top}Z"
        )
        title = (
            f"old {_span(ribbon.old, ribbon.old_end)} → new {_span(ribbon.new, ribbon.new_end)}"
            f"\n{ribbon.size:,} bytes in {_count(ribbon.count, 'move')}"
        )
        yield f'<path class="r c{ribbon.colour}" d="{path}"><title>{escape(title)}</title></path>'


def merge(moves: tuple[PatchBlock, ...], colours: Colours, scale: float) -> list[_Ribbon]:
    """At most ``RIBBONS_MAX`` ribbons that stand for all *moves*."""
    ribbons = _joined(moves, colours, 1 / scale)
    pixel = 0.5
    while len(ribbons) > RIBBONS_MAX:
        pixel *= 2
        ribbons = _bundled(ribbons, pixel / scale)
    return ribbons


def _joined(moves: tuple[PatchBlock, ...], colours: Colours, tolerance: float) -> list[_Ribbon]:
    """Moves that follow each other in both images, but for less than *tolerance* bytes."""
    ribbons: list[_Ribbon] = []
    for move in moves:
        old_end, new_end = move.old_offset + move.length, move.new_offset + move.length
        colour = colours.at(move.old_offset)
        last = ribbons[-1] if ribbons else None
        if (
            last is not None
            and last.colour == colour
            and move.new_offset - last.new_end < tolerance
            and abs(move.old_offset - last.old_end) < tolerance
            and old_end > last.old_end
        ):
            last.old_end, last.new_end = old_end, new_end
            last.size += move.length
            last.count += 1
        else:
            ribbons.append(
                _Ribbon(
                    old=move.old_offset,
                    old_end=old_end,
                    new=move.new_offset,
                    new_end=new_end,
                    colour=colour,
                    size=move.length,
                    count=1,
                )
            )
    return ribbons


def _bundled(ribbons: list[_Ribbon], grid: float) -> list[_Ribbon]:
    """Thin ribbons between the same two cells of *grid* bytes become one as wide as all."""
    wide = [ribbon for ribbon in ribbons if ribbon.new_end - ribbon.new >= grid]
    cells: dict[tuple[int, int, int], list[_Ribbon]] = {}
    for ribbon in ribbons:
        if ribbon.new_end - ribbon.new < grid:
            key = (int(ribbon.old // grid), int(ribbon.new // grid), ribbon.colour)
            cells.setdefault(key, []).append(ribbon)
    return wide + [_bundle(ribbons) for ribbons in cells.values()]


def _bundle(ribbons: list[_Ribbon]) -> _Ribbon:
    return _Ribbon(
        old=min(ribbon.old for ribbon in ribbons),
        old_end=max(ribbon.old_end for ribbon in ribbons),
        new=min(ribbon.new for ribbon in ribbons),
        new_end=max(ribbon.new_end for ribbon in ribbons),
        colour=ribbons[0].colour,
        size=sum(ribbon.size for ribbon in ribbons),
        count=sum(ribbon.count for ribbon in ribbons),
    )


# -- what new is made of, and what it costs -----------------------------------------------


def _mix(account: Account, scale: float) -> Iterator[str]:
    yield _heading(0, _MIX_TOP - 8, "what new is made of")
    heights = [
        [getattr(share, kind) / share.size if share.size else 0.0 for kind in KINDS]
        for share in account.bins
    ]
    yield from _stacked(account, scale, heights, (_MIX_TOP, _MIX_HEIGHT))


def _cost(account: Account, scale: float) -> Iterator[str]:
    most = max((share.cost for share in account.bins), default=0.0) or 1.0
    each = math.ceil(account.info.new_size / len(account.bins))
    text = f"what it costs in the patch (a column is {each:,} bytes of new; the tallest costs {most:,.0f})"
    yield _heading(0, _COST_TOP - 8, text)
    heights = [
        [share.kept_cost / most, 0.0, share.corrected_cost / most, share.literal_cost / most]
        for share in account.bins
    ]
    yield from _stacked(account, scale, heights, (_COST_TOP, _COST_HEIGHT))


def _stacked(
    account: Account, scale: float, heights: list[list[float]], place: tuple[int, int]
) -> Iterator[str]:
    """Columns from below, one path for each kind; above them what the mouse finds."""
    top, height = place
    width = account.info.new_size * scale / len(heights)
    for kind, name in enumerate(KINDS):
        steps = []
        for index, column in enumerate(heights):
            if column[kind] * height >= 0.05:
                low = top + height * (1 - sum(column[:kind]))
                steps.append(
                    f"M{_n(index * width)} {_n(low)}h{_n(width)}v{_n(-column[kind] * height)}"
                    f"h{_n(-width)}z"
                )
        if steps:
            yield f'<path class="{name}" d="{"".join(steps)}"/>'
    for index, share in enumerate(account.bins):
        start = account.info.new_size * index // len(heights)
        end = account.info.new_size * (index + 1) // len(heights)
        yield _rect(index * width, width, place, "ghost", _bin_title(start, end, share))


def _bin_title(start: int, end: int, share: Share) -> str:
    made_of = ", ".join(f"{kind} {getattr(share, kind):,}" for kind in KINDS)
    return f"new {_span(start, end)}\n{made_of}\n{share.cost:,.1f} bytes of patch"


# -- small things ---------------------------------------------------------------------


def region_title(region: PatchSegment) -> str:
    """What a region is, in one line."""
    return (
        f"{what(region)}, old {_span(region.begin, region.end)}, runs at 0x{region.old_address:08x}"
    )


def what(region: PatchSegment) -> str:
    """What a region holds."""
    return f"{region.isa}, {region.words}" if region.words else region.isa


def _ticks(size: int, scale: float, y: float) -> Iterator[str]:
    """Offsets at round places, about one for each 100 pixels."""
    step = 1 << max(4, math.ceil(math.log2(max(100 / scale, 1))))
    for offset in range(0, size + 1, step):
        x = offset * scale
        if x <= WIDTH - 30 and (offset or y > _NEW_TOP):
            yield f'<text class="tick" x="{_n(x)}" y="{_n(y)}">0x{offset:x}</text>'


def _heading(x: float, y: float, text: str, *, halo: bool = False) -> str:
    style = "heading halo" if halo else "heading"
    return f'<text class="{style}" x="{_n(x)}" y="{_n(y)}">{escape(text)}</text>'


def _rect(x: float, width: float, place: tuple[int, int], style: str, title: str = "") -> str:
    """A rectangle; *place* is its top and its height."""
    y, height = place
    inside = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<rect class="{style}" x="{_n(x)}" y="{_n(y)}" width="{_n(max(width, 0.3))}"'
        f' height="{_n(height)}">{inside}</rect>'
    )


def _span(start: float, end: float) -> str:
    return f"0x{int(start):x} to 0x{int(end):x}"


def _count(count: int, noun: str) -> str:
    return f"one {noun}" if count == 1 else f"{count:,} {noun}s"


def _n(value: float) -> str:
    """A coordinate in as few characters as a picture needs."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"
