# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The upgrade against a scripted module on a virtual clock: every way it can end."""

from __future__ import annotations

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
    RevisionMismatchError,
    UpdateDroppedError,
)
from dfota.host import (
    KINDS,
    ModuleRestarted,
    Plan,
    PortLost,
    PortReturned,
    Progressed,
    TimeLimits,
    UpgradeContinued,
    UpgradeFound,
    examine,
)
from dfota.host.identity import get_attention
from dfota.host.logbook import Logbook
from dfota.host.records import UpgradeRecord
from dfota.host.starting import locations_of, start, start_line
from dfota.values import FirmwareVersion

URL = "https://www.quectel.com:100/update.zip"
STYLES = [", {}%", ",{}%", ",{}", ", {}"]
ROAD = ["preparing", "starting", "downloading", "downloaded", "installing", "updating"]
PACKAGE = bytes(range(256)) * 40 + b"tail"


def local_plan(bench, package: bytes = PACKAGE) -> Plan:
    return Plan(package=package, facts=bench.FACTS)


# -- the good ends -----------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_a_remote_upgrade_succeeds_in_every_spelling(any_bench, style: str) -> None:
    any_bench.script_remote(style)

    upgraded = any_bench.upgrade()

    assert (upgraded.revision_before, upgraded.revision_after) == (any_bench.OLD, any_bench.NEW)
    assert any_bench.phases == [*ROAD, "restoring", "rebooting"]
    percents = [e.percent for e in any_bench.events if isinstance(e, Progressed)]
    assert percents == [*range(1, 101), *range(1, 101)]
    assert any_bench.starts == 1
    assert upgraded.restarts == 0


@pytest.mark.parametrize("size", [1, 1023, 1024, 1025, 4096, 10244])
def test_a_local_upgrade_uploads_the_package_first(any_bench, size: int) -> None:
    package = (PACKAGE * 2)[:size]
    any_bench.module.files["EUFS:/fota/update.zip"] = b"left over"
    any_bench.script_local()

    upgraded = any_bench.upgrade(local_plan(any_bench, package))

    assert upgraded.revision_after == any_bench.NEW
    assert any_bench.module.uploaded == {"EUFS:/fota/update.zip": package}
    assert any_bench.module.files == {}
    assert any_bench.phases[:4] == ["preparing", "uploading", "starting", "installing"]
    assert any_bench.starts == 1
    assert not any(line.startswith("AT+CPIN") for line in any_bench.module.lines)


def test_a_typo_of_the_old_guide_and_a_second_spelling_are_understood(bench) -> None:
    for words in (('"HTTPTART"', '"HTTPEND",0'), ('"HTTPSSTART"', '"HTTPSEND",0')):
        bench.module.revision = bench.OLD
        bench.events.clear()

        def begin(words: tuple[str, str] = words) -> None:
            bench.module.at(1, *bench.fota(*words), every_s=5)
            bench.script_installation(20)

        bench.when(bench.START_URL, begin)
        bench.upgrade()
        assert "downloaded" in bench.phases


def test_percents_may_jump_and_begin_at_zero(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"UPDATING",0', '"UPDATING",47', '"UPDATING",7'))
        bench.module.at(2, *bench.fota('"END",0'))
        bench.script_boot(3, bench.module.boot_new)

    bench.when(bench.START_URL, begin)
    assert bench.upgrade().revision_after == bench.NEW


def test_start_may_be_lost_while_the_port_is_reopened(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"HTTPSTART"', '"HTTPEND",0'))
        bench.module.later(2, bench.port.vanish)
        bench.module.at(4, *bench.fota('"START"', '"UPDATING",1'))
        bench.module.later(10, bench.port.appear)
        bench.module.at(20, *bench.fota('"UPDATING",50', '"END",0'))
        bench.script_boot(22, bench.module.boot_new)

    bench.when(bench.START_URL, begin)
    assert bench.upgrade().revision_after == bench.NEW
    assert bench.port.opened == 2


def test_without_a_package_another_revision_is_success(bench) -> None:
    bench.script_remote()
    upgraded = bench.upgrade(Plan(url=URL))
    assert "another one than before" in upgraded.proof


def test_an_incomplete_revision_is_asked_again(bench) -> None:
    answers = iter(["BG96MAR02A07M1G_01.018.00.000", "BG96MAR02A07M1G_01.018.00.000"])

    def react(line: str) -> None:
        if line == "AT+QGMR":
            bench.module.revision = next(answers, bench.OLD)

    bench.module.revision = next(answers)
    bench.module.on_line = react
    with bench.session() as session:
        examined = session.run(examine(Plan(url=URL, facts=bench.FACTS)))
    assert examined.identity.revision == bench.OLD


def test_the_old_revision_during_the_reboot_is_not_the_last_word(bench) -> None:
    """END,0 comes, the old firmware still answers for a while, then the module restarts."""

    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"END",0'))
        bench.script_boot(40, bench.module.boot_new)

    bench.when(bench.START_URL, begin)
    assert bench.upgrade().revision_after == bench.NEW


def test_a_module_that_is_deaf_while_it_restarts_is_waited_for(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"END",0'))
        bench.module.later(1.1, lambda: setattr(bench.module, "deaf", True))
        bench.module.later(100, bench.module.boot_new)  # its boot lines are lost

    bench.when(bench.START_URL, begin)
    assert bench.upgrade().revision_after == bench.NEW


def test_a_lost_ok_is_no_refusal(bench) -> None:
    bench.module.answers[bench.START_URL] = None
    bench.script_remote()
    assert bench.upgrade().revision_after == bench.NEW
    assert bench.starts == 1


def test_a_lost_end_is_made_good_by_the_revision(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"RESTORE",99'))
        bench.module.later(2, bench.module.boot_new)

    bench.when(bench.START_URL, begin)
    upgraded = bench.upgrade()
    assert "the end was not heard" in upgraded.proof
    assert bench.starts == 1


# -- power cuts --------------------------------------------------------------------------


@pytest.mark.parametrize("port_vanishes", [False, True])
@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize("boots_first", [False, True])
def test_a_power_cut_in_restore_is_survived(
    any_bench, local: bool, port_vanishes: bool, boots_first: bool
) -> None:
    """Both blocks of the guide: the one with START (local) and the one without."""
    bench = any_bench

    def begin() -> None:
        before = [*bench.fota('"START"'), *bench.progress("UPDATING")]
        said = bench.module.at(1, *before, *bench.progress("RESTORE")[:47], every_s=1)
        bench.module.later(said, lambda: setattr(bench.module, "deaf", True))
        if port_vanishes:
            bench.module.later(said, bench.port.vanish)
            bench.module.later(said + 25, bench.port.appear)
        resumed = said + 30
        if boots_first:
            bench.module.at(resumed - 1, "RDY")
        words = ['"Last upgrade was not finished,continue upgrade"']
        words += ['"START"'] if local else []
        lines = [*bench.fota(*words), *bench.progress("RESTORE", ",{}%"), *bench.fota('"END",0')]
        done = bench.module.at(resumed, *lines, every_s=1)
        bench.script_boot(done + 1, bench.module.boot_new)

    bench.when(bench.START_LOCAL if local else bench.START_URL, begin)

    upgraded = bench.upgrade(local_plan(bench) if local else None)

    assert upgraded.revision_after == bench.NEW
    assert bench.starts == 1
    assert sum(isinstance(event, UpgradeContinued) for event in bench.events) == 1
    assert any(isinstance(event, PortLost) for event in bench.events) is port_vanishes
    assert any(isinstance(event, PortReturned) for event in bench.events) is port_vanishes


@pytest.mark.parametrize("stage", ["HTTPSTART", "HTTPEND", "UPDATING"])
def test_a_power_cut_that_drops_the_upgrade_is_told_as_such(bench, stage: str) -> None:
    words = ['"HTTPSTART"', '"HTTPEND",0', '"START"', '"UPDATING", 50%']
    last = next(i for i, word in enumerate(words) if stage in word)

    def begin() -> None:
        said = bench.module.at(1, *bench.fota(*words[: last + 1]), every_s=1)
        bench.script_boot(said + 10, lambda: None)

    bench.when(bench.START_URL, begin)
    with pytest.raises(UpdateDroppedError) as caught:
        bench.upgrade()
    assert (caught.value.expected, caught.value.actual) == (bench.NEW, bench.OLD)
    assert bench.starts == 1
    assert sum(isinstance(event, ModuleRestarted) for event in bench.events) == 1


def test_a_power_cut_whose_boot_is_not_heard_is_told_soon(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"UPDATING", 50%'))
        bench.module.later(2, bench.port.vanish)
        bench.module.later(20, bench.port.appear)

    bench.when(bench.START_URL, begin)
    with pytest.raises(UpdateDroppedError) as caught:
        bench.upgrade()
    assert caught.value.phase == "updating"
    assert bench.module.now < 60


@pytest.mark.parametrize("imei", ["490154203237518", "", "866425030123450"])
def test_a_port_that_comes_back_with_another_module_proves_nothing(bench, imei: str) -> None:
    """Names of ports are used again: a neighbour that runs the new firmware is no success."""

    def plug_in() -> None:
        bench.port.appear()
        bench.module.boot_new()
        bench.module.answers["AT+CGSN"] = (imei, "OK") if imei else "ERROR"

    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"RESTORE", 50%'))
        bench.module.later(2, bench.port.vanish)
        bench.module.later(20, plug_in)

    bench.when(bench.START_URL, begin)
    if imei == "490154203237518":
        with pytest.raises(OtherModuleError) as caught:
            bench.upgrade()
        assert (caught.value.expected, caught.value.actual) == ("866425030123450", imei)
    elif not imei:
        with pytest.raises(OutcomeUnknownError):
            bench.upgrade()
    else:
        assert bench.upgrade().revision_after == bench.NEW


def test_the_short_name_of_the_old_build_is_no_success(bench) -> None:
    """With a short --expect, ATI of the old firmware says what is expected."""

    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"UPDATING", 1%'), "RDY")
        bench.module.later(0.9, lambda: bench.module.answers.update({"AT+QGMR": "ERROR"}))

    bench.when(bench.START_URL, begin)
    with pytest.raises(UpdateDroppedError):
        bench.upgrade(
            Plan(
                url=URL,
                expected=FirmwareVersion("BG96MAR02A07M1G"),
                skipped_checks=frozenset({"revision"}),
            )
        )


def test_a_port_that_exchanges_its_module_before_the_start_starts_nothing(bench) -> None:
    """The other one is sent neither AT+QFOTADL nor a setting of the first."""
    bench.module.answers.update({"AT+QSCLK?": ("+QSCLK: 1", "OK"), "AT+QSCLK=0": "OK"})
    swapped_at: list[int] = []

    def swap() -> None:
        swapped_at.append(len(bench.module.lines))
        bench.module.answers["AT+CGSN"] = ("490154203237518", "OK")
        bench.port.appear()

    def pull(line: str) -> None:
        if line == "AT+CBC" and not swapped_at:
            bench.module.later(0.001, bench.port.vanish)
            bench.module.later(1, swap)

    bench.module.on_line = pull
    with pytest.raises(OtherModuleError):
        bench.upgrade()
    assert bench.starts == 0
    assert "AT+QSCLK=0" in bench.module.lines[: swapped_at[0]]
    changing = {"AT+QSCLK=0", "AT+QSCLK=1", "AT+CMEE=0"}
    assert not changing & set(bench.module.lines[swapped_at[0] :])
    assert "AT+QSCLK=1" in bench.records[-1].settings
    assert bench.records[-1].imei == "866425030123450"


def test_a_power_cut_right_after_end_0_is_survived(bench) -> None:
    """The first boot goes on with the upgrade; only the second runs the new firmware."""

    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"RESTORE", 99%', '"END",0'))
        bench.module.at(1.5, "RDY")
        bench.module.later(1.4, lambda: setattr(bench.module, "deaf", True))
        words = ('"Last upgrade was not finished,continue upgrade"', '"RESTORE",1%', '"END",0')
        bench.module.at(3, *bench.fota(*words), every_s=1)
        bench.module.later(5.5, lambda: setattr(bench.module, "deaf", False))
        bench.script_boot(40, bench.module.boot_new)

    bench.module.answer_delay_s = 0.5
    bench.when(bench.START_URL, begin)
    assert bench.upgrade().revision_after == bench.NEW


def test_a_module_that_restores_without_a_word_is_waited_for(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"RESTORE", 10%'))
        bench.module.at(5, "RDY")
        bench.module.later(5.1, lambda: setattr(bench.module, "deaf", True))
        bench.module.later(600, bench.module.boot_new)

    bench.when(bench.START_URL, begin)
    assert bench.upgrade().revision_after == bench.NEW


def test_a_running_upgrade_is_followed_and_none_is_started(any_bench) -> None:
    bench = any_bench
    bench.module.deaf = True
    bench.script_boot(0, lambda: None)
    bench.module.at(2, *bench.fota('"Last upgrade was not finished,continue upgrade"'))
    done = bench.module.at(3, *bench.progress("RESTORE"), *bench.fota('"END",0'), every_s=1)
    bench.script_boot(done, bench.module.boot_new)

    upgraded = bench.upgrade()

    assert upgraded.revision_after == bench.NEW
    assert bench.starts == 0
    assert any(isinstance(event, UpgradeFound) for event in bench.events)


def test_a_running_upgrade_with_nothing_to_expect_is_no_success(bench) -> None:
    bench.module.deaf = True
    bench.module.at(1, *bench.fota('"RESTORE", 99%', '"END",0'), every_s=1)
    bench.script_boot(5, bench.module.boot_new)
    with pytest.raises(CheckFailedError, match="already running has ended"):
        bench.upgrade(Plan(url=URL))


# -- the bad ends ------------------------------------------------------------------------


@pytest.mark.parametrize("code", [701, 702, 703, 704, 706, 707, 708, 799])
def test_a_failed_download_tells_code_meaning_and_advice(any_bench, code: int) -> None:
    any_bench.script_remote(http_err=code)
    with pytest.raises(DownloadFailedError) as caught:
        any_bench.upgrade()
    assert caught.value.http_err == code
    assert caught.value.meaning
    assert caught.value.remedy
    assert any_bench.starts == 1


@pytest.mark.parametrize("code", [504, 505, 506, 511, 552])
@pytest.mark.parametrize("local", [False, True])
def test_a_failed_installation_tells_code_meaning_and_advice(bench, code: int, local: bool) -> None:
    if local:
        bench.script_local(end=code)
    else:
        bench.script_remote(end=code)
    with pytest.raises(InstallFailedError) as caught:
        bench.upgrade(local_plan(bench) if local else None)
    assert caught.value.err == code
    assert caught.value.meaning
    assert caught.value.remedy
    assert bench.starts == 1


@pytest.mark.parametrize("plan", [None, Plan(url=URL)], ids=["expected", "any-other"])
def test_end_0_with_the_old_revision_is_no_success(any_bench, plan: Plan | None) -> None:
    bench = any_bench

    def begin() -> None:
        bench.module.at(1, *bench.installation(), every_s=0.1)
        bench.script_boot(60, lambda: None)

    bench.when(bench.START_URL, begin)
    with pytest.raises(RevisionMismatchError) as caught:
        bench.upgrade(plan)
    assert caught.value.actual == bench.OLD
    assert bench.starts == 1


def test_end_0_without_a_restart_is_no_success(bench) -> None:
    bench.when(bench.START_URL, lambda: bench.module.at(1, *bench.fota('"START"', '"END",0')))
    with pytest.raises(RevisionMismatchError):
        bench.upgrade()
    assert bench.module.now == pytest.approx(180, abs=15)


def test_end_0_and_then_silence_is_an_unknown_outcome(bench) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota('"START"', '"END",0'))
        bench.module.later(1.1, lambda: setattr(bench.module, "deaf", True))

    bench.when(bench.START_URL, begin)
    with pytest.raises(OutcomeUnknownError) as caught:
        bench.upgrade()
    assert caught.value.phase == "rebooting"


@pytest.mark.parametrize(
    ("words", "phase", "limit_s"),
    [
        ((), "starting", 60),
        (('"HTTPSTART"',), "downloading", 600),
        (('"HTTPSTART"', '"HTTPEND",0'), "downloaded", 300),
        (('"START"',), "installing", 300),
        (('"START"', '"UPDATING", 7%'), "updating", 900),
        (('"START"', '"RESTORE", 7%'), "restoring", 900),
    ],
)
@pytest.mark.parametrize("deaf", [False, True])
def test_silence_has_its_limit_in_each_phase(
    bench, words: tuple[str, ...], phase: str, limit_s: int, deaf: bool
) -> None:
    def begin() -> None:
        bench.module.at(1, *bench.fota(*words))
        bench.module.later(1.1, lambda: setattr(bench.module, "deaf", deaf))

    bench.when(bench.START_URL, begin)
    with pytest.raises(OutcomeUnknownError) as caught:
        bench.upgrade(Plan(url=URL, facts=bench.FACTS, port_role="usbat"))
    assert (caught.value.phase, caught.value.waited_s) == (phase, limit_s)
    assert bench.module.now == pytest.approx(limit_s, abs=7)
    assert bench.starts == 1


def test_a_module_that_works_and_is_heard_elsewhere_is_waited_for(bench) -> None:
    """Nobody knows which port of the module this is: being deaf is what installing looks like."""

    def begin() -> None:
        bench.module.later(0.1, lambda: setattr(bench.module, "deaf", True))
        bench.module.later(800, bench.module.boot_new)

    bench.when(bench.START_URL, begin)
    assert "the end was not heard" in bench.upgrade().proof
    assert bench.starts == 1


def test_a_module_that_goes_deaf_for_ever_at_an_unknown_port_is_given_up(bench) -> None:
    bench.when(
        bench.START_URL,
        lambda: bench.module.later(0.1, lambda: setattr(bench.module, "deaf", True)),
    )
    with pytest.raises(OutcomeUnknownError):
        bench.upgrade()
    assert bench.module.now == pytest.approx(900, abs=80)


def test_progress_moves_the_limit(bench) -> None:
    bench.when(
        bench.START_URL,
        lambda: bench.module.at(
            1, *bench.fota(*(f'"UPDATING",{n}' for n in range(5))), every_s=800
        ),
    )
    with pytest.raises(OutcomeUnknownError):
        bench.upgrade()
    assert bench.module.now == pytest.approx(4 * 800 + 900, abs=6)


def test_a_large_package_may_take_longer_to_download() -> None:
    from dfota.host import Phase

    limits = TimeLimits()
    assert limits.of(Phase.DOWNLOADING, None) == 600
    assert limits.of(Phase.DOWNLOADING, 100_000) == 600
    assert limits.of(Phase.DOWNLOADING, 1_000_000) == 2000


def test_a_refused_start_is_told_with_the_answer(bench) -> None:
    bench.module.answers[bench.START_URL] = "ERROR"
    with pytest.raises(CommandRefusedError) as caught:
        bench.upgrade()
    assert caught.value.result == "ERROR"
    assert bench.starts == 1


def test_a_download_that_runs_already_is_followed(bench) -> None:
    """A second host, or the same one after Ctrl-C: the module refuses and goes on."""
    bench.module.answers[bench.START_URL] = "ERROR"

    def go_on() -> None:
        bench.module.at(20, *bench.fota('"HTTPEND",0'))
        bench.script_installation(21)

    bench.when(bench.START_URL, go_on)
    assert bench.upgrade().revision_after == bench.NEW
    assert bench.starts == 1
    assert any(isinstance(event, UpgradeFound) for event in bench.events)


def test_what_is_said_before_the_start_is_not_taken_for_its_outcome(bench) -> None:
    bench.when("AT+COPS?", lambda: bench.module.at(0, *bench.fota('"END",504')))
    begin = bench.module.on_line
    bench.script_remote()
    script = bench.module.on_line
    bench.module.on_line = lambda line: (begin(line), script(line))
    assert bench.upgrade().revision_after == bench.NEW


def test_a_silent_module_is_told(bench) -> None:
    bench.module.deaf = True
    with pytest.raises(NoReplyError):
        bench.upgrade()


def test_a_port_that_goes_before_the_start_is_told_by_name(bench) -> None:
    bench.when("AT+CSQ", bench.port.vanish)
    with pytest.raises(PortError, match="went away") as caught:
        bench.upgrade()
    assert caught.value.port == "fake"
    assert bench.starts == 0


@pytest.mark.parametrize("name", ["EUFS:/fota/update.zip"])
def test_a_port_that_goes_during_the_upload_starts_nothing(bench, name: str) -> None:
    bench.when(f'AT+QFUPL="{name}",{len(PACKAGE)},30,1', bench.port.vanish)
    with pytest.raises(PortError, match="went away"):
        bench.upgrade(local_plan(bench))
    assert bench.starts == 0


def test_a_port_that_is_not_there_is_told(bench) -> None:
    bench.port.vanish()
    with pytest.raises(PortError):
        bench.upgrade()


def test_a_module_that_talks_without_an_answer_is_given_up(bench) -> None:
    """It restarts again and again, or its input is cut: no line of it holds the host for ever."""
    bench.module.answers["ATE0Q0V1"] = None
    bench.module.at(0.5, *["RDY", "APP RDY"] * 500, every_s=0.5)
    with pytest.raises(NoReplyError):
        bench.upgrade()
    assert bench.module.now < 60


def test_a_late_error_of_an_earlier_command_is_no_refusal_of_the_start(bench) -> None:
    """Otherwise AT+QFOTADL would be sent again, with the next folder, while it works."""
    kind = KINDS["ec2x"]
    plan = Plan(package=b"x" * 10, expected=FirmwareVersion(bench.NEW))
    line = start_line(kind, locations_of(plan, kind)[0]).line
    bench.module.answers[line] = "ERROR"
    bench.when(line, lambda: bench.module.at(1, *bench.fota('"START"')))
    with bench.session() as session:
        session.run(get_attention())
        session.run(start(plan, kind, Logbook(UpgradeRecord())))
    assert bench.starts == 1
    assert "AT" in bench.module.lines
