# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a run of the bench found out, as plain values; it measures nothing and judges nothing."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step cost: the median of its repeats.

    Attributes:
        wall_s: seconds on the clock.
        user_s: seconds of processor time in user mode, all threads together.
        peak_bytes: peak memory; None where the machine does not tell.
        repeats: how often the step ran.
    """

    wall_s: float
    user_s: float
    peak_bytes: int | None
    repeats: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """What one tool did with one pair.

    Attributes:
        patch_size: bytes of the patch; None when the tool made none.
        create: cost of making the patch.
        apply: cost of applying it.
        decoder_peak_bytes: peak memory of applying with both images in files, where the tool
            can do that apart from ``apply``.
        failure: why there is no (right) result; empty when old and patch gave new back.
    """

    patch_size: int | None
    create: Cost | None = None
    apply: Cost | None = None
    decoder_peak_bytes: int | None = None
    failure: str = ""

    @property
    def is_correct(self) -> bool:
        return not self.failure and self.patch_size is not None


@dataclass(frozen=True, slots=True)
class Tool:
    """A measured tool: ``name`` in the tables, its version and its exact settings.

    Attributes:
        name: how the tables call it.
        settings: command line or call, with OLD, NEW and PATCH for the files.
        version: as the tool or its package says.
        profile: dfota's profile, ``dfota`` where the engine has none; empty for a peer.
        recorded_as: its name among the recorded sizes.
    """

    name: str
    settings: str
    version: str = ""
    profile: str = ""
    recorded_as: str = ""

    @property
    def is_ours(self) -> bool:
        return bool(self.profile)


@dataclass(frozen=True, slots=True)
class PairFacts:
    """One pair of images: sizes, what each measured tool did, what others reached before."""

    name: str
    old_size: int
    new_size: int
    results: dict[str, Result] = field(default_factory=dict)
    recorded: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Growth:
    """One tool on one of the images that only differ in size."""

    tool: str
    image_size: int
    result: Result


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run.

    Attributes:
        tools: what was measured.
        pairs: the pairs in the order they were measured.
        growth: the images of growing size.
        identical: largest patch between identical images, by tool.
        skipped: what was left out, and why.
        machine: processor architecture and count of cores.
        material: what the pairs and the growing images are made of.
        is_complete: False when the run was stopped.
    """

    tools: tuple[Tool, ...]
    pairs: tuple[PairFacts, ...] = ()
    growth: tuple[Growth, ...] = ()
    identical: dict[str, int] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    machine: str = ""
    material: str = ""
    is_complete: bool = True

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @staticmethod
    def from_json(values: dict[str, Any]) -> Run:
        """The run that ``to_json`` wrote."""

        def cost(found: dict[str, Any] | None) -> Cost | None:
            return None if found is None else Cost(**found)

        def result(found: dict[str, Any]) -> Result:
            steps = {step: cost(found[step]) for step in ("create", "apply")}
            return Result(**{**found, **steps})

        def pair(found: dict[str, Any]) -> PairFacts:
            results = {tool: result(one) for tool, one in found["results"].items()}
            return PairFacts(**{**found, "results": results})

        return Run(
            **{
                **values,
                "tools": tuple(Tool(**found) for found in values["tools"]),
                "pairs": tuple(pair(found) for found in values["pairs"]),
                "growth": tuple(
                    Growth(found["tool"], found["image_size"], result(found["result"]))
                    for found in values["growth"]
                ),
                "skipped": tuple(values["skipped"]),
            }
        )
