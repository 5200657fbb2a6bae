# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota modem``: run a virtual BG96, look into one; the module itself is elsewhere."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from pathlib import Path
from typing import Any

import click

from dfota.at import COMMANDS
from dfota.cli.console import Console
from dfota.engine import Engine, Running
from dfota.errors import FirmwareDamagedError
from dfota.modem import (
    BG96,
    ModuleOptions,
    ModuleService,
    PortPlace,
    PowerCut,
    Speed,
    StateDirectory,
    Trust,
    parse_address,
    reference,
    render_commands,
    serve_module,
    settings,
    with_settings,
)
from dfota.package import PublicKey, load_release

_ANYBODY = "any"


@click.group()
def modem() -> None:
    """Run a virtual BG96.

    For example:

        dfota modem run --state module --firmware firmware/1.0 --pty ttyBG96 --trust vendor.pub
    """


@modem.command()
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Directory in which the module lives; made if it is not there.",
)
@click.option(
    "--firmware",
    type=click.Path(path_type=Path),
    help="Firmware release of a factory-new module: a directory or a single image.",
)
@click.option("--model", help="Model, where --firmware is a single image.")
@click.option("--hardware", help="Hardware, where --firmware is a single image.")
@click.option("--revision", help="Firmware revision, where --firmware is a single image.")
@click.option(
    "--pty",
    type=click.Path(path_type=Path),
    help="Make a pseudo-terminal and link it at this name.",
)
@click.option("--tcp", metavar="HOST:PORT", help="Listen for raw TCP connections.")
@click.option(
    "--port",
    "ports",
    metavar="NAME=KIND:ADDRESS",
    multiple=True,
    help="One of several ports: usbat, usbmodem or uart1 as pty[:PATH], tcp:HOST:PORT or "
    "rfc2217:HOST:PORT. Repeatable; not together with --pty and --tcp.",
)
@click.option(
    "--speed",
    metavar="FACTOR|max",
    default="1",
    show_default=True,
    help="How much faster than hardware; max never waits.",
)
@click.option(
    "--trust",
    metavar="PUB|any",
    multiple=True,
    help="Public key whose packages are installed; any: everybody's. Repeatable.",
)
@click.option(
    "--power-cut",
    metavar="PHASE:PERCENT[:MODE]",
    help="Cut the power once, e.g. restore:47 or updating:80:tail.",
)
@click.option(
    "--profile-set",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a setting of the module; 'dfota modem settings' lists them. Repeatable.",
)
@click.option(
    "--transcript",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all bytes of all ports to this file.",
)
@click.pass_obj
def run(
    console: Console,
    *,
    state: Path,
    firmware: Path | None,
    model: str | None,
    hardware: str | None,
    revision: str | None,
    pty: Path | None,
    tcp: str | None,
    ports: tuple[str, ...],
    speed: str,
    trust: tuple[str, ...],
    power_cut: str | None,
    profile_set: tuple[str, ...],
    transcript: Path | None,
) -> None:
    """Run a virtual BG96 until Ctrl-C.

    The module keeps everything in --state: killing it is a power cut, and the next run goes
    on from there. --firmware is used only when the directory is new. Without --pty and
    --tcp the port is a pseudo-terminal; its name is printed. With both, --pty is the
    module's USB AT port, which prints the unsolicited result codes, and --tcp its UART.
    --port names each port: a UART over the network, with its modem lines and speed, is
    uart1=rfc2217:127.0.0.1:4000, and pyserial opens it as rfc2217://127.0.0.1:4000.

    For example:

        dfota modem run --state module --firmware firmware/1.0 --pty ttyBG96 --trust vendor.pub

        dfota modem run --state module --port usbat=pty:ttyBG96 --port uart1=rfc2217:127.0.0.1:4000
    """
    options = ModuleOptions(
        state=state,
        firmware=None
        if firmware is None
        else partial(load_release, firmware, model=model, hardware=hardware, revision=revision),
        profile=with_settings(BG96, profile_set),
        trust=_trust(trust),
        speed=Speed.parse(speed),
        pty_link=pty,
        tcp=None if tcp is None else parse_address(tcp, "--tcp"),
        ports=tuple(PortPlace.parse(text) for text in ports),
        power_cut=None if power_cut is None else PowerCut.parse(power_cut),
        transcript=transcript,
        log=console.note,
    )
    if not trust:
        console.warn(
            "no --trust: this module refuses every package with END,506; "
            "give the .pub file of 'dfota key new'"
        )
    elif _ANYBODY in trust:
        console.warn("--trust any: this module installs packages of anybody")
    asyncio.run(_serve(console, options, is_firmware_given=firmware is not None))


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


@modem.command("settings")
@click.option("--markdown", is_flag=True, help="Print the page of the reference manual.")
@click.pass_obj
def list_settings(console: Console, *, markdown: bool) -> None:
    """List what --profile-set can change.

    For example:

        dfota modem settings
    """
    facts = {
        setting.name: {
            "default": setting.default_text,
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


async def _serve(console: Console, options: ModuleOptions, *, is_firmware_given: bool) -> None:
    """Run the module; the first Ctrl-C or SIGTERM pulls the plug and is a success."""
    until = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        # A second Ctrl-C has its ordinary meaning again, should the end take too long.
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        until.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)

    def on_ready(service: ModuleService) -> None:
        addresses = service.addresses
        if is_firmware_given and not service.is_new:
            console.note(f"--firmware is not used: there is a module in {options.state} already")
        text = "\n".join(addresses.values())
        console.result({"state": str(options.state), "ports": addresses}, text=text)
        console.note("Ctrl-C pulls the plug")

    await serve_module(options, until=until, on_ready=on_ready)


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


def _trust(texts: tuple[str, ...]) -> Trust:
    keys = tuple(PublicKey.load(Path(text)) for text in texts if text != _ANYBODY)
    return Trust(keys, any_signer=_ANYBODY in texts)
