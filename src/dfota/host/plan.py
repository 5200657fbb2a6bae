# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What to do with one module, as values that are checked once; nothing is done here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dfota.at import FTP_SCHEMES, HTTP_SCHEMES, parse_location
from dfota.errors import MisuseError
from dfota.host.kinds import ModuleKind
from dfota.host.phases import TimeLimits
from dfota.host.surroundings import Surroundings
from dfota.package import Package
from dfota.values import FirmwareVersion

PORT_ROLES = ("usbat", "usbmodem", "uart1")
"""The ports of a module, as ``AT+QURCCFG="urcport"`` calls them."""

_UART = re.compile(r"(?:^|/)tty(?:S|AMA|THS|mxc|O)[0-9]")


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """The access point for the download (``fota_apn``).

    Attributes:
        apn: its name.
        ip_type: 0 IPv4, 1 IPv6, 2 both.
        username: empty where none is needed.
        password: likewise.
    """

    apn: str
    ip_type: int = 0
    username: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """What the package says it is for, and what it makes of it.

    Attributes:
        model: the model it is for.
        old_revision: the revision that must run.
        new_revision: the revision that will run.
        size: of the package, in bytes.
        hardware: the hardware that it is for; empty for any.
        security_counter: of the new firmware.
        allows_downgrade: whether it may lead to a lower counter.
        signatures: how many it carries.
        verified_by: which of the keys that were given have signed it, as hexadecimal ids.
    """

    model: str
    old_revision: FirmwareVersion
    new_revision: FirmwareVersion
    size: int
    hardware: str = ""
    security_counter: int = 0
    allows_downgrade: bool = False
    signatures: int = 0
    verified_by: tuple[str, ...] = ()

    @classmethod
    def of(cls, package: Package, size: int, verified_by: tuple[str, ...] = ()) -> PackageFacts:
        """What *package* of *size* bytes says, and who was found to vouch for it."""
        manifest = package.manifest
        return cls(
            model=manifest.model,
            old_revision=manifest.old_revision,
            new_revision=manifest.new_revision,
            size=size,
            hardware=manifest.hardware,
            security_counter=manifest.security_counter,
            allows_downgrade=manifest.allows_downgrade,
            signatures=len(package.signatures),
            verified_by=verified_by,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do with the module.

    Attributes:
        url: where the module downloads the package (``AT+QFOTADL="…"``), or ``None``.
        package: the package to upload and install, or ``None``.
        facts: what the package says it is for, where it is at hand.
        expected: the revision that must run afterwards; the package's where it is at hand.
        access_point: to set before the download; ``None`` leaves it as it is.
        certificates: name in the module → content, uploaded before the start.
        port: name of the port, to judge where progress will be printed.
        port_role: which port of the module that is, one of ``PORT_ROLES``; empty: guessed.
        kind: what the module is; ``None``: told by ATI.
        size: of the package in bytes, where it is known and the package is not at hand.
        bytes_per_s: speed of the download that estimates assume; ``None``: no estimate.
        limits: how long the module may be silent.
        surroundings: what was found out about the server, the port and the time.
        skipped_checks: names of checks that are not made.

    Raises:
        MisuseError: neither or both of *url* and *package* are given, or the role is none.
        LocationError: the module cannot download *url*.
    """

    url: str | None = None
    package: bytes | None = field(default=None, repr=False)
    facts: PackageFacts | None = None
    expected: FirmwareVersion | None = None
    access_point: AccessPoint | None = None
    certificates: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    port: str = ""
    port_role: str = ""
    kind: ModuleKind | None = None
    size: int | None = None
    bytes_per_s: float | None = None
    limits: TimeLimits = field(default_factory=TimeLimits)
    surroundings: Surroundings = field(default_factory=Surroundings, repr=False)
    skipped_checks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if (self.url is None) == (self.package is None):
            raise MisuseError("give either the URL of a package or a package to upload")
        if self.port_role and self.port_role not in PORT_ROLES:
            raise MisuseError(f"a port's role is one of {', '.join(PORT_ROLES)}")
        self.check_url(self.kind)

    @property
    def target(self) -> FirmwareVersion | None:
        """The revision that makes it a success, where it is known beforehand."""
        return self.facts.new_revision if self.facts is not None else self.expected

    @property
    def package_size(self) -> int | None:
        """Bytes of the package, where they are known."""
        if self.package is not None:
            return len(self.package)
        return self.facts.size if self.facts is not None else self.size

    @property
    def role(self) -> str:
        """Which port of the module this is, as given or as the name tells; or empty.

        A USB name proves nothing: an adapter at the module's UART has one, too.
        """
        return self.port_role or ("uart1" if _UART.search(self.port) else "")

    def check_url(self, kind: ModuleKind | None) -> None:
        """Check the URL for a module of *kind*; ``None``: for any module.

        Raises:
            LocationError: the module cannot download it.
        """
        if self.url is None:
            return
        if kind is None or kind.has_ftp:
            parse_location(self.url, schemes=FTP_SCHEMES)
        else:
            parse_location(self.url, schemes=HTTP_SCHEMES, max_bytes=kind.url_max)
