# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The host is killed and the module loses its power, anywhere: the end is proven or truly told.

``End.NEW`` is a revision that was read back; ``End.OLD`` an error while the old firmware is
whole; ``End.UNKNOWN`` may be said only while nobody can know. ``run`` holds each against the
module. AT+QFOTADL is counted at the module: never two.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from virtual_bench import URL, End, VirtualBench

from dfota.host import UpgradeRecord, resume, upgrade
from dfota.modem import PowerCut

HOW = ["local", "remote"]


def plan_of(bench: VirtualBench, how: str, **values: object):
    return bench.plan(url=URL, **values) if how == "remote" else bench.plan(**values)


# -- power cuts of the module ------------------------------------------------------------------

BEFORE_START = {
    "identifying": "AT+QGMR",
    "checks": "AT+CBC",
    "upload-begins": "AT+QFUPL",
}
AFTER_START = ["download:30", "start:0", "updating:1", "updating:50", "updating:99", "restore:1",
               "restore:50", "restore:99", "end:0"]  # fmt: skip


@pytest.mark.parametrize("ports", [("usbat",), ("uart1",)], ids=["usb", "uart"])
@pytest.mark.parametrize("where", list(BEFORE_START))
def test_a_cut_before_the_start_is_no_start_or_a_whole_upgrade(where: str, ports) -> None:
    bench = VirtualBench(ports=ports)
    bench.when_sent(BEFORE_START[where], bench.cut)
    end = bench.run(upgrade(bench.plan()))
    assert len(bench.starts) == (1 if end is End.NEW else 0)
    assert end is not End.UNKNOWN
    assert bench.run(upgrade(bench.plan())) is End.NEW


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_a_cut_in_the_upload_is_no_start_or_a_whole_upgrade(share: float) -> None:
    bench = VirtualBench()
    at = int(len(bench.package) * share)

    def cut_later() -> None:
        begin = len(bench.sent)
        write = bench.write

        def writing(data: bytes) -> None:
            write(data)
            if len(bench.sent) - begin >= at:
                bench.write = write
                bench.cut()

        bench.write = writing

    bench.when_sent("AT+QFUPL", cut_later)
    end = bench.run(upgrade(bench.plan()))
    assert end is not End.UNKNOWN
    # Before the start the host asks once more: a module that is off starts nothing.
    assert len(bench.starts) == (1 if end is End.NEW else 0)
    assert bench.run(upgrade(bench.plan())) is End.NEW


@pytest.mark.parametrize("mode", ["before", "head", "tail", "after"])
@pytest.mark.parametrize(
    ("cut", "how"),
    [(cut, how) for cut in AFTER_START for how in HOW if (cut[:8], how) != ("download", "local")],
)
def test_a_cut_after_the_start_ends_in_a_proof_or_in_the_truth(
    how: str, cut: str, mode: str
) -> None:
    bench = VirtualBench()
    bench.module.arm_power_cut(PowerCut.parse(f"{cut}:{mode}"))
    end = bench.run(upgrade(plan_of(bench, how)))
    assert bench.module.last_cut is not None
    assert len(bench.starts) == 1
    # Power is back, so somebody can know; and what RESTORE had begun is finished. Behind the
    # last percent of UPDATING it may have.
    assert end is not End.UNKNOWN
    if cut != "updating:99":
        assert end is (End.NEW if cut.startswith(("restore", "end")) else End.OLD)
    assert bench.records[-1].is_ended
    if end is End.OLD:
        assert bench.run(upgrade(plan_of(bench, how))) is End.NEW


@pytest.mark.parametrize("word", ['"HTTPEND",0', "RDY"], ids=["downloaded", "in-reboot"])
def test_a_cut_between_two_phases_ends_in_a_proof_or_in_the_truth(word: str) -> None:
    bench = VirtualBench()
    bench.when_said(word, bench.cut)
    end = bench.run(upgrade(bench.plan(url=URL)))
    assert end is (End.OLD if "HTTPEND" in word else End.NEW)
    assert len(bench.starts) == 1


def test_three_cuts_in_restore_are_survived_in_one_run() -> None:
    bench = VirtualBench()
    for percent in (20, 55, 90):
        bench.when_said(f'"RESTORE", {percent}%', bench.cut)
        bench.when_said(f'"RESTORE",{percent}%', bench.cut)
    assert bench.run(upgrade(bench.plan())) is End.NEW
    assert len(bench.starts) == 1


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("cut", ["start:0", "updating:50", "restore:50", "end:0"])
def test_power_that_does_not_return_is_an_outcome_that_nobody_knows(how: str, cut: str) -> None:
    """And when it is back next morning, the record leads to the truth without a second start."""
    bench = VirtualBench("bg96", "power_on_after_s=3600")
    bench.power_returns_after_s = None
    bench.module.arm_power_cut(PowerCut.parse(cut))
    plan = plan_of(bench, how)
    assert bench.run(upgrade(plan)) is End.UNKNOWN
    assert not bench.records[-1].is_ended
    assert bench.records[-1].outcome
    bench.pause(8 * 3600)
    bench.module.power_on()
    end = bench.go_on(plan)
    assert end is (End.NEW if cut.startswith(("restore", "end")) else End.OLD)
    assert len(bench.starts) == 1
    assert bench.records[-1].is_ended


@pytest.mark.long
@pytest.mark.parametrize("phase", ["updating", "restore"])
def test_a_cut_at_every_percent_ends_in_a_proof_or_in_the_truth(phase: str, record_property):
    ends: Counter[str] = Counter()
    for percent in range(1, 101):
        for mode in ("before", "head", "tail", "after"):
            bench = VirtualBench()
            bench.module.arm_power_cut(PowerCut.parse(f"{phase}:{percent}:{mode}"))
            end = bench.run(upgrade(bench.plan(url=URL)))
            assert len(bench.starts) == 1
            ends[end.value] += 1
    record_property("ends", dict(ends))
    assert ends["unknown"] == 0
    assert ends["new"] + ends["old"] == 400


# -- the host is killed ------------------------------------------------------------------------


def killed_and_resumed(how: str, at_call: int, away_s: float, *, kind: str = "bg96") -> End | None:
    """One host killed at a call, another goes on; ``None``: the first came to its end."""
    bench = VirtualBench(kind)
    plan = plan_of(bench, how)
    if not bench.run_and_kill(plan, at_call):
        return None
    bench.pause(away_s)
    end = bench.go_on(plan)
    assert end is not End.UNKNOWN
    assert len(bench.starts) <= 1
    assert bench.records[-1].is_ended
    assert bench.records[-1].settings == ()
    return end


SAMPLED = [(how, away_s) for how in HOW for away_s in (0.0, 30.0, 900.0)]


def sweep(how: str, away_s: float, calls: range, *, kind: str = "bg96") -> Counter[str]:
    ends: Counter[str] = Counter()
    for at_call in calls:
        end = killed_and_resumed(how, at_call, away_s, kind=kind)
        if end is None:
            break
        ends[end.value] += 1
    return ends


@pytest.mark.parametrize(("how", "away_s"), SAMPLED)
def test_a_host_killed_at_any_step_goes_on_from_its_record(
    how: str, away_s: float, record_property
) -> None:
    begin = 1 + SAMPLED.index((how, away_s))
    ends = sweep(how, away_s, range(begin, 10_000, 13))
    record_property("ends", dict(ends))
    assert sum(ends.values()) > 20, ends
    assert ends["new"] > ends["old"], ends


def test_a_host_killed_at_any_step_of_the_upload_goes_on_at_once() -> None:
    """Also between AT+QFUPL and its CONNECT, which the next host then hears."""
    ends = Counter(killed_and_resumed("local", at_call, 0.0) for at_call in range(50, 76))
    # One: killed between the record that says "started" and the command. It is never sent.
    assert ends == {End.NEW: 25, End.OLD: 1}


@pytest.mark.long
@pytest.mark.parametrize(("how", "away_s"), SAMPLED)
@pytest.mark.parametrize("kind", ["bg96", "bg95", "ec2x"])
def test_a_host_killed_at_every_step_goes_on_from_its_record(
    kind: str, how: str, away_s: float, record_property
) -> None:
    ends = sweep(how, away_s, range(1, 10_000), kind=kind)
    record_property("ends", dict(ends))
    assert sum(ends.values()) > 150, ends


@pytest.mark.parametrize("is_written", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("how", HOW)
def test_a_host_killed_while_it_writes_its_record_goes_on(how: str, is_written: bool) -> None:
    """The record is there whole or as it was before; either way nothing is started twice."""
    bench = VirtualBench()
    plan = plan_of(bench, how)
    bench.run(upgrade(plan))
    count = len(bench.records)
    assert count >= 7
    for number in range(count):
        bench = VirtualBench()
        assert kill_at_record(bench, plan, number, is_written=is_written)
        bench.pause(5.0)
        assert bench.go_on(plan) is not End.UNKNOWN
        assert len(bench.starts) <= 1
        assert bench.records[-1].is_ended


def kill_at_record(bench: VirtualBench, plan, number: int, *, is_written: bool) -> bool:
    def keep(record: UpgradeRecord) -> None:
        dies = len(bench.records) == number
        if is_written or not dies:
            bench.records.append(record)
        if dies:
            raise KilledInKeepError

    try:
        with bench.session(keep=keep) as session:
            session.run(upgrade(plan))
    except KilledInKeepError:
        return True
    return False


class KilledInKeepError(BaseException):
    """The process is gone."""


def test_settings_are_as_before_after_a_kill_and_a_resume() -> None:
    for at_call in range(40, 280, 30):
        bench = VirtualBench(ports=("uart1", "usbat"))
        bench.ask("AT+QSCLK=1")
        bench.ask('AT+CPSMS=1,,,"00000100","00001111"')
        asked = ("AT+QSCLK?", "AT+CPSMS?", 'AT+QURCCFG="urcport"', 'AT+QCFGEXT="fota_apn"')
        before = [bench.ask(line).replace(line, "") for line in asked]
        plan = bench.plan(port_role="uart1")
        assert bench.run_and_kill(plan, at_call)
        bench.pause(5)
        bench.go_on(plan)
        # Echo is what a host switches off for itself.
        after = [bench.ask(line).replace(line, "") for line in asked]
        assert [text.strip() for text in after] == [text.strip() for text in before], at_call


# -- both --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_a_host_killed_again_and_again_and_a_module_that_is_cut_end_in_the_truth(
    seed: int,
) -> None:
    end, bench = tormented(seed)
    assert end is not End.UNKNOWN
    assert len(bench.starts) <= 1


@pytest.mark.long
def test_many_kills_with_many_cuts_end_in_the_truth(record_property) -> None:
    ends: Counter[str] = Counter()
    for seed in range(100, 1100):
        end, bench = tormented(seed)
        ends[end.value] += 1
        assert len(bench.starts) <= 1, seed
    record_property("ends", dict(ends))
    assert ends["unknown"] == 0, ends


def tormented(seed: int) -> tuple[End, VirtualBench]:
    """Up to five kills of the host and two cuts of the module, all by the seed."""
    source = random.Random(seed)  # noqa: S311 - repeatable
    bench = VirtualBench(source.choice(["bg96", "bg95", "ec2x"]))
    plan = plan_of(bench, source.choice(HOW))
    place = source.choice(["download", "start", "updating", "restore", "end"])
    bench.module.arm_power_cut(PowerCut.parse(f"{place}:{source.randint(0, 99)}"))
    if source.random() < 0.5:
        bench.when_said(source.choice(["RDY", '"UPDATING"', '"RESTORE"', "+CFUN: 1"]), bench.cut)
    for _ in range(source.randint(1, 5)):
        bench.kill_at_call = bench.calls + source.randint(1, 250)
        try:
            end = bench.go_on(plan)
        except BaseException as error:
            if type(error).__name__ != "HostKilledError":
                raise
            bench.pause(source.choice([0.0, 3.0, 60.0, 900.0]))
            continue
        bench.kill_at_call = None
        if bench.records and bench.records[-1].is_ended and bench.starts:
            return end, bench
    bench.kill_at_call = None
    return bench.go_on(plan), bench


def test_a_record_alone_is_enough_to_go_on() -> None:
    """After a kill in RESTORE nothing is known but the record: no package, no URL."""
    bench = VirtualBench()
    assert bench.run_and_kill(bench.plan(), 200)
    record = UpgradeRecord.decode(bench.records[-1].encode())
    assert record.is_started
    assert bench.run(resume(None, record)) is End.NEW
    assert len(bench.starts) == 1
