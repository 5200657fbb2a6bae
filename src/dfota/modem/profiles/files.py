# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Settings of the file system and the file commands; no behaviour here."""

# ruff: noqa: FBT003, RUF009 - setting() is dataclasses.field, its first argument the default
from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from dfota.modem.setting import FILE, GUIDE, OPEN, setting


class FlashLayout(Enum):
    """How the flash of a factory-new module is divided."""

    BACKUP = "backup"
    SCRUB = "scrub"
    IN_PLACE = "in-place"


class UploadTimeout(Enum):
    """How an upload ends when the host stops sending."""

    ERROR_421 = "error-421"
    RESULT = "result"


@dataclass(frozen=True, kw_only=True)
class FileSettings:
    """Settings of the file system and the file commands."""

    flash_layout: FlashLayout = setting(
        FlashLayout.BACKUP,
        "How a factory-new module divides its flash: a backup partition; a scrub partition, which "
        "is also the backup; or neither, so that new is written over old.",
        "DFOTA guide V1.1, notes of 3.1: a backup partition; flash scrub note V1.1: a scrub "
        "partition behind the code partitions",
    )
    flash_spare_sectors: int = setting(
        0,
        "Sectors that take the place of bad ones in the flash of a factory-new module; 0: a sector "
        "that fails fails the upgrade.",
        "flash scrub note V1.1, chapter 3: extra blocks for bad ones; how many is unknown; data "
        "sheets of 1 Gbit NAND allow 20 of 1024",
    )
    ufs_total_bytes: int = setting(
        14_483_456, "Size of the file system.", FILE + " 2.1 and a real unit"
    )
    ufs_reserved_bytes: int = setting(
        1_495_616,
        "Part of it that is never free.",
        FILE + " 2.1: a module without files has 12,987,840 bytes free",
    )
    list_prefix: bool = setting(
        False, "Print `UFS:` before the names in `AT+QFLST`.", FILE + " 2.2: no prefix"
    )
    eufs_paths: bool = setting(
        True,
        'Accept `"EUFS:/datatx/…"` and `"EUFS:/fota/…"`; false: error 425.',
        "answer of the vendor's support; old firmware: 425",
    )
    fota_folder: bool = setting(
        True,
        "The folder `/fota` is there; false: only a download or `dfota efs mkdir` makes it, and "
        "an upload into it is error 410.",
        GUIDE + "3.1.2 takes it for granted; on one new module it was missing",
    )
    open_files_max: int = setting(
        10, "Files that may be open at once (else 413).", OPEN + "the manual has code 413 only"
    )
    delete_open_file: bool = setting(
        False, "A file that is open can be deleted; false: error 418.", OPEN + "the cautious way"
    )
    read_at_end_is_error: bool = setting(
        True,
        "`AT+QFREAD` at the end of a file is error 402; false: `CONNECT 0` and `OK`.",
        FILE + " chapter 4: 402 is `Read zero byte`",
    )
    ack_on_exact_kb: bool = setting(
        True,
        "In ACK mode, send the last `A` when the size is a multiple of 1024.",
        "fwupd expects it; " + FILE + " 2.4 does not show the case",
    )
    checksum_upper_case: bool = setting(
        False,
        "Print the checksum of `+QFUPL` and `+QFDWL` in capitals.",
        FILE + " 3.1 has both, `B34A` and `613e`; fwupd reads small letters only",
    )
    checksum_leading_zeros: bool = setting(
        False,
        "Print the checksum with four digits always.",
        OPEN + "the manual's examples have four anyway",
    )
    upload_timeout: UploadTimeout = setting(
        UploadTimeout.ERROR_421,
        "What ends an upload that stalls: error 421, or `+QFUPL` with what came and `OK`; the "
        "file stays in both cases.",
        FILE + " 2.4: the data mode ends; code 421 is its time out, but no example shows it",
    )
    file_parameter_error: int = setting(
        425,
        "Number of the error for a parameter of a file command that is missing, malformed or "
        "out of range; 0: plain `ERROR`.",
        FILE + " chapter 2: any error is a `+CME ERROR`; a real BG96 said 425 to an unknown "
        "storage, 400 would fit as well",
    )
    ignore_garbage_after_upload: bool = setting(
        True,
        "Drop bytes from 0x7F between commands, without echo; false: they are echoed and are "
        "part of the line.",
        "fwupd pads the last block of an upload with 0xFF; what a BG96 does is not documented",
    )
