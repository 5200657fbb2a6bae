# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches small things over HTTP(S) for this computer; what they are is not judged here.

Rule 1. Nothing is followed to another scheme, host or port.
Rule 2. Bytes and time are bounded before the first byte is kept; certificates are verified.
"""

from __future__ import annotations

import http.client
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from dfota.errors import FetchError, TlsFilesError
from dfota.host.plain_text import plain_text

READ_TIMEOUT_S = 20.0
WHOLE_TIMEOUT_S = 60.0
"""For the whole, and a second more for each piece of the size that is allowed."""
PIECE_SIZE = 64 * 1024
REDIRECTS_MAX = 3


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: *data*, and the *url* that it came from in the end."""

    url: str
    data: bytes


class Fetch(Protocol):
    """How a source is read over the network; ``HttpFetcher`` is one."""

    def __call__(self, url: str, size_limit: int) -> Fetched:
        """Fetch *url*, at most *size_limit* bytes.

        Raises:
            FetchError: it cannot be had, or is larger.
        """
        ...


class HttpFetcher:
    """Fetches with a time limit for the whole, of 60 s and a second per 64 KiB of the limit.

    Args:
        ca: the only CA (PEM) to trust, in place of the computer's own.
        clock: the time, in seconds.

    Raises:
        TlsFilesError: *ca* is no certificate.
    """

    def __init__(
        self, *, ca: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        try:
            context = ssl.create_default_context(cafile=None if ca is None else str(ca))
        except (OSError, ssl.SSLError) as error:
            raise TlsFilesError(str(ca), "it holds no certificate (PEM)") from error
        self._clock = clock
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), _SameOrigin()
        )

    def __call__(self, url: str, size_limit: int) -> Fetched:
        """Fetch *url*, at most *size_limit* bytes.

        Raises:
            FetchError: it cannot be had, or is larger.
        """
        _check(url)
        limit_s = WHOLE_TIMEOUT_S + size_limit / PIECE_SIZE
        outcome: list[Fetched | BaseException] = []

        def work() -> None:
            try:
                outcome.append(self._fetch(url, size_limit, limit_s))
            except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
                outcome.append(error)

        # A server that sends a byte now and then keeps every timeout of a socket from passing.
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        worker.join(limit_s)
        if not outcome:
            raise FetchError(url, "it takes too long")
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    def _fetch(self, url: str, size_limit: int, limit_s: float) -> Fetched:
        request = urllib.request.Request(url, headers={"User-Agent": "dfota", "Accept": "*/*"})  # noqa: S310 - http and https only
        deadline = self._clock() + limit_s
        try:
            with self._opener.open(request, timeout=READ_TIMEOUT_S) as answer:
                return Fetched(answer.url, self._read(answer, url, size_limit, deadline))
        except urllib.error.HTTPError as error:
            error.close()
            raise FetchError(url, _refusal(error)) from error
        except urllib.error.URLError as error:
            raise FetchError(url, _plain(error.reason)) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise FetchError(url, _plain(error)) from error

    def _read(self, answer: Any, url: str, size_limit: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) <= size_limit:
            if self._clock() > deadline:
                raise FetchError(url, "it takes too long")
            piece = answer.read1(min(PIECE_SIZE, size_limit + 1 - len(data)))
            if not piece:
                break
            data += piece
        if len(data) > size_limit:
            raise FetchError(url, f"it has more than {size_limit} bytes")
        promised = answer.headers.get("Content-Length", "")
        if promised.isdecimal() and int(promised) != len(data):
            raise FetchError(url, f"it ends after {len(data)} of {promised[:20]} bytes")
        return bytes(data)


class _SameOrigin(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, and only to the server that was asked for."""

    max_redirections = REDIRECTS_MAX

    def redirect_request(  # noqa: PLR0917 - the signature is urllib's
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
        headers: Any, newurl: str,
    ) -> urllib.request.Request | None:  # fmt: skip
        if _origin(newurl) != _origin(req.full_url):
            fp.close()
            raise urllib.error.URLError("it leads to another server, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port


def _check(url: str) -> None:
    """Refuse what is no plain address of a web server.

    Raises:
        FetchError: so it is.
    """
    try:
        scheme, host, _ = _origin(url)
    except ValueError as error:
        raise FetchError(_printable(url), "it is no URL") from error
    if scheme not in {"http", "https"} or not host:
        raise FetchError(_printable(url), "only http:// and https:// can be fetched")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise FetchError(_printable(url), "it has characters that a URL does not have")
    if "@" in urlsplit(url).netloc:
        raise FetchError(_printable(url), "a URL with a user name or password is not fetched")


def _refusal(error: urllib.error.HTTPError) -> str:
    if 300 <= error.code < 400:
        return f"the server answers {error.code}, a redirect too many"
    return f"the server answers {error.code}"


def _plain(reason: object) -> str:
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {_printable(reason.verify_message)}"
    if isinstance(reason, TimeoutError):
        return "the server is silent"
    if isinstance(reason, OSError) and reason.strerror:
        return _printable(reason.strerror)
    return _printable(str(reason)) or type(reason).__name__


_LOGIN = re.compile(r"//[^/?#]*@")


def _printable(text: str) -> str:
    return plain_text(_LOGIN.sub("//…@", text), 200)
