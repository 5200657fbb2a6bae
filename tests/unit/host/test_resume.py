# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The host was killed: what it says and does when it is run again with its record."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dfota.errors import (
    CheckFailedError,
    CommandRefusedError,
    DownloadFailedError,
    InstallFailedError,
    NoReplyError,
    OtherModuleError,
    OutcomeUnknownError,
    PortError,
    RecordError,
    RevisionMismatchError,
    UpdateDroppedError,
)
from dfota.host import (
    KINDS,
    ModulePoweredDown,
    ModuleRestarted,
    PackageLeft,
    PackageRemoved,
    PhaseEntered,
    Plan,
    Progressed,
    TimeLimits,
    UpgradeRecord,
    UpgradeResumed,
    resume,
)
from dfota.values import FirmwareVersion

IMEI = "866425030123450"
PACKAGE = bytes(range(256)) * 20
PHASES = ["starting", "downloading", "downloaded", "installing", "updating", "restoring",
          "restarted", "rebooting"]  # fmt: skip


def record_of(bench, phase: str = "downloading", **changes: object) -> UpgradeRecord:
    values = {
        "imei": IMEI, "model": "BG96", "kind": "bg96", "port": "fake", "location": bench.URL,
        "revision_before": bench.OLD, "revision_expected": bench.NEW, "package_size": 10_406,
        "is_started": True, "settings": ("AT+QSCLK=1",), "phase": phase, **changes,
    }  # fmt: skip
    bench.module.answers.setdefault("AT+QSCLK=1", "OK")
    return UpgradeRecord(**values)


def again(bench, record: UpgradeRecord, plan: Plan | None = None):
    with bench.session() as session:
        return session.run(resume(plan, UpgradeRecord.decode(record.encode())))


# -- it was started --------------------------------------------------------------------------


@pytest.mark.parametrize("phase", PHASES)
def test_a_module_that_runs_the_new_revision_is_a_success_at_once(any_bench, phase: str) -> None:
    any_bench.module.revision = any_bench.NEW
    upgraded = again(any_bench, record_of(any_bench, phase))
    assert upgraded.revision_before == any_bench.OLD
    assert upgraded.revision_after == any_bench.NEW
    assert any_bench.module.now < 5
    assert any_bench.starts == 0
    assert any_bench.module.lines[-1] == "AT+QSCLK=1"
    last = any_bench.records[-1]
    assert (last.is_ended, last.settings) == (True, ())
    assert "read back" in last.outcome


@pytest.mark.parametrize(
    ("phase", "due_s"),
    [("starting", 600), ("downloading", 600), ("downloaded", 300), ("installing", 300),
     ("updating", 30), ("restoring", 30), ("restarted", 30)],
)  # fmt: skip
def test_a_module_that_answers_as_before_has_not_applied_it_once_that_was_due(
    bench, phase: str, due_s: int
) -> None:
    with pytest.raises(UpdateDroppedError, match="was not applied") as caught:
        again(bench, record_of(bench, phase))
    assert caught.value.phase in {phase, "downloading"}
    assert (caught.value.actual, caught.value.restarts) == (bench.OLD, 0)
    assert bench.module.now == pytest.approx(due_s, abs=8)
    assert bench.starts == 0
    assert bench.records[-1].is_ended
    assert "not applied" in bench.records[-1].outcome


def test_end_0_that_was_told_before_and_the_old_revision_is_a_failure(bench) -> None:
    with pytest.raises(RevisionMismatchError):
        again(bench, record_of(bench, "rebooting"))
    assert bench.starts == 0


@pytest.mark.parametrize("phase", PHASES)
def test_a_module_that_says_nothing_is_an_unknown_outcome_and_stays_one(bench, phase: str) -> None:
    bench.module.deaf = True
    record = record_of(bench, phase)
    with pytest.raises(OutcomeUnknownError):
        again(bench, record)
    assert bench.starts == 0
    assert bench.module.lines == []
    last = bench.records[-1]
    assert (last.is_started, last.is_ended) == (True, False)
    assert last.settings == record.settings, "nothing is put back into a module that may upgrade"


@pytest.mark.parametrize("is_deaf", [False, True])
def test_a_download_that_goes_on_is_followed_to_its_end(any_bench, is_deaf: bool) -> None:
    bench = any_bench
    bench.module.deaf = is_deaf
    bench.module.at(300, *bench.fota('"HTTPEND",0'))
    bench.script_installation(302)
    assert again(bench, record_of(bench)).revision_after == bench.NEW
    assert bench.starts == 0
    assert any(isinstance(event, UpgradeResumed) for event in bench.events)


def test_a_download_that_fails_meanwhile_is_told_in_the_familys_words(bench) -> None:
    bench.module.at(300, *bench.fota('"HTTPEND",702'))
    with pytest.raises(DownloadFailedError) as caught:
        again(bench, record_of(bench, kind="std-a"))
    assert caught.value.family == "standard-a"
    assert bench.module.lines[-1] == "AT+QSCLK=1"


def test_a_second_death_is_survived_as_the_first(bench) -> None:
    bench.module.deaf = True
    bench.module.at(5, *bench.fota('"RESTORE", 50%'))
    with pytest.raises(OutcomeUnknownError):
        again(bench, record_of(bench))
    assert bench.records[-1].phase == "restoring"
    bench.module.boot_new()
    assert again(bench, bench.records[-1]).revision_after == bench.NEW
    assert bench.starts == 0


@pytest.mark.parametrize("phase", PHASES)
def test_another_module_at_the_port_proves_nothing(bench, phase: str) -> None:
    bench.module.revision = bench.NEW
    with pytest.raises(OtherModuleError) as caught:
        again(bench, record_of(bench, phase, imei="490154203237518"))
    assert (caught.value.expected, caught.value.actual) == ("490154203237518", IMEI)
    assert bench.starts == 0
    assert "AT+QSCLK=1" not in bench.module.lines
    assert not bench.records[-1].is_ended


def test_a_port_that_goes_away_meanwhile_is_waited_for(bench) -> None:
    bench.module.later(0.015, bench.port.vanish)
    bench.module.later(60, bench.module.boot_new)
    bench.module.later(61, bench.port.appear)
    assert again(bench, record_of(bench, "restoring")).revision_after == bench.NEW


@pytest.mark.parametrize("at_s", [0.005, 0.015, 0.025, 0.035, 0.045])
def test_a_port_that_goes_away_for_good_leaves_the_record_open(bench, at_s: float) -> None:
    bench.module.later(at_s, bench.port.vanish)
    record = record_of(bench, "restoring")
    with pytest.raises(OutcomeUnknownError):
        again(bench, record)
    last = bench.records[-1]
    assert (last.is_started, last.is_ended, last.settings) == (True, False, record.settings)


def test_any_other_revision_is_a_success_where_none_was_wanted(bench) -> None:
    bench.module.revision = bench.NEW
    assert again(bench, record_of(bench, revision_expected="")).revision_after == bench.NEW


def test_without_anything_to_compare_nothing_is_claimed(bench) -> None:
    with pytest.raises(RevisionMismatchError):
        again(bench, record_of(bench, revision_expected="", revision_before=""))
    assert bench.starts == 0


# -- it was not started, or it has ended -----------------------------------------------------


def test_what_was_not_started_is_begun_anew_from_its_settings(bench) -> None:
    bench.script_remote()
    record = record_of(bench, "preparing", is_started=False)
    assert again(bench, record).revision_after == bench.NEW
    assert bench.starts == 1
    lines = bench.module.lines
    assert lines.index("AT+QSCLK=1") < lines.index(bench.START_URL)


def test_settings_that_cannot_be_put_back_yet_are_not_forgotten(bench) -> None:
    bench.script_remote()
    bench.module.answers["AT+QSCLK=1"] = "ERROR"
    again(bench, record_of(bench, "preparing", is_started=False))
    assert bench.records[-1].settings == ("AT+QSCLK=1",)


def test_what_has_ended_is_begun_anew(bench) -> None:
    bench.script_remote()
    record = record_of(bench, is_ended=True, outcome="HTTPEND,702", settings=())
    assert again(bench, record).revision_after == bench.NEW
    assert bench.starts == 1


def test_a_package_that_is_not_at_hand_is_asked_for(bench) -> None:
    record = record_of(bench, "uploading", is_started=False, location="")
    with pytest.raises(RecordError, match="does not hold the package"):
        again(bench, record)
    bench.script_local()
    plan = Plan(package=PACKAGE, facts=bench.FACTS)
    assert again(bench, record, plan).revision_after == bench.NEW


def test_a_record_of_another_upgrade_is_refused_before_anything_is_sent(bench) -> None:
    other = FirmwareVersion("BG96MAR02A07M1G_01.020.01.020")
    with pytest.raises(RecordError, match="not to"):
        again(bench, record_of(bench), Plan(url=bench.URL, expected=other))
    assert bench.module.lines == []


@pytest.mark.parametrize(
    "changes", [{"phase": "no such"}, {"kind": "no such"}, {"revision_before": "no such?"}]
)
def test_a_record_that_says_nonsense_does_no_harm(bench, changes) -> None:
    try:
        assert again(bench, record_of(bench, **changes)) is None
    except (RecordError, UpdateDroppedError):
        assert bench.starts == 0


# -- records of a run ------------------------------------------------------------------------


def test_that_it_may_have_been_started_is_kept_before_it_is_sent(bench) -> None:
    kept: list[UpgradeRecord] = []
    script = []
    bench.script_remote()
    react = bench.module.on_line

    def look(line: str) -> None:
        if line == bench.START_URL:
            kept.append(bench.records[-1])
        script.append(line)
        react(line)

    bench.module.on_line = look
    bench.upgrade()
    (record,) = kept
    assert record.is_started
    assert (record.imei, record.model, record.kind) == (IMEI, "BG96", "bg96")
    assert (record.revision_before, record.revision_expected) == (bench.OLD, bench.NEW)
    assert record.location == bench.URL


def test_every_phase_is_kept_when_it_is_entered(bench) -> None:
    bench.script_remote()
    bench.upgrade()
    entered = [e.phase.value for e in bench.events if isinstance(e, PhaseEntered)]
    kept = list(dict.fromkeys(record.phase for record in bench.records))
    assert kept == entered
    last = bench.records[-1]
    assert last.is_ended
    assert "expected one" in last.outcome


def test_a_keeper_that_fails_before_the_start_starts_nothing(bench) -> None:
    def full(record: UpgradeRecord) -> None:
        raise OSError("no space left")

    bench.records = type("Full", (), {"append": staticmethod(full)})()
    with pytest.raises(OSError, match="no space"):
        bench.upgrade()
    assert bench.starts == 0


# -- before the start ------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["port", "line", "upload"])
def test_a_module_that_restarts_before_the_start_is_prepared_once_more(bench, how: str) -> None:
    done: list[str] = []
    bench.script_local()
    react = bench.module.on_line

    def restart(line: str) -> None:
        react(line)
        during = 'AT+QFUPL="EUFS' if how == "upload" else "AT+CBC"
        if not line.startswith(during) or done:
            return
        done.append(line)
        if how == "line":
            bench.module.at(0.005, "RDY")
            return
        bench.port.vanish()
        bench.module._upload = None
        bench.module.later(4, bench.port.appear)

    bench.module.on_line = restart
    assert bench.upgrade(Plan(package=PACKAGE, facts=bench.FACTS)).revision_after == bench.NEW
    assert bench.starts == 1
    assert sum(isinstance(event, ModuleRestarted) for event in bench.events) == 1


def test_a_module_that_restarts_again_and_again_is_told_and_not_started(bench) -> None:
    bench.when("AT+CSQ", lambda: bench.module.at(0.005, "RDY"))
    with pytest.raises(CheckFailedError, match="restarted twice"):
        bench.upgrade()
    assert bench.starts == 0
    assert bench.records[-1].is_ended


def test_a_port_that_does_not_come_back_is_not_waited_for_long(bench) -> None:
    bench.when("AT+CSQ", bench.port.vanish)
    with pytest.raises(PortError, match="nothing was started"):
        bench.upgrade()
    assert bench.module.now < 15


def test_a_module_that_falls_silent_before_the_start_is_told(bench) -> None:
    bench.when("AT+CBC", lambda: setattr(bench.module, "deaf", True))
    with pytest.raises((NoReplyError, CheckFailedError)):
        bench.upgrade(Plan(package=PACKAGE, facts=bench.FACTS))
    assert bench.starts == 0


# -- after it ---------------------------------------------------------------------------------


def test_a_module_that_is_switched_off_in_the_middle_is_told_and_waited_for(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"UPDATING", 10%'))
        bench.module.at(2, "POWERED DOWN")
        bench.module.later(2.1, lambda: setattr(bench.module, "deaf", True))
        bench.script_boot(200, lambda: setattr(bench.module, "deaf", False))

    bench.when(bench.START_URL, begin)
    with pytest.raises(UpdateDroppedError):
        bench.upgrade()
    assert [e.phase.value for e in bench.events if isinstance(e, ModulePoweredDown)] == ["updating"]


def test_our_package_is_removed_after_the_success(bench) -> None:
    bench.script_local()
    bench.upgrade(Plan(package=PACKAGE, facts=bench.FACTS))
    (removed,) = [event for event in bench.events if isinstance(event, PackageRemoved)]
    assert removed.name == "EUFS:/fota/update.zip"
    assert bench.module.files == {}


@pytest.mark.parametrize("answer", ["+CME ERROR: 418", None])
def test_a_package_that_cannot_be_removed_is_told_and_no_failure(bench, answer) -> None:
    bench.script_local()
    react = bench.module.on_line

    def look(line: str) -> None:
        if line == bench.START_LOCAL:
            bench.module.answers['AT+QFDEL="EUFS:/fota/update.zip"'] = answer
        react(line)

    bench.module.on_line = look
    assert bench.upgrade(Plan(package=PACKAGE, facts=bench.FACTS)).revision_after == bench.NEW
    assert [e.name for e in bench.events if isinstance(e, PackageLeft)] == ["EUFS:/fota/update.zip"]


def test_a_package_that_failed_is_left_for_a_look(bench) -> None:
    bench.script_local(end=504)
    with pytest.raises(Exception, match="504"):
        bench.upgrade(Plan(package=PACKAGE, facts=bench.FACTS))
    assert bench.module.files == {"EUFS:/fota/update.zip": PACKAGE}


@pytest.mark.parametrize(
    ("before", "after", "expected", "is_success"),
    [
        ("BG96MAR02A06M1G", "BG96MAR02A07M1G", "BG96MAR02A07M1G", True),
        ("BG96MAR02A06M1G", "BG96MAR02A07M1G_01.018.01.018", "BG96MAR02A07M1G", True),
        ("BG96MAR02A07M1G", "BG96MAR02A07M1G_01.018.01.018", None, True),
        ("BG96MAR02A06M1G", "BG96MAR02A06M1G", "BG96MAR02A07M1G", False),
        ("BG96MAR02A07M1G_01.018.01.018", "BG96MAR02A07M1G", None, False),
        ("BG96MAR02A07M1G", "BG96MAR02A07M1G", "BG96MAR02A07M1G_01.019.01.019", False),
    ],
)
def test_a_short_revision_proves_what_it_says_and_no_more(
    bench, before: str, after: str, expected: str | None, is_success: bool
) -> None:
    bench.module.revision = before

    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"END",0'))
        bench.script_boot(3, lambda: setattr(bench.module, "revision", after))

    bench.when(bench.START_URL, begin)
    plan = Plan(url=bench.URL, expected=FirmwareVersion(expected) if expected else None)
    if is_success:
        assert bench.upgrade(plan).revision_after == after
    else:
        with pytest.raises(RevisionMismatchError):
            bench.upgrade(plan)


def test_ati_is_asked_where_qgmr_is_refused_afterwards(bench) -> None:
    """And it proves the short form only."""

    def boot() -> None:
        bench.module.answers["AT+QGMR"] = "ERROR"
        bench.module.answers["ATI"] = ("Quectel", "BG96", "Revision: BG96MAR03A01M1G", "OK")

    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"END",0'))
        bench.script_boot(3, boot)

    bench.when(bench.START_URL, begin)
    plan = Plan(url=bench.URL, expected=FirmwareVersion("BG96MAR03A01M1G"))
    assert bench.upgrade(plan).revision_after == "BG96MAR03A01M1G"


@pytest.mark.parametrize(("kind", "limit_s"), [("bg96", 60), ("ec2x", 300)])
def test_a_module_that_restarts_before_its_first_word_has_time_for_that(
    bench, kind, limit_s
) -> None:
    bench.module.answers['AT+QFOTADL="/data/ufs/dfota_update.bin"'] = "OK"
    plan = Plan(package=PACKAGE, facts=bench.FACTS, kind=KINDS[kind], port_role="uart1")
    with pytest.raises(OutcomeUnknownError) as caught:
        bench.upgrade(plan)
    assert caught.value.waited_s == limit_s


def test_a_running_upgrade_is_told_in_the_words_of_the_packages_model(bench) -> None:
    """A module in the middle of an upgrade cannot be asked what it is."""
    bench.module.deaf = True
    bench.module.at(1, *bench.fota('"UPDATING",5', '"END",511'))
    facts = replace(bench.FACTS, model="EC25")
    with pytest.raises(InstallFailedError) as caught:
        bench.upgrade(Plan(url=bench.URL, facts=facts))
    assert caught.value.family == "linux"
    assert bench.records[-1].is_started
    assert bench.starts == 0


def test_a_start_whose_answer_is_lost_is_not_tried_in_another_folder(bench) -> None:
    first = 'AT+QFOTADL="/data/ufs/dfota_update.bin"'
    bench.module.answers[first] = None
    bench.when(first, lambda: bench.script_installation(20))
    plan = Plan(package=PACKAGE, facts=bench.FACTS, kind=KINDS["ec2x"])
    assert bench.upgrade(plan).revision_after == bench.NEW
    assert bench.starts == 1


def test_a_start_that_every_folder_refuses_is_told(bench) -> None:
    plan = Plan(package=PACKAGE, facts=bench.FACTS, kind=KINDS["ec2x"])
    with pytest.raises(CommandRefusedError):
        bench.upgrade(plan)
    assert bench.starts == 3
    assert bench.records[-1].is_ended


@pytest.mark.parametrize("stage", ["UPDATING", "RESTORE"])
def test_an_end_that_nobody_heard_is_found_out_long_before_the_limit(bench, stage: str) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', f'"{stage}", 100%'))
        bench.module.later(2, lambda: setattr(bench.module, "deaf", True))
        bench.module.later(60, bench.module.boot_new)

    bench.when(bench.START_URL, begin)
    assert bench.upgrade().revision_after == bench.NEW
    assert bench.module.now < 200


def test_what_is_left_is_told_at_the_pace_of_the_phase(bench) -> None:
    bench.script_remote()
    bench.upgrade()
    left = [e.left_s for e in bench.events if isinstance(e, Progressed)]
    assert left[0] is None, "one percent makes no pace"
    assert left[49] == pytest.approx(50, abs=1)
    assert left[99] == 0
    assert left[100] is None, "another phase, another pace"
    assert left[149] == pytest.approx(50, abs=1)


def test_limits_and_estimates_are_told_with_each_phase(bench) -> None:
    bench.script_remote()
    limits = TimeLimits(downloading_s=700.0)
    bench.upgrade(
        Plan(
            url=bench.URL, facts=bench.FACTS, bytes_per_s=2000.0, limits=limits,
            kind=KINDS["bg96"],
        )
    )  # fmt: skip
    told = {e.phase.value: e for e in bench.events if isinstance(e, PhaseEntered)}
    assert told["downloading"].limit_s == 700.0
    assert told["downloading"].expected_s == pytest.approx(bench.FACTS.size / 2000)
    assert told["updating"].expected_s is None
    assert told["preparing"].limit_s is None


def test_settings_of_one_module_are_never_written_into_another(bench) -> None:
    """They may hold a login; and no upgrade of the other is begun with them in its record."""
    secret = 'AT+QCFGEXT="fota_apn",0,"iot","user","secret"'
    bench.module.answers.update({secret: "OK", "AT+CGSN": ("490154203237518", "OK")})
    record = record_of(bench, is_started=False, phase="preparing", settings=(secret,))
    with pytest.raises(OtherModuleError) as caught:
        again(bench, record)
    assert caught.value.expected == IMEI
    assert not [line for line in bench.module.lines if "secret" in line]
    assert bench.starts == 0
    assert all(kept.settings == (secret,) and kept.imei == IMEI for kept in bench.records)
