# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota modem ctl`` and ``watch``: the laboratory's end of the control channel."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import click

from dfota.atomic import write_atomically
from dfota.cli.console import Console
from dfota.errors import FileUnreadableError, MisuseError
from dfota.modem import (
    VERBS,
    ControlClient,
    ControlPlace,
    control_reference,
    read_token,
    verb_named,
)

CONTROL = click.option(
    "--control",
    metavar="unix:PATH|HOST:PORT",
    envvar="DFOTA_CONTROL",
    required=True,
    help="Where 'dfota modem run --control' listens; or set DFOTA_CONTROL.",
)
TOKEN = click.option(
    "--token",
    type=click.Path(path_type=Path),
    envvar="DFOTA_CONTROL_TOKEN",
    help="File with the token, for TCP: STATE/control.token; or set DFOTA_CONTROL_TOKEN.",
)


class _VerbHelp(click.Command):
    """Lists the verbs behind the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line for each verb."""
        with formatter.section("Verbs"):
            rows = [("metrics", "Counters."), ("events", "Everything that happens, as it happens.")]
            for verb in VERBS.values():
                wanted = " ".join(
                    name if needed else f"[{name}]"
                    for name, needed in ((p.name, p.is_required) for p in verb.parameters)
                )
                rows.append((f"{verb.name} {wanted}".strip(), verb.summary))
            formatter.write_dl(rows)


def _complete(_ctx: click.Context, _param: click.Parameter, start: str) -> list[str]:
    names = ["metrics", "events", *(verb.name for verb in VERBS.values())]
    return [name for name in names if name.startswith(start)]


@click.command(cls=_VerbHelp)
@CONTROL
@TOKEN
@click.argument("verb", shell_complete=_complete)
@click.argument("words", nargs=-1)
@click.pass_obj
def ctl(
    console: Console, *, control: str, token: Path | None, verb: str, words: tuple[str, ...]
) -> None:
    """Do something to a module that runs: cut its power, pull its SIM, stop its time.

    WORDS are the parameters of VERB, in their order or as NAME=VALUE. Files of the module go
    to and from files here: 'get NAME FILE', 'put NAME FILE', 'snapshot FILE', 'restore FILE'.

    For example:

        dfota modem ctl --control unix:module.ctl power-cut restore:47

        dfota modem ctl --control unix:module.ctl world coverage false

        dfota modem ctl --control unix:module.ctl put EUFS:/fota/update.zip update.zip

        dfota modem ctl --control unix:module.ctl snapshot before.snapshot
    """
    client = ControlClient(ControlPlace.parse(control), _token(token))
    match verb:
        case "metrics":
            console.result(client.facts("metrics"))
        case "events":
            for event in client.events():
                click.echo(json.dumps(event, ensure_ascii=False))
        case "get":
            name, path = _two(verb, words)
            data = base64.b64decode(client.perform("get", {"name": name})["content"])
            write_atomically(path, data)
            console.result({"file": str(path), "bytes": len(data)})
        case "put":
            name, path = _two(verb, words)
            content = base64.b64encode(_read(path)).decode()
            console.result(client.perform("put", {"name": name, "content": content}))
        case "snapshot":
            path = _one(verb, words)
            data = client.request("GET", "snapshot")
            write_atomically(path, data)
            console.result({"snapshot": str(path), "bytes": len(data)})
        case "restore":
            client.request("PUT", "snapshot", _read(_one(verb, words)))
            console.result({"restored": str(words[0])})
        case _:
            facts = client.perform(verb, _given(verb, words))
            if facts or console.as_json:
                console.result(facts, text=_shown(facts))


@click.command()
@CONTROL
@TOKEN
def watch(*, control: str, token: Path | None) -> None:
    """Watch a module that runs: its AT traffic, upgrade, flash and world, in this terminal.

    Keys: c cuts the power, o brings it back, p pauses, s steps one second, q leaves.

    For example:

        dfota modem watch --control unix:module.ctl
    """
    from dfota.cli.modem_watch import WatchApp  # noqa: PLC0415 - Textual is large

    client = ControlClient(ControlPlace.parse(control), _token(token))
    client.facts("state")  # whoever is not there is told of before the screen is taken
    WatchApp(client).run()


@click.command("verbs")
@click.option("--markdown", is_flag=True, help="Print the page of the reference manual.")
@click.pass_obj
def verbs_command(console: Console, *, markdown: bool) -> None:
    """List what 'dfota modem ctl' and scenarios can do to a module.

    For example:

        dfota modem verbs
    """
    facts = {verb.name: verb.summary for verb in VERBS.values()}
    width = max(len(name) for name in facts)
    lines = [f"{name:<{width}}  {summary}" for name, summary in facts.items()]
    console.result(facts, text=control_reference().rstrip("\n") if markdown else "\n".join(lines))


# -- inside --------------------------------------------------------------------------------


def _token(path: Path | None) -> str:
    return "" if path is None else read_token(path)


def _given(name: str, words: tuple[str, ...]) -> dict[str, Any]:
    """Parameters in order, or by name."""
    verb = verb_named(name)
    names = [parameter.name for parameter in verb.parameters]
    given: dict[str, Any] = {}
    for word in words:
        key, sign, value = word.partition("=")
        if sign and key.replace("-", "_") in names:
            given[key.replace("-", "_")] = value
            continue
        free = next((free for free in names if free not in given), None)
        if free is None:
            raise MisuseError(f"{name} takes {', '.join(names) or 'nothing'}; {word!r} is too much")
        given[free] = word
    return verb.checked(given)


def _one(verb: str, words: tuple[str, ...]) -> Path:
    if len(words) != 1:
        raise MisuseError(f"{verb} wants one file: {verb} FILE")
    return Path(words[0])


def _two(verb: str, words: tuple[str, ...]) -> tuple[str, Path]:
    if len(words) != 2:
        raise MisuseError(f"{verb} wants a name in the module and a file here: {verb} NAME FILE")
    return words[0], Path(words[1])


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileUnreadableError(str(path), error.strerror or str(error)) from error


def _shown(facts: dict[str, Any]) -> str:
    """Facts for a person: one line each, what lies deeper indented."""
    lines = []
    for key, value in facts.items():
        if isinstance(value, dict):
            lines.append(f"{key}:")
            lines += [f"  {line}" for line in _shown(value).splitlines()]
        elif isinstance(value, list):
            lines.append(f"{key}: {', '.join(str(entry) for entry in value)}")
        else:
            lines.append(f"{key}: {_word(value)}")
    return "\n".join(lines)


def _word(value: object) -> str:
    """A value as the command line takes it, so that what is printed can be typed."""
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
