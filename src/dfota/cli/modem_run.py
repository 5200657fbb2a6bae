# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota modem run``: a virtual module until Ctrl-C; the module itself is elsewhere."""

from __future__ import annotations

import asyncio
import signal
from functools import partial
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from dfota.cli.console import Console
from dfota.modem import (
    PROFILES,
    ControlPlace,
    ModuleOptions,
    ModuleService,
    PortPlace,
    PowerCut,
    Profile,
    Scenario,
    Speed,
    Trust,
    parse_address,
    profile_named,
    scenario_named,
    scenarios,
    serve_module,
    with_settings,
)
from dfota.package import PublicKey, load_release

_ANYBODY = "any"


def _complete_scenario(
    _ctx: click.Context, _option: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The scenarios that come along, or else a file."""
    found = [
        CompletionItem(scenario.name, help=scenario.title)
        for scenario in scenarios()
        if scenario.name.startswith(incomplete)
    ]
    return found or [CompletionItem(incomplete, type="file")]


def _complete_profile(
    _ctx: click.Context, _option: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The kinds of modules."""
    return [CompletionItem(name) for name in PROFILES if name.startswith(incomplete)]


@click.command()
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
    "--scenario",
    metavar="NAME|FILE",
    shell_complete=_complete_scenario,
    help="Let happen what a scenario says; 'dfota modem scenarios' lists those that come along.",
)
@click.option(
    "--profile",
    "profile_name",
    metavar="NAME",
    shell_complete=_complete_profile,
    help="Kind of module, e.g. ec2x; default: that of the scenario, or bg96.",
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
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write everything to this file, so that 'dfota modem replay' can run it again.",
)
@click.option(
    "--control",
    metavar="unix:PATH|HOST:PORT",
    help="Be reachable for 'dfota modem ctl' and 'dfota modem watch'.",
)
@click.option(
    "--control-token",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for the token that a control channel on TCP wants; default: STATE/control.token.",
)
@click.option(
    "--control-anywhere",
    is_flag=True,
    help="Let the control channel be at an address that other computers reach.",
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
    scenario: str | None,
    profile_name: str | None,
    profile_set: tuple[str, ...],
    transcript: Path | None,
    trace: Path | None,
    control: str | None,
    control_token: Path | None,
    control_anywhere: bool,
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

        dfota modem run --state module --pty ttyBG96 --scenario power-cut-in-restore --trace run.trace

        dfota modem run --state module --pty ttyBG96 --control unix:module.ctl
    """
    performed = None if scenario is None else scenario_named(scenario)
    options = ModuleOptions(
        state=state,
        firmware=None
        if firmware is None
        else partial(load_release, firmware, model=model, hardware=hardware, revision=revision),
        profile=_profile(profile_name, profile_set, performed),
        trust=_trust(trust),
        speed=Speed.parse(speed),
        pty_link=pty,
        tcp=None if tcp is None else parse_address(tcp, "--tcp"),
        ports=tuple(PortPlace.parse(text) for text in ports),
        power_cut=None if power_cut is None else PowerCut.parse(power_cut),
        transcript=transcript,
        trace=trace,
        control=None if control is None else ControlPlace.parse(control),
        control_token=control_token,
        control_anywhere=control_anywhere,
        scenario=performed,
        log=console.note,
    )
    if not trust:
        console.warn(
            "no --trust: this module refuses every package with END,506; "
            "give the .pub file of 'dfota key new'"
        )
    elif _ANYBODY in trust:
        console.warn("--trust any: this module installs packages of anybody")
    if performed is not None:
        _tell_of(console, performed, options)
    asyncio.run(_serve(console, options, is_firmware_given=firmware is not None))


def _profile(name: str | None, settings: tuple[str, ...], scenario: Scenario | None) -> Profile:
    """What the person wants, over what the scenario wants."""
    asked = name or (scenario.profile if scenario else "bg96")
    profile = profile_named(asked)
    if scenario is not None:
        profile = with_settings(profile, scenario.settings)
    return with_settings(profile, settings)


def _tell_of(console: Console, scenario: Scenario, options: ModuleOptions) -> None:
    console.note(f"scenario {scenario.name}: {scenario.title}")
    there = {place.name for place in options.places()}
    missing = [name for name in scenario.ports if name not in there]
    if missing:
        console.warn(f"the scenario is about port {', '.join(missing)}; give it with --port")


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
        facts = {"state": str(options.state), "ports": addresses}
        if service.control is not None:
            facts["control"] = str(service.control)
            token = f" --token {service.control_token}" if service.control_token else ""
            console.note(f"dfota modem ctl --control {service.control}{token} state")
        console.result(facts, text="\n".join(addresses.values()))
        console.note("Ctrl-C pulls the plug")

    await serve_module(options, until=until, on_ready=on_ready)


def _trust(texts: tuple[str, ...]) -> Trust:
    keys = tuple(PublicKey.load(Path(text)) for text in texts if text != _ANYBODY)
    return Trust(keys, any_signer=_ANYBODY in texts)
