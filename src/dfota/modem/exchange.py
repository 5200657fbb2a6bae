# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""One HTTP exchange in the module's time; it knows no socket, no command and no code.

Rule 1. Every failure is a ``FetchEnd``; nothing that a server sends raises an exception.
Rule 2. Redirects, cookies and compression are nobody's business here.
Rule 3. News of the network waits in a queue and is taken at the radio's pace, in pieces.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

import h11

from dfota.at import Location
from dfota.modem.bearer import Bearer
from dfota.modem.network import (
    Closed,
    Connected,
    Dial,
    Failed,
    LinkEvent,
    NetworkFailure,
    Received,
    TlsRules,
)
from dfota.modem.surroundings import IpSupport

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.timeline import Timer

HEADERS_MAX_BYTES = 16 * 1024
"""Longest status line with headers, and longest chunk header."""

PIECE_BYTES = 8 * 1024
"""How much is taken at once."""

INTERIM_RESPONSES_MAX = 8
"""How many 1xx responses are read over."""

QUEUE_HIGH_BYTES = 64 * 1024
"""With more than this in the queue the network is asked to pause."""

QUEUE_LOW_BYTES = 16 * 1024
"""With less than this it may go on."""

_FAMILIES = {0: IpSupport.IPV4, 1: IpSupport.IPV6, 2: IpSupport.IPV4V6}


class FetchEnd(Enum):
    """How one HTTP exchange ended; each client has its own numbers for these."""

    COMPLETE = "complete"
    """The whole answer was there."""
    NO_BEARER = "no-bearer"
    """The module left the network, or its context was deactivated."""
    DNS_FAILED = "dns-failed"
    CONNECTION_FAILED = "connection-failed"
    """Refused or unreachable."""
    CONNECTION_TIMED_OUT = "connection-timed-out"
    TLS_FAILED = "tls-failed"
    """No agreement, no trust, or a certificate file that cannot be used."""
    SILENT = "silent"
    """The server, or the road to it, gave nothing for longer than the client bears."""
    CLOSED = "closed"
    """The server left before the end of its answer."""
    RESET = "reset"
    """The same, and not in order."""
    MALFORMED = "malformed"
    """What came is no HTTP answer."""


_LINK_ENDS = {
    NetworkFailure.NAME: FetchEnd.DNS_FAILED,
    NetworkFailure.REFUSED: FetchEnd.CONNECTION_FAILED,
    NetworkFailure.UNREACHABLE: FetchEnd.CONNECTION_FAILED,
    NetworkFailure.TLS: FetchEnd.TLS_FAILED,
    NetworkFailure.RESET: FetchEnd.RESET,
}


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """One HTTP exchange, whoever wants it.

    Attributes:
        location: where the server is.
        message: the bytes of the request, headers and body, as they go out.
        ip_type: 0 IPv4, 1 IPv6, 2 both.
        tls: for ``https``.
        connect_timeout_s: patience with the connection, TLS included.
        data_timeout_s: patience with silence; ``None``: the client minds it itself.
        context: the packet context that it goes over; 0: the download's own.
        on_connected: where given, *message* does not count: called when the server is there,
            and the client gives the request to ``Exchange.send`` in its own time.
    """

    location: Location
    message: bytes
    ip_type: int
    tls: TlsRules | None
    connect_timeout_s: float
    data_timeout_s: float | None = None
    context: int = 1
    on_connected: Callable[[], None] | None = None


class FetchListener(Protocol):
    """Hears what comes of an exchange, in the module's time."""

    def answered(self, status: int, head: bytes, length: int | None) -> None:
        """The head of the answer is there: raw up to the empty line; *length* if it is told."""

    def received(self, data: bytes) -> None:
        """The next bytes of the body."""

    def ended(self, end: FetchEnd) -> None:
        """It is over; called once, unless it was aborted."""


class Exchanges:
    """The exchanges that run now; part of a module, so that none survives a restart."""

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self._running: list[Exchange] = []

    def begin(
        self,
        request: FetchRequest,
        listener: FetchListener,
        *,
        kind: type[Exchange] | None = None,
    ) -> Exchange:
        """Start one; *kind* is a class of its own for what is not HTTP."""
        exchange = (kind or Exchange)(self._module, request, listener, self._running)
        self._running.append(exchange)
        exchange.begin()
        return exchange

    def look(self) -> None:
        """The road has changed: see who can go on, and who cannot."""
        for exchange in list(self._running):
            exchange.look()

    def lose_bearer(self, context: int | None = None) -> None:
        """There is no road any more, for all or for those over *context*."""
        for exchange in list(self._running):
            if context in (None, exchange.context):
                exchange.lose_bearer()

    def halt(self) -> None:
        """The module restarts or is dark."""
        for exchange in list(self._running):
            exchange.abort()


class Exchange:
    """A running exchange: ``abort``, ``pause`` and ``resume`` are its client's."""

    def __init__(
        self,
        module: VirtualModule,
        request: FetchRequest,
        listener: FetchListener,
        running: list[Exchange],
    ) -> None:
        self._module = module
        self._timeline = module.timeline
        self._bearer = Bearer(module)
        self._request = request
        self._listener = listener
        self._running = running
        self._link: int | None = None
        self._queue: deque[LinkEvent] = deque()
        self._queued_bytes = 0
        self._work: Timer | None = None
        self._patience: Timer | None = None
        self._is_over = False
        self._is_paused = False
        self._is_held = False
        self._is_forgotten = False
        self._is_asked = False
        self._is_in_vain = False
        self._heard_at_s = 0.0
        self._interim_count = 0
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADERS_MAX_BYTES)

    @property
    def context(self) -> int:
        """The packet context that it goes over."""
        return self._request.context

    # -- for the client --------------------------------------------------------------------

    def begin(self) -> None:
        """Look up the name and connect; ``Exchanges.begin`` calls it."""
        self._after(self._bearer.round_trip_s, self._connect)

    def abort(self) -> None:
        """Stop; the listener hears nothing more. Harmless when it has ended."""
        self._is_over = True
        if self in self._running:
            self._running.remove(self)
        for timer in (self._work, self._patience):
            if timer is not None:
                timer.cancel()
        if self._link is not None:
            self._module.links.drop(self._link)
        self._queue.clear()

    def pause(self) -> None:
        """Take no more of the body for now (the server feels it after a while)."""
        self._is_paused = True
        self._stop_patience()
        self._hold()

    def resume(self) -> None:
        """Go on after ``pause``."""
        self._is_paused = False
        self._hold()
        self._go_on()

    def send(self, message: bytes) -> None:
        """Give the request, for one that was begun with ``on_connected``."""
        cost_s = self._bearer.uplink_s(len(message))
        self._timeline.pace(cost_s, lambda: None if self._is_over else self._send(message))

    # -- for the network -------------------------------------------------------------------

    def look(self) -> None:
        """The road has changed."""
        if self._work is not None:
            return
        if self._link is None:
            self._connect()
        else:
            self._go_on()

    def lose_bearer(self) -> None:
        """There is no road any more."""
        self._end(FetchEnd.NO_BEARER)

    # -- inside ----------------------------------------------------------------------------

    def _connect(self) -> None:
        location = self._request.location
        address = self._bearer.resolve(location.host)
        if address is None:
            self._end(FetchEnd.DNS_FAILED)
            return
        if not self._bearer.flows or self._bearer.is_blocked(location.host, address, location.port):
            # Nobody real is waited for: this patience is the module's own time.
            self._wait_in_vain(self._request.connect_timeout_s, FetchEnd.CONNECTION_TIMED_OUT)
            return
        family = _common_family(_FAMILIES[self._request.ip_type], self._module.world.ip)
        if family is None:
            self._end(FetchEnd.CONNECTION_FAILED)
            return
        target = Dial(
            host=location.host,
            address=address,
            port=location.port,
            family=family,
            tls=self._request.tls,
        )
        self._wait_for(self._request.connect_timeout_s, FetchEnd.CONNECTION_TIMED_OUT)
        self._link = self._module.links.dial(target, self._hear)
        if self._is_over:  # a network may answer before dial returns
            self._module.links.drop(self._link)

    def _hear(self, event: LinkEvent) -> None:
        nat_idle_s = self._module.world.nat_idle_s
        if self._heard_at_s and 0 < nat_idle_s < self._timeline.virtual_now - self._heard_at_s:
            self._is_forgotten = True  # the NAT knows no such connection any more
        if self._is_forgotten:
            return
        self._queue.append(event)
        if isinstance(event, Received):
            self._queued_bytes += len(event.data)
            self._hold()
        self._go_on()

    def _go_on(self) -> None:
        """Take what is next, when the radio has brought it."""
        if self._work is not None or self._is_over or self._is_paused or not self._queue:
            return
        if not self._bearer.flows:
            self._wait_in_vain(self._request.data_timeout_s, FetchEnd.SILENT)
            return
        self._stop_patience()
        match self._queue[0]:
            case Connected():
                trips = 1 if self._request.tls is None else 3
                cost_s = trips * self._bearer.round_trip_s
                cost_s += self._bearer.uplink_s(len(self._request.message))
            case Received(data):
                size = self._bearer.piece_size(PIECE_BYTES)
                if len(data) > size:
                    self._queue[0] = Received(data[size:])
                    self._queue.appendleft(Received(data[:size]))
                cost_s = self._bearer.downlink_s(min(size, len(data)))
            case Closed() | Failed():
                cost_s = 0.0
        limit_s = self._request.data_timeout_s
        if limit_s is not None and cost_s > limit_s:
            self._wait_in_vain(limit_s, FetchEnd.SILENT)
        else:
            self._after(cost_s, self._take)

    def _take(self) -> None:
        if not self._bearer.flows or self._is_paused:
            self._go_on()
            return
        event = self._queue.popleft()
        self._heard_at_s = self._timeline.virtual_now
        match event:
            case Connected():
                if self._request.on_connected is None:
                    self._send(self._request.message)
                else:
                    self._stop_patience()
                    self._request.on_connected()
            case Received(data):
                self._queued_bytes -= len(data)
                self._bearer.count(len(data))
                self._hold()
                self._parse(data)
            case Closed():
                self._parse(b"")
            case Failed(reason):
                self._end(_LINK_ENDS[reason])
        if self._is_over:
            return
        if not self._queue:
            self._wait_for(self._request.data_timeout_s, FetchEnd.SILENT)
        self._go_on()

    def _send(self, message: bytes) -> None:
        if self._is_over:
            return
        self._is_asked = True
        # h11 has to know the method only; the message goes out as its client wrote it.
        try:
            method = message.split(b" ", 1)[0]
            self._http.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"-")]))
            self._http.send(h11.EndOfMessage())
        except h11.LocalProtocolError:
            self._end(FetchEnd.MALFORMED)
            return
        self._bearer.count(len(message))
        if self._link is not None:
            self._module.links.send(self._link, message)

    def _parse(self, data: bytes) -> None:
        """Feed the HTTP parser and tell what it finds; no data is the end of the connection."""
        if not self._is_asked:
            # Whoever speaks before it was asked speaks something else.
            self._end(FetchEnd.MALFORMED if data else FetchEnd.CLOSED)
            return
        try:
            self._http.receive_data(data)
            while not self._is_over:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    return
                self._tell(event)
        except h11.RemoteProtocolError:
            # h11 has one exception for an early end and for nonsense.
            self._end(FetchEnd.MALFORMED if data else FetchEnd.CLOSED)

    def _tell(self, event: object) -> None:
        match event:
            case h11.InformationalResponse():
                self._interim_count += 1
                if self._interim_count > INTERIM_RESPONSES_MAX:
                    self._end(FetchEnd.MALFORMED)
            case h11.Response():
                self._listener.answered(event.status_code, _head(event), _length(event))
            case h11.Data():
                self._listener.received(bytes(event.data))
            case h11.EndOfMessage():
                self._end(FetchEnd.COMPLETE)
            case _:  # another protocol, or the end before there was an answer
                closed = isinstance(event, h11.ConnectionClosed)
                self._end(FetchEnd.CLOSED if closed else FetchEnd.MALFORMED)

    def _end(self, end: FetchEnd) -> None:
        if not self._is_over:
            self.abort()
            self._listener.ended(end)

    def _hold(self) -> None:
        """Keep the queue short: the server shall feel how slow the radio is."""
        limit = QUEUE_LOW_BYTES if self._is_held else QUEUE_HIGH_BYTES
        wanted = self._is_paused or self._queued_bytes > limit
        if wanted != self._is_held and self._link is not None:
            self._is_held = wanted
            self._module.links.hold(self._link, paused=wanted)

    # -- time ------------------------------------------------------------------------------

    def _after(self, cost_s: float, step: Callable[[], None]) -> None:
        def go() -> None:
            self._work = None
            step()

        self._work = self._timeline.pace(cost_s, go)

    def _wait_for(self, timeout_s: float | None, end: FetchEnd) -> None:
        """Be patient with the server."""
        self._stop_patience()
        if timeout_s is not None:
            self._patience = self._timeline.wait(timeout_s, lambda: self._end(end))

    def _wait_in_vain(self, timeout_s: float | None, end: FetchEnd) -> None:
        """Be patient with a road that the world has closed; it may open in time."""
        if self._is_in_vain:
            return
        self._stop_patience()
        self._is_in_vain = True
        if timeout_s is not None:
            self._patience = self._timeline.pace(timeout_s, lambda: self._end(end))

    def _stop_patience(self) -> None:
        self._is_in_vain = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _common_family(wanted: IpSupport, offered: IpSupport) -> IpSupport | None:
    if IpSupport.IPV4V6 in (wanted, offered):
        return offered if wanted is IpSupport.IPV4V6 else wanted
    return wanted if wanted is offered else None


def _head(response: h11.Response) -> bytes:
    """The status line and the headers as the server wrote them, with the empty line."""
    version, reason = response.http_version, bytes(response.reason)
    head = bytearray(b"HTTP/%b %d %b\r\n" % (version, response.status_code, reason))
    for name, value in response.headers.raw_items():
        head += b"%b: %b\r\n" % (name, value)
    return bytes(head) + b"\r\n"


def _length(response: h11.Response) -> int | None:
    for name, value in response.headers:
        if name == b"content-length":
            return int(value)  # h11 has made sure that these are digits, and one header
    return None
