# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Asks a package server from this computer as the module would; it follows and believes nothing.

Everything is bounded: the whole takes a few seconds at most, headers are limited by
``http.client``, and of the body nothing is read.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from dfota.host.surroundings import ServerFacts

STEP_TIMEOUT_S = 8.0
WHOLE_TIMEOUT_S = 20.0
LENGTH_MAX = 2**40

MODULE_SUITES = (
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:"
    "AES128-SHA:AES256-SHA:@SECLEVEL=0"
)
"""What modules of this family were seen to offer with an RSA certificate, OpenSSL's names."""

_EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED: a module looks at no dates."""
_NOT_YET = 9

Connect = Callable[[str, int], socket.socket]


def probe_server(
    url: str, *, ca: bytes | None = None, connect: Connect | None = None
) -> ServerFacts | None:
    """Ask the server of *url* for the package, without its body.

    Args:
        url: ``http://`` or ``https://``.
        ca: PEM of the CA that the module checks the server with, where it does.
        connect: opens a connection; ``None``: over this computer's network.

    Returns:
        What it said; ``None`` for a scheme that is not asked from here (``ftp://``).
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme not in {"http", "https"} or not parts.hostname:
        return None
    opened = _Opened(parts, connect or _connect)
    facts = ServerFacts(url=url)
    try:
        with opened.stream(tls=_any_context() if scheme == "https" else None) as stream:
            if isinstance(stream, ssl.SSLSocket):
                facts = _with_tls(facts, stream)
            facts = _ask(facts, parts, stream)
        if scheme == "https":
            facts = replace(
                facts,
                speaks_tls12_rsa=not opened.handshake_failure(_module_context()),
                ca_failure="" if ca is None else _ca_failure(opened, ca),
            )
    except (OSError, http.client.HTTPException, ValueError) as error:
        return replace(facts, failure=_reason(error, opened))
    return facts


class _Opened:
    """Connections to one server, all of them together limited in time."""

    def __init__(self, parts: SplitResult, connect: Connect) -> None:
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme.lower() == "https" else 80)
        self._connect = connect
        self.is_late = False

    @contextmanager
    def stream(self, tls: ssl.SSLContext | None) -> Iterator[socket.socket]:
        plain = self._connect(self._host, self._port)
        timer = threading.Timer(WHOLE_TIMEOUT_S, self._end, (plain,))
        timer.daemon = True
        timer.start()
        try:
            plain.settimeout(STEP_TIMEOUT_S)
            if tls is None:
                yield plain
            else:
                with tls.wrap_socket(plain, server_hostname=_sni(self._host)) as wrapped:
                    yield wrapped
        finally:
            timer.cancel()
            plain.close()

    def handshake_failure(self, context: ssl.SSLContext) -> ssl.SSLError | OSError | None:
        """Why a handshake fails; ``None`` where it does not."""
        try:
            with self.stream(context):
                return None
        except (ssl.SSLError, OSError) as error:
            return error

    def _end(self, plain: socket.socket) -> None:
        # A server that sends a byte now and then would hold us for ever.
        self.is_late = True
        with contextlib.suppress(OSError):
            plain.shutdown(socket.SHUT_RDWR)


def _connect(host: str, port: int) -> socket.socket:
    return socket.create_connection((host, port), STEP_TIMEOUT_S)


def _sni(host: str) -> str:
    return host.strip("[]")


def _any_context() -> ssl.SSLContext:
    """Agrees on whatever the server has, to see what that is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _module_context() -> ssl.SSLContext:
    """Offers what a module offers."""
    context = _any_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(MODULE_SUITES)
    return context


def _ca_failure(opened: _Opened, ca: bytes) -> str:
    context = _any_context()
    context.verify_mode = ssl.CERT_REQUIRED
    # What is given is the whole trust: an intermediate will do, as on the module.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=ca.decode("ascii"))
    except (ssl.SSLError, ValueError):
        return "the CA file holds no certificate"
    error = opened.handshake_failure(context)
    if not isinstance(error, ssl.SSLCertVerificationError):
        return "" if error is None else "the handshake failed"
    if error.verify_code in {_EXPIRED, _NOT_YET}:
        return ""
    return error.verify_message


def _with_tls(facts: ServerFacts, stream: ssl.SSLSocket) -> ServerFacts:
    der = stream.getpeercert(binary_form=True) or b""
    cipher = stream.cipher()
    facts = replace(
        facts,
        tls_version=stream.version() or "",
        cipher_suite=cipher[0] if cipher else "",
        certificate=der,
    )
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
    except ValueError:
        return facts
    kind, bits = type(key).__name__.removesuffix("PublicKey").lstrip("_"), 0
    if isinstance(key, RSAPublicKey):
        kind, bits = "RSA", key.key_size
    elif isinstance(key, EllipticCurvePublicKey):
        kind, bits = "EC", key.key_size
    end = certificate.not_valid_after_utc
    return replace(facts, key_kind=kind, key_bits=bits, not_after=end)


def _ask(facts: ServerFacts, parts: SplitResult, stream: socket.socket) -> ServerFacts:
    """HEAD; GET where a server does not know HEAD, without reading what it sends."""
    connection = http.client.HTTPConnection(parts.netloc)
    connection.sock = stream
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Connection": "keep-alive", "User-Agent": "dfota", "Accept": "*/*"}
    connection.request("HEAD", path, headers=headers)
    response = connection.getresponse()
    if response.status in {405, 501}:
        response.read()
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
    length = response.getheader("Content-Length", "")
    is_number = length.isascii() and length.isdigit() and len(length) <= 15
    return replace(
        facts,
        status=response.status,
        content_length=int(length) if is_number and int(length) <= LENGTH_MAX else None,
        is_chunked="chunked" in response.getheader("Transfer-Encoding", "").lower(),
        location=response.getheader("Location", "")[:300],
    )


def _reason(error: Exception, opened: _Opened) -> str:
    """A short reason for a person."""
    if opened.is_late or isinstance(error, TimeoutError):
        return f"no answer within {WHOLE_TIMEOUT_S if opened.is_late else STEP_TIMEOUT_S:.0f} s"
    if isinstance(error, socket.gaierror):
        return "its name is not known here (DNS)"
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused: nothing listens at that port"
    if isinstance(error, ssl.SSLError):
        return f"TLS fails: {(error.reason or 'no handshake').replace('_', ' ').lower()}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return "what it answers is no HTTP"
