# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The ten fault cases of the field, in whole upgrades by the real host on the virtual clock.

``run`` holds what the host says against the module. The same over real ports is in
test_real_ports.py.
"""

from __future__ import annotations

import pytest
from virtual_bench import (
    REVISIONS,
    URL,
    Closed,
    End,
    NetworkFailure,
    VirtualBench,
    answers,
    fails,
    make_package,
)

from dfota.errors import (
    CheckFailedError,
    DownloadFailedError,
    InstallFailedError,
    LocationError,
    NothingToDoError,
    OutcomeUnknownError,
    RevisionMismatchError,
    UpdateDroppedError,
)
from dfota.host import UpgradeFound, upgrade
from dfota.modem import Connected, Failed, PowerCut, Received
from dfota.testing import (
    ByteByByte,
    Chatty,
    GarbageBefore,
    InTurn,
    Lossy,
    Merged,
    Torn,
)
from dfota.values import FirmwareVersion

MODEL, OLD, NEW = REVISIONS["bg96"]

MISCHIEFS = {
    "byte-by-byte": ByteByByte,
    "torn": lambda: Torn(5),
    "merged": Merged,
    "garbage": lambda: GarbageBefore(3),
    "chatty": lambda: Chatty(7, share=1.0),
    "all": lambda: InTurn(GarbageBefore(1), Chatty(2), Torn(3)),
}


# -- transports that misbehave -------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bg96", "ec2x", "std-a"])
@pytest.mark.parametrize("how", ["local", "remote"])
@pytest.mark.parametrize("mischief", list(MISCHIEFS))
def test_a_port_that_misbehaves_changes_nothing_at_the_end(
    mischief: str, how: str, kind: str
) -> None:
    bench = VirtualBench(kind, mischief=MISCHIEFS[mischief])
    plan = bench.plan(url=URL) if how == "remote" else bench.plan()
    assert bench.run(upgrade(plan)) is End.NEW
    assert len(bench.starts) == 1


@pytest.mark.parametrize("how", ["local", "remote"])
@pytest.mark.parametrize("latency_s", [0.05, 0.4])
def test_a_slow_line_changes_nothing_at_the_end(how: str, latency_s: float) -> None:
    bench = VirtualBench()
    bench.latency_s = latency_s
    plan = bench.plan(url=URL) if how == "remote" else bench.plan()
    assert bench.run(upgrade(plan)) is End.NEW
    assert len(bench.starts) == 1


@pytest.mark.parametrize("is_expected", [True, False], ids=["expected", "any-other"])
@pytest.mark.parametrize("seed", range(16))
def test_lost_bytes_make_neither_a_false_success_nor_a_false_failure(
    seed: int, is_expected: bool
) -> None:
    """Up to two of a hundred bytes from the module are lost: true whatever comes of it."""
    bench = VirtualBench(mischief=lambda: Lossy(seed, share=0.002 * (1 + seed % 10)))
    plan = bench.plan(url=URL) if is_expected else bench.plan(url=URL, expected=None)
    bench.run(upgrade(plan))
    assert len(bench.starts) <= 1


# -- 1: power ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cut", "end"),
    [
        ("start:0", End.OLD),
        ("updating:17", End.OLD),
        ("updating:83", End.OLD),
        ("restore:8", End.NEW),
        ("restore:71", End.NEW),
        ("end:0", End.NEW),
    ],
)
def test_fault_01_a_power_cut(cut: str, end: End) -> None:
    bench = VirtualBench()
    bench.module.arm_power_cut(PowerCut.parse(cut))
    assert bench.run(upgrade(bench.plan())) is end
    assert len(bench.starts) == 1


# -- 2: the network goes down in the download ----------------------------------------------------


@pytest.mark.parametrize(
    "deed",
    [
        lambda bench: bench.do("sim-pull"),
        lambda bench: bench.world(coverage="false"),
        lambda bench: bench.do("type", port="usbat", text="AT+CFUN=4\\r"),
        lambda bench: bench.do("type", port="usbat", text="AT+CFUN=0\\r"),
        lambda bench: bench.do("type", port="usbat", text="AT+CGATT=0\\r"),
    ],
    ids=["sim", "coverage", "cfun-4", "cfun-0", "cgatt"],
)
def test_fault_02_the_network_goes_down_in_the_download(deed) -> None:
    bench = VirtualBench()
    bench.server.script = lambda _target: answers(bench.package)[:5]
    bench.when_said('"HTTPSTART"', lambda: deed(bench))
    with pytest.raises((DownloadFailedError, OutcomeUnknownError)) as caught:
        bench.upgrade(url=URL)
    assert isinstance(caught.value, OutcomeUnknownError) or caught.value.http_err in {701, 702, 704}
    assert bench.runs == OLD
    assert len(bench.starts) == 1


# -- 3: packages that will not do ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "code"),
    [
        (lambda good: make_package(MODEL, "BG96MAR02A07M1G_01.016.01.016", NEW), 511),
        (lambda good: good[: len(good) * 2 // 3], 506),
        (lambda good: good[:500] + b"\xff" + good[501:], 506),
        (lambda good: b"no package at all", 506),
    ],
    ids=["other-source", "truncated", "corrupted", "none"],
)
@pytest.mark.parametrize("how", ["local", "remote"])
def test_fault_03_a_package_that_will_not_do_is_told_with_its_code(
    how: str, package, code: int
) -> None:
    bench = VirtualBench()
    bench.package = package(bench.package)
    values = {"url": URL} if how == "remote" else {}
    with pytest.raises(InstallFailedError) as caught:
        bench.upgrade(**values)
    assert caught.value.err == code
    assert caught.value.remedy
    assert bench.runs == OLD


def test_fault_03_a_package_that_is_gone_before_the_start_is_505() -> None:
    bench = VirtualBench()
    write = bench.write

    def writing(data: bytes) -> None:
        if data.startswith(b"AT+QFOTADL"):
            bench.do("rm", name="EUFS:/fota/update.zip")
        write(data)

    bench.write = writing
    with pytest.raises(InstallFailedError) as caught:
        bench.upgrade()
    assert caught.value.err == 505


def test_fault_03_a_package_that_is_too_big_is_708() -> None:
    bench = VirtualBench()
    bench.server.script = lambda _target: answers(b"", length=100_000_000)
    with pytest.raises(DownloadFailedError) as caught:
        bench.upgrade(url=URL)
    assert caught.value.http_err == 708


def test_fault_03_a_full_file_system_is_told_before_the_upload() -> None:
    bench = VirtualBench("bg96", "ufs_total_bytes=131072")
    with pytest.raises(CheckFailedError, match="free"):
        bench.upgrade(package=bytes(200_000), expected=None)
    assert bench.starts == []


# -- 4: servers ----------------------------------------------------------------------------------

SERVERS = {
    "closed-port": (lambda data: fails(NetworkFailure.REFUSED), {702}),
    "no-name": (lambda data: fails(NetworkFailure.NAME), {702}),
    "unreachable": (lambda data: fails(NetworkFailure.UNREACHABLE), {702}),
    "tls": (lambda data: fails(NetworkFailure.TLS), {702}),
    "302": (lambda data: answers(b"", status=302, fields="Location: http://x/\r\n"), {703}),
    "404": (lambda data: answers(b"none", status=404), {706}),
    "403": (lambda data: answers(b"none", status=403), {703}),
    "500": (lambda data: answers(b"none", status=500), {703}),
    "stall": (lambda data: answers(data)[:6], {704}),
    "early-close": (lambda data: [*answers(data)[:6], (20.0, Closed())], {701}),
    "reset": (lambda data: [*answers(data)[:6], (20.0, Failed(NetworkFailure.RESET))], {701}),
    "longer-than-told": (lambda data: answers(data, length=len(data) // 2), {0, 506}),
    "shorter-than-told": (lambda data: answers(data, length=len(data) * 2, ends=Closed()), {701}),
    "malformed": (
        lambda data: [(1.0, Connected()), (2.0, Received(b"EHLO x\r\n\r\n"))],
        {701, 703},
    ),
}


@pytest.mark.parametrize("server", list(SERVERS))
def test_fault_04_a_server_that_misbehaves_is_told_with_its_code(server: str) -> None:
    script, codes = SERVERS[server]
    bench = VirtualBench()
    bench.server.script = lambda _target: script(bench.package)
    with pytest.raises((DownloadFailedError, InstallFailedError)) as caught:
        bench.upgrade(url=URL)
    error = caught.value
    code = error.http_err if isinstance(error, DownloadFailedError) else error.err
    assert code in codes
    assert error.meaning
    assert error.remedy
    assert bench.runs == OLD
    assert len(bench.starts) == 1
    assert bench.records[-1].is_ended
    # And the same module takes a good one afterwards.
    bench.server.script = lambda _target: answers(bench.package)
    assert bench.upgrade(url=URL).revision_after == NEW


@pytest.mark.parametrize("form", ["no-length", "chunked"])
def test_fault_04_a_server_without_a_length_is_still_held_against_the_module(form: str) -> None:
    """What a real BG96 does there nobody has published: whatever it is, the host says it truly."""
    bench = VirtualBench()

    def script(_target):
        if form == "no-length":
            return answers(bench.package, omits_length=True, ends=Closed())
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(bench.package), bench.package)
        return answers(body, omits_length=True, fields="Transfer-Encoding: chunked\r\n")

    bench.server.script = script
    assert bench.run(upgrade(bench.plan(url=URL))) is not End.UNKNOWN
    assert len(bench.starts) == 1


# -- 5: commands in between ----------------------------------------------------------------------


def test_fault_05_a_running_upgrade_is_followed_and_none_is_started() -> None:
    bench = VirtualBench()
    bench.server.script = lambda _target: answers(bench.package, seconds=60)
    bench.ask(f'AT+QFOTADL="{URL}"')
    assert bench.upgrade(url=URL).revision_after == NEW
    assert bench.of(UpgradeFound)
    # The module has refused the second.
    assert len(bench.server.dialled) == 1


@pytest.mark.parametrize("line", ["AT+QSCRUB=1", 'AT+QFOTADL="http://x/y"', "AT+QFOTADL=1"])
def test_fault_05_what_another_program_sends_in_between_changes_nothing(line: str) -> None:
    bench = VirtualBench()
    text = line + "\\r"
    bench.when_said('"HTTPSTART"', lambda: bench.do("type", port="usbat", text=text))
    assert bench.run(upgrade(bench.plan(url=URL))) is End.NEW


def test_fault_05_a_module_that_is_powered_down_in_updating_is_told_truly() -> None:
    bench = VirtualBench()
    bench.when_said('"UPDATING", 30%', lambda: bench.do("pwrkey", hold_s=1.0))
    assert bench.run(upgrade(bench.plan())) is not None
    assert len(bench.starts) == 1


# -- 6: URLs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://h/" + "f" * 247,
        "http://h/a b",
        'http://h/a"b',
        "gopher://h/f",
        "http://h:0/f",
        "http://h:65536/f",
        "http://h",
    ],
    ids=["256-bytes", "blank", "quote", "scheme", "port-0", "port-65536", "no-path"],
)
def test_fault_06_a_url_that_no_module_takes_is_refused_before_the_port_is_opened(
    url: str,
) -> None:
    bench = VirtualBench()
    with pytest.raises(LocationError):
        bench.plan(url=url)


@pytest.mark.parametrize(
    "url",
    ["http://h/" + "f" * 246, "HTTP://h/f", "HTTPS://h/f", "http://[2001:db8::1]:8080/f",
     "http://h/f?signature=a%20b&x=1"],
    ids=["255-bytes", "upper-case", "upper-case-tls", "ipv6", "query"],
)  # fmt: skip
def test_fault_06_a_url_that_is_one_reaches_the_network_as_it_was_given(url: str) -> None:
    bench = VirtualBench()
    assert bench.run(upgrade(bench.plan(url=url))) is End.NEW
    assert bench.starts == [f'AT+QFOTADL="{url}"']
    assert len(bench.server.dialled) == 1


# -- 7: the URCs go elsewhere --------------------------------------------------------------------


@pytest.mark.parametrize("role", ["", "uart1"], ids=["not-told", "told"])
@pytest.mark.parametrize("how", ["local", "remote"])
def test_fault_07_a_host_at_the_uart_that_hears_no_urc_ends_with_a_proof(
    how: str, role: str
) -> None:
    bench = VirtualBench(ports=("uart1", "usbat"))
    values = {"url": URL} if how == "remote" else {}
    plan = bench.plan(port_role=role, **values)
    assert bench.run(upgrade(plan)) is End.NEW
    assert '"usbat"' in bench.ask('AT+QURCCFG="urcport"')


# -- 8: what other hosts leave behind ------------------------------------------------------------


@pytest.mark.parametrize(
    "left",
    [
        b"\xff" * 1144,
        b"AT+CSQ\r\nAT+CREG?\r\n",
        b"at+qgmr\r",
        b"AT\rAT\rAT\rAT\rAT\rAT\rAT\r",
        b"AT+QF",
    ],
    ids=["0xff", "crlf", "lower-case", "type-ahead", "half-a-line"],
)
def test_fault_08_what_another_host_has_left_in_the_line_does_no_harm(left: bytes) -> None:
    bench = VirtualBench()
    bench.inbox += bench.module.feed(left, port=bench.port)
    assert bench.run(upgrade(bench.plan())) is End.NEW


# -- 9: revisions --------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [(), ("application_ready_s=20",)], ids=["long", "late"])
def test_fault_09_the_revision_is_read_when_it_is_complete(settings: tuple[str, ...]) -> None:
    bench = VirtualBench("bg96", *settings)
    assert bench.run(upgrade(bench.plan())) is End.NEW


def test_fault_09_a_short_revision_is_enough_for_a_proof() -> None:
    bench = VirtualBench("bg96-2017")
    assert bench.run(upgrade(bench.plan(url=URL))) is End.NEW


# -- 10: targets ---------------------------------------------------------------------------------


def test_fault_10_a_target_that_runs_already_is_nothing_to_do() -> None:
    bench = VirtualBench()
    with pytest.raises(NothingToDoError):
        bench.upgrade(expected=FirmwareVersion(OLD))
    assert bench.starts == []
    assert b"QFUPL" not in bytes(bench.sent)


@pytest.mark.parametrize("boots", [False, True], ids=["silent", "boots"])
def test_fault_10_end_0_with_the_old_revision_is_a_failure(boots: bool) -> None:
    bench = VirtualBench()
    bench.server.script = lambda _target: []

    def end() -> None:
        bench.do("urc", text='+QIND: "FOTA","END",0')
        if boots:
            bench.cut(returns_after_s=1.0)

    bench.when_said('"HTTPSTART"', end)
    with pytest.raises(RevisionMismatchError) as caught:
        bench.upgrade(url=URL)
    # A boot in the same instant may be heard first; it ran its old firmware either way.
    assert isinstance(caught.value, UpdateDroppedError) <= boots
    assert caught.value.actual == OLD
