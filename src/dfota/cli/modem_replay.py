# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota modem replay`` and ``scenarios``: what has happened, and what can be made happen."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from dfota.cli.console import Console
from dfota.errors import MisuseError
from dfota.modem import (
    TranscriptEntry,
    replay,
    scenario_named,
    scenarios,
    scenarios_reference,
)


@click.command("replay")
@click.argument("trace", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--until",
    metavar="SECONDS",
    type=float,
    help="Stop when the module's time has passed this.",
)
@click.option(
    "--check/--no-check",
    default=True,
    show_default=True,
    help="Compare every write of the module with the trace, byte for byte.",
)
@click.option("--transcript", is_flag=True, help="Print all bytes of all ports.")
@click.pass_obj
def replay_command(
    console: Console, trace: Path, *, until: float | None, check: bool, transcript: bool
) -> None:
    """Run again what 'dfota modem run --trace' has recorded, without any port or network.

    The same dfota gives the same bytes at the same instants of the module's time. Where it
    does not, the first difference is shown and the exit code is 11.

    For example:

        dfota modem replay run.trace

        dfota modem replay run.trace --until 60 --transcript
    """
    if until is not None and not 0 <= until < 1e12:
        raise MisuseError(f"--until is a number of seconds, not {until}")

    def show(entry: TranscriptEntry) -> None:
        if transcript:
            click.echo(str(entry))

    result, _ = replay(trace, until_s=until, check=check, sink=show)
    if not result.is_complete and until is None:
        console.note("the trace has no end: its process was killed; everything in it was repeated")
    console.result(asdict(result))


@click.command("scenarios")
@click.argument("name", required=False)
@click.option("--markdown", is_flag=True, help="Print the page of the reference manual.")
@click.pass_obj
def scenarios_command(console: Console, name: str | None, *, markdown: bool) -> None:
    """List the scenarios that come along, or explain one: NAME, or a FILE of your own.

    For example:

        dfota modem scenarios

        dfota modem scenarios power-cut-in-restore
    """
    if markdown:
        console.result({}, text=scenarios_reference().rstrip("\n"))
    elif name is not None:
        scenario = scenario_named(name)
        facts = {
            "name": scenario.name,
            "title": scenario.title,
            "description": scenario.description,
            "host_sees": scenario.host_sees,
            "fact": scenario.fact,
        }
        console.result(facts)
    else:
        titles = {scenario.name: scenario.title for scenario in scenarios()}
        width = max((len(name) for name in titles), default=0)
        lines = [f"{name:<{width}}  {title}" for name, title in titles.items()]
        console.result(titles, text="\n".join(lines))
