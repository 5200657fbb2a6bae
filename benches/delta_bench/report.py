# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The facts of a run as Markdown and CSV; it computes no figure of its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Container, Iterable, Sequence

from delta_bench.facts import Cost, PairFacts, Result, Run
from delta_bench.judging import (
    LARGE_PAIR,
    against_bsdiff,
    best_peer,
    decode_speed,
    decoder_memory,
    geometric_mean,
    goals,
    hdiffpatch,
    memory_per_byte,
    summaries,
    wrong_results,
)

PLOTS = ("sizes.svg", "memory.svg", "growth.svg")


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """A Markdown table; the first *words* columns are left-aligned, the others are numbers."""
    aligned = ["---" if index < words else "---:" for index in range(len(head))]
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, aligned, *escaped]) + "\n"


def count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if value < 10 else f"{value:.1f}"


def megabytes(value: float | None) -> str:
    return "-" if value is None else f"{value / 1e6:.2f}"


def pair_table(run: Run) -> str:
    """Patch bytes of each pair: every profile, HDiffPatch at its strongest, the best peer."""
    ours = [tool.name for tool in run.tools if tool.is_ours]
    rows = []
    for pair in run.pairs:
        best, other = best_peer(run, pair), hdiffpatch(run, pair)
        cells = [pair.name, best[0] if best else "-", count(pair.new_size)]
        cells += [count(best[1]) if best else "-", count(other)]
        for name in ours:
            result = pair.results.get(name)
            size = result.patch_size if result and result.is_correct else None
            cells.append(count(size))
            cells.append(ratio(size / best[1] if size is not None and best else None))
        rows.append(cells)
    head = ["pair", "best peer", "new", "best peer, bytes", "HDiffPatch strongest"]
    for name in ours:
        head += [name, "to best"]
    return table(head, rows, words=2)


def summary_table(run: Run) -> str:
    rows = [
        [
            one.name if one.is_measured else f"{one.name} (recorded)",
            str(one.pair_count),
            ratio(one.mean_to_best),
            ratio(one.median_to_best),
            ratio(one.mean_to_hdiffpatch),
            ratio(one.median_to_hdiffpatch),
            count(one.total_bytes),
        ]
        for one in summaries(run)
    ]
    head = ["tool", "pairs", "geometric mean to best peer", "median to best peer"]
    head += ["geometric mean to HDiffPatch", "median to HDiffPatch", "total bytes"]
    return table(head, rows)


def goal_table(run: Run) -> str:
    def verdict(is_met: bool | None, missed_by: str | None) -> str:
        return "-" if is_met is None else "met" if is_met else f"missed by {missed_by}"

    rows = [[one.promise, one.reached, verdict(one.is_met, one.missed_by)] for one in goals(run)]
    return table(["goal", "reached", "verdict"], rows, words=3)


def _costs(run: Run, tool: str, step: str) -> list[Cost]:
    results = [pair.results[tool] for pair in run.pairs if tool in pair.results]
    return [cost for one in results if one.is_correct and (cost := getattr(one, step))]


def cost_table(run: Run) -> str:
    """Times and memory of each measured tool over all its pairs."""
    rows = []
    for tool in run.tools:
        creating, applying = _costs(run, tool.name, "create"), _costs(run, tool.name, "apply")
        if not creating or not applying:
            continue
        peaks = [
            max((cost.peak_bytes for cost in costs if cost.peak_bytes is not None), default=None)
            for costs in (creating, applying)
        ]
        speeds = [value for value, _ in decode_speed(run, tool.name, over=0) if value]
        memory = [value for value, _ in memory_per_byte(run, tool.name, over=LARGE_PAIR)]
        decoders = [value for value, _ in decoder_memory(run, tool.name)]
        beside = [value for value, _ in against_bsdiff(run, tool.name)]
        rows.append(
            [
                tool.name,
                seconds(sum(cost.wall_s for cost in creating)),
                seconds(sum(cost.user_s for cost in creating)),
                ratio(geometric_mean(beside) if beside else None),
                megabytes(peaks[0]),
                f"{max(memory):.1f}" if memory else "-",
                seconds(sum(cost.wall_s for cost in applying)),
                f"{min(speeds):.1f}" if speeds else "-",
                megabytes(peaks[1]),
                megabytes(max(decoders, default=None)),
            ]
        )
    head = [
        "tool",
        "create, s",
        "create, user s",
        "create, times bsdiff (geometric mean over 1 MB)",
    ]
    head += ["create peak, MB", "create peak, worst bytes per byte (over 1 MB)", "apply, s"]
    head += ["slowest apply, MB/s", "apply peak, MB", "decoder peak, MB"]
    return table(head, rows)


def growth_table(run: Run) -> str:
    def cells(result: Result) -> list[str]:
        if not result.is_correct or result.create is None or result.apply is None:
            return ["-"] * 5
        create, apply = result.create, result.apply
        figures = [count(result.patch_size), seconds(create.wall_s), seconds(create.user_s)]
        return [*figures, megabytes(create.peak_bytes), seconds(apply.wall_s)]

    rows = [[one.tool, megabytes(one.image_size), *cells(one.result)] for one in run.growth]
    head = ["tool", "image, MB", "patch, bytes", "create, s", "create, user s"]
    return table([*head, "create peak, MB", "apply, s"], rows)


def settings_table(run: Run) -> str:
    rows = [[tool.name, tool.version, f"`{tool.settings}`"] for tool in run.tools]
    return table(["tool", "version", "settings"], rows, words=3)


def report(run: Run, *, plots: Container[str] = ()) -> str:
    """The whole page: goals, sizes, costs, growth, settings, and what was left out; *plots* are there."""
    parts = ["# Patch sizes, times and memory\n"]
    if not run.is_complete:
        parts.append("**The run was stopped: this is what it had measured.**\n")
    parts.append(
        "Written by `make bench-delta`; every patch was applied and its result compared with the"
        " new image. The *best peer* of a pair is the smallest patch that any other tool reached,"
        " measured here or recorded; sizes are exact. Times and memory are medians, one process"
        f" for each step, nothing beside it, on a {run.machine} machine; only their ratios mean"
        f" anything elsewhere. {run.material}\n"
    )
    parts += ["## Goals\n", goal_table(run)]
    parts += ["## All pairs together\n", summary_table(run)]
    if PLOTS[0] in plots:
        parts.append(f"![Patch size of each pair against the best peer]({PLOTS[0]})\n")
    parts += ["## Patch bytes of each pair\n", pair_table(run)]
    parts += ["## Times and memory\n"]
    parts.append(
        "Sums over the pairs, on the clock; *user* is processor time of all threads. Of a program the whole process counts, its start and its files"
        " included; of a Python tool the step alone, in a warm process, both images included."
        " Below about 0.3 MB a peak is the noise of the interpreter's allocator. *Decoder peak* is what applying needs while both images stay in files, where the tool"
        " can do that.\n"
    )
    parts.append(cost_table(run))
    if plots:
        parts.append("Every figure of every pair: [delta.csv](delta.csv).\n")
    if PLOTS[1] in plots:
        parts.append(f"![Patch size against decoder memory]({PLOTS[1]})\n")
    if run.growth:
        parts += ["## Growth\n", growth_table(run)]
        if PLOTS[2] in plots:
            parts.append(f"![Time against image size]({PLOTS[2]})\n")
    parts += ["## Settings and versions\n", settings_table(run)]
    failed = [f"{tool} on {pair}: {reason}" for pair, tool, reason in wrong_results(run)]
    if failed:
        parts += ["## Failed\n", *(f"* {line}" for line in failed), ""]
    if run.skipped:
        parts += ["## Left out\n", *(f"* {line}" for line in run.skipped), ""]
    return "\n".join(parts)


CSV_HEAD = (
    "pair", "tool", "old_bytes", "new_bytes", "patch_bytes",
    "create_wall_s", "create_user_s", "create_peak_bytes", "create_repeats",
    "apply_wall_s", "apply_user_s", "apply_peak_bytes", "apply_repeats", "decoder_peak_bytes",
    "result",
)  # fmt: skip


def csv_of(run: Run) -> str:
    """Every figure of every pair and tool, one row each."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_HEAD)
    for pair in run.pairs:
        for tool, result in pair.results.items():
            writer.writerow(_csv_row(pair, tool, result))
    return out.getvalue()


def _csv_row(pair: PairFacts, tool: str, result: Result) -> list[object]:
    def of(cost: Cost | None) -> list[object]:
        if cost is None:
            return [""] * 4
        return [f"{cost.wall_s:.4f}", f"{cost.user_s:.4f}", cost.peak_bytes, cost.repeats]

    sizes = [pair.old_size, pair.new_size, result.patch_size]
    costs = [*of(result.create), *of(result.apply), result.decoder_peak_bytes]
    return [pair.name, tool, *sizes, *costs, result.failure or "correct"]
