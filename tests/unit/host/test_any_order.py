# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a module says, in whatever order: the end is a proof, a true error, or "not known"."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dfota.errors import (
    DownloadFailedError,
    HostError,
    InstallFailedError,
    OtherModuleError,
    OutcomeUnknownError,
    RevisionMismatchError,
)
from dfota.host import KINDS, HostEvent, Plan, Session, Upgraded, UpgradeRecord, resume, upgrade
from dfota.values import FirmwareVersion

WORDS = (
    '"HTTPSTART"', '"FTPSTART"', '"FILESTART"', '"HTTPEND",0', '"HTTPEND",702', '"FTPEND",0',
    '"FTPEND",608', '"FILEEND",0', '"FILEEND",500', '"DOWNLOADING",7', '"START"', '"UPDATING", 1%',
    '"UPDATING",50', '"UPDATING",99%', '"UPDATING",100', '"RESTORE", 1%', '"RESTORE",100',
    '"END",0', '"END",504', '"END",511', '"Last upgrade was not finished,continue upgrade"',
    '"UPDATING",101', '"END"', '"NONSENSE",3',
)  # fmt: skip
SAID = (
    *(f'+QIND: "FOTA",{word}' for word in WORDS),
    "RDY", "APP RDY", "POWERED DOWN", "+CFUN: 1", "+CPIN: READY", '+QSCRUB: "START"',
    '+QSCRUB: "END",0', "OK", "ERROR", "+CME ERROR: 3", "CONNECT", "AAAA", "\xff\x00\xfe",
)  # fmt: skip
DONE = ("gone", "back", "deaf", "hears", "runs-new", "runs-old", "replaced")
DELAYS_S = (0.0, 0.05, 1.0, 7.0, 40.0, 70.0, 350.0, 950.0)

ROAD = (
    '+QIND: "FOTA","HTTPSTART"', '+QIND: "FOTA","HTTPEND",0', '+QIND: "FOTA","START"',
    '+QIND: "FOTA","UPDATING",50', '+QIND: "FOTA","RESTORE",100', '+QIND: "FOTA","END",0', "runs-new", "RDY",
)  # fmt: skip
"""How it should be; most lists are this one, with losses and things in between."""

anything = st.tuples(st.sampled_from(DELAYS_S), st.sampled_from(SAID + DONE))


@st.composite
def disturbed_roads(draw: st.DrawFn) -> list[tuple[float, str]]:
    script: list[tuple[float, str]] = []
    for word in ROAD:
        script += draw(st.lists(anything, max_size=1))
        if draw(st.integers(0, 7)):
            script.append((draw(st.sampled_from(DELAYS_S[:5])), word))
    return script


actions = st.one_of(st.lists(anything, max_size=14), disturbed_roads(), disturbed_roads())
kinds = st.sampled_from([*KINDS.values(), None])


@dataclass
class World:
    """A module that does what a list says, and the truth about what it ran."""

    bench: object
    said: list[str]

    def happen(self, script: list[tuple[float, str]]) -> None:
        at = 0.02
        for delay_s, word in script:
            at += delay_s
            self.bench.module.later(at, lambda word=word: self._do(word))
        # In the end everything is there again: the host is not held by a port that is away.
        self.bench.module.later(at + 1, self.bench.port.appear)

    def _do(self, word: str) -> None:
        module, port = self.bench.module, self.bench.port
        match word:
            case "gone":
                port.vanish()
            case "back":
                port.appear()
            case "deaf" | "hears":
                module.deaf = word == "deaf"
            case "runs-new" | "runs-old":
                module.revision = self.bench.NEW if word == "runs-new" else self.bench.OLD
            case "replaced":
                module.answers["AT+CGSN"] = ("490154203237518", "OK")
            case _:
                self.said.append(word)
                module.later(0, f"\r\n{word}\r\n".encode("latin-1"))


def plan_for(bench, kind, *, is_expected: bool, role: str) -> Plan:
    return Plan(
        url=bench.URL,
        expected=FirmwareVersion(bench.NEW) if is_expected else None,
        kind=kind,
        port_role=role,
    )


def judge(bench, said: list[str], run) -> Upgraded | HostError:
    """Run to the end; whatever it says must be true of the module."""
    result: Upgraded | HostError
    try:
        result = run()
    except HostError as error:
        result = error
    match result:
        case Upgraded():
            assert result.revision_after == bench.module.revision == bench.NEW
        case DownloadFailedError():
            assert any(f'{result.urc}",{result.http_err}' in word for word in said)
        case InstallFailedError():
            assert any(f'"END",{result.err}' in word for word in said)
        case RevisionMismatchError():
            assert result.actual == bench.module.revision != bench.NEW
        case OtherModuleError():
            assert result.actual == "490154203237518"
        case _:
            pass
    return result


def limit_of(script: list[tuple[float, str]]) -> float:
    """What a whole upgrade may take: each thing that happens begins a silence anew."""
    return sum(delay_s for delay_s, _ in script) + 900.0 * (len(script) + 4)


@given(script=actions, kind=kinds, is_expected=st.booleans(), role=st.sampled_from(["", "usbat"]))
@settings(max_examples=200, deadline=None)
def test_any_order_after_the_start_ends_in_a_proof_or_the_truth(
    make_bench, script, kind, is_expected, role
) -> None:
    bench = make_bench()
    world = World(bench, [])
    options = "".join(f",{n}" for n in kind.options) if kind else ""
    start = f"{bench.START_URL}{options}"
    bench.module.answers[start] = "OK"
    bench.when(start, lambda: world.happen(script))
    plan = plan_for(bench, kind, is_expected=is_expected, role=role)

    result = judge(bench, world.said, lambda: bench.upgrade(plan))

    assert bench.starts == 1
    assert bench.module.now <= limit_of(script)
    record = bench.records[-1]
    assert record.is_started
    assert record.is_ended is not isinstance(result, OutcomeUnknownError)


@given(script=actions, kind=kinds)
@settings(max_examples=75, deadline=None)
def test_any_order_before_the_start_starts_at_most_once(make_bench, script, kind) -> None:
    bench = make_bench()
    world = World(bench, [])
    world.happen([(delay_s / 100, word) for delay_s, word in script])

    result = judge(
        bench,
        world.said,
        lambda: bench.upgrade(plan_for(bench, kind, is_expected=True, role="usbat")),
    )

    assert bench.starts <= 1
    assert bench.module.now <= limit_of(script)
    if bench.starts:
        assert bench.records[-1].is_started
    elif not isinstance(result, Upgraded | OutcomeUnknownError):
        # Whoever was not started is told as such, or was found upgrading.
        found_at = any("FOTA" in word for word in world.said)
        assert found_at or not any(record.is_started for record in bench.records)


class HostKilled(BaseException):
    """The process is gone."""


@given(
    script=actions,
    dies_at=st.integers(0, 40),
    away_s=st.sampled_from(DELAYS_S),
    is_planned=st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_a_host_that_dies_anywhere_never_starts_twice(
    make_bench, script, dies_at, away_s, is_planned
) -> None:
    bench = make_bench()
    world = World(bench, [])
    bench.when(bench.START_URL, lambda: world.happen(script))
    plan = plan_for(bench, KINDS["bg96"], is_expected=True, role="usbat")
    left = [dies_at]

    def die(event: HostEvent) -> None:
        bench.events.append(event)
        left[0] -= 1
        if left[0] < 0:
            raise HostKilled

    session = Session(
        bench.port.open,
        port="fake",
        on_event=die,
        keep=bench.records.append,
        clock=lambda: bench.module.now,
        pause=bench.port.pause,
    )
    with suppress(HostKilled, HostError), session:
        session.run(upgrade(plan))
    bench.port.pause(away_s)
    bench.port.appear()
    record = bench.records[-1] if bench.records else UpgradeRecord(location=bench.URL)
    if record.is_ended:
        return
    record = UpgradeRecord.decode(record.encode())
    begun_at = bench.module.now

    def again() -> Upgraded:
        with bench.session() as second:
            return second.run(resume(plan if is_planned else None, record))

    result = judge(bench, world.said, again)

    assert bench.starts <= 1
    assert bench.module.now - begun_at <= limit_of(script)
    if record.is_started and not isinstance(result, OutcomeUnknownError):
        assert bench.records[-1].is_ended


def test_a_module_that_never_stops_talking_is_given_up(make_bench) -> None:
    bench = make_bench()
    limits = replace(Plan(url=bench.URL).limits, whole_s=600.0)
    bench.when(
        bench.START_URL,
        lambda: bench.module.at(1, *['+QIND: "FOTA","UPDATING",7'] * 100, every_s=20),
    )
    with pytest.raises(OutcomeUnknownError):
        bench.upgrade(Plan(url=bench.URL, facts=bench.FACTS, limits=limits))
    assert bench.module.now < 700
