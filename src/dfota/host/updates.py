# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which packages lead from a running revision to others, hop after hop; nothing is read here.

Rule 1. A hop is refused where its package's security counter is below that of what runs then,
unless the package allows it; whoever makes the package decides, not the planner.
Rule 2. The cost is compared part by part: first the hops that go down, then what is preferred.
Rule 3. The same offers give the same paths, in whatever order they come.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, unique

from dfota.errors import NoPathError, NothingToDoError
from dfota.host.update_names import is_newer
from dfota.values import Digest, FirmwareVersion

ASSUMED_SIZE = 512 * 1024
"""What a package of unknown size counts for: the only size of a real one that is public is 441,472 bytes."""

HOPS_MAX = 32
"""Longest way that is looked for, in upgrades."""

STEPS_MAX = 100_000
"""Steps from one firmware to the next that are tried at all, whoever made the index."""

WAY_BACK_MAX = 64
"""For how many paths it is found out whether there is a way back."""


@unique
class Trust(Enum):
    """Who vouches for an offer; from the best to the worst."""

    VERIFIED = "verified"
    """A trusted key signed the package, or the index that has its digest."""
    CONTENT = "not-verified"
    """The package or an index says so itself; nobody that we know vouches for it."""
    NAME = "name-only"
    """Only a name or a list says so; what is in the package is not known yet."""


@unique
class Direction(Enum):
    """Where a step leads."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    UNKNOWN = "unknown"
    """Neither the counters nor the names tell, and the package does not say."""


@unique
class Prefer(Enum):
    """What is spared first."""

    BYTES = "bytes"
    REBOOTS = "reboots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One package that can be had.

    Attributes:
        name: of its file.
        location: its path, or its URL.
        is_remote: whether *location* is a URL.
        old: the revision that must run before.
        new: the revision that runs after.
        size: in bytes, where it is known.
        digest: SHA-256 of the file, where it is known.
        model: whom it is for; empty where it is not known.
        hardware: likewise.
        old_release: digest of the firmware it starts from, where it is known.
        new_release: digest of the firmware it leads to, likewise.
        security_counter: of the new firmware, likewise.
        allows_downgrade: whether the counter may fall.
        trust: who vouches for all this.
        source: where it was found, as the person wrote it.
    """

    name: str
    location: str
    is_remote: bool
    old: FirmwareVersion
    new: FirmwareVersion
    size: int | None = None
    digest: Digest | None = None
    model: str = ""
    hardware: str = ""
    old_release: Digest | None = None
    new_release: Digest | None = None
    security_counter: int | None = None
    allows_downgrade: bool = False
    trust: Trust = Trust.NAME
    source: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A package or a source that is not offered: *name* of *source*, because of *reason*."""

    name: str
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Running:
    """What is known of the module; empty and ``None`` where it is not.

    Attributes:
        revision: as AT+QGMR tells it.
        model: as ATI tells it.
        hardware: as the packages call it; no AT command tells it.
        security_counter: of the firmware; no AT command tells it.
    """

    revision: FirmwareVersion
    model: str = ""
    hardware: str = ""
    security_counter: int | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """One upgrade of the module on its way."""

    offer: Offer
    direction: Direction


@dataclass(frozen=True, slots=True)
class UpdatePath:
    """One upgrade or several, one after the other; each hop is one reboot.

    Attributes:
        hops: at least one.
        direction: of the whole.
        has_way_back: whether packages lead back; ``None``: not looked for.
    """

    hops: tuple[Hop, ...]
    direction: Direction
    has_way_back: bool | None = None

    @property
    def old(self) -> FirmwareVersion:
        """Where it starts."""
        return self.hops[0].offer.old

    @property
    def new(self) -> FirmwareVersion:
        """Where it ends."""
        return self.hops[-1].offer.new

    @property
    def size(self) -> int | None:
        """Bytes of all packages, where they are known."""
        sizes = [hop.offer.size for hop in self.hops]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None

    @property
    def trust(self) -> Trust:
        """Of the hop that is trusted least."""
        return max((hop.offer.trust for hop in self.hops), key=list(Trust).index)


@dataclass(frozen=True, slots=True)
class Updates:
    """What was found for one running revision.

    Attributes:
        running: what it starts from.
        paths: the best path to each revision that can be reached, best first.
        refused: what is not offered, and why.
    """

    running: Running
    paths: tuple[UpdatePath, ...]
    refused: tuple[Refusal, ...]

    def path_to(self, target: FirmwareVersion) -> UpdatePath:
        """The path to *target*.

        Raises:
            NothingToDoError: it runs already.
            NoPathError: there is none.
        """
        if target == self.running.revision:
            raise NothingToDoError(target.text)
        for path in self.paths:
            if path.new == target:
                return path
        reached = ", ".join(path.new.text for path in self.paths[:8]) or "nothing"
        raise NoPathError(
            self.running.revision.text, target.text, f"what can be reached is {reached}"
        )

    def newest(self) -> UpdatePath:
        """The path to the newest revision that can be reached.

        Raises:
            NothingToDoError: no upgrade is offered.
            NoPathError: it cannot be told which one is the newest.
        """
        upgrades = [path for path in self.paths if path.direction is Direction.UPGRADE]
        if not upgrades:
            if any(path.direction is Direction.UNKNOWN for path in self.paths):
                raise self._ambiguous([path.new for path in self.paths])
            raise NothingToDoError(self.running.revision.text)
        best = upgrades[0]
        for path in upgrades[1:]:
            if _is_path_newer(path, best):
                best = path
        rivals = [path for path in upgrades if path is not best and not _is_path_newer(best, path)]
        if rivals:
            raise self._ambiguous([best.new, *(path.new for path in rivals)])
        return best

    def _ambiguous(self, revisions: Sequence[FirmwareVersion]) -> NoPathError:
        names = ", ".join(revision.text for revision in revisions[:8])
        return NoPathError(
            self.running.revision.text,
            "the newest revision",
            f"it cannot be told which of {names} is newest, say it with --to",
        )


def _is_path_newer(path: UpdatePath, other: UpdatePath) -> bool:
    ours, theirs = path.hops[-1].offer.security_counter, other.hops[-1].offer.security_counter
    if ours is not None and theirs is not None and ours != theirs:
        return ours > theirs
    return is_newer(path.new, other.new) is True


# -- planning --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _State:
    """What runs at some point of a path; all that decides which offers fit then."""

    revision: FirmwareVersion
    release: Digest | None
    counter: int | None
    hardware: str


_Cost = tuple[int, int, int]


def plan_updates(
    offers: Iterable[Offer],
    running: Running,
    *,
    prefer: Prefer = Prefer.BYTES,
    refused: Sequence[Refusal] = (),
) -> Updates:
    """Find the best path from *running* to every revision that can be reached.

    Args:
        offers: the packages that can be had.
        running: what runs now.
        prefer: what is spared first; the other is what decides between equals.
        refused: what was refused before, to be told with the rest.
    """
    planner = _Planner(offers, running, prefer)
    paths = planner.paths()
    told = dict.fromkeys((*refused, *planner.refusals()))
    return Updates(running, paths, tuple(told))


class _Planner:
    """Offers by the revision that they start from, and the search through them."""

    def __init__(self, offers: Iterable[Offer], running: Running, prefer: Prefer) -> None:
        self._running = running
        self._prefer = prefer
        self._refused: dict[Offer, str] = {}
        self._used: set[Offer] = set()
        self._steps_left = STEPS_MAX
        self._is_cut = False
        self._from: dict[FirmwareVersion, list[Offer]] = defaultdict(list)
        counters: dict[FirmwareVersion, int] = {}
        for offer in sorted(offers, key=lambda one: (one.name, one.location)):
            if offer.model and running.model and offer.model != running.model:
                self._refused[offer] = f"it is for model {offer.model}, not {running.model}"
                continue
            self._from[offer.old].append(offer)
            if offer.security_counter is not None and offer.trust is not Trust.NAME:
                known = counters.get(offer.new, offer.security_counter)
                counters[offer.new] = min(known, offer.security_counter)
        self._counters = counters
        counter = running.security_counter
        if counter is None:
            counter = counters.get(running.revision)
        self._start = _State(running.revision, None, counter, running.hardware)

    def paths(self) -> tuple[UpdatePath, ...]:
        """The best path to each revision, the cheapest first."""
        best: dict[FirmwareVersion, tuple[_Cost, tuple[str, ...], _State, tuple[Hop, ...]]] = {}
        for cost, names, state, hops in self._search(self._start, is_told=True):
            if state.revision != self._start.revision:
                best.setdefault(state.revision, (cost, names, state, hops))
        self._is_cut = not self._steps_left
        paths: list[UpdatePath] = []
        for _, _, state, hops in sorted(best.values(), key=lambda found: found[:2]):
            way_back = None
            if len(paths) < WAY_BACK_MAX:
                way_back = self._leads_back(state)
            last = hops[-1].offer
            direction = self._direction(self._start, last)
            paths.append(UpdatePath(hops, direction, way_back))
        return tuple(paths)

    def _leads_back(self, state: _State) -> bool | None:
        """Whether packages lead from *state* to what runs now; ``None``: not looked at to the end."""
        for _, _, end, _ in self._search(state):
            if end.revision == self._start.revision:
                return True
        return False if self._steps_left else None

    def refusals(self) -> list[Refusal]:
        """What was refused on all ways, and why."""
        found = [
            Refusal(offer.name, reason, offer.source)
            for offer, reason in self._refused.items()
            if offer not in self._used
        ]
        if self._is_cut:
            found.append(
                Refusal("further packages", f"after {STEPS_MAX:,} steps no more are tried")
            )
        here = self._running.revision
        if here.short == here.text:
            # Old firmware tells no build: several share the name, each with its own packages.
            found += [
                Refusal(
                    offer.name,
                    f"it starts from {offer.old}, and the module tells only {here}: say which "
                    "build runs with --revision, if you are sure",
                    offer.source,
                )
                for old, offers in sorted(self._from.items(), key=lambda one: one[0].text)
                if old != here and old.short == here.text
                for offer in offers
            ]
        return found

    def _search(
        self, start: _State, *, is_told: bool = False
    ) -> Iterable[tuple[_Cost, tuple[str, ...], _State, tuple[Hop, ...]]]:
        """Dijkstra's algorithm: every state that can be reached, the cheapest first."""
        count = 0
        heap: list[tuple[_Cost, tuple[str, ...], int, _State, tuple[Hop, ...]]]
        heap = [((0, 0, 0), (), count, start, ())]
        done: set[_State] = set()
        while heap:
            cost, names, _, state, hops = heapq.heappop(heap)
            if state in done:
                continue
            done.add(state)
            yield cost, names, state, hops
            if len(hops) == HOPS_MAX:
                continue
            for offer in self._from.get(state.revision, ()):
                if not self._steps_left:
                    return
                self._steps_left -= 1
                reason = _refusal(state, offer)
                if reason:
                    if is_told:
                        self._refused.setdefault(offer, reason)
                    continue
                if is_told:
                    self._used.add(offer)
                hop = Hop(offer, self._direction(state, offer))
                after = _State(
                    offer.new,
                    offer.new_release,
                    offer.security_counter,
                    offer.hardware or state.hardware,
                )
                if after not in done:
                    count += 1
                    heapq.heappush(
                        heap,
                        (
                            self._sum(cost, hop),
                            (*names, f"{offer.name}\0{offer.location}"),
                            count,
                            after,
                            (*hops, hop),
                        ),
                    )

    def _sum(self, cost: _Cost, hop: Hop) -> _Cost:
        size = ASSUMED_SIZE if hop.offer.size is None else hop.offer.size
        down = cost[0] + (hop.direction is Direction.DOWNGRADE)
        if self._prefer is Prefer.BYTES:
            return (down, cost[1] + size, cost[2] + 1)
        return (down, cost[1] + 1, cost[2] + size)

    def _direction(self, state: _State, offer: Offer) -> Direction:
        """Where *offer* leads from *state*: the counters decide, then the names, then its maker."""
        before = self._counters.get(state.revision) if state.counter is None else state.counter
        after = offer.security_counter
        if before is not None and after is not None and before != after:
            return Direction.UPGRADE if after > before else Direction.DOWNGRADE
        newer = is_newer(offer.new, state.revision)
        if newer is not None:
            return Direction.UPGRADE if newer else Direction.DOWNGRADE
        return Direction.DOWNGRADE if offer.allows_downgrade else Direction.UNKNOWN


def _refusal(state: _State, offer: Offer) -> str:
    """Why *offer* does not fit *state*, or empty."""
    if state.hardware and offer.hardware and offer.hardware != state.hardware:
        return f"it is for hardware {offer.hardware}, not {state.hardware}"
    if state.release and offer.old_release and offer.old_release != state.release:
        return f"it starts from another firmware that is also called {offer.old}"
    counter, minimum = offer.security_counter, state.counter
    if counter is None or minimum is None or counter >= minimum or offer.allows_downgrade:
        return ""
    return (
        f"its security counter {counter} is below {minimum}, that of {state.revision}, "
        "and it allows no downgrade"
    )
