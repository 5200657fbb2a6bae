# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The sweep bites: engine, journal and simulator broken on purpose are all caught.

Keep this list beside the sweep and extend both together. A mutation that is caught only by
the undisturbed run (the simulator refuses it) is as good as one caught by a cut.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest
from powerloss_scenes import SPECS, Scene, acknowledged_pages_survive

from dfota.engine import checkpoints, engine, journal, patching, restoring, scrubbing, staging
from dfota.engine.checkpoints import Checkpoints, Stage
from dfota.engine.journal import Journal, Record, RecordKind
from dfota.engine.layout import JOURNAL_SECTORS
from dfota.engine.patching import Patching
from dfota.engine.staging import Staging
from dfota.engine.writing import SectorWriter
from dfota.errors import FlashError
from dfota.flash import ManagedFlash, PowerLost, SimulatedFlash, partition_table
from dfota.flash import spare_sectors as spares
from dfota.values import Digest

pytestmark = pytest.mark.powerloss


def commit_before_the_work(patch):
    copy = restoring._copy_sector
    following = restoring._next
    late = []

    def early(flash, sector, progress):
        late.append(sector)
        yield from ()

    def record_then_copy(log, state, kind, *, copied):
        record = following(log, state, kind, copied=copied)
        while late:
            for _ in copy(log._flash, late.pop(), restoring.Progress(restoring.Phase.RESTORE, 99)):
                pass
        return record

    patch.setattr(restoring, "_copy_sector", early)
    patch.setattr(restoring, "_next", record_then_copy)


def record_ahead_of_the_work(patch):
    following = restoring._next

    def ahead(log, state, kind, *, copied):
        return following(log, state, kind, copied=copied + (kind is RecordKind.COPIED))

    patch.setattr(restoring, "_next", ahead)


def no_crc_check(patch):
    decode = Record.decode.__func__

    def trusting(cls, page):
        body = bytearray(page)
        body[: len(journal.RECORD_MAGIC)] = journal.RECORD_MAGIC
        if page[8:9] == b"\xff":
            return None
        crc32 = journal.zlib.crc32(bytes(body[:-4])).to_bytes(4, "little")
        return decode(cls, bytes(body[:-4]) + crc32)

    patch.setattr(Record, "decode", classmethod(trusting))


def no_erase_when_a_sector_is_copied_again(patch):
    class Careless:
        def __init__(self, flash):
            self._flash = flash

        def __getattr__(self, name):
            return getattr(self._flash, name)

        def erase(self, offset):
            start = self._flash.read(offset, self._flash.geometry.sector_size)
            if start != b"\xff" * len(start):
                self._flash.erase(offset)

    copy = restoring._copy_sector
    patch.setattr(restoring, "_copy_sector", lambda flash, *rest: copy(Careless(flash), *rest))


def finished_before_the_table(patch):
    write_table = restoring.write_table
    late = []
    following = restoring._next

    def record(log, state, kind, *, copied):
        found = following(log, state, kind, copied=copied)
        while late:
            write_table(*late.pop())
        return found

    patch.setattr(restoring, "write_table", lambda *arguments: late.append(arguments))
    patch.setattr(restoring, "_next", record)


def journal_erases_the_sector_that_counts(patch):
    append = Journal._append

    def careless(self, record):
        if self._open is None:
            self._home = 1 - self._home
        return append(self, record)

    patch.setattr(Journal, "_append", careless)


def journal_goes_on_behind_what_reads_erased(patch):
    """Appends to a page that reads 0xff, although a torn prog may have touched it."""
    init = Journal.__init__

    def reusing(self, flash, layout):
        init(self, flash, layout)
        geometry = flash.geometry
        start = layout.journal.offset + self._home * geometry.sector_size
        for page in reversed(range(geometry.pages_per_sector)):
            data = flash.read(start + page * geometry.page_size, geometry.page_size)
            if data != b"\xff" * len(data):
                break
            self._open, self._free = self._home, page

    patch.setattr(Journal, "__init__", reusing)


def stale_record_is_believed(patch):
    """Takes the last record by place, not by sequence number."""
    init = Journal.__init__

    def stale(self, flash, layout):
        init(self, flash, layout)
        size = flash.geometry.page_size
        for offset in range(layout.journal.offset, layout.journal.end, size):
            record = Record.decode(flash.read(offset, size))
            self.newest = record or self.newest

    assert JOURNAL_SECTORS == 2
    patch.setattr(Journal, "__init__", stale)


def end_of_the_earlier_update_is_not_seen(patch):
    """Ignores REPORTED records, so that an older record of the same update counts."""
    decode = Record.decode.__func__

    def forgetful(cls, page):
        record = decode(cls, page)
        return record if record and record.kind is not RecordKind.REPORTED else None

    patch.setattr(Record, "decode", classmethod(forgetful))


def dead_chip_revives(patch):
    patch.setattr(SimulatedFlash, "_require_power", lambda self: None)


def staged_before_the_images(patch):
    late = []
    stage = Staging._stage
    append = Journal.append

    def later(self, number, image, *rest):
        *where, progress = rest
        again = staging.Progress(staging.Phase.UPDATING, 1)
        late.append(partial(stage, self, number, image, *where, again))
        yield from progress.advance(self._flash.geometry.pages(image.entry.size), 0.0)

    def append_first(self, record):
        append(self, record)
        if record.kind is RecordKind.STAGED:
            while late:
                for _ in late.pop(0)():
                    pass

    patch.setattr(Staging, "_stage", later)
    patch.setattr(staging, "_verify_image", lambda _flash, _image, steps: steps.advance(1, 0.0))
    patch.setattr(Journal, "append", append_first)


def staged_without_verification(patch):
    patch.setattr(staging, "_verify_image", lambda _flash, _image, steps: steps.advance(1, 0.0))


class Credulous:
    """A flash of which nothing is read back."""

    def __init__(self, flash):
        self._flash = flash
        self._written = {}

    def __getattr__(self, name):
        return getattr(self._flash, name)

    def prog_many(self, offset, data):
        self._written[offset] = bytes(data)
        self._flash.prog_many(offset, data)

    def read(self, offset, size):
        data = self._written.get(offset, b"")
        return data if len(data) == size else self._flash.read(offset, size)


def copied_without_reading_back(patch):
    init = SectorWriter.__init__

    def credulous(self, flash, offset):
        init(self, Credulous(flash), offset)

    patch.setattr(restoring.SectorWriter, "__init__", credulous)


def staged_before_the_plan(patch):
    write_plan = staging.write_plan
    late = []
    real = Journal.append

    def plan_digest(flash, layout, plan):
        late.append((flash, layout, plan))
        return Digest(plan.encode()[-32:])

    def append(self, record):
        real(self, record)
        while late:
            write_plan(*late.pop())

    patch.setattr(staging, "write_plan", plan_digest)
    patch.setattr(Journal, "append", append)


def moved_partitions_are_not_staged(patch):
    plan = staging._plan_update

    def forgetting(*arguments, **named):
        update = plan(*arguments, **named)
        kept = [index for index, image in enumerate(update.images) if image.change is not None]
        return replace(
            update,
            images=tuple(update.images[index] for index in kept),
            plan=replace(update.plan, copies=tuple(update.plan.copies[index] for index in kept)),
        )

    patch.setattr(staging, "_plan_update", forgetting)


def updating_builds_over_the_original(patch):
    stage = Staging._stage

    def in_place(self, number, image, *rest):
        yield from stage(self, number, replace(image, backup=image.entry.offset), *rest)

    patch.setattr(Staging, "_stage", in_place)
    patch.setattr(staging, "_verify_image", lambda *_: iter(()))


def restore_is_forgotten_after_a_cut(patch):
    patch.setattr(Record, "is_unfinished", property(lambda self: False))


def backup_is_reused_before_the_commit_of_the_copy(patch):
    """Erases each backup sector as soon as it is copied, before the record says so."""
    copy = restoring._copy_sector

    def greedy(flash, sector, progress):
        yield from copy(flash, sector, progress)
        flash.erase(sector.backup)

    patch.setattr(restoring, "_copy_sector", greedy)


def a_page_is_programmed_twice(patch):
    """The engine skips an erase and the simulator, also broken, lets it pass like NOR would."""

    def lenient(self, offset, size, mark):
        pass

    def erase_nothing(flash, sector, progress):
        size = flash.geometry.page_size
        for offset in range(0, sector.page_count * size, size):
            old = flash.read(sector.active + offset, size)
            new = flash.read(sector.backup + offset, size)
            flash.prog(sector.active + offset, bytes(a & b for a, b in zip(old, new, strict=True)))
            yield from ()

    patch.setattr(SimulatedFlash, "_prog_at_once", lambda *_: False)
    patch.setattr(SimulatedFlash, "_check_programmable", lenient)
    patch.setattr(restoring, "_copy_sector", erase_nothing)


def journal_is_not_read_back(patch):
    append = Journal._append

    def trusting(self, record):
        flash, self._flash = self._flash, _believing(self._flash)
        try:
            return append(self, record)
        finally:
            self._flash = flash

    patch.setattr(Journal, "_append", trusting)


def _believing(flash):
    """What was programmed reads as it should."""

    class Believing(Credulous):
        def prog(self, offset, data):
            self._written[offset] = bytes(data)
            self._flash.prog(offset, data)

    return Believing(flash)


def table_is_not_read_back(patch):
    write = partition_table.write_table

    def trusting(flash, copy, table):
        write(Credulous(flash), copy, table)

    for room in (restoring, engine, patching):
        patch.setattr(room, "write_table", trusting)


def one_copy_of_the_table_is_enough(patch):
    patch.setattr(engine.Engine, "_mirror_table", lambda self: None)


def retried_without_erasing(patch):
    write = SectorWriter._write_piece

    def stubborn(self, data):
        flash = self._flash
        size = flash.geometry.sector_size
        with suppress(FlashError):
            write(self, data)
            return
        if self.offset % size == 0:
            flash.erase(self.offset)
        flash.prog_many(self.offset, data)
        self._sector += data
        self.offset += len(data)

    patch.setattr("dfota.engine.writing.ATTEMPTS", 1)
    patch.setattr(SectorWriter, "_write_piece", stubborn)


# -- UPDATING that goes on, and in place ---------------------------------------------------


def checkpoint_before_its_data(patch):
    note = Patching._note

    def ahead(self, stage, number, position, *rest):
        if stage is Stage.WRITING:
            position += self._slots[number].sector
        note(self, stage, number, position, *rest)

    patch.setattr(Patching, "_note", ahead)


def staging_checkpoint_before_its_data_and_believed(patch):
    save = Checkpoints.save

    def ahead(self, checkpoint):
        size = self._flash.geometry.sector_size
        if checkpoint.stage is Stage.STAGING and checkpoint.position:
            checkpoint = replace(checkpoint, position=checkpoint.position + size)
        save(self, checkpoint)

    patch.setattr(Checkpoints, "save", ahead)
    patch.setattr(staging, "digest_in_flash", lambda *_: _Anything())


class _Anything:
    """A digest that is equal to every other one."""

    @property
    def value(self):
        return self

    def __getitem__(self, _key):
        return self

    def __eq__(self, _other):
        return True

    def __ne__(self, _other):
        return False

    __hash__ = None


def checkpoint_over_the_one_that_counts(patch):
    save = Checkpoints.save

    def over(self, checkpoint):
        self._home = 1 - self._home
        save(self, checkpoint)

    patch.setattr(Checkpoints, "save", over)


def checkpoint_without_a_check(patch):
    decode = checkpoints._decode

    def lenient(page):
        body = bytes(page[:-4])
        found = decode(body + checkpoints._CRC32.pack(checkpoints.zlib.crc32(body)))
        return found and (found[0], 0, checkpoints.short_digest(b""))

    patch.setattr(checkpoints, "_decode", lenient)


def in_place_without_a_journal(patch):
    append = Journal.append

    def silent(self, record):
        if record.kind is RecordKind.PATCHING:
            self.newest = record
        else:
            append(self, record)

    patch.setattr(Journal, "append", silent)


def in_place_without_checkpoints(patch):
    patch.setattr(Patching, "_note", lambda *_: None)


def in_place_without_the_state_of_the_patch(patch):
    note = Patching._note

    def poor(self, stage, number, position, *rest):
        note(self, stage, number, position, *rest[:1])

    patch.setattr(Patching, "_note", poor)


def in_place_checkpoint_after_the_next_sector(patch):
    late = []
    note = Patching._note

    def delayed(self, *arguments):
        while late:
            note(self, *late.pop())
        if arguments[0] is Stage.WRITING and arguments[2]:
            late.append(arguments)
        else:
            note(self, *arguments)

    patch.setattr(Patching, "_note", delayed)


def in_place_record_before_the_image(patch):
    write = Patching._write

    def early(self, number, slot, found, progress):
        log = Journal(self._flash, self._layout_for_mutation)
        log.append(replace(log.newest, sequence=log.next_sequence, copied=number + 1))
        yield from write(self, number, slot, found, progress)

    init = Patching.__init__

    def remember(self, flash, layout, *rest):
        self._layout_for_mutation = layout
        init(self, flash, layout, *rest)

    patch.setattr(Patching, "__init__", remember)
    patch.setattr(Patching, "_write", early)


def in_place_table_before_the_images(patch):
    write = Patching._write

    def early(self, number, slot, found, progress):
        partition_table.replace_table(self._flash, self._update.table)
        yield from write(self, number, slot, found, progress)

    patch.setattr(Patching, "_write", early)


def in_place_old_is_moved_from_the_front(patch):
    def wrong(self, number, slot, moved, progress):
        for index in range(slot.old_count):
            at = slot.entry.offset + index * slot.sector
            size = min(slot.old_size - index * slot.sector, slot.sector)
            SectorWriter(self._flash, at + slot.shift).write(self._flash.read(at, size))
            yield from progress.advance(self._flash.geometry.pages(size), 0.0)

    patch.setattr(Patching, "_move", wrong)


# -- scrub -----------------------------------------------------------------------------------


def scrub_table_before_the_copy(patch):
    copy = scrubbing._copy
    replace_table = scrubbing.replace_table
    late = []

    def later(*arguments):
        late.append(arguments)
        yield from ()

    def table_first(flash, table):
        replace_table(flash, table)
        while late:
            for _ in copy(*late.pop()):
                pass

    patch.setattr(scrubbing, "_copy", later)
    patch.setattr(scrubbing, "replace_table", table_first)


def scrub_erases_old_before_the_table(patch):
    copy = scrubbing._copy

    def greedy(flash, entry, target, progress):
        yield from copy(flash, entry, target, progress)
        flash.erase(entry.offset)

    patch.setattr(scrubbing, "_copy", greedy)


def scrub_forgets_what_has_moved(patch):
    replace_table = scrubbing.replace_table

    def forgetful(flash, table):
        replace_table(flash, replace(table, moved=0))

    patch.setattr(scrubbing, "replace_table", forgetful)


# -- bad sectors -----------------------------------------------------------------------------


def remap_without_copy(patch):
    change = ManagedFlash._replace

    def empty(self, sector, data):
        page = self.geometry.page_size
        change(self, sector, b"\xff" * (len(data) - page) + data[-page:] if data else data)

    patch.setattr(ManagedFlash, "_replace", empty)


def remap_recorded_before_the_copy(patch):
    def early(self, sector, data, *, bad=None):
        spare = self._take_spare(bad)
        self._commit(moved={sector: spare}, bad=set(bad or ()))
        self._chip.erase(spare * self._size)
        self._chip.prog_many(spare * self._size, data)

    patch.setattr(ManagedFlash, "_move", early)


def remap_without_a_record(patch):
    commit = ManagedFlash._commit

    def quiet(self, moved=None, bad=None):
        if moved is None:
            commit(self, moved, bad)
        else:
            self._map.moved.update(moved)

    patch.setattr(ManagedFlash, "_commit", quiet)


def factory_bad_sectors_are_used(patch):
    patch.setattr(SimulatedFlash, "is_factory_bad", lambda self, sector: False)
    patch.setattr(ManagedFlash, "_replace", _give_up)


def _give_up(self, sector, data):
    raise FlashError("no spare sector")


def failures_of_the_chip_are_ignored(patch):
    def deaf(self, place, data):
        with suppress(FlashError):
            self._chip.prog_many(place, data)
        return True

    patch.setattr(ManagedFlash, "_holds_after_prog", deaf)
    patch.setattr(SectorWriter, "_write_piece", _write_unread)


def ecc_result_is_ignored(patch):
    """Neither layer looks at what the chip says of a page; data with wrong bits are taken."""
    read = SimulatedFlash.read

    def blind(self, offset, size):
        weak, self._weak = self._weak, {}
        try:
            return read(self, offset, size)
        finally:
            self._weak = weak

    patch.setattr(SimulatedFlash, "read", blind)
    patch.setattr(ManagedFlash, "_holds_after_prog", _programs)
    patch.setattr(SectorWriter, "_write_piece", _write_unread)


def _programs(self, place, data):
    with suppress(FlashError):
        self._chip.prog_many(place, data)
        return True
    return False


def _write_unread(self, data):
    if self.offset % self._flash.geometry.sector_size == 0:
        self._flash.erase(self.offset)
    self._flash.prog_many(self.offset, data)
    self.offset += len(data)


def map_is_written_over_its_only_copy(patch):
    write = ManagedFlash._write_record

    def over(self, record, written):
        if self._homes:
            self._open = dict.fromkeys(range(spares.MAP_SECTORS), self.geometry.pages_per_sector)
            home = self._homes[0]
            self._homes = [s for s in range(spares.MAP_SECTORS) if s != home]
        return write(self, record, written)

    patch.setattr(spares, "_COPIES", 1)
    patch.setattr(ManagedFlash, "_write_record", over)


MUTATIONS = [
    commit_before_the_work,
    record_ahead_of_the_work,
    no_crc_check,
    no_erase_when_a_sector_is_copied_again,
    finished_before_the_table,
    journal_erases_the_sector_that_counts,
    journal_goes_on_behind_what_reads_erased,
    stale_record_is_believed,
    end_of_the_earlier_update_is_not_seen,
    dead_chip_revives,
    staged_before_the_images,
    staged_before_the_plan,
    staged_without_verification,
    copied_without_reading_back,
    moved_partitions_are_not_staged,
    updating_builds_over_the_original,
    restore_is_forgotten_after_a_cut,
    backup_is_reused_before_the_commit_of_the_copy,
    a_page_is_programmed_twice,
    journal_is_not_read_back,
    table_is_not_read_back,
    one_copy_of_the_table_is_enough,
    retried_without_erasing,
    checkpoint_before_its_data,
    staging_checkpoint_before_its_data_and_believed,
    checkpoint_over_the_one_that_counts,
    checkpoint_without_a_check,
    in_place_without_a_journal,
    in_place_without_checkpoints,
    in_place_without_the_state_of_the_patch,
    in_place_checkpoint_after_the_next_sector,
    in_place_record_before_the_image,
    in_place_table_before_the_images,
    in_place_old_is_moved_from_the_front,
    scrub_table_before_the_copy,
    scrub_erases_old_before_the_table,
    scrub_forgets_what_has_moved,
    remap_without_copy,
    remap_recorded_before_the_copy,
    remap_without_a_record,
    factory_bad_sectors_are_used,
    failures_of_the_chip_are_ignored,
    ecc_result_is_ignored,
    map_is_written_over_its_only_copy,
]


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_the_sweep_catches(mutate, record_property):
    with pytest.MonkeyPatch.context() as patch:
        mutate(patch)
        caught = first_failure(HINTS.get(mutate, ""))

    record_property("caught-by", caught or "nothing")
    assert caught, f"no cut and no fault notices that {mutate.__name__.replace('_', ' ')}"


HINTS = {
    end_of_the_earlier_update_is_not_seen: "full",
    moved_partitions_are_not_staged: "full",
    staging_checkpoint_before_its_data_and_believed: "full-resumed",
    checkpoint_over_the_one_that_counts: "in-place",
    checkpoint_without_a_check: "in-place",
    checkpoint_before_its_data: "in-place",
    **{mutate: "in-place" for mutate in MUTATIONS if mutate.__name__.startswith("in_place")},
    **{mutate: "scrubbing" for mutate in MUTATIONS if mutate.__name__.startswith("scrub")},
    **{mutate: "small-managed" for mutate in MUTATIONS if mutate.__name__.startswith("remap")},
    copied_without_reading_back: "small-nor",
    table_is_not_read_back: "small-nor",
    staged_without_verification: "small",
    factory_bad_sectors_are_used: "small-managed",
    failures_of_the_chip_are_ignored: "small-managed",
    map_is_written_over_its_only_copy: "small-managed",
}
"""Where to look first, for the sake of time; in the end everything is looked at."""


def sweeps():
    """What the tests of this folder do, the cheap ones first: a scene, and what to do in it."""
    yield "small", lambda scene: [scene.survive(case) for case in scene.sample(1, 8)]
    for name in ("small", "small-nor", "small-resumed", "in-place", "scrubbing", "small-managed"):
        yield name, lambda scene: scene.sweep(1)
    yield "small", lambda scene: scene.decays_of_what_is_staged()
    for name in ("small-nor", "small", "small-managed"):
        yield name, lambda scene: scene.pages_that_die_at_rest()
        yield name, lambda scene: scene.fault_sweep()
    yield "small", lambda scene: [scene.survive(case) for case in scene.sample(2, 40)]
    yield "small-managed", lambda _scene: acknowledged_pages_survive()
    yield "small-managed", lambda scene: scene.remaps_and_cuts()
    yield "small-managed", lambda scene: scene.faults_and_cuts(120)
    yield "small", lambda scene: scene.decays(120)
    yield "full", lambda scene: [scene.survive(case) for case in scene.sample(1, 40)]
    yield "full-resumed", lambda scene: [scene.survive(case) for case in scene.sample(1, 80)]
    yield "small", lambda scene: scene.sweep(2)
    yield "full", lambda scene: scene.sweep(1)


def first_failure(hint=""):
    """What notices it first; scenes are made anew, by whatever is broken."""
    scenes = {}
    for name, sweep in sorted(sweeps(), key=lambda found: found[0] != hint):
        try:
            if name not in scenes:
                scenes[name] = Scene(SPECS[name])
            sweep(scenes[name])
        except (Exception, PowerLost) as error:
            return f"{name}: {error!r}"
    return None
