# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of module is upgraded by the one procedure: virtual modules on a virtual clock."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

import pytest
from virtual_bench import (
    REVISIONS,
    URL,
    HostKilledError,
    VirtualBench,
    answers,
    fails,
    refuses,
)

from dfota.errors import (
    CheckFailedError,
    DownloadFailedError,
    InstallFailedError,
    OutcomeUnknownError,
    UpdateDroppedError,
)
from dfota.host import (
    KINDS,
    FolderRefused,
    HostEvent,
    KindChosen,
    PhaseEntered,
    PortLost,
    Progressed,
    SettingChanged,
    UpgradeRecord,
    Uploaded,
    put_back,
    resume,
    upgrade,
)
from dfota.modem import (
    NetworkFailure,
    PowerCut,
)

ALL = [kind for kind in REVISIONS if kind != "bg96-2017"]


@pytest.mark.parametrize("kind", ALL)
def test_every_kind_is_upgraded_from_a_package_at_hand(kind: str) -> None:
    bench = VirtualBench(kind)
    upgraded = bench.upgrade()
    assert upgraded.revision_after == bench.new
    assert len(bench.starts) == 1
    assert bench.of(KindChosen)[0].kind == kind
    assert sum(event.done == event.total for event in bench.of(Uploaded)) == 1
    assert bench.records[-1].is_ended
    assert bench.records[-1].settings == ()
    # Nothing of it is left to take room.
    assert "update" not in bench.ask('AT+QFLST="*"')


@pytest.mark.parametrize("kind", list(REVISIONS))
def test_every_kind_is_upgraded_from_a_server(kind: str) -> None:
    bench = VirtualBench(kind)
    upgraded = bench.upgrade(url=URL)
    assert upgraded.revision_after == bench.new
    assert len(bench.starts) == 1
    assert bench.of(KindChosen)[0].kind == kind
    assert bench.phases[:4] == ["preparing", "starting", "downloading", "downloaded"]
    assert ("restoring" in bench.phases) is KINDS[kind].has_restore


@pytest.mark.parametrize("kind", ["ec2x", "eg9x"])
def test_the_port_of_a_module_with_linux_goes_away_twice(kind: str) -> None:
    bench = VirtualBench(kind)
    bench.upgrade()
    assert len(bench.of(PortLost)) == 2
    assert bench.starts == ['AT+QFOTADL="/data/ufs/dfota_update.bin"']


def test_a_folder_that_is_not_there_is_answered_at_once_and_the_next_is_tried() -> None:
    bench = VirtualBench("ec2x", "local_folders=/usrdata/cache/ufs/")
    assert bench.upgrade().revision_after == bench.new
    assert [event.line for event in bench.of(FolderRefused)] == bench.starts[:2]
    assert bench.starts[2] == 'AT+QFOTADL="/usrdata/cache/ufs/dfota_update.bin"'
    # A record never says less than what was sent.
    assert all(record.is_started for record in bench.records if record.phase == "starting")


def test_standard_a_takes_the_package_on_the_same_port() -> None:
    bench = VirtualBench("std-a")
    bench.upgrade()
    (start,) = bench.starts
    assert start == f'AT+QFOTADL="FILE:{len(bench.package)}",1,100,100'
    told = [event for event in bench.of(Progressed) if event.phase.value == "downloading"]
    assert told, "DOWNLOADING lines are progress"


def test_percents_may_jump_and_end_before_100() -> None:
    bench = VirtualBench("std-a")
    assert bench.upgrade(url=URL, kind=replace(KINDS["std-a"], options=()))
    percents = [e.percent for e in bench.of(Progressed) if e.phase.value == "updating"]
    assert percents[-1] == 91
    assert len(percents) < 13


@pytest.mark.parametrize(
    ("kind", "status", "failure", "code", "family"),
    [
        ("bg96", 404, None, 706, "bg96"),
        ("ec2x", 404, None, 701, "linux"),
        ("std-a", 200, NetworkFailure.REFUSED, 716, "standard-a"),
    ],
)
def test_a_failed_download_speaks_of_the_modules_own_family(
    kind: str, status: int, failure: NetworkFailure | None, code: int, family: str
) -> None:
    bench = VirtualBench(kind)
    bench.server.script = lambda _target: (
        answers(bench.package, status=status) if failure is None else fails(failure)
    )
    with pytest.raises(DownloadFailedError) as caught:
        bench.upgrade(url=URL)
    assert (caught.value.http_err, caught.value.family) == (code, family)
    assert "guide's table" not in caught.value.meaning
    assert bench.records[-1].is_ended
    assert str(code) in bench.records[-1].outcome


@pytest.mark.parametrize(
    ("kind", "code", "family"), [("bg96", 506, "bg96"), ("std-a", 505, "standard-a")]
)
def test_a_failed_installation_speaks_of_the_modules_own_family(
    kind: str, code: int, family: str
) -> None:
    bench = VirtualBench(kind)
    bench.package = bench.package[:-200] + bytes(200)
    with pytest.raises(InstallFailedError) as caught:
        bench.upgrade()
    assert (caught.value.err, caught.value.family) == (code, family)
    assert len(bench.starts) == 1


def test_an_old_bg96_is_noticed_as_it_refuses_its_access_point() -> None:
    bench = VirtualBench("bg96-2017")
    bench.server.script = lambda _target: refuses()
    with pytest.raises(DownloadFailedError) as caught:
        bench.upgrade(url=URL)
    assert caught.value.family == "bg96-2017"
    assert bench.of(KindChosen)[0].reason == "its firmware knows no fota_apn"


def test_a_kind_that_is_named_is_taken_at_its_word() -> None:
    bench = VirtualBench("bg96")
    bench.upgrade(url=URL, kind=KINDS["bg96-2017"])
    assert bench.of(KindChosen)[0].reason == "it was named"
    assert bench.of(KindChosen)[0].kind == "bg96-2017"


def test_a_stranger_is_refused_and_can_be_forced() -> None:
    bench = VirtualBench("bg96", "model_prefix=BG9")
    said = bench.module.feed
    bench.module.feed = lambda data, **rest: said(data, **rest).replace(b"\nBG96\r", b"\nSIM7000\r")
    with pytest.raises(CheckFailedError, match="SIM7000") as caught:
        bench.upgrade()
    assert "--module bg96" in caught.value.remedy
    assert bench.starts == []
    bench.events.clear()
    assert bench.upgrade(kind=KINDS["bg96"]).revision_after == bench.new


@pytest.mark.parametrize("kind", ["bg96", "bg95", "ec2x", "eg9x", "std-a"])
@pytest.mark.parametrize(
    "cut", ["updating:1", "updating:50", "updating:99", "restore:50", "end"], ids=str
)
def test_a_power_cut_of_any_kind_ends_in_a_proof_or_in_the_truth(kind: str, cut: str) -> None:
    bench = VirtualBench(kind)
    bench.module.arm_power_cut(PowerCut.parse(cut))
    runs = bench.old
    with suppress(UpdateDroppedError):
        runs = bench.upgrade().revision_after
    assert runs == bench.module.firmware.revision.text
    assert len(bench.starts) == 1
    assert bench.records[-1].is_ended
    assert runs == (bench.new if "read back" in bench.records[-1].outcome else bench.old)


@pytest.mark.parametrize("kind", ["bg96", "ec2x", "std-a"])
def test_urcs_that_go_elsewhere_are_fetched_where_the_host_listens(kind: str) -> None:
    """The board has only the UART wired; ``urcport`` is what it is from the factory."""
    bench = VirtualBench(kind, ports=("uart1", "usbat"))
    upgraded = bench.upgrade(port_role="uart1")
    assert upgraded.revision_after == bench.new
    (changed,) = [event for event in bench.of(SettingChanged) if event.setting == "urc-port"]
    assert changed.after == 'AT+QURCCFG="urcport","uart1"'
    assert '"usbat"' in bench.ask('AT+QURCCFG="urcport"')
    assert "updating" in bench.phases


@pytest.mark.parametrize("delay_s", [1.0, 20.0, 50.0])
def test_urcs_that_go_elsewhere_hide_no_success(delay_s: float) -> None:
    """Nobody knows which port of the module this is; the revision tells in the end."""
    bench = VirtualBench("bg96", ports=("uart1", "usbat"))
    bench.server.script = lambda _target: [
        (delay_s + at, event) for at, event in answers(bench.package, pieces=1, seconds=0.5)
    ]
    assert bench.upgrade(url=URL).revision_after == bench.new
    assert '"usbat"' in bench.ask('AT+QURCCFG="urcport"')
    assert len(bench.starts) == 1


def test_urcs_that_go_elsewhere_are_looked_for_at_each_port() -> None:
    bench = VirtualBench("bg96", ports=("uart1", "usbat"))
    bench.server.script = lambda _target: [(1e9, event) for _, event in refuses()]
    with pytest.raises((OutcomeUnknownError, DownloadFailedError)):
        bench.upgrade(url=URL)
    assert len(bench.of(SettingChanged)) == 1
    tried = set(re.findall(rb'"urcport","(\w+)"', bytes(bench.sent)))
    assert tried == {b"usbat", b"usbmodem", b"uart1"}
    assert bench.now < 1200
    assert len(bench.starts) == 1


# -- the host dies ---------------------------------------------------------------------------


ABSENT = {("std-a", "uploading"), ("ec2x", "restoring"), ("std-a", "restoring")}
"""Phases that a kind does not have: there the host lives to the end."""


@pytest.mark.parametrize("kind", ["bg96", "ec2x", "std-a"])
@pytest.mark.parametrize(
    "phase",
    ["preparing", "uploading", "starting", "downloading", "downloaded", "installing", "updating",
     "restoring", "rebooting"],
)  # fmt: skip
@pytest.mark.parametrize("away_s", [1.0, 400.0])
def test_a_host_that_is_killed_goes_on_from_its_record(
    kind: str, phase: str, away_s: float
) -> None:
    bench = VirtualBench(kind)
    is_remote = phase in {"downloading", "downloaded"}

    def kill(event: HostEvent) -> None:
        bench.events.append(event)
        if isinstance(event, PhaseEntered) and event.phase.value == phase:
            raise HostKilledError

    plan = bench.plan(url=URL) if is_remote else bench.plan()
    try:
        with bench.session(on_event=kill) as session:
            session.run(upgrade(plan))
    except HostKilledError:
        pass
    else:
        assert (kind, phase) in ABSENT
        return
    bench.pause(away_s)
    while not bench.is_there:
        bench.pause(1)  # nobody can open a port that is away
    record = bench.records[-1] if bench.records else UpgradeRecord(port="virtual")
    record = UpgradeRecord.decode(record.encode())
    starts_before = len(bench.starts)

    # A package that is sent behind the start ends with the host that sent it.
    may_fail = (UpdateDroppedError, DownloadFailedError) if kind == "std-a" else ()
    runs = bench.old
    with suppress(*may_fail), bench.session() as session:
        runs = session.run(resume(plan, record)).revision_after
    assert runs == bench.module.firmware.revision.text

    if record.is_started:
        assert len(bench.starts) == starts_before <= 1
    assert len(bench.starts) <= 1
    assert bench.records[-1].is_ended
    assert bench.records[-1].settings == ()


def test_a_record_of_another_module_is_not_believed() -> None:
    bench = VirtualBench("bg96")
    record = UpgradeRecord(imei="490154203237518", is_started=True, phase="restoring")
    with bench.session() as session, pytest.raises(OutcomeUnknownError, match="490154203237518"):
        session.run(resume(None, record))
    assert bench.starts == []


def test_settings_can_be_put_back_from_a_record_alone() -> None:
    bench = VirtualBench("bg96")
    bench.ask("AT+QSCLK=1")
    bench.ask('AT+CPSMS=1,,,"00000100","00001111"')
    record = UpgradeRecord(settings=("AT+QSCLK=0", "AT+CPSMS=0", "AT+CFUN=0", "AT&F;+CFUN=4"))
    with bench.session() as session:
        left = session.run(put_back(record))
    assert "+QSCLK: 0" in bench.ask("AT+QSCLK?")
    assert "+CPSMS: 0" in bench.ask("AT+CPSMS?")
    # A line of a forged record that is no setting of ours is not sent.
    assert left.settings == ("AT+CFUN=0", "AT&F;+CFUN=4")
    assert b"CFUN" not in bytes(bench.sent)
