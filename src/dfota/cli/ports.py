# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota ports``: which ports there are, what answers there, who holds them and how to free them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import click

from dfota.cli.console import Console
from dfota.cli.port_options import BAUDRATE_OPTION, PortOptions, baudrate_of
from dfota.errors import HostError
from dfota.host import (
    PortFacts,
    Probed,
    SerialxTransport,
    Session,
    holders_of,
    list_ports,
    plain_text,
    probe,
)

_AT_ONCE = 16


@click.command()
@click.argument("ports", metavar="[PORT...]", nargs=-1)
@click.option("--no-probe", is_flag=True, help="Do not ask what answers there: open nothing.")
@BAUDRATE_OPTION
@click.pass_obj
def ports(console: Console, *, ports: tuple[str, ...], no_probe: bool, baudrate: int) -> None:
    """List serial ports: what they are, what answers there, and who holds them.

    Without PORT it is every serial port of this computer; a PORT may also be a
    pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT. A port that nobody holds is
    asked with AT, ATI and AT+QGMR, which changes nothing in a module; ports for NMEA and
    diagnostics are left alone.

    For example:

    \b
        dfota ports
        dfota ports --no-probe --json
        dfota ports /dev/ttyUSB2 socket://localhost:5000
    """  # noqa: D301 - click wants the backspace character itself
    known = list_ports()
    found = [_named(port, known) for port in ports] if ports else known
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        probed = list(pool.map(lambda facts: None if no_probe else _probe(facts, baudrate), found))
    rows = list(zip(found, probed, strict=True))
    if console.as_json:
        console.result({"ports": [_facts(port, answer) for port, answer in rows]})
    elif rows:
        console.result({}, text="\n".join(_lines(port, answer) for port, answer in rows))
    else:
        console.note("There is no serial port. Is the module plugged in and switched on?")


def _named(port: str, known: list[PortFacts]) -> PortFacts:
    """What is known of *port*; a name that is not in the system's list stands for itself."""
    for facts in known:
        if port in {facts.port, facts.device}:
            return facts
    return PortFacts(port, port, holders=holders_of(port))


def _probe(facts: PortFacts, baudrate: int) -> Probed | HostError | None:
    """Ask there, where that disturbs nobody."""
    if facts.holders or facts.role in {"NMEA", "diagnostics"}:
        return None
    try:
        speed = baudrate_of(PortOptions(facts.device, baudrate))
        with Session(
            lambda: SerialxTransport(facts.device, baudrate=speed), port=facts.port
        ) as session:
            return session.run(probe())
    except HostError as error:
        return error


def _facts(port: PortFacts, answer: Probed | HostError | None) -> dict[str, Any]:
    facts = asdict(port)
    if isinstance(answer, HostError):
        facts["error"] = {"error": answer.code, "message": str(answer)}
    facts["answer"] = answer.to_facts() if isinstance(answer, Probed) else None
    return facts


def _lines(port: PortFacts, answer: Probed | HostError | None) -> str:
    what = " ".join(filter(None, (port.product, port.role and f"{port.role} port", port.usb)))
    lines = [f"{port.port}{f'  ({what})' if what else ''}"]
    if port.port != port.device:
        lines.append(f"    device:  {port.device}")
    for holder in port.holders:
        pid = f" (process {holder.pid})" if holder.pid else ""
        lines += [
            f"    held by: {holder.name or 'a program'}{pid}",
            f"    free it: {holder.remedy}",
        ]
    if isinstance(answer, HostError):
        lines.append(f"    cannot be asked: {answer}")
    elif answer is not None:
        lines.append(f"    answers: {_said(answer)}")
    elif port.role in {"NMEA", "diagnostics"}:
        lines.append("    not asked: no AT commands there")
    return "\n".join(lines)


def _said(answer: Probed) -> str:
    if answer.is_upgrading:
        return "a module in the middle of an upgrade"
    if not answer.answers:
        return "nothing (another speed? dfota info PORT --baudrate auto finds it)"
    who = " ".join(filter(None, (answer.manufacturer, answer.model, answer.revision)))
    return plain_text(who) or "AT commands, but not who it is"
