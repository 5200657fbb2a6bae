# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP client behind ``AT+QHTTP…``: its settings, one request, one answer; no port's bytes.

HTTP manual V1.0, chapter 2. Its numbers are those of that manual's table 1, which are not
those of DFOTA. All of it is forgotten when the module restarts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dfota.at import Location, parse_location
from dfota.at.catalog.http import HTTP_URL_MAX_BYTES
from dfota.errors import HttpClientError, LocationError
from dfota.modem.exchange import Exchange, FetchEnd, FetchRequest
from dfota.modem.filesystem import IncomingFile
from dfota.modem.packet import Context, PacketData
from dfota.modem.ssl_contexts import SslContexts
from dfota.modem.timeline import Timer

if TYPE_CHECKING:
    from dfota.modem.module import VirtualModule
    from dfota.modem.port import Port

TIMED_OUT = 702
BUSY = 703
UART_BUSY = 704
NO_REQUEST = 705
NETWORK_CLOSED = 707
DEACTIVATED = 709
WRONG_URL = 711
EMPTY_URL = 712
READ_TIMED_OUT = 722
INPUT_TIMED_OUT = 726
INVALID_PARAMETER = 730

CONNECT_S = 125.0
"""HTTP 2.3: patience with the connection."""

_BUFFER_HIGH_BYTES = 64 * 1024
"""With more than this unread the server is asked to wait."""

_BUFFER_LOW_BYTES = 16 * 1024

_ENDS = {
    FetchEnd.NO_BEARER: DEACTIVATED,
    FetchEnd.DNS_FAILED: 714,
    FetchEnd.CONNECTION_FAILED: 716,
    FetchEnd.CONNECTION_TIMED_OUT: 716,
    FetchEnd.TLS_FAILED: 716,
    FetchEnd.SILENT: TIMED_OUT,
    FetchEnd.CLOSED: 719,
    FetchEnd.RESET: 717,
    FetchEnd.MALFORMED: 723,
}

_IP_TYPES = {"IP": 0, "IPV6": 1}

CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/octet-stream",
    "multipart/form-data",
)


@dataclass(slots=True)
class HttpSettings:
    """What ``AT+QHTTPCFG`` sets."""

    contextid: int = 1
    requestheader: int = 0
    responseheader: int = 0
    sslctxid: int = 1
    contenttype: int = 0


class Answer:
    """What a server answers: arrives on one side, is read on the other.

    Attributes:
        head: status line and headers.
        end: how the exchange ended, when it has.
        on_news: called when there is more to read, or the end is there.
    """

    def __init__(self, exchange: Exchange, head: bytes) -> None:
        self.head = head
        self.end: FetchEnd | None = None
        self.on_news: Callable[[], None] = _nobody
        self._exchange = exchange
        self._unread = bytearray()

    def arrived(self, data: bytes) -> None:
        """More of the body is there."""
        self._unread += data
        if len(self._unread) > _BUFFER_HIGH_BYTES:
            self._exchange.pause()
        self.on_news()

    def ended(self, end: FetchEnd) -> None:
        """Nothing more will come."""
        self.end = end
        self.on_news()

    def take(self, size: int) -> bytes:
        """The next bytes of the body, at most *size*; empty where none are there now."""
        data = bytes(self._unread[:size])
        del self._unread[:size]
        if data and self.end is None and len(self._unread) < _BUFFER_LOW_BYTES:
            self._exchange.resume()
        return data

    def drop(self) -> None:
        """Nobody will read the rest."""
        self._unread.clear()
        self.on_news = _nobody
        self._exchange.abort()


def _nobody() -> None:
    return


class HttpClient:
    """The one client of a module.

    Attributes:
        settings: see there.
        url: what was entered; empty before.
        answer: what can be read, if there is something.
        is_reading: whether somebody reads the answer now.
        file: what the answer is read into, where it is a file.
    """

    def __init__(self, module: VirtualModule) -> None:
        self._module = module
        self.settings = HttpSettings()
        self.url = ""
        self.answer: Answer | None = None
        self.is_reading = False
        self.file: IncomingFile | None = None
        self._request: _Request | None = None

    def halt(self) -> None:
        """Leave no half file; the module's exchanges end by themselves."""
        if self.file is not None:
            self.file.discard()

    # -- doors for the commands ----------------------------------------------------------

    def check_idle(self) -> None:
        """Refuse while a request waits for its answer, or the answer is being read.

        Raises:
            HttpClientError: 703.
        """
        if self._request is not None or self.is_reading:
            raise HttpClientError(BUSY)

    def set_url(self, text: str) -> None:
        """Take the URL that was entered.

        Raises:
            HttpClientError: 711 it is none.
        """
        self._location_of(text)
        self.url = text

    def location(self) -> Location:
        """Where the server is.

        Raises:
            HttpClientError: 712 no URL was entered.
        """
        if not self.url:
            raise HttpClientError(EMPTY_URL)
        return self._location_of(self.url)

    def check_ready(self) -> None:
        """Refuse a request that cannot be made now.

        Raises:
            HttpClientError: 703 another one goes on, 709 the context is not active, 712 no
                URL was entered.
        """
        self.check_idle()
        self.location()
        used = self._module.part(PacketData).used
        if self._module.profile.http_needs_context and self.settings.contextid not in used:
            raise HttpClientError(DEACTIVATED)

    def message(self, method: str, *, length: int | None = None) -> bytes:
        """The request header as the module fills it in: HTTP 1.2.1.

        Raises:
            HttpClientError: 712 no URL was entered.
        """
        location = self.location()
        host = f"[{location.host}]" if ":" in location.host else location.host
        if location.port != (443 if location.scheme == "https" else 80):
            host = f"{host}:{location.port}"
        lines = [
            f"{method} {location.path} HTTP/1.1",
            f"Host: {host}",
            "Accept: */*",
            f"User-Agent: {self._module.profile.user_agent}",
            "Connection: Keep-Alive",
        ]
        if length is not None:
            lines.append(f"Content-Type: {CONTENT_TYPES[self.settings.contenttype]}")
            lines.append(f"Content-Length: {length}")
        return "\r\n".join((*lines, "", "")).encode("ascii")

    def send(self, port: Port, name: str, message: bytes, response_s: int) -> None:
        """Send *message*; the outcome comes at *port* as the URC ``+<name>``."""
        request = self._begin(port, name)
        request.response_s = response_s
        request.begin(message, None)

    def connect(
        self, port: Port, name: str, response_s: int, on_end: Callable[[int], None]
    ) -> Callable[[bytes], None]:
        """Connect first; *on_end* hears 0 when the server is there, else why it is not.

        Gives the function that sends the request.
        """
        request = self._begin(port, name)
        request.response_s = response_s
        request.begin(b"", on_end)
        return request.send

    def give_up(self) -> None:
        """The host has entered no request."""
        if self._request is not None:
            self._request.abort()
            self._request = None

    def begin_reading(self) -> Answer:
        """Hand out what was answered; until ``end_reading``.

        Raises:
            HttpClientError: 703 it is being read, or a request waits; 705 there is nothing.
        """
        answer = self.check_readable()
        self.is_reading = True
        return answer

    def check_readable(self) -> Answer:
        """What was answered.

        Raises:
            HttpClientError: 703 it is being read, or a request waits; 705 there is nothing.
        """
        self.check_idle()
        if self.answer is None:
            raise HttpClientError(NO_REQUEST)
        return self.answer

    def end_reading(self) -> None:
        """The answer was read, or will not be."""
        self.is_reading = False
        if self.answer is not None:
            self.answer.drop()
            self.answer = None

    # -- doors for requests --------------------------------------------------------------

    def answered(self, answer: Answer) -> None:
        """A request has its answer."""
        self._request = None
        self.answer = answer

    def failed(self) -> None:
        """A request has no answer."""
        self._request = None

    # -- inside ------------------------------------------------------------------------

    def _begin(self, port: Port, name: str) -> _Request:
        self.check_idle()
        self.end_reading()
        self._request = _Request(self._module, self, port, name)
        return self._request

    def _location_of(self, text: str) -> Location:
        scheme, mark, rest = text.partition("://")
        if mark and "/" not in rest:
            text = f"{scheme}://{rest}/"
        try:
            return parse_location(text, max_bytes=HTTP_URL_MAX_BYTES + 1)
        except LocationError:
            raise HttpClientError(WRONG_URL) from None


class _Request:
    """One request on its way."""

    def __init__(self, module: VirtualModule, client: HttpClient, port: Port, name: str) -> None:
        self._module = module
        self._client = client
        self._port = port
        self._name = name
        self._exchange: Exchange | None = None
        self._answer: Answer | None = None
        self._timer: Timer | None = None
        self._on_connected: Callable[[int], None] | None = None
        self._is_awaited = False  # the server is there, the host is entering its request
        self._failure: int | None = None
        self.response_s = 60

    def begin(self, message: bytes, on_connected: Callable[[int], None] | None) -> None:
        """Connect, and send *message* unless somebody wants to hear of the connection first."""
        module = self._module
        location = self._client.location()
        self._on_connected = on_connected
        if on_connected is None:
            self._limit()
        settings = self._client.settings
        packet = module.part(PacketData)
        if packet.activate(settings.contextid, is_used=True) is not None:
            module.timeline.pace(0.0, lambda: self._fail(NETWORK_CLOSED))
            return
        network = packet.context(settings.contextid) or Context()
        context = module.part(SslContexts)[settings.sslctxid]
        is_secure = location.scheme == "https"
        self._exchange = module.fetch(
            FetchRequest(
                location=location,
                message=message,
                ip_type=_IP_TYPES.get(network.pdp_type, 2),
                context=settings.contextid,
                tls=context.rules(module.files, module.profile) if is_secure else None,
                connect_timeout_s=CONNECT_S,
                on_connected=None if on_connected is None else self._connected,
            ),
            self,
        )

    def send(self, message: bytes) -> None:
        """Send the request that the host has entered."""
        self._is_awaited = False
        if self._failure is not None:
            self._fail(self._failure)
            return
        self._limit()
        if self._exchange is not None:
            self._exchange.send(message)

    def abort(self) -> None:
        """Forget all about it."""
        self._stop_timer()
        if self._exchange is not None:
            self._exchange.abort()

    # -- for the exchange ----------------------------------------------------------------

    def answered(self, status: int, head: bytes, length: int | None) -> None:
        """The head of the answer is there."""
        self._stop_timer()
        if self._exchange is None:
            return
        self._answer = Answer(self._exchange, head)
        self._client.answered(self._answer)
        told = "" if length is None else f",{length}"
        self._port.report(f"+{self._name}: 0,{status}{told}")

    def received(self, data: bytes) -> None:
        """More of the body is there."""
        if self._answer is not None:
            self._answer.arrived(data)

    def ended(self, end: FetchEnd) -> None:
        """Nothing more will come."""
        if self._answer is not None:
            self._answer.ended(end)
        else:
            self._fail(_ENDS.get(end, 701))

    # -- inside ------------------------------------------------------------------------

    def _connected(self) -> None:
        on_connected, self._on_connected = self._on_connected, None
        if on_connected is not None:
            self._is_awaited = True
            on_connected(0)

    def _limit(self) -> None:
        self._timer = self._module.timeline.wait(self.response_s, lambda: self._fail(TIMED_OUT))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _fail(self, number: int) -> None:
        self.abort()
        if self._is_awaited:
            self._failure = number
            return
        self._client.failed()
        on_connected, self._on_connected = self._on_connected, None
        if on_connected is not None:
            on_connected(number)
        else:
            self._port.report(f"+{self._name}: {number}")
