# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The sweep bites: engine, journal and simulator broken on purpose are all caught.

Keep this list beside the sweep and extend both together. A mutation that is caught only by
the undisturbed run (the simulator refuses it) is as good as one caught by a cut.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import pytest

from dfota.engine import journal, restoring, staging
from dfota.engine.journal import Journal, Record, RecordKind
from dfota.engine.layout import JOURNAL_SECTORS
from dfota.flash import SimulatedFlash

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
    append = Journal.append

    def careless(self, record):
        if self._open is None:
            self._home = 1 - self._home
        append(self, record)

    patch.setattr(Journal, "append", careless)


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
    stage = staging._stage_image
    append = Journal.append

    def later(flash, image, read, progress):
        late.append((flash, image, read, staging.Progress(staging.Phase.UPDATING, 1)))
        yield from progress.advance(flash.geometry.pages(image.entry.size), 0.0)

    def append_first(self, record):
        append(self, record)
        if record.kind is RecordKind.STAGED:
            while late:
                for _ in stage(*late.pop(0)):
                    pass

    patch.setattr(staging, "_stage_image", later)
    patch.setattr(staging, "_verify_image", lambda _flash, _image, steps: steps.advance(1, 0.0))
    patch.setattr(Journal, "append", append_first)


def staged_without_verification(patch):
    patch.setattr(staging, "_verify_image", lambda _flash, _image, steps: steps.advance(1, 0.0))


def copied_without_reading_back(patch):
    copy = restoring._copy_sector

    class Credulous:
        def __init__(self, flash):
            self.geometry = flash.geometry
            self.erase, self.prog = flash.erase, flash.prog
            self._read = flash.read

        def read(self, offset, size):
            is_page = size == self.geometry.page_size
            return self._read(offset, size) if is_page else b"as written"

    patch.setattr(restoring, "_copy_sector", lambda flash, *rest: copy(Credulous(flash), *rest))


def staged_before_the_plan(patch):
    write_plan = staging.write_plan
    late = []
    real = Journal.append

    def plan_digest(flash, layout, plan):
        late.append((flash, layout, plan))
        return staging.Digest(plan.encode()[-32:])

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
    def in_place(flash, image, read, progress):
        yield from stage(flash, replace(image, backup=image.entry.offset), read, progress)

    stage = staging._stage_image
    patch.setattr(staging, "_stage_image", in_place)
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

    def lenient(self, offset):
        pass

    def erase_nothing(flash, sector, progress):
        size = flash.geometry.page_size
        for offset in range(0, sector.page_count * size, size):
            old = flash.read(sector.active + offset, size)
            new = flash.read(sector.backup + offset, size)
            flash.prog(sector.active + offset, bytes(a & b for a, b in zip(old, new, strict=True)))
            yield from ()

    patch.setattr(SimulatedFlash, "_check_programmable", lenient)
    patch.setattr(restoring, "_copy_sector", erase_nothing)


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
]


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__)
def test_the_sweep_catches(mutate, scene, new_scene, cases, record_property):
    with pytest.MonkeyPatch.context() as patch:
        mutate(patch)
        caught = first_failure(new_scene, cases)

    record_property("caught-by", caught or "nothing")
    assert caught, f"no cut notices that {mutate.__name__.replace('_', ' ')}"


def test_the_same_sweep_finds_nothing_wrong_with_the_engine_itself(new_scene, cases):
    assert first_failure(new_scene, cases, limit=160) is None


def first_failure(new_scene, cases, *, limit=2000):
    """The name of the first case that fails; single cuts in a seeded order, then double ones."""
    try:
        scene = new_scene()
    except Exception as error:
        return f"undisturbed: {error!r}"
    single = cases["single"](scene)
    random.Random(1).shuffle(single)  # noqa: S311 - a seeded order is no secret
    tries = [(str(case), partial(scene.survive, case)) for case in single]
    tries += [(str(case), partial(scene.survive, case)) for case in cases["double"](scene, 200, 1)]
    tries.insert(150, ("lying chip", scene.notice_silent_corruption))
    for name, attempt in tries[:limit]:
        try:
            attempt()
        except Exception as error:
            return f"{name}: {error!r}"
    return None
