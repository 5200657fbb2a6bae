# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The page ``docs/reference/events.md``, made from the classes of the events; it sends none.

``python -m dfota.cli.events_document > docs/reference/events.md`` writes it.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from dfota.host import HostEvent, Phase

_HEAD = """\
# The event stream of `--json`

With `--json`, a command that takes a while prints one JSON object per line on stdout, each as soon as it happens, and with
its name under `event`. New events and new fields may come with every release; those that there are keep their names and
their meaning. What ends the command with an error is one JSON object on stderr: `error` (a stable code), `message` and
`remedy`; the number is in the [exit codes](exit-codes.md).

This page is made from the code: `python -m dfota.cli.events_document`. A test holds the two together.
"""

STREAM_EVENTS: Mapping[str, tuple[str, Mapping[str, str]]] = MappingProxyType({
    "upgraded": (
        "The last line of a success: the revision was read back.",
        {
            "revision_before": "what ran before; empty where a running upgrade was found",
            "revision_after": "what was read back",
            "proof": "which comparison makes it a success, in words",
            "restarts": "how often the module restarted in the middle",
            "phases": "list of `phase` and `seconds`, in order",
        },
    ),
    "path": (
        "With `--updates`: the way that is gone.",
        {
            "new_revision": "where it leads",
            "direction": "`upgrade`, `downgrade` or `unknown`",
            "size": "bytes of all packages; null where they are not known",
            "reboots": "how many upgrades it takes",
            "trust": "`verified`, `not-verified` or `name-only`, of the worst of them",
            "has_way_back": "whether packages lead back; null where it was not looked for",
            "hops": "list of the packages, in order, as `dfota updates --json` has them",
        },
    ),
    "hop": (
        "With `--updates`: one upgrade of the way begins.",
        {
            "number": "from 1",
            "of": "how many there are",
            "old_revision": "what runs",
            "new_revision": "where it leads",
        },
    ),
    "journey-ended": (
        "With `--updates`: an upgrade of the way did not succeed, and no other follows.",
        {
            "hops_done": "how many succeeded",
            "hops": "how many there are",
            "revision": "what the module says that it runs now; null where it is not known",
        },
    ),
    "nothing-to-resume": ("`--resume` found no upgrade that is unfinished.", {}),
    "interrupted": (
        "Ctrl-C, SIGTERM or SIGHUP ended the command.",
        {
            "phase": "where the upgrade was",
            "left": "in which state the module is left, and what to do, in words",
        },
    ),
    "serving": ("The package is hosted for the module (`--serve`).", {"url": "where"}),
    "served": (
        "So much of the package was sent to the module; never more often than each percent.",
        {"done": "bytes", "total": "bytes of the package"},
    ),
    "examined": (
        "The checks of a `--dry-run`; with `--inventory` its module's name is under `module`.",
        {
            "identity": "the event `identified`",
            "checks": "list of the events `check-result`",
        },
    ),
    "planned": (
        "What an upgrade would send (`--dry-run`); with `--inventory` as above.",
        {
            "lines": "list of `line`, `changes` (else it is a question), `data_size` (bytes that "
            "follow it) and `is_after_start`; user names and passwords are not shown",
        },
    ),
    "left": (
        "With `--inventory`, after Ctrl-C: how one module is left.",
        {
            "module": "its name",
            "state": "as in the [report](inventory.md)",
            "left": "in words; empty where nothing was going on",
        },
    ),
    "rack-ended": (
        "The last line of `--inventory`: its [report](inventory.md).",
        {
            "format": "`dfota-rack-1`",
            "began_at": "ISO 8601",
            "seconds": "how long it took",
            "counts": "state → number of modules",
            "modules": "list of what came of each",
        },
    ),
})  # fmt: skip
"""What ``dfota upgrade`` itself adds: name → meaning, and its fields."""

_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def host_events() -> tuple[type[HostEvent], ...]:
    """Every event of the host room, by name."""

    def below(event_class: type[HostEvent]) -> Iterator[type[HostEvent]]:
        for child in event_class.__subclasses__():
            yield child
            yield from below(child)

    # A dataclass with slots is made twice; the second one is the one that is used.
    found = {event_name(child): child for child in below(HostEvent) if "__slots__" in vars(child)}
    return tuple(found[name] for name in sorted(found))


def event_name(event_class: type[HostEvent]) -> str:
    """The name of the event in the stream."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", event_class.__name__).lower()


def events_reference() -> str:
    """The whole page."""
    parts = [_HEAD, "## Of the upgrade\n"]
    parts += [_section(event_class) for event_class in host_events()]
    parts.append("With `--inventory` each of these has its module's name under `module`.\n")
    parts.append("## Of the command `dfota upgrade`\n")
    for name, (meaning, fields) in STREAM_EVENTS.items():
        rows = [f"* `{field}`: {text}" for field, text in fields.items()]
        parts.append("\n".join([f"### `{name}`\n", meaning, *(["", *rows] if rows else [])]) + "\n")
    phases = "\n".join(f"* `{phase.value}`" for phase in Phase)
    parts.append(f"## Phases\n\n{phases}\n")
    return "\n".join(parts)


def _section(event_class: type[HostEvent]) -> str:
    text = inspect.cleandoc(event_class.__doc__ or "")
    meaning = re.split(r"\n\n(?=Attributes:)", text)[0]
    told = {name: " ".join(line.split()) for name, line in _ATTRIBUTE.findall(text)}
    rows = []
    for field in dataclasses.fields(event_class):
        meant = f": {_marked(told[field.name])}" if field.name in told else ""
        rows.append(f"* `{field.name}` ({_type_words(str(field.type))}){meant}")
    lines = [f"### `{event_name(event_class)}`\n", _marked(" ".join(meaning.split()))]
    return "\n".join([*lines, *(["", *rows] if rows else [])]) + "\n"


def _marked(text: str) -> str:
    """Docstring marks as those of Markdown."""
    return re.sub(r"\*(\w+)\*", r"`\1`", text.replace("``", "`"))


def _type_words(text: str) -> str:
    words = {"str": "text", "int": "number", "float": "number", "bool": "true or false",
             "None": "null"}  # fmt: skip
    return " or ".join(words.get(part.strip(), "text") for part in text.split("|"))


if __name__ == "__main__":
    sys.stdout.write(events_reference())
