# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota upgrade``: options in, one procedure of the host room, words and bars out.

What is asked of the module, in which order, is decided in ``dfota.host``.
"""

from __future__ import annotations

import click

from dfota.cli.console import Console
from dfota.cli.plan_options import PlanOptions, plan_options, read_plan
from dfota.cli.port_options import PortOptions, open_session, port_options
from dfota.cli.upgrade_display import UpgradeDisplay
from dfota.host import CheckStatus, Examined, Upgraded, examine
from dfota.host import upgrade as upgrade_procedure


@click.command()
@port_options
@plan_options
@click.option("--dry-run", is_flag=True, help="Make all checks and start nothing.")
@click.pass_obj
def upgrade(
    console: Console, *, port_options: PortOptions, plan_options: PlanOptions, dry_run: bool
) -> None:
    """Take the module at PORT through a whole upgrade.

    PORT is a serial device, a pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT.

    With --url the module downloads the package; without it PACKAGE is uploaded through the
    port. With both, PACKAGE only tells what to expect. It is a success only when the
    revision that is read back at the end is the expected one (or, with nothing to expect,
    another one than before).

    For example:

    \b
        dfota upgrade /dev/ttyUSB2 --url https://example.com/update.zip update.zip
        dfota upgrade socket://localhost:5000 update.zip --key vendor.pub
    """  # noqa: D301 - click wants the backspace character itself
    plan = read_plan(plan_options, port_options.port)
    with UpgradeDisplay(console) as display:
        # A dry run prints all its checks at the end; only a program wants them one by one.
        tell = None if dry_run and not console.as_json else display.show
        with open_session(port_options, on_event=tell) as session:
            try:
                if dry_run:
                    examined = session.run(examine(plan))
                else:
                    upgraded = session.run(upgrade_procedure(plan))
            except KeyboardInterrupt:
                display.interrupted()
                raise
            display.close()
            if dry_run:
                _print_examined(console, examined)
            else:
                _print_upgraded(console, upgraded)


def _print_examined(console: Console, examined: Examined) -> None:
    if console.as_json:
        console.event({"event": "examined", **examined.to_facts()})
    failed = [check for check in examined.checks if check.status is CheckStatus.FAILED]
    if not console.as_json:
        identity = examined.identity
        rows = [f"{identity.manufacturer} {identity.model}, IMEI {identity.imei or 'not told'}"]
        rows += [
            f"{check.status.value:<7} {check.check}: {check.found}"
            + (f"\n        {check.remedy}" if check.remedy else "")
            for check in examined.checks
        ]
        console.result({}, text="\n".join(rows))
    for check in failed:
        raise check.as_error()


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
