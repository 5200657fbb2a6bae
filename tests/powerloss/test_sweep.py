# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""A power cut or a fault at every flash operation leaves old or new, and never a mixture.

A case that is not survived fails with its id; ``pytest tests/powerloss -k '137-tail'`` (or
``'small-nor:17-bad.19-head+3-tail'``) replays it, and nothing else.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from powerloss_scenes import (
    MATRIX,
    SPECS,
    BrickError,
    Case,
    Fault,
    Tally,
    acknowledged_pages_survive,
    failure,
    the_scene,
)

from dfota.engine import Engine
from dfota.flash import Cut, CutMode, FaultKind

pytestmark = pytest.mark.powerloss


def parts(name: str, count: int) -> list:
    """A sweep in pieces, so that two workers share it."""
    return [pytest.param(name, (part, count), id=f"{name}.{part}") for part in range(count)]


SMALL = [name for name in SPECS if not SPECS[name].is_full and name not in MATRIX]
SINGLE = [*parts("full", 4), *parts("full-scrub", 4)]
SINGLE += [pytest.param(name, (0, 1), id=name) for name in [*SMALL, *MATRIX]]
# Every fourth operation; the others are for the long run.
SINGLE += [*parts("full-resumed", 4)[:1], *parts("full-managed", 4)[:1]]
DOUBLE = ["small", "small-nor", "small-resumed", "scrubbing", "in-place"]
DOUBLE += [pytest.param("small-scrub", marks=pytest.mark.long)]
TRIPLE = ["full", "small-managed", "small-resumed", "in-place-nor", "scrubbing-managed", "resumed"]


def test_a_case(replayed):
    the_scene(replayed.scene).survive(replayed)


@pytest.mark.parametrize(("name", "share"), SINGLE)
def test_one_cut_leaves_old_or_new_and_never_a_mixture(
    name, share, record_tally, record_operations
):
    scene = the_scene(name)
    part, count = share
    tally = scene.sweep(1, part=part, parts=count)

    assert tally.cases == len(range(part, scene.operations, count)) * len(CutMode)
    record_tally("single cuts", name, tally)
    record_operations(name, scene.operations)


@pytest.mark.parametrize("name", DOUBLE)
def test_every_second_cut_in_what_follows_is_survived(name, record_tally):
    tally = the_scene(name).sweep(2)

    assert tally.cases > 4000
    record_tally("all pairs of cuts", name, tally)


@pytest.mark.parametrize("seed", range(2))
def test_second_cuts_in_the_large_scene_are_survived(seed, record_tally):
    scene, tally = the_scene("full"), Tally()
    for case in scene.sample(2, 60, seed):
        tally.count(scene.survive(case))
    record_tally("pairs of cuts, sample", "full", tally)


@pytest.mark.parametrize("name", TRIPLE)
def test_third_cuts_are_survived(name, record_tally):
    scene, tally = the_scene(name), Tally()
    for case in scene.sample(3, 30 if scene.spec.is_full else 150):
        tally.count(scene.survive(case))
    record_tally("three cuts, sample", name, tally)


FAULTY = [name for name in SMALL if not name.startswith("small-resumed")]


@pytest.mark.parametrize("name", [*FAULTY, "nand-2048x16384", "nor-256x4096"])
def test_every_fault_in_every_operation_leaves_old_or_new_or_nothing_that_runs(name, record_tally):
    tally = the_scene(name).fault_sweep()

    if SPECS[name].spare_count is not None:
        assert tally.refuses == 0
    record_tally("every fault", name, tally)


@pytest.mark.parametrize("name", FAULTY)
def test_a_fault_and_power_cuts_together_leave_no_mixture(name, record_tally):
    record_tally("fault and two cuts", name, the_scene(name).faults_and_cuts(120))


@pytest.mark.parametrize("name", ["small", "small-nor", "small-managed", "in-place"])
def test_bits_that_flip_elsewhere_leave_no_mixture(name, record_tally):
    record_tally("decay and a cut", name, the_scene(name).decays(120))


@pytest.mark.parametrize("part", range(2))
def test_a_cut_while_a_sector_is_replaced_leaves_old_or_new(part, record_tally):
    tally = the_scene("small-managed").remaps_and_cuts(part=part, parts=2)
    record_tally("replacing and a cut", "small-managed", tally)


def test_what_was_programmed_stays_when_its_sector_is_replaced(record_tally):
    record_tally("replacing and a cut", "pages alone", acknowledged_pages_survive())


@pytest.mark.parametrize("name", ["small", "small-nor", "small-scrub", "nand-1024x1024"])
def test_what_flips_in_a_staged_image_is_noticed_before_the_commit(name, record_tally):
    tally = the_scene(name).decays_of_what_is_staged()

    assert tally.cases
    record_tally("decay of what is staged", name, tally)


@pytest.mark.parametrize("name", ["small", "small-managed", "small-scrub", "in-place"])
def test_a_page_that_dies_at_rest_keeps_nothing_down_but_its_own_image(name, record_tally):
    record_tally("dead page at rest", name, the_scene(name).pages_that_die_at_rest())


def test_the_sweep_meets_every_part_of_an_update(scene):
    assert scene.operations > 200
    assert 0 < scene.commit < scene.operations
    for name in SMALL:
        assert 20 < the_scene(name).operations < 100


def test_the_scene_moves_grows_adds_and_removes(scene):
    before, after = scene.flash(), scene.flash()
    scene.live(after)
    engines = [Engine(before), Engine(after)]
    for engine in engines:
        engine.boot()
    old, new = ({e.name: e for e in engine.firmware.partitions} for engine in engines)

    assert old["boot"] == new["boot"]
    assert old["nv"].digest == new["nv"].digest
    assert old["nv"].offset != new["nv"].offset
    assert new["apps"].size > old["apps"].slot_size
    assert "extra" not in new
    assert "wlan" not in old
    # An image is restored over the place that another one was read from.
    assert new["modem"].offset < old["nv"].offset + old["nv"].slot_size


def test_a_managed_scene_has_replaced_sectors_already():
    for name in ("full-managed", "small-managed"):
        assert Engine(the_scene(name).flash()).bad_sectors == SPECS[name].factory_bad


@pytest.mark.parametrize(
    "text",
    [
        "137-tail",
        "small:1-head+0-before",
        "small-nor:17-bad.19-head+3-tail",
        "in-place:2-silent-at-4096",
    ],
    ids=["one", "two", "three", "four"],
)
def test_an_id_says_what_the_case_is(text):
    case = Case.parse(text)

    assert str(case) == text
    assert f"pytest tests/powerloss -k '{text}'" in failure(case, "x")


@pytest.mark.parametrize(
    "text", ["", "sweep", "137", "137-half", "nowhere:1-tail", "a-tail", "not 1-tail"]
)
def test_another_keyword_is_no_id(text):
    assert Case.parse(text) is None


def test_an_id_replays_exactly_its_case(pytester, root, monkeypatch):
    """A broken engine fails for this id, in a process of its own, and says so."""
    monkeypatch.chdir(root)
    result = pytester.runpytest_subprocess(
        "--rootdir", str(root), "-c", str(root / "pyproject.toml"), "-p", "no:cacheprovider",
        str(root / "tests" / "powerloss"), "-k", "small:17-tail+3-head", "-v",
    )  # fmt: skip
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_a_case?small:17-tail+3-head?*PASSED*"])


def test_a_case_that_is_not_survived_says_how_to_see_it_again(monkeypatch):
    scene = the_scene("small")
    monkeypatch.setattr(scene, "commit", scene.commit + 1)
    with pytest.raises(BrickError) as failed:
        scene.survive(Case(((Cut(scene.commit - 1, CutMode.AFTER),),), "small"))
    assert f"-k 'small:{scene.commit - 1}-after'" in str(failed.value)


CUTS = st.lists(st.builds(Cut, st.integers(0, 60), st.sampled_from(CutMode)), max_size=6)


@settings(max_examples=60, deadline=None)
@given(CUTS, st.integers(0, 32), st.sampled_from(["small", "small-resumed", "in-place"]))
def test_any_number_of_cuts_is_survived(cuts, first, name):
    lives = ((Cut(first, CutMode.HEAD),), *((cut,) for cut in cuts))
    the_scene(name).survive(Case(lives, name))


def test_a_fault_of_the_same_operation_as_a_cut_is_survived():
    scene = the_scene("small-managed")
    for number in range(scene.operations):
        events = (Fault(number, FaultKind.BAD), Cut(number, CutMode.TAIL))
        assert scene.survive(Case((events,), "small-managed")) == "new"


@pytest.mark.long
@pytest.mark.parametrize("part", [1, 2, 3])
@pytest.mark.parametrize("name", ["full-managed", "full-resumed"])
def test_one_cut_in_the_other_operations_of_a_large_scene(name, part, record_tally):
    record_tally("single cuts", name, the_scene(name).sweep(1, part=part, parts=4))


@pytest.mark.long
@pytest.mark.parametrize("name", ["small", "small-nor", "small-managed", "small-scrub", "in-place"])
def test_every_third_cut_is_survived(name, record_tally):
    record_tally("all triples of cuts", name, the_scene(name).sweep(3))


@pytest.mark.long
@pytest.mark.parametrize("name", ["full-managed", "full", "full-scrub"])
@pytest.mark.parametrize("seed", range(4))
def test_a_large_sample_of_second_cuts_is_survived(name, record_tally, seed):
    scene, tally = the_scene(name), Tally()
    for case in scene.sample(2, 1500, seed):
        tally.count(scene.survive(case))
    record_tally("pairs of cuts, large", name, tally)


@pytest.mark.long
@pytest.mark.parametrize("name", [*SMALL, *MATRIX, "full-managed"])
def test_every_fault_and_many_cuts_in_every_scene(name, record_tally):
    record_tally("every fault", name, the_scene(name).fault_sweep())
    count = 200 if "262144" in name else 2000
    record_tally("fault and two cuts", name, the_scene(name).faults_and_cuts(count, seed=7))
