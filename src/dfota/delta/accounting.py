# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Tell where the bytes of a patch went; it shows facts, judges nothing and draws nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from dfota._native import Accounting, Applier, NativeError
from dfota.delta.applying import refuse_other_old
from dfota.delta.failures import error_for
from dfota.delta.inspecting import PatchInfo, inspect


@dataclass(frozen=True, slots=True)
class Share:
    """Bytes of new by where they come from, and what each kind costs in the patch.

    Attributes:
        copied: bytes that are as they were in old.
        predicted: bytes of references that moved, and came out as predicted.
        corrected: bytes of old whose prediction was wrong.
        literal: bytes that resemble nothing in old.
        kept_cost: bytes of patch that say that copied and predicted are right.
        corrected_cost: bytes of patch for the corrections.
        literal_cost: bytes of patch for the literals.
    """

    copied: int = 0
    predicted: int = 0
    corrected: int = 0
    literal: int = 0
    kept_cost: float = 0.0
    corrected_cost: float = 0.0
    literal_cost: float = 0.0

    def __add__(self, other: Share) -> Share:
        return Share(
            self.copied + other.copied,
            self.predicted + other.predicted,
            self.corrected + other.corrected,
            self.literal + other.literal,
            self.kept_cost + other.kept_cost,
            self.corrected_cost + other.corrected_cost,
            self.literal_cost + other.literal_cost,
        )

    @property
    def size(self) -> int:
        """Bytes of new."""
        return self.copied + self.predicted + self.corrected + self.literal

    @property
    def cost(self) -> float:
        """Bytes of patch."""
        return self.kept_cost + self.corrected_cost + self.literal_cost

    def to_json(self) -> dict[str, Any]:
        """The facts as plain values; costs in bytes, to a hundredth."""
        return {
            "copied": self.copied,
            "predicted": self.predicted,
            "corrected": self.corrected,
            "literal": self.literal,
            "kept_cost": round(self.kept_cost, 2),
            "corrected_cost": round(self.corrected_cost, 2),
            "literal_cost": round(self.literal_cost, 2),
        }


@dataclass(frozen=True, slots=True)
class Account:
    """Where the bytes of a patch went.

    Attributes:
        info: what the patch says of itself, the map included.
        map_cost: bytes of patch for segments and map.
        shares: one for each of ``info.segments``. A gap belongs to the segment of the block
            before it.
        elsewhere: the share of old bytes in no segment.
        bins: the shares of equal parts of new, as many as were asked for.
    """

    info: PatchInfo
    map_cost: float
    shares: tuple[Share, ...]
    elsewhere: Share
    bins: tuple[Share, ...]

    @property
    def total(self) -> Share:
        """All shares, added up."""
        return reduce(add, self.shares, self.elsewhere)

    @property
    def by_architecture(self) -> dict[str, Share]:
        """The shares, added up for each instruction set."""
        shares: dict[str, Share] = {}
        for segment, share in zip(self.info.segments, self.shares, strict=True):
            shares[segment.isa] = shares.get(segment.isa, Share()) + share
        if self.elsewhere.size or not shares:
            shares["data"] = shares.get("data", Share()) + self.elsewhere
        return shares

    @property
    def costs(self) -> dict[str, int]:
        """What the patch is spent on, in whole bytes that add up to its size."""
        total = self.total
        exact = {
            "header": float(self.info.header_size),
            "map": self.map_cost,
            "kept": total.kept_cost,
            "corrected": total.corrected_cost,
            "literal": total.literal_cost,
        }
        return _rounded(exact, self.info.patch_size)

    def to_json(self) -> dict[str, Any]:
        """The facts as plain values; without the map and without bins."""
        facts = self.info.to_json()
        total = self.total
        facts |= {name: getattr(total, name) for name in ("copied", "predicted", "corrected")}
        segments = zip(facts["segments"], self.shares, strict=True)
        return facts | {
            "segments": [segment | share.to_json() for segment, share in segments],
            "costs": self.costs,
            "elsewhere": self.elsewhere.to_json(),
            "architectures": {
                name: share.to_json() for name, share in self.by_architecture.items()
            },
        }


def account(
    patch: bytes,
    old: bytes,
    *,
    bin_count: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Account:
    """Decode *patch* and book every byte of new, and every bit of the patch.

    Args:
        patch: what ``generate`` returned.
        old: the very image that the patch was made from.
        bin_count: how many equal parts of new get a share each.
        progress: told how many bytes of new are done, of how many; an exception that it
            raises ends the work.

    Raises:
        PatchFormatError: *patch* is not a dfota patch.
        PatchVersionError: it has another format version.
        PatchCorruptError: it is damaged, truncated or hostile.
        OldImageMismatchError: *old* is another image.
        MemoryError: the machine has less memory than the patch needs.
    """
    info = inspect(patch)
    report = progress or (lambda _done, _total: None)
    try:
        refuse_other_old(Applier.in_memory(patch, old).header, old)
        booked = Accounting(patch, old, bin_count=bin_count)
        booked.run(lambda done: report(done, info.new_size))
    except NativeError as failure:
        raise error_for(failure) from None
    *shares, elsewhere = (Share(*share) for share in booked.shares)
    return Account(
        info=info,
        map_cost=booked.map_cost,
        shares=tuple(shares),
        elsewhere=elsewhere,
        bins=tuple(Share(*share) for share in booked.bins),
    )


def _rounded(exact: dict[str, float], total: int) -> dict[str, int]:
    """Whole numbers that add up to *total*, near to *exact*, which nearly does."""
    rounded = {name: int(value) for name, value in exact.items()}
    by_rest = sorted(exact, key=lambda name: rounded[name] - exact[name])
    for index in range(total - sum(rounded.values())):
        rounded[by_rest[index % len(by_rest)]] += 1
    return rounded
