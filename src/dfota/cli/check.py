# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota check``: the preflight alone; asks module and server, changes neither."""

from __future__ import annotations

import click

from dfota.cli.check_table import refuse_failed, show_checks
from dfota.cli.console import Console
from dfota.cli.plan_options import PlanOptions, plan_options, read_plan
from dfota.cli.port_options import PortOptions, open_session, port_options
from dfota.cli.surroundings import with_surroundings
from dfota.host import examine


@click.command()
@port_options
@plan_options
@click.pass_obj
def check(console: Console, /, *, port_options: PortOptions, plan_options: PlanOptions) -> None:
    """Say whether the module at PORT is ready for an upgrade, and what to do where it is not.

    PORT is a serial device, a pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT.
    Give what the upgrade will be given: PACKAGE, --url, --apn, --ca … All checks are made,
    and nothing is changed in the module. With --url the server is asked from this computer
    as the module would ask it.

    Ends with 0 if an upgrade may begin, 7 if a check failed, 12 if there is nothing to do.

    For example:

    \b
        dfota check /dev/ttyUSB2 update.zip --key vendor.pub
        dfota check /dev/ttyUSB2 update.zip --url https://example.com/update.zip --ca ca.pem
        dfota check socket://localhost:5000 --url http://example.com/update.zip --json
    """  # noqa: D301 - click wants the backspace character itself
    plan = with_surroundings(read_plan(plan_options, port_options.port, is_check=True))
    with open_session(port_options) as session:
        examined = session.run(examine(plan))
    show_checks(console, examined)
    refuse_failed(examined)
