# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The kin of the BG96 as overlays: one line for each difference, with its source; data only."""

# ruff: noqa: FBT003 - the second field of a difference is the value of the setting
from __future__ import annotations

from dfota.at import Family, PercentStyle
from dfota.modem.profiles.overlay import Difference, Overlay
from dfota.modem.profiles.upgrade import QfotadlForm, ResumeStart

_GUIDE_2017 = "BG96 DFOTA guide V1.0"
_EP06 = "EP06/EG06/EM06 DFOTA guide V1.0"
_EC2X = "EC2x/EG9x/EG25-G QuecOpen DFOTA guide V1.0"
_EG18 = "log of an EG18-EA"
_STRESS = "vendor test suites for modules with Linux"
_FWUPD = "fwupd, plugin modem-manager"
_STANDARD_A = "LTE Standard(A) DFOTA guide V1.5"
_UNKNOWN = "not documented; as BG96"

_BG96_2017 = Overlay(
    "bg96-2017",
    "BG96 with a firmware of 2017: guide V1.0, few codes, no access point of its own, no EUFS.",
    "bg96",
    (
        Difference("code_family", Family.BG96_2017, f"{_GUIDE_2017}: 0, 701; 0, 504, 505, 506"),
        Difference("fota_apn", False, f"{_GUIDE_2017}: AT+CGDCONT, context 1; no fota_apn"),
        Difference("short_qgmr", True, "forum capture: `AT+QGMR` answered `BG96MAR02A07M1G`"),
        Difference("scrub_command", False, "flash scrub note V1.0 is of August 2018"),
        Difference("eufs_paths", False, 'forum capture: `AT+QFLDS="EUFS"` answered 425'),
    ),
)
_BG96_01_007 = Overlay(
    "bg96-01.007",
    "BG96 with firmware 01.007: as bg96-2017, but it sends 702 and has a long QGMR.",
    "bg96-2017",
    (
        Difference("code_family", Family.BG96, "forum capture of firmware 01.007: HTTPEND,702"),
        Difference("short_qgmr", False, "the same capture: `BG96MAR02A07M1G_01.007.01.007`"),
    ),
)
_BG95 = Overlay(
    "bg95",
    "BG95: keeps an access point for the download; what nobody documented is as on a BG96.",
    "bg96",
    (
        Difference("fota_apn", True, "QuecPython: only BG95 has apn_set(fota_apn, …)"),
        Difference("code_family", Family.BG96, _UNKNOWN),
        Difference("percent_style", PercentStyle.SPACE_PERCENT, _UNKNOWN),
        Difference("restore_stage", True, _UNKNOWN),
        Difference("reboot_before_start", False, _UNKNOWN),
        Difference("qfotadl", QfotadlForm.BG96, _UNKNOWN),
        Difference("model_prefix", "BG95", "name of the module"),
    ),
)
_EC2X_OVERLAY = Overlay(
    "ec2x",
    "EC21, EC25, EG25-G: Linux, paths and FTP, a recovery system, two restarts, no RESTORE.",
    "bg96",
    (
        Difference("qfotadl", QfotadlForm.LINUX, f"{_EP06}: URL or path"),
        Difference(
            "local_folders",
            "/data/ufs/,/cache/ufs/,/usrdata/cache/ufs/",
            f"{_FWUPD}: /data/ufs; Technicolor mobiled: then /cache/ufs; {_STRESS}: all three",
        ),
        Difference("ftp_urls", True, f"{_EP06}: FTPSTART, FTPEND"),
        Difference("code_family", Family.LINUX, f"{_EP06}; {_EC2X}, table 2"),
        Difference("percent_style", PercentStyle.PLAIN, f"{_EG18}: `UPDATING,1`"),
        Difference("resume_percent_style", PercentStyle.PLAIN, f"{_EG18}: `UPDATING,1`"),
        Difference("updating_from_zero", True, f"{_EG18}: 0, 1, 2, … 100"),
        Difference("restore_stage", False, f"{_EG18}; {_FWUPD}: UPDATING, then END"),
        Difference("reboot_before_start", True, f"{_FWUPD}: the first of two re-plugs"),
        Difference("recovery_system", True, f"{_EC2X}, 4.3: the recovery program installs"),
        Difference("resume_updating", True, "vendor's FAQ: it continues at a break point"),
        Difference("scrub_command", False, "the flash scrub note is for BG96"),
        Difference("upgrade_attempts", 5, f"{_EC2X}, chapter 5: five attempts, then restored"),
        Difference("reenumerates", True, f"{_FWUPD}: two re-plugs; {_EG18}"),
        Difference("continued_line", False, f"{_STRESS}: START and UPDATING again"),
        Difference("resume_start", ResumeStart.ALWAYS, f"{_STRESS}: START again"),
        Difference("repeat_end_after_cut", True, f"{_STRESS}: START and END,0 again"),
        Difference("fota_apn", False, f"{_EP06}: no such command"),
        Difference("eufs_paths", False, "EC2x FILE commands: UFS, RAM, SD"),
        Difference("list_prefix", True, f'{_EG18}; {_STRESS}: +QFLST: "UFS:name"'),
        Difference(
            "boot_lines", "rdy,cpin,qusim,cfun,sms-done,pb-done", f"{_EG18}: boot after END,0"
        ),
        Difference("rat", "lte,egprs", "EC2x are LTE Cat 1 and Cat 4 modules"),
        Difference("technologies", "lte,egprs", "EC2x are LTE Cat 1 and Cat 4 modules"),
        Difference("model_prefix", "EC2,EG25", "names of the modules"),
    ),
)
_EG9X = Overlay(
    "eg9x",
    "EG91, EG95: as ec2x.",
    "ec2x",
    (Difference("model_prefix", "EG9", f"{_EC2X}, table 1: one guide for EC2x and EG9x"),),
)
_STD_A = Overlay(
    "std-a",
    "LTE Standard(A), e.g. EC200A, EC800M: parameters, DOWNLOADING, a package from the host.",
    "bg96",
    (
        Difference("qfotadl", QfotadlForm.STANDARD_A, f"{_STANDARD_A}, 5.2"),
        Difference("ftp_urls", True, f"{_STANDARD_A}, 6.1"),
        Difference("code_family", Family.STANDARD_A, f"{_STANDARD_A}, chapter 9"),
        Difference("percent_style", PercentStyle.PLAIN, f"{_STANDARD_A}, figures 3 to 5"),
        Difference("resume_percent_style", PercentStyle.PLAIN, f"{_STANDARD_A}, figures 3 to 5"),
        Difference("downloading_lines", 50, f"{_STANDARD_A}, figure 3: DOWNLOADING 1 to 50"),
        Difference("updating_lines", 12, f"{_STANDARD_A}, figure 4: 8, 16, … 50, 58, 66, … 91"),
        Difference("updating_to_hundred", False, f"{_STANDARD_A}, figure 4: 91, then END"),
        Difference("restore_stage", False, f"{_STANDARD_A}, 5.3: no RESTORE"),
        Difference("reboot_before_start", True, f"{_STANDARD_A}, 4.1: it restarts, then updates"),
        Difference("recovery_system", True, f"{_STANDARD_A}, 4.1: upgrade mode"),
        Difference("scrub_command", False, "the flash scrub note is for BG96"),
        Difference("continued_line", False, f"{_STANDARD_A}: no such line"),
        Difference("resume_start", ResumeStart.ALWAYS, "an assumption: as modules with Linux"),
        Difference("https_default_port", 80, f"{_STANDARD_A}, 6.2: the default is 80"),
        Difference("fota_apn", False, f'{_STANDARD_A}, 6.1: AT+QCFG="fota/cid"'),
        Difference("eufs_paths", False, "LTE Standard(A) FILE commands: UFS"),
        Difference("list_prefix", True, "Standard(A) modules list `UFS:` names, as EC2x"),
        Difference("boot_lines", "rdy,cfun,cpin,qusim,sms-done,pb-done", "an assumption"),
        Difference("rat", "lte,egprs", "names of the series: LTE Standard"),
        Difference("technologies", "lte,egprs", "names of the series: LTE Standard"),
        Difference(
            "model_prefix",
            "EC200,EC600,EC800,EG600,EG800,EG810,EG912,EG915,EG950",
            f"{_STANDARD_A}, 2.1",
        ),
    ),
)

OVERLAYS: tuple[Overlay, ...] = (_BG96_2017, _BG96_01_007, _BG95, _EC2X_OVERLAY, _EG9X, _STD_A)
"""Every profile but ``bg96``, a base always before what lies over it."""
