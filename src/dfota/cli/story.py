# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The whole road once: package, server, virtual module, host, power cut, proof; no words.

It puts the other rooms together and must not know how any of them works.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dfota import delta
from dfota.atomic import write_atomically
from dfota.errors import FirmwareDamagedError
from dfota.host import (
    CA_FILE,
    AccessPoint,
    HostEvent,
    PackageFacts,
    Plan,
    Progressed,
    SerialxTransport,
    Session,
    Transcript,
    Upgraded,
    upgrade,
    upload_file,
)
from dfota.modem import (
    CutPhase,
    CutReport,
    ModuleOptions,
    PowerCut,
    RunningModule,
    Speed,
    Trust,
)
from dfota.package import Release, SigningKey, build
from dfota.server import Download, PackageServer, auto_tls

ADDRESS = "127.0.0.1"
APN = "Telstra.internet"
"""The access point of the guide's example (DFOTA guide, 4.1)."""

PACKAGE_NAME = "update.zip"
BOOT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What shall happen.

    Attributes:
        old: what the module runs at first.
        new: what it shall run.
        folder: an existing empty directory for everything that is made.
        cut_percent: where in RESTORE the power is cut; None for no cut.
        speed: of the virtual module, against hardware.
    """

    old: Release
    new: Release
    folder: Path
    cut_percent: int | None
    speed: Speed


class Audience:
    """Is told what happens while it happens; every method may be left as it is."""

    def building(self, done: int, total: int) -> None:
        """*done* of *total* bytes of new images are in the package."""

    def built(self, package: Path, size: int, full_size: int, key_id: str) -> None:
        """The package is finished."""

    def serving(self, url: str) -> None:
        """The package can be downloaded."""

    def running(self, port: str, revision: str) -> None:
        """The module has booted its old firmware."""

    def downloading(self, download: Download) -> None:
        """The server's side of the download; called from another thread."""

    def power_lost(self, report: CutReport) -> None:
        """The power was cut."""

    def upgrading(self, event: HostEvent) -> None:
        """The host's side of the upgrade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened, for the summary.

    Attributes:
        package: the file that travelled.
        package_bytes: its size.
        full_image_bytes: the size of all new images.
        upgraded: what the host found.
        cut: the power cut, if there was one.
        digests_before: partition → SHA-256 in the module's flash, in hexadecimal.
        digests_after: the same after the upgrade.
        transcript: every byte of the serial port, with times.
    """

    package: Path
    package_bytes: int
    full_image_bytes: int
    upgraded: Upgraded
    cut: CutReport | None
    digests_before: dict[str, str]
    digests_after: dict[str, str]
    transcript: Path

    def to_facts(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        cut: dict[str, Any] | None = None
        if self.cut is not None:
            cut = {"phase": self.cut.phase.upper(), "percent": self.cut.percent, "operation": None}
            if operation := self.cut.operation:
                cut["operation"] = {
                    "number": operation.number,
                    "kind": operation.kind.value,
                    "offset": operation.offset,
                    "size": operation.size,
                    "sector": operation.sector,
                    "landed": operation.cut.value if operation.cut else None,
                }
        return {
            "package": str(self.package),
            "package_bytes": self.package_bytes,
            "full_image_bytes": self.full_image_bytes,
            **self.upgraded.to_facts(),
            "power_cut": cut,
            "digests_before": self.digests_before,
            "digests_after": self.digests_after,
            "transcript": str(self.transcript),
        }


def tell(script: Script, audience: Audience) -> Outcome:
    """Let *script* happen.

    Raises:
        DfotaError: whatever goes wrong in any of the rooms.
    """
    key = SigningKey.generate()
    key.save(script.folder / "demo.key")
    key.public_key.save(script.folder / "demo.pub")
    package = _build(script, key, audience)
    with ExitStack() as stack:
        tls = auto_tls(script.folder / "tls", [ADDRESS])
        server = stack.enter_context(
            PackageServer(package.parent, host=ADDRESS, tls=tls, on_progress=audience.downloading)
        )
        url = server.url_for(PACKAGE_NAME)
        audience.serving(url)
        module = stack.enter_context(
            RunningModule(
                ModuleOptions(
                    state=script.folder / "module",
                    firmware=script.old,
                    trust=Trust((key.public_key,)),
                    speed=script.speed,
                    power_cut=_cut(script),
                )
            )
        )
        before = module.wait_running(BOOT_TIMEOUT_S)
        audience.running(module.port, before.revision.text)
        watch = _CutWatch(module, audience)
        transcript = script.folder / "transcript.txt"
        data = package.read_bytes()
        plan = Plan(
            url=url,
            facts=PackageFacts(
                script.new.model, script.old.revision, script.new.revision, len(data)
            ),
            access_point=AccessPoint(APN),
            port=module.port,
        )
        ca = None if tls.ca_path is None else tls.ca_path.read_bytes()
        upgraded = _upgrade(plan, ca, transcript, watch.heard)
        after = module.wait_running(BOOT_TIMEOUT_S)
        outcome = Outcome(
            package=package,
            package_bytes=len(data),
            full_image_bytes=script.new.size,
            upgraded=upgraded,
            cut=module.last_cut,
            digests_before={entry.name: entry.digest.hex for entry in before.partitions},
            digests_after={entry.name: entry.digest.hex for entry in after.partitions},
            transcript=transcript,
        )
    if after.release_digest != script.new.digest:
        raise FirmwareDamagedError("its partitions are not those of the new release")
    return outcome


class _CutWatch:
    """Tells of the power cut before the first event that came after it.

    The module is ahead of the host: what it had printed before the cut may still be under
    way, so mere progress does not count as after.
    """

    def __init__(self, module: RunningModule, audience: Audience) -> None:
        self._module = module
        self._audience = audience
        self._told: CutReport | None = None

    def heard(self, event: HostEvent) -> None:
        """Pass *event* on, after a power cut that happened before it."""
        report = self._module.last_cut
        if report is not self._told and report and not isinstance(event, Progressed):
            self._told = report
            self._audience.power_lost(report)
        self._audience.upgrading(event)


def _cut(script: Script) -> PowerCut | None:
    if script.cut_percent is None:
        return None
    return PowerCut(CutPhase.RESTORE, script.cut_percent)


def _build(script: Script, key: SigningKey, audience: Audience) -> Path:
    data = build(
        script.old,
        script.new,
        keys=[key],
        make_patch=delta.generate,
        allow_downgrade=script.new.security_counter < script.old.security_counter,
        progress=audience.building,
    )
    packages = script.folder / "packages"
    packages.mkdir()
    path = packages / PACKAGE_NAME
    write_atomically(path, data)
    full_size = script.new.size
    audience.built(path, len(data), full_size, key.key_id.hex())
    return path


def _upgrade(
    plan: Plan, ca: bytes | None, transcript_file: Path, on_event: Callable[[HostEvent], None]
) -> Upgraded:
    """Provision the module with the server's authority, then walk the guide's chapter 4.1."""
    transcript = Transcript(transcript_file)
    try:
        with Session(
            partial(SerialxTransport, plan.port),
            port=plan.port,
            on_event=on_event,
            transcript=transcript,
        ) as session:
            if ca is not None:
                session.run(upload_file(CA_FILE, ca))
            return session.run(upgrade(plan))
    finally:
        transcript.close()
