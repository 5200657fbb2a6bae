# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Where words go: one result on stdout, everything else on stderr; nothing is decided here.

Rule 1. stdout carries the result only: text for a person, one JSON object with ``--json``.
Rule 2. Notes, warnings, errors and progress go to stderr.
Rule 3. Progress bars and colours appear only when stderr is a terminal; ``NO_COLOR`` and
``TERM=dumb`` are kept.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dfota.errors import DfotaError

Advance = Callable[[float], None]
"""Tells a progress bar how much is done, in the unit of its total."""


class ReaderLeftError(Exception):
    """Whoever read our stdout has seen enough and left; no error of anybody's."""


class Console:
    """The two streams of one run of the command.

    Args:
        as_json: print results as one JSON object, and errors as JSON on stderr.
        quiet: no notes and no progress.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    @property
    def is_interactive(self) -> bool:
        """Whether a person looks at stderr, so that bars and colours make sense."""
        return sys.stderr.isatty() and not self.quiet and not self.as_json

    def result(self, facts: Mapping[str, Any], text: str | None = None) -> None:
        """Print the one result: *facts* as JSON, or *text* (else ``key: value`` lines)."""
        if self.as_json:
            _print(json.dumps(dict(facts), indent=2, ensure_ascii=False))
        elif text is not None:
            _print(text)
        else:
            width = max((len(key) for key in facts), default=0)
            for key, value in facts.items():
                _print(f"{key.replace('_', ' '):<{width}}  {value}")

    def event(self, facts: Mapping[str, Any]) -> None:
        """Print one line of a JSON event stream on stdout; silent without ``--json``."""
        if self.as_json:
            _print(json.dumps(dict(facts), ensure_ascii=False))

    def raw(self, data: bytes) -> None:
        """Write *data* to stdout as it is, where the result is a file.

        Raises:
            ReaderLeftError: nobody reads it any more.
        """
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise ReaderLeftError from error

    def note(self, text: str) -> None:
        """Tell the person something that is not the result."""
        if not self.quiet:
            click.echo(text, err=True)

    def warn(self, text: str) -> None:
        """Tell the person something that may need attention, also with ``--quiet``."""
        click.echo(f"{styled('warning:', fg='yellow')} {text}", err=True)

    def error(self, error: DfotaError) -> None:
        """Print *error* as one clear sentence with its remedy."""
        if self.as_json:
            facts = {"error": error.code, "message": str(error), "remedy": error.remedy}
            click.echo(json.dumps(facts, ensure_ascii=False), err=True)
            return
        sentence = str(error).rstrip(".")
        click.echo(f"{styled('error:', fg='red', bold=True)} {sentence}.", err=True)
        if error.remedy:
            click.echo(f"  {error.remedy}", err=True)
        click.echo(f"  [{error.code}]", err=True)

    @contextmanager
    def progress(self, label: str, total: float | None) -> Iterator[Advance]:
        """Show one progress bar while the block runs; yields a function to set the position.

        Args:
            label: what is being done.
            total: the position that means finished; ``None`` where it is not known.
        """
        if not self.is_interactive:
            yield lambda _position: None
            return
        from rich.console import Console as RichConsole  # noqa: PLC0415 - keeps --help fast
        from rich.progress import (  # noqa: PLC0415 - keeps --help fast
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        with Progress(
            TextColumn("{task.description:<12}"),
            BarColumn(bar_width=40),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=RichConsole(stderr=True),
        ) as bars:
            task = bars.add_task(label, total=total)
            yield lambda position: bars.update(task, completed=position)


def styled(word: str, *, fg: str, bold: bool = False) -> str:
    """*word* in colour, where the person did not ask for none; click looks for the terminal."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return word
    return click.style(word, fg=fg, bold=bold or None)


def _print(text: str) -> None:
    """Print to stdout at once.

    Raises:
        ReaderLeftError: nobody reads it any more.
    """
    try:
        click.echo(text)
    except BrokenPipeError as error:
        raise ReaderLeftError from error
