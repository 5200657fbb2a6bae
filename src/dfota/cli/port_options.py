# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What every command that talks to a module at a port has in common; no command is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from dfota.host import BAUDRATE, HostEvent, Keeper, SerialxTransport, Session, Transcript

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)

PORT_HELP = "PORT is a serial device, a pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT."

BAUDRATE_OPTION = click.option(
    "--baudrate",
    type=click.IntRange(min=300),
    default=BAUDRATE,
    show_default=True,
    help="Speed of a serial port.",
)
TRANSCRIPT_OPTION = click.option(
    "--transcript",
    type=FILE,
    metavar="FILE",
    help="Write every byte of the port, with its time, to FILE.",
)


@dataclass(frozen=True, slots=True)
class PortOptions:
    """Which port, and how."""

    port: str
    baudrate: int = BAUDRATE
    transcript: Path | None = None


def port_options(command: F) -> F:
    """Give *command* the argument PORT and its options; it is called with ``port_options``."""

    def parse(**given: Any) -> Any:
        options = PortOptions(given.pop("port"), given.pop("baudrate"), given.pop("transcript"))
        return command(port_options=options, **given)

    parse.__name__ = command.__name__
    parse.__doc__ = command.__doc__
    parse.__click_params__ = list(getattr(command, "__click_params__", []))  # type: ignore[attr-defined]
    return click.argument("port")(BAUDRATE_OPTION(TRANSCRIPT_OPTION(parse)))  # type: ignore[return-value]


@contextmanager
def open_session(
    options: PortOptions,
    *,
    on_event: Callable[[HostEvent], None] | None = None,
    keep: Keeper | None = None,
) -> Iterator[Session]:
    """A session at the port; the transcript is closed behind it, and its failure told last.

    Raises:
        PortError: the port cannot be opened.
        OutputError: the transcript cannot be written.
    """
    transcript: Transcript | None = None
    with ExitStack() as stack:
        if options.transcript is not None:
            transcript = Transcript(options.transcript)
            stack.callback(transcript.close)
        yield stack.enter_context(
            Session(
                lambda: SerialxTransport(options.port, baudrate=options.baudrate),
                port=options.port,
                on_event=on_event,
                transcript=transcript,
                keep=keep,
            )
        )
    if transcript is not None and transcript.failure is not None:
        raise transcript.failure
