# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What the HTTP commands take from and give to a port in a data mode; no request is made here."""

from __future__ import annotations

from collections.abc import Callable

from dfota.errors import FileSystemError, HttpClientError
from dfota.modem.exchange import FetchEnd
from dfota.modem.filesystem import IncomingFile
from dfota.modem.http_client import INPUT_TIMED_OUT, READ_TIMED_OUT, HttpClient
from dfota.modem.port import Port
from dfota.modem.reply import OK, Reply, cme
from dfota.modem.timeline import Timer
from dfota.modem.transfer import UART_BYTE_S, EscapeEar, Receiving, Transfer

_PIECE_BYTES = 2048
_CLOSED = 717
_UNKNOWN = 701


class Input(Receiving):
    """A URL or a request, entered after ``CONNECT``.

    Args:
        size: how many bytes are entered.
        timeout_s: the longest silence.
        on_input: takes them; gives the reply, or raises an ``HttpClientError``.
        on_leave: called when there will be no input.
    """

    def __init__(
        self,
        size: int,
        timeout_s: float,
        on_input: Callable[[bytes], Reply],
        on_leave: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(size, timeout_s)
        self._data = bytearray()
        self._on_input = on_input
        self._on_leave = on_leave

    def _take(self, data: bytes) -> None:
        self._data += data

    def _result(self) -> Reply:
        try:
            return self._on_input(bytes(self._data))
        except HttpClientError as error:
            return cme(error.number)

    def _silence(self) -> Reply:
        self._on_leave()
        return cme(INPUT_TIMED_OUT)

    def _leave(self) -> None:
        self._on_leave()


class Reader:
    """Reads an answer to its end, piece by piece, with patience between two of them.

    Args:
        port: where it was asked for.
        client: whose answer it is.
        wait_s: the longest time without news.
        take: takes a piece; gives the seconds that it needs before the next one.
        on_end: told 0, or why the answer is not whole.
    """

    def __init__(
        self,
        port: Port,
        client: HttpClient,
        wait_s: int,
        take: Callable[[bytes], float],
        on_end: Callable[[int], None],
    ) -> None:
        self._timeline = port.timeline
        self._client = client
        self._answer = client.begin_reading()
        self._wait_s = wait_s
        self._take = take
        self._on_end = on_end
        self._patience: Timer | None = None
        self._work: Timer | None = None
        self._head = self._answer.head if client.settings.responseheader else b""

    def begin(self) -> None:
        """Read."""
        self._answer.on_news = self._news
        self._work = self._timeline.pace(0.0, self._go_on)

    def stop(self) -> None:
        """Read no more; harmless twice."""
        for timer in (self._patience, self._work):
            if timer is not None:
                timer.cancel()
        self._client.end_reading()

    def _news(self) -> None:
        if self._work is None:
            self._go_on()

    def _go_on(self) -> None:
        self._work = None
        if self._patience is not None:
            self._patience.cancel()
        piece, self._head = self._head[:_PIECE_BYTES], self._head[_PIECE_BYTES:]
        piece = piece or self._answer.take(_PIECE_BYTES)
        if piece:
            try:
                cost_s = self._take(piece)
            except FileSystemError:
                self._end(_UNKNOWN)
                return
            self._work = self._timeline.pace(cost_s, self._go_on)
        elif self._answer.end is None:
            self._patience = self._timeline.wait(self._wait_s, lambda: self._end(READ_TIMED_OUT))
        else:
            self._end(0 if self._answer.end is FetchEnd.COMPLETE else _CLOSED)

    def _end(self, number: int) -> None:
        self.stop()
        self._on_end(number)


class Reading(Transfer):
    """An answer to the host, ``AT+QHTTPREAD``."""

    def __init__(self, port: Port, client: HttpClient, wait_s: int) -> None:
        self._reader = Reader(port, client, wait_s, self._take, self._ended)
        self._ear = EscapeEar()
        self._has_ended = False

    def begin(self, port: Port) -> None:
        """Enter; ``CONNECT`` is out."""
        self._port = port
        self._ear.begin(port, self.escape)
        self._reader.begin()

    def feed(self, data: bytes) -> bytes:
        """Look for ``+++``; anything else that the host sends now is lost."""
        self._ear.feed(data)
        return b""

    def escape(self) -> None:
        """Stop reading; the rest of the answer is lost."""
        if not self._has_ended:
            self.abort()
            self._port.end_transfer(OK)

    def abort(self) -> None:
        """Stop reading."""
        self._has_ended = True
        self._ear.stop()
        self._reader.stop()

    def _take(self, piece: bytes) -> float:
        self._port.write(piece)
        return len(piece) * UART_BYTE_S

    def _ended(self, number: int) -> None:
        self._has_ended = True
        self._ear.stop()
        port = self._port
        report = Reply(afterwards=lambda: port.report("+QHTTPREAD: 0"))
        port.end_transfer(cme(number) if number else report)


def read_into_file(port: Port, client: HttpClient, file: IncomingFile, wait_s: int) -> None:
    """Let an answer become a file; ``+QHTTPREADFILE`` tells the outcome."""

    def take(piece: bytes) -> float:
        file.write(piece)
        return 0.0

    def ended(number: int) -> None:
        try:
            if number == 0:
                file.end()
        except FileSystemError:
            number = _UNKNOWN
        finally:
            file.discard()
            client.file = None
        port.report(f"+QHTTPREADFILE: {number}")

    client.file = file
    Reader(port, client, wait_s, take, ended).begin()
