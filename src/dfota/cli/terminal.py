# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""``dfota at``: talk to a module by hand, or by a few lines of a script; the screen is elsewhere."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import click

from dfota.at import Family
from dfota.cli.console import Console, styled
from dfota.cli.port_options import (
    PortOptions,
    baudrate_of,
    open_transcript,
    port_options,
)
from dfota.cli.terminal_files import move_file
from dfota.cli.terminal_help import answer_question
from dfota.cli.terminal_lines import Conversation, Exchange, Kind, Shown, State
from dfota.cli.terminal_port import TerminalPort
from dfota.errors import CommandRefusedError, DfotaError, MisuseError, NoReplyError, PortError
from dfota.host import SerialxTransport

PUMP_S = 0.2

_COLOURS = {Kind.FAILURE: "red", Kind.URC: "cyan", Kind.OK: "green", Kind.NOTE: "yellow"}


@click.command()
@port_options
@click.option("-c", "--command", "commands", multiple=True, metavar="LINE",
              help="Send LINE, print what comes of it, and leave. Repeatable.")  # fmt: skip
@click.option("--wait", "wait_s", type=click.FloatRange(min=0), default=0.0, metavar="SECONDS",
              help="Then print unsolicited lines for so long.")  # fmt: skip
@click.option("--timeout", "timeout_s", type=click.FloatRange(min=0.1), metavar="SECONDS",
              help="How long an answer may take.  [default: what the manuals say]")  # fmt: skip
@click.option("-k", "--keep-going", is_flag=True, help="Go on behind a command that failed.")
@click.option("--family", type=click.Choice([family.value for family in Family]),
              help="Whose error numbers are meant.  [default: as ATI says, else bg96]")  # fmt: skip
@click.pass_obj
def at(
    console: Console,
    *,
    port_options: PortOptions,
    commands: tuple[str, ...],
    wait_s: float,
    timeout_s: float | None,
    keep_going: bool,
    family: str | None,
) -> None:
    """Talk to the module at PORT: a terminal, or lines from -c or a pipe.

    The terminal has a history, completion (Tab), the syntax of what is being typed, and help
    (F1, or ?AT+CSQ, ?702). Numbers of errors are put into words, what the module says by
    itself is marked, and a port that goes away is opened again. :put and :get move files.

    With -c or a pipe, lines are sent one after the other, up to the first that fails; then
    the exit code is 7. A line behind one that asks for text (AT+CMGS) is that text.

    For example:

    \b
        dfota at /dev/ttyUSB2
        dfota at /dev/ttyUSB2 -c ATI -c AT+CSQ
        dfota at /dev/ttyUSB2 --json < lines.txt
        dfota at /dev/ttyUSB2 -c 'AT+CMGF=1' -c 'AT+CMGS="+4917012345"' -c 'Hello'
        dfota at /dev/ttyUSB2 --wait 60
    """  # noqa: D301 - click wants the backspace character itself
    conversation = Conversation(time_limit_s=timeout_s)
    if family is not None:
        conversation.family = Family(family)
    is_for_a_person = not (commands or wait_s or console.as_json)
    if is_for_a_person and sys.stdin.isatty() and sys.stdout.isatty():
        from dfota.cli.terminal_prompt import run_prompt  # noqa: PLC0415 - only for a person

        run_prompt(port_options, conversation, is_family_known=family is not None)
        return
    lines = commands if commands or wait_s else _lines_of(sys.stdin)
    with open_port(port_options, conversation, lambda shown: _print(console, shown)) as port:
        _Batch(console, port, is_keeping_going=keep_going).run(lines, wait_s)


@contextmanager
def open_port(
    options: PortOptions, conversation: Conversation, show: Callable[[Shown], None]
) -> Iterator[TerminalPort]:
    """The port of *options*; its transcript is closed behind it, and its failure told last.

    Raises:
        PortError: the port cannot be opened.
        OutputError: the transcript cannot be written.
    """
    baudrate = baudrate_of(options)
    with (
        open_transcript(options) as transcript,
        TerminalPort(
            lambda: SerialxTransport(options.port, baudrate=baudrate),
            conversation,
            show,
            transcript=transcript,
            name=options.port,
        ) as port,
    ):
        yield port


class _Batch:
    """Lines, one after the other."""

    def __init__(self, console: Console, port: TerminalPort, *, is_keeping_going: bool) -> None:
        self._console = console
        self._port = port
        self._is_keeping_going = is_keeping_going
        self._failure: DfotaError | None = None

    def run(self, lines: Iterable[str], wait_s: float) -> None:
        """Send *lines*, then listen; raises the first failure at the end.

        Raises:
            CommandRefusedError: the module said no.
            NoReplyError: it said nothing.
            PortError: the port went away.
        """
        todo = _Lookahead(lines)
        while (line := todo.take()) is not None:
            try:
                self._do(line, todo)
            except DfotaError as error:
                if self._failure is not None:
                    self._console.error(error)
                self._failure = self._failure or error
                if not self._is_keeping_going:
                    break
        if self._failure is None or self._is_keeping_going:
            self._listen(wait_s)
        if self._failure is not None:
            raise self._failure

    def _do(self, line: str, todo: _Lookahead) -> None:
        if line.startswith("?"):
            for text in answer_question(line[1:]):
                self._console.note(text)
            return
        if line.startswith(":"):
            sentence = move_file(self._port, line, lambda _name, _done, _total: None)
            self._console.note(sentence)
        elif self._port.conversation.state is State.TEXT:
            self._port.send_text(line)
        else:
            self._port.send(line)
        self._await(todo)
        for exchange in self._port.conversation.take_finished():
            self._conclude(exchange)

    def _await(self, todo: _Lookahead) -> None:
        """Wait for the result, or until the next line is what the module waits for."""
        conversation = self._port.conversation
        while conversation.is_busy:
            if conversation.state is State.TEXT:
                if todo.peek() is not None:
                    return
                self._cancel_text()
            elif conversation.state is State.DATA and (todo.peek() or "").startswith(":send "):
                return
            self._port.pump(PUMP_S)

    def _cancel_text(self) -> None:
        conversation = self._port.conversation
        self._port.stop_waiting()
        while conversation.is_busy:
            self._port.pump(PUMP_S)
        conversation.take_finished()
        raise MisuseError("the last command asks for text", "Give the text as the next line.")

    def _conclude(self, exchange: Exchange) -> None:
        self._console.event(
            {
                "event": "exchange",
                "line": exchange.line,
                "information": list(exchange.information),
                "result": exchange.result,
                "ok": exchange.ok,
                "meaning": exchange.meaning,
                "seconds": exchange.seconds,
            }
        )
        if exchange.ok:
            return
        if exchange.result:
            words = f" ({exchange.meaning})" if exchange.meaning else ""
            raise CommandRefusedError(exchange.line, exchange.result + words)
        if not self._port.is_open:
            raise PortError(self._port.name, f"it went away behind {exchange.line}")
        raise NoReplyError(exchange.line, exchange.seconds)

    def _listen(self, wait_s: float) -> None:
        until = self._port.clock() + wait_s
        while (left := until - self._port.clock()) > 0:
            self._port.pump(min(left, PUMP_S))


class _Lookahead:
    """Lines with a look at the next one; blank lines and comments do not count."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._next: deque[str] = deque()

    def peek(self) -> str | None:
        """The next line, which stays."""
        while not self._next:
            line = next(self._lines, None)
            if line is None:
                return None
            line = line.strip("\r\n")
            if line.strip() and not line.startswith("#"):
                self._next.append(line)
        return self._next[0]

    def take(self) -> str | None:
        """The next line, which is gone then."""
        line = self.peek()
        if line is not None:
            self._next.popleft()
        return line


def _lines_of(stream: Iterable[str]) -> Iterator[str]:
    yield from stream


def _print(console: Console, shown: Shown) -> None:
    """One line of a script's run: answers as they are, the rest marked."""
    if console.as_json:
        if shown.kind in {Kind.URC, Kind.NOTE}:
            facts = {"event": shown.kind.value, "text": shown.text, "meaning": shown.note}
            console.event(facts)
        return
    if shown.kind is Kind.NOTE:
        console.note(shown.text)
        return
    if shown.kind is Kind.PROMPT:
        return
    text = f"* {shown.text}" if shown.kind is Kind.URC else shown.text
    if shown.note and (shown.kind is Kind.URC or sys.stdout.isatty()):
        text += f"  ({shown.note})"
    colour = "red" if shown.is_bad else _COLOURS.get(shown.kind)
    if colour is not None and sys.stdout.isatty():
        text = styled(text, fg=colour)
    console.result({}, text=text)
