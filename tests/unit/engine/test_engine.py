# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the engine promises to whoever drives it; power cuts have their own tests."""

from __future__ import annotations

import random
import tracemalloc
from dataclasses import replace

import pytest

from dfota.delta import generate
from dfota.engine import (
    Engine,
    Phase,
    Running,
    Unfinished,
    factory,
    needs_factory,
    required_geometry,
)
from dfota.engine.steps import Progress, Step
from dfota.errors import (
    ContainerError,
    DigestMismatchError,
    FirmwareDamagedError,
    FlashError,
    GeometryError,
    ManifestError,
    MisuseError,
    PackageMismatchError,
    RollbackError,
    SignatureError,
    UpdateFailedError,
)
from dfota.flash import (
    Cut,
    CutMode,
    Fault,
    FaultKind,
    Geometry,
    PowerLost,
    SimulatedFlash,
    read_tables,
)
from dfota.package import (
    Action,
    Partition,
    PartitionChange,
    Release,
    SigningKey,
    build,
    parse,
    release_digest,
)
from dfota.package.manifest import Manifest
from dfota.package.opened import VerifiedPackage
from dfota.values import Digest, FirmwareVersion

KEY = SigningKey.generate()
TRUSTED = [KEY.public_key]
_SOURCE = random.Random(7)  # noqa: S311 - seeded images are no secret
BOOT, MODEM, APPS = (_SOURCE.randbytes(size) for size in (900, 5000, 3000))


def release(revision, counter=0, **images):
    return Release(
        "BG96",
        "R1",
        FirmwareVersion(revision),
        tuple(Partition(name, data) for name, data in images.items()),
        counter,
    )


OLD = release("DEMO_1", boot=BOOT, modem=MODEM)
NEW = release("DEMO_2", 1, boot=BOOT, modem=b"edit" + MODEM[4:], apps=APPS)


def package(old=OLD, new=NEW, **options):
    return build(old, new, keys=[KEY], make_patch=generate, **options)


PACKAGE = package()


@pytest.fixture
def flash():
    return module_of(OLD)


def module_of(made, *, kind=SimulatedFlash):
    geometry = required_geometry(OLD, NEW, page_size=256, sector_size=1024)
    flash = kind(bytearray(SimulatedFlash.size_of(geometry)), geometry)
    factory(flash, made)
    flash.operations = 0
    return flash


def booted(flash):
    engine = Engine(flash)
    assert isinstance(engine.boot(), Running)
    return engine


def update(flash, data=PACKAGE, *, trusted=TRUSTED, remote=True):
    return list(booted(flash).update(data, trusted=trusted, remote=remote))


def assert_runs(flash, expected):
    engine = booted(flash)
    assert engine.firmware.revision == expected.revision
    assert engine.firmware.release_digest == expected.digest
    for part in expected.partitions:
        assert engine.read_partition(part.name) == part.data


# -- factory and boot ----------------------------------------------------------------------


def test_a_factory_new_module_runs_its_release(flash):
    state = Engine(flash).boot()

    assert isinstance(state, Running)
    assert state.unreported is None
    firmware = state.firmware
    assert (firmware.model, firmware.hardware, str(firmware.revision)) == ("BG96", "R1", "DEMO_1")
    assert firmware.security_counter == 0
    assert firmware.release_digest == OLD.digest
    assert [(part.name, part.size) for part in firmware.partitions] == [
        ("boot", 900),
        ("modem", 5000),
    ]
    assert_runs(flash, OLD)


def test_an_empty_flash_needs_the_factory_and_cannot_boot():
    geometry = Geometry(256, 1024, 9)
    flash = SimulatedFlash(bytearray(SimulatedFlash.size_of(geometry)), geometry)

    assert needs_factory(flash)
    with pytest.raises(FirmwareDamagedError, match="no partition table"):
        Engine(flash).boot()


def test_an_interrupted_factory_is_needed_again():
    count = count_operations_of_factory()
    for operation in range(count):
        flash = module_of(NEW)
        flash.lose_power_at(Cut(operation, CutMode.HEAD))
        with pytest.raises(PowerLost):
            factory(flash, OLD)
        flash.power_on()

        if not needs_factory(flash):
            # Only the first of two tables is gone, and what was there before is untouched;
            # or only the second one is missing, and everything is done.
            assert_runs(flash, NEW if operation < 2 else OLD)
        factory(flash, OLD)
        assert not needs_factory(flash)
        assert_runs(flash, OLD)


def count_operations_of_factory():
    flash = module_of(NEW)
    factory(flash, OLD)
    return flash.operations


def test_a_release_that_does_not_fit_is_refused_before_anything_is_erased(flash):
    with pytest.raises(GeometryError):
        factory(flash, release("DEMO_9", huge=bytes(100_000)))
    assert flash.operations == 0


def test_a_damaged_partition_does_not_boot(flash):
    entry = booted(flash).firmware.partitions[1]
    flash._memory[entry.offset + 17] ^= 1

    engine = Engine(flash)
    with pytest.raises(FirmwareDamagedError, match="partition modem"):
        engine.boot()
    with pytest.raises(MisuseError):
        _ = engine.firmware


def test_nothing_is_offered_before_boot(flash):
    engine = Engine(flash)

    for attempt in (
        lambda: engine.firmware,
        lambda: engine.read_partition("boot"),
        lambda: next(engine.update(PACKAGE, trusted=TRUSTED, remote=True)),
        lambda: next(engine.resume()),
        engine.mark_reported,
    ):
        with pytest.raises(MisuseError):
            attempt()


def test_boot_changes_nothing(flash):
    Engine(flash).boot()
    assert flash.operations == 0


# -- the update ----------------------------------------------------------------------------


def test_an_update_leads_to_the_new_release(flash):
    update(flash)

    assert_runs(flash, NEW)
    assert booted(flash).firmware.security_counter == 1


def test_the_engine_that_updated_knows_the_new_firmware(flash):
    engine = booted(flash)
    for _ in engine.update(PACKAGE, trusted=TRUSTED, remote=True):
        pass

    assert engine.firmware.revision == NEW.revision
    assert engine.read_partition("apps") == APPS
    with pytest.raises(MisuseError, match="no partition nix"):
        engine.read_partition("nix")


def test_every_percent_of_every_phase_comes_by_in_order(flash):
    steps = update(flash)

    phases = list(dict.fromkeys(step.phase for step in steps))
    assert phases == [Phase.CHECK, Phase.UPDATING, Phase.RESTORE, Phase.FINISHED]
    for phase in phases[:3]:
        of_phase = [step for step in steps if step.phase is phase]
        assert [step.done for step in of_phase] == list(range(1, len(of_phase) + 1))
        assert {step.total for step in of_phase} == {len(of_phase)}
        assert {step.percent for step in of_phase} >= set(range(1, 101))
        assert sum(step.cost_s for step in of_phase) > 0
    assert steps[-1] == Step(Phase.FINISHED, 1, 1, 0.0)


@pytest.mark.parametrize("units", [1, 2, 99, 100, 101, 999, 1000, 1001, 54321])
def test_progress_has_100_to_1000_steps_and_loses_no_cost(units):
    progress = Progress(Phase.RESTORE, units)
    steps = [step for _ in range(units) for step in progress.advance(1, 0.5)]

    assert 100 <= len(steps) <= 1000
    assert [step.done for step in steps] == list(range(1, len(steps) + 1))
    assert sum(step.cost_s for step in steps) == pytest.approx(units * 0.5)


def test_updating_only_reads_the_active_area(flash):
    engine = booted(flash)
    area = engine._layout.active
    before = flash.read(area.offset, area.size)
    tables = read_tables(flash)
    for step in engine.update(PACKAGE, trusted=TRUSTED, remote=True):
        if step.phase is Phase.UPDATING and step.done == step.total:
            break

    assert flash.read(area.offset, area.size) == before
    assert read_tables(flash) == tables
    assert isinstance(Engine(flash).boot(), Unfinished)


def test_an_update_is_unreported_until_it_is_reported(flash):
    update(flash, remote=False)
    engine = Engine(flash)

    state = engine.boot()
    assert isinstance(state, Running)
    assert state.unreported is not None
    assert not state.unreported.remote
    assert state.unreported.new_revision == NEW.revision
    engine.mark_reported()
    assert engine.boot().unreported is None
    with pytest.raises(MisuseError):
        engine.mark_reported()


@pytest.mark.parametrize("remote", [True, False])
def test_an_interrupted_restore_says_how_it_was_started_and_goes_on(flash, remote):
    for step in booted(flash).update(PACKAGE, trusted=TRUSTED, remote=remote):
        if step.phase is Phase.RESTORE and step.percent == 50:
            break
    engine = Engine(flash)

    state = engine.boot()
    assert isinstance(state, Unfinished)
    pending = state.update
    assert (pending.remote, pending.new_revision) == (remote, NEW.revision)
    assert 0 < pending.copied < pending.total
    with pytest.raises(MisuseError, match="no firmware runs"):
        next(engine.update(PACKAGE, trusted=TRUSTED, remote=remote))

    steps = list(engine.resume())
    assert steps[0].percent == 1
    assert {step.phase for step in steps} == {Phase.RESTORE, Phase.FINISHED}
    assert_runs(flash, NEW)


def test_updates_follow_each_other_in_both_directions(flash):
    back = package(NEW, OLD, allow_downgrade=True)
    for _ in range(3):
        update(flash)
        booted(flash).mark_reported()
        assert_runs(flash, NEW)
        update(flash, back)
        assert_runs(flash, OLD)


def test_a_new_revision_of_the_same_bytes_changes_the_table_only(flash):
    renamed = replace(OLD, revision=FirmwareVersion("DEMO_3"))
    update(flash, package(OLD, renamed))

    assert_runs(flash, renamed)
    # table: erase, 2 pages; plan: erase, 2 pages; journal: erase, STAGED, FINISHED
    assert flash.operations == 3 + 4 + 3


def test_memory_does_not_grow_with_the_image():
    source = random.Random(3)  # noqa: S311 - seeded images are no secret
    data = source.randbytes(1 << 20)
    old = release("DEMO_1", modem=data)
    new = release("DEMO_2", modem=data[:1000] + b"edit" + data[1004:], nv=data[: 1 << 16][::-1])
    geometry = required_geometry(old, new, page_size=2048, sector_size=16384)
    flash = SimulatedFlash(bytearray(SimulatedFlash.size_of(geometry)), geometry)
    factory(flash, old)
    engine = booted(flash)
    update_package = package(old, new)

    tracemalloc.start()
    for _ in engine.update(update_package, trusted=TRUSTED, remote=True):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 400_000
    assert engine.firmware.revision == new.revision


# -- refusals ------------------------------------------------------------------------------


def tampered(position):
    data = bytearray(PACKAGE)
    data[position] ^= 1
    return bytes(data)


def test_a_refused_package_writes_nothing(flash):
    stranger = SigningKey.generate().public_key
    other = release("DEMO_1", boot=BOOT, modem=MODEM[::-1])
    cases = [
        (PACKAGE, [stranger], SignatureError),
        (PACKAGE, [], SignatureError),
        (PACKAGE[:-1], TRUSTED, ContainerError),
        (b"", TRUSTED, ContainerError),
        (package(other), TRUSTED, PackageMismatchError),
        (package(replace(OLD, revision=FirmwareVersion("DEMO_0"))), TRUSTED, PackageMismatchError),
        (
            package(replace(OLD, model="BG77"), replace(NEW, model="BG77")),
            TRUSTED,
            PackageMismatchError,
        ),
    ]
    for data, trusted, error in cases:
        with pytest.raises(error):
            update(flash, data, trusted=trusted)
    assert flash.operations == 0
    assert_runs(flash, OLD)


def test_a_damaged_payload_is_refused_before_it_is_used(flash):
    payload = bytes(parse(PACKAGE).verify(TRUSTED).payload("apps"))
    with pytest.raises((DigestMismatchError, ContainerError)):
        update(flash, tampered(PACKAGE.index(payload) + 40))
    assert flash.operations == 0


def test_a_lower_security_counter_is_a_rollback_unless_the_package_allows_it():
    flash = module_of(NEW)
    older = package(replace(NEW, security_counter=0), OLD)
    with pytest.raises(RollbackError):
        update(flash, older)

    update(flash, package(NEW, OLD, allow_downgrade=True))
    assert_runs(flash, OLD)


def test_the_digest_of_the_bytes_in_flash_decides_not_that_of_the_table(flash):
    engine = booted(flash)
    entry = engine.firmware.partitions[1]
    flash._memory[entry.offset + 9] ^= 1

    with pytest.raises(PackageMismatchError, match="firmware digest"):
        list(engine.update(PACKAGE, trusted=TRUSTED, remote=True))
    assert flash.operations == 0


def test_a_firmware_larger_than_the_flash_is_an_update_that_failed(flash):
    huge = release("DEMO_2", boot=BOOT, modem=MODEM, apps=random.Random(1).randbytes(30_000))  # noqa: S311 - seeded
    with pytest.raises(UpdateFailedError, match="active area") as failed:
        update(flash, package(OLD, huge))
    assert failed.value.partition == "apps"
    assert flash.operations == 0


def changing_the_manifest(monkeypatch, **changes):
    """Make every verified package show another manifest: what a careless signer would sign."""
    verify = VerifiedPackage.check_fits

    def check_fits(self, *arguments):
        verify(self, *arguments)
        object.__setattr__(self, "manifest", replace(self.manifest, **changes))

    monkeypatch.setattr(VerifiedPackage, "check_fits", check_fits)


def manifest() -> Manifest:
    return parse(PACKAGE).manifest


def test_changes_that_do_not_lead_to_the_promised_release_are_refused(flash, monkeypatch):
    changing_the_manifest(monkeypatch, partitions=manifest().partitions[:1])

    with pytest.raises(ManifestError, match="promised release"):
        update(flash)
    assert flash.operations == 0


def test_a_change_of_a_partition_that_does_not_exist_is_refused(flash, monkeypatch):
    changes = [replace(part, name="nix") for part in manifest().partitions]
    changing_the_manifest(monkeypatch, partitions=tuple(changes))

    with pytest.raises(ManifestError, match="no such partition"):
        update(flash)


def test_a_signed_package_cannot_leave_a_module_without_firmware(flash, monkeypatch):
    removals = tuple(
        PartitionChange(
            part.name, Action.REMOVE, len(part.data), Digest.of(part.data), 0, None, 0, None
        )
        for part in OLD.partitions
    )
    changing_the_manifest(monkeypatch, partitions=removals, new_release=release_digest([]))

    with pytest.raises(ManifestError, match="1 to 64 partitions"):
        update(flash)
    assert flash.operations == 0
    assert_runs(flash, OLD)


@pytest.mark.parametrize(
    "lie",
    [
        {"old_size": 1},
        {"old_digest": Digest(bytes(32))},
        {"action": Action.IMAGE, "old_size": 0, "old_digest": None},
        {"new_size": 1},
    ],
)
def test_what_a_change_says_of_its_images_must_be_true(flash, monkeypatch, lie):
    changes = [
        replace(part, **lie) if part.name == "modem" else part for part in manifest().partitions
    ]
    changing_the_manifest(monkeypatch, partitions=tuple(changes))

    with pytest.raises(ManifestError):
        update(flash)
    assert flash.operations == 0


def test_a_patch_for_something_else_fails_the_update_and_old_runs_on(flash, monkeypatch):
    modem = parse(PACKAGE).verify(TRUSTED).payload("modem")
    cases = {
        "another old image": generate(MODEM[::-1], NEW.partitions[1].data),
        "another image": generate(MODEM, MODEM + b"x"),
        "not a patch": b"x" * 100,
        "damaged": bytes(modem[:-20]),
    }
    real = VerifiedPackage.payload
    for payload in cases.values():
        with monkeypatch.context() as patch:
            patch.setattr(
                VerifiedPackage,
                "payload",
                lambda self, name, payload=payload: (
                    memoryview(payload) if name == "modem" else real(self, name)
                ),
            )
            with pytest.raises(UpdateFailedError) as failed:
                update(flash)
        assert failed.value.partition == "modem"
        assert_runs(flash, OLD)
    update(flash)
    assert_runs(flash, NEW)


@pytest.mark.parametrize("size", [-1, 1])
def test_an_image_of_another_length_fails_the_update(flash, monkeypatch, size):
    from dfota.package import open_image

    monkeypatch.setattr(
        "dfota.engine.sources.open_image",
        lambda payload, promised: open_image(payload, promised + size),
    )
    with pytest.raises(UpdateFailedError) as failed:
        update(flash)
    assert failed.value.partition == "apps"
    assert_runs(flash, OLD)


# -- the chip fails ------------------------------------------------------------------------


def test_a_chip_that_fails_once_is_asked_again():
    flash = module_of(OLD)
    update(flash)
    for operation in range(flash.operations):
        flash = module_of(OLD)
        flash.fail_at(operation)
        update(flash)
        assert_runs(flash, NEW)


def test_a_sector_that_goes_bad_never_bricks_the_module_before_the_commit():
    flash = module_of(OLD)
    steps = booted(flash).update(PACKAGE, trusted=TRUSTED, remote=True)
    while next(steps).phase is not Phase.RESTORE:
        commit = flash.operations
    for operation in range(commit - 1):
        flash = module_of(OLD)
        flash.inject(Fault(operation, FaultKind.BAD))
        with pytest.raises(FlashError):
            update(flash)
        assert_runs(flash, OLD)


def test_power_lost_between_two_steps_reaches_the_driver_from_inside_the_patch_reader(flash):
    """The old image is read from C code; a dead chip must come through it as PowerLost."""
    steps = booted(flash).update(PACKAGE, trusted=TRUSTED, remote=True)
    for step in steps:
        if step.phase is Phase.UPDATING and step.percent >= 60:
            break
    flash.lose_power()

    with pytest.raises(PowerLost):
        for _ in steps:
            pass
    flash.power_on()
    assert_runs(flash, OLD)


class DeadWhenRead(SimulatedFlash):
    """A chip whose power goes with a read."""

    reads_left = -1

    def read(self, offset, size):
        self.reads_left -= 1
        if self.reads_left == 0:
            self.lose_power()
        return super().read(offset, size)


@pytest.mark.parametrize("reads", range(3, 60, 4))
def test_power_lost_in_any_read_is_power_lost(reads):
    flash = module_of(OLD, kind=DeadWhenRead)
    engine = booted(flash)
    flash.reads_left = reads

    with pytest.raises(PowerLost):
        for _ in engine.update(PACKAGE, trusted=TRUSTED, remote=True):
            pass
    flash.power_on()
    engine = Engine(flash)
    if isinstance(engine.boot(), Unfinished):
        for _ in engine.resume():
            pass
        assert_runs(flash, NEW)
    else:
        assert_runs(flash, OLD)


def test_a_damaged_plan_is_said_and_not_followed(flash):
    for step in booted(flash).update(PACKAGE, trusted=TRUSTED, remote=True):
        if step.phase is Phase.RESTORE:
            break
    engine = Engine(flash)
    layout = engine._layout
    flash._memory[layout.plan.offset + 30] ^= 1

    with pytest.raises(FirmwareDamagedError, match="cannot be finished"):
        engine.boot()
    with pytest.raises(FirmwareDamagedError):
        next(engine.resume())
