# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Paths from a running revision to others: the cheapest ones, and none that is forbidden."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfota.errors import NoPathError, NothingToDoError
from dfota.host import (
    Direction,
    Offer,
    Prefer,
    Running,
    Trust,
    is_newer,
    plan_updates,
    revisions_in_name,
)
from dfota.host.updates import ASSUMED_SIZE, HOPS_MAX
from dfota.values import Digest, FirmwareVersion

A07 = "BG96MAR02A07M1G_"


def revision(text: str) -> FirmwareVersion:
    return FirmwareVersion(text)


def offer(old: str, new: str, size: int | None = 100, **facts: object) -> Offer:
    values: dict[str, object] = {
        "name": f"{old}-{new}.zip",
        "location": f"/p/{old}-{new}.zip",
        "is_remote": False,
        "old": revision(old),
        "new": revision(new),
        "size": size,
        "trust": Trust.CONTENT,
    }
    return Offer(**(values | facts))  # type: ignore[arg-type]


def route(updates: object, target: str) -> list[str]:
    path = updates.path_to(revision(target))  # type: ignore[attr-defined]
    return [hop.offer.new.text for hop in path.hops]


def test_neighbours_are_joined_to_a_path() -> None:
    updates = plan_updates([offer("R1", "R2"), offer("R2", "R3")], Running(revision("R1")))
    assert route(updates, "R3") == ["R2", "R3"]
    assert updates.newest().new.text == "R3"
    assert updates.newest().size == 200


def test_bytes_are_spared_unless_reboots_are_preferred() -> None:
    offers = [offer("R1", "R2", 10), offer("R2", "R3", 10), offer("R1", "R3", 50)]
    assert route(plan_updates(offers, Running(revision("R1"))), "R3") == ["R2", "R3"]
    spared = plan_updates(offers, Running(revision("R1")), prefer=Prefer.REBOOTS)
    assert route(spared, "R3") == ["R3"]


def test_between_equal_bytes_the_path_with_fewer_reboots_wins() -> None:
    offers = [offer("R1", "R2", 10), offer("R2", "R3", 10), offer("R1", "R3", 20)]
    assert route(plan_updates(offers, Running(revision("R1"))), "R3") == ["R3"]


def test_a_package_of_unknown_size_is_not_taken_for_free() -> None:
    offers = [offer("R1", "R3", None), offer("R1", "R2", 10), offer("R2", "R3", 10)]
    updates = plan_updates(offers, Running(revision("R1")))
    assert route(updates, "R3") == ["R2", "R3"]
    assert ASSUMED_SIZE > 20


def test_the_counter_forbids_a_way_down_and_says_so() -> None:
    up = offer("R1", "R2", security_counter=5)
    down = offer("R2", "R1", security_counter=4)
    updates = plan_updates([up, down], Running(revision("R2")))
    assert updates.paths == ()
    (refused,) = updates.refused
    assert refused.name == "R2-R1.zip"
    assert "security counter 4 is below 5" in refused.reason


def test_a_way_down_that_its_maker_allows_is_a_downgrade() -> None:
    up = offer("R1", "R2", security_counter=5)
    down = offer("R2", "R1", security_counter=4, allows_downgrade=True)
    (path,) = plan_updates([up, down], Running(revision("R2"))).paths
    assert path.direction is Direction.DOWNGRADE
    assert path.has_way_back is True


def test_a_counter_that_was_told_is_kept() -> None:
    up = offer("R1", "R2", security_counter=5)
    assert plan_updates([up], Running(revision("R1"), security_counter=6)).paths == ()
    assert plan_updates([up], Running(revision("R1"), security_counter=5)).paths != ()


def test_the_counter_on_the_way_counts_and_not_only_the_first() -> None:
    offers = [
        offer("R1", "R2", security_counter=9),
        offer("R2", "R3", security_counter=8),
        offer("R1", "R4", 1000, security_counter=2),
        offer("R4", "R3", 1000, security_counter=8),
    ]
    updates = plan_updates(offers, Running(revision("R1")))
    assert route(updates, "R3") == ["R4", "R3"]


def test_no_hop_goes_down_on_the_way_up_where_another_way_exists() -> None:
    offers = [
        offer("R2", "R1", 1),
        offer("R1", "R3", 1),
        offer("R2", "R3", 1000),
    ]
    assert route(plan_updates(offers, Running(revision("R2"))), "R3") == ["R3"]


def test_two_builds_of_the_same_name_are_not_joined() -> None:
    one = offer("R1", "R2", new_release=Digest.of(b"one"))
    other = offer("R2", "R3", old_release=Digest.of(b"other"))
    updates = plan_updates([one, other], Running(revision("R1")))
    assert [path.new.text for path in updates.paths] == ["R2"]
    assert "also called R2" in updates.refused[0].reason


def test_packages_for_two_hardwares_are_not_mixed() -> None:
    offers = [offer("R1", "R2", hardware="X"), offer("R2", "R3", hardware="Y")]
    assert [p.new.text for p in plan_updates(offers, Running(revision("R1"))).paths] == ["R2"]
    told = plan_updates(offers, Running(revision("R1"), hardware="Y"))
    assert told.paths == ()


def test_a_package_for_another_model_is_refused() -> None:
    updates = plan_updates([offer("R1", "R2", model="BG95")], Running(revision("R1"), "BG96"))
    assert updates.paths == ()
    assert "model BG95" in updates.refused[0].reason


def test_a_revision_without_its_build_is_no_proof_of_what_runs() -> None:
    updates = plan_updates([offer(f"{A07}01.018.01.018", "R2")], Running(revision(A07[:-1])))
    assert updates.paths == ()
    assert "tells only BG96MAR02A07M1G" in updates.refused[0].reason


def test_the_running_revision_is_nothing_to_do_and_an_unknown_one_has_no_path() -> None:
    updates = plan_updates([offer("R1", "R2")], Running(revision("R1")))
    with pytest.raises(NothingToDoError):
        updates.path_to(revision("R1"))
    with pytest.raises(NoPathError, match="what can be reached is R2"):
        updates.path_to(revision("R9"))
    with pytest.raises(NothingToDoError):
        plan_updates([], Running(revision("R1"))).newest()


def test_the_newest_is_not_guessed() -> None:
    offers = [
        offer("R1", "R2", security_counter=2),
        offer("R1", "R2-BETA", security_counter=2),
    ]
    with pytest.raises(NoPathError, match="say it with --to"):
        plan_updates(offers, Running(revision("R1"), security_counter=1)).newest()
    with pytest.raises(NoPathError, match="say it with --to"):
        plan_updates([offer("R1", "BETA")], Running(revision("R1"))).newest()


def test_a_way_back_is_told_where_there_is_one() -> None:
    offers = [offer("R1", "R2"), offer("R2", "R3"), offer("R2", "R1")]
    paths = plan_updates(offers, Running(revision("R1"))).paths
    assert {path.new.text: path.has_way_back for path in paths} == {"R2": True, "R3": False}


def test_a_path_is_trusted_as_little_as_its_worst_hop() -> None:
    offers = [offer("R1", "R2", trust=Trust.VERIFIED), offer("R2", "R3", trust=Trust.NAME)]
    paths = plan_updates(offers, Running(revision("R1"))).paths
    assert [path.trust for path in paths] == [Trust.VERIFIED, Trust.NAME]


def test_a_hostile_index_costs_little_time_and_memory() -> None:
    chain = [offer(f"R{n}", f"R{n + 1}") for n in range(8000)]
    paths = plan_updates(chain, Running(revision("R0"))).paths
    assert len(paths) == HOPS_MAX
    fan = [offer("R0", f"X{n}") for n in range(1500)]
    fan += [offer(f"X{n}", "B", security_counter=n) for n in range(1500)]
    fan += [offer("B", f"Y{n}") for n in range(4000)]
    before = time.process_time()
    updates = plan_updates(fan, Running(revision("R0")))
    assert updates.paths
    assert updates.refused[-1].name == "further packages"
    assert time.process_time() - before < 20


# -- against every path there is -----------------------------------------------------------------

NODES = "ABCDE"
edges = st.lists(
    st.tuples(
        st.sampled_from(NODES),
        st.sampled_from(NODES),
        st.integers(1, 9),
        st.one_of(st.none(), st.integers(0, 2)),
        st.booleans(),
    ).filter(lambda edge: edge[0] != edge[1]),
    max_size=9,
    unique_by=lambda edge: edge[:3],
)


def every_path(offers: list[Offer], start: str, counter: int | None) -> dict[str, list[tuple]]:
    """All simple paths that the counters allow, by where they end: (downs, bytes, reboots)."""
    found: dict[str, list[tuple]] = {}
    counters: dict[str, int] = {}
    for one in offers:
        if one.security_counter is not None:
            known = counters.get(one.new.text, one.security_counter)
            counters[one.new.text] = min(known, one.security_counter)
    first = counters.get(start) if counter is None else counter

    def goes_down(before: int | None, here: str, one: Offer) -> bool:
        before = counters.get(here) if before is None else before
        after = one.security_counter
        if before is not None and after is not None and before != after:
            return after < before
        return one.allows_downgrade

    def walk(here: str, before: int | None, used: tuple, cost: tuple) -> None:
        for one in offers:
            if one.old.text != here or one in used:
                continue
            low = (
                before is not None
                and one.security_counter is not None
                and one.security_counter < before
            )
            if low and not one.allows_downgrade:
                continue
            down = cost[0] + goes_down(before, here, one)
            new_cost = (down, cost[1] + (one.size or 0), cost[2] + 1)
            found.setdefault(one.new.text, []).append(new_cost)
            walk(one.new.text, one.security_counter, (*used, one), new_cost)

    walk(start, first, (), (0, 0, 0))
    found.pop(start, None)
    return found


@given(edges, st.one_of(st.none(), st.integers(0, 2)), st.sampled_from(Prefer))
def test_the_planner_finds_what_trying_everything_finds(
    drawn: list[tuple[str, str, int, int | None, bool]], counter: int | None, prefer: Prefer
) -> None:
    offers = [
        offer(
            old,
            new,
            size,
            name=f"{old}{new}{size}",
            location=f"{old}{new}{size}",
            security_counter=number,
            allows_downgrade=allowed,
        )
        for old, new, size, number, allowed in drawn
    ]
    truth = every_path(offers, "A", counter)
    updates = plan_updates(
        reversed(offers), Running(revision("A"), security_counter=counter), prefer=prefer
    )
    assert {path.new.text for path in updates.paths} == set(truth)
    for path in updates.paths:
        downs = sum(hop.direction is Direction.DOWNGRADE for hop in path.hops)
        cost = (downs, path.size or 0, len(path.hops))
        if prefer is Prefer.BYTES:
            assert cost == min(truth[path.new.text])
        else:
            swapped = min((down, reboots, size) for down, size, reboots in truth[path.new.text])
            assert (cost[0], cost[2], cost[1]) == swapped
        joined = [hop.offer.old for hop in path.hops[1:]]
        assert joined == [hop.offer.new for hop in path.hops[:-1]]
    assert (
        plan_updates(offers, Running(revision("A"), security_counter=counter), prefer=prefer)
        == updates
    )


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "revisions"),
    [
        (f"{A07}01.016.01.016-{A07}01.018.01.018.bin",
         (f"{A07}01.016.01.016", f"{A07}01.018.01.018")),
        (f"{A07}01.014.01.014-01.017.01.017.bin",
         (f"{A07}01.014.01.014", f"{A07}01.017.01.017")),
        ("EG91R06A07-TO-EG91R06A08.zip", ("EG91R06A07", "EG91R06A08")),
        ("R1-2-TO-R1-3.zip", ("R1-2", "R1-3")),
        ("update.zip", None),
        ("BG96_112A_119.zip", None),
        ("R1-R1.zip", None),
        ("my-package.zip", None),
        ("R1-R2-R3.zip", None),
        ("R1-R2.txt", None),
        ("R1-.zip", None),
        ("R 1-R2.zip", None),
        ("R1-TO-R2-TO-R3.zip", None),
        ("R1-" + "2" * 300 + ".zip", None),
    ],
)  # fmt: skip
def test_the_names_that_vendors_give_are_read(name: str, revisions: tuple[str, str] | None) -> None:
    found = revisions_in_name(name)
    assert (found and (found[0].text, found[1].text)) == revisions


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (f"{A07}01.019.01.019", f"{A07}01.018.01.018", True),
        (f"{A07}01.018.01.018", f"{A07}01.019.01.019", False),
        ("BG96MAR02A08M1G_01.012.01.012", f"{A07}01.019.01.019", True),
        ("R10", "R9", True),
        ("R1", "R1", None),
        ("R1", "R1-BETA", None),
        ("BG96MAR02A07M1G", "BG95M3LAR02A03", None),
        ("EG91R1", "BG96R2", None),
    ],
)
def test_newer_is_told_by_numbers_only(one: str, other: str, expected: bool | None) -> None:
    assert is_newer(revision(one), revision(other)) is expected
