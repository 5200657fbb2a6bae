# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One AT port of the module: line discipline, execution of lines, data mode; no sockets.

Rule 1. The echo is a write of its own, at once (unless set otherwise); information and
final result of a line are one write (hosts that read once must see both).
Rule 2. While a command takes its time, bytes are kept as type-ahead, up to the decoder's
limit, and neither looked at nor echoed until the command has answered.
Rule 3. Each URC is a write of its own, and two of them keep a distance (in virtual time):
there are hosts that look at one line of each read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from dfota.at import (
    FILE_NAME_MAX_BYTES,
    Command,
    CommandLineDecoder,
    Echo,
    Form,
    Invocation,
    LineReceived,
    LineTooLong,
    RepeatRequested,
    ReplyFormat,
    ResultCode,
    Urc,
    parse_line,
)
from dfota.at.catalog.files import FILES
from dfota.at.catalog.http import HTTP
from dfota.at.catalog.scrub import INVALID_PARAMETER as SCRUB_PARAMETER
from dfota.at.catalog.scrub import SCRUB
from dfota.errors import (
    AtError,
    AtParameterError,
    FileSystemError,
    HttpClientError,
    MisuseError,
    OutputError,
)
from dfota.modem.filesystem import INVALID_NAME
from dfota.modem.indications import ALL, Indications
from dfota.modem.profiles import BusyAnswer
from dfota.modem.reply import ERROR, HANDLERS, Reply, call, cme
from dfota.modem.settings import PortSettings

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.timeline import Timeline, Timer
    from dfota.modem.transfer import Transfer


LINES_AT_ONCE = 64
"""Lines and echoes that are worked off before the driver gets its turn."""

LINE_FEED_S = 0.005
"""How long CONNECT waits for an LF behind the CR."""

WAITING_URCS_MAX = 256
"""URCs that wait for a data mode to end or for their turn; of more, the oldest are lost."""


class Port:
    """A serial port of the module, with its own line state.

    Attributes:
        name: ``usbat``, ``usbmodem`` or ``uart1``.
        module: whose port it is.
        settings: echo, result codes, registers.
    """

    def __init__(self, name: str, module: VirtualModule, output: Callable[[bytes], None]) -> None:
        self.name = name
        self.module = module
        self.settings = PortSettings()
        self._output = output
        self._decoder = CommandLineDecoder(line_max_bytes=module.profile.command_line_max_bytes)
        self._decoder.ignores_noise = module.profile.ignore_garbage_after_upload
        self._echo = bytearray()
        self._format = ReplyFormat()
        self._queue: list[Invocation] = []  # in reverse: the next one is the last
        self._last_line = ""
        self._buffer = bytearray()
        self._afterwards: list[Callable[[], None]] = []
        self._transfer: Transfer | None = None
        self._coming_transfer: Transfer | None = None
        self._waiting_urcs: list[bytes] = []
        self._urc_timer: Timer | None = None
        self._urc_allowed_at = 0.0
        self._is_executing = False
        self._is_taking_effect = False
        self._pending_count = 0
        self._is_working = False

    @property
    def timeline(self) -> Timeline:
        """The module's clock."""
        return self.module.timeline

    def reset(self, settings: PortSettings) -> None:
        """Start anew, as after a reboot; nothing is written."""
        for transfer in (self._transfer, self._coming_transfer):
            if transfer is not None:
                transfer.abort()
        self._transfer = self._coming_transfer = None
        self._decoder.reset()
        self._queue.clear()
        self._last_line = ""
        self._echo.clear()
        self._buffer.clear()
        self._afterwards.clear()
        self._waiting_urcs.clear()
        self._stop_urc_timer()
        self._is_executing = self._is_taking_effect = False
        self._pending_count += 1
        self.change_settings(settings)

    def change_settings(self, settings: PortSettings) -> None:
        """Put *settings* in force."""
        self.settings = settings
        self.apply_settings()

    def apply_settings(self) -> None:
        """Put a changed ``settings`` in force."""
        settings = self.settings
        self._decoder.echo = bool(settings.e)
        self._decoder.terminator = settings.s3
        self._decoder.backspace = settings.s5
        self._format = ReplyFormat(
            verbose=bool(settings.v),
            quiet=bool(settings.q),
            cmee=settings.cmee,
            s3=settings.s3,
            s4=settings.s4,
        )

    def receive(self, data: bytes) -> None:
        """Take bytes from the host."""
        if self._transfer is not None:
            data = self._transfer.feed(data)
        if data:
            self._decoder.feed(data)
            if self._coming_transfer is not None:
                self._enter_transfer()
        self._work_off()

    def write(self, data: bytes) -> None:
        """Send bytes to the host, as one write."""
        if self._echo:
            data = bytes(self._echo) + data
            self._echo.clear()
        if data:
            self._output(data)

    def report(self, urc: Urc | str) -> None:
        """Print an unsolicited result code, as one write, in its turn.

        In a data mode it waits: a URC must never stand between the bytes of a file. What a
        command itself causes waits for the final result code. Behind another URC it keeps
        the profile's distance.
        """
        if not self.module.part(Indications).is_on(ALL):
            return
        text = urc if isinstance(urc, str) else urc.encode()
        self._waiting_urcs.append(self._format.unsolicited(text))
        del self._waiting_urcs[:-WAITING_URCS_MAX]
        self._print_urcs()

    def urc_pause_s(self) -> float:
        """Virtual seconds until another URC could be printed at once."""
        now = self.timeline.virtual_now
        turns = len(self._waiting_urcs) * self.module.profile.urc_interval_ms / 1000
        return max(0.0, self._urc_allowed_at - now) + turns

    def flush_urcs(self) -> None:
        """Print now what waits for its turn: the module is about to be gone."""
        for line in self._waiting_urcs:
            self.write(line)
        self._waiting_urcs.clear()
        self._stop_urc_timer()

    def take_data(self, transfer: Transfer) -> None:
        """Enter a data mode that no command asked for just now, and that has no CONNECT."""
        self._transfer = transfer
        transfer.begin(self)
        early = self._decoder.take_pending()
        if early:
            self._decoder.feed(transfer.feed(early))

    def leave_data(self) -> None:
        """Leave such a data mode."""
        self._transfer = None

    @property
    def is_in_data_mode(self) -> bool:
        """Whether what the host sends is data."""
        return self._transfer is not None or self._coming_transfer is not None

    def drop_dtr(self) -> None:
        """The host let its DTR line go: with ``AT&D1`` and ``AT&D2`` that ends a data mode."""
        if self.settings.d and self._transfer is not None:
            self._transfer.escape()

    def end_transfer(self, reply: Reply) -> None:
        """Leave the data mode; *reply* ends the command that entered it."""
        self._transfer = None
        self._finish(reply)

    # -- inside ------------------------------------------------------------------------

    def _work_off(self) -> None:
        """Execute complete lines until there is none, one takes its time, or it is enough.

        A flood of lines must leave whoever drives the module room for timers and Ctrl-C.
        """
        if self._is_working:
            return
        self._is_working = True
        left = LINES_AT_ONCE
        try:
            while not self._is_executing:
                if not left:
                    self.timeline.pace(0.0, self._work_off)
                    break
                left -= 1
                event = self._decoder.next_event()
                match event:
                    case None:
                        self.write(b"")  # of a line that is not complete, or has no answer
                        break
                    case Echo(data):
                        self._echo += data
                        if self.module.profile.echo_flush_immediately:
                            self.write(b"")
                    case LineReceived(text):
                        self._last_line = text
                        self._execute(text)
                    case RepeatRequested():
                        self._execute(self._last_line or "AT")
                    case LineTooLong():
                        self._is_executing = True
                        self._end_line(ERROR)
        finally:
            self._is_working = False

    def _execute(self, line: str) -> None:
        self._is_executing = True
        if self.module.is_installing and self.module.profile.busy_answer is BusyAnswer.ERROR:
            self._end_line(ERROR)
            return
        try:
            self._queue = list(reversed(parse_line(line, self.module.commands)))
        except AtError:
            self._end_line(ERROR)
            return
        self._go_on()

    def _go_on(self) -> None:
        """Execute the rest of the line, until it ends or a command takes its time."""
        while self._queue:
            reply = self._invoke(self._queue.pop())
            if reply.cost_s > 0:
                self.timeline.pace(reply.cost_s, partial(self._finish, reply))
                return
            if reply.transfer is not None:
                self._begin_transfer(reply.transfer)
                return
            if reply.pending is not None:
                self._pending_count += 1
                reply.pending(partial(self._end_pending, self._pending_count))
                return
            self._note(reply)
            if reply.result is not ResultCode.OK:
                self._end_line(reply)
                return
        self._end_line(Reply())

    def _finish(self, reply: Reply) -> None:
        """Continue behind a command that took its time."""
        self._note(reply)
        if reply.result is ResultCode.OK:
            self._go_on()
        else:
            self._end_line(reply)
        self._work_off()

    def _end_pending(self, number: int, reply: Reply) -> None:
        """End the command that went on; unless a restart has ended it before."""
        if number != self._pending_count:
            return
        self._pending_count += 1
        if reply.transfer is not None:
            self._begin_transfer(reply.transfer)
        else:
            self._finish(reply)

    def _note(self, reply: Reply) -> None:
        self._buffer += self._format.information(reply.lines)
        if reply.effect is not None:
            self._is_taking_effect = True
            try:
                reply.effect()
            finally:
                self._is_taking_effect = False
        if reply.afterwards is not None:
            self._afterwards.append(reply.afterwards)

    def _end_line(self, reply: Reply) -> None:
        self._queue.clear()
        data = bytes(self._buffer) + self._format.result(reply.result)
        self._buffer.clear()
        self.write(data)
        self._print_urcs()
        afterwards, self._afterwards = self._afterwards, []
        self._is_executing = False
        for action in afterwards:
            action()

    def _print_urcs(self) -> None:
        """Print what waits, as far as it may be printed now."""
        while self._waiting_urcs and self._urc_timer is None:
            is_data = self._transfer is not None and self._transfer.is_mute
            if is_data or self._coming_transfer is not None:
                return
            if self._is_taking_effect:
                return
            pause_s = self._urc_allowed_at - self.timeline.virtual_now
            if pause_s > 0:
                self._urc_timer = self.timeline.pace(pause_s, self._urc_turn_comes)
                return
            self._print_next_urc()

    def _urc_turn_comes(self) -> None:
        self._urc_timer = None
        self._urc_allowed_at = 0.0
        self._print_urcs()

    def _print_next_urc(self) -> None:
        interval_s = self.module.profile.urc_interval_ms / 1000
        self._urc_allowed_at = self.timeline.virtual_now + interval_s
        self.write(self._waiting_urcs.pop(0))

    def _stop_urc_timer(self) -> None:
        self._urc_allowed_at = 0.0
        if self._urc_timer is not None:
            self._urc_timer.cancel()
            self._urc_timer = None

    def _begin_transfer(self, transfer: Transfer) -> None:
        """Enter a data mode, but not before the LF of a host that ends lines with CR LF.

        On hardware it comes while the command is still executed; here it may come in the
        next read, and would become the first byte of the file.
        """
        self._coming_transfer = transfer
        early = self._decoder.take_pending()
        if early:
            self._decoder.feed(early)
            self._enter_transfer()
        else:
            self.timeline.wait(LINE_FEED_S, self._enter_transfer)

    def _enter_transfer(self) -> None:
        transfer, self._coming_transfer = self._coming_transfer, None
        if transfer is None:
            return
        early = self._decoder.take_pending().removeprefix(b"\n")
        data = bytes(self._buffer) + transfer.opening(self._format)
        self._buffer.clear()
        self.write(data)
        self._transfer = transfer
        transfer.begin(self)
        if early:
            self._decoder.feed(transfer.feed(early))

    def _invoke(self, invocation: Invocation) -> Reply:
        if invocation.problem or invocation.command is None:
            return ERROR
        command, form = invocation.command, invocation.form
        if command.parameters(form) is None:
            return self._without_form(invocation)
        handler = HANDLERS.get((command.key, form))
        try:
            values = invocation.values(
                accept_unquoted=command.name == "+QFOTADL"
                and self.module.profile.accept_unquoted_url
            )
            if handler is not None:
                return call(handler, self, values)
            if form is Form.TEST and command.test is not None:
                text = command.test.format(**self.module.facts())
                return Reply(tuple(text.split("\n")) if text else ())
        except (FileSystemError, HttpClientError) as error:
            return cme(error.number)
        except AtParameterError as error:
            return self._wrong_parameter(command, error)
        except OutputError as error:
            self.module.log(str(error))
            return ERROR
        except (AtError, MisuseError):
            return ERROR
        return ERROR

    def _wrong_parameter(self, command: Command, error: AtParameterError) -> Reply:
        if command in SCRUB:
            return cme(SCRUB_PARAMETER)
        if command in HTTP:
            number = self.module.profile.http_parameter_error
            return cme(number) if number else ERROR
        number = self.module.profile.file_parameter_error
        if command not in FILES or not number:
            return ERROR
        is_name = error.parameter in {"filename", "name_pattern"}
        return cme(INVALID_NAME if is_name and len(error.value) > FILE_NAME_MAX_BYTES else number)

    def _without_form(self, invocation: Invocation) -> Reply:
        # A real BG96 answers AT+CSQ? with +CME ERROR: 3; the guide's own commands with ERROR.
        is_standard = invocation.name.startswith("+C")
        return cme(3) if invocation.form is Form.READ and is_standard else ERROR
