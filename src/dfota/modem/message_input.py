# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The prompt at which a host types a message, up to Ctrl-Z or ESC; nothing is sent here.

3GPP TS 27.005, 3.5.1 and 4.3. There is no time limit: a host that is lost sends ESC.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from dfota.at import ReplyFormat
from dfota.modem.reply import OK, Reply
from dfota.modem.transfer import Transfer

if TYPE_CHECKING:
    from dfota.modem.port import Port

INPUT_MAX_BYTES = 1024
"""What a host may type; more is swallowed, and the message is then too long."""

PROMPT = b"\r\n> "

_END = 0x1A
_CANCEL = 0x1B
_CR = 0x0D
_LF = 0x0A


class MessageInput(Transfer):
    """Collects what is typed.

    Args:
        finish: gets the whole text when Ctrl-Z ends it, and says how the command ends.
        is_text: text mode: each CR is part of the text and answered with a new prompt.
        deletes: whether S5 deletes the character before it (not so in the GSM alphabet,
            where its code may be a character).
    """

    def __init__(
        self, finish: Callable[[bytes], Reply], *, is_text: bool, deletes: bool = True
    ) -> None:
        self._finish = finish
        self._is_text = is_text
        self._deletes = deletes
        self._text = bytearray()
        self._is_over = False

    def opening(self, reply_format: ReplyFormat) -> bytes:
        """The prompt takes the place of ``CONNECT``."""
        return PROMPT

    def begin(self, port: Port) -> None:
        """Enter; the prompt is out."""
        self._port = port

    def feed(self, data: bytes) -> bytes:
        """Take bytes from the host; gives back what lies behind Ctrl-Z or ESC."""
        if self._is_over:
            return data
        echo = bytearray()
        for position, byte in enumerate(data):
            if byte in (_END, _CANCEL):
                self._write(echo)
                self._end(OK if byte == _CANCEL else self._finish(bytes(self._text)))
                return data[position + 1 :]
            self._take(byte, echo)
        self._write(echo)
        return b""

    def escape(self) -> None:
        """DTR was dropped: as with ESC."""
        if not self._is_over:
            self._end(OK)

    def abort(self) -> None:
        """Nothing was stored yet."""
        self._is_over = True

    def _take(self, byte: int, echo: bytearray) -> None:
        if self._deletes and byte == self._port.settings.s5:
            del self._text[-1:]
            echo.append(byte)
        elif byte == _CR:
            if self._is_text:
                self._keep(_LF)
                echo += PROMPT
        elif byte != _LF:
            self._keep(byte)
            echo.append(byte)

    def _keep(self, byte: int) -> None:
        # One byte more than allowed, so that what is too long can be told.
        if len(self._text) <= INPUT_MAX_BYTES:
            self._text.append(byte)

    def _write(self, echo: bytearray) -> None:
        if echo and self._port.settings.e:
            self._port.write(bytes(echo))

    def _end(self, reply: Reply) -> None:
        self._is_over = True
        if reply.cost_s:
            done = replace(reply, cost_s=0.0)
            self._port.timeline.pace(reply.cost_s, lambda: self._port.end_transfer(done))
        else:
            self._port.end_transfer(reply)
