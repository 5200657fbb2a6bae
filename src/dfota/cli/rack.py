# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade --inventory``: a file in, a rack of upgrades, a table and reports out.

Rule 1. Everything that can be wrong with files is found before the first port is opened.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from dfota.atomic import write_atomically
from dfota.cli.console import Console
from dfota.cli.dry_run import Rehearsed, print_rehearsed, rehearse_at
from dfota.cli.exit_codes import ExitCode
from dfota.cli.hosting import ServeOptions, host_packages, parse_address
from dfota.cli.inventory import InventoryModule, read_inventory
from dfota.cli.plan_options import hosted_plan, read_plan
from dfota.cli.rack_display import RackDisplay
from dfota.cli.rack_reports import RackPlaces, json_report, junit_report, left_of
from dfota.cli.surroundings import with_surroundings
from dfota.cli.upgrade_run import UpgradeJob, default_state_file, run_upgrade
from dfota.errors import DfotaError, InventoryError, NothingToDoError, OutputError
from dfota.host import (
    FAILURES,
    HostEvent,
    Plan,
    Rack,
    RackEntry,
    RackJob,
    RackState,
    Upgraded,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RackOptions:
    """What the command line says about the whole rack; field by field its options."""

    serve: ServeOptions | None = None
    is_resumed: bool = False
    is_dry_run: bool = False
    max_parallel: int = 32
    stop_after: int | None = None
    retries: int = 0
    logs: Path | None = None
    report: Path | None = None
    junit: Path | None = None


@dataclass(frozen=True, slots=True)
class _Planned:
    """One module with its plan."""

    module: InventoryModule
    plan: Plan
    is_hosted: bool


def upgrade_rack(console: Console, path: Path, options: RackOptions) -> ExitCode:
    """Upgrade every module of the inventory at *path*.

    Raises:
        InventoryError: the inventory is not what it should be.
        DfotaError: a file that it names is not; or hosting, logs or reports fail.
        KeyboardInterrupt: it was stopped; how each module is left has been told.
    """
    inventory = read_inventory(path)
    serve = options.serve or _read_serve(path, inventory.serve)
    planned = [_plan(console, path, module, serve) for module in inventory.modules]
    if options.is_dry_run:
        return _rehearse(console, planned, serve, options.max_parallel)
    ports = {entry.module.name: entry.module.port_options.port for entry in planned}
    _make_folder(options.logs)
    places = RackPlaces(ports, frozenset(e.module.name for e in planned if e.is_hosted))
    reporter = _Reporter(options, places)
    with RackDisplay(console, ports, options.logs) as display:
        racks: list[Rack] = []
        troubles: list[str] = []

        def served(name: str, done: int, total: int) -> None:
            for running in racks:
                running.served(name, done, total)

        with _hosted(planned, serve, served) as plans:
            rack = Rack(
                [_job(entry, plans, options, troubles) for entry in planned],
                max_parallel=options.max_parallel,
                stop_after=options.stop_after,
                retries=options.retries,
                on_change=display.changed,
            )
            racks.append(rack)
            display.watch(lambda: rack.entries)
            try:
                rack.run()
            except KeyboardInterrupt:
                display.close()
                _tell_left(console, rack.entries, places)
                raise
            finally:
                display.close()
                reporter.write(rack.entries)
        for trouble in (*map(str, display.log_failures), *troubles):
            console.warn(trouble)
    _print_summary(console, rack.entries, reporter)
    return _exit_code(rack.entries)


def _read_serve(path: Path, values: Mapping[str, Any]) -> ServeOptions | None:
    if not values:
        return None
    cert, key = values.get("cert"), values.get("key")
    if (cert is None) != (key is None) or (values.get("tls") and cert):
        raise InventoryError(str(path), "[serve]: give tls, or cert and key together, or neither")
    try:
        host, port = parse_address(values["address"])
    except click.UsageError as error:
        message = error.message.replace("--serve ", "address ")
        raise InventoryError(str(path), f"[serve]: {message}") from error
    return ServeOptions(host=host, port=port, tls=values.get("tls", False), cert=cert, key=key)


def _plan(
    console: Console, path: Path, module: InventoryModule, serve: ServeOptions | None
) -> _Planned:
    is_hosted = serve is not None and module.plan_options.url is None
    try:
        plan = read_plan(module.plan_options, module.port_options.port, is_hosted=is_hosted)
    except click.UsageError as error:
        raise InventoryError(str(path), f"module {module.name}: {error.message}") from error
    except DfotaError:
        console.note(f"in {path}, module {module.name}:")
        raise
    return _Planned(module, plan, is_hosted)


@contextmanager
def _hosted(
    planned: list[_Planned],
    serve: ServeOptions | None,
    on_progress: Callable[[str, int, int], None],
) -> Iterator[dict[str, Plan]]:
    """Name → plan, with the packages hosted for as long as the block lasts."""
    plans = {entry.module.name: entry.plan for entry in planned}
    packages = {
        entry.module.name: entry.plan.package
        for entry in planned
        if entry.is_hosted and entry.plan.package is not None
    }
    if serve is None or not packages:
        yield plans
        return
    with host_packages(
        serve,
        packages,
        lambda name, download: on_progress(name, download.sent_bytes, download.total_bytes),
    ) as hosted:
        for name, url in hosted.urls.items():
            plans[name] = hosted_plan(plans[name], url, hosted.ca)
        yield plans


def _job(
    entry: _Planned, plans: Mapping[str, Plan], options: RackOptions, troubles: list[str]
) -> RackJob:
    name, port_options = entry.module.name, entry.module.port_options
    if options.logs is not None:
        port_options = replace(
            port_options,
            transcript=options.logs / f"{name}.transcript",
            append_transcript=options.is_resumed,
        )
    job = UpgradeJob(
        plan=plans[name],
        port_options=port_options,
        state_file=default_state_file(port_options.port),
        is_resumed=options.is_resumed,
    )

    def work(
        on_event: Callable[[HostEvent], None], is_stopped: Callable[[], bool]
    ) -> Upgraded | None:
        # Only now: what is around the module is asked when its turn comes.
        plan = with_surroundings(plans[name], is_server_ours=entry.is_hosted)
        end = run_upgrade(replace(job, plan=plan), on_event=on_event, is_stopped=is_stopped)
        failures = (end.record_failure, end.transcript_failure)
        troubles.extend(f"{name}: {failure}" for failure in failures if failure is not None)
        return end.upgraded

    return RackJob(name, work)


def _rehearse(
    console: Console, planned: list[_Planned], serve: ServeOptions | None, max_parallel: int
) -> ExitCode:
    """A dry run at every module; they are told in the order of the file."""
    is_failed = False
    stop = threading.Event()
    with (
        _hosted(planned, serve, lambda _name, _done, _total: None) as plans,
        ThreadPoolExecutor(max_parallel) as pool,
    ):
        futures = {
            entry.module.name: pool.submit(
                _rehearse_one, entry, plans[entry.module.name], stop.is_set
            )
            for entry in planned
        }
        try:
            for name, future in futures.items():
                try:
                    rehearsed = future.result()
                except DfotaError as error:
                    console.note(f"{name}:")
                    console.error(error)
                    is_failed = True
                    continue
                print_rehearsed(console, rehearsed, module=name)
                is_failed |= not isinstance(rehearsed.failure, NothingToDoError | None)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return ExitCode.SOME_FAILED if is_failed else ExitCode.OK


def _rehearse_one(entry: _Planned, plan: Plan, is_stopped: Callable[[], bool]) -> Rehearsed:
    surrounded = with_surroundings(plan, is_server_ours=entry.is_hosted)
    return rehearse_at(entry.module.port_options, surrounded, is_stopped=is_stopped)


def _make_folder(logs: Path | None) -> None:
    if logs is None:
        return
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(str(logs), error.strerror or str(error)) from error


class _Reporter:
    """Knows when it began, and where the reports go."""

    def __init__(self, options: RackOptions, places: RackPlaces) -> None:
        self._options = options
        self._places = places
        self._began_at = datetime.now(UTC)
        self._began = time.monotonic()

    def facts(self, entries: tuple[RackEntry, ...]) -> dict[str, Any]:
        """The whole rack as plain values."""
        seconds = time.monotonic() - self._began
        return json_report(entries, self._places, self._began_at, seconds)

    def write(self, entries: tuple[RackEntry, ...]) -> None:
        """Write the reports, also of a rack that was stopped."""
        seconds = time.monotonic() - self._began
        if self._options.report is not None:
            text = json.dumps(self.facts(entries), indent=2, ensure_ascii=False)
            write_atomically(self._options.report, f"{text}\n".encode())
        if self._options.junit is not None:
            data = junit_report(entries, self._places, self._began_at, seconds)
            write_atomically(self._options.junit, data)


def _tell_left(console: Console, entries: tuple[RackEntry, ...], places: RackPlaces) -> None:
    """Say of each module how Ctrl-C leaves it."""
    for entry in entries:
        left = left_of(entry, places)
        console.event(
            {"event": "left", "module": entry.name, "state": entry.state.value, "left": left}
        )
        if left:
            phase = entry.phase.value if entry.phase is not None else "preparing"
            console.warn(f"{entry.name}: stopped in the phase {phase}. {left}")
        elif not console.as_json:
            console.note(f"{entry.name}: {entry.state.value}")


def _print_summary(console: Console, entries: tuple[RackEntry, ...], reporter: _Reporter) -> None:
    if console.as_json:
        console.event({"event": "rack-ended", **reporter.facts(entries)})
        return
    rows = []
    for entry in entries:
        if entry.upgraded is not None:
            before = entry.upgraded.revision_before or "?"
            rows.append(f"{entry.name:<16} {before} → {entry.upgraded.revision_after}")
        elif entry.error is not None:
            rows.append(f"{entry.name:<16} {entry.state.value}: {entry.error}")
        else:
            rows.append(f"{entry.name:<16} {entry.state.value}")
    counts = ", ".join(
        f"{number} {state.value}"
        for state in RackState
        if (number := sum(entry.state is state for entry in entries))
    )
    console.result({}, text="\n".join([*rows, counts]))


def _exit_code(entries: tuple[RackEntry, ...]) -> ExitCode:
    if any(entry.state in FAILURES or entry.state is RackState.SKIPPED for entry in entries):
        return ExitCode.SOME_FAILED
    return ExitCode.OK
