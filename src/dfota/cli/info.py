# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota info``: what a module tells about itself, grouped for a person; asks, changes nothing."""

from __future__ import annotations

from typing import Any

import click

from dfota.cli.console import Console, styled
from dfota.cli.port_options import PortOptions, open_session, port_options
from dfota.host import ModuleReport, describe

_NOT_TOLD = "not told"


@click.command()
@port_options
@click.pass_obj
def info(console: Console, /, *, port_options: PortOptions) -> None:
    """Tell everything that the module at PORT says about itself.

    PORT is a serial device, a pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT.
    Identity and firmware, SIM, network and signal, access points, supply and temperature,
    file system with certificates and leftovers, clock. Nothing is changed. What its firmware
    does not know is shown as "not told".

    For example:

    \b
        dfota info /dev/ttyUSB2
        dfota info socket://localhost:5000 --json
    """  # noqa: D301 - click wants the backspace character itself
    with open_session(port_options) as session:
        report = session.run(describe())
    console.result(report.to_facts(), text=_text(report))


def _text(report: ModuleReport) -> str:
    width = max(len(name) for facts in report.groups.values() for name in facts)
    rows: list[str] = []
    for group, facts in report.groups.items():
        rows.append(styled(group, fg="cyan", bold=True))
        for name, value in facts.items():
            shown = _shown(value) or ["none"]
            rows.append(f"  {name.replace('_', ' '):<{width}}  {shown[0]}")
            rows += [f"  {'':<{width}}  {line}" for line in shown[1:]]
    return "\n".join(rows)


def _shown(value: Any) -> list[str]:
    """A value in words, one line for each member of a list of facts."""
    if value is None:
        return [_NOT_TOLD]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, dict):
        return [", ".join(f"{key.replace('_', ' ')} {_one(entry)}" for key, entry in value.items())]
    if isinstance(value, list):
        if value and not isinstance(value[0], dict):
            return [", ".join(map(_one, value))]
        return [line for entry in value for line in _shown(entry)]
    return [_one(value)]


def _one(value: Any) -> str:
    if value is None:
        return _NOT_TOLD
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:,}"
    return str(value) or "empty"
