# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Every check says what it found and what to do; none says "passed" of what nobody told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dfota.errors import CheckFailedError
from dfota.host import (
    CA_FILE,
    CHECKS,
    CLIENT_KEY_FILE,
    KINDS,
    CheckResult,
    CheckStatus,
    PackageFacts,
    Plan,
    PortHolder,
    ServerFacts,
    Surroundings,
    examine,
)
from dfota.host.estimates import TECHNOLOGIES, download_s, in_words, technology_of, upload_s
from dfota.host.preflight import checks_document
from dfota.values import FirmwareVersion

PASSED, WARNED, FAILED = CheckStatus.PASSED, CheckStatus.WARNED, CheckStatus.FAILED
NOT_TOLD = CheckStatus.NOT_TOLD
URL = "https://packages.example.com/update.zip"
GOOD = ServerFacts(
    url=URL, status=200, content_length=10_406, tls_version="TLSv1.3", key_kind="RSA",
    key_bits=2048, speaks_tls12_rsa=True, not_after=datetime(2030, 1, 1, tzinfo=UTC),
)  # fmt: skip
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def checks_of(bench, **given) -> dict[str, CheckResult]:
    server = given.pop("server", GOOD)
    around = given.pop("surroundings", Surroundings(server=server, now=NOW, ca=b"CA"))
    plan = Plan(**{"url": URL, "facts": bench.FACTS, "surroundings": around, **given})
    with bench.session() as session:
        return {check.check: check for check in session.run(examine(plan)).checks}


def test_every_check_has_a_name_of_its_own_and_words_for_the_page() -> None:
    names = [check.name for check in CHECKS]
    assert len(names) == len(set(names))
    assert all(check.asks and check.passes and check.else_what for check in CHECKS)
    for check in CHECKS:
        assert set(check.after) <= set(names[: names.index(check.name)])


def test_the_page_of_the_checks_is_the_table() -> None:
    """Write what ``checks_document`` gives into docs/reference/checks.md."""
    page = Path(__file__).parents[3] / "docs" / "reference" / "checks.md"
    assert page.read_text() == checks_document()


@pytest.mark.parametrize(
    ("server", "check", "status", "words"),
    [
        (GOOD, "server", PASSED, "status 200"),
        (replace(GOOD, failure="connection refused", status=0), "server", FAILED, "refused"),
        (replace(GOOD, url="https://10.0.0.7/a", failure="timeout"), "server", WARNED, "from here"),
        (replace(GOOD, status=302, location="https://cdn/x"), "server", FAILED, "https://cdn/x"),
        (replace(GOOD, status=404), "server", FAILED, "no such file"),
        (replace(GOOD, status=403), "server", FAILED, "403"),
        (replace(GOOD, content_length=None, is_chunked=True), "length", FAILED, "chunks"),
        (replace(GOOD, content_length=10_405), "length", FAILED, "10,405"),
        (replace(GOOD, key_kind="EC", speaks_tls12_rsa=False), "tls", FAILED, "TLS 1.2 with RSA"),
        (GOOD, "tls", PASSED, "possible"),
        (replace(GOOD, key_bits=8192), "tls", WARNED, "8192"),
        (replace(GOOD, ca_failure="self-signed certificate"), "ca", FAILED, "self-signed"),
        (GOOD, "ca", PASSED, "leads to this CA"),
        (
            replace(GOOD, not_after=datetime(2026, 1, 2, tzinfo=UTC)),
            "certificate-dates", WARNED, "2026-01-02",
        ),
    ],
)  # fmt: skip
def test_what_the_server_said_is_judged(bench, server, check, status, words) -> None:
    result = checks_of(bench, server=server)[check]
    assert result.status is status
    assert words in result.found
    assert result.remedy or status is PASSED


def test_what_makes_no_sense_after_a_failure_is_left_out(bench) -> None:
    found = checks_of(bench, server=replace(GOOD, failure="no such name"))
    assert found["server"].status is FAILED
    assert not {"length", "tls", "certificate-dates"} & set(found)
    bench.module.answers["AT+CPIN?"] = "+CME ERROR: 10"
    found = checks_of(bench)
    assert found["sim"].status is FAILED
    assert not {"signal", "registration", "operator"} & set(found)


def test_an_examination_goes_on_after_a_failure_and_an_upgrade_does_not(bench) -> None:
    bench.module.answers['AT+QFLDS="UFS"'] = ("+QFLDS: 100,14483456", "OK")
    found = checks_of(bench)
    assert found["storage"].status is FAILED
    assert "registration" in found
    with pytest.raises(CheckFailedError) as caught:
        bench.upgrade()
    assert caught.value.check == "storage"
    assert "AT+CSQ" not in " ".join(bench.module.lines[-3:])


@pytest.mark.parametrize(
    ("command", "answer", "check", "found"),
    [
        ("AT+CBC", ("+CBC: 0,80,4500", "OK"), "supply", (WARNED, "4500")),
        ("AT+CBC", "ERROR", "supply", (NOT_TOLD, "not told")),
        ("AT+QTEMP", ("+QTEMP: 30,81,30", "OK"), "temperature", (WARNED, "81")),
        ("AT+QTEMP", ("+QTEMP: 30,31,30", "OK"), "temperature", (PASSED, "31 °C")),
        ("AT+QTEMP", "ERROR", "temperature", (NOT_TOLD, "not told")),
        ("AT+CCLK?", ('+CCLK: "80/01/06,00:00:04+00"', "OK"), "clock", (PASSED, "wrong")),
        ("AT+CCLK?", ('+CCLK: "26/12/01,13:00:04+04"', "OK"), "clock", (PASSED, "2026-12-01 13:00")),
        ("AT+CCLK?", ('+CCLK: "26/13/45,99:00:04+04"', "OK"), "clock", (NOT_TOLD, "not told")),
        ('AT+QFLDS="UFS"', "ERROR", "storage", (NOT_TOLD, "not told")),
        ('AT+QFLST="*"', ('+QFLST: "UFS:dfota_update.bin",441472', "OK"), "leftovers", (WARNED, "dfota_update.bin (441,472 bytes)")),
        ('AT+QFLST="*"', ('+QFLST: "fota_cacert.pem",1200', "OK"), "leftovers", (PASSED, "none")),
        ('AT+QFLST="*"', "+CME ERROR: 405", "leftovers", (PASSED, "none")),
        ('AT+QFLST="*"', "ERROR", "leftovers", (NOT_TOLD, "not told")),
        ("AT+QSCLK?", ("+QSCLK: 1", "OK"), "sleep", (PASSED, "AT+QSCLK=0, then put back")),
        ("AT+CPSMS?", ("+CPSMS: 0", "OK"), "psm", (PASSED, "as the upgrade needs it")),
        ("AT+CPSMS?", "ERROR", "psm", (NOT_TOLD, "not told")),
        ("AT+QNWINFO", ('+QNWINFO: "CAT-NB1","50501","LTE BAND 28",9410', "OK"), "download-time", (PASSED, "LTE Cat NB1")),
    ],
)  # fmt: skip
def test_what_the_module_says_is_judged(bench, command, answer, check, found) -> None:
    bench.module.answers[command] = answer
    result = checks_of(bench)[check]
    status, words = found
    assert (result.status, words in result.found) == (status, True), result


def test_a_download_that_takes_too_long_is_warned_of(bench) -> None:
    bench.module.answers["AT+QNWINFO"] = ('+QNWINFO: "CAT-NB1","50501","LTE BAND 28",9410', "OK")
    facts = replace(bench.FACTS, size=5_000_000)
    found = checks_of(bench, facts=facts, server=replace(GOOD, content_length=5_000_000))
    assert found["download-time"].status is WARNED
    assert (
        "5,000,000 bytes over LTE Cat NB1: about 42 min, estimated" in found["download-time"].found
    )


def test_the_estimate_of_the_check_is_that_of_the_phase(bench) -> None:
    from dfota.host import Phase, PhaseEntered

    bench.module.answers["AT+QNWINFO"] = ('+QNWINFO: "EDGE","50501","GSM 900",94', "OK")
    bench.script_remote()
    bench.upgrade()
    (entered,) = [
        event for event in bench.events
        if isinstance(event, PhaseEntered) and event.phase is Phase.DOWNLOADING
    ]  # fmt: skip
    assert entered.expected_s == pytest.approx(10_406 / (296_000 / 16))


def test_a_signature_that_was_verified_is_told_and_one_that_was_not_is_warned_of(bench) -> None:
    assert checks_of(bench)["signature"].status is WARNED
    verified = replace(bench.FACTS, signatures=1, verified_by=("0a1b2c3d4e5f",))
    assert checks_of(bench, facts=verified)["signature"].found == "verified by 0a1b2c3d…"


def test_a_downgrade_is_told_as_one(bench) -> None:
    lower = FirmwareVersion("BG96MAR02A07M1G_01.017.01.017")
    facts = PackageFacts("BG96", FirmwareVersion(bench.OLD), lower, 10_406)
    assert checks_of(bench, facts=facts)["direction"].status is WARNED
    assert checks_of(bench)["direction"].status is PASSED
    allowed = replace(bench.FACTS, allows_downgrade=True, security_counter=3)
    assert "counter 3" in checks_of(bench, facts=allowed)["direction"].found


def test_another_program_at_the_port_is_a_failure_with_its_remedy(bench) -> None:
    holder = PortHolder(812, "ModemManager", "sudo systemctl stop ModemManager")
    found = checks_of(bench, surroundings=Surroundings(holders=(holder,)))["port-holders"]
    assert found.status is FAILED
    assert "ModemManager (process 812)" in found.found
    assert "systemctl stop ModemManager" in found.remedy


def test_a_check_can_be_skipped_and_says_so(bench) -> None:
    holder = PortHolder(1, "x", "y")
    around = Surroundings(server=GOOD, holders=(holder,))
    found = checks_of(bench, surroundings=around, skipped_checks=frozenset({"port-holders"}))
    assert found["port-holders"].status is CheckStatus.SKIPPED
    assert "pass" not in found["port-holders"].found


def test_half_a_pair_of_client_files_is_a_failure(bench) -> None:
    bench.module.answers[f'AT+QFLST="{CLIENT_KEY_FILE}"'] = (f'+QFLST: "{CLIENT_KEY_FILE}",9', "OK")
    assert checks_of(bench)["client-certificate"].status is FAILED


def test_a_module_without_a_ca_file_believes_any_server(bench) -> None:
    bench.module.answers[f'AT+QFLST="{CA_FILE}"'] = "+CME ERROR: 405"
    found = checks_of(bench, surroundings=Surroundings(server=GOOD))["ca"]
    assert (found.status, "any server" in found.found) == (WARNED, True)


def test_kin_use_a_context_instead_of_fota_apn(bench) -> None:
    bench.module.answers["ATI"] = ("Quectel", "EC25", "Revision: EC25EFAR06A01M4G", "OK")
    bench.module.answers["AT+QICSGP=1"] = ('+QICSGP: 1,"iot.net","","",0', "OK")
    bench.module.answers["AT+QIACT?"] = ('+QIACT: 1,1,1,"10.0.0.2"', "OK")
    facts = replace(bench.FACTS, model="EC25")
    found = checks_of(bench, facts=facts, kind=KINDS["ec2x"])["apn"]
    assert found.found == "context 1, active: iot.net"


def test_what_a_module_or_server_says_is_shown_as_plain_text(bench) -> None:
    bench.module.answers["AT+COPS?"] = ('+COPS: 0,0,"\x1b[31mEvil",8', "OK")
    found = checks_of(bench, server=replace(GOOD, status=302, location="\x1b]0;x\x07" * 500))
    assert "\x1b" not in "".join(check.found for check in found.values())
    assert max(len(check.found) for check in found.values()) < 200


def test_technologies_are_known_in_every_spelling() -> None:
    names = {
        "CAT-M1": "cat-m1", "Cat-M1": "cat-m1", "eMTC": "cat-m1", "CAT-NB1": "cat-nb1",
        "NBIoT": "cat-nb1", "EDGE": "edge", "GSM": "gprs", "FDD LTE": "lte", "HSPA+": "hspa",
    }  # fmt: skip
    assert {text: technology_of(text) for text in names} == {
        text: TECHNOLOGIES[name] for text, name in names.items()
    }
    assert technology_of("5G-SA") is None


def test_estimates_are_no_more_exact_than_they_are() -> None:
    assert in_words(1) == "about 5 s"
    assert in_words(61) == "about 60 s"
    assert in_words(600) == "about 10 min"
    assert in_words(7200) == "about 2.0 h"
    assert upload_s(441_472, 115_200) == pytest.approx(40.3, abs=0.1)
    assert download_s(1000, 500) == pytest.approx(7)
