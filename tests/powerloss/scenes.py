# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Modules before an update, and how they live through power cuts and faults; no test is here.

A *life* is what a module does from power-on: boot, go on or update, report. What happens in
a life is written as a case: ``SCENE:EVENTS+EVENTS…``, one group of events for each life, events
joined by dots. ``17-tail`` cuts the power in operation 17, ``17-bad`` is a fault in it. So
``full:137-tail+3-head`` is a cut in the update and another in what follows it. The scene
``full`` may be left out.

A power cut forgets everything but the memory, so a sweep does not run an update again for every
cut: it records the operations of one life, tears each of them on a copy of the memory before it,
and lives on from there; and what follows from equal memories is looked at once.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass, field
from functools import partial
from itertools import product

from dfota.delta import InPlace, generate
from dfota.engine import Engine, Unfinished, factory, required_geometry
from dfota.engine.journal import Record, RecordKind
from dfota.errors import DfotaError, FirmwareDamagedError, FlashError, UpdateFailedError
from dfota.flash import (
    DECAYS,
    REVERSE,
    Cut,
    CutMode,
    Fault,
    FaultKind,
    FlashKind,
    Geometry,
    LayoutKind,
    ManagedFlash,
    OperationKind,
    PowerLost,
    SimulatedFlash,
    faults_of,
)
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

SEED = 20181
SETTLING_LIVES = 3
"""Lives without new faults that a module gets to come to rest."""


class BrickError(AssertionError):
    """The promise of the engine is broken."""


@dataclass(frozen=True, slots=True)
class Spec:
    """How a scene is made.

    Attributes:
        name: of the scene, as it stands in cases.
        is_full: the large scene; else the smallest that has every part of an update.
        resumes: UPDATING goes on after a cut.
        scrubs: a life is a scrub and no update.
        factory_bad: sectors that are bad from the outset.
    """

    name: str
    page_size: int = 256
    sector_size: int = 1024
    kind: FlashKind = FlashKind.NAND
    layout: LayoutKind = LayoutKind.BACKUP
    spare_count: int | None = None
    is_full: bool = False
    resumes: bool = False
    scrubs: bool = False
    factory_bad: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Case:
    """What happens in each life; a Cut and Faults count operations from its power-on."""

    lives: tuple[tuple[Cut | Fault, ...], ...]
    scene: str = "full"

    def __str__(self) -> str:
        lives = "+".join(".".join(map(str, events)) for events in self.lives)
        return lives if self.scene == "full" else f"{self.scene}:{lives}"

    @classmethod
    def parse(cls, text: str) -> Case | None:
        """Read an id; None if it is none."""
        scene, _, rest = text.rpartition(":")
        try:
            lives = tuple(
                tuple(_event(event) for event in life.split(".")) for life in rest.split("+")
            )
        except ValueError:
            return None
        return cls(lives, scene or "full") if (scene or "full") in SPECS else None


def _event(text: str) -> Cut | Fault:
    number, _, what = text.partition("-")
    modes = {mode.value for mode in CutMode}
    if what in modes:
        return Cut(int(number), CutMode(what))
    kind, _, place = what.partition("-at-")
    return Fault(int(number), FaultKind(kind), int(place) if place else None)


@dataclass(slots=True)
class Done:
    """One operation of a life."""

    kind: OperationKind
    offset: int
    data: bytes = b""

    def repeat(self, flash: SimulatedFlash) -> None:
        """Do it again."""
        if self.kind is OperationKind.ERASE:
            flash.erase(self.offset)
        else:
            flash.prog(self.offset, self.data)


class RecordingFlash(SimulatedFlash):
    """Remembers what was done to it."""

    def __init__(self, memory: bytearray, geometry: Geometry) -> None:
        super().__init__(memory, geometry)
        self.done: list[Done] = []

    def prog(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program, and remember."""
        self.done.append(Done(OperationKind.PROG, offset, bytes(data)))
        super().prog(offset, data)

    def erase(self, offset: int) -> None:
        """Erase, and remember."""
        self.done.append(Done(OperationKind.ERASE, offset))
        super().erase(offset)

    def _prog_at_once(self, offset: int, data: memoryview) -> bool:
        return False


@dataclass(slots=True)
class Life:
    """What one life came to: the firmware after the boot, and every operation."""

    outcome: str
    done: list[Done]


@dataclass(slots=True)
class Tally:
    """What a sweep has met.

    Attributes:
        cases: every sequence of cuts, also where two left the same memory.
        states: memories that were lived on from.
    """

    old: int = 0
    new: int = 0
    refuses: int = 0
    states: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """All that was tried."""
        return self.old + self.new + self.refuses

    def count(self, outcome: str) -> None:
        """One more."""
        setattr(self, outcome, getattr(self, outcome) + 1)


class Scene:
    """One module before an update, and everything needed to live through it again and again."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        key = SigningKey.generate()
        self.trusted = [key.public_key]
        first, self.old, self.new = full_releases() if spec.is_full else small_releases(spec)
        self._make_patch = _patch_maker(spec)
        self.geometry = _geometry(spec, first, self.old, self.new)
        flash = SimulatedFlash(bytearray(SimulatedFlash.size_of(self.geometry)), self.geometry)
        for sector in spec.factory_bad:
            flash.damage(sector * spec.sector_size, FaultKind.FACTORY_BAD)
        options = {"reserve": _reserve(spec)} if spec.layout is not LayoutKind.BACKUP else {}
        if spec.is_full and spec.layout is LayoutKind.BACKUP:
            # It was updated before, so that its journal has records of another update.
            factory(flash, first, spare_count=spec.spare_count)
            self.package = self._package(first, self.old, key)
            self._updated_from(flash, first)
        else:
            factory(flash, self.old, layout=spec.layout, spare_count=spec.spare_count, **options)
        self.package = self._package(self.old, self.new, key)
        self.before = bytes(flash._memory)
        life = self.life(self.before)
        self.operations = len(life.done)
        self.commit = _commit(life)
        self._lives: dict[bytes, Life] = {}

    # -- one life ------------------------------------------------------------------------

    def flash(self, memory: bytes | None = None) -> SimulatedFlash:
        """A module's flash, powered, counting from 0; by default as before the update."""
        return SimulatedFlash(bytearray(self.before if memory is None else memory), self.geometry)

    def live(self, flash: SimulatedFlash) -> str:
        """What a module does from power-on; returns what it ran after it had booted."""
        engine = Engine(flash)
        state = engine.boot()
        if isinstance(state, Unfinished):
            needed = self.package if state.needs_package else None
            for _ in engine.resume(needed, trusted=self.trusted):
                pass
        elif state.unreported is not None and self.whole(engine) == "old":
            raise BrickError("an earlier update is reported again")
        outcome = self.whole(engine)
        if self.spec.scrubs:
            if engine.scrub_direction != REVERSE:
                for _ in engine.scrub():
                    pass
        elif outcome == "old":
            self._update(engine)
        if isinstance(state := engine.boot(), Unfinished):
            raise BrickError("the update ended and is unfinished")
        if state.unreported is not None:
            engine.mark_reported()
        return outcome

    def _update(self, engine: Engine) -> None:
        for _ in engine.update(
            self.package, trusted=self.trusted, remote=True, resume_updating=self.spec.resumes
        ):
            pass

    def whole(self, engine: Engine) -> str:
        """Which firmware runs, whole and nothing else."""
        firmware = engine.firmware
        is_new = firmware.revision == self.new.revision and not self.spec.scrubs
        release = self.new if is_new else self.old
        if firmware.revision != release.revision or firmware.release_digest != release.digest:
            raise BrickError(f"it runs {firmware.revision}, which is a mixture")
        names = [entry.name for entry in firmware.partitions]
        if sorted(names) != sorted(part.name for part in release.partitions):
            raise BrickError(f"it has the partitions {names}")
        for part in release.partitions:
            if engine.read_partition(part.name) != part.data:
                raise BrickError(f"partition {part.name} is a mixture")
        return "new" if is_new else "old"

    def check(self, flash: SimulatedFlash, outcome: str) -> None:
        """The module boots and runs that firmware."""
        engine = Engine(flash)
        if isinstance(engine.boot(), Unfinished):
            raise BrickError("the update is unfinished")
        if (found := self.whole(engine)) != outcome:
            raise BrickError(f"it runs the {found} firmware, not the {outcome} one")

    @property
    def goal(self) -> str:
        """What runs in the end."""
        return "old" if self.spec.scrubs else "new"

    def life(self, memory: bytes) -> Life:
        """Live undisturbed from *memory* to the end, which is checked."""
        flash = RecordingFlash(bytearray(memory), self.geometry)
        outcome = self.live(flash)
        self.check(flash, self.goal)
        if self.spec.scrubs and Engine(flash).scrub_direction != REVERSE:
            raise BrickError("the scrub did not turn the direction")
        return Life(outcome, flash.done)

    # -- sweeps of power cuts --------------------------------------------------------------

    def sweep(self, depth: int, *, part: int = 0, parts: int = 1) -> Tally:
        """Every operation in every mode, and again in all that follows, *depth* times.

        Raises:
            BrickError: a case is not survived; it says which.
        """
        tally = Tally()
        counted: dict[tuple[bytes, int], Tally] = {}
        life = self.life(self.before)
        for number, mode, memory in self._torn(self.before, life, part=part, parts=parts):
            path = (Cut(number, mode),)
            is_new = (number, mode is CutMode.AFTER) >= (self.commit, True)
            expected = "new" if is_new and not self.spec.scrubs else "old"
            if (found := self._life_at(memory, path).outcome) != expected:
                raise BrickError(self._tell(path, f"the firmware is {found}"))
            self._follow(memory, path, depth - 1, tally, counted)
        tally.states = len(self._lives)
        return tally

    def _follow(
        self,
        memory: bytes,
        path: tuple[Cut, ...],
        depth: int,
        tally: Tally,
        counted: dict[tuple[bytes, int], Tally],
    ) -> None:
        """Live on from *memory*, with *depth* more cuts; new never becomes old again."""
        life = self._life_at(memory, path)
        if depth == 0:
            tally.count(life.outcome)
            return
        key = self._key(memory), depth
        if key not in counted:
            counted[key] = inner = Tally()
            for number, mode, torn in self._torn(memory, life):
                later = (*path, Cut(number, mode))
                if life.outcome == "new" and self._life_at(torn, later).outcome == "old":
                    raise BrickError(self._tell(later, "the old firmware came back"))
                self._follow(torn, later, depth - 1, inner, counted)
        tally.old += counted[key].old
        tally.new += counted[key].new

    def _life_at(self, memory: bytes, path: tuple[Cut, ...]) -> Life:
        key = self._key(memory)
        if key not in self._lives:
            try:
                self._lives[key] = self.life(memory)
            except Exception as error:
                raise BrickError(self._tell(path, repr(error))) from error
        return self._lives[key]

    def _torn(self, memory, life, *, part=0, parts=1):
        """Every operation of *life*, which began with *memory*, torn in every mode."""
        walker = self.flash(memory)
        for number, done in enumerate(life.done):
            if number % parts == part:
                before = bytes(walker._memory)
                for mode in CutMode:
                    flash = self.flash(before)
                    flash.lose_power_at(Cut(0, mode))
                    try:
                        done.repeat(flash)
                    except PowerLost:
                        yield number, mode, bytes(flash._memory)
                    else:
                        raise BrickError("the power was not cut")
            done.repeat(walker)

    def _key(self, memory: bytes) -> bytes:
        """What tells memories apart; how often sectors were erased does not matter."""
        counts = 4 * self.geometry.sector_count + 32
        return hashlib.blake2b(memory[:-counts], digest_size=16).digest()

    def _tell(self, path: tuple[Cut, ...], what: str) -> str:
        return failure(Case(tuple((cut,) for cut in path), self.spec.name), what)

    # -- single cases ------------------------------------------------------------------------

    def survive(self, case: Case) -> str:
        """Live through *case*, operation by operation; return what it came to.

        "old" or "new" is what ran after the first life; "refuses" (only with faults) is a
        module that runs nothing, because no spare sector is left or its chip has lost data.

        Raises:
            BrickError: it ran a mixture, or nothing without an excuse; or the outcome is not
                what the commit point says.
        """
        try:
            faults = [event for life in case.lives for event in life if isinstance(event, Fault)]
            outcome = self._live_through(case, faults)
        except BrickError as error:
            raise BrickError(failure(case, str(error))) from error
        return outcome

    def _live_through(self, case: Case, faults: list[Fault]) -> str:
        memory = self.before
        outcomes = []
        for events in case.lives:
            memory = self._live_until(
                memory, events, may_fail=bool(faults), must_cut=not outcomes and not faults
            )
            outcomes.append(self._settled(memory, faults))
        first = case.lives[0][0]
        if not faults and isinstance(first, Cut) and not self.spec.scrubs:
            committed = (first.operation, first.mode is CutMode.AFTER) >= (self.commit, True)
            if outcomes[0] != ("new" if committed else "old"):
                raise BrickError(f"the firmware is {outcomes[0]}, the commit is {self.commit}")
        flash = self.flash(memory)
        for _ in range(SETTLING_LIVES):
            try:
                self.live(flash)
            except (FlashError, UpdateFailedError, FirmwareDamagedError) as error:
                if not faults:
                    raise BrickError(f"it does not come to rest: {error!r}") from error
        end = self._settled(bytes(flash._memory), faults)
        if not faults and end != self.goal:
            raise BrickError(f"it ends {end}")
        return end if faults else outcomes[0]

    def _live_until(self, memory: bytes, events, *, may_fail: bool, must_cut: bool) -> bytes:
        flash = self.flash(memory)
        flash.inject(*(event for event in events if isinstance(event, Fault)))
        cuts = [event for event in events if isinstance(event, Cut)]
        flash.lose_power_at(cuts[0] if cuts else None)
        try:
            self.live(flash)
        except PowerLost:
            for operation in (lambda: flash.read(0, 1), lambda: flash.erase(0)):
                try:
                    operation()
                except PowerLost:
                    continue
                raise BrickError("the dead chip answers") from None
        except (FlashError, UpdateFailedError, FirmwareDamagedError):
            if not may_fail:
                raise
        else:
            if must_cut and cuts:
                raise BrickError("the power was not cut")
        return bytes(flash._memory)

    def _settled(self, memory: bytes, faults: list[Fault]) -> str:
        """Boot a copy of *memory*, let it go on by itself, and name what it runs."""
        engine = Engine(self.flash(memory))
        try:
            state = engine.boot()
            if isinstance(state, Unfinished):
                needed = self.package if state.needs_package else None
                for _ in engine.resume(needed, trusted=self.trusted):
                    pass
        except DfotaError as error:
            if not faults:
                raise BrickError(f"it does not boot: {error!r}") from error
            return "refuses"
        return self.whole(engine)

    def may_refuse(self, kind: FaultKind) -> bool:
        """Whether a module with such a fault, and nothing to replace a sector, may stay down."""
        if self.spec.spare_count is not None:
            return False
        return kind in (FaultKind.BAD, FaultKind.WORN, FaultKind.STUCK)

    def fault_sweep(self, *, part: int = 0, parts: int = 1) -> Tally:
        """Every operation of an update with every fault that such a chip can have.

        Raises:
            BrickError: a mixture ran, or a module that can do without the sector stays down.
        """
        tally = Tally()
        for number in range(part, self.operations, parts):
            for kind in faults_of(self.spec.kind):
                case = Case(((Fault(number, kind),),), self.spec.name)
                outcome = self.survive(case)
                if outcome != self.goal and not self.may_refuse(kind):
                    raise BrickError(failure(case, f"the outcome is {outcome}"))
                tally.count(outcome)
        return tally

    def faults_and_cuts(self, count: int, seed: int = SEED) -> Tally:
        """A seeded sample: a fault and a cut in the first life, a cut in the next.

        Raises:
            BrickError: a mixture ran, or a module that can do without the sector stays down.
        """
        source = random.Random(seed)  # noqa: S311 - a seeded sample is no secret
        tally = Tally()
        for _ in range(count):
            number = source.randrange(self.operations)
            kind = source.choice(faults_of(self.spec.kind))
            cut = Cut(number + source.randrange(12), source.choice(list(CutMode)))
            second = Cut(source.randrange(self.operations), source.choice(list(CutMode)))
            case = Case(((Fault(number, kind), cut), (second,)), self.spec.name)
            outcome = self.survive(case)
            if outcome != self.goal and not self.may_refuse(kind):
                raise BrickError(failure(case, f"the outcome is {outcome}"))
            tally.count(outcome)
        return tally

    def remaps_and_cuts(self, *, part: int = 0, parts: int = 1) -> Tally:
        """Every operation fails, and the power goes in each of those that follow.

        On a managed chip these are the ones that put another sector in its place.

        Raises:
            BrickError: a mixture ran, or the module stays down.
        """
        tally = Tally()
        for number in range(part, self.operations, parts):
            for distance in range(1, 10):
                for mode in (CutMode.HEAD, CutMode.AFTER):
                    cut = Cut(number + distance, mode)
                    case = Case(((Fault(number, FaultKind.FAIL), cut),), self.spec.name)
                    outcome = self.survive(case)
                    if outcome != self.goal:
                        raise BrickError(failure(case, f"the outcome is {outcome}"))
                    tally.count(outcome)
        return tally

    def decays_of_what_is_staged(self) -> Tally:
        """Every page of the backup area flips while UPDATING works on another one.

        Raises:
            BrickError: it was believed, or kept the module down.
        """
        life = self.life(self.before)
        backup = Engine(self.flash())._layout.backup
        staged = [
            number
            for number, done in enumerate(life.done[: self.commit])
            if backup.offset <= done.offset < backup.end
        ]
        tally = Tally()
        for page in staged:
            for number in (other for other in staged if other > page):
                done = life.done[page]
                if not done.data:
                    continue
                fault = Fault(number, FaultKind.SILENT, done.offset)
                case = Case(((fault,),), self.spec.name)
                outcome = self.survive(case)
                if outcome != self.goal:
                    raise BrickError(failure(case, f"the outcome is {outcome}"))
                tally.count(outcome)
        return tally

    def decays(self, count: int, seed: int = SEED) -> Tally:
        """A seeded sample: bits anywhere flip while an update works elsewhere, and a cut.

        Nothing can bring back an image whose bits are gone, so a module may stay down; but it
        must not run what is damaged, and correctable bits do no harm.

        Raises:
            BrickError: a mixture ran, or correctable bits kept the module down.
        """
        source = random.Random(seed)  # noqa: S311 - a seeded sample is no secret
        tally = Tally()
        kinds = [kind for kind in DECAYS if kind in faults_of(self.spec.kind)]
        pages = [done.offset for done in self.life(self.before).done if done.data]
        for _ in range(count):
            kind = source.choice(kinds)
            fault = Fault(source.randrange(self.operations), kind, source.choice(pages))
            cut = Cut(source.randrange(self.operations), source.choice(list(CutMode)))
            case = Case(((fault, cut),), self.spec.name)
            outcome = self.survive(case)
            if kind is FaultKind.FLIP and outcome != self.goal:
                raise BrickError(failure(case, f"the outcome is {outcome}"))
            tally.count(outcome)
        return tally

    def pages_that_die_at_rest(self) -> Tally:
        """After the update every page that it has programmed dies, one at a time.

        Raises:
            BrickError: a page that is not part of an image kept the module down.
        """
        flash = RecordingFlash(bytearray(self.before), self.geometry)
        self.live(flash)
        engine = Engine(flash)
        engine.boot()
        shift = 4 * self.spec.sector_size if self.spec.spare_count is not None else 0
        images = [
            range(entry.offset + shift, entry.offset + shift + entry.size)
            for entry in engine.firmware.partitions
        ]
        tally = Tally()
        for offset in sorted({done.offset for done in flash.done if done.data}):
            copy = self.flash(bytes(flash._memory))
            copy.damage(offset, FaultKind.UNREADABLE)
            outcome = self._settled(bytes(copy._memory), [Fault(0, FaultKind.UNREADABLE)])
            if outcome != self.goal and not any(offset in image for image in images):
                raise BrickError(f"{self.spec}: the page at {offset} died, the module {outcome}")
            tally.count(outcome)
        return tally

    def sample(self, depth: int, count: int, seed: int = SEED) -> list[Case]:
        """A seeded sample of cuts, each in what follows the one before."""
        source = random.Random(seed)  # noqa: S311 - a seeded sample is no secret
        cases = set()
        while len(cases) < count:
            first = Cut(source.randrange(self.operations), source.choice(list(CutMode)))
            lives = [(first,)]
            left = self.operations
            for _ in range(depth - 1):
                if first.operation > self.commit:
                    left = min(left, self.operations - first.operation + 2)
                lives.append((Cut(source.randrange(left), source.choice(list(CutMode))),))
            cases.add(Case(tuple(lives), self.spec.name))
        return sorted(cases, key=str)

    # -- making it -----------------------------------------------------------------------

    def _package(self, old: Release, new: Release, key: SigningKey) -> bytes:
        return build(old, new, keys=[key], make_patch=self._make_patch)

    def _updated_from(self, flash: SimulatedFlash, first: Release) -> None:
        engine = Engine(flash)
        engine.boot()
        for _ in engine.update(self.package, trusted=self.trusted, remote=True):
            pass
        engine.mark_reported()


def acknowledged_pages_survive() -> Tally:
    """Faults and cuts under the management of bad sectors alone: what was programmed stays.

    Raises:
        BrickError: a page is gone that had been programmed before the cut.
    """
    geometry = Geometry(256, 1024, 16)
    fresh = SimulatedFlash(bytearray(SimulatedFlash.size_of(geometry)), geometry)
    ManagedFlash.format(fresh, 4)
    before = bytes(fresh._memory)
    pages = {offset: bytes([offset // 256]) * 256 for offset in range(0, 3072, 256)}
    tally = Tally()
    operations = len(pages) + 3
    kinds = [kind for kind in faults_of(FlashKind.NAND) if kind not in DECAYS]
    for number, kind, distance, mode in product(range(operations), kinds, range(10), CutMode):
        flash = SimulatedFlash(bytearray(before), geometry)
        flash.inject(Fault(number, kind))
        flash.lose_power_at(Cut(number + distance, mode))
        done: list[int] = []
        try:
            managed = ManagedFlash(flash)
            for offset, data in pages.items():
                if offset % 1024 == 0:
                    managed.erase(offset)
                managed.prog(offset, data)
                done.append(offset)
        except PowerLost:
            flash.power_on()
        again = ManagedFlash(flash)
        for offset in done:
            if again.read(offset, 256) != pages[offset]:
                raise BrickError(f"page {offset} is gone after {number}-{kind.value} and a cut")
        tally.count("new")
    return tally


def failure(case: Case, what: str) -> str:
    """What a person needs to see it again."""
    return f"{case} is not survived: {what}\n  replay: pytest tests/powerloss -k '{case}'"


def _commit(life: Life) -> int:
    """The number of the operation from which on the new firmware will run."""
    commit = -1
    for number, done in enumerate(life.done):
        record = Record.decode(done.data) if done.data else None
        if record and record.kind in (RecordKind.STAGED, RecordKind.PATCHING):
            commit = number if record.copied == 0 else commit
    return commit


def _patch_maker(spec: Spec):
    if spec.layout is not LayoutKind.IN_PLACE:
        # Checkpoints of profile embedded fit where sectors are large.
        is_roomy = spec.resumes and spec.sector_size >= 16384
        return partial(generate, profile="embedded" if is_roomy else "max")
    sector = spec.sector_size
    return partial(
        generate, profile="embedded", in_place=InPlace(sector, sector), memory_size=16384
    )


def _reserve(spec: Spec) -> int:
    if spec.layout is LayoutKind.SCRUB:
        return 24 if spec.is_full else 6
    return -(-(20_000 + spec.page_size) // spec.sector_size)


def _geometry(spec: Spec, *releases: Release) -> Geometry:
    if spec.is_full and spec.layout is LayoutKind.BACKUP:
        # So full that partitions must move over each other.
        extra = 4 + spec.spare_count if spec.spare_count is not None else 0
        return Geometry(spec.page_size, spec.sector_size, 7 + 2 * 27 + extra, spec.kind)
    options = {"reserve": _reserve(spec)} if spec.layout is not LayoutKind.BACKUP else {}
    return required_geometry(
        *releases,
        page_size=spec.page_size,
        sector_size=spec.sector_size,
        kind=spec.kind,
        layout=spec.layout,
        spare_count=spec.spare_count,
        **options,
    )


def small_releases(spec: Spec) -> tuple[Release, Release, Release]:
    """The smallest firmware that has every part of an update: what stays and what changes."""
    source = random.Random(SEED)  # noqa: S311 - a seeded scene is no secret
    page, sector = spec.page_size, spec.sector_size
    size = sector + page + 40 if sector <= 4 * page else 2 * page + 40
    boot, modem = source.randbytes(page // 2), source.randbytes(size)
    changed = modem[: size // 3] + b"new!" + modem[size // 3 + 4 : -9] + source.randbytes(29)
    slot = -(-len(changed) // sector) * sector + (
        sector if spec.layout is LayoutKind.IN_PLACE else 0
    )

    def release(revision: str, image: bytes) -> Release:
        parts = (Partition("boot", boot), Partition("modem", image, slot))
        return Release("BG96", "R1", FirmwareVersion(revision), parts)

    old, new = release("DEMO_01.002", modem), release("DEMO_01.003", changed)
    return old, old, new


def full_releases() -> tuple[Release, Release, Release]:
    """Three revisions of one firmware of 22 to 26 sectors; the second update is the scene.

    One partition is unchanged and stays, one is unchanged and moves, one changes and moves
    onto the place of two others, one is removed, one outgrows its slot, one is new.
    """
    source = random.Random(SEED)  # noqa: S311 - a seeded scene is no secret

    def image(size: int) -> bytes:
        return source.randbytes(size)

    def edited(data: bytes) -> bytes:
        """Small edits all over and a longer stretch, as a rebuild would make them."""
        changed = bytearray(data)
        for position in range(40, len(changed), 97):
            changed[position] ^= 0x5A
        changed[len(changed) // 2 : len(changed) // 2 + 60] = source.randbytes(60)
        return bytes(changed)

    boot, extra, nv = image(3000), image(2048), image(2500)
    modem, apps = image(7000), image(5120)
    first = _release(
        "DEMO_01.001",
        Partition("boot", boot),
        Partition("extra", extra),
        Partition("nv", nv),
        Partition("modem", modem),
        Partition("apps", apps, slot_size=6144),
    )
    modem, apps = edited(modem), edited(apps)
    old = _release(
        "DEMO_01.002",
        Partition("boot", boot),
        Partition("extra", extra),
        Partition("nv", nv),
        Partition("modem", modem, slot_size=8192),
        Partition("apps", apps, slot_size=6144),
    )
    new = _release(
        "DEMO_01.003",
        Partition("boot", boot),
        Partition("nv", nv),
        Partition("modem", edited(modem) + image(100)),
        Partition("apps", edited(apps) + image(3600)),
        Partition("wlan", image(4000)),
    )
    return first, old, new


def _release(revision: str, *partitions: Partition) -> Release:
    return Release("BG96", "R1", FirmwareVersion(revision), partitions)


_MATRIX = [
    (FlashKind.NAND, 256, 1024),
    (FlashKind.NAND, 512, 2048),
    (FlashKind.NAND, 1024, 1024),
    (FlashKind.NAND, 2048, 16384),
    (FlashKind.NAND, 4096, 262144),
    (FlashKind.NOR, 256, 1024),
    (FlashKind.NOR, 256, 4096),
    (FlashKind.NOR, 1024, 65536),
]
"""Kinds, and page and sector sizes, of the small scene."""

SPECS: dict[str, Spec] = {
    spec.name: spec
    for spec in [
        Spec("full", is_full=True),
        Spec("full-managed", is_full=True, spare_count=6, factory_bad=(9, 30)),
        Spec("full-scrub", is_full=True, layout=LayoutKind.SCRUB),
        Spec("full-resumed", is_full=True, resumes=True),
        Spec("small"),
        Spec("small-nor", kind=FlashKind.NOR),
        Spec("small-managed", spare_count=4, factory_bad=(6,)),
        Spec("small-scrub", layout=LayoutKind.SCRUB),
        Spec("small-resumed", resumes=True),
        Spec("scrubbing", layout=LayoutKind.SCRUB, scrubs=True),
        Spec("scrubbing-managed", layout=LayoutKind.SCRUB, scrubs=True, spare_count=4),
        Spec("resumed", page_size=4096, sector_size=16384, resumes=True),
        Spec("in-place", page_size=4096, sector_size=8192, layout=LayoutKind.IN_PLACE),
        Spec(
            "in-place-nor",
            page_size=4096,
            sector_size=8192,
            kind=FlashKind.NOR,
            layout=LayoutKind.IN_PLACE,
        ),
        Spec(
            "in-place-managed",
            page_size=4096,
            sector_size=8192,
            layout=LayoutKind.IN_PLACE,
            spare_count=4,
        ),
        *(
            Spec(f"{kind.name.lower()}-{page}x{sector}", page, sector, kind)
            for kind, page, sector in _MATRIX
        ),
    ]
}
MATRIX = [name for name in SPECS if "x" in name]
_SCENES: dict[str, Scene] = {}


def the_scene(name: str) -> Scene:
    """The one scene of that name in this process."""
    if name not in _SCENES:
        _SCENES[name] = Scene(SPECS[name])
    return _SCENES[name]
