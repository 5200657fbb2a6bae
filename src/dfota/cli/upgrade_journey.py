# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade --updates``: whole upgrades one after the other, each proven before the next.

Rule 1. A hop begins only when the revision that it starts from was read back.
Rule 2. The first failure ends the journey, with a true word on what runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click

from dfota.cli.console import Console
from dfota.cli.hosting import ServeOptions
from dfota.cli.plan_options import PlanOptions, read_plan
from dfota.cli.port_options import PortOptions, open_session
from dfota.cli.updates import ask_running, describe_path, open_sources, path_facts
from dfota.cli.upgrade_run import UpgradeJob, resume_command, unfinished
from dfota.errors import (
    DfotaError,
    HostError,
    MisuseError,
    OutcomeUnknownError,
)
from dfota.host import (
    Plan,
    Prefer,
    RecordFile,
    Trust,
    UpdatePackage,
    UpdatePath,
    UpdateSources,
    await_quiet,
)
from dfota.values import FirmwareVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """From what runs to another revision.

    Attributes:
        sources: where packages are looked for.
        target: the revision to go to; ``None``: the newest.
        prefer: what is spared.
        plan_options: what holds for each hop.
        port_options: which module.
        serve: where packages are hosted; ``None``: uploaded, or fetched from their source.
        state_file: where each hop is recorded.
        is_resumed: whether an unfinished hop is followed first.
    """

    sources: tuple[str, ...]
    target: str | None
    prefer: Prefer
    plan_options: PlanOptions
    port_options: PortOptions
    serve: ServeOptions | None
    state_file: Path
    is_resumed: bool

    def make(self, console: Console, upgrade_one: Callable[[UpgradeJob], int | None]) -> int | None:
        """Go all the way; *upgrade_one* makes one hop and tells of it.

        Raises:
            NothingToDoError: it runs already.
            NoPathError: nothing leads there.
            DfotaError: a hop failed; what runs was told.
        """
        self._check()
        if self.is_resumed:
            upgrade_one(self._job(None, is_resumed=True))
        else:
            self._refuse_unfinished()
        sources, path = self._find(console)
        for number, hop in enumerate(path.hops, 1):
            console.event({"event": "hop", "number": number, "of": len(path.hops),
                           "old_revision": hop.offer.old.text,
                           "new_revision": hop.offer.new.text})  # fmt: skip
            if len(path.hops) > 1:
                console.note(f"upgrade {number} of {len(path.hops)}: {hop.offer.new}")
            try:
                if number > 1:
                    with open_session(self._again) as session:
                        session.run(await_quiet())
                plan = self._plan(sources.obtain(hop.offer))
                code = upgrade_one(self._job(plan))
            except DfotaError as error:
                self._tell_end(console, path, number, error)
                raise
            if code is not None:
                return code
        return None

    def first_plan(self, console: Console) -> Plan:
        """The plan of the first hop, for a dry run of the journey."""
        self._check()
        if self.is_resumed:
            raise click.UsageError("--dry-run and --resume exclude each other.")
        sources, path = self._find(console)
        return self._plan(sources.obtain(path.hops[0].offer))

    def _check(self) -> None:
        options = self.plan_options
        if options.package is not None or options.url is not None or options.expect is not None:
            raise click.UsageError("With --updates, give no PACKAGE, --url or --expect.")

    def _find(self, console: Console) -> tuple[UpdateSources, UpdatePath]:
        port_options = self._again if self.is_resumed else self.port_options
        sources = open_sources(self.sources, self.plan_options.key_files, self.plan_options.ca)
        found = sources.find(ask_running(port_options), prefer=self.prefer)
        if self.target is None:
            path = found.newest()
        else:
            try:
                path = found.path_to(FirmwareVersion(self.target))
            except MisuseError as error:
                raise click.UsageError(f"--to: {error}.") from error
        console.event({"event": "path", **path_facts(path)})
        console.note("\n".join(describe_path(path)))
        if path.trust is not Trust.VERIFIED:
            console.warn("nothing of this is verified: give --key with the key of the vendor.")
        return sources, path

    def _plan(self, package: UpdatePackage) -> Plan:
        """How the module gets *package*: hosted by us, from its source, or through the port."""
        offer, options = package.offer, self.plan_options
        is_hosted = self.serve is not None
        if package.facts is None:
            options = replace(options, expect=offer.new.text)
        if offer.is_remote and not is_hosted:
            options = replace(options, url=offer.location)
        return read_plan(
            options,
            self.port_options.port,
            is_hosted=is_hosted,
            at_hand=(package.data, package.facts),
        )

    def _job(self, plan: Plan | None, *, is_resumed: bool = False) -> UpgradeJob:
        return UpgradeJob(
            plan=plan,
            port_options=self._again,
            state_file=self.state_file,
            is_resumed=is_resumed,
        )

    @property
    def _again(self) -> PortOptions:
        """The port, once more: one transcript holds the whole journey."""
        return replace(self.port_options, append_transcript=True)

    def _refuse_unfinished(self) -> None:
        """Ask nothing of a module that may be in the middle of an upgrade.

        Raises:
            CheckFailedError: so it is.
        """
        with RecordFile(self.state_file, port=self.port_options.port) as record_file:
            record = record_file.load()
        if record is not None and record.is_started and not record.is_ended:
            raise unfinished(self._job(None), record)

    def _tell_end(self, console: Console, path: UpdatePath, number: int, error: DfotaError) -> None:
        """Say how far the journey came and what runs now."""
        runs = ""
        if not isinstance(error, OutcomeUnknownError):
            try:
                runs = ask_running(self._again).revision.text
            except HostError:
                runs = ""
        console.event({"event": "journey-ended", "hops_done": number - 1,
                       "hops": len(path.hops), "revision": runs or None})  # fmt: skip
        said = f"the module runs {runs}" if runs else "what the module runs is not known"
        follow = resume_command(self._job(None))
        console.warn(
            f"upgrade {number} of {len(path.hops)} did not succeed; {said}. "
            + ("" if runs else f"Follow it with: {follow}. ")
            + "The same command goes on from there."
        )
