# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Which number of a family the module reports for which fault; tables only.

What the numbers mean is in ``dfota.at.code_families``. Where a family has several numbers
that would fit, the first of the manual's range is taken, so that a host meets each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dfota import errors
from dfota.at import Family
from dfota.errors import DfotaError
from dfota.modem.download import HttpError
from dfota.modem.ftp_download import FtpEnd, FtpOutcome

ErrorTable = tuple[tuple[type[DfotaError], int], ...]
"""The first class that fits decides; the last rows are whole rooms, so that it is total."""


@dataclass(frozen=True, slots=True)
class FamilyCodes:
    """The numbers of one family.

    Attributes:
        upgrade: error of the engine → ``<err>`` of ``END``.
        no_package: the package is not there.
        given_up: the upgrade was interrupted too often.
        http: how a download ended → ``<http_err>``; what is missing is *http_unknown*.
        ftp: how a download ended → ``<ftp_err>``; what is missing is *ftp_unknown*.
        ftp_replies: number of the reply that refused it → ``<ftp_err>``.
        file: ``<file_err>`` when the host does not send what it promised.
        wrong_path: ``AT+QCFG="fota/path"`` names no storage (log of an EC200U: 608 at once).
    """

    upgrade: ErrorTable
    no_package: int
    given_up: int
    http: Mapping[HttpError, int]
    http_unknown: int = 701
    ftp: Mapping[FtpEnd, int] = field(default_factory=dict)
    ftp_replies: Mapping[int, int] = field(default_factory=dict)
    ftp_unknown: int = 601
    file: int = 500
    wrong_path: int = 608

    def of_http(self, end: HttpError) -> int:
        """``<http_err>`` of a download that ended with *end*."""
        return 0 if end is HttpError.OK else self.http.get(end, self.http_unknown)

    def of_ftp(self, outcome: FtpOutcome) -> int:
        """``<ftp_err>`` of a download that ended with *outcome*."""
        if outcome.end is FtpEnd.COMPLETE:
            return 0
        found = self.ftp_replies.get(outcome.reply) or self.ftp.get(outcome.end)
        return found or self.ftp_unknown

    def of_error(self, error: DfotaError) -> int | None:
        """``<err>`` of ``END`` for *error*; ``None`` for what the engine never raises."""
        for error_class, code in self.upgrade:
            if isinstance(error, error_class):
                return code
        return None


def _upgrade(*, mismatch: int, check: int, failed: int) -> ErrorTable:
    return (
        (errors.PackageMismatchError, mismatch),
        (errors.RollbackError, mismatch),
        (errors.PackageError, check),
        (errors.OldImageMismatchError, mismatch),
        (errors.DeltaError, failed),
        (errors.EngineError, failed),
        (errors.FlashError, failed),
    )


_LINUX_UPGRADE: ErrorTable = (
    (errors.PackageMismatchError, 510),
    (errors.RollbackError, 510),
    (errors.ContainerError, 504),
    (errors.PackageError, 505),
    (errors.OldImageMismatchError, 510),
    (errors.ImageTooLargeError, 511),
    (errors.GeometryError, 511),
    (errors.DeltaError, 520),
    (errors.EngineError, 540),
    (errors.FlashError, 546),
)
_STANDARD_A_UPGRADE: ErrorTable = (
    (errors.PackageMismatchError, 507),
    (errors.RollbackError, 507),
    (errors.DigestMismatchError, 506),
    (errors.PackageError, 505),
    (errors.OldImageMismatchError, 553),
    (errors.DeltaError, 504),
    (errors.EngineError, 504),
    (errors.FlashError, 504),
)

_FTP_REPLIES = (421, 425, 426, 450, 451, 452, *range(500, 505), 530, 532, 550, 551, 552)

CODES: Mapping[Family, FamilyCodes] = MappingProxyType(
    {
        # DFOTA guide V1.1, tables 1 and 2.
        Family.BG96: FamilyCodes(
            upgrade=_upgrade(mismatch=511, check=506, failed=504),
            no_package=505,
            given_up=504,
            http={end: int(end) for end in HttpError},
        ),
        # DFOTA guide V1.0: only 0 and 701; only 0, 504, 505 and 506.
        Family.BG96_2017: FamilyCodes(
            upgrade=_upgrade(mismatch=506, check=506, failed=504),
            no_package=505,
            given_up=504,
            http={},
        ),
        # EP06 DFOTA guide V1.0; 502: EC2x QuecOpen DFOTA V1.0, "the updater exited".
        Family.LINUX: FamilyCodes(upgrade=_LINUX_UPGRADE, no_package=505, given_up=502, http={}),
        # LTE Standard(A) DFOTA guide V1.5, chapter 9.
        Family.STANDARD_A: FamilyCodes(
            upgrade=_STANDARD_A_UPGRADE,
            no_package=504,
            given_up=504,
            http={
                HttpError.CONNECTION_FAILED: 716,
                HttpError.REQUEST_FAILED: 723,
                HttpError.TIMEOUT: 722,
                HttpError.FILE_NOT_FOUND: 723,
            },
            ftp={
                FtpEnd.DNS_FAILED: 604,
                FtpEnd.NETWORK: 605,
                FtpEnd.CONTROL_CLOSED: 606,
                FtpEnd.DATA_CLOSED: 607,
                FtpEnd.TIMEOUT: 609,
                FtpEnd.NOT_STORED: 611,
                FtpEnd.TOO_LARGE: 613,
            },
            # 614 to 629 are the replies 421 to 552 of RFC 959, in order.
            ftp_replies=dict(zip(_FTP_REPLIES, range(614, 630), strict=True)),
        ),
    }
)
"""Family → its numbers."""
