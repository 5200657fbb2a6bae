# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The upgrade as the host sees it: every URC of the guide, every code, every power cut."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dfota import errors
from dfota.at import Family
from dfota.flash import CutMode, Fault, FaultKind
from dfota.modem import (
    Connected,
    CutPhase,
    Failed,
    NetworkFailure,
    Power,
    PowerCut,
    Received,
    Trust,
)
from dfota.modem.upgrade_codes import CODES
from dfota.package import Partition, Release

OLD_REVISION = "BG96MAR02A07M1G_01.018.01.018"
NEW_REVISION = "BG96MAR02A07M1G_01.019.01.019"
BOOT = ["RDY", "+CFUN: 1", "APP RDY", "+CPIN: READY", "+QUSIM: 1", "+QIND: SMS DONE"]
URL = '"https://www.quectel.com:100/update.zip"'


def qind(*fields: str) -> str:
    return '+QIND: "FOTA",' + ",".join(fields)


def percents(stage: str, style: str = ", {}%", first: int = 1) -> list[str]:
    return [f'+QIND: "FOTA","{stage}"' + style.format(n) for n in range(first, 101)]


START = qind('"START"')
CONTINUED = '+QIND: "FOTA","Last upgrade was not finished,continue upgrade"'


def lines(data: bytes) -> list[str]:
    """Each line, framed by CRLF on both sides."""
    text = data.decode()
    found = re.findall(r"\r\n([^\r\n]+)\r\n", text)
    assert "".join(f"\r\n{line}\r\n" for line in found) == text
    return found


def head(length: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % length


def finish(bench) -> list[str]:
    bench.run()
    return lines(bench.take())


def revision(bench) -> str:
    bench.send(b"ATE0\r")
    return bench.ask("AT+QGMR").split()[0]


# -- the whole road, line by line ----------------------------------------------------------


def test_the_example_of_the_guide_4_1(bench, package):
    assert bench.ask('AT+QCFGEXT="fota_apn",0,"Telstra.internet"') == "\r\nOK\r\n"
    assert lines(bench.send(b'AT+QCFGEXT="fota_apn"\r')) == [
        '+QCFGEXT: "fota_apn",0,"Telstra.internet","",""',
        "OK",
    ]
    assert lines(bench.send(b"AT+CSQ;+CEREG?;+CGREG?;+COPS?\r")) == [
        "+CSQ: 26,99",
        "+CEREG: 0,1",
        "+CGREG: 0,4",
        '+COPS: 0,0,"Telstra Mobile Telstra",8',
        "OK",
    ]
    assert bench.send(f"AT+QFOTADL={URL}\r".encode()) == b"\r\nOK\r\n"
    assert finish(bench) == [qind('"HTTPSTART"')]
    target = bench.network.targets[0]
    assert (target.host, target.port) == ("www.quectel.com", 100)
    assert target.tls is not None
    bench.network.deliver(package)
    assert finish(bench) == [
        qind('"HTTPEND"', "0"),
        START,
        *percents("UPDATING"),
        *percents("RESTORE"),
        qind('"END"', "0"),
        *BOOT,
    ]
    assert revision(bench) == NEW_REVISION
    assert not bench.state.files.has("EUFS:/fota/update.zip")


def test_the_example_of_the_guide_4_2(bench, lab, package):
    bench.put_package(package)
    assert bench.send(b"AT+QFOTADL=1\r") == b"\r\nOK\r\n"
    assert finish(bench) == [
        START,
        *percents("UPDATING"),
        *percents("RESTORE"),
        qind('"END"', "0"),
        *BOOT,
    ]
    for partition in lab.new.partitions:
        assert bench.module.engine.read_partition(partition.name) == partition.data
    assert bench.module.firmware.revision.text == NEW_REVISION


def test_every_urc_is_a_write_of_its_own_and_end_keeps_its_distance(bench, package):
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r")
    times = []
    bench.module.report, report = (
        lambda urc: (times.append((bench.now, urc)), report(urc)),
        bench.module.report,
    )
    bench.run()
    assert all(data.count(b"+") <= 1 for data in bench.take_writes())
    texts = [urc if isinstance(urc, str) else urc.encode() for _, urc in times]
    end = texts.index(qind('"END"', "0"))
    assert times[end][0] - times[end - 1][0] >= 1.0


@pytest.mark.parametrize(
    ("style", "text"), [("percent", ",{}%"), ("plain", ",{}"), ("space-percent", ", {}%")]
)
def test_the_percentages_can_be_spelled_in_three_ways(make_bench, package, style, text):
    bench = make_bench(f"percent_style={style}").boot().quiet()
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r")
    printed = finish(bench)
    assert printed[2:102] == percents("UPDATING", text) or printed[1:101] == percents(
        "UPDATING", text
    )


def test_a_downgrade_is_just_another_package(bench, lab, package):
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r")
    bench.run()
    bench.take()
    bench.put_package(lab.package(lab.new, lab.old))
    bench.send(b"AT+QFOTADL=1\r")
    bench.run()
    assert revision(bench) == OLD_REVISION


def test_a_module_with_a_restart_before_start(make_bench, package):
    bench = make_bench("reboot_before_start=true").boot().quiet()
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    bench.take()
    bench.network.deliver(package)
    printed = finish(bench)
    assert printed[:8] == [qind('"HTTPEND"', "0"), *BOOT, START]
    assert printed[-7:] == [qind('"END"', "0"), *BOOT]


# -- commands while it runs ---------------------------------------------------------------


def test_a_second_job_is_refused(bench, package):
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    assert bench.ask(f"AT+QFOTADL={URL}") == "\r\nERROR\r\n"
    assert bench.ask("AT+QFOTADL=1") == "\r\nERROR\r\n"
    bench.run()
    assert bench.ask(f"AT+QFOTADL={URL}").endswith("ERROR\r\n")
    bench.network.deliver(package)
    bench.run()
    assert len(bench.network.links) == 1


def test_commands_are_answered_during_the_download_and_not_during_the_installation(bench, package):
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    bench.take()
    assert bench.ask("AT+CSQ") == "\r\n+CSQ: 26,99\r\n\r\nOK\r\n"
    bench.network.deliver(package)
    bench.run(until=lambda: b"UPDATING" in b"".join(data for _, data in bench.writes))
    bench.take()
    assert bench.ask("AT+CSQ") == ""
    assert bench.ask("AT+QPOWD") == ""
    bench.run()
    assert b"OK" not in bench.take()
    assert revision(bench) == NEW_REVISION


@pytest.mark.parametrize(
    ("answer", "reply"),
    [("error", "\r\nERROR\r\n"), ("normal", "\r\n+CSQ: 26,99\r\n\r\nOK\r\n")],
)
def test_other_modules_answer_during_the_installation(make_bench, package, answer, reply):
    bench = make_bench(f"busy_answer={answer}").boot().quiet()
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r")
    bench.run(until=lambda: b"UPDATING" in b"".join(data for _, data in bench.writes))
    bench.take()
    assert bench.ask("AT+CSQ") == reply


@pytest.mark.parametrize(
    "url",
    [
        "http://h/" + "a" * 247,
        "ftp://host/file",
        "UFS:update.zip",
        "/data/ufs/update.zip",
        "http://host:0/x",
        "http://host:65536/x",
        "http://host:/x",
        "http:///x",
        "http://host",
        "https://ho st/x",
        "",
    ],
)
def test_a_wrong_url_is_an_error_at_once(bench, url):
    assert bench.ask(f'AT+QFOTADL="{url}"') == "\r\nERROR\r\n"
    bench.run()
    assert bench.take() == b""


@pytest.mark.parametrize(
    "url",
    ["http://h/" + "a" * 246, "HTTPS://Host/X?y=1&z=2", "http://[::1]:8080/x", "http://1.2.3.4/"],
)
def test_a_right_url_is_taken(bench, url):
    assert bench.ask(f'AT+QFOTADL="{url}"') == "\r\nOK\r\n"
    bench.run()
    bench.network.deliver(b"")
    bench.wait(2)
    _, _, place = url.partition("://")
    host, _, path = place.partition("/")
    assert bench.network.links[0].sent.startswith(
        f"GET /{path} HTTP/1.1\r\nHost: {host}\r\n".encode()
    )


@pytest.mark.parametrize("parameter", ["0", "2", '"1"', "", "1,1", "http://host/x"])
def test_a_wrong_local_parameter_is_an_error(bench, parameter):
    assert bench.ask(f"AT+QFOTADL={parameter}") == "\r\nERROR\r\n"


def test_a_url_without_quotes_where_the_module_takes_it(make_bench):
    bench = make_bench("accept_unquoted_url=true").boot().quiet()
    assert bench.ask("AT+QFOTADL=http://host/x") == "\r\nOK\r\n"


@pytest.mark.parametrize(("setting", "port"), [("443", 443), ("80", 80)])
def test_the_https_port_without_a_number(make_bench, setting, port):
    bench = make_bench(f"https_default_port={setting}").boot().quiet()
    bench.ask('AT+QFOTADL="https://host/x"')
    bench.run()
    assert bench.network.targets[0].port == port


# -- the codes of HTTPEND ------------------------------------------------------------------


FAILURES = {
    701: [Connected(), Received(b"nonsense\r\n\r\n")],
    702: [Failed(NetworkFailure.TLS)],
    703: [Connected(), Received(b"HTTP/1.1 500 X\r\n\r\n")],
    704: [Connected()],
    706: [Connected(), Received(b"HTTP/1.1 404 X\r\n\r\n")],
    708: [Connected(), Received(head(99_999_999))],
}


@pytest.mark.parametrize("code", FAILURES)
def test_a_failed_download_ends_the_job(bench, code):
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    bench.take()
    bench.network.tell(*FAILURES[code])
    assert finish(bench) == [qind('"HTTPEND"', str(code))]
    assert revision(bench) == OLD_REVISION
    assert bench.ask(f"AT+QFOTADL={URL}") == "\r\nOK\r\n"


def test_without_network_702_comes_after_six_minutes(bench):
    bench.send(b"AT+CFUN=4\r")
    bench.wait(2)
    bench.take()
    before = bench.now
    assert bench.ask(f"AT+QFOTADL={URL}") == "\r\nOK\r\n"
    assert finish(bench) == [qind('"HTTPSTART"'), qind('"HTTPEND"', "702")]
    assert bench.now - before == pytest.approx(360, abs=5)
    assert bench.network.links == []


def test_a_wrong_access_point_is_702(make_bench):
    bench = make_bench("network_apn=private").boot().quiet()
    bench.ask('AT+QCFGEXT="fota_apn",0,"public"')
    bench.ask(f"AT+QFOTADL={URL}")
    assert finish(bench)[-1] == qind('"HTTPEND"', "702")
    bench.ask('AT+QCFGEXT="fota_apn",0,"private"')
    bench.ask(f"AT+QFOTADL={URL}")
    bench.run()
    assert len(bench.network.links) == 1


@pytest.mark.parametrize("fun", [0, 4])
def test_losing_the_network_in_a_download_is_702(bench, fun):
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    bench.take()
    bench.send(f"AT+CFUN={fun}\r".encode())
    bench.wait(10)
    assert lines(bench.take()) == ["OK", qind('"HTTPEND"', "702")]
    assert bench.network.links[0].is_aborted
    bench.network.deliver(b"too late: nobody listens")
    assert finish(bench) == []


def test_a_restart_gives_a_download_up(bench):
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    bench.send(b"AT+CFUN=1,1\r")
    bench.wait(30)
    bench.take()
    assert bench.network.links[0].is_aborted
    bench.network.deliver(b"too late")
    assert finish(bench) == []


def test_a_new_download_makes_room_by_dropping_the_old_package(bench):
    bench.put_package(bytes(1000))
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    assert not bench.state.files.has("EUFS:/fota/update.zip")
    bench.take()
    bench.network.tell(Connected(), Received(head(12_987_840)))
    bench.wait(1)
    assert bench.take() == b""


def test_the_largest_package_can_be_set(make_bench):
    bench = make_bench("max_package_bytes=5000").boot()
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    bench.take()
    bench.network.deliver(bytes(5001))
    assert finish(bench) == [qind('"HTTPEND"', "708")]


# -- the codes of END ---------------------------------------------------------------------


def end_of(bench, package: bytes | None) -> list[str]:
    if package is not None:
        bench.put_package(package)
    assert bench.ask("AT+QFOTADL=1") == "\r\nOK\r\n"
    printed = finish(bench)
    assert revision(bench) == OLD_REVISION
    assert bench.ask("AT") == "\r\nOK\r\n"
    return printed


def test_505_without_a_package(bench):
    assert end_of(bench, None) == [qind('"END"', "505")]


def test_an_error_without_a_package_where_the_module_does_so(make_bench):
    bench = make_bench("missing_package=error").boot().quiet()
    assert bench.ask("AT+QFOTADL=1") == "\r\nERROR\r\n"


def test_506_for_what_is_no_package(bench):
    assert end_of(bench, b"no zip") == [START, qind('"END"', "506")]
    assert end_of(bench, b"") == [START, qind('"END"', "506")]


def test_506_for_a_truncated_and_a_changed_package(bench, package):
    assert end_of(bench, package[:-1])[-1] == qind('"END"', "506")
    for place in range(0, len(package), len(package) // 7):
        changed = bytearray(package)
        changed[place] ^= 1
        assert end_of(bench, bytes(changed))[-1] == qind('"END"', "506")


def test_506_for_an_unknown_key(bench, lab):
    package = lab.package(lab.old, lab.new, foreign_key=True)
    assert end_of(bench, package) == [START, qind('"END"', "506")]


def test_a_module_without_keys_refuses_every_package(make_bench, package):
    bench = make_bench(trust=Trust()).boot().quiet()
    assert end_of(bench, package)[-1] == qind('"END"', "506")


def test_a_careless_module_takes_packages_of_anybody(make_bench, lab):
    bench = make_bench(trust=Trust(any_signer=True)).boot().quiet()
    bench.put_package(lab.package(lab.old, lab.new, foreign_key=True))
    bench.ask("AT+QFOTADL=1")
    bench.run()
    assert revision(bench) == NEW_REVISION


@pytest.mark.parametrize(
    ("old_revision", "facts"),
    [
        ("BG96MAR02A07M1G_01.017.01.017", {}),
        (OLD_REVISION, {"model": "BG95"}),
        (OLD_REVISION, {"seed": 9}),
    ],
    ids=["another revision", "another model", "another image"],
)
def test_511_for_a_package_for_another_module(bench, lab, old_revision, facts):
    old = lab.release(old_revision, **facts)
    new = Release(old.model, lab.new.hardware, lab.new.revision, lab.new.partitions)
    package = lab.package(old, new)
    assert end_of(bench, package) == [START, qind('"END"', "511")]


def test_start_can_come_behind_the_check(make_bench, package):
    bench = make_bench("start_before_check=false").boot().quiet()
    assert end_of(bench, b"no zip") == [qind('"END"', "506")]
    bench.put_package(package)
    bench.ask("AT+QFOTADL=1")
    assert finish(bench)[:2] == [START, percents("UPDATING")[0]]


def fail_three_times(flash, after):
    """As often as the engine tries a sector."""
    first = flash.operations + after
    flash.inject(*(Fault(first + attempt, FaultKind.FAIL) for attempt in range(3)))


def test_504_when_the_flash_fails_and_the_old_firmware_runs_on(bench, package):
    fail_three_times(bench.state.flash, 5)
    printed = end_of(bench, package)
    assert printed[0] == START
    assert printed[-1] == qind('"END"', "504")
    assert bench.state.files.has("EUFS:/fota/update.zip")


def test_504_when_the_flash_fails_in_restore_and_the_next_boot_goes_on(bench, package):
    bench.put_package(package)
    bench.ask("AT+QFOTADL=1")
    bench.run(until=lambda: b"RESTORE" in b"".join(data for _, data in bench.writes))
    fail_three_times(bench.state.flash, 3)
    printed = finish(bench)
    assert qind('"END"', "504") in printed
    behind = printed[printed.index(qind('"END"', "504")) + 1 :]
    assert behind[0] == CONTINUED
    assert behind[-7:] == [qind('"END"', "0"), *BOOT]
    assert revision(bench) == NEW_REVISION


def test_the_package_stays_after_a_failure_unless_set_otherwise(make_bench):
    bench = make_bench().boot().quiet()
    end_of(bench, b"no zip")
    assert bench.state.files.has("EUFS:/fota/update.zip")
    bench = make_bench("delete_package_on_failure=true").boot().quiet()
    end_of(bench, b"no zip")
    assert not bench.state.files.has("EUFS:/fota/update.zip")


def test_every_error_that_the_engine_can_raise_has_a_code():
    rooms = (errors.PackageError, errors.DeltaError, errors.EngineError, errors.FlashError)

    def family(error_class):
        yield error_class
        for child in error_class.__subclasses__():
            yield from family(child)

    for room in rooms:
        for error_class in family(room):
            error = error_class.__new__(error_class)
            for codes in CODES.values():
                assert codes.of_error(error), error_class
            assert CODES[Family.BG96].of_error(error) in (504, 506, 511), error_class
    by_class = {
        errors.PackageMismatchError: 511,
        errors.RollbackError: 511,
        errors.ContainerError: 506,
        errors.SignatureError: 506,
        errors.OldImageMismatchError: 511,
        errors.PatchCorruptError: 504,
        errors.UpdateFailedError: 504,
    }
    for error_class, code in by_class.items():
        assert CODES[Family.BG96].of_error(error_class.__new__(error_class)) == code
    for codes in CODES.values():
        assert codes.of_error(errors.MisuseError("x")) is None


# -- power cuts ---------------------------------------------------------------------------


def cut_in(bench, package: bytes, cut: PowerCut, *, remote: bool = False) -> list[str]:
    bench.module.arm_power_cut(cut)
    if remote:
        bench.send(f"AT+QFOTADL={URL}\r".encode())
        bench.run()
        bench.take()
        bench.network.deliver(package)
    else:
        bench.put_package(package)
        bench.send(b"AT+QFOTADL=1\r")
        bench.take()
    return finish(bench)


@pytest.mark.parametrize("mode", list(CutMode))
@pytest.mark.parametrize("percent", [1, 47, 100])
@pytest.mark.parametrize("remote", [False, True])
def test_a_cut_in_restore_is_gone_on_with(bench, package, mode, percent, remote):
    printed = cut_in(bench, package, PowerCut(CutPhase.RESTORE, percent, mode), remote=remote)
    assert printed[0] == (qind('"HTTPEND"', "0") if remote else START)
    last = printed.index(f'+QIND: "FOTA","RESTORE", {percent}%')
    behind = printed[last + 1 :]
    report = bench.module.last_cut
    assert (report.phase, report.percent) == ("restore", percent)
    if percent == 100:
        # The last record is written: the firmware is whole and boots like any other.
        assert report.operation is None
        assert behind == BOOT
    else:
        assert report.operation.cut is mode
        assert behind == [
            CONTINUED,
            *([] if remote else [START]),
            *percents("RESTORE", ",{}%"),
            qind('"END"', "0"),
            *BOOT,
        ]
    assert revision(bench) == NEW_REVISION
    assert not bench.state.files.has("EUFS:/fota/update.zip")


@pytest.mark.parametrize("setting", ["always", "never"])
def test_start_after_a_cut_can_be_set(make_bench, package, setting):
    bench = make_bench(f"resume_start={setting}").boot().quiet()
    printed = cut_in(bench, package, PowerCut(CutPhase.RESTORE, 10))
    behind = printed[printed.index(CONTINUED) + 1 :]
    assert (behind[0] == START) == (setting == "always")


@pytest.mark.parametrize("mode", list(CutMode))
@pytest.mark.parametrize("percent", [1, 50])
def test_a_cut_in_updating_boots_the_old_firmware(bench, package, mode, percent):
    printed = cut_in(bench, package, PowerCut(CutPhase.UPDATING, percent, mode))
    assert printed == [START, *percents("UPDATING")[:percent], *BOOT]
    assert revision(bench) == OLD_REVISION
    bench.send(b"AT+QFOTADL=1\r")
    bench.run()
    assert revision(bench) == NEW_REVISION


def test_a_cut_at_start_and_at_the_end(make_bench, package):
    bench = make_bench().boot().quiet()
    assert cut_in(bench, package, PowerCut(CutPhase.START)) == [START, *BOOT]
    assert revision(bench) == OLD_REVISION
    printed = cut_in(bench, package, PowerCut(CutPhase.END))
    assert printed[-7:] == [qind('"END"', "0"), *BOOT]
    assert revision(bench) == NEW_REVISION


@pytest.mark.parametrize("percent", range(40, 60))
def test_a_cut_comes_before_the_next_percentage_however_few_operations_there_are(
    bench, lab, percent
):
    apps = Partition("apps", bytes(20_000))  # ten pages: most percentages write nothing
    new = replace(lab.new, partitions=(lab.old.partitions[0], apps))
    package = lab.package(lab.old, new)
    printed = cut_in(bench, package, PowerCut(CutPhase.RESTORE, percent))
    last = printed.index(f'+QIND: "FOTA","RESTORE", {percent}%')
    assert printed[last + 1] == CONTINUED
    assert bench.module.last_cut.percent == percent


def test_end_is_not_repeated_after_an_ordinary_end(make_bench, package):
    bench = make_bench("repeat_end_after_cut=true").boot().quiet()
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r")
    assert finish(bench).count(qind('"END"', "0")) == 1


def test_end_can_be_repeated_after_a_cut_before_it(make_bench, package):
    bench = make_bench("repeat_end_after_cut=true").boot().quiet()
    printed = cut_in(bench, package, PowerCut(CutPhase.RESTORE, 100, CutMode.AFTER))
    assert printed[-7:] == [*BOOT, qind('"END"', "0")]
    bench.module.cut_power()
    bench.module.power_on()
    assert finish(bench) == BOOT


def test_a_cut_in_the_download_leaves_nothing(bench, package):
    bench.module.arm_power_cut(PowerCut(CutPhase.DOWNLOAD, 50))
    bench.send(f"AT+QFOTADL={URL}\r".encode())
    bench.run()
    bench.take()
    bench.network.tell(Connected(), Received(head(10_000) + bytes(4900)))
    bench.wait(1)
    assert bench.module.power is Power.RUNNING
    bench.network.tell(Received(bytes(100)))
    bench.run(until=lambda: bench.module.power is not Power.RUNNING)
    assert finish(bench) == BOOT
    assert bench.network.links[0].is_aborted
    assert bench.module.last_cut.phase == "download"


def test_a_module_without_power_is_silent_until_it_returns(bench, package):
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r")
    bench.run(until=lambda: b"RESTORE" in b"".join(data for _, data in bench.writes))
    bench.module.cut_power()
    bench.take()
    assert bench.send(b"AT\r") == b""
    assert finish(bench) == []
    bench.module.power_on()
    assert finish(bench)[0] == CONTINUED
    assert revision(bench) == NEW_REVISION


@pytest.mark.parametrize("stage", ["UPDATING", "RESTORE"])
def test_killing_the_process_is_a_power_cut(bench, package, stage):
    bench.put_package(package)
    bench.send(b"AT+QFOTADL=1\r")
    bench.run(
        until=lambda: f'"{stage}", 50%'.encode() in b"".join(data for _, data in bench.writes)
    )
    bench.kill()
    bench.open()
    bench.take()
    bench.module.power_on()
    printed = finish(bench)
    if stage == "RESTORE":
        assert printed[:3] == [CONTINUED, START, percents("RESTORE", ",{}%")[0]]
        assert revision(bench) == NEW_REVISION
    else:
        assert printed == BOOT
        assert revision(bench) == OLD_REVISION


def test_a_cut_upon_a_cut(bench, lab, package):
    printed = cut_in(bench, package, PowerCut(CutPhase.RESTORE, 30))
    assert CONTINUED in printed
    bench.put_package(lab.package(lab.new, lab.old))
    bench.module.arm_power_cut(PowerCut(CutPhase.RESTORE, 20))
    bench.send(b"AT+QFOTADL=1\r")
    bench.run(until=lambda: bench.module.last_cut.percent == 20)
    bench.module.arm_power_cut(PowerCut(CutPhase.RESTORE, 60))
    bench.run()
    assert lines(bench.take()).count(CONTINUED) == 2
    assert revision(bench) == OLD_REVISION


def test_a_module_that_cannot_boot_stays_silent(bench):
    flash = bench.state.flash
    bench.module.cut_power()
    flash.power_on()
    flash.erase(0)
    flash.erase(flash.geometry.sector_size)
    flash.lose_power()
    bench.module.power_on()
    assert finish(bench) == []
    assert bench.module.power is Power.DAMAGED
    assert bench.send(b"AT\r") == b""
    assert "cannot boot" in bench.notes[-1]


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("restore:47", PowerCut(CutPhase.RESTORE, 47)),
        ("UPDATING:80:Tail", PowerCut(CutPhase.UPDATING, 80, CutMode.TAIL)),
        ("end", PowerCut(CutPhase.END)),
    ],
)
def test_power_cuts_are_read_from_text(text, cut):
    assert PowerCut.parse(text) == cut
    assert PowerCut.parse(str(cut)) == cut


@pytest.mark.parametrize(
    "text", ["", "restore:101", "restore:-1", "x:1", "restore:1:x", "restore:a"]
)
def test_wrong_power_cuts_are_refused(text):
    with pytest.raises(errors.MisuseError):
        PowerCut.parse(text)


def test_a_module_with_spare_sectors_survives_one_that_goes_bad(make_bench, package):
    bench = make_bench("flash_spare_sectors=4").boot().quiet()
    bench.put_package(package)
    bench.ask("AT+QFOTADL=1")
    bench.run(until=lambda: b"RESTORE" in b"".join(data for _, data in bench.writes))
    flash = bench.state.flash
    flash.inject(Fault(flash.operations + 3, FaultKind.BAD))
    printed = finish(bench)
    assert qind('"END"', "0") in printed
    assert revision(bench) == NEW_REVISION
    assert len(bench.module.engine.bad_sectors) == 1
