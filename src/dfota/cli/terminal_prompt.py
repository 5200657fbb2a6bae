# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The screen of the terminal: one line that is edited while the module's lines scroll by above.

Rule 1. The port belongs to one thread; the screen hands it jobs, and is handed lines.
Rule 2. What a line is and what can be typed is decided elsewhere, in pure functions.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterable

from prompt_toolkit import PromptSession, print_formatted_text
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText, StyleAndTextTuples
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.patch_stdout import patch_stdout
from prompt_toolkit.styles import Style

from dfota.cli.port_options import PortOptions
from dfota.cli.terminal import open_port
from dfota.cli.terminal_files import move_file
from dfota.cli.terminal_help import answer_question, complete, hint_for, syntax_of
from dfota.cli.terminal_history import HistoryFile, history_path, is_secret
from dfota.cli.terminal_lines import Conversation, Kind, Shown, State
from dfota.cli.terminal_port import TerminalPort
from dfota.errors import DfotaError

PUMP_S = 0.05
"""Longest wait for bytes, and so the longest that a typed line waits for its turn."""

_STYLE = Style.from_dict(
    {
        "ok": "ansigreen",
        "failure": "ansired bold",
        "urc": "ansicyan",
        "bad": "ansired",
        "note": "ansiyellow",
        "meaning": "italic",
        "bottom-toolbar": "noreverse",
        "current": "bold underline",
    }
)
_PROMPTS = {State.IDLE: "> ", State.WAITING: "… ", State.TEXT: "text> ", State.DATA: "data> "}
_QUIT = {":quit", ":q", ":exit"}


def run_prompt(
    options: PortOptions, conversation: Conversation, *, is_family_known: bool = False
) -> None:
    """Talk until the person leaves.

    Raises:
        PortError: the port cannot be opened.
        OutputError: the transcript cannot be written.
    """
    lines: queue.SimpleQueue[Shown] = queue.SimpleQueue()
    with open_port(options, conversation, lines.put) as port:
        screen = Screen(port, HistoryFile(history_path()))
        if not is_family_known:
            screen.worker.ask("ATI")
        asyncio.run(screen.run(lines))


class Worker(threading.Thread):
    """The one who owns the port.

    Args:
        port: the port.
        on_progress: is told a few words about a file on its way.
    """

    def __init__(self, port: TerminalPort, on_progress: Callable[[str], None]) -> None:
        super().__init__(name="dfota-at", daemon=True)
        self._port = port
        self._on_progress = on_progress
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._is_stopped = threading.Event()
        self._is_cancelled = threading.Event()
        self.failures: queue.SimpleQueue[DfotaError] = queue.SimpleQueue()
        self.notes: queue.SimpleQueue[str] = queue.SimpleQueue()

    def ask(self, line: str) -> None:
        """Have *line* sent as soon as it is its turn."""
        self._lines.put(line)

    def cancel(self) -> None:
        """Stop waiting for an answer, and forget the lines that wait behind it."""
        self._is_cancelled.set()

    def stop(self) -> None:
        """End, and give the port back."""
        self._is_stopped.set()
        self.join()

    def run(self) -> None:
        """Send a line whenever the module can take one; listen all the time."""
        while not self._is_stopped.is_set():
            try:
                self._turn()
            except DfotaError as error:
                self.failures.put(error)

    def _turn(self) -> None:
        conversation = self._port.conversation
        if self._is_cancelled.is_set():
            self._is_cancelled.clear()
            while not self._lines.empty():
                self._lines.get()
            self._port.stop_waiting()
        elif conversation.state is not State.WAITING and not self._lines.empty():
            self._do(self._lines.get())
        self._port.pump(PUMP_S)
        conversation.take_finished()

    def _do(self, line: str) -> None:
        state = self._port.conversation.state
        if line.startswith(":"):
            self.notes.put(move_file(self._port, line, self._tell))
            self._on_progress("")
        elif state is State.TEXT:
            self._port.send_text(line)
        elif state is State.DATA:
            self._port.send_data(line.encode("latin-1", "replace"))
        else:
            self._port.send(line)

    def _tell(self, name: str, done: int, total: int) -> None:
        self._on_progress(f"{name}: {done:,} of {total:,} bytes")


class Screen:
    """What the person sees and types.

    Args:
        port: the open port.
        history: what was typed before.
    """

    def __init__(self, port: TerminalPort, history: HistoryFile) -> None:
        self._port = port
        self._history = history
        self._progress = ""
        self._session: PromptSession[str] | None = None
        self.worker = Worker(port, self._set_progress)

    async def run(self, lines: queue.SimpleQueue[Shown]) -> None:
        """Talk until Ctrl-D."""
        session: PromptSession[str] = PromptSession(
            history=_Discreet(self._history.load()),
            completer=_CatalogueCompleter(),
            complete_while_typing=False,
            key_bindings=self._keys(),
            style=_STYLE,
            bottom_toolbar=self._toolbar,
        )
        self._session = session
        say(
            Kind.NOTE,
            f"{self._port.name}: Tab completes, F1 explains, :help tells more, Ctrl-D leaves",
        )
        self.worker.start()
        pouring = asyncio.create_task(self._pour(lines))
        try:
            with patch_stdout(raw=True):
                while await self._read_line(session):
                    pass
        finally:
            pouring.cancel()
            await asyncio.to_thread(self.worker.stop)
            self._show_all(lines)

    async def _read_line(self, session: PromptSession[str]) -> bool:
        """Take one line from the person; says whether to go on."""
        try:
            line = await session.prompt_async(lambda: _PROMPTS[self._port.conversation.state])
        except KeyboardInterrupt:
            if self._port.conversation.is_busy:
                self.worker.cancel()
            else:
                say(Kind.NOTE, "Ctrl-D leaves")
            return True
        except EOFError:
            return False
        state = self._port.conversation.state
        if state in {State.TEXT, State.DATA} and not line.startswith(":"):
            self.worker.ask(line)
            return True
        line = line.strip()
        if line in _QUIT:
            return False
        self._history.keep(line)
        if not line:
            return True
        if line.startswith("?") or line == ":help":
            say(Kind.NOTE, "\n".join(answer_question(line.removeprefix(":help")[1:])))
            return True
        if (hint := hint_for(line)) != "":
            say(Kind.NOTE, hint)
        self.worker.ask(line)
        return True

    async def _pour(self, lines: queue.SimpleQueue[Shown]) -> None:
        """Show what comes in, as it comes."""
        shown_state = State.IDLE
        while True:
            self._show_all(lines)
            if (state := self._port.conversation.state) is not shown_state:
                shown_state = state
                self._redraw()
            await asyncio.sleep(PUMP_S / 2)

    def _show_all(self, lines: queue.SimpleQueue[Shown]) -> None:
        while not lines.empty():
            show(lines.get())
        while not self.worker.notes.empty():
            say(Kind.NOTE, self.worker.notes.get())
        while not self.worker.failures.empty():
            error = self.worker.failures.get()
            say(Kind.FAILURE, f"{error}. {error.remedy}".strip())
            self._progress = ""

    def _set_progress(self, words: str) -> None:
        self._progress = words
        self._redraw()

    def _redraw(self) -> None:
        if self._session is not None:
            self._session.app.invalidate()

    def _toolbar(self) -> StyleAndTextTuples:
        if self._progress:
            return [("", self._progress)]
        if not self._port.is_open:
            return [("class:bad", f"{self._port.name} is not there; waiting")]
        if self._session is None:
            return []
        syntax = syntax_of(self._session.default_buffer.document.text_before_cursor)
        if syntax is None:
            return [("", "Tab completes  F1 explains  Ctrl-R searches  Ctrl-D leaves")]
        return [
            ("", syntax.before),
            ("class:current", syntax.current),
            ("", syntax.after),
            ("class:meaning", f"   {syntax.detail}"),
        ]

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()

        @keys.add("f1")
        def _explain(event: KeyPressEvent) -> None:
            typed = event.current_buffer.document.text_before_cursor
            if typed.upper().startswith("AT"):
                typed = typed.rpartition(";")[2]
            say(Kind.NOTE, "\n".join(answer_question(typed)))

        @keys.add("c-z")
        def _end_text(event: KeyPressEvent) -> None:
            event.current_buffer.validate_and_handle()

        return keys


class _Discreet(InMemoryHistory):
    """What the arrow keys bring back; a PIN is not among it."""

    def append_string(self, string: str) -> None:
        """Remember *string*, unless it is secret."""
        if string.strip() and not is_secret(string):
            super().append_string(string)


class _CatalogueCompleter(Completer):
    """The catalogue's words, and paths behind ``:put``."""

    def __init__(self) -> None:
        self._paths = PathCompleter(expanduser=True)

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """The ways to go on at the cursor."""
        text = document.text_before_cursor
        for verb in (":put ", ":send "):
            if text.startswith(verb):
                rest = Document(text.removeprefix(verb))
                yield from self._paths.get_completions(rest, complete_event)
                return
        for one in complete(text):
            yield Completion(one.text, start_position=-one.replaces, display_meta=one.help)


def fragments(shown: Shown) -> StyleAndTextTuples:
    """A line in its colours; URCs are marked, so that they can be told without colours, too."""
    kind = "bad" if shown.is_bad else shown.kind.value
    mark = "* " if shown.kind is Kind.URC else ""
    found: StyleAndTextTuples = [(f"class:{kind}", f"{mark}{shown.text}")]
    if shown.note:
        found.append(("class:meaning", f"  ({shown.note})"))
    return found


def show(shown: Shown) -> None:
    """Print one line above the one that is being edited."""
    if shown.kind is Kind.PROMPT:
        shown = Shown(Kind.NOTE, shown.note)
    print_formatted_text(FormattedText(fragments(shown)), style=_STYLE)


def say(kind: Kind, text: str) -> None:
    """Print words of the terminal itself, in one go."""
    found: StyleAndTextTuples = [(f"class:{kind.value}", text)]
    print_formatted_text(FormattedText(found), style=_STYLE)
