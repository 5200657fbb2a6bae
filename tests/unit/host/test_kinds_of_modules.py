# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Every kind of module is upgraded by the one procedure: virtual modules on a virtual clock."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache

import pytest

from dfota import delta
from dfota.errors import (
    CheckFailedError,
    DownloadFailedError,
    InstallFailedError,
    OutcomeUnknownError,
    PortError,
    UpdateDroppedError,
)
from dfota.host import (
    KINDS,
    FolderRefused,
    HostEvent,
    KindChosen,
    PhaseEntered,
    Plan,
    PortLost,
    Progressed,
    Session,
    SettingChanged,
    UpgradeRecord,
    Uploaded,
    put_back,
    resume,
    upgrade,
)
from dfota.modem import (
    Connected,
    Dial,
    Failed,
    NetworkFailure,
    PowerCut,
    Received,
    Speed,
    Trust,
    VirtualModule,
    profile_named,
    with_settings,
)
from dfota.package import Partition, Release, SigningKey, build
from dfota.values import FirmwareVersion

KEY = SigningKey.generate()
URL = "http://packages.example/update.zip"

REVISIONS = {
    "bg96": ("BG96", "BG96MAR02A07M1G_01.018.01.018", "BG96MAR02A07M1G_01.019.01.019"),
    "bg96-2017": ("BG96", "BG96MAR02A06M1G", "BG96MAR02A07M1G"),
    "bg95": ("BG95-M3", "BG95M3LAR02A03_01.012.01.012", "BG95M3LAR02A04_01.001.01.001"),
    "ec2x": ("EC25", "EC25EFAR06A04M4G", "EC25EFAR06A05M4G"),
    "eg9x": ("EG91", "EG91EFBR06A07M4G_01.007.01.007", "EG91EFBR06A08M4G_01.001.01.001"),
    "std-a": ("EC200A", "EC200ACNHAR01A02M16", "EC200ACNHAR01A03M16"),
}


def _release(model: str, revision: str, seed: int) -> Release:
    image = bytes((index * 7 + index // 251 * seed) & 0xFF for index in range(60_000))
    partitions = (Partition("qdsp", image), Partition("apps", image[:8000]))
    return Release(model, "MA", FirmwareVersion(revision), partitions)


@cache
def _old_and_package(kind: str) -> tuple[Release, bytes]:
    model, old, new = REVISIONS[kind]
    release = _release(model, old, 3)
    return release, build(release, _release(model, new, 4), keys=[KEY], make_patch=delta.generate)


@dataclass
class Server:
    """The network of the module; every connection gets the same answer, some time later."""

    body: bytes = b""
    status: int = 200
    failure: NetworkFailure | None = None
    delay_s: float = 5.0
    dialled: list[Dial] = field(default_factory=list)
    due: list[tuple[float, int]] = field(default_factory=list)
    now: float = 0.0

    def dial(self, number: int, target: Dial) -> Server:
        self.dialled.append(target)
        self.due.append((self.now + self.delay_s, number))
        return self

    def send(self, data: bytes) -> None:
        """The request."""

    def pause(self) -> None:
        """All of it is small."""

    def resume(self) -> None:
        """All of it is small."""

    def abort(self) -> None:
        self.due.clear()


class VirtualBench:
    """A virtual module of one kind, its port, and the host's session, all on one clock."""

    def __init__(self, kind: str, *settings: str, ports: tuple[str, ...] = ("usbat",)) -> None:
        old, self.package = _old_and_package(kind)
        _, self.old, self.new = REVISIONS[kind]
        self.server = Server(self.package)
        self.module = VirtualModule.in_memory(
            old,
            profile=with_settings(profile_named(kind), settings),
            trust=Trust((KEY.public_key,)),
            speed=Speed(1.0),
            network=self.server,
            port_names=ports,
        )
        self.port = ports[0]
        self.is_there = True
        self.module.pins.on_link_change(self._link)
        self.inbox = bytearray()
        self.events: list[HostEvent] = []
        self.records: list[UpgradeRecord] = []
        self.sent = bytearray()
        self.power_returns_after_s = 10.0
        self._dark_since: float | None = None
        self.module.power_on()
        self.module.elapse(60)
        self.module.collect(self.port)

    # -- the port

    def open(self) -> VirtualBench:
        if not self.is_there:
            raise PortError("virtual", "no such device")
        self.inbox.clear()
        return self

    def close(self) -> None:
        self.inbox.clear()

    def write(self, data: bytes) -> None:
        if not self.is_there:
            raise PortError("virtual", "device disconnected")
        self.sent += data
        self.inbox += self.module.feed(data, port=self.port)

    def read(self, timeout_s: float) -> bytes:
        until = self.now + timeout_s
        while self.is_there and not self.inbox and self.now < until:
            self.pass_time(until)
        if not self.is_there:
            raise PortError("virtual", "device disconnected")
        data = bytes(self.inbox)
        self.inbox.clear()
        return data

    def pause(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.pass_time(until)
        self.inbox.clear()

    @property
    def now(self) -> float:
        return self.module.timeline.now

    def pass_time(self, until: float) -> None:
        """Go to the next instant at which something happens, at the latest to *until*."""
        if self.module.is_off:
            self._dark_since = self.now if self._dark_since is None else self._dark_since
            if self.now >= self._dark_since + self.power_returns_after_s:
                self._dark_since = None
                self.module.power_on()
        moments = [until, self.now + 0.5]
        moments += [at for at, _ in self.server.due]
        deadline = self.module.next_deadline()
        moments += [] if deadline is None else [deadline]
        target = max(self.now, min(moments))
        self.inbox += self.module.elapse(target - self.now, port=self.port)
        self.server.now = self.now
        for at, number in list(self.server.due):
            if at <= self.now:
                self.server.due.remove((at, number))
                self._answer(number)

    def _answer(self, number: int) -> None:
        server = self.server
        if server.failure is not None:
            self.module.hear(number, Failed(server.failure), self.now)
            return
        head = b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (server.status, len(server.body))
        self.module.hear(number, Connected(), self.now)
        self.module.hear(number, Received(head + server.body), self.now)

    def _link(self, name: str, is_there: bool) -> None:
        if name == self.port:
            self.is_there = is_there

    # -- the host

    def session(self) -> Session:
        return Session(
            self.open,
            port="virtual",
            on_event=self.events.append,
            keep=self.records.append,
            clock=lambda: self.now,
            pause=self.pause,
        )

    def plan(self, **values: object) -> Plan:
        values = {"expected": FirmwareVersion(self.new), "package": self.package, **values}
        if values.get("url"):
            values["package"] = None
        return Plan(**values)

    def upgrade(self, **values: object):
        with self.session() as session:
            return session.run(upgrade(self.plan(**values)))

    def ask(self, line: str) -> str:
        self.module.collect(self.port)
        said = self.module.feed(line.encode() + b"\r", port=self.port)
        return (said + self.module.elapse(1, port=self.port)).decode()

    @property
    def starts(self) -> list[str]:
        found = re.findall(rb"AT\+QFOTADL[^\r]*(?=\r)", bytes(self.sent))
        return [line.decode() for line in found]

    @property
    def phases(self) -> list[str]:
        return [event.phase.value for event in self.events if isinstance(event, PhaseEntered)]

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


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
    bench.server.status, bench.server.failure = status, failure
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
    bench.server.failure = NetworkFailure.REFUSED
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
    bench.server.delay_s = delay_s
    assert bench.upgrade(url=URL).revision_after == bench.new
    assert '"usbat"' in bench.ask('AT+QURCCFG="urcport"')
    assert len(bench.starts) == 1


def test_urcs_that_go_elsewhere_are_looked_for_at_each_port() -> None:
    bench = VirtualBench("bg96", ports=("uart1", "usbat"))
    bench.server.failure, bench.server.delay_s = NetworkFailure.REFUSED, 1e9
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


class HostKilled(BaseException):
    """The process is gone."""


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
            raise HostKilled

    plan = bench.plan(url=URL) if is_remote else bench.plan()
    session = bench.session()
    session._on_event = kill
    try:
        with session:
            session.run(upgrade(plan))
    except HostKilled:
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
