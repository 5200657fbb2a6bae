# SPDX-FileCopyrightText: 2026 The dfota authors
# SPDX-License-Identifier: Apache-2.0
"""What happens on the server, as lines of text; who prints them is not known here."""

from __future__ import annotations

import time

from dfota.server.downloads import Download
from dfota.server.tls_gate import HandshakeFailure

PROGRESS_EVERY_S = 5.0
"""A download that takes longer is mentioned this often where no bars can be drawn."""


class AccessLog:
    """Decide what is worth a line: the end of every request, and now and then one on the way."""

    def __init__(self) -> None:
        self._mentioned_s: dict[int, float] = {}

    def line_for(self, download: Download) -> str | None:
        """The line for this state of a request, or None where none is due."""
        if download.finished:
            self._mentioned_s.pop(download.number, None)
            return describe_end(download)
        since = self._mentioned_s.setdefault(download.number, 0.0)
        if download.elapsed_s - since < PROGRESS_EVERY_S:
            return None
        self._mentioned_s[download.number] = download.elapsed_s
        return describe_progress(download)


def describe_end(download: Download) -> str:
    """One line about a finished request: client, status, bytes, rate."""
    line = f"{_clock(download)} {download.client} {download.method} {download.path} "
    if download.status is None:
        return f"{line}- the client left before the answer"
    line += f"{download.status} {download.sent_bytes}"
    if not download.is_complete:
        line += f" of {download.total_bytes}"
    line += f" bytes in {download.elapsed_s:.1f} s ({_rate(download)})"
    return line if download.is_complete else f"{line}, the client left"


def describe_progress(download: Download) -> str:
    """One line about a request on its way."""
    percent = 100 * download.sent_bytes // max(download.total_bytes, 1)
    return (
        f"{_clock(download)} {download.client} {download.method} {download.path} {percent} %"
        f" {download.sent_bytes} of {download.total_bytes} bytes ({_rate(download)})"
    )


def describe_failure(failure: HandshakeFailure) -> str:
    """One line about a client that did not get through TLS."""
    clock = time.strftime("%H:%M:%S")
    return f"{clock} {failure.client} TLS handshake failed: {failure.reason}"


def _clock(download: Download) -> str:
    return time.strftime("%H:%M:%S", time.localtime(download.started_at + download.elapsed_s))


def _rate(download: Download) -> str:
    rate = download.bytes_per_s
    return f"{rate / 1e6:.1f} MB/s" if rate >= 1e6 else f"{rate / 1e3:.1f} kB/s"
