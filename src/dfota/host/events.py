# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the host tells its caller while it works; facts only, no words for a screen.

``to_facts`` gives every event the same flat shape for a JSON stream.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any

from dfota.errors import CheckFailedError

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Phase(Enum):
    """Where an upgrade stands; the values name the phase to people and in JSON."""

    PREPARING = "preparing"
    """Before AT+QFOTADL: nothing has been started."""
    UPLOADING = "uploading"
    """The host sends files to the module; nothing has been started."""
    STARTING = "starting"
    """AT+QFOTADL was sent, nothing has been heard yet."""
    DOWNLOADING = "downloading"
    """The module fetches the package."""
    DOWNLOADED = "downloaded"
    """The package is there, the installation has not begun."""
    INSTALLING = "installing"
    """The installation has begun, no progress yet."""
    UPDATING = "updating"
    """The new firmware is being built in the backup partition."""
    RESTORING = "restoring"
    """The new firmware is being copied over the old one."""
    RESTARTED = "restarted"
    """The module has restarted in the middle; it may go on by itself."""
    REBOOTING = "rebooting"
    """The module reported success and restarts."""
    CHECKING = "checking"
    """The revision is read back."""


class CheckStatus(Enum):
    """How a check ended."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_TOLD = "not-told"
    """The module does not say: it counts neither for nor against."""
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class HostEvent:
    """Something that happened; the base of all events."""

    def to_facts(self) -> dict[str, Any]:
        """The event as plain values, its name under ``event``."""
        facts: dict[str, Any] = {"event": _WORD.sub("-", type(self).__name__).lower()}
        for field in fields(self):
            value = getattr(self, field.name)
            facts[field.name] = value.value if isinstance(value, Enum) else value
        return facts


@dataclass(frozen=True, slots=True)
class Identified(HostEvent):
    """Who answers at the port."""

    manufacturer: str
    model: str
    revision: str
    imei: str


@dataclass(frozen=True, slots=True)
class CheckResult(HostEvent):
    """One check before the upgrade.

    Attributes:
        check: its short name.
        status: how it ended.
        found: what the module said.
        remedy: what to do about it; empty where it passed.
    """

    check: str
    status: CheckStatus
    found: str
    remedy: str = ""

    def as_error(self) -> CheckFailedError:
        """The error of a failed check."""
        return CheckFailedError(self.check, self.found, self.remedy)


@dataclass(frozen=True, slots=True)
class PhaseEntered(HostEvent):
    """The upgrade has come to *phase*.

    Attributes:
        phase: which one.
        limit_s: how long the module may be silent in it; ``None`` where the host works.
        expected_s: how long it usually takes; ``None`` where nobody knows.
    """

    phase: Phase
    limit_s: float | None = None
    expected_s: float | None = None


@dataclass(frozen=True, slots=True)
class Progressed(HostEvent):
    """*percent* of *phase* is done.

    Attributes:
        phase: which one.
        percent: as the module says.
        left_s: how long the rest takes at the pace so far; ``None`` where there is none yet.
    """

    phase: Phase
    percent: int
    left_s: float | None = None


@dataclass(frozen=True, slots=True)
class Uploaded(HostEvent):
    """*done* of *total* bytes of the file *name* have arrived in the module."""

    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class CertificatePlaced(HostEvent):
    """The certificate or key *name* is in the module and verified.

    Attributes:
        name: in the module.
        size: in bytes.
        was_there: it was the same before, and nothing was sent.
    """

    name: str
    size: int
    was_there: bool


@dataclass(frozen=True, slots=True)
class Downloaded(HostEvent):
    """*done* of *total* bytes of the module's file *name* have arrived here."""

    name: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class UpgradeStarted(HostEvent):
    """The module has accepted AT+QFOTADL: from here on it works by itself."""

    line: str


@dataclass(frozen=True, slots=True)
class KindChosen(HostEvent):
    """As which kind of module this one is treated.

    Attributes:
        kind: name of the ``ModuleKind``.
        reason: what told it, in words.
    """

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class SettingChanged(HostEvent):
    """A setting of the module was changed for the upgrade; passwords are not shown.

    Attributes:
        setting: its short name.
        before: the command line that brings the old value back.
        after: the command line that was sent.
    """

    setting: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SettingRestored(HostEvent):
    """A setting is as it was before the upgrade; *line* did it, passwords not shown."""

    setting: str
    line: str


@dataclass(frozen=True, slots=True)
class SettingLeft(HostEvent):
    """A setting could not be put back: send *line* (passwords not shown) yourself."""

    setting: str
    line: str
    reason: str


@dataclass(frozen=True, slots=True)
class PackageRemoved(HostEvent):
    """The package *name* was deleted from the module after the upgrade."""

    name: str


@dataclass(frozen=True, slots=True)
class PackageLeft(HostEvent):
    """The package *name* is still in the module and takes its room, because of *reason*."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class FolderRefused(HostEvent):
    """The module refused *line* at once with *result*: its next folder is tried."""

    line: str
    result: str


@dataclass(frozen=True, slots=True)
class UpgradeResumed(HostEvent):
    """An upgrade of a record is followed from *phase* on; nothing is started."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class ModulePoweredDown(HostEvent):
    """The module has shut down in *phase*; it goes on when it is switched on again."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class UpgradeFound(HostEvent):
    """An upgrade was already running; it is followed, and none is started."""


@dataclass(frozen=True, slots=True)
class ModuleRestarted(HostEvent):
    """The module has restarted during *phase*."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class UpgradeContinued(HostEvent):
    """The module goes on with an upgrade that a power cut had interrupted."""


@dataclass(frozen=True, slots=True)
class PortLost(HostEvent):
    """The port went away; it is opened again as soon as it is back."""


@dataclass(frozen=True, slots=True)
class PortReturned(HostEvent):
    """The port is open again."""


@dataclass(frozen=True, slots=True)
class RevisionRead(HostEvent):
    """The revision that the module runs after the upgrade."""

    revision: str


@dataclass(frozen=True, slots=True)
class PhaseTime:
    """How long one phase took."""

    phase: Phase
    seconds: float


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A finished upgrade: the module was asked, and runs the new revision.

    Attributes:
        revision_before: what ran before; empty where a running upgrade was found.
        revision_after: what was read back at the end.
        proof: which comparison makes it a success, in words.
        restarts: how often the module restarted in the middle.
        phases: how long each phase took, in order.
    """

    revision_before: str
    revision_after: str
    proof: str
    restarts: int
    phases: tuple[PhaseTime, ...]

    def to_facts(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        facts = asdict(self)
        facts["phases"] = [
            {"phase": entry.phase.value, "seconds": round(entry.seconds, 3)}
            for entry in self.phases
        ]
        return facts


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found by the checks alone: nothing was started."""

    identity: Identified
    checks: tuple[CheckResult, ...]

    def to_facts(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {
            "identity": self.identity.to_facts(),
            "checks": [check.to_facts() for check in self.checks],
        }
