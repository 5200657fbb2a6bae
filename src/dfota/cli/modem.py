# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota modem``: look into a virtual BG96, list what it knows; its other verbs are beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dfota.at import COMMANDS
from dfota.cli.console import Console
from dfota.cli.modem_control import ctl, verbs_command, watch
from dfota.cli.modem_replay import replay_command, scenarios_command
from dfota.cli.modem_run import run
from dfota.engine import Engine, Running
from dfota.errors import FirmwareDamagedError
from dfota.modem import (
    PROFILES,
    StateDirectory,
    base_of,
    differences_of,
    profile_named,
    reference,
    render_commands,
    settings,
    summary_of,
    text_of,
)


@click.group()
def modem() -> None:
    """Run a virtual BG96.

    For example:

        dfota modem run --state module --firmware firmware/1.0 --pty ttyBG96 --trust vendor.pub
    """


for _command in (run, ctl, verbs_command, watch, replay_command, scenarios_command):
    modem.add_command(_command)


@modem.command()
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    required=True,
    help="Directory of a module that does not run.",
)
@click.pass_obj
def info(console: Console, state: Path) -> None:
    """Show what a module that does not run has in its flash.

    For example:

        dfota modem info --state module
    """
    with StateDirectory(state) as directory:
        facts = _facts(directory)
    console.result(facts, text=_describe(facts))


@modem.command("profiles")
@click.pass_obj
def list_profiles(console: Console) -> None:
    """List the kinds of modules that --profile can choose.

    For example:

        dfota modem profiles
    """
    facts = {
        name: {
            "summary": summary_of(name),
            "base": base_of(name),
            "differences": {
                entry.setting: {"value": text_of(entry.value), "source": entry.source}
                for entry in differences_of(name)
            },
        }
        for name in PROFILES
    }
    lines = [f"{name:<12}  {entry['summary']}" for name, entry in facts.items()]
    console.result(facts, text="\n".join(lines))


@modem.command("settings")
@click.option("--profile", metavar="NAME", default="bg96", help="Of this kind of module.")
@click.option("--markdown", is_flag=True, help="Print the page of the reference manual.")
@click.pass_obj
def list_settings(console: Console, *, profile: str, markdown: bool) -> None:
    """List what --profile-set can change.

    For example:

        dfota modem settings --profile ec2x
    """
    chosen = profile_named(profile)
    facts = {
        setting.name: {
            "default": text_of(getattr(chosen, setting.name)),
            "values": setting.allowed.replace("`", ""),
            "meaning": setting.meaning.replace("`", ""),
        }
        for setting in settings()
    }
    lines = [
        f"{name}={entry['default']}  ({entry['values']})\n    {entry['meaning']}"
        for name, entry in facts.items()
    ]
    console.result(facts, text=reference().rstrip("\n") if markdown else "\n".join(lines))


@modem.command("commands")
@click.option("--markdown", is_flag=True, help="Print the page of the reference manual.")
@click.pass_obj
def list_commands(console: Console, *, markdown: bool) -> None:
    """List the AT commands that the virtual module knows.

    For example:

        dfota modem commands
    """
    facts = {f"AT{command.name}": command.summary for command in COMMANDS.values()}
    lines = [f"{name:<28}  {summary}" for name, summary in facts.items()]
    text = render_commands().rstrip("\n") if markdown else "\n".join(lines)
    console.result(facts, text=text)


def _facts(directory: StateDirectory) -> dict[str, Any]:
    try:
        boot = Engine(directory.flash).boot()
    except FirmwareDamagedError as error:
        return {"state": "damaged", "reason": error.reason}
    if not isinstance(boot, Running):
        update = boot.update
        return {
            "state": "forced-upgrade",
            "new_revision": update.new_revision.text if update.new_revision else None,
            "sectors_restored": update.copied,
            "sectors": update.total,
        }
    firmware = boot.firmware
    return {
        "state": "whole",
        "model": firmware.model,
        "hardware": firmware.hardware,
        "revision": firmware.revision.text,
        "security_counter": firmware.security_counter,
        "release_digest": firmware.release_digest.hex,
        "partitions": [
            {"name": entry.name, "size": entry.size, "digest": entry.digest.hex}
            for entry in firmware.partitions
        ],
        "imei": directory.nv.imei,
        "files": {file.name: file.size for file in directory.files.files()},
    }


def _describe(facts: dict[str, Any]) -> str:
    """The same for a person: lists as tables below."""
    rows = [
        f"{key.replace('_', ' '):<16}  {value}"
        for key, value in facts.items()
        if not isinstance(value, (list, dict))
    ]
    rows += [
        f"  {entry['name']:<14}  {entry['size']:>10,}  {entry['digest'][:16]}"
        for entry in facts.get("partitions", ())
    ]
    rows += [f"  {name:<14}  {size:>10,}" for name, size in facts.get("files", {}).items()]
    return "\n".join(rows)
