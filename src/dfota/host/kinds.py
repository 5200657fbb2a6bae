# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What differs between the kinds of modules for a host that upgrades them; data only, no steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType

from dfota.at import Family


class LocalForm(Enum):
    """How AT+QFOTADL names a package that lies in the module already."""

    FIXED = "fixed"
    """``AT+QFOTADL=1``, and the package is /fota/update.zip (BG96 DFOTA guide, 3.1.2)."""
    PATH = "path"
    """``AT+QFOTADL="/data/ufs/…"``: the folder is the module's, the name is the host's."""
    PUSH = "push"
    """``AT+QFOTADL="FILE:<length>"``: the bytes follow on this port (LTE Standard(A), 5.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleKind:
    """One kind of module, as the upgrade procedure needs to know it.

    Attributes:
        name: as in ``--module`` and in the profiles of the virtual module.
        model_prefixes: how the model in ATI's second line begins.
        codes: what its numbers mean.
        more_codes: where a number is looked up that *codes* does not have.
        local_form: how a package in its file system is named.
        local_folders: for ``PATH``: the folders of the UFS, most likely first.
        package_file: where the host uploads a package to, as the FILE commands name it.
        has_restore: whether RESTORE stands between UPDATING and END.
        restarts_before_start: whether it restarts (and its USB ports vanish) before START.
        refusal_kind: name of the kind that it is if it refuses to tell its ``fota_apn``.
        has_fota_apn: whether ``AT+QCFGEXT="fota_apn"`` is its access point for downloads.
        has_fota_certificates: whether it looks for certificates under ``fota_cacert.pem`` and
            its kin; no guide of another family names a place.
        has_fota_cid: whether ``AT+QCFG="fota/cid"`` chooses the context of downloads.
        has_ftp: whether it downloads from ``ftp://``.
        has_eufs: whether a download leaves its package where ``package_file`` is.
        tells_download: whether it prints DOWNLOADING.
        options: upgrade mode, most DOWNLOADING lines and most UPDATING lines, where
            AT+QFOTADL takes them; empty where it does not.
        url_max: longest location of AT+QFOTADL, in bytes.
        install_bytes_s: bytes of a package that it installs in a second, as far as anybody
            has measured; 0: nobody has.
        boot_s: from a restart to the first answer, usually.
        source: where these facts come from.
    """

    name: str
    model_prefixes: tuple[str, ...]
    codes: Family = Family.BG96
    more_codes: Family | None = None
    local_form: LocalForm = LocalForm.FIXED
    local_folders: tuple[str, ...] = ()
    package_file: str = "EUFS:/fota/update.zip"
    has_restore: bool = True
    restarts_before_start: bool = False
    refusal_kind: str = ""
    has_fota_apn: bool = True
    has_fota_certificates: bool = True
    has_fota_cid: bool = False
    has_ftp: bool = False
    has_eufs: bool = True
    tells_download: bool = False
    options: tuple[int, ...] = ()
    url_max: int = 255
    install_bytes_s: int = 0
    boot_s: float = 10.0
    source: str = field(default="", compare=False)

    @property
    def is_pushed(self) -> bool:
        """Whether a package at hand goes to the module behind AT+QFOTADL, not before it."""
        return self.local_form is LocalForm.PUSH

    @property
    def restarts_first(self) -> bool:
        """Whether a package that lies in the module makes it restart before its first word."""
        return self.restarts_before_start and not self.is_pushed


BG96 = ModuleKind(
    name="bg96",
    model_prefixes=("BG96",),
    refusal_kind="bg96-2017",
    source="BG96 DFOTA guide V1.1",
)

_EC2X = ModuleKind(
    name="ec2x",
    model_prefixes=("EC2", "EG25"),
    codes=Family.LINUX,
    local_form=LocalForm.PATH,
    local_folders=("/data/ufs/", "/cache/ufs/", "/usrdata/cache/ufs/"),
    package_file="UFS:dfota_update.bin",
    has_restore=False,
    restarts_before_start=True,
    has_fota_apn=False,
    has_fota_certificates=False,
    has_ftp=True,
    has_eufs=False,
    # A log of an EG18-EA: 40 MB in 8 minutes, then half a minute to boot.
    install_bytes_s=83_000,
    boot_s=30.0,
    source="EP06/EG06/EM06 DFOTA guide V1.0, EC2x QuecOpen DFOTA guide V1.0",
)

KINDS: Mapping[str, ModuleKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            BG96,
            ModuleKind(
                name="bg96-2017",
                model_prefixes=(),
                codes=Family.BG96_2017,
                # A firmware of that time, 01.007, was seen to send 702.
                more_codes=Family.BG96,
                has_fota_apn=False,
                has_eufs=False,
                source="BG96 DFOTA guide V1.0; by name, or as it refuses fota_apn",
            ),
            ModuleKind(
                name="bg95", model_prefixes=("BG95",), source="as BG96 where not documented"
            ),
            _EC2X,
            replace(
                _EC2X,
                name="eg9x",
                model_prefixes=("EG9",),
                source="EC2x/EG9x/EG25-G QuecOpen DFOTA guide V1.0",
            ),
            ModuleKind(
                name="std-a",
                model_prefixes=(
                    "EC200", "EC600", "EC800", "EG600", "EG800", "EG810", "EG912", "EG915", "EG950",
                ),
                codes=Family.STANDARD_A,
                local_form=LocalForm.PUSH,
                package_file="",
                has_restore=False,
                restarts_before_start=True,
                has_fota_apn=False,
                has_fota_certificates=False,
                has_fota_cid=True,
                has_ftp=True,
                has_eufs=False,
                tells_download=True,
                # At once, and every line: a support thread advised it against silence.
                options=(1, 100, 100),
                boot_s=20.0,
                source="LTE Standard(A) DFOTA guide V1.5",
            ),
        )
    }
)  # fmt: skip
"""Name → kind."""


def kind_of(model: str) -> ModuleKind | None:
    """The kind of a module by the model of ATI's second line, or ``None`` for a stranger.

    The longest prefix wins: EC200 is no EC2x, and EG915 is no EG9x.
    """
    found = [
        (len(prefix), kind)
        for kind in KINDS.values()
        for prefix in kind.model_prefixes
        if model.upper().startswith(prefix)
    ]
    return max(found, key=lambda entry: entry[0])[1] if found else None
