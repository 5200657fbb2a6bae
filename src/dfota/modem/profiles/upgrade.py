# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the upgrade itself: URCs, codes, restarts; no behaviour here."""

# ruff: noqa: FBT003, RUF009 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dfota.at import Family, PercentStyle
from dfota.modem.setting import GUIDE, OPEN, setting


class ResumeStart(Enum):
    """Whether START is printed when an interrupted RESTORE goes on."""

    AS_STARTED = "as-started"
    ALWAYS = "always"
    NEVER = "never"


class MissingPackage(Enum):
    """What ``AT+QFOTADL=1`` does without a package."""

    END_505 = "end-505"
    ERROR = "error"


class QfotadlForm(Enum):
    """Which parameters ``AT+QFOTADL`` has; the words are those of ``Command.variant``."""

    BG96 = "bg96"
    """A URL, or 1."""
    LINUX = "linux"
    """A URL or a path."""
    STANDARD_A = "standard-a"
    """A URL or ``FILE:<length>``, mode and numbers of URCs."""


class BusyAnswer(Enum):
    """What a command gets while UPDATING or RESTORE runs."""

    SILENT = "silent"
    ERROR = "error"
    NORMAL = "normal"


@dataclass(frozen=True, kw_only=True)
class UpgradeSettings:
    """Settings of the upgrade itself: URCs, codes, restarts."""

    percent_style: PercentStyle = setting(
        PercentStyle.SPACE_PERCENT,
        "Spelling of the percentage in `UPDATING` and `RESTORE` lines.",
        GUIDE + 'examples 4.1 and 4.2 print `"UPDATING", 1%`; the syntax block has no `%`',
    )
    resume_percent_style: PercentStyle = setting(
        PercentStyle.PERCENT,
        "The same, for `RESTORE` lines after a power cut.",
        GUIDE + 'notes of 3.1.1 and 3.1.2 print `"RESTORE",1%`',
    )
    updating_lines: int = setting(
        100,
        "How many `UPDATING` lines stand for the whole stage, 0 to 100 (and `RESTORE` lines).",
        GUIDE + "examples 4.1 and 4.2: 1 to 100",
    )
    updating_from_zero: bool = setting(
        False, "Print `UPDATING` for 0 per cent, too.", GUIDE + "examples 4.1 and 4.2: from 1"
    )
    updating_to_hundred: bool = setting(
        True, "Print `UPDATING` for 100 per cent.", GUIDE + "examples 4.1 and 4.2: to 100"
    )
    downloading_lines: int = setting(
        0,
        "How many `DOWNLOADING` lines stand for the whole download, 0 to 100; they are "
        "numbered from 1.",
        GUIDE + "3.1.1: none",
    )
    restore_stage: bool = setting(
        True,
        "Print `RESTORE` lines; false: `UPDATING` goes on until all is done.",
        GUIDE + "3.1.1 and 3.1.2",
    )
    code_family: Family = setting(
        Family.BG96,
        "Whose numbers `HTTPEND`, `FTPEND`, `FILEEND` and `END` report; see the page of codes.",
        GUIDE + "chapter 5",
    )
    continued_line: bool = setting(
        True,
        "Print `Last upgrade was not finished,continue upgrade` when an interrupted upgrade "
        "goes on.",
        GUIDE + "notes of 3.1.1 and 3.1.2",
    )
    resume_start: ResumeStart = setting(
        ResumeStart.AS_STARTED,
        "Whether `START` comes before `RESTORE` after a power cut; `as-started`: only "
        "where the upgrade was started by `AT+QFOTADL=1`.",
        GUIDE + "the note of 3.1.1 (URL) has no `START`, the note of 3.1.2 (local) has one",
    )
    start_before_check: bool = setting(
        True,
        "Print `START` before the package is checked, so before `END,506` and `END,511`.",
        OPEN + "the guide shows `START` directly after the download",
    )
    missing_package: MissingPackage = setting(
        MissingPackage.END_505,
        "What `AT+QFOTADL=1` does when `/fota/update.zip` is not there.",
        OPEN + "the guide's table has 505 (package does not exist), so the job must begin",
    )
    reboot_before_start: bool = setting(
        False,
        "Restart once before `START`, as modules with Linux do.",
        GUIDE + "figure 1 shows one restart, at the end",
    )
    recovery_system: bool = setting(
        False,
        "That restart leads into a system without AT and without boot lines, which installs the "
        "package and restarts once more; a power cut leads there again.",
        GUIDE + "forced upgrade mode is entered only after a power cut in `RESTORE`",
    )
    resume_updating: bool = setting(
        False,
        "Go on with `UPDATING` where a power cut ended it; false: the old firmware boots, and the "
        "upgrade has to be started again.",
        OPEN + "the guide promises it for `RESTORE` only; the vendor's FAQ for other modules: it "
        "continues at a break point",
    )
    upgrade_attempts: int = setting(
        0,
        "How often the recovery system is started for one package before it is given up; 0: "
        "without end.",
        OPEN + "there is no recovery system",
    )
    delete_package_on_failure: bool = setting(
        False,
        "Remove the package also after an upgrade that failed (after success it always goes).",
        "vendor SDK example: removed on success only",
    )
    repeat_end_after_cut: bool = setting(
        False,
        "Print `END,0` after the next boot when power failed between the last step of "
        "`RESTORE` and `END`.",
        OPEN + "vendor test suites see it on modules with Linux",
    )
    urc_gap_ms: int = setting(
        1000,
        "Pause before the last URC, `END`, milliseconds.",
        OPEN + "fwupd loses `END` when it comes in one read with the last percentage",
    )
    restart_gap_ms: int = setting(
        500, "Pause between `END,0` and the restart, milliseconds.", OPEN + "an assumption"
    )
    busy_answer: BusyAnswer = setting(
        BusyAnswer.SILENT,
        "What commands get while `UPDATING` or `RESTORE` runs; during the download they are "
        "always answered.",
        OPEN + "modules with Linux are in a recovery system without AT then",
    )
    qfotadl: QfotadlForm = setting(
        QfotadlForm.BG96,
        "Parameters of `AT+QFOTADL`: a URL or 1; a URL or a path; a URL or `FILE:<length>` with "
        "mode and numbers of URCs.",
        GUIDE + "3.1",
    )
    local_folders: str = setting(
        "",
        "Beginnings of a path in `AT+QFOTADL` that mean a file of `UFS:`, with commas between.",
        GUIDE + "3.1.2: the only local package is `/fota/update.zip`, named 1",
    )
    ftp_urls: bool = setting(False, "Take `ftp://` URLs.", GUIDE + "3.1.1: HTTP or HTTPS")
    fota_apn: bool = setting(
        True,
        'Know `AT+QCFGEXT="fota_apn"`; false: `ERROR`, and the download uses context 1.',
        GUIDE + "3.2 (new in V1.1)",
    )
    scrub_command: bool = setting(
        True,
        "Know `AT+QSCRUB` and `AT+QSCRUBCFG`; without a scrub partition they report that a scrub "
        "is not supported.",
        "flash scrub note V1.1",
    )
    accept_unquoted_url: bool = setting(
        False, "Take `AT+QFOTADL=<url>` without quotes.", OPEN + "one driver writes it so"
    )
