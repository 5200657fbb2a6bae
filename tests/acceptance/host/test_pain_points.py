# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The 25 pain points of people with modules, each with dfota's answer; see the explanation page.

docs/explanation/pain-points.md lists them with the ids of these tests, and a test holds it.
"""

from __future__ import annotations

import ssl
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from virtual_bench import (
    FOREIGN_KEY,
    KEY,
    REVISIONS,
    URL,
    NetworkFailure,
    VirtualBench,
    answers,
    fails,
    make_package,
    make_release,
)

from dfota.cli.exit_codes import ExitCode
from dfota.cli.main import run
from dfota.errors import (
    CheckFailedError,
    DownloadFailedError,
    InstallFailedError,
    LocationError,
    OutcomeUnknownError,
    RevisionMismatchError,
)
from dfota.host import (
    AccessPoint,
    CheckStatus,
    KindChosen,
    PackageFacts,
    PackageRemoved,
    PhaseEntered,
    PortHolder,
    PortLost,
    PortReturned,
    Progressed,
    ServerFacts,
    SettingChanged,
    SettingRestored,
    Surroundings,
    examine,
)
from dfota.host.server_probe import probe_server
from dfota.package import parse
from dfota.testing import Behaviour, FakePackageServer, FakeTls, make_certificates
from dfota.values import FirmwareVersion

MODEL, OLD, NEW = REVISIONS["bg96"]
NEXT = "BG96MAR02A07M1G_01.020.01.020"


def facts_of(data: bytes) -> PackageFacts:
    manifest = parse(data).manifest
    return PackageFacts(
        manifest.model, manifest.old_revision, manifest.new_revision, len(data),
        signatures=1, hardware=manifest.hardware,
    )  # fmt: skip


def examined(bench: VirtualBench, **values: object):
    with bench.session() as session:
        return session.run(examine(bench.plan(**values)))


def around(server: ServerFacts | None = None, **values: object) -> Surroundings:
    return Surroundings(server=server, now=datetime(2026, 1, 1, tzinfo=UTC), **values)


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    """A folder with two packages in a row, and the vendor's keys."""
    KEY.save(tmp_path / "vendor.key")
    KEY.public_key.save(tmp_path / "vendor.pub")
    FOREIGN_KEY.save(tmp_path / "foreign.key")
    FOREIGN_KEY.public_key.save(tmp_path / "foreign.pub")
    packages = tmp_path / "packages"
    packages.mkdir()
    (packages / "first.zip").write_bytes(make_package(MODEL, OLD, NEW))
    (packages / "second.zip").write_bytes(make_package(MODEL, NEW, NEXT, seeds=(4, 5)))
    return tmp_path


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]):
    """Run the command; its code and everything that it printed."""

    def saying(*argv: object) -> tuple[int, str]:
        capsys.readouterr()
        code = run([str(word) for word in argv])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return saying


@pytest.mark.parametrize(
    "reason", [NetworkFailure.NAME, NetworkFailure.REFUSED, NetworkFailure.TLS]
)
def test_pain_01_702_is_told_with_its_likely_causes(reason: NetworkFailure, say) -> None:
    bench = VirtualBench()
    bench.server.script = lambda _target: fails(reason)
    with pytest.raises(DownloadFailedError) as caught:
        bench.upgrade(url=URL)
    assert caught.value.http_err == 702
    assert caught.value.remedy
    code, text = say("explain", "702")
    assert code == ExitCode.OK
    for cause in ("fota_apn", "resolved", "TLS", "port", "registered"):
        assert cause in text


def test_pain_01_the_server_is_asked_from_here_before_the_minutes_of_silence() -> None:
    """DNS, port and TLS are told apart by the check, and nothing is started."""
    for failure in ("the name was not found", "connection refused"):
        bench = VirtualBench()
        server = ServerFacts(url=URL, failure=failure)
        with pytest.raises(CheckFailedError, match=failure):
            bench.upgrade(url=URL, surroundings=around(server))
        assert bench.starts == []


def test_pain_02_packages_are_made_without_the_vendor(tmp_path: Path, say) -> None:
    for name, seed in (("old", 3), ("new", 4)):
        image = make_release(MODEL, OLD, seed).partitions[0].data
        (tmp_path / f"{name}.bin").write_bytes(image)
    KEY.save(tmp_path / "my.key")
    code, text = say(
        "package", "build", tmp_path / "old.bin", tmp_path / "new.bin", tmp_path / "u.zip",
        "--key", tmp_path / "my.key", "--old-revision", OLD, "--new-revision", NEW,
    )  # fmt: skip
    assert code == ExitCode.OK, text
    assert (tmp_path / "u.zip").stat().st_size < (tmp_path / "new.bin").stat().st_size


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x7fELF" + bytes(3000), "not a dfota package"),
        (b"PK\x03\x04" + bytes(500), "not a dfota package"),
        (b"", "empty"),
    ],
    ids=["elf", "zip", "empty"],
)
def test_pain_03_a_file_that_is_no_package_is_told_before_the_port_is_opened(
    tmp_path: Path, say, content: bytes, told: str
) -> None:
    (tmp_path / "update.bin").write_bytes(content)
    for argv in (["package", "show"], ["upgrade", tmp_path / "no-port"]):
        code, text = say(*argv, tmp_path / "update.bin")
        assert code in {ExitCode.PACKAGE, ExitCode.INPUT}, text
        assert told in text


def test_pain_03_a_package_may_have_any_name(vendor: Path, say) -> None:
    renamed = vendor / "update.bin"
    renamed.write_bytes((vendor / "packages" / "first.zip").read_bytes())
    code, text = say("package", "verify", renamed, "--key", vendor / "vendor.pub")
    assert code == ExitCode.OK, text


def test_pain_04_a_whole_firmware_is_no_delta(tmp_path: Path, say) -> None:
    """Full images are told by what they are, not by their size."""
    full = tmp_path / "firmware.zip"
    full.write_bytes(b"PK\x03\x04" + bytes(20) + b"update/partition_nand.xml" + bytes(100_000))
    code, text = say("upgrade", tmp_path / "no-port", full)
    assert code == ExitCode.PACKAGE
    assert "dfota package" in text


def test_pain_05_a_firmware_without_eufs_is_told_and_the_road_by_url_works() -> None:
    bench = VirtualBench("bg96", "eufs_paths=false")
    with pytest.raises(CheckFailedError) as caught:
        bench.upgrade()
    assert caught.value.remedy
    assert bench.starts == []
    assert bench.upgrade(url=URL).revision_after == NEW


def test_pain_05_the_folder_for_the_package_needs_no_other_tool() -> None:
    """``/fota`` is not there on a new module; the upload makes it."""
    bench = VirtualBench()
    assert "fota" not in bench.ask('AT+QFLST="EUFS:*"')
    assert bench.upgrade().revision_after == NEW


def test_pain_06_an_upgrade_on_this_computer_needs_nothing_but_a_port() -> None:
    bench = VirtualBench(ports=("uart1",))
    assert bench.upgrade().revision_after == NEW
    assert sys.platform.startswith("linux")


def test_pain_07_a_board_with_only_the_uart_hears_its_progress() -> None:
    bench = VirtualBench(ports=("uart1", "usbat"))
    bench.upgrade(port_role="uart1")
    assert "updating" in bench.phases
    assert [event.setting for event in bench.of(SettingChanged)] == ["urc-port"]
    assert [event.setting for event in bench.of(SettingRestored)] == ["urc-port"]
    assert '"usbat"' in bench.ask('AT+QURCCFG="urcport"')


@pytest.mark.parametrize("style", ["space-percent", "percent", "plain"])
def test_pain_08_every_spelling_of_a_percent_is_progress(style: str) -> None:
    bench = VirtualBench("bg96", f"percent_style={style}", f"resume_percent_style={style}")
    bench.upgrade()
    told = [event.percent for event in bench.of(Progressed) if event.phase.value == "updating"]
    assert told == list(range(1, 101))


def test_pain_09_a_port_that_vanishes_twice_is_opened_again_each_time() -> None:
    bench = VirtualBench("ec2x")
    bench.upgrade()
    assert len(bench.of(PortLost)) == len(bench.of(PortReturned)) == 2


def test_pain_09_a_start_that_nobody_could_hear_is_no_failure() -> None:
    """The computer has not opened the port again before the module is at 20 percent."""
    bench = VirtualBench("ec2x")
    returns = iter([False])

    def link(_name: str, is_there: bool) -> None:
        if is_there:
            bench.is_there = next(returns, True)

    bench.module.pins.on_link_change(link)
    bench.when_said('"UPDATING",20', lambda: setattr(bench, "is_there", True))
    assert bench.upgrade().revision_after == bench.new
    assert "installing" not in bench.phases


def test_pain_10_a_program_that_holds_the_port_is_named_with_the_way_to_stop_it() -> None:
    holder = PortHolder(814, "ModemManager", "systemctl stop ModemManager")
    bench = VirtualBench()
    with pytest.raises(CheckFailedError, match="ModemManager") as caught:
        bench.upgrade(surroundings=around(holders=(holder,)))
    assert "systemctl stop ModemManager" in caught.value.remedy
    assert bench.starts == []


def test_pain_10_a_watchdog_that_cuts_the_power_changes_nothing_at_the_end() -> None:
    bench = VirtualBench()
    bench.when_said('"RESTORE", 40%', bench.cut)
    assert bench.upgrade().revision_after == NEW


def test_pain_11_a_silent_download_has_a_limit_and_an_estimate() -> None:
    bench = VirtualBench()
    bench.upgrade(url=URL, size=len(bench.package))
    entered = next(e for e in bench.of(PhaseEntered) if e.phase.value == "downloading")
    assert entered.limit_s
    assert entered.expected_s
    assert "download-time" in {check.check for check in examined(bench, url=URL).checks}


def test_pain_11_slow_is_told_from_stuck() -> None:
    """A slow one ends well; one that is stuck ends as unknown, within its limit."""
    slow = VirtualBench()
    slow.server.script = lambda _target: answers(slow.package, pieces=100, seconds=300)
    assert slow.upgrade(url=URL).revision_after == NEW
    stuck = VirtualBench()
    stuck.server.script = lambda _target: []
    began = stuck.now
    with pytest.raises((OutcomeUnknownError, DownloadFailedError)):
        stuck.upgrade(url=URL)
    assert stuck.now - began < 3600


def test_pain_12_the_revision_is_the_long_one_and_waits_until_it_is_complete() -> None:
    bench = VirtualBench()
    assert examined(bench).identity.revision == OLD


def test_pain_12_a_module_with_a_short_revision_is_upgraded_and_proven() -> None:
    bench = VirtualBench("bg96-2017")
    assert bench.upgrade(url=URL).revision_after == bench.new


def test_pain_13_the_access_point_of_downloads_is_set_and_put_back() -> None:
    bench = VirtualBench()
    before = bench.ask('AT+QCFGEXT="fota_apn"')
    bench.upgrade(url=URL, access_point=AccessPoint("private.example"))
    assert b'AT+QCFGEXT="fota_apn",0,"private.example"' in bytes(bench.sent)
    after = bench.ask('AT+QCFGEXT="fota_apn"')
    assert [x for x in after.splitlines() if x.startswith("+QCFGEXT")] == [
        x for x in before.splitlines() if x.startswith("+QCFGEXT")
    ]


def test_pain_13_the_check_says_which_access_point_the_download_will_use() -> None:
    bench = VirtualBench()
    found = {check.check: check for check in examined(bench, url=URL).checks}
    assert found["apn"].found


def test_pain_14_a_server_that_no_module_can_speak_to_is_told_beforehand(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path)
    tls = FakeTls(
        cert_path=certificates.cert_path,
        key_path=certificates.key_path,
        minimum_version=ssl.TLSVersion.TLSv1_3,
    )
    with FakePackageServer({"update.zip": b"x" * 100}, tls=tls) as server:
        facts = probe_server(server.url_for("update.zip"))
    assert facts is not None
    assert not facts.speaks_tls12_rsa
    bench = VirtualBench()
    url = "https://packages.example/update.zip"
    found = {
        check.check: check for check in examined(bench, url=url, surroundings=around(facts)).checks
    }
    assert found["tls"].status is CheckStatus.FAILED


def test_pain_14_certificates_go_under_the_names_that_the_module_looks_for(tmp_path) -> None:
    certificates = make_certificates(tmp_path)
    bench = VirtualBench()
    ca = certificates.ca_path.read_bytes()
    url = "https://packages.example/update.zip"
    bench.upgrade(url=url, certificates={"fota_cacert.pem": ca})
    assert bench.server.dialled[-1].tls is not None
    assert bench.server.dialled[-1].tls.ca == ca


@pytest.mark.parametrize(
    ("server", "check"),
    [
        (ServerFacts(url=URL, status=302, location="http://elsewhere/"), "server"),
        (ServerFacts(url=URL, status=404), "server"),
        (ServerFacts(url=URL, status=200, content_length=17), "length"),
        (ServerFacts(url=URL, status=200, is_chunked=True), "length"),
    ],
    ids=["redirect", "missing", "wrong-length", "chunked"],
)
def test_pain_15_a_server_that_will_not_do_is_told_beforehand(server, check: str) -> None:
    bench = VirtualBench()
    plan = {"url": URL, "surroundings": around(server), "size": 4000}
    found = {entry.check: entry for entry in examined(bench, **plan).checks}
    assert found[check].status is not CheckStatus.PASSED
    assert found[check].remedy


def test_pain_15_the_probe_sees_what_a_module_would_see() -> None:
    with FakePackageServer({"update.zip": b"x" * 100}) as server:
        server.behave(Behaviour(status=302, location="http://share.example/x"))
        facts = probe_server(server.url_for("update.zip"))
    assert facts is not None
    assert (facts.status, facts.location) == (302, "http://share.example/x")


def test_pain_16_leftovers_are_told_and_a_finished_package_is_removed() -> None:
    bench = VirtualBench()
    bench.ask('AT+QFUPL="old_update.zip",4,5')
    bench.module.feed(b"PK\x03\x04", port=bench.port)
    bench.module.elapse(2)
    found = {check.check: check for check in examined(bench).checks}
    assert found["leftovers"].status is CheckStatus.WARNED
    assert "old_update.zip" in found["leftovers"].found
    assert "dfota efs rm" in found["leftovers"].remedy
    bench.upgrade()
    assert "fota/update.zip" not in bench.ask('AT+QFLST="EUFS:*"')


def test_pain_16_a_package_that_the_module_leaves_behind_is_removed() -> None:
    """Here one that was installed behind the module's back, so that it lies there still."""
    bench = VirtualBench()

    def put() -> None:
        bench.do("put", name="EUFS:/fota/update.zip", content="UEsDBA==")

    bench.when_said("RDY", put)
    bench.upgrade()
    assert [event.name for event in bench.of(PackageRemoved)] == ["EUFS:/fota/update.zip"]
    assert "405" in bench.ask('AT+QFLST="EUFS:/fota/update.zip"')


def test_pain_17_end_0_with_the_old_revision_is_a_failure() -> None:
    bench = VirtualBench()
    bench.server.script = lambda _target: []
    bench.when_said('"HTTPSTART"', lambda: bench.do("urc", text='+QIND: "FOTA","END",0'))
    with pytest.raises(RevisionMismatchError) as caught:
        bench.upgrade(url=URL)
    assert caught.value.actual == OLD


def test_pain_18_a_wrong_package_is_refused_before_anything_is_sent() -> None:
    other = make_package(MODEL, "BG96MAR02A07M1G_01.016.01.016", NEW)
    bench = VirtualBench()
    with pytest.raises(CheckFailedError, match=r"01\.016") as caught:
        bench.upgrade(package=other, facts=facts_of(other), expected=None)
    assert "dfota updates" in caught.value.remedy
    assert bench.starts == []
    assert b"QFUPL" not in bytes(bench.sent)


@pytest.mark.parametrize("where", ['"START"', '"UPDATING", 50%', '"RESTORE", 50%', '"END",0'])
def test_pain_18_the_power_goes_and_the_module_is_no_brick(where: str) -> None:
    bench = VirtualBench()
    bench.when_said(where, bench.cut)
    with suppress(RevisionMismatchError):
        bench.upgrade()
    assert bench.runs in {OLD, NEW}
    assert "OK" in bench.ask("AT+CGSN"), "the IMEI is where it was"


def test_pain_19_one_signed_index_names_all_packages(vendor: Path, say) -> None:
    code, text = say("package", "index", vendor / "packages", "--key", vendor / "vendor.key")
    assert code == ExitCode.OK, text
    code, text = say(
        "updates", "--revision", OLD, "--model", MODEL, "--from", vendor / "packages",
        "--trust", vendor / "vendor.pub", "--json",
    )  # fmt: skip
    assert code == ExitCode.OK, text
    assert NEW in text
    assert NEXT in text


def test_pain_20_a_downgrade_is_told_beforehand() -> None:
    bench = VirtualBench(firmware=make_release(MODEL, NEW, 4))
    back = make_package(MODEL, NEW, OLD, seeds=(4, 3))
    found = {
        check.check: check
        for check in examined(
            bench, package=back, facts=facts_of(back), expected=FirmwareVersion(OLD)
        ).checks
    }
    assert found["direction"].status is CheckStatus.WARNED


def test_pain_21_a_path_over_several_revisions_is_planned(vendor: Path, say) -> None:
    code, text = say(
        "updates", "--revision", OLD, "--model", MODEL, "--from", vendor / "packages",
        "--to", NEXT, "--json",
    )  # fmt: skip
    assert code == ExitCode.OK, text
    assert "first.zip" in text
    assert "second.zip" in text


@pytest.mark.parametrize(
    ("kind", "code", "family"),
    [("bg96", 506, "bg96"), ("std-a", 505, "standard-a")],
)
def test_pain_22_a_code_is_told_in_the_words_of_its_family(
    kind: str, code: int, family: str, say
) -> None:
    bench = VirtualBench(kind)
    broken = bench.package[:-200] + bytes(200)
    with pytest.raises(InstallFailedError) as caught:
        bench.upgrade(package=broken)
    assert (caught.value.err, caught.value.family) == (code, family)
    assert bench.of(KindChosen)
    assert "mismatch" in say("explain", "511", "--family", "bg96")[1]
    assert "No space" in say("explain", "511", "--family", "linux")[1]


def test_pain_23_what_nobody_has_signed_is_told_and_a_foreign_signature_is_refused(
    vendor: Path, say
) -> None:
    package = vendor / "packages" / "first.zip"
    code, text = say("upgrade", vendor / "no-port", package, "--key", vendor / "foreign.pub")
    assert code == ExitCode.PACKAGE
    assert "signature" in text
    bench = VirtualBench()
    data = package.read_bytes()
    found = {
        check.check: check for check in examined(bench, package=data, facts=facts_of(data)).checks
    }
    assert found["signature"].status is CheckStatus.WARNED
    assert "--key" in found["signature"].remedy


def test_pain_23_a_module_refuses_what_its_vendor_has_not_signed() -> None:
    bench = VirtualBench()
    foreign = make_package(MODEL, OLD, NEW, FOREIGN_KEY)
    with pytest.raises(InstallFailedError) as caught:
        bench.upgrade(package=foreign)
    assert caught.value.err == 506
    assert bench.runs == OLD


def test_pain_24_a_url_that_the_module_cannot_take_is_refused_with_its_length(tmp_path, say):
    bench = VirtualBench()
    assert bench.plan(url="http://h/" + "f" * 246).url
    with pytest.raises(LocationError):
        bench.plan(url="http://h/" + "f" * 247)
    code, text = say("upgrade", tmp_path / "no-port", "--url", "http://h/" + "f" * 247)
    assert code == ExitCode.USAGE
    assert "256 bytes" in text


def test_pain_25_sleep_is_switched_off_for_the_upgrade_and_on_again_after_it() -> None:
    bench = VirtualBench()
    bench.ask("AT+QSCLK=1")
    bench.ask('AT+CPSMS=1,,,"00000100","00001111"')
    bench.upgrade()
    changed = {event.setting for event in bench.of(SettingChanged)}
    assert {"sleep", "psm"} <= changed
    assert changed == {event.setting for event in bench.of(SettingRestored)}
    assert "+QSCLK: 1" in bench.ask("AT+QSCLK?")
    assert "+CPSMS: 1" in bench.ask("AT+CPSMS?")


def test_pain_25_a_low_supply_is_told_beforehand() -> None:
    bench = VirtualBench()
    bench.world(supply_mv=3250)
    found = {check.check: check for check in examined(bench).checks}
    assert found["supply"].status is CheckStatus.WARNED
    assert "3250 mV" in found["supply"].found
