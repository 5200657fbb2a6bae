# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The scene of the power-loss tests; what they print at the end is in figures.py.

The scene is a module that was updated before (so that its journal holds records of another
update), whose flash is so full that the next update has to move partitions over each
other: one partition is unchanged and stays, one is unchanged and moves, one changes and
moves onto the place of two others, one is removed, one outgrows its slot, one is new.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from dfota.delta import generate
from dfota.engine import Engine, Phase, Running, Unfinished, factory
from dfota.errors import FlashError, UpdateFailedError
from dfota.flash import Cut, CutMode, Geometry, PowerLost, SimulatedFlash
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

SEED = 20181
ACTIVE_SECTORS = 27
GEOMETRY = Geometry(page_size=256, sector_size=1024, sector_count=5 + 2 * ACTIVE_SECTORS)
DEEP_SAMPLE = 1200
"""How many pairs of cuts (the second one in the recovery) `make test` tries."""
LONG_DEEP_SAMPLE = 40_000


@dataclass(frozen=True, slots=True)
class Case:
    """Power cuts, one after the other; each counts operations from its own power-on."""

    cuts: tuple[Cut, ...]

    def __str__(self) -> str:
        return "+".join(map(str, self.cuts))


class BrickError(AssertionError):
    """The promise of the engine is broken."""


class LyingFlash(SimulatedFlash):
    """A chip that flips one bit of one operation and reports success."""

    lies_in = -1

    def prog(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Program, but not always what was asked for."""
        if self.operations == self.lies_in:
            data = bytes([data[0] ^ 1]) + bytes(data[1:])
        super().prog(offset, data)


class Scene:
    """One module before an update, and everything needed to live through it again and again."""

    def __init__(self) -> None:
        key = SigningKey.generate()
        self.trusted = [key.public_key]
        self.first, self.old, self.new = releases()
        self.package = self._package(self.first, self.old, key)
        flash = SimulatedFlash(bytearray(SimulatedFlash.size_of(GEOMETRY)), GEOMETRY)
        factory(flash, self.first)
        self.live(flash)
        self.package = self._package(self.old, self.new, key)
        self.before = bytes(flash._memory)

        flash = self.flash()
        self.commit = self._count_until_restore(flash)
        flash = self.flash()
        self.live(flash)
        self.operations = flash.operations
        self.check(flash, self.new)

    def flash(self) -> SimulatedFlash:
        """The module's flash as it was before the update, powered, counting from 0."""
        return SimulatedFlash(bytearray(self.before), GEOMETRY)

    def live(self, flash: SimulatedFlash) -> None:
        """What a module does from power-on: boot, go on or update, report."""
        engine = Engine(flash)
        state = engine.boot()
        if isinstance(state, Unfinished):
            for _ in engine.resume():
                pass
        elif engine.firmware.revision != self.new.revision and state.unreported is None:
            for _ in engine.update(self.package, trusted=self.trusted, remote=True):
                pass
        state = engine.boot()
        if isinstance(state, Running) and state.unreported is not None:
            engine.mark_reported()

    def check(self, flash: SimulatedFlash, release: Release) -> None:
        """The module boots and runs *release*, whole and nothing else."""
        engine = Engine(flash)
        state = engine.boot()
        if isinstance(state, Unfinished):
            raise BrickError("the update is unfinished")
        firmware = state.firmware
        if firmware.revision != release.revision or firmware.release_digest != release.digest:
            raise BrickError(f"it runs {firmware.revision}, not {release.revision}")
        names = [entry.name for entry in firmware.partitions]
        if sorted(names) != sorted(part.name for part in release.partitions):
            raise BrickError(f"it has the partitions {names}")
        for part in release.partitions:
            if engine.read_partition(part.name) != part.data:
                raise BrickError(f"partition {part.name} is a mixture")

    def survive(self, case: Case) -> str:
        """Live through *case*; return what was found after the first cut: "old" or "new".

        After the first cut and a boot that goes on by itself, the firmware is whole old or
        whole new, and new exactly if the commit point was passed. Then the module lives on
        (it tries the update again if it is old) through the other cuts, and ends new.
        """
        flash = self.flash()
        first, *others = case.cuts
        self._live_until(flash, first)
        outcome = self._recovered(bytes(flash._memory))
        committed = (first.operation, first.mode is CutMode.AFTER) >= (self.commit, True)
        if outcome != ("new" if committed else "old"):
            raise BrickError(f"the firmware is {outcome}, the commit point is {self.commit}")
        for cut in others:
            flash = SimulatedFlash(bytearray(flash._memory), GEOMETRY)
            self._live_until(flash, cut, must_cut=False)
            self._recovered(bytes(flash._memory))
        flash = SimulatedFlash(bytearray(flash._memory), GEOMETRY)
        self.live(flash)
        if Engine(flash).boot().firmware.revision != self.new.revision:
            self.live(flash)
        self.check(flash, self.new)
        return outcome

    def notice_silent_corruption(self) -> None:
        """A chip that flips a bit and says nothing never makes a firmware run that is damaged."""
        flash = LyingFlash(bytearray(self.before), GEOMETRY)
        flash.lies_in = 2
        try:
            self.live(flash)
        except UpdateFailedError:
            self.check(flash, self.old)
        else:
            raise BrickError("a lie in UPDATING was believed")
        flash = LyingFlash(bytearray(self.before), GEOMETRY)
        flash.lies_in = self.commit + 3
        try:
            self.live(flash)
        except FlashError:
            self.live(flash)
            self.check(flash, self.new)
        else:
            raise BrickError("a lie in RESTORE was believed")

    def _live_until(self, flash: SimulatedFlash, cut: Cut, *, must_cut: bool = True) -> None:
        flash.lose_power_at(cut)
        try:
            self.live(flash)
        except PowerLost:
            for operation in (lambda: flash.read(0, 1), lambda: flash.erase(0)):
                try:
                    operation()
                except PowerLost:
                    continue
                raise BrickError("the dead chip answers") from None
        else:
            if must_cut:
                raise BrickError("the power was not cut")
        flash.power_on()

    def _recovered(self, memory: bytes) -> str:
        """Boot a copy of *memory*, let it go on by itself, and name the firmware it runs."""
        flash = SimulatedFlash(bytearray(memory), GEOMETRY)
        engine = Engine(flash)
        if isinstance(engine.boot(), Unfinished):
            for _ in engine.resume():
                pass
        release = self.new if engine.firmware.revision == self.new.revision else self.old
        self.check(flash, release)
        return "new" if release is self.new else "old"

    def _package(self, old: Release, new: Release, key: SigningKey) -> bytes:
        return build(old, new, keys=[key], make_patch=generate)

    def _count_until_restore(self, flash: SimulatedFlash) -> int:
        """The number of the operation that commits: the last one of UPDATING."""
        engine = Engine(flash)
        engine.boot()
        for step in engine.update(self.package, trusted=self.trusted, remote=True):
            if step.phase is Phase.UPDATING and step.done == step.total:
                return flash.operations - 1
        raise BrickError("UPDATING did not end")


def releases() -> tuple[Release, Release, Release]:
    """Three revisions of one firmware of 22 to 26 sectors; the second update is the scene."""
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
    first = Release(
        "BG96",
        "R1",
        FirmwareVersion("DEMO_01.001"),
        (
            Partition("boot", boot),
            Partition("extra", extra),
            Partition("nv", nv),
            Partition("modem", modem),
            Partition("apps", apps, slot_size=6144),
        ),
    )
    modem = edited(modem)
    old = Release(
        "BG96",
        "R1",
        FirmwareVersion("DEMO_01.002"),
        (
            Partition("boot", boot),
            Partition("extra", extra),
            Partition("nv", nv),
            Partition("modem", modem),
            Partition("apps", edited(apps)),
        ),
    )
    new = Release(
        "BG96",
        "R1",
        FirmwareVersion("DEMO_01.003"),
        (
            Partition("boot", boot),
            Partition("nv", nv),
            Partition("modem", edited(modem) + image(100)),
            Partition("apps", edited(apps) + image(3600)),
            Partition("wlan", image(4000)),
        ),
    )
    return first, old, new


_SCENES: list[Scene] = []


def the_scene() -> Scene:
    """The one scene of this process; making it is a small update of its own."""
    if not _SCENES:
        _SCENES.append(Scene())
    return _SCENES[0]


@pytest.fixture(scope="session")
def scene() -> Scene:
    """A module before its update."""
    return the_scene()


@pytest.fixture(scope="session")
def new_scene() -> type[Scene]:
    """Make another scene, e.g. of an engine that was broken on purpose."""
    return Scene


def single_cuts(scene: Scene) -> list[Case]:
    """Every operation in every mode."""
    return [
        Case((Cut(operation, mode),)) for operation in range(scene.operations) for mode in CutMode
    ]


def double_cuts(scene: Scene, count: int, seed: int = SEED) -> list[Case]:
    """A seeded sample: a cut in the update, then another one in what follows it."""
    source = random.Random(seed)  # noqa: S311 - a seeded sample is no secret
    cases = set()
    while len(cases) < count:
        first = Cut(source.randrange(scene.operations), source.choice(list(CutMode)))
        left = scene.operations - first.operation if first.operation > scene.commit else None
        limit = min(scene.operations, left + 2) if left else scene.operations
        second = Cut(source.randrange(limit), source.choice(list(CutMode)))
        cases.add(Case((first, second)))
    return sorted(cases, key=str)


@pytest.fixture(scope="session")
def cases() -> dict:
    """The makers of cases, for tests that run many of them at once."""
    return {"single": single_cuts, "double": double_cuts, "case": Case}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test, with a name to replay it by, of each cut."""
    if "single_cut" in metafunc.fixturenames:
        metafunc.parametrize("single_cut", single_cuts(the_scene()), ids=str)
    if "double_cut" in metafunc.fixturenames:
        metafunc.parametrize("double_cut", double_cuts(the_scene(), DEEP_SAMPLE), ids=str)


# -- the figures (printed by figures.py) ----------------------------------------------------


@pytest.fixture
def record_outcome(record_property):
    """Note what became of one cut; it travels with the test's report, also from a worker."""

    def record(sweep: str, outcome: str, count: int = 1) -> None:
        record_property("powerloss", (sweep, outcome, count))

    return record


@pytest.fixture
def record_operations(record_property):
    """Note how many operations the sweep cuts at."""
    return lambda count: record_property("powerloss-operations", count)
