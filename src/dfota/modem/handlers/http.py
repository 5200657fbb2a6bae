# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP commands: HTTP manual V1.0, chapter 2. A refusal is ``+CME ERROR: 7xx``."""

from __future__ import annotations

from collections.abc import Callable

from dfota.at import Command, Form
from dfota.at.catalog.http import (
    QHTTPCFG,
    QHTTPCFG_CONTENTTYPE,
    QHTTPCFG_CONTEXTID,
    QHTTPCFG_REQUESTHEADER,
    QHTTPCFG_RESPONSEHEADER,
    QHTTPCFG_SSLCTXID,
    QHTTPGET,
    QHTTPPOST,
    QHTTPPOSTFILE,
    QHTTPREAD,
    QHTTPREADFILE,
    QHTTPURL,
)
from dfota.errors import FileSystemError, HttpClientError
from dfota.modem.http_client import (
    INVALID_PARAMETER,
    UART_BUSY,
    WRONG_URL,
    HttpClient,
)
from dfota.modem.http_transfer import Input, Reading, read_into_file
from dfota.modem.port import Port
from dfota.modem.reply import OK, Handler, Reply, cme, handles, information

_DEFAULT_S = 60
_WORDS = ("contextid", "requestheader", "responseheader", "sslctxid", "contenttype")


def _line(client: HttpClient, word: str) -> str:
    return f'+QHTTPCFG: "{word}",{getattr(client.settings, word)}'


@handles(QHTTPCFG, Form.READ)
def show_settings(port: Port) -> Reply:
    """All settings."""
    client = port.module.part(HttpClient)
    return information(*(_line(client, word) for word in _WORDS))


def _show(word: str) -> Handler:
    def show(port: Port) -> Reply:
        return information(_line(port.module.part(HttpClient), word))

    return show


for _setting in (
    QHTTPCFG_CONTEXTID,
    QHTTPCFG_REQUESTHEADER,
    QHTTPCFG_RESPONSEHEADER,
    QHTTPCFG_SSLCTXID,
    QHTTPCFG_CONTENTTYPE,
):
    handles(_setting, Form.READ)(_show(_setting.setting.strip('"')))


@handles(QHTTPCFG_CONTEXTID, Form.WRITE)
def set_context(port: Port, contextID: int) -> Reply:  # noqa: N803 - the manual's word
    """The PDP context."""
    port.module.part(HttpClient).settings.contextid = contextID
    return OK


@handles(QHTTPCFG_REQUESTHEADER, Form.WRITE)
def set_request_header(port: Port, request_header: int) -> Reply:
    """Who gives the request header."""
    port.module.part(HttpClient).settings.requestheader = request_header
    return OK


@handles(QHTTPCFG_RESPONSEHEADER, Form.WRITE)
def set_response_header(port: Port, response_header: int) -> Reply:
    """Whether the response header is read."""
    port.module.part(HttpClient).settings.responseheader = response_header
    return OK


@handles(QHTTPCFG_SSLCTXID, Form.WRITE)
def set_ssl_context(port: Port, sslctxID: int) -> Reply:  # noqa: N803 - the manual's word
    """The SSL context."""
    port.module.part(HttpClient).settings.sslctxid = sslctxID
    return OK


@handles(QHTTPCFG_CONTENTTYPE, Form.WRITE)
def set_content_type(port: Port, content_type: int) -> Reply:
    """Type of a posted body."""
    port.module.part(HttpClient).settings.contenttype = content_type
    return OK


@handles(QHTTPURL, Form.READ)
def show_url(port: Port) -> Reply:
    """The URL, where one was entered."""
    url = port.module.part(HttpClient).url
    return information(f"+QHTTPURL: {url}") if url else OK


@handles(QHTTPURL, Form.WRITE)
def enter_url(port: Port, URL_length: int, timeout: int) -> Reply:  # noqa: N803 - the manual's word
    """Let the host enter the URL."""
    client = port.module.part(HttpClient)
    client.check_idle()
    _check_uart(port)

    def take(data: bytes) -> Reply:
        try:
            text = data.decode("ascii")
        except UnicodeDecodeError:
            raise HttpClientError(WRONG_URL) from None
        client.set_url(text)
        return OK

    return Reply(transfer=Input(URL_length, timeout, take))


@handles(QHTTPGET, Form.EXECUTE)
def get(port: Port) -> Reply:
    """Send a GET request, with a minute of patience."""
    return get_with(port, _DEFAULT_S, None, _DEFAULT_S)


@handles(QHTTPGET, Form.WRITE)
def get_with(port: Port, rsptime: int, data_length: int | None, input_time: int) -> Reply:
    """Send a GET request; with the host's own header, connect and let it be entered."""
    client = port.module.part(HttpClient)
    if bool(client.settings.requestheader) != (data_length is not None):
        raise HttpClientError(INVALID_PARAMETER)
    if data_length is not None:
        return _enter(
            port,
            QHTTPGET,
            data_length,
            lambda data: data,
            input_s=input_time,
            response_s=rsptime,
        )
    client.check_ready()
    message = client.message("GET")
    name = QHTTPGET.name[1:]
    return Reply(effect=lambda: client.send(port, name, message, rsptime))


@handles(QHTTPPOST, Form.WRITE)
def post(port: Port, data_length: int, input_time: int, rsptime: int) -> Reply:
    """Connect, let the host enter a body (or the whole request), and send it."""
    client = port.module.part(HttpClient)

    def whole(data: bytes) -> bytes:
        return (
            data
            if client.settings.requestheader
            else client.message("POST", length=len(data)) + data
        )

    return _enter(port, QHTTPPOST, data_length, whole, input_s=input_time, response_s=rsptime)


@handles(QHTTPPOSTFILE, Form.WRITE)
def post_file(port: Port, file_name: str, rsptime: int) -> Reply:
    """Send a file as body (or as the whole request)."""
    client = port.module.part(HttpClient)
    client.check_ready()
    try:
        data = port.module.files.read(file_name)
    except FileSystemError:
        raise HttpClientError(INVALID_PARAMETER) from None
    if not client.settings.requestheader:
        data = client.message("POST", length=len(data)) + data
    name = QHTTPPOSTFILE.name[1:]
    return Reply(effect=lambda: client.send(port, name, data, rsptime))


@handles(QHTTPREAD, Form.EXECUTE)
def read(port: Port) -> Reply:
    """Read the answer, with a minute of patience."""
    return read_with(port, _DEFAULT_S)


@handles(QHTTPREAD, Form.WRITE)
def read_with(port: Port, wait_time: int) -> Reply:
    """Read the answer."""
    _check_uart(port)
    return Reply(transfer=Reading(port, port.module.part(HttpClient), wait_time))


@handles(QHTTPREADFILE, Form.WRITE)
def read_file(port: Port, file_name: str, wait_time: int) -> Reply:
    """Read the answer into a file, in place of an older one."""
    client = port.module.part(HttpClient)
    client.check_readable()
    try:
        file = port.module.files.begin(file_name, replaces=True)
    except FileSystemError:
        raise HttpClientError(INVALID_PARAMETER) from None
    return Reply(effect=lambda: read_into_file(port, client, file, wait_time))


def _enter(
    port: Port,
    command: Command,
    size: int,
    whole: Callable[[bytes], bytes],
    *,
    input_s: int,
    response_s: int,
) -> Reply:
    """Connect, then take *size* bytes from the host, then send what *whole* makes of them."""
    client = port.module.part(HttpClient)
    client.check_ready()
    _check_uart(port)

    def begin(end: Callable[[Reply], None]) -> None:
        def connected(number: int) -> None:
            if number:
                end(cme(number))
                return
            end(Reply(transfer=Input(size, input_s, take, client.give_up)))

        def take(data: bytes) -> Reply:
            message = whole(data)
            return Reply(effect=lambda: send(message))

        send = client.connect(port, command.name[1:], response_s, connected)

    return Reply(pending=begin)


def _check_uart(port: Port) -> None:
    """Only one port can be in data mode at a time (HTTP manual, 4.4).

    Raises:
        HttpClientError: 704 another one is.
    """
    others = (other for other in port.module.ports.values() if other is not port)
    if any(other.is_in_data_mode for other in others):
        raise HttpClientError(UART_BUSY)
