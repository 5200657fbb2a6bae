# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What an upgrade asks, judges and places before AT+QFOTADL, against a scripted module."""

from __future__ import annotations

import pytest

from dfota.errors import (
    CertificateError,
    CheckFailedError,
    LocationError,
    MisuseError,
    NothingToDoError,
)
from dfota.host import (
    CHECKS,
    KINDS,
    AccessPoint,
    CertificatePlaced,
    CheckResult,
    CheckStatus,
    PackageFacts,
    Plan,
    await_quiet,
    examine,
)
from dfota.testing import make_certificates
from dfota.values import FirmwareVersion

URL = "https://www.quectel.com:100/update.zip"


@pytest.mark.parametrize(
    ("command", "answer", "check"),
    [
        ("AT+CPIN?", ("+CPIN: SIM PIN", "OK"), "sim"),
        ("AT+CPIN?", "+CME ERROR: 10", "sim"),
        ("AT+CEREG?", ("+CEREG: 0,2", "OK"), "registration"),
        ("AT+CEREG?", "ERROR", "registration"),
        ("AT+CEREG?", None, "registration"),
    ],
)
def test_a_failed_check_starts_nothing(any_bench, command, answer, check: str) -> None:
    any_bench.module.answers[command] = answer
    with pytest.raises(CheckFailedError) as caught:
        any_bench.upgrade()
    assert caught.value.check == check
    assert caught.value.remedy
    assert any_bench.starts == 0


@pytest.mark.parametrize(
    ("command", "answer", "check"),
    [
        ("AT+CSQ", ("+CSQ: 99,99", "OK"), "signal"),
        ("AT+CSQ", ("+CSQ: 3,99", "OK"), "signal"),
        ("AT+CBC", ("+CBC: 0,10,3100", "OK"), "supply"),
        ("AT+COPS?", ("+COPS: 0", "OK"), "operator"),
        ('AT+QCFGEXT="fota_apn"', "ERROR", "apn"),
        ('AT+QURCCFG="urcport"', "ERROR", "urc-port"),
    ],
)
def test_a_doubtful_check_warns_and_goes_on(bench, command, answer, check: str) -> None:
    bench.module.answers[command] = answer
    bench.script_remote()
    bench.upgrade()
    warned = [
        event.check
        for event in bench.events
        if isinstance(event, CheckResult) and event.status is CheckStatus.WARNED
    ]
    # Nobody has verified the package, and there is no CA: both are said, too.
    assert set(warned) - {"signature", "ca"} == {check}


@pytest.mark.parametrize(
    ("port", "urc_port", "warned"),
    [
        ("/dev/ttyUSB2", "uart1", True),
        ("/dev/ttyUSB2", "usbat", False),
        ("/dev/ttyS0", "usbat", False),  # it will be set, and put back
        ("/dev/ttyAMA0", "uart1", False),
        ("socket://h:1", "usbat", False),
    ],
)
def test_a_port_that_will_show_no_progress_is_warned_of(
    bench, port: str, urc_port: str, warned: bool
) -> None:
    bench.module.answers['AT+QURCCFG="urcport"'] = (f'+QURCCFG: "urcport","{urc_port}"', "OK")
    with bench.session() as session:
        examined = session.run(examine(Plan(url=URL, port=port)))
    (check,) = [c for c in examined.checks if c.check == "urc-port"]
    assert (check.status is CheckStatus.WARNED) is warned


def test_roaming_is_registered(bench) -> None:
    bench.module.answers["AT+CEREG?"] = ("+CEREG: 2,4", "OK")
    bench.module.answers["AT+CREG?"] = ('+CREG: 2,5,"FFFE","82E76B2",8', "OK")
    bench.script_remote()
    assert bench.upgrade().revision_after == bench.NEW


def test_registration_is_waited_for(bench) -> None:
    bench.module.answers["AT+CEREG?"] = ("+CEREG: 0,2", "OK")
    bench.module.later(
        20, lambda: bench.module.answers.update({"AT+CEREG?": ("+CEREG: 0,1", "OK")})
    )
    bench.script_remote()
    assert bench.upgrade().revision_after == bench.NEW


def test_the_access_point_is_set_and_read_back(bench) -> None:
    query = 'AT+QCFGEXT="fota_apn"'
    setting = f'{query},2,"iot.example","me","word"'
    bench.module.answers[setting] = "OK"
    plan = Plan(
        url=URL, facts=bench.FACTS, access_point=AccessPoint("iot.example", 2, "me", "word")
    )
    with pytest.raises(CheckFailedError, match="Telstra"):
        bench.upgrade(plan)
    assert setting in bench.module.lines

    bench.module.answers[query] = ('+QCFGEXT: "fota_apn",2,"iot.example","me","word"', "OK")
    bench.script_remote()
    assert bench.upgrade(plan).revision_after == bench.NEW


def test_a_dry_run_does_not_set_the_access_point(bench) -> None:
    plan = Plan(url=URL, facts=bench.FACTS, access_point=AccessPoint("iot.example"))
    with bench.session() as session:
        examined = session.run(examine(plan))
    (check,) = [check for check in examined.checks if check.check == "apn"]
    assert check.status is CheckStatus.PASSED
    assert check.found == '"Telstra.internet" now, will be set to "iot.example"'
    assert not [line for line in bench.module.lines if "iot.example" in line]


def test_the_network_is_asked_in_the_guides_one_line(bench) -> None:
    bench.script_remote()
    bench.upgrade()
    asked = [line for line in bench.module.lines if "CSQ" in line or "REG?" in line]
    assert asked == ["AT+CSQ;+CEREG?;+CGREG?;+COPS?"]


def test_a_module_that_lacks_one_of_the_commands_is_asked_for_each(bench) -> None:
    bench.module.answers["AT+CEREG?"] = "ERROR"
    bench.module.answers["AT+CGREG?"] = ("+CGREG: 0,1", "OK")
    bench.script_remote()
    assert bench.upgrade().revision_after == bench.NEW
    found = {e.check: e.found for e in bench.events if isinstance(e, CheckResult)}
    assert found["registration"] == "+CGREG 1"
    assert found["signal"] == "-61 dBm"
    assert found["operator"] == "Telstra Mobile Telstra"


@pytest.mark.parametrize(
    ("facts", "check"),
    [
        (PackageFacts("EG91", FirmwareVersion("A"), FirmwareVersion("B"), 1), "package"),
        (PackageFacts("BG96", FirmwareVersion("A"), FirmwareVersion("B"), 1), "package"),
    ],
)
def test_a_package_for_something_else_is_not_started(bench, facts, check: str) -> None:
    with pytest.raises(CheckFailedError) as caught:
        bench.upgrade(Plan(package=b"x", facts=facts))
    assert caught.value.check == check
    assert bench.starts == 0
    assert bench.module.files == {}


def test_nothing_is_done_where_the_new_revision_runs_already(bench) -> None:
    bench.module.revision = bench.NEW
    with pytest.raises(NothingToDoError, match="already runs") as caught:
        bench.upgrade()
    assert caught.value.revision == bench.NEW
    assert bench.starts == 0


def test_a_dry_run_starts_nothing(any_bench) -> None:
    with any_bench.session() as session:
        examined = session.run(examine(Plan(url=URL, facts=any_bench.FACTS)))
    assert examined.identity.revision == any_bench.OLD
    assert examined.identity.imei == "866425030123450"
    order = [check.name for check in CHECKS]
    made = [check.check for check in examined.checks]
    assert made == [name for name in order if name in made]
    assert {"revision", "package", "supply", "storage", "sim", "apn", "registration"} <= set(made)
    fine = {CheckStatus.PASSED, CheckStatus.NOT_TOLD}
    doubtful = {c.check for c in examined.checks if c.status not in fine}
    assert doubtful <= {"signature", "ca"}
    assert any_bench.starts == 0


def test_a_dry_run_does_not_disturb_a_running_upgrade(bench) -> None:
    bench.module.deaf = True
    bench.module.at(0.5, *bench.fota('"UPDATING", 3%'))
    with bench.session() as session, pytest.raises(CheckFailedError, match="in the middle"):
        session.run(examine(Plan(url=URL)))


@pytest.mark.parametrize(
    ("answer", "words"),
    [(("NMEA", "OK"), "ATI"), ("ERROR", "ATI"), (None, "ATI")],
)
def test_what_is_no_module_is_told(bench, answer, words: str) -> None:
    bench.module.answers["ATI"] = answer
    with pytest.raises(CheckFailedError, match=words):
        bench.upgrade()


def test_a_module_without_revision_is_told(bench) -> None:
    bench.module.answers["AT+QGMR"] = "ERROR"
    with pytest.raises(CheckFailedError, match="QGMR"):
        bench.upgrade()


def test_certificates_are_placed_and_read_back_under_their_fixed_names(bench, tmp_path) -> None:
    bench.script_remote()
    made = make_certificates(tmp_path)
    certificates = {
        "fota_cacert.pem": made.ca_path.read_bytes(),
        "fota_client_cert.pem": made.cert_path.read_bytes(),
        "fota_client_key.pem": made.key_path.read_bytes(),
    }
    bench.upgrade(Plan(url=URL, facts=bench.FACTS, certificates=certificates))
    assert bench.module.files == certificates
    placed = [event for event in bench.events if isinstance(event, CertificatePlaced)]
    assert [event.was_there for event in placed] == [False] * 3


def test_what_is_no_certificate_starts_nothing(bench) -> None:
    with pytest.raises(CertificateError):
        bench.upgrade(Plan(url=URL, certificates={"fota_cacert.pem": b"ca" * 900}))
    assert bench.starts == 0
    assert bench.module.files == {}


def test_a_plan_says_where_the_package_comes_from() -> None:
    with pytest.raises(MisuseError):
        Plan()
    with pytest.raises(MisuseError):
        Plan(url=URL, package=b"x")
    with pytest.raises(LocationError):
        Plan(url="gopher://h/a")
    with pytest.raises(LocationError):
        Plan(url="ftp://h/a", kind=KINDS["bg96"])
    assert Plan(url="ftp://h/a", kind=KINDS["ec2x"]).url
    with pytest.raises(MisuseError):
        Plan(url=URL, port_role="nmea")


def test_the_last_words_of_a_boot_are_awaited(bench) -> None:
    """Heard in the next upgrade they would look like another restart."""
    bench.module.at(1.0, "+CFUN: 1", "APP RDY", "+CPIN: READY", every_s=2.0)
    with bench.session() as session:
        session.run(await_quiet())
        assert 8 <= bench.module.now <= 10
        bench.module.at(0.0, *["APP RDY"] * 100, every_s=1.0)
        began = bench.module.now
        session.run(await_quiet())
    assert bench.module.now - began <= 24
