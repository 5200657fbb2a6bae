# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota updates``: which packages there are for a module, and over which revisions they lead.

What may follow on what is decided in ``dfota.host``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from dfota.cli.console import Console
from dfota.cli.exit_codes import ExitCode
from dfota.cli.option_group import option_group
from dfota.cli.port_options import FILE, PortOptions, open_session, optional_port_options
from dfota.errors import MisuseError
from dfota.host import (
    HttpFetcher,
    Identified,
    Prefer,
    Procedure,
    Refusal,
    Running,
    UpdatePath,
    Updates,
    UpdateSources,
    get_attention,
    identify,
    plain_text,
)
from dfota.package import PublicKey
from dfota.values import FirmwareVersion

F = TypeVar("F", bound=Callable[..., Any])

_REFUSED_MAX = 20

PREFER_OPTION = click.option(
    "--prefer",
    type=click.Choice([prefer.value for prefer in Prefer]),
    default=Prefer.BYTES.value,
    show_default=True,
    help="What a path over several revisions spares first.",
)

_OPTIONS = (
    click.option("--from", "sources", multiple=True, metavar="SOURCE",
                 help="Folder, index, package, list or URL; may be given several times."),
    click.option("--to", "target", metavar="REVISION", help="Only the path to this revision."),
    click.option("--revision", metavar="REVISION",
                 help="What runs, instead of asking a module."),
    click.option("--model", metavar="MODEL", help="With --revision: the model, e.g. BG96."),
    click.option("--hardware", default="", metavar="NAME",
                 help="The hardware, as packages call it; no module tells it."),
    click.option("--counter", type=click.IntRange(0, 2**32 - 1), metavar="N",
                 help="The security counter of what runs.  [default: as the packages tell]"),
    click.option("--trust", "--key", "trust_files", type=FILE, multiple=True, metavar="PUB",
                 help="Public key that is trusted: only what it signed is offered."),
    PREFER_OPTION,
    click.option("--ca", type=FILE, metavar="PEM", help="CA of the https servers of --from."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class UpdateOptions:
    """What the person wrote; ``updates`` describes each."""

    sources: tuple[str, ...] = ()
    target: str | None = None
    revision: str | None = None
    model: str | None = None
    hardware: str = ""
    counter: int | None = None
    trust_files: tuple[Path, ...] = ()
    prefer: str = Prefer.BYTES.value
    ca: Path | None = None


def _update_options(command: F) -> F:
    return option_group(
        command,
        _OPTIONS,
        name="options",
        names=[field.name for field in fields(UpdateOptions)],
        make=lambda given: UpdateOptions(**given),
    )


@click.command()
@optional_port_options
@_update_options
@click.pass_obj
def updates(
    console: Console, /, *, port_options: PortOptions, options: UpdateOptions
) -> ExitCode | None:
    """Show which updates there are for the module at PORT, and the way to each.

    SOURCE is one of these; what a name says is only a hint until the package is at hand:

    \b
        a folder          of packages, with or without an index.cbor
        an index          that 'dfota package index' wrote: its file or its URL
        a URL             of a page with links to <old>-TO-<new>.zip or <old>-<new>.bin
        a package         its file or its URL; <REVISION> in a URL is what runs
        a text            of lines <current>:<new>:<file>: its file or its URL

    A path leads over several revisions where only neighbours have packages; each hop is one
    reboot. Of all paths the one with the fewest steps down is shown, then the smallest
    (--prefer bytes) or the shortest (--prefer reboots). What the security counter forbids is
    refused. With --trust only what is signed by that key is offered; without it everything
    is marked as not verified.

    For example:

    \b
        dfota updates /dev/ttyUSB2 --from packages --trust vendor.pub
        dfota updates --revision BG96MAR02A07M1G_01.018.01.018 --model BG96 --from packages
        dfota updates /dev/ttyUSB2 --from https://example.com/bg96/ --prefer reboots
        dfota updates /dev/ttyUSB2 --from packages --to BG96MAR02A07M1G_01.019.01.019
    """  # noqa: D301 - click wants the backspace character itself
    if not options.sources:
        raise click.UsageError("Say where to look: --from SOURCE.")
    sources = open_sources(options.sources, options.trust_files, options.ca)
    running = _running(port_options, options)
    found = sources.find(running, prefer=Prefer(options.prefer))
    if options.target is not None:
        path = found.path_to(FirmwareVersion(options.target))
        found = replace(found, paths=(path,))
    facts = updates_facts(found)
    console.result(facts, text=_describe(found))
    return None if found.paths else ExitCode.NOTHING_TO_DO


def open_sources(
    sources: tuple[str, ...], trust_files: tuple[Path, ...], ca: Path | None
) -> UpdateSources:
    """The sources of updates.

    Raises:
        KeyFileError: a key is none.
        TlsFilesError: the CA is none.
    """
    trusted = [PublicKey.load(file) for file in trust_files]
    return UpdateSources(sources, HttpFetcher(ca=ca), trusted=trusted)


def _running(port_options: PortOptions, options: UpdateOptions) -> Running:
    if bool(port_options.port) == (options.revision is not None):
        raise click.UsageError("Give either the PORT of a module or the --revision that runs.")
    if options.revision is not None:
        try:
            revision = FirmwareVersion(options.revision)
        except MisuseError as error:
            raise click.UsageError(f"--revision: {error}.") from error
        return Running(revision, options.model or "", options.hardware, options.counter)
    if options.model is not None:
        raise click.UsageError("--model goes with --revision; a module says what it is.")
    return ask_running(port_options, hardware=options.hardware, counter=options.counter)


def ask_running(
    port_options: PortOptions, *, hardware: str = "", counter: int | None = None
) -> Running:
    """Ask the module what runs.

    Raises:
        HostError: it does not say.
    """

    def procedure() -> Procedure[Identified]:
        yield from get_attention()
        return (yield from identify())

    with open_session(port_options) as session:
        identified = session.run(procedure())
    return Running(FirmwareVersion(identified.revision), identified.model, hardware, counter)


# -- for programs and people --------------------------------------------------------------------


def updates_facts(found: Updates) -> dict[str, Any]:
    """All of it for JSON."""
    return {
        "running": {
            "revision": found.running.revision.text,
            "model": found.running.model or None,
            "hardware": found.running.hardware or None,
            "security_counter": found.running.security_counter,
        },
        "paths": [path_facts(path) for path in found.paths],
        "refused": [
            {"name": one.name, "reason": one.reason, "source": one.source} for one in found.refused
        ],
    }


def path_facts(path: UpdatePath) -> dict[str, Any]:
    """A path for JSON."""
    return {
        "new_revision": path.new.text,
        "direction": path.direction.value,
        "size": path.size,
        "reboots": len(path.hops),
        "trust": path.trust.value,
        "has_way_back": path.has_way_back,
        "hops": [
            {
                "old_revision": hop.offer.old.text,
                "new_revision": hop.offer.new.text,
                "direction": hop.direction.value,
                "file": hop.offer.name,
                "location": hop.offer.location,
                "size": hop.offer.size,
                "digest": hop.offer.digest.hex if hop.offer.digest else None,
                "hardware": hop.offer.hardware or None,
                "security_counter": hop.offer.security_counter,
                "allows_downgrade": hop.offer.allows_downgrade,
                "trust": hop.offer.trust.value,
                "source": hop.offer.source,
            }
            for hop in path.hops
        ],
    }


def _describe(found: Updates) -> str:
    running = found.running
    lines = [f"running  {running.revision}" + (f" ({running.model})" if running.model else "")]
    if not found.paths:
        lines += ["", "No update is offered for it."]
    for path in found.paths:
        lines += ["", *describe_path(path)]
    if found.refused:
        lines += ["", "refused"]
        lines += [f"  {_plain(one)}" for one in found.refused[:_REFUSED_MAX]]
        more = len(found.refused) - _REFUSED_MAX
        if more > 0:
            lines.append(f"  and {more} more: --json lists them all")
    return "\n".join(lines)


def describe_path(path: UpdatePath) -> list[str]:
    """A path for a person: one line for the whole, one for each hop."""
    count = len(path.hops)
    size = "size not known" if path.size is None else f"{path.size:,} bytes"
    back = {True: "way back: yes", False: "way back: none", None: ""}[path.has_way_back]
    words = [size, f"{count} reboot" + ("s" if count > 1 else ""), _TRUST[path.trust.value], back]
    kind = "" if path.direction.value == "unknown" else f"{path.direction.value}  "
    lines = [f"{kind}{path.new}: {', '.join(word for word in words if word)}"]
    width = max(len(hop.offer.new.text) for hop in path.hops)
    for number, hop in enumerate(path.hops, 1):
        bytes_ = "?" if hop.offer.size is None else f"{hop.offer.size:,}"
        lines.append(
            f"  {number}. {hop.offer.new.text:<{width}}  {bytes_:>10} bytes  {plain_text(hop.offer.name)}"
        )
    return lines


_TRUST = {
    "verified": "verified",
    "not-verified": "NOT verified (--trust)",
    "name-only": "NOT verified, known by name only",
}


def _plain(refusal: Refusal) -> str:
    return f"{plain_text(refusal.name)}: {printable(refusal.reason)}"


def printable(text: str) -> str:
    """A whole sentence, whatever a file or a server put into it."""
    return plain_text(text, 400)
