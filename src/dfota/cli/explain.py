# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota explain``: what a number or a word of an error means, why, and what to try.

The tables are in ``dfota.at``; no meaning of a module's number is decided here.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click

from dfota import errors
from dfota.at import (
    PASTED_MAX,
    CodeMeaning,
    Family,
    Place,
    explain_everywhere,
    find_codes,
)
from dfota.cli.console import Console
from dfota.cli.exit_codes import ExitCode, error_classes_of
from dfota.errors import DfotaError
from dfota.host import KINDS, plain_text

_EXIT = re.compile(r"(?:exit|code|exit code|rc|status)\s*[=:]?\s*([0-9]{1,3})", re.IGNORECASE)
_DOTTED = re.compile(r"\[?([a-z]+\.[a-z-]+)\]?")
_CODES_MAX = 8
WIDTH = 96

EXIT_WORDS: Mapping[ExitCode, str] = MappingProxyType(
    {
        ExitCode.OK: "Done.",
        ExitCode.FAILED: "A defect of dfota itself: please report it with its traceback.",
        ExitCode.USAGE: "The command line is wrong, or a value on it cannot be used.",
        ExitCode.INPUT: "A file that was given is missing, unreadable or not what it should be.",
        ExitCode.OUTPUT: "A file cannot be written; nothing half-written was left.",
        ExitCode.PACKAGE: "A patch or package is damaged, not trusted, or made for something else.",
        ExitCode.PORT: "A serial port or network address cannot be opened, or went away.",
        ExitCode.REFUSED: "The checks before the upgrade, or the module, refused.",
        ExitCode.DOWNLOAD: "The module could not download the package.",
        ExitCode.INSTALL: "The module could not install the package, or runs another revision.",
        ExitCode.OUTCOME_UNKNOWN: "The module went silent; whether the upgrade will finish is not "
        "known. Do not start again blindly: dfota upgrade PORT --resume.",
        ExitCode.DIFFERENT: "A replay gave something else than its trace says.",
        ExitCode.NOTHING_TO_DO: "The module already runs what was wanted; nothing was changed.",
        ExitCode.SOME_FAILED: "Of the modules of an inventory, some were not upgraded; the report "
        "says which and why.",
        ExitCode.INTERRUPTED: "Stopped by Ctrl-C.",
        ExitCode.TERMINATED: "Stopped by SIGTERM.",
    }
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("text", metavar="CODE...", nargs=-1, required=True)
@click.option("--family", "family_name",
              type=click.Choice([*(family.value for family in Family),
                                 *(kind for kind in KINDS
                                   if kind not in {family.value for family in Family})]),
              default=Family.BG96.value, show_default=True,
              help="Whose numbers they are: a family, or a kind of module.")  # fmt: skip
@click.option("--in", "place_name", type=click.Choice([place.value for place in Place]),
              help="Where a bare number stands: HTTPEND, FTPEND, FILEEND, END (fota), "
              "+CME ERROR, +CMS ERROR.  [default: everywhere]")  # fmt: skip
@click.pass_obj
def explain(
    console: Console, *, text: tuple[str, ...], family_name: str, place_name: str | None
) -> None:
    """Say what CODE means, what usually causes it, and what to try.

    CODE is a number, a line that a module printed (paste it as it is), the code of an error
    of dfota (in brackets behind it), or 'exit' and an exit code. '-' reads standard input.
    The causes are in their order: the most likely first.

    For example:

    \b
        dfota explain 702
        dfota explain HTTPEND,702 --family std-a
        dfota explain '+QIND: "FOTA","END",511'
        dfota explain +CME ERROR: 407
        dfota explain host.outcome-unknown
        dfota explain exit 10
    """  # noqa: D301 - click wants the backspace character itself
    pasted = " ".join(text)[:PASTED_MAX]
    if pasted == "-":
        pasted = sys.stdin.read(PASTED_MAX)
    family = _family(family_name)
    if match := _EXIT.fullmatch(pasted.strip()):
        _explain_exit(console, int(match[1]))
        return
    if match := _DOTTED.fullmatch(pasted.strip()):
        _explain_error(console, match[1])
        return
    place = None if place_name is None else Place(place_name)
    rows: list[dict[str, Any]] = []
    parts: list[str] = []
    for told, number in find_codes(pasted)[:_CODES_MAX]:
        meanings, others = explain_everywhere(number, told or place, family)
        if meanings or others:
            rows.append(_facts(number, meanings, others))
            parts.append(_describe(number, meanings, others, family))
    if not rows:
        if "ERROR" in pasted.upper().split():
            _explain_plain_error(console)
            return
        raise click.UsageError(
            f"{plain_text(pasted, 80)} is in no table. A number, a line of a module, a code such as "
            "host.download or 'exit 8' can be explained."
        )
    console.result({"family": family.value, "codes": rows}, text="\n\n".join(parts))


def _family(name: str) -> Family:
    return KINDS[name].codes if name in KINDS else Family(name)


def _facts(
    number: int, meanings: tuple[CodeMeaning, ...], others: tuple[CodeMeaning, ...]
) -> dict[str, Any]:
    return {
        "number": number,
        "meanings": [_meaning_facts(one) for one in meanings],
        "elsewhere": [
            {"place": one.place.value, "family": one.family.value if one.family else None,
             "meaning": one.meaning}
            for one in others
        ],
    }  # fmt: skip


def _meaning_facts(one: CodeMeaning) -> dict[str, Any]:
    return {
        "place": one.place.value,
        "family": one.family.value if one.family else None,
        "meaning": one.meaning,
        "advice": one.advice,
        "source": one.source,
        "causes": [{"cause": cause.cause, "tries": list(cause.tries)} for cause in one.causes],
    }


def _describe(
    number: int,
    meanings: tuple[CodeMeaning, ...],
    others: tuple[CodeMeaning, ...],
    family: Family,
) -> str:
    lines: list[str] = []
    for one in meanings:
        lines += [""] if lines else []
        of = f" of {one.family.value}" if one.family else ""
        lines.append(f"{one.title}{of}: {one.meaning}")
        if one.advice and not one.causes:
            lines.append(f"  {one.advice}")
        for place, cause in enumerate(one.causes, 1):
            lines += textwrap.wrap(
                cause.cause, WIDTH, initial_indent=f"  {place}. ", subsequent_indent="     "
            )
            lines += [f"       {step}" for step in cause.tries]
    if not meanings:
        lines.append(f"{number} means nothing there for {family.value}.")
    if others:
        lines += ["", "elsewhere"]
        for one in others:
            of = f" of {one.family.value}" if one.family else ""
            lines.append(f"  {one.title}{of}: {one.meaning}")
    return "\n".join(lines)


def _explain_plain_error(console: Console) -> None:
    meaning = (
        "The module did not take the command and says no more: it does not know it, a parameter "
        "is wrong, or it is not possible now."
    )
    tries = (
        "dfota at PORT: ?AT+NAME shows the forms and parameters of a command",
        "AT+CMEE=1 makes the module print numbers, where a command has them",
        "AT+QGMR: older firmware knows fewer commands",
    )
    console.result(
        {"error": "ERROR", "meaning": meaning, "tries": list(tries)},
        text="\n".join([f"ERROR: {meaning}", *(f"  {step}" for step in tries)]),
    )


# -- dfota's own ---------------------------------------------------------------------------------


def _explain_exit(console: Console, number: int) -> None:
    try:
        code = ExitCode(number)
    except ValueError:
        known = ", ".join(str(int(one)) for one in ExitCode)
        raise click.UsageError(f"dfota has no exit code {number}; it has {known}.") from None
    classes = [one for one in error_classes_of(code) if one is not DfotaError]
    facts = {
        "exit_code": number,
        "name": code.name,
        "meaning": _words(code),
        "errors": [one.code for one in classes],
    }
    lines = [f"exit code {number} ({code.name}): {_words(code)}"]
    lines += [f"  {one.code:<24} {_first_line(one)}" for one in classes]
    console.result(facts, text="\n".join(lines))


def _explain_error(console: Console, code: str) -> None:
    found = [
        one
        for one in vars(errors).values()
        if inspect.isclass(one) and issubclass(one, DfotaError) and one.code == code
    ]
    if not found:
        raise click.UsageError(f"dfota has no error {code}.")
    error = found[0]
    exit_code = next(one for one in ExitCode if error in error_classes_of(one))
    facts = {
        "error": code,
        "meaning": _first_line(error),
        "exit_code": int(exit_code),
        "exit_meaning": _words(exit_code),
    }
    console.result(
        facts,
        text=f"{code}: {facts['meaning']}\n"
        f"  exit code {int(exit_code)} ({exit_code.name}): {_words(exit_code)}",
    )


def _first_line(error: type[DfotaError]) -> str:
    """The first sentence of its docstring; names of attributes stand between asterisks there."""
    return (inspect.getdoc(error) or "").partition("\n")[0].replace("*", "")


def _words(code: ExitCode) -> str:
    """What an exit code means; one that is new here is at least named."""
    return EXIT_WORDS.get(code, code.name.replace("_", " ").lower())
