# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One upgrade at one port with its state file, for one module or many; it prints nothing.

Rule 1. An upgrade whose outcome is not known is followed with ``is_resumed`` only, and nothing
is started instead of it.
Rule 2. Who stops before the start leaves the module's settings as they were.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dfota.cli.port_options import PortOptions, open_session
from dfota.errors import CheckFailedError, DfotaError, HostError, OutputError
from dfota.host import (
    HostEvent,
    Phase,
    Plan,
    Procedure,
    RecordFile,
    Session,
    Upgraded,
    UpgradeRecord,
    put_back,
    record_folder,
    record_path,
    resume,
)
from dfota.host import upgrade as upgrade_procedure


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeJob:
    """What is to be done at one port.

    Attributes:
        plan: what to do; ``None``: as the state file has it.
        port_options: where.
        state_file: where the upgrade is recorded.
        is_resumed: whether an unfinished upgrade is followed.
    """

    plan: Plan | None
    port_options: PortOptions
    state_file: Path
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class UpgradeEnd:
    """How it ended.

    Attributes:
        upgraded: the proof; ``None`` where there was nothing to resume.
        record_failure: why the state file was not kept to the end.
        transcript_failure: why the transcript was not.
    """

    upgraded: Upgraded | None
    record_failure: OutputError | None = None
    transcript_failure: OutputError | None = None


def run_upgrade(
    job: UpgradeJob,
    *,
    on_event: Callable[[HostEvent], None],
    is_stopped: Callable[[], bool] | None = None,
) -> UpgradeEnd:
    """Take the module through the upgrade.

    Raises:
        CheckFailedError: an upgrade is unfinished, and resuming was not asked for.
        KeyboardInterrupt: it was stopped; the state file says where.
        DfotaError: any way in which it fails.
    """
    with RecordFile(job.state_file, port=job.port_options.port) as record_file:
        procedure = _choose(job, record_file.load())
        if procedure is None:
            return UpgradeEnd(None)
        upgraded: Upgraded | None = None
        try:
            with open_session(
                job.port_options, on_event=on_event, keep=record_file.save, is_stopped=is_stopped
            ) as session:
                try:
                    upgraded = session.run(procedure)
                except KeyboardInterrupt:
                    _leave_tidy(session, record_file)
                    raise
        except OutputError as error:
            # A full disk does not make a success undone.
            if upgraded is None:
                raise
            return UpgradeEnd(upgraded, record_file.failure, error)
        return UpgradeEnd(upgraded, record_file.failure)


def _choose(job: UpgradeJob, record: UpgradeRecord | None) -> Procedure[Upgraded] | None:
    """What to run; ``None`` where there is nothing to resume."""
    if record is None or (record.is_ended and not (record.settings and job.plan)):
        return upgrade_procedure(job.plan) if job.plan is not None else None
    if record.is_started and not record.is_ended:
        if not job.is_resumed:
            raise unfinished(job, record)
        return resume(job.plan, record)
    if job.plan is None:
        return resume(None, record)
    # Nothing is under way there, so another target is fine; only settings are put back first.
    return resume(job.plan, record.with_changes(revision_expected=""))


def unfinished(job: UpgradeJob, record: UpgradeRecord) -> CheckFailedError:
    """The refusal to start where an upgrade may still be running."""
    wanted = f" to {record.revision_expected}" if record.revision_expected else ""
    return CheckFailedError(
        "unfinished",
        f"an upgrade{wanted} was started here before and its outcome is not known "
        f"(last known phase: {record.phase})",
        f"Follow it to its end, nothing is started twice: {resume_command(job)}",
    )


def resume_command(job: UpgradeJob) -> str:
    """What to type to follow this upgrade."""
    port = job.port_options.port
    is_default = job.state_file == default_state_file(port)
    return f"dfota upgrade {port} --resume" + (
        "" if is_default else f" --state-file {job.state_file}"
    )


def default_state_file(port: str) -> Path:
    """Where the upgrade at *port* is recorded if nothing else is said."""
    return record_path(record_folder(os.environ), port)


def _leave_tidy(session: Session, record_file: RecordFile) -> None:
    """After Ctrl-C before the start: put settings back, and note that nothing was started."""
    record = record_file.record
    if record is None or record.is_started or record.is_ended:
        return
    with suppress(DfotaError):
        # In the middle of an upload the module would take the lines for data.
        if record.settings and record.phase == Phase.PREPARING.value:
            with suppress(HostError):
                record = session.run(put_back(record))
        if not record.settings:
            record_file.save(record.with_changes(is_ended=True, outcome="stopped before the start"))
