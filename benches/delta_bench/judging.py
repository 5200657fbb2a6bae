# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Ratios, means and goals out of the facts of a run; it measures nothing and prints nothing."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from delta_bench.facts import Cost, PairFacts, Result, Run
from delta_bench.peers import BSDIFF, HDIFFPATCH_RECORDED

MEBIBYTE = 1 << 20
LARGE_PAIR = 1_000_000
HDIFFPATCH_MEASURED = ("hdiffz strongest", "hdiffpatch strongest")


def geometric_mean(values: Iterable[float]) -> float:
    """The geometric mean; values must be positive and not none at all."""
    logarithms = [math.log(value) for value in values]
    return math.exp(sum(logarithms) / len(logarithms))


def peer_sizes(run: Run, pair: PairFacts) -> dict[str, int]:
    """Each peer's patch bytes: measured where it was, recorded otherwise; wrong results are out."""
    sizes = dict(pair.recorded)
    for tool in run.tools:
        result = pair.results.get(tool.name)
        if tool.is_ours or result is None or not result.is_correct:
            continue
        sizes.pop(tool.recorded_as, None)
        sizes[tool.name] = result.patch_size
    return sizes


def best_peer(run: Run, pair: PairFacts) -> tuple[str, int] | None:
    """The peer with the smallest patch of this pair; None without any peer."""
    sizes = peer_sizes(run, pair)
    return min(sizes.items(), key=lambda item: (item[1], item[0])) if sizes else None


def hdiffpatch(run: Run, pair: PairFacts) -> int | None:
    """Patch bytes of HDiffPatch at its strongest: ``hdiffz -SD``, else the package's strongest."""
    sizes = peer_sizes(run, pair)
    measured, packaged = HDIFFPATCH_MEASURED
    for name in (measured, HDIFFPATCH_RECORDED, packaged):
        if name in sizes:
            return sizes[name]
    return None


@dataclass(frozen=True, slots=True)
class Summary:
    """One tool over all its pairs; ``to_best`` and ``to_hdiffpatch`` are ratio means or None."""

    name: str
    pair_count: int
    total_bytes: int
    mean_to_best: float | None
    median_to_best: float | None
    mean_to_hdiffpatch: float | None
    median_to_hdiffpatch: float | None
    is_measured: bool


def summarise(run: Run, name: str) -> Summary | None:
    """What *name*, a tool or a recorded peer, reached; None when it has no pair."""
    sizes: list[int] = []
    to_best: list[float] = []
    to_hdiffpatch: list[float] = []
    is_measured = False
    for pair in run.pairs:
        result = pair.results.get(name)
        if result is not None:
            size = result.patch_size if result.is_correct else None
            is_measured = True
        else:
            size = peer_sizes(run, pair).get(name)
        if size is None:
            continue
        sizes.append(size)
        if best := best_peer(run, pair):
            to_best.append(size / best[1])
        if other := hdiffpatch(run, pair):
            to_hdiffpatch.append(size / other)
    if not sizes:
        return None
    return Summary(
        name,
        len(sizes),
        sum(sizes),
        geometric_mean(to_best) if to_best else None,
        statistics.median(to_best) if to_best else None,
        geometric_mean(to_hdiffpatch) if to_hdiffpatch else None,
        statistics.median(to_hdiffpatch) if to_hdiffpatch else None,
        is_measured,
    )


def summaries(run: Run) -> list[Summary]:
    """Ours first, then the peers, strongest first; recorded peers that have every pair."""
    ours = [tool.name for tool in run.tools if tool.is_ours]
    names = dict.fromkeys(name for pair in run.pairs for name in peer_sizes(run, pair))
    found = [summary for name in names if (summary := summarise(run, name))]
    peers = [one for one in found if one.is_measured or one.pair_count == len(run.pairs)]
    peers.sort(key=lambda one: (one.mean_to_best or math.inf, one.name))
    return [*(one for name in ours if (one := summarise(run, name))), *peers]


@dataclass(frozen=True, slots=True)
class Goal:
    """A promise, what was reached, and by how much it was missed; None: nothing to judge it by."""

    promise: str
    reached: str
    missed_by: str | None = None
    is_met: bool | None = None


def _at_most(promise: str, reached: float | None, limit: float, unit: str, detail: str) -> Goal:
    if reached is None:
        return Goal(promise, "not measured")
    shown = f"{reached:,.0f}{unit}" if unit == " bytes" else f"{reached:.3f}{unit}"
    over = reached - limit
    shown_over = f"{over:,.0f}{unit}" if unit == " bytes" else f"{over:.3f}{unit}"
    text = f"{shown} ({detail})" if detail else shown
    return Goal(promise, text, None if over <= 0 else shown_over, over <= 0)


def _at_least(promise: str, reached: float | None, limit: float, unit: str, detail: str) -> Goal:
    if reached is None:
        return Goal(promise, "not measured")
    short = limit - reached
    text = f"{reached:.2f}{unit} ({detail})"
    return Goal(promise, text, None if short <= 0 else f"{short:.2f}{unit}", short <= 0)


Found = tuple[float, str]


def _worst(values: Iterable[Found], *, smallest: bool = False) -> tuple[float | None, str]:
    found = list(values)
    if not found:
        return None, ""
    value, name = min(found) if smallest else max(found)
    return value, f"{name}, of {len(found)}" if len(found) > 1 else name


def _results(run: Run, tool: str, *, over: int = 0) -> Iterator[tuple[PairFacts, Result]]:
    for pair in run.pairs:
        result = pair.results.get(tool)
        if result is not None and result.is_correct and max(pair.old_size, pair.new_size) > over:
            yield pair, result


def _wall(cost: Cost | None) -> float:
    return cost.wall_s if cost else 0.0


def against_bsdiff(run: Run, tool: str) -> list[Found]:
    """Create time over bsdiff's, on the clock, for each pair over 1 MB."""
    found = []
    for pair, result in _results(run, tool, over=LARGE_PAIR):
        theirs = pair.results.get(BSDIFF)
        if theirs is not None and _wall(theirs.create) and _wall(result.create):
            found.append((_wall(result.create) / _wall(theirs.create), pair.name))
    return found


def memory_per_byte(run: Run, tool: str, *, over: int = 0) -> list[Found]:
    """Peak memory of creating for each byte of old plus new."""
    return [
        (result.create.peak_bytes / (pair.old_size + pair.new_size), pair.name)
        for pair, result in _results(run, tool, over=over)
        if result.create and result.create.peak_bytes is not None
    ]


def decode_speed(run: Run, tool: str, *, over: int = LARGE_PAIR) -> list[Found]:
    """Bytes of new for each microsecond of applying: MB/s."""
    return [
        (pair.new_size / 1e6 / _wall(result.apply), pair.name)
        for pair, result in _results(run, tool, over=over)
        if _wall(result.apply)
    ]


def decoder_memory(run: Run, tool: str) -> list[Found]:
    """Bytes that decoding adds with both images in files; a program's whole peak."""
    found = []
    for pair, result in _results(run, tool):
        peak = result.decoder_peak_bytes
        if peak is None and result.apply is not None:
            peak = result.apply.peak_bytes
        if peak is not None:
            found.append((peak, pair.name))
    return found


def growth_exponent(run: Run, tool: str) -> float | None:
    """How create time grows: 1 is linear, 2 is quadratic; from the smallest to the largest."""
    points = sorted(
        (one.image_size, _wall(one.result.create))
        for one in run.growth
        if one.tool == tool and one.result.is_correct and _wall(one.result.create)
    )
    if len(points) < 2:
        return None
    (small, fast), (large, slow) = points[0], points[-1]
    return math.log(slow / fast) / math.log(large / small)


SIZE_GOALS = {"max": 0.55, "balanced": 0.65, "embedded": 0.68}
CREATE_GOALS = {"max": 4.0, "balanced": 1.0}
SPEED_GOALS = {"max": 1.6, "balanced": 10.0}
DECODER_GOALS = {"max": 16 * MEBIBYTE, "balanced": MEBIBYTE}


def goals(run: Run) -> list[Goal]:
    """Each goal of the delta engine for the profiles of this run."""
    found: list[Goal] = []
    for tool in run.tools:
        if not tool.is_ours:
            continue
        name = tool.name
        # An engine without profiles is judged as its strongest.
        profile = "max" if tool.profile == "dfota" else tool.profile
        summary = summarise(run, name)
        if profile in SIZE_GOALS:
            found.append(_at_most(
                f"{name}: geometric mean to the best peer of each pair ≤ {SIZE_GOALS[profile]}",
                summary and summary.mean_to_best, SIZE_GOALS[profile], "",
                f"{summary.pair_count} pairs" if summary else ""))  # fmt: skip
        if profile == "max":
            found.append(_at_most(
                f"{name}: geometric mean to HDiffPatch at its strongest ≤ 0.48",
                summary and summary.mean_to_hdiffpatch, 0.48, "", ""))  # fmt: skip
            over = [
                (result.patch_size - best[1], pair.name)
                for pair, result in _results(run, name)
                if (best := best_peer(run, pair))
            ]
            found.append(_at_most(
                f"{name}: no pair over the best peer by more than 64 bytes",
                *_detailed(_worst(over), 64, " bytes")))  # fmt: skip
        found.append(_at_most(
            f"{name}: identical images give under 64 bytes",
            run.identical.get(name), 63, " bytes", ""))  # fmt: skip
        if profile in CREATE_GOALS:
            limit = CREATE_GOALS[profile]
            found.append(_at_most(
                f"{name}: create time ≤ {limit:g} times bsdiff's on every pair over 1 MB",
                *_detailed(_worst(against_bsdiff(run, name)), limit, " times")))  # fmt: skip
        for over_size, words in ((LARGE_PAIR, "pair over 1 MB"), (0, "pair")):
            found.append(_at_most(
                f"{name}: create memory ≤ 12 bytes per byte of old + new on every {words}",
                *_detailed(_worst(memory_per_byte(run, name, over=over_size)), 12, "")
            ))  # fmt: skip
        if profile in SPEED_GOALS:
            limit = SPEED_GOALS[profile]
            value, detail = _worst(decode_speed(run, name), smallest=True)
            found.append(_at_least(
                f"{name}: applying ≥ {limit:g} MB/s on every pair over 1 MB",
                value, limit, " MB/s", detail))  # fmt: skip
        if profile in DECODER_GOALS:
            limit = DECODER_GOALS[profile]
            value, detail = _worst(decoder_memory(run, name))
            found.append(_at_most(
                f"{name}: decoder memory ≤ {limit // MEBIBYTE} MiB",
                None if value is None else value / MEBIBYTE, limit / MEBIBYTE, " MiB", detail
            ))  # fmt: skip
        found.append(_at_most(
            f"{name}: create time grows near linearly (exponent ≤ 1.15)",
            growth_exponent(run, name), 1.15, "", ""))  # fmt: skip
    return found


def _detailed(
    worst: tuple[float | None, str], limit: float, unit: str
) -> tuple[float | None, float, str, str]:
    value, detail = worst
    return value, limit, unit, f"worst: {detail}" if detail else ""


def wrong_results(run: Run) -> Sequence[tuple[str, str, str]]:
    """(pair, tool, reason) of everything that failed."""
    return [
        (pair.name, name, result.failure)
        for pair in run.pairs
        for name, result in pair.results.items()
        if result.failure
    ]
