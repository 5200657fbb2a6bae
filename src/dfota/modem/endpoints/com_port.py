# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""RFC 2217, the access server's side of one connection: bytes in, bytes out; no socket.

Every request is answered at once, with the value that is in force then, so that a client
that waits for each answer opens without a pause. Frame formats other than 8N1 are
remembered and otherwise without effect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dfota.modem.endpoints.telnet import (
    BREAK,
    COM_PORT,
    Agreed,
    Data,
    Subnegotiation,
    TelnetCommand,
    TelnetServer,
    escaped,
    subnegotiation,
)
from dfota.modem.lines import HostLines, ModuleLines

SIGNATURE, SET_BAUD, SET_DATA_SIZE, SET_PARITY, SET_STOP_SIZE, SET_CONTROL = range(6)
NOTIFY_LINE_STATE, NOTIFY_MODEM_STATE, SUSPEND, RESUME = range(6, 10)
SET_LINE_STATE_MASK, SET_MODEM_STATE_MASK, PURGE = range(10, 13)
FROM_SERVER = 100
"""The server's commands are the client's plus this."""

BAUD_MAX = 4_000_000
"""AT manual V2.3, 2.22: the fastest ``AT+IPR``."""

HELD_MAX_BYTES = 1024 * 1024
"""What is kept while the client has suspended us; more is lost."""

TRANSMITTER_EMPTY = 0x60
"""Line state: both transmit registers are empty."""

_FORMATS = {
    SET_DATA_SIZE: (range(5, 9), 8),
    SET_PARITY: (range(1, 6), 1),
    SET_STOP_SIZE: (range(1, 4), 1),
}
_OUTBOUND, _INBOUND = (1, 2, 3, 17, 19), (14, 15, 16, 18)
_ASKS_OUTBOUND, _ASKS_BREAK, _ASKS_DTR, _ASKS_RTS, _ASKS_INBOUND = 0, 4, 7, 10, 13


class ComPortSession:
    """What one client has said and set.

    Args:
        signature: what we call ourselves.
        send: gets bytes for the client.
        on_data: gets bytes for the port.
        on_lines: told when the client has moved its lines or its speed.
    """

    def __init__(
        self,
        signature: str,
        *,
        send: Callable[[bytes], None],
        on_data: Callable[[bytes], None],
        on_lines: Callable[[HostLines], None],
    ) -> None:
        self._signature = signature
        self._send = send
        self._on_data = on_data
        self._on_lines = on_lines
        self._telnet = TelnetServer()
        self._formats = {command: default for command, (_, default) in _FORMATS.items()}
        self._outbound, self._inbound = 1, 14
        self._line_mask, self._modem_mask = 0, 255
        self._modem = ModuleLines()
        self._is_com_port = False
        self._held: bytearray | None = None
        self.lines = HostLines()

    def begin(self, modem: ModuleLines) -> None:
        """Say what we can do; *modem* is what the module's lines are."""
        self._modem = modem
        self._answer()

    def feed(self, data: bytes) -> None:
        """Take bytes from the client."""
        for event in self._telnet.feed(data):
            match event:
                case Data(content):
                    self._answer()
                    self._on_data(content)
                case Subnegotiation(option, content) if option == COM_PORT and content:
                    self._be_com_port()
                    self._obey(content[0], content[1:])
                case Agreed(option) if option == COM_PORT:
                    self._be_com_port()
                case TelnetCommand(code) if code == BREAK:
                    self._move(is_breaking=True)
                    self._move(is_breaking=False)
                case _:
                    pass
        self._answer()

    def write(self, data: bytes) -> None:
        """Send bytes of the port to the client, or hold them while it wants none."""
        if self._held is None:
            self._send(escaped(data))
        elif len(self._held) + len(data) <= HELD_MAX_BYTES:
            self._held += data

    def show(self, modem: ModuleLines) -> None:
        """Tell the client of changed lines, as far as its mask lets us."""
        before, self._modem = self._modem, modem
        changed = (
            (before.cts != modem.cts)
            | (before.dsr != modem.dsr) << 1
            | (before.ri and not modem.ri) << 2  # RFC 2217: the trailing edge
            | (before.dcd != modem.dcd) << 3
        )
        levels = _levels(before) ^ _levels(modem)
        if self._is_com_port and (changed | levels) & self._modem_mask:
            self._notify_modem_state(changed)

    # -- inside ------------------------------------------------------------------------

    def _answer(self) -> None:
        answers = self._telnet.take_answers()
        if answers:
            self._send(answers)

    def _be_com_port(self) -> None:
        """The client speaks RFC 2217; it may say so only by doing it, when we asked first."""
        self._answer()
        if not self._is_com_port:
            self._is_com_port = True
            self._notify_modem_state(0)

    def _tell(self, command: int, data: bytes) -> None:
        self._send(subnegotiation(COM_PORT, bytes((FROM_SERVER + command,)) + data))

    def _notify_modem_state(self, changed: int) -> None:
        state = (_levels(self._modem) | changed) & self._modem_mask
        self._tell(NOTIFY_MODEM_STATE, bytes((state,)))

    def _move(self, **changes: bool | int) -> None:
        lines = replace(self.lines, **changes)  # type: ignore[arg-type] # names and kinds fit
        if lines != self.lines:
            self.lines = lines
            self._on_lines(lines)

    def _obey(self, command: int, data: bytes) -> None:
        value = data[0] if data else 0
        match command:
            case 0:  # a client that tells its own signature wants no answer
                if not data:
                    self._tell(SIGNATURE, self._signature.encode())
            case 1 if len(data) == 4:
                self._set_baud(int.from_bytes(data, "big"))
            case 2 | 3 | 4 if data:
                allowed, _ = _FORMATS[command]
                if value in allowed:
                    self._formats[command] = value
                self._tell(command, bytes((self._formats[command],)))
            case 5 if data:
                self._tell(SET_CONTROL, bytes((self._control(value),)))
            case 6:
                self._tell(NOTIFY_LINE_STATE, bytes((TRANSMITTER_EMPTY,)))
            case 7:
                self._notify_modem_state(0)
            case 8:
                self._held = bytearray() if self._held is None else self._held
            case 9:
                held, self._held = self._held, None
                self.write(bytes(held or b""))
            case 10 if data:
                self._line_mask = value
                self._tell(SET_LINE_STATE_MASK, bytes((value,)))
            case 11 if data:
                self._modem_mask = value
                self._tell(SET_MODEM_STATE_MASK, bytes((value,)))
            case 12 if data:
                if value in (1, 3) and self._held is not None:
                    self._held.clear()
                self._tell(PURGE, bytes((value,)))
            case _:
                pass  # RFC 2217: what a server does not know it says nothing about

    def _set_baud(self, baud: int) -> None:
        if 0 < baud <= BAUD_MAX:
            self._move(baud=baud)
        self._tell(SET_BAUD, (self.lines.baud or 0).to_bytes(4, "big"))

    def _control(self, value: int) -> int:
        """Carry out SET-CONTROL; the value that is in force now."""
        match value:
            case 5 | 6:
                self._move(is_breaking=value == 5)
            case 8 | 9:
                self._move(dtr=value == 8)
            case 11 | 12:
                self._move(rts=value == 11)
            case _ if value in _OUTBOUND:
                self._outbound = value
            case _ if value in _INBOUND:
                self._inbound = value
        return {
            _ASKS_OUTBOUND: self._outbound,
            _ASKS_BREAK: 5 if self.lines.is_breaking else 6,
            _ASKS_DTR: 8 if self.lines.dtr else 9,
            _ASKS_RTS: 11 if self.lines.rts else 12,
            _ASKS_INBOUND: self._inbound,
        }.get(value, value)


def _levels(modem: ModuleLines) -> int:
    """The upper four bits of a modem state."""
    return modem.cts << 4 | modem.dsr << 5 | modem.ri << 6 | modem.dcd << 7
