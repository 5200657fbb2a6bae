# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A scrub, updates in place, and UPDATING that goes on: what the engine promises its driver."""

from __future__ import annotations

import random
from functools import partial

import pytest

from dfota.delta import InPlace, generate
from dfota.engine import Engine, Phase, Running, Unfinished, factory, required_geometry
from dfota.engine.checkpoints import Checkpoints
from dfota.errors import (
    FirmwareDamagedError,
    GeometryError,
    MisuseError,
    PackageMismatchError,
    SignatureError,
    UpdateFailedError,
)
from dfota.flash import (
    FORWARD,
    REVERSE,
    Cut,
    CutMode,
    FaultKind,
    LayoutKind,
    PowerLost,
    SimulatedFlash,
)
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

KEY = SigningKey.generate()
TRUSTED = [KEY.public_key]
PAGE, SECTOR = 1024, 8192
_SOURCE = random.Random(11)  # noqa: S311 - seeded images are no secret
BOOT, MODEM, APPS = (_SOURCE.randbytes(size) for size in (3000, 60_000, 20_000))


def edited(data):
    changed = bytearray(data)
    for position in range(500, len(changed), 2003):
        changed[position] ^= 0x5A
    return bytes(changed)


def release(revision, slots=True, **images):
    room = 2 * SECTOR if slots else 0
    return Release(
        "BG96",
        "R1",
        FirmwareVersion(revision),
        tuple(
            Partition(name, data, -(-len(data) // SECTOR) * SECTOR + room)
            for name, data in images.items()
        ),
    )


OLD = release("DEMO_1", boot=BOOT, modem=MODEM, apps=APPS)
NEW = release("DEMO_2", boot=BOOT, modem=edited(MODEM) + b"longer", apps=edited(APPS))


def package(old=OLD, new=NEW, profile="embedded", in_place=None):
    return build(
        old, new, keys=[KEY], make_patch=partial(generate, profile=profile, in_place=in_place)
    )


IN_PLACE_PACKAGE = package(in_place=InPlace(SECTOR, SECTOR))
PACKAGES = {profile: package(profile=profile) for profile in ("max", "balanced", "embedded")}


def module(layout=LayoutKind.BACKUP, reserve=None, made=OLD):
    options = {"reserve": reserve} if reserve is not None else {}
    geometry = required_geometry(
        OLD, NEW, page_size=PAGE, sector_size=SECTOR, layout=layout, **options
    )
    flash = SimulatedFlash(bytearray(SimulatedFlash.size_of(geometry)), geometry)
    factory(flash, made, layout=layout, **options)
    flash.operations = 0
    return flash


def booted(flash):
    engine = Engine(flash)
    assert isinstance(engine.boot(), Running)
    return engine


def assert_runs(flash, expected):
    engine = booted(flash)
    assert engine.firmware.release_digest == expected.digest
    for part in expected.partitions:
        assert engine.read_partition(part.name) == part.data


def cut_at(flash, steps, phase, percent):
    """Run until *percent*, then cut the power in the next operation."""
    with pytest.raises(PowerLost):
        for step in steps:
            if step.phase is phase and step.percent >= percent:
                flash.lose_power_at(Cut(flash.operations, CutMode.HEAD))
    flash.power_on()
    flash.lose_power_at(None)


# -- scrub ------------------------------------------------------------------------------------


def test_a_scrub_moves_everything_and_turns_the_direction():
    flash = module(LayoutKind.SCRUB)
    engine = booted(flash)
    places = {entry.name: entry.offset for entry in engine.firmware.partitions}
    assert engine.scrub_direction == FORWARD

    steps = list(engine.scrub())
    assert [step.done for step in steps] == list(range(1, steps[-1].total + 1))
    assert {step.phase for step in steps} == {Phase.SCRUB}
    assert engine.scrub_direction == REVERSE
    moved = {entry.name: entry.offset for entry in engine.firmware.partitions}
    assert all(moved[name] > places[name] for name in places)
    assert_runs(flash, OLD)

    list(engine.scrub())
    assert {entry.name: entry.offset for entry in engine.firmware.partitions} == places
    assert booted(flash).scrub_direction == FORWARD


def test_a_scrub_takes_wrong_bits_away():
    flash = module(LayoutKind.SCRUB)
    engine = booted(flash)
    flash.damage(engine.firmware.partitions[1].offset, FaultKind.FLIP)
    list(engine.scrub())
    where = engine.firmware.partitions[1]
    assert flash.corrections(where.offset, where.size) == 0


def test_a_scrub_that_was_cut_goes_on_and_an_update_finishes_it_first():
    flash = module(LayoutKind.SCRUB, reserve=20)
    cut_at(flash, booted(flash).scrub(), Phase.SCRUB, 60)
    assert_runs(flash, OLD)
    engine = booted(flash)
    assert engine.scrub_direction == FORWARD

    phases = []
    for step in engine.update(PACKAGES["embedded"], trusted=TRUSTED, remote=True):
        if step.phase not in phases:
            phases.append(step.phase)
    assert phases == [Phase.SCRUB, Phase.CHECK, Phase.UPDATING, Phase.RESTORE, Phase.FINISHED]
    assert booted(flash).scrub_direction == REVERSE
    assert_runs(flash, NEW)


@pytest.mark.parametrize("scrubs", [0, 1])
def test_the_scrub_partition_is_the_backup_in_both_directions(scrubs):
    flash = module(LayoutKind.SCRUB, reserve=20)
    engine = booted(flash)
    for _ in range(scrubs):
        list(engine.scrub())
    list(engine.update(PACKAGES["max"], trusted=TRUSTED, remote=True))
    engine.mark_reported()
    list(engine.scrub())
    assert_runs(flash, NEW)


def test_images_that_the_scrub_partition_cannot_hold_together_fail_before_a_write():
    flash = module(LayoutKind.SCRUB)
    all_new = release("DEMO_2", boot=edited(BOOT), modem=edited(MODEM), apps=edited(APPS))
    data = package(new=all_new, profile="max")
    with pytest.raises(UpdateFailedError, match="together"):
        list(booted(flash).update(data, trusted=TRUSTED, remote=True))
    assert flash.operations == 0
    assert_runs(flash, OLD)


def test_without_a_scrub_partition_there_is_no_scrub():
    for layout in (LayoutKind.BACKUP, LayoutKind.IN_PLACE):
        engine = booted(module(layout))
        assert engine.layout is layout
        assert engine.scrub_direction is None
        with pytest.raises(MisuseError):
            list(engine.scrub())


def test_a_scrub_partition_is_larger_than_every_other_one():
    with pytest.raises(GeometryError, match="larger"):
        module(LayoutKind.SCRUB, reserve=3)


def test_a_damaged_partition_is_not_moved():
    flash = module(LayoutKind.SCRUB)
    engine = booted(flash)
    steps = engine.scrub()
    next(steps)
    where = engine.firmware.partitions[0].offset
    flash.damage(where, FaultKind.SILENT)
    with pytest.raises(Exception, match="damaged"):
        list(steps)
    with pytest.raises(FirmwareDamagedError):
        Engine(flash).boot()


# -- in place ----------------------------------------------------------------------------------


def test_new_is_written_over_old_without_restore():
    flash = module(LayoutKind.IN_PLACE)
    engine = booted(flash)
    steps = list(engine.update(IN_PLACE_PACKAGE, trusted=TRUSTED, remote=True))

    assert {step.phase for step in steps} == {Phase.CHECK, Phase.UPDATING, Phase.FINISHED}
    updating = [step.done for step in steps if step.phase is Phase.UPDATING]
    assert updating == list(range(1, updating[-1] + 1))
    assert steps[-1].phase is Phase.FINISHED
    state = engine.boot()
    assert state.unreported.remote
    engine.mark_reported()
    assert_runs(flash, NEW)


def test_a_cut_in_place_asks_for_the_package_and_goes_on_where_it_was():
    flash = module(LayoutKind.IN_PLACE)
    cut_at(
        flash, booted(flash).update(IN_PLACE_PACKAGE, trusted=TRUSTED, remote=False),
        Phase.UPDATING, 80,
    )  # fmt: skip
    engine = Engine(flash)
    state = engine.boot()
    assert isinstance(state, Unfinished)
    assert state.needs_package
    assert (state.update.remote, state.update.new_revision) == (False, None)
    before = flash.operations

    with pytest.raises(MisuseError, match="package"):
        list(engine.resume())
    with pytest.raises(PackageMismatchError):
        list(engine.resume(PACKAGES["embedded"], trusted=TRUSTED))
    with pytest.raises(SignatureError):
        list(engine.resume(IN_PLACE_PACKAGE, trusted=[SigningKey.generate().public_key]))
    assert flash.operations == before
    steps = list(engine.resume(IN_PLACE_PACKAGE, trusted=TRUSTED))
    assert steps[0].percent > 50
    assert_runs(flash, NEW)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (PACKAGES["max"], "not made for updates in place"),
        (package(in_place=InPlace(3 * SECTOR // 2, SECTOR)), "other sectors"),
        (package(in_place=InPlace(SECTOR, 8 * SECTOR)), "spare room"),
        (package(new=release("DEMO_2", modem=MODEM * 2)), "its slot"),
        (package(new=release("DEMO_2", boot=BOOT, huge=_SOURCE.randbytes(200_000))), "no room"),
    ],
)
def test_what_cannot_be_done_in_place_is_refused_before_a_write(data, why):
    flash = module(LayoutKind.IN_PLACE)
    with pytest.raises(UpdateFailedError, match=why):
        list(booted(flash).update(data, trusted=TRUSTED, remote=True))
    assert flash.operations == 0
    assert_runs(flash, OLD)


def test_in_place_partitions_come_and_go_and_whole_images_are_written():
    flash = module(LayoutKind.IN_PLACE)
    fresh = _SOURCE.randbytes(9000)
    new = release("DEMO_2", boot=_SOURCE.randbytes(3000), modem=edited(MODEM), extra=fresh)
    data = package(new=new, in_place=InPlace(SECTOR, SECTOR))
    engine = booted(flash)
    list(engine.update(data, trusted=TRUSTED, remote=True))
    assert_runs(flash, new)


def test_a_checkpoint_that_has_no_room_is_noticed_in_the_trial():
    flash = module(LayoutKind.IN_PLACE, reserve=1)
    with pytest.raises(UpdateFailedError, match="a checkpoint needs"):
        list(booted(flash).update(IN_PLACE_PACKAGE, trusted=TRUSTED, remote=True))
    assert flash.operations == 0


# -- UPDATING that goes on ------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["max", "balanced", "embedded"])
def test_updating_goes_on_from_what_was_durable(profile):
    data = PACKAGES[profile]
    flash = module()
    cut_at(
        flash,
        booted(flash).update(data, trusted=TRUSTED, remote=True, resume_updating=True),
        Phase.UPDATING,
        80,
    )
    engine = Engine(flash)
    state = engine.boot()
    assert state.interrupted.is_of(data)
    assert not state.interrupted.is_of(IN_PLACE_PACKAGE)
    assert_runs(flash, OLD)

    first = next(
        step
        for step in engine.update(data, trusted=TRUSTED, remote=True, resume_updating=True)
        if step.phase is Phase.UPDATING
    )
    assert 60 < first.percent <= 81
    engine = booted(flash)
    assert engine.boot().interrupted is not None
    steps = list(engine.update(data, trusted=TRUSTED, remote=True, resume_updating=True))
    updating = [step for step in steps if step.phase is Phase.UPDATING]
    assert updating[0].percent >= first.percent
    assert updating[-1].done == updating[-1].total
    assert_runs(flash, NEW)
    assert booted(flash).boot().interrupted is None


def test_without_the_setting_it_begins_again_and_makes_no_checkpoint():
    flash = module()
    engine = booted(flash)
    area = engine._layout.checkpoints
    cut_at(flash, engine.update(PACKAGES["max"], trusted=TRUSTED, remote=True), Phase.UPDATING, 80)
    assert Checkpoints(flash, area).newest is None
    assert booted(flash).boot().interrupted is None


def test_another_update_in_between_makes_a_checkpoint_worthless():
    flash = module()
    data = PACKAGES["embedded"]
    cut_at(
        flash,
        booted(flash).update(data, trusted=TRUSTED, remote=True, resume_updating=True),
        Phase.UPDATING,
        80,
    )
    other = package(new=release("DEMO_3", boot=BOOT, modem=MODEM[::-1], apps=APPS))
    cut_at(flash, booted(flash).update(other, trusted=TRUSTED, remote=True), Phase.UPDATING, 50)
    steps = list(booted(flash).update(data, trusted=TRUSTED, remote=True, resume_updating=True))
    first = next(step for step in steps if step.phase is Phase.UPDATING)
    assert first.percent <= 1
    assert_runs(flash, NEW)


def test_a_failed_update_leaves_no_checkpoint(monkeypatch):
    flash = module()
    engine = booted(flash)
    area = engine._layout.checkpoints
    monkeypatch.setattr(
        "dfota.engine.staging.write_plan",
        lambda *_: (_ for _ in ()).throw(UpdateFailedError("plan", "it does not fit")),
    )
    with pytest.raises(UpdateFailedError):
        list(engine.update(PACKAGES["max"], trusted=TRUSTED, remote=True, resume_updating=True))
    assert Checkpoints(flash, area).newest is None
    assert booted(flash).boot().interrupted is None


def test_checkpoints_cost_at_most_a_quarter_of_what_they_save():
    operations = {}
    for resumes in (False, True):
        flash = module()
        list(
            booted(flash).update(
                PACKAGES["embedded"], trusted=TRUSTED, remote=True, resume_updating=resumes
            )
        )
        operations[resumes] = flash.operations
    staged = operations[False] // 2
    assert operations[False] < operations[True] < operations[False] + staged // 2
