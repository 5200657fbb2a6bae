# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The kin of the BG96: what each prints, takes and reports, line by line."""

from __future__ import annotations

import re

import pytest

from dfota.flash import CutMode, Fault, FaultKind
from dfota.modem import CutPhase, Failed, NetworkFailure, Power, PowerCut
from dfota.modem.dialect import command_table
from dfota.modem.profiles import PROFILES, profile_named, settings
from dfota.modem.profiles.kin import OVERLAYS

EC25_OLD = "EC25EFAR06A04M4G"
EC25_NEW = "EC25EFAR06A05M4G"
EC200_OLD = "EC200ACNHAR01A02M16"
EC200_NEW = "EC200ACNHAR01A03M16"
LINUX_BOOT = [
    "RDY",
    "+CPIN: READY",
    "+QUSIM: 1",
    "+CFUN: 1",
    "+QIND: SMS DONE",
    "+QIND: PB DONE",
]
STANDARD_A_BOOT = [
    "RDY",
    "+CFUN: 1",
    "+CPIN: READY",
    "+QUSIM: 1",
    "+QIND: SMS DONE",
    "+QIND: PB DONE",
]
URL = '"http://example.com/a.zip"'


def qind(stage: str, *numbers: int) -> str:
    return ",".join(('+QIND: "FOTA"', f'"{stage}"', *map(str, numbers)))


START = qind("START")
PERCENTS = [qind("UPDATING", number) for number in range(101)]


def lines(data: bytes) -> list[str]:
    return re.findall(r"\r\n([^\r\n]+)\r\n", data.decode())


def finish(bench) -> list[str]:
    bench.run()
    return lines(bench.take())


@pytest.fixture(scope="module")
def ec25_package(lab):
    old = lab.release(EC25_OLD, model="EC25")
    return lab.package(old, lab.release(EC25_NEW, model="EC25", seed=4))


@pytest.fixture
def ec25(make_bench, lab, ec25_package):
    firmware = lab.release(EC25_OLD, model="EC25")
    bench = make_bench(kind="ec2x", firmware=firmware).boot().quiet()
    bench.package = ec25_package
    return bench


@pytest.fixture(scope="module")
def ec200_package(lab):
    old = lab.release(EC200_OLD, model="EC200A")
    return lab.package(old, lab.release(EC200_NEW, model="EC200A", seed=4))


@pytest.fixture
def ec200(make_bench, lab, ec200_package):
    firmware = lab.release(EC200_OLD, model="EC200A")
    bench = make_bench(kind="std-a", firmware=firmware).boot().quiet()
    bench.package = ec200_package
    return bench


def upload(bench, name: str, data: bytes) -> None:
    bench.send(f'AT+QFUPL="{name}",{len(data)}\r'.encode())
    bench.wait(0.1)
    bench.send(data)


def revision(bench) -> str:
    return bench.module.firmware.revision.text


# -- the data ------------------------------------------------------------------------------


def test_every_difference_is_a_known_setting_with_a_source():
    known = {setting.name: setting for setting in settings()}
    for overlay in OVERLAYS:
        names = [entry.setting for entry in overlay.differences]
        assert len(set(names)) == len(names), overlay.name
        base = PROFILES[overlay.base]
        for entry in overlay.differences:
            assert entry.setting in known
            assert type(entry.value) is known[entry.setting].kind
            assert len(entry.source) > 10
            is_marked = "not documented" in entry.source or overlay.name == "bg95"
            assert getattr(base, entry.setting) != entry.value or is_marked, entry
        assert overlay.summary.endswith(".")


def test_the_profiles_are_those_of_the_issue():
    assert list(PROFILES) == ["bg96", "bg96-2017", "bg96-01.007", "bg95", "ec2x", "eg9x", "std-a"]
    assert profile_named("EC2X") is PROFILES["ec2x"]


def test_no_behaviour_asks_for_the_name_of_a_profile(root):
    for path in (root / "src" / "dfota" / "modem").rglob("*.py"):
        text = path.read_text()
        assert "profile.name" not in text, path
        if path.name != "kin.py":
            for name in PROFILES:
                assert name == "bg96" or f'"{name}"' not in text, (path, name)


@pytest.mark.parametrize("kind", ["bg96", "bg96-2017", "ec2x", "std-a"])
def test_two_modules_of_a_kind_share_one_table_of_commands(kind):
    profile = profile_named(kind)
    assert command_table(profile) is command_table(profile)
    assert ('+QCFGEXT="fota_apn"' in command_table(profile)) == profile.fota_apn
    assert ('+QCFG="fota/cid"' in command_table(profile)) == (kind == "std-a")


@pytest.mark.parametrize(
    ("kind", "model", "fits"),
    [
        ("bg96", "BG96", True),
        ("bg96", "EC25", False),
        ("ec2x", "EC25", True),
        ("ec2x", "EG25", True),
        ("eg9x", "EG91", True),
        ("eg9x", "EC25", False),
        ("bg95", "BG95-M3", True),
        ("std-a", "EC200A", True),
    ],
)
def test_a_firmware_of_another_model_is_warned_of(make_bench, lab, kind, model, fits):
    firmware = lab.release("R01A01", model=model)
    bench = make_bench(kind=kind, firmware=firmware).boot()
    assert any(model in note and "profile" in note for note in bench.notes) != fits
    bench.module.restart()
    bench.run()
    assert sum("profile" in note for note in bench.notes) == (0 if fits else 1)


# -- BG96 of 2017 --------------------------------------------------------------------------


def test_a_bg96_of_2017_has_no_access_point_of_its_own_and_a_short_revision(make_bench):
    bench = make_bench(kind="bg96-2017").boot().quiet()
    assert bench.ask('AT+QCFGEXT="fota_apn"') == "\r\nERROR\r\n"
    assert bench.ask('AT+QCFGEXT="fota_apn",0,"a"') == "\r\nERROR\r\n"
    assert bench.ask("AT+QGMR") == "\r\nBG96MAR02A07M1G\r\n\r\nOK\r\n"
    assert bench.ask('AT+QFLDS="EUFS"') == "\r\n+CME ERROR: 425\r\n"
    assert bench.ask('AT+QFUPL="EUFS:/datatx/test.zip",10') == "\r\n+CME ERROR: 425\r\n"


def fail_to_connect(bench) -> str:
    bench.ask(f"AT+QFOTADL={URL}")
    for _ in range(7):
        bench.run()
        if not bench.network.is_awaited:
            break
        bench.network.tell(Failed(NetworkFailure.REFUSED))
    return finish(bench)[-1]


@pytest.mark.parametrize(
    ("kind", "code"), [("bg96", 702), ("bg96-2017", 701), ("bg96-01.007", 702), ("bg95", 702)]
)
def test_a_generation_has_the_codes_of_its_guide(make_bench, kind, code):
    bench = make_bench(kind=kind).boot().quiet()
    assert fail_to_connect(bench) == qind("HTTPEND", code)


def test_a_bg96_of_2017_calls_a_mismatch_a_failed_check(make_bench, lab):
    bench = make_bench(kind="bg96-2017").boot().quiet()
    other = lab.release("BG96MAR02A07M1G_01.017.01.017")
    bench.put_package(lab.package(other, lab.new))
    bench.ask("AT+QFOTADL=1")
    assert finish(bench) == [START, qind("END", 506)]


def test_firmware_01_007_has_a_long_revision(make_bench, lab):
    firmware = lab.release("BG96MAR02A07M1G_01.007.01.007")
    bench = make_bench(kind="bg96-01.007", firmware=firmware).boot().quiet()
    assert "BG96MAR02A07M1G_01.007.01.007" in bench.ask("AT+QGMR")


# -- Linux ---------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["/data/ufs/", "/cache/ufs/", "/usrdata/cache/ufs/"])
def test_an_ec25_upgrades_from_a_path_with_two_restarts(ec25, folder):
    upload(ec25, "UFS:Update", ec25.package)
    ec25.take()
    assert ec25.ask(f'at+qfotadl="{folder}Update"') == "\r\nOK\r\n"
    assert finish(ec25) == [START, *PERCENTS, qind("END", 0), *LINUX_BOOT]
    assert revision(ec25) == EC25_NEW
    ec25.quiet()
    assert ec25.ask("AT+QFLST") == "\r\nOK\r\n"


def test_an_ec25_upgrades_from_a_server(ec25):
    assert ec25.ask(f"AT+QFOTADL={URL}") == "\r\nOK\r\n"
    assert finish(ec25) == [qind("HTTPSTART")]
    ec25.network.deliver(ec25.package)
    ended, *rest = finish(ec25)
    assert ended == qind("HTTPEND", 0)
    assert rest == [START, *PERCENTS, qind("END", 0), *LINUX_BOOT]


def test_the_recovery_system_has_no_at(ec25):
    upload(ec25, "Update", ec25.package)
    ec25.take()
    ec25.ask('AT+QFOTADL="/data/ufs/Update"')
    ec25.run(until=lambda: any(b'"UPDATING",5' in data for _, data in ec25.writes))
    assert ec25.module.power is Power.FORCED_UPGRADE
    ec25.take()
    assert ec25.send(b"AT\r") == b""


def test_a_missing_file_is_505_before_any_restart(ec25):
    assert ec25.ask('AT+QFOTADL="/data/ufs/Update"') == "\r\nOK\r\n"
    assert finish(ec25) == [qind("END", 505)]
    assert ec25.ask("AT") == "\r\nOK\r\n"


@pytest.mark.parametrize(
    "location", ["/data/Update", "/data/ufs/", "/data/ufs/../x", "Update", "UFS:Update", "1", ""]
)
def test_a_path_outside_the_folders_is_an_error(ec25, location):
    assert ec25.ask(f'AT+QFOTADL="{location}"') == "\r\nERROR\r\n"
    assert ec25.ask("AT+QFOTADL=1") == "\r\nERROR\r\n"


def test_an_ec25_lists_names_with_their_storage(ec25):
    upload(ec25, "a", b"12345")
    ec25.take()
    assert '+QFLST: "UFS:a",5' in ec25.ask('AT+QFLST="UFS:a"')


@pytest.mark.parametrize(
    ("package", "code"),
    [("other", 510), ("no package", 504), ("foreign", 505)],
)
def test_an_ec25_has_its_own_codes_and_boots_the_old_firmware(ec25, lab, package, code):
    old = ec25.firmware
    new = lab.release(EC25_NEW, model="EC25", seed=4)
    data = {
        "other": lambda: lab.package(lab.release("EC25EFAR06A01M4G", model="EC25"), new),
        "no package": lambda: b"no zip",
        "foreign": lambda: lab.package(old, new, foreign_key=True),
    }[package]()
    upload(ec25, "Update", data)
    ec25.take()
    ec25.ask('AT+QFOTADL="/data/ufs/Update"')
    assert finish(ec25) == [START, qind("END", code), *LINUX_BOOT]
    assert revision(ec25) == EC25_OLD
    ec25.quiet()
    assert ec25.ask('AT+QFOTADL="/data/ufs/none"') == "\r\nOK\r\n"


def test_a_flash_that_fails_is_one_of_540_to_546(ec25):
    upload(ec25, "Update", ec25.package)
    ec25.take()
    ec25.ask('AT+QFOTADL="/data/ufs/Update"')
    first = ec25.state.flash.operations + 5
    ec25.state.flash.inject(*(Fault(first + attempt, FaultKind.FAIL) for attempt in range(3)))
    assert finish(ec25)[-len(LINUX_BOOT) - 1] == qind("END", 546)


def test_the_codes_of_an_ec25s_download_are_701_and_601(ec25):
    assert fail_to_connect(ec25) == qind("HTTPEND", 701)


def cut(bench, plan: PowerCut) -> list[str]:
    upload(bench, "Update", bench.package)
    bench.take()
    bench.module.arm_power_cut(plan)
    bench.ask('AT+QFOTADL="/data/ufs/Update"')
    return finish(bench)


@pytest.mark.parametrize("percent", [1, 30, 49])
def test_a_cut_in_the_first_half_is_gone_on_with_at_a_checkpoint(ec25, percent):
    printed = cut(ec25, PowerCut(CutPhase.UPDATING, percent))
    assert printed[: percent + 2] == [START, *PERCENTS[: percent + 1]]
    again = printed[percent + 2 :]
    assert again[0] == START
    first = PERCENTS.index(again[1])
    assert first <= percent + 1
    assert again[1:] == [*PERCENTS[first:], qind("END", 0), *LINUX_BOOT]
    assert revision(ec25) == EC25_NEW


@pytest.mark.parametrize("percent", [52, 85, 99])
@pytest.mark.parametrize("mode", list(CutMode))
def test_a_cut_in_the_second_half_is_gone_on_with_and_never_falls_back_to_zero(ec25, percent, mode):
    printed = cut(ec25, PowerCut(CutPhase.UPDATING, percent, mode))
    again = printed[percent + 2 :]
    assert again == [START, *PERCENTS[51:], qind("END", 0), *LINUX_BOOT]
    assert revision(ec25) == EC25_NEW


def test_a_cut_right_after_end_repeats_start_and_end_without_updating(ec25):
    printed = cut(ec25, PowerCut(CutPhase.END))
    assert printed == [
        START,
        *PERCENTS,
        qind("END", 0),
        START,
        qind("END", 0),
        *LINUX_BOOT,
    ]
    assert revision(ec25) == EC25_NEW


def test_five_interrupted_attempts_are_enough(ec25):
    upload(ec25, "Update", ec25.package)
    ec25.take()
    ec25.ask('AT+QFOTADL="/data/ufs/Update"')
    for _ in range(5):
        ec25.run(until=lambda: any(b'"UPDATING",3' in data for _, data in ec25.writes))
        ec25.module.cut_power()
        ec25.take()
        ec25.module.power_on()
    assert finish(ec25) == [qind("END", 502), *LINUX_BOOT]
    assert revision(ec25) == EC25_OLD


# -- LTE Standard(A) -------------------------------------------------------------------------


def test_the_test_form_of_standard_a_lists_its_parameters(ec200):
    assert ec200.ask("AT+QFOTADL=?") == (
        "\r\n+QFOTADL: <url>,(0,1),(0,5-100),(0,5-100)\r\n\r\nOK\r\n"
    )


@pytest.mark.parametrize(
    "parameters",
    [
        f"{URL},2",
        f"{URL},1,4",
        f"{URL},1,101",
        f"{URL},1,5,4",
        f"{URL},1,5,5,5",
        '"FILE:0"',
        '"FILE:x"',
        '"FILE:99999999"',
        '"FILE:10",2',
        "1",
    ],
)
def test_standard_a_refuses_parameters_outside_their_ranges(ec200, parameters):
    assert ec200.ask(f"AT+QFOTADL={parameters}") == "\r\nERROR\r\n"


def test_standard_a_downloads_restarts_and_prints_few_lines(ec200):
    ec200.ask(f"AT+QFOTADL={URL}")
    assert finish(ec200) == [qind("HTTPSTART")]
    ec200.network.deliver(ec200.package)
    printed = finish(ec200)
    downloading = [qind("DOWNLOADING", number) for number in range(1, 51)]
    assert printed[:51] == [*downloading, qind("HTTPEND", 0)]
    updating = [qind("UPDATING", number * 100 // 12) for number in range(1, 12)]
    assert printed[51:] == [START, *updating, qind("END", 0), *STANDARD_A_BOOT]
    assert updating[0] == qind("UPDATING", 8)
    assert updating[-1] == qind("UPDATING", 91)
    assert revision(ec200) == EC200_NEW


def test_the_numbers_of_lines_can_be_chosen(ec200):
    ec200.ask(f"AT+QFOTADL={URL},1,0,5")
    ec200.run()
    ec200.take()
    ec200.network.deliver(ec200.package)
    updating = [qind("UPDATING", number) for number in range(1, 6)]
    assert finish(ec200)[:8] == [qind("HTTPEND", 0), START, *updating, qind("END", 0)]


@pytest.mark.parametrize("chunk", [1, 32, 4096])
def test_a_host_sends_the_package_itself(ec200, chunk):
    package = ec200.package
    assert ec200.ask(f'AT+QFOTADL="FILE:{len(package)}",1,100,100') == "\r\nOK\r\n"
    ec200.wait(0.5)
    assert lines(ec200.take()) == [qind("FILESTART")]
    for offset in range(0, len(package), chunk):
        ec200.send(package[offset : offset + chunk])
        ec200.wait(0.001)
    ec200.run()
    assert revision(ec200) == EC200_NEW


def test_the_lines_of_a_package_from_the_host(ec200):
    ec200.ask(f'AT+QFOTADL="FILE:{len(ec200.package)}",1,100,100')
    ec200.wait(0.5)
    ec200.take()
    ec200.module.receive("usbat", ec200.package + b"AT\r", ec200.now)
    printed = finish(ec200)
    downloading = [qind("DOWNLOADING", number) for number in range(1, 101)]
    assert [line for line in printed if "DOWNLOADING" in line] == downloading
    assert [line for line in printed if "UPDATING" in line] == PERCENTS[1:]
    rest = [line for line in printed if "ING" not in line and line != "OK"]
    assert rest == [qind("FILEEND", 0), START, qind("END", 0), *STANDARD_A_BOOT]


def test_bytes_behind_the_package_are_a_command(ec200):
    ec200.ask(f'AT+QFOTADL="FILE:{len(ec200.package)}",0,0,0')
    ec200.wait(0.5)
    ec200.take()
    assert ec200.send(ec200.package + b"AT\r").endswith(b"\r\nOK\r\n")
    ec200.run()
    assert revision(ec200) == EC200_NEW


def test_a_host_that_stops_sending_is_500(ec200):
    ec200.ask(f'AT+QFOTADL="FILE:{len(ec200.package)}",1')
    ec200.wait(0.5)
    ec200.send(ec200.package[:-1])
    assert finish(ec200)[-1] == qind("FILEEND", 500)
    assert ec200.ask("AT") == "\r\nOK\r\n"
    assert not ec200.state.files.has("EUFS:/fota/update.zip")


@pytest.mark.parametrize(
    ("change", "code"), [("revision", 507), ("image", 507), ("container", 505)]
)
def test_standard_a_has_its_own_codes(ec200, lab, change, code):
    new = lab.release(EC200_NEW, model="EC200A", seed=4)
    data = {
        "revision": lambda: lab.package(lab.release("EC200ACNHAR01A01M16", model="EC200A"), new),
        "image": lambda: lab.package(lab.release(EC200_OLD, model="EC200A", seed=9), new),
        "container": lambda: ec200.package[:-1],
    }[change]()
    ec200.ask(f"AT+QFOTADL={URL},1,0,0")
    ec200.run()
    ec200.take()
    ec200.network.deliver(data)
    assert finish(ec200)[-1] == qind("END", code)


def test_the_context_and_the_path_are_settings_of_standard_a(ec200):
    assert '+QCFG: "fota/cid",1\r\n' in ec200.ask('AT+QCFG="fota/cid"')
    assert ec200.ask('AT+QCFG="fota/cid",2') == "\r\nOK\r\n"
    assert '+QCFG: "fota/cid",2\r\n' in ec200.ask('AT+QCFG="fota/cid"')
    assert '+QCFG: "fota/path","UFS:"\r\n' in ec200.ask('AT+QCFG="fota/path"')
    assert ec200.ask('AT+QCFG="fota/cid",0') == "\r\nERROR\r\n"


def test_the_download_goes_over_the_chosen_context(make_bench, lab):
    firmware = lab.release(EC200_OLD, model="EC200A")
    ec200 = make_bench("network_apn=cmnet", kind="std-a", firmware=firmware).boot().quiet()
    ec200.ask('AT+QICSGP=3,1,"wrong"')
    ec200.ask('AT+QICSGP=2,1,"cmnet"')
    ec200.ask('AT+QCFG="fota/cid",3')
    ec200.ask(f"AT+QFOTADL={URL}")
    ec200.run(is_patient=True)
    assert lines(ec200.take())[-1] == qind("HTTPEND", 716)
    assert ec200.network.links == []
    ec200.ask('AT+QCFG="fota/cid",2')
    ec200.ask(f"AT+QFOTADL={URL}")
    ec200.run()
    assert len(ec200.network.links) == 1


def test_a_path_without_its_colon_is_608_at_once(ec200):
    ec200.ask('AT+QCFG="fota/path","UFS"')
    ec200.ask(f"AT+QFOTADL={URL}")
    assert finish(ec200) == [qind("HTTPSTART"), qind("HTTPEND", 608)]
    assert ec200.network.links == []


def test_a_server_that_refuses_is_716(ec200):
    assert fail_to_connect(ec200) == qind("HTTPEND", 716)
