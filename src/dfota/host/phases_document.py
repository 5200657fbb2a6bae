# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Writes ``docs/reference/upgrade-procedure.md`` from the table of phases; it decides nothing.

``python -m dfota.host.phases_document > docs/reference/upgrade-procedure.md`` makes it anew; a
test compares the committed file with the table.
"""

from __future__ import annotations

import sys

from dfota.host.events import Phase
from dfota.host.kinds import KINDS, LocalForm, ModuleKind
from dfota.host.module_settings import SETTINGS
from dfota.host.phases import (
    FOLLOWED,
    TRANSITIONS,
    End,
    Sign,
    TimeLimits,
    expected_s,
    signs_of,
)

Target = Phase | End

_HEAD = """\
# The procedure of an upgrade

Generated from `src/dfota/host/phases.py`, `kinds.py` and `module_settings.py` by
`python -m dfota.host.phases_document`; do not edit.

The host prepares, sends `AT+QFOTADL` once, and listens. What it hears (a *sign*) leads from one
phase to the next; the table is the same for every kind of module. A line may be lost, so a
sign of the upgrade leads to its phase from anywhere. Only a revision that is read back is a
success; silence beyond the limit of a phase is an unknown outcome, never a reason to start
again.
"""


def render_procedure() -> str:
    """The whole document, in Markdown."""
    return f"{_HEAD}\n{_diagram()}\n{_table()}\n{_limits()}\n{_kinds()}\n{_settings()}"


def _walk(kind: ModuleKind, *, is_local: bool) -> list[tuple[Phase, Sign, Target]]:
    """The transitions of an undisturbed upgrade."""
    phase: Target = Phase.STARTING
    found: list[tuple[Phase, Sign, Target]] = []
    for sign in signs_of(kind, is_local=is_local):
        if not isinstance(phase, Phase):
            break
        target = TRANSITIONS[phase, sign]
        found.append((phase, sign, target))
        phase = target
    return found


def drawn_transitions() -> list[tuple[Phase, Sign, Target]]:
    """What the diagram shows: undisturbed upgrades of every kind, and what disturbs them."""
    usual = [
        step
        for kind in KINDS.values()
        for is_local in (False, True)
        for step in _walk(kind, is_local=is_local)
    ]
    restarts = [(phase, Sign.BOOTED, TRANSITIONS[phase, Sign.BOOTED]) for phase in FOLLOWED]
    restarts += [
        (phase, Sign.RETURNED, target)
        for phase in FOLLOWED
        if (target := TRANSITIONS[phase, Sign.RETURNED]) is not phase
    ]
    going_on = [
        (Phase.RESTARTED, sign, TRANSITIONS[Phase.RESTARTED, sign])
        for sign in (Sign.CONTINUED, Sign.STARTED, Sign.UPDATING, Sign.ENDED)
    ]
    failures = [
        (Phase.DOWNLOADING, Sign.FETCH_FAILED, End.DOWNLOAD_FAILED),
        (Phase.INSTALLING, Sign.FAILED, End.INSTALL_FAILED),
        (Phase.UPDATING, Sign.FAILED, End.INSTALL_FAILED),
    ]
    return list(dict.fromkeys((*usual, *restarts, *going_on, *failures)))


def _diagram() -> str:
    edges: dict[tuple[Phase, Target], list[Sign]] = {}
    for phase, sign, target in drawn_transitions():
        if phase is not target:
            edges.setdefault((phase, target), []).append(sign)
    rows = ["## The phases", "", "```mermaid", "stateDiagram-v2"]
    rows += [f"    [*] --> {Phase.STARTING.value}: AT+QFOTADL was accepted"]
    for (phase, target), signs in edges.items():
        label = " / ".join(sign.value for sign in signs).replace(":", "")
        rows.append(f"    {phase.value} --> {_name(target)}: {label}")
    rows += [f"    {_name(end)} --> [*]" for end in End]
    rows += [
        "```",
        "",
        "`preparing` and `uploading` come before; nothing has been started in them.",
    ]
    return "\n".join(rows) + "\n"


def _name(target: Target) -> str:
    return str(target.value).replace(" ", "_")


def _table() -> str:
    """The whole table: a row for each sign, as most signs mean the same in every phase."""
    rows = ["## What each sign leads to", "", "| Sign | In | Leads to |", "|---|---|---|"]
    for sign in Sign:
        targets = {phase: TRANSITIONS[phase, sign] for phase in FOLLOWED}
        if len(set(targets.values())) == 1:
            rows.append(f"| {sign.value} | every phase | **{targets[Phase.STARTING].value}** |")
            continue
        by_words: dict[str, list[str]] = {}
        for phase, target in targets.items():
            words = "the same phase" if target is phase else f"**{target.value}**"
            by_words.setdefault(words, []).append(phase.value)
        rows += [f"| {sign.value} | {', '.join(at)} | {to} |" for to, at in by_words.items()]
    text: str = "\n".join(rows)
    return text.replace(_ALL_OF_THEM, "every phase") + "\n"


_ALL_OF_THEM = ", ".join(phase.value for phase in FOLLOWED)

_AFTERWARDS: dict[Phase, str] = {
    Phase.RESTARTED: "the revision is read: the old one means that the upgrade was dropped; "
    "no answer is waited for as in `updating`",
    Phase.REBOOTING: "the revision is read: another one than wanted is a failure, no answer an "
    "unknown outcome",
}


def _limits() -> str:
    limits = TimeLimits()
    rows = [
        "## How long each phase may be silent",
        "",
        f"""\
Every sign begins the time anew. A download may take longer for a large package:
{limits.slowest_download} bytes a second are enough. The whole may take {limits.whole_s / 3600:g} hours.
During a long silence the revision is asked every {limits.rebooting_s:g} s (every {limits.poll_s:g} s after a restart):
if the wanted one answers, the last words were lost, and it is a success.""",
        "",
        "| Phase | Limit | Then |",
        "|---|---:|---|",
    ]
    for phase in FOLLOWED:
        then = _AFTERWARDS.get(phase, "the revision is read: the wanted one is a success, "
                                      "anything else an unknown outcome")  # fmt: skip
        seconds, first = (limits.of(phase, None, restarts_first=it) for it in (False, True))
        limit = f"{seconds:g} s" + (f", or {first:g} s if it restarts first" * (first != seconds))
        rows.append(f"| {phase.value} | {limit} | {then} |")
    return "\n".join(rows) + "\n"


_LOCAL = {
    LocalForm.FIXED: "uploaded to `{file}`, then `AT+QFOTADL=1`",
    LocalForm.PATH: 'uploaded to `{file}`, then `AT+QFOTADL="<folder><name>"`, a folder after '
    "the other: {folders}",
    LocalForm.PUSH: '`AT+QFOTADL="FILE:<length>"{options}`, then sent on the same port',
}


def _kinds() -> str:
    rows = ["## What differs between the kinds of modules", ""]
    for kind in KINDS.values():
        rows += [f"### `{kind.name}`", "", f"{kind.source}.", ""]
        models = ", ".join(f"{prefix}…" for prefix in kind.model_prefixes)
        rows.append(
            f"* Models: {models or 'by name, or as told above'}. Codes: `{kind.codes.value}`."
        )
        for is_local, words in ((False, "From a server"), (True, "From a package at hand")):
            signs = (_spelled(sign, kind, is_local) for sign in signs_of(kind, is_local=is_local))
            rows.append(f"* {words}: {', '.join(signs)}.")
        local = _LOCAL[kind.local_form].format(
            file=kind.package_file,
            folders=", ".join(f"`{folder}`" for folder in kind.local_folders),
            options="".join(f",{option}" for option in kind.options),
        )
        rows.append(f"* A package at hand is {local}.")
        usual = [
            f"{phase.value} {seconds:g} s"
            for phase in FOLLOWED
            if (seconds := expected_s(phase, kind, None, None)) is not None
        ]
        rows += [f"* Usual, whatever the size: {', '.join(usual)}.", ""]
    return "\n".join(rows)


def _spelled(sign: Sign, kind: ModuleKind, is_local: bool) -> str:
    """*sign* as a module of *kind* writes it."""
    fetched = ["FILE"] if is_local else ["HTTP", "FTP"] if kind.has_ftp else ["HTTP"]
    match sign:
        case Sign.FETCH_STARTED:
            return " or ".join(f"`{word}START`" for word in fetched)
        case Sign.FETCHED:
            return " or ".join(f"`{word}END,0`" for word in fetched)
        case Sign.BOOTED | Sign.RETURNED:
            return "a restart"
        case _:
            return f"`{sign.value}`"


_PUT_BACK = (
    "Each is read first, changed only where it is in the way, and put back at the end, also "
    "after a failure and by `--resume`; never while the module is still upgrading."
)


def _settings() -> str:
    rows = [
        "## Settings that are changed and put back",
        "",
        _PUT_BACK,
        "",
        "| Setting | Command |",
        "|---|---|",
    ]
    rows += [f"| {setting.name} | `AT{setting.command.name}` |" for setting in SETTINGS]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render_procedure())
