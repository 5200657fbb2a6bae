# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade``: options in, one procedure of the host room, words and bars out.

What is asked of the module, in which order, is decided in ``dfota.host``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from dfota.cli.console import Console
from dfota.cli.dry_run import print_rehearsed, rehearse_at
from dfota.cli.exit_codes import ExitCode
from dfota.cli.hosting import ServeOptions, host_packages, parse_address
from dfota.cli.plan_options import PlanOptions, hosted_plan, plan_options, read_plan
from dfota.cli.port_options import (
    FILE,
    PortOptions,
    optional_port_options,
)
from dfota.cli.surroundings import with_surroundings
from dfota.cli.upgrade_display import UpgradeDisplay
from dfota.cli.upgrade_journey import Journey
from dfota.cli.upgrade_run import UpgradeJob, default_state_file, resume_command, run_upgrade
from dfota.errors import RecordError
from dfota.host import (
    Plan,
    Prefer,
    Upgraded,
    list_records,
    plain_text,
    record_folder,
)

F = TypeVar("F", bound=Callable[..., Any])

_SERVE = (
    click.option("--serve", "address", metavar="ADDRESS[:PORT]",
                 help="Host PACKAGE for the module at this address of ours until it has ended."),
    click.option("--tls", is_flag=True,
                 help="With --serve: HTTPS. A new CA replaces the one in the module and stays there."),
    click.option("--serve-cert", type=FILE, metavar="PEM",
                 help="With --serve: HTTPS with this certificate and its chain."),
    click.option("--serve-key", type=FILE, metavar="PEM", help="Private key of --serve-cert."),
)  # fmt: skip

_STATE = (
    click.option("--resume", "is_resumed", is_flag=True,
                 help="Follow an upgrade whose end is not known; start nothing twice."),
    click.option("--state-file", type=FILE, metavar="FILE",
                 help="Record the upgrade here.  [default: one file per port, see --status]"),
    click.option("--status", is_flag=True, help="List the recorded upgrades and do nothing."),
    click.option("--dry-run", is_flag=True,
                 help="Make all checks, list what would be sent, and change nothing."),
)  # fmt: skip

_RACK = (
    click.option("--inventory", type=FILE, metavar="TOML",
                 help="Upgrade all modules of this file instead of one at PORT."),
    click.option("--max-parallel", type=click.IntRange(1, 256), default=32, show_default=True,
                 help="With --inventory: so many modules at a time."),
    click.option("--stop-after", type=click.IntRange(min=1), metavar="N",
                 help="With --inventory: start no more after N failures."),
    click.option("--retries", type=click.IntRange(0, 100), default=0, show_default=True,
                 help="With --inventory: try again so often where nothing is going on."),
    click.option("--logs", type=FILE, metavar="DIR",
                 help="With --inventory: a log and a transcript per module."),
    click.option("--report", type=FILE, metavar="FILE",
                 help="With --inventory: the result as JSON."),
    click.option("--junit", type=FILE, metavar="FILE",
                 help="With --inventory: the result as JUnit XML."),
)  # fmt: skip

_PATH = (
    click.option("--updates", "sources", multiple=True, metavar="SOURCE",
                 help="Find the package, or several one after the other, here; see 'dfota updates'."),
    click.option("--to", "target", metavar="REVISION",
                 help="With --updates: where to go.  [default: the newest revision]"),
    click.option("--prefer", type=click.Choice([prefer.value for prefer in Prefer]),
                 default=Prefer.BYTES.value, show_default=True,
                 help="With --updates: what is spared on a way of several upgrades."),
)  # fmt: skip


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.command()
@optional_port_options
@plan_options
@_all(*_SERVE, *_STATE, *_PATH, *_RACK)
@click.pass_obj
def upgrade(
    console: Console,
    /,
    *,
    port_options: PortOptions,
    plan_options: PlanOptions,
    address: str | None,
    tls: bool,
    serve_cert: Path | None,
    serve_key: Path | None,
    is_resumed: bool,
    state_file: Path | None,
    status: bool,
    dry_run: bool,
    sources: tuple[str, ...],
    target: str | None,
    prefer: str,
    inventory: Path | None,
    **rack: Any,
) -> int | None:
    """Take the module at PORT through a whole upgrade.

    PORT is a serial device, a pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT.

    With --url the module downloads the package; with --serve it downloads PACKAGE from this
    computer; without either PACKAGE is uploaded through the port. With --url, PACKAGE only
    tells what to expect. It is a success only when the revision that is read back at the end
    is the expected one (or, with nothing to expect, another one than before).

    With --updates the package is looked for; where only neighbours have packages, one whole
    upgrade follows the other, and the first one that fails ends the journey.

    No question is ever asked: --dry-run says beforehand what would be sent.

    For example:

    \b
        dfota upgrade /dev/ttyUSB2 update.zip --key vendor.pub --dry-run
        dfota upgrade /dev/ttyUSB2 update.zip --key vendor.pub
        dfota upgrade /dev/ttyUSB2 --url https://example.com/update.zip update.zip
        dfota upgrade /dev/ttyUSB2 update.zip --serve 192.0.2.7:8443 --tls
        dfota upgrade /dev/ttyUSB2 --resume
        dfota upgrade /dev/ttyUSB2 --updates packages --key vendor.pub
        dfota upgrade --inventory bench.toml --logs logs --junit report.xml
    """  # noqa: D301 - click wants the backspace character itself
    if status:
        _print_status(console, port_options.port, state_file)
        return None
    serve = read_serve_options(address, tls=tls, cert=serve_cert, key=serve_key)
    if inventory is not None:
        return _upgrade_rack(
            console, inventory, serve, plan_options,
            is_single=bool(port_options.port or state_file or port_options.transcript
                           or sources or target),
            rack={"is_resumed": is_resumed, "is_dry_run": dry_run, **rack},
        )  # fmt: skip
    if any(rack[name] for name in ("stop_after", "retries", "logs", "report", "junit")):
        raise click.UsageError(
            "--stop-after, --retries, --logs, --report and --junit need --inventory."
        )
    if not port_options.port:
        raise click.UsageError("Give the PORT of the module, or an --inventory.")
    if sources:
        journey = Journey(
            sources=sources, target=target, prefer=Prefer(prefer), plan_options=plan_options,
            port_options=port_options, serve=serve,
            state_file=state_file or default_state_file(port_options.port),
            is_resumed=is_resumed,
        )  # fmt: skip
        if dry_run:
            _rehearse(console, port_options, journey.first_plan(console), serve)
            return None
        return journey.make(console, lambda job: _upgrade_one(console, job, serve))
    if target is not None:
        raise click.UsageError("--to needs --updates; with --url, say --expect.")
    plan = _read_plan(plan_options, port_options.port, serve, is_resumed=is_resumed)
    job = UpgradeJob(
        plan=plan,
        port_options=replace(port_options, append_transcript=is_resumed),
        state_file=state_file or default_state_file(port_options.port),
        is_resumed=is_resumed,
    )
    if dry_run:
        if is_resumed or plan is None:
            raise click.UsageError("--dry-run and --resume exclude each other.")
        _rehearse(console, port_options, plan, serve)
        return None
    return _upgrade_one(console, job, serve)


def read_serve_options(
    address: str | None, *, tls: bool, cert: Path | None, key: Path | None
) -> ServeOptions | None:
    """What the person wants to be hosted.

    Raises:
        click.UsageError: options contradict each other.
    """
    if address is None:
        if tls or cert or key:
            raise click.UsageError("--tls, --serve-cert and --serve-key need --serve.")
        return None
    if (cert is None) != (key is None):
        raise click.UsageError("--serve-cert and --serve-key go together.")
    if tls and cert is not None:
        raise click.UsageError("Give either --tls, or --serve-cert and --serve-key.")
    host, port = parse_address(address)
    return ServeOptions(host=host, port=port, tls=tls, cert=cert, key=key)


def _read_plan(
    options: PlanOptions, port: str, serve: ServeOptions | None, *, is_resumed: bool
) -> Plan | None:
    if is_resumed and serve is None and options.package is None and options.url is None:
        return None
    return read_plan(options, port, is_hosted=serve is not None)


@contextmanager
def _hosted(
    plan: Plan | None, serve: ServeOptions | None, display: UpgradeDisplay
) -> Iterator[Plan | None]:
    """The plan, with its package hosted where that is wanted."""
    if serve is None or plan is None or plan.package is None:
        yield plan if plan is None else with_surroundings(plan)
        return
    with host_packages(
        serve,
        {"module": plan.package},
        lambda _, download: display.downloaded(download.sent_bytes, download.total_bytes),
    ) as hosted:
        url = hosted.urls["module"]
        display.serving(url)
        yield with_surroundings(hosted_plan(plan, url, hosted.ca), is_server_ours=True)


def _upgrade_one(console: Console, job: UpgradeJob, serve: ServeOptions | None) -> int | None:
    with (
        UpgradeDisplay(
            console, follow=resume_command(job), is_hosting=serve is not None
        ) as display,
        _hosted(job.plan, serve, display) as plan,
    ):
        try:
            end = run_upgrade(
                replace(job, plan=plan),
                on_event=display.show,
            )
        except KeyboardInterrupt:
            display.interrupted()
            raise
        display.close()
        if end.record_failure is not None:
            console.warn(f"the state file was not kept to the end: {end.record_failure}")
        if end.upgraded is None:
            if console.as_json:
                console.event({"event": "nothing-to-resume"})
            else:
                console.result({}, "there is nothing to resume")
            return ExitCode.NOTHING_TO_DO
        _print_upgraded(console, end.upgraded)
        if end.transcript_failure is not None:
            raise end.transcript_failure
        return None


def _print_upgraded(console: Console, upgraded: Upgraded) -> None:
    if console.as_json:
        console.event({"event": "upgraded", **upgraded.to_facts()})
        return
    times = ", ".join(
        f"{entry.phase.value} {entry.seconds:.1f} s"
        for entry in upgraded.phases
        if entry.seconds >= 0.05
    )
    before = upgraded.revision_before or "an upgrade that was already running"
    console.result(
        {},
        text=f"upgraded: {before} → {upgraded.revision_after}\n"
        f"proof:    {upgraded.proof}\n"
        f"times:    {times}",
    )


# -- the dry run -----------------------------------------------------------------------------


def _rehearse(
    console: Console, port_options: PortOptions, plan: Plan, serve: ServeOptions | None
) -> None:
    """Print all checks, then what would be sent; only a program wants the checks one by one."""
    with UpgradeDisplay(console) as display, _hosted(plan, serve, display) as hosted:
        tell = display.show if console.as_json else None
        rehearsed = rehearse_at(port_options, hosted or plan, on_event=tell)
        print_rehearsed(console, rehearsed)
    if rehearsed.failure is not None:
        raise rehearsed.failure


# -- the records -----------------------------------------------------------------------------


def _print_status(console: Console, port: str, state_file: Path | None) -> None:
    path = state_file or (default_state_file(port) if port else None)
    folder = path.parent if path is not None else record_folder(os.environ)
    found = [entry for entry in list_records(folder) if path is None or entry[0] == path]
    rows, facts = [], []
    for name, record in found:
        if isinstance(record, RecordError):
            facts.append({"state_file": str(name), "error": str(record)})
            rows.append(f"{name}\n  {plain_text(str(record))}")
            continue
        state = (
            "ended"
            if record.is_ended
            else "outcome unknown"
            if record.is_started
            else "not started"
        )
        facts.append({
            "state_file": str(name), "state": state, "port": record.port, "imei": record.imei,
            "model": record.model, "phase": record.phase, "outcome": record.outcome,
            "revision_before": record.revision_before,
            "revision_expected": record.revision_expected,
        })  # fmt: skip
        wanted = record.revision_expected or "another revision"
        rows.append(
            f"{plain_text(record.port)}  {state}: "
            f"{plain_text(record.revision_before or '?')} → {plain_text(wanted)}\n"
            f"  {plain_text(record.outcome or 'last known phase: ' + record.phase)}\n  {name}"
        )
    console.result({"upgrades": facts}, "\n".join(rows) or "no upgrade is recorded")


def _upgrade_rack(
    console: Console,
    inventory: Path,
    serve: ServeOptions | None,
    options: PlanOptions,
    *,
    is_single: bool,
    rack: dict[str, Any],
) -> int:
    from dfota.cli.rack import RackOptions, upgrade_rack  # noqa: PLC0415 - only for a rack

    if is_single or options != PlanOptions():
        raise click.UsageError(
            "With --inventory, what concerns one module stands in the file: "
            "PORT, PACKAGE, --url, --key, --transcript and the like."
        )
    chosen = RackOptions(serve=serve, **rack)
    if chosen.is_resumed and chosen.is_dry_run:
        raise click.UsageError("--dry-run and --resume exclude each other.")
    return upgrade_rack(console, inventory, chosen)
