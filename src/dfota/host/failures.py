# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What a URC that tells a failure means on this kind of module, as an error; no steps here."""

from __future__ import annotations

from dfota.at import (
    FAMILIES,
    Explanation,
    Family,
    FotaEnded,
    FotaFileEnded,
    FotaFtpEnded,
    FotaHttpEnded,
    Urc,
    explain_file_error,
    explain_fota_error,
    explain_ftp_error,
    explain_http_error,
)
from dfota.errors import (
    CheckFailedError,
    CommandRefusedError,
    DownloadFailedError,
    HostError,
    InstallFailedError,
    RevisionMismatchError,
)
from dfota.host.kinds import ModuleKind

PROVEN_ENDS = (
    CheckFailedError,
    CommandRefusedError,
    DownloadFailedError,
    InstallFailedError,
    RevisionMismatchError,
)
"""Errors after which it is known that nothing is running any more; all others leave it open."""


def failure_of(urc: Urc, kind: ModuleKind) -> HostError | None:
    """The error that *urc* tells, in the words of the kind's family; ``None``: it tells none."""
    match urc:
        case FotaHttpEnded(code) if code:
            family = _family_of(code, kind, "http")
            return _download(code, explain_http_error(code, family), family, "HTTPEND")
        case FotaFtpEnded(code) if code:
            family = _family_of(code, kind, "ftp")
            return _download(code, explain_ftp_error(code, family), family, "FTPEND")
        case FotaFileEnded(code) if code:
            family = _family_of(code, kind, "file")
            return _download(code, explain_file_error(code, family), family, "FILEEND")
        case FotaEnded(code) if code:
            family = _family_of(code, kind, "upgrade")
            told = explain_fota_error(code, family)
            return InstallFailedError(code, told.meaning, told.advice, family.value)
    return None


def _family_of(code: int, kind: ModuleKind, table: str) -> Family:
    """Whose table has the number: the kind's own, or the one behind it."""
    is_known = code in getattr(FAMILIES[kind.codes], table)
    return kind.codes if is_known or kind.more_codes is None else kind.more_codes


def _download(code: int, told: Explanation, family: Family, urc: str) -> DownloadFailedError:
    return DownloadFailedError(code, told.meaning, told.advice, family.value, urc)
