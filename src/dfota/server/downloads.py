# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What each client has been sent so far; it watches the answers and must not change them.

"Sent" means handed to the operating system. The listening socket has a small send buffer
(see ``package_server``), so that the figure runs at most some tens of kilobytes ahead of
what a slow module has really received.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Download:
    """The state of one request; the last one of a request is ``finished``.

    Attributes:
        client: address and port of the client, ``192.0.2.7:50123``.
        path: of the request as it was sent: printable ASCII, still encoded.
        sent_bytes: of the body, so far.
        total_bytes: the whole body of this answer (a part of the file for a range).
        started_at: seconds since the epoch.
        finished: no more follows; ``is_complete`` tells whether all was sent.
        status: the HTTP status of the answer; None where the client left before one.
        method: of the request.
        number: counts the requests of one server, so that two of one client differ.
        elapsed_s: since ``started_at``, by a clock that never jumps.
    """

    client: str
    path: str
    sent_bytes: int
    total_bytes: int
    started_at: float
    finished: bool
    status: int | None
    method: str = "GET"
    number: int = 0
    elapsed_s: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every byte of the answer was sent."""
        return self.finished and self.status is not None and self.sent_bytes == self.total_bytes

    @property
    def bytes_per_s(self) -> float:
        """The mean rate so far."""
        return self.sent_bytes / self.elapsed_s if self.elapsed_s > 0 else 0.0


class DownloadWatch:
    """Report the progress of every request to *on_progress*, from the server's thread."""

    def __init__(self, app: ASGIApp, on_progress: Callable[[Download], None]) -> None:
        self._app = app
        self._on_progress = on_progress
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(scope, next(self._numbers))

        async def counting_send(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                request.answer(message)
            elif message["type"] == "http.response.body" and scope["method"] != "HEAD":
                request.sent_bytes += len(message.get("body", b""))
            else:
                return
            self._report(request.snapshot(finished=False))

        try:
            await self._app(scope, receive, counting_send)
        finally:
            self._report(request.snapshot(finished=True))

    def _report(self, download: Download) -> None:
        try:
            self._on_progress(download)
        except Exception:  # noqa: BLE001 - a defect of whoever watches must not break a download
            _log.exception("on_progress failed for %s", download)


class _Request:
    """The moving figures of one request."""

    def __init__(self, scope: Scope, number: int) -> None:
        host, port = scope["client"] or ("unknown", 0)
        self._client = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._path = scope["raw_path"].decode("ascii", "backslashreplace")
        self._method = scope["method"]
        self._number = number
        self._started_at = time.time()
        self._start_s = time.monotonic()
        self._status: int | None = None
        self._total_bytes = 0
        self.sent_bytes = 0

    def answer(self, start: Message) -> None:
        """Take status and length from the start of the answer."""
        self._status = start["status"]
        if self._method != "HEAD":
            self._total_bytes = int(dict(start["headers"]).get(b"content-length", b"0"))

    def snapshot(self, *, finished: bool) -> Download:
        """The figures at this moment."""
        return Download(
            client=self._client,
            path=self._path,
            sent_bytes=self.sent_bytes,
            total_bytes=self._total_bytes,
            started_at=self._started_at,
            finished=finished,
            status=self._status,
            method=self._method,
            number=self._number,
            elapsed_s=time.monotonic() - self._start_s,
        )
