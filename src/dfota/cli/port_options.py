# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What every command that talks to a module at a port has in common; no command is here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from dfota.cli.option_group import Option, option_group
from dfota.errors import NoReplyError, WrongSpeedError
from dfota.host import (
    BAUDRATE,
    HostEvent,
    Keeper,
    SerialxTransport,
    Session,
    Transcript,
    Transport,
    find_speed,
    has_speed,
)

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)

PORT_HELP = "PORT is a serial device, a pseudo-terminal, socket://HOST:PORT or rfc2217://HOST:PORT."

AUTO = 0
"""``--baudrate auto``: find the speed."""


class _Baudrate(click.IntRange):
    """A speed, or ``auto``."""

    name = "baud|auto"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return AUTO if value in {"auto", AUTO} else super().convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "BAUD|auto"


BAUDRATE_OPTION = click.option(
    "--baudrate",
    type=_Baudrate(min=300),
    default=BAUDRATE,
    show_default=True,
    help="Speed of a serial port; auto finds it by asking AT.",
)
TRANSCRIPT_OPTION = click.option(
    "--transcript",
    type=FILE,
    metavar="FILE",
    help="Write every byte of the port, with its time, to FILE; with --resume behind what is there.",
)


@dataclass(frozen=True, slots=True)
class PortOptions:
    """Which port, and how.

    Attributes:
        port: its name.
        baudrate: of a serial port.
        transcript: the file for every byte.
        append_transcript: whether what is in that file stays.
    """

    port: str
    baudrate: int = BAUDRATE
    transcript: Path | None = None
    append_transcript: bool = False


def port_options(command: F) -> F:
    """Give *command* the argument PORT and its options; it is called with ``port_options``."""
    return _port_group(command, click.argument("port", shell_complete=complete_port))


def optional_port_options(command: F) -> F:
    """Like ``port_options``, where PORT may be left out; then it is empty."""
    return _port_group(
        command, click.argument("port", required=False, shell_complete=complete_port)
    )


def _port_group(command: F, argument: Option) -> F:
    return option_group(
        command,
        (argument, BAUDRATE_OPTION, TRANSCRIPT_OPTION),
        name="port_options",
        names=("port", "baudrate", "transcript"),
        make=lambda given: PortOptions(given["port"] or "", given["baudrate"], given["transcript"]),
    )


def complete_port(
    _ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The serial ports of this computer that begin with *incomplete*, stable names first."""
    found: list[str] = []
    for pattern in ("dfota-*", "serial/by-id/*", "ttyUSB*", "ttyACM*", "ttyAMA*", "cu.usb*"):
        found += sorted(str(path) for path in Path("/dev").glob(pattern))
    items = [CompletionItem(name) for name in found if name.startswith(incomplete)]
    # A pseudo-terminal of a virtual module is a file like any other.
    return items or [CompletionItem(incomplete, type="file")]


class StoppedError(KeyboardInterrupt):
    """Somebody else, such as Ctrl-C in another thread, wants this conversation to end."""


class _Stoppable:
    """A transport that ends the conversation once, at its next read, when it is told to."""

    def __init__(self, transport: Transport, stop: _Stop) -> None:
        self._transport = transport
        self._stop = stop

    def read(self, timeout_s: float) -> bytes:
        self._stop.check()
        return self._transport.read(timeout_s)

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    def close(self) -> None:
        self._transport.close()


class _Stop:
    """Raises once; what tidies up afterwards is left in peace."""

    def __init__(self, is_stopped: Callable[[], bool]) -> None:
        self._is_stopped = is_stopped
        self._is_told = False

    def check(self) -> None:
        if not self._is_told and self._is_stopped():
            self._is_told = True
            raise StoppedError


@contextmanager
def open_transcript(options: PortOptions) -> Iterator[Transcript | None]:
    """The transcript that is wanted, if any; it is closed behind the block, its failure told last.

    Raises:
        OutputError: it cannot be written.
    """
    if options.transcript is None:
        yield None
        return
    transcript = Transcript(
        options.transcript, date=lambda: datetime.now(UTC), append=options.append_transcript
    )
    try:
        yield transcript
    finally:
        transcript.close()
    if transcript.failure is not None:
        raise transcript.failure


def baudrate_of(options: PortOptions) -> int:
    """The speed that is wanted, or found where it is to be found.

    Raises:
        WrongSpeedError: nothing answers at any of the usual speeds.
    """
    return options.baudrate if options.baudrate != AUTO else speed_of(options.port)


def speed_of(port: str) -> int:
    """The speed at which the module at *port* answers.

    Raises:
        WrongSpeedError: it answers at none of the usual ones.
    """
    if not has_speed(port):
        return BAUDRATE
    found = _find(port)
    if not found:
        raise WrongSpeedError(port, AUTO, 0)
    return found


def _find(port: str, leave_out: tuple[int, ...] = ()) -> int:
    return find_speed(lambda speed: SerialxTransport(port, baudrate=speed), leave_out=leave_out)


@contextmanager
def open_session(
    options: PortOptions,
    *,
    on_event: Callable[[HostEvent], None] | None = None,
    keep: Keeper | None = None,
    is_stopped: Callable[[], bool] | None = None,
) -> Iterator[Session]:
    """A session at the port; the transcript is closed behind it, and its failure told last.

    Args:
        options: which port, and how.
        on_event: is told every event.
        keep: keeps the record of an upgrade.
        is_stopped: when it says so, the session is ended with ``StoppedError``, once.

    Raises:
        PortError: the port cannot be opened.
        WrongSpeedError: the module answers at another speed only.
        OutputError: the transcript cannot be written.
    """
    stop = _Stop(is_stopped) if is_stopped is not None else None
    baudrate = baudrate_of(options)

    def open_transport() -> Transport:
        if stop is None:
            return SerialxTransport(options.port, baudrate=baudrate)
        stop.check()
        return _Stoppable(SerialxTransport(options.port, baudrate=baudrate), stop)

    with (
        open_transcript(options) as transcript,
        Session(
            open_transport,
            port=options.port,
            on_event=on_event,
            transcript=transcript,
            keep=keep,
        ) as session,
    ):
        try:
            yield session
        except NoReplyError as error:
            # Never once it has said a word: it may be listening to data.
            if session.has_heard or not has_speed(options.port):
                raise
            session.close()
            found = _find(options.port, leave_out=(baudrate,))
            if not found:
                raise
            raise WrongSpeedError(options.port, baudrate, found) from error
